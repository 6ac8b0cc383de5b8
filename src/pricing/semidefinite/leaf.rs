//! Leaves: multipliers rounded to few bits, and the bound recomputed from nothing but them.

use super::node::{Cut, Kind, Node, Value, block};
use super::packed::{add_symmetric, outer, packed_length};
use super::peak::{Peak, peak};
use super::rows::{length, radius};
use super::{Form, Leaf};

/// The nearest number with so many significant bits.
fn rounded(x: f64, bits: i32) -> f64 {
    scaled(x, bits, f64::round)
}

/// The next number up with so many significant bits.
fn raised(x: f64, bits: i32) -> f64 {
    scaled(x, bits, f64::ceil)
}

fn scaled(x: f64, bits: i32, to_integer: fn(f64) -> f64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let (_, exponent) = libm::frexp(x);
    libm::ldexp(to_integer(libm::ldexp(x, bits - exponent)), exponent - bits)
}

/// The leaf at these variables, with the best μ for the rounded multipliers.
pub fn leaf(node: &Node, form: &Form, value: &Value) -> Leaf {
    let n = form.kinks.len();
    let mut leaf = Leaf { convex: vec![0.0; n], slope: vec![0.0; n], chord: vec![0.0; n], ..Leaf::default() };
    for (slot, row) in node.rows.rows.iter().enumerate() {
        match node.kinds[slot] {
            Kind::Convex => leaf.convex[row.index] = rounded(value.convex[slot], 20),
            Kind::Concave => (leaf.slope[row.index], leaf.chord[row.index]) = concave(-row.kink, value.x[slot]),
            Kind::Fixed => {}
        }
    }
    for k in 0..node.cuts.len() {
        let own = &value.x[node.rows.count() + block(k)..];
        leaf.linear.push(raised(own[0], 30));
        leaf.ball.push(Vec::new());
        leaf.pairs.extend((0..k).map(|j| (j, k, rounded(own[1 + j], 30))).filter(|pair| pair.2 > 0.0));
    }
    let path: Vec<(usize, bool)> = path(node);
    let (curvature, slope, constant) = quadratic(form, &path, &leaf);
    // A hair above the best μ costs nothing and keeps μI - A well inside.
    let best = peak(&curvature, &slope, 0.0, value.peak.mu).map_or(f64::INFINITY, |peak| peak.mu);
    leaf.mu = raised(best + 1e-12 * best.abs(), 44);
    leaf.bound = total(&curvature, &slope, constant, leaf.mu);
    leaf
}

fn path(node: &Node) -> Vec<(usize, bool)> {
    node.cuts.iter().map(|cut: &Cut| (node.rows.rows[cut.slot].index, cut.sign > 0.0)).collect()
}

/// (η, h) with η/|k| and 2h/|k| rounded down to multiples of 2^-24.
fn concave(size: f64, z: f64) -> (f64, f64) {
    let down = |part: f64| libm::ldexp(libm::ldexp(part, 24).floor(), -24);
    let (straight, chord) = (down((z - 1.0).max(0.0)), down(z.min(2.0 - z)));
    (size * straight, 0.5 * size * chord)
}

/// A, b and κ of a leaf, from its multipliers alone.
fn quadratic(form: &Form, path: &[(usize, bool)], leaf: &Leaf) -> (Vec<f64>, Vec<f64>, f64) {
    let rank = form.rank();
    let mut sum = Quadratic { curvature: vec![0.0; packed_length(rank)], slope: vec![0.0; rank], constant: form.straight().1 };
    sum.slope.iter_mut().zip(form.straight().0).for_each(|(b, g)| *b += g);
    let fixed: std::collections::BTreeSet<usize> = path.iter().map(|cut| cut.0).collect();
    for (row, &kink) in form.kinks.iter().enumerate() {
        let (line, offset) = form.row(row);
        let size = radius(line, offset);
        if kink < 0.0 && size != 0.0 {
            sum.put(form.row(row), -leaf.chord[row] / size, -(leaf.slope[row] + leaf.chord[row]));
        } else if kink > 0.0 && size != 0.0 && !fixed.contains(&row) {
            sum.put(form.row(row), leaf.convex[row], 0.5 * kink);
            sum.constant += kink * kink / (16.0 * leaf.convex[row]);
        }
    }
    for (k, &(row, positive)) in path.iter().enumerate() {
        let lift = if positive { form.kinks[row] + leaf.linear[k] } else { -leaf.linear[k] };
        sum.put(form.row(row), 0.0, lift);
    }
    sum.products(form, path, leaf);
    (sum.curvature, sum.slope, sum.constant)
}

