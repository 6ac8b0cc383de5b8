//! The inequality that a proof is about, in integers:
//! ```text
//!   G(θ) = g·θ + Σ_l k_l max(ℓ_l·θ, 0) + Σ_p k_p max(0, ℓ_p1·θ, .., ℓ_pm·θ) <= T ρ(θ)    for all θ
//! ```
//! The last sum, of terms of two lines at least, is there for max pooling only.
//! Under weight decay θ = w and ρ(θ) = h(θ).  Where h(w) <= r, θ = (u, τ) with ρ(θ) = τ on h(u) <= τ, and a break t of the activation
//! gives example i the line (x_i, -t/r) instead of x_i (THEORY 5, PROOF 1).
//!
//! With D the common denominator of the slopes, S_k = D s_k those of the pieces from left to right, m_i the mantissas of the dual
//! vector and c_i = -s m_i for output sign s, example x̃_i of the data on its grid adds S_0 c_i x̃_i to g, D c_i times the intercept of
//! the first piece to the slope of τ, and a term with k = (S_k - S_{k-1}) c_i for every break.  Terms on one line are one term:
//! max(-z,0) = max(z,0) - z.  Lines that are never negative with h(u) <= τ are part of g, those never positive are nothing.
//! Slopes of many digits are cut: S_k c_i is rounded to a multiple of 2^h, and everything is kept in units of 2^h.
//!
//! Behind a convolution every patch of example i stands for itself, with the example's m_i.  Where they are averaged, both sides are
//! multiplied by their number M, so that 1/M need not be a number of the grid: G and T then are M times as large.  Where the largest value
//! counts, φ never falls and is that of the largest sum: S_0 c_i x̃_i1 goes to g, S_0 c_i max(0, (x̃_i2 - x̃_i1)·θ, ..) is a term, and so is
//! (S_k - S_{k-1}) c_i max(0, ..) over all patches for every break.  What roundings cost is counted as if all patches were added up.
//!
//! The data are rounded to a grid (or to a basis, z̃ = B x, and then a grid), and so are the -t/r and the intercept.
//! |φ(x·w) - φ(x̃·w)| <= Lip h°(x - x̃) h(w), so what is proved for the grid with a limit T that is smaller by Σ |m_i| Lip h°(x_i - x̃_i)
//! (and what the other roundings may cost) holds for the doubles and decimals themselves.

use super::grid::Grid;
use super::{Correction, Dual, PART_BITS, Pieces, Ray};
use crate::exact::{Abs, Rational, half, power, rational};
use crate::problem::{Bias, Convolution, Gauge, Problem};
use crate::regularizer::Hidden;
use std::collections::{BTreeMap, BTreeSet};

/// Bits of the largest input on the grid, of the largest dual mantissa, and behind the point of a basis.
pub const GRID_BITS: u32 = 40;
pub const DUAL_BITS: u32 = 36;
pub const BASIS_BITS: u32 = 44;
/// Bits of a slope at a concave kink, as a fraction of the kink.
pub const SLOPE_BITS: u32 = 30;

/// More columns than this need matrices that no checker should be asked for.
const MOST_COLUMNS: usize = 2048;

/// The inequality above.  Lines are distinct and primitive; kinks are never zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// ℓ_l, r integers each.
    pub lines: Vec<Vec<i64>>,
    /// k_l.
    pub kinks: Vec<i128>,
    /// The terms with several lines.
    pub contests: Vec<Contest>,
    /// g (r).
    pub slope: Vec<i128>,
    /// T, positive.
    pub limit: i128,
    /// What ρ is: h, or τ where h(u) <= τ.
    pub gauge: Gauge,
    pub hidden: Hidden,
}

/// kink · max(0, lines·θ): two distinct lines that are not zero, or more, and a kink that is not zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Contest {
    pub kink: i128,
    /// r integers each.
    pub lines: Vec<Vec<i64>>,
}

/// Why there is no such inequality for a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No inequality is known for networks or penalties of this kind.
    Kind,
    /// Numbers too large or too small for the integers of a proof, or a penalty too small for their grid.
    Width,
    /// The dual vector or the basis has another shape than the data.
    Shape,
    /// No correction makes the dual vector orthogonal to the columns of the skip.
    Equalities,
}

impl Dual {
    /// Whether it has one mantissa a row, none too wide.
    pub(super) fn fits(&self, rows: usize) -> Result<(), Fault> {
        let wide = |m: &i64| m.unsigned_abs() >> (DUAL_BITS + 2) != 0;
        if self.mantissas.len() != rows || self.mantissas.iter().any(wide) { Err(Fault::Shape) } else { Ok(()) }
    }

