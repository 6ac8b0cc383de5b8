//! Among the optimal networks one with the fewest neurons, and a proof that fewer are not enough (THEORY 15).
//!
//! A network with k neurons lies in k groups: cells, columns or gates with an output and a sign.  Some groups are *too few* if the
//! optimum over them is above what counts as optimal, which their own dual vector proves.  Of too few groups as many as
//! possible are taken together: every optimal network then has a neuron in one of the others, and these are a *cut*.  So
//! no optimal network has fewer neurons than the smallest set that meets all cuts, and where the groups of such a set are
//! enough, that is the least.  Smallest sets are proposed by an integer program and checked.

use super::outcome::Event;
use super::search::Search;
use crate::backend::least_hitting;
use crate::lowering::{Group, lower};
use crate::pricing::lower_bound;
use crate::problem::{Arrangements, Class, Network, Score, Solver};
use nalgebra::DMatrix;
use std::time::Instant;

/// What a group carries in the middle of the optimal set, relative to the largest, if it can carry anything.
const ACTIVE: f64 = 1e-6;
/// The same for a direction to be known: what carries less turns freely.
const KNOWN: f64 = 1e-4;
/// The most groups whose programs are solved again and again, and the most cells that are listed for it.
const MOST: usize = 600;
/// What counts as optimal, relative to the gap asked for.
const PART: f64 = 0.1;
/// A group whose neurons cost less than this part of what counts as optimal carries nothing.
const NOTHING: f64 = 0.1;
/// Two neurons whose outputs are so near, relative to their length, are one direction.
const SAME: f64 = 1e-4;
/// Steps of the search that checks a smallest set.
const STEPS: usize = 1_000_000;

/// What is known about the number of neurons of optimal networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fewest {
    /// No optimal network has fewer.
    pub least: usize,
    /// The network at hand has so many.
    pub found: usize,
    /// Groups with a neuron in some optimal network, and the distinct directions among these.
    pub active: usize,
    pub directions: usize,
    /// How many of them depend on the others: the dimension of the optimal set, or a part of it.
    pub freedom: usize,
    /// Whether there is one optimal network only, up to the order of its neurons and what rescaling does.
    pub unique: bool,
    /// Whether `least` is about all networks, and not only about those of the active groups.
    pub complete: bool,
}

/// The optimum over some groups.
struct Trial {
    weights: Vec<Vec<f64>>,
    network: Network,
    score: Score,
    /// No network of these groups goes below.
    bound: f64,
}

/// What a trial decides.
enum Verdict {
    Enough(Box<Trial>),
    TooFew,
    Open,
}

/// The groups with a neuron in some optimal network, and those without that are part of every proof.
struct Universe {
    active: Vec<Group>,
    rest: Vec<Group>,
    /// Active groups whose neurons are the same direction.
    alike: Vec<Vec<usize>>,
    allowed: f64,
}

impl Search<'_, '_> {
    /// Replaces the best network by one with the fewest neurons, if the gap is closed; `last` are the groups of the last program.
    pub fn fewest(&mut self, last: Vec<Group>) -> Option<Fewest> {
        (self.control.progress)(Event::Stage("counting neurons"));
        let (groups, mut complete) = self.all_or(last);
        let whole = self.trial(&groups, Solver::Auto)?;
        let gauges: Vec<f64> = whole.weights.iter().map(|theta| self.features.gauge(theta)).collect();
        let largest = gauges.iter().copied().fold(0.0, f64::max);
        let floor = NOTHING * PART * self.plan().gap * (self.best.1.objective - self.least).abs() / self.features.price;
        let (mut active, mut rest) = (Vec::new(), Vec::new());
        // Where the directions stand among the active groups, and what they give on the rows.
        let mut known: Vec<(usize, Vec<f64>)> = Vec::new();
        for ((group, gauge), theta) in groups.into_iter().zip(gauges).zip(&whole.weights) {
            if gauge > (ACTIVE * largest).max(floor) {
                if gauge > KNOWN * largest {
                    let f = self.passed(&group, theta);
                    known.push((active.len(), unit(&spread(&f, group.output, self.problem.outputs(), group.sign))));
                }
                active.push(group);
            } else {
                rest.push(group);
            }
        }
        let (alike, freedom) = self.directions(&known);
        let directions = alike.len();
        let universe = Universe { active, rest, alike, allowed: self.optimal() };
        let least = self.hit(&universe, &mut complete);
        let found = self.best.0.neurons();
        let unique = complete && freedom == 0 && directions == found && self.settled();
        Some(Fewest { least: least.min(found), found, active: universe.active.len(), directions, freedom, unique, complete })
    }

