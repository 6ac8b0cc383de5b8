//! Steps, signs and staircases: a lasso over columns, against references, against lists made by hand, and under damage.
#![cfg(feature = "solve")]

use cvxc::certificate::{Certificate, Kind, Writer};
use cvxc::checker::{Refusal, check, proofs, upper};
use cvxc::exact::{Rational, above, decimal};
use cvxc::loss::{Targets, Total, find};
use cvxc::problem::{
    Activation, Architecture, Arrangements, Bias, Column, Dataset, Matrix, Network, Objective, Piece, Plan, Problem, Random, Rows, Target,
};
use cvxc::regularizer::{self as norms, Regularizer};
use cvxc::solve::{Bound, Control, Outcome, Standing, solve};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Levels from left to right, and breaks with whether they belong to the right.
fn staircase(levels: &[&str], breaks: &[(&str, bool)]) -> Activation {
    let exact = |text: &str| decimal(text).unwrap();
    let first = Piece { from: None, includes_from: true, slope: Rational::ZERO, intercept: exact(levels[0]) };
    let rest = breaks.iter().zip(&levels[1..]).map(|((at, includes_from), level)| Piece {
        from: Some(exact(at)),
        includes_from: *includes_from,
        slope: Rational::ZERO,
        intercept: exact(level),
    });
    Activation::new("given", [first].into_iter().chain(rest).collect())
}

fn step() -> Activation {
    staircase(&["0", "1"], &[("0", true)])
}

fn problem(rows: &[Vec<f64>], targets: &[f64], activation: Activation, bias: Bias, radius: f64, strength: f64) -> Problem {
    let column = |name: String| Column { name, shift: 0.0, scale: 1.0 };
    Problem {
        name: "jumps".into(),
        dataset: Dataset {
            columns: (0..rows[0].len()).map(|j| column(format!("x{j}"))).collect(),
            target: Target::Number(column("y".into())),
            train: Rows { inputs: Matrix::from_rows(rows), targets: targets.to_vec() },
            test: None,
            source: "by hand".into(),
            dropped: 0,
        },
        architecture: Architecture { activation, bias, width: None, skip: false, gates: None, convolution: None },
        objective: Objective {
            loss: Total { loss: find("squared").unwrap(), parameter: 0.0, mean: false, outputs: 1 },
            regularizer: Regularizer::output_l1(radius),
            strength,
        },
        plan: Plan::default(),
    }
}

fn solved(problem: &Problem, arrangements: Arrangements) -> Outcome {
    let problem = Problem { plan: Plan { arrangements, ..problem.plan.clone() }, ..problem.clone() };
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    solve(&problem, &mut control).unwrap_or_else(|failure| panic!("{failure:?}"))
}

/// Both arrangements are proved, verified and at the optimum; how many columns there are.
fn meets(problem: &Problem, optimum: f64, place: &str) -> usize {
    let [all, generated] = [Arrangements::All, Arrangements::Generate].map(|arrangements| {
        let outcome = solved(problem, arrangements);
        let place = format!("{place}: {} {} against {optimum}", outcome.objective, outcome.lower_bound);
        assert_eq!((outcome.standing, outcome.bound), (Standing::GlobalOptimum, Bound::Proved), "{place}");
        assert!((outcome.objective - optimum).abs() <= 1e-6 * optimum, "{place}");
        let verdict = check(problem, outcome.certificate.as_ref().unwrap()).unwrap();
        assert_eq!(verdict.lower_bound(), outcome.lower_bound, "{place}");
        assert!((verdict.objective() / outcome.objective - 1.0).abs() < 1e-12, "{place}");
        assert!(outcome.patterns as f64 <= outcome.patterns_bound, "{place}: {} {}", outcome.patterns, outcome.patterns_bound);
        outcome
    });
    assert!(generated.patterns <= all.patterns, "{place}");
    all.patterns
}

