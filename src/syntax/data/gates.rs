//! The gates of a gated layer: drawn, or read from a file.

use super::budget::size;
use super::vectors::{self, What};
use crate::problem::{Architecture, Gates, Matrix, Random};
use crate::syntax::diagnostic::{Diagnostic, Place};
use crate::syntax::model::GateSpec;

/// The gates for the neurons of `architecture` on `features` inputs and `rows` rows, in at most `limit` bytes.
pub fn gates(spec: &GateSpec, architecture: &Architecture, features: usize, rows: usize, limit: u64) -> Result<Gates, Diagnostic> {
    let vectors = match spec {
        GateSpec::File(file) => vectors::read(What::Gates, file, architecture, features, limit)?,
        GateSpec::Drawn { count, seed, place } => {
            let length = architecture.neuron_size(features);
            affordable(*count, length, rows, limit, place)?;
            drawn(*count, length, *seed)
        }
    };
    Ok(Gates { vectors })
}

/// Gaussian vectors: the same for the same seed, and a longer list begins with every shorter one.
fn drawn(count: usize, length: usize, seed: u64) -> Matrix {
    let mut random = Random::new(seed);
    Matrix::new(count, length, (0..count * length).map(|_| random.normal()).collect())
}

/// E0440: eight bytes a number, and a bit for every gate and row.
fn affordable(count: usize, length: usize, rows: usize, limit: u64, place: &Place) -> Result<(), Diagnostic> {
    let one = 8 * length as u128 + rows.div_ceil(8) as u128;
    let needed = one * count as u128;
    if needed <= u128::from(limit) {
        return Ok(());
    }
    let message = format!("{count} gates need {} of memory, and {} may be used", size(needed), size(u128::from(limit)));
    let error = Diagnostic::error("E0440", message, place.clone(), format!("{} a gate", size(one)));
    let error = match u128::from(limit) / one {
        0 => error,
        fitting => error.help(format!("ask for fewer: up to {fitting} would fit")),
    };
    Err(error.help(format!("allow more in the model: `solve {{ memory = {} GB }}`", needed.div_ceil(1_000_000_000))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_list_begins_with_a_shorter_one() {
        let (short, long) = (drawn(3, 4, 7), drawn(5, 4, 7));
        assert_eq!(short.values, long.values[..12]);
        assert_ne!(short.values, drawn(3, 4, 8).values);
    }
}
