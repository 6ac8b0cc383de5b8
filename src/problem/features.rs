//! The hidden layer seen as a map of degree 1, whatever its activation (THEORY 0, 1 and 5; PROOF 1).
//!
//! Under weight decay θ is the hidden weight vector itself and ρ(θ) = h(θ).  Where the hidden norm is bounded, h(w) <= r, one
//! coordinate is added: a neuron (w, a) becomes θ = |a| (w, r) = (u, τ), with ρ(θ) = τ on the cone h(u) <= τ.  With the pieces
//! φ(z) = s z + c + Σ_k δ_k max(z - t_k, 0) both are the same map:
//! ```text
//!   F_i(θ) = s x_i·u + (c/r) τ + Σ_k δ_k max(ℓ_ik·θ, 0),      ℓ_ik = (x_i, -t_k/r)
//! ```
//! Behind a gate θ = a w and F_i(θ) = x_i·θ on the rows that it lets through (THEORY 2); which rows these are is known to the gate alone.

use super::{Matrix, Network, Problem};
use crate::regularizer::Norm;

/// How θ is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// ρ(θ) = h(θ).
    Norm,
    /// θ = (u, τ): ρ(θ) = τ where h(u) <= τ, and nothing else is allowed.
    Cap,
}

/// The features of every neuron that the hidden layer can hold.
#[derive(Clone)]
pub struct Features {
    /// ℓ (m x q): for every example its breaks in order; for a cap a last line τ, which is never negative.
    pub lines: Matrix,
    pub gauge: Gauge,
    /// β, or β/r: what one unit of ρ costs.
    pub price: f64,
    /// Whether every neuron stands behind a gate.
    pub gated: bool,
    /// X (n x d), where it is not the lines themselves.
    inputs: Option<Matrix>,
    /// h.
    pub hidden: &'static dyn Norm,
    /// r.
    radius: f64,
    /// s and c/r.
    slope: f64,
    intercept: f64,
    /// δ_k.
    bends: Vec<f64>,
}

impl Features {
    /// The features of `problem`, whose activation must be continuous, and of degree 1 under weight decay: the language sees to that.
    pub fn of(problem: &Problem) -> Features {
        let (objective, inputs) = (&problem.objective, problem.inputs());
        let hidden = objective.regularizer.hidden;
        let (slope, intercept, breaks) = problem.architecture.activation.bends();
        let gated = problem.architecture.gates.is_some();
        let Some(radius) = objective.regularizer.radius else {
            let bends = vec![breaks.iter().map(|(_, bend)| bend).sum()];
            return Features {
                lines: inputs,
                gauge: Gauge::Norm,
                price: objective.price(),
                gated,
                inputs: None,
                hidden,
                radius: 1.0,
                slope,
                intercept: 0.0,
                bends,
            };
        };
        let shifts: Vec<f64> = breaks.iter().map(|(at, _)| -at / radius).collect();
        let line = |row: &[f64], shift: f64| row.iter().copied().chain([shift]).collect::<Vec<f64>>();
        let mut lines: Vec<f64> = inputs.each_row().flat_map(|row| shifts.iter().flat_map(move |shift| line(row, *shift))).collect();
        lines.extend(line(&vec![0.0; inputs.columns], 1.0));
        Features {
            lines: Matrix::new(inputs.rows * shifts.len() + 1, inputs.columns + 1, lines),
            gauge: Gauge::Cap,
            price: objective.price(),
            gated,
            inputs: Some(inputs),
            hidden,
            radius,
            slope,
            intercept: intercept / radius,
            bends: breaks.iter().map(|(_, bend)| *bend).collect(),
        }
    }

    /// X (n x d).
    pub fn inputs(&self) -> &Matrix {
        self.inputs.as_ref().unwrap_or(&self.lines)
    }

    /// n.
    pub fn examples(&self) -> usize {
        self.inputs().rows
    }

    /// q, the length of θ.
    pub fn size(&self) -> usize {
        self.lines.columns
    }

    /// Which entry of θ is τ.
    pub fn head(&self) -> Option<usize> {
        (self.gauge == Gauge::Cap).then(|| self.lines.columns - 1)
    }

    /// Whether ρ is the length of θ.
    pub fn euclidean(&self) -> bool {
        self.gauge == Gauge::Norm && self.hidden.euclidean()
    }

    /// Whether a cell can hold a neuron: τ is not negative there.
    pub fn reaches(&self, bit: impl Fn(usize) -> bool) -> bool {
        self.gauge == Gauge::Norm || bit(self.lines.rows - 1)
    }

    /// The part of all cells where that holds: with a cap the other half is τ < 0.
    pub fn share_of_cells(&self) -> f64 {
        if self.gauge == Gauge::Norm { 1.0 } else { 0.5 }
    }

    /// θ of a neuron with |a| = 1.
    pub fn lifted(&self, w: &[f64]) -> Vec<f64> {
        w.iter().copied().chain(self.head().map(|_| self.radius)).collect()
    }

