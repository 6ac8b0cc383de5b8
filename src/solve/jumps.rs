//! Piecewise-constant activations (THEORY 4): a neuron is a column and a price, so the program is a lasso over columns.
//!
//! Columns are listed, or added by price: a quick search along lines finds most of them, and the proof finds the rest.

use super::outcome::{Event, Failure, Stopped};
use super::prove::{Draft, NODES, ROOMS, SIGNS, Trees};
use super::search::{Master, Search};
use super::unfinished::Turns;
use crate::arrangement::{Space, Stop, list_columns};
use crate::certificate::JumpClaim;
use crate::lowering::{Group, Shape};
use crate::pricing::{Find, JumpTree, climb, prove_jumps, values_of};
use crate::problem::{Arrangements, Jumps, Matrix, Random};
use std::collections::BTreeSet;
use std::time::Duration;

/// Random starts of a search for columns, and the most columns that one round adds.
const STARTS: usize = 12;
const ADDED: usize = 20;

/// A column of an output, with a positive weight or a negative one.
type Key = (usize, bool, Vec<u16>);

impl Search<'_, '_> {
    /// The optimum over all columns, or over those of a sample.
    pub fn stepped(&mut self) -> Result<Stopped, Failure> {
        let Some(jumps) = self.features.jumps().cloned() else { return Ok(self.ended()) };
        match &self.problem.plan.arrangements {
            // Jumps have no steepest slope: what data nearby say is nothing to the data themselves.
            Arrangements::Generate | Arrangements::LowRank { .. } => Ok(self.generate_columns(&jumps)),
            arrangements => match self.columns_of(arrangements, &jumps)? {
                Some(groups) => Ok(self.settle(groups)),
                None => Ok(self.why_stopped().unwrap_or(Stopped::Time)),
            },
        }
    }

    /// The columns of a plan that names them; `None` where they are found by price, or if listing them was cut short.
    pub fn columns_of(&mut self, arrangements: &Arrangements, jumps: &Jumps) -> Result<Option<Vec<Group>>, Failure> {
        match arrangements {
            Arrangements::All => self.list_all(jumps),
            Arrangements::Generate | Arrangements::LowRank { .. } => Ok(None),
            Arrangements::Sample { count, seed } => {
                let mut random = Random::new(*seed);
                let vectors: Vec<Vec<f64>> = (0..*count).map(|_| self.features.drawn(&mut random)).collect();
                Ok(Some(self.given_columns(jumps, &Matrix::from_rows(&vectors))))
            }
            Arrangements::Cells { vectors, .. } => {
                let scaled: Vec<Vec<f64>> = vectors.each_row().map(|w| self.features.scaled(w)).collect();
                Ok(Some(self.given_columns(jumps, &Matrix::from_rows(&scaled))))
            }
        }
    }

    /// Every column in one program.
    fn list_all(&mut self, jumps: &Jumps) -> Result<Option<Vec<Group>>, Failure> {
        let (limit, stop) = (self.plan().max_patterns, self.stop.clone());
        let space = Space::new(jumps, self.features.size() - 1);
        let (columns, count) = match list_columns(&space, limit, &|| stop.now()) {
            Ok(listed) => listed,
            Err(Stop::Interrupted) => return Ok(None),
            Err(Stop::TooMany) => {
                let (bound, rows, rank) = (self.cells_at_most(), self.lines.rows(), self.lines.rank());
                return Err(Failure::TooManyCells { bound, limit, rows, rank });
            }
        };
        self.patterns(count);
        Ok(Some(columns.iter().flat_map(|column| self.rays_along(&column.weights)).collect()))
    }

    /// The columns of given weights.
    fn given_columns(&mut self, jumps: &Jumps, vectors: &Matrix) -> Vec<Group> {
        let mut known = BTreeSet::new();
        let weights: Vec<&[f64]> = vectors.each_row().filter(|w| known.insert(jumps.column(&jumps.signs(w)))).collect();
        let groups = weights.iter().flat_map(|w| self.rays_along(w)).collect();
        self.patterns(known.len());
        groups
    }

