//! A network as named tensors, with PyTorch's names and shapes; the one place that knows both directions.

use super::{Error, Saved};
use crate::problem::{Bias, Matrix, Network, Skip};

/// One tensor: row-major values of a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub name: &'static str,
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// The network's tensors in a fixed order.
pub fn tensors(saved: &Saved) -> Vec<Tensor> {
    let network = &saved.network;
    let (m, d) = (network.neurons(), saved.columns.len());
    let weights = network.hidden.each_row().flat_map(|row| row[..d].to_vec()).collect();
    let mut all = vec![Tensor { name: "hidden.weight", shape: vec![m, d], values: weights }];
    if saved.bias == Bias::Penalised {
        all.push(Tensor { name: "hidden.bias", shape: vec![m], values: network.hidden.each_row().map(|row| row[d]).collect() });
    }
    all.push(Tensor { name: "output.weight", shape: vec![1, m], values: network.output.clone() });
    if let Some(skip) = &network.skip {
        all.push(Tensor { name: "skip.weight", shape: vec![1, d], values: skip.weights.clone() });
        all.push(Tensor { name: "skip.bias", shape: vec![1], values: vec![skip.intercept] });
    }
    all
}

/// The network behind tensors of `d` inputs; what does not fit is refused by name.
pub fn network(all: &[Tensor], d: usize) -> Result<(Network, Bias), Error> {
    let output = wanted(all, "output.weight")?;
    let m = output.values.len();
    expect(output, &[1, m])?;
    let weights = wanted(all, "hidden.weight")?;
    expect(weights, &[m, d])?;
    let bias = find(all, "hidden.bias");
    bias.map_or(Ok(()), |bias| expect(bias, &[m]))?;
    let mut rows: Vec<f64> = Vec::with_capacity(weights.values.len() + m);
    for j in 0..m {
        rows.extend(&weights.values[j * d..(j + 1) * d]);
        rows.extend(bias.map(|bias| bias.values[j]));
    }
    let hidden = Matrix::new(m, d + usize::from(bias.is_some()), rows);
    let network = Network { hidden, output: output.values.clone(), skip: skip(all, d)? };
    Ok((network, if bias.is_some() { Bias::Penalised } else { Bias::None }))
}

fn skip(all: &[Tensor], d: usize) -> Result<Option<Skip>, Error> {
    let Some(weights) = find(all, "skip.weight") else { return Ok(None) };
    expect(weights, &[1, d])?;
    let bias = wanted(all, "skip.bias")?;
    expect(bias, &[1])?;
    Ok(Some(Skip { weights: weights.values.clone(), intercept: bias.values[0] }))
}

fn find<'a>(all: &'a [Tensor], name: &str) -> Option<&'a Tensor> {
    all.iter().find(|tensor| tensor.name == name)
}

fn wanted<'a>(all: &'a [Tensor], name: &str) -> Result<&'a Tensor, Error> {
    find(all, name).ok_or_else(|| Error(format!("it has no tensor `{name}`")))
}

fn expect(tensor: &Tensor, shape: &[usize]) -> Result<(), Error> {
    if tensor.shape != shape {
        return Err(Error(format!("tensor `{}` has shape {:?}, but {shape:?} belongs there", tensor.name, tensor.shape)));
    }
    match tensor.values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(Error(format!("tensor `{}` holds {value}", tensor.name))),
        None => Ok(()),
    }
}
