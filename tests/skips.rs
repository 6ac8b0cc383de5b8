//! What several outputs hold at no price, skips and intercepts: one equality of the dual vector for each output, on the same pivot rows.
#![cfg(feature = "solve")]

use cvxc::certificate::{Certificate, Correction};
use cvxc::checker::{Refusal, check};
use cvxc::descent::{Contest, Landscape, RIVALS, Space};
use cvxc::exact::{Abs, Rational, rational};
use cvxc::problem::{Arrangements, Network, Plan, Problem, Random};
use cvxc::solve::{Bound, Control, Outcome, solve, solve_from};
use cvxc::syntax::{data::bind, read_text, render::render};
use std::path::Path;
use std::sync::Arc;

/// A random table of two features, two numbers and three classes that no line tells apart, and a model on it.
fn stated(seed: u64, rows: usize, network: &str, objective: &str) -> Problem {
    let mut random = Random::new(seed);
    let mut table = String::from("  x1 x2 y1 y2 kind pair\n");
    for i in 0..rows {
        let x: Vec<f64> = (0..2).map(|_| (random.normal() * 8.0).round() / 4.0).collect();
        let y = [x[0].max(0.0) - x[1].abs() + 2.0, (x[0] + x[1]).max(0.5) + 0.3 * random.normal()].map(|y| (y * 16.0).round() / 16.0);
        let (kind, pair) = (["a", "b", "c"][(i + random.below(2)) % 3], ["no", "yes"][random.below(2)]);
        table += &format!("  {} {} {} {} {kind} {pair}\n", x[0], x[1], y[0], y[1]);
    }
    let text = format!("cvx 1\ndata table {{\n{table}}}\nnetwork [x1, x2] -> {network}\nminimize {objective}\n");
    let (model, wrong) = read_text("skips.cvx", &text, Path::new("."), &[]);
    let model = model.unwrap_or_else(|| panic!("{}\n{text}", render(&wrong, false)));
    bind(&model, &mut |_| {}).unwrap_or_else(|wrong| panic!("{}", render(&wrong, false)))
}

fn quiet<T>(work: impl FnOnce(&mut Control) -> T) -> T {
    work(&mut Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false })
}

/// A proved optimum whose certificate holds, with the objective that is told.
fn solved(problem: &Problem, arrangements: Arrangements) -> Outcome {
    let problem = Problem { plan: Plan { arrangements, ..problem.plan.clone() }, ..problem.clone() };
    let outcome = quiet(|control| solve(&problem, control)).unwrap();
    let what = format!("{} {}", problem.architecture.words(problem.outputs()), problem.objective_words());
    assert_eq!(outcome.bound, Bound::Proved, "{what}: {} {}", outcome.objective, outcome.lower_bound);
    let gap = problem.relative_gap(outcome.objective, outcome.lower_bound);
    assert!(gap <= 1e-6, "{what}: {} {}", outcome.objective, outcome.lower_bound);
    let score = problem.score(&outcome.network).objective;
    assert!(problem.objective.loss.interpolates() || score == outcome.objective, "{what}: {score}");
    assert_eq!(check(&problem, outcome.certificate.as_ref().unwrap()).unwrap().lower_bound(), outcome.lower_bound, "{what}");
    outcome
}

fn generated(problem: &Problem) -> Outcome {
    solved(problem, Arrangements::Generate)
}

fn interval(outcome: &Outcome) -> (f64, f64) {
    (outcome.lower_bound, outcome.objective)
}

/// Two intervals that hold one optimum.
fn overlap(name: &str, a: (f64, f64), b: (f64, f64)) {
    let room = 1e-12 * (a.1.abs() + b.1.abs());
    assert!(a.0 <= b.1 + room && b.0 <= a.1 + room, "{name}: {a:?} {b:?}");
}

const DECAY: &str = "weight_decay(output = l1)";
const BOUNDED: &str = "output_l1 subject to hidden_norm <= 1";

/// Hidden layers that leave something free, without and with a skip, and what they are priced by.
const LAYERS: [(&str, bool, &str); 7] = [
    ("dense(bias) -> relu", true, DECAY),
    ("dense(bias = free) -> relu", false, DECAY),
    ("dense(bias = free) -> abs", true, "weight_decay(hidden = l1, output = l1)"),
    ("dense -> hard_tanh", true, BOUNDED),
    ("dense(bias = free) -> leaky_relu(0.25)", false, BOUNDED),
    ("dense(bias) -> step", true, "output_l1"),
    ("dense(bias) -> gated_relu(gates = 12, seed = 3)", true, DECAY),
];

