//! Trees of simplicial cones (GLOBAL 3, PROOF 1.4).
//!
//! A node is the cone of r generators g_k; the roots are the 2^r orthants.  A line whose sign is one on all generators is linear on
//! the cone.  Of the others, a convex one (k > 0) lies below its values at the generators, and a concave one below σ ℓ·θ for any
//! slope σ between k and 0.  So with h_k = g·g_k + Σ k max(ℓ·g_k, 0) + Σ σ ℓ·g_k, any vector c with
//! c·g_k >= h_k for every k and h°(c) <= T proves G(θ) <= c·θ <= T h(θ) on the whole cone.  Where θ = (u, τ) with h(u) <= τ, the roots
//! are the 2^(r-1) orthants with τ >= 0, and h°(c_u) <= T - c_τ proves G(θ) <= c·θ <= T τ.
//!
//! The convex part of h_k depends on its generator only and is found once, when the generator is made.  Terms with several lines are in
//! `contests`.

mod contests;

use super::{DEEP, DEPTH, ENDS, Flaw, WIDE, add};
use crate::certificate::{Claim, Reader, SLOPE_BITS};
use crate::problem::Gauge;
use contests::Contests;

/// The largest rank of a cone tree: there are 2^r roots.  The least is 1.
const RANK: usize = 16;

/// Entries of lines, generators and leaves' vectors stay below 2^61, so that a product of two of them, 16 entries long, is exact.
const SMALL: u64 = 1 << 61;

/// The most lines that cones still to be checked may hold, about 1 GB.
const WAITING: usize = 1 << 27;

/// The claim with its terms k ℓ; sums of any of them stay below 2^126.
struct Terms<'a> {
    claim: &'a Claim,
    /// r numbers for each line.
    bends: Vec<i128>,
}

/// A line that takes both signs on the generators.
#[derive(Clone, Copy)]
struct Straddling {
    line: u32,
    /// Bit k is set where ℓ·g_k > 0, or < 0.
    positive: u16,
    negative: u16,
}

/// A cone, and what is not linear on it.
struct Cone {
    /// r generators of r entries.
    generators: Vec<i64>,
    /// g·g_k + Σ k max(ℓ·g_k, 0) over all convex lines.
    heights: Vec<i128>,
    /// g plus the convex terms that are linear here, and the concave ones that are.
    convex_slope: Vec<i128>,
    concave_slope: Vec<i128>,
    convex: Vec<Straddling>,
    concave: Vec<Straddling>,
    contests: Contests,
    depth: usize,
}

/// Checks the tree that `reader` holds and returns how many leaves it has.
pub fn check(claim: &Claim, unit: u32, reader: &mut Reader) -> Result<usize, Flaw> {
    let rank = claim.rank();
    let mut leaves = 0;
    let wide = Flaw { leaf: 0, what: WIDE };
    if !(1..=RANK).contains(&rank) || unit > 90 {
        return Err(wide);
    }
    let terms = Terms::new(claim).ok_or(wide)?;
    for orthant in 0..1_u32 << (rank - usize::from(claim.gauge == Gauge::Cap)) {
        let mut stack = vec![Cone::orthant(&terms, orthant).ok_or(Flaw { leaf: leaves, what: WIDE })?];
        let mut waiting = 0;
        while let Some(cone) = stack.pop() {
            waiting -= if stack.is_empty() { waiting } else { cone.size() };
            let flaw = |what| Flaw { leaf: leaves, what };
            match reader.natural().ok_or(flaw(ENDS))? {
                shift if shift <= SLOPE_BITS.into() => {
                    cone.leaf(&terms, unit, shift as u32, reader).map_err(flaw)?;
                    leaves += 1;
                }
                edge => {
                    let (first, second) = cone.split(&terms, edge - u128::from(SLOPE_BITS) - 1, reader).map_err(flaw)?;
                    waiting += first.size() + second.size();
                    stack.extend([second, first]);
                    if waiting > WAITING {
                        return Err(flaw("too much of it waits at once"));
                    }
                }
            }
        }
    }
    Ok(leaves)
}