    /// Every entry as many times as an example has patches.
    fn spread(&self, patches: usize) -> Dual {
        let mantissas = self.mantissas.iter().flat_map(|m| std::iter::repeat_n(*m, patches)).collect();
        Dual { exponent: self.exponent, mantissas }
    }
}

impl Claim {
    /// The inequality for neurons of output sign `sign` and a dual vector `scale`·u, which is that of one output.
    pub fn new(
        problem: &Problem,
        dual: &Dual,
        correction: &Correction,
        scale: f64,
        basis: Option<&[Vec<i64>]>,
        sign: i8,
    ) -> Result<Claim, Fault> {
        Claim::with(problem, dual, correction, &positive(scale)?, basis, sign)
    }

    /// The inequality for neurons with output weights along a ray of a cover, `dual` being that of all outputs: its price stays
    /// within the ray's part of β.
    pub fn along(problem: &Problem, dual: &Dual, ray: &Ray, scale: f64, basis: Option<&[Vec<i64>]>) -> Result<Claim, Fault> {
        if ray.direction.len() != problem.outputs() {
            return Err(Fault::Shape);
        }
        let along = dual.along(&ray.direction).ok_or(Fault::Width)?;
        let scale = positive(scale)? * power(PART_BITS as i32).ok_or(Fault::Width)? / Rational::from(ray.part);
        Claim::with(problem, &along, &Correction::default(), &scale, basis, 1)
    }

    fn with(
        problem: &Problem,
        dual: &Dual,
        correction: &Correction,
        scale: &Rational,
        basis: Option<&[Vec<i64>]>,
        sign: i8,
    ) -> Result<Claim, Fault> {
        let inputs = problem.scaled_inputs();
        let bounded = matches!(problem.architecture.bias, Bias::Bounded(_));
        let scalable = problem.objective.regularizer.radius.is_none();
        let falls = problem.architecture.largest() && !problem.architecture.activation.never_falls();
        if problem.architecture.gates.is_some() || !Pieces::cover(problem) || (bounded && scalable) || falls {
            return Err(Fault::Kind);
        }
        if inputs.columns > MOST_COLUMNS {
            return Err(Fault::Width);
        }
        dual.fits(problem.dataset.train.inputs.rows)?;
        let patches = dual.spread(problem.architecture.places());
        let hidden = problem.norm();
        if basis.is_some() && !hidden.euclidean() {
            return Err(Fault::Shape);
        }
        let pieces = Pieces::of(problem).ok_or(Fault::Width)?;
        let plain = Grid::plain(&inputs, &pieces, &hidden).ok_or(Fault::Width)?;
        let grid = match basis {
            None => plain,
            Some(basis) => plain.along(basis, inputs.columns)?,
        };
        let moved = correction.reach(problem, &inputs).ok_or(Fault::Width)?;
        let limit = limit(problem, &patches, scale, &pieces, &grid, (&moved, correction)).ok_or(Fault::Width)?;
        let rank = basis.map_or(inputs.columns, <[_]>::len) + usize::from(pieces.gauge == Gauge::Cap);
        let (lines, kinks, contests) = (Vec::new(), Vec::new(), Vec::new());
        let mut claim = Claim { lines, kinks, contests, slope: vec![0; rank], limit, gauge: pieces.gauge, hidden };
        let places = if problem.architecture.largest() { problem.architecture.places() } else { 1 };
        claim.gather(&grid, &patches, &pieces, places, sign).ok_or(Fault::Width)?;
        Ok(claim)
    }

    /// The length of θ.
    pub fn rank(&self) -> usize {
        self.slope.len()
    }