    /// The highest objective that counts as optimal.
    fn optimal(&self) -> f64 {
        let (objective, gap) = (self.best.1.objective, self.plan().gap);
        let size = (objective - self.least).abs();
        (objective + PART * gap * size).min(self.lower.0 + 0.999 * gap * size).max(objective)
    }

    /// All groups where they can be listed, and whether these are all; those of the last program otherwise.
    fn all_or(&mut self, last: Vec<Group>) -> (Vec<Group>, bool) {
        let listed = self.listed;
        let jumps = self.features.jumps().cloned();
        let all = match (&self.problem.architecture.gates, jumps) {
            _ if self.plan().arrangements.partial() => None,
            (Some(_), _) => Some(self.gates.clone()),
            _ if self.problem.architecture.activation.class() == Class::Linear => Some(last.clone()),
            _ if self.cells_at_most() > MOST as f64 => None,
            (None, Some(jumps)) => self.columns_of(&Arrangements::All, &jumps).ok().flatten(),
            (None, None) => self.list().ok().flatten(),
        };
        self.listed = listed;
        match all.filter(|all| all.len() <= MOST) {
            Some(all) => (all, true),
            None => (last, false),
        }
    }

    /// The least number of neurons as far as it is known; a network that needs no more takes the place of the best.
    fn hit(&mut self, universe: &Universe, complete: &mut bool) -> usize {
        let (count, mut cuts, mut least) = (universe.active.len(), self.essential(universe, *complete), 0);
        loop {
            let Some(chosen) = smallest(&cuts, count, self.seconds_left()) else { return least };
            least = chosen.len();
            if least >= self.best.0.neurons() || self.stop.now() {
                return least;
            }
            match self.verdict(&pick(&universe.active, &chosen), universe.allowed) {
                Verdict::Enough(trial) => {
                    self.best = (trial.network, trial.score);
                    return least;
                }
                Verdict::Open => return least,
                Verdict::TooFew => {}
            }
            let Some(cut) = self.cut(universe, chosen, complete) else { return least };
            cuts.push(cut);
        }
    }

    /// Directions without which the others are too few: cuts that need no search.
    fn essential(&mut self, universe: &Universe, complete: bool) -> Vec<Vec<usize>> {
        let mut cuts = Vec::new();
        for alike in &universe.alike {
            let others: Vec<usize> = (0..universe.active.len()).filter(|j| !alike.contains(j)).collect();
            let rest: &[Group] = if complete { &universe.rest } else { &[] };
            let groups = [rest.to_vec(), pick(&universe.active, &others)].concat();
            if !self.stop.now() && matches!(self.verdict(&groups, universe.allowed), Verdict::TooFew) {
                cuts.push(alike.clone());
            }
        }
        cuts
    }

