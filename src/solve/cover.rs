//! Cones of output weights that cover all of them, as coarse as prices allow (THEORY 8c; `certificate::cover` says what they prove).
//!
//! Prices h(a) along some directions are known from below.  A cone's price is the length of the shortest q with q·a >= h(a) at its
//! corners; the cone of the highest price is split at its widest angle until no price is above β.  Only near the directions of neurons,
//! where h(a) = β|a|, are cones narrow.

use crate::certificate::{PART_BITS, Writer, between, root, write_leaf, write_split};
use nalgebra::{DMatrix, DVector};
use std::collections::BTreeMap;

/// Directions longer than this would cost the dual vector too many of its bits.
pub const REACH_BITS: u32 = 14;
/// How often a vector p is lengthened by bisection.
const BISECTIONS: usize = 24;
/// The most cones and splits.
const NODES: usize = 20_000;
/// What rounding may take of a cone's constraints, and of a vector's length.
const ROUNDING: f64 = 1e-12;

/// A corner of cones: a direction, its length, and its price as far as it is known.
struct Corner {
    direction: Vec<i64>,
    length: f64,
    height: f64,
}

enum Node {
    Leaf { corners: Vec<usize>, price: f64, whole: bool },
    Split { edge: (usize, usize), times: [u128; 2], halves: [usize; 2] },
}

pub struct Cover {
    outputs: usize,
    corners: Vec<Corner>,
    known: BTreeMap<Vec<i64>, usize>,
    /// The first 2^C are the roots.
    nodes: Vec<Node>,
    /// What a price has to be above what is known of it.
    room: f64,
}

impl Cover {
    /// The orthants; `height` tells what is known of the price along a direction.
    pub fn new(outputs: usize, room: f64, height: &mut dyn FnMut(&[i64]) -> f64) -> Self {
        let mut cover = Cover { outputs, corners: Vec::new(), known: BTreeMap::new(), nodes: Vec::new(), room };
        for orthant in 0..1 << outputs {
            let corners = root(orthant, outputs).into_iter().map(|direction| cover.corner(direction, height)).collect();
            let leaf = cover.leaf(corners);
            cover.nodes.push(leaf);
        }
        cover
    }

    fn corner(&mut self, direction: Vec<i64>, height: &mut dyn FnMut(&[i64]) -> f64) -> usize {
        if let Some(at) = self.known.get(&direction) {
            return *at;
        }
        let length = direction.iter().map(|x| (x * x) as f64).sum::<f64>().sqrt();
        let height = height(&direction);
        self.known.insert(direction.clone(), self.corners.len());
        self.corners.push(Corner { direction, length, height });
        self.corners.len() - 1
    }

    fn leaf(&self, corners: Vec<usize>) -> Node {
        let price = length(&self.shortest(&corners, self.room));
        Node::Leaf { corners, price, whole: false }
    }

    /// The highest price of a cone.
    pub fn price(&self) -> f64 {
        let price = |node: &Node| if let Node::Leaf { price, .. } = node { *price } else { 0.0 };
        self.nodes.iter().map(price).fold(0.0, f64::max)
    }

    /// Splits cones until no price is above `enough`, there are `most` directions, or `stop` says so; a direction whose own price is above
    /// `enough` ends it, as no cone beside it can be cheap.
    pub fn refine(&mut self, enough: f64, most: usize, height: &mut dyn FnMut(&[i64]) -> f64, stop: &dyn Fn() -> bool) {
        let dear = |corner: &Corner| corner.height > enough * corner.length;
        while self.corners.len() < most && self.nodes.len() < NODES && !stop() && !self.corners.iter().any(dear) {
            let open = |(at, node): (usize, &Node)| match node {
                Node::Leaf { price, whole: false, .. } if *price > enough => Some((at, *price)),
                _ => None,
            };
            let Some((worst, _)) = self.nodes.iter().enumerate().filter_map(open).max_by(|a, b| a.1.total_cmp(&b.1)) else { return };
            self.split(worst, height);
        }
    }

    /// Splits a cone at its widest angle; one whose new direction would be too long stays whole.
    fn split(&mut self, at: usize, height: &mut dyn FnMut(&[i64]) -> f64) {
        let Node::Leaf { corners, whole, .. } = &mut self.nodes[at] else { return };
        *whole = true;
        let corners = corners.clone();
        let pairs = (0..corners.len()).flat_map(|a| (a + 1..corners.len()).map(move |b| (a, b)));
        let cosine = |&(a, b): &(usize, usize)| {
            let (a, b) = (&self.corners[corners[a]], &self.corners[corners[b]]);
            a.direction.iter().zip(&b.direction).map(|(x, y)| (x * y) as f64).sum::<f64>() / (a.length * b.length)
        };
        let Some((a, b)) = pairs.min_by(|x, y| cosine(x).total_cmp(&cosine(y))) else { return };
        let (first, second) = (&self.corners[corners[a]], &self.corners[corners[b]]);
        let times = balanced(first.length, second.length);
        let new = between(&first.direction, &second.direction, times);
        let Some(new) = new.filter(|new| new.iter().map(|x| x.unsigned_abs()).sum::<u64>() < 1 << REACH_BITS) else { return };
        let new = self.corner(new, height);
        let halves = [a, b].map(|place| {
            let mut corners = corners.clone();
            corners[place] = new;
            let leaf = self.leaf(corners);
            self.nodes.push(leaf);
            self.nodes.len() - 1
        });
        self.nodes[at] = Node::Split { edge: (a, b), times, halves };
    }

