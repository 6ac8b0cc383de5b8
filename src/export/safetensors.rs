//! `weights.safetensors`: the tensors in f64, the description as JSON in the metadata; the same network gives the same bytes.

use super::metadata::Metadata;
use super::tensors::{Tensor, network, tensors};
use super::{Error, Saved};
use ::safetensors::tensor::TensorView;
use ::safetensors::{Dtype, SafeTensors, serialize};
use std::collections::HashMap;

/// The metadata's only key: the format keeps its keys in no particular order, and two keys would make the bytes differ between runs.
const KEY: &str = "cvxc";

const NAMES: [&str; 5] = ["hidden.weight", "hidden.bias", "output.weight", "skip.weight", "skip.bias"];

pub fn encode(saved: &Saved) -> Result<Vec<u8>, Error> {
    let refused = |error: &dyn std::fmt::Display| Error(format!("the network does not fit the safetensors format: {error}"));
    let description = serde_json::to_string(&Metadata::of(saved)).map_err(|error| refused(&error))?;
    let tensors = tensors(saved);
    let bytes: Vec<Vec<u8>> = tensors.iter().map(|tensor| tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let mut views = Vec::new();
    for (tensor, bytes) in tensors.iter().zip(&bytes) {
        let view = TensorView::new(Dtype::F64, tensor.shape.clone(), bytes).map_err(|error| refused(&error))?;
        views.push((tensor.name, view));
    }
    let metadata = HashMap::from([(KEY.to_string(), description)]);
    serialize(views, Some(metadata)).map_err(|error| refused(&error))
}

pub fn decode(bytes: &[u8]) -> Result<Saved, Error> {
    let damaged = |error: ::safetensors::SafeTensorError| Error(format!("it is not a whole safetensors file ({error})"));
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let foreign = || Error("it was not written by cvxc".to_string());
    let description = header.metadata().as_ref().and_then(|all| all.get(KEY)).ok_or_else(foreign)?;
    let metadata = Metadata::read(description)?;
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let mut tensors = Vec::new();
    for name in NAMES {
        if let Ok(view) = file.tensor(name) {
            tensors.push(read(name, &view)?);
        }
    }
    let (network, bias) = network(&tensors, metadata.inputs())?;
    metadata.saved(network, bias)
}

fn read(name: &'static str, view: &TensorView) -> Result<Tensor, Error> {
    if view.dtype() != Dtype::F64 {
        return Err(Error(format!("tensor `{name}` is not made of f64")));
    }
    let values = view.data().as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    Ok(Tensor { name, shape: view.shape().to_vec(), values })
}
