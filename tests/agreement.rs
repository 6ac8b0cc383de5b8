//! Listing every cell and generating them, by whichever solver, are ways to one optimum: their intervals overlap and close.
#![cfg(feature = "solve")]

use cvxc::arrangement;
use cvxc::backend::built;
use cvxc::checker::check;
use cvxc::descent::{Contest, RIVALS};
use cvxc::loss::{LOSSES, Targets};
use cvxc::problem::{Arrangements, Matrix, Plan, Problem, Random, Solver};
use cvxc::solve::{Bound, Control, Failure, Outcome, Standing, solve};
use cvxc::syntax::{data::bind, read_text, render::render};
use std::path::Path;
use std::sync::Arc;

/// A random table of three features as a model: `rows` examples, the layer and the objective as given.
fn model(seed: u64, rows: usize, layers: &str, objective: &str, targets: Targets) -> Problem {
    let mut random = Random::new(seed);
    let mut table = String::from("  x1 x2 x3 y\n");
    for _ in 0..rows {
        let x: Vec<f64> = (0..3).map(|_| (random.normal() * 8.0).round() / 4.0).collect();
        let signal = x[0].max(0.0) - (x[1] + 0.5 * x[2]).abs() + 0.3 * random.normal();
        // A product of signs is never a line's work.
        let y = match targets {
            Targets::Real => (signal * 16.0).round() / 16.0,
            Targets::Counts => (4.0 * signal.abs()).round(),
            Targets::Classes | Targets::Labels => (x[0] * x[1] + 0.3 * random.normal()).signum(),
        };
        table += &format!("  {} {} {} {y}\n", x[0], x[1], x[2]);
    }
    stated(&format!("cvx 1\ndata table {{\n{table}}}\nnetwork features -> {layers} -> y\nminimize {objective}\n"))
}

fn stated(text: &str) -> Problem {
    let (model, wrong) = read_text("agreement.cvx", text, Path::new("."), &[]);
    let model = model.unwrap_or_else(|| panic!("{}\n{text}", render(&wrong, false)));
    bind(&model, &mut |_| {}).unwrap_or_else(|wrong| panic!("{}", render(&wrong, false)))
}

fn attempt(problem: &Problem, arrangements: Arrangements, solver: Solver) -> Result<Outcome, Failure> {
    let problem = Problem { plan: Plan { arrangements, solver, ..problem.plan.clone() }, ..problem.clone() };
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    solve(&problem, &mut control)
}

fn agree(name: &str, problem: &Problem) {
    let ways = [
        ("all", Arrangements::All, Solver::Auto),
        ("all by clarabel", Arrangements::All, Solver::Clarabel),
        ("generate", Arrangements::Generate, Solver::Auto),
        ("generate by clarabel", Arrangements::Generate, Solver::Clarabel),
    ];
    let outcomes = ways.map(|(way, arrangements, solver)| (way, attempt(problem, arrangements, solver).unwrap()));
    for (way, outcome) in &outcomes {
        // Where the skip alone fits, the optimum is 0 and the trivial bound says so.
        let least = problem.objective.loss.least(problem.targets());
        assert!(outcome.bound == Bound::Proved || outcome.objective - least < 1e-9, "{name}, {way}");
        assert!(
            problem.relative_gap(outcome.objective, outcome.lower_bound) <= 1e-6,
            "{name}, {way}: {} {}",
            outcome.objective,
            outcome.lower_bound
        );
        assert!(outcome.lower_bound <= outcome.objective + 1e-12 * outcome.objective.abs(), "{name}, {way}");
        assert!(outcome.patterns as f64 <= outcome.patterns_bound, "{name}, {way}: {} cells", outcome.patterns);
    }
    let highest = outcomes.iter().map(|(_, outcome)| outcome.lower_bound).fold(f64::NEG_INFINITY, f64::max);
    for (way, outcome) in &outcomes {
        assert!(
            highest <= outcome.objective + 1e-12 * outcome.objective.abs(),
            "{name}, {way}: another way proves more than {}",
            outcome.objective
        );
    }
}

