//! Best first, in waves of a fixed number of nodes: the tree does not depend on how many threads solve them.

use super::descent::{Descent, Effort, Pause};
use super::node::{Cut, Node};
use super::rows::Rows;
use super::{Attempt, Form, Leaf, Tree};
use crate::pricing::Price;
use crate::pricing::ascent::{Transposed, climb};
use crate::problem::Gauge;
use crate::regularizer::EUCLIDEAN;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Nodes split in one wave.
const WAVE: usize = 16;
/// A leaf is closed at T (1 - MARGIN), a descent ends at T (1 - 3 MARGIN): the rounding of multipliers lies between.
const MARGIN: f64 = 1e-9;
/// The most steps of a descent, and the part of its gap whose certainty ends it.
const STEPS: usize = 150;
const CERTAIN: f64 = 0.5;
const CERTAIN_ROOT: f64 = 0.999;
/// A relaxation error, relative to T, that is no reason to split; descents that have no better one go on for longer.
const TINY: f64 = 1e-9;
const LONGER: usize = 3000;
/// Climbs start where G is this near T, and not beside the end of an earlier climb: |θ - θ'|² at least this.
const NEAR: f64 = 0.9;
const BESIDE: f64 = 0.002;

/// A node whose bound has been minimised.
struct Solved {
    cuts: Vec<Cut>,
    x: Vec<f64>,
    mu: f64,
    leaf: Leaf,
    closed: bool,
    /// Where a climb from the node's maximum ended, and G there.
    top: Option<(Vec<f64>, f64)>,
    /// The row to split, unless the node is closed or there is nothing to split.
    split: Option<usize>,
}

impl Solved {
    /// A node whose numbers are not finite: it bounds nothing.
    fn hopeless(cuts: Vec<Cut>, x: Vec<f64>) -> Solved {
        let leaf = Leaf { bound: f64::INFINITY, ..Leaf::default() };
        Solved { cuts, x, mu: f64::INFINITY, leaf, closed: false, top: None, split: None }
    }

    /// Path and first multipliers of a child: those of its parent, and zero for what the new cut brings.
    fn child(&self, cut: Cut) -> (Vec<Cut>, Vec<f64>) {
        let (mut cuts, mut x) = (self.cuts.clone(), self.x.clone());
        x.resize(x.len() + 1 + cuts.len(), 0.0);
        cuts.push(cut);
        (cuts, x)
    }
}

/// A node of the tree under construction; children always come later than their parent.
///
/// The first splits remember what their own leaf had proved: an unfinished tree can be cut back to them.
enum Place {
    Done(Option<Leaf>),
    Split { row: usize, positive: usize, negative: usize, before: Option<Leaf> },
}

/// An open node in the queue: largest bound first, then oldest.
struct Open {
    bound: f64,
    place: usize,
    solved: Solved,
}

impl PartialEq for Open {
    fn eq(&self, other: &Open) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Open {}
impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Open) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Open {
    fn cmp(&self, other: &Open) -> Ordering {
        self.bound.total_cmp(&other.bound).then(other.place.cmp(&self.place))
    }
}

struct Prover<'a> {
    form: &'a Form,
    rows: Rows,
    target: f64,
    stop: &'a (dyn Fn() -> bool + Sync),
    places: Vec<Place>,
    /// The most leaves that an unfinished tree is left with.
    most_leaves: usize,
    queue: BinaryHeap<Open>,
    /// Where climbs have ended, up to the wave before.
    tops: Vec<Vec<f64>>,
    violation: Option<Vec<f64>>,
    /// A node above T has nothing left to split: the proof cannot be finished.
    stuck: bool,
    nodes: usize,
}

/// Proves or refutes G(θ) <= `target` ρ(θ) within `most_nodes` nodes, or until `stop` says so.
///
/// A proof that is not finished is cut back to its first splits, the best of their number as the worst are split first, and to
/// `most_leaves` leaves.  `progress` hears the largest open bound and the number of nodes, first that of the root alone.
pub fn prove(
    form: &Form,
    target: f64,
    most_nodes: usize,
    most_leaves: usize,
    stop: &(dyn Fn() -> bool + Sync),
    progress: &mut dyn FnMut(f64, usize),
) -> Attempt {
    if form.kinks.is_empty() {
        return straight(form, target);
    }
    let rows = Rows::new(form);
    let mut prover = Prover {
        form,
        rows,
        target,
        stop,
        places: vec![Place::Done(None)],
        most_leaves,
        queue: BinaryHeap::new(),
        tops: Vec::new(),
        violation: None,
        stuck: false,
        nodes: 0,
    };
    let root = prover.root();
    prover.place(vec![(0, root)]);
    progress(prover.worst_open(), prover.nodes);
    while prover.goes_on() && prover.nodes + 2 <= most_nodes && !stop() {
        prover.wave(most_nodes);
        progress(prover.worst_open(), prover.nodes);
    }
    prover.finish()
}

