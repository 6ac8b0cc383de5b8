//! Architectures that the language can state, and the networks that instantiate them.

use super::{Activation, Matrix};

/// How the hidden layer is shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// Not at all.
    None,
    /// By a column of ones whose weight is penalised like any other.
    Penalised,
}

/// A two-layer network of free width with one output: dense, activation, dense, and if asked for an affine skip.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    pub activation: Activation,
    pub bias: Bias,
    /// The most hidden neurons allowed; `None` is as many as the theorem needs.
    pub width: Option<usize>,
    /// An unpenalised affine map from the inputs straight to the output.
    pub skip: bool,
}

impl Architecture {
    /// Number of weights of one hidden neuron, its bias included, on `features` inputs.
    pub fn neuron_size(&self, features: usize) -> usize {
        features + usize::from(self.bias == Bias::Penalised)
    }

    /// The hidden layer as the language writes it: `dense(bias) -> relu -> dense + skip`.
    pub fn words(&self) -> String {
        let bias = if self.bias == Bias::Penalised { "(bias)" } else { "" };
        let skip = if self.skip { " + skip" } else { "" };
        format!("dense{bias} -> {} -> dense{skip}", self.activation.name)
    }

    /// `features` (n x d) with a column of ones behind it if the layer has a bias.
    pub fn inputs(&self, features: &Matrix) -> Matrix {
        match self.bias {
            Bias::None => features.clone(),
            Bias::Penalised => {
                let values = features.each_row().flat_map(|row| row.iter().copied().chain([1.0])).collect();
                Matrix::new(features.rows, features.columns + 1, values)
            }
        }
    }
}

/// An affine map from the inputs to the output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Skip {
    /// One weight per feature.
    pub weights: Vec<f64>,
    pub intercept: f64,
}

/// A trained network: f(x) = Σ_j a_j φ(w_j·x + b_j) + skip(x).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Hidden weights w (m x d), one neuron per row; with a bias its weight stands last, so d counts the column of ones.
    pub hidden: Matrix,
    /// Output weights a (m).
    pub output: Vec<f64>,
    pub skip: Option<Skip>,
}

impl Network {
    /// Number of hidden neurons m.
    pub fn neurons(&self) -> usize {
        self.output.len()
    }

    /// The outputs f (n) for `features` (n x d, without the column of ones).
    pub fn forward(&self, architecture: &Architecture, features: &Matrix) -> Vec<f64> {
        let bias = architecture.bias == Bias::Penalised;
        features.each_row().map(|row| self.output_of(&architecture.activation, bias, row)).collect()
    }

    fn output_of(&self, activation: &Activation, bias: bool, row: &[f64]) -> f64 {
        let dot = |w: &[f64]| -> f64 { row.iter().zip(w).map(|(x, w)| x * w).sum() };
        let straight = self.skip.as_ref().map_or(0.0, |skip| dot(&skip.weights) + skip.intercept);
        let neuron = |(w, a): (&[f64], &f64)| {
            let shift = if bias { w[row.len()] } else { 0.0 };
            a * activation.value(dot(w) + shift)
        };
        straight + self.hidden.each_row().zip(&self.output).map(neuron).sum::<f64>()
    }
}
