//! JSON: the description and each tensor as nested lists of shortest decimals.

use super::metadata::Metadata;
use super::network::Contents;
use super::tensors::{Tensor, tensors};
use super::{Error, Saved};
use serde_json::{Map, Value, json};

pub fn encode(saved: &Saved) -> Result<Vec<u8>, Error> {
    let refused = |error: serde_json::Error| Error(format!("the network does not fit JSON: {error}"));
    let tensors: Map<String, Value> = tensors(saved).into_iter().map(|tensor| (tensor.name.clone(), nested(&tensor))).collect();
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

/// `{"description": ..., "tensors": {"hidden.weight": [[...], ...], ...}}`, the description being optional.
pub fn contents(bytes: &[u8]) -> Result<Contents, Error> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| Error(format!("it is not JSON ({error})")))?;
    let Some(Value::Object(tensors)) = value.get("tensors") else { return Err(Error("it has no object `tensors`".to_string())) };
    let description = value.get("description").map(|description| Metadata::read(&description.to_string())).transpose()?;
    let tensors = tensors.iter().map(|(name, value)| read(name, value)).collect::<Result<_, _>>()?;
    Ok(Contents { tensors, description })
}

/// A list of numbers, or a list of lists of equally many.
fn read(name: &str, value: &Value) -> Result<Tensor, Error> {
    let wrong = || Error(format!("tensor `{name}` is not a list of numbers or of rows of equally many numbers"));
    let numbers = |value: &Value| value.as_array()?.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>();
    let name = name.to_string();
    if let Some(values) = numbers(value).filter(|values| !values.is_empty()) {
        return Ok(Tensor { name, shape: vec![values.len()], values });
    }
    let rows: Vec<Vec<f64>> = value.as_array().ok_or_else(wrong)?.iter().map(numbers).collect::<Option<_>>().ok_or_else(wrong)?;
    let columns = rows.first().map_or(0, Vec::len);
    if rows.iter().any(|row| row.len() != columns) {
        return Err(wrong());
    }
    Ok(Tensor { name, shape: vec![rows.len(), columns], values: rows.concat() })
}
