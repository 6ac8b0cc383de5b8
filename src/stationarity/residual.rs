//! How far a_j X'S_j v + β∇½h(w_j)² and Z'v are from 0 at best: least squares over what kinks and corners leave open.
//!
//! On a kink the slope s_ij of the activation may be anything between -q and p, at a corner of the loss v_i anything between
//! its two slopes.  Coordinate descent over both; every value it stops at is an honest upper bound on the residual.

use crate::problem::{Matrix, Network, Problem};

/// The most sweeps over all open coordinates, the multiplications that they may take together, and the relative fall of the
/// squared residual below which they end.
const SWEEPS: usize = 20_000;
const WORK: usize = 1_000_000_000;
const FALL: f64 = 1e-12;

/// What v_i may be.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub low: f64,
    pub high: f64,
}

impl Row {
    pub fn corner(&self) -> bool {
        self.high > self.low
    }

    pub fn middle(&self) -> f64 {
        0.5 * (self.low + self.high)
    }
}

pub struct Residual<'a> {
    inputs: &'a Matrix,
    output: &'a [f64],
    slopes: (f64, f64),
    rows: &'a [Row],
    /// v (n).
    pub dual: Vec<f64>,
    /// s_ij (m x n).
    sides: Vec<f64>,
    /// (j, i) with x_i·w_j = 0.
    open: Vec<(usize, usize)>,
    /// a_j X'S_j v + β∇½h(w_j)² (m x d).
    neurons: Vec<f64>,
    /// Z, and Z'v.
    free: Matrix,
    skip: Vec<f64>,
    /// What the two parts are measured against.
    unit: f64,
    skip_units: Vec<f64>,
}

impl<'a> Residual<'a> {
    /// With v as near to `start` as the rows allow, and every kink in its middle.
    pub fn new(problem: &Problem, inputs: &'a Matrix, network: &'a Network, rows: &'a [Row], start: &[f64]) -> Self {
        let slopes = problem.architecture.activation.slopes();
        let (sides, open) = sides(inputs, network, slopes);
        let beta = problem.objective.strength;
        let mut neurons = vec![0.0; network.hidden.values.len()];
        for (w, place) in network.hidden.each_row().zip(neurons.chunks_mut(inputs.columns.max(1))) {
            problem.objective.regularizer.hidden.add_slope(problem.architecture.apart(w).0, beta, place);
        }
        let longest = network.hidden.each_row().map(length).fold(0.0, f64::max);
        let free = problem.free_columns();
        let skip = vec![0.0; free.columns];
        let units = skip_units(problem, &free, rows);
        let unit = beta * longest;
        let zero = vec![0.0; inputs.rows];
        let output = &network.output.values;
        let mut residual = Residual { inputs, output, slopes, rows, dual: zero, sides, open, neurons, free, skip, unit, skip_units: units };
        for (i, (row, v)) in rows.iter().zip(start).enumerate() {
            residual.move_slope(i, v.clamp(row.low, row.high));
        }
        residual
    }

    /// Makes the residual small.
    pub fn shrink(&mut self) {
        let corners: Vec<usize> = (0..self.rows.len()).filter(|&i| self.rows[i].corner()).collect();
        if corners.is_empty() && self.open.is_empty() {
            return;
        }
        let d = self.inputs.columns.max(1);
        let work = 3 * d * (corners.len() * self.output.len() + self.open.len() + self.output.len());
        let mut before = self.squares();
        for _ in 0..(WORK / work.max(1)).clamp(1, SWEEPS) {
            corners.iter().for_each(|&i| self.settle_slope(i));
            (0..self.open.len()).for_each(|k| self.settle_side(k));
            let after = self.squares();
            if before - after <= FALL * before {
                return;
            }
            before = after;
        }
    }

    pub fn alignment(&self) -> f64 {
        let worst = largest(self.neurons.chunks(self.inputs.columns.max(1)).map(length));
        if self.unit > 0.0 { worst / self.unit } else { 0.0 }
    }

    pub fn skip(&self) -> f64 {
        largest(self.skip.iter().zip(&self.skip_units).map(|(sum, unit)| sum.abs() / unit))
    }

    /// The larger of the two.
    pub fn worst(&self) -> f64 {
        self.alignment().max(self.skip())
    }

    pub fn kinks(&self) -> usize {
        self.open.len()
    }

    /// Whether every kink is a valley for the neuron on it: a_j v_i (p + q) >= 0.
    pub fn kinks_point_up(&self) -> bool {
        let largest = self.dual.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
        let bend = self.slopes.0 + self.slopes.1;
        self.open.iter().all(|&(j, i)| self.output[j].signum() * self.dual[i] * bend.signum() >= -super::NEAR * largest)
    }

