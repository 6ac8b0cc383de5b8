//! Whoever can solve a cone program: a trait and a table of those at hand.  Nothing here has heard of a network.

mod conic;
mod dense;
mod integer;
pub mod lasso;
mod lp;
mod native;

pub use integer::least_hitting;

use crate::program::{Program, Solution};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A solver of cone programs, or of linear ones alone.
pub trait Backend: Sync {
    /// The word in the language.
    fn name(&self) -> &'static str;
    /// Whether every cone and cost of `program` is one this backend knows.
    fn accepts(&self, program: &Program) -> bool;
    /// Solves as well as it can.  The status is hearsay; non-finite vectors are allowed and must be expected.
    fn solve(&self, program: &Program, request: &Request) -> Solution;
}

/// Every backend.  A new one is one file and one row here.
pub const BACKENDS: &[&dyn Backend] = &[
    &native::Native,
    &conic::Clarabel,
    &lp::MICROLP,
    #[cfg(feature = "highs")]
    &lp::HIGHS,
];

/// Whether a name is that of a backend in this build, or `auto`.
pub fn built(name: &str) -> bool {
    name == "auto" || BACKENDS.iter().any(|backend| backend.name() == name)
}

/// The backend of a name, or the first that accepts the program if the name is `auto`.
pub fn choose(name: &str, program: &Program) -> Option<&'static dyn Backend> {
    BACKENDS.iter().copied().find(|b| (name == "auto" || b.name() == name) && b.accepts(program))
}

/// What is asked of a backend.
#[derive(Clone, Debug)]
pub struct Request {
    /// Relative gap and feasibility asked for.
    pub tolerance: f64,
    pub stop: Stop,
    /// Whether the solver's own log goes to stderr.
    pub verbose: bool,
}

/// When to give up: a deadline, and a flag that Ctrl-C raises.
#[derive(Clone, Debug)]
pub struct Stop {
    pub deadline: Instant,
    pub interrupted: Arc<AtomicBool>,
}

impl Stop {
    pub fn new(time: Duration, interrupted: Arc<AtomicBool>) -> Self {
        let now = Instant::now();
        // Ten years is longer than anyone waits, and cannot overflow the clock.
        let longest = Duration::from_secs(10 * 365 * 86_400);
        Stop { deadline: now + time.min(longest), interrupted }
    }

    /// The same with less time by `reserve`, though never less than half of what is left.
    pub fn earlier(&self, reserve: Duration) -> Stop {
        let deadline = self.deadline.checked_sub(reserve).unwrap_or(self.deadline);
        Stop { deadline: deadline.max(self.share(2).deadline), interrupted: self.interrupted.clone() }
    }

    /// The same with one of `parts` equal parts of the time that is left.
    pub fn share(&self, parts: u32) -> Stop {
        let now = Instant::now();
        Stop { deadline: now + self.deadline.saturating_duration_since(now) / parts.max(1), interrupted: self.interrupted.clone() }
    }

    /// Whether somebody pressed Ctrl-C.
    pub fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Whether the time is over.
    pub fn late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Whether to stop, for either reason.
    pub fn now(&self) -> bool {
        self.interrupted() || self.late()
    }
}
