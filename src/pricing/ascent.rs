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

/// How many convex-concave steps a start may take, and how many passes over τ each of them; τ is carried along.
const STEPS: usize = 100;
const SWEEPS: usize = 10;

/// Climbs from every start for both output signs and returns what was found, best first, one per direction.
///
/// Every climb ends where it is when `stop` says so.
pub fn ascend(inputs: &Matrix, slopes: (f64, f64), dual: &[f64], starts: &[Vec<f64>], stop: &(dyn Fn() -> bool + Sync)) -> Vec<Find> {
    let squares: Vec<f64> = inputs.each_row().map(|x| x.iter().map(|x| x * x).sum()).collect();
    let mut finds: Vec<Find> = Vec::new();
    for sign in [1.0, -1.0] {
        let price = Price::new(inputs, slopes, dual, sign);
        finds.par_extend(
            starts.par_iter().filter_map(|w| climb(&price, &squares, w, stop).map(|(w, value)| Find { sign, w, price: value })),
        );
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

pub(super) fn climb(price: &Price, squares: &[f64], start: &[f64], stop: &(dyn Fn() -> bool + Sync)) -> Option<(Vec<f64>, f64)> {
    let mut w = unit(start)?;
    let mut value = price.value(&w);
    let mut tau: Vec<f64> = price.inputs.times(&w).iter().map(|&z| if z > 0.0 { 1.0 } else { 0.0 }).collect();
    for _ in 0..STEPS {
        if stop() {
            break;
        }
        let (residual, settled) = concave_step(price, squares, &w, &mut tau);
        let next = unit(&residual)?;
        let better = price.value(&next);
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

/// The residual of the box least squares described above, from the τ of the step before, and whether τ has settled.
fn concave_step(price: &Price, squares: &[f64], w: &[f64], tau: &mut [f64]) -> (Vec<f64>, bool) {
    let z = price.inputs.times(w);
    let mut residual = price.linear.clone();
    for (i, (&k, &z)) in price.kinks.iter().zip(&z).enumerate() {
        let part = if k < 0.0 {
            k * tau[i]
        } else if z > 0.0 {
            k
        } else {
            0.0
        };
        if part != 0.0 {
            residual.iter_mut().zip(price.inputs.row(i)).for_each(|(r, x)| *r += part * x);
        }
    }
    let concave: Vec<usize> = (0..z.len()).filter(|&i| price.kinks[i] < 0.0 && squares[i] > 0.0).collect();
    for _ in 0..SWEEPS {
        if sweep(price, squares, &concave, tau, &mut residual) < 1e-12 {
            return (residual, true);
        }
    }
    (residual, false)
}

/// One pass of coordinate descent over τ; returns the largest relative fall of |residual|².
fn sweep(price: &Price, squares: &[f64], concave: &[usize], tau: &mut [f64], residual: &mut [f64]) -> f64 {
    let size: f64 = residual.iter().map(|r| r * r).sum::<f64>().max(f64::MIN_POSITIVE);
    let mut largest: f64 = 0.0;
    for &i in concave {
        let (x, k) = (price.inputs.row(i), -price.kinks[i]);
        let along: f64 = x.iter().zip(residual.iter()).map(|(x, r)| x * r).sum();
        let next = (tau[i] + along / (k * squares[i])).clamp(0.0, 1.0);
        let move_by = next - tau[i];
        if move_by != 0.0 {
            tau[i] = next;
            residual.iter_mut().zip(x).for_each(|(r, x)| *r -= k * move_by * x);
            largest = largest.max(k * k * move_by * move_by * squares[i] / size);
        }
    }
    largest
}

fn unit(w: &[f64]) -> Option<Vec<f64>> {
    let length = w.iter().map(|w| w * w).sum::<f64>().sqrt();
    (length > 0.0 && length.is_finite()).then(|| w.iter().map(|w| w / length).collect())
}
