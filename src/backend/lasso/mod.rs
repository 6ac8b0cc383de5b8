//! Group lassos whose groups are one matrix behind many masks, without ever writing a masked matrix down:
//! ```text
//!   minimise  L(f) + β Σ_g |θ_g|₂,      f = Σ_g D_g X θ_g,   D_g a diagonal of 0 and 1
//! ```
//! L is smooth and v = ∇L(f).  The method of multipliers for the dual, each of its rounds by a semismooth Newton method (Li, Sun and Toh,
//! SIAM J. Optim. 28, 2018, for the plain lasso): with z_g = θ_g - σ X'D_g v and θ_g(v) = (1 - σβ/|z_g|)₊ z_g solve
//! ```text
//!   R(f) = f - Σ_g D_g X θ_g(v) = 0,    the gradient in v of  φ = L*(v) + |θ(v)|²/2σ
//! ```
//! then θ <- θ(v), and σ grows.  With f in place of v as the unknown no step leaves the domain of L*.

mod krylov;
mod newton;
mod operator;

use super::Stop;
use nalgebra::{DMatrix, DVector};
use newton::Newton;
pub use newton::{ROOM, System};
pub use operator::Masked;

/// A smooth convex function of the outputs.
pub trait Curve: Sync {
    /// L(f).
    fn value(&self, f: &[f64]) -> f64;
    /// v = ∇L(f).
    fn slope(&self, f: &[f64]) -> Vec<f64>;
    /// The diagonal of ∇²L(f), which is all of it.
    fn curvature(&self, f: &[f64]) -> Vec<f64>;
    /// L*(v).
    fn conjugate(&self, v: &[f64]) -> f64;
}

/// What to minimise.
pub struct Lasso<'a> {
    pub masked: Masked<'a>,
    pub curve: &'a dyn Curve,
    /// β > 0.
    pub price: f64,
}

/// Where a solve begins.
pub struct Start {
    /// θ_g, one column a group.
    pub theta: DMatrix<f64>,
    /// How long the first step is, as a multiple of a cautious one: where a solve of a problem nearby ended.
    pub pace: f64,
}

/// Where it ended.
pub struct Ended {
    /// θ_g, one column a group; most of them are exactly 0.
    pub theta: DMatrix<f64>,
    /// ∇L near the optimum.
    pub dual: Vec<f64>,
    /// Whether the gap is as small as asked.
    pub solved: bool,
    /// How many Newton steps it took.
    pub steps: usize,
    pub pace: f64,
}

/// More rounds, and Newton steps in one of them, than any problem has needed.
const ROUNDS: usize = 60;
const STEPS: usize = 40;
/// Rounds without a smaller gap after which it ends.
const PATIENCE: usize = 6;
/// σ of a cautious step, in units of 1 / (|X|² max ∇²L).
const FIRST: f64 = 10.0;
/// How much longer each round's step is than the one before, and the longest in units of a cautious one: beyond it rounding rules.
const GROWTH: f64 = 5.0;
const LONGEST: f64 = 1e9;
/// How much shorter it is made where a round fails.
const RETREAT: f64 = 25.0;
/// The error of f, relative, at which a round ends, as a part of how far θ moves; and where rounding ends it.
const SHARE: f64 = 0.5;
const ROUNDING: f64 = 1e-13;
/// The part of the fall that its slope promises which a step must bring, and how often it is halved until it does.
const ARMIJO: f64 = 1e-4;
const HALVINGS: usize = 25;

/// A point of a round: f, v = ∇L(f), z and θ(v), one column a group, R and φ, and the gap between θ(v) and v.
struct Point {
    f: Vec<f64>,
    v: Vec<f64>,
    before: DMatrix<f64>,
    theta: DMatrix<f64>,
    residual: DVector<f64>,
    merit: f64,
    gap: f64,
}

