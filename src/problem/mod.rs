//! The statement: a training problem with its names resolved and its data bound.  Everything else reads this and nothing changes it.

mod activation;
mod bias;
mod convolution;
mod dataset;
mod directions;
mod features;
mod gates;
mod jumps;
mod network;
mod objective;
mod random;

pub use activation::{Activation, Class, Piece};
pub use convolution::{Convolution, Pool};
pub use dataset::{Column, Dataset, Matrix, Rows, Target};
pub use directions::Directions;
pub use features::{Features, Gauge, Rivals};
pub use gates::{Gates, Sides};
pub use jumps::{Jumps, Place, levels};
pub use network::{Architecture, Bias, Network, Part, Skip};
pub use objective::{Objective, Score};
pub use random::Random;

use std::borrow::Cow;
use std::time::Duration;

/// One training problem: find the network of `architecture` that makes `objective` least on `dataset`.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What people call it: the model file's name.
    pub name: String,
    pub dataset: Dataset,
    pub architecture: Architecture,
    pub objective: Objective,
    pub plan: Plan,
}

impl Problem {
    /// The hidden layer's inputs X (n x d, or nM x h behind a convolution), with a column of ones behind them if the layer has a bias.
    pub fn inputs(&self) -> Cow<'_, Matrix> {
        self.architecture.inputs(&self.dataset.train.inputs)
    }

    /// What neurons can contribute to the outputs, and at which price.
    pub fn features(&self) -> Features {
        Features::of(self)
    }

    /// Whether the convex program is a group lasso with a smooth loss: gates, Euclidean norms, and nothing free.
    pub fn lasso(&self) -> bool {
        let (architecture, loss) = (&self.architecture, self.objective.loss.loss);
        let free = architecture.skip || self.free_intercept() || self.shared();
        architecture.gates.is_some() && loss.smooth() && !free && self.objective.regularizer.radius.is_none() && self.norm().euclidean()
    }

    /// What keeps the convex program from being linear; `None` if it is.  Columns of steps have no norm in them.
    pub fn curved(&self) -> Option<String> {
        let (loss, regularizer) = (&self.objective.loss, &self.objective.regularizer);
        if !loss.loss.linear() {
            return Some(format!("`{}` is not made of straight pieces", loss.loss.name()));
        }
        let dense = self.architecture.gates.is_none() && self.architecture.convolution.is_none();
        let flat = dense && regularizer.radius.is_some() && self.architecture.activation.flat();
        let norm = (!flat && !self.norm().linear()).then(|| regularizer.constraint().unwrap_or(regularizer.words()));
        norm.map(|words| format!("`{words}` needs second-order cones"))
    }

    /// The objective as the language writes it.
    pub fn objective_words(&self) -> String {
        match self.architecture.bias {
            Bias::Bounded(bound) => format!("{}, hidden_bias <= {bound}", self.objective.words()),
            _ => self.objective.words(),
        }
    }

    /// C, how many outputs a network has.
    pub fn outputs(&self) -> usize {
        self.objective.loss.outputs
    }

    /// Whether a neuron's output weights are measured by |a|₂, so that several outputs share neurons (THEORY 8b and c).
    pub fn shared(&self) -> bool {
        let regularizer = &self.objective.regularizer;
        self.outputs() > 1 && !regularizer.output_l1 && regularizer.radius.is_none()
    }

    /// Whether they do so without cones, behind gates or with the identity for an activation: neurons then cost a nuclear norm.
    pub fn nuclear(&self) -> bool {
        let architecture = &self.architecture;
        let identity = architecture.linear() && architecture.convolution.is_none() && architecture.activation.slopes() == (1.0, -1.0);
        self.shared() && (architecture.gates.is_some() || identity)
    }

    /// The training targets y (n x C), row after row.
    pub fn targets(&self) -> &[f64] {
        &self.dataset.train.targets
    }

    /// v_c (n): what a vector over rows and outputs says of output c.
    pub fn column(&self, v: &[f64], output: usize) -> Vec<f64> {
        v.iter().skip(output).step_by(self.outputs()).copied().collect()
    }

    /// The width of an interval relative to its upper end, counted from the least that the loss could be (0 for most losses); or
    /// to 1e-12 of the zero network's objective if that is larger, and finite: the least is met up to rounding, never exactly.
    pub fn relative_gap(&self, objective: f64, lower_bound: f64) -> f64 {
        ((objective - lower_bound) / self.unit(objective)).max(0.0)
    }

    /// What a gap below `objective` is measured in.
    pub fn unit(&self, objective: f64) -> f64 {
        let least = self.objective.loss.least(self.targets());
        let zero = self.objective.loss.value(&vec![0.0; self.targets().len()], self.targets());
        let zero = if zero.is_finite() { zero + least.abs() } else { 0.0 };
        (objective - least).abs().max(1e-12 * zero).max(f64::MIN_POSITIVE)
    }

    /// The same with a price β on what its budget bounds: for every β > 0 its optimum less β τ is at most that of the problem itself.
    pub fn priced(&self, price: f64) -> Problem {
        let mut problem = self.clone();
        (problem.objective.strength, problem.objective.regularizer.budget) = (price, None);
        problem
    }

    /// The objective of `network` as the non-convex problem states it, in plain f64.
    pub fn score(&self, network: &Network) -> Score {
        self.objective.score(network, &self.architecture, &self.dataset.train)
    }
}