fn layers((hidden, skip, _): &(&str, bool, &str), output: &str) -> String {
    if *skip { format!("({hidden} -> {output}) + skip") } else { format!("{hidden} -> {output}") }
}

/// Numbers share nothing: two outputs are two problems of one output, whose interval was proved with one equality.
#[test]
fn two_outputs_are_two_problems() {
    for (k, loss) in ["squared", "absolute", "mean(huber(0.4))"].into_iter().enumerate() {
        let strength = if loss.starts_with("mean") { 0.02 } else { 0.2 };
        for layer in &LAYERS {
            let objective = format!("{loss} + {strength} * {}", layer.2);
            let of = |output: &str, targets: &str| stated(k as u64, 8, &format!("{} -> {targets}", layers(layer, output)), &objective);
            let both = generated(&of("dense(2)", "[y1, y2]"));
            let (first, second) = (generated(&of("dense", "y1")), generated(&of("dense", "y2")));
            let sum = (first.lower_bound + second.lower_bound, first.objective + second.objective);
            overlap(&format!("{layer:?}, {loss}"), interval(&both), sum);
            let skip = both.network.skip.unwrap();
            assert_eq!((skip.weights.rows, skip.weights.columns), (2, if layer.1 { 2 } else { 0 }), "{layer:?}");
        }
    }
}

#[test]
fn an_exact_fit_of_two_outputs_is_two() {
    let objective = "weight_decay(output = l1) subject to interpolate";
    let of = |output: &str, targets: &str| {
        generated(&stated(3, 7, &format!("(dense(bias) -> relu -> {output}) + skip -> {targets}"), objective))
    };
    let (both, first, second) = (of("dense(2)", "[y1, y2]"), of("dense", "y1"), of("dense", "y2"));
    let sum = (first.lower_bound + second.lower_bound, first.objective + second.objective);
    overlap("interpolate", interval(&both), sum);
}

#[test]
fn classes_are_met_by_two_ways() {
    for (seed, layer) in LAYERS.iter().enumerate() {
        let problem =
            stated(seed as u64, 10, &format!("{} -> kind", layers(layer, "dense")), &format!("cross_entropy + 0.3 * {}", layer.2));
        let [all, found] = [Arrangements::All, Arrangements::Generate].map(|arrangements| solved(&problem, arrangements));
        overlap(&format!("{layer:?}"), interval(&all), interval(&found));
        assert!(found.objective > 0.1, "{layer:?}: what is free alone tells the classes apart");
        // The same function added to all outputs would change nothing: the solver's first output has none.
        if !layer.0.contains("free") {
            let skip = found.network.skip.unwrap();
            assert!(skip.factors().row(0).iter().all(|c| *c == 0.0) && skip.factors().row(1).iter().any(|c| *c != 0.0), "{layer:?}");
        }
    }
}

/// F_1 - F_0 = f, the cheapest way to f is F_0 = 0, and so it is for what costs nothing.
#[test]
fn two_classes_are_logistic() {
    for (seed, layer, form) in [(1, &LAYERS[0], "cross_entropy"), (2, &LAYERS[1], "mean(cross_entropy)"), (3, &LAYERS[3], "cross_entropy")]
    {
        let network = format!("{} -> pair", layers(layer, "dense"));
        let strength = if form.starts_with("mean") { 0.02 } else { 0.2 };
        let two = generated(&stated(seed, 10, &network, &format!("{form} + {strength} * {}", layer.2)));
        let penalty = layer.2.replace("(output = l1)", "");
        let logistic = form.replace("cross_entropy", "logistic");
        let one = generated(&stated(seed, 10, &network, &format!("{logistic} + {strength} * {penalty}")));
        overlap(form, interval(&two), interval(&one));
        assert!(two.objective > 0.0 && one.network.neurons() > 0, "{form}: something is learnt");
    }
}

