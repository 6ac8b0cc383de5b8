//! JSON: the description and each tensor as nested lists of shortest decimals.

use super::metadata::Metadata;
use super::tensors::{Tensor, tensors};
use super::{Error, Saved};
use serde_json::{Map, Value, json};

pub fn encode(saved: &Saved) -> Result<Vec<u8>, Error> {
    let refused = |error: serde_json::Error| Error(format!("the network does not fit JSON: {error}"));
    let tensors: Map<String, Value> = tensors(saved).into_iter().map(|tensor| (tensor.name.to_string(), nested(&tensor))).collect();
    let description = serde_json::to_value(Metadata::of(saved)).map_err(refused)?;
    let mut bytes = serde_json::to_vec_pretty(&json!({ "description": description, "tensors": tensors })).map_err(refused)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn nested(tensor: &Tensor) -> Value {
    match tensor.shape.as_slice() {
        &[rows, columns] => (0..rows).map(|i| json!(tensor.values[i * columns..(i + 1) * columns])).collect(),
        _ => json!(tensor.values),
    }
}
