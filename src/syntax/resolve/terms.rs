//! The words of an objective, and names that parameters may therefore not take.

use super::objective::Penalty;
use crate::loss::{LOSSES, Total};

/// Penalties and constraints.
pub const REGULARIZERS: &[&str] = &["weight_decay", "output_l1"];

/// A word of an objective: a loss (and whether its mean is meant) or a penalty.
pub enum Word {
    Loss(Total, bool),
    Penalty(Penalty),
}

/// Whether an objective already gives this word a meaning.
pub fn reserved(word: &str) -> bool {
    let others = ["mean", "hidden_norm", "hidden_bias", "interpolate"];
    REGULARIZERS.contains(&word) || others.contains(&word) || LOSSES.iter().any(|loss| loss.name() == word)
}
