//! Proofs where outputs share neurons: a cover of all output weights, and a tree for each of its directions (THEORY 8c).

use super::cover::{Cover, REACH_BITS};
use super::outcome::Event;
use super::prove::{Draft, ROOMS, Trees};
use super::search::Search;
use crate::certificate::{Claim, DUAL_BITS, Dual, Proof, Ray, rays};
use crate::pricing::{Find, highest_along, pull};
use crate::problem::Random;
use std::collections::BTreeMap;

/// The part of the gap that the dual vector gives away, and that of it which prices are left in a proof.
const GIVEN_AWAY: f64 = 0.4;
const ROOM: f64 = 0.15;
/// The most outputs whose cones are looked at one by one, and the most directions of a cover.
const OUTPUTS: usize = 6;
const DIRECTIONS: usize = 3000;
/// Gaussian starts along every half axis, and how many neurons that pull most a climb along another direction starts from.
const STARTS: usize = 20;
const NEAREST: usize = 4;
/// Most trees are small: the largest may take this part of the time that is left.
const PATIENCE: usize = 10;
/// How often a cover is made anew when a proof finds a price higher than was known.
const COVERS: usize = 30;

/// Neurons that were looked at, with what every output would gain by them.
struct Seen {
    thetas: Vec<Vec<f64>>,
    pulls: Vec<Vec<f64>>,
}

impl Seen {
    /// The highest known price along a direction.
    fn height(&self, direction: &[f64]) -> f64 {
        self.pulls.iter().map(|pull| dot(pull, direction)).fold(0.0, f64::max)
    }

