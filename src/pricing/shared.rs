//! The price of neurons that serve several outputs at once: max over ρ(θ) <= 1 of |V'F(θ)|₂, climbed over θ and the output weights by
//! turns (THEORY 8c).  For given θ the best output weights point along -V'F(θ); for given ones, a, the best θ is that of one output with
//! the dual vector V a.

use super::ascent::{Transposed, climb};
use super::{Find, Price};
use crate::problem::{Directions, Features};
use rayon::prelude::*;

/// How often θ and the output weights take turns, and a relative rise below which they have settled.
const TURNS: usize = 25;
const SETTLED: f64 = 1e-9;
/// Neurons whose squares of distances add up to less are one.
const TWINS: f64 = 1e-8;

/// A neuron of ρ(θ) = 1, its output weights of length 1, and its price.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedFind {
    pub serves: Vec<f64>,
    pub theta: Vec<f64>,
    pub price: f64,
}

/// -V'F(θ)/ρ(θ): what every output would gain by a neuron there.
pub fn pull(features: &Features, dual: &[f64], outputs: usize, theta: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; outputs];
    for (f, row) in features.outputs(theta).iter().zip(dual.chunks(outputs)) {
        sums.iter_mut().zip(row).for_each(|(sum, v)| *sum -= v * f);
    }
    let size = features.gauge(theta);
    sums.iter().map(|sum| sum / size).collect()
}

/// Climbs from every start and returns what was found, best first, twins once.
pub fn ascend_shared(
    features: &Features,
    dual: &[f64],
    outputs: usize,
    starts: &[Vec<f64>],
    stop: &(dyn Fn() -> bool + Sync),
) -> Vec<SharedFind> {
    let data = Transposed::new(&features.lines, features.gauge);
    let up = |start: &Vec<f64>| by_turns(features, &data, dual, outputs, start, stop);
    let mut finds: Vec<SharedFind> = starts.par_iter().filter_map(up).collect();
    // The sort is stable: of equal prices the first start's comes first.
    finds.sort_by(|a, b| b.price.total_cmp(&a.price));
    let mut kept: Vec<SharedFind> = Vec::new();
    for find in finds {
        let twin = |other: &SharedFind| apart(&other.theta, &find.theta) + apart(&other.serves, &find.serves) < TWINS;
        if !kept.iter().any(twin) {
            kept.push(find);
        }
    }
    kept
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn by_turns(
    features: &Features,
    data: &Transposed,
    dual: &[f64],
    outputs: usize,
    start: &[f64],
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<SharedFind> {
    let (mut theta, mut best) = (start.to_vec(), None::<SharedFind>);
    for _ in 0..TURNS {
        let pull = pull(features, dual, outputs, &theta);
        let price = pull.iter().map(|y| y * y).sum::<f64>().sqrt();
        if !(price > best.as_ref().map_or(0.0, |best| best.price * (1.0 + SETTLED)) && price.is_finite()) {
            break;
        }
        let serves: Vec<f64> = pull.iter().map(|y| y / price).collect();
        best = Some(SharedFind { serves: serves.clone(), theta: features.allowed(&theta), price });
        match highest(features, data, dual, &serves, &[&theta], stop) {
            Some((next, _)) => theta = next,
            None => break,
        }
    }
    best
}

/// The best θ for output weights along `serves`, of length 1 or not, and its -serves'V'F(θ)/ρ(θ): climbed, and no bound on others.
pub fn highest_along(features: &Features, dual: &[f64], serves: &[f64], starts: &[&Vec<f64>]) -> Option<(Vec<f64>, f64)> {
    highest(features, &Transposed::new(&features.lines, features.gauge), dual, serves, starts, &|| false)
}

fn highest(
    features: &Features,
    data: &Transposed,
    dual: &[f64],
    serves: &[f64],
    starts: &[&Vec<f64>],
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<(Vec<f64>, f64)> {
    let mut directions = Directions::along_outputs(serves.len());
    let along = directions.add(serves.to_vec());
    let price = Price::new(features, &directions.column(dual, along), 1.0);
    let climbed = starts.par_iter().filter_map(|start| climb(&price, data, start, stop));
    climbed.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// The finds as those of directions, which are added.
pub fn registered(finds: Vec<SharedFind>, directions: &mut Directions) -> Vec<Find> {
    let find = |SharedFind { serves, theta, price }| Find { output: directions.add(serves), sign: 1.0, theta, price };
    finds.into_iter().map(find).collect()
}
