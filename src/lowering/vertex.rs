//! From any optimal network to a vertex of the optimal set: Σ α_j z_j = f with independent z_j, at no higher price.
//!
//! With z_j = s_j F(θ_j) and cost ρ(θ_j), a dependence Σ c_j z_j = 0 lets α move along ±c without changing f until some
//! α_j is 0; one of the two directions does not raise the cost (Carathéodory; THEORY 15).  At most rank(z) <= n remain.

use super::{Neuron, Turned, assemble, for_output, turned};
use crate::arrangement::Pattern;
use crate::problem::{Features, Jumps, Network, Part};
use std::collections::BTreeMap;

/// A neuron θ with its output weights of length 1, its features z on the training rows (n x C) and its cost.
struct Atom {
    serves: Vec<f64>,
    theta: Vec<f64>,
    gate: Option<Vec<f64>>,
    z: Vec<f64>,
    cost: f64,
    alpha: f64,
}

impl Atom {
    /// A neuron θ that serves one of so many outputs, with a positive weight or a negative one.
    fn new(features: &Features, outputs: usize, (output, positive): (usize, bool), theta: Vec<f64>) -> Atom {
        let serves = for_output(output, outputs, if positive { 1.0 } else { -1.0 });
        let z = spread(features.outputs(&theta).into_iter(), &serves);
        let cost = features.gauge(&theta);
        Atom { serves, theta, gate: None, z, cost, alpha: 1.0 }
    }

    /// A neuron that serves all outputs, behind a gate if it has one.
    fn shared(features: &Features, Turned { serves, theta, gate, open }: Turned) -> Atom {
        let passes = |i: usize| open.as_ref().is_none_or(|open| open[i]);
        let values = features.outputs(&theta).into_iter().enumerate().map(|(i, value)| if passes(i) { value } else { 0.0 });
        let (z, cost) = (spread(values, &serves), features.gauge(&theta));
        Atom { serves, theta, gate, z, cost, alpha: 1.0 }
    }
}

/// Merges neurons of one cell and sign and removes dependent ones.
///
/// `tolerance` is the part of an atom, relative to its length, that may be lost when it counts as dependent; and where outputs are
/// `shared` the part by which neurons of one cell may differ in their output weights and be one.
pub fn prune(features: &Features, network: &Network, shared: bool, tolerance: f64) -> Network {
    let mut atoms = match shared {
        true => turned(features, network, tolerance).into_iter().map(|neuron| Atom::shared(features, neuron)).collect(),
        false => merged(features, network),
    };
    atoms.retain(|atom| length(&atom.z) > 0.0);
    atoms.sort_by(|a, b| b.cost.total_cmp(&a.cost));
    let mut basis = Basis::default();
    for atom in atoms {
        basis.admit(atom, tolerance);
    }
    let scaled = |atom: Atom| {
        let theta = features.times(&atom.theta, atom.alpha);
        Neuron { serves: atom.serves, theta, gate: atom.gate }
    };
    assemble(features, network.output.columns, basis.atoms.into_iter().map(scaled), network.skip.clone())
}

/// One atom per cell, output and sign: θ adds up where the activation is linear, and ρ only gains by it.
fn merged(features: &Features, network: &Network) -> Vec<Atom> {
    if let Some(open) = network.open(features.inputs()) {
        return behind_gates(features, network, &open);
    }
    if let Some(jumps) = features.jumps() {
        return of_columns(features, network, jumps);
    }
    let mut sums: BTreeMap<(usize, bool, Pattern), Vec<f64>> = BTreeMap::new();
    for Part { w, output, a, .. } in network.parts() {
        let lifted = features.lifted(w);
        let key = (output, a > 0.0, Pattern::at(features, &lifted));
        let sum = sums.entry(key).or_insert_with(|| vec![0.0; lifted.len()]);
        sum.iter_mut().zip(lifted).for_each(|(sum, x)| *sum += a.abs() * x);
    }
    let outputs = network.output.columns;
    let atom = |((output, positive, _), theta): (_, Vec<f64>)| Atom::new(features, outputs, (output, positive), theta);
    sums.into_iter().map(atom).collect()
}

/// One atom for all neurons with one column, at the weights of the first: what they are within its cell makes no difference.
fn of_columns(features: &Features, network: &Network, jumps: &Jumps) -> Vec<Atom> {
    let mut sums = BTreeMap::new();
    for Part { w, output, a, .. } in network.parts() {
        let key = (output, a > 0.0, jumps.column(&jumps.signs(w)));
        let (_, sum) = sums.entry(key).or_insert_with(|| (w.to_vec(), 0.0_f64));
        *sum += a.abs();
    }
    let atom = |((output, positive, _), (w, a)): (_, (Vec<f64>, f64))| {
        Atom::new(features, network.output.columns, (output, positive), features.theta(&w, a))
    };
    sums.into_iter().map(atom).collect()
}

/// An output and the rows that a gate lets through.
type Passed<'a> = (usize, &'a [bool]);
/// The first neuron there, and Σ a w.
type Sum = (usize, Vec<f64>);

