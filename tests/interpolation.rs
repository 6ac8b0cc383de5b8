//! Interpolation: known optima, the limit of small penalties, agreement of routes, witnesses where nothing interpolates, and tampering.
#![cfg(feature = "solve")]

use cvxc::certificate::{Certificate, Span, Unmet};
use cvxc::checker::{Refusal, check};
use cvxc::exact::{Rational, rational};
use cvxc::loss::Total;
use cvxc::problem::{Arrangements, Problem, Random};
use cvxc::program::{Cone, Program};
use cvxc::solve::{Bound, Control, Failure, Outcome, Standing, solve, solve_from};
use cvxc::syntax::{data::bind, read_text, render::render};
use std::path::Path;
use std::sync::Arc;

const DECAY: &str = "weight_decay subject to interpolate";

/// The six rows of two features that THEORY uses throughout.
const SIX: &str = "x1 x2 y; 1 2 1; -1 1 -1; 2 -1 2; -2 -1 0.5; 1 -3 -2; 0.5 0.5 1";
/// Five rows of one feature.
const FIVE: &str = "x y; -2 1; -1 0; 0 -1; 1 1; 3 0.5";

fn model(table: &str, layers: &str, objective: &str) -> Problem {
    let table = table.replace("; ", "\n  ");
    let network = if layers.starts_with('[') { layers.to_string() } else { format!("features -> {layers} -> y") };
    let text = format!("cvx 1\ndata table {{\n  {table}\n}}\nnetwork {network}\nminimize {objective}\n");
    let (model, wrong) = read_text("interpolation.cvx", &text, Path::new("."), &[]);
    let model = model.unwrap_or_else(|| panic!("{}\n{text}", render(&wrong, false)));
    bind(&model, &mut |_| {}).unwrap_or_else(|wrong| panic!("{}", render(&wrong, false)))
}

fn tried(problem: &Problem) -> Result<Outcome, Failure> {
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    solve(problem, &mut control)
}

/// The optimum, its network meeting every target, its certificate accepted and coming back from its file.
fn optimum(name: &str, problem: &Problem) -> Outcome {
    let outcome = tried(problem).unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
    assert_eq!((outcome.standing, outcome.bound), (Standing::GlobalOptimum, Bound::Proved), "{name}: {outcome:?}");
    let f = outcome.network.forward(&problem.architecture, &problem.dataset.train.inputs);
    let largest = problem.targets().iter().fold(0.0_f64, |most, y| most.max(y.abs()));
    let off = f.iter().zip(problem.targets()).fold(0.0_f64, |most, (f, y)| most.max((f - y).abs()));
    // Under a bound on hidden norms weights are shortened until they really are within it.
    let rounding = if problem.objective.regularizer.radius.is_some() { 1e-10 } else { 1e-12 };
    assert!(off <= rounding * largest, "{name}: off by {off}");
    assert_eq!(outcome.loss, 0.0, "{name}");
    let certificate = outcome.certificate.as_ref().unwrap();
    let verdict = check(problem, certificate).unwrap();
    assert_eq!(verdict.lower_bound(), outcome.lower_bound, "{name}");
    assert!((verdict.objective() - outcome.objective).abs() <= 1e-9 * outcome.objective, "{name}: the completion costs next to nothing");
    assert_eq!(Certificate::decode(&certificate.encode()).as_ref(), Ok(certificate), "{name}");
    outcome
}

fn near(name: &str, found: f64, known: f64) {
    assert!((found - known).abs() <= 2e-6 * known, "{name}: {found} is not {known}");
}

/// With a free bias and one input a network is a line and Σ c_k max(x - t_k, 0), at the price of the changes of slope, and the line's own
/// slope may come from either side: ∫|f''| at least, and |f'(-∞) + f'(∞)| (Savarese et al., arXiv 1902.05040).
#[test]
fn on_a_line_the_price_is_the_change_of_slope() {
    let problem = model(FIVE, "dense(bias = free) -> relu -> dense", DECAY);
    near("slopes -1, -1, 2, -1/4", optimum("five", &problem).objective, 3.0 + 2.25);
    let steep = model("x y; 0 0; 1 4; 3 14", "dense(bias = free) -> relu -> dense", DECAY);
    near("slopes 4 and 5, and 0 before", optimum("steep", &steep).objective, 4.0 + 1.0);
}

