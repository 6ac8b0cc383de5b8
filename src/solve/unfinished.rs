//! How large a tree of signs may be that is not finished, and how much time its check is left.

use crate::certificate::Claim;
use std::time::Duration;

/// What a tree of signs may cost if it is not finished: its worst leaf is a bound, but a slightly better one is not worth minutes
/// of checking and hundreds of megabytes.
pub struct Unfinished {
    pub leaves: usize,
    /// The time that is left for checking it.
    pub reserve: Duration,
}

impl Unfinished {
    /// Bytes that one tree may have, and those of a leaf for every line.
    const BYTES: usize = 16_000_000;
    const LINE_BYTES: usize = 8;
    /// Seconds that the checker takes for a leaf, for every line and every entry of its matrix.
    const SECONDS: f64 = 7e-9;
    /// The part of a solve's time that may go into checking such a tree, and its bounds.
    const PART: f64 = 0.04;
    const RANGE: (f64, f64) = (0.2, 3.0);

    pub fn new(claim: &Claim, time: Duration) -> Self {
        let (lines, rank) = (claim.lines.len().max(1), claim.rank().max(1));
        let seconds = (Self::PART * time.as_secs_f64()).clamp(Self::RANGE.0, Self::RANGE.1);
        let quick = seconds / (Self::SECONDS * (lines * rank * rank) as f64);
        let small = Self::BYTES / (Self::LINE_BYTES * lines);
        Unfinished { leaves: small.min(quick as usize).max(1), reserve: Duration::from_secs_f64(seconds) }
    }
}
