//! Several outputs: they share the loss and nothing else (THEORY 8a), and every claim of the dual is about one of them.
#![cfg(feature = "solve")]

use cvxc::certificate::{Certificate, Weights};
use cvxc::checker::{Refusal, check, proofs};
use cvxc::descent::{Contest, RIVALS};
use cvxc::exact::{Rational, above, written};
use cvxc::loss::{Total, find};
use cvxc::problem::{Arrangements, Matrix, Network, Plan, Problem, Random};
use cvxc::regularizer::Regularizer;
use cvxc::solve::{Bound, Control, Outcome, solve, solve_from};
use cvxc::syntax::{data::bind, read_text, render::render};
use std::path::Path;
use std::sync::Arc;

/// A random table of two features, two numbers and three classes, and a model on it.
fn stated(seed: u64, rows: usize, network: &str, objective: &str) -> Problem {
    let mut random = Random::new(seed);
    let mut table = String::from("  x1 x2 y1 y2 kind pair\n");
    for i in 0..rows {
        let x: Vec<f64> = (0..2).map(|_| (random.normal() * 8.0).round() / 4.0).collect();
        let y = [x[0].max(0.0) - x[1].abs(), (x[0] + x[1]).max(0.5) + 0.3 * random.normal()].map(|y| (y * 16.0).round() / 16.0);
        // Every class has a row.
        let kind = if i < 3 { i } else { random.below(3) };
        let (kind, pair) = (["a", "b", "c"][kind], ["no", "yes"][usize::from(x[0] * x[1] + 0.4 * random.normal() > 0.0)]);
        table += &format!("  {} {} {} {} {kind} {pair}\n", x[0], x[1], y[0], y[1]);
    }
    let text = format!("cvx 1\ndata table {{\n{table}}}\nnetwork [x1, x2] -> {network}\nminimize {objective}\n");
    let (model, wrong) = read_text("outputs.cvx", &text, Path::new("."), &[]);
    let model = model.unwrap_or_else(|| panic!("{}\n{text}", render(&wrong, false)));
    bind(&model, &mut |_| {}).unwrap_or_else(|wrong| panic!("{}", render(&wrong, false)))
}

fn solved(problem: &Problem, arrangements: Arrangements) -> Outcome {
    let problem = Problem { plan: Plan { arrangements, ..problem.plan.clone() }, ..problem.clone() };
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    let outcome = solve(&problem, &mut control).unwrap();
    assert_eq!(outcome.bound, Bound::Proved, "{:?}", problem.objective);
    let gap = problem.relative_gap(outcome.objective, outcome.lower_bound);
    assert!(gap <= 1e-6, "{:?}: {} {}", problem.objective, outcome.objective, outcome.lower_bound);
    assert_eq!(problem.score(&outcome.network).objective, outcome.objective, "the decoded network has the objective that is told");
    outcome
}

fn generated(problem: &Problem) -> Outcome {
    solved(problem, Arrangements::Generate)
}

/// Two intervals that hold one optimum.
fn overlap(name: &str, a: (f64, f64), b: (f64, f64)) {
    let room = 1e-12 * (a.1.abs() + b.1.abs());
    assert!(a.0 <= b.1 + room && b.0 <= a.1 + room, "{name}: {a:?} {b:?}");
}

fn interval(outcome: &Outcome) -> (f64, f64) {
    (outcome.lower_bound, outcome.objective)
}

const DECAY: &str = "weight_decay(output = l1)";

/// The rows of the dual vector add up to zero under steps too.
#[test]
fn steps_tell_classes() {
    let problem = stated(4, 8, "dense(bias) -> step -> dense -> kind", "cross_entropy + 0.4 * output_l1");
    let [all, found] = [Arrangements::All, Arrangements::Generate].map(|arrangements| solved(&problem, arrangements));
    overlap("steps", interval(&all), interval(&found));
    let verdict = check(&problem, found.certificate.as_ref().unwrap()).unwrap();
    assert_eq!(verdict.lower_bound(), found.lower_bound);
}

