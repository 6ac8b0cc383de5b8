//! Each kernel beside what the machine gives, on one thread and on two: `cargo bench --bench kernels`.
//!
//! ```text
//!   the machine:  GB/s of a sum over 256 MB,  GF/s of a product of two dense matrices
//!   a kernel:     its flops and the bytes that it cannot avoid, per second, as parts of these two
//! ```

use cvxc::arrangement::{Pattern, count};
use cvxc::certificate::{Certificate, Claim, Correction};
use cvxc::checker::{THREADS, check, proofs};
use cvxc::loss::{Total, find};
use cvxc::pricing::{price_gates, prove_by_cones};
use cvxc::problem::{Activation, Architecture, Bias, Column, Dataset, Matrix, Objective, Plan, Problem, Random, Rows, Target};
use cvxc::regularizer::Regularizer;
use cvxc::solve::{Control, solve};
use nalgebra::DMatrix;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// The least seconds of one run among those of a second, three at least.
fn seconds<T>(mut work: impl FnMut() -> T) -> f64 {
    let (begin, mut least, mut runs) = (Instant::now(), f64::INFINITY, 0);
    while runs < 3 || begin.elapsed().as_secs_f64() < 1.0 {
        let start = Instant::now();
        black_box(work());
        least = least.min(start.elapsed().as_secs_f64());
        runs += 1;
    }
    least
}

/// What the machine gives: bytes and flops per second.
struct Machine {
    stream: f64,
    dgemm: f64,
}

impl Machine {
    fn measured() -> Self {
        let long = vec![1.0f64; 32 << 20];
        let stream = (8 * long.len()) as f64 / seconds(|| sum(&long));
        let n = 1000;
        let (a, b) = (DMatrix::from_element(n, n, 1.5), DMatrix::from_element(n, n, 0.5));
        let mut c = DMatrix::zeros(n, n);
        let dgemm = 2.0 * (n as f64).powi(3) / seconds(|| c.gemm(1.0, &a, &b, 0.0));
        println!("{:<44} {:8.1} GB/s", "stream read", stream / 1e9);
        println!("{:<44} {:8.1} GF/s", "dgemm, 1000 x 1000, nalgebra", dgemm / 1e9);
        Machine { stream, dgemm }
    }

    /// A kernel of `flops` and unavoidable `bytes`.
    fn place(&self, name: &str, seconds: f64, flops: f64, bytes: f64) {
        let (rate, read) = (flops / seconds, bytes / seconds);
        let (of_dgemm, of_stream) = (100.0 * rate / self.dgemm, 100.0 * read / self.stream);
        println!(
            "{name:<44} {:8.1} GF/s  {of_dgemm:5.0} % of dgemm {:8.2} GB/s  {of_stream:5.1} % of stream {:10.2} ms",
            rate / 1e9,
            read / 1e9,
            1e3 * seconds
        );
    }
}

/// Sixteen sums at once, so that additions do not wait for each other.
fn sum(values: &[f64]) -> f64 {
    let mut sums = [0.0; 16];
    for part in values.chunks_exact(16) {
        sums.iter_mut().zip(part).for_each(|(s, v)| *s += v);
    }
    sums.iter().sum()
}

fn gaussian(n: usize, d: usize) -> Matrix {
    let mut random = Random::new(1);
    Matrix::new(n, d, (0..n * d).map(|_| random.normal()).collect())
}

