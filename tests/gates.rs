//! Gated networks: the dual vector of the reference is priced on every gate, exactly.

use cvxc::certificate::{Correction, Dual, GateClaim};
use cvxc::checker::check_gates;
use cvxc::loss::{self, Total};
use cvxc::problem::*;
use cvxc::regularizer::Regularizer;
use serde_json::Value;

fn instance() -> Value {
    let all: Vec<Value> = serde_json::from_str(include_str!("reference/instances.json")).unwrap();
    all.into_iter().find(|instance| instance["name"] == "gated_sq").unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn problem() -> Problem {
    let instance = instance();
    let rows: Vec<Vec<f64>> = instance["X"].as_array().unwrap().iter().map(numbers).collect();
    let column = |name: &str| Column { name: name.to_string(), shift: 0.0, scale: 1.0 };
    Problem {
        name: "gated_sq".to_string(),
        dataset: Dataset {
            columns: vec![column("x1"), column("x2")],
            target: Target::Number(column("y")),
            train: Rows { inputs: Matrix::from_rows(&rows), targets: numbers(&instance["y"]) },
            test: None,
            source: "reference".to_string(),
            dropped: 0,
        },
        architecture: Architecture { activation: Activation::relu(), bias: Bias::None, width: None, skip: false, gates: None },
        objective: Objective {
            loss: Total { loss: loss::find("squared").unwrap(), parameter: 0.0, mean: false },
            regularizer: Regularizer::weight_decay(),
            strength: instance["beta"].as_f64().unwrap(),
        },
        plan: Plan::default(),
    }
}

/// A gate in each of many directions of the plane: all twelve cells and the lines between some.
fn gates() -> Matrix {
    let lines = [[2.0, -1.0], [1.0, 1.0], [1.0, 2.0], [1.0, -2.0], [3.0, 1.0], [1.0, -1.0]];
    let turned = (0..360).map(|degree| f64::from(degree).to_radians()).map(|angle| vec![angle.cos(), angle.sin()]);
    Matrix::from_rows(&turned.chain(lines.into_iter().map(Vec::from)).collect::<Vec<_>>())
}

fn verdict(factor: f64) -> Result<usize, usize> {
    let problem = problem();
    let dual: Vec<f64> = numbers(&instance()["v"]).iter().map(|v| factor * v).collect();
    let claim = GateClaim::new(&problem, &Dual::truncated(&dual), &Correction::default(), 1.0).unwrap();
    check_gates(&claim, &gates(), &problem.inputs())
}

#[test]
fn the_reference_dual_is_feasible_for_every_gate_and_no_longer_one_is() {
    // The reference carries seven digits.
    assert_eq!(verdict(1.0 - 2e-6), Ok(366));
    assert!(verdict(1.0 + 2e-6).is_err());
    assert!(verdict(-1.0 - 2e-6).is_err(), "both output signs");
}
