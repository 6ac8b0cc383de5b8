//! Losses: value, slope, conjugate and cone form of each; the table is what the language, the help and the laws read.

mod absolute;
mod cross_entropy;
mod epsilon_insensitive;
mod hinge;
mod huber;
mod interpolate;
mod logistic;
mod poisson;
mod quantile;
mod squared;
mod squared_hinge;

use crate::exact::{Rational, double, rational, written};
use crate::program::Program;
use std::borrow::Cow;

/// What the targets of a loss must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Any real number.
    Real,
    /// Counts or rates: numbers that are not negative, as they are in the data.
    Counts,
    /// Two classes, written -1 and +1.
    Classes,
    /// Classes with an output each: 1 for a row's own class, 0 for the others.
    Labels,
}

/// The number that some losses carry, such as the corner of `huber(d)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    pub name: &'static str,
    pub meaning: &'static str,
    /// Allowed values, both ends excluded.
    pub above: f64,
    pub below: f64,
}

/// One convex loss ℓ(f, y) of a scalar output `f` against a target `y`; `p` is the value of its parameter (ignored by those without).
pub trait Loss: Sync {
    /// The word in the language.
    fn name(&self) -> &'static str;
    /// The formula per row, for `explain`.
    fn formula(&self) -> &'static str;
    /// How PyTorch or scikit-learn calls the same thing.
    fn known_as(&self) -> &'static str;
    fn targets(&self) -> Targets;
    fn parameter(&self) -> Option<Parameter> {
        None
    }
    /// ℓ(f, y).
    fn value(&self, f: f64, y: f64, p: f64) -> f64;
    /// A subgradient of ℓ(·, y) at f.
    fn slope(&self, f: f64, y: f64, p: f64) -> f64;
    /// The second derivative of ℓ(·, y) where it exists, 0 where it does not.
    fn curvature(&self, f: f64, y: f64, p: f64) -> f64;
    /// The interval of v on which the conjugate is finite.  It always holds 0.
    fn domain(&self, y: f64, p: f64) -> (f64, f64);
    /// ℓ*(v) = sup_f v f - ℓ(f, y) for v in the domain; +∞ outside.
    fn conjugate(&self, v: f64, y: f64, p: f64) -> f64;
    /// A rational at least ℓ(f, y), and ℓ(f, y) itself where that is rational; `None` if it is too large to be written.
    fn value_above(&self, f: &Rational, y: &Rational, p: &Rational) -> Option<Rational>;
    /// A rational at least ℓ*(v), and ℓ*(v) itself where that is rational; `None` for v outside the domain, decided exactly.
    fn conjugate_above(&self, v: &Rational, y: &Rational, p: &Rational) -> Option<Rational>;
    /// inf_f ℓ(f, y) = -ℓ*(0): 0 for a loss that measures a distance.
    fn least(&self, _: f64, _: f64) -> f64 {
        0.0
    }
    /// A rational at most inf_f ℓ(f, y), and that itself where it is rational.
    fn least_below(&self, _: &Rational, _: &Rational) -> Option<Rational> {
        Some(Rational::ZERO)
    }
    /// The t that makes Σ_c ℓ(f_c - t, y_c) least, for a loss whose rows may be shifted for free; `None` for one that acts output by
    /// output.  Any other t gives a larger sum.
    fn shift(&self, _: &[f64]) -> Option<f64> {
        None
    }
    /// Whether it is infinite wherever f is not y, if its parameter is.
    fn exact(&self) -> bool {
        false
    }
    /// Whether its slope is continuous everywhere, so that Newton's method may be tried.
    fn smooth(&self) -> bool {
        false
    }
    /// Whether it is made of straight pieces, so that its cone form is linear.
    fn linear(&self) -> bool {
        false
    }
    /// Whether its cone form needs exponential cones.
    fn exponential(&self) -> bool {
        false
    }
    /// Adds `c·ℓ(x[f], y)` to the program by cones and helper columns.
    fn cone_form(&self, program: &mut Program, f: usize, y: f64, p: f64, c: f64);
}

