//! The lines in floating point, and the arithmetic on rays with proved errors.
//!
//! A ray is a vector û with |û - u|∞ <= error for some u on the true ray.  Lines are scaled to |x|₁ <= 1, hence
//!     |fl(x·û) - x·u| <= error + γ |û|∞ =: slack.
//! Where x meets the edge from u (value a > 0) to w (value b < 0) lies n = t w + (1 - t) u, t = a / (a - b), and
//!     |n̂ - n|∞ <= max(error_u, error_w) + |w - u|∞ max(slack_u, slack_w) / (a - b) + 8 ε |û|∞,
//! for |t̂ - t| = |δb α - δa β| / ((a - b)(α - β)) where α, β are the true values and δa, δb their errors.
//! Small integers need none of this: while a w - b u fits 53 bits it is exact, and slack is 0.

use super::lines::Lines;
use crate::exact::{Integer, linear};

/// ε: twice the unit roundoff.
const EPS: f64 = f64::EPSILON;
/// Covers the rounding of the error bounds themselves.
const SAFE: f64 = 1.0 + 1e-6;

/// A ray of a cone, without the cone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point<const R: usize> {
    pub at: [f64; R],
    pub error: f64,
    /// Values of lines above this in size have their true sign; 0 if all values are exact.
    pub slack: f64,
}

pub(super) struct Field<const R: usize> {
    pub rank: usize,
    /// The lines, scaled; coordinates from `rank` on are zero.
    pub lines: Vec<[f64; R]>,
    /// A line's integers are its doubles times 2^grain.
    grains: Vec<i32>,
    /// Integer rays up to this size have exact values; 0 if the lines are not small integers.
    limit: f64,
    /// γ, with room for the rounding of the lines themselves.
    gamma: f64,
}

impl<const R: usize> Field<R> {
    pub fn new(lines: &Lines) -> Self {
        let grains: Vec<i32> = lines.integers.iter().map(|x| linear::bits(x) + (x.len() as f64).log2().ceil() as i32).collect();
        let doubles = lines.integers.iter().zip(&grains).map(|(x, &grain)| array(x, grain)).collect();
        let finest = grains.iter().copied().max().unwrap_or(0);
        let limit = if finest <= 24 { libm::scalbn(1.0, (52 - finest) / 2) } else { 0.0 };
        Field { rank: lines.rank(), lines: doubles, grains, limit, gamma: (R as f64 + 4.0) * EPS }
    }

    #[inline]
    pub fn value(&self, line: usize, point: &Point<R>) -> f64 {
        dot(&self.lines[line], &point.at)
    }

    /// With the slack that the error asks for.
    fn inexact(&self, at: [f64; R], error: f64) -> Point<R> {
        Point { at, error, slack: (error + self.gamma * size(&at)) * SAFE }
    }

    /// An integer ray in floats.
    pub fn round(&self, integers: &[Integer]) -> Point<R> {
        let bits = linear::bits(integers);
        let whole = array(integers, 0);
        if bits < 50 && size(&whole) <= self.limit {
            return Point { at: whole, error: 0.0, slack: 0.0 };
        }
        self.inexact(array(integers, bits), EPS)
    }

    /// Where `line` meets the edge between `u` (value a > 0) and `w` (value b < 0); the error may be too large to be of use.
    #[inline]
    pub fn cut(&self, line: usize, u: &Point<R>, a: f64, w: &Point<R>, b: f64) -> Point<R> {
        if u.slack == 0.0 && w.slack == 0.0 {
            return self.cut_integers(line, u, a, w, b);
        }
        let (width, slack) = (a - b, u.slack.max(w.slack));
        let (s, t) = (-b / width, a / width);
        let mut at = [0.0; R];
        let (mut gap, mut large) = (0.0f64, 0.0f64);
        for (at, (w, u)) in at.iter_mut().zip(w.at.iter().zip(&u.at)) {
            *at = t * w + s * u;
            gap = gap.max((w - u).abs());
            large = large.max(w.abs()).max(u.abs());
        }
        let both = u.error.max(w.error);
        let error = both + (gap + 2.0 * both) * slack / width + 8.0 * EPS * large;
        // Values so small that their signs came from integers can make the width worthless.
        if width > slack { self.inexact(at, error * SAFE) } else { self.inexact(at, f64::INFINITY) }
    }