/// What a model promises about its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// The global optimum, up to the gap.
    Global,
    /// Two valid bounds, however far apart.
    Bounded,
}

/// Which activation cells the program is built over.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrangements {
    /// Cells are added by price until none is worth adding.
    Generate,
    /// Every cell, in one program.
    All,
    /// The distinct cells of this many Gaussian weight vectors.
    Sample { count: usize, seed: u64 },
    /// The cells of these weight vectors, one per row; `source` is the file they came from, as the model calls it.
    Cells { source: String, vectors: Matrix },
    /// All cells of the nearest data of this rank, as a way to bounds for the data themselves.
    LowRank { rank: usize },
}

impl Arrangements {
    /// Whether only some cells are searched: the answer is then best over those, and no bound on the others.
    pub fn partial(&self) -> bool {
        matches!(self, Arrangements::Sample { .. } | Arrangements::Cells { .. })
    }
}

/// Who solves the cone programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    Auto,
    Clarabel,
    Native,
    /// microlp, for linear programs.
    Lp,
    /// HiGHS, for linear programs, where it was built in.
    Highs,
}

impl Solver {
    pub const ALL: [Solver; 5] = [Solver::Auto, Solver::Clarabel, Solver::Native, Solver::Lp, Solver::Highs];

    /// The word in the language.
    pub fn name(self) -> &'static str {
        match self {
            Solver::Auto => "auto",
            Solver::Clarabel => "clarabel",
            Solver::Native => "native",
            Solver::Lp => "lp",
            Solver::Highs => "highs",
        }
    }

    /// Whether it solves linear programs and no others.
    pub fn linear(self) -> bool {
        matches!(self, Solver::Lp | Solver::Highs)
    }
}

/// The `solve { }` settings: what defines when an answer is good enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub guarantee: Guarantee,
    pub arrangements: Arrangements,
    pub solver: Solver,
    /// The relative gap asked for.
    pub gap: f64,
    /// The tolerance the conic solver is asked for; `None` lets cvxc choose.
    pub tolerance: Option<f64>,
    pub time: Duration,
    /// Bytes; `None` is three quarters of the machine's.
    pub memory: Option<u64>,
    /// Whether to look for an optimal network with the fewest neurons.
    pub fewest: bool,
    /// The most cells that `all` lists.
    pub max_patterns: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            guarantee: Guarantee::Global,
            arrangements: Arrangements::Generate,
            solver: Solver::Auto,
            gap: 1e-6,
            tolerance: None,
            time: Duration::from_secs(300),
            memory: None,
            fewest: false,
            max_patterns: 20_000,
        }
    }
}
