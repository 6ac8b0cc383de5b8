//! A node of the tree: its multipliers, the bound they give, and how the bound changes with them.
//!
//! Every row has one variable: a free convex row the logarithm of p; a concave row z in [0, 2], which stands for
//! ```text
//!   z <= 1:  2h = z|k|, η = 0            z >= 1:  2h = (2-z)|k|, η = (z-1)|k|            always η + h = z|k|/2
//! ```
//! (mixing 0 and t without the chord between them is never better: (t + t²/R)/2 >= t/2).  A cut, the sign of a row, brings
//! λ and a Λ with every earlier cut, all >= 0.  Products with the ball (w) closed no node sooner on any data tried, and are left out.

use super::packed::{add, add_symmetric, dot, doubled, times};
use super::peak::{Peak, peak};
use super::rows::Rows;

/// A sign constraint σ ℓ·θ >= 0.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub slot: usize,
    pub sign: f64,
}

/// Where the variables of cut k begin, counted from the end of the rows' own.
pub fn block(k: usize) -> usize {
    k * (k + 1) / 2
}

/// What a row is in this node.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Convex,
    Concave,
    Fixed,
}

pub struct Node<'a> {
    pub rows: &'a Rows,
    pub cuts: &'a [Cut],
    pub kinds: Vec<Kind>,
    /// g + Σ k ℓ/2 over free convex rows + Σ k ℓ over rows known to be positive, and the same of the offsets.
    base: Vec<f64>,
    constant: f64,
}

/// The bound at some multipliers.
pub struct Value {
    pub x: Vec<f64>,
    /// p, 0 for other rows.
    pub convex: Vec<f64>,
    pub delta: f64,
    pub curvature: Vec<f64>,
    pub slope: Vec<f64>,
    pub constant: f64,
    pub peak: Peak,
}

impl Value {
    /// The same multipliers with another δ; false if no number is finite.
    pub fn resmooth(&mut self, delta: f64) -> bool {
        let guess = self.peak.mu + 2.0 * delta;
        let Some(peak) = peak(&self.curvature, &self.slope, delta, guess) else { return false };
        (self.peak, self.delta) = (peak, delta);
        true
    }

    pub fn smooth(&self) -> f64 {
        self.peak.smooth + self.constant
    }

    pub fn bound(&self) -> f64 {
        self.peak.bound + self.constant
    }
}

/// Derivatives of the smoothed bound.
pub struct Slopes {
    /// From the left and from the right: they differ for z = 1 only.
    pub left: Vec<f64>,
    pub right: Vec<f64>,
    /// Second derivatives, one variable at a time, μ held.
    pub second: Vec<f64>,
    /// The value of the relaxation at (θ, Θ), less what its violations may be worth.
    pub primal: f64,
    /// The free convex row with the largest k (S - t²), and that number: splitting it helps most.
    pub widest: Option<(usize, f64)>,
    /// The relaxation error of the free convex rows, Σ k (√S - |t|)/2.
    pub loose: f64,
}

