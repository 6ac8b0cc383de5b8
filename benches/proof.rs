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
        architecture: Architecture {
            activation: Activation::relu(),
            bias: Bias::None,
            width: None,
            skip: false,
            gates: None,
            convolution: None,
        },
        objective: Objective {
            loss: Total { loss: find("squared").expect("in the table"), parameter: 0.0, mean, outputs: 1 },
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
    let features = problem("largest strength", inputs.to_vec(), targets.to_vec(), false, 1.0).features();
    let finds = cvxc::pricing::ascend(&features, targets, &starts, &|| false);
    finds[0].price
}

fn standardised(values: &[f64]) -> (Vec<f64>, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    (values.iter().map(|v| (v - mean) / deviation).collect(), deviation)
}

/// A table of models/data: features and the last column, for the rows that `target` knows.
fn table(name: &str, target: impl Fn(&str) -> Option<f64>) -> (Vec<Vec<f64>>, Vec<f64>) {
    let path = format!("{}/models/data/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the gallery's data");
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<&str>>());
    let known = rows.filter_map(|row| {
        let (last, features) = row.split_last()?;
        Some((features.iter().map(|x| x.parse().expect("a number")).collect::<Vec<f64>>(), target(last)?))
    });
    known.unzip()
}

/// Inputs standardised, a column of ones, all columns of length 1; columns of one value are left out.
fn unit_columns(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = rows.len();
    let mut columns: Vec<Vec<f64>> = columns(rows).into_iter().filter(|c| standardised(c).1 > 0.0).map(|c| standardised(&c).0).collect();
    columns.push(vec![1.0; n]);
    for column in &mut columns {
        let length = column.iter().map(|x| x * x).sum::<f64>().sqrt();
        column.iter_mut().for_each(|x| *x /= length);
    }
    (0..n).map(|i| columns.iter().map(|column| column[i]).collect()).collect()
}

fn columns(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    (0..rows[0].len()).map(|j| rows.iter().map(|row| row[j]).collect()).collect()
}

/// The first r - 1 principal components of the standardised inputs, scaled to unit mean square all together, and a column of ones.
fn components(rows: &[Vec<f64>], r: usize) -> Vec<Vec<f64>> {
    let columns: Vec<Vec<f64>> = columns(rows).iter().map(|column| standardised(column).0).collect();
    let data = nalgebra::DMatrix::from_fn(rows.len(), columns.len(), |i, j| columns[j][i]);
    let vectors = (data.transpose() * &data).symmetric_eigen();
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by(|a, b| vectors.eigenvalues[*b].total_cmp(&vectors.eigenvalues[*a]));
    let projected = data * vectors.eigenvectors.select_columns(&order[..r - 1]);
    let size = (projected.norm_squared() / projected.len() as f64).sqrt();
    projected.row_iter().map(|row| row.iter().map(|x| x / size).chain([1.0]).collect()).collect()
}

