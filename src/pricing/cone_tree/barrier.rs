//! The best leaf of a cone where ρ is no Euclidean length, by an interior-point method in few dimensions.
//!
//! In the weights w of the generators, θ = Σ w_k ĝ_k, the relaxation is
//! ```text
//!   max  r·w + Σ_p min(a_p·θ, 0) - M σ     over w >= 0, σ >= 0, and where ρ(θ) <= 1: |q∘θ| <= e + l·θ + s σ for every wall (e, l, q, s)
//! ```
//! r being what the convex part reaches at every generator; under a cap the slack σ makes any point a start, and costs no more than
//! to keep |c_u| below M.  With μ times a logarithm for every inequality, and min(z, 0) as the least of
//! t z - μ log t - μ log(1 - t) over t in [0,1], Newton's method follows the maximiser as μ falls.  A step brings multipliers too, to
//! first order those of the point that it leads to: the slopes t, and c.  Raised until it reaches every generator, c is a bound at
//! any time, near the maximiser or not.
//!
//! A concave term min_j a_j·θ is the least of Σ t_j a_j·θ - μ Σ log t_j over weights t of sum 1, which is met at t_j = μ / (a_j·θ + ν).

mod hollows;

use super::cone::{Cone, Floats};
use super::dot;
use super::measure::{Measure, Wall};

/// The most coordinates: seven weights and the slack.
const MOST: usize = 8;
/// The price of the slack, in units of the limit.
const SLACK: f64 = 1e4;
/// Newton steps, and what μ begins and ends at.
const STEPS: usize = 120;
const FIRST: f64 = 0.1;
const LAST: f64 = 1e-13;
/// How much μ falls when a step was short enough, how short, and how near to the walls one may come.
const FALL: f64 = 0.05;
const SHORT: f64 = 0.5;
const NEAR: f64 = 0.95;
/// How often a step is halved that climbs over the top, and how steeply, in units of μ, it may end.
const HALVINGS: usize = 8;
const OVER: f64 = 0.5;
/// Slopes nearer than this to 0 or 1 are there.
const SNAP: f64 = 1.0 / (1_u64 << 31) as f64;

/// A bound's vector c and the point where the relaxation is largest, as far as known.
pub struct Found<const R: usize> {
    pub c: [f64; R],
    pub point: [f64; R],
}

/// Where the method stands.
struct Inside<'a, const R: usize> {
    cone: &'a Cone<R>,
    walls: &'a [Wall<R>],
    w: [f64; R],
    slack: f64,
    mu: f64,
    /// a_p·θ for every concave line, and how it changes along the step.
    reach: Vec<f64>,
    change: Vec<f64>,
    /// The same for every rival of a concave term.
    hollow: Vec<f64>,
    turned: Vec<f64>,
}

/// A point θ with slack, or a change of one.
#[derive(Clone, Copy)]
struct Point<const R: usize> {
    theta: [f64; R],
    slack: f64,
}

impl<const R: usize> Point<R> {
    fn moved(&self, step: &Self, part: f64) -> Self {
        Point { theta: std::array::from_fn(|j| self.theta[j] + part * step.theta[j]), slack: self.slack + part * step.slack }
    }
}

impl<const R: usize> Wall<R> {
    /// l·θ + s σ.
    fn change(&self, step: &Point<R>) -> f64 {
        dot(&self.linear, &step.theta) + self.slack * step.slack
    }

    /// e + l·θ + s σ.
    fn head(&self, at: &Point<R>) -> f64 {
        self.constant + self.change(at)
    }

    /// Σ q_j² x_j y_j.
    fn round(&self, x: &Point<R>, y: &Point<R>) -> f64 {
        (0..R).map(|j| self.squares[j] * x.theta[j] * y.theta[j]).sum()
    }

    /// What is positive inside: f = head² - |q∘θ|².
    fn room(&self, at: &Point<R>) -> f64 {
        let head = self.head(at);
        head * head - self.round(at, at)
    }

    /// Half of f's change along a step.
    fn turn(&self, at: &Point<R>, step: &Point<R>) -> f64 {
        self.head(at) * self.change(step) - self.round(at, step)
    }

    fn holds(&self, at: &Point<R>) -> bool {
        self.head(at) > 0.0 && self.room(at) > 0.0
    }
}

