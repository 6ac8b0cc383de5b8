//! The data of a problem on a grid of integers, in their own coordinates or along a basis, with bounds on what that rounds away.

use super::claim::{BASIS_BITS, GRID_BITS};
use super::{Fault, Pieces};
use crate::exact::{Abs, Natural, Rational, double, half, power};
use crate::problem::Matrix;
use crate::regularizer::Norm;

/// Bits of the largest shift or intercept on the grid.
const SHIFT_BITS: u32 = 48;

/// The data on their grid: rows x̃ or z̃, its exponent e (x ≈ x̃ 2^-e), and bounds on |x_i 2^e - x̃_i| in units of 2^-BASIS_BITS.
pub(super) struct Grid {
    pub rows: Vec<Vec<i64>>,
    pub(super) exponent: i32,
    pub(super) errors: Vec<i128>,
    /// 1 + δ >= |B|.
    pub(super) norm: Rational,
    /// The shifts and the intercept on the same grid.
    pub(super) shifts: Vec<i64>,
    pub(super) intercept: i64,
}

impl Grid {
    /// x̃ = x 2^e to the nearest integer, e such that the largest has GRID_BITS bits (and no shift more than SHIFT_BITS); `None` if a
    /// number is not finite.
    pub(super) fn plain(inputs: &Matrix, pieces: &Pieces, hidden: &dyn Norm) -> Option<Grid> {
        let largest = inputs.values.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
        if inputs.values.iter().any(|x| !x.is_finite()) {
            return None;
        }
        let mut exponent = if largest > 0.0 { GRID_BITS as i32 - libm::frexp(largest).1 } else { 0 };
        for shift in pieces.shifts.iter().chain([&pieces.intercept]).filter(|shift| **shift != Rational::ZERO) {
            exponent = exponent.min(SHIFT_BITS as i32 - libm::frexp(double(shift)).1);
        }
        let scaled = |x: &f64| libm::scalbn(*x, exponent);
        let rows = inputs.each_row().map(|row| row.iter().map(|x| scaled(x).round() as i64).collect()).collect();
        let unit_half = 1_i128 << (BASIS_BITS - 1);
        // No entry is off by more than half a unit.
        let length = i128::try_from(hidden.polar_above(&vec![1; inputs.columns], 0)).ok()?;
        let exact = |x: &f64| scaled(x).fract() == 0.0 && (scaled(x) != 0.0 || *x == 0.0);
        let errors = inputs.each_row().map(|row| if row.iter().all(exact) { 0 } else { unit_half * length }).collect();
        let unit = power(exponent)?;
        let nearest = |x: &Rational| i64::try_from((x * &unit + half(Rational::ONE)).floor()).ok();
        let shifts = pieces.shifts.iter().map(nearest).collect::<Option<_>>()?;
        Some(Grid { rows, exponent, errors, norm: Rational::ONE, shifts, intercept: nearest(&pieces.intercept)? })
    }

    /// z̃ = B x̃ to the nearest integers; the error is |x̃ - B' z̃| on top of the grid's own.
    pub(super) fn along(self, basis: &[Vec<i64>], columns: usize) -> Result<Grid, Fault> {
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
        Ok(Grid { rows, errors, norm: norm(basis), ..self })
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