/// A noisy teacher of two neurons.
fn planted(n: usize, d: usize, strength: f64) -> Problem {
    let (inputs, mut random) = (gaussian(n, d), Random::new(2));
    let targets = inputs.each_row().map(|x| x[0].max(0.0) - x[1].max(0.0) + 0.3 * random.normal()).collect();
    let column = |name: String| Column { name, shift: 0.0, scale: 1.0 };
    Problem {
        name: "planted".into(),
        dataset: Dataset {
            columns: (0..d).map(|j| column(format!("x{j}"))).collect(),
            target: Target::Number(column("y".into())),
            train: Rows { inputs, targets },
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
        plan: Plan::default(),
    }
}

fn certified(problem: &Problem) -> Certificate {
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    solve(problem, &mut control).expect("solvable").certificate.expect("certified")
}

/// All X'D_i v: as flops count those of the dense products, 2 n d for each gate; as bytes X, the bits and the answer.
fn prices(machine: &Machine, n: usize, d: usize, gates: usize) -> f64 {
    let problem = planted(n, d, 0.1);
    let (inputs, vectors) = (problem.inputs(), gaussian(gates, d));
    let open: Vec<Pattern> = vectors.each_row().map(|gate| Pattern::of(&inputs, gate)).collect();
    let took = seconds(|| price_gates(&problem, &inputs, problem.targets(), open.iter()));
    let [rows, columns, count] = [n, d, gates].map(|size| size as f64);
    let bytes = 8.0 * rows * columns + rows * count / 8.0 + 8.0 * count;
    machine.place(&format!("prices, n = {n}, d = {d}, {gates} gates"), took, 2.0 * rows * columns * count, bytes);
    took
}

/// Cells per second: comparisons of signs, neither of the machine's two limits.
fn listing(n: usize, d: usize) -> f64 {
    let (x, mut cells) = (gaussian(n, d), 0);
    let took = seconds(|| cells = count(&x));
    println!("{:<44} {:8.0} ns a cell", format!("listing, n = {n}, rank {d}"), 1e9 * took / cells as f64);
    took
}

/// Nodes of a cone tree: each bounds a convex function over a cone.
fn tree(n: usize, d: usize, strength: f64) -> f64 {
    let problem = planted(n, d, strength);
    let certificate = certified(&problem);
    let corrections = Correction::of_outputs(&problem, &certificate.dual, &certificate.pivots).expect("certified");
    let basis = certificate.basis.as_deref();
    let claim = Claim::new(&problem, &certificate.dual, &corrections[0], certificate.scale, basis, 1).expect("certified");
    let mut nodes = 0;
    let took = seconds(|| nodes = prove_by_cones(&claim, 1_000_000, &|| false, &mut |_, _| {}).nodes);
    println!("{:<44} {:8.1} µs a node, {nodes} nodes", format!("cone tree, n = {n}, rank {d}"), 1e6 * took / nodes as f64);
    took
}

/// Leaves in exact arithmetic, a thread for each output sign.
fn checking(n: usize, d: usize, strength: f64) {
    let problem = planted(n, d, strength);
    let certificate = certified(&problem);
    let mut leaves = 0;
    let took = seconds(|| leaves = proofs(&problem, &certificate, THREADS).expect("certified"));
    let name = format!("exact checking, n = {n}, rank {d}, two threads");
    println!("{name:<44} {:8.1} µs a leaf, {leaves} leaves", 1e6 * took / leaves as f64);
    let whole = seconds(|| check(&problem, &certificate).expect("certified"));
    println!("{:<44} {:8.2} ms", "  trees, network, dual vector and digests", 1e3 * whole);
}

/// `work` on so many threads.
fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(work)
}

fn both(kernel: impl Fn() -> f64 + Sync) {
    let (one, two) = (on(1, &kernel), on(2, &kernel));
    println!("  two threads: {:.2} times as fast", one / two);
}

fn main() {
    let machine = on(1, Machine::measured);
    both(|| prices(&machine, 569, 31, 200));
    both(|| prices(&machine, 569, 31, 1000));
    both(|| prices(&machine, 10_000, 100, 500));
    both(|| listing(2000, 3));
    both(|| listing(200, 4));
    both(|| tree(1000, 3, 0.01));
    both(|| tree(300, 5, 0.05));
    checking(1000, 3, 0.01);
    checking(300, 5, 0.05);
}
