//! Adam (Kingma and Ba 2015) on all rows at once, its step falling from 0.03 to 0 along a cosine.

use super::gradient::{Landscape, Space};
use super::{Halt, cosine};
use crate::problem::Random;

const STEP: f64 = 0.03;
const FIRST: f64 = 0.9;
const SECOND: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// The best parameters seen on the way, and whether it went to its end.
pub fn train(landscape: &Landscape, seed: u64, steps: usize, halt: Halt) -> (Vec<f64>, bool) {
    let mut theta = landscape.start(&mut Random::new(seed));
    let (mut mean, mut square) = (vec![0.0; theta.len()], vec![0.0; theta.len()]);
    let (mut best, mut least) = (theta.clone(), f64::INFINITY);
    let mut space = Space::default();
    for step in 0..steps {
        if halt() {
            return (best, false);
        }
        let value = landscape.descend(&theta, &mut space);
        if value < least {
            least = value;
            best.copy_from_slice(&theta);
        }
        let rate = STEP * cosine(step, steps);
        advance(&mut theta, &space.gradient, &mut mean, &mut square, rate, step as f64 + 1.0);
        landscape.restrain(&mut theta);
    }
    if landscape.value(&theta, &mut space) < least {
        best = theta;
    }
    (best, true)
}

/// θ -= rate · m̂ / (√v̂ + ε) with the bias-corrected moments of step `t`, counted from 1.
fn advance(theta: &mut [f64], gradient: &[f64], mean: &mut [f64], square: &mut [f64], rate: f64, t: f64) {
    let (first, second) = (1.0 - libm::pow(FIRST, t), 1.0 - libm::pow(SECOND, t));
    for (((theta, g), m), v) in theta.iter_mut().zip(gradient).zip(mean).zip(square) {
        *m = FIRST * *m + (1.0 - FIRST) * g;
        *v = SECOND * *v + (1.0 - SECOND) * g * g;
        *theta -= rate * (*m / first) / ((*v / second).sqrt() + EPSILON);
    }
}
