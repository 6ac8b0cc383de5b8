//! The rivals: gradient descent on the non-convex problem itself, from many seeds, without any guarantee.

mod adam;
mod gradient;
mod sgd;

pub use gradient::{Landscape, Space};

use crate::problem::{Network, Problem, Score};
use rayon::prelude::*;

/// Says when to stop.
pub type Halt<'a> = &'a (dyn Fn() -> bool + Sync);

/// From a seed and a number of steps to θ, and whether all steps were made.
type Train = fn(&Landscape, u64, usize, Halt) -> (Vec<f64>, bool);

/// One way to train.
pub struct Rival {
    pub name: &'static str,
    pub meaning: &'static str,
    train: Train,
}

/// All rivals.  A new one is one file and one row here.
pub const RIVALS: &[Rival] = &[
    Rival { name: "adam", meaning: "all rows at once, cosine schedule from 0.03", train: adam::train },
    Rival { name: "sgd", meaning: "all rows at once, momentum 0.9, cosine schedule from the best of nine steps tried", train: sgd::train },
];

/// What every rival is given: the same width, as many steps, the same first networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contest {
    pub width: usize,
    pub steps: usize,
    /// Seeds 1 to this.
    pub seeds: usize,
    /// Worker threads; 0 is all cores.  The networks do not depend on it.
    pub threads: usize,
}

/// A network that was trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    pub seed: u64,
    pub network: Network,
    pub score: Score,
    /// False if it was stopped on the way.
    pub whole: bool,
}

impl Rival {
    /// One network per seed, best first; seeds that had not begun when `halt` said stop are left out.
    pub fn train(&self, problem: &Problem, contest: &Contest, halt: Halt, done: &(dyn Fn() + Sync)) -> Vec<Trained> {
        let landscape = Landscape::new(problem, contest.width);
        let one = |seed: u64| {
            let trained = (!halt()).then(|| self.one(problem, &landscape, seed, contest.steps, halt));
            done();
            trained
        };
        let all = || (1..=contest.seeds as u64).into_par_iter().filter_map(one).collect::<Vec<Trained>>();
        let mut all = match rayon::ThreadPoolBuilder::new().num_threads(contest.threads.min(contest.seeds)).build() {
            Ok(workers) => workers.install(all),
            Err(_) => all(),
        };
        all.sort_by(|a, b| a.score.objective.total_cmp(&b.score.objective).then(a.seed.cmp(&b.seed)));
        all
    }

    fn one(&self, problem: &Problem, landscape: &Landscape, seed: u64, steps: usize, halt: Halt) -> Trained {
        let (theta, whole) = (self.train)(landscape, seed, steps, halt);
        let network = landscape.network(&theta);
        let score = problem.score(&network);
        Trained { seed, network, score, whole }
    }
}

/// From 1 at step 0 to 0 behind the last one.
fn cosine(step: usize, steps: usize) -> f64 {
    0.5 * (1.0 + libm::cos(std::f64::consts::PI * step as f64 / steps.max(1) as f64))
}