    /// As many groups as are too few together with those chosen: what is left of the active ones is the cut.
    fn cut(&mut self, universe: &Universe, mut chosen: Vec<usize>, complete: &mut bool) -> Option<Vec<usize>> {
        let with = |rest: &[Group], chosen: &[usize]| [rest.to_vec(), pick(&universe.active, chosen)].concat();
        // Near the optimum others than the active groups may do instead of a missing one.
        if *complete && !matches!(self.verdict(&with(&universe.rest, &chosen), universe.allowed), Verdict::TooFew) {
            *complete = false;
        }
        let rest: &[Group] = if *complete { &universe.rest } else { &[] };
        for j in 0..universe.active.len() {
            if self.stop.now() {
                return None;
            }
            if !chosen.contains(&j) {
                chosen.push(j);
                if !matches!(self.verdict(&with(rest, &chosen), universe.allowed), Verdict::TooFew) {
                    chosen.pop();
                }
            }
        }
        Some((0..universe.active.len()).filter(|j| !chosen.contains(j)).collect())
    }

    fn verdict(&mut self, groups: &[Group], allowed: f64) -> Verdict {
        for solver in [Solver::Auto, Solver::Clarabel] {
            match self.trial(groups, solver) {
                Some(trial) if trial.score.objective <= allowed => return Verdict::Enough(Box::new(trial)),
                Some(trial) if trial.bound > allowed => return Verdict::TooFew,
                _ => {}
            }
        }
        Verdict::Open
    }

    /// Solves over `groups`, sides being added as they are needed, and bounds what any network of these groups can reach.
    fn trial(&mut self, groups: &[Group], solver: Solver) -> Option<Trial> {
        let mut groups = groups.to_vec();
        loop {
            let (program, recovery) = lower(self.problem, &self.features, &groups);
            let solution = self.run_by(solver.name(), &program, self.tolerance());
            // A program that fails is no reason to end the solve.
            self.trouble = None;
            let solution = solution?;
            let master = self.read(&recovery, &solution);
            if self.tighten(&mut groups, &master.weights) > 0 && !self.stop.now() {
                continue;
            }
            let bound = master.dual.and_then(|dual| {
                let price = recovery.price_above(self.problem, &self.features, (&program, &solution), &dual);
                // Where nothing has a price any bound on it is right.
                lower_bound(self.problem, &dual, price.max(1e-3 * self.features.price))
            });
            let (score, bound) = (self.problem.score(&master.network), bound.map_or(self.least, |bound| bound.value));
            return Some(Trial { weights: master.weights, network: master.network, score, bound });
        }
    }

    /// Whether the outputs are the same in all optima, and a neuron's direction in its group: the loss bends at every output, and the
    /// norm is round.
    fn settled(&self) -> bool {
        let (problem, loss) = (self.problem, &self.problem.objective.loss);
        let f = self.best.0.forward(&problem.architecture, &problem.dataset.train.inputs);
        let bends = |(f, y): (&f64, &f64)| loss.loss.curvature(*f, *y, loss.parameter) > 0.0;
        let round = self.features.euclidean() || self.features.jumps().is_some();
        round && !loss.shifted() && f.iter().zip(problem.targets()).all(bends)
    }