    /// The neurons that pull most there.
    fn nearest(&self, direction: &[f64]) -> Vec<&Vec<f64>> {
        let mut order: Vec<usize> = (0..self.pulls.len()).collect();
        order.sort_by(|a, b| dot(&self.pulls[*b], direction).total_cmp(&dot(&self.pulls[*a], direction)));
        order.into_iter().take(NEAREST).map(|at| &self.thetas[at]).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn floats(direction: &[i64]) -> Vec<f64> {
    direction.iter().map(|x| *x as f64).collect()
}

/// What is known of a vector under proof.
struct Attempt {
    exact: Dual,
    /// The same in doubles (n x C).
    v: Vec<f64>,
    seen: Seen,
    /// Trees by direction.
    trees: BTreeMap<Vec<i64>, Made>,
}

/// A tree, the limit that it was made for, what it proves relative to that, and whether time ended it.
struct Made {
    limit: i128,
    worst: f64,
    late: bool,
    proof: Proof,
}

impl Search<'_, '_> {
    /// Proves `scale` times `dual`, as far as it goes, or finds neurons that beat β for it.
    pub fn prove_along(&mut self, dual: &[f64], scale: f64, most_nodes: usize) -> Vec<Find> {
        if self.problem.outputs() > OUTPUTS {
            return Vec::new();
        }
        (self.control.progress)(Event::Stage("proving"));
        let mut attempt = self.attempt(dual, scale);
        let room = ROOM * self.plan().gap.min(1e-3) * self.features.price;
        let most = if most_nodes == 1 { 0 } else { DIRECTIONS };
        let (features, stop) = (self.features.clone(), self.stop.clone());
        let height = |direction: &[i64], attempt: &mut Attempt| climbed(&features, attempt, &floats(direction));
        let mut cover = Cover::new(self.problem.outputs(), room, &mut |direction| height(direction, &mut attempt));
        for _ in 0..COVERS {
            cover.refine(self.features.price, most, &mut |direction| height(direction, &mut attempt), &|| stop.now());
            // Climbs along directions see more than those of the search.
            let found = if most_nodes > 1 { self.beaten(&attempt, 0) } else { Vec::new() };
            if !found.is_empty() {
                return found;
            }
            let price = cover.price().max(self.features.price);
            if !price.is_finite() {
                return Vec::new();
            }
            let text = cover.text(price);
            let scale = scale * self.features.price / price;
            let Ok(rays) = rays(&text, self.problem.outputs()) else { return Vec::new() };
            let before = attempt.seen.pulls.len();
            if self.try_rays(&rays, &mut attempt, scale, most_nodes).is_none() {
                return Vec::new();
            }
            if attempt.seen.pulls.len() == before {
                self.keep_along(&rays, &attempt, text, scale);
                return Vec::new();
            }
            let found = self.beaten(&attempt, before);
            if !found.is_empty() {
                return found;
            }
            cover.raise(&|direction| attempt.seen.height(&floats(direction)));
        }
        Vec::new()
    }

    /// How much longer a dual vector is than what is proved of it.
    pub fn lengthening(&self) -> f64 {
        1.0 / (1.0 - GIVEN_AWAY * self.plan().gap.min(1e-3))
    }

    /// The vector in integers of so few bits that its sums along directions are exact, and neurons that may matter for it.
    fn attempt(&mut self, dual: &[f64], scale: f64) -> Attempt {
        let (problem, outputs) = (self.problem, self.problem.outputs());
        let per_row = problem.objective.loss.scale(dual.len());
        let shrunk: Vec<f64> = dual.iter().map(|v| v / per_row / self.lengthening()).collect();
        let mut exact = Dual::truncated_to(DUAL_BITS + 2 - REACH_BITS, &shrunk);
        problem.objective.loss.balance(&mut exact.mantissas, problem.targets());
        let v: Vec<f64> = exact.doubles().iter().map(|u| u * per_row * scale).collect();
        let mut starts = self.heights.clone();
        starts.extend(self.best.0.hidden.each_row().map(|w| self.features.lifted(w)));
        let mut random = Random::new(1);
        starts.extend((0..STARTS).map(|_| (0..self.features.size()).map(|_| random.normal()).collect()));
        let mut finds = self.ascend_shared(&v, &starts);
        for (c, side) in (0..outputs).flat_map(|c| [(c, 1.0), (c, -1.0)]) {
            let along = crate::lowering::for_output(c, outputs, side);
            let climbed = highest_along(&self.features, &v, &along, &starts.iter().collect::<Vec<_>>());
            finds.extend(climbed.map(|(theta, price)| Find { output: c, sign: side, theta, price }));
        }
        let thetas: Vec<Vec<f64>> = finds.into_iter().map(|find| find.theta).collect();
        let pulls = thetas.iter().map(|theta| pull(&self.features, &v, outputs, theta)).collect();
        Attempt { exact, v, seen: Seen { thetas, pulls }, trees: BTreeMap::new() }
    }

    /// A tree for every direction, until one finds a price beyond its limit: that neuron is then the last one seen.
    fn try_rays(&mut self, rays: &[Ray], attempt: &mut Attempt, scale: f64, most_nodes: usize) -> Option<()> {
        let (whole, basis) = (self.stop.clone(), self.basis.clone());
        let rank = basis.as_ref().map_or(self.features.inputs().columns, Vec::len);
        for (at, ray) in rays.iter().enumerate() {
            let claim = Claim::along(self.problem, &attempt.exact, ray, scale, basis.as_deref()).ok()?;
            // A tree for a lower limit does as well.
            if attempt.trees.get(&ray.direction).is_some_and(|made| made.limit <= claim.limit && made.worst <= 1.0) {
                continue;
            }
            self.stop = whole.share((rays.len() - at).min(PATIENCE) as u32);
            self.trees = Trees { at: at + 1, of: rays.len(), worst: attempt.trees.values().map(|made| made.worst).fold(0.0, f64::max) };
            let tried = self.try_claim(&claim, rank, most_nodes);
            self.stop = whole.clone();
            let points: Vec<Vec<f64>> = tried.violations.iter().map(|point| self.theta_of(point, basis.as_deref())).collect();
            for theta in &points {
                attempt.seen.pulls.push(pull(&self.features, &attempt.v, self.problem.outputs(), theta));
            }
            let violated = !points.is_empty();
            attempt.seen.thetas.extend(points);
            if violated {
                break;
            }
            let late = tried.late && !tried.decided();
            let made = Made { limit: claim.limit, worst: tried.worst, late, proof: tried.proof(&claim) };
            attempt.trees.insert(ray.direction.clone(), made);
        }
        Some(())
    }

    /// Keeps what trees prove; where one is unfinished that is a shorter vector's bound.
    fn keep_along(&mut self, rays: &[Ray], attempt: &Attempt, text: String, scale: f64) {
        let Some(made) = rays.iter().map(|ray| attempt.trees.get(&ray.direction)).collect::<Option<Vec<_>>>() else { return };
        let worst = made.iter().map(|made| made.worst).fold(1.0, f64::max);
        self.late = made.iter().any(|made| made.late);
        if !worst.is_finite() {
            return;
        }
        let (dual, basis, proofs) = (attempt.exact.clone(), self.basis.clone(), made.iter().map(|made| made.proof.clone()).collect());
        let draft = Draft { dual, scale, basis, pivots: Vec::new(), cover: Some(text), proofs };
        if worst <= 1.0 {
            self.keep_proof(draft);
            return;
        }
        let _ = ROOMS.into_iter().any(|room| self.keep_proof(Draft { scale: scale / (worst * (1.0 + room)), ..draft.clone() }));
    }

    /// Of the neurons seen last those that are worth more than β for the vector itself, climbed to their tops.
    fn beaten(&mut self, attempt: &Attempt, before: usize) -> Vec<Find> {
        let dear = |pull: &Vec<f64>| dot(pull, pull).sqrt() > self.features.price;
        let new = attempt.seen.thetas.iter().zip(&attempt.seen.pulls).skip(before);
        let starts: Vec<Vec<f64>> = new.filter(|(_, pull)| dear(pull)).map(|(theta, _)| theta.clone()).collect();
        let mut finds = self.ascend_shared(&attempt.v, &starts);
        finds.retain(|find| find.price > self.features.price);
        finds
    }
}

/// The price along a direction: the best of a few climbs, whose ends are remembered.
fn climbed(features: &crate::problem::Features, attempt: &mut Attempt, direction: &[f64]) -> f64 {
    let found = highest_along(features, &attempt.v, direction, &attempt.seen.nearest(direction));
    if let Some((theta, _)) = found {
        attempt.seen.pulls.push(pull(features, &attempt.v, direction.len(), &theta));
        attempt.seen.thetas.push(theta);
    }
    attempt.seen.height(direction)
}