/// One row: |y| / |x|.  A linear layer: the shortest solution of Xw = y.  Absolute values cost as much as lines.
#[test]
fn hand_made_optima() {
    near("one row", optimum("one", &model("a b y; 3 4 2", "dense -> relu -> dense", DECAY)).objective, 0.4);
    let linear = model("a b c y; 1 0 1 2; 0 1 0 1", "dense -> linear -> dense", DECAY);
    near("linear", optimum("linear", &linear).objective, (2.0_f64 * 2.0 / 2.0 + 1.0).sqrt());
    let strength = model("a b y; 3 4 2", "dense -> relu -> dense", "0.25 * weight_decay subject to interpolate");
    near("a quarter", optimum("quarter", &strength).objective, 0.1);
    let zeros = model("a b y; 3 4 0; 1 2 0", "dense -> relu -> dense", DECAY);
    assert_eq!(optimum("zeros", &zeros).objective, 0.0);
}

/// The optimum of L + β penalty, over β, comes up to that of interpolation as β falls: v y is least at both.
#[test]
fn small_penalties_come_near() {
    let exact = optimum("six", &model(SIX, "dense -> relu -> dense", DECAY));
    for (beta, part) in [(1e-3, 0.05), (1e-5, 5e-4)] {
        let soft = tried(&model(SIX, "dense -> relu -> dense", &format!("squared + {beta} * weight_decay"))).unwrap();
        let (low, high) = (soft.lower_bound / beta, exact.objective);
        assert!(low <= high && high - low < part * high, "{beta}: {low} {high}");
    }
}

/// Listing every cell, generating them, and starting from a network give one optimum.
#[test]
fn routes_agree() {
    let cases = [
        (SIX, "dense -> relu -> dense", DECAY),
        (SIX, "dense(bias) -> leaky_relu(0.1) -> dense", DECAY),
        (SIX, "dense(bias) -> relu -> dense", "weight_decay(hidden = l1) subject to interpolate"),
        (FIVE, "dense(bias) -> hard_tanh -> dense", "output_l1 subject to hidden_norm <= 1, interpolate"),
        (FIVE, "dense(bias = free) -> hard_tanh -> dense", "output_l1 subject to hidden_norm <= 1, hidden_bias <= 2, interpolate"),
        ("x1 x2 y; 1 2 1; -1 1 -1; 2 -1 2; -2 -1 0.5; 1 -3 -2", "(dense -> relu -> dense) + skip", DECAY),
        ("a b c d y; 1 2 0 1 1; -1 1 2 0 -1; 2 -1 1 1 2; 0 1 -2 1 0.5", "conv1d(2, stride = 1) -> relu -> avg_pool -> dense", DECAY),
    ];
    for (table, layers, objective) in cases {
        let generated = model(table, layers, objective);
        let mut listed = generated.clone();
        listed.plan.arrangements = Arrangements::All;
        let (one, other) = (optimum(layers, &generated), optimum(layers, &listed));
        near(layers, one.objective, other.objective);
        let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
        let again = solve_from(&generated, Some(&other.network), &mut control).unwrap();
        near(layers, again.objective, other.objective);
    }
}

/// No random network that interpolates is below the bound: output weights of random hidden ones, solved for.
#[test]
fn no_interpolating_network_is_below() {
    let problem = model(SIX, "dense -> relu -> dense", DECAY);
    let (outcome, features) = (optimum("six", &problem), problem.features());
    let (n, mut random) = (problem.targets().len(), Random::new(1));
    for _ in 0..200 {
        let theta: Vec<Vec<f64>> = (0..n).map(|_| features.allowed(&[random.normal(), random.normal()])).collect();
        let columns: Vec<Vec<f64>> = theta.iter().map(|theta| features.outputs(theta)).collect();
        let rows: Vec<Vec<f64>> = (0..n).map(|i| columns.iter().map(|column| column[i]).collect()).collect();
        let Some(inverse) = cvxc::certificate::inverse(&rows) else { continue };
        let amplitude = |row: &Vec<f64>| row.iter().zip(problem.targets()).map(|(r, y)| r * y).sum::<f64>().abs();
        let price: f64 = inverse.iter().map(amplitude).sum();
        assert!(price >= outcome.lower_bound * (1.0 - 1e-9), "{price} is below {}", outcome.lower_bound);
    }
}

