//! One simplicial cone: its generators, the lines that are not linear on it, and the function on it.
//!
//! With a_l = k_l ℓ_l / T and g in units of T, G(θ)/T = g·θ + Σ_{k_l > 0} max(a_l·θ, 0) + Σ_{k_l < 0} min(a_l·θ, 0).
//! Generators and the signs of ℓ·g_k are exact, so that the checker sees the same lines straddle; the rest is floating point.

use super::measure::{Measure, Wall};
use super::rivals::{self, Rival, Terms};
use super::{dot, length};
use crate::certificate::Claim;

/// Products below this part of a line's length have their sign from exact integers.
const DOUBT: f64 = 1.0 / (1_u64 << 46) as f64;

/// Bits of the limit in the finest unit that a leaf's vector has.
const LENGTH_BITS: u32 = 40;

/// The claim in floating point, in units of its limit.
pub struct Floats<'a, const R: usize> {
    /// a_l.
    pub lines: Vec<[f64; R]>,
    /// |a_l|², and its inverse.
    pub squares: Vec<f64>,
    pub inverse_squares: Vec<f64>,
    pub convex: Vec<bool>,
    /// The terms with several lines.
    pub terms: Terms<R>,
    /// The claim as it is, for the slopes that a leaf writes.
    pub claim: &'a Claim,
    /// The finest unit of a leaf's vector, as a part of the limit.
    pub finest: f64,
    /// What sums over all lines may have lost to rounding.
    pub noise: f64,
    slope: [f64; R],
    pub measure: Measure,
    pub walls: Vec<Wall<R>>,
    /// Generators with entries beyond this would overflow the checker's sums.
    pub largest: i64,
}

/// The exponent of the finest unit of a leaf's vector.
pub fn unit(claim: &Claim) -> u32 {
    (128 - claim.limit.leading_zeros()).saturating_sub(LENGTH_BITS)
}

impl<'a, const R: usize> Floats<'a, R> {
    pub fn new(claim: &'a Claim) -> Self {
        let limit = claim.limit as f64;
        let scaled = |line: &Vec<i64>, kink: &i128| std::array::from_fn(|j| line[j] as f64 * (*kink as f64 / limit));
        let lines: Vec<[f64; R]> = claim.lines.iter().zip(&claim.kinks).map(|(line, kink)| scaled(line, kink)).collect();
        let squares: Vec<f64> = lines.iter().map(|line| dot(line, line)).collect();
        let slope = std::array::from_fn(|j| claim.slope[j] as f64 / limit);
        let measure = Measure::of(claim);
        let terms = Terms::new(claim);
        let widest = lines.iter().chain([&slope]).chain(&terms.lines).flatten().map(|x| x.abs()).sum::<f64>();
        Floats {
            inverse_squares: squares.iter().map(|square| if *square > 0.0 { 1.0 / square } else { 0.0 }).collect(),
            convex: claim.kinks.iter().map(|kink| *kink > 0).collect(),
            terms,
            claim,
            finest: libm::scalbn(1.0, unit(claim) as i32) / limit,
            noise: 32.0 * f64::EPSILON * widest,
            slope,
            walls: measure.walls(),
            measure,
            largest: (libm::scalbn(1.0, 125) / (widest * limit)).min(libm::scalbn(1.0, 54)) as i64,
            lines,
            squares,
        }
    }

    /// a_l·ĝ with the sign that ℓ_l·g has.
    fn product(&self, line: usize, generator: &[i64; R], direction: &[f64; R]) -> f64 {
        let product = dot(&self.lines[line], direction);
        if product * product > self.squares[line] * (DOUBT * DOUBT) {
            return product;
        }
        let sign = self.exact(line, generator).signum() * self.claim.kinks[line].signum();
        sign as f64 * product.abs().max(f64::MIN_POSITIVE)
    }

    /// G/T at any θ.
    pub fn value(&self, theta: &[f64; R]) -> f64 {
        let bend = |(line, convex): (&[f64; R], &bool)| {
            let at = dot(line, theta);
            if *convex { at.max(0.0) } else { at.min(0.0) }
        };
        dot(&self.slope, theta) + self.lines.iter().zip(&self.convex).map(bend).sum::<f64>() + self.terms.value(theta)
    }

    /// ℓ_l·g.
    pub fn exact(&self, line: usize, generator: &[i64; R]) -> i128 {
        self.claim.lines[line].iter().zip(generator).map(|(x, g)| i128::from(*x) * i128::from(*g)).sum()
    }
}

/// A line that takes both signs on the generators.
#[derive(Clone, Copy)]
pub struct Bent<const R: usize> {
    pub line: u32,
    /// Bit k is set where a·ĝ_k > 0, or < 0.
    positive: u16,
    negative: u16,
    /// a·ĝ_k.
    pub at: [f64; R],
}