/// Every loss the language can solve.  A new loss is one file and one row here.
pub const LOSSES: &[&dyn Loss] = &[
    &squared::Squared,
    &absolute::Absolute,
    &huber::Huber,
    &quantile::Quantile,
    &hinge::Hinge,
    &squared_hinge::SquaredHinge,
    &logistic::Logistic,
    &epsilon_insensitive::EpsilonInsensitive,
    &poisson::Poisson,
    &cross_entropy::CrossEntropy,
];

/// The loss of a name, if there is one.
pub fn find(name: &str) -> Option<&'static dyn Loss> {
    LOSSES.iter().copied().find(|loss| loss.name() == name)
}

/// What `subject to interpolate` puts in place of a loss.
pub static INTERPOLATE: interpolate::Interpolate = interpolate::Interpolate;

/// A loss summed over rows and outputs, as an objective states it: L(f) = scale · Σ_ic ℓ(f_ic, y_ic), or with the best shift t_i of every
/// row scale · Σ_ic ℓ(f_ic - t_i, y_ic).
#[derive(Clone, Copy)]
pub struct Total {
    pub loss: &'static dyn Loss,
    pub parameter: f64,
    /// Whether the model says `mean(...)`.
    pub mean: bool,
    /// C: how many outputs, and as many targets, a row has.  They stand row after row.
    pub outputs: usize,
}

impl std::fmt::Debug for Total {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.words())
    }
}

/// What rounding leaves of 1 when probabilities are added.
const MOST_OF_1: f64 = 1.0 - 1e-14;

/// Outputs this near their targets, as a part of the largest, are as near as doubles are asked to come.
const ROUNDING: f64 = 1e-9;

/// What two roundings leave of a number, relative to it.
const LAST: f64 = 4.0 * f64::EPSILON;

impl Total {
    /// Interpolation: 0 where every output is its target.
    pub fn interpolation() -> Total {
        Total { loss: &INTERPOLATE, parameter: f64::INFINITY, mean: false, outputs: 1 }
    }

    /// Whether nothing but the targets themselves has a finite loss.
    pub fn interpolates(&self) -> bool {
        self.loss.exact() && self.parameter.is_infinite()
    }

    /// The loss as the language writes it.
    pub fn words(&self) -> String {
        let inner = match self.loss.parameter() {
            Some(_) => format!("{}({})", self.loss.name(), self.parameter),
            None => self.loss.name().to_string(),
        };
        if self.mean { format!("mean({inner})") } else { inner }
    }

    /// How many rows have `entries` outputs together.
    fn rows(&self, entries: usize) -> usize {
        entries / self.outputs.max(1)
    }

    /// The factor in front of the sum over `entries` outputs: 1, or one over the number of their rows for a mean.
    pub fn scale(&self, entries: usize) -> f64 {
        if self.mean { 1.0 / self.rows(entries) as f64 } else { 1.0 }
    }

    /// Whether rows may be shifted for free, so that the dual vector of every row sums to 0.
    pub fn shifted(&self) -> bool {
        self.loss.shift(&[0.0]).is_some()
    }

