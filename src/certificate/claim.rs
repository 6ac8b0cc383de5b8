//! The inequality that a proof is about, in integers:
//! ```text
//!   G(θ) = g·θ + Σ_l k_l max(ℓ_l·θ, 0) <= T |θ|    for all θ
//! ```
//! With D the common denominator of the slopes, p = P/D and q = Q/D, φ(z) = p max(z,0) + q max(-z,0), m_i the mantissas of
//! the dual vector and c_i = -s m_i for output sign s, row x̃_i of the data on its grid adds -Q c_i x̃_i to g and a term with
//! k = (P+Q) c_i.  Rows on one line share one term: max(-z,0) = max(z,0) - z.  Slopes of many digits are cut: P c_i and Q c_i are
//! rounded to multiples of 2^h, and everything is kept in units of 2^h.
//!
//! The data are rounded to a grid (or to a basis, z̃ = B x, and then a grid).  |φ(x·w) - φ(x̃·w)| <= Lip |x - x̃| |w|, so what is
//! proved for the grid with a limit T that is smaller by Σ |m_i| Lip |x_i - x̃_i| holds for the doubles themselves.

use super::{Correction, Dual};
use crate::exact::{Abs, Natural, Rational, half, rational, written};
use crate::problem::{Activation, Matrix, Problem};
use std::collections::BTreeMap;

/// Bits of the largest input on the grid, of the largest dual mantissa, and behind the point of a basis.
pub const GRID_BITS: u32 = 40;
pub const DUAL_BITS: u32 = 36;
pub const BASIS_BITS: u32 = 44;
/// Bits of a slope at a concave kink, as a fraction of the kink.
pub const SLOPE_BITS: u32 = 30;

/// More columns than this need matrices that no checker should be asked for.
const MOST_COLUMNS: usize = 2048;

/// Slopes of more binary digits than this are cut.
const SLOPE_DIGITS: u32 = 4;

/// The inequality above.  Lines are distinct and primitive; kinks are never zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// ℓ_l, r integers each.
    pub lines: Vec<Vec<i64>>,
    /// k_l.
    pub kinks: Vec<i128>,
    /// g (r).
    pub slope: Vec<i128>,
    /// T, positive.
    pub limit: i128,
}

/// Why there is no such inequality for a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Numbers too large or too small for the integers of a proof, or a penalty too small for their grid.
    Width,
    /// The dual vector or the basis has another shape than the data.
    Shape,
    /// No correction makes the dual vector orthogonal to the columns of the skip.
    Equalities,
}

/// The slopes p = P/D and q = Q/D right and left of 0, and h: products with dual mantissas are rounded to multiples of 2^h.
pub(super) struct Slopes {
    pub positive: i128,
    pub negative: i128,
    pub denominator: Rational,
    pub cut: u32,
}

/// The data on their grid: rows x̃ or z̃, its exponent e (x ≈ x̃ 2^-e), and bounds on |x_i 2^e - x̃_i| in units of 2^-BASIS_BITS.
pub(super) struct Grid {
    pub rows: Vec<Vec<i64>>,
    exponent: i32,
    errors: Vec<i128>,
    /// 1 + δ >= |B|.
    norm: Rational,
}

impl Dual {
    /// Whether it has one mantissa a row, none too wide.
    pub(super) fn fits(&self, rows: usize) -> Result<(), Fault> {
        let wide = |m: &i64| m.unsigned_abs() >> (DUAL_BITS + 2) != 0;
        if self.mantissas.len() != rows || self.mantissas.iter().any(wide) { Err(Fault::Shape) } else { Ok(()) }
    }
}

impl Claim {
    /// The inequality for networks of output sign `sign` and a dual vector `scale`·u.
    pub fn new(
        problem: &Problem,
        dual: &Dual,
        correction: &Correction,
        scale: f64,
        basis: Option<&[Vec<i64>]>,
        sign: i8,
    ) -> Result<Claim, Fault> {
        let inputs = problem.inputs();
        if inputs.columns > MOST_COLUMNS || !of_degree_1(&problem.architecture.activation) || problem.architecture.gates.is_some() {
            return Err(Fault::Width);
        }
        dual.fits(inputs.rows)?;
        let slopes = Slopes::of(&problem.architecture.activation).ok_or(Fault::Width)?;
        let plain = Grid::plain(&inputs).ok_or(Fault::Width)?;
        let grid = match basis {
            None => plain,
            Some(basis) => plain.along(basis, inputs.columns)?,
        };
        let moved = correction.reach(&inputs).ok_or(Fault::Width)?;
        let limit = limit(problem, dual, scale, &slopes, &grid, &moved).ok_or(Fault::Width)?;
        let mut claim = Claim { lines: Vec::new(), kinks: Vec::new(), slope: vec![0; basis.map_or(inputs.columns, <[_]>::len)], limit };
        claim.gather(&grid, dual, &slopes, sign).ok_or(Fault::Width)?;
        Ok(claim)
    }

