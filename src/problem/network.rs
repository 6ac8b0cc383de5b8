//! Architectures that the language can state, and the networks that instantiate them.

use super::jumps::value_of;
use super::{Activation, Class, Convolution, Gates, Matrix, Pool, Sides};
use crate::exact::product;
use std::borrow::Cow;

/// How the hidden layer is shifted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bias {
    /// Not at all.
    None,
    /// By a column of ones whose weight is penalised like any other.
    Penalised,
    /// By one whose weight b is no part of the norm, but bounded by itself: |b| <= B.
    Bounded(f64),
    /// By one whose weight costs nothing.
    Free,
}

impl Bias {
    /// Whether its weight counts in the norm of the hidden weights.
    pub fn inside(self) -> bool {
        matches!(self, Bias::None | Bias::Penalised)
    }

    /// The layer as the language writes it.
    pub fn dense(self) -> String {
        self.word().map_or("dense".to_string(), |word| format!("dense({word})"))
    }

    /// The argument of its layer.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Bias::None => None,
            Bias::Penalised | Bias::Bounded(_) => Some("bias"),
            Bias::Free => Some("bias = free"),
        }
    }
}

/// A two-layer network of free width: dense or a convolution, activation, pooling, dense, and if asked for an affine skip.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    pub activation: Activation,
    pub bias: Bias,
    /// The most hidden neurons allowed; `None` is as many as the theorem needs.
    pub width: Option<usize>,
    /// An unpenalised affine map from the inputs straight to the outputs.
    pub skip: bool,
    /// What stands before each neuron of a gated layer; its activation is then linear.
    pub gates: Option<Gates>,
    /// Where every neuron looks; `None` is everywhere at once.
    pub convolution: Option<Convolution>,
}

impl Architecture {
    /// Number of weights of one hidden neuron, its bias included, on `features` inputs.
    pub fn neuron_size(&self, features: usize) -> usize {
        self.convolution.as_ref().map_or(features, Convolution::patch) + usize::from(self.bias != Bias::None)
    }

    /// The weights that a neuron's norm is about, and a bias that is no part of it.
    pub fn apart<'w>(&self, w: &'w [f64]) -> (&'w [f64], Option<&'w f64>) {
        match w.split_last().filter(|_| !self.bias.inside()) {
            Some((bias, rest)) => (rest, Some(bias)),
            None => (w, None),
        }
    }

    /// M, the places at which a neuron looks at an example.
    pub fn places(&self) -> usize {
        self.convolution.as_ref().map_or(1, Convolution::places)
    }

    /// Whether only the largest value of several places counts.
    pub fn largest(&self) -> bool {
        self.convolution.as_ref().is_some_and(|convolution| convolution.pool == Pool::Max && convolution.places() > 1)
    }

    /// Whether every neuron is a linear map of an example.
    pub fn linear(&self) -> bool {
        self.activation.class() == Class::Linear && !self.largest()
    }

    /// What becomes of a neuron's values at all places of an example.
    pub fn pooled(&self, values: impl Iterator<Item = f64>) -> f64 {
        if self.largest() { values.fold(f64::NEG_INFINITY, f64::max) } else { self.share() * values.sum::<f64>() }
    }

    /// γ, the weight of one of them.
    pub fn share(&self) -> f64 {
        self.convolution.as_ref().map_or(1.0, |convolution| 1.0 / convolution.divisor() as f64)
    }

    /// The layers as the language writes them, with so many outputs: `dense(bias) -> relu -> dense + skip`.
    pub fn words(&self, outputs: usize) -> String {
        let skip = if self.skip { " + skip" } else { "" };
        let count = if outputs == 1 { String::new() } else { format!("({outputs})") };
        let unit = &self.activation.name;
        match &self.convolution {
            None => format!("{} -> {unit} -> dense{count}{skip}", self.bias.dense()),
            Some(convolution) => {
                format!("{} -> {unit} -> {} -> dense{count}{skip}", convolution.words(self.bias.word()), convolution.pool.word())
            }
        }
    }

    /// What a neuron sees of `features` (n x d): the rows, or the patches of every row one after the other (nM x h), each with a one
    /// behind it if the layer has a bias.
    pub fn inputs<'m>(&self, features: &'m Matrix) -> Cow<'m, Matrix> {
        let width = self.neuron_size(features.columns);
        let Some(convolution) = &self.convolution else {
            if self.bias == Bias::None {
                return Cow::Borrowed(features);
            }
            let values = features.each_row().flat_map(|row| row.iter().copied().chain([1.0])).collect();
            return Cow::Owned(Matrix::new(features.rows, width, values));
        };
        let patches: Vec<Vec<Option<usize>>> = convolution.patches().collect();
        let mut values = Vec::with_capacity(features.rows * patches.len() * width);
        for row in features.each_row() {
            for patch in &patches {
                values.extend(patch.iter().map(|at| at.map_or(0.0, |at| row[at])));
                values.extend((self.bias != Bias::None).then_some(1.0));
            }
        }
        Cow::Owned(Matrix::new(features.rows * patches.len(), width, values))
    }
}

