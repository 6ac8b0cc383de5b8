//! Minimises a node's bound over its multipliers: projected L-BFGS on the smoothed bound, δ falling with what is left to close.

use super::node::{Kind, Node, Slopes, Value};
use super::packed::{add, dot};
use std::collections::VecDeque;

/// Pairs of steps and changes of slope that are remembered.
const MEMORY: usize = 12;
/// The largest change of a log p in one step, and the part of a full step that the very first one takes.
const LONGEST: f64 = 4.0;
const FIRST: f64 = 0.5;
/// δ r as a part of the gap that is left, and at most of the previous δ r once a stage has ended.
const SMOOTHING: f64 = 1.0;
const SHRINK: f64 = 0.15;
/// A stage ends when the next step promises less than this part of δ r.
const SETTLED: f64 = 0.01;

/// How far a descent goes.
#[derive(Clone, Copy)]
pub struct Effort {
    /// The bound that closes the node.
    pub goal: f64,
    /// The descent gives up when this part of the gap above the goal is certain to stay.
    pub certain: f64,
    pub steps: usize,
}

struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
}

/// The variables as one step sees them.
struct Face {
    /// Those that may move, their slopes, and whether a z at 1 is on its upper half.
    free: Vec<usize>,
    slope: Vec<f64>,
    upper: Vec<bool>,
}

pub struct Descent<'n, 'a> {
    node: &'n Node<'a>,
    effort: Effort,
    pub value: Value,
    pub slopes: Slopes,
    pairs: VecDeque<Pair>,
    pub steps: usize,
}

/// Why a descent paused.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pause {
    /// The bound is at the goal, up to the rounding of multipliers.
    Closed,
    /// It will stay above, or has not fallen for long.
    Open,
}

impl<'n, 'a> Descent<'n, 'a> {
    pub fn new(node: &'n Node<'a>, x: Vec<f64>, effort: Effort, guess: f64) -> Option<Descent<'n, 'a>> {
        let mut value = node.value(x, 0.0, guess)?;
        let least = Self::least(&effort, node);
        let delta = (SMOOTHING * (value.bound() - effort.goal) / node.rows.rank as f64).max(least);
        value.resmooth(delta).then_some(())?;
        let slopes = node.slopes(&value);
        Some(Descent { node, effort, value, slopes, pairs: VecDeque::new(), steps: 0 })
    }

    fn least(effort: &Effort, node: &Node) -> f64 {
        1e-10 * effort.goal / node.rows.rank as f64
    }

    /// Runs until the node is closed or given up; may be called again with a lower goal.
    pub fn run(&mut self, stop: &(dyn Fn() -> bool + Sync)) -> Pause {
        while self.steps < self.effort.steps && !stop() {
            if self.closed() {
                return Pause::Closed;
            }
            if self.hopeless() {
                return Pause::Open;
            }
            self.steps += 1;
            let face = self.face();
            let direction = self.direction(&face);
            let fall = -face.free.iter().map(|&i| direction[i] * face.slope[i]).sum::<f64>();
            let settled = fall < SETTLED * self.value.delta * self.node.rows.rank as f64;
            let moved = !settled && self.advance(&face, &direction);
            let misled = !moved && (fall <= 0.0 || !settled);
            if misled && !self.pairs.is_empty() {
                self.pairs.clear();
            } else if !moved && !self.sharpen() {
                return Pause::Open;
            }
        }
        if self.closed() { Pause::Closed } else { Pause::Open }
    }

    /// Lets it go on for so many steps in all, whatever the chances.
    pub fn allow(&mut self, steps: usize) {
        self.effort.steps = steps;
        self.effort.certain = f64::INFINITY;
    }

    pub fn lower_goal(&mut self, goal: f64) {
        self.effort.goal = goal;
    }

    /// Whether the bound without smoothing is at the goal.
    fn closed(&self) -> bool {
        let (value, goal) = (&self.value, self.effort.goal);
        if value.bound() <= goal {
            return true;
        }
        let hope = value.bound() - value.delta * self.node.rows.rank as f64;
        hope <= goal && self.sharp().is_some_and(|bound| bound <= goal)
    }

    /// The bound with the best μ and no smoothing.
    pub fn sharp(&self) -> Option<f64> {
        let value = &self.value;
        super::peak::peak(&value.curvature, &value.slope, 0.0, value.peak.mu).map(|peak| peak.bound + value.constant)
    }

    fn hopeless(&self) -> bool {
        let goal = self.effort.goal;
        self.slopes.primal > goal + self.effort.certain * (self.value.bound() - goal)
    }

    /// The next δ; false once it cannot fall any further.
    fn sharpen(&mut self) -> bool {
        let (least, rank) = (Self::least(&self.effort, self.node), self.node.rows.rank as f64);
        if self.value.delta <= least {
            return false;
        }
        let by_gap = SMOOTHING * (self.value.bound() - self.effort.goal) / rank;
        let delta = (SHRINK * self.value.delta).min(by_gap).max(least);
        if !self.value.resmooth(delta) {
            return false;
        }
        self.slopes = self.node.slopes(&self.value);
        true
    }

