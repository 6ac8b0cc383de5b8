//! `weights.safetensors`: the tensors in f64, the description as JSON in the metadata; the same network gives the same bytes.

use super::metadata::Metadata;
use super::network::Contents;
use super::tensors::{Tensor, tensors};
use super::{Error, Saved};
use ::safetensors::tensor::TensorView;
use ::safetensors::{Dtype, SafeTensors, serialize};
use std::collections::HashMap;

/// The metadata's only key: the format keeps its keys in no particular order, and two keys would make the bytes differ between runs.
const KEY: &str = "cvxc";

pub fn encode(saved: &Saved) -> Result<Vec<u8>, Error> {
    let refused = |error: &dyn std::fmt::Display| Error(format!("the network does not fit the safetensors format: {error}"));
    let description = serde_json::to_string(&Metadata::of(saved)).map_err(|error| refused(&error))?;
    let tensors = tensors(saved);
    let bytes: Vec<Vec<u8>> = tensors.iter().map(|tensor| tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let mut views = Vec::new();
    for (tensor, bytes) in tensors.iter().zip(&bytes) {
        let view = TensorView::new(Dtype::F64, tensor.shape.clone(), bytes).map_err(|error| refused(&error))?;
        views.push((tensor.name.clone(), view));
    }
    let metadata = HashMap::from([(KEY.to_string(), description)]);
    serialize(views, Some(metadata)).map_err(|error| refused(&error))
}

/// A result of cvxc; anything else is refused.
pub fn decode(bytes: &[u8]) -> Result<Saved, Error> {
    contents(bytes)?.saved()
}

/// Any file of tensors.
pub fn contents(bytes: &[u8]) -> Result<Contents, Error> {
    let damaged = |error: ::safetensors::SafeTensorError| Error(format!("it is not a whole safetensors file ({error})"));
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let description = header.metadata().as_ref().and_then(|all| all.get(KEY));
    let description = description.map(|text| Metadata::read(text)).transpose()?;
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let tensors = file.tensors().into_iter().map(|(name, view)| read(name, &view)).collect::<Result<_, _>>()?;
    Ok(Contents { tensors, description, activation: None })
}

fn read(name: String, view: &TensorView) -> Result<Tensor, Error> {
    let values = match view.dtype() {
        Dtype::F64 => view.data().as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        Dtype::F32 => view.data().as_chunks::<4>().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect(),
        other => return Err(Error(format!("tensor `{name}` is made of {other:?}; save it as float32 or float64"))),
    };
    Ok(Tensor { name, shape: view.shape().to_vec(), values })
}