/// Principal components of a table, target standardised, β a `part` of the largest useful one.
fn projected(name: &str, target: impl Fn(&str) -> Option<f64>, r: usize, part: f64) -> Problem {
    let (rows, targets) = table(name, target);
    let (inputs, targets) = (components(&rows, r), standardised(&targets).0);
    let strength = part * largest_strength(&inputs, &targets);
    problem(&format!("{name}, {} components, {part}", r - 1), inputs, targets, false, strength)
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

/// Time against n for every rank, on logarithmic axes.
fn figure(path: &str, curves: &[(usize, Vec<(usize, f64)>)]) -> std::io::Result<()> {
    let (x, y) = (|n: f64| 70.0 + 150.0 * (n / 100.0).log10() * 2.0, |s: f64| 190.0 - 50.0 * s.log10());
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 580 350' font-family='sans-serif' font-size='13'><rect width='580' height='350' fill='white'/>\n",
    );
    for (n, words) in [(100.0, "100"), (300.0, "300"), (1000.0, "1000"), (3000.0, "3000")] {
        svg += &format!(
            "<line x1='{0}' y1='30' x2='{0}' y2='300' stroke='#ddd'/><text x='{0}' y='318' text-anchor='middle'>{words}</text>\n",
            x(n)
        );
    }
    for (seconds, words) in [(0.01, "10 ms"), (0.1, "0.1 s"), (1.0, "1 s"), (10.0, "10 s"), (100.0, "100 s")] {
        let at = y(seconds);
        svg += &format!(
            "<line x1='70' y1='{at}' x2='513' y2='{at}' stroke='#ddd'/><text x='62' y='{}' text-anchor='end'>{words}</text>\n",
            at + 4.0
        );
    }
    for ((rank, points), colour) in curves.iter().zip(["#1b9e77", "#d95f02", "#7570b3", "#e7298a"]) {
        let place = |&(n, seconds): &(usize, f64)| format!("{:.1},{:.1}", x(n as f64), y(seconds));
        let line: Vec<String> = points.iter().map(place).collect();
        svg += &format!("<polyline points='{}' fill='none' stroke='{colour}' stroke-width='2'/>\n", line.join(" "));
        let (n, seconds) = points[points.len() - 1];
        svg += &format!("<text x='{}' y='{}' fill='{colour}'>rank {rank}</text>\n", x(n as f64) + 6.0, y(seconds) + 4.0);
    }
    svg += "<text x='290' y='340' text-anchor='middle'>training rows</text>\n</svg>\n";
    std::fs::write(path, svg)
}

/// All of it, or one of `real`, `planted`, `open`, `threads`, `figure FILE.svg`.
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let wanted = |part: &str| arguments.is_empty() || arguments.first().is_some_and(|first| first == part);
    let number = |text: &str| text.parse().ok();
    let malignant = |label: &str| Some(if label.starts_with('m') { 1.0 } else { -1.0 });
    let three = |label: &str| match label {
        "3" => Some(1.0),
        "8" => Some(-1.0),
        _ => None,
    };
    if wanted("real") {
        let (x, y) = table("breast_cancer", malignant);
        report(&problem("breast cancer", unit_columns(&x), y, true, 0.01), 1);
        let (x, y) = table("diabetes", number);
        report(&problem("diabetes", unit_columns(&x), standardised(&y).0, true, 0.01), 1);
        let (x, y) = table("wine", number);
        report(&problem("wine", unit_columns(&x), standardised(&y).0, true, 0.01), 1);
    }
    if wanted("planted") {
        for (n, r, part) in [(3000, 4, 0.03), (1000, 6, 0.1), (100, 9, 0.1), (50, 11, 0.1)] {
            report(&planted(n, r, part, 1), 1);
        }
    }
    if wanted("open") {
        report(&projected("diabetes", number, 6, 0.1), 2);
        report(&projected("diabetes", number, 11, 0.1), 2);
        report(&projected("wine", number, 11, 0.03), 2);
        report(&projected("breast_cancer", malignant, 11, 0.03), 2);
        report(&planted(1000, 6, 0.01, 1), 2);
        let (x, y) = table("digits", three);
        let inputs = unit_columns(&x);
        let strength = 0.1 * largest_strength(&inputs, &y);
        report(&problem("digits 3 and 8", inputs, y, false, strength), 2);
    }
    if wanted("threads") {
        for (n, r, part) in [(1000, 5, 0.05), (1000, 6, 0.1), (3000, 4, 0.03)] {
            let (one, two) = (report(&planted(n, r, part, 3), 1), report(&planted(n, r, part, 3), 2));
            println!("two threads: {:.2} times one", one / two);
        }
    }
    if let (true, Some(path)) = (wanted("figure"), arguments.get(1)) {
        let curve = |r: usize| (r, [100, 300, 1000, 3000].map(|n| (n, report(&planted(n, r, 0.1, 2), 1))).to_vec());
        figure(path, &[3, 4, 5, 6].map(curve)).expect("the figure can be written");
    }
}
