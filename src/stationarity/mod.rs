//! What the theory says of a network that somebody has (THEORY 12): in which sense it is stationary, and what would improve it.
//!
//! With v = ∇L(f) and g_j = X'D_j v the objective is stationary at the neurons that are not 0 when
//! ```text
//!   alignment   a_j g_j + β w_j = 0          balance   |a_j| = h(w_j)          skip   Z'v = 0
//! ```
//! Where x_i·w_j = 0 the activation has a kink, and D_j may be anything between its two sides (Clarke).  If besides
//! a_j v_i (p + q) >= 0 on every kink, no direction at all leads down.  Without kinks the objective has a gradient.

mod gates;
mod improvement;
mod residual;

pub use improvement::{Improvement, improvement};

use crate::arrangement::Pattern;
use crate::problem::{Features, Gauge, Matrix, Network, Problem};
use residual::{Residual, Row};
use std::collections::BTreeSet;

/// Residuals up to this part of what they are measured against count as 0.
///
/// Solvers and gradient descent stop where the objective is flat: an error of 1e-9 there is one of 1e-4 here.
pub const TOLERANCE: f64 = 1e-3;
/// Rows with |x·w| up to this part of |x||w| are on a neuron's kink, and outputs this near a loss's corner are on it.
pub const NEAR: f64 = 1e-5;
/// A loss's slope that jumps by less has no corner there.
const JUMP: f64 = 1e-3;
/// Neurons whose |a| h(w) is up to this part of the largest count as 0: a zero neuron is stationary whatever the data.
const ZERO: f64 = 1e-6;

/// In which sense a network was shown to be stationary, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Not looked at: what is here is about dense layers of one output under weight decay.
    Beyond,
    /// Not shown in any sense: gradient descent would go on.
    No,
    /// 0 is in Clarke's subdifferential.
    Clarke,
    /// No direction leads down to first order.
    Directional,
    /// The gradient is 0.
    Differentiable,
}

/// What was found about a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    pub kind: Kind,
    /// max_j |a_j g_j + β w_j| over β max_j |w_j|.
    pub alignment: f64,
    /// max_j ||a_j| - h(w_j)| over max_j h(w_j).
    pub balance: f64,
    /// max_k |z_k'v| over Σ_i |z_ik v_i| for the skip's columns z; 0 without a skip.
    pub skip: f64,
    /// Neurons that count as 0.
    pub zero: usize,
    /// The others.
    pub neurons: Network,
    /// Pairs of a row and a neuron with x_i·w_j = 0, and rows whose output is at a corner of the loss.
    pub kinks: usize,
    pub corners: usize,
    /// The distinct cells of the neurons, or their distinct gates.
    pub cells: usize,
    /// v (n x C): the gradient of the loss, at corners the choice that fits best.
    pub dual: Vec<f64>,
}