/// One atom for all neurons of an output whose gates let the same rows through, behind the first of these gates: there θ adds up, sign and all.
fn behind_gates(features: &Features, network: &Network, open: &[Vec<bool>]) -> Vec<Atom> {
    let mut sums: BTreeMap<Passed, Sum> = BTreeMap::new();
    for Part { neuron: j, w, output, a } in network.parts() {
        let (_, sum) = sums.entry((output, &open[j])).or_insert_with(|| (j, vec![0.0; w.len()]));
        sum.iter_mut().zip(w).for_each(|(sum, w)| *sum += a * w);
    }
    let atom = |((output, open), (j, theta)): (Passed, Sum)| {
        let passed = features.outputs(&theta).into_iter().zip(open).map(|(value, open)| if *open { value } else { 0.0 });
        let serves = for_output(output, network.output.columns, 1.0);
        let z = spread(passed, &serves);
        let cost = features.gauge(&theta);
        let gate = network.gates.as_ref().map(|gates| gates.row(j).to_vec());
        Atom { serves, theta, gate, z, cost, alpha: 1.0 }
    };
    sums.into_iter().map(atom).collect()
}

/// The values times a neuron's output weights (n x C, row after row).
fn spread(values: impl Iterator<Item = f64>, serves: &[f64]) -> Vec<f64> {
    values.flat_map(|value| serves.iter().map(move |a| a * value)).collect()
}

/// Independent atoms with the factors z = Q R, columns of Q orthonormal.
#[derive(Default)]
struct Basis {
    atoms: Vec<Atom>,
    q: Vec<Vec<f64>>,
    /// Column j has j + 1 entries.
    r: Vec<Vec<f64>>,
}

impl Basis {
    /// Takes the atom in, or shifts its weight onto the others until one of all is gone.
    fn admit(&mut self, mut atom: Atom, tolerance: f64) {
        loop {
            let (coefficients, rest) = self.project(&atom.z);
            let remaining = length(&rest);
            if remaining > tolerance * length(&atom.z) {
                return self.push(atom, coefficients, rest, remaining);
            }
            let c = self.solve(&coefficients);
            let slope: f64 = c.iter().zip(&self.atoms).map(|(c, a)| c * a.cost).sum::<f64>() - atom.cost;
            // The weight of `atom` falls by t and the others gain t c, or the other way round, whichever is not dearer.
            let direction = if slope <= 0.0 { 1.0 } else { -1.0 };
            let (t, leaving) = self.step(&c, direction, &atom);
            atom.alpha -= direction * t;
            self.atoms.iter_mut().zip(&c).for_each(|(a, c)| a.alpha += direction * t * c);
            match leaving {
                None => return,
                Some(j) => self.remove(j),
            }
        }
    }

    /// How far the move goes, and which atom of the basis it ends on (`None`: the newcomer itself).
    fn step(&self, c: &[f64], direction: f64, newcomer: &Atom) -> (f64, Option<usize>) {
        let start = if direction > 0.0 { (newcomer.alpha, None) } else { (f64::INFINITY, None) };
        let candidates = c.iter().zip(&self.atoms).enumerate().filter(|(_, (c, _))| direction * **c < 0.0);
        candidates.map(|(j, (c, a))| (a.alpha / c.abs(), Some(j))).fold(start, |best, next| if next.0 < best.0 { next } else { best })
    }

    /// Q'z and what Q does not reach, with one pass of reorthogonalisation.
    fn project(&self, z: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut rest = z.to_vec();
        let mut coefficients = vec![0.0; self.q.len()];
        for _ in 0..2 {
            for (q, sum) in self.q.iter().zip(&mut coefficients) {
                let along: f64 = q.iter().zip(&rest).map(|(q, z)| q * z).sum();
                rest.iter_mut().zip(q).for_each(|(z, q)| *z -= along * q);
                *sum += along;
            }
        }
        (coefficients, rest)
    }

    fn push(&mut self, atom: Atom, mut coefficients: Vec<f64>, rest: Vec<f64>, remaining: f64) {
        coefficients.push(remaining);
        self.q.push(rest.iter().map(|z| z / remaining).collect());
        self.r.push(coefficients);
        self.atoms.push(atom);
    }

    /// R c = b by back substitution.
    fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut c = b.to_vec();
        for j in (0..c.len()).rev() {
            c[j] /= self.r[j][j];
            let value = c[j];
            c[..j].iter_mut().zip(&self.r[j]).for_each(|(c, r)| *c -= value * r);
        }
        c
    }

    /// Drops atom j and orthogonalises those behind it anew.
    fn remove(&mut self, j: usize) {
        let behind: Vec<Atom> = self.atoms.drain(j..).skip(1).collect();
        self.q.truncate(j);
        self.r.truncate(j);
        for atom in behind {
            let (coefficients, rest) = self.project(&atom.z);
            let remaining = length(&rest);
            if remaining > 0.0 {
                self.push(atom, coefficients, rest, remaining);
            }
        }
    }
}

fn length(z: &[f64]) -> f64 {
    z.iter().map(|z| z * z).sum::<f64>().sqrt()
}