/// An affine map from the inputs to the outputs, or intercepts alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Skip {
    /// One row per output (C x d), one weight per feature; no columns where only the intercepts are free.
    pub weights: Matrix,
    /// One per output.
    pub intercepts: Vec<f64>,
}

impl Skip {
    /// The skip whose factors of the free columns stand in the rows of `factors` (C x p), the intercept last; `None` where nothing is free.
    pub fn of(factors: &Matrix) -> Option<Skip> {
        let d = factors.columns.checked_sub(1)?;
        let weights = factors.each_row().flat_map(|row| row[..d].to_vec()).collect();
        Some(Skip { weights: Matrix::new(factors.rows, d, weights), intercepts: factors.each_row().map(|row| row[d]).collect() })
    }

    /// Intercepts of 0 alone.
    pub fn zero(outputs: usize) -> Skip {
        Skip { weights: Matrix::new(outputs, 0, Vec::new()), intercepts: vec![0.0; outputs] }
    }

    /// The weights and the intercept of every output, in order.
    pub fn rows(&self) -> impl Iterator<Item = (&[f64], f64)> + '_ {
        self.weights.each_row().zip(self.intercepts.iter().copied())
    }

    /// The inverse of [`Skip::of`] (C x p).
    pub fn factors(&self) -> Matrix {
        let values = self.rows().flat_map(|(weights, intercept)| weights.iter().copied().chain([intercept])).collect();
        Matrix::new(self.weights.rows, self.weights.columns + 1, values)
    }

    /// `part` of what it adds.
    pub fn times(&self, part: f64) -> Skip {
        let times = |values: &[f64]| values.iter().map(|x| part * x).collect();
        Skip { weights: Matrix { values: times(&self.weights.values), ..self.weights }, intercepts: times(&self.intercepts) }
    }
}

/// A trained network: f(x) = Σ_j a_j φ(w_j·x + b_j) + skip(x), where a gated neuron is left out of rows with x·g_j < 0, and
/// a convolution pools φ(w_j·x_p + b_j) over the patches x_p.
///
/// With C outputs a_j is a row of C numbers, and the skip has a row for each of them.
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
        let inputs = architecture.inputs(features);
        let gates = self.open(&inputs);
        let mut outputs = vec![0.0; features.rows * self.output.columns];
        for ((i, row), f) in features.each_row().enumerate().zip(outputs.chunks_mut(self.output.columns.max(1))) {
            let passes = |j: usize| gates.as_ref().is_none_or(|open| open[j][i]);
            self.add_neurons(architecture, &inputs, i, passes, f);
            if let Some(skip) = &self.skip {
                f.iter_mut().zip(skip.rows()).for_each(|(f, (weights, intercept))| *f += product(row, weights) + intercept);
            }
        }
        outputs
    }

    /// For every gated neuron the rows of `inputs` (n x d, the column of ones included) that it lets through; `None` without gates.
    pub fn open(&self, inputs: &Matrix) -> Option<Vec<Vec<bool>>> {
        let gates = self.gates.as_ref()?;
        let sides = Sides::of(inputs);
        Some(gates.each_row().map(|gate| sides.open(gate)).collect())
    }

    /// into (C) += Σ_j a_j γ Σ_p φ(w_j·x_ip), or max_p of it, for row i, `inputs` being what the architecture makes of all rows.
    fn add_neurons(&self, architecture: &Architecture, inputs: &Matrix, i: usize, passes: impl Fn(usize) -> bool, into: &mut [f64]) {
        let places = architecture.places();
        for (_, (w, a)) in self.hidden.each_row().zip(self.output.each_row()).enumerate().filter(|(j, _)| passes(*j)) {
            let seen = (i * places..(i + 1) * places).map(|patch| value_of(&architecture.activation, inputs.row(patch), w));
            let value = architecture.pooled(seen);
            into.iter_mut().zip(a).for_each(|(f, a)| *f += a * value);
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
