//! The hidden layer seen as a map of degree 1, whatever its activation (THEORY 0, 1 and 5; PROOF 1).
//!
//! Under weight decay θ is the hidden weight vector itself and ρ(θ) = h(θ).  Where the hidden norm is bounded, h(w) <= r, one
//! coordinate is added: a neuron (w, a) becomes θ = |a| (w, r) = (u, τ), with ρ(θ) = τ on the cone h(u) <= τ.  With the pieces
//! φ(z) = s z + c + Σ_k δ_k max(z - t_k, 0) both are the same map:
//! ```text
//!   F_i(θ) = s x_i·u + (c/r) τ + Σ_k δ_k max(ℓ_ik·θ, 0),      ℓ_ik = (x_i, -t_k/r)
//! ```
//! Where the activation is piecewise constant w must not be rescaled, or rounding would carry it over a jump: there θ = (w, τ) with
//! τ = |a| r, or |a| where nothing bounds w, and F_i(θ) = (τ/r) φ(x_i·w) is found without rounding (THEORY 4).
//! Behind a convolution an example is M patches x_ip, their values pooled with the weight γ = 1, or 1/M (THEORY 9): one more sum,
//! ```text
//!   F_i(θ) = Σ_p γ ( s x_ip·u + (c/r) τ ) + Σ_p Σ_k γ δ_k max(ℓ_ipk·θ, 0)
//! ```
//! so every example has a straight row of its own and M K lines, whose bends γ δ_k are the same for all examples.  Where the largest of
//! an example's values counts, lines are rivals (see `rivals`).
//!
//! Behind a gate θ = a w and F_i(θ) = x_i·θ on the rows that it lets through (THEORY 2); which rows these are is known to the gate alone.

mod rivals;

pub use rivals::Rivals;

use super::{Jumps, Matrix, Network, Problem, Random};
use crate::exact::double;
use crate::regularizer::Hidden;

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
    /// ℓ (m x q): for every example its patches, and for each of them the breaks, in order; for a cap a last line τ, which is never negative.
    pub lines: Matrix,
    pub gauge: Gauge,
    /// β, or β/r: what one unit of ρ costs.
    pub price: f64,
    /// Whether every neuron stands behind a gate.
    pub gated: bool,
    /// What the hidden layer sees (nM x d), where it is not the lines themselves.
    inputs: Option<Matrix>,
    /// n.
    examples: usize,
    /// h, with a bias apart from it beside it.
    pub hidden: Hidden,
    /// What such a bias is divided by.
    bias: Option<f64>,
    /// r.
    radius: f64,
    /// The rows of F's straight part (n x q); `None` if they are 0.
    straight: Option<Matrix>,
    /// γ δ_k for every line of an example.
    bends: Vec<f64>,
    /// Which lines are rivals.
    pub rivals: Rivals,
    /// Where neurons jump, for a piecewise-constant activation, and its levels.
    jumps: Option<Jumps>,
    levels: Vec<f64>,
}

impl Features {
    /// The features of `problem`, whose activation must be continuous or piecewise constant, and of degree 1 under weight decay: the
    /// language sees to that.
    pub fn of(problem: &Problem) -> Features {
        let (objective, inputs) = (&problem.objective, problem.scaled_inputs());
        let (slope, intercept, breaks) = problem.architecture.activation.bends();
        let (places, share) = (problem.architecture.places(), problem.architecture.share());
        let radius = objective.regularizer.radius.map(|radius| if radius.is_finite() { radius } else { 1.0 });
        let kinks = || breaks.iter().map(|(_, bend)| share * bend);
        let mut features = Features {
            lines: Matrix::default(),
            gauge: if radius.is_some() { Gauge::Cap } else { Gauge::Norm },
            price: objective.price(),
            gated: problem.architecture.gates.is_some(),
            inputs: None,
            examples: inputs.rows / places,
            hidden: problem.norm(),
            bias: problem.bias_scale(),
            radius: radius.unwrap_or(1.0),
            straight: None,
            bends: Vec::new(),
            rivals: Rivals::NONE,
            jumps: Jumps::of(problem),
            levels: problem.architecture.activation.pieces.iter().map(|piece| double(&piece.intercept)).collect(),
        };
        let constant = |share: f64| radius.map(|radius| share * intercept / radius);
        if problem.architecture.largest() {
            let first = inputs.each_row().step_by(places).flat_map(<[f64]>::to_vec).collect();
            features.straight = straight(&Matrix::new(features.examples, inputs.columns, first), 1, slope, constant(1.0));
            (features.lines, features.bends, features.rivals) = rivals::lines(&inputs, places, slope, &breaks, radius);
            features.inputs = Some(inputs);
            return features;
        }
        features.straight = straight(&inputs, places, share * slope, constant(share * places as f64));
        match radius {
            None => (features.bends, features.lines) = (vec![kinks().sum(); places], inputs),
            Some(radius) => {
                let shifts: Vec<f64> = breaks.iter().map(|(at, _)| -at / radius).collect();
                features.bends = (0..places).flat_map(|_| kinks()).collect();
                (features.lines, features.inputs) = (shifted(&inputs, &shifts), Some(inputs));
            }
        }
        features
    }

