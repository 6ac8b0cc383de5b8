//! The price of every gate: h°(X'D v) bounds what any neuron behind a gate that is open on the rows of D can bring (THEORY 2).
//!
//! For eight rows the 256 sums of some v_i x_i are one table, and every gate takes its sum from there by a byte of its pattern: eight rows
//! cost one addition a number (the method of four Russians).

use crate::arrangement::Pattern;
use crate::problem::{Matrix, Problem};
use rayon::prelude::*;

/// How many columns a table has, so that it stays in the nearest cache; and how many gates share one.
const STRIP: usize = 16;
const SHARED: usize = 1024;

/// X'D v.
pub fn slope_behind(inputs: &Matrix, dual: &[f64], open: &Pattern) -> Vec<f64> {
    slopes_behind(inputs, dual, &[open])
}

/// h°(X'D v) for every gate's D, in order, up to rounding.
pub fn price_gates<'a>(problem: &Problem, inputs: &Matrix, dual: &[f64], gates: impl Iterator<Item = &'a Pattern>) -> Vec<f64> {
    let gates: Vec<&Pattern> = gates.collect();
    let norm = problem.objective.regularizer.hidden;
    let prices = |gates: &[&Pattern]| -> Vec<f64> {
        let slopes = slopes_behind(inputs, dual, gates);
        (0..gates.len()).map(|g| norm.polar(&slopes[g * inputs.columns..(g + 1) * inputs.columns])).collect()
    };
    gates.par_chunks(SHARED).flat_map_iter(prices).collect()
}

/// X'D v for the D of some gates, one after the other.
pub fn slopes_behind(inputs: &Matrix, dual: &[f64], gates: &[&Pattern]) -> Vec<f64> {
    let width = inputs.columns;
    let mut slopes = vec![0.0; width * gates.len()];
    let strips: Vec<(usize, Vec<[f64; STRIP]>)> =
        (0..width).into_par_iter().step_by(STRIP).map(|first| (first, strip(inputs, dual, gates, first))).collect();
    for (first, sums) in strips {
        let size = STRIP.min(width - first);
        slopes.chunks_mut(width).zip(&sums).for_each(|(slope, sum)| slope[first..first + size].copy_from_slice(&sum[..size]));
    }
    slopes
}

/// The entries of X'D v from column `first` on.
fn strip(inputs: &Matrix, dual: &[f64], gates: &[&Pattern], first: usize) -> Vec<[f64; STRIP]> {
    let size = STRIP.min(inputs.columns - first);
    let mut sums = vec![[0.0; STRIP]; gates.len()];
    let mut table = vec![[0.0; STRIP]; 256];
    for (eight, dual) in dual.chunks(8).enumerate() {
        for (k, v) in dual.iter().enumerate() {
            let mut row = [0.0; STRIP];
            // A row without weight adds 0, even if its inputs overflow.
            if *v != 0.0 {
                row.iter_mut().zip(&inputs.row(8 * eight + k)[first..first + size]).for_each(|(r, x)| *r = v * x);
            }
            let (known, new) = table.split_at_mut(1 << k);
            new.iter_mut().zip(known).for_each(|(new, known)| *new = add(known, &row));
        }
        let (word, shift) = (eight / 8, 8 * (eight % 8));
        for (sum, gate) in sums.iter_mut().zip(gates) {
            let byte = gate.words()[word] >> shift & 0xff;
            *sum = add(sum, &table[byte as usize]);
        }
    }
    sums
}

fn add(a: &[f64; STRIP], b: &[f64; STRIP]) -> [f64; STRIP] {
    std::array::from_fn(|j| a[j] + b[j])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Random;

    #[test]
    fn all_slopes_at_once_are_what_each_is_by_hand() {
        let mut random = Random::new(3);
        for (n, d, count) in [(1, 1, 1), (8, 16, 3), (77, 17, 5), (130, 40, 1030), (64, 3, 2), (5, 0, 2), (9, 4, 0)] {
            let inputs = Matrix::new(n, d, (0..n * d).map(|_| random.normal()).collect());
            let dual: Vec<f64> = (0..n).map(|_| random.normal()).collect();
            let gates: Vec<Pattern> = (0..count).map(|_| Pattern::from_fn(n, |_| random.normal() > 0.0)).collect();
            let slopes = slopes_behind(&inputs, &dual, &gates.iter().collect::<Vec<_>>());
            for (g, gate) in gates.iter().enumerate() {
                for j in 0..d {
                    let sum: f64 = (0..n).filter(|i| gate.get(*i)).map(|i| dual[i] * inputs.row(i)[j]).sum();
                    assert!((sum - slopes[g * d + j]).abs() <= 1e-12 * n as f64, "{n} x {d}, gate {g}, column {j}");
                }
            }
        }
    }
}
