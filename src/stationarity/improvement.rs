//! The neuron that a network lacks most: the direction w, |w| <= 1, with the largest price |v'φ(Xw)|, and what adding it brings.
//!
//! A new neuron t s φ(x·w) costs β t and changes the loss by -t · price to first order: above β it pays.

use crate::arrangement::Lines;
use crate::pricing::{Find, ascend, price_every_cell};
use crate::problem::{Matrix, Network, Problem, Random};

/// Gaussian directions that the search starts from, besides the network's own.
const STARTS: usize = 200;
/// Arrangements of at most this many cells are priced cell by cell.
const CELLS: f64 = 3e6;
/// Steps of the golden section search; each leaves 0.62 of the interval.
const SECTIONS: usize = 120;

/// A neuron worth adding.
#[derive(Clone, Debug, PartialEq)]
pub struct Improvement {
    /// Its price over β.
    pub price: f64,
    /// Whether every cell was priced, so that no neuron has a higher one.
    pub everywhere: bool,
    /// The sign of its output weight, and its hidden weights, of length 1.
    pub sign: f64,
    pub w: Vec<f64>,
    /// The size |a| h(w) that is best for it alone, and the objective then.
    pub size: f64,
    pub objective: f64,
}

/// The neuron of the highest price at the dual vector `dual` of `network`; `None` if none has a price above 0.
pub fn improvement(problem: &Problem, network: &Network, dual: &[f64], stop: &(dyn Fn() -> bool + Sync)) -> Option<Improvement> {
    let inputs = problem.inputs();
    let beta = problem.objective.strength;
    let mut found = search(problem, &inputs, network, dual, stop);
    let known = found.as_ref().map_or(0.0, |find| find.price);
    let whole = everywhere(problem, &inputs, dual, known, stop);
    let everywhere = whole.is_some();
    let find = whole.flatten().or(found.take())?;
    let (size, objective) = best_size(problem, &inputs, network, &find);
    Some(Improvement { price: find.price / beta, everywhere, sign: find.sign, w: find.w, size, objective })
}

fn search(problem: &Problem, inputs: &Matrix, network: &Network, dual: &[f64], stop: &(dyn Fn() -> bool + Sync)) -> Option<Find> {
    let mut starts: Vec<Vec<f64>> = network.hidden.each_row().map(<[f64]>::to_vec).collect();
    let mut random = Random::new(0);
    starts.extend((0..STARTS).map(|_| (0..inputs.columns).map(|_| random.normal()).collect()));
    ascend(inputs, problem.architecture.activation.slopes(), dual, &starts, stop).into_iter().next()
}

/// The best neuron of all cells if its price is above `known`; `None` where the cells cannot be listed in time.
fn everywhere(problem: &Problem, inputs: &Matrix, dual: &[f64], known: f64, stop: &(dyn Fn() -> bool + Sync)) -> Option<Option<Find>> {
    let lines = Lines::new(inputs);
    if lines.bound() > CELLS {
        return None;
    }
    let slopes = problem.architecture.activation.slopes();
    let priced = price_every_cell(&lines, inputs, slopes, dual, known, stop)?;
    Some(priced.finds.into_iter().next())
}

/// argmin and min over t >= 0 of the objective with the neuron at size t: convex, and t cannot exceed (L - inf L) / β.
fn best_size(problem: &Problem, inputs: &Matrix, network: &Network, find: &Find) -> (f64, f64) {
    let outputs = network.forward(&problem.architecture, &problem.dataset.train.inputs);
    let bent: Vec<f64> = inputs.times(&find.w).iter().map(|&z| find.sign * problem.architecture.activation.value(z)).collect();
    let score = problem.score(network);
    let (beta, loss) = (problem.objective.strength, &problem.objective.loss);
    let cost = beta * problem.objective.regularizer.hidden.gauge(&find.w);
    let value = |t: f64| {
        let moved: Vec<f64> = outputs.iter().zip(&bent).map(|(f, z)| f + t * z).collect();
        loss.value(&moved, problem.targets()) + beta * score.penalty + cost * t
    };
    let t = golden(&value, (score.loss - loss.least(problem.targets())) / cost);
    if value(t) < score.objective { (t, value(t)) } else { (0.0, score.objective) }
}

/// The minimum of a convex function on [0, end] by golden sections.
fn golden(value: &dyn Fn(f64) -> f64, end: f64) -> f64 {
    let part = 0.5 * (5f64.sqrt() - 1.0);
    let (mut low, mut high) = (0.0, end);
    for _ in 0..SECTIONS {
        let (left, right) = (high - part * (high - low), low + part * (high - low));
        if value(left) <= value(right) {
            high = right;
        } else {
            low = left;
        }
    }
    0.5 * (low + high)
}
