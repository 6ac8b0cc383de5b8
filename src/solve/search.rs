//! The state of a solve: the best network, the best dual vector, and the restricted master between them.

use super::lasso::Known;
use super::outcome::{Bound, Control, Event, Failure, Size, Stopped};
use super::prove::{Proven, Trees};
use crate::arrangement::{Lines, Pattern, bound};
use crate::backend::{self, Request, Stop};
use crate::certificate::BASIS_BITS;
use crate::exact::below;
use crate::lowering::{Group, Recovery, Shape, lower_along};
use crate::pricing::{norm_bound, row_basis, with_skip_equalities};
use crate::problem::{Arrangements, Directions, Features, Matrix, Network, Plan, Problem, Score, Solver};
use crate::program::{Program, Solution, Status};
use crate::syntax::data::memory_limit;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

/// Violations of a cone row below this part of |x||u| are rounding.
const ROW_TOLERANCE: f64 = 1e-9;

pub struct Search<'a, 'c> {
    pub problem: &'a Problem,
    pub features: Features,
    /// Where output weights of its groups point.
    pub directions: Directions,
    pub control: &'a mut Control<'c>,
    pub stop: Stop,
    pub began: Instant,
    pub workers: Arc<rayon::ThreadPool>,
    /// The distinct hyperplanes of the data, exactly; where all cells are listed the differences of rivals too.
    pub lines: Lines,
    /// Length of every line.
    lengths: Vec<f64>,
    /// The best network so far by its true objective.
    pub best: (Network, Score),
    /// The latest dual vector in dom L* that obeys the skip's equalities, if there was one.
    pub dual: Option<Vec<f64>>,
    /// At most inf L, which no network goes below: 0 for most losses.
    pub least: f64,
    /// Best lower bound so far, its dual vector, and what it rests on.
    pub lower: (f64, Vec<f64>, Bound),
    /// A basis of the rows' span in units of 2^-BASIS_BITS, where the rank is below the number of columns.
    pub basis: Option<Vec<Vec<i64>>>,
    /// Seconds spent on proofs.
    pub proving: f64,
    /// Whether the last proof ran out of its share of the time.
    pub late: bool,
    /// The tree that is being grown.
    pub trees: Trees,
    /// The best proof so far, accepted by the checker.
    pub proof: Option<Proven>,
    pub rounds: usize,
    pub size: Size,
    pub listed: usize,
    pub solver: &'static str,
    /// Whether the last program's answer was unusable, or would not have fitted in memory.
    pub trouble: Option<Stopped>,
    pub refused: Option<Failure>,
    /// Whether the last program's solver was not content with its own answer.
    pub doubtful: bool,
    /// The dual vector that the first solver ended with, once the second one is asked.
    pub second: Option<Vec<f64>>,
    /// Distinct cells in the last program.
    pub cells: usize,
    /// The rays that generation begins with, and an objective that the answer may not exceed.
    pub start: Vec<Group>,
    /// The groups of the last program.
    pub groups: Vec<Group>,
    /// The groups of a gated problem, one per distinct gate; none until they are listed.
    pub gates: Vec<Group>,
    /// What lassos behind gates take over from each other.
    pub known: Known,
    /// The highest local maxima of the price that the last climb found.
    pub heights: Vec<Vec<f64>>,
    /// Whether it begins with the network and the maxima of a problem nearby.
    pub near: bool,
    pub ceiling: f64,
}

/// The answer of one restricted program.
pub struct Master {
    /// θ_g for every group.
    pub weights: Vec<Vec<f64>>,
    pub network: Network,
    /// v (n x C) in dom L*; `None` if the multipliers were unusable.
    pub dual: Option<Vec<f64>>,
}

impl<'a, 'c> Search<'a, 'c> {
    pub fn new(problem: &'a Problem, control: &'a mut Control<'c>, workers: Arc<rayon::ThreadPool>) -> Self {
        let features = problem.features();
        let (inputs, lines) = (features.inputs(), &features.lines);
        let none = || Matrix::new(0, inputs.columns, vec![]);
        let fine = features.rivals.any() && problem.plan.arrangements == Arrangements::All;
        let distinct = match features.gated {
            // Gates are a list, and no lines are cut.
            true => Lines::new(&none()),
            false if fine => Lines::new(&features.knives()),
            false => Lines::new(lines),
        };
        let output = Matrix::new(0, problem.outputs(), vec![]);
        let zero = Network { hidden: none(), output, skip: None, gates: features.gated.then(none) };
        let score = problem.score(&zero);
        let stop = Stop::new(problem.plan.time, control.interrupted.clone());
        let lengths = lines.each_row().map(|x| x.iter().map(|x| x * x).sum::<f64>().sqrt()).collect();
        let least = problem.objective.loss.least_below(problem.targets()).map_or(f64::NEG_INFINITY, |least| below(&least));
        let trivial = (least, vec![0.0; problem.targets().len()], Bound::Trivial);
        Search {
            problem,
            directions: Directions::along_outputs(problem.outputs()),
            control,
            stop,
            began: Instant::now(),
            workers,
            lines: distinct,
            lengths,
            best: (zero, score),
            dual: None,
            least,
            lower: trivial,
            proof: None,
            proving: 0.0,
            late: false,
            trees: Trees::default(),
            basis: (features.hidden.euclidean() && !features.gated).then(|| row_basis(inputs, BASIS_BITS)).flatten(),
            rounds: 0,
            size: Size::default(),
            listed: 0,
            solver: "none",
            trouble: None,
            refused: None,
            doubtful: false,
            second: None,
            cells: 0,
            start: Vec::new(),
            groups: Vec::new(),
            gates: Vec::new(),
            known: Known::default(),
            heights: Vec::new(),
            near: false,
            ceiling: f64::INFINITY,
            features,
        }
    }

