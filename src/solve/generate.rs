//! Column generation (GLOBAL section 2): solve over few neurons, price all the others, add what is worth adding, repeat.
//!
//! First *rays*: single directions, whose programs are tiny, bring the dual vector near its place.  Then *cells*: those of the
//! rays in use, one for all that nearly point the same way, where a neuron may turn freely, end at the optimum after finitely many rounds.

use super::outcome::Stopped;
use super::prove::NODES;
use super::search::{Master, Search};
use super::shared::APART;
use crate::arrangement::Pattern;
use crate::lowering::{Group, Shape, all_groups};
use crate::pricing::{Find, ascend_all, price_cells};
use crate::problem::Random;
use std::collections::BTreeSet;

/// Rounds over rays, and the violation relative to β at which they have done their work.
const RAY_ROUNDS: usize = 40;
const RAY_VIOLATION: f64 = 3e-4;
/// The cosine from which on two rays are as good as one.
const NEAR: f64 = 0.999;
/// Rounds over rays where the program over their cells would take longer than the time limit.
const PATIENT_ROUNDS: usize = 500;
/// Multiplications per second that an interior-point factorisation is good for, and how many of them a program needs.
const FACTOR_SPEED: f64 = 3e9;
const FACTORISATIONS: f64 = 30.0;
/// The tolerance of programs over rays: their answers are only starting points.
const RAY_TOLERANCE: f64 = 1e-6;
/// Rounds in which idle cells are dropped.
const DROPPING_ROUNDS: usize = 60;
/// How many of the highest points of a climb the next one starts from.
const HEIGHTS: usize = 100;
/// Maxima below this part of a neuron's price are left where the search begins near a problem that is solved.
const LOW: f64 = 0.5;
/// The most neurons that one round adds.
const ADDED: usize = 30;
/// Gaussian starts of an ordinary pricing round, and of the one that must find nothing before the search ends: at most, and with one column.
const STARTS: usize = 24;
const LAST_STARTS: usize = 200;
const LAST_OF_ONE: usize = 5;

impl Search<'_, '_> {
    /// Generates until no violated neuron is found, or time is over.
    pub fn generate(&mut self) -> Stopped {
        let Some(mut groups) = self.first_cells() else { return self.ended() };
        let mut idle = vec![0; groups.len()];
        loop {
            if let Some(why) = self.why_stopped() {
                return why;
            }
            let Some(master) = self.master(&mut groups, self.tolerance()) else { return self.ended() };
            self.rounds += 1;
            self.drop_idle(&mut groups, &mut idle, &master);
            let before = groups.len();
            let finds = self.violated(&master);
            if self.problem.shared() && !finds.is_empty() {
                self.turn(&mut groups, &master.network);
            }
            for find in finds {
                self.add_cell(&mut groups, &find);
            }
            idle.resize(groups.len(), 0);
            self.report(groups.len());
            if groups.len() == before && !self.turn_to_second() {
                return self.ended();
            }
        }
    }

    /// The cells that generation begins with: those of a network nearby, or of the rays that a quick search finds; `None` if it ends there.
    fn first_cells(&mut self) -> Option<Vec<Group>> {
        if self.near {
            let rays = std::mem::take(&mut self.start);
            return Some(if self.problem.shared() { rays } else { self.cells_of(&rays) });
        }
        let mut rays = self.rays();
        self.first_interval();
        if self.why_stopped().is_some() || !self.affordable(rays.len()) {
            return None;
        }
        let master = self.master(&mut rays, RAY_TOLERANCE)?;
        Some(match self.problem.shared() {
            true => self.turning(&master.network, APART),
            false => self.cells_of(&clusters(&rays, &master)),
        })
    }

    /// Generates among the given cells only, until none of them is worth adding.
    pub fn among(&mut self, cells: &[Pattern]) -> Stopped {
        if !self.features.euclidean() {
            let cells = cells.iter().map(|pattern| (pattern.clone(), Vec::new()));
            return self.settle(all_groups(self.problem, &self.features, cells));
        }
        let mut groups: Vec<Group> = Vec::new();
        loop {
            let Some(master) = self.master(&mut groups, self.tolerance()) else { return self.ended() };
            self.rounds += 1;
            let before = groups.len();
            if let Some(dual) = &master.dual {
                for output in 0..self.problem.outputs() {
                    let column = self.problem.column(dual, output);
                    let finds = price_cells(&self.features, &column, cells, self.violation(), &|| self.stop.now());
                    for (index, find) in finds.into_iter().take(ADDED) {
                        self.add_pattern(&mut groups, cells[index].clone(), &Find { output, ..find });
                    }
                }
            }
            self.report(groups.len());
            if self.stop.now() || (groups.len() == before && !self.turn_to_second()) {
                return self.ended();
            }
        }
    }

    /// A bound from the root of the proof alone: rough, but there within a second or so.
    fn first_interval(&mut self) {
        if let Some(dual) = self.dual.clone() {
            self.prove(&dual, 1);
            self.report(0);
        }
    }

