//! How large a tree of signs may be that is not finished, how much time its check is left, and whose turn it is.

use crate::backend::Stop;
use crate::certificate::Claim;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// Several trees in turn, each with an equal part of the time that is left.
///
/// The bound is that of the worst of them, so after Ctrl-C in one the others may take as long as it has had, if that is seconds.
pub struct Turns {
    pub whole: Stop,
    left: usize,
    /// Whether there was a Ctrl-C before all of them.
    before: bool,
    began: Instant,
    /// What the turn took in which Ctrl-C came.
    spent: Option<Duration>,
}

impl Turns {
    /// What anyone will wait for after Ctrl-C, for all trees together.
    const PATIENCE: Duration = Duration::from_secs(5);

    pub fn new(whole: &Stop, trees: usize) -> Self {
        Turns { whole: whole.clone(), left: trees, before: whole.interrupted(), began: Instant::now(), spent: None }
    }

    /// The next tree's time, at least about `least`.
    pub fn next(&mut self, least: Duration) -> Stop {
        let (left, took) = (self.left.max(1) as u32, self.began.elapsed());
        (self.left, self.began) = (self.left.saturating_sub(1), Instant::now());
        if !self.whole.interrupted() || self.before {
            return self.whole.share(left);
        }
        let spent = *self.spent.get_or_insert(took);
        Stop::new(spent.min(Self::PATIENCE / left).max(least / left), Arc::default())
    }
}
