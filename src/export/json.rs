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
    lists(&tensor.shape, &tensor.values)
}

/// Lists in lists, the last side innermost.
fn lists(shape: &[usize], values: &[f64]) -> Value {
    match shape {
        [side, rest @ ..] if !rest.is_empty() => {
            let length = rest.iter().product::<usize>();
            (0..*side).map(|i| lists(rest, &values[i * length..(i + 1) * length])).collect()
        }
        _ => json!(values),
    }
}

/// `{"description": ..., "tensors": {"hidden.weight": [[...], ...], ...}}`, the description being optional.
pub fn contents(bytes: &[u8]) -> Result<Contents, Error> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| Error(format!("it is not JSON ({error})")))?;
    let Some(Value::Object(tensors)) = value.get("tensors") else { return Err(Error("it has no object `tensors`".to_string())) };
    let description = value.get("description").map(|description| Metadata::read(&description.to_string())).transpose()?;
    let tensors = tensors.iter().map(|(name, value)| read(name, value)).collect::<Result<_, _>>()?;
    Ok(Contents { tensors, description, activation: None })
}

/// A list of numbers, or of lists of one shape.
fn read(name: &str, value: &Value) -> Result<Tensor, Error> {
    let (shape, values) =
        array(value).ok_or_else(|| Error(format!("tensor `{name}` is not a list of numbers or of rows of equally many numbers")))?;
    Ok(Tensor { name: name.to_string(), shape, values })
}

/// Shape and values; a list of nothing counts as one of empty rows.
fn array(value: &Value) -> Option<(Vec<usize>, Vec<f64>)> {
    let items = value.as_array()?;
    if !items.is_empty() && items.iter().all(Value::is_number) {
        return Some((vec![items.len()], items.iter().map(Value::as_f64).collect::<Option<_>>()?));
    }
    let rows: Vec<(Vec<usize>, Vec<f64>)> = items.iter().map(row).collect::<Option<_>>()?;
    let shape = rows.first().map_or(vec![0], |(shape, _)| shape.clone());
    let equal = rows.iter().all(|(other, _)| *other == shape);
    equal.then(|| ([&[rows.len()], shape.as_slice()].concat(), rows.into_iter().flat_map(|(_, values)| values).collect()))
}

/// A list in a list, which may be empty.
fn row(value: &Value) -> Option<(Vec<usize>, Vec<f64>)> {
    if value.as_array()?.is_empty() { Some((vec![0], Vec::new())) } else { array(value) }
}
