//! A hidden bias that is no part of its neuron's norm: bounded, or free (THEORY 3 and 5).
//!
//! Both are one more norm.  With |b| <= S h(w), or |b| <= S τ under a cap, b' = b/S stands beside w in max(h(w), |b'|), and the column of
//! ones becomes a column of S.  What S is:
//!
//! - **Bounded**, |b| <= B beside h(w) <= r: S = B/r.
//! - **Free under weight decay**, φ of degree 1.  A small output weight and a large bias make a constant at no price, so the output has a
//!   free intercept as well, and 1'v = 0.  With R >= h°(x_i) for every i, |x_i·w| <= R h(w); where |b| >= R h(w) every x_i·w + b is on one
//!   side of 0, and Σ v_i φ(x_i·w + b) = s Σ v_i x_i·w + s b 1'v does not depend on b any more.  So S = R loses no price, and the
//!   constant that a longer b adds to the output belongs to the intercept.
//! - **Free under h(w) <= r**.  With R as above and T = max |t_k|, every x_i·w + b with |b| >= R r + T is beyond all breaks t_k: φ is
//!   s z + c there and, if 1'v = 0 or s = 0, Σ v_i φ(x_i·w + b) is what it is at |b| = R r + T.  So S = R + T/r loses no price.  The
//!   free intercept is there unless φ is flat at both ends: then no neuron can make a constant at no price, and none is needed.
//!
//! Every norm here is at least the largest weight, so Σ_j |x_ij| is such an R; and it is a sum of numbers that are not negative, which
//! doubles add up safely at any scale.  A larger S only asks for more: the least power of two that is large enough keeps all numbers as
//! exact as they are.

use super::{Bias, Matrix, Problem};
use crate::exact::{Rational, above, written};
use crate::regularizer::Hidden;

/// What sums of doubles may have lost.
const ROUNDING: f64 = 1.0 + 1e-9;

impl Problem {
    /// S; `None` where there is no bias, or it is part of the norm.
    ///
    /// Not finite where the numbers are not.
    pub fn bias_scale(&self) -> Option<f64> {
        let regularizer = &self.objective.regularizer;
        match self.architecture.bias {
            Bias::None | Bias::Penalised => None,
            Bias::Bounded(bound) => Some(ratio(bound, regularizer.radius.unwrap_or(1.0))),
            Bias::Free => {
                let reach = |row: &[f64]| row.iter().map(|x| x.abs()).sum::<f64>();
                let furthest = self.inputs_without_bias().each_row().map(reach).fold(0.0, f64::max);
                let (_, _, breaks) = self.architecture.activation.bends();
                let last = breaks.iter().fold(0.0, |last: f64, (at, _)| last.max(at.abs()));
                Some(power_above((furthest + regularizer.radius.map_or(0.0, |radius| last / radius)) * ROUNDING))
            }
        }
    }

    /// The norm of a neuron as θ has it: h, or h beside b'.
    pub fn norm(&self) -> Hidden {
        let hidden = self.objective.regularizer.hidden;
        if self.architecture.bias.inside() { hidden } else { hidden.beside_bias() }
    }

    /// The hidden layer's inputs as θ sees them: those of [`Problem::inputs`], but with a column of S where the bias is no part of the norm.
    pub fn scaled_inputs(&self) -> Matrix {
        let mut inputs = self.inputs().into_owned();
        if let (Some(scale), Some(last)) = (self.bias_scale(), inputs.columns.checked_sub(1)) {
            inputs.values.iter_mut().skip(last).step_by(last + 1).for_each(|one| *one = scale);
        }
        inputs
    }

    /// Whether a free bias makes the intercepts of the outputs free.
    pub fn free_intercept(&self) -> bool {
        let pieces = &self.architecture.activation.pieces;
        let flat = [pieces.first(), pieces.last()].iter().flatten().all(|piece| piece.slope == Rational::ZERO);
        self.architecture.bias == Bias::Free && !(flat && self.objective.regularizer.radius.is_some())
    }

    /// Z (n x p): what every output may hold at no price.  A skip is the features and a column of ones, a free intercept the ones alone.
    pub fn free_columns(&self) -> Matrix {
        let features = &self.dataset.train.inputs;
        match (self.architecture.skip, self.free_intercept()) {
            (true, _) => {
                let values = features.each_row().flat_map(|row| row.iter().copied().chain([1.0])).collect();
                Matrix::new(features.rows, features.columns + 1, values)
            }
            (false, true) => Matrix::new(features.rows, 1, vec![1.0; features.rows]),
            (false, false) => Matrix::new(features.rows, 0, Vec::new()),
        }
    }

    /// The hidden layer's inputs without the column of ones.
    fn inputs_without_bias(&self) -> Matrix {
        let mut architecture = self.architecture.clone();
        architecture.bias = Bias::None;
        architecture.inputs(&self.dataset.train.inputs).into_owned()
    }
}

/// At least a / b, of the decimals that a model writes.
fn ratio(a: f64, b: f64) -> f64 {
    match (written(a), written(b)) {
        (Some(a), Some(b)) if b > Rational::ZERO => above(&(a / b)),
        _ => f64::NAN,
    }
}

/// The least power of two that is at least x; 1 for 0.
fn power_above(x: f64) -> f64 {
    let (part, exponent) = libm::frexp(x);
    match part {
        _ if !x.is_finite() => f64::NAN,
        0.0 => 1.0,
        0.5 => x,
        _ => libm::scalbn(x.signum(), exponent),
    }
}
