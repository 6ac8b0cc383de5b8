//! Neurons that serve several outputs at once: those of one cell whose output weights nearly point the same way are one.
//!
//! In a cell Σ_j F(θ_j) a_j' is linear in Z = Σ_j θ_j a_j' (q x C).  Its best approximation of rank one, θ a' with a the first right
//! singular vector and θ = Z a, is a neuron of the same cell: θ = Σ_j (a_j'a) θ_j, a positive combination.  Behind a gate every singular
//! pair is a neuron, nothing is lost, and Σ |θ_k| is the nuclear norm of Z, the least that it can cost (THEORY 8b).

use super::neurons::{Neuron, assemble, length, unit};
use crate::arrangement::Pattern;
use crate::problem::{Features, Network};
use nalgebra::DMatrix;
use std::collections::BTreeMap;

/// Singular values below this part of the largest are rounding.
const ROUNDING: f64 = 1e-12;

/// A neuron θ with output weights of length 1, and if it stands behind a gate that and the rows that pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Turned {
    pub serves: Vec<f64>,
    pub theta: Vec<f64>,
    pub gate: Option<Vec<f64>>,
    pub open: Option<Vec<bool>>,
}

/// The neurons of `network`, merged where they share a cell and the cosine between their output weights is above 1 - `apart`; all that
/// share a gate, or have no activation, are merged into their singular pairs.
pub fn turned(features: &Features, network: &Network, apart: f64) -> Vec<Turned> {
    let (open, whole) = (network.open(features.inputs()), features.gated || features.linear());
    let mut clusters: BTreeMap<Pattern, Vec<Vec<Turned>>> = BTreeMap::new();
    for (j, neuron) in sorted(features, network) {
        let open = open.as_ref().map(|open| open[j].clone());
        let gate = network.gates.as_ref().map(|gates| gates.row(j).to_vec());
        let key = match &open {
            Some(open) => Pattern::from_bits(open),
            None if whole => Pattern::from_bits(&[]),
            None => Pattern::at(features, &neuron.theta),
        };
        let near = |others: &&mut Vec<Turned>| whole || dot(&others[0].serves, &neuron.serves) > 1.0 - apart;
        let there = clusters.entry(key).or_default();
        let neuron = Turned { gate, open: open.clone(), ..neuron.clone() };
        match there.iter_mut().find(near) {
            Some(cluster) => cluster.push(neuron),
            None => there.push(vec![neuron]),
        }
    }
    clusters.into_values().flatten().flat_map(|cluster| pairs(&cluster, whole)).collect()
}

/// The network of the merged neurons.
pub fn remade(features: &Features, network: &Network, apart: f64) -> Network {
    let neurons = turned(features, network, apart).into_iter();
    let neurons = neurons.map(|Turned { serves, theta, gate, .. }| Neuron { serves, theta, gate });
    assemble(features, network.output.columns, neurons, network.skip.clone())
}

/// The neurons, the largest first, with their places in the network.
fn sorted(features: &Features, network: &Network) -> Vec<(usize, Turned)> {
    let rows = network.hidden.each_row().zip(network.output.each_row()).enumerate();
    let mut all: Vec<(usize, Turned)> = rows
        .filter(|(_, (_, a))| length(a) > 0.0)
        .map(|(j, (w, a))| (j, Turned { serves: unit(a), theta: features.theta(w, length(a)), gate: None, open: None }))
        .collect();
    all.sort_by(|a, b| features.gauge(&b.1.theta).total_cmp(&features.gauge(&a.1.theta)));
    all
}

/// One neuron in place of a cluster, or as many as Z has singular values.
fn pairs(cluster: &[Turned], all: bool) -> Vec<Turned> {
    let [first, _, ..] = cluster else { return cluster.to_vec() };
    let mut z = DMatrix::<f64>::zeros(first.theta.len(), first.serves.len());
    for Turned { serves, theta, .. } in cluster {
        for (c, a) in serves.iter().enumerate() {
            theta.iter().enumerate().for_each(|(j, x)| z[(j, c)] += x * a);
        }
    }
    let svd = z.clone().svd(false, true);
    let (Some(rows), largest) = (svd.v_t, svd.singular_values.max()) else { return cluster.to_vec() };
    let mut order: Vec<usize> = (0..svd.singular_values.len()).filter(|&k| svd.singular_values[k] > ROUNDING * largest).collect();
    order.sort_by(|&a, &b| svd.singular_values[b].total_cmp(&svd.singular_values[a]));
    order.truncate(if all { order.len() } else { 1 });
    let pair = |k: usize| {
        let row: Vec<f64> = rows.row(k).iter().copied().collect();
        let side = if dot(&row, &first.serves) < 0.0 { -1.0 } else { 1.0 };
        let serves: Vec<f64> = row.iter().map(|a| side * a).collect();
        let theta = z.row_iter().map(|row| row.iter().zip(&serves).map(|(z, a)| z * a).sum()).collect();
        Turned { serves, theta, ..first.clone() }
    };
    order.into_iter().map(pair).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
