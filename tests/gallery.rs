//! Every model of the gallery solves, meets its `# optimum` line, and never claims more than is known.
#![cfg(feature = "solve")]

use cvxc::checker::check;
use cvxc::exact::{above, below};
use cvxc::problem::{Arrangements, Guarantee, Problem};
use cvxc::solve::{Bound, Control, Outcome, Stopped, solve};
use cvxc::syntax::{data::bind, read, render::render};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn models() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "cvx"));
    paths.sort();
    paths
}

fn problem(path: &Path) -> Problem {
    let (model, diagnostics) = read(path, &[]);
    assert!(diagnostics.is_empty(), "{}", render(&diagnostics, false));
    bind(&model.expect("a model"), &mut |_| {}).unwrap_or_else(|wrong| panic!("{}", render(&wrong, false)))
}

fn solved(problem: &Problem, threads: usize) -> Outcome {
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads, verbose: false };
    solve(problem, &mut control).unwrap_or_else(|failure| panic!("{}: {failure:?}", problem.name))
}

/// The number behind `# optimum`.
fn optimum(path: &Path) -> f64 {
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("# optimum")).unwrap_or_else(|| panic!("{}", path.display()));
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn every_model_meets_its_optimum() {
    let paths = models();
    assert!(paths.len() >= 8, "the gallery");
    for path in paths {
        let (problem, known) = (problem(&path), optimum(&path));
        let outcome = solved(&problem, 0);
        let name = path.display();
        // Data of low rank are near the optimum from both sides, and nothing else is above it.
        let low = matches!(problem.plan.arrangements, Arrangements::LowRank { .. });
        let slack = if low { 1e-3 } else { 1e-6 };
        assert!(outcome.objective <= known * (1.0 + slack), "{name}: {} against {known}", outcome.objective);
        assert!(outcome.objective >= known * (1.0 - 1e-6), "{name}: {} against {known}", outcome.objective);
        assert!(outcome.lower_bound <= known * (1.0 + 1e-9), "{name}: the bound {} is above the optimum", outcome.lower_bound);
        assert_eq!(problem.score(&outcome.network).objective, outcome.objective, "{name}");
        match problem.plan.guarantee {
            Guarantee::Global => assert_eq!((outcome.bound, outcome.stopped), (Bound::Proved, Stopped::Gap), "{name}"),
            Guarantee::Bounded => {
                let least = if low { known * (1.0 - 2e-3) } else { 0.0 };
                assert!(outcome.lower_bound > least, "{name}: {}", outcome.lower_bound);
            }
        }
        let verdict = outcome.certificate.as_ref().map(|certificate| check(&problem, certificate).unwrap());
        let model = path.file_stem().unwrap().to_string_lossy();
        // Thirty columns in fractions take it a quarter of a minute.
        let second_opinion = if ["breast_cancer", "low_rank"].contains(&&*model) { None } else { python(&problem, &outcome) };
        match second_opinion {
            Some(Ok(words)) => {
                let verdict = verdict.unwrap();
                let number = |at: usize| words.split(' ').nth(at).unwrap().parse::<f64>().unwrap();
                assert!((number(1) - below(&verdict.lower)).abs() <= 1e-15 * number(1), "{words}");
                assert!((number(2) - above(&verdict.upper)).abs() <= 1e-15 * number(2), "{words}");
                assert_eq!(number(3), verdict.leaves as f64, "{words}");
            }
            Some(Err(words)) => {
                let beyond = [
                    "diabetes",
                    "filters",
                    "free_bias",
                    "gated",
                    "iris",
                    "marks",
                    "memory",
                    "saturating",
                    "sepals",
                    "sparse",
                    "species",
                    "strokes",
                    "threshold",
                    "together",
                ];
                assert!(beyond.contains(&&*model) && words.contains("not covered here"), "{model}: {words}");
            }
            None => {}
        }
    }
}

/// What docs/check.py says of a certificate, if there is one and Python is at hand: its first line, or why it refuses.
fn python(problem: &Problem, outcome: &Outcome) -> Option<Result<String, String>> {
    let certificate = serde_json::to_string(outcome.certificate.as_ref()?).unwrap();
    let space = tempfile::tempdir().unwrap();
    std::fs::write(space.path().join("certificate.json"), certificate).unwrap();
    let train = &problem.dataset.train;
    let row = |(x, y): (&[f64], &f64)| x.iter().chain([y]).map(f64::to_string).collect::<Vec<_>>().join(",") + "\n";
    let rows: String = train.inputs.each_row().zip(&train.targets).map(row).collect();
    std::fs::write(space.path().join("table.csv"), format!("header\n{rows}")).unwrap();
    let pieces = &problem.architecture.activation.pieces;
    let slopes = [pieces[pieces.len() - 1].slope.to_string(), (-pieces[0].slope.clone()).to_string()];
    let checker = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.py");
    let mut command = std::process::Command::new("python3");
    let output = command.arg(checker).args(["certificate.json", "table.csv"]).args(slopes).current_dir(space.path()).output().ok()?;
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_string();
    Some(if output.status.success() { Ok(words(&output.stdout)) } else { Err(words(&output.stderr)) })
}

#[test]
fn the_answer_does_not_depend_on_the_threads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    for name in ["iris", "progression", "wine", "xor"] {
        let problem = problem(&folder.join(name).with_extension("cvx"));
        let (one, two) = (solved(&problem, 1), solved(&problem, 2));
        assert_eq!(one.network, two.network, "{name}");
        assert_eq!(one.lower_bound.to_bits(), two.lower_bound.to_bits(), "{name}");
    }
}

#[test]
fn a_width_that_suffices_is_kept_and_one_that_does_not_is_refused() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/xor.cvx");
    let mut problem = problem(&path);
    problem.architecture.width = Some(4);
    assert_eq!(solved(&problem, 1).network.neurons(), 4);
    problem.architecture.width = Some(3);
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    let refused = solve(&problem, &mut control).unwrap_err();
    assert_eq!(refused, cvxc::solve::Failure::TooWide { allowed: 3, needed: 4 });
}