    /// r.
    pub fn rank(&self) -> usize {
        self.slope.len()
    }

    /// Adds every row's term, one line per direction in the order of their first rows.
    fn gather(&mut self, grid: &Grid, dual: &Dual, slopes: &Slopes, sign: i8) -> Option<()> {
        let mut known: BTreeMap<Vec<i64>, usize> = BTreeMap::new();
        for (row, &mantissa) in grid.rows.iter().zip(&dual.mantissas) {
            let c = -i128::from(sign) * i128::from(mantissa);
            let Some((line, multiple)) = primitive(row) else { continue };
            // A row against its line: P max(-z,0) + Q max(z,0) with z = ℓ·θ; the line's term is k max(z,0) either way.
            let (positive, negative) = (slopes.times(slopes.positive, c)?, slopes.times(slopes.negative, c)?);
            let straight = if multiple > 0 { -negative } else { positive };
            for (g, &x) in self.slope.iter_mut().zip(row) {
                *g = g.checked_add(straight.checked_mul(x.into())?)?;
            }
            let kink = positive.checked_add(negative)?.checked_mul(i128::from(multiple).abs())?;
            match known.get(&line) {
                Some(&at) => self.kinks[at] = self.kinks[at].checked_add(kink)?,
                None => {
                    known.insert(line.clone(), self.lines.len());
                    self.lines.push(line);
                    self.kinks.push(kink);
                }
            }
        }
        let keep: Vec<bool> = self.kinks.iter().map(|k| *k != 0).collect();
        let mut flags = keep.iter();
        self.lines.retain(|_| *flags.next().unwrap_or(&false));
        self.kinks.retain(|k| *k != 0);
        // Small enough to be doubled without a thought.
        self.kinks.iter().chain(&self.slope).all(|k| k.unsigned_abs() < 1 << 110).then_some(())
    }
}

/// Whether φ(z) = p max(z,0) + q max(-z,0): at most one break, at 0, and through the origin.
fn of_degree_1(activation: &Activation) -> bool {
    let pieces = &activation.pieces;
    let origin = pieces.iter().all(|piece| piece.intercept == Rational::ZERO);
    origin && pieces.len() <= 2 && pieces.iter().all(|piece| piece.from.as_ref().is_none_or(|from| *from == Rational::ZERO))
}

/// T = floor( (D 2^(e + exponent) (n β / t - Lip Σ |e_i| |x_i|) - D Lip Σ |m_i| error_i) / |B| ), n being the number of rows of a mean and 1 of a sum.
pub(super) fn limit(problem: &Problem, dual: &Dual, scale: f64, slopes: &Slopes, grid: &Grid, moved: &Rational) -> Option<i128> {
    let beta = written(problem.objective.strength)?;
    let scale = rational(scale).filter(|t| *t > Rational::ZERO)?;
    let unit = &slopes.denominator * power(grid.exponent.checked_add(dual.exponent)?)?;
    let steepest = slopes.positive.unsigned_abs().max(slopes.negative.unsigned_abs());
    let whole = &unit * problem.objective.loss.count(problem.targets().len()) * beta / scale;
    let whole = whole - unit * moved * Rational::from(steepest) / &slopes.denominator;
    let mut error = 0_u128;
    for (m, e) in dual.mantissas.iter().zip(&grid.errors) {
        error = error.checked_add(u128::from(m.unsigned_abs()).checked_mul(e.unsigned_abs())?)?;
    }
    let error = Rational::from(error) * Rational::from(steepest) * power(-(BASIS_BITS as i32))?;
    let cut = power(-(slopes.cut as i32))?;
    // What rounding the slopes costs is in proportion to |ω|, the rest to |w|.
    let limit = ((whole - error) * cut / &grid.norm - cutting(dual, slopes, grid)?).floor();
    i128::try_from(limit).ok().filter(|limit| *limit > 0 && *limit < 1 << 100)
}

/// What rounding P c_i and Q c_i may cost: at most half a unit times |x̃_i|, here by its sum of absolute values.
fn cutting(dual: &Dual, slopes: &Slopes, grid: &Grid) -> Option<Rational> {
    if slopes.cut == 0 {
        return Some(Rational::ZERO);
    }
    let length = |row: &Vec<i64>| row.iter().map(|x| u128::from(x.unsigned_abs())).sum::<u128>();
    let used = grid.rows.iter().zip(&dual.mantissas).filter(|(_, m)| **m != 0);
    Some(half(Rational::from(used.map(|(row, _)| length(row)).try_fold(0_u128, u128::checked_add)?)))
}

