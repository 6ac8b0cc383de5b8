//! Whether a filter fits the signal or image that it slides over: asked when a model names its columns, and again when its data are there.

use super::diagnostic::{Diagnostic, Place};
use super::model::{ConvSpec, Placed};
use super::names;
use crate::problem::Convolution;

impl ConvSpec {
    /// The convolution on `features` inputs.
    pub fn on(&self, features: usize) -> Result<Convolution, Diagnostic> {
        let signal = match &self.shape {
            None => vec![features],
            Some(shape) => reshaped(features, shape)?,
        };
        fits(&signal, &self.size, self.padding)?;
        let (size, stride, padding, pool) = (self.size.value.clone(), self.stride, self.padding, self.pool);
        Ok(Convolution { signal, size, stride, padding, pool })
    }
}

/// E0311: the sides that `features` numbers are laid out in.
pub fn reshaped(features: usize, shape: &Placed<Vec<usize>>) -> Result<Vec<usize>, Diagnostic> {
    let cells: usize = shape.value.iter().product();
    if cells == features {
        return Ok(shape.value.clone());
    }
    let message = format!("{} cannot be reshaped to {}", names::count(features, "number"), product(&shape.value));
    let error = Diagnostic::error("E0311", message, shape.place.clone(), format!("{cells} places"));
    Err(error.help(format!("choose sides whose product is {features}, the number of inputs, or other inputs")))
}

/// E0310: a filter is not larger than the signal with its padding.
pub fn fits(sides: &[usize], size: &Placed<Vec<usize>>, padding: usize) -> Result<(), Diagnostic> {
    let largest: Vec<usize> = sides.iter().map(|side| side + 2 * padding).collect();
    if size.value.iter().zip(&largest).all(|(filter, side)| filter <= side) {
        return Ok(());
    }
    let (filter, place): (&[usize], Place) = (&size.value, size.place.clone());
    let (message, remark) = match (filter, sides) {
        ([filter], [length]) => {
            (format!("a filter of length {filter} does not fit in a signal of length {length}"), "larger than the signal")
        }
        _ => (format!("a {} filter does not fit in a {} image", product(filter), product(sides)), "larger than the image"),
    };
    let largest: Vec<String> = largest.iter().map(usize::to_string).collect();
    let largest = if largest.len() == 1 { largest[0].clone() } else { format!("[{}]", largest.join(", ")) };
    Err(Diagnostic::error("E0310", message, place, remark).replace(format!("the largest possible size here is {largest}"), largest))
}

/// `9 x 3`.
pub fn product(sides: &[usize]) -> String {
    sides.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}