    pub fn ended(&self) -> Stopped {
        self.why_stopped().unwrap_or(Stopped::Converged)
    }

    /// Directions found by price, each free in length only.
    fn rays(&mut self) -> Vec<Group> {
        let mut groups = std::mem::take(&mut self.start);
        let beta = self.features.price;
        for round in 0..PATIENT_ROUNDS {
            let Some(master) = self.master(&mut groups, RAY_TOLERANCE) else { break };
            self.rounds += 1;
            groups = in_use(groups, &master, 1e-7);
            let finds = self.ascend(&master, Vec::new(), STARTS, round as u64);
            let violation = finds.first().map_or(0.0, |find| find.price / beta - 1.0);
            let worth = finds.into_iter().filter(|find| find.price > beta * (1.0 + 0.1 * violation));
            let shape = if self.problem.shared() { Shape::Fan } else { Shape::Ray };
            groups.extend(worth.take(ADDED).map(|find| Group { output: find.output, sign: find.sign, shape: shape(find.theta) }));
            self.report(groups.len());
            let near = violation < RAY_VIOLATION || round + 1 >= RAY_ROUNDS;
            if violation < self.plan().gap || (near && self.affordable(groups.len())) || self.stop.now() {
                break;
            }
        }
        groups
    }

    /// Whether a program over so many cells can be expected to end within the time limit: not the time that is left, or the
    /// answer would depend on the clock.
    ///
    /// Its core is over rows or over the cells' columns, whichever are fewer.
    fn affordable(&self, cells: usize) -> bool {
        let (n, d) = (self.problem.targets().len() as f64, self.features.size() as f64);
        let width = d * cells as f64;
        let seconds = FACTORISATIONS * n * width * n.min(width) / FACTOR_SPEED;
        seconds < self.plan().time.as_secs_f64()
    }

    /// Neurons whose price is above β by more than the gap can bear; none only after a thorough search.
    fn violated(&mut self, master: &Master) -> Vec<Find> {
        let limit = self.violation();
        let over = |finds: Vec<Find>| -> Vec<Find> { finds.into_iter().filter(|find| find.price > limit).take(ADDED).collect() };
        let heights = std::mem::take(&mut self.heights);
        // Near a problem that is solved the maxima are known, and what they miss the proof finds.
        let starts = if self.near { 0 } else { STARTS };
        let quick = over(self.ascend(master, heights, starts, 1000 + self.rounds as u64));
        if !quick.is_empty() || self.stop.now() {
            return quick;
        }
        if self.near {
            let missed = over(self.proved(master));
            if !missed.is_empty() || self.proof_closes() || self.stop.now() {
                return missed;
            }
        }
        // In few dimensions the proof is quick, and the better search.
        let heights = std::mem::take(&mut self.heights);
        let slow = over(self.ascend(master, heights, self.last_starts(), 10_000 + self.rounds as u64));
        if !slow.is_empty() || self.near || self.stop.now() {
            return slow;
        }
        over(self.proved(master))
    }

    /// Gaussian starts of a search that is to miss nothing.
    pub fn last_starts(&self) -> usize {
        LAST_STARTS.min(LAST_OF_ONE << self.features.size().saturating_sub(1).min(8))
    }

    /// The price from which on a neuron is worth adding.
    pub fn violation(&self) -> f64 {
        self.features.price * (1.0 + 0.1 * self.plan().gap)
    }

    /// Proves all of weight space, or finds a neuron that was missed.
    fn proved(&mut self, master: &Master) -> Vec<Find> {
        let Some(dual) = master.dual.clone() else { return Vec::new() };
        let mut finds = self.prove(&dual, NODES);
        // Those of shared outputs are priced for the vector under proof, which is a little shorter.
        let longer = if self.problem.shared() { self.lengthening() } else { 1.0 };
        finds.iter_mut().for_each(|find| find.price *= longer);
        finds
    }

    /// Climbs from the neurons at hand, from `known` directions and from `count` Gaussian ones; remembers the highest points.
    pub fn ascend(&mut self, master: &Master, known: Vec<Vec<f64>>, count: usize, seed: u64) -> Vec<Find> {
        let Some(dual) = &master.dual else { return Vec::new() };
        let features = &self.features;
        let mut starts: Vec<Vec<f64>> = master.network.hidden.each_row().map(|w| features.lifted(w)).collect();
        starts.extend(known);
        let mut random = Random::new(seed);
        starts.extend((0..count).map(|_| (0..features.size()).map(|_| random.normal()).collect()));
        let finds = if self.problem.shared() {
            self.ascend_shared(dual, &starts)
        } else {
            let (features, stop) = (&self.features, &self.stop);
            self.workers.install(|| ascend_all(self.problem, features, dual, &starts, &|| stop.now()))
        };
        // What is far below the price of a neuron does not come up to it on a short way.
        let least = if self.near { LOW * self.features.price } else { 0.0 };
        self.heights = finds.iter().filter(|find| find.price >= least).take(HEIGHTS).map(|find| find.theta.clone()).collect();
        finds
    }