const LAYERS: [&str; 5] = [
    "dense -> relu -> dense",
    "dense(bias) -> relu -> dense",
    "(dense -> relu -> dense) + skip",
    "(dense(bias) -> leaky_relu(0.25) -> dense) + skip",
    "dense(bias) -> abs -> dense",
];

#[test]
fn every_loss_with_every_layer() {
    // Labels have several outputs: those are in `outputs.rs`.
    for (k, loss) in LOSSES.iter().enumerate().filter(|(_, loss)| loss.targets() != Targets::Labels) {
        let word = loss.parameter().map_or(loss.name().to_string(), |_| format!("{}(0.4)", loss.name()));
        for (j, layers) in LAYERS.iter().enumerate() {
            for objective in [format!("{word} + 0.3 * weight_decay"), format!("mean({word}) + 0.02 * weight_decay")] {
                let problem = model((10 * k + j) as u64, 12, layers, &objective, loss.targets());
                agree(&format!("{layers}, {objective}"), &problem);
            }
        }
    }
}

#[test]
fn the_bound_falls_with_a_skip_and_with_a_bias() {
    let optimum = |layers| {
        attempt(&model(3, 14, layers, "squared + 0.3 * weight_decay", Targets::Real), Arrangements::Generate, Solver::Auto).unwrap()
    };
    let [plain, bias, skip] = [LAYERS[0], LAYERS[1], LAYERS[2]].map(optimum);
    assert!(bias.lower_bound <= plain.objective && skip.lower_bound <= plain.objective, "more freedom costs nothing");
    assert!(bias.objective < plain.lower_bound && skip.objective < plain.lower_bound, "and here it pays");
}

#[test]
fn numbers_beyond_squaring_never_give_a_false_bound() {
    for scale in [1e-300, 1e-170, 1e-90, 1e90, 1e150, 1e160, 1e300] {
        for layers in [LAYERS[0], "dense -> abs -> dense"] {
            let mut problem = model(5, 10, layers, "squared + 0.1 * weight_decay", Targets::Real);
            // Larger inputs make neurons cheaper, so the optimum only falls with the scale; smaller ones leave the zero network.
            let unscaled = attempt(&problem, Arrangements::Generate, Solver::Auto).unwrap().objective;
            let zero = problem.targets().iter().map(|y| 0.5 * y * y).sum::<f64>();
            let at_most = if scale > 1.0 { unscaled } else { zero };
            problem.dataset.train.inputs.values.iter_mut().for_each(|x| *x *= scale);
            for arrangements in [Arrangements::All, Arrangements::Generate] {
                let Ok(outcome) = attempt(&problem, arrangements, Solver::Auto) else { continue };
                assert!(outcome.lower_bound <= outcome.objective * (1.0 + 1e-9), "{scale}");
                assert!(outcome.lower_bound <= at_most * (1.0 + 1e-9), "{scale}: {} above {at_most}", outcome.lower_bound);
            }
        }
    }
}

#[test]
fn a_memory_limit_is_kept() {
    let mut problem = model(7, 12, LAYERS[1], "squared + 0.1 * weight_decay", Targets::Real);
    problem.plan.memory = Some(1000);
    for arrangements in [Arrangements::All, Arrangements::Generate] {
        assert!(
            matches!(attempt(&problem, arrangements.clone(), Solver::Auto), Err(Failure::Memory { limit: 1000, .. })),
            "{arrangements:?}"
        );
    }
}

/// The cells of these vectors, and nothing else.
fn cells(rows: &[Vec<f64>]) -> Arrangements {
    Arrangements::Cells { source: "G.npy".to_string(), vectors: Matrix::from_rows(rows) }
}

#[test]
fn the_cells_of_a_vector_in_every_cell_are_all_cells() {
    for layers in LAYERS {
        let problem = model(11, 10, layers, "squared + 0.1 * weight_decay", Targets::Real);
        let all = attempt(&problem, Arrangements::All, Solver::Auto).unwrap();
        let witnesses: Vec<Vec<f64>> = arrangement::list(&problem.inputs(), 20_000).unwrap().into_iter().map(|cell| cell.witness).collect();
        let given = attempt(&problem, cells(&witnesses), Solver::Auto).unwrap();
        assert_eq!(given.patterns, witnesses.len());
        assert!((given.objective - all.objective).abs() <= 1e-6 * all.objective, "{layers}: {} against {}", given.objective, all.objective);
    }
}

