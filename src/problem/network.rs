//! Architectures that the language can state, and the networks that instantiate them.

use super::{Activation, Gates, Matrix, Sides};

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
    /// What stands before each neuron of a gated layer; its activation is then linear.
    pub gates: Option<Gates>,
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

/// A trained network: f(x) = Σ_j a_j φ(w_j·x + b_j) + skip(x), where a gated neuron is left out of rows with x·g_j < 0.
///
/// With C outputs a_j is a row of C numbers.  Only a network of one output has a skip.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Hidden weights w (m x d), one neuron per row; with a bias its weight stands last, so d counts the column of ones.
    pub hidden: Matrix,
    /// Output weights a (m x C), one neuron per row.
    pub output: Matrix,
    pub skip: Option<Skip>,
    /// The gate of every neuron of a gated layer (m x d), some of the architecture's.
    pub gates: Option<Matrix>,
}

impl Network {
    /// Number of hidden neurons m.
    pub fn neurons(&self) -> usize {
        self.output.rows
    }

    /// Every neuron once for each output that it serves: those with a_jc ≠ 0.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> + '_ {
        let rows = self.hidden.each_row().zip(self.output.each_row()).enumerate();
        let all = rows.flat_map(|(neuron, (w, a))| (0..a.len()).map(move |output| Part { neuron, w, output, a: a[output] }));
        all.filter(|part| part.a != 0.0)
    }

    /// The outputs f (n x C), row after row, for `features` (n x d, without the column of ones).
    pub fn forward(&self, architecture: &Architecture, features: &Matrix) -> Vec<f64> {
        let bias = architecture.bias == Bias::Penalised;
        let gates = self.gates.is_some().then(|| self.open(&architecture.inputs(features))).flatten();
        let mut outputs = vec![0.0; features.rows * self.output.columns];
        for ((i, row), f) in features.each_row().enumerate().zip(outputs.chunks_mut(self.output.columns.max(1))) {
            let passes = |j: usize| gates.as_ref().is_none_or(|open| open[j][i]);
            self.add_outputs(&architecture.activation, bias, row, passes, f);
        }
        outputs
    }

    /// For every gated neuron the rows of `inputs` (n x d, the column of ones included) that it lets through; `None` without gates.
    pub fn open(&self, inputs: &Matrix) -> Option<Vec<Vec<bool>>> {
        let gates = self.gates.as_ref()?;
        let sides = Sides::of(inputs);
        Some(gates.each_row().map(|gate| sides.open(gate)).collect())
    }

    /// into (C) += f(x) for one row x.
    fn add_outputs(&self, activation: &Activation, bias: bool, row: &[f64], passes: impl Fn(usize) -> bool, into: &mut [f64]) {
        let dot = |w: &[f64]| -> f64 { row.iter().zip(w).map(|(x, w)| x * w).sum() };
        for (_, (w, a)) in self.hidden.each_row().zip(self.output.each_row()).enumerate().filter(|(j, _)| passes(*j)) {
            let shift = if bias { w[row.len()] } else { 0.0 };
            let value = activation.value(dot(w) + shift);
            into.iter_mut().zip(a).for_each(|(f, a)| *f += a * value);
        }
        if let Some(skip) = &self.skip {
            let straight = dot(&skip.weights) + skip.intercept;
            into.iter_mut().for_each(|f| *f += straight);
        }
    }
}

/// One neuron in its work for one output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<'a> {
    pub neuron: usize,
    /// w_j.
    pub w: &'a [f64],
    /// c.
    pub output: usize,
    /// a_jc.
    pub a: f64,
}
