//! Optimal networks with the fewest neurons: never beaten by brute force, and what is claimed of smaller ones holds.
#![cfg(feature = "solve")]

use cvxc::arrangement;
use cvxc::backend::{Request, Stop, choose};
use cvxc::lowering::{Group, all_groups, lower};
use cvxc::problem::{Arrangements, Plan, Problem, Random};
use cvxc::solve::{Control, Failure, Outcome, solve};
use cvxc::syntax::{data::bind, read_text, render::render};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn stated(text: &str) -> Problem {
    let (model, wrong) = read_text("fewest.cvx", text, Path::new("."), &[]);
    let model = model.unwrap_or_else(|| panic!("{}\n{text}", render(&wrong, false)));
    bind(&model, &mut |_| {}).unwrap_or_else(|wrong| panic!("{}", render(&wrong, false)))
}

/// A table of small whole numbers, so that cells share boundaries and neurons can stand in for each other.
fn model(seed: u64, rows: usize, layers: &str, objective: &str) -> Problem {
    let mut random = Random::new(seed);
    let mut table = String::from("  x1 x2 y\n");
    for _ in 0..rows {
        let x: Vec<f64> = (0..2).map(|_| (random.normal() * 1.5).round()).collect();
        table += &format!("  {} {} {}\n", x[0], x[1], (random.normal() * 2.0).round());
    }
    stated(&format!("cvx 1\ndata table {{\n{table}}}\nnetwork features -> {layers} -> y\nminimize {objective}\n"))
}

fn attempt(problem: &Problem, fewest: bool, arrangements: Arrangements) -> Result<Outcome, Failure> {
    let problem = Problem { plan: Plan { fewest, arrangements, ..problem.plan.clone() }, ..problem.clone() };
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    solve(&problem, &mut control)
}

/// The optimum over some groups, and what each of them carries in the middle of its optimal set.
fn over(problem: &Problem, groups: &[Group]) -> (f64, Vec<f64>) {
    let features = problem.features();
    let (program, recovery) = lower(problem, &features, groups);
    let request = Request { tolerance: 1e-10, stop: Stop::new(Duration::from_secs(30), Arc::default()), verbose: false };
    let solution = choose("clarabel", &program).unwrap().solve(&program, &request);
    let gauges = recovery.weights(&features, &solution).iter().map(|theta| features.gauge(theta)).collect();
    (program.objective(&solution.primal), gauges)
}

/// The fewest groups whose optimum is that of all, every subset of the active ones being tried.
fn brute(problem: &Problem, most: usize) -> Option<usize> {
    let cells = arrangement::list(&problem.features().lines, 1000).unwrap();
    let groups = all_groups(problem, &problem.features(), cells.into_iter().map(|cell| (cell.pattern, cell.facets)));
    let (optimum, carried) = over(problem, &groups);
    let largest = carried.iter().copied().fold(0.0, f64::max);
    let active: Vec<Group> = groups.into_iter().zip(carried).filter(|(_, size)| *size > 1e-6 * largest).map(|(group, _)| group).collect();
    (0..=most.min(active.len())).find(|&size| {
        let subsets = (0..1_u32 << active.len()).filter(|bits| bits.count_ones() as usize == size);
        let chosen = |bits: u32| (0..active.len()).filter(|j| bits >> j & 1 == 1).map(|j| active[j].clone()).collect::<Vec<Group>>();
        subsets.into_iter().any(|bits| over(problem, &chosen(bits)).0 <= optimum * (1.0 + 1e-7))
    })
}

#[test]
fn brute_force_never_does_with_fewer() {
    let mut several = 0;
    for seed in 0..12 {
        // Where the penalty and the loss have straight sides many networks are optimal.
        let problem = match seed % 3 {
            0 => model(seed, 5, "dense -> relu -> dense", "squared + 0.3 * weight_decay"),
            1 => model(seed, 5, "dense(bias) -> relu -> dense", "squared + 0.3 * weight_decay"),
            _ => model(seed, 6, "dense -> relu -> dense", "absolute + 0.3 * weight_decay(hidden = l1)"),
        };
        let plain = attempt(&problem, false, Arrangements::Generate).unwrap();
        let outcome = attempt(&problem, true, Arrangements::Generate).unwrap();
        let known = outcome.fewest.unwrap();
        assert!(known.complete && known.least == known.found, "{seed}: {known:?}");
        assert_eq!(known.found, outcome.network.neurons());
        assert!(problem.relative_gap(outcome.objective, outcome.lower_bound) <= 1e-6 && outcome.certificate.is_some(), "{seed}");
        assert_eq!(brute(&problem, known.found), Some(known.found), "{seed}: {known:?}");
        assert!(known.directions <= known.active && known.freedom <= known.directions, "{seed}: {known:?}");
        assert!(!known.unique || known.found == known.directions, "{seed}: {known:?}");
        assert!(known.found <= plain.network.neurons(), "{seed}: {known:?}");
        several += usize::from(known.freedom > 0);
    }
    assert!(several > 0, "all optima are unique");
}

