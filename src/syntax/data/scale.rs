//! Centring, scaling and filling in, by numbers of the training rows alone.

use crate::problem::Column;

/// Why a column cannot be prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// No training row has a value to take the mean of.
    NoValue,
    /// The deviation, or a scaled value, is beyond a double.
    TooLarge,
}

/// How one column is prepared.
#[derive(Clone, Debug)]
pub struct Scaling {
    pub column: Column,
    /// What stands in for a missing value, already scaled.
    filler: f64,
}

impl Scaling {
    /// Learns from the training values, of which NaN are missing.
    pub fn learn(name: &str, train: &[f64], standardize: bool) -> Result<Self, Unfit> {
        let count = train.iter().filter(|value| !value.is_nan()).count();
        if count == 0 {
            return Err(Unfit::NoValue);
        }
        let mean = present(train).sum::<f64>() / count as f64;
        if !standardize {
            let column = Column { name: name.to_string(), shift: 0.0, scale: 1.0 };
            return Ok(Scaling { column, filler: finite(mean)? });
        }
        let (shift, scale) = center_and_scale(train, mean)?;
        let column = Column { name: name.to_string(), shift, scale };
        Ok(Scaling { column, filler: finite((mean - shift) / scale)? })
    }

    /// A value as the network sees it.
    pub fn apply(&self, value: f64) -> Result<f64, Unfit> {
        if value.is_nan() { Ok(self.filler) } else { finite((value - self.column.shift) / self.column.scale) }
    }
}

fn present(values: &[f64]) -> impl Iterator<Item = f64> + '_ {
    values.iter().copied().filter(|value| !value.is_nan())
}

/// Mean and population deviation, with missing values filled in by the mean; a constant column is only centred.
fn center_and_scale(train: &[f64], mean: f64) -> Result<(f64, f64), Unfit> {
    let low = present(train).fold(f64::INFINITY, f64::min);
    let high = present(train).fold(f64::NEG_INFINITY, f64::max);
    // The mean of equal numbers may be off by rounding, and scaling by that error would turn it into data.
    if low == high {
        return Ok((low, 1.0));
    }
    let shift = finite(mean)?;
    // Dividing by the largest deviation first keeps the squares from overflowing and from vanishing.
    let largest = finite((high - shift).max(shift - low))?;
    let squares: f64 = present(train).map(|value| ((value - shift) / largest).powi(2)).sum();
    let scale = largest * (squares / train.len() as f64).sqrt();
    if scale > 0.0 { Ok((shift, finite(scale)?)) } else { Ok((shift, 1.0)) }
}

fn finite(value: f64) -> Result<f64, Unfit> {
    if value.is_finite() { Ok(value) } else { Err(Unfit::TooLarge) }
}
