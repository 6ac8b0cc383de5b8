//! Optima known by an independent implementation (tests/reference/instances.json) are met, by listing and by generation.
#![cfg(feature = "solve")]

use cvxc::arrangement::list;
use cvxc::checker::check;
use cvxc::exact::{Rational, rational};
use cvxc::loss::{Total, find};
use cvxc::problem::{
    Activation, Architecture, Arrangements, Bias, Column, Dataset, Gates, Guarantee, Matrix, Objective, Piece, Plan, Problem, Rows, Target,
};
use cvxc::regularizer::{self as norms, Regularizer};
use cvxc::solve::{Control, Outcome, Standing, solve};
use serde_json::Value;
use std::sync::Arc;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().map(|a| a.iter().filter_map(Value::as_f64).collect()).unwrap_or_default()
}

fn loss(instance: &Value) -> Option<Total> {
    let parameter = |name: &str, default: f64| instance["loss_par"][name].as_f64().unwrap_or(default);
    let (word, parameter) = match instance["loss"].as_str()? {
        "sq" => ("squared", 0.0),
        "abs" => ("absolute", 0.0),
        "huber" => ("huber", parameter("delta", 1.0)),
        "quantile" => ("quantile", parameter("tau", 0.3)),
        "epsins" => ("epsilon_insensitive", parameter("eps", 0.2)),
        "hinge" => ("hinge", 0.0),
        "sqhinge" => ("squared_hinge", 0.0),
        "logistic" => ("logistic", 0.0),
        _ => return None,
    };
    find(word).map(|loss| Total { loss, parameter, mean: false })
}

/// p max(z,0) + q max(-z,0), or pieces; behind gates the weighted sum itself.
fn activation(instance: &Value) -> Option<Activation> {
    let exact = |value: &Value| -> Option<Rational> { rational(value.as_f64()?) };
    if instance["gated"] == true {
        return Some(Activation::linear("gated_relu"));
    }
    if instance.get("kind").is_none() {
        return Some(Activation::homogeneous("given", exact(&instance["act_pos"])?, exact(&instance["act_neg"])?));
    }
    let list = |key: &str| -> Option<Vec<Rational>> { instance[key].as_array()?.iter().map(exact).collect() };
    let breaks = [None].into_iter().chain(list("breakpoints")?.into_iter().map(Some));
    let pieces = breaks.zip(list("slopes")?.into_iter().zip(list("intercepts")?));
    let piece = |(from, (slope, intercept))| Piece { from, includes_from: true, slope, intercept };
    Some(Activation::new("given", pieces.map(piece).collect()))
}

/// A gate in every cell, if the instance is gated.
fn gates(instance: &Value, inputs: &Matrix) -> Option<Gates> {
    let cells = || list(inputs, 1000).unwrap().into_iter().map(|cell| cell.witness).collect::<Vec<_>>();
    (instance["gated"] == true).then(|| Gates { vectors: Matrix::from_rows(&cells()) })
}

/// The penalty: weight decay for activations of degree 1, otherwise output_l1 with hidden weights in the unit ball.
fn regularizer(instance: &Value) -> Option<Regularizer> {
    let (radius, norm) = match (instance["kind"].as_str(), instance["norm"].as_str()?) {
        (None, norm) => (None, norm),
        (Some("pwl"), "2") if instance["bias"] == "none" => (Some(1.0), "l2"),
        (Some("pwl"), "1") if instance["bias"] == "none" => (Some(1.0), "l1"),
        _ => return None,
    };
    norms::find(norm).map(|hidden| Regularizer { hidden, radius })
}

/// The instance as a problem, if the language can say it.
fn problem(instance: &Value) -> Option<Problem> {
    let inputs: Vec<Vec<f64>> = instance["X"].as_array()?.iter().map(numbers).collect();
    let column = |name: &str| Column { name: name.into(), shift: 0.0, scale: 1.0 };
    let columns = (0..inputs[0].len()).map(|j| column(&format!("x{j}"))).collect();
    let train = Rows { inputs: Matrix::from_rows(&inputs), targets: numbers(&instance["y"]) };
    let (activation, gates) = (activation(instance)?, gates(instance, &train.inputs));
    Some(Problem {
        name: instance["name"].as_str()?.into(),
        dataset: Dataset { columns, target: Target::Number(column("y")), train, test: None, source: "reference".into(), dropped: 0 },
        architecture: Architecture { activation, bias: Bias::None, width: None, skip: false, gates },
        objective: Objective { loss: loss(instance)?, regularizer: regularizer(instance)?, strength: instance["beta"].as_f64()? },
        plan: Plan::default(),
    })
}

fn solved(problem: &Problem, arrangements: Arrangements) -> Outcome {
    let plan = Plan { arrangements, guarantee: Guarantee::Global, ..Plan::default() };
    let problem = Problem { plan, ..problem.clone() };
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    solve(&problem, &mut control).unwrap_or_else(|failure| panic!("{}: {failure:?}", problem.name))
}

fn instances() -> Vec<Value> {
    serde_json::from_str(include_str!("reference/instances.json")).unwrap()
}

#[test]
fn listing_and_generation_meet_every_reference_optimum() {
    let mut met = 0;
    for instance in instances() {
        let Some(problem) = problem(&instance) else { continue };
        let optimum = instance["value"].as_f64().unwrap();
        for arrangements in [Arrangements::All, Arrangements::Generate] {
            let outcome = solved(&problem, arrangements.clone());
            let name = format!("{} by {arrangements:?}", problem.name);
            let off = |value: f64| (value - optimum).abs() / optimum.max(1e-3);
            // The references carry nine digits.
            assert!(off(outcome.objective) < 1e-6, "{name}: {} against {optimum}", outcome.objective);
            assert!(off(outcome.lower_bound) < 1e-6, "{name}: bound {} against {optimum}", outcome.lower_bound);
            assert_eq!(outcome.standing, Standing::GlobalOptimum, "{name}");
            let verdict = check(&problem, outcome.certificate.as_ref().unwrap()).unwrap();
            assert_eq!(verdict.lower_bound(), outcome.lower_bound, "{name}");
            assert!(outcome.lower_bound <= outcome.objective * (1.0 + 1e-12), "{name}");
            assert_eq!(problem.score(&outcome.network).objective, outcome.objective, "{name}: the network's own objective");
        }
        met += 1;
    }
    assert_eq!(met, 27, "instances in scope");
}

#[test]
fn the_optimal_outputs_are_those_of_the_reference() {
    for instance in instances().iter().filter(|i| i["loss"] == "sq") {
        let Some(problem) = problem(instance) else { continue };
        let network = solved(&problem, Arrangements::Generate).network;
        let outputs = network.forward(&problem.architecture, &problem.dataset.train.inputs);
        for (f, known) in outputs.iter().zip(numbers(&instance["f"])) {
            assert!((f - known).abs() < 2e-4, "{}: {f} against {known}", problem.name);
        }
    }
}