/// Points in all directions, each to be 1.
#[test]
fn symmetric_data_have_many_optima() {
    let hexagon = vec![(2, 0), (1, 2), (-1, 2), (-2, 0), (-1, -2), (1, -2)];
    let square = vec![(1, 1), (1, -1), (-1, 1), (-1, -1)];
    let grid: Vec<(i32, i32)> = (-1..=1).flat_map(|a| (-1..=1).map(move |b| (a, b))).collect();
    for (points, neurons, directions, freedom) in [(hexagon, 5, 6, 1), (square, 2, 4, 1), (grid, 4, 8, 3)] {
        let table: String = points.iter().map(|(a, b)| format!("  {a} {b} 1\n")).collect();
        let head = "network features -> dense -> relu -> dense -> y\nminimize squared + 0.05 * weight_decay";
        let problem = stated(&format!("cvx 1\ndata table {{\n  x1 x2 y\n{table}}}\n{head}\n"));
        for arrangements in [Arrangements::Generate, Arrangements::All] {
            let known = attempt(&problem, true, arrangements).unwrap().fewest.unwrap();
            assert!(known.complete && !known.unique, "{points:?}: {known:?}");
            assert_eq!((known.found, known.least, known.directions, known.freedom), (neurons, neurons, directions, freedom), "{points:?}");
        }
        assert_eq!(brute(&problem, neurons), Some(neurons));
        // Pruning alone stops at independent atoms, as many as the directions' rank at most: which of them, rounding decides.
        let pruned = attempt(&problem, false, Arrangements::Generate).unwrap().network.neurons();
        assert!((neurons..=directions - freedom).contains(&pruned), "{points:?}: {pruned}");
    }
}

/// A square that wants 1 and a line across it that wants -1: every neuron stands on the border of cells, all of which hold it.
///
/// The square's corners are served by neurons along ±e1 or along ±e2, with the same sum on these rows, and the line's ends by ±e3: 16
/// active blocks are 6 directions of rank 5, and 4 neurons suffice where pruning is content with 5.
#[test]
fn cells_that_share_a_neuron_count_it_once() {
    let (square, line) = ("  1 1 0 1\n  1 -1 0 1\n  -1 1 0 1\n  -1 -1 0 1\n", "  0 0 1 -1\n  0 0 -1 -1\n");
    let head = "network features -> dense -> relu -> dense -> y\nminimize squared + 0.05 * weight_decay";
    let problem = stated(&format!("cvx 1\ndata table {{\n  x1 x2 x3 y\n{square}{line}}}\n{head}\n"));
    for arrangements in [Arrangements::Generate, Arrangements::All] {
        let outcome = attempt(&problem, true, arrangements).unwrap();
        // With β = 0.05 the square costs 2β - β²/2 and either end of the line β - β²/2.
        assert!((outcome.objective - 0.19625).abs() < 1e-8, "{}", outcome.objective);
        let known = outcome.fewest.unwrap();
        assert!(known.complete && !known.unique, "{known:?}");
        assert_eq!((known.active, known.directions, known.freedom), (16, 6, 1), "{known:?}");
        assert_eq!((known.found, known.least, outcome.network.neurons()), (4, 4, 4), "{known:?}");
    }
    assert_eq!(brute(&problem, 4), Some(4));
}

/// An optimum without neurons, and one that is unique.
#[test]
fn nothing_is_fewer_than_nothing() {
    let problem = model(3, 6, "dense -> relu -> dense", "squared + 100 * weight_decay");
    let known = attempt(&problem, true, Arrangements::Generate).unwrap().fewest.unwrap();
    assert_eq!((known.found, known.least, known.active, known.directions), (0, 0, 0, 0), "{known:?}");
    let problem = model(0, 5, "dense -> relu -> dense", "squared + 0.3 * weight_decay");
    let known = attempt(&problem, true, Arrangements::Generate).unwrap().fewest.unwrap();
    assert!(known.unique && known.directions == known.found, "{known:?}");
}

const XOR: &str = "cvx 1\ndata xor()\nnetwork [x1, x2] -> dense(bias) -> relu -> dense -> y\n";

fn run(space: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cvxc")).current_dir(space).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_summary_says_what_is_known() {
    let space = tempfile::tempdir().unwrap();
    std::fs::write(space.path().join("m.cvx"), format!("{XOR}minimize squared + 0.05 * weight_decay\n")).unwrap();
    let (exit, told, said) = run(space.path(), &["solve", "m.cvx", "--fewest", "-q"]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(told.contains("the fewest: no network with fewer comes within 1e-7 of it\n  optimum "), "{told}");
    // The result's own model asks for the same.
    assert!(std::fs::read_to_string(space.path().join("m.out/model.cvx")).unwrap().contains("neurons = fewest"));
    assert_eq!(run(space.path(), &["verify", "m.out", "-q"]).0, Some(0));
    std::fs::write(space.path().join("m.cvx"), format!("{XOR}minimize squared subject to weight_decay <= 3\n")).unwrap();
    let (exit, _, said) = run(space.path(), &["solve", "m.cvx", "--fewest", "-q"]);
    assert!(exit == Some(1) && said.starts_with("error: m.cvx: the fewest neurons are found where the penalty has a price"), "{said}");
}