/// min ½|f - y|² + β Σ|z| over f = Σ z c, one coefficient at a time.
fn lasso(columns: &BTreeSet<Vec<i64>>, y: &[f64], beta: f64) -> f64 {
    let columns: Vec<Vec<f64>> = columns.iter().map(|c| c.iter().map(|x| *x as f64).collect()).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (mut z, mut rest) = (vec![0.0_f64; columns.len()], y.to_vec());
    for _ in 0..20_000 {
        let mut moved = 0.0_f64;
        for (z, c) in z.iter_mut().zip(&columns).filter(|(_, c)| dot(c, c) > 0.0) {
            let along = dot(c, &rest) + *z * dot(c, c);
            let next = along.signum() * (along.abs() - beta).max(0.0) / dot(c, c);
            rest.iter_mut().zip(c).for_each(|(r, c)| *r -= (next - *z) * c);
            moved = moved.max((next - *z).abs());
            *z = next;
        }
        if moved < 1e-13 {
            break;
        }
    }
    0.5 * dot(&rest, &rest) + beta * z.iter().map(|z| z.abs()).sum::<f64>()
}

#[test]
fn the_references_are_met_and_have_as_many_columns() {
    let instances: Vec<Value> = serde_json::from_str(include_str!("reference/instances.json")).unwrap();
    let numbers = |value: &Value| -> Vec<f64> { value.as_array().unwrap().iter().filter_map(Value::as_f64).collect() };
    let mut met = 0;
    for instance in &instances {
        let (activation, bias) = match (instance["kind"].as_str(), instance["bias"].as_bool()) {
            (Some("threshold"), Some(true)) => (step(), Bias::Penalised),
            (Some("threshold"), _) => (step(), Bias::None),
            (Some("staircase"), _) => (staircase(&["0", "1", "2"], &[("0.5", true), ("1.5", true)]), Bias::Free),
            _ => continue,
        };
        let rows: Vec<Vec<f64>> = instance["X"].as_array().unwrap().iter().map(numbers).collect();
        let (radius, beta) = (instance["R"].as_f64().unwrap_or(f64::INFINITY), instance["beta"].as_f64().unwrap());
        let problem = problem(&rows, &numbers(&instance["y"]), activation, bias, radius, beta);
        let columns = meets(&problem, instance["value"].as_f64().unwrap(), &instance["name"].to_string());
        assert_eq!(Some(columns as u64), instance["patterns"].as_u64(), "{}", instance["name"]);
        met += 1;
    }
    assert_eq!(met, 6);
}

/// Two opposite rows pass a closed step together only where w·x = 0: full-dimensional cells alone would say 0.36.
#[test]
fn faces_count() {
    let rows = [vec![1.0, 2.0], vec![-1.0, -2.0]];
    let both = problem(&rows, &[1.0, 1.0], step(), Bias::None, f64::INFINITY, 0.2);
    assert_eq!(meets(&both, 0.19, "closed"), 3);
    // Where the break belongs to the left they pass together nowhere.
    let open = staircase(&["0", "1"], &[("0", false)]);
    let neither = problem(&rows, &[1.0, 1.0], open, Bias::None, f64::INFINITY, 0.2);
    assert_eq!(meets(&neither, 0.36, "open"), 3);
}

/// Rows of the plane in small integers, some of them zero, twice, or opposite, against a list of all directions that differ.
#[test]
fn hostile_rows_agree_with_a_list_by_hand() {
    let mut random = Random::new(3);
    for round in 0..8 {
        let number = |random: &mut Random| random.below(7) as f64 - 3.0;
        let mut rows: Vec<Vec<f64>> = (0..6).map(|_| vec![number(&mut random), number(&mut random)]).collect();
        rows[1] = rows[0].clone();
        rows[2] = rows[0].iter().map(|x| -2.0 * x).collect();
        rows[3] = vec![0.0, 0.0];
        let y: Vec<f64> = rows.iter().map(|_| number(&mut random)).collect();
        let closed = round % 2 == 0;
        let levels = if round % 4 < 2 { ["0", "1"] } else { ["-1", "1"] };
        let activation = staircase(&levels, &[("0", closed)]);
        let level = |z: f64| levels[usize::from(z > 0.0 || (closed && z == 0.0))].parse::<i64>().unwrap();
        let mut edges: Vec<[f64; 2]> = rows.iter().filter(|x| **x != [0.0, 0.0]).flat_map(|x| [[-x[1], x[0]], [x[1], -x[0]]]).collect();
        edges.sort_by(|a, b| a[1].atan2(a[0]).total_cmp(&b[1].atan2(b[0])));
        edges.dedup_by(|a, b| a[0] * b[1] == a[1] * b[0] && a[0] * b[0] + a[1] * b[1] > 0.0);
        let next = |k: usize| edges[(k + 1) % edges.len()];
        let size = |e: [f64; 2]| e[0].hypot(e[1]);
        let between = |a: [f64; 2], b: [f64; 2]| match a[0] * b[1] - a[1] * b[0] {
            0.0 => [-a[1], a[0]],
            _ => [a[0] / size(a) + b[0] / size(b), a[1] / size(a) + b[1] / size(b)],
        };
        let middles = (0..edges.len()).map(|k| between(edges[k], next(k)));
        let all: Vec<[f64; 2]> = edges.iter().copied().chain(middles).chain([[0.0, 0.0]]).collect();
        let columns: BTreeSet<Vec<i64>> = all.iter().map(|w| rows.iter().map(|x| level(x[0] * w[0] + x[1] * w[1])).collect()).collect();
        let problem = problem(&rows, &y, activation, Bias::None, f64::INFINITY, 0.3);
        let counted = meets(&problem, lasso(&columns, &y, 0.3), &format!("round {round}: {rows:?} {y:?}"));
        assert_eq!(counted, columns.len(), "round {round}: {rows:?}");
    }
}