    /// The distinct cells of some rays.
    fn cells_of(&self, rays: &[Group]) -> Vec<Group> {
        let mut cells = Vec::new();
        for ray in rays {
            if let Shape::Ray(theta) = &ray.shape {
                self.add_cell(&mut cells, &Find { output: ray.output, sign: ray.sign, theta: theta.clone(), price: 0.0 });
            }
        }
        cells
    }

    /// Adds the cell of a neuron unless it is there, with the rows that its cone most likely needs: those nearest to θ.
    fn add_cell(&self, groups: &mut Vec<Group>, find: &Find) {
        self.add_pattern(groups, Pattern::at(&self.features, &find.theta), find);
    }

    fn add_pattern(&self, groups: &mut Vec<Group>, pattern: Pattern, find: &Find) {
        if self.problem.shared() && self.problem.architecture.linear() {
            return groups.push(Group { output: find.output, sign: find.sign, shape: Shape::Whole });
        }
        let there = |g: &Group| {
            (g.output, g.sign) == (find.output, find.sign) && matches!(&g.shape, Shape::Cell { pattern: other, .. } if *other == pattern)
        };
        if groups.iter().any(there) {
            return;
        }
        let rows = self.nearest_rows(&find.theta);
        groups.push(Group { output: find.output, sign: find.sign, shape: Shape::Cell { pattern, rows } });
    }

    /// The 6q lines whose hyperplanes pass closest to θ.
    pub fn nearest_rows(&self, theta: &[f64]) -> Vec<u32> {
        let (reach, pattern) = (self.features.lines.times(theta), self.features.rivals.any().then(|| Pattern::at(&self.features, theta)));
        let bit = |line| pattern.as_ref().is_some_and(|pattern| pattern.get(line));
        let margin = |i: usize| self.features.margin(&reach, i, bit).abs() / self.length(i);
        let margins: Vec<f64> = (0..reach.len()).map(margin).collect();
        let mut near: Vec<u32> = (0..self.features.lines.rows as u32).filter(|&i| self.length(i as usize) > 0.0).collect();
        near.sort_by(|&a, &b| margins[a as usize].total_cmp(&margins[b as usize]).then(a.cmp(&b)));
        near.truncate(6 * self.features.size());
        near
    }

    /// Drops cells that three programs in a row left empty; not for ever, or an inexact dual could bring them back as often.
    fn drop_idle(&self, groups: &mut Vec<Group>, idle: &mut Vec<usize>, master: &Master) {
        let used = used(master, 1e-5);
        idle.resize(groups.len(), 0);
        for (count, used) in idle.iter_mut().zip(&used) {
            *count = if *used { 0 } else { *count + 1 };
        }
        let gone: BTreeSet<usize> = (0..groups.len()).filter(|&g| idle[g] >= 1 && self.rounds < DROPPING_ROUNDS).collect();
        keep(groups, |g| !gone.contains(&g));
        keep(idle, |g| !gone.contains(&g));
    }
}

/// Rays that nearly point the same way, as one ray along the sum of their weights.
fn clusters(rays: &[Group], master: &Master) -> Vec<Group> {
    let length = |u: &[f64]| u.iter().map(|u| u * u).sum::<f64>().sqrt();
    let used = used(master, 1e-3);
    let mut order: Vec<usize> = (0..rays.len()).filter(|g| used[*g]).collect();
    order.sort_by(|a, b| length(&master.weights[*b]).total_cmp(&length(&master.weights[*a])));
    let mut sums: Vec<((usize, f64), Vec<f64>)> = Vec::new();
    for g in order {
        let (kind, u) = ((rays[g].output, rays[g].sign), &master.weights[g]);
        let near = |sum: &[f64]| sum.iter().zip(u).map(|(s, u)| s * u).sum::<f64>() > NEAR * length(sum) * length(u);
        match sums.iter_mut().find(|(other, sum)| *other == kind && near(sum)) {
            Some((_, sum)) => sum.iter_mut().zip(u).for_each(|(s, u)| *s += u),
            None => sums.push((kind, u.clone())),
        }
    }
    sums.into_iter().map(|((output, sign), u)| Group { output, sign, shape: Shape::Ray(u) }).collect()
}

fn keep<T>(items: &mut Vec<T>, wanted: impl Fn(usize) -> bool) {
    let mut index = 0;
    items.retain(|_| {
        index += 1;
        wanted(index - 1)
    });
}

/// Which groups carry more than `part` of the longest one.
fn used(master: &Master, part: f64) -> Vec<bool> {
    let lengths: Vec<f64> = master.weights.iter().map(|u| u.iter().map(|u| u * u).sum::<f64>().sqrt()).collect();
    let largest = lengths.iter().copied().fold(0.0, f64::max);
    lengths.iter().map(|length| *length > part * largest).collect()
}

fn in_use(groups: Vec<Group>, master: &Master, part: f64) -> Vec<Group> {
    groups.into_iter().zip(used(master, part)).filter_map(|(group, used)| used.then_some(group)).collect()
}
