//! The cone tree (GLOBAL 3): weight space as simplicial cones, split until a vector at every leaf proves G(θ) <= T |θ| there.
//!
//! The target comes down level by level, so that an unfinished tree is even: its worst leaf is a bound on every price.

mod cone;
mod leaf;
mod split;

use crate::certificate::{Claim, Kind, Proof, Writer};
use cone::{Cone, Floats};
use leaf::Leaf;
use rayon::prelude::*;

/// Targets of successive passes, relative to T; the last is T itself.
const LEVELS: [f64; 9] = [3.0, 1.5, 1.2, 1.07, 1.02, 1.005, 1.001, 1.0001, 1.0];
/// Subtrees above this depth are independent tasks.
const PARALLEL_DEPTH: usize = 8;
/// No deeper than the checker allows.
const DEEPEST: usize = 200;

/// A tree over one cone.
enum Node {
    Split { edge: (usize, usize), multipliers: (i64, i64), first: Box<Node>, second: Box<Node> },
    Leaf(Leaf),
}

/// What a proof attempt left.
pub struct ConeTree {
    trees: Vec<Node>,
    rank: usize,
    /// G(θ) <= `worst` T |θ| is proved everywhere; at most 1 if the claim is.
    pub worst: f64,
    /// θ with G(θ) > T |θ|, one per subtree that met one.
    pub violations: Vec<Vec<f64>>,
    pub nodes: usize,
}

/// Tries to prove `claim`, with no more than about `most_nodes` nodes.
///
/// `progress` hears of the worst leaf after every level.  The result does not depend on the number of threads unless `stop`
/// ends it.
pub fn prove(claim: &Claim, most_nodes: usize, stop: &(dyn Fn() -> bool + Sync), progress: &mut dyn FnMut(f64, usize)) -> ConeTree {
    let floats = Floats::new(claim);
    let roots: Vec<Cone> = (0..1_u32 << claim.rank()).map(|bits| Cone::orthant(claim, &floats, bits)).collect();
    let trees = roots.par_iter().map(|root| Node::Leaf(Leaf::solve(&floats, root, &root.middle(), f64::INFINITY).0)).collect();
    let mut tree = ConeTree { trees, rank: claim.rank(), worst: f64::INFINITY, violations: Vec::new(), nodes: roots.len() };
    for level in LEVELS {
        let pass = Pass { floats: &floats, target: level * floats.limit, stop };
        let found: Vec<Found> = tree.trees.par_iter_mut().zip(&roots).map(|(node, root)| pass.refine(node, root, 0)).collect();
        tree.nodes += found.iter().map(|found| found.nodes).sum::<usize>();
        tree.worst = tree.trees.iter().map(Node::worst).fold(0.0, f64::max) / floats.limit;
        progress(tree.worst, tree.nodes);
        tree.violations = found.into_iter().flat_map(|found| found.violations).collect();
        if !tree.violations.is_empty() || tree.worst > level || tree.nodes > most_nodes {
            break;
        }
    }
    tree
}

impl ConeTree {
    /// The proof of the claim with a limit of at least `worst` T.
    pub fn proof(&self, claim: &Claim) -> Proof {
        let unit = Floats::new(claim).unit;
        let mut writer = Writer::default();
        self.trees.iter().for_each(|tree| tree.write(self.rank, &mut writer));
        Proof { kind: Kind::Cones, unit, tree: writer.text() }
    }
}

impl Node {
    fn worst(&self) -> f64 {
        match self {
            Node::Leaf(leaf) => leaf.bound,
            Node::Split { first, second, .. } => first.worst().max(second.worst()),
        }
    }

    fn write(&self, rank: usize, writer: &mut Writer) {
        match self {
            Node::Leaf(leaf) => leaf.write(writer),
            Node::Split { edge: (a, b), multipliers: (m, n), first, second } => {
                writer.natural((a * rank + b + 1) as u128);
                writer.natural(*m as u128);
                writer.natural(*n as u128);
                first.write(rank, writer);
                second.write(rank, writer);
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
struct Pass<'a> {
    floats: &'a Floats,
    target: f64,
    stop: &'a (dyn Fn() -> bool + Sync),
}

impl Pass<'_> {
    /// Splits leaves below `node` until each is below the target, or a violation ends this subtree.
    fn refine(&self, node: &mut Node, cone: &Cone, depth: usize) -> Found {
        match node {
            Node::Leaf(leaf) if leaf.bound <= self.target || (self.stop)() || depth >= DEEPEST => Found::default(),
            Node::Leaf(leaf) => {
                let start = leaf.maximiser.clone();
                let (solved, point) = Leaf::solve(self.floats, cone, &start, self.target);
                let closed = solved.bound <= self.target;
                if solved.bound < leaf.bound {
                    *leaf = solved;
                }
                if closed {
                    return Found::default();
                }
                if cone.value(self.floats, &point) > self.floats.limit * length(&point) * (1.0 + 1e-12) {
                    return Found { nodes: 1, violations: vec![point] };
                }
                self.open(node, cone, &point, depth)
            }
            Node::Split { edge, multipliers, first, second } => {
                let children = cone.split(self.floats, *edge, *multipliers);
                self.descend(first, second, &children, depth)
            }
        }
    }

    /// Turns a leaf into a split, where its numbers leave room for one.
    fn open(&self, node: &mut Node, cone: &Cone, point: &[f64], depth: usize) -> Found {
        let Some((edge, multipliers)) = split::choose(self.floats, cone, point, depth) else {
            return Found { nodes: 1, ..Found::default() };
        };
        let children = cone.split(self.floats, edge, multipliers);
        let child = |cone: &Cone| {
            let start = cone.nearest(point);
            Box::new(Node::Leaf(Leaf::solve(self.floats, cone, &start, self.target).0))
        };
        let (mut first, mut second) = (child(&children.0), child(&children.1));
        let found = self.descend(&mut first, &mut second, &children, depth);
        *node = Node::Split { edge, multipliers, first, second };
        Found { nodes: found.nodes + 2, ..found }
    }

    fn descend(&self, first: &mut Node, second: &mut Node, cones: &(Cone, Cone), depth: usize) -> Found {
        if depth < PARALLEL_DEPTH {
            let (a, b) = rayon::join(|| self.refine(first, &cones.0, depth + 1), || self.refine(second, &cones.1, depth + 1));
            return a.join(b);
        }
        let found = self.refine(first, &cones.0, depth + 1);
        if found.violations.is_empty() { found.join(self.refine(second, &cones.1, depth + 1)) } else { found }
    }
}

fn length(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