#[test]
fn numbers_share_nothing() {
    for (k, loss) in ["squared", "mean(squared)", "absolute", "huber(0.4)"].into_iter().enumerate() {
        let strength = if loss.starts_with("mean") { 0.03 } else { 0.3 };
        for (layer, penalty) in [
            ("dense(bias) -> relu", DECAY),
            ("dense -> leaky_relu(0.25)", "weight_decay(hidden = l1, output = l1)"),
            ("dense(bias) -> gated_relu(gates = 20, seed = 3)", DECAY),
            ("dense -> hard_tanh", "output_l1 subject to hidden_norm <= 1"),
        ] {
            let objective = format!("{loss} + {strength} * {penalty}");
            let of = |targets: &str| generated(&stated(k as u64, 7, &format!("{layer} -> {targets}"), &objective));
            let both = of("dense(2) -> [y1, y2]");
            let (first, second) = (of("dense -> y1"), of("dense(1) -> [y2]"));
            let sum = (first.lower_bound + second.lower_bound, first.objective + second.objective);
            overlap(&format!("{layer}, {objective}"), interval(&both), sum);
        }
    }
}

#[test]
fn listing_and_generating_meet() {
    for (seed, layer, objective) in [
        (1, "dense(bias) -> relu", format!("cross_entropy + 0.3 * {DECAY}")),
        (2, "dense -> abs", format!("mean(cross_entropy) + 0.03 * {DECAY}")),
        (3, "dense -> hard_tanh", "cross_entropy + 0.4 * output_l1 subject to hidden_norm <= 1".to_string()),
        (5, "dense(bias) -> gated_relu(gates = 20, seed = 3)", format!("mean(cross_entropy) + 0.03 * {DECAY}")),
        (4, "dense -> linear", format!("cross_entropy + 0.2 * {DECAY}")),
    ] {
        let problem = stated(seed, 9, &format!("{layer} -> dense(3) -> kind"), &objective);
        let (all, some) = (solved(&problem, Arrangements::All), generated(&problem));
        overlap(&format!("{layer}, {objective}"), interval(&all), interval(&some));
    }
}

/// F_1 - F_0 = f, and the cheapest way to f is F_0 = 0.
#[test]
fn two_classes_are_logistic() {
    for (seed, form, strength) in [(1, "cross_entropy", 0.3), (2, "mean(cross_entropy)", 0.04), (3, "cross_entropy", 0.05)] {
        let two = generated(&stated(seed, 8, "dense(bias) -> relu -> dense -> pair", &format!("{form} + {strength} * {DECAY}")));
        let logistic = form.replace("cross_entropy", "logistic");
        let one = generated(&stated(seed, 8, "dense(bias) -> relu -> dense -> pair", &format!("{logistic} + {strength} * weight_decay")));
        overlap(form, interval(&two), interval(&one));
        assert!(two.objective > 0.0 && one.network.neurons() > 0, "{form}: something is learnt");
    }
}

#[test]
fn training_never_goes_below_and_sometimes_comes_near() {
    let contest = Contest { width: 12, steps: 2000, seeds: 12, threads: 1 };
    let problem = stated(5, 10, "dense(bias) -> relu -> dense(3) -> kind", &format!("cross_entropy + 0.2 * {DECAY}"));
    let outcome = generated(&problem);
    for rival in RIVALS {
        let trained = rival.train(&problem, &contest, &|| false, &|| ());
        let best = trained[0].score.objective;
        assert!(best >= outcome.lower_bound, "{}: {best} is below {}", rival.name, outcome.lower_bound);
        assert!(best <= 1.05 * outcome.objective, "{}: {best} is far above {}", rival.name, outcome.objective);
    }
    let start = RIVALS[0].train(&problem, &contest, &|| false, &|| ()).swap_remove(0).network;
    assert!(start.output.each_row().any(|a| a.iter().filter(|a| a.abs() > 1e-3).count() > 1), "neurons that serve several outputs");
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    let again = solve_from(&problem, Some(&start), &mut control).unwrap();
    overlap("from a trained network", interval(&outcome), interval(&again));
}

fn total(mean: bool) -> Total {
    Total { loss: find("cross_entropy").unwrap(), parameter: 0.0, mean, outputs: 3 }
}