/// Equal rows with equal targets, opposite rows and rows of zeros are no obstacle where their targets fit together.
#[test]
fn dependent_rows_that_fit_together() {
    let twice = model("a b y; 1 2 1; -1 1 -1; 2 -1 2; 1 2 1", "dense(bias) -> relu -> dense", DECAY);
    assert_eq!(Span::of(&twice), Ok(Span(vec![0, 1, 2])));
    optimum("twice", &twice);
    // y(x) - y(-x) = 2 x1 - x2 on all pairs, so 3 kinks and 2 slopes say all.
    let pairs = model("a b y; 1 2 4; -1 -2 4; 3 1 7; -3 -1 2; 1 -1 3; -1 1 0; 0 0 0; 2 4 8", "dense -> relu -> dense", DECAY);
    let Span(basis) = Span::of(&pairs).unwrap();
    assert_eq!(basis.len(), 5);
    let found = optimum("pairs", &pairs);
    assert_eq!(found.certificate.unwrap().completion.len(), 5);
    // Breaks that no hidden weights reach are none: only lines are left.
    let inside = "output_l1 subject to hidden_norm <= 1, interpolate";
    let inside = model("a b y; 0.5 0 1; 0 0.5 2; 0.5 0.5 3", "dense -> hard_tanh -> dense", inside);
    assert_eq!(Span::of(&inside), Ok(Span(vec![0, 1])));
    near("linear inside", optimum("inside", &inside).objective, 2.0 * 5.0_f64.sqrt());
}

/// What no network meets is told with its witness: coefficients that make every network's outputs add up to 0, and not the targets.
#[test]
fn infeasible_with_a_witness() {
    let wanted: [(&str, &str, &[usize]); 7] = [
        ("a b y; 1 2 1; -1 1 -1; 1 2 1.5", "dense(bias) -> relu -> dense", &[0, 2]),
        ("a b y; 1 2 1; 2 4 2.5", "dense -> relu -> dense", &[0, 1]),
        ("a b y; 1 2 1; 0 0 1", "dense -> relu -> dense", &[1]),
        ("a b y; 1 2 1; -1 -2 2", "dense -> abs -> dense", &[0, 1]),
        ("a b y; 1 2 1; 2 1 2; 3 3 4", "dense -> linear -> dense", &[0, 1, 2]),
        // One pair of opposite rows more than there are slopes.
        ("a b y; 1 2 4; -1 -2 4; 3 1 7; -3 -1 2; 1 -1 4; -1 1 0", "dense -> relu -> dense", &[0, 1, 2, 3, 4, 5]),
        ("a b c y; 1 2 3 1; 3 2 1 2; 1 2 1 3", "conv1d(1, stride = 1) -> relu -> sum_pool -> dense", &[0, 1]),
    ];
    for (table, layers, rows) in wanted {
        let problem = model(table, layers, DECAY);
        let Err(Failure::Infeasible { output: None, rows: found, rounding: false }) = tried(&problem) else { panic!("{layers}: {table}") };
        assert_eq!(found.iter().map(|(row, _)| *row).collect::<Vec<_>>(), rows, "{layers}: {table}");
        let (features, mut random) = (problem.features(), Random::new(1));
        let sum = |f: &[f64]| found.iter().map(|(row, c)| c * f[*row]).sum::<f64>();
        assert!(sum(problem.targets()).abs() > 0.1, "{layers}");
        for _ in 0..20 {
            let theta: Vec<f64> = (0..features.size()).map(|_| random.normal()).collect();
            assert!(sum(&features.outputs(&theta)).abs() < 1e-12, "{layers}: {table}");
        }
    }
    let spoilt = model("a b y; 1 2 1; -1 1 -1; 1 2 1", "dense(bias) -> relu -> dense", DECAY);
    let outcome = tried(&spoilt).unwrap();
    let mut other = spoilt.clone();
    other.dataset.train.targets[2] = 1.5;
    let mut certificate = outcome.certificate.unwrap();
    certificate.statement.data = other.dataset.digest();
    assert_eq!(check(&other, &certificate), Err(Refusal::Infeasible));
    assert!(matches!(Span::of(&other), Err(Unmet::Witness { .. })));
}

/// The largest of several patches is no sum over lines: nothing is claimed about it.
#[test]
fn what_is_not_known_is_not_decided() {
    let table = "a b c y; 1 2 3 1; 3 2 1 2; 1 2 1 3";
    let mut largest = model(table, "conv1d(1, stride = 1) -> relu -> max_pool -> dense", "squared + 0.1 * weight_decay");
    largest.objective.loss = Total::interpolation();
    assert_eq!(Span::of(&largest), Err(Unmet::Kind));
    assert!(matches!(tried(&largest), Err(Failure::Numerical(_))));
}

