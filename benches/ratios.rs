//! Whole solves against baselines of the same run: `cargo bench --bench ratios`.  Only the ratios mean anything.

use cvxc::arrangement;
use cvxc::backend::{BACKENDS, Request, Stop};
use cvxc::loss::{Total, find};
use cvxc::lowering::{all_groups, lower};
use cvxc::problem::{
    Activation, Architecture, Arrangements, Bias, Column, Dataset, Matrix, Objective, Plan, Problem, Random, Rows, Target,
};
use cvxc::regularizer::Regularizer;
use cvxc::solve::{Control, Outcome, solve};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Gaussian inputs and a noisy relu teacher; relu without bias, mean(squared) + β weight_decay.
fn planted(n: usize, d: usize, strength: f64, arrangements: Arrangements) -> Problem {
    let mut random = Random::new(1);
    let inputs: Vec<Vec<f64>> = (0..n).map(|_| (0..d).map(|_| random.normal()).collect()).collect();
    let targets = inputs.iter().map(|x| x[0].max(0.0) - x[1].max(0.0) + 0.3 * random.normal()).collect();
    let column = |name: String| Column { name, shift: 0.0, scale: 1.0 };
    Problem {
        name: "planted".into(),
        dataset: Dataset {
            columns: (0..d).map(|j| column(format!("x{j}"))).collect(),
            target: Target::Number(column("y".into())),
            train: Rows { inputs: Matrix::from_rows(&inputs), targets },
            test: None,
            source: "planted".into(),
            dropped: 0,
        },
        architecture: Architecture {
            activation: Activation::relu(),
            bias: Bias::None,
            width: None,
            skip: false,
            gates: None,
            convolution: None,
        },
        objective: Objective {
            loss: Total { loss: find("squared").expect("in the table"), parameter: 0.0, mean: true, outputs: 1 },
            regularizer: Regularizer::weight_decay(),
            strength,
        },
        plan: Plan { arrangements, ..Plan::default() },
    }
}

fn solved(problem: &Problem) -> Outcome {
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    solve(problem, &mut control).expect("solvable")
}

/// The best of five, in seconds.
fn seconds<T>(mut work: impl FnMut() -> T) -> f64 {
    let once = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed().as_secs_f64()
    };
    (0..5).map(once).fold(f64::INFINITY, f64::min)
}

fn clarabel(program: &cvxc::program::Program) {
    let request = Request { tolerance: 1e-8, stop: Stop::new(Duration::from_secs(600), Arc::default()), verbose: false };
    black_box(BACKENDS[0].solve(program, &request));
}

fn main() {
    let tiny = planted(40, 3, 0.01, Arrangements::All);
    let (inputs, features) = (tiny.inputs(), tiny.features());
    let cells = arrangement::list(&inputs, 20_000).expect("few cells");
    let every: Vec<u32> = (0..40).collect();
    let full = all_groups(&tiny, &features, cells.iter().map(|c| (c.pattern.clone(), every.clone())));
    let facets = all_groups(&tiny, &features, cells.iter().map(|c| (c.pattern.clone(), c.facets.clone())));
    let (textbook, _) = lower(&tiny, &features, &full);
    let (lean, _) = lower(&tiny, &features, &facets);

    let listing = seconds(|| arrangement::list(&inputs, 20_000));
    let lowering = seconds(|| lower(&tiny, &features, &facets));
    let (on_textbook, on_lean) = (seconds(|| clarabel(&textbook)), seconds(|| clarabel(&lean)));
    let all = seconds(|| solved(&tiny));
    let generate = seconds(|| solved(&planted(40, 3, 0.01, Arrangements::Generate)));

    println!("n = 40, d = 3, {} cells, one thread, best of five", cells.len());
    println!("  listing the cells                         {listing:9.4} s");
    println!(
        "  cells to program                          {lowering:9.4} s   {:6.1} % of solving it",
        100.0 * (listing + lowering) / on_lean
    );
    println!("  clarabel, every row of every cone         {on_textbook:9.4} s   {} rows", textbook.height());
    println!("  clarabel, facets only                     {on_lean:9.4} s   {} rows", lean.height());
    println!("  cvxc, arrangements = all, whole solve     {all:9.4} s   {:6.2} of clarabel on the textbook program", all / on_textbook);
    println!("  cvxc, arrangements = generate             {generate:9.4} s   {:6.3} of it", generate / on_textbook);
}