    /// Both signs of a column, for every output.
    fn rays_along(&self, w: &[f64]) -> Vec<Group> {
        let ray = |(output, sign): (usize, i8)| Group { output, sign: sign.into(), shape: Shape::Ray(self.features.headed(w.to_vec())) };
        self.kinds().into_iter().map(ray).collect()
    }

    /// Adds columns until none is worth adding.
    fn generate_columns(&mut self, jumps: &Jumps) -> Stopped {
        let mut groups = std::mem::take(&mut self.start);
        let mut known: BTreeSet<Key> = groups.iter().filter_map(|group| self.key(jumps, group)).collect();
        loop {
            let Some(master) = self.master(&mut groups, self.tolerance()) else { return self.ended() };
            self.rounds += 1;
            let before = groups.len();
            let quick = self.climbed(jumps, &master);
            self.add_columns(jumps, quick, &mut groups, &mut known);
            if groups.len() == before && !self.stop.now() {
                let found = master.dual.as_ref().map(|dual| self.prove(dual, NODES)).unwrap_or_default();
                self.add_columns(jumps, found, &mut groups, &mut known);
            }
            self.listed = known.iter().map(|(_, _, column)| column).collect::<BTreeSet<_>>().len();
            self.report(groups.len());
            if self.stop.now() || (groups.len() == before && !self.turn_to_second()) {
                return self.ended();
            }
        }
    }

    /// Every output with both signs.
    pub fn kinds(&self) -> Vec<(usize, i8)> {
        (0..self.problem.outputs()).flat_map(|output| SIGNS.map(|sign| (output, sign))).collect()
    }

    fn key(&self, jumps: &Jumps, group: &Group) -> Option<Key> {
        let Shape::Ray(theta) = &group.shape else { return None };
        let (_, w) = theta.split_last()?;
        Some((group.output, group.sign > 0.0, jumps.column(&jumps.signs(w))))
    }

    /// Adds the finds whose column is new.
    fn add_columns(&self, jumps: &Jumps, mut finds: Vec<Find>, groups: &mut Vec<Group>, known: &mut BTreeSet<Key>) {
        let limit = self.violation();
        finds.retain(|find| find.price > limit);
        finds.sort_by(|a, b| b.price.total_cmp(&a.price));
        let mut added = 0;
        for find in finds {
            let group = Group { output: find.output, sign: find.sign, shape: Shape::Ray(find.theta) };
            if added < ADDED && self.key(jumps, &group).is_some_and(|key| known.insert(key)) {
                groups.push(group);
                added += 1;
            }
        }
    }

    /// What searches along lines find for a dual vector, from the neurons at hand, from 0 and from random weights.
    pub fn climbed(&self, jumps: &Jumps, master: &Master) -> Vec<Find> {
        let Some(dual) = &master.dual else { return Vec::new() };
        let mut random = Random::new(self.rounds as u64);
        let mut starts: Vec<Vec<f64>> = master.network.hidden.each_row().map(|w| self.features.scaled(w)).collect();
        starts.push(vec![0.0; self.features.size() - 1]);
        starts.extend((0..STARTS).map(|_| self.features.drawn(&mut random)));
        let mut finds = Vec::new();
        for (output, sign) in self.kinds() {
            let c: Vec<f64> = self.problem.column(dual, output).iter().map(|v| -f64::from(sign) * v).collect();
            let values = values_of(&self.features, jumps, &c);
            for (at, start) in starts.iter().enumerate() {
                if self.stop.now() {
                    break;
                }
                let w = climb(&self.features, jumps, &values, start, (self.rounds * 1000 + at) as u64);
                finds.push(self.find((output, sign), &w, dual));
            }
        }
        finds
    }