impl<'a> Terms<'a> {
    /// `None` if the claim's numbers are too wide.
    fn new(claim: &'a Claim) -> Option<Self> {
        let mut bends = Vec::with_capacity(claim.lines.len() * claim.rank());
        let mut sum = claim.slope.iter().try_fold(0_u128, |sum, g| sum.checked_add(g.unsigned_abs()))?;
        for (line, kink) in claim.lines.iter().zip(&claim.kinks) {
            for x in line {
                let bend = kink.checked_mul(i128::from(*x))?;
                sum = sum.checked_add(bend.unsigned_abs())?;
                bends.push(bend);
                small(i128::from(*x))?;
            }
        }
        for (contest, line) in claim.contests.iter().flat_map(|contest| contest.lines.iter().map(move |line| (contest, line))) {
            for x in line {
                sum = sum.checked_add(contest.kink.checked_mul(i128::from(*x))?.unsigned_abs())?;
                small(i128::from(*x))?;
            }
        }
        (sum >> 126 == 0).then_some(Terms { claim, bends })
    }

    fn line(&self, line: u32) -> &[i64] {
        self.claim.lines.get(line as usize).map_or(&[], Vec::as_slice)
    }

    fn kink(&self, line: u32) -> i128 {
        self.claim.kinks.get(line as usize).copied().unwrap_or(0)
    }

    /// sum += k ℓ.
    fn add(&self, line: u32, sum: &mut [i128]) {
        let rank = self.claim.rank();
        let bend = self.bends.get(line as usize * rank..).unwrap_or(&[]);
        sum.iter_mut().zip(bend).for_each(|(s, x)| *s += x);
    }
}

/// The number, if it is small.
fn small(x: i128) -> Option<i64> {
    i64::try_from(x).ok().filter(|x| x.unsigned_abs() < SMALL)
}

/// Of numbers that are small: 16 products below 2^122 stay below 2^126.
pub(super) fn dot(a: &[i64], b: &[i64]) -> i128 {
    a.iter().zip(b).map(|(a, b)| i128::from(*a) * i128::from(*b)).sum()
}

impl Cone {
    /// The orthant whose axis j points backwards where bit j is set.
    fn orthant(terms: &Terms, bits: u32) -> Option<Cone> {
        let (claim, rank) = (terms.claim, terms.claim.rank());
        let sign = |j: usize| if bits >> j & 1 == 1 { -1_i64 } else { 1 };
        let generators: Vec<i64> = (0..rank * rank).map(|at| if at / rank == at % rank { sign(at % rank) } else { 0 }).collect();
        let all = (0..claim.lines.len()).map(|line| u32::try_from(line).ok()).collect::<Option<Vec<u32>>>()?;
        let contests = Contests::all(terms, &generators)?;
        let mut root = Cone {
            generators,
            heights: Vec::with_capacity(rank),
            convex_slope: claim.slope.clone(),
            concave_slope: vec![0; rank],
            convex: Vec::new(),
            concave: Vec::new(),
            contests,
            depth: 0,
        };
        let mut signs = vec![(0_u16, 0_u16); all.len()];
        for (k, generator) in root.generators.chunks_exact(rank).enumerate() {
            let mut at = claim.slope.clone();
            for (&line, signs) in all.iter().zip(&mut signs) {
                let product = dot(terms.line(line), generator);
                *signs = (signs.0 | u16::from(product > 0) << k, signs.1 | u16::from(product < 0) << k);
                if product > 0 && terms.kink(line) > 0 {
                    terms.add(line, &mut at);
                }
            }
            root.contests.reach(terms, &root.contests.at(terms, generator), &mut at);
            root.heights.push(product(&at, generator)?);
        }
        for (line, (positive, negative)) in all.into_iter().zip(signs) {
            root.add(terms, Straddling { line, positive, negative });
        }
        root.contests.settle(terms, &mut root.convex_slope, &mut root.concave_slope);
        Some(root)
    }

