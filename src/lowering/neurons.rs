//! Neurons as a program has them, and the network that they make.

use crate::problem::{Features, Matrix, Network, Skip};

pub(super) fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The vector of length 1 that points the same way; a vector of zeros is itself.
pub(super) fn unit(vector: &[f64]) -> Vec<f64> {
    let length = length(vector);
    vector.iter().map(|x| if length > 0.0 { x / length } else { 0.0 }).collect()
}

/// A neuron as the program has it: its output weights of length 1 (C), its θ, and the gate that it stands behind.
pub struct Neuron {
    pub serves: Vec<f64>,
    pub theta: Vec<f64>,
    pub gate: Option<Vec<f64>>,
}

/// `sign` for one output and 0 for the others.
pub fn for_output(output: usize, outputs: usize, sign: f64) -> Vec<f64> {
    (0..outputs).map(|c| if c == output { sign } else { 0.0 }).collect()
}

/// The network of `neurons` with `outputs` outputs, but for those too small to be one.
///
/// What a free bias adds to every row alike is part of the intercept.
pub fn assemble(features: &Features, outputs: usize, neurons: impl Iterator<Item = Neuron>, mut skip: Option<Skip>) -> Network {
    let (mut hidden, mut output, mut gates) = (Vec::new(), Vec::new(), Vec::new());
    for Neuron { serves, theta, gate } in neurons {
        let (theta, constant) = features.settled(&theta);
        if constant != 0.0 {
            let intercepts = &mut skip.get_or_insert_with(|| Skip::zero(outputs)).intercepts;
            intercepts.iter_mut().zip(&serves).for_each(|(intercept, a)| *intercept += a * constant);
        }
        if let Some((w, size)) = features.neuron(1.0, &theta) {
            hidden.extend(w);
            output.extend(serves.iter().map(|a| a * size));
            gates.extend(gate.into_iter().flatten());
        }
    }
    let m = output.len() / outputs;
    let rows = |values| Matrix::new(m, features.inputs().columns, values);
    let (hidden, gates) = (rows(hidden), features.gated.then(|| rows(gates)));
    Network { hidden, output: Matrix::new(m, outputs, output), skip, gates }
}
