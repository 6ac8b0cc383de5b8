//! The cone tree (GLOBAL 3): weight space as simplicial cones, split until a vector at every leaf proves G(θ) <= T ρ(θ) there.
//!
//! The target comes down level by level, so that an unfinished tree is even: its worst leaf is a bound on every price.

mod barrier;
mod cone;
mod leaf;
mod measure;
mod rivals;
mod split;
mod written;

use crate::certificate::{Claim, Kind, Proof, SLOPE_BITS, Writer};
use cone::{Cone, Floats};
use leaf::Search;
use rayon::prelude::*;
use split::Split;
use std::sync::atomic::{AtomicUsize, Ordering};
use written::Leaf;

/// Targets of successive passes, relative to T; the last is T itself.
const LEVELS: [f64; 9] = [3.0, 1.5, 1.2, 1.07, 1.02, 1.005, 1.001, 1.0001, 1.0];
/// Subtrees above this depth are independent tasks.
const PARALLEL_DEPTH: usize = 8;
/// The limit on nodes is looked at between passes; within one this many times as many end it.
const BEYOND: usize = 2;
/// No deeper than the checker allows.
const DEEPEST: usize = 200;

/// What a proof attempt left.
pub struct ConeTree {
    text: Writer,
    /// G(θ) <= `worst` T ρ(θ) is proved everywhere; at most 1 if the claim is.
    pub worst: f64,
    /// θ with G(θ) > T ρ(θ), one per subtree that met one.
    pub violations: Vec<Vec<f64>>,
    pub nodes: usize,
}

impl ConeTree {
    /// The proof of the claim with a limit of at least `worst` T.
    pub fn proof(&self, claim: &Claim) -> Proof {
        Proof { kind: Kind::Cones, unit: cone::unit(claim), tree: self.text.text() }
    }
}

/// Tries to prove `claim`, of rank 7 at most, with no more than about `most_nodes` nodes.
///
/// `progress` hears of the worst leaf after every level.  The result does not depend on the number of threads unless `stop`, or
/// a pass with far too many nodes, ends it.
pub fn prove(claim: &Claim, most_nodes: usize, stop: &(dyn Fn() -> bool + Sync), progress: &mut dyn FnMut(f64, usize)) -> ConeTree {
    match claim.rank() {
        1 => grow::<1>(claim, most_nodes, stop, progress),
        2 => grow::<2>(claim, most_nodes, stop, progress),
        3 => grow::<3>(claim, most_nodes, stop, progress),
        4 => grow::<4>(claim, most_nodes, stop, progress),
        5 => grow::<5>(claim, most_nodes, stop, progress),
        6 => grow::<6>(claim, most_nodes, stop, progress),
        7 => grow::<7>(claim, most_nodes, stop, progress),
        _ => ConeTree { text: Writer::default(), worst: f64::INFINITY, violations: Vec::new(), nodes: 0 },
    }
}

fn grow<const R: usize>(
    claim: &Claim,
    most_nodes: usize,
    stop: &(dyn Fn() -> bool + Sync),
    progress: &mut dyn FnMut(f64, usize),
) -> ConeTree {
    let floats = Floats::<R>::new(claim);
    let roots: Vec<Cone<R>> = (0..1_u32 << (R - usize::from(floats.measure.cap))).map(|bits| Cone::orthant(&floats, bits)).collect();
    let mut trees: Vec<Node<R>> = roots.iter().map(|root| Node::fresh(root.middle())).collect();
    let mut tree = ConeTree { text: Writer::default(), worst: f64::INFINITY, violations: Vec::new(), nodes: roots.len() };
    let mut level = 0;
    loop {
        let target = LEVELS[level];
        let room = (BEYOND * most_nodes).saturating_sub(tree.nodes);
        let pass = Pass { floats: &floats, target, stop, room, nodes: AtomicUsize::new(0) };
        let grown = |(node, root): (&mut Node<R>, &Cone<R>)| pass.refine(node, root, 0, &mut Search::default());
        let found: Vec<Found> = trees.par_iter_mut().zip(&roots).map(grown).collect();
        tree.nodes += found.iter().map(|found| found.nodes).sum::<usize>();
        tree.worst = trees.iter().map(Node::bound).fold(0.0, f64::max);
        progress(tree.worst, tree.nodes);
        tree.violations = found.into_iter().flat_map(|found| found.violations).collect();
        if !tree.violations.is_empty() || tree.worst > target || tree.nodes > most_nodes || level + 1 == LEVELS.len() {
            break;
        }
        // A pass does the splits of the last one again: as long as nodes are few every other level is left out.
        level = (level + if tree.nodes < most_nodes / 8 { 2 } else { 1 }).min(LEVELS.len() - 1);
    }
    trees.iter().for_each(|node| node.write(&mut tree.text));
    tree
}

/// A tree over one cone.
enum Node<const R: usize> {
    Split {
        split: Split,
        worst: f64,
        children: Box<[Node<R>; 2]>,
    },
    /// A leaf and where its relaxation is largest.
    Leaf(Leaf, [f64; R]),
}

impl<const R: usize> Node<R> {
    /// A leaf that nothing is known of but a point to begin at.
    fn fresh(start: [f64; R]) -> Self {
        Node::Leaf(Leaf { bound: f64::INFINITY, text: Writer::default() }, start)
    }

