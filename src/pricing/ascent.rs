//! Many local maximisations of G(θ) over ρ(θ) <= 1: fast, and no proof of anything.
//!
//! Convex-concave steps: at θ the convex terms are replaced by their slope, h = g + Σ_{k_l>0, ℓ_l·θ>0} k_l ℓ_l, and
//! ```text
//!   max { h·η - Σ_{k_l<0} |k_l| max(ℓ_l·η, 0) : ρ(η) <= 1 } = min over t in [0,1] of ρ°(h - Σ |k_l| t_l ℓ_l)
//! ```
//! is solved by coordinates.  For a norm it is a least-squares problem in a box, and η is the residual r over its length.  For a
//! cap, ρ°(r) = |r_u| + r_τ is not smooth at r_u = 0, where the best u is inside the ball: with √(|r_u|² + ε²) in place of |r_u| and
//! ε falling from step to step, η = (r_u/√(|r_u|² + ε²), 1) goes there.  Of rivals the largest counts: `rivals`.

mod rivals;

use super::Price;
use crate::problem::{Features, Gauge, Matrix, Problem};
use crate::regularizer::Norm;
use rayon::prelude::*;

/// A neuron of ρ(θ) = 1 and its price.
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    /// The output that the neuron should serve: 0, unless a caller with several says another.
    pub output: usize,
    /// The output sign that the neuron should have.
    pub sign: f64,
    pub theta: Vec<f64>,
    /// G(θ), to be compared with the price of one unit of ρ.
    pub price: f64,
}

/// How many convex-concave steps a start may take, how often each of them looks at all τ, and how often at those that matter.
const STEPS: usize = 100;
const LOOKS: usize = 4;
const SWEEPS: usize = 8;
/// A relative fall of |residual|² below this is none.
const SETTLED: f64 = 1e-12;

/// ε as a part of |g + Σ k ℓ|: at first, its fall from step to step, and at last.
const SMOOTHING: f64 = 0.1;
const FALL: f64 = 0.2;
const LEAST: f64 = 1e-9;

/// Climbs from every start for both output signs and returns what was found, best first, one per direction.
///
/// Every climb ends where it is when `stop` says so.
pub fn ascend(features: &Features, dual: &[f64], starts: &[Vec<f64>], stop: &(dyn Fn() -> bool + Sync)) -> Vec<Find> {
    let data = Transposed::new(&features.lines, features.gauge);
    let mut finds: Vec<Find> = Vec::new();
    for sign in [1.0, -1.0] {
        let price = Price::new(features, dual, sign);
        let up = |start: &Vec<f64>| climb(&price, &data, start, stop).map(|(theta, value)| Find { output: 0, sign, theta, price: value });
        finds.par_extend(starts.par_iter().filter_map(up));
    }
    finds.sort_by(|a, b| b.price.total_cmp(&a.price).then_with(|| order(&a.theta, &b.theta)));
    distinct(finds)
}

/// The same for every output of `problem`, `dual` being all of v (n x C).
pub fn ascend_all(
    problem: &Problem,
    features: &Features,
    dual: &[f64],
    starts: &[Vec<f64>],
    stop: &(dyn Fn() -> bool + Sync),
) -> Vec<Find> {
    let of_one = |output| {
        let finds = ascend(features, &problem.column(dual, output), starts, stop);
        finds.into_iter().map(move |find| Find { output, ..find })
    };
    let mut finds: Vec<Find> = (0..problem.outputs()).flat_map(of_one).collect();
    // The sort is stable: with one output nothing moves.
    finds.sort_by(|a, b| b.price.total_cmp(&a.price));
    finds
}

