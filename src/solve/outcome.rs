//! What a solve says while it runs and what it holds at the end; never more than is known.

use super::fewest::Fewest;
use crate::certificate::Certificate;
use crate::lowering::Group;
use crate::problem::{Directions, Network};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Why the search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The interval is as narrow as asked.
    Gap,
    /// No neuron worth adding was found: more time would not help.
    Converged,
    Time,
    /// The next program would not fit in memory.
    Memory,
    /// The conic solver brought back nothing usable: this is the best network until then.
    Trouble,
    /// Ctrl-C.
    Interrupt,
}

/// What we hold at the end; never more than is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The gap is closed and the certificate passed its checker.
    GlobalOptimum,
    /// Two valid bounds.
    Bounded,
    /// No usable point.
    Failed,
}

/// Where the lower bound comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A tree over weight space proves the price of every neuron.
    Proved,
    /// A norm inequality over all of weight space.
    Norm,
    /// The least that the loss could be: nothing better was at hand.
    Trivial,
}

/// Sizes of the last cone program, for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Size {
    pub groups: usize,
    pub columns: usize,
    pub rows: usize,
    pub cones: usize,
}

/// One line of the conversation while a solve runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Cells were listed or sampled: how many, and how many there can be at most.
    Patterns { listed: usize, bound: f64 },
    /// A round ended.
    Round { round: usize, groups: usize, objective: f64, lower_bound: f64, gap: f64 },
    /// A proof goes on with one of its trees, counted from 1: the bound `reaches` that this one would give if it ended now, and the best that
    /// holds: while others are still to be grown that of an earlier proof.
    Proof { tree: usize, of: usize, nodes: usize, reaches: f64, objective: f64, lower_bound: f64, gap: f64 },
    /// The checker refused a proof, and why: the search goes on without it.
    Refused(String),
    /// A stage began that can take a while: "pricing every cell", "pruning".
    Stage(&'static str),
}

/// How a caller listens and stops: threads, progress, Ctrl-C.
pub struct Control<'a> {
    pub progress: &'a mut dyn FnMut(Event),
    /// Raised by Ctrl-C: the solve then ends cleanly with what it has.
    pub interrupted: Arc<AtomicBool>,
    /// Worker threads; 0 is all cores.  The answer does not depend on it.
    pub threads: usize,
    /// Show the conic solver's own log on stderr.
    pub verbose: bool,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub standing: Standing,
    pub stopped: Stopped,
    /// What ended the proof before it was whole, if it was not the search that ended.
    pub unproved: Option<Stopped>,
    pub network: Network,
    pub objective: f64,
    pub loss: f64,
    pub penalty: f64,
    pub lower_bound: f64,
    pub bound: Bound,
    /// The dual vector v behind the lower bound (n x C, row after row).
    pub dual: Vec<f64>,
    /// The proof, which has passed the checker; `lower_bound` is then the checker's.
    pub certificate: Option<Certificate>,
    /// The highest local maxima of the price, for a problem nearby: see [`super::solve_after`].
    pub heights: Vec<Vec<f64>>,
    /// Leaves of the proof, and seconds spent on proofs.
    pub leaves: usize,
    pub proving: f64,
    /// Neurons of the solver's answer, before pruning.
    pub neurons_before_pruning: usize,
    /// What is known of the least number of neurons, where it was asked for and the gap is closed.
    pub fewest: Option<Fewest>,
    /// The groups of the search's last program, and where their output weights point.
    pub groups: Vec<Group>,
    pub directions: Directions,
    /// Cells in the last program, and how many the arrangement has at most.
    pub patterns: usize,
    pub patterns_bound: f64,
    pub rounds: usize,
    pub size: Size,
    pub seconds: f64,
    /// Seconds until the search was over: what pruning, bounds and the check took comes on top.
    pub searching: f64,
    /// The conic solver's name.
    pub solver: &'static str,
}

/// Why there is no answer at all.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// `arrangements = all`, but there are too many cells: how many at most, and the limit.
    TooManyCells { bound: f64, limit: usize, rows: usize, rank: usize },
    /// `interpolate`, and no network meets the targets: Σ c_i f_i = 0 for every network over these rows, from 0, with their c_i, and the
    /// targets (of this output, where there are several) have another sum; `rounding` if it is as near to 0 as rounded decimals are.
    Infeasible { output: Option<usize>, rows: Vec<(usize, f64)>, rounding: bool },
    /// `dense(k)`: the pruned optimum needs more neurons.
    TooWide { allowed: usize, needed: usize },
    /// No usable point came back.
    Numerical(String),
    /// The fewest neurons are asked for under a bound on the penalty.
    Bounded,
    /// The cells could not be listed to the end.
    Cut(Stopped),
    /// The solver that the model names was not built in.
    NotBuilt(&'static str),
    /// The memory limit would be passed.
    Memory { needed: u64, limit: u64 },
}
