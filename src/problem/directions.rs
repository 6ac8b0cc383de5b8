//! Where the output weights of neurons may point: along each of the outputs, and along what a search has found besides (THEORY 8).
//!
//! Neurons whose output weights are multiples of one unit vector a are a network of one output, times a; its dual vector is V a.

/// e_1, ..., e_C, and then unit vectors that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Directions {
    outputs: usize,
    found: Vec<Vec<f64>>,
}

impl Directions {
    /// Along each of so many outputs.
    pub fn along_outputs(outputs: usize) -> Self {
        Directions { outputs, found: Vec::new() }
    }

    /// The number of a unit vector, which is added unless it is the last one.
    pub fn add(&mut self, direction: Vec<f64>) -> usize {
        if self.found.last() != Some(&direction) {
            self.found.push(direction);
        }
        self.outputs + self.found.len() - 1
    }

    /// Direction number `k` (C).
    pub fn of(&self, k: usize) -> Vec<f64> {
        let unit = || (0..self.outputs).map(|c| if c == k { 1.0 } else { 0.0 }).collect();
        k.checked_sub(self.outputs).map_or_else(unit, |found| self.found[found].clone())
    }

    /// V a (n) for direction number `k`, where `v` (n x C) has its entries row after row.
    pub fn column(&self, v: &[f64], k: usize) -> Vec<f64> {
        if k < self.outputs {
            return v.iter().skip(k).step_by(self.outputs).copied().collect();
        }
        let direction = self.of(k);
        v.chunks(self.outputs).map(|row| row.iter().zip(&direction).map(|(v, a)| v * a).sum()).collect()
    }
}