/// Looks at `network`, whose weights must be finite.
///
/// `guess` is a dual vector that v may be near, such as that of the optimum: where corners leave v open the search begins
/// there if it does not succeed from the middle.
pub fn examine(problem: &Problem, network: &Network, guess: &[f64]) -> Findings {
    let features = problem.features();
    let neurons = large(&features, network);
    let cells: BTreeSet<Pattern> = match neurons.open(features.inputs()) {
        Some(gates) => gates.iter().map(|open| Pattern::from_bits(open)).collect(),
        None => neurons.hidden.each_row().map(|w| Pattern::at(&features, &features.lifted(w))).collect(),
    };
    let outputs = network.forward(&problem.architecture, &problem.dataset.train.inputs);
    let zero = network.neurons() - neurons.neurons();
    let interpolates = problem.objective.loss.interpolates();
    if problem.outputs() > 1 || interpolates {
        // Where nothing but the targets has a finite loss, every vector is a slope there: that of the optimum prices neurons.
        let slope = || problem.objective.loss.slope(&outputs, problem.targets());
        let (kind, dual) = (Kind::Beyond, if interpolates { guess.to_vec() } else { slope() });
        return Findings { kind, alignment: 0.0, balance: 0.0, skip: 0.0, zero, kinks: 0, corners: 0, cells: cells.len(), dual, neurons };
    }
    let rows: Vec<Row> = outputs.iter().zip(problem.targets()).map(|(&f, &y)| row(problem, f, y)).collect();
    let middle: Vec<f64> = rows.iter().map(Row::middle).collect();
    let corners = rows.iter().filter(|row| row.corner()).count();
    let euclidean = features.gauge == Gauge::Norm && problem.objective.regularizer.hidden.euclidean();
    if !euclidean || problem.architecture.convolution.is_some() {
        let (kind, dual) = (Kind::Beyond, middle);
        return Findings { kind, alignment: 0.0, balance: 0.0, skip: 0.0, zero, kinks: 0, corners, cells: cells.len(), dual, neurons };
    }
    let inputs = &problem.inputs();
    let from = |start: &[f64]| {
        let mut residual = Residual::new(problem, inputs, &neurons, &rows, start);
        residual.shrink();
        residual
    };
    let mut residual = from(&middle);
    if corners > 0 && residual.worst() > TOLERANCE && guess.len() == rows.len() {
        let other = from(guess);
        residual = if other.worst() < residual.worst() { other } else { residual };
    }
    let (alignment, balance, skip) = (residual.alignment(), balance(problem, &neurons), residual.skip());
    let kinks = residual.kinks();
    let small = [alignment, balance, skip].iter().all(|part| *part <= TOLERANCE);
    let kind = match (small, kinks + corners) {
        (false, _) => Kind::No,
        (true, 0) => Kind::Differentiable,
        (true, _) if residual.kinks_point_up() => Kind::Directional,
        (true, _) => Kind::Clarke,
    };
    Findings { kind, alignment, balance, skip, zero, kinks, corners, cells: cells.len(), dual: residual.dual, neurons }
}

/// The neurons that do not count as 0, with the network's skip.
fn large(features: &Features, network: &Network) -> Network {
    let sizes = features.sizes(network);
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    let kept: Vec<usize> = (0..sizes.len()).filter(|&j| sizes[j] > ZERO * largest).collect();
    Network {
        hidden: kept_rows(&network.hidden, &kept),
        output: kept_rows(&network.output, &kept),
        skip: network.skip.clone(),
        gates: network.gates.as_ref().map(|gates| kept_rows(gates, &kept)),
    }
}

fn kept_rows(matrix: &Matrix, kept: &[usize]) -> Matrix {
    Matrix::new(kept.len(), matrix.columns, kept.iter().flat_map(|&j| matrix.row(j).to_vec()).collect())
}

fn balance(problem: &Problem, neurons: &Network) -> f64 {
    let gauges: Vec<f64> =
        neurons.hidden.each_row().map(|w| problem.objective.regularizer.hidden.gauge(problem.architecture.apart(w).0)).collect();
    let largest = gauges.iter().copied().fold(0.0, f64::max);
    let off = gauges.iter().zip(&neurons.output.values).map(|(h, a)| (a.abs() - h).abs()).fold(0.0, f64::max);
    if largest > 0.0 { off / largest } else { 0.0 }
}

/// The slopes of the loss just left and right of an output: apart at a corner, otherwise both its slope there.
fn row(problem: &Problem, f: f64, y: f64) -> Row {
    let total = &problem.objective.loss;
    let (loss, p, scale) = (total.loss, total.parameter, total.scale(problem.targets().len()));
    let step = NEAR * (1.0 + f.abs());
    let [low, high] = [f - step, f + step].map(|f| loss.slope(f, y, p));
    // A slope that only bends moves by its curvature; a corner jumps.
    let bend = 4.0 * step * loss.curvature(f - step, y, p).max(loss.curvature(f + step, y, p));
    if high - low > bend + JUMP {
        return Row { low: scale * low, high: scale * high };
    }
    let slope = scale * loss.slope(f, y, p);
    Row { low: slope, high: slope }
}
