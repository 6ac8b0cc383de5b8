//! Between the claim in integers and the form in floating point: rows and limit of size about 1 on this side.
//!
//! All factors are powers of two, so that the prover's rounded multipliers are the very numbers that are written.

use super::{Form, Leaf, Tree};
use crate::certificate::{Claim, Kind, Proof, SLOPE_BITS, Writer};
use crate::problem::{Gauge, Matrix};

/// Leaves are closed with at least twice this to spare; a larger μ leaves the exact test of definiteness its room.
const ROOM: f64 = 4e-10;
/// The largest entries of the checker's matrices have about so many bits.
const MATRIX_BITS: f64 = 122.0;
/// The finest unit of a leaf's quadratic weights is 2 to the minus this.
const FINEST: u32 = 48;

/// The claim as a form, and its T, between 1/2 and 1.
pub fn form(claim: &Claim) -> (Form, f64) {
    let sizes = sizes(claim);
    let limit = power_above(claim.limit as f64);
    let stretch = stretch(claim);
    let unit = |(line, size): (&Vec<i64>, &f64)| line.iter().zip(&stretch).map(|(x, s)| *x as f64 / size * s).collect::<Vec<f64>>();
    let values: Vec<f64> = claim.lines.iter().zip(&sizes).flat_map(unit).collect();
    let form = Form {
        rows: Matrix::new(claim.lines.len(), claim.rank(), values),
        gauge: claim.gauge,
        hidden: claim.hidden,
        stretch: stretch.first().copied().unwrap_or(1.0),
        linear: claim.slope.iter().zip(&stretch).map(|(g, s)| *g as f64 / limit * s).collect(),
        kinks: claim.kinks.iter().zip(&sizes).map(|(k, size)| *k as f64 / limit * size).collect(),
    };
    (form, claim.limit as f64 / limit)
}

/// A point of the form as a θ of the claim; not of ρ(θ) = 1 where the ball is larger than that.
pub fn unstretched(claim: &Claim, point: Vec<f64>) -> Vec<f64> {
    point.iter().zip(stretch(claim)).map(|(x, s)| x * s).collect()
}

/// The prover's ball is |u| <= 1: with the max norm u is divided by √r.
fn stretch(claim: &Claim) -> Vec<f64> {
    let heads = usize::from(claim.gauge == Gauge::Cap);
    let size = claim.rank() - heads;
    let root = (claim.hidden.ball(size) as f64).sqrt();
    (0..size).map(|_| root).chain((0..heads).map(|_| 1.0)).collect()
}

/// The power of two next above |ℓ|, for every line.
fn sizes(claim: &Claim) -> Vec<f64> {
    let square = |line: &Vec<i64>| line.iter().map(|x| *x as f64 * *x as f64).sum::<f64>();
    claim.lines.iter().map(|line| power_above(square(line).sqrt())).collect()
}

fn power_above(x: f64) -> f64 {
    libm::scalbn(1.0, libm::frexp(x).1)
}

/// The tree's multipliers in the units of the claim.
pub fn proof(claim: &Claim, tree: &Tree) -> Proof {
    let mut rounding = Rounding { claim, sizes: sizes(claim), limit: power_above(claim.limit as f64), writer: Writer::default() };
    let mut stack: Vec<(&Tree, Vec<usize>)> = vec![(tree, Vec::new())];
    while let Some((tree, path)) = stack.pop() {
        match tree {
            Tree::Split { row, positive, negative } => {
                rounding.writer.natural(*row as u128 + 1);
                let below: Vec<usize> = path.into_iter().chain([*row]).collect();
                stack.push((negative, below.clone()));
                stack.push((positive, below));
            }
            Tree::Leaf(leaf) => rounding.leaf(leaf, &path),
        }
    }
    Proof { kind: Kind::Signs, unit: FINEST, tree: rounding.writer.text() }
}

/// The finest unit of quadratic weights that leaves the checker's sums their room at this leaf.
fn point(claim: &Claim, leaf: &Leaf) -> u32 {
    let balls = leaf.linear.iter().sum::<f64>();
    let pairs = leaf.pairs.iter().map(|pair| pair.2).sum::<f64>();
    let chords = leaf.chord.iter().sum::<f64>();
    let heaviest = 2.0 * (leaf.convex.iter().sum::<f64>() + chords + balls + pairs + leaf.mu.abs());
    let room = MATRIX_BITS - libm::log2(power_above(claim.limit as f64)) - libm::log2(heaviest.max(1.0));
    if room.is_finite() { room.clamp(1.0, f64::from(FINEST)) as u32 } else { 1 }
}

struct Rounding<'a> {
    claim: &'a Claim,
    sizes: Vec<f64>,
    limit: f64,
    writer: Writer,
}

impl Rounding<'_> {
    fn leaf(&mut self, leaf: &Leaf, path: &[usize]) {
        let point = point(self.claim, leaf);
        let fine = self.limit * libm::scalbn(1.0, point as i32);
        self.writer.natural(0);
        self.writer.natural((FINEST - point).into());
        for line in 0..self.claim.lines.len() {
            if path.contains(&line) {
                continue;
            }
            if self.claim.kinks[line] > 0 {
                let weight = leaf.convex[line] * fine / (self.sizes[line] * self.sizes[line]);
                self.scaled(weight.round().max(1.0));
            } else {
                self.slopes(line, leaf);
            }
        }
        for (&line, (lambda, ball)) in path.iter().zip(leaf.linear.iter().zip(&leaf.ball)) {
            self.constraint(line, *lambda, ball);
        }
        self.writer.natural(leaf.pairs.len() as u128);
        for &(j, k, weight) in &leaf.pairs {
            self.writer.natural(j as u128);
            self.writer.natural(k as u128);
            self.scaled((weight * fine / (self.sizes[path[j]] * self.sizes[path[k]])).round());
        }
        let ball = self.claim.hidden.ball(self.claim.rank() - usize::from(self.claim.gauge == Gauge::Cap)) as f64;
        self.scaled(((leaf.mu * self.limit + ROOM * self.claim.limit as f64) / ball).ceil().max(0.0));
    }

    /// η and 2h as parts of the kink.
    fn slopes(&mut self, line: usize, leaf: &Leaf) {
        let kink = -(self.claim.kinks[line] as f64) / self.limit * self.sizes[line];
        let whole = 1_u128 << SLOPE_BITS;
        let part = |x: f64| ((x / kink * whole as f64).round() as u128).min(whole);
        let straight = part(leaf.slope[line]);
        self.writer.natural(straight);
        self.writer.natural(part(2.0 * leaf.chord[line]).min(whole - straight));
    }

    fn constraint(&mut self, line: usize, lambda: f64, ball: &[f64]) {
        let unit = self.limit / self.sizes[line];
        let vector: Vec<i128> = ball.iter().zip(stretch(self.claim)).map(|(w, s)| (w * unit / s).trunc() as i128).collect();
        self.scaled((lambda * unit).ceil());
        self.writer.natural(u128::from(!vector.is_empty()));
        vector.iter().for_each(|w| self.writer.integer(*w));
    }

    /// A whole number as a mantissa without its trailing zeros, and their count.
    fn scaled(&mut self, value: f64) {
        let whole = value as u128;
        let zeros = if whole == 0 { 0 } else { whole.trailing_zeros() };
        self.writer.natural(whole >> zeros);
        self.writer.natural(zeros.into());
    }
}