    /// Weights as a find, with their price.
    fn find(&self, (output, sign): (usize, i8), w: &[f64], dual: &[f64]) -> Find {
        let (theta, sign) = (self.features.headed(w.to_vec()), f64::from(sign));
        let sum: f64 = self.features.outputs(&theta).iter().zip(self.problem.column(dual, output)).map(|(f, v)| -sign * v * f).sum();
        Find { output, sign, price: sum / self.features.gauge(&theta), theta }
    }

    /// Tries to prove that no column beats β for `dual`; those that do, best first, otherwise.
    pub fn prove_jumps(&mut self, jumps: &Jumps, dual: &[f64], most_nodes: usize) -> Vec<Find> {
        (self.control.progress)(Event::Stage("proving"));
        let problem = self.problem;
        let Some((exact, pivots, corrections)) = self.exact(dual) else { return Vec::new() };
        let kinds = self.kinds();
        let claim = |(output, sign): &(usize, i8)| {
            JumpClaim::new(problem, jumps, &exact.column(*output, problem.outputs()), &corrections[*output], 1.0, *sign)
        };
        let Ok(claims) = kinds.iter().map(claim).collect::<Result<Vec<_>, _>>() else { return Vec::new() };
        let space = Space::new(jumps, self.features.size() - 1);
        let mut turns = Turns::new(&self.stop, claims.len());
        let mut tried: Vec<(JumpTree, i128)> = Vec::new();
        let share = |(tree, limit): &(JumpTree, i128)| tree.worst as f64 / *limit as f64;
        for claim in &claims {
            self.stop = turns.next(Duration::from_secs(1));
            self.trees = Trees { at: tried.len() + 1, of: claims.len(), worst: tried.iter().map(share).fold(0.0, f64::max) };
            tried.push((self.try_jumps(&space, claim, most_nodes), claim.limit));
        }
        self.stop = turns.whole;
        let mut found: Vec<Find> = Vec::new();
        for (kind, (tree, _)) in kinds.iter().zip(&tried) {
            let columns = tree.violations.iter().filter_map(|signs| space.weights(&space.sides(signs)));
            found.extend(columns.map(|column| self.find(*kind, &column.weights, dual)));
        }
        found.retain(|find| find.price > self.features.price);
        found.sort_by(|a, b| b.price.total_cmp(&a.price));
        self.late = found.is_empty() && self.stop.late() && tried.iter().any(|(tree, limit)| tree.worst > *limit);
        if found.is_empty() || self.stop.now() {
            let worst = tried.iter().map(share).fold(1.0, f64::max);
            let draft = Draft {
                dual: exact,
                scale: 1.0,
                basis: None,
                pivots,
                cover: None,
                proofs: tried.iter().map(|(tree, _)| tree.proof()).collect(),
            };
            let scales = if worst <= 1.0 { vec![1.0] } else { ROOMS.iter().map(|room| 1.0 / (worst * (1.0 + room))).collect() };
            let _ = scales.into_iter().any(|scale| self.keep_proof(Draft { scale, ..draft.clone() }));
        }
        found
    }

    fn try_jumps(&mut self, space: &Space, claim: &JumpClaim, most_nodes: usize) -> JumpTree {
        let (stop, limit) = (self.stop.clone(), claim.limit as f64);
        prove_jumps(space, claim, most_nodes, &|| stop.now(), &mut |worst, nodes| self.show_proof(worst as f64 / limit, nodes))
    }

    /// How many columns there can be: at most one for every face of the lines and τ where τ is positive, and those in general
    /// position have the most, 2 C(m, r-j) Σ_{i<j} C(m-r+j-1, i) of dimension j.
    pub fn columns_at_most(&self) -> f64 {
        let (m, r) = (self.lines.count(), self.lines.rank());
        let choose = |n: usize, k: usize| (0..k).map(|i| (n as f64 - i as f64) / (i as f64 + 1.0)).product::<f64>();
        let faces = |j: usize| 2.0 * choose(m, r - j) * (0..j).map(|i| choose(m - r + j - 1, i)).sum::<f64>();
        0.5 * (1..=r).map(faces).sum::<f64>()
    }
}
