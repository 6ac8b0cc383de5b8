//! Optima known by an independent implementation (tests/reference/instances.json) are met, by listing and by generation.
#![cfg(feature = "solve")]

use cvxc::arrangement::list;
use cvxc::checker::check;
use cvxc::exact::{Rational, rational};
use cvxc::loss::{Total, find};
use cvxc::problem::{
    Activation, Architecture, Arrangements, Bias, Column, Dataset, Gates, Guarantee, Matrix, Objective, Piece, Plan, Problem, Rows, Target,
};
use cvxc::regularizer::{self as norms, Hidden, Regularizer};
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
    find(word).map(|loss| Total { loss, parameter, mean: false, outputs: 1 })
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
        (Some("pwl"), "2") => (Some(1.0), "l2"),
        (Some("pwl"), "1") => (Some(1.0), "l1"),
        _ => return None,
    };
    let share = norm.strip_prefix("sgl").and_then(|share| share.parse().ok()).map(Hidden::sparse_group);
    norms::find(norm).or(share).map(|hidden| Regularizer { hidden, radius, output_l1: false, budget: None })
}

/// How hidden neurons are shifted, where that is not a column of the data.
fn bias(instance: &Value) -> Bias {
    match (instance["bias"].as_str(), instance["B"].as_f64()) {
        (_, Some(bound)) => Bias::Bounded(bound),
        (Some("free"), None) => Bias::Free,
        _ => Bias::None,
    }
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
        architecture: Architecture { activation, bias: bias(instance), width: None, skip: false, gates, convolution: None },
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
    assert_eq!(met, 33, "instances in scope");
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

/// Counts on rows of a plane or a line, without bias.
fn counts(rows: &[(&[f64], f64)], strength: f64, mean: bool) -> Problem {
    let inputs: Vec<Vec<f64>> = rows.iter().map(|(x, _)| x.to_vec()).collect();
    let column = |j: usize| Column { name: format!("x{j}"), shift: 0.0, scale: 1.0 };
    let columns = (0..inputs[0].len()).map(column).collect();
    let train = Rows { inputs: Matrix::from_rows(&inputs), targets: rows.iter().map(|row| row.1).collect() };
    Problem {
        name: "counts".into(),
        dataset: Dataset { columns, target: Target::Count { name: "y".into() }, train, test: None, source: "by hand".into(), dropped: 0 },
        architecture: Architecture {
            activation: Activation::relu(),
            bias: Bias::None,
            width: None,
            skip: false,
            gates: None,
            convolution: None,
        },
        objective: Objective {
            loss: Total { loss: find("poisson").unwrap(), parameter: 0.0, mean, outputs: 1 },
            regularizer: Regularizer::weight_decay(),
            strength,
        },
        plan: Plan::default(),
    }
}

/// The interval of every arrangement holds the optimum, and is narrow.
fn meets(problem: &Problem, optimum: f64, within: f64) {
    for arrangements in [Arrangements::All, Arrangements::Generate] {
        let outcome = solved(problem, arrangements);
        let (lower, upper) = (outcome.lower_bound, outcome.objective);
        assert_eq!(outcome.standing, Standing::GlobalOptimum, "{lower} {upper}");
        assert!(upper <= optimum + 1e-6 * optimum.abs() && lower >= optimum - within * optimum.abs(), "{lower} {upper}: {optimum}");
        let verdict = check(problem, outcome.certificate.as_ref().unwrap()).unwrap();
        assert!(verdict.lower <= verdict.upper && verdict.lower_bound() == lower);
    }
}

/// A row on each side of 0 has neurons of its own: min e^f - y f + β |f| is at f = log(y - β), or at f = log β for y = 0.
#[test]
fn two_counts_on_a_line_by_hand() {
    let optimum = |beta: f64| (5.0 - beta) * (1.0 - (5.0 - beta).ln()) + beta * (1.0 - beta.ln());
    let rows: [(&[f64], f64); 2] = [(&[1.0], 5.0), (&[-1.0], 0.0)];
    meets(&counts(&rows, 0.3, false), optimum(0.3), 2e-6);
    // n times the mean has n times the penalty.
    meets(&counts(&rows, 0.15, true), 0.5 * optimum(0.3), 2e-6);
}

/// Six counts in a plane by another route: a penalised regression over neurons at three thousand angles, one coefficient at a time.
#[test]
fn counts_in_a_plane_by_coordinates() {
    let rows: [(&[f64], f64); 6] =
        [(&[1.0, 0.5], 4.0), (&[-0.5, 1.5], 1.0), (&[-1.0, -1.0], 7.0), (&[0.75, -1.25], 0.0), (&[2.0, 1.0], 9.0), (&[0.25, 2.0], 2.0)];
    let beta = 0.2;
    let optimum = by_coordinates(&rows, beta, 3000);
    assert!(optimum < -10.0, "{optimum}");
    // Between two angles a neuron loses about a millionth of its price.
    meets(&counts(&rows, beta, false), optimum, 1e-5);
}

/// min Σ e^f - y f + β Σ α over α >= 0, f = Σ ± α_k max(x·w_k, 0), w_k at `angles` angles, by Newton steps in single coefficients.
fn by_coordinates(rows: &[(&[f64], f64)], beta: f64, angles: usize) -> f64 {
    let even = (0..angles).map(|k| std::f64::consts::TAU * k as f64 / angles as f64).map(|angle| [angle.cos(), angle.sin()]);
    // The edges of cells too: optimal neurons like to lie on them.
    let edges = rows.iter().flat_map(|(x, _)| [1.0, -1.0].map(|side| [-side * x[1] / x[0].hypot(x[1]), side * x[0] / x[0].hypot(x[1])]));
    let feature = |w: [f64; 2], sign: f64| -> Vec<f64> {
        let reach = |x: &[f64]| x[0] * w[0] + x[1] * w[1];
        rows.iter().map(|(x, _)| sign * if reach(x) > 1e-12 { reach(x) } else { 0.0 }).collect()
    };
    let features: Vec<Vec<f64>> = even.chain(edges).flat_map(|w| [feature(w, 1.0), feature(w, -1.0)]).collect();
    let (mut alpha, mut f) = (vec![0.0_f64; features.len()], vec![0.0_f64; rows.len()]);
    let slope = |z: &[f64], f: &[f64]| beta + rows.iter().zip(f).zip(z).map(|(((_, y), f), z)| (f.exp() - y) * z).sum::<f64>();
    for _ in 0..4000 {
        // The coefficient whose slope is most negative, and all that are in use.
        let steepest = (0..features.len()).min_by(|&a, &b| slope(&features[a], &f).total_cmp(&slope(&features[b], &f))).unwrap();
        let used: Vec<usize> = (0..features.len()).filter(|&k| alpha[k] > 0.0 || k == steepest).collect();
        let mut moved = 0.0_f64;
        for k in used.iter().cycle().take(20 * used.len()) {
            let z = &features[*k];
            let curvature: f64 = f.iter().zip(z).map(|(f, z)| f.exp() * z * z).sum();
            // Half a step at most where e^f would run away.
            let step = (-slope(z, &f) / curvature.max(1e-12)).clamp(-alpha[*k], 0.5);
            alpha[*k] += step;
            f.iter_mut().zip(z).for_each(|(f, z)| *f += step * z);
            moved = moved.max(step.abs());
        }
        if moved < 1e-13 {
            break;
        }
    }
    rows.iter().zip(&f).map(|((_, y), f)| f.exp() - y * f).sum::<f64>() + beta * alpha.iter().sum::<f64>()
}