#[test]
fn given_cells_are_those_of_a_sample_with_the_same_vectors() {
    let problem = model(12, 16, LAYERS[1], "squared + 0.1 * weight_decay", Targets::Real);
    let sampled = attempt(&problem, Arrangements::Sample { count: 12, seed: 3 }, Solver::Auto).unwrap();
    let drawn: Vec<Vec<f64>> = arrangement::sample(&problem.inputs(), 12, 3, &|| false).into_iter().map(|cell| cell.witness).collect();
    let given = attempt(&problem, cells(&drawn), Solver::Auto).unwrap();
    assert_eq!((given.objective, &given.network), (sampled.objective, &sampled.network));
    // Order, lengths and repetitions say nothing about cells.
    let other: Vec<Vec<f64>> = drawn.iter().rev().chain(&drawn).map(|w| w.iter().map(|x| 4.0 * x).collect()).collect();
    let again = attempt(&problem, cells(&other), Solver::Auto).unwrap();
    assert_eq!((again.objective, again.patterns), (given.objective, given.patterns));
}

#[test]
fn the_bound_beside_given_cells_is_about_all_cells() {
    let problem = model(13, 16, LAYERS[1], "squared + 0.1 * weight_decay", Targets::Real);
    let best = attempt(&problem, Arrangements::Generate, Solver::Auto).unwrap();
    let few = attempt(&problem, cells(&[vec![1.0, 0.5, -0.25, 0.125], vec![-1.0, 0.25, 0.5, 0.125]]), Solver::Auto).unwrap();
    assert!(few.objective > best.objective * (1.0 + 1e-3), "two cells are too few: {} against {}", few.objective, best.objective);
    assert!(few.lower_bound <= best.objective && few.lower_bound > 0.0, "{} against {}", few.lower_bound, best.objective);
}

/// Behind gates smooth losses are lassos for one solver and cone programs for the other.
#[test]
fn behind_gates_every_loss_by_every_solver() {
    for (k, loss) in LOSSES.iter().enumerate().filter(|(_, loss)| loss.targets() != Targets::Labels) {
        let word = loss.parameter().map_or(loss.name().to_string(), |_| format!("{}(0.4)", loss.name()));
        for (j, layer) in ["dense", "dense(bias)"].into_iter().enumerate() {
            for (m, objective) in
                [format!("{word} + 0.3 * weight_decay"), format!("mean({word}) + 0.002 * weight_decay")].iter().enumerate()
            {
                let layers = format!("{layer} -> gated_relu(gates = 9, seed = 2) -> dense");
                let problem = model((60 + 10 * k + 2 * j + m) as u64, 20, &layers, objective, loss.targets());
                let name = format!("{layers}, {objective}");
                let outcomes = [Solver::Auto, Solver::Clarabel].map(|solver| attempt(&problem, Arrangements::Generate, solver).unwrap());
                let [auto, clarabel] = &outcomes;
                let expected = if loss.smooth() || !loss.exponential() { "native" } else { "clarabel" };
                assert_eq!((auto.solver, clarabel.solver), (expected, "clarabel"), "{name}");
                for (outcome, other) in [(auto, clarabel), (clarabel, auto)] {
                    assert_eq!((outcome.standing, outcome.bound), (Standing::GlobalOptimum, Bound::Proved), "{name}, {}", outcome.solver);
                    assert!(outcome.lower_bound <= other.objective, "{name}: {} above {}", outcome.lower_bound, other.objective);
                    let verdict = check(&problem, outcome.certificate.as_ref().unwrap()).unwrap();
                    assert!((verdict.objective() - outcome.objective).abs() <= 1e-9 * outcome.objective.abs(), "{name}");
                }
            }
        }
    }
}

const BOUNDED: [&str; 7] = ["hard_tanh", "hat", "relu", "leaky_relu(0.25)", "abs", "linear", "clip(0, 1.5)"];