    /// Adds every example's terms, one line per direction in the order of their first terms; of so many `places`, rows that follow one
    /// another, the largest counts.
    fn gather(&mut self, grid: &Grid, dual: &Dual, pieces: &Pieces, places: usize, sign: i8) -> Option<()> {
        let mut known: BTreeMap<Vec<i64>, usize> = BTreeMap::new();
        for (rows, &mantissa) in grid.rows.chunks(places).zip(dual.mantissas.iter().step_by(places)) {
            let c = -i128::from(sign) * i128::from(mantissa);
            let (products, row) = (pieces.products(c)?, &rows[0]);
            self.straight(row, products[0])?;
            if let (Gauge::Cap, Some(tau)) = (pieces.gauge, self.slope.last_mut()) {
                *tau = add(*tau, pieces.times(pieces.whole(&pieces.denominator)?, c)?, grid.intercept.into())?;
            }
            let line = |row: &mut dyn Iterator<Item = i64>, shift: i64| match pieces.gauge {
                Gauge::Norm => row.collect(),
                Gauge::Cap => row.chain([shift]).collect::<Vec<i64>>(),
            };
            let apart = |other: &Vec<i64>| line(&mut other.iter().zip(row).map(|(x, y)| x - y), 0);
            self.contest(&mut known, rows[1..].iter().map(apart).collect(), products[0])?;
            for (pair, shift) in products.windows(2).zip(&grid.shifts) {
                let lines = rows.iter().map(|row| line(&mut row.iter().copied(), *shift)).collect();
                self.contest(&mut known, lines, pair[1].checked_sub(pair[0])?)?;
            }
        }
        let keep: Vec<bool> = self.kinks.iter().map(|k| *k != 0).collect();
        let mut flags = keep.iter();
        self.lines.retain(|_| *flags.next().unwrap_or(&false));
        self.kinks.retain(|k| *k != 0);
        // Small enough to be doubled without a thought.
        let contests = self.contests.iter().map(|contest| &contest.kink);
        self.kinks.iter().chain(&self.slope).chain(contests).all(|k| k.unsigned_abs() < 1 << 110).then_some(())
    }

    /// g += factor v, on the first entries of g.
    fn straight(&mut self, v: &[i64], factor: i128) -> Option<()> {
        for (g, &x) in self.slope.iter_mut().zip(v) {
            *g = add(*g, factor, x.into())?;
        }
        Some(())
    }

    /// Adds kink · max(v·θ, 0).
    fn bend(&mut self, known: &mut BTreeMap<Vec<i64>, usize>, v: &[i64], kink: i128) -> Option<()> {
        match self.side(v) {
            Some(true) => return self.straight(v, kink),
            Some(false) => return Some(()),
            None => {}
        }
        let Some((line, multiple)) = primitive(v) else { return Some(()) };
        if multiple < 0 {
            self.straight(v, kink)?;
        }
        let kink = kink.checked_mul(i128::from(multiple).abs())?;
        match known.get(&line) {
            Some(&at) => self.kinks[at] = self.kinks[at].checked_add(kink)?,
            None => {
                known.insert(line.clone(), self.lines.len());
                self.lines.push(line);
                self.kinks.push(kink);
            }
        }
        Some(())
    }

    /// Adds kink · max(0, lines·θ): lines that are zero or never positive are left out, and so are repeated ones.
    fn contest(&mut self, known: &mut BTreeMap<Vec<i64>, usize>, mut lines: Vec<Vec<i64>>, kink: i128) -> Option<()> {
        let mut seen = BTreeSet::new();
        let several = lines.len() > 1;
        lines.retain(|v| !several || (v.iter().any(|x| *x != 0) && self.side(v) != Some(false) && seen.insert(v.clone())));
        match lines.as_slice() {
            [] => {}
            [line] => self.bend(known, line, kink)?,
            _ if kink == 0 => {}
            _ => self.contests.push(Contest { kink, lines }),
        }
        Some(())
    }

    /// With a cap: whether v·θ is never negative, or never positive, for h(u) <= τ.
    fn side(&self, v: &[i64]) -> Option<bool> {
        let (shift, rest) = v.split_last().filter(|_| self.gauge == Gauge::Cap)?;
        self.hidden.polar_within(rest, 0, i128::from(*shift).abs())?.then_some(*shift > 0)
    }
}

/// t, exactly.
pub(super) fn positive(scale: f64) -> Result<Rational, Fault> {
    rational(scale).filter(|t| *t > Rational::ZERO).ok_or(Fault::Width)
}