/// Two rows of outputs and their classes.
const F: [f64; 6] = [0.3, -1.2, 2.0, 5.0, 4.0, -7.5];
const Y: [f64; 6] = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0];

#[test]
fn cross_entropy_is_what_it_says() {
    let row = |f: &[f64], label: usize| f.iter().map(|x| x.exp()).sum::<f64>().ln() - f[label];
    let value = row(&F[..3], 1) + row(&F[3..], 0);
    assert!((total(false).value(&F, &Y) - value).abs() < 1e-14);
    assert!((total(true).value(&F, &Y) - value / 2.0).abs() < 1e-14, "a mean is over rows");
    assert_eq!(total(false).least(&Y), 0.0);
    for mean in [false, true] {
        let (total, h) = (total(mean), 1e-6);
        let v = total.slope(&F, &Y);
        for (i, slope) in v.iter().enumerate() {
            let at = |step: f64| total.value(&std::array::from_fn::<f64, 6, _>(|j| if j == i { F[j] + step } else { F[j] }), &Y);
            assert!(((at(h) - at(-h)) / (2.0 * h) - slope).abs() < 1e-8, "slope {i}");
        }
        let product = |v: &[f64]| v.iter().zip(&F).map(|(v, f)| v * f).sum::<f64>();
        assert!((total.value(&F, &Y) + total.conjugate(&v, &Y) - product(&v)).abs() < 1e-13, "Fenchel and Young meet at the slope");
        let mut random = Random::new(1);
        for _ in 0..50 {
            let mut u: Vec<f64> = (0..6).map(|_| random.normal()).collect();
            assert_eq!(total.conjugate(&u, &Y), f64::INFINITY, "rows that do not sum to 0");
            total.clamp(&mut u, &Y);
            let conjugate = total.conjugate(&u, &Y);
            assert!(conjugate.is_finite() && total.value(&F, &Y) + conjugate >= product(&u) - 1e-13, "{u:?}");
        }
    }
}

#[test]
fn exact_bounds_of_cross_entropy_are_tight_and_on_their_side() {
    let exact = |values: &[f64]| -> Vec<Rational> { values.iter().map(|x| written(*x).unwrap()).collect() };
    let total = total(true);
    let value = above(&total.value_above(&exact(&F), &Y).unwrap());
    assert!((value - total.value(&F, &Y)).abs() < 1e-14);
    let far: Vec<f64> = F.iter().map(|f| 200.0 * f).collect();
    assert!((above(&total.value_above(&exact(&far), &Y).unwrap()) - total.value(&far, &Y)).abs() < 1e-11);
    let u = [0.125, -0.75, 0.625, -0.25, 0.25, 0.0];
    let conjugate = above(&total.conjugate_above(&exact(&u), &Y, |_| None).unwrap());
    let halves: Vec<f64> = u.iter().map(|u| u / 2.0).collect();
    assert!((conjugate - total.conjugate(&halves, &Y)).abs() < 1e-14);
    let mut off = exact(&u);
    off[4] = off[4].clone() + written(1e-30).unwrap();
    assert_eq!(total.conjugate_above(&off, &Y, |_| None), Err(1), "a row that sums to almost 0");
    let beyond = [0.125, -1.25, 1.125, 0.0, 0.0, 0.0];
    assert_eq!(total.conjugate_above(&exact(&beyond), &Y, |_| None), Err(0), "a probability below 0");
}

#[test]
fn penalties_are_what_they_say() {
    let problem = stated(1, 6, "dense -> relu -> dense(2) -> [y1, y2]", &format!("squared + 0.5 * {DECAY}"));
    let network =
        Network { hidden: Matrix::new(1, 2, vec![2.0, -1.0]), output: Matrix::new(1, 2, vec![1.0, -3.0]), skip: None, gates: None };
    assert_eq!(problem.score(&network).penalty, 0.5 * (5.0 + 16.0));
    let mut bounded = problem.clone();
    bounded.objective.regularizer = Regularizer::output_l1(3.0);
    assert_eq!(bounded.score(&network).penalty, 4.0);
    let mut plain = problem.clone();
    plain.objective.regularizer = Regularizer::weight_decay();
    assert_eq!(plain.score(&network).penalty, 0.5 * (5.0 + 10.0));
    assert_eq!(problem.objective.words(), "squared + 0.5 * weight_decay(output = l1)");
}