/// A random table of two features as a model whose hidden norms are bounded.
fn bounded(seed: u64, layers: &str, objective: &str, classes: bool) -> Problem {
    let mut random = Random::new(seed);
    let mut table = String::from("  x1 x2 y\n");
    let corners = [[1.0, 1.0], [-1.25, 1.0], [-1.0, -1.5], [1.0, -1.0]];
    for i in 0..8 + seed as usize % 3 {
        let drawn = [0, 1].map(|_| (random.normal() * 6.0).round() / 4.0);
        // Signs of products at four corners are never a line's work.
        let x = corners.get(i).filter(|_| classes).copied().unwrap_or(drawn);
        let y = if classes { (x[0] * x[1] + 0.1).signum() } else { ((x[0].abs() - x[1]) * 4.0 + random.normal()).round() / 4.0 };
        table += &format!("  {} {} {y}\n", x[0], x[1]);
    }
    let hat = "activation hat(x) = piecewise { x < -1: 0; x < 0: x + 1; x < 1: 1 - x; otherwise: 0 }";
    let goal = format!("minimize {objective} * output_l1 subject to hidden_norm <= 1.5");
    stated(&format!("cvx 1\n{hat}\ndata table {{\n{table}}}\nnetwork features -> {layers} -> y\n{goal}\n"))
}

/// The better lower bound of listing and generation: both reach one optimum, the checker takes both certificates, and a proof meets it.
fn certified(name: &str, problem: &Problem) -> f64 {
    let outcomes = [Arrangements::All, Arrangements::Generate].map(|way| attempt(problem, way, Solver::Auto).unwrap());
    for outcome in &outcomes {
        assert!(outcome.patterns as f64 <= outcome.patterns_bound, "{name}: {} cells", outcome.patterns);
        if let Some(certificate) = &outcome.certificate {
            let verdict = check(problem, certificate).unwrap();
            assert!(verdict.lower_bound() <= outcome.objective && verdict.objective() >= outcome.objective * (1.0 - 1e-12), "{name}");
        }
    }
    let [listed, generated] = outcomes.each_ref().map(|outcome| outcome.objective);
    assert!((listed - generated).abs() <= 1e-6 * listed, "{name}: {listed} and {generated}");
    let least = outcomes.iter().map(|outcome| outcome.lower_bound).fold(0.0, f64::max);
    assert!(least <= listed.min(generated) * (1.0 + 1e-12), "{name}: {least} is proved, and {listed} and {generated} are there");
    let met = |outcome: &Outcome| (outcome.standing, outcome.bound) == (Standing::GlobalOptimum, Bound::Proved);
    assert!(outcomes.iter().any(met) && problem.relative_gap(listed, least) <= 2e-6, "{name}: {least} {listed}");
    least
}

/// Where the search for a proof does not end yet or takes a minute, or the interior-point method over all cells stops before the optimum.
fn open(layers: &str, objective: &str) -> bool {
    let proof =
        layers == "dense -> hat -> dense" || (layers == "dense(bias) -> clip(0, 1.5) -> dense" && objective.starts_with("mean(huber"));
    proof || (layers.contains("hat -> dense") && !objective.contains("squared"))
}

#[test]
fn bounded_hidden_norms_are_certified_and_training_never_goes_below() {
    let contest = Contest { width: 8, steps: 300, seeds: 10, threads: 1 };
    let mut seed = 0;
    for activation in BOUNDED {
        for (loss, classes) in [("squared", false), ("absolute", false), ("hinge", true), ("huber(0.4)", false), ("logistic", true)] {
            for (hidden, skip) in [("dense", ""), ("dense(bias)", ""), ("dense(bias)", " + skip")] {
                for objective in [format!("{loss} + 0.2"), format!("mean({loss}) + 0.02")] {
                    seed += 1;
                    let plain = format!("{hidden} -> {activation} -> dense");
                    let layers = if skip.is_empty() { plain } else { format!("({plain}){skip}") };
                    // One in twenty-one, in a time that a suite has: together they meet every activation and loss.
                    if seed % 21 != 3 || open(&layers, &objective) {
                        continue;
                    }
                    let name = format!("{layers}, {objective}");
                    let problem = bounded(seed, &layers, &objective, classes);
                    let least = certified(&name, &problem);
                    for trained in RIVALS[0].train(&problem, &contest, &|| false, &|| ()) {
                        assert!(trained.score.objective >= least, "{name}: {} is below {least}", trained.score.objective);
                    }
                }
            }
        }
    }
}