    /// What the hidden layer sees (n x d, or nM x h behind a convolution).
    pub fn inputs(&self) -> &Matrix {
        self.inputs.as_ref().unwrap_or(&self.lines)
    }

    /// n.
    pub fn examples(&self) -> usize {
        self.examples
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

    /// Whether F is linear in θ wherever it is.
    pub fn linear(&self) -> bool {
        self.bends.iter().all(|bend| *bend == 0.0) && !self.rivals.any() && self.jumps.is_none()
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
        self.headed(self.scaled(w))
    }

    /// The weights of a neuron as θ has them: a bias apart in units of S.
    pub fn scaled(&self, w: &[f64]) -> Vec<f64> {
        let mut u = w.to_vec();
        if let (Some(scale), Some(bias)) = (self.bias, u.last_mut()) {
            *bias /= scale;
        }
        u
    }

    /// θ of a neuron with |a| = 1, of its weights as θ has them.
    pub fn headed(&self, mut u: Vec<f64>) -> Vec<f64> {
        u.extend(self.head().map(|_| self.radius));
        u
    }

    /// u of a neuron as its weights: a bias apart is in units of its own.
    fn lowered(&self, mut u: Vec<f64>) -> Vec<f64> {
        if let (Some(scale), Some(bias)) = (self.bias, u.last_mut()) {
            *bias *= scale;
        }
        u
    }

    /// θ with a free bias no longer than it need be, and the constant that it adds to F beyond that (see `bias`).
    ///
    /// The proof needs every row on one side: |b'| >= h(w), and S h(w) >= |x_i·w|.
    pub fn settled(&self, theta: &[f64]) -> (Vec<f64>, f64) {
        let mut settled = theta.to_vec();
        if let (Some(_), Gauge::Norm, Some((bias, w))) = (self.bias, self.gauge, settled.split_last_mut()) {
            // The norm beside no bias is that of w.
            let most = self.hidden.gauge(&w.iter().copied().chain([0.0]).collect::<Vec<f64>>());
            if bias.abs() > most {
                *bias = most.copysign(*bias);
                let constant = self.outputs(theta)[0] - self.outputs(&settled)[0];
                return (settled, constant);
            }
        }
        (settled, 0.0)
    }

    /// θ of a neuron.
    pub fn theta(&self, w: &[f64], a: f64) -> Vec<f64> {
        self.times(&self.lifted(w), a.abs())
    }

    /// The θ of price `factor` ρ(θ) that has `factor` times the outputs.
    pub fn times(&self, theta: &[f64], factor: f64) -> Vec<f64> {
        let kept = if self.jumps.is_some() { theta.len() - 1 } else { 0 };
        theta[..kept].iter().copied().chain(theta[kept..].iter().map(|x| x * factor)).collect()
    }

    /// Weights of a Gaussian direction that are allowed where w is not rescaled: θ = (w, 1) is turned to where its last entry is positive.
    pub fn drawn(&self, random: &mut Random) -> Vec<f64> {
        let last = random.normal();
        let w: Vec<f64> = (1..self.size()).map(|_| random.normal() / last).collect();
        let outside = self.bound().map_or(1.0, |radius| (self.hidden.gauge(&w) / radius).max(1.0));
        w.iter().map(|w| w / outside * (1.0 - 1e-12)).collect()
    }

    /// What φ is after so many breaks, where it is piecewise constant.
    pub fn level(&self, passed: usize) -> f64 {
        self.levels[passed]
    }

    /// r, where the hidden norm is bounded.
    pub fn bound(&self) -> Option<f64> {
        let bounded = self.gauge == Gauge::Cap && self.jumps.as_ref().is_none_or(|jumps| jumps.ball.is_some());
        bounded.then_some(self.radius)
    }

    /// Where neurons jump, if their activation is piecewise constant.
    pub fn jumps(&self) -> Option<&Jumps> {
        self.jumps.as_ref()
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
            return (root > 0.0 && root.is_finite()).then(|| (self.lowered(theta.iter().map(|u| u / root).collect()), sign * root));
        };
        let (u, tau) = (&theta[..head], theta[head]);
        if !(tau > 0.0 && tau.is_finite()) {
            return None;
        }
        if self.jumps.is_some() {
            return Some((self.lowered(u.to_vec()), sign * tau / self.radius));
        }
        let norm = self.hidden.gauge(u) / tau;
        let shorter = if norm > WITHIN { WITHIN / norm } else { 1.0 };
        let w = u.iter().map(|u| u / tau * self.radius * shorter).collect();
        Some((self.lowered(w), sign * tau / self.radius))
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
        if let (Some(jumps), Some((tau, w))) = (&self.jumps, theta.split_last()) {
            let column = jumps.column(&jumps.signs(w));
            return column.iter().map(|level| self.levels[usize::from(*level)] * tau / self.radius).collect();
        }
        let reach = self.lines.times(theta);
        let mut outputs = self.straight(theta);
        if self.rivals.any() {
            let winners = self.rivals.all(reach.len()).filter_map(|all| self.rivals.winner(&reach, all));
            for (winner, example) in winners.filter_map(|winner| Some((winner, self.rivals.example(winner)?))) {
                outputs[example] += self.bends[winner % self.bends.len()] * reach[winner];
            }
            return outputs;
        }
        for (output, reach) in outputs.iter_mut().zip(reach.chunks(self.bends.len().max(1))) {
            *output += self.bends.iter().zip(reach).map(|(bend, z)| bend * z.max(0.0)).sum::<f64>();
        }
        outputs
    }