/// One weight and no bias: every w where a row meets a break, and those between.
#[test]
fn staircases_on_a_line_agree_with_a_list_by_hand() {
    let (x, y) = ([-2.0, -1.0, 0.0, 1.0, 4.0], [1.0, 0.0, -1.0, 1.0, 0.5]);
    for (radius, closed) in [(0.25, true), (0.5, true), (0.5, false), (3.0, true)] {
        let breaks = [-1.0, 0.5, 1.5];
        let activation = staircase(&["-1", "0", "1", "3"], &[("-1", closed), ("0.5", closed), ("1.5", closed)]);
        let mut ends: Vec<f64> = x.iter().filter(|x| **x != 0.0).flat_map(|x| breaks.map(|t| t / x)).collect();
        ends.extend([-radius, 0.0, radius]);
        ends.retain(|w| w.abs() <= radius);
        ends.sort_by(f64::total_cmp);
        let middles: Vec<f64> = ends.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect();
        let level = |z: f64| [-1, 0, 1, 3][breaks.iter().filter(|t| z > **t || (closed && z == **t)).count()];
        let columns: BTreeSet<Vec<i64>> = ends.iter().chain(&middles).map(|w| x.iter().map(|x| level(x * w)).collect()).collect();
        let rows: Vec<Vec<f64>> = x.iter().map(|x| vec![*x]).collect();
        let problem = problem(&rows, &y, activation, Bias::None, radius, 0.1);
        let counted = meets(&problem, lasso(&columns, &y, 0.1), &format!("r = {radius}, {closed}"));
        assert_eq!(counted, columns.len(), "r = {radius}, {closed}");
    }
}

fn noisy(seed: u64, rows: usize, columns: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut random = Random::new(seed);
    let x: Vec<Vec<f64>> = (0..rows).map(|_| (0..columns).map(|_| random.normal()).collect()).collect();
    let y = x.iter().map(|x| f64::from(u8::from(x[0] > 0.3)) - f64::from(u8::from(x[0] + x[1] > 0.0)) + 0.2 * random.normal()).collect();
    (x, y)
}

/// In every norm, with and without bias, listing and generation come to one optimum.
#[test]
fn staircases_in_a_plane_agree_by_both_ways() {
    let (x, y) = noisy(1, 7, 2);
    for (norm, bias) in [("l2", Bias::None), ("l1", Bias::None), ("linf", Bias::Penalised), ("l2", Bias::Penalised)] {
        let mut problem = problem(&x, &y, staircase(&["0", "1", "-0.5"], &[("0.1", true), ("0.7", false)]), bias, 0.8, 0.1);
        problem.objective.regularizer.hidden = norms::find(norm).unwrap();
        let all = solved(&problem, Arrangements::All);
        meets(&problem, all.objective, norm);
    }
}

