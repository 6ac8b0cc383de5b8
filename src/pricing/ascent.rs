//! Many local maximisations of G(w) over |w| <= 1: fast, and no proof of anything.
//!
//! Convex-concave steps: at w the convex terms are replaced by their slope, h = g + Σ_{k_i>0, x_i·w>0} k_i x_i, and
//! max { h·u - Σ_{k_i<0} |k_i| max(x_i·u, 0) : |u| <= 1 } = min over τ in [0,1] of |h - Σ |k_i| τ_i x_i|
//! is a least-squares problem in a box, solved by coordinates; u is the residual over its length.  G never falls.

use super::Price;
use crate::problem::Matrix;
use rayon::prelude::*;

/// A neuron direction of length 1 and its price.
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    /// The output sign that the neuron should have.
    pub sign: f64,
    pub w: Vec<f64>,
    /// G(w), to be compared with β.
    pub price: f64,
}

/// How many convex-concave steps a start may take, how often each of them looks at all τ, and how often at those that matter.
const STEPS: usize = 100;
const LOOKS: usize = 4;
const SWEEPS: usize = 8;
/// A relative fall of |residual|² below this is none.
const SETTLED: f64 = 1e-12;

/// Climbs from every start for both output signs and returns what was found, best first, one per direction.
///
/// Every climb ends where it is when `stop` says so.
pub fn ascend(inputs: &Matrix, slopes: (f64, f64), dual: &[f64], starts: &[Vec<f64>], stop: &(dyn Fn() -> bool + Sync)) -> Vec<Find> {
    let data = Transposed::new(inputs);
    let mut finds: Vec<Find> = Vec::new();
    for sign in [1.0, -1.0] {
        let price = Price::new(inputs, slopes, dual, sign);
        let up = |w: &Vec<f64>| climb(&price, &data, w, stop).map(|(w, value)| Find { sign, w, price: value });
        finds.par_extend(starts.par_iter().filter_map(up));
    }
    finds.sort_by(|a, b| b.price.total_cmp(&a.price).then_with(|| order(&a.w, &b.w)));
    distinct(finds)
}

fn order(a: &[f64], b: &[f64]) -> std::cmp::Ordering {
    a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

/// Keeps the best of those that point the same way up to rounding.
fn distinct(finds: Vec<Find>) -> Vec<Find> {
    let mut kept: Vec<Find> = Vec::new();
    for find in finds {
        let twin = |other: &&Find| other.sign == find.sign && other.w.iter().zip(&find.w).map(|(a, b)| a * b).sum::<f64>() > 1.0 - 1e-9;
        if !kept.iter().any(|other| twin(&other)) {
            kept.push(find);
        }
    }
    kept
}

/// The data once more, column by column, and |x_i|².
pub(super) struct Transposed {
    rows: usize,
    columns: Vec<f64>,
    squares: Vec<f64>,
}

impl Transposed {
    pub fn new(inputs: &Matrix) -> Self {
        let columns = (0..inputs.columns).flat_map(|j| inputs.each_row().map(move |row| row[j])).collect();
        Transposed { rows: inputs.rows, columns, squares: inputs.each_row().map(|x| x.iter().map(|x| x * x).sum()).collect() }
    }

    /// X w into `out`, a column at a time.
    fn times(&self, w: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (w, column) in w.iter().zip(self.columns.chunks_exact(self.rows)) {
            out.iter_mut().zip(column).for_each(|(out, x)| *out += w * x);
        }
    }
}

/// Where a climb stands.
struct Climb<'a> {
    price: &'a Price<'a>,
    data: &'a Transposed,
    /// g + Σ_{k_i>0} k_i [i counts] x_i + Σ_{k_i<0} k_i τ_i x_i; the next w points along it.
    residual: Vec<f64>,
    /// τ of concave terms; 1 or 0 for convex ones, as they count or not.
    tau: Vec<f64>,
    /// X w, or X residual.
    reach: Vec<f64>,
    /// Terms whose τ may move.
    active: Vec<u32>,
}