/// A class that straight lines tell from the others costs nothing in the end, and what is left is the problem of the others: its optimum
/// is met nowhere, its dual vector has a column of zeros, and no row has room in every output.
#[test]
fn a_class_apart_leaves_the_others() {
    let of = |rows: &str| {
        let text =
            format!("cvx 1\ndata table {{\n  x1 x2 kind\n{rows}}}\nnetwork [x1, x2] -> (dense(bias) -> relu -> dense) + skip -> kind\n");
        let text = text + &format!("minimize mean(cross_entropy) + {} * {DECAY}\n", 0.3 / rows.lines().count() as f64);
        let (model, wrong) = read_text("apart.cvx", &text, Path::new("."), &[]);
        bind(&model.unwrap_or_else(|| panic!("{}", render(&wrong, false))), &mut |_| {}).unwrap()
    };
    let two = "  0 0 a\n  1 0 b\n  0 1 b\n  1 1 a\n  2 0.5 a\n  2 -1 b\n  -1 0.5 a\n  -1 2 b\n  0.5 -2 a\n";
    let three = two.to_string() + "  5 5 c\n  6 4 c\n  4 7 c\n";
    let (two, three) = (generated(&of(two)), generated(&of(&three)));
    let times = |(low, high): (f64, f64), rows: f64| (rows * low, rows * high);
    overlap("one class apart", times(interval(&two), 9.0), times(interval(&three), 12.0));
    assert!(two.network.neurons() > 0, "lines do not tell the two apart");
    let certificate = three.certificate.unwrap();
    assert!(certificate.dual.column(2, 3).mantissas.iter().all(|m| *m == 0), "{:?}", certificate.dual);
}

/// A proved problem of three classes with a skip.
fn certified() -> (Problem, Certificate, Outcome) {
    let problem = stated(7, 10, "(dense(bias = free) -> relu -> dense) + skip -> kind", &format!("cross_entropy + 0.3 * {DECAY}"));
    let outcome = generated(&problem);
    (problem, outcome.certificate.clone().unwrap(), outcome)
}

#[test]
fn damage_is_refused() {
    let (problem, certificate, outcome) = certified();
    assert_eq!(certificate, Certificate::decode(&certificate.encode()).unwrap());
    assert_eq!((certificate.pivots.len(), certificate.network.skip.as_ref().unwrap().len()), (3, 9));
    let refusal = |damage: &dyn Fn(&mut Certificate)| {
        let mut damaged = certificate.clone();
        damage(&mut damaged);
        check(&problem, &damaged).unwrap_err()
    };
    let shape = Refusal::Shape("dual vector, its pivots or the basis");
    assert_eq!(refusal(&|c| c.pivots.truncate(2)), shape);
    assert_eq!(refusal(&|c| c.pivots[1] = c.pivots[0]), shape);
    assert_eq!(refusal(&|c| c.pivots[1] = 10), shape, "a row, not an entry, and there are ten");
    assert_eq!(refusal(&|c| c.network.skip.as_mut().unwrap().truncate(8)), Refusal::Shape("network"));
    assert_eq!(refusal(&|c| c.network.skip.as_mut().unwrap().truncate(6)), Refusal::Shape("skip"), "a row without its last column");
    assert_eq!(refusal(&|c| c.network.skip.as_mut().unwrap()[7] = f64::INFINITY), Refusal::Shape("skip"));
    // The row of the last output, wrong: another network, and its objective is told.
    let mut other = certificate.clone();
    other.network.skip.as_mut().unwrap()[8] += 1.0;
    assert!(check(&problem, &other).unwrap().objective() > outcome.objective + 0.1);
    // Off the equality of any output, with rows that still sum to 0: no pivot makes up for it.
    for (from, to) in [(0, 1), (1, 2), (2, 0)] {
        let found = refusal(&|c| {
            (c.dual.mantissas[from], c.dual.mantissas[to]) = (c.dual.mantissas[from] - (1 << 32), c.dual.mantissas[to] + (1 << 32))
        });
        assert!(matches!(found, Refusal::Width | Refusal::Tree { .. } | Refusal::Domain { .. }), "{from}: {found:?}");
    }
    assert_eq!(refusal(&|c| c.dual.mantissas[4] += 1), Refusal::Domain { row: 2 });
}