    /// Keeps a line of both signs, and moves one that is nonnegative into its slope.
    fn add(&mut self, terms: &Terms, line: Straddling) {
        let convex = terms.kink(line.line) > 0;
        match (line.positive != 0, line.negative != 0) {
            (true, true) => if convex { &mut self.convex } else { &mut self.concave }.push(line),
            (true, false) => terms.add(line.line, if convex { &mut self.convex_slope } else { &mut self.concave_slope }),
            (false, _) => {}
        }
    }

    /// How many lines it has room for.
    fn size(&self) -> usize {
        self.convex.capacity() + self.concave.capacity() + self.contests.size()
    }

    /// The two cones in which m_a g_a + m_b g_b, a positive combination of an edge's ends, replaces g_a or g_b: together they cover this one.
    fn split(&self, terms: &Terms, edge: u128, reader: &mut Reader) -> Result<(Cone, Cone), &'static str> {
        let rank = terms.claim.rank();
        let (a, b) = usize::try_from(edge).map(|edge| (edge / rank, edge % rank)).map_err(|_| NO_EDGE)?;
        if self.depth >= DEPTH {
            return Err(DEEP);
        }
        let mut ends = self.generators.chunks_exact(rank);
        let (first, second) = (ends.clone().nth(a).ok_or(NO_EDGE)?, ends.nth(b).ok_or(NO_EDGE)?);
        if a == b {
            return Err(NO_EDGE);
        }
        let mut multiplier = || reader.natural().ok_or(ENDS).and_then(|m| i128::try_from(m).map_err(|_| WIDE));
        let (m, n) = (multiplier()?, multiplier()?);
        if m <= 0 || n <= 0 {
            return Err("a split is not a positive combination");
        }
        let new = first.iter().zip(second).map(|(x, y)| add(m.checked_mul((*x).into())?, n, (*y).into()));
        let new: Vec<i128> = new.collect::<Option<_>>().ok_or(WIDE)?;
        // Scaling a generator changes nothing: the common power of two goes.
        let shift = new.iter().filter(|x| **x != 0).map(|x| x.trailing_zeros()).min().ok_or(WIDE)?;
        let new: Vec<i64> = new.iter().map(|x| small(x >> shift)).collect::<Option<_>>().ok_or(WIDE)?;
        self.around(terms, (a, b), &new).ok_or(WIDE)
    }

    /// The cones where `new` replaces generator a, and b.
    fn around(&self, terms: &Terms, (a, b): (usize, usize), new: &[i64]) -> Option<(Cone, Cone)> {
        let contests = self.contests.at(terms, new);
        let (mut first, mut second) = (self.child(a, new, &contests)?, self.child(b, new, &contests)?);
        let mut at = self.convex_slope.clone();
        for straddling in self.convex.iter().chain(&self.concave) {
            let product = dot(terms.line(straddling.line), new);
            if product > 0 && terms.kink(straddling.line) > 0 {
                terms.add(straddling.line, &mut at);
            }
            first.add(terms, straddling.with(a, product));
            second.add(terms, straddling.with(b, product));
        }
        self.contests.reach(terms, &contests, &mut at);
        let height = product(&at, new)?;
        for child in [&mut first, &mut second] {
            child.contests.settle(terms, &mut child.convex_slope, &mut child.concave_slope);
        }
        *first.heights.get_mut(a)? = height;
        *second.heights.get_mut(b)? = height;
        Some((first, second))
    }

    /// A copy with one generator replaced, where the rivals are what `contests` says; its height and its lines are still to come.
    fn child(&self, replaced: usize, new: &[i64], contests: &[i128]) -> Option<Cone> {
        let mut generators = self.generators.clone();
        generators.chunks_exact_mut(new.len()).nth(replaced)?.copy_from_slice(new);
        Some(Cone {
            generators,
            heights: self.heights.clone(),
            convex_slope: self.convex_slope.clone(),
            concave_slope: self.concave_slope.clone(),
            convex: Vec::with_capacity(self.convex.len()),
            concave: Vec::with_capacity(self.concave.len()),
            contests: self.contests.with(replaced, new.len(), contests),
            depth: self.depth + 1,
        })
    }

    /// A leaf whose vector is in units of 2^(unit + shift).
    fn leaf(&self, terms: &Terms, unit: u32, shift: u32, reader: &mut Reader) -> Result<(), &'static str> {
        let rank = terms.claim.rank();
        let c: Vec<i64> = (0..rank).map(|_| reader.integer().ok_or(ENDS).and_then(|c| small(c).ok_or(WIDE))).collect::<Result<_, _>>()?;
        let (u, tau) = match terms.claim.gauge {
            Gauge::Norm => (c.as_slice(), 0),
            Gauge::Cap => c.split_last().map(|(tau, u)| (u, i128::from(*tau))).ok_or(WIDE)?,
        };
        let limit = (terms.claim.limit >> unit) - (tau << shift);
        if terms.claim.hidden.polar_within(u, shift, limit) != Some(true) {
            return Err("its vector is longer than the limit");
        }
        let slope = self.slope(terms, &c, shift, reader)?;
        for (generator, height) in self.generators.chunks_exact(rank).zip(&self.heights) {
            let height = product(&slope, generator).and_then(|concave| concave.checked_add(*height)).ok_or(WIDE)?;
            let reach = dot(generator, &c).checked_mul(1 << (unit + shift)).ok_or(WIDE)?;
            if reach < height {
                return Err("its vector does not reach a generator");
            }
        }
        Ok(())
    }

    /// Σ σ ℓ over the concave lines: σ is k where ℓ·c > 0 and 0 elsewhere, but for the lines whose slopes the tree gives.
    fn slope(&self, terms: &Terms, c: &[i64], shift: u32, reader: &mut Reader) -> Result<Vec<i128>, &'static str> {
        let mut sum = self.concave_slope.clone();
        let mut given = Given::new(reader)?;
        for straddling in &self.concave {
            let line = straddling.line;
            match given.here(reader)? {
                None if dot(terms.line(line), c) > 0 => terms.add(line, &mut sum),
                None => {}
                Some(tau) => {
                    let slope = -part(-terms.kink(line), tau, SLOPE_BITS - shift)?;
                    sum.iter_mut().zip(terms.line(line)).for_each(|(s, x)| *s += slope * i128::from(*x));
                }
            }
        }
        self.contests.slope(terms, (c, shift), &mut given, reader, &mut sum)?;
        if given.left == 0 { Ok(sum) } else { Err("a slope is given for no line") }
    }
}