    /// The tolerance asked of the conic solver when the answer counts.
    pub fn tolerance(&self) -> f64 {
        self.problem.plan.tolerance.unwrap_or((self.problem.plan.gap * 1e-4).clamp(1e-10, 1e-8))
    }

    pub fn why_stopped(&self) -> Option<Stopped> {
        if self.stop.interrupted() {
            Some(Stopped::Interrupt)
        } else if self.stop.late() || self.late {
            Some(Stopped::Time)
        } else {
            self.trouble
        }
    }

    /// Tells how many cells are at hand.
    pub fn patterns(&mut self, listed: usize) {
        self.listed = listed;
        let bound = self.cells_at_most();
        (self.control.progress)(Event::Patterns { listed, bound });
    }

    /// Cover's bound on the number of cells that can hold a neuron; or how many distinct gates there are.
    pub fn cells_at_most(&self) -> f64 {
        match (self.features.gated, self.features.jumps()) {
            (true, _) => self.distinct_gates() as f64,
            (false, Some(_)) => self.columns_at_most(),
            (false, None) if self.features.rivals.any() && self.plan().arrangements != Arrangements::All => {
                self.features.share_of_cells() * bound(self.features.knives_count(), self.lines.rank())
            }
            (false, None) => self.features.share_of_cells() * self.lines.bound(),
        }
    }

    /// A bound on every neuron's price from norms alone; none for gates, which are priced one by one, nor for jumps.
    pub fn norm_price(&self, dual: &[f64]) -> f64 {
        if self.features.gated || self.features.jumps().is_some() {
            return f64::INFINITY;
        }
        let bound = |output| norm_bound(&self.features, &self.problem.column(dual, output));
        let bounds = (0..self.problem.outputs()).map(bound);
        // |V'F|₂ where outputs share neurons.
        if self.problem.shared() { bounds.map(|bound| bound * bound).sum::<f64>().sqrt() } else { bounds.fold(0.0, f64::max) }
    }

    /// The dual vector of zeros.
    pub fn zeros(&self) -> Vec<f64> {
        vec![0.0; self.problem.targets().len()]
    }

    /// Refuses a program that would not fit in memory: the solver's copies and factors are counted as forty bytes per entry.
    pub fn fits(&self, groups: &[Group]) -> Result<(), Failure> {
        let n = self.problem.targets().len() as u64;
        let columns: u64 = groups.len() as u64 * (self.features.size() as u64 + 1);
        let needed = columns.saturating_mul(n).saturating_mul(40);
        let limit = memory_limit(self.problem.plan.memory);
        if needed > limit { Err(Failure::Memory { needed, limit }) } else { Ok(()) }
    }

    /// Solves over `groups`, adding the cone rows that the answer violates until it violates none.
    ///
    /// `None` if no usable point came back.
    pub fn master(&mut self, groups: &mut [Group], tolerance: f64) -> Option<Master> {
        if self.is_lasso() {
            (self.cells, self.groups) = (distinct_cells(groups), groups.to_vec());
            let master = self.lasso(groups, tolerance)?;
            self.offer(&master.network);
            self.dual = master.dual.clone().or(self.dual.take());
            return Some(master);
        }
        loop {
            if let Err(refused) = self.fits(groups) {
                (self.trouble, self.refused) = (Some(Stopped::Memory), Some(refused));
                return None;
            }
            self.cells = distinct_cells(groups);
            self.groups = groups.to_vec();
            let (program, recovery) = lower_along(self.problem, &self.features, &self.directions, groups);
            let solution = self.run(&program, tolerance)?;
            let master = self.read(&recovery, &solution);
            self.offer(&master.network);
            let added = self.tighten(groups, &master.weights);
            if added == 0 || self.stop.now() {
                self.dual = master.dual.clone().or(self.dual.take());
                return Some(master);
            }
        }
    }