/// Doubles of all digits, more rows, and every loss; the skip too.
#[test]
fn every_loss_is_proved() {
    for (seed, loss) in cvxc::loss::LOSSES.iter().enumerate() {
        let (x, mut y) = noisy(seed as u64, 16, 2);
        match loss.targets() {
            Targets::Real => {}
            Targets::Labels => continue,
            Targets::Counts => y.iter_mut().for_each(|y| *y = (3.0 * y.abs()).round()),
            Targets::Classes => y.iter_mut().for_each(|y| *y = y.signum()),
        }
        let mut problem = problem(&x, &y, step(), Bias::Penalised, f64::INFINITY, 0.3);
        let parameter = loss.parameter().map_or(0.0, |p| if p.below.is_finite() { 0.3 } else { 0.7 });
        problem.objective.loss = Total { loss: *loss, parameter, mean: seed % 2 == 1, outputs: 1 };
        problem.objective.strength = if seed % 2 == 1 { 0.02 } else { 0.3 };
        problem.architecture.skip = seed % 3 == 1;
        let outcome = solved(&problem, Arrangements::Generate);
        let place = format!("{}: {} {}", loss.name(), outcome.objective, outcome.lower_bound);
        assert_eq!(outcome.standing, Standing::GlobalOptimum, "{place}");
        assert_eq!(check(&problem, outcome.certificate.as_ref().unwrap()).unwrap().lower_bound(), outcome.lower_bound, "{place}");
    }
}

/// A sum that rounds to the wrong side of a jump is taken without rounding, in the score as in the checker.
#[test]
fn ties_are_what_they_are() {
    let rows = [vec![0.1, 0.2, -0.3], vec![1.0, 1.0f64.next_up(), 0.0], vec![3.0, 1.0, 1.0]];
    let problem = problem(&rows, &[0.0, 0.0, 0.0], step(), Bias::None, f64::INFINITY, 1.0);
    let output = |w: Vec<f64>| {
        let network = Network { hidden: Matrix::from_rows(&[w]), output: Matrix::new(1, 1, vec![1.0]), skip: None, gates: None };
        network.forward(&problem.architecture, &problem.dataset.train.inputs)
    };
    // The doubles 0.1 and 0.2 add up to more than the double 0.3.
    assert_eq!(output(vec![1.0, 1.0, 1.0]), [1.0, 1.0, 1.0]);
    assert_eq!(output(vec![-1.0, -1.0, -1.0]), [0.0, 0.0, 0.0]);
    assert_eq!(output(vec![1.0f64.next_up(), -1.0, 0.0]), [0.0, 1.0, 1.0]);
    assert_eq!(output(vec![1.0, -1.0, -1.0]), [1.0, 0.0, 1.0]);
    assert_eq!(output(vec![0.0, 0.0, 0.0]), [1.0; 3]);
}

/// The proof that steps of one bias have: a certificate to damage.
fn specimen() -> (Problem, Certificate) {
    let (x, y) = noisy(4, 14, 2);
    let problem = problem(&x, &y, step(), Bias::Penalised, f64::INFINITY, 0.2);
    let certificate = solved(&problem, Arrangements::Generate).certificate.unwrap();
    (problem, certificate)
}