/// A proved problem of three classes and its certificate.
fn certified() -> (Problem, Certificate, f64) {
    let problem = stated(7, 9, "dense -> relu -> dense -> kind", &format!("cross_entropy + 0.3 * {DECAY}"));
    let outcome = generated(&problem);
    (problem, outcome.certificate.unwrap(), outcome.objective)
}

#[test]
fn damage_is_refused() {
    let (problem, certificate, optimum) = certified();
    assert!(check(&problem, &certificate).is_ok() && certificate.proofs.len() == 6);
    assert_eq!(certificate, Certificate::decode(&certificate.encode()).unwrap());
    let refusal = |damage: &dyn Fn(&mut Certificate)| {
        let mut damaged = certificate.clone();
        damage(&mut damaged);
        check(&problem, &damaged).unwrap_err()
    };
    assert_eq!(refusal(&|c| c.proofs.truncate(4)), Refusal::Shape("proofs"));
    assert_eq!(refusal(&|c| c.proofs.push(c.proofs[0].clone())), Refusal::Shape("proofs"));
    for at in 0..6 {
        let (output, sign) = (at / 2 + 1, if at % 2 == 0 { 1 } else { -1 });
        let place = |found: &Refusal| matches!(found, Refusal::Tree { output: o, sign: s, .. } if (*o, *s) == (output, sign));
        let found = refusal(&|c| c.proofs[at].tree.truncate(4));
        assert!(place(&found), "{at}: {found:?}");
    }
    let words = Refusal::Tree { output: 3, sign: -1, leaf: 2, what: "the tree ends too early" }.to_string();
    assert_eq!(words, "the proof for neurons of negative output 3 fails at leaf 2: the tree ends too early");
    assert_eq!(refusal(&|c| c.dual.mantissas[4] += 1), Refusal::Domain { row: 2 });
    assert_eq!(refusal(&|c| c.dual.mantissas.truncate(26)), Refusal::Shape("dual vector"));
    assert_eq!(refusal(&|c| c.network.output.truncate(1)), Refusal::Shape("network"));
    // Longer dual vectors, still balanced, are worth more and no proof allows them.
    assert!(matches!(refusal(&|c| c.scale *= 1.001), Refusal::Tree { .. }));
    // Probability moved from one class to another: whatever is accepted, its bound is below the optimum.
    for (row, part) in [(0, 3), (1, 5), (5, 9)] {
        let mut damaged = certificate.clone();
        let row = &mut damaged.dual.mantissas[3 * row..3 * row + 3];
        let moved = row[0] / part;
        (row[0], row[1]) = (row[0] - moved, row[1] + moved);
        if let Ok(verdict) = check(&problem, &damaged) {
            assert!(verdict.lower_bound() <= optimum);
        }
    }
}

#[test]
fn shared_neurons_under_plain_decay_need_more() {
    let (mut problem, mut certificate, _) = certified();
    problem.objective.regularizer = Regularizer::weight_decay();
    certificate.statement.objective = problem.objective.words();
    assert_eq!(proofs(&problem, &certificate, 2), Err(Refusal::Shape("cover")));
    assert_eq!(check(&problem, &certificate), Err(Refusal::Shape("cover")));
}

#[test]
fn weights_keep_their_places() {
    let output = Matrix::new(2, 3, vec![1.0, 0.0, -2.0, 0.0, 0.5, 3.0]);
    let network = Network { hidden: Matrix::new(2, 1, vec![1.0, -1.0]), output, skip: None, gates: None };
    let weights = Weights::of(&network);
    assert_eq!(weights.output, [1.0, 0.0, -2.0, 0.0, 0.5, 3.0]);
    assert_eq!(weights.network(1, 3), Some(network.clone()));
    assert_eq!((weights.network(1, 2), weights.network(1, 1)), (None, None));
    let parts: Vec<(usize, usize, f64)> = network.parts().map(|part| (part.neuron, part.output, part.a)).collect();
    assert_eq!(parts, [(0, 0, 1.0), (0, 2, -2.0), (1, 1, 0.5), (1, 2, 3.0)]);
}