    /// Takes in that prices are at least `height`, and looks at all cones again.
    pub fn raise(&mut self, height: &dyn Fn(&[i64]) -> f64) {
        self.corners.iter_mut().for_each(|corner| corner.height = corner.height.max(height(&corner.direction)));
        for at in 0..self.nodes.len() {
            if let Node::Leaf { corners, whole, .. } = &self.nodes[at] {
                let (corners, kept) = (corners.clone(), *whole);
                let Node::Leaf { corners, price, .. } = self.leaf(corners) else { continue };
                self.nodes[at] = Node::Leaf { corners, price, whole: kept };
            }
        }
    }

    /// The tree, with vectors p in units of `price`, which is at least that of every cone.
    pub fn text(&self, price: f64) -> String {
        let mut writer = Writer::default();
        (0..1 << self.outputs).for_each(|root| self.write(root, price, &mut writer));
        writer.text()
    }

    fn write(&self, at: usize, price: f64, writer: &mut Writer) {
        match &self.nodes[at] {
            Node::Split { edge, times, halves } => {
                write_split(*edge, self.outputs, *times, writer);
                halves.iter().for_each(|half| self.write(*half, price, writer));
            }
            Node::Leaf { corners, .. } => write_leaf(&self.roomiest(corners, price), writer),
        }
    }

    /// The p with |p| <= 1 that leaves all corners of a cone the same room above their prices, as much as there is.
    fn roomiest(&self, corners: &[usize], price: f64) -> Vec<i128> {
        let most = price * (1.0 - ROUNDING);
        let (mut low, mut high) = (0.0, price);
        for _ in 0..BISECTIONS {
            let middle = 0.5 * (low + high);
            if length(&self.shortest(corners, middle)) <= most {
                low = middle;
            } else {
                high = middle;
            }
        }
        let q = self.shortest(corners, low);
        let longest = length(&q).max(most) * (1.0 + ROUNDING);
        q.iter().map(|x| libm::scalbn(x / longest, PART_BITS as i32) as i128).collect()
    }

    /// The shortest q with q·a >= h(a) + room |a| at all corners: that of the tight ones among them, whichever these are.
    fn shortest(&self, corners: &[usize], room: f64) -> Vec<f64> {
        let corners: Vec<&Corner> = corners.iter().map(|at| &self.corners[*at]).collect();
        let row = |corner: &Corner| -> Vec<f64> { corner.direction.iter().map(|x| *x as f64 / corner.length).collect() };
        let rows: Vec<Vec<f64>> = corners.iter().map(|corner| row(corner)).collect();
        let heights: Vec<f64> = corners.iter().map(|corner| corner.height / corner.length + room).collect();
        let slack = ROUNDING * heights.iter().fold(0.0, |largest: f64, height| largest.max(height.abs()));
        let enough = |q: &[f64]| rows.iter().zip(&heights).all(|(row, height)| dot(row, q) >= height - slack);
        let tight = (0..1_usize << rows.len()).filter_map(|some| meeting(&rows, &heights, some));
        let shortest = tight.filter(|q| enough(q)).min_by(|a, b| length(a).total_cmp(&length(b)));
        shortest.unwrap_or_else(|| vec![f64::INFINITY; rows.len()])
    }
}

/// The shortest vector that meets some of the rows exactly.
fn meeting(rows: &[Vec<f64>], heights: &[f64], some: usize) -> Option<Vec<f64>> {
    let chosen: Vec<usize> = (0..rows.len()).filter(|k| some >> k & 1 == 1).collect();
    if chosen.is_empty() {
        return Some(vec![0.0; rows.len()]);
    }
    let matrix = DMatrix::from_fn(chosen.len(), rows.len(), |k, c| rows[chosen[k]][c]);
    let target = DVector::from_fn(chosen.len(), |k, _| heights[chosen[k]]);
    if chosen.len() == rows.len() {
        return matrix.lu().solve(&target).map(|q| q.iter().copied().collect());
    }
    let multipliers = (&matrix * matrix.transpose()).lu().solve(&target)?;
    Some((matrix.transpose() * multipliers).iter().copied().collect())
}

/// Powers of two with which two vectors of these lengths are nearly equally long.
fn balanced(first: f64, second: f64) -> [u128; 2] {
    let shift = (second / first).log2().round() as i32;
    [1 << shift.clamp(0, 20), 1 << (-shift).clamp(0, 20)]
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn length(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}
