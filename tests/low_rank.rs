//! Data of low rank give two bounds for the data themselves, and both optima are as near as THEORY 10 says.
#![cfg(feature = "solve")]

use cvxc::checker::check;
use cvxc::pricing::Leading;
use cvxc::problem::{Arrangements, Bias, Matrix, Plan, Problem, Random};
use cvxc::solve::{Bound, Control, Outcome, solve};
use cvxc::syntax::{data::bind, read_text, render::render};
use std::path::Path;
use std::sync::Arc;

/// Four features of which two matter little.
fn model(seed: u64, layers: &str, objective: &str) -> Problem {
    let mut random = Random::new(seed);
    let mut table = String::from("  x1 x2 x3 x4 y\n");
    for _ in 0..12 {
        let x: Vec<f64> = [8.0, 6.0, 0.5, 0.25].iter().map(|size| (random.normal() * size * 8.0).round() / 32.0).collect();
        let y = if x[0] * x[1] + random.normal() > 0.0 { 1 } else { -1 };
        table += &format!("  {} {} {} {} {y}\n", x[0], x[1], x[2], x[3]);
    }
    let text = format!("cvx 1\ndata table {{\n{table}}}\nnetwork features -> {layers} -> y\nminimize {objective}\n");
    let (model, wrong) = read_text("low_rank.cvx", &text, Path::new("."), &[]);
    let model = model.unwrap_or_else(|| panic!("{}\n{text}", render(&wrong, false)));
    bind(&model, &mut |_| {}).unwrap_or_else(|wrong| panic!("{}", render(&wrong, false)))
}

fn by(problem: &Problem, arrangements: Arrangements) -> Outcome {
    let problem = Problem { plan: Plan { arrangements, ..problem.plan.clone() }, ..problem.clone() };
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    solve(&problem, &mut control).unwrap()
}

/// The problem on X̂ = X B'B in all its columns, the bias, if there is one, among them.
fn flattened(problem: &Problem, leading: &Leading) -> Problem {
    let mut flat = problem.clone();
    let inputs = problem.inputs();
    let rows = inputs.each_row().flat_map(|x| leading.directions.transposed_times(&leading.directions.times(x))).collect();
    flat.dataset.train.inputs = Matrix::new(inputs.rows, inputs.columns, rows);
    flat.architecture.bias = Bias::None;
    flat
}

/// |X - X̂| by the power method.
fn distance(a: &Matrix, b: &Matrix) -> f64 {
    let off = Matrix::new(a.rows, a.columns, a.values.iter().zip(&b.values).map(|(a, b)| a - b).collect());
    let mut w = vec![1.0; a.columns];
    for _ in 0..2000 {
        let next = off.transposed_times(&off.times(&w));
        let size = next.iter().map(|x| x * x).sum::<f64>().sqrt();
        w = next.iter().map(|x| x / size).collect();
    }
    off.times(&w).iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[test]
fn what_is_left_out_has_the_size_that_is_said() {
    let problem = model(1, "dense(bias) -> relu -> dense", "squared + 0.5 * weight_decay");
    let inputs = problem.inputs();
    for rank in 1..5 {
        let leading = Leading::of(&inputs, rank).unwrap();
        let rows = inputs.each_row().flat_map(|x| leading.directions.transposed_times(&leading.directions.times(x))).collect();
        let left = distance(&inputs, &Matrix::new(inputs.rows, inputs.columns, rows));
        assert!((left - leading.lost).abs() <= 1e-9 * leading.lost, "{rank}: {left} {}", leading.lost);
    }
    assert_eq!(Leading::of(&inputs, 5), None, "nothing is left out");
}

#[test]
fn both_optima_are_within_the_factor() {
    let mut close = 0;
    for (seed, loss) in ["absolute", "hinge", "logistic", "mean(huber(0.5))"].into_iter().enumerate() {
        let penalties = [("weight_decay", 1.0), ("output_l1 subject to hidden_norm <= 0.5", 0.5)];
        let layered = [("dense -> relu -> dense", 1.0), ("dense(bias) -> leaky_relu(-2) -> dense", 2.0)];
        for (k, (layers, steepest)) in layered.into_iter().enumerate() {
            // Half of all pairs, in a time that a suite has.
            for (penalty, radius) in penalties.into_iter().skip((seed + k) % 2).step_by(2) {
                let objective = format!("{loss} + 0.5 * {penalty}");
                let name = format!("{layers}, {objective}");
                let problem = model(seed as u64, layers, &objective);
                let leading = Leading::of(&problem.inputs(), 3).unwrap();
                let flat = by(&flattened(&problem, &leading), Arrangements::Generate);
                let whole = by(&problem, Arrangements::All);
                let few = by(&problem, Arrangements::LowRank { rank: 3 });
                // R of the sum is √n for all these losses at most; of the mean 1/√n of it.
                let n = problem.targets().len() as f64;
                let most = if loss.starts_with("mean") { 0.5 / n.sqrt() } else { n.sqrt() };
                let ratio = 1.0 + most * steepest * leading.lost * radius / 0.5;
                assert!(flat.lower_bound / ratio <= whole.objective * (1.0 + 1e-9), "{name}");
                assert!(whole.lower_bound <= few.objective * (1.0 + 1e-9), "{name}");
                assert!(few.objective <= ratio * flat.objective * (1.0 + 1e-9), "{name}");
                assert!(few.lower_bound <= whole.objective * (1.0 + 1e-9), "{name}");
                // The price of the dual vector on the data themselves is proved, so the bound is no worse than THEORY's.
                assert!(
                    few.lower_bound >= flat.lower_bound / ratio * (1.0 - 1e-5),
                    "{name}: {} {}",
                    few.lower_bound,
                    flat.lower_bound / ratio
                );
                let verdict = check(&problem, few.certificate.as_ref().unwrap()).unwrap();
                assert_eq!((few.bound, verdict.lower_bound()), (Bound::Proved, few.lower_bound), "{name}");
                close += usize::from(problem.relative_gap(few.objective, few.lower_bound) < 0.2);
            }
        }
    }
    assert!(close >= 4, "only {close} intervals are narrow");
}

#[test]
fn squares_are_bounded_by_the_dual_vector_and_full_rank_is_the_whole() {
    for seed in 20..24 {
        let problem = model(seed, "dense(bias) -> relu -> dense", "squared + 0.5 * weight_decay");
        let whole = by(&problem, Arrangements::All);
        let mut before = 0.0;
        for rank in [2, 3, 4] {
            let few = by(&problem, Arrangements::LowRank { rank });
            assert!(few.lower_bound > 0.0 && few.lower_bound <= whole.objective && whole.lower_bound <= few.objective, "{seed}, {rank}");
            check(&problem, few.certificate.as_ref().unwrap()).unwrap();
            before = few.lower_bound;
        }
        let full = by(&problem, Arrangements::LowRank { rank: 5 });
        assert!((full.objective - whole.objective).abs() <= 1e-6 * whole.objective && before <= full.objective);
        assert!(problem.relative_gap(full.objective, full.lower_bound) <= 1e-6);
    }
}
