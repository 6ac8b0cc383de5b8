//! Trees of simplicial cones (GLOBAL 3, PROOF 1.4).
//!
//! A node is the cone of r generators g_k; the roots are the 2^r orthants.  A line whose sign is one on all generators is linear on
//! the cone.  Of the others, a convex one (k > 0) lies below its values at the generators, and a concave one below σ ℓ·θ for any
//! slope σ between k and 0.  So with h_k = g·g_k + Σ k max(ℓ·g_k, 0) + Σ σ ℓ·g_k, any vector c with
//! c·g_k >= h_k for every k and |c| <= T proves G(θ) <= c·θ <= T |θ| on the whole cone.

use super::{DEEP, DEPTH, ENDS, Flaw, WIDE, add};
use crate::certificate::{Claim, Reader, SLOPE_BITS};

/// The largest rank of a cone tree: there are 2^r roots.
const RANK: usize = 16;

/// The most numbers that cones still to be checked may hold, about 4 GB.
const WAITING: usize = 1 << 28;

/// A cone, and what is not linear on it.
struct Cone {
    /// r generators of r entries.
    generators: Vec<Vec<i128>>,
    /// g plus the terms that are linear here.
    slope: Vec<i128>,
    /// Lines that take both signs, each with ℓ·g_k for every k.
    lines: Vec<(usize, Vec<i128>)>,
    depth: usize,
}

/// Checks the tree that `reader` holds and returns how many leaves it has.
pub fn check(claim: &Claim, unit: u32, reader: &mut Reader) -> Result<usize, Flaw> {
    let rank = claim.rank();
    let mut leaves = 0;
    if rank > RANK || unit > 100 {
        return Err(Flaw { leaf: 0, what: WIDE });
    }
    for orthant in 0..1_u32 << rank {
        let root = Cone::orthant(claim, orthant).ok_or(Flaw { leaf: leaves, what: WIDE })?;
        let mut stack = vec![root];
        while let Some(cone) = stack.pop() {
            let flaw = |what| Flaw { leaf: leaves, what };
            match reader.natural().ok_or(flaw(ENDS))? {
                0 => {
                    cone.leaf(claim, unit, reader).map_err(flaw)?;
                    leaves += 1;
                }
                edge => {
                    let (first, second) = cone.split(claim, edge - 1, reader).map_err(flaw)?;
                    stack.extend([second, first]);
                    if stack.iter().map(|cone| cone.lines.len() * rank).sum::<usize>() > WAITING {
                        return Err(flaw("too much of it waits at once"));
                    }
                }
            }
        }
    }
    Ok(leaves)
}

impl Cone {
    /// The orthant whose axis j points backwards where bit j is set.
    fn orthant(claim: &Claim, bits: u32) -> Option<Cone> {
        let rank = claim.rank();
        let sign = |j: usize| if bits >> j & 1 == 1 { -1_i128 } else { 1 };
        let generators = (0..rank).map(|k| (0..rank).map(|j| if j == k { sign(k) } else { 0 }).collect()).collect();
        let dots = |line: &Vec<i64>| line.iter().enumerate().map(|(k, x)| sign(k) * i128::from(*x)).collect();
        let lines = claim.lines.iter().map(dots).enumerate().collect();
        let mut root = Cone { generators, slope: claim.slope.clone(), lines, depth: 0 };
        root.settle(claim)?;
        Some(root)
    }

    /// Moves lines of one sign into the slope.
    fn settle(&mut self, claim: &Claim) -> Option<()> {
        let mut kept = Vec::with_capacity(self.lines.len());
        for (line, dots) in std::mem::take(&mut self.lines) {
            let (positive, negative) = (dots.iter().any(|d| *d > 0), dots.iter().any(|d| *d < 0));
            if positive && negative {
                kept.push((line, dots));
            } else if positive {
                for (g, &x) in self.slope.iter_mut().zip(&claim.lines[line]) {
                    *g = add(*g, claim.kinks[line], x.into())?;
                }
            }
        }
        self.lines = kept;
        Some(())
    }

