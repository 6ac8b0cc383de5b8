//! Judging the points of a path by rows that were not trained on: those kept aside, or every fold of the training rows in turn.

use super::route::Stop;
use super::walk::Walker;
use crate::problem::{Matrix, Network, Problem, Random, Rows};
use crate::report::Point;

/// The judgement on points, largest value first.
pub struct Judged {
    /// The mean loss of a row that was not trained on, as far as it is known.
    pub losses: Vec<Option<f64>>,
    /// Which rows those are; `None` where there are none.
    pub by: Option<String>,
    /// Why it ended early.
    pub ended: Option<String>,
}

/// By the rows that the model keeps aside.
pub fn by_test_rows(stops: &[Stop], networks: &[Network]) -> Judged {
    let loss = |(stop, network): (&Stop, &Network)| stop.problem.dataset.test.as_ref().map(|rows| mean_loss(&stop.problem, network, rows));
    let by = stops.first().and_then(|stop| stop.problem.dataset.test.as_ref()).map(|rows| format!("the {} test rows", rows.inputs.rows));
    Judged { losses: stops.iter().zip(networks).map(loss).collect(), by, ended: None }
}

/// By K folds of the training rows: the path is walked K times without one of them, and the left-out rows are judged.
pub fn by_folds(stops: &[Stop], folds: usize, seed: u64, walker: &mut Walker) -> Judged {
    let rows = stops.first().map_or(0, |stop| stop.problem.dataset.train.inputs.rows);
    let order = Random::new(seed).permutation(rows);
    let (mut sums, none) = (vec![0.0; stops.len()], vec![None; stops.len()]);
    if walker.interrupted() {
        return Judged { losses: none, by: None, ended: Some("interrupted, and no fold was walked".to_string()) };
    }
    for fold in 0..folds {
        let aside: Vec<usize> = order.iter().copied().skip(fold).step_by(folds).collect();
        let part: Vec<Stop> =
            stops[..sums.len()].iter().map(|stop| Stop { value: stop.value, problem: without(&stop.problem, &aside) }).collect();
        let walk = walker.walk(&part);
        if walker.interrupted() {
            return Judged { losses: none, by: None, ended: Some(format!("interrupted in fold {} of {folds}", fold + 1)) };
        }
        sums.truncate(walk.networks.len());
        for ((sum, network), stop) in sums.iter_mut().zip(&walk.networks).zip(&part) {
            let left =
                stop.problem.dataset.test.as_ref().map_or(0.0, |rows| mean_loss(&stop.problem, network, rows) * rows.inputs.rows as f64);
            *sum += left;
        }
    }
    let by = format!("{folds} folds of the {rows} training rows, seed {seed}");
    Judged { losses: sums.into_iter().map(|sum| Some(sum / rows as f64)).collect(), by: Some(by), ended: None }
}

/// Notes the judgement in the points.
pub fn note(points: &mut [Point], judged: &Judged) {
    points.iter_mut().zip(&judged.losses).for_each(|(point, loss)| point.held_out = *loss);
}

/// The loss of a row, on average.
pub fn mean_loss(problem: &Problem, network: &Network, rows: &Rows) -> f64 {
    let outputs = network.forward(&problem.architecture, &rows.inputs);
    let loss = problem.objective.loss.value(&outputs, &rows.targets);
    if problem.objective.loss.mean { loss } else { loss / rows.inputs.rows.max(1) as f64 }
}

/// The problem without some of its training rows, which it is tested on.
///
/// Columns stay as all training rows have prepared them.  A sum over fewer rows is set against a strength smaller by as much.
fn without(problem: &Problem, aside: &[usize]) -> Problem {
    let train = &problem.dataset.train;
    let mut left = vec![false; train.inputs.rows];
    aside.iter().for_each(|row| left[*row] = true);
    let outputs = problem.outputs();
    let part = |held: bool| {
        let rows: Vec<usize> = (0..train.inputs.rows).filter(|row| left[*row] == held).collect();
        let inputs = rows.iter().flat_map(|row| train.inputs.row(*row).iter().copied()).collect();
        let targets = rows.iter().flat_map(|row| train.targets[row * outputs..(row + 1) * outputs].iter().copied()).collect();
        Rows { inputs: Matrix::new(rows.len(), train.inputs.columns, inputs), targets }
    };
    let mut less = problem.clone();
    less.dataset.train = part(false);
    less.dataset.test = Some(part(true));
    if !problem.objective.loss.mean {
        less.objective.strength *= less.dataset.train.inputs.rows as f64 / train.inputs.rows as f64;
    }
    less
}