/// A cone of r generators.
pub struct Cone<const R: usize> {
    pub generators: [[i64; R]; R],
    /// The generators as vectors ĝ_k of length 1, and the lengths they had.
    pub directions: [[f64; R]; R],
    pub sizes: [f64; R],
    /// d_k·ĝ_j = δ_kj; `None` if the generators are as good as dependent.
    pub dual: Option<[[f64; R]; R]>,
    /// g plus what is linear here.
    slope: [f64; R],
    /// The convex part and what is linear here at every ĝ_k.
    pub reach: [f64; R],
    pub convex: Vec<Bent<R>>,
    pub concave: Vec<Bent<R>>,
    /// The rivals of convex terms that are not linear here, and those of concave ones.
    pub peaks: Vec<Rival<R>>,
    pub hollows: Vec<Rival<R>>,
}

impl<const R: usize> Cone<R> {
    /// The orthant whose axis j points backwards where bit j is set.
    pub fn orthant(floats: &Floats<R>, bits: u32) -> Self {
        let sign = |j: usize| if bits >> j & 1 == 1 { -1 } else { 1 };
        let generators: [[i64; R]; R] = std::array::from_fn(|k| std::array::from_fn(|j| if j == k { sign(k) } else { 0 }));
        let directions = generators.map(|g| g.map(|x| x as f64));
        let reach = std::array::from_fn(|k| dot(&floats.slope, &directions[k]));
        let mut root = Cone {
            generators,
            directions,
            sizes: [1.0; R],
            dual: Some(directions),
            slope: floats.slope,
            reach,
            convex: Vec::new(),
            concave: Vec::new(),
            peaks: Vec::new(),
            hollows: Vec::new(),
        };
        for line in 0..floats.lines.len() {
            let at: [f64; R] = std::array::from_fn(|k| directions[k][k] * floats.lines[line][k]);
            let bits = |holds: fn(&f64) -> bool| at.iter().enumerate().map(|(k, v)| u16::from(holds(v)) << k).sum();
            if floats.convex[line] {
                root.reach.iter_mut().zip(&at).for_each(|(h, v)| *h += v.max(0.0));
            }
            root.add(floats, Bent { line: line as u32, positive: bits(|v| *v > 0.0), negative: bits(|v| *v < 0.0), at });
        }
        let (peaks, hollows): (Vec<_>, Vec<_>) =
            floats.terms.all(&generators, &root.sizes).into_iter().partition(|rival| floats.terms.convex(rival.term));
        (0..R).for_each(|k| root.reach[k] += rivals::heights(&peaks, k));
        root.contend(floats, &peaks, &hollows);
        root
    }

    /// Keeps a line that straddles and moves one that does not into the slope; `reach` knows the convex lines already.
    fn add(&mut self, floats: &Floats<R>, bent: Bent<R>) {
        let line = bent.line as usize;
        let convex = floats.convex[line];
        if bent.positive != 0 && bent.negative != 0 {
            if convex { &mut self.convex } else { &mut self.concave }.push(bent);
        } else if (bent.positive != 0) == convex {
            self.slope.iter_mut().zip(&floats.lines[line]).for_each(|(g, x)| *g += x);
            if !convex {
                self.reach.iter_mut().zip(&bent.at).for_each(|(h, v)| *h += v);
            }
        }
    }

    /// Takes in rivals: what is linear goes into the slope; `reach` knows the convex terms already.
    fn contend(&mut self, floats: &Floats<R>, peaks: &[Rival<R>], hollows: &[Rival<R>]) {
        let add = |sum: &mut [f64; R], by: &[f64; R]| sum.iter_mut().zip(by).for_each(|(s, x)| *s += x);
        let (slope, reach) = (&mut self.slope, &mut self.reach);
        self.peaks = rivals::left(peaks, |rival| add(slope, &floats.terms.lines[rival.line as usize]));
        self.hollows = rivals::left(hollows, |rival| {
            add(slope, &floats.terms.lines[rival.line as usize]);
            add(reach, &rival.at);
        });
    }

    /// The two cones of a split at m g_a + n g_b.
    pub fn split(&self, floats: &Floats<R>, (a, b): (usize, usize), (m, n): (i64, i64)) -> [Self; 2] {
        let new: [i64; R] = std::array::from_fn(|j| m * self.generators[a][j] + n * self.generators[b][j]);
        let shift = new.iter().filter(|x| **x != 0).map(|x| x.trailing_zeros()).min().unwrap_or(0);
        let new = new.map(|x| x >> shift);
        let floating = new.map(|x| x as f64);
        let size = length(&floating);
        let direction = floating.map(|x| x / size);
        let mut children = [self.child(a, new, direction, size), self.child(b, new, direction, size)];
        let mut height = dot(&self.slope, &direction);
        for bent in self.convex.iter().chain(&self.concave) {
            let value = floats.product(bent.line as usize, &new, &direction);
            if floats.convex[bent.line as usize] {
                height += value.max(0.0);
            }
            for (child, replaced) in children.iter_mut().zip([a, b]) {
                let bit = 1 << replaced;
                let mut bent = *bent;
                bent.at[replaced] = value;
                bent.positive = bent.positive & !bit | u16::from(value > 0.0) << replaced;
                bent.negative = bent.negative & !bit | u16::from(value < 0.0) << replaced;
                child.add(floats, bent);
            }
        }
        if !(self.peaks.is_empty() && self.hollows.is_empty()) {
            let exact = |rivals: &[Rival<R>]| -> Vec<i128> { rivals.iter().map(|rival| floats.terms.exact(rival.line, &new)).collect() };
            let (peaks, hollows) = (exact(&self.peaks), exact(&self.hollows));
            for (child, replaced) in children.iter_mut().zip([a, b]) {
                let with = |(rival, exact): (&Rival<R>, &i128)| rival.with(&floats.terms, replaced, *exact, size);
                let peaks: Vec<Rival<R>> = self.peaks.iter().zip(&peaks).map(with).collect();
                let hollows: Vec<Rival<R>> = self.hollows.iter().zip(&hollows).map(with).collect();
                child.reach[replaced] += rivals::heights(&peaks, replaced);
                child.contend(floats, &peaks, &hollows);
            }
        }
        // Concave lines that became linear stand in `reach` with what they add to the new generator already.
        for (child, replaced) in children.iter_mut().zip([a, b]) {
            child.reach[replaced] += height;
        }
        children
    }