    /// f, every row shifted to where the loss is least.
    fn settled<'f>(&self, f: &'f [f64]) -> Cow<'f, [f64]> {
        let shift = |row: &'f [f64]| {
            let t = self.loss.shift(row).unwrap_or_default();
            row.iter().map(move |f| f - t)
        };
        if self.shifted() { f.chunks(self.outputs.max(1)).flat_map(shift).collect() } else { Cow::Borrowed(f) }
    }

    /// The label of a row y of a loss over labels.
    fn label(y: &[f64]) -> usize {
        y.iter().position(|y| *y > 0.0).unwrap_or(0)
    }

    /// L(f); of interpolation 0 if rounding alone may be what is between f and y.
    pub fn value(&self, f: &[f64], y: &[f64]) -> f64 {
        if self.interpolates() {
            let near = ROUNDING * y.iter().fold(0.0_f64, |most, y| most.max(y.abs()));
            return if f.iter().zip(y).all(|(f, y)| (f - y).abs() <= near) { 0.0 } else { f64::INFINITY };
        }
        let sum: f64 = self.settled(f).iter().zip(y).map(|(&f, &y)| self.loss.value(f, y, self.parameter)).sum();
        self.scale(y.len()) * sum
    }

    /// inf L = -L*(0), which no network goes below.
    pub fn least(&self, y: &[f64]) -> f64 {
        let sum = y.iter().fold(0.0, |sum, &y| sum + self.loss.least(y, self.parameter));
        self.scale(y.len()) * sum
    }

    /// A rational at most inf L; the first row at fault where there is none.
    pub fn least_below(&self, y: &[f64]) -> Result<Rational, usize> {
        self.sum(&vec![Rational::ZERO; y.len()], y, |_, _, y, p| self.loss.least_below(y, p))
    }

    /// R with |L(f) - L(g)| <= R |f - g|₂, from the slopes that are possible; infinite for losses that grow faster than straight lines.
    pub fn lipschitz(&self, y: &[f64]) -> f64 {
        let steepest = |y: &f64| {
            let (low, high) = self.loss.domain(*y, self.parameter);
            low.abs().max(high.abs())
        };
        self.scale(y.len()) * y.iter().map(|y| steepest(y).powi(2)).sum::<f64>().sqrt()
    }

    /// A subgradient of L at f.
    pub fn slope(&self, f: &[f64], y: &[f64]) -> Vec<f64> {
        let scale = self.scale(y.len());
        self.settled(f).iter().zip(y).map(|(&f, &y)| scale * self.loss.slope(f, y, self.parameter)).collect()
    }

    /// The diagonal of ∇²L at f, of a loss whose rows are shifted with the shifts held.
    pub fn curvature(&self, f: &[f64], y: &[f64]) -> Vec<f64> {
        let scale = self.scale(y.len());
        self.settled(f).iter().zip(y).map(|(&f, &y)| scale * self.loss.curvature(f, y, self.parameter)).collect()
    }

    /// L*(v) = Σ_ic scale · ℓ*(v_ic / scale); +∞ where rows may be shifted and one of v does not sum to 0 (up to rounding).
    pub fn conjugate(&self, v: &[f64], y: &[f64]) -> f64 {
        let scale = self.scale(y.len());
        let off = |row: &[f64]| row.iter().sum::<f64>().abs() > 1e-9 * (scale + row.iter().map(|v| v.abs()).sum::<f64>());
        if self.shifted() && v.chunks(self.outputs.max(1)).any(off) {
            return f64::INFINITY;
        }
        let inside = |v: f64, y: f64| {
            // v = scale u may be rounded to a number whose quotient is just outside.
            let (low, high) = self.loss.domain(y, self.parameter);
            if v < low && v >= low - LAST * low.abs() || v > high && v <= high + LAST * high.abs() { v.clamp(low, high) } else { v }
        };
        v.iter().zip(y).map(|(&v, &y)| scale * self.loss.conjugate(inside(v / scale, y), y, self.parameter)).sum()
    }

    /// A rational at least L(f), the targets being the very doubles `y`; the first row at fault where there is none.
    ///
    /// Where rows may be shifted any shift is an upper bound: the best one up to rounding is taken.
    pub fn value_above(&self, f: &[Rational], y: &[f64]) -> Result<Rational, usize> {
        let mut f = Cow::Borrowed(f);
        if self.shifted() {
            for (i, row) in f.to_mut().chunks_mut(self.outputs.max(1)).enumerate() {
                let near: Vec<f64> = row.iter().map(double).collect();
                let t = self.loss.shift(&near).and_then(rational).ok_or(i)?;
                row.iter_mut().for_each(|f| *f = &*f - &t);
            }
        }
        self.sum(&f, y, |_, f, y, p| self.loss.value_above(f, y, p))
    }

    /// A rational at least L*(v) for v = scale · u; the first row whose u_i is outside the domain of ℓ*, if there is one.
    ///
    /// Entries for which `moved` gives a number may have any u_ic within it: ℓ* is convex, so the ends decide.  Where rows may be shifted
    /// those of u must sum to 0, exactly, and so must whatever is moved.
    pub fn conjugate_above(&self, u: &[Rational], y: &[f64], moved: impl Fn(usize) -> Option<Rational>) -> Result<Rational, usize> {
        let off = |row: &[Rational]| row.iter().fold(Rational::ZERO, |sum, u| sum + u) != Rational::ZERO;
        if let Some(row) = u.chunks(self.outputs.max(1)).position(off).filter(|_| self.shifted()) {
            return Err(row);
        }
        self.sum(u, y, |i, u, y, p| match moved(i) {
            None => self.loss.conjugate_above(u, y, p),
            Some(by) => {
                let ends = (self.loss.conjugate_above(&(u + &by), y, p)?, self.loss.conjugate_above(&(u - by), y, p)?);
                Some(ends.0.max(ends.1))
            }
        })
    }

    /// The sum of `term` over rows and outputs; divided by the number of rows for a mean, which no double could do.
    fn sum(
        &self,
        x: &[Rational],
        y: &[f64],
        term: impl Fn(usize, &Rational, &Rational, &Rational) -> Option<Rational>,
    ) -> Result<Rational, usize> {
        let p = written(self.parameter).unwrap_or_default();
        let mut sum = Rational::ZERO;
        for (i, (x, y)) in x.iter().zip(y).enumerate() {
            sum += rational(*y).and_then(|y| term(i, x, &y, &p)).ok_or(i / self.outputs.max(1))?;
        }
        Ok(sum / self.count(y.len()))
    }

    /// 1 / scale, exactly: the number of rows for a mean, 1 for a sum.
    pub fn count(&self, entries: usize) -> Rational {
        Rational::from(if self.mean { self.rows(entries).max(1) } else { 1 })
    }

    /// Moves every coordinate of `v` into dom L*, each by as little as possible; where rows may be shifted the label's is minus the sum
    /// of the others, which are never negative and together at most 1.
    pub fn clamp(&self, v: &mut [f64], y: &[f64]) {
        let scale = self.scale(y.len());
        for (v, &y) in v.iter_mut().zip(y) {
            let (low, high) = self.loss.domain(y, self.parameter);
            *v = v.clamp(low * scale, high * scale);
        }
        if self.shifted() {
            for (v, y) in v.chunks_mut(self.outputs.max(1)).zip(y.chunks(self.outputs.max(1))) {
                v[Total::label(y)] = 0.0;
                let part = v.iter().sum::<f64>() / (scale * MOST_OF_1);
                if part > 1.0 {
                    v.iter_mut().for_each(|v| *v /= part);
                }
            }
            self.settle_rows(v, y);
        }
    }

    /// Where rows may be shifted, the label's entry becomes minus the sum of the others.
    pub fn settle_rows(&self, v: &mut [f64], y: &[f64]) {
        for (v, y) in v.chunks_mut(self.outputs.max(1)).zip(y.chunks(self.outputs.max(1))).filter(|_| self.shifted()) {
            let label = Total::label(y);
            v[label] = 0.0;
            v[label] = -v.iter().sum::<f64>();
        }
    }

    /// Makes the rows of a dual vector in integers sum to 0 where they must, by their labels' entries.
    pub fn balance(&self, mantissas: &mut [i64], y: &[f64]) {
        if self.shifted() {
            for (m, y) in mantissas.chunks_mut(self.outputs.max(1)).zip(y.chunks(self.outputs.max(1))) {
                let label = Total::label(y);
                m[label] = 0;
                m[label] = -m.iter().sum::<i64>();
            }
        }
    }
}