    fn bound(&self) -> f64 {
        match self {
            Node::Leaf(leaf, _) => leaf.bound,
            Node::Split { worst, .. } => *worst,
        }
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Node::Leaf(leaf, _) => writer.append(&leaf.text),
            Node::Split { split: ((a, b), (m, n)), children, .. } => {
                writer.natural((SLOPE_BITS as usize + 1 + a * R + b) as u128);
                writer.natural(*m as u128);
                writer.natural(*n as u128);
                children.iter().for_each(|child| child.write(writer));
            }
        }
    }
}

/// What refining a subtree brought.
#[derive(Default)]
struct Found {
    nodes: usize,
    violations: Vec<Vec<f64>>,
}

impl Found {
    fn join(mut self, other: Found) -> Found {
        self.nodes += other.nodes;
        self.violations.extend(other.violations);
        self
    }
}

/// One pass over the trees with one target.
struct Pass<'a, const R: usize> {
    floats: &'a Floats<'a, R>,
    target: f64,
    stop: &'a (dyn Fn() -> bool + Sync),
    /// How many nodes this pass may add, and has added so far.
    room: usize,
    nodes: AtomicUsize,
}

impl<const R: usize> Pass<'_, R> {
    /// Splits leaves below `node` until each is below the target, or a violation ends this subtree.
    fn refine(&self, node: &mut Node<R>, cone: &Cone<R>, depth: usize, search: &mut Search<R>) -> Found {
        if node.bound() <= self.target {
            return Found::default();
        }
        match node {
            Node::Leaf(..) => self.solve(node, cone, depth, search),
            Node::Split { split: (edge, multipliers), worst, children } => {
                let cones = cone.split(self.floats, *edge, *multipliers);
                let found = self.descend(children, &cones, depth, search);
                *worst = children[0].bound().max(children[1].bound());
                found
            }
        }
    }

    /// Bounds a leaf, and splits it where that is not enough.
    fn solve(&self, node: &mut Node<R>, cone: &Cone<R>, depth: usize, search: &mut Search<R>) -> Found {
        let Node::Leaf(leaf, start) = node else { return Found::default() };
        let stopped = self.ended();
        if stopped && leaf.bound.is_finite() {
            return Found::default();
        }
        let point = search.run(self.floats, cone, start, self.target);
        let measure = &self.floats.measure;
        let top = measure.within(&point);
        // Where the cap moved the point it may have left the cone, and the cone's own function is not G there.
        let value = if top == point { cone.value(self.floats, &point) } else { self.floats.value(&top) };
        let violated = value > measure.gauge(&top) * (1.0 + 1e-12);
        let bound = measure.polar(&search.c);
        if bound <= self.target && cone.dual.is_some() {
            // What is below T by more than a hair will not be looked at again.
            let target = if bound < 1.0 - 1e-6 { 1.0 } else { self.target };
            let written = Leaf::written(self.floats, cone, search, target);
            if written.bound <= self.target {
                (*leaf, *start) = (written, point);
                return Found::default();
            }
        }
        let split = if violated || stopped || depth >= DEEPEST { None } else { split::choose(self.floats, cone, &point, depth) };
        let Some(split) = split else {
            let written = Leaf::written(self.floats, cone, search, f64::INFINITY);
            if written.bound < leaf.bound {
                *leaf = written;
            }
            *start = point;
            return Found { nodes: 1, violations: if violated { vec![top.to_vec()] } else { Vec::new() } };
        };
        self.nodes.fetch_add(2, Ordering::Relaxed);
        let cones = cone.split(self.floats, split.0, split.1);
        let mut children = Box::new(cones.each_ref().map(|cone| Node::fresh(cone.nearest(&point))));
        let found = self.descend(&mut children, &cones, depth, search);
        let worst = children[0].bound().max(children[1].bound());
        // A split that was not gone through with may prove less than the leaf before it.
        if worst <= leaf.bound || !self.ended() {
            *node = Node::Split { split, worst, children };
        }
        Found { nodes: found.nodes + 2, ..found }
    }

    /// Whether nothing is split any more.
    fn ended(&self) -> bool {
        (self.stop)() || self.nodes.load(Ordering::Relaxed) >= self.room
    }

    fn descend(&self, children: &mut [Node<R>; 2], cones: &[Cone<R>; 2], depth: usize, search: &mut Search<R>) -> Found {
        let [first, second] = children;
        if depth < PARALLEL_DEPTH {
            let second = || self.refine(second, &cones[1], depth + 1, &mut Search::default());
            let (a, b) = rayon::join(|| self.refine(first, &cones[0], depth + 1, search), second);
            return a.join(b);
        }
        let found = self.refine(first, &cones[0], depth + 1, search);
        if found.violations.is_empty() {
            return found.join(self.refine(second, &cones[1], depth + 1, search));
        }
        if let Node::Leaf(leaf, start) = second
            && leaf.bound == f64::INFINITY
        {
            search.run(self.floats, &cones[1], start, f64::INFINITY);
            *leaf = Leaf::written(self.floats, &cones[1], search, f64::INFINITY);
        }
        found
    }
}

fn length<const R: usize>(x: &[f64; R]) -> f64 {
    dot(x, x).sqrt()
}

fn dot<const R: usize>(a: &[f64; R], b: &[f64; R]) -> f64 {
    (0..R).map(|k| a[k] * b[k]).sum()
}