    /// A copy with one generator replaced and no straddling lines yet.
    fn child(&self, replaced: usize, new: [i64; R], direction: [f64; R], size: f64) -> Self {
        let (mut generators, mut directions, mut sizes, mut reach) = (self.generators, self.directions, self.sizes, self.reach);
        (generators[replaced], directions[replaced], sizes[replaced], reach[replaced]) = (new, direction, size, 0.0);
        let dual = inverse(&directions);
        let (convex, concave) = (Vec::with_capacity(self.convex.len()), Vec::with_capacity(self.concave.len()));
        let (peaks, hollows) = (Vec::new(), Vec::new());
        Cone { generators, directions, sizes, dual, slope: self.slope, reach, convex, concave, peaks, hollows }
    }

    /// The sum of the generators' directions.
    pub fn middle(&self) -> [f64; R] {
        std::array::from_fn(|j| self.directions.iter().map(|g| g[j]).sum())
    }

    /// A point of the cone near `point`: its negative coordinates in the generators are dropped.
    pub fn nearest(&self, point: &[f64; R]) -> [f64; R] {
        let weights = self.dual.map(|dual| dual.map(|d| dot(&d, point).max(0.0)));
        match weights {
            Some(weights) if weights.iter().any(|w| *w > 0.0) => self.combination(&weights),
            _ => self.middle(),
        }
    }

    /// Σ w_k ĝ_k.
    pub fn combination(&self, weights: &[f64; R]) -> [f64; R] {
        let mut sum = [0.0; R];
        for (direction, weight) in self.directions.iter().zip(weights) {
            sum.iter_mut().zip(direction).for_each(|(s, x)| *s += weight * x);
        }
        sum
    }

    /// G/T at a point of the cone.
    pub fn value(&self, floats: &Floats<R>, point: &[f64; R]) -> f64 {
        let products = |lines: &[Bent<R>], bend: fn(f64) -> f64| -> f64 {
            lines.iter().map(|bent| bend(dot(&floats.lines[bent.line as usize], point))).sum()
        };
        let lines = products(&self.convex, |v| v.max(0.0)) + products(&self.concave, |v| v.min(0.0));
        let among = |rivals: &[Rival<R>], convex| -> f64 {
            let values = |rivals: &[Rival<R>]| -> f64 {
                rivals::largest(convex, rivals.iter().map(|rival| dot(&floats.terms.lines[rival.line as usize], point)))
            };
            rivals::by_term(rivals).map(values).sum()
        };
        dot(&self.slope, point) + lines + among(&self.peaks, true) + among(&self.hollows, false)
    }
}

/// The dual basis d_k·g_j = δ_kj, by Gauss and Jordan with pivots; `None` if the generators are as good as dependent.
fn inverse<const R: usize>(generators: &[[f64; R]; R]) -> Option<[[f64; R]; R]> {
    let mut rows = *generators;
    let mut right: [[f64; R]; R] = std::array::from_fn(|k| std::array::from_fn(|j| f64::from(u8::from(j == k))));
    for column in 0..R {
        let pivot = (column..R).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        right.swap(column, pivot);
        let scale = rows[column][column];
        if scale.abs() < 1e-13 {
            return None;
        }
        rows[column] = rows[column].map(|x| x / scale);
        right[column] = right[column].map(|x| x / scale);
        let settled = (rows[column], right[column]);
        for k in (0..R).filter(|k| *k != column) {
            let factor = rows[k][column];
            rows[k].iter_mut().zip(&settled.0).for_each(|(x, s)| *x -= factor * s);
            right[k].iter_mut().zip(&settled.1).for_each(|(x, s)| *x -= factor * s);
        }
    }
    // Row j of the right half is e_j of the inverse; its columns are the dual basis.
    Some(std::array::from_fn(|k| std::array::from_fn(|j| right[j][k])))
}
