//! Listing the cells of arrangements, in cells per second on one core: `cargo bench --bench cells`.

use cvxc::arrangement::{bound, count};
use cvxc::problem::{Matrix, Random};
use std::time::Instant;

/// n Gaussian rows in d dimensions: general position.
fn gaussian(n: usize, d: usize) -> Matrix {
    let mut random = Random::new(1);
    Matrix::new(n, d, (0..n * d).map(|_| random.normal()).collect())
}

/// Every nonzero 0/1 vector in m dimensions.
fn resonance(m: usize) -> Matrix {
    let row = |k: u32| (0..m).map(|j| f64::from(k >> j & 1)).collect();
    Matrix::from_rows(&(1..1u32 << m).map(row).collect::<Vec<Vec<f64>>>())
}

/// The best of three.
fn time(name: &str, x: &Matrix, expected: Option<u64>) {
    let once = || {
        let start = Instant::now();
        (count(x), start.elapsed().as_secs_f64())
    };
    let (cells, seconds) = (0..3).map(|_| once()).min_by(|a, b| a.1.total_cmp(&b.1)).expect("three runs");
    assert!(expected.is_none_or(|known| known == cells), "{name}: {cells}");
    println!("{name:28} {cells:9} cells {seconds:8.3} s   {:.2e} cells/s", cells as f64 / seconds);
}

fn main() {
    let work = || {
        for (n, d) in [(2000, 3), (200, 4), (80, 5), (45, 6), (24, 8)] {
            time(&format!("Gaussian, {n} rows, rank {d}"), &gaussian(n, d), Some(bound(n, d) as u64));
        }
        time("resonance 5", &resonance(5), Some(11_292));
        time("resonance 6", &resonance(6), Some(1_066_044));
    };
    rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread").install(work);
}