/// A, b and κ on the way.
struct Quadratic {
    curvature: Vec<f64>,
    slope: Vec<f64>,
    constant: f64,
}

impl Quadratic {
    /// Adds square t² + tilt t.
    fn put(&mut self, (line, offset): (&[f64], f64), square: f64, tilt: f64) {
        let tilt_here = tilt + 2.0 * square * offset;
        self.slope.iter_mut().zip(line).for_each(|(b, x)| *b += tilt_here * x);
        self.constant += (tilt + square * offset) * offset;
        if square != 0.0 {
            self.curvature.iter_mut().zip(outer(line)).for_each(|(a, x)| *a += square * x);
        }
    }

    /// Adds weight s t.
    fn product(&mut self, (first, shift): (&[f64], f64), (second, offset): (&[f64], f64), weight: f64) {
        add_symmetric(&mut self.curvature, weight, first, second);
        self.slope.iter_mut().zip(first.iter().zip(second)).for_each(|(b, (s, t))| *b += weight * (shift * t + offset * s));
        self.constant += weight * shift * offset;
    }

    /// The terms of constraints times the ball and of constraints times constraints.
    fn products(&mut self, form: &Form, path: &[(usize, bool)], leaf: &Leaf) {
        let sign = |k: usize| if path[k].1 { 1.0 } else { -1.0 };
        for (k, ball) in leaf.ball.iter().enumerate().filter(|(_, ball)| !ball.is_empty()) {
            self.product(form.row(path[k].0), (ball, 0.0), -sign(k));
        }
        for &(j, k, pair) in &leaf.pairs {
            self.product(form.row(path[j].0), form.row(path[k].0), pair * sign(j) * sign(k));
        }
    }
}

fn total(curvature: &[f64], slope: &[f64], constant: f64, mu: f64) -> f64 {
    Peak::at(curvature, slope, 0.0, mu).map_or(f64::INFINITY, |peak| peak.bound + constant)
}

/// The bound that a leaf's multipliers prove on its part of the unit sphere, recomputed from scratch in floats.
///
/// `path` holds (row, whether its form is >= 0) from the root down.  Infinite if the multipliers prove nothing.
pub fn bound(form: &Form, path: &[(usize, bool)], leaf: &Leaf) -> f64 {
    if !admissible(form, path, leaf) {
        return f64::INFINITY;
    }
    let (curvature, slope, constant) = quadratic(form, path, leaf);
    total(&curvature, &slope, constant, leaf.mu)
}

/// Whether every multiplier is in its range.
fn admissible(form: &Form, path: &[(usize, bool)], leaf: &Leaf) -> bool {
    let n = form.kinks.len();
    let shapes =
        [leaf.convex.len(), leaf.slope.len(), leaf.chord.len()] == [n; 3] && [leaf.linear.len(), leaf.ball.len()] == [path.len(); 2];
    let concave = form.kinks.iter().zip(leaf.slope.iter().zip(&leaf.chord));
    // η + 2h may pass |k| by the last bit of a float: the multiples of 2^-24 that they stand for do not.
    let slopes = concave.into_iter().all(|(k, (e, h))| *e >= 0.0 && *h >= 0.0 && e + 2.0 * h <= (-k).max(0.0) * (1.0 + 4e-16));
    let balls = leaf.ball.iter().zip(&leaf.linear).all(|(w, &most)| most >= 0.0 && length(w) <= most);
    let convex = leaf.convex.iter().all(|p| *p >= 0.0 && p.is_finite());
    let fixed: std::collections::BTreeSet<usize> = path.iter().map(|cut| cut.0).collect();
    let cuts = fixed.len() == path.len() && fixed.iter().all(|&row| row < n && form.kinks[row] > 0.0);
    shapes && cuts && convex && slopes && balls && leaf.pairs.iter().all(|pair| pair.2 >= 0.0 && pair.0 < pair.1 && pair.1 < path.len())
}