    /// The half of its range on which each z moves, and the variables not held at the end of their range.
    fn face(&self) -> Face {
        let (x, slopes) = (&self.value.x, &self.slopes);
        let mut face = Face { free: Vec::new(), slope: slopes.left.clone(), upper: vec![false; x.len()] };
        for (i, &here) in x.iter().enumerate() {
            let kind = self.node.kinds.get(i);
            if kind == Some(&Kind::Fixed) {
                continue;
            }
            if kind == Some(&Kind::Concave) && (here > 1.0 || (here == 1.0 && slopes.left[i] <= 0.0)) {
                face.upper[i] = true;
                face.slope[i] = slopes.right[i];
            }
            let (low, high) = self.ends(i, face.upper[i]);
            if (here > low || face.slope[i] < 0.0) && (here < high || face.slope[i] > 0.0) {
                face.free.push(i);
            }
        }
        face
    }

    fn ends(&self, i: usize, upper: bool) -> (f64, f64) {
        match self.node.kinds.get(i) {
            Some(Kind::Concave) if upper => (1.0, 2.0),
            Some(Kind::Concave) => (0.0, 1.0),
            _ => self.node.range(i),
        }
    }

    /// The two-loop recursion on the free variables, started from the second derivatives.
    fn direction(&self, face: &Face) -> Vec<f64> {
        let gather = |from: &[f64]| -> Vec<f64> { face.free.iter().map(|&i| from[i]).collect() };
        let scale: Vec<f64> = face.free.iter().map(|&i| 1.0 / self.slopes.second[i].max(1e-300)).collect();
        let mut direction: Vec<f64> = face.free.iter().map(|&i| -face.slope[i]).collect();
        let mut used: Vec<(Pair, f64, f64)> = Vec::new();
        for pair in &self.pairs {
            let pair = Pair { step: gather(&pair.step), change: gather(&pair.change) };
            let along = dot(&pair.step, &pair.change);
            let sizes = dot(&pair.step, &pair.step) * dot(&pair.change, &pair.change);
            if along > 1e-10 * sizes.sqrt() {
                let weight = dot(&pair.step, &direction) / along;
                add(&mut direction, -weight, &pair.change);
                used.push((pair, weight, along));
            }
        }
        let shrink = used.first().map_or(FIRST, |(pair, _, along)| {
            let scaled: Vec<f64> = pair.change.iter().zip(&scale).map(|(change, scale)| change * scale).collect();
            along / dot(&pair.change, &scaled)
        });
        direction.iter_mut().zip(&scale).for_each(|(direction, scale)| *direction *= shrink * scale);
        for (pair, weight, along) in used.iter().rev() {
            let back = weight - dot(&pair.change, &direction) / along;
            add(&mut direction, back, &pair.step);
        }
        let mut all = vec![0.0; face.slope.len()];
        face.free.iter().zip(&direction).for_each(|(&i, &entry)| all[i] = entry);
        all
    }

    /// Steps along the direction, cut off at the ends of the ranges, halving until the bound falls enough.
    fn advance(&mut self, face: &Face, direction: &[f64]) -> bool {
        let longest = face.free.iter().filter(|&&i| i < self.node.rows.count()).map(|&i| direction[i].abs()).fold(0.0, f64::max);
        let mut length = (LONGEST / longest).min(1.0);
        for _ in 0..12 {
            let mut x = self.value.x.clone();
            for &i in &face.free {
                let (low, high) = self.ends(i, face.upper[i]);
                x[i] = (x[i] + length * direction[i]).clamp(low, high);
            }
            let expected: f64 = face.free.iter().map(|&i| face.slope[i] * (self.value.x[i] - x[i])).sum();
            if expected <= 0.0 {
                return false;
            }
            let guess = self.value.peak.mu;
            if let Some(next) = self.node.value(x, self.value.delta, guess)
                && next.smooth() <= self.value.smooth() - 1e-4 * expected
            {
                self.accept(face, next);
                return true;
            }
            length *= 0.4;
        }
        false
    }

    fn accept(&mut self, face: &Face, next: Value) {
        let slopes = self.node.slopes(&next);
        let step: Vec<f64> = next.x.iter().zip(&self.value.x).map(|(new, old)| new - old).collect();
        let new = (0..step.len()).map(|i| if face.upper[i] { slopes.right[i] } else { slopes.left[i] });
        let change: Vec<f64> = new.zip(&face.slope).map(|(new, old)| new - old).collect();
        if dot(&step, &change) > 0.0 {
            self.pairs.truncate(MEMORY - 1);
            self.pairs.push_front(Pair { step, change });
        }
        (self.value, self.slopes) = (next, slopes);
    }
}