    /// The same for exact integers, kept exact while they are small.
    fn cut_integers(&self, line: usize, u: &Point<R>, a: f64, w: &Point<R>, b: f64) -> Point<R> {
        let unit = libm::scalbn(1.0, self.grains[line]);
        let mut at = [0.0; R];
        if a == -b {
            (0..R).for_each(|i| at[i] = w.at[i] + u.at[i]);
        } else {
            // |a|, |b| <= 2^(52 - grain)/2 and whole multiples of 2^-grain: the products are whole and below 2^52.
            (0..R).for_each(|i| at[i] = (a * unit) * w.at[i] - (b * unit) * u.at[i]);
        }
        if size(&at) > 64.0 {
            shorten(&mut at);
        }
        if size(&at) <= self.limit {
            return Point { at, error: 0.0, slack: 0.0 };
        }
        let (_, exponent) = libm::frexp(size(&at));
        self.inexact(at.map(|v| libm::scalbn(v, -exponent)), 0.0)
    }

    /// The ray on which the lines `tight` (rank - 1 of them) vanish, from their minors, near `guess`.
    pub fn meet(&self, tight: &[u32], guess: &Point<R>) -> Option<Point<R>> {
        let (minors, error) = self.minors(tight);
        let most = (0..self.rank).max_by(|&i, &j| guess.at[i].abs().total_cmp(&guess.at[j].abs()))?;
        if !(guess.at[most].abs() > guess.error && minors[most].abs() > error) {
            return None;
        }
        let factor = guess.at[most] / minors[most];
        let at = minors.map(|m| m * factor);
        Some(self.inexact(at, (error * factor.abs() + EPS * size(&at)) * SAFE))
    }

    /// The vector of signed maximal minors, and how much they may err.
    fn minors(&self, tight: &[u32]) -> ([f64; R], f64) {
        let all = (1usize << self.rank) - 1;
        let mut minor = [(0.0, 0.0); 1 << WIDEST];
        minor[0] = (1.0, 0.0);
        for columns in 1..all {
            let order = columns.count_ones() as usize;
            minor[columns] = expand(&self.lines[tight[order - 1] as usize], &minor, columns);
        }
        let (mut row, mut error) = ([0.0; R], 0.0f64);
        for i in 0..self.rank {
            let (value, slip) = minor[all ^ (1 << i)];
            row[i] = if i % 2 == 0 { value } else { -value };
            error = error.max(slip);
        }
        (row, error)
    }
}

/// The highest rank at which rays are found from minors, of which there are 2^rank.
pub(super) const WIDEST: usize = 8;

/// Laplace expansion of the minor in `columns` along its last row, with a bound on the error: that of the smaller minors,
/// one roundoff for the row's entries, and one for every product and sum.
fn expand<const R: usize>(last: &[f64; R], minor: &[(f64, f64); 1 << WIDEST], columns: usize) -> (f64, f64) {
    let (mut sum, mut large, mut error) = (0.0, 0.0, 0.0);
    let (mut rest, mut sign) = (columns, 1.0);
    while rest != 0 {
        let column = rest.trailing_zeros() as usize;
        let (value, slip) = minor[columns ^ (1 << column)];
        sum += sign * last[column] * value;
        large += (last[column] * value).abs();
        error += last[column].abs() * slip;
        sign = -sign;
        rest &= rest - 1;
    }
    (sum, (error + (R as f64 + 2.0) * EPS * large) * SAFE)
}

#[inline]
pub(super) fn dot<const R: usize>(a: &[f64; R], b: &[f64; R]) -> f64 {
    let mut sum = a[0] * b[0];
    for i in 1..R {
        sum += a[i] * b[i];
    }
    sum
}

/// |u|∞.
#[inline]
pub(super) fn size<const R: usize>(u: &[f64; R]) -> f64 {
    u.iter().fold(0.0, |m, v| m.max(v.abs()))
}

/// Integers times 2^-shift, padded with zeros.
fn array<const R: usize>(integers: &[Integer], shift: i32) -> [f64; R] {
    let mut at = [0.0; R];
    at.iter_mut().zip(integers).for_each(|(v, i)| *v = linear::scaled(i, shift));
    at
}

/// Divides whole numbers by their greatest common divisor.
fn shorten<const R: usize>(at: &mut [f64; R]) {
    let divisor = at.iter().fold(0, |d, v| gcd(v.abs() as u64, d));
    if divisor > 1 {
        at.iter_mut().for_each(|v| *v /= divisor as f64);
    }
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while a != 0 {
        (a, b) = (b % a, a);
    }
    b
}