/// T = floor( (D 2^(e + exponent) (n β / t - Σ |e_i| |F_i|) - D Lip Σ |m_i| error_i) / |B| ) in units of 2^h, less what rounding slopes may
/// cost; n is the number of rows of a mean and 1 of a sum; everything is M times as large for an average of M patches.  `dual` has an entry for every patch.
///
/// With a cap |B| divides nothing: it may lengthen ω, which costs Lip (|B| - 1) |x̃_i| for every example; and rounded shifts move
/// F_i by at most D Σ_k |δ_k| |shift error| + D |intercept error|.
pub(super) fn limit(
    problem: &Problem,
    dual: &Dual,
    scale: &Rational,
    pieces: &Pieces,
    grid: &Grid,
    moved: (&Rational, &Correction),
) -> Option<i128> {
    let unit = &pieces.denominator * power(grid.exponent.checked_add(dual.exponent)?)?;
    let steepest = pieces.steepest();
    let (reach, correction) = moved;
    let whole = &unit * problem.objective.loss.count(problem.targets().len()) * &pieces.price / scale;
    let architecture = &problem.architecture;
    let constant = &correction.most * Rational::from(correction.rows.len() * architecture.places()) * &pieces.at_zero;
    let whole = whole * Rational::from(architecture.convolution.as_ref().map_or(1, Convolution::divisor));
    let whole = whole - &unit * (reach * Rational::from(steepest) / &pieces.denominator + constant);
    let mut error = 0_u128;
    for (m, e) in dual.mantissas.iter().zip(&grid.errors) {
        error = error.checked_add(u128::from(m.unsigned_abs()).checked_mul(e.unsigned_abs())?)?;
    }
    let error = Rational::from(error) * Rational::from(steepest) * power(-(BASIS_BITS as i32))?;
    let cut = power(-(pieces.cut as i32))?;
    let left = match pieces.gauge {
        // What rounding the slopes costs is in proportion to |ω|, the rest to |w|.
        Gauge::Norm => (whole - error) * cut / &grid.norm,
        Gauge::Cap => (whole - error - shifting(dual, pieces, grid)?) * cut,
    };
    let limit = (left - cutting(dual, pieces, grid)?).floor();
    i128::try_from(limit).ok().filter(|limit| *limit > 0 && *limit < 1 << 100)
}

/// With a cap, what rounding shifts and intercept and a basis that is not orthonormal may cost.
fn shifting(dual: &Dual, pieces: &Pieces, grid: &Grid) -> Option<Rational> {
    let unit = power(grid.exponent)?;
    let off = |exact: &Rational, rounded: i64| (exact * &unit - Rational::from(rounded)).abs();
    let mut each = off(&pieces.intercept, grid.intercept) * &pieces.denominator;
    for ((pair, exact), rounded) in pieces.slopes.windows(2).zip(&pieces.shifts).zip(&grid.shifts) {
        each += off(exact, *rounded) * Rational::from(pair[1].abs_diff(pair[0]));
    }
    let mantissas = dual.mantissas.iter().try_fold(0_u128, |sum, m| sum.checked_add(m.unsigned_abs().into()))?;
    let mut stretched = 0_u128;
    for (m, row) in dual.mantissas.iter().zip(&grid.rows) {
        stretched = stretched.checked_add(u128::from(m.unsigned_abs()).checked_mul(length(row))?)?;
    }
    let stretch = (&grid.norm - Rational::ONE) * Rational::from(pieces.steepest()) * Rational::from(stretched);
    Some(each * Rational::from(mantissas) + stretch)
}

/// What rounding S_k c_i and D c_i may cost: at most half a unit times |x̃_i| and the intercept, and one for every shift.
fn cutting(dual: &Dual, pieces: &Pieces, grid: &Grid) -> Option<Rational> {
    if pieces.cut == 0 {
        return Some(Rational::ZERO);
    }
    let shifts = grid.shifts.iter().map(|x| u128::from(x.unsigned_abs())).sum::<u128>();
    let twice = |row: &Vec<i64>| length(row) + 2 * shifts + u128::from(grid.intercept.unsigned_abs());
    let used = grid.rows.iter().zip(&dual.mantissas).filter(|(_, m)| **m != 0);
    Some(half(Rational::from(used.map(|(row, _)| twice(row)).try_fold(0_u128, u128::checked_add)?)))
}

/// At least |x|: the sum of its absolute values.
fn length(row: &[i64]) -> u128 {
    row.iter().map(|x| u128::from(x.unsigned_abs())).sum()
}

fn add(sum: i128, a: i128, b: i128) -> Option<i128> {
    sum.checked_add(a.checked_mul(b)?)
}

/// The primitive vector on the line of `row`, its first entry that is not zero positive, and the factor; `None` for zero.
fn primitive(row: &[i64]) -> Option<(Vec<i64>, i64)> {
    let divisor = row.iter().fold(0_u64, |divisor, x| greatest_common_divisor(divisor, x.unsigned_abs())) as i64;
    let first = row.iter().find(|x| **x != 0)?;
    let factor = if *first > 0 { divisor } else { -divisor };
    Some((row.iter().map(|x| x / factor).collect(), factor))
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
