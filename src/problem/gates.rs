//! Gates: fixed vectors g that let a row through where x·g >= 0, decided without rounding everywhere.
//!
//! A gated unit is linear in its weights and its gate is no weight: f(x) = Σ_j a_j [x·g_j >= 0] x·w_j.

use super::Matrix;
use crate::exact::Fixed;
use std::collections::BTreeSet;

/// The gates that a layer may use, one vector a row; with a bias the weight of the column of ones stands last.
#[derive(Clone, Debug, PartialEq)]
pub struct Gates {
    pub vectors: Matrix,
}

impl Gates {
    /// How many there are, repetitions and all.
    pub fn count(&self) -> usize {
        self.vectors.rows
    }

    /// The first row of `others`, from 0, that is none of these gates.
    pub fn stranger(&self, others: &Matrix) -> Option<usize> {
        // Adding 0 turns -0 into 0.
        let bits = |gate: &[f64]| -> Vec<u64> { gate.iter().map(|g| (g + 0.0).to_bits()).collect() };
        let known: BTreeSet<Vec<u64>> = self.vectors.each_row().map(bits).collect();
        others.each_row().position(|gate| !known.contains(&bits(gate)))
    }
}

/// The rows of a matrix, ready to be held against gates.
pub struct Sides<'a> {
    inputs: &'a Matrix,
    /// Σ_j |x_ij| of every row.
    sizes: Vec<f64>,
}

/// A sum of d products in any order is off by less than d + 1 of these, relative to the sum of their sizes; |x|₁ is itself rounded.
const ROUNDING: f64 = 1.2e-16;

impl<'a> Sides<'a> {
    pub fn of(inputs: &'a Matrix) -> Self {
        Sides { inputs, sizes: inputs.each_row().map(|row| row.iter().map(|x| x.abs()).sum()).collect() }
    }

    /// Which rows `gate` lets through; one with a number that is not finite passes, so that it is seen in the output.
    pub fn open(&self, gate: &[f64]) -> Vec<bool> {
        let largest = gate.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
        let exact = Fixed::new(gate);
        let passes = |(row, size): (&[f64], &f64)| {
            let near = product(row, gate);
            // The product first: the unit alone may underflow, and what underflows in the sums is less than a normal number each time.
            let off = (gate.len() + 4) as f64 * ROUNDING * (largest * size) + gate.len() as f64 * f64::MIN_POSITIVE;
            match near {
                near if near > off && near < f64::INFINITY => true,
                near if near < -off && near > f64::NEG_INFINITY => false,
                _ => Fixed::new(row).zip(exact.as_ref()).is_none_or(|(row, gate)| row.sign(gate) >= 0),
            }
        };
        self.inputs.each_row().zip(&self.sizes).map(passes).collect()
    }
}

/// a·b by eight sums side by side.
fn product(a: &[f64], b: &[f64]) -> f64 {
    let (mut eight, whole) = ([0.0; 8], a.len() / 8 * 8);
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        (0..8).for_each(|k| eight[k] += a[k] * b[k]);
    }
    a.iter().zip(b).skip(whole).map(|(a, b)| a * b).sum::<f64>() + eight.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_on_the_gate_passes() {
        let inputs = Matrix::from_rows(&[vec![1.0, 1.0], vec![1.0, -1.0], vec![1.0, 1.0f64.next_up()]]);
        assert_eq!(Sides::of(&inputs).open(&[1.0, -1.0]), [true, true, false]);
        assert_eq!(Sides::of(&inputs).open(&[0.0, 0.0]), [true; 3]);
    }

    #[test]
    fn rows_near_the_gate_are_decided_exactly() {
        let mut random = super::super::Random::new(5);
        let scales =
            [(1.0, 1.0), (1e-200, 1.0), (1e-310, 1.0), (1e300, 1.0), (1e300, 1e-310), (1e8, 1e300), (1e-310, 1e300), (1e-200, 1e-200)];
        for (scale, other) in scales {
            for length in [1, 3, 8, 21] {
                let gate: Vec<f64> = (0..length).map(|_| random.normal() * other).collect();
                let rows: Vec<Vec<f64>> = (0..50).map(|k| nearly_orthogonal(&gate, &mut random, k, scale)).collect();
                let exact: Vec<bool> = rows.iter().map(|row| Fixed::new(row).unwrap().sign(&Fixed::new(&gate).unwrap()) >= 0).collect();
                assert_eq!(Sides::of(&Matrix::from_rows(&rows)).open(&gate), exact, "{scale:e}, {other:e}, {length}");
            }
        }
    }

    /// A row whose product with `gate` is about rounding.
    fn nearly_orthogonal(gate: &[f64], random: &mut super::super::Random, k: usize, scale: f64) -> Vec<f64> {
        let mut row: Vec<f64> = gate.iter().map(|_| random.normal()).collect();
        let rest: f64 = row.iter().zip(gate).skip(1).map(|(a, b)| a * b).sum();
        row[0] = -rest / gate[0] + (k % 3) as f64 * 1e-16;
        row.iter().map(|x| x * scale).collect()
    }

    #[test]
    fn numbers_that_are_not_finite_pass() {
        let inputs = Matrix::from_rows(&[vec![f64::NAN, -1.0], vec![f64::NEG_INFINITY, 0.0], vec![-f64::MAX, -f64::MAX]]);
        assert_eq!(Sides::of(&inputs).open(&[1.0, 1.0]), [true, true, false]);
        assert_eq!(Sides::of(&inputs).open(&[f64::NAN, 1.0]), [true; 3]);
        // A partial sum that overflows says nothing.
        assert_eq!(Sides::of(&Matrix::from_rows(&[vec![2e8, -1.7e8, -1.7e8]])).open(&[1e300; 3]), [false]);
    }

    #[test]
    fn strangers_are_named() {
        let gates = Gates { vectors: Matrix::from_rows(&[vec![1.0, 0.0], vec![0.0, 2.0]]) };
        assert_eq!(gates.stranger(&Matrix::from_rows(&[vec![-0.0, 2.0], vec![1.0, 0.0]])), None);
        assert_eq!(gates.stranger(&Matrix::from_rows(&[vec![1.0, 0.0], vec![2.0, 0.0]])), Some(1));
    }
}
