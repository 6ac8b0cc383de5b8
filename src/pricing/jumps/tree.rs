//! A tree over the sides of lines that proves Σ_l value_l <= T - constant, or the weights that exceed it, best first.
//!
//! At a node every line would like the best of the sides that it has left.  If these wishes can be met together the node's bound is
//! attained; otherwise some r + 1 of them and of the path's decisions contradict each other (Farkas), and the node splits at the one
//! of these wishes that is dearest to give up.  The child that grants it has the same contradiction, with one wish fewer.

use crate::arrangement::{Answer, Half, Sides, Space};
use crate::certificate::{JumpClaim, Kind, Proof, Writer};
use crate::exact::{BitTest, Integer, Natural, linear};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;

/// Nodes looked at after the first violation, for others beside it, and how many are kept.
const MORE: usize = 60;
const KEPT: usize = 10;
/// Nodes between two words about how it goes.
const TOLD: usize = 64;

/// What a proof attempt found.
pub struct JumpTree {
    nodes: Vec<Node>,
    /// The highest bound of a node that is still open, at least T.
    pub worst: i128,
    /// Signs of all lines at neurons whose price is above the limit, best first.
    pub violations: Vec<Vec<i8>>,
}

/// Inequalities that contradict each other, with their multipliers.
type Conflict = Rc<Vec<(Half, Integer)>>;

struct Node {
    parent: Option<usize>,
    /// Line and cut (below or above the line itself), and whether this is the upper side.
    decision: Option<(usize, u8, bool)>,
    bound: i128,
    state: State,
}

enum State {
    /// By its bound, or not at all.
    Open,
    /// Positions on the path and their multipliers.
    Empty(Vec<(usize, Integer)>),
    /// The first of two children; the upper one.
    Split(usize, usize, u8),
}

/// A node that waits: the highest bound first, then the oldest.
struct Waiting {
    bound: i128,
    node: usize,
    conflict: Option<Conflict>,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.cmp(&other.bound).then(other.node.cmp(&self.node))
    }
}

/// Proves the claim, or finds the neurons that refute it; `tell` hears the highest bound and how many nodes there are.
pub fn prove(space: &Space, claim: &JumpClaim, most_nodes: usize, stop: &dyn Fn() -> bool, tell: &mut dyn FnMut(i128, usize)) -> JumpTree {
    let root = Node { parent: None, decision: None, bound: 0, state: State::Open };
    let mut prover = Prover { space, claim, nodes: vec![root], heap: BinaryHeap::new(), violations: Vec::new(), stuck: claim.limit };
    let bound = prover.bound(&prover.sides(0));
    prover.nodes[0].bound = bound;
    prover.heap.push(Waiting { bound, node: 0, conflict: None });
    let (mut looked, mut first) = (0, None);
    while let Some(next) = prover.heap.peek().filter(|next| next.bound > claim.limit) {
        let found = first.is_some_and(|first| looked >= first + MORE) || prover.violations.len() >= KEPT;
        if found || prover.nodes.len() >= most_nodes || stop() {
            break;
        }
        if looked % TOLD == 0 {
            tell(next.bound, prover.nodes.len());
        }
        if let Some(next) = prover.heap.pop() {
            prover.look(next);
        }
        looked += 1;
        first = first.or((!prover.violations.is_empty()).then_some(looked));
    }
    let open = prover.heap.peek().map_or(claim.limit, |next| next.bound);
    JumpTree { worst: open.max(prover.stuck), nodes: prover.nodes, violations: prover.violations }
}

struct Prover<'a> {
    space: &'a Space<'a>,
    claim: &'a JumpClaim,
    nodes: Vec<Node>,
    heap: BinaryHeap<Waiting>,
    violations: Vec<Vec<i8>>,
    /// The highest bound of a node that could not be decided, or was refuted.
    stuck: i128,
}