    /// θ of a neuron.
    pub fn theta(&self, w: &[f64], a: f64) -> Vec<f64> {
        self.lifted(w).iter().map(|x| a.abs() * x).collect()
    }

    /// ρ(θ) of every neuron of a network, with |a|₁ for its output weights.
    pub fn sizes(&self, network: &Network) -> Vec<f64> {
        let size = |(w, a): (&[f64], &[f64])| self.gauge(&self.theta(w, a.iter().map(|a| a.abs()).sum()));
        network.hidden.each_row().zip(network.output.each_row()).map(size).collect()
    }

    /// The neuron of a θ and an output sign; `None` if it is too small or too large to be one.
    ///
    /// Under weight decay |a| = h(w); under a bound the weights are shortened until their norm is really within it.
    pub fn neuron(&self, sign: f64, theta: &[f64]) -> Option<(Vec<f64>, f64)> {
        let Some(head) = self.head() else {
            let root = self.hidden.gauge(theta).sqrt();
            return (root > 0.0 && root.is_finite()).then(|| (theta.iter().map(|u| u / root).collect(), sign * root));
        };
        let (u, tau) = (&theta[..head], theta[head]);
        if !(tau > 0.0 && tau.is_finite()) {
            return None;
        }
        let norm = self.hidden.gauge(u) / tau;
        let shorter = if norm > WITHIN { WITHIN / norm } else { 1.0 };
        Some((u.iter().map(|u| u / tau * self.radius * shorter).collect(), sign * tau / self.radius))
    }

    /// ρ(θ), for a θ that is allowed.
    pub fn gauge(&self, theta: &[f64]) -> f64 {
        self.head().map_or_else(|| self.hidden.gauge(theta), |head| theta[head])
    }

    /// The multiple of θ with ρ = 1; for a cap with u shortened until it is allowed.
    pub fn allowed(&self, theta: &[f64]) -> Vec<f64> {
        let size = self.gauge(theta);
        let mut scaled: Vec<f64> = theta.iter().map(|x| x / size).collect();
        if let Some(head) = self.head() {
            let outside = self.hidden.gauge(&scaled[..head]).max(1.0);
            scaled[..head].iter_mut().for_each(|u| *u /= outside);
        }
        scaled
    }

    /// ρ°(c) = max { c·θ : ρ(θ) <= 1 }.
    pub fn polar(&self, c: &[f64]) -> f64 {
        match self.head() {
            None => self.hidden.polar(c),
            Some(head) => (self.hidden.polar(&c[..head]) + c[head]).max(0.0),
        }
    }

    /// F (n).
    pub fn outputs(&self, theta: &[f64]) -> Vec<f64> {
        let reach = self.lines.times(theta);
        let mut outputs = self.straight(theta);
        for (output, reach) in outputs.iter_mut().zip(reach.chunks(self.bends.len().max(1))) {
            *output += self.bends.iter().zip(reach).map(|(bend, z)| bend * z.max(0.0)).sum::<f64>();
        }
        outputs
    }

    /// s X u + (c/r) τ.
    fn straight(&self, theta: &[f64]) -> Vec<f64> {
        let constant = self.head().map_or(0.0, |head| self.intercept * theta[head]);
        let u = &theta[..self.head().unwrap_or(theta.len())];
        if self.slope == 0.0 {
            return vec![constant; self.examples()];
        }
        self.inputs().times(u).iter().map(|z| self.slope * z + constant).collect()
    }

    /// The row e_i for which F_i(θ) = e_i·θ in the cell where line l is positive if `bit(l)`.
    pub fn coefficients(&self, i: usize, bit: impl Fn(usize) -> bool) -> Vec<f64> {
        let mut sum = self.straight_row(i);
        for (k, bend) in self.bends.iter().enumerate() {
            let line = i * self.bends.len() + k;
            if bit(line) {
                sum.iter_mut().zip(self.lines.row(line)).for_each(|(s, x)| *s += bend * x);
            }
        }
        sum
    }

    fn straight_row(&self, i: usize) -> Vec<f64> {
        self.inputs().row(i).iter().map(|x| self.slope * x).chain(self.head().map(|_| self.intercept)).collect()
    }

    /// Σ_i c_i F_i(θ) = g·θ + Σ_l k_l max(ℓ_l·θ, 0), as (g, k).
    pub fn weighted(&self, c: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut slope: Vec<f64> = self.inputs().transposed_times(c).iter().map(|g| self.slope * g).collect();
        slope.extend(self.head().map(|_| self.intercept * c.iter().sum::<f64>()));
        let mut kinks: Vec<f64> = c.iter().flat_map(|c| self.bends.iter().map(move |bend| bend * c)).collect();
        kinks.resize(self.lines.rows, 0.0);
        (slope, kinks)
    }
}

/// How near to its bound a hidden norm may come, so that rounding does not carry it over.
const WITHIN: f64 = 1.0 - 1e-13;