    /// The two cones in which m_a g_a + m_b g_b, a positive combination of an edge's ends, replaces g_a or g_b: together they cover this one.
    fn split(&self, claim: &Claim, edge: u128, reader: &mut Reader) -> Result<(Cone, Cone), &'static str> {
        let rank = claim.rank() as u128;
        if edge >= rank * rank || edge / rank == edge % rank {
            return Err("a split names no edge of the cone");
        }
        let (a, b) = ((edge / rank) as usize, (edge % rank) as usize);
        if self.depth >= DEPTH {
            return Err(DEEP);
        }
        let mut multiplier = || reader.natural().and_then(|m| i128::try_from(m).ok());
        let (m, n) = (multiplier().ok_or(ENDS)?, multiplier().ok_or(ENDS)?);
        if m <= 0 || n <= 0 {
            return Err("a split is not a positive combination");
        }
        let first = self.child(claim, a, (a, m), (b, n)).ok_or(WIDE)?;
        let second = self.child(claim, b, (a, m), (b, n)).ok_or(WIDE)?;
        Ok((first, second))
    }

    fn child(&self, claim: &Claim, replaced: usize, (a, m): (usize, i128), (b, n): (usize, i128)) -> Option<Cone> {
        let combine = |x: i128, y: i128| add(x.checked_mul(m)?, y, n);
        let new = self.generators[a].iter().zip(&self.generators[b]).map(|(x, y)| combine(*x, *y));
        let new: Vec<i128> = new.collect::<Option<_>>()?;
        // Scaling a generator changes nothing: the common power of two goes.
        let shift = new.iter().filter(|x| **x != 0).map(|x| x.trailing_zeros()).min()?;
        let mut generators = self.generators.clone();
        generators[replaced] = new.iter().map(|x| x >> shift).collect();
        let mut lines = self.lines.clone();
        for (_, dots) in &mut lines {
            dots[replaced] = combine(dots[a], dots[b])? >> shift;
        }
        let mut child = Cone { generators, slope: self.slope.clone(), lines, depth: self.depth + 1 };
        child.settle(claim)?;
        Some(child)
    }

    fn leaf(&self, claim: &Claim, unit: u32, reader: &mut Reader) -> Result<(), &'static str> {
        let c: Option<Vec<i128>> = (0..claim.rank()).map(|_| reader.integer()).collect();
        let c = c.ok_or(ENDS)?;
        let square = c.iter().try_fold(0_i128, |sum, x| add(sum, *x, *x)).ok_or(WIDE)?;
        let limit = claim.limit >> unit;
        if limit.checked_mul(limit).is_some_and(|limit| square > limit) {
            return Err("its vector is longer than the limit");
        }
        let heights = self.heights(claim, reader)?;
        for (generator, height) in self.generators.iter().zip(heights) {
            let reach = generator.iter().zip(&c).try_fold(0_i128, |sum, (g, c)| add(sum, *g, *c));
            let reach = reach.and_then(|reach| reach.checked_mul(1 << unit)).ok_or(WIDE)?;
            if reach < height {
                return Err("its vector does not reach a generator");
            }
        }
        Ok(())
    }

    /// h_k for every generator, with the slopes of concave lines as the tree gives them.
    fn heights(&self, claim: &Claim, reader: &mut Reader) -> Result<Vec<i128>, &'static str> {
        let start = |generator: &Vec<i128>| generator.iter().zip(&self.slope).try_fold(0, |sum, (g, s)| add(sum, *g, *s));
        let mut heights: Vec<i128> = self.generators.iter().map(start).collect::<Option<_>>().ok_or(WIDE)?;
        for (line, dots) in &self.lines {
            let kink = claim.kinks[*line];
            let slope = if kink > 0 { kink } else { -part(-kink, reader.natural().ok_or(ENDS)?)? };
            for (height, dot) in heights.iter_mut().zip(dots) {
                let value = if kink > 0 { (*dot).max(0) } else { *dot };
                *height = add(*height, slope, value).ok_or(WIDE)?;
            }
        }
        Ok(heights)
    }
}

/// kink · τ / 2^SLOPE_BITS, rounded down.
fn part(kink: i128, tau: u128) -> Result<i128, &'static str> {
    match i128::try_from(tau) {
        Ok(tau) if tau <= 1 << SLOPE_BITS => kink.checked_mul(tau).map(|product| product >> SLOPE_BITS).ok_or(WIDE),
        _ => Err("a slope is not between its kink and 0"),
    }
}
