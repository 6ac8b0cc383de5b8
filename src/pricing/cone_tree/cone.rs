//! One simplicial cone: its generators, the lines that are not linear on it, and the function on it.
//!
//! Generators and the values ℓ·g_k are exact integers, so that the checker sees the same lines straddle; the rest is floating point.

use super::{dot, length};
use crate::certificate::Claim;

/// The claim in floating point.
pub struct Floats {
    pub lines: Vec<Vec<f64>>,
    pub kinks: Vec<f64>,
    /// The kinks as they are, for the slopes that a leaf writes.
    pub exact: Vec<i128>,
    pub limit: f64,
    /// Vectors of leaves are written in units of 2^unit.
    pub unit: u32,
    slope: Vec<f64>,
    /// Generators with entries beyond this would overflow the checker's sums.
    pub largest: i64,
}

impl Floats {
    pub fn new(claim: &Claim) -> Self {
        let reach = |line: &[i64], kink: i128| line.iter().map(|x| (*x as f64).abs()).sum::<f64>() * kink.unsigned_abs() as f64;
        let straight: f64 = claim.slope.iter().map(|g| g.unsigned_abs() as f64).sum();
        let widest = straight + claim.lines.iter().zip(&claim.kinks).map(|(line, kink)| reach(line, *kink)).sum::<f64>();
        Floats {
            lines: claim.lines.iter().map(|line| line.iter().map(|x| *x as f64).collect()).collect(),
            kinks: claim.kinks.iter().map(|k| *k as f64).collect(),
            exact: claim.kinks.clone(),
            limit: claim.limit as f64,
            unit: (128 - claim.limit.leading_zeros()).saturating_sub(52),
            slope: claim.slope.iter().map(|g| *g as f64).collect(),
            largest: (libm::scalbn(1.0, 125) / widest).min(libm::scalbn(1.0, 46)) as i64,
        }
    }
}

/// A cone of r generators.
#[derive(Clone)]
pub struct Cone {
    /// r generators of r entries.
    pub generators: Vec<Vec<i64>>,
    /// g plus what is linear here.
    pub slope: Vec<f64>,
    /// Lines that take both signs on the generators.
    pub lines: Vec<u32>,
    /// ℓ·g_k, r numbers for each of those lines.
    pub values: Vec<i128>,
}

impl Cone {
    /// The orthant whose axis j points backwards where bit j is set.
    pub fn orthant(claim: &Claim, floats: &Floats, bits: u32) -> Cone {
        let rank = claim.rank();
        let sign = |j: usize| if bits >> j & 1 == 1 { -1 } else { 1 };
        let generators = (0..rank).map(|k| (0..rank).map(|j| if j == k { sign(k) } else { 0 }).collect()).collect();
        let values = claim.lines.iter().flat_map(|line| line.iter().enumerate().map(|(k, x)| i128::from(sign(k) * x))).collect();
        let lines = (0..claim.lines.len() as u32).collect();
        let mut cone = Cone { generators, slope: floats.slope.clone(), lines, values };
        cone.settle(floats);
        cone
    }

    pub fn rank(&self) -> usize {
        self.generators.len()
    }

    /// ℓ·g_k of the straddling line at `position`.
    pub fn at(&self, position: usize) -> &[i128] {
        &self.values[position * self.rank()..(position + 1) * self.rank()]
    }

    /// Moves lines of one sign into the slope.
    fn settle(&mut self, floats: &Floats) {
        let rank = self.rank();
        let mut kept = 0;
        for position in 0..self.lines.len() {
            let values = &self.values[position * rank..(position + 1) * rank];
            let (positive, negative) = (values.iter().any(|v| *v > 0), values.iter().any(|v| *v < 0));
            let line = self.lines[position] as usize;
            if positive && negative {
                self.lines[kept] = line as u32;
                self.values.copy_within(position * rank..(position + 1) * rank, kept * rank);
                kept += 1;
            } else if positive {
                self.slope.iter_mut().zip(&floats.lines[line]).for_each(|(g, x)| *g += floats.kinks[line] * x);
            }
        }
        self.lines.truncate(kept);
        self.values.truncate(kept * rank);
    }

    /// The two cones of a split at m g_a + n g_b.
    pub fn split(&self, floats: &Floats, (a, b): (usize, usize), (m, n): (i64, i64)) -> (Cone, Cone) {
        let new: Vec<i64> = self.generators[a].iter().zip(&self.generators[b]).map(|(x, y)| m * x + n * y).collect();
        let shift = new.iter().filter(|x| **x != 0).map(|x| x.trailing_zeros()).min().unwrap_or(0);
        let new: Vec<i64> = new.iter().map(|x| x >> shift).collect();
        let child = |replaced: usize| {
            let mut child = self.clone();
            child.generators[replaced].clone_from(&new);
            for values in child.values.chunks_exact_mut(self.rank()) {
                values[replaced] = (i128::from(m) * values[a] + i128::from(n) * values[b]) >> shift;
            }
            child.settle(floats);
            child
        };
        (child(a), child(b))
    }

    /// The generators as vectors of length 1, and the lengths they had.
    pub fn directions(&self) -> (Vec<Vec<f64>>, Vec<f64>) {
        let floats = self.generators.iter().map(|g| g.iter().map(|x| *x as f64).collect::<Vec<f64>>());
        let unit = |g: Vec<f64>| {
            let size = length(&g);
            (g.iter().map(|x| x / size).collect(), size)
        };
        floats.map(unit).unzip()
    }

    /// The sum of the generators' directions.
    pub fn middle(&self) -> Vec<f64> {
        let (directions, _) = self.directions();
        let mut sum = vec![0.0; self.rank()];
        directions.iter().for_each(|g| sum.iter_mut().zip(g).for_each(|(s, x)| *s += x));
        sum
    }

    /// A point of the cone near `point`: its negative coordinates in the generators are dropped.
    pub fn nearest(&self, point: &[f64]) -> Vec<f64> {
        let (directions, _) = self.directions();
        let Some(inverse) = super::leaf::inverse(&directions) else { return self.middle() };
        let mut sum = vec![0.0; self.rank()];
        for (direction, dual) in directions.iter().zip(&inverse) {
            let weight = dot(dual, point).max(0.0);
            sum.iter_mut().zip(direction).for_each(|(s, x)| *s += weight * x);
        }
        if length(&sum) > 0.0 { sum } else { self.middle() }
    }

    /// G at a point of the cone.
    pub fn value(&self, floats: &Floats, point: &[f64]) -> f64 {
        let bent = |line: &u32| floats.kinks[*line as usize] * dot(&floats.lines[*line as usize], point).max(0.0);
        dot(&self.slope, point) + self.lines.iter().map(bent).sum::<f64>()
    }
}