/// Climbs from one start; `None` if it leads nowhere.
pub(super) fn climb(price: &Price, data: &Transposed, start: &[f64], stop: &(dyn Fn() -> bool + Sync)) -> Option<(Vec<f64>, f64)> {
    let mut w = unit(start)?;
    let mut reach = vec![0.0; data.rows];
    data.times(&w, &mut reach);
    let tau = reach.iter().map(|&z| if z > 0.0 { 1.0 } else { 0.0 }).collect();
    let mut climb = Climb { price, data, residual: Vec::new(), tau, reach, active: Vec::new() };
    climb.residual = climb.sum();
    let mut value = climb.value(&w);
    for _ in 0..STEPS {
        if stop() {
            break;
        }
        climb.choose_convex();
        let settled = climb.settle_concave();
        let next = unit(&climb.residual)?;
        data.times(&next, &mut climb.reach);
        let better = climb.value(&next);
        if settled && better <= value * (1.0 + 1e-9) {
            if better > value {
                (w, value) = (next, better);
            }
            break;
        }
        if better > value || !settled {
            (w, value) = (next, better);
        }
    }
    (value > 0.0).then_some((w, value))
}

impl Climb<'_> {
    /// The residual from scratch.
    fn sum(&self) -> Vec<f64> {
        let mut sum = self.price.linear.clone();
        for (i, (k, tau)) in self.price.kinks.iter().zip(&self.tau).enumerate().filter(|(_, (_, tau))| **tau != 0.0) {
            sum.iter_mut().zip(self.price.inputs.row(i)).for_each(|(s, x)| *s += k * tau * x);
        }
        sum
    }

    /// G(w), given X w.
    fn value(&self, w: &[f64]) -> f64 {
        let straight: f64 = self.price.linear.iter().zip(w).map(|(g, w)| g * w).sum();
        straight + self.reach.iter().zip(&self.price.kinks).map(|(z, k)| k * z.max(0.0)).sum::<f64>()
    }

    /// Convex terms count where X w is positive.
    fn choose_convex(&mut self) {
        for i in 0..self.tau.len() {
            let counts = f64::from(u8::from(self.reach[i] > 0.0));
            if (self.price.kinks[i] > 0.0) & (self.tau[i] != counts) {
                self.shift(i, counts);
            }
        }
    }

    fn shift(&mut self, i: usize, tau: f64) {
        let change = self.price.kinks[i] * (tau - self.tau[i]);
        self.tau[i] = tau;
        self.residual.iter_mut().zip(self.price.inputs.row(i)).for_each(|(r, x)| *r += change * x);
    }

    /// The box least squares described above, from the τ of the step before; whether they have settled.
    fn settle_concave(&mut self) -> bool {
        for _ in 0..LOOKS {
            self.data.times(&self.residual, &mut self.reach);
            self.active.clear();
            for (i, (k, along)) in self.price.kinks.iter().zip(&self.reach).enumerate() {
                // No short circuits: which side a term is on cannot be predicted, but that it stays can.
                let moves = ((*along > 0.0) & (self.tau[i] < 1.0)) | ((*along < 0.0) & (self.tau[i] > 0.0));
                if moves & (*k < 0.0) & (self.data.squares[i] > 0.0) {
                    self.active.push(i as u32);
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

    /// One pass of coordinate descent over the active τ; returns the largest relative fall of |residual|².
    fn sweep(&mut self) -> f64 {
        let size: f64 = self.residual.iter().map(|r| r * r).sum::<f64>().max(f64::MIN_POSITIVE);
        let mut largest: f64 = 0.0;
        for at in 0..self.active.len() {
            let i = self.active[at] as usize;
            let (k, square) = (-self.price.kinks[i], self.data.squares[i]);
            let along: f64 = self.price.inputs.row(i).iter().zip(&self.residual).map(|(x, r)| x * r).sum();
            let next = (self.tau[i] + along / (k * square)).clamp(0.0, 1.0);
            let move_by = next - self.tau[i];
            if move_by != 0.0 {
                self.shift(i, next);
                largest = largest.max(k * k * move_by * move_by * square / size);
            }
        }
        largest
    }
}

fn unit(w: &[f64]) -> Option<Vec<f64>> {
    let length = w.iter().map(|w| w * w).sum::<f64>().sqrt();
    (length > 0.0 && length.is_finite()).then(|| w.iter().map(|w| w / length).collect())
}