fn order(a: &[f64], b: &[f64]) -> std::cmp::Ordering {
    a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

/// Keeps the best of those that point the same way up to rounding.
fn distinct(finds: Vec<Find>) -> Vec<Find> {
    let mut kept: Vec<Find> = Vec::new();
    for find in finds {
        let apart = |other: &Find| other.theta.iter().zip(&find.theta).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        let twin = |other: &&Find| other.sign == find.sign && apart(other) < 2e-9;
        if !kept.iter().any(|other| twin(&other)) {
            kept.push(find);
        }
    }
    kept
}

/// The lines once more, column by column, and |ℓ|², without its last entry where that belongs to τ.
pub(super) struct Transposed {
    rows: usize,
    columns: Vec<f64>,
    squares: Vec<f64>,
    /// How many entries of θ the norm is about.
    normed: usize,
}

impl Transposed {
    pub fn new(lines: &Matrix, gauge: Gauge) -> Self {
        let normed = lines.columns - usize::from(gauge == Gauge::Cap);
        let columns = (0..lines.columns).flat_map(|j| lines.each_row().map(move |row| row[j])).collect();
        Transposed { rows: lines.rows, columns, squares: lines.each_row().map(|x| square(&x[..normed])).collect(), normed }
    }

    /// L θ into `out`, a column at a time.
    fn times(&self, theta: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (x, column) in theta.iter().zip(self.columns.chunks_exact(self.rows.max(1))) {
            out.iter_mut().zip(column).for_each(|(out, l)| *out += x * l);
        }
    }
}

/// Where a climb stands.
struct Climb<'a> {
    price: &'a Price<'a>,
    data: &'a Transposed,
    /// g + Σ_{k_l>0} k_l [l counts] ℓ_l + Σ_{k_l<0} k_l t_l ℓ_l; the next θ is where it is largest.
    residual: Vec<f64>,
    /// |r_u|² + ε² and ε², kept for a cap only.
    reach_square: f64,
    smooth_square: f64,
    /// t of concave terms; 1 or 0 for convex ones, as they count or not.
    parts: Vec<f64>,
    /// L θ.
    reach: Vec<f64>,
    /// Terms whose t may move.
    active: Vec<u32>,
}

/// Climbs from one start; `None` if it leads nowhere.
pub(super) fn climb(price: &Price, data: &Transposed, start: &[f64], stop: &(dyn Fn() -> bool + Sync)) -> Option<(Vec<f64>, f64)> {
    let mut theta = begin(start, data.normed, &price.hidden)?;
    let mut reach = vec![0.0; data.rows];
    data.times(&theta, &mut reach);
    let parts = rivals::counting(price, &reach);
    let mut climb = Climb { price, data, residual: Vec::new(), reach_square: 0.0, smooth_square: 0.0, parts, reach, active: Vec::new() };
    climb.residual = climb.sum();
    let scale = square(&climb.residual).sqrt();
    let mut epsilon = if price.gauge == Gauge::Cap { SMOOTHING * scale } else { 0.0 };
    let mut value = climb.value(&theta);
    for _ in 0..STEPS {
        if stop() {
            break;
        }
        climb.smooth(epsilon);
        climb.choose_convex();
        let settled = climb.settle_concave() && epsilon <= LEAST * scale;
        epsilon = (FALL * epsilon).max(LEAST * scale).min(epsilon);
        let (next, better) = climb.next()?;
        if settled && better <= value * (1.0 + 1e-9) {
            if better > value {
                (theta, value) = (next, better);
            }
            break;
        }
        if better > value || !settled {
            (theta, value) = (next, better);
        }
    }
    (value > 0.0).then_some((theta, value))
}