/// 2^exponent; `None` beyond ±4000.
fn power(exponent: i32) -> Option<Rational> {
    if exponent.abs() > 4000 {
        return None;
    }
    let power = Rational::from(Natural::ONE << exponent.unsigned_abs() as usize);
    Some(if exponent >= 0 { power } else { Rational::ONE / power })
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

impl Slopes {
    fn of(activation: &Activation) -> Option<Slopes> {
        let (p, q) = (&activation.pieces.last()?.slope, -activation.pieces.first()?.slope.clone());
        let denominator = Rational::from(p.denominator() * q.denominator());
        let whole = |slope: &Rational| i128::try_from((slope * &denominator).floor()).ok().filter(|s| s.unsigned_abs() >> 80 == 0);
        let (positive, negative) = (whole(p)?, whole(&q)?);
        let bits = 128 - positive.unsigned_abs().max(negative.unsigned_abs()).leading_zeros();
        Some(Slopes { positive, negative, denominator: denominator.clone(), cut: bits.saturating_sub(SLOPE_DIGITS) })
    }

    /// slope · c, rounded to the nearest multiple of 2^h, halves upwards, in units of 2^h.
    fn times(&self, slope: i128, c: i128) -> Option<i128> {
        let product = slope.checked_mul(c)?;
        Some(if self.cut == 0 { product } else { product.checked_add(1 << (self.cut - 1))? >> self.cut })
    }
}

impl Grid {
    /// x̃ = x 2^e to the nearest integer, e such that the largest has GRID_BITS bits; `None` if a number is not finite.
    pub fn plain(inputs: &Matrix) -> Option<Grid> {
        let largest = inputs.values.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
        if inputs.values.iter().any(|x| !x.is_finite()) {
            return None;
        }
        let exponent = if largest > 0.0 { GRID_BITS as i32 - libm::frexp(largest).1 } else { 0 };
        let scaled = |x: &f64| libm::scalbn(*x, exponent);
        let rows = inputs.each_row().map(|row| row.iter().map(|x| scaled(x).round() as i64).collect()).collect();
        let half = 1_i128 << (BASIS_BITS - 1);
        let length = inputs.columns.isqrt() as i128 + 1;
        let exact = |x: &f64| scaled(x).fract() == 0.0 && (scaled(x) != 0.0 || *x == 0.0);
        let errors = inputs.each_row().map(|row| if row.iter().all(exact) { 0 } else { half * length }).collect();
        Some(Grid { rows, exponent, errors, norm: Rational::ONE })
    }

    /// z̃ = B x̃ to the nearest integers; the error is |x̃ - B' z̃| on top of the grid's own.
    fn along(self, basis: &[Vec<i64>], columns: usize) -> Result<Grid, Fault> {
        let small = |b: &i64| b.unsigned_abs() >> (BASIS_BITS + 1) == 0;
        if basis.is_empty() || basis.len() > columns || basis.iter().any(|row| row.len() != columns || !row.iter().all(small)) {
            return Err(Fault::Shape);
        }
        let (mut rows, mut errors) = (Vec::with_capacity(self.rows.len()), Vec::with_capacity(self.rows.len()));
        for (x, error) in self.rows.iter().zip(&self.errors) {
            let z: Vec<i64> = basis.iter().map(|b| rounded(dot(b, x))).collect();
            errors.push(error.checked_add(residual(basis, x, &z).ok_or(Fault::Width)?).ok_or(Fault::Width)?);
            rows.push(z);
        }
        Ok(Grid { rows, exponent: self.exponent, errors, norm: norm(basis) })
    }
}

fn dot(a: &[i64], b: &[i64]) -> i128 {
    a.iter().zip(b).map(|(a, b)| i128::from(*a) * i128::from(*b)).sum()
}

/// A fixed-point number to the nearest integer.
fn rounded(value: i128) -> i64 {
    ((value + (1 << (BASIS_BITS - 1))) >> BASIS_BITS) as i64
}

/// At least |x - B'z|, in units of 2^-BASIS_BITS.
fn residual(basis: &[Vec<i64>], x: &[i64], z: &[i64]) -> Option<i128> {
    let mut square = 0_i128;
    for (k, &x) in x.iter().enumerate() {
        let along: i128 = basis.iter().zip(z).map(|(b, z)| i128::from(b[k]) * i128::from(*z)).sum();
        let rest = (i128::from(x) << BASIS_BITS) - along;
        square = square.checked_add(rest.checked_mul(rest)?)?;
    }
    Some(square.isqrt() + 1)
}

/// 1 + Σ |BB' - I| >= |B|, since |B|² = |BB'| <= 1 + |BB' - I|.
fn norm(basis: &[Vec<i64>]) -> Rational {
    let one = Natural::ONE << (2 * BASIS_BITS) as usize;
    let mut off = Rational::ZERO;
    for (i, a) in basis.iter().enumerate() {
        for (j, b) in basis.iter().enumerate() {
            let wanted = if i == j { Rational::from(one.clone()) } else { Rational::ZERO };
            off += (Rational::from(dot(a, b)) - wanted).abs();
        }
    }
    Rational::ONE + off / Rational::from(one)
}