/// A leaf of the tree that is put together.
fn leaf_of(leaf: Option<Leaf>, worst: &mut f64) -> Tree {
    let leaf = leaf.expect("every place was solved, and the splits that are cut remember it");
    *worst = worst.max(leaf.bound);
    Tree::Leaf(leaf)
}

/// Without rows G(θ) = g·θ <= μ + |g|²/(4μ): at μ = |g|/2 that is |g|, and far below T a larger μ leaves the checker more room.
fn straight(form: &Form, target: f64) -> Attempt {
    let (linear, constant) = form.straight();
    let size = linear.iter().map(|g| g * g).sum::<f64>().sqrt();
    let value = size + constant;
    let mu = (0.5 * size).max(0.25 * (target - constant));
    let bound = mu + size / mu * (0.25 * size);
    let leaf = Leaf { mu, bound: bound + constant + 2.0 * MARGIN * (bound + constant.abs()), ..Leaf::default() };
    let unit = linear.iter().map(|g| if size > 0.0 { g / size } else { 0.0 });
    let violation = (value > target).then(|| unit.chain([1.0]).take(form.rank()).collect());
    Attempt { worst: leaf.bound, tree: Tree::Leaf(leaf), violation, nodes: 1 }
}

impl Prover<'_> {
    /// Every p as if Θ were I/r, every concave row on its chord.
    fn root(&self) -> Solved {
        let spread = (self.rows.rank as f64).sqrt();
        let first = self.rows.rows.iter().map(|row| if row.kink > 0.0 { libm::log(row.kink * spread / (4.0 * row.radius)) } else { 1.0 });
        self.solve(Vec::new(), first.collect(), f64::INFINITY, true)
    }

    /// Minimises the bound of one node.
    fn solve(&self, cuts: Vec<Cut>, x: Vec<f64>, mu: f64, root: bool) -> Solved {
        let node = Node::new(&self.rows, &cuts);
        let goal = self.target * (1.0 - 3.0 * MARGIN);
        let effort = Effort { goal, certain: if root { CERTAIN_ROOT } else { CERTAIN }, steps: STEPS };
        let Some(mut descent) = Descent::new(&node, x.clone(), effort, mu) else { return Solved::hopeless(cuts, x) };
        let mut leaf = Leaf::default();
        for lower in 0..4 {
            let mut pause = descent.run(self.stop);
            if pause == Pause::Open && descent.slopes.loose <= TINY * self.target {
                descent.allow(LONGER);
                pause = descent.run(self.stop);
            }
            leaf = super::leaf::leaf(&node, self.form, &descent.value);
            if pause == Pause::Open || leaf.bound <= self.target * (1.0 - MARGIN) {
                break;
            }
            descent.lower_goal(self.target * (1.0 - 10.0 * f64::from(lower + 1) * MARGIN));
        }
        if (self.stop)() {
            // A descent that was cut short is smoothed still: its first multipliers, those of the parent, may prove more.
            let first = node.value(x, 0.0, mu).map(|value| super::leaf::leaf(&node, self.form, &value));
            leaf = first.filter(|first| first.bound < leaf.bound).unwrap_or(leaf);
        }
        let closed = leaf.bound <= self.target * (1.0 - MARGIN);
        // With a cap a descent may creep where many lines meet inside the ball; on either side of one more line it has less to settle.
        let worth = descent.slopes.loose > TINY * self.target || self.form.gauge == Gauge::Cap;
        let split = (!closed && worth).then_some(descent.slopes.widest).flatten();
        let top = self.climbed(&descent.value.peak.theta);
        let mu = descent.value.peak.mu;
        Solved { x: descent.value.x, mu, leaf, closed, top, split: split.map(|(slot, _)| slot), cuts }
    }

    fn goes_on(&self) -> bool {
        !self.queue.is_empty() && self.violation.is_none() && !self.stuck
    }

    /// Splits the worst open nodes and solves their children.
    fn wave(&mut self, most_nodes: usize) {
        let room = ((most_nodes - self.nodes) / 2).min(WAVE);
        let mut children: Vec<(usize, Vec<Cut>, Vec<f64>, f64)> = Vec::new();
        while children.len() < 2 * room {
            let Some(open) = self.queue.pop() else { break };
            let Some(slot) = open.solved.split else {
                self.places[open.place] = Place::Done(Some(open.solved.leaf));
                self.stuck = true;
                break;
            };
            let first = self.places.len();
            self.places.extend([Place::Done(None), Place::Done(None)]);
            let row = self.rows.rows[slot].index;
            let before = (open.place < 2 * self.most_leaves).then(|| open.solved.leaf.clone());
            self.places[open.place] = Place::Split { row, positive: first, negative: first + 1, before };
            for (side, sign) in [1.0, -1.0].into_iter().enumerate() {
                let (cuts, x) = open.solved.child(Cut { slot, sign });
                children.push((first + side, cuts, x, open.solved.mu));
            }
        }
        let this = &*self;
        let solved: Vec<(usize, Solved)> =
            children.into_par_iter().map(|(place, cuts, x, mu)| (place, this.solve(cuts, x, mu, false))).collect();
        self.place(solved);
    }

    /// Files what was solved.
    fn place(&mut self, solved: Vec<(usize, Solved)>) {
        for (place, mut solved) in solved {
            self.nodes += 1;
            if let Some((top, value)) = solved.top.take() {
                if value > self.target && self.violation.is_none() {
                    self.violation = Some(top.clone());
                }
                self.tops.push(top);
            }
            if solved.closed {
                self.places[place] = Place::Done(Some(solved.leaf));
            } else {
                self.queue.push(Open { bound: solved.leaf.bound, place, solved });
            }
        }
    }

    /// Climbs from θ if G is near T there and no earlier climb ended beside it; where that ends, and G there.
    fn climbed(&self, theta: &[f64]) -> Option<(Vec<f64>, f64)> {
        let entries = self.form.rank() - usize::from(self.form.gauge == Gauge::Cap);
        let start = self.form.measured(&theta[..entries])?;
        let price = Price {
            rivals: &crate::problem::Rivals::NONE,
            lines: &self.form.rows,
            gauge: self.form.gauge,
            hidden: EUCLIDEAN,
            linear: self.form.linear.clone(),
            kinks: self.form.kinks.clone(),
        };
        let value = price.value(&start);
        if value <= NEAR * self.target {
            return None;
        }
        let apart = |top: &Vec<f64>| top.iter().zip(&start).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        if value <= self.target && self.tops.iter().any(|top| apart(top) < BESIDE) {
            return None;
        }
        let data = Transposed::new(&self.form.rows, self.form.gauge);
        // The climb is in the ball: what it finds is measured again.
        let climbed = climb(&price, &data, &start, self.stop).and_then(|(top, _)| self.form.measured(&top[..entries]));
        let top = climbed.map(|top| (price.value(&top), top)).filter(|(top, _)| *top >= value);
        Some(top.map_or((start, value), |(value, top)| (top, value)))
    }

    fn worst_open(&self) -> f64 {
        self.queue.peek().map_or(self.target, |open| open.bound)
    }

    /// The tree, put together from its last node backwards: children come after their parents.
    fn finish(mut self) -> Attempt {
        let places = if self.queue.is_empty() && !self.stuck { usize::MAX } else { (2 * self.most_leaves).saturating_sub(1).max(1) };
        for open in std::mem::take(&mut self.queue) {
            self.places[open.place] = Place::Done(Some(open.solved.leaf));
        }
        self.places.truncate(places);
        let mut worst = f64::NEG_INFINITY;
        let mut built: Vec<Option<Tree>> = Vec::new();
        built.resize_with(self.places.len(), || None);
        for (index, place) in self.places.into_iter().enumerate().rev() {
            built[index] = Some(match place {
                Place::Done(leaf) => leaf_of(leaf, &mut worst),
                Place::Split { before, negative, .. } if negative >= places => leaf_of(before, &mut worst),
                Place::Split { row, positive, negative, .. } => {
                    let mut take = |child: usize| Box::new(built[child].take().expect("a child has one parent"));
                    Tree::Split { row, positive: take(positive), negative: take(negative) }
                }
            });
        }
        Attempt { tree: built[0].take().expect("the root"), worst, violation: self.violation, nodes: self.nodes }
    }
}
