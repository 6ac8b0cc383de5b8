//! That a network which meets its targets up to rounding is near one that meets them exactly, and what that one costs more.
//!
//! Φ (p x p) holds, on the p rows that decide all others (see [`Span`]), what the completing neurons contribute and, behind them, the
//! columns that cost nothing.  With any R and δ = |I - R Φ| < 1 (largest row sum) Φ is invertible: the residual r = y - f is Φ e for an
//! e with |e|_∞ <= |R r|_∞ / (1 - δ).  Adding the completing neurons w_k with output weights e_k makes the fit exact on these rows, and
//! so on all, for at most Σ_k |e_k| times what w_k costs with |a| = 1: under weight decay (h(w)² + 1)/2, both weights taking √|e_k|.
//! R is guessed in floating point; Φ and r are rounded to integers whose errors are counted.

use super::Refusal;
use super::cones::dot;
use super::objective::{features, penalty};
use crate::certificate::{Span, Unmet, inverse};
use crate::exact::{Rational, double, half, power, rational};
use crate::problem::{Matrix, Network, Problem};

/// Bits of the largest entry of Φ and r, and of R: sums of 2^16 products stay below 2^126.
const WIDE_BITS: i32 = 60;
const GUESS_BITS: i32 = 50;
const MOST_ROWS: usize = 1 << 16;

/// At most what the penalty grows by when the network with the exact `outputs` (n C) is completed.
pub fn completed(problem: &Problem, outputs: &[Rational], completion: &[Vec<f64>]) -> Result<Rational, Refusal> {
    let span = Span::of(problem).map_err(|why| if why == Unmet::Kind { Refusal::Kind } else { Refusal::Infeasible })?;
    let rows = span.0;
    let neurons = neurons(problem, completion)?;
    let free = problem.free_columns();
    if completion.len() + free.columns != rows.len() || rows.len() > MOST_ROWS {
        return Err(Refusal::Shape("completion"));
    }
    let ends = |i: usize| free.row(i).iter().map(|z| rational(*z)).collect::<Option<Vec<Rational>>>();
    let matrix = features(problem, &neurons.hidden, &rows).into_iter().zip(&rows);
    let matrix = matrix.map(|(row, &i)| Some([row, ends(i)?].concat())).collect::<Option<Vec<_>>>().ok_or(Refusal::Width)?;
    let guess = Guess::new(&matrix).ok_or(Refusal::Completion)?;
    let most = penalty(problem, &neurons)?;
    let (y, several) = (problem.targets(), problem.outputs());
    let mut cost = Rational::ZERO;
    for output in 0..several {
        let residual = |&i: &usize| Some(rational(y[i * several + output])? - &outputs[i * several + output]);
        let residual = rows.iter().map(residual).collect::<Option<Vec<Rational>>>().ok_or(Refusal::Width)?;
        cost += guess.longest(&residual).ok_or(Refusal::Width)? * &most;
    }
    Ok(cost)
}

/// The completing neurons with output weights of 1, if they are neurons of the problem.
fn neurons(problem: &Problem, completion: &[Vec<f64>]) -> Result<Network, Refusal> {
    let size = problem.architecture.neuron_size(problem.dataset.train.inputs.columns);
    let shaped = completion.iter().all(|w| w.len() == size) && problem.architecture.width.is_none();
    if !shaped {
        return Err(Refusal::Shape("completion"));
    }
    if !completion.iter().flatten().all(|w| w.is_finite()) {
        return Err(Refusal::Completion);
    }
    let hidden = Matrix::new(completion.len(), size, completion.concat());
    Ok(Network { hidden, output: Matrix::new(completion.len(), 1, vec![1.0; completion.len()]), skip: None, gates: None })
}

/// R, and what it does to vectors.
struct Guess {
    /// In units of 2^-unit.
    rows: Vec<Vec<i64>>,
    unit: i32,
    /// 1 / (1 - δ).
    factor: Rational,
}

impl Guess {
    /// `None` unless δ <= 1/2.
    fn new(matrix: &[Vec<Rational>]) -> Option<Guess> {
        let p = matrix.len();
        let near: Vec<Vec<f64>> = matrix.iter().map(|row| row.iter().map(double).collect()).collect();
        let guess = inverse(&near)?;
        let unit = GUESS_BITS - exponent(guess.iter().flatten().copied());
        let round = |row: &Vec<f64>| row.iter().map(|x| libm::scalbn(*x, unit) as i64).collect();
        let rows: Vec<Vec<i64>> = guess.iter().map(round).collect();
        let point = WIDE_BITS - exponent(near.iter().flatten().copied());
        let columns: Vec<Vec<i64>> = (0..p).map(|k| matrix.iter().map(|row| rounded(&row[k], point)).collect()).collect::<Option<_>>()?;
        let one = i128::try_from(power(unit.checked_add(point)?)?.floor()).ok().filter(|one| *one < 1 << 125)?;
        let mut most = 0_i128;
        for (k, row) in rows.iter().enumerate() {
            // Every entry of Φ may be off by a unit.
            let off = |(j, column): (usize, &Vec<i64>)| (if j == k { one } else { 0 } - dot(row, column)).abs() + size(row);
            most = most.max(columns.iter().enumerate().try_fold(0_i128, |sum, column| sum.checked_add(off(column)))?);
        }
        let delta = Rational::from(most) / Rational::from(one.max(1));
        (one > 0 && delta <= half(Rational::ONE)).then(|| Guess { rows, unit, factor: Rational::ONE / (Rational::ONE - delta) })
    }

    /// At least |e|_∞ for Φ e = r.
    fn longest(&self, r: &[Rational]) -> Option<Rational> {
        if r.iter().all(|x| *x == Rational::ZERO) {
            return Some(Rational::ZERO);
        }
        let point = WIDE_BITS - exponent(r.iter().map(double));
        let r: Vec<i64> = r.iter().map(|x| rounded(x, point)).collect::<Option<_>>()?;
        let reach = |row: &Vec<i64>| dot(row, &r).abs() + size(row);
        let longest = self.rows.iter().map(reach).max().unwrap_or(0);
        Some(Rational::from(longest) * power(-self.unit.checked_add(point)?)? * &self.factor)
    }
}

fn size(row: &[i64]) -> i128 {
    row.iter().map(|x| i128::from(*x).abs()).sum()
}

/// x in units of 2^-point, off by less than one.
fn rounded(x: &Rational, point: i32) -> Option<i64> {
    i64::try_from((x * power(point)?).floor()).ok()
}

/// The e with 2^e above every number; 0 for zeros.
fn exponent(numbers: impl Iterator<Item = f64>) -> i32 {
    let largest = numbers.fold(0.0_f64, |largest, x| largest.max(x.abs()));
    if largest > 0.0 { libm::frexp(largest).1 } else { 0 }
}