/// Improves c until ρ°(c) is below `target`, or surely cannot be, or nothing is left to gain; `slopes` are the t that belong to it, and
/// `weights` those of rivals.
pub fn bound<const R: usize>(floats: &Floats<R>, cone: &Cone<R>, target: f64, slopes: &mut [f64], weights: &mut [f64]) -> Found<R> {
    let (measure, lines) = (&floats.measure, || vec![0.0; cone.concave.len()]);
    let rivals = || vec![0.0; cone.hollows.len()];
    let mut inside = Inside {
        cone,
        walls: &floats.walls,
        w: [1.0; R],
        slack: FIRST / SLACK,
        mu: FIRST,
        reach: lines(),
        change: lines(),
        hollow: rivals(),
        turned: rivals(),
    };
    inside.begin();
    let mut found = Found { c: [0.0; R], point: inside.here().theta };
    let (mut best, mut tried, mut shares) = (f64::INFINITY, lines(), rivals());
    for _ in 0..STEPS {
        let Some((step, size)) = inside.newton() else { break };
        let c = inside.vector(measure, &step, &mut tried, &mut shares);
        let polar = measure.polar(&c);
        if polar < best {
            (best, found.c) = (polar, c);
            slopes.copy_from_slice(&tried);
            weights.copy_from_slice(&shares);
        }
        inside.go(&step);
        found.point = inside.here().theta;
        let above = || inside.relaxation() > target * measure.gauge(&found.point);
        if best <= target * (1.0 - 1e-9) || inside.mu < LAST || above() {
            break;
        }
        if size < SHORT {
            inside.mu *= FALL;
        }
    }
    found
}

/// A step: its weights and slack.
type Step = [f64; MOST];

impl<const R: usize> Inside<'_, R> {
    fn here(&self) -> Point<R> {
        Point { theta: self.cone.combination(&self.w), slack: self.slack }
    }

    fn along(&self, step: &Step) -> Point<R> {
        let weights: [f64; R] = std::array::from_fn(|k| step[k]);
        Point { theta: self.cone.combination(&weights), slack: step[R] }
    }

    /// Equal weights, half way to the first wall that slack does not move, and slack enough for the others.
    fn begin(&mut self) {
        let mut size = 1.0_f64;
        while size > 1e-300 && !self.walls.iter().filter(|wall| wall.slack == 0.0).all(|wall| wall.holds(&self.here())) {
            size *= 0.5;
            self.w = [size; R];
        }
        self.w = [0.5 * size; R];
        while self.slack < 1e3 && !self.walls.iter().all(|wall| wall.holds(&self.here())) {
            self.slack *= 2.0;
        }
        self.slack *= 2.0;
    }

    /// Newton's step and its length in the norm of the Hessian; finds a_p·θ on the way.  `None` if there is none.
    fn newton(&mut self) -> Option<(Step, f64)> {
        let (here, mu) = (self.here(), self.mu);
        let axis = |k: usize| match self.cone.directions.get(k) {
            Some(g) => Point { theta: *g, slack: 0.0 },
            None => Point { theta: [0.0; R], slack: 1.0 },
        };
        let axes: [Point<R>; MOST] = std::array::from_fn(axis);
        // Gradient and Hessian of what is minimised.
        let (mut gradient, mut hessian) = ([0.0; MOST], [[0.0; MOST]; MOST]);
        for k in 0..=R {
            let (value, cost) = if k < R { (self.w[k], -self.cone.reach[k]) } else { (self.slack, SLACK) };
            gradient[k] = cost - mu / value;
            hessian[k][k] = mu / (value * value);
        }
        for wall in self.walls {
            let room = wall.room(&here);
            let turns: Step = std::array::from_fn(|k| 2.0 * wall.turn(&here, &axes[k]) / room);
            let changes: Step = std::array::from_fn(|k| wall.change(&axes[k]));
            for k in 0..=R {
                gradient[k] -= mu * turns[k];
                for j in 0..=k {
                    let bend = changes[k] * changes[j] - wall.round(&axes[k], &axes[j]);
                    hessian[k][j] += mu * (turns[k] * turns[j] - 2.0 * bend / room);
                }
            }
        }
        for (bent, reach) in self.cone.concave.iter().zip(&mut self.reach) {
            *reach = dot(&bent.at, &self.w);
            let t = slope(*reach / mu);
            let curvature = curvature(t, mu);
            for k in 0..R {
                gradient[k] -= t * bent.at[k];
                (0..=k).for_each(|j| hessian[k][j] += curvature * bent.at[k] * bent.at[j]);
            }
        }
        self.bend(&mut gradient, &mut hessian);
        let step = solved::<R>(hessian, &gradient)?;
        let square = -(0..=R).map(|k| gradient[k] * step[k]).sum::<f64>() / mu;
        let weights: [f64; R] = std::array::from_fn(|k| step[k]);
        self.change.iter_mut().zip(&self.cone.concave).for_each(|(change, bent)| *change = dot(&bent.at, &weights));
        self.turned.iter_mut().zip(&self.cone.hollows).for_each(|(change, rival)| *change = dot(&rival.at, &weights));
        Some((step, square.max(0.0).sqrt()))
    }

    /// Moves along a step, but not through a wall, nor far beyond the lowest point.
    fn go(&mut self, step: &Step) {
        let (here, along) = (self.here(), self.along(step));
        let mut part = 1.0_f64;
        let values = self.w.iter().chain([&self.slack]).zip(step);
        values.filter(|(_, change)| **change < 0.0).for_each(|(value, change)| part = part.min(NEAR * value / -change));
        while part > 1e-12 && !self.walls.iter().all(|wall| wall.holds(&here.moved(&along, part / NEAR))) {
            part *= 0.8;
        }
        for _ in 0..HALVINGS {
            if self.rise(step, (&here, &along), part) <= OVER * self.mu {
                break;
            }
            part *= 0.5;
        }
        self.w.iter_mut().zip(step).for_each(|(w, s)| *w += part * s);
        self.slack += part * step[R];
    }

    /// The derivative along a step, after `part` of it.
    fn rise(&self, step: &Step, (here, along): (&Point<R>, &Point<R>), part: f64) -> f64 {
        let (mu, there) = (self.mu, here.moved(along, part));
        let costs = SLACK * step[R] - (0..R).map(|k| self.cone.reach[k] * step[k]).sum::<f64>();
        let values = self.w.iter().chain([&self.slack]).zip(step);
        let values: f64 = values.map(|(value, change)| change / (value + part * change)).sum();
        let walls: f64 = self.walls.iter().map(|wall| 2.0 * wall.turn(&there, along) / wall.room(&there)).sum();
        let lines = self.reach.iter().zip(&self.change);
        costs - mu * (values + walls) - lines.map(|(z, d)| slope((z + part * d) / mu) * d).sum::<f64>() - self.hollow_rise(part)
    }

    /// c by the multipliers of a step, raised along the cone's middle until it reaches every generator, or lowered until it just does
    /// if that shortens it: where G is negative nothing is shorter than 0.
    fn vector(&self, measure: &Measure, step: &Step, slopes: &mut [f64], weights: &mut [f64]) -> [f64; R] {
        let (here, along) = (self.here(), self.along(step));
        let mut c = [0.0; R];
        for wall in self.walls {
            let (head, change, room) = (wall.head(&here), wall.change(&along), wall.room(&here));
            let kept = 1.0 - 2.0 * wall.turn(&here, &along) / room;
            let pull = -2.0 * self.mu / room;
            for (j, c) in c.iter_mut().enumerate() {
                let at = head * wall.linear[j] - wall.squares[j] * here.theta[j];
                *c += pull * (at * kept + change * wall.linear[j] - wall.squares[j] * along.theta[j]);
            }
        }
        let mut heights = self.cone.reach;
        let lines = self.reach.iter().zip(&self.change).zip(&self.cone.concave);
        for (kept, ((z, d), bent)) in slopes.iter_mut().zip(lines) {
            let t = slope(z / self.mu);
            *kept = snapped(t - curvature(t, self.mu) * d);
            heights.iter_mut().zip(&bent.at).for_each(|(h, a)| *h += *kept * a);
        }
        self.shares(weights, &mut heights);
        let middle = self.cone.middle();
        let missing = |(g, h): (&[f64; R], &f64)| (h - dot(&c, g)) / dot(&middle, g);
        let lack = self.cone.directions.iter().zip(&heights).map(missing).fold(f64::NEG_INFINITY, f64::max);
        let moved = |by: f64| -> [f64; R] { std::array::from_fn(|j| c[j] + by * middle[j]) };
        let (near, kept) = (moved(lack), moved(lack.max(0.0)));
        if measure.polar(&kept) < measure.polar(&near) { kept } else { near }
    }

    /// The relaxation where the method stands.
    fn relaxation(&self) -> f64 {
        dot(&self.w, &self.cone.reach) + self.cone.concave.iter().map(|bent| dot(&bent.at, &self.w).min(0.0)).sum::<f64>() + self.depth()
    }
}