    /// The squared residual, both parts in their units.
    fn squares(&self) -> f64 {
        let unit = if self.unit > 0.0 { self.unit } else { 1.0 };
        let neurons: f64 = self.neurons.iter().map(|r| (r / unit).powi(2)).sum();
        neurons + self.skip.iter().zip(&self.skip_units).map(|(r, unit)| (r / unit).powi(2)).sum::<f64>()
    }

    /// The best v_i between its ends, all else as it is.
    fn settle_slope(&mut self, i: usize) {
        let (mut along, mut square) = (0.0, 0.0);
        let weight = if self.unit > 0.0 { self.unit.powi(-2) } else { 0.0 };
        for j in 0..self.output.len() {
            let c = self.output[j] * self.sides[j * self.rows.len() + i];
            along += weight * c * dot(self.inputs.row(i), self.neuron(j));
            square += weight * c * c * dot(self.inputs.row(i), self.inputs.row(i));
        }
        for (k, unit) in self.skip_units.iter().enumerate() {
            let z = self.free.row(i)[k];
            along += z * self.skip[k] / (unit * unit);
            square += z * z / (unit * unit);
        }
        if square > 0.0 {
            let row = self.rows[i];
            self.move_slope(i, (self.dual[i] - along / square).clamp(row.low, row.high));
        }
    }

    /// The best s_ij between -q and p, all else as it is.
    fn settle_side(&mut self, k: usize) {
        let (j, i) = self.open[k];
        let c = self.output[j] * self.dual[i];
        let square = c * dot(self.inputs.row(i), self.inputs.row(i));
        if square == 0.0 {
            return;
        }
        let (p, q) = self.slopes;
        let place = j * self.rows.len() + i;
        let next = (self.sides[place] - dot(self.inputs.row(i), self.neuron(j)) / square).clamp(p.min(-q), p.max(-q));
        let change = c * (next - self.sides[place]);
        self.sides[place] = next;
        self.add(j, i, change);
    }

    /// Sets v_i and carries the residual along.
    fn move_slope(&mut self, i: usize, next: f64) {
        let change = next - self.dual[i];
        self.dual[i] = next;
        for j in 0..self.output.len() {
            self.add(j, i, change * self.output[j] * self.sides[j * self.rows.len() + i]);
        }
        for k in 0..self.skip.len() {
            self.skip[k] += change * self.free.row(i)[k];
        }
    }

    /// Adds c x_i to neuron j's residual.
    fn add(&mut self, j: usize, i: usize, c: f64) {
        if c != 0.0 {
            let d = self.inputs.columns;
            self.neurons[j * d..(j + 1) * d].iter_mut().zip(self.inputs.row(i)).for_each(|(r, x)| *r += c * x);
        }
    }

    fn neuron(&self, j: usize) -> &[f64] {
        let d = self.inputs.columns;
        &self.neurons[j * d..(j + 1) * d]
    }
}

/// The slopes of the activation at every pair of neuron and row, and the pairs on a kink, which begin in the middle.
fn sides(inputs: &Matrix, network: &Network, (p, q): (f64, f64)) -> (Vec<f64>, Vec<(usize, usize)>) {
    if let Some(gates) = network.open(inputs) {
        // A gate is no weight: nothing that could move lies on it.
        return (gates.concat().into_iter().map(|open| if open { p } else { 0.0 }).collect(), Vec::new());
    }
    let lengths: Vec<f64> = inputs.each_row().map(length).collect();
    let (mut sides, mut open) = (Vec::new(), Vec::new());
    for (j, w) in network.hidden.each_row().enumerate() {
        let near = super::NEAR * length(w);
        for (i, z) in inputs.times(w).into_iter().enumerate() {
            if z.abs() <= near * lengths[i] && lengths[i] > 0.0 && p + q != 0.0 {
                open.push((j, i));
                sides.push(0.5 * (p - q));
            } else {
                sides.push(if z > 0.0 { p } else { -q });
            }
        }
    }
    (sides, open)
}

/// Σ_i |z_ik| max |v_i|, and not less than what rounding leaves of targets fitted exactly.
fn skip_units(problem: &Problem, free: &Matrix, rows: &[Row]) -> Vec<f64> {
    let largest = problem.targets().iter().fold(1.0, |largest: f64, y| largest.max(y.abs()));
    let floor = 1e-9 * largest * problem.objective.loss.scale(rows.len());
    let sum =
        |k: usize| rows.iter().enumerate().map(|(i, row)| free.row(i)[k].abs() * row.low.abs().max(row.high.abs()).max(floor)).sum::<f64>();
    (0..free.columns).map(|k| sum(k).max(f64::MIN_POSITIVE)).collect()
}

/// The largest of some residuals, 0 of none: what overflowed is not small.
fn largest(residuals: impl Iterator<Item = f64>) -> f64 {
    residuals.fold(0.0, |largest, x| if x.is_nan() { f64::INFINITY } else { largest.max(x) })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn length(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}