impl Climb<'_> {
    /// The residual from scratch.
    fn sum(&self) -> Vec<f64> {
        let mut sum = self.price.linear.clone();
        for (l, (k, part)) in self.price.kinks.iter().zip(&self.parts).enumerate().filter(|(_, (_, part))| **part != 0.0) {
            sum.iter_mut().zip(self.price.lines.row(l)).for_each(|(s, x)| *s += k * part * x);
        }
        sum
    }

    /// G(θ), given L θ.
    fn value(&self, theta: &[f64]) -> f64 {
        let straight: f64 = self.price.linear.iter().zip(theta).map(|(g, x)| g * x).sum();
        straight + self.price.rivals.bent(&self.reach, &self.price.kinks)
    }

    fn cap(&self) -> bool {
        self.price.gauge == Gauge::Cap
    }

    /// Sets ε.
    fn smooth(&mut self, epsilon: f64) {
        self.smooth_square = epsilon * epsilon;
        self.measure();
    }

    fn measure(&mut self) {
        if self.cap() {
            self.reach_square = square(&self.residual[..self.data.normed]) + self.smooth_square;
        }
    }

    /// A multiple of the θ of ρ(θ) = 1 where the residual is largest.
    fn toward(&self) -> Vec<f64> {
        let mut toward = self.residual.clone();
        if self.cap() {
            toward[self.data.normed] = self.reach_square.sqrt();
        }
        toward
    }

    /// The next θ of ρ(θ) = 1 and G there; fills `reach`.
    ///
    /// The residual is made short in the Euclidean norm: with another norm it shows a direction, and so does the corner of the ball
    /// where it is largest.
    fn next(&mut self) -> Option<(Vec<f64>, f64)> {
        self.measure();
        let hidden = self.price.hidden;
        let mut toward = self.toward();
        let (u, tau) = toward.split_at_mut(self.data.normed);
        let length = tau.first().copied().unwrap_or_else(|| hidden.gauge(u));
        if !(length > 0.0 && length.is_finite()) {
            return None;
        }
        let corner = (!hidden.euclidean()).then(|| hidden.support(u));
        toward.iter_mut().for_each(|x| *x /= length);
        let outside = hidden.gauge(&toward[..self.data.normed]).max(1.0);
        toward[..self.data.normed].iter_mut().for_each(|x| *x /= outside);
        let mut best = toward.clone();
        if let Some(corner) = corner {
            toward[..self.data.normed].copy_from_slice(&corner);
            if self.reached(&toward) > self.reached(&best) {
                best = toward;
            }
        }
        let value = self.reached(&best);
        Some((best, value))
    }

    /// G(θ); fills `reach`.
    fn reached(&mut self, theta: &[f64]) -> f64 {
        self.data.times(theta, &mut self.reach);
        self.value(theta)
    }

    /// Convex terms count where L θ is positive.
    fn choose_convex(&mut self) {
        if self.price.rivals.any() {
            return self.choose_convex_rivals();
        }
        for l in 0..self.parts.len() {
            let counts = f64::from(u8::from(self.reach[l] > 0.0));
            if (self.price.kinks[l] > 0.0) & (self.parts[l] != counts) {
                self.shift(l, counts);
            }
        }
        self.measure();
    }

    fn shift(&mut self, l: usize, part: f64) {
        let change = self.price.kinks[l] * (part - self.parts[l]);
        self.parts[l] = part;
        self.residual.iter_mut().zip(self.price.lines.row(l)).for_each(|(r, x)| *r += change * x);
    }

    /// The box problem described above, from the t of the step before; whether they have settled.
    fn settle_concave(&mut self) -> bool {
        if self.price.rivals.any() {
            return self.settle_concave_rivals();
        }
        for _ in 0..LOOKS {
            self.data.times(&self.toward(), &mut self.reach);
            self.active.clear();
            for (l, (k, along)) in self.price.kinks.iter().zip(&self.reach).enumerate() {
                // No short circuits: which side a term is on cannot be predicted, but that it stays can.
                let moves = ((*along > 0.0) & (self.parts[l] < 1.0)) | ((*along < 0.0) & (self.parts[l] > 0.0));
                if moves & (*k < 0.0) {
                    self.active.push(l as u32);
                }
            }
            if self.sweep() < SETTLED {
                return true;
            }
            for _ in 1..SWEEPS {
                if self.sweep() < SETTLED {
                    break;
                }
            }
        }
        false
    }

    /// One pass of coordinate descent over the active t; returns the largest relative fall of |residual|².
    fn sweep(&mut self) -> f64 {
        self.measure();
        let size: f64 = square(&self.residual).max(f64::MIN_POSITIVE);
        let mut largest: f64 = 0.0;
        for at in 0..self.active.len() {
            let l = self.active[at] as usize;
            let (k, square) = (-self.price.kinks[l], self.data.squares[l]);
            let line = &self.price.lines.row(l)[..self.data.normed];
            let along: f64 = line.iter().zip(&self.residual).map(|(x, r)| x * r).sum();
            let head = if self.cap() { self.price.lines.row(l)[self.data.normed] } else { 0.0 };
            let next = (self.parts[l] + self.best(head, along, square) / k).clamp(0.0, 1.0);
            let by = k * (next - self.parts[l]);
            if by != 0.0 {
                self.shift(l, next);
                self.reach_square = (self.reach_square + by * (by * square - 2.0 * along)).max(self.smooth_square);
                largest = largest.max(by * by * square / size);
            }
        }
        largest
    }

    /// How much of a line ℓ to take from the residual so that ρ° is least: s minimises √(E + |ℓ|² (s - ℓ·r/|ℓ|²)²) - s ℓ_τ, `head` being
    /// ℓ_τ, `along` ℓ·r and `square` |ℓ|², both without τ.
    fn best(&self, head: f64, along: f64, square: f64) -> f64 {
        if head == 0.0 {
            return if square > 0.0 { along / square } else { 0.0 };
        }
        if square <= head * head {
            return if head > 0.0 { f64::INFINITY } else { f64::NEG_INFINITY };
        }
        let rest = (self.reach_square - along * along / square).max(0.0);
        along / square + head * (rest / (square * (square - head * head))).sqrt()
    }
}

/// The start with ρ = 1: as it is long for a norm, shortened into the ball for a cap.
fn begin(start: &[f64], normed: usize, hidden: &dyn Norm) -> Option<Vec<f64>> {
    let length = hidden.gauge(&start[..normed]);
    if normed == start.len() {
        return (length > 0.0 && length.is_finite()).then(|| start.iter().map(|x| x / length).collect());
    }
    let size = start[normed].abs().max(length);
    let u = start[..normed].iter().map(|x| if size > 0.0 { x / size } else { 0.0 });
    size.is_finite().then(|| u.chain([1.0]).collect())
}

fn square(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}
