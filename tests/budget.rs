//! Weight decay within a budget: the optimum is that of the penalty at its multiplier, and a price proves it.
#![cfg(feature = "solve")]

use cvxc::certificate::Certificate;
use cvxc::checker::{Refusal, check};
use cvxc::problem::Problem;
use cvxc::solve::{Bound, Control, Outcome, Standing, solve};
use cvxc::syntax::{data::bind, read_text, render::render};
use std::path::Path;
use std::sync::Arc;

/// The six rows of two features that THEORY uses throughout.
const ROWS: [([f64; 2], f64); 6] =
    [([1.0, 2.0], 1.0), ([-1.0, 1.0], -1.0), ([2.0, -1.0], 2.0), ([-2.0, -1.0], 0.5), ([1.0, -3.0], -2.0), ([0.5, 0.5], 1.0)];

fn model(layers: &str, objective: &str, classes: bool) -> Problem {
    let row = |(x, y): &([f64; 2], f64)| format!("  {} {} {}\n", x[0], x[1], if classes { (x[0] * x[1] + 0.1).signum() } else { *y });
    let table: String = ROWS.iter().map(row).collect();
    let text = format!("cvx 1\ndata table {{\n  x1 x2 y\n{table}}}\nnetwork features -> {layers} -> y\nminimize {objective}\n");
    let (model, wrong) = read_text("budget.cvx", &text, Path::new("."), &[]);
    let model = model.unwrap_or_else(|| panic!("{}\n{text}", render(&wrong, false)));
    bind(&model, &mut |_| {}).unwrap_or_else(|wrong| panic!("{}", render(&wrong, false)))
}

fn solved(problem: &Problem) -> Outcome {
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    solve(problem, &mut control).unwrap()
}

/// The network is within the budget, the checker says what the solve says, and the interval is as narrow as asked.
fn met(name: &str, problem: &Problem, outcome: &Outcome) {
    let budget = problem.objective.regularizer.budget.unwrap();
    assert_eq!((outcome.standing, outcome.bound), (Standing::GlobalOptimum, Bound::Proved), "{name}: {outcome:?}");
    assert!(outcome.penalty <= budget && outcome.objective == outcome.loss, "{name}: {} {}", outcome.penalty, outcome.objective);
    let verdict = check(problem, outcome.certificate.as_ref().unwrap()).unwrap();
    assert_eq!(verdict.lower_bound(), outcome.lower_bound, "{name}");
    assert!((verdict.objective() - outcome.objective).abs() <= 1e-12 * outcome.objective, "{name}");
    assert!(problem.relative_gap(outcome.objective, outcome.lower_bound) <= 1e-6, "{name}");
}

#[test]
fn the_budget_is_used_and_the_proof_goes_into_its_file() {
    let problem = model("dense -> relu -> dense", "squared subject to weight_decay <= 1.5", false);
    let outcome = solved(&problem);
    met("six rows", &problem, &outcome);
    assert!((outcome.penalty - 1.5).abs() < 1e-6, "the budget is used: {}", outcome.penalty);
    assert!(outcome.objective < 5.625, "better than nothing");
    let certificate = outcome.certificate.unwrap();
    assert_eq!(Certificate::decode(&certificate.encode()), Ok(certificate));
}

/// Where the network without neurons is an optimum, one price proves it.
#[test]
fn nothing_to_learn_needs_no_budget() {
    let problem = model("dense -> relu -> dense", "epsilon_insensitive(3) subject to weight_decay <= 1.5", false);
    let outcome = solved(&problem);
    assert_eq!((outcome.objective, outcome.lower_bound, outcome.bound), (0.0, 0.0, Bound::Proved));
    assert!(check(&problem, outcome.certificate.as_ref().unwrap()).is_ok());
}

#[test]
fn it_is_the_penalty_at_its_multiplier() {
    let layers = [
        "dense -> relu -> dense",
        "dense(bias) -> leaky_relu(0.25) -> dense",
        "(dense -> abs -> dense) + skip",
        "dense -> gated_relu(gates = 8, seed = 3) -> dense",
    ];
    for (loss, classes) in [("squared", false), ("mean(huber(0.4))", false), ("logistic", true)] {
        for layers in layers {
            let beta = if loss.starts_with("mean") { 0.05 } else { 0.3 };
            let priced = solved(&model(layers, &format!("{loss} + {beta} * weight_decay"), classes));
            let name = format!("{layers}, {loss}");
            if priced.penalty < 1e-6 {
                continue;
            }
            let problem = model(layers, &format!("{loss} subject to weight_decay <= {}", priced.penalty), classes);
            let outcome = solved(&problem);
            met(&name, &problem, &outcome);
            // At the multiplier both have the same loss, up to what the interval of the penalty's optimum leaves open.
            let open = priced.objective - priced.lower_bound + 1e-6 * outcome.objective;
            assert!((outcome.objective - priced.loss).abs() <= 2.0 * open, "{name}: {} {}", outcome.objective, priced.loss);
        }
    }
}

#[test]
fn where_the_penalty_jumps_two_networks_meet() {
    // A straight loss has the same multiplier for a whole range of budgets: no price leads to those between.
    let mut before = f64::INFINITY;
    for budget in [0.5, 1.0, 1.5, 2.0, 2.5] {
        let problem = model("dense(bias) -> relu -> dense", &format!("absolute subject to weight_decay <= {budget}"), false);
        let outcome = solved(&problem);
        met(&format!("{budget}"), &problem, &outcome);
        assert!(outcome.objective < before, "more weight helps: {budget}");
        before = outcome.objective;
    }
}

#[test]
fn a_price_proves_nothing_elsewhere() {
    let problem = model("dense -> relu -> dense", "squared subject to weight_decay <= 1.5", false);
    let certificate = solved(&problem).certificate.unwrap();
    let refusal = |change: &dyn Fn(&mut Certificate)| {
        let mut changed = certificate.clone();
        change(&mut changed);
        check(&problem, &changed).unwrap_err()
    };
    for price in [None, Some(0.0), Some(-1.0), Some(f64::NAN), Some(f64::INFINITY)] {
        assert_eq!(refusal(&|c| c.price = price), Refusal::Price, "{price:?}");
    }
    assert!(matches!(refusal(&|c| c.price = c.price.map(|price| 0.9 * price)), Refusal::Tree { .. }));
    assert_eq!(refusal(&|c| c.network.output[0] *= 1.01), Refusal::Budget);
    // A higher price is proved as well, and costs as much more.
    let mut dearer = certificate.clone();
    dearer.price = dearer.price.map(|price| 1.25 * price);
    assert!(check(&problem, &dearer).unwrap().lower < check(&problem, &certificate).unwrap().lower);
    let priced = model("dense -> relu -> dense", "squared + 1.5 * weight_decay", false);
    let other = Certificate { price: Some(1.5), ..solved(&priced).certificate.unwrap() };
    assert_eq!(check(&priced, &other), Err(Refusal::Price));
}
