//! From data to a checked certificate: `cargo bench --bench proof`.  One row per instance, and planted data of growing n at ranks 3 to 6.

use cvxc::checker::check;
use cvxc::loss::{Total, find};
use cvxc::problem::{Activation, Architecture, Bias, Column, Dataset, Matrix, Objective, Plan, Problem, Random, Rows, Target};
use cvxc::regularizer::Regularizer;
use cvxc::solve::{Control, solve};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn problem(name: &str, inputs: Vec<Vec<f64>>, targets: Vec<f64>, mean: bool, strength: f64) -> Problem {
    let column = |name: String| Column { name, shift: 0.0, scale: 1.0 };
    Problem {
        name: name.into(),
        dataset: Dataset {
            columns: (0..inputs[0].len()).map(|j| column(format!("x{j}"))).collect(),
            target: Target::Number(column("y".into())),
            train: Rows { inputs: Matrix::from_rows(&inputs), targets },
            test: None,
            source: name.into(),
            dropped: 0,
        },
        architecture: Architecture { activation: Activation::relu(), bias: Bias::None, width: None, skip: false },
        objective: Objective {
            loss: Total { loss: find("squared").expect("in the table"), parameter: 0.0, mean },
            regularizer: Regularizer::weight_decay(),
            strength,
        },
        plan: Plan { time: Duration::from_secs(100), ..Plan::default() },
    }
}

/// Gaussian inputs with a column of ones, and a noisy teacher of four neurons; β is `part` of the least one with an empty network.
fn planted(n: usize, r: usize, part: f64, seed: u64) -> Problem {
    let mut random = Random::new(seed);
    let row = |random: &mut Random| (0..r).map(|j| if j + 1 == r { 1.0 } else { random.normal() }).collect::<Vec<f64>>();
    let inputs: Vec<Vec<f64>> = (0..n).map(|_| row(&mut random)).collect();
    let teacher: Vec<Vec<f64>> = (0..4).map(|_| (0..r).map(|_| random.normal()).collect()).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let clean = |x: &Vec<f64>| teacher.iter().enumerate().map(|(k, w)| dot(w, x).max(0.0) * if k % 2 == 0 { 1.0 } else { -1.0 }).sum();
    let values: Vec<f64> = inputs.iter().map(clean).collect();
    let deviation = standardised(&values).1;
    let targets: Vec<f64> = values.iter().map(|v| v / deviation + 0.3 * random.normal()).collect();
    let strength = part * largest_strength(&inputs, &targets);
    problem(&format!("planted n {n} r {r} {part}"), inputs, targets, false, strength)
}

/// max |y'(Xw)_+| over |w| <= 1, by climbing from many directions: the dual vector of the empty network is -y.
fn largest_strength(inputs: &[Vec<f64>], targets: &[f64]) -> f64 {
    let mut random = Random::new(7);
    let starts: Vec<Vec<f64>> = (0..100).map(|_| (0..inputs[0].len()).map(|_| random.normal()).collect()).collect();
    let finds = cvxc::pricing::ascend(&Matrix::from_rows(inputs), (1.0, 0.0), targets, &starts, &|| false);
    finds[0].price
}

fn standardised(values: &[f64]) -> (Vec<f64>, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    (values.iter().map(|v| (v - mean) / deviation).collect(), deviation)
}

/// A table of models/data: inputs standardised, a column of ones, all columns of length 1; the last column is the target.
fn table(name: &str, target: impl Fn(&str) -> f64, standardise: bool) -> (Vec<Vec<f64>>, Vec<f64>) {
    let path = format!("{}/models/data/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the gallery's data");
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let (n, d) = (rows.len(), rows[0].len() - 1);
    let mut columns: Vec<Vec<f64>> =
        (0..d).map(|j| standardised(&rows.iter().map(|row| row[j].parse().expect("a number")).collect::<Vec<f64>>()).0).collect();
    columns.push(vec![1.0; n]);
    for column in &mut columns {
        let length = column.iter().map(|x| x * x).sum::<f64>().sqrt();
        column.iter_mut().for_each(|x| *x /= length);
    }
    let targets: Vec<f64> = rows.iter().map(|row| target(row[d])).collect();
    let targets = if standardise { standardised(&targets).0 } else { targets };
    ((0..n).map(|i| columns.iter().map(|column| column[i]).collect()).collect(), targets)
}

fn report(problem: &Problem, threads: usize) -> f64 {
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads, verbose: false };
    let start = Instant::now();
    let outcome = solve(problem, &mut control).expect("solvable");
    let seconds = start.elapsed().as_secs_f64();
    let gap = problem.relative_gap(outcome.objective, outcome.lower_bound);
    let (checking, size) = match &outcome.certificate {
        None => (0.0, 0),
        Some(certificate) => {
            let start = Instant::now();
            check(problem, certificate).expect("accepted before");
            (start.elapsed().as_secs_f64(), certificate.encode().len() / 1000)
        }
    };
    println!(
        "{:<30} {:>6} {:>3} {threads} threads {seconds:>8.2} s, {:>7.2} s of proving  gap {gap:>8.1e}  {:>6} leaves  check {checking:>6.3} s  {size:>6} kB  {:?}",
        problem.name,
        problem.dataset.train.inputs.rows,
        problem.dataset.train.inputs.columns,
        outcome.proving,
        outcome.leaves,
        outcome.standing
    );
    seconds
}

fn main() {
    let number = |text: &str| text.parse().expect("a number");
    let (x, y) = table("breast_cancer", |label| if label.starts_with('m') { 1.0 } else { -1.0 }, false);
    report(&problem("breast cancer", x, y, true, 0.01), 1);
    let (x, y) = table("diabetes", number, true);
    report(&problem("diabetes", x, y, true, 0.01), 1);
    let (x, y) = table("wine", number, true);
    report(&problem("wine", x, y, true, 0.01), 1);
    report(&planted(3000, 4, 0.03, 1), 1);
    report(&planted(1000, 6, 0.1, 1), 1);
    report(&planted(100, 9, 0.1, 1), 1);
    report(&planted(50, 11, 0.1, 1), 1);
    for r in [3, 4, 5, 6] {
        for n in [100, 300, 1000] {
            report(&planted(n, r, 0.1, 2), 1);
        }
    }
    let (one, two) = (report(&planted(1000, 5, 0.05, 3), 1), report(&planted(1000, 5, 0.05, 3), 2));
    println!("two threads: {:.2} times one", one / two);
}