/// With several outputs each has its own targets to meet, and its own witness.
#[test]
fn several_outputs() {
    let decay = "weight_decay(output = l1) subject to interpolate";
    let layers = "[a, b] -> dense -> relu -> dense(2) -> [y, z]";
    let both = model("a b y z; 1 2 1 0; -1 1 -1 2; 2 -1 2 1", layers, decay);
    let one = |target: &str| {
        let table = "a b y z; 1 2 1 0; -1 1 -1 2; 2 -1 2 1";
        optimum(target, &model(table, &format!("[a, b] -> dense -> relu -> dense -> {target}"), DECAY)).objective
    };
    near("both", optimum("both", &both).objective, one("y") + one("z"));
    let torn = model("a b y z; 1 2 1 0; -1 1 -1 2; 1 2 1 1", layers, decay);
    assert!(matches!(tried(&torn), Err(Failure::Infeasible { output: Some(1), .. })));
}

/// Every change of a certificate that matters is refused.
#[test]
fn tampering_is_refused() {
    let problem = model(SIX, "dense(bias) -> relu -> dense", DECAY);
    let honest = optimum("six", &problem).certificate.unwrap();
    let n = problem.targets().len();
    assert_eq!(honest.completion.len(), n);
    let with = |change: &dyn Fn(&mut Certificate)| {
        let mut changed = honest.clone();
        change(&mut changed);
        check(&problem, &changed)
    };
    assert_eq!(with(&|c| c.completion.truncate(n - 1)), Err(Refusal::Shape("completion")));
    assert_eq!(with(&|c| c.completion.clear()), Err(Refusal::Shape("completion")));
    assert_eq!(with(&|c| c.completion.push(vec![1.0, 0.0, 0.0])), Err(Refusal::Shape("completion")));
    assert_eq!(with(&|c| c.completion[0].truncate(2)), Err(Refusal::Shape("completion")));
    assert_eq!(with(&|c| c.completion[0] = c.completion[1].clone()), Err(Refusal::Completion));
    assert_eq!(with(&|c| c.completion[0][0] = f64::NAN), Err(Refusal::Completion));
    assert_eq!(with(&|c| c.completion[0].fill(0.0)), Err(Refusal::Completion));
    // A network further away costs what its completion costs: the interval is true, and wide.
    let verdict = with(&|c| c.network.output[0] *= 1.01).unwrap();
    assert!(verdict.objective() > 1.001 * verdict.lower_bound());
    let nothing = with(&|c| (c.network.hidden, c.network.output) = (Vec::new(), Vec::new())).unwrap();
    assert!(nothing.objective() > verdict.lower_bound());
    // Larger dual vectors are no better: the proof is about this one.
    assert!(with(&|c| c.scale *= 1.01).is_err());
    assert!(with(&|c| c.dual.mantissas.iter_mut().for_each(|m| *m += *m / 50)).is_err());
    // A completion where nothing is interpolated.
    let soft = model(SIX, "dense(bias) -> relu -> dense", "absolute + 0.1 * weight_decay");
    let mut certificate = tried(&soft).unwrap().certificate.unwrap();
    certificate.completion = honest.completion.clone();
    assert_eq!(check(&soft, &certificate), Err(Refusal::Shape("completion")));
}

/// ℓ + ℓ* >= f v with equality at a slope, and the cone form is the value: with a number for p, and without.
#[test]
fn the_loss_keeps_its_laws() {
    let total = Total::interpolation();
    let loss = total.loss;
    let exact = |x: f64| rational(x).unwrap();
    for (f, y, p) in [(1.5, 1.0, 2.0), (-1.0, 1.0, 0.5), (2.0, 2.0, 3.0)] {
        let v = loss.slope(f, y, p);
        assert_eq!(loss.value(f, y, p) + loss.conjugate(v, y, p), f * v);
        assert_eq!(loss.value_above(&exact(f), &exact(y), &exact(p)), Some(exact(loss.value(f, y, p))));
        assert_eq!(loss.conjugate_above(&exact(2.0 * p), &exact(y), &exact(p)), None);
        assert_eq!(loss.conjugate(2.0 * p, y, p), f64::INFINITY);
    }
    assert_eq!(total.value(&[1.0, 2.0], &[1.0, 2.0]), 0.0);
    assert_eq!(total.value(&[1.0, 2.1], &[1.0, 2.0]), f64::INFINITY);
    assert_eq!(total.conjugate(&[100.0, -3.0], &[1.0, 2.0]), 94.0);
    assert_eq!(total.conjugate_above(&[exact(100.0), exact(-3.0)], &[1.0, 2.0], |_| None), Ok(Rational::from(94)));
    assert!(total.value_above(&[exact(1.0)], &[2.0]).is_err());
    let mut program = Program::default();
    let f = program.add_columns(1, 0.0);
    loss.cone_form(&mut program, f, 2.0, f64::INFINITY, 1.0);
    assert_eq!((program.width(), program.cones.as_slice()), (1, [Cone::Zeros(1)].as_slice()));
}