    /// Groups by their distinct directions, and how many more there are of these than independent ones, what costs nothing being
    /// projected out.
    fn directions(&self, known: &[(usize, Vec<f64>)]) -> (Vec<Vec<usize>>, usize) {
        let (z, outputs) = (self.problem.free_columns(), self.problem.outputs());
        let (mut columns, mut alike): (Vec<Vec<f64>>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
        for (at, column) in known {
            let near = |other: &Vec<f64>| column.iter().zip(other).all(|(a, b)| (a - b).abs() < SAME);
            match columns.iter().position(near) {
                Some(same) => alike[same].push(*at),
                None => {
                    columns.push(column.clone());
                    alike.push(vec![*at]);
                }
            }
        }
        let column = |j: usize| unit(&z.each_row().map(|row| row[j]).collect::<Vec<f64>>());
        let of_output = |output| (0..z.columns).map(move |j| spread(&column(j), output, outputs, 1.0));
        let free: Vec<Vec<f64>> = (0..outputs).flat_map(of_output).collect();
        let independent = rank(&[columns, free.clone()].concat()) - rank(&free);
        let freedom = alike.len() - independent.min(alike.len());
        (alike, freedom)
    }

    /// What a neuron gives on the rows that its gate lets through.
    fn passed(&self, group: &Group, theta: &[f64]) -> Vec<f64> {
        let mut outputs = self.features.outputs(theta);
        if let crate::lowering::Shape::Gated { pattern, .. } = &group.shape {
            outputs.iter_mut().enumerate().filter(|(i, _)| !pattern.get(*i)).for_each(|(_, f)| *f = 0.0);
        }
        outputs
    }

    fn seconds_left(&self) -> f64 {
        self.stop.deadline.saturating_duration_since(Instant::now()).as_secs_f64().min(1e6)
    }
}

fn pick(groups: &[Group], chosen: &[usize]) -> Vec<Group> {
    chosen.iter().map(|j| groups[*j].clone()).collect()
}

fn spread(f: &[f64], output: usize, outputs: usize, sign: f64) -> Vec<f64> {
    f.iter().flat_map(|f| (0..outputs).map(move |c| if c == output { sign * f } else { 0.0 })).collect()
}

fn unit(x: &[f64]) -> Vec<f64> {
    let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.iter().map(|x| if length > 0.0 { x / length } else { 0.0 }).collect()
}

fn rank(columns: &[Vec<f64>]) -> usize {
    match columns.first() {
        Some(first) if !first.is_empty() => DMatrix::from_fn(first.len(), columns.len(), |i, j| columns[j][i]).rank(SAME),
        _ => 0,
    }
}

/// A smallest subset of `0..count` that meets every set; `None` if that could not be made sure of.
fn smallest(sets: &[Vec<usize>], count: usize, seconds: f64) -> Option<Vec<usize>> {
    let meets = |chosen: &[usize]| sets.iter().all(|set| set.iter().any(|j| chosen.contains(j)));
    let said = least_hitting(sets, count, seconds).filter(|chosen| meets(chosen));
    let mut best = said.unwrap_or_else(|| (0..count).filter(|j| sets.iter().any(|set| set.contains(j))).collect());
    if !meets(&best) {
        return None;
    }
    while let Some(size) = best.len().checked_sub(1) {
        let mut steps = STEPS;
        match within(sets, &mut Vec::new(), size, &mut steps) {
            Some(smaller) => best = smaller,
            None if steps == 0 => return None,
            None => break,
        }
    }
    Some(best)
}

/// A set of at most `room` more elements that meets all sets: one of any unmet set must be in it.
fn within(sets: &[Vec<usize>], chosen: &mut Vec<usize>, room: usize, steps: &mut usize) -> Option<Vec<usize>> {
    *steps = steps.checked_sub(1)?;
    let unmet = sets.iter().filter(|set| !set.iter().any(|j| chosen.contains(j))).min_by_key(|set| set.len());
    let Some(set) = unmet else { return Some(chosen.clone()) };
    if room == 0 {
        return None;
    }
    for &j in set {
        chosen.push(j);
        if let Some(found) = within(sets, chosen, room - 1, steps) {
            return Some(found);
        }
        chosen.pop();
        if *steps == 0 {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Random;

    /// Whatever the integer program says, the answer is the smallest: all subsets are tried.
    #[test]
    fn smallest_sets_are_smallest() {
        let mut random = Random::new(4);
        for _ in 0..40 {
            let count = 3 + random.below(7);
            let sets: Vec<Vec<usize>> = (0..random.below(8))
                .map(|_| (0..count).filter(|_| random.uniform() < 0.4).collect::<Vec<usize>>())
                .filter(|set| !set.is_empty())
                .collect();
            let hit = |bits: u32| sets.iter().all(|set| set.iter().any(|j| bits >> j & 1 == 1));
            let least = (0..1_u32 << count).filter(|bits| hit(*bits)).map(u32::count_ones).min().unwrap();
            assert_eq!(smallest(&sets, count, 10.0).unwrap().len(), least as usize, "{sets:?}");
        }
        assert_eq!(smallest(&[vec![]], 2, 1.0), None);
    }
}