/// The t that makes t s - log t - log(1 - t) least.
fn slope(s: f64) -> f64 {
    let of = |s: f64| 2.0 / (s + 2.0 + (s * s + 4.0).sqrt());
    if s >= 0.0 { of(s) } else { 1.0 - of(-s) }
}

/// -dt/dz at z = μ s.
fn curvature(t: f64, mu: f64) -> f64 {
    let (a, b) = (t * t, (1.0 - t) * (1.0 - t));
    if a > 0.0 && b > 0.0 { a * b / (mu * (a + b)) } else { 0.0 }
}

fn snapped(t: f64) -> f64 {
    if t < SNAP {
        0.0
    } else if t > 1.0 - SNAP {
        1.0
    } else {
        t
    }
}

/// -H⁻¹ g for the lower triangle of H (R + 1 rows), by Cholesky; `None` if H is not positive definite.
fn solved<const R: usize>(mut h: [[f64; MOST]; MOST], gradient: &Step) -> Option<Step> {
    for k in 0..=R {
        for j in 0..=k {
            let sum = h[k][j] - (0..j).map(|i| h[k][i] * h[j][i]).sum::<f64>();
            h[k][j] = match j < k {
                true => sum / h[j][j],
                false if sum > 0.0 => sum.sqrt(),
                false => return None,
            };
        }
    }
    let mut x = gradient.map(|g| -g);
    for k in 0..=R {
        x[k] = (x[k] - (0..k).map(|i| h[k][i] * x[i]).sum::<f64>()) / h[k][k];
    }
    for k in (0..=R).rev() {
        x[k] = (x[k] - (k + 1..=R).map(|i| h[i][k] * x[i]).sum::<f64>()) / h[k][k];
    }
    x.iter().all(|x| x.is_finite()).then_some(x)
}