/// Models whose programs are linear: losses of straight pieces with norms of straight sides, and columns of steps.
fn linear() -> Vec<(String, Problem)> {
    let losses = [
        ("absolute", Targets::Real),
        ("hinge", Targets::Classes),
        ("quantile(0.4)", Targets::Real),
        ("epsilon_insensitive(0.25)", Targets::Real),
    ];
    let shapes = [
        ("dense -> relu -> dense", "0.3 * weight_decay(hidden = l1)"),
        ("dense(bias) -> relu -> dense", "0.4 * weight_decay(hidden = linf)"),
        ("(dense -> abs -> dense) + skip", "0.3 * weight_decay(hidden = linf)"),
        ("dense -> hard_tanh -> dense", "0.3 * output_l1 subject to hidden_norm(l1) <= 1"),
        ("dense(bias) -> step -> dense", "0.3 * output_l1"),
        ("dense -> sign -> dense", "0.2 * output_l1"),
    ];
    let mut all = Vec::new();
    for (k, (loss, targets)) in losses.into_iter().enumerate() {
        for (j, (layers, rest)) in shapes.into_iter().enumerate() {
            let objective = format!("{loss} + {rest}");
            // Every second one, in a time that a suite has: together they meet every loss and shape.
            if (k + j) % 2 == 0 {
                all.push((format!("{layers}, {objective}"), model((40 + 10 * k + j) as u64, 8, layers, &objective, targets)));
            }
        }
    }
    all
}

/// Each by every backend that takes it, listed and generated: one interval.
#[test]
fn linear_programs_by_every_solver() {
    for (name, problem) in linear() {
        assert_eq!(problem.curved(), None, "{name}");
        let solvers = Solver::ALL.into_iter().filter(|solver| *solver != Solver::Auto && built(solver.name()));
        let mut outcomes = Vec::new();
        for solver in solvers {
            // The simplex method takes a minute for the thousand cells of two breaks.
            let listed = (!name.contains("hard_tanh")).then_some(Arrangements::All);
            for way in listed.into_iter().chain([Arrangements::Generate]) {
                let outcome = attempt(&problem, way, solver).unwrap_or_else(|why| panic!("{name}, {solver:?}: {why:?}"));
                assert_eq!(outcome.solver, solver.name(), "{name}");
                outcomes.push(outcome);
            }
        }
        assert!(outcomes.len() >= 3, "{name}");
        let highest = outcomes.iter().map(|outcome| outcome.lower_bound).fold(f64::NEG_INFINITY, f64::max);
        for outcome in &outcomes {
            let way = format!("{name}, {}: {} {}", outcome.solver, outcome.objective, outcome.lower_bound);
            assert!(problem.relative_gap(outcome.objective, outcome.lower_bound) <= 1e-6, "{way}");
            assert!(highest <= outcome.objective + 1e-12 * outcome.objective.abs(), "{way}: another proves {highest}");
        }
    }
}

/// What is not linear is said, and by which part: the language asks the same question of the text.
#[test]
fn programs_that_are_not_linear_are_known() {
    let why = |layers, objective| model(3, 6, layers, objective, Targets::Real).curved().unwrap();
    assert_eq!(why(LAYERS[0], "squared + 0.1 * weight_decay(hidden = l1)"), "`squared` is not made of straight pieces");
    assert_eq!(why(LAYERS[0], "absolute + 0.1 * weight_decay"), "`weight_decay` needs second-order cones");
    let bounded = "absolute + 0.1 * output_l1 subject to hidden_norm <= 2";
    assert_eq!(why(LAYERS[0], bounded), "`hidden_norm <= 2` needs second-order cones");
}