    fn straight(&self, theta: &[f64]) -> Vec<f64> {
        self.straight.as_ref().map_or_else(|| vec![0.0; self.examples], |rows| rows.times(theta))
    }

    /// The row e_i for which F_i(θ) = e_i·θ in the cell where line l is positive if `bit(l)`.
    pub fn coefficients(&self, i: usize, bit: impl Fn(usize) -> bool) -> Vec<f64> {
        let mut sum = self.straight.as_ref().map_or_else(|| vec![0.0; self.size()], |rows| rows.row(i).to_vec());
        for (k, bend) in self.bends.iter().enumerate() {
            let line = i * self.bends.len() + k;
            if bit(line) {
                sum.iter_mut().zip(self.lines.row(line)).for_each(|(s, x)| *s += bend * x);
            }
        }
        sum
    }

    /// Σ_i c_i F_i(θ) = g·θ + Σ_l k_l max(ℓ_l·θ, 0), as (g, k).
    pub fn weighted(&self, c: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let slope = self.straight.as_ref().map_or_else(|| vec![0.0; self.size()], |rows| rows.transposed_times(c));
        let mut kinks: Vec<f64> = c.iter().flat_map(|c| self.bends.iter().map(move |bend| bend * c)).collect();
        kinks.resize(self.lines.rows, 0.0);
        (slope, kinks)
    }
}

/// Σ_p (slope x_ip, and the constant of all patches where there is a τ) for every example; `None` if that is 0.
fn straight(inputs: &Matrix, places: usize, slope: f64, constant: Option<f64>) -> Option<Matrix> {
    if slope == 0.0 && constant.is_none_or(|constant| constant == 0.0) {
        return None;
    }
    let (n, d, width) = (inputs.rows / places, inputs.columns, inputs.columns + usize::from(constant.is_some()));
    let mut rows = Matrix::new(n, width, vec![0.0; n * width]);
    for (number, patch) in inputs.each_row().enumerate() {
        let row = &mut rows.values[number / places * width..][..width];
        row.iter_mut().zip(patch).for_each(|(sum, x)| *sum += slope * x);
        row[d..].fill(constant.unwrap_or(0.0));
    }
    Some(rows)
}

/// Every row of `inputs` with every shift behind it, and τ at last.
fn shifted(inputs: &Matrix, shifts: &[f64]) -> Matrix {
    let line = |row: &[f64], shift: f64| row.iter().copied().chain([shift]).collect::<Vec<f64>>();
    let mut lines: Vec<f64> = inputs.each_row().flat_map(|row| shifts.iter().flat_map(move |shift| line(row, *shift))).collect();
    lines.extend(line(&vec![0.0; inputs.columns], 1.0));
    Matrix::new(inputs.rows * shifts.len() + 1, inputs.columns + 1, lines)
}

/// How near to its bound a hidden norm may come, so that rounding does not carry it over.
const WITHIN: f64 = 1.0 - 1e-13;
