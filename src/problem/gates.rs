//! Gates: fixed vectors g that let a row through where x·g >= 0, decided without rounding everywhere.
//!
//! A gated unit is linear in its weights and its gate is no weight: f(x) = Σ_j a_j [x·g_j >= 0] x·w_j.

use super::Matrix;
use crate::exact::Factor;
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
pub struct Sides<'a>(Vec<Option<Factor<'a>>>);

impl<'a> Sides<'a> {
    pub fn of(inputs: &'a Matrix) -> Self {
        Sides(inputs.each_row().map(Factor::new).collect())
    }

    /// Which rows `gate` lets through; one with a number that is not finite passes, so that it is seen in the output.
    pub fn open(&self, gate: &[f64]) -> Vec<bool> {
        let gate = Factor::new(gate);
        self.0.iter().map(|row| row.as_ref().zip(gate.as_ref()).is_none_or(|(row, gate)| row.sign(gate) >= 0)).collect()
    }

    /// The same, where `near` are the rounded products of the rows with the gate, summed in any order.
    pub fn open_near(&self, gate: &[f64], near: &[f64]) -> Vec<bool> {
        let gate = Factor::new(gate);
        let passes = |(row, near): (&Option<Factor>, &f64)| {
            row.as_ref().zip(gate.as_ref()).is_none_or(|(row, gate)| row.sign_near(gate, *near) >= 0)
        };
        self.0.iter().zip(near).map(passes).collect()
    }
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