impl Lasso<'_> {
    /// The optimum, to a gap of `tolerance` in absolute terms, from `start` on.  `system` may come from a problem with the same X.
    pub fn solve(&self, start: Start, tolerance: f64, system: &mut System, stop: &Stop) -> Ended {
        let mut f = self.masked.outputs(&start.theta);
        let cautious = self.cautious(&f);
        let mut from = start.theta.clone();
        let mut ended = Ended { dual: self.curve.slope(&f), theta: start.theta, solved: false, steps: 0, pace: start.pace.max(1.0) };
        let (mut least, mut since) = (f64::INFINITY, 0);
        system.begin();
        for _ in 0..ROUNDS {
            let round = Round { lasso: self, from: &from, sigma: ended.pace * cautious, tolerance, stop };
            let (point, even) = round.run(f, system, &mut ended.steps);
            since = if point.gap < 0.9 * least { 0 } else { since + 1 };
            if point.gap < least {
                (least, ended.theta, ended.dual) = (point.gap, point.theta.clone(), point.v);
            }
            ended.solved = least <= tolerance;
            if ended.solved || since >= PATIENCE || stop.now() {
                break;
            }
            if even {
                (from, f) = (point.theta, point.f);
                ended.pace = (ended.pace * GROWTH).min(LONGEST);
            } else {
                f = self.masked.outputs(&from);
                ended.pace = (ended.pace / RETREAT).max(1.0);
            }
        }
        ended
    }

    /// A σ with which nothing is stiff.
    fn cautious(&self, f: &[f64]) -> f64 {
        let bend = self.curve.curvature(f).iter().copied().fold(0.0, f64::max);
        let size = self.masked.transposed().norm_squared() * bend;
        if size > 0.0 && size.is_finite() { FIRST / size } else { 1.0 }
    }

    /// What outputs and weights cost above what v proves, shortened to what the dearest group allows.
    fn gap(&self, outputs: &[f64], theta: &DMatrix<f64>, v: &[f64], dearest: f64) -> f64 {
        let lengths: f64 = theta.column_iter().map(|column| column.norm()).sum();
        let part = if dearest > self.price { self.price / dearest } else { 1.0 };
        let shortened: Vec<f64> = v.iter().map(|v| part * v).collect();
        self.curve.value(outputs) + self.price * lengths + self.curve.conjugate(&shortened)
    }
}

/// One round of the method of multipliers, from θ = `from`.
struct Round<'a> {
    lasso: &'a Lasso<'a>,
    from: &'a DMatrix<f64>,
    sigma: f64,
    tolerance: f64,
    stop: &'a Stop,
}

impl Round<'_> {
    /// Where it ends, and whether its equation is solved there as well as it has to be.
    fn run(&self, f: Vec<f64>, system: &mut System, steps: &mut usize) -> (Point, bool) {
        let mut point = self.point(f);
        for _ in 0..STEPS {
            if point.gap <= self.tolerance || self.even(&point) {
                return (point, true);
            }
            if self.stop.now() {
                break;
            }
            *steps += 1;
            let bend = self.lasso.curve.curvature(&point.f);
            let threshold = self.sigma * self.lasso.price;
            let newton = Newton { masked: &self.lasso.masked, bend: &bend, sigma: self.sigma, threshold, stop: self.stop };
            let direction = newton.direction(system, &point.before, &point.residual);
            match direction.and_then(|(direction, fall)| self.search(&point, &direction, fall)) {
                Some(next) => point = next,
                None => break,
            }
        }
        (point, false)
    }

    fn point(&self, f: Vec<f64>) -> Point {
        let (lasso, sigma) = (self.lasso, self.sigma);
        let threshold = sigma * lasso.price;
        let v = lasso.curve.slope(&f);
        let slopes = lasso.masked.slopes(&v);
        let dearest = slopes.column_iter().map(|column| column.norm()).fold(0.0, f64::max);
        let before = self.from - slopes * sigma;
        let mut theta = before.clone();
        for mut column in theta.column_iter_mut() {
            let length = column.norm();
            column *= if length > threshold { 1.0 - threshold / length } else { 0.0 };
        }
        let outputs = lasso.masked.outputs(&theta);
        let residual = DVector::from_iterator(f.len(), f.iter().zip(&outputs).map(|(f, o)| f - o));
        // L*(v) = v'f - L(f) at v = ∇L(f).
        let conjugate = v.iter().zip(&f).map(|(v, f)| v * f).sum::<f64>() - lasso.curve.value(&f);
        let merit = conjugate + theta.norm_squared() / (2.0 * sigma);
        Point { gap: lasso.gap(&outputs, &theta, &v, dearest), f, v, before, theta, residual, merit }
    }

    /// Whether f is as near to what θ(v) makes as θ(v) is to θ, or as near as rounding lets it come.
    fn even(&self, point: &Point) -> bool {
        let length = point.f.iter().map(|f| f * f).sum::<f64>().sqrt();
        let off = point.residual.norm() / length.max(f64::MIN_POSITIVE);
        let moved = (&point.theta - self.from).norm() / (self.sigma * self.lasso.price * (self.from.ncols() as f64).sqrt());
        off <= (SHARE * moved.min(1.0)).max(ROUNDING)
    }

    /// The first of 1, ½, ¼, ... of a step that lowers the merit as it should.
    fn search(&self, point: &Point, direction: &DVector<f64>, fall: f64) -> Option<Point> {
        let rounding = 1e-14 * point.merit.abs();
        for part in (0..HALVINGS).map(|halvings| 0.5_f64.powi(halvings as i32)) {
            if self.stop.now() {
                return None;
            }
            let next = self.point(point.f.iter().zip(direction.iter()).map(|(f, d)| f + part * d).collect());
            if next.merit <= point.merit - ARMIJO * part * fall + rounding {
                return Some(next);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