impl<'a> Node<'a> {
    pub fn new(rows: &'a Rows, cuts: &'a [Cut]) -> Node<'a> {
        let mut kinds: Vec<Kind> = rows.rows.iter().map(|row| if row.kink > 0.0 { Kind::Convex } else { Kind::Concave }).collect();
        cuts.iter().for_each(|cut| kinds[cut.slot] = Kind::Fixed);
        let (mut base, mut constant) = (rows.linear.clone(), rows.constant);
        let mut put = |slot: usize, part: f64| {
            add(&mut base, part * rows.rows[slot].kink, rows.form(slot));
            constant += part * rows.rows[slot].kink * rows.rows[slot].offset;
        };
        (0..kinds.len()).filter(|slot| kinds[*slot] == Kind::Convex).for_each(|slot| put(slot, 0.5));
        cuts.iter().filter(|cut| cut.sign > 0.0).for_each(|cut| put(cut.slot, 1.0));
        Node { rows, cuts, kinds, base, constant }
    }

    /// The bounds of variable i, for z those of its whole range.
    pub fn range(&self, i: usize) -> (f64, f64) {
        match self.kinds.get(i) {
            Some(Kind::Convex) => {
                let least = self.rows.rows[i].least;
                (least - 0.1, least + 16.0)
            }
            Some(Kind::Concave) => (0.0, 2.0),
            Some(Kind::Fixed) => (f64::NEG_INFINITY, f64::INFINITY),
            None => (0.0, f64::INFINITY),
        }
    }

    /// What z means: the weights of ℓℓ' and of ℓ.
    fn concave_weights(&self, slot: usize, z: f64) -> (f64, f64) {
        let row = &self.rows.rows[slot];
        (row.kink * z.min(2.0 - z) / (2.0 * row.radius), 0.5 * row.kink * z)
    }

    /// A, b and κ.
    fn quadratic(&self, x: &[f64], convex: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
        let count = self.rows.count();
        let (mut products, mut forms, mut constant) = (convex.to_vec(), vec![0.0; count], self.constant);
        for slot in 0..count {
            match self.kinds[slot] {
                Kind::Convex => {
                    let kink = self.rows.rows[slot].kink;
                    constant += kink * kink / (16.0 * products[slot]);
                }
                Kind::Concave => (products[slot], forms[slot]) = self.concave_weights(slot, x[slot]),
                Kind::Fixed => {}
            }
        }
        for ((form, product), row) in forms.iter_mut().zip(&products).zip(&self.rows.rows).filter(|(_, row)| row.offset != 0.0) {
            constant += (*form + product * row.offset) * row.offset;
            *form += 2.0 * product * row.offset;
        }
        let mut curvature = self.rows.weighted_products(&products);
        let mut slope = self.rows.weighted_forms(&forms);
        add(&mut slope, 1.0, &self.base);
        constant += self.add_cuts(x, &mut curvature, &mut slope);
        (curvature, slope, constant)
    }

    /// With p·θ + q for the sum of a cut's partners, adds σ λ t + t (p·θ + q) for every cut; returns what is constant of it.
    fn add_cuts(&self, x: &[f64], curvature: &mut [f64], slope: &mut [f64]) -> f64 {
        let mut constant = 0.0;
        for (k, cut) in self.cuts.iter().enumerate() {
            let own = &x[self.rows.count() + block(k)..];
            let (form, offset) = (self.rows.form(cut.slot), self.rows.rows[cut.slot].offset);
            let (mut partner, mut shift) = (vec![0.0; self.rows.rank], cut.sign * own[0]);
            for (other, &pair) in self.cuts[..k].iter().zip(&own[1..]).filter(|(_, pair)| **pair != 0.0) {
                let weight = pair * cut.sign * other.sign;
                add(&mut partner, weight, self.rows.form(other.slot));
                shift += weight * self.rows.rows[other.slot].offset;
            }
            add(slope, shift, form);
            if offset != 0.0 {
                add(slope, offset, &partner);
            }
            constant += shift * offset;
            add_symmetric(curvature, 1.0, form, &partner);
        }
        constant
    }

    pub fn value(&self, x: Vec<f64>, delta: f64, guess: f64) -> Option<Value> {
        let p = |(x, kind): (&f64, &Kind)| if *kind == Kind::Convex { libm::exp(*x) } else { 0.0 };
        let convex: Vec<f64> = x.iter().zip(&self.kinds).map(p).collect();
        let (curvature, slope, constant) = self.quadratic(&x, &convex);
        let peak = peak(&curvature, &slope, delta, guess)?;
        Some(Value { x, convex, delta, curvature, slope, constant, peak })
    }

    pub fn slopes(&self, value: &Value) -> Slopes {
        let size = value.x.len();
        let mut slopes =
            Slopes { left: vec![0.0; size], right: vec![0.0; size], second: vec![1.0; size], primal: 0.0, widest: None, loose: 0.0 };
        let mut gap = value.delta * self.rows.rank as f64;
        let quadratic = doubled(&value.peak.inverse, self.rows.rank);
        for slot in 0..self.rows.count() {
            let along = self.rows.reach(slot, &value.peak.theta);
            let spread = || dot(self.rows.product(slot), &quadratic);
            match self.kinds[slot] {
                Kind::Convex => gap += self.convex_slope(slot, value, (along, spread()), &mut slopes),
                Kind::Concave => gap += self.concave_slope(slot, value, (along, spread()), &mut slopes),
                Kind::Fixed => {}
            }
        }
        gap += self.cut_slopes(value, &mut slopes);
        slopes.primal = value.bound() - gap;
        slopes
    }

    /// t and ℓ'Qℓ give S = ℓ'Θℓ = δ ℓ'Qℓ + t²; returns pS + k²/(16p) - k √S / 2.
    fn convex_slope(&self, slot: usize, value: &Value, (t, q): (f64, f64), slopes: &mut Slopes) -> f64 {
        let (kink, p) = (self.rows.rows[slot].kink, value.convex[slot]);
        let square = value.delta * q + t * t;
        let (rising, falling) = (p * square, kink * kink / (16.0 * p));
        slopes.left[slot] = rising - falling;
        slopes.right[slot] = rising - falling;
        slopes.second[slot] = p * p * q * (2.0 * t * t + value.delta * q) + rising + falling;
        let root = square.sqrt();
        let spread = kink * value.delta * q;
        slopes.loose += 0.5 * kink * (root - t.abs());
        if slopes.widest.is_none_or(|(_, largest)| spread > largest) {
            slopes.widest = Some((slot, spread));
        }
        rising + falling - 0.5 * kink * root
    }

    /// Returns by how much the chosen slope falls short of |k| max(t, (t + S/R)/2, 0).
    fn concave_slope(&self, slot: usize, value: &Value, (t, q): (f64, f64), slopes: &mut Slopes) -> f64 {
        let (row, z) = (&self.rows.rows[slot], value.x[slot]);
        let (kink, square) = (-row.kink, value.delta * q + t * t);
        let chord = 0.5 * (t + square / row.radius);
        slopes.left[slot] = -kink * chord;
        slopes.right[slot] = -kink * (t - chord);
        let (bend, tilt) = (0.5 * kink / row.radius, 0.5 * kink);
        let side = if z > 1.0 { 1.0 } else { -1.0 };
        let along = 2.0 * side * bend * t - tilt;
        slopes.second[slot] = 0.5 * q * along * along + value.delta * bend * bend * q * q;
        let chosen = if z > 1.0 { (z - 1.0) * t + (2.0 - z) * chord } else { z * chord };
        kink * (t.max(chord).max(0.0) - chosen)
    }

    /// Returns Σ multiplier times constraint, and what violated constraints may be worth.
    fn cut_slopes(&self, value: &Value, slopes: &mut Slopes) -> f64 {
        let mut gap = 0.0;
        let theta = &value.peak.theta;
        let images: Vec<Vec<f64>> = self.cuts.iter().map(|cut| times(&value.peak.inverse, self.rows.form(cut.slot))).collect();
        for (k, cut) in self.cuts.iter().enumerate() {
            let (form, image) = (self.rows.form(cut.slot), &images[k]);
            let (t, q) = (self.rows.reach(cut.slot, theta), dot(form, image));
            let mut put = |offset: usize, slope: f64, second: f64, worth: f64| {
                let i = self.rows.count() + block(k) + offset;
                (slopes.left[i], slopes.right[i], slopes.second[i]) = (slope, slope, second);
                gap += value.x[i] * slope + worth * (-slope).max(0.0);
            };
            let worth = self.rows.rows[cut.slot].kink;
            put(0, cut.sign * t, 0.5 * q, worth);
            for (j, other) in self.cuts[..k].iter().enumerate() {
                let partner = self.rows.form(other.slot);
                let (s, cross, far) = (self.rows.reach(other.slot, theta), dot(partner, image), dot(partner, &images[j]));
                let curve = 0.5 * (s * s * q + 2.0 * s * t * cross + t * t * far) + 0.5 * value.delta * (q * far + cross * cross);
                put(1 + j, cut.sign * other.sign * (value.delta * cross + s * t), curve, 0.0);
            }
        }
        gap
    }
}
