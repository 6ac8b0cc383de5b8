//! `cvxc compare --with`: a network that is there already, beside the optimum and under the theory of stationary points.

use super::compare::Scene;
use super::progress::Progress;
use super::trouble::{Exit, Outcome};
use crate::backend::Stop;
use crate::export;
use crate::problem::Network;
use crate::report::{Examination, Neuron, Stationarity};
use crate::solve::{Event, Signs, restricted};
use crate::stationarity::{Findings, Kind, TOLERANCE, examine, improvement};
use std::path::Path;

/// Solves from the network, looks at it, and tells.
pub fn run(scene: &Scene, path: &Path, progress: &mut Progress) -> Outcome<Exit> {
    let network = export::network(path, scene.problem)?;
    // Where only some cells are searched, the best in them is asked for, and the network need not be in any.
    let start = Some(&network).filter(|_| !scene.problem.plan.arrangements.partial());
    let outcome = scene.solve(start, progress)?;
    let answer = scene.answer(&outcome);
    let findings = examine(scene.problem, &network, &outcome.dual);
    progress.event(Event::Stage("looking at the network"));
    let examination = Examination {
        answer: &answer,
        model: scene.path.clone(),
        network: path.display().to_string(),
        score: scene.problem.score(&network),
        own_signs: best_over_cells(scene, &findings, Signs::Own, progress),
        both_signs: best_over_cells(scene, &findings, Signs::Both, progress),
        neuron: best_neuron(scene, &network, &findings),
        stationarity: stationarity(&findings),
    };
    progress.finish();
    if scene.console.json {
        scene.console.answer_json(&examination.json())?;
    } else {
        scene.console.answer(&examination.text())?;
    }
    Ok(if answer.kept() { Exit::Kept } else { Exit::NotKept })
}

/// The optimum over the cells of the neurons that are not 0.
fn best_over_cells(scene: &Scene, findings: &Findings, signs: Signs, progress: &mut Progress) -> Option<f64> {
    let solved =
        scene.controlled(&mut |event| progress.event(event), |control| restricted(scene.problem, &findings.neurons, signs, control));
    solved.ok().flatten().map(|score| score.objective)
}

fn best_neuron(scene: &Scene, network: &Network, findings: &Findings) -> Option<Neuron> {
    // One more neuron alone would leave the targets.
    if scene.problem.objective.loss.interpolates() {
        return None;
    }
    let stop = Stop::new(scene.problem.plan.time, scene.interrupted.clone());
    let found = improvement(scene.problem, network, &findings.dual, &|| stop.now())?;
    Some(Neuron {
        price: found.price,
        everywhere: found.everywhere,
        output: found.output + 1,
        sign: found.sign,
        along: found.along,
        weights: found.w,
        gate: found.gate.map(|gate| gate + 1),
        size: found.size,
        objective: found.objective,
    })
}

fn stationarity(findings: &Findings) -> Stationarity {
    let (key, words) = words(findings.kind);
    Stationarity {
        key,
        words,
        tolerance: TOLERANCE,
        alignment: findings.alignment,
        balance: findings.balance,
        skip: findings.skip,
        neurons: findings.neurons.neurons(),
        zero: findings.zero,
        cells: findings.cells,
        kinks: findings.kinks,
        corners: findings.corners,
    }
}

fn words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Beyond => ("not_examined", "not looked at: the theory here is about dense layers of one output with plain weight decay"),
        Kind::No => ("no", "no: gradient descent would go on"),
        Kind::Clarke => ("clarke", "in Clarke's sense, which is not the whole of it: a kink may lead down"),
        Kind::Directional => ("directional", "yes: no direction leads down"),
        Kind::Differentiable => ("differentiable", "yes: the gradient is 0"),
    }
}