    fn run(&mut self, program: &Program, tolerance: f64) -> Option<Solution> {
        let groups = program.blocks.iter().filter(|b| b.weight > 0.0).count();
        self.size = Size { groups, columns: program.width(), rows: program.height(), cones: program.cones.len() };
        let solver = if self.second.is_some() { Solver::Clarabel } else { self.plan().solver };
        self.run_by(solver.name(), program, tolerance)
    }

    pub fn run_by(&mut self, solver: &str, program: &Program, tolerance: f64) -> Option<Solution> {
        let Some(backend) = backend::choose(solver, program) else {
            self.trouble = Some(Stopped::Trouble);
            return None;
        };
        self.solver = backend.name();
        let request = Request { tolerance, stop: self.stop.clone(), verbose: self.control.verbose };
        let solution = self.workers.install(|| backend.solve(program, &request));
        self.doubtful = solution.status == Status::Doubtful;
        let usable = solution.primal.len() == program.width() && solution.primal.iter().all(|x| x.is_finite());
        let hopeless = matches!(solution.status, Status::Infeasible | Status::Unbounded);
        if !usable || hopeless {
            self.trouble = Some(Stopped::Trouble);
            return None;
        }
        Some(solution)
    }

    /// Asks the second solver from now on, if the first one, chosen by cvxc, gave up on its last program.
    pub fn turn_to_second(&mut self) -> bool {
        let turn = self.second.is_none() && self.plan().solver == Solver::Auto && self.loose();
        if turn {
            self.second = Some(self.dual.clone().unwrap_or_else(|| self.zeros()));
        }
        turn
    }

    /// Whether the last program's solver gave up before the gap, with the neurons at hand, was as narrow as asked.
    pub fn loose(&self) -> bool {
        let best = |dual: &Vec<f64>| -self.problem.objective.loss.conjugate(dual, self.problem.targets());
        let reached = self.dual.as_ref().map_or(f64::NEG_INFINITY, best);
        let wide = self.problem.relative_gap(self.best.1.objective, reached) > 0.5 * self.plan().gap;
        self.doubtful && wide && self.why_stopped().is_none()
    }

    pub fn read(&self, recovery: &Recovery, solution: &Solution) -> Master {
        let dual = recovery.dual(solution);
        let dual = dual.iter().all(|v| v.is_finite()).then(|| with_skip_equalities(self.problem, &dual)).flatten();
        Master {
            weights: recovery.weights(&self.features, solution),
            network: recovery.network(self.problem, &self.features, solution),
            dual,
        }
    }

    /// Keeps the network if its true objective is the best so far.
    pub fn offer(&mut self, network: &Network) -> Score {
        let score = self.problem.score(network);
        if score.objective < self.best.1.objective {
            self.best = (network.clone(), score);
        }
        score
    }

    /// Adds every row that a group's weights violate to that group; returns how many.
    pub fn tighten(&self, groups: &mut [Group], weights: &[Vec<f64>]) -> usize {
        let length = |u: &[f64]| u.iter().map(|u| u * u).sum::<f64>().sqrt();
        let largest = weights.iter().map(|u| length(u)).fold(0.0, f64::max);
        let mut added = 0;
        for (group, u) in groups.iter_mut().zip(weights) {
            let size = length(u);
            let Shape::Cell { pattern, rows } = &mut group.shape else { continue };
            if size <= 1e-7 * largest {
                continue;
            }
            let before = rows.len();
            let reach = self.features.lines.times(u);
            for i in 0..reach.len() {
                let outside = -self.features.margin(&reach, i, |line| pattern.get(line));
                if outside > ROW_TOLERANCE * self.lengths[i] * size && !rows.contains(&(i as u32)) {
                    rows.push(i as u32);
                }
            }
            added += rows.len() - before;
        }
        added
    }

    /// One line for whoever listens.
    pub fn report(&mut self, groups: usize) {
        if let Some(dual) = self.dual.clone() {
            let price = self.norm_price(&dual);
            self.keep_bound(&dual, price, Bound::Norm);
        }
        let (objective, lower_bound) = (self.best.1.objective, self.lower.0);
        let gap = self.problem.relative_gap(objective, lower_bound);
        (self.control.progress)(Event::Round { round: self.rounds, groups, objective, lower_bound, gap });
    }

    /// |ℓ|.
    pub fn length(&self, line: usize) -> f64 {
        self.lengths[line]
    }

    /// The cell of a neuron's hidden weights.
    pub fn cell(&self, w: &[f64]) -> Pattern {
        Pattern::at(&self.features, &self.features.lifted(w))
    }

    pub fn plan(&self) -> &Plan {
        &self.problem.plan
    }
}

fn distinct_cells(groups: &[Group]) -> usize {
    let patterns = groups.iter().filter_map(|group| match &group.shape {
        Shape::Cell { pattern, .. } | Shape::Gated { pattern, .. } => Some(pattern),
        _ => None,
    });
    patterns.collect::<BTreeSet<_>>().len()
}