/// The slopes that a leaf gives, each for the line that comes so many after the last one.
struct Given {
    left: u128,
    skip: u128,
}

impl Given {
    fn new(reader: &mut Reader) -> Result<Self, &'static str> {
        let left = reader.natural().ok_or(ENDS)?;
        Ok(Given { left, skip: if left > 0 { reader.natural().ok_or(ENDS)? } else { 0 } })
    }

    /// τ of the next line, if it is given.
    fn here(&mut self, reader: &mut Reader) -> Result<Option<u128>, &'static str> {
        if self.left == 0 || self.skip > 0 {
            self.skip = self.skip.saturating_sub(1);
            return Ok(None);
        }
        let tau = reader.natural().ok_or(ENDS)?;
        self.left -= 1;
        self.skip = if self.left > 0 { reader.natural().ok_or(ENDS)? } else { 0 };
        Ok(Some(tau))
    }
}

const NO_EDGE: &str = "a split names no edge of the cone";

impl Straddling {
    /// With another generator in place of generator k.
    fn with(self, k: usize, product: i128) -> Self {
        let set = |bits: u16, holds: bool| bits & !(1 << k) | u16::from(holds) << k;
        Straddling { positive: set(self.positive, product > 0), negative: set(self.negative, product < 0), ..self }
    }
}

/// slope·g; `None` if it is too wide.
fn product(slope: &[i128], generator: &[i64]) -> Option<i128> {
    slope.iter().zip(generator).try_fold(0, |sum, (s, g)| add(sum, *s, (*g).into()))
}

/// kink · τ / 2^bits, rounded down.
fn part(kink: i128, tau: u128, bits: u32) -> Result<i128, &'static str> {
    match i128::try_from(tau) {
        Ok(tau) if tau <= 1 << bits => kink.checked_mul(tau).map(|product| product >> bits).ok_or(WIDE),
        _ => Err("a slope is not between its kink and 0"),
    }
}
