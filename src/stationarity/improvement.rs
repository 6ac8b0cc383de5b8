//! The neuron that a network lacks most: the direction w, |w| <= 1, with the largest price |v'φ(Xw)|, and what adding it brings.
//!
//! A new neuron t s φ(x·w) costs β t and changes the loss by -t · price to first order: above β it pays.

use super::gates::dearest;
use crate::arrangement::Lines;
use crate::pricing::{Find, ascend_all, ascend_shared, climb, price_every_cell, registered, values_of};
use crate::problem::{Directions, Features, Jumps, Network, Problem, Random};

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
    /// The output that it serves, or serves most, the sign of its weight there, and its hidden weights, of length 1.
    pub output: usize,
    pub sign: f64,
    /// Its output weights of length 1, where outputs share neurons.
    pub along: Option<Vec<f64>>,
    pub w: Vec<f64>,
    /// The gate that it stands behind, from 0.
    pub gate: Option<usize>,
    /// The size |a| h(w) that is best for it alone, and the objective then.
    pub size: f64,
    pub objective: f64,
}

/// The neuron of the highest price at the dual vector `dual` of `network`; `None` if none has a price above 0.
pub fn improvement(problem: &Problem, network: &Network, dual: &[f64], stop: &(dyn Fn() -> bool + Sync)) -> Option<Improvement> {
    let (features, mut directions) = (problem.features(), Directions::along_outputs(problem.outputs()));
    let told = |find: Find, directions: &Directions, gate, everywhere, outputs: &[f64]| {
        let serves: Vec<f64> = directions.of(find.output).iter().map(|a| find.sign * a).collect();
        let (size, objective) = best_size(problem, &features, network, (&find, &serves), outputs);
        let (w, _) = features.neuron(find.sign, &find.theta)?;
        let output = (0..serves.len()).max_by(|a, b| serves[*a].abs().total_cmp(&serves[*b].abs()))?;
        let (sign, along) = (serves[output].signum(), problem.shared().then_some(serves));
        Some(Improvement { price: find.price / features.price, everywhere, output, sign, along, w, gate, size, objective })
    };
    if let Some(gates) = &problem.architecture.gates {
        let (at, open, find) = dearest(problem, features.inputs(), gates, dual, &mut directions, stop)?;
        let passed = features.outputs(&find.theta).into_iter().zip(open).map(|(value, open)| if open { value } else { 0.0 });
        let passed: Vec<f64> = passed.collect();
        return told(find, &directions, Some(at), !stop(), &passed);
    }
    if let Some(find) = features.jumps().and_then(|jumps| beyond_jumps(problem, &features, jumps, network, dual, stop)) {
        let outputs = features.outputs(&find.theta);
        return told(find, &directions, None, false, &outputs);
    }
    if problem.shared() {
        let finds = ascend_shared(&features, dual, problem.outputs(), &starts(&features, network), stop);
        let find = registered(finds, &mut directions).into_iter().next()?;
        let outputs = features.outputs(&find.theta);
        return told(find, &directions, None, false, &outputs);
    }
    let mut found = search(problem, &features, network, dual, stop);
    let known = found.as_ref().map_or(0.0, |find| find.price);
    let whole = everywhere(problem, &features, dual, known, stop);
    let everywhere = whole.is_some();
    let find = whole.flatten().or(found.take())?;
    let outputs = features.outputs(&find.theta);
    told(find, &directions, None, everywhere, &outputs)
}

/// The best that searches along lines find where the activation is piecewise constant.
fn beyond_jumps(
    problem: &Problem,
    features: &Features,
    jumps: &Jumps,
    network: &Network,
    dual: &[f64],
    stop: &dyn Fn() -> bool,
) -> Option<Find> {
    let size = features.size() - 1;
    let mut random = Random::new(0);
    let mut starts: Vec<Vec<f64>> = network.hidden.each_row().map(|w| features.scaled(w)).collect();
    starts.extend((0..STARTS).map(|_| features.drawn(&mut random)));
    starts.push(vec![0.0; size]);
    let mut best: Option<Find> = None;
    for (output, sign) in (0..problem.outputs()).flat_map(|output| [(output, 1.0), (output, -1.0)]) {
        let c: Vec<f64> = problem.column(dual, output).iter().map(|v| -sign * v).collect();
        let values = values_of(features, jumps, &c);
        for (at, start) in starts.iter().enumerate().take_while(|_| !stop()) {
            let theta = features.headed(climb(features, jumps, &values, start, at as u64));
            let worth: f64 = features.outputs(&theta).iter().zip(&c).map(|(f, c)| f * c).sum();
            let price = worth / features.gauge(&theta);
            if price > best.as_ref().map_or(0.0, |find| find.price) {
                best = Some(Find { output, sign, theta, price });
            }
        }
    }
    best
}

fn search(problem: &Problem, features: &Features, network: &Network, dual: &[f64], stop: &(dyn Fn() -> bool + Sync)) -> Option<Find> {
    ascend_all(problem, features, dual, &starts(features, network), stop).into_iter().next()
}

/// The network's own directions, and Gaussian ones.
fn starts(features: &Features, network: &Network) -> Vec<Vec<f64>> {
    let mut starts: Vec<Vec<f64>> = network.hidden.each_row().map(|w| features.lifted(w)).collect();
    let mut random = Random::new(0);
    starts.extend((0..STARTS).map(|_| (0..features.size()).map(|_| random.normal()).collect()));
    starts
}

/// The best neuron of all cells if its price is above `known`; `None` where the cells cannot be listed in time.
fn everywhere(problem: &Problem, features: &Features, dual: &[f64], known: f64, stop: &(dyn Fn() -> bool + Sync)) -> Option<Option<Find>> {
    if features.rivals.any() {
        return None;
    }
    let lines = Lines::new(&features.lines);
    if lines.bound() > CELLS {
        return None;
    }
    let mut best: Option<Find> = None;
    for output in 0..problem.outputs() {
        let known = best.as_ref().map_or(known, |find| find.price);
        let priced = price_every_cell(&lines, features, &problem.column(dual, output), known, stop)?;
        best = priced.finds.into_iter().next().map(|find| Find { output, ..find }).or(best);
    }
    Some(best)
}

/// argmin and min over t >= 0 of the objective with the neuron at size t: convex, and t cannot exceed (L - inf L) / β.  `neuron` is F(θ).
fn best_size(problem: &Problem, features: &Features, network: &Network, (find, serves): (&Find, &[f64]), neuron: &[f64]) -> (f64, f64) {
    let outputs = network.forward(&problem.architecture, &problem.dataset.train.inputs);
    let score = problem.score(network);
    let (beta, loss) = (problem.objective.strength, &problem.objective.loss);
    let cost = features.price * features.gauge(&find.theta);
    let value = |t: f64| {
        let mut moved = outputs.clone();
        for (f, z) in moved.chunks_mut(problem.outputs()).zip(neuron) {
            f.iter_mut().zip(serves).for_each(|(f, a)| *f += t * a * z);
        }
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