/// The correction that the checker bounds, solved exactly: it is as short as said in every output, the rows still sum to 0, and what is
/// corrected meets every equality.
#[test]
fn the_correction_is_what_is_said() {
    let (problem, certificate, _) = certified();
    let corrections = Correction::of_outputs(&problem, &certificate.dual, &certificate.pivots).unwrap();
    let (z, outputs) = (problem.free_columns(), problem.outputs());
    let exact = |x: f64| rational(x).unwrap();
    let mut sums = vec![Rational::ZERO; z.columns];
    for (output, correction) in corrections.iter().enumerate() {
        let u = certificate.dual.column(output, outputs).times(&Rational::ONE);
        let off = (0..z.columns).map(|k| -(0..z.rows).map(|i| exact(z.row(i)[k]) * &u[i]).fold(Rational::ZERO, |sum, x| sum + x));
        let rows = (0..z.columns).map(|k| certificate.pivots.iter().map(|&i| exact(z.row(i)[k])).collect());
        let e = gauss(rows.collect(), off.collect());
        assert!(e.iter().all(|e| e.clone().abs() <= correction.most), "output {output}");
        assert!(output == 0 || e.iter().any(|e| *e != Rational::ZERO), "rounded numbers are not orthogonal to anything");
        sums.iter_mut().zip(e).for_each(|(sum, e)| *sum = &*sum + e);
    }
    assert!(sums.iter().all(|sum| *sum == Rational::ZERO), "{sums:?}");
}

/// A x = b, exactly.
fn gauss(mut a: Vec<Vec<Rational>>, mut b: Vec<Rational>) -> Vec<Rational> {
    for k in 0..b.len() {
        let pivot = (k..b.len()).find(|&i| a[i][k] != Rational::ZERO).unwrap();
        a.swap(k, pivot);
        b.swap(k, pivot);
        let (row, right) = (a[k].clone(), b[k].clone());
        for i in (0..b.len()).filter(|i| *i != k) {
            let factor = &a[i][k] / &row[k];
            a[i].iter_mut().zip(&row).for_each(|(x, r)| *x = &*x - &factor * r);
            b[i] = &b[i] - &factor * &right;
        }
    }
    (0..b.len()).map(|k| &b[k] / &a[k][k]).collect()
}

#[test]
fn training_never_goes_below_and_is_a_start() {
    let (problem, _, outcome) = certified();
    let contest = Contest { width: 10, steps: 3000, seeds: 6, threads: 1 };
    let trained: Vec<Network> =
        RIVALS.iter().map(|rival| rival.train(&problem, &contest, &|| false, &|| ()).swap_remove(0).network).collect();
    for network in &trained {
        let score = problem.score(network).objective;
        assert!(score >= outcome.lower_bound && score <= 1.2 * outcome.objective, "{score} {}", outcome.objective);
        assert!(network.skip.as_ref().unwrap().factors().values.iter().all(|c| *c != 0.0), "every factor is trained");
    }
    let again = quiet(|control| solve_from(&problem, Some(&trained[0]), control)).unwrap();
    overlap("from a trained network", interval(&outcome), interval(&again));
}

#[test]
fn slopes_of_free_factors_are_slopes() {
    for (network, objective) in [
        ("(dense(bias) -> relu -> dense(2)) + skip -> [y1, y2]", "mean(squared)"),
        ("dense(bias = free) -> relu -> dense -> kind", "cross_entropy"),
    ] {
        let problem = stated(3, 9, network, &format!("{objective} + 0.1 * {DECAY}"));
        let (landscape, mut random, mut space) = (Landscape::new(&problem, 3), Random::new(5), Space::default());
        let mut theta = landscape.start(&mut random);
        theta.iter_mut().for_each(|x| *x += 0.1 * random.normal());
        let value = landscape.descend(&theta, &mut space);
        assert!((value - problem.score(&landscape.network(&theta)).objective).abs() < 1e-12 * value, "{network}");
        let (gradient, free) = (space.gradient.clone(), problem.outputs() * problem.free_columns().columns);
        for k in theta.len() - free..theta.len() {
            let at = |step: f64| {
                let mut moved = theta.clone();
                moved[k] += step;
                landscape.value(&moved, &mut Space::default())
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((gradient[k] - slope).abs() < 1e-6 * (1.0 + slope.abs()), "{network}: {k}: {} {slope}", gradient[k]);
        }
    }
}
