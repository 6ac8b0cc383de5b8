//! A network as named tensors, with PyTorch's names and shapes; the one place that knows both directions.

use super::{Error, Saved};
use crate::problem::{Bias, Matrix, Network, Skip};

/// One tensor: row-major values of a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// The network's tensors in a fixed order.
pub fn tensors(saved: &Saved) -> Vec<Tensor> {
    let network = &saved.network;
    let (m, d) = (network.neurons(), saved.columns.len());
    let seen = seen(d, saved.convolution.as_ref().map(|convolution| convolution.size.as_slice()));
    let mut all = layer("hidden", &network.hidden, &seen, saved.bias);
    all.extend(network.gates.iter().flat_map(|gates| layer("gate", gates, &[d], saved.bias)));
    all.push(tensor("output.weight", vec![network.output.columns, m], turned(&network.output.values, m, network.output.columns)));
    match &network.skip {
        Some(skip) if skip.weights.columns == 0 => all.push(tensor("output.bias", vec![skip.weights.rows], skip.intercepts.clone())),
        Some(skip) => {
            all.push(tensor("skip.weight", vec![skip.weights.rows, d], skip.weights.values.clone()));
            all.push(tensor("skip.bias", vec![skip.weights.rows], skip.intercepts.clone()));
        }
        None => {}
    }
    all
}

/// The values of a matrix of `rows` x `columns`, column after column: a by neurons and W_out by outputs are each other's transpose.
pub fn turned(values: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}

fn tensor(name: &str, shape: Vec<usize>, values: Vec<f64>) -> Tensor {
    Tensor { name: name.to_string(), shape, values }
}

/// What one neuron looks at: `d` inputs, or behind a convolution one channel of a filter's sides.
pub fn seen(d: usize, filter: Option<&[usize]>) -> Vec<usize> {
    filter.map_or_else(|| vec![d], |sides| [&[1], sides].concat())
}

/// The weights of a layer of rows, each laid out as `seen`, and its biases if it has some.
fn layer(name: &str, rows: &Matrix, seen: &[usize], bias: Bias) -> Vec<Tensor> {
    let d: usize = seen.iter().product();
    let weights = rows.each_row().flat_map(|row| row[..d].to_vec()).collect();
    let mut all = vec![tensor(&format!("{name}.weight"), [&[rows.rows], seen].concat(), weights)];
    if bias != Bias::None {
        all.push(tensor(&format!("{name}.bias"), vec![rows.rows], rows.each_row().map(|row| row[d]).collect()));
    }
    all
}

/// The network behind tensors of `d` inputs, with filters of the given sides if it is a convolution; what does not fit is refused by name.
pub fn network(all: &[Tensor], d: usize, filter: Option<&[usize]>) -> Result<(Network, Bias), Error> {
    let output = wanted(all, "output.weight")?;
    let &[outputs, m] = output.shape.as_slice() else {
        return Err(Error(format!("tensor `output.weight` has shape {:?}, but two numbers belong there", output.shape)));
    };
    expect(output, &[outputs, m])?;
    let (hidden, bias) = rows(all, "hidden", m, &seen(d, filter))?;
    let gates = find(all, "gate.weight").map(|_| rows(all, "gate", m, &[d])).transpose()?;
    if gates.as_ref().is_some_and(|(_, other)| *other != bias) {
        return Err(Error("its neurons have biases and their gates have none, or the other way round".to_string()));
    }
    let output = Matrix::new(m, outputs, turned(&output.values, outputs, m));
    let network = Network { hidden, output, skip: skip(all, outputs, d)?, gates: gates.map(|(gates, _)| gates) };
    Ok((network, bias))
}

/// The inverse of [`layer`].
fn rows(all: &[Tensor], name: &str, m: usize, seen: &[usize]) -> Result<(Matrix, Bias), Error> {
    let weights = wanted(all, &format!("{name}.weight"))?;
    expect(weights, &[&[m], seen].concat())?;
    let bias = find(all, &format!("{name}.bias"));
    bias.map_or(Ok(()), |bias| expect(bias, &[m]))?;
    let rows = hidden(&weights.values, bias.map(|bias| bias.values.as_slice()), m, seen.iter().product());
    Ok((rows, if bias.is_some() { Bias::Penalised } else { Bias::None }))
}

/// The hidden weights (m x d), each row with its bias behind it if there is one.
pub fn hidden(weights: &[f64], bias: Option<&[f64]>, m: usize, d: usize) -> Matrix {
    let mut rows: Vec<f64> = Vec::with_capacity(weights.len() + m);
    for j in 0..m {
        rows.extend(&weights[j * d..(j + 1) * d]);
        rows.extend(bias.map(|bias| bias[j]));
    }
    Matrix::new(m, d + usize::from(bias.is_some()), rows)
}

fn skip(all: &[Tensor], outputs: usize, d: usize) -> Result<Option<Skip>, Error> {
    let Some(weights) = find(all, "skip.weight") else { return intercepts(all, outputs) };
    expect(weights, &[outputs, d])?;
    let bias = wanted(all, "skip.bias")?;
    expect(bias, &[outputs])?;
    Ok(Some(Skip { weights: Matrix::new(outputs, d, weights.values.clone()), intercepts: bias.values.clone() }))
}

/// The biases of the output layer, if it has some: a skip without weights.
fn intercepts(all: &[Tensor], outputs: usize) -> Result<Option<Skip>, Error> {
    let Some(bias) = find(all, "output.bias") else { return Ok(None) };
    expect(bias, &[outputs])?;
    Ok(Some(Skip { intercepts: bias.values.clone(), ..Skip::zero(outputs) }))
}

fn find<'a>(all: &'a [Tensor], name: &str) -> Option<&'a Tensor> {
    all.iter().find(|tensor| tensor.name == name)
}

fn wanted<'a>(all: &'a [Tensor], name: &str) -> Result<&'a Tensor, Error> {
    find(all, name).ok_or_else(|| Error(format!("it has no tensor `{name}`")))
}

/// Refuses a tensor of another shape; one without numbers has any shape without numbers, since JSON does not tell them apart.
pub fn expect(tensor: &Tensor, shape: &[usize]) -> Result<(), Error> {
    let none = tensor.values.is_empty() && shape.contains(&0);
    if tensor.shape != shape && !none {
        return Err(Error(format!("tensor `{}` has shape {:?}, but {shape:?} belongs there", tensor.name, tensor.shape)));
    }
    match tensor.values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(Error(format!("tensor `{}` holds {value}", tensor.name))),
        None => Ok(()),
    }
}