impl Prover<'_> {
    /// The decisions from the root to a node.
    fn path(&self, node: usize) -> Vec<(usize, u8, bool)> {
        let mut path: Vec<_> =
            std::iter::successors(Some(node), |at| self.nodes[*at].parent).filter_map(|at| self.nodes[at].decision).collect();
        path.reverse();
        path
    }

    fn sides(&self, node: usize) -> Vec<Sides> {
        let mut sides = vec![(0, 2); self.claim.values.len()];
        for (line, cut, upper) in self.path(node) {
            if upper { sides[line].0 = cut + 1 } else { sides[line].1 = cut }
        }
        sides
    }

    fn bound(&self, sides: &[Sides]) -> i128 {
        let most = |(values, (first, last)): (&[i128; 3], &Sides)| values[usize::from(*first)..=usize::from(*last)].iter().max().copied();
        self.claim.constant + self.claim.values.iter().zip(sides).filter_map(most).sum::<i128>()
    }

    /// The sides that a line would like to have of those it has, and what it loses otherwise.
    fn wish(&self, line: usize, (first, last): Sides) -> (Sides, i128) {
        let value = |side: u8| self.claim.values[line][usize::from(side)];
        let best = (first..=last).map(value).max().unwrap_or(0);
        // The last stretch of best sides.
        let end = (first..=last).rev().find(|side| value(*side) == best).unwrap_or(last);
        let begin = (first..=end).rev().take_while(|side| value(*side) == best).last().unwrap_or(end);
        let others = (first..=last).filter(|side| !(begin..=end).contains(side)).map(value).max();
        ((begin, end), others.map_or(0, |other| best - other))
    }

    /// Splits a node, closes it or finds that its bound is attained.
    fn look(&mut self, waiting: Waiting) {
        let (node, sides) = (waiting.node, self.sides(waiting.node));
        let conflict = match waiting.conflict {
            Some(conflict) => conflict,
            None => match self.wishes_meet(&sides) {
                Err(conflict) => conflict,
                Ok(signs) => {
                    self.stuck = self.stuck.max(waiting.bound);
                    self.violations.extend(signs.filter(|signs| !self.violations.contains(signs)));
                    return;
                }
            },
        };
        let granted = |half: &Half| -> bool { Half::of(half.line, sides[half.line]).any(|own| implies(own, *half)) };
        let open = conflict.iter().map(|(half, _)| *half).filter(|half| !granted(half));
        let dearest = open.max_by_key(|half| (self.wish(half.line, sides[half.line]).1, std::cmp::Reverse(half.line)));
        match dearest {
            None => self.nodes[node].state = State::Empty(self.located(node, &conflict)),
            Some(half) => self.split(node, half, &sides, conflict),
        }
    }

    /// Signs of all lines where every line has the best side it can, or what contradicts that; `Ok(None)` if it could not be decided.
    fn wishes_meet(&self, sides: &[Sides]) -> Result<Option<Vec<i8>>, Conflict> {
        let mut halves = Vec::new();
        for (line, own) in sides.iter().enumerate() {
            let (wanted, loss) = self.wish(line, *own);
            for half in Half::of(line, wanted) {
                let given = Half::of(line, *own).any(|own| implies(own, half));
                halves.push((half, if given { f64::INFINITY } else { loss as f64 }));
            }
        }
        match self.space.decide(&halves, false) {
            Answer::Never(used) => Err(Rc::new(used.into_iter().map(|(j, multiplier)| (halves[j].0, multiplier)).collect())),
            Answer::Point(theta) => Ok(Some(self.space.jumps.lines.iter().map(|line| linear::sign(&linear::dot(line, &theta))).collect())),
            Answer::Unknown => Ok(None),
        }
    }

    fn split(&mut self, node: usize, half: Half, sides: &[Sides], conflict: Conflict) {
        let cut = match (half.opposite, half.strict) {
            (false, false) | (true, true) => 0,
            _ => 1,
        };
        let first = self.nodes.len();
        self.nodes[node].state = State::Split(first, half.line, cut);
        for upper in [true, false] {
            let mut sides = sides.to_vec();
            let own = &mut sides[half.line];
            if upper {
                own.0 = cut + 1
            } else {
                own.1 = cut
            }
            let bound = self.bound(&sides);
            let conflict = (upper != half.opposite).then(|| conflict.clone());
            self.heap.push(Waiting { bound, node: self.nodes.len(), conflict });
            self.nodes.push(Node { parent: Some(node), decision: Some((half.line, cut, upper)), bound, state: State::Open });
        }
    }

    /// The conflict's inequalities as positions on the path of a node.
    fn located(&self, node: usize, conflict: &Conflict) -> Vec<(usize, Integer)> {
        let path = self.path(node);
        let place = |half: &Half| path.iter().position(|decision| implies(decided(*decision), *half));
        conflict.iter().filter_map(|(half, multiplier)| Some((place(half)?, multiplier.clone()))).collect()
    }
}

/// What a decision demands.
fn decided((line, cut, upper): (usize, u8, bool)) -> Half {
    Half { line, opposite: !upper, strict: upper == (cut == 1) }
}

/// Whether one inequality contains another on the same line.
fn implies(own: Half, other: Half) -> bool {
    own.line == other.line && own.opposite == other.opposite && (own.strict || !other.strict)
}

impl JumpTree {
    /// The tree in preorder.
    pub fn proof(&self) -> Proof {
        let (mut writer, mut stack) = (Writer::default(), vec![0]);
        while let Some(at) = stack.pop() {
            match &self.nodes[at].state {
                State::Open => writer.natural(0),
                State::Empty(used) => {
                    writer.natural(1);
                    writer.natural(used.len() as u128);
                    for (position, multiplier) in used {
                        writer.natural(*position as u128);
                        write(&mut writer, multiplier);
                    }
                }
                State::Split(first, line, cut) => {
                    writer.natural(2 + 2 * *line as u128 + u128::from(*cut));
                    stack.extend([first + 1, *first]);
                }
            }
        }
        Proof { kind: Kind::Jumps, unit: 0, tree: writer.text() }
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }
}

/// How many digits to base 2^64 a positive number has, and these, lowest first.
fn write(writer: &mut Writer, multiplier: &Integer) {
    let value = multiplier.clone().into_parts().1;
    let digits = value.bit_len().div_ceil(64);
    writer.natural(digits as u128);
    for at in 0..digits {
        let digit = (&value >> (64 * at)) & Natural::from(u64::MAX);
        writer.natural(u128::try_from(digit).unwrap_or(0));
    }
}
