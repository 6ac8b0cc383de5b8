//! Gradient descent with momentum, as PyTorch's SGD on all rows at once, its step falling to 0 along a cosine.
//!
//! Small batches were tried and came out worse for the same work.  Nobody knows the right step beforehand: short runs over a
//! grid choose the one that ends lowest, for each seed anew.

use super::gradient::{Landscape, Space};
use super::{Halt, cosine};
use crate::problem::Random;

const MOMENTUM: f64 = 0.9;
/// Steps tried: the natural one times these powers of 4.
const POWERS: std::ops::RangeInclusive<i32> = -3..=5;
/// A trial is this part of a run, but at least so many steps.
const TRIAL: usize = 25;
const LEAST_TRIAL: usize = 20;

/// The best parameters seen on the way, and whether it went to its end.
pub fn train(landscape: &Landscape, seed: u64, steps: usize, halt: Halt) -> (Vec<f64>, bool) {
    let trial = (steps / TRIAL).max(LEAST_TRIAL).min(steps);
    let size = |power: i32| landscape.natural_step() * 4f64.powi(power);
    let (mut chosen, mut least) = (size(0), f64::INFINITY);
    for power in POWERS {
        let (value, _, _) = run(landscape, seed, trial, size(power), halt);
        if value < least {
            (chosen, least) = (size(power), value);
        }
    }
    let (_, theta, whole) = run(landscape, seed, steps, chosen, halt);
    (theta, whole)
}

/// The lowest objective on the way, where it was, and whether all steps were made.
fn run(landscape: &Landscape, seed: u64, steps: usize, size: f64, halt: Halt) -> (f64, Vec<f64>, bool) {
    let mut theta = landscape.start(&mut Random::new(seed));
    let mut velocity = vec![0.0; theta.len()];
    let mut space = Space::default();
    let (mut best, mut least) = (theta.clone(), f64::INFINITY);
    for step in 0..steps {
        if halt() {
            return (least, best, false);
        }
        let value = landscape.descend(&theta, &mut space);
        if value < least {
            least = value;
            best.copy_from_slice(&theta);
        }
        if !value.is_finite() {
            return (least, best, true);
        }
        let rate = size * cosine(step, steps);
        for ((theta, v), g) in theta.iter_mut().zip(&mut velocity).zip(&space.gradient) {
            *v = MOMENTUM * *v - rate * g;
            *theta += *v;
        }
        landscape.restrain(&mut theta);
    }
    let value = landscape.value(&theta, &mut space);
    if value < least { (value, theta, true) } else { (least, best, true) }
}