#[test]
fn each_kind_of_damage_is_refused_by_name() {
    let (problem, certificate) = specimen();
    assert!(certificate.proofs.iter().all(|proof| proof.kind == Kind::Jumps));
    let refusal = |change: &dyn Fn(&mut Certificate)| {
        let mut damaged = certificate.clone();
        change(&mut damaged);
        match check(&problem, &damaged).unwrap_err() {
            Refusal::Tree { what, .. } => what.to_string(),
            other => format!("{other:?}"),
        }
    };
    let tree = |numbers: &[u128]| {
        let mut writer = Writer::default();
        numbers.iter().for_each(|n| writer.natural(*n));
        move |c: &mut Certificate| c.proofs[0].tree = writer.text()
    };
    assert_eq!(refusal(&|c| c.proofs[1].kind = Kind::Cones), "it is no tree over the sides of lines");
    assert_eq!(refusal(&|c| c.proofs[1].unit = 1), "it is no tree over the sides of lines");
    assert_eq!(refusal(&tree(&[])), "the tree ends too early");
    assert_eq!(refusal(&tree(&[0])), "the sides that are left add up to more than the limit");
    assert_eq!(refusal(&tree(&[2 + 2 * 1_000_000])), "a split names no line, or divides nothing");
    // The upper side of line 0 once more: there is no other side left.
    assert_eq!(refusal(&tree(&[2, 2])), "a split names no line, or divides nothing");
    assert_eq!(refusal(&tree(&[1, 1, 0])), "it has more multipliers than decisions");
    assert_eq!(refusal(&tree(&[2, 1, 0])), "its multipliers do not rule out that a neuron is there");
    assert_eq!(refusal(&tree(&[2, 1, 1, 0, 1, 1])), "its multipliers do not rule out that a neuron is there");
    assert_eq!(refusal(&tree(&[2, 1, 1, 5, 1, 1])), "a multiplier names no decision");
    assert_eq!(refusal(&|c| c.proofs[0].tree.insert_str(0, "AAAA")), "the sides that are left add up to more than the limit");
    assert_eq!(refusal(&|c| c.proofs[0].tree = "?".into()), "the tree is not base64");
    assert_eq!(refusal(&|c| c.scale = 1.1), "the sides that are left add up to more than the limit");
    assert!(refusal(&|c| drop(c.proofs.pop())).contains("Shape"));
    assert!(refusal(&|c| c.basis = Some(vec![vec![1, 0, 0]])).contains("Shape"));
    assert!(refusal(&|c| c.dual.mantissas[0] = 1 << 40).contains("Shape"));
    // A proof about columns is none about slopes, and the other way round.
    let mut relu = problem.clone();
    relu.architecture.activation = Activation::relu();
    relu.objective.regularizer = Regularizer::output_l1(1.0);
    assert!(matches!(proofs(&relu, &certificate, 2), Err(Refusal::Tree { what: "it is about jumps, and the activation has none", .. })));
    // Without a price on columns there is no bound.
    let mut decayed = problem.clone();
    decayed.objective.regularizer = Regularizer::weight_decay();
    assert_eq!(proofs(&decayed, &certificate, 2), Err(Refusal::Kind));
}

/// A larger ball has columns that a proof about a smaller one leaves out.
#[test]
fn a_proof_about_a_ball_says_nothing_of_a_larger_one() {
    let rows: Vec<Vec<f64>> = [-2.0, -1.0, 0.0, 1.0, 3.0].iter().map(|x| vec![*x]).collect();
    let y = [1.0, 0.0, -1.0, 1.0, 0.5];
    let stairs = || staircase(&["0", "1", "2"], &[("0.5", true), ("1.5", true)]);
    let small = problem(&rows, &y, stairs(), Bias::None, 0.3, 0.2);
    let certificate = solved(&small, Arrangements::Generate).certificate.unwrap();
    assert!(check(&small, &certificate).is_ok());
    let large = problem(&rows, &y, stairs(), Bias::None, 2.0, 0.2);
    assert!(matches!(proofs(&large, &certificate, 2), Err(Refusal::Tree { .. })));
    let mut outside = certificate.clone();
    outside.network.hidden[0][0] = 0.300001;
    assert_eq!(check(&small, &outside), Err(Refusal::Norm { neuron: 1 }));
}

/// Whatever byte of a tree is changed, what is accepted is true: no column is dearer than the limit.
#[test]
fn random_damage_never_yields_a_false_interval() {
    let (problem, certificate) = specimen();
    let honest = check(&problem, &certificate).unwrap();
    let (bytes, mut random) = (certificate.encode(), Random::new(9));
    for _ in 0..1500 {
        let mut damaged = bytes.clone();
        let at = random.below(damaged.len());
        damaged[at] = random.bits() as u8;
        let Ok(other) = Certificate::decode(&damaged) else { continue };
        if let Ok(verdict) = check(&problem, &other) {
            assert!(verdict.lower <= honest.upper && verdict.upper >= honest.lower, "byte {at}");
        }
    }
}

#[test]
fn the_score_is_the_checkers() {
    let (problem, certificate) = specimen();
    let network = certificate.network.network(3, 1).unwrap();
    let exact = above(&upper(&problem, &certificate, 2).unwrap());
    assert!((problem.score(&network).objective / exact - 1.0).abs() < 1e-13);
}
