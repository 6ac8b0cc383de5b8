//! Cells of arrangements against counts that are known, and against their own definition.
#![cfg(feature = "solve")]

use cvxc::arrangement::{self, Cell, Lines, Pattern, Stop};
use cvxc::problem::{Matrix, Random};

/// Integer rows as a matrix.
fn matrix(rows: &[Vec<i32>]) -> Matrix {
    Matrix::from_rows(&rows.iter().map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect::<Vec<_>>())
}

/// Gaussian rows: in general position.
fn gaussian(n: usize, d: usize, seed: u64) -> Matrix {
    let mut random = Random::new(seed);
    Matrix::new(n, d, (0..n * d).map(|_| random.normal()).collect())
}

/// All vectors with entries from `alphabet`.
fn words(alphabet: &[i32], length: usize) -> Vec<Vec<i32>> {
    (0..length)
        .fold(vec![vec![]], |all, _| all.iter().flat_map(|word| alphabet.iter().map(move |&a| [word.as_slice(), &[a]].concat())).collect())
}

fn unit(m: usize, i: usize) -> Vec<i32> {
    (0..m).map(|k| i32::from(k == i)).collect()
}

/// e_i + sign e_j.
fn pair(m: usize, i: usize, j: usize, sign: i32) -> Vec<i32> {
    (0..m).map(|k| i32::from(k == i) + sign * i32::from(k == j)).collect()
}

/// The reflections of the braid group: e_i - e_j.
fn braid(m: usize) -> Matrix {
    matrix(&(0..m).flat_map(|i| (0..i).map(move |j| pair(m, i, j, -1))).collect::<Vec<_>>())
}

/// All nonzero vectors of zeros and ones.
fn resonance(m: usize) -> Matrix {
    matrix(&words(&[0, 1], m)[1..])
}

#[test]
fn general_position_has_as_many_cells_as_cover_says() {
    for (n, r) in [(1, 1), (5, 1), (7, 2), (40, 2), (6, 3), (10, 3), (60, 3), (12, 4), (25, 4), (14, 5), (12, 6), (11, 7), (11, 8), (10, 9)]
    {
        let x = gaussian(n, r, (100 * n + r) as u64);
        let lines = Lines::new(&x);
        assert_eq!(lines.rank(), r.min(n));
        assert_eq!(arrangement::count(&x) as f64, lines.bound(), "n = {n}, r = {r}");
        if r == 1 {
            assert_eq!(lines.count(), 1);
        }
    }
    assert_eq!(arrangement::bound(10, 3), 92.0);
    assert_eq!(arrangement::bound(0, 0), 1.0);
}

#[test]
fn reflection_arrangements_have_as_many_cells_as_their_groups_have_elements() {
    let mut factorial = 1;
    for m in 2..=7u64 {
        factorial *= m;
        assert_eq!(arrangement::count(&braid(m as usize)), factorial);
    }
    for (m, group) in [(2, 8), (3, 48), (4, 384), (5, 3840)] {
        let long = (0..m).flat_map(|i| (0..i).flat_map(move |j| [pair(m, i, j, 1), pair(m, i, j, -1)]));
        let rows: Vec<_> = (0..m).map(|i| unit(m, i)).chain(long).collect();
        assert_eq!(arrangement::count(&matrix(&rows)), group);
    }
}

#[test]
fn resonance_arrangements() {
    for (m, cells) in [(1, 2), (2, 6), (3, 32), (4, 370), (5, 11292)] {
        assert_eq!(arrangement::count(&resonance(m)), cells);
    }
}

#[test]
fn threshold_functions() {
    for (m, functions) in [(1, 4), (2, 14), (3, 104), (4, 1882)] {
        let rows: Vec<_> = words(&[-1, 1], m).into_iter().map(|word| [word, vec![1]].concat()).collect();
        assert_eq!(arrangement::count(&matrix(&rows)), functions);
    }
}
