//! Optimality conditions, and agreement of all ways to a Newton step.

use super::newton::Active;
use super::*;
use std::sync::Arc;
use std::time::Duration;

/// Numbers in [-1, 1) that are the same every time.
fn numbers(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// ½ |f - y|², or Huber's loss, straight beyond ¼.
struct Mixed {
    y: Vec<f64>,
    straight: bool,
}

impl Mixed {
    fn bound(&self) -> f64 {
        if self.straight { 0.25 } else { f64::INFINITY }
    }
}

impl Curve for Mixed {
    fn value(&self, f: &[f64]) -> f64 {
        let one = |r: f64| if r <= self.bound() { 0.5 * r * r } else { self.bound() * (r - 0.5 * self.bound()) };
        f.iter().zip(&self.y).map(|(f, y)| one((f - y).abs())).sum()
    }
    fn slope(&self, f: &[f64]) -> Vec<f64> {
        f.iter().zip(&self.y).map(|(f, y)| (f - y).clamp(-self.bound(), self.bound())).collect()
    }
    fn curvature(&self, f: &[f64]) -> Vec<f64> {
        f.iter().zip(&self.y).map(|(f, y)| f64::from(u8::from((f - y).abs() <= self.bound()))).collect()
    }
    fn conjugate(&self, v: &[f64]) -> f64 {
        v.iter().zip(&self.y).map(|(v, y)| 0.5 * v * v + v * y).sum()
    }
}

struct Case {
    /// X, row after row.
    rows: Vec<f64>,
    masks: DMatrix<f64>,
    curve: Mixed,
}

impl Case {
    fn new(seed: u64, (n, d, groups): (usize, usize, usize), straight: bool) -> Case {
        let mut next = numbers(seed);
        let rows = (0..n * d).map(|_| next()).collect();
        let masks = DMatrix::from_fn(n, groups, |_, _| f64::from(u8::from(next() > 0.0)));
        let y = (0..n).map(|_| 2.0 * next()).collect();
        Case { rows, masks, curve: Mixed { y, straight } }
    }

    fn masked(&self) -> Masked<'_> {
        Masked::new(&self.rows, self.rows.len() / self.masks.nrows(), self.masks.clone())
    }

    fn solve(&self, price: f64, tolerance: f64) -> Ended {
        let start = Start { theta: DMatrix::zeros(self.rows.len() / self.masks.nrows(), self.masks.ncols()), pace: 1.0 };
        let stop = Stop::new(Duration::from_secs(600), Arc::default());
        Lasso { masked: self.masked(), curve: &self.curve, price }.solve(start, tolerance, &mut System::default(), &stop)
    }
}

#[test]
fn every_group_is_priced_at_most_and_those_that_are_not_zero_exactly() {
    for (seed, shape) in [(1, (30, 3, 8)), (2, (12, 5, 10)), (3, (60, 2, 3)), (4, (5, 1, 1))] {
        for straight in [false, true] {
            for price in [0.003, 0.1, 1.0] {
                let case = Case::new(seed, shape, straight);
                let ended = case.solve(price, 1e-10);
                assert!(ended.solved, "{seed} {straight} {price}");
                // Both hold as far as the root of the gap lets them.
                let masked = case.masked();
                let dual = case.curve.slope(&masked.outputs(&ended.theta));
                for (slope, theta) in masked.slopes(&dual).column_iter().zip(ended.theta.column_iter()) {
                    assert!(slope.norm() <= price + 1e-5, "{} above {price}", slope.norm());
                    // X'D v = -β θ/|θ|.
                    let off = slope.dot(&theta) + price * theta.norm();
                    assert!(off.abs() <= 1e-5, "{off:e} of {}", price * theta.norm());
                }
            }
        }
    }
}

#[test]
fn a_price_that_is_too_high_leaves_nothing() {
    let ended = Case::new(7, (20, 4, 5), false).solve(1e3, 1e-12);
    assert!(ended.solved && ended.theta.iter().all(|x| *x == 0.0));
}

#[test]
fn all_ways_to_a_newton_step_agree() {
    let case = Case::new(11, (40, 4, 6), true);
    let masked = case.masked();
    let mut next = numbers(12);
    let bend: Vec<f64> = (0..40).map(|i| if i % 7 == 0 { 0.0 } else { 0.5 + 0.4 * next() }).collect();
    let roots = DVector::from_iterator(40, bend.iter().map(|w: &f64| w.sqrt()));
    let right = DVector::from_fn(40, |_, _| next());
    let directions = DMatrix::from_fn(4, 5, |_, _| next());
    let directions = DMatrix::from_columns(&directions.column_iter().map(|z| z.normalize()).collect::<Vec<_>>());
    let active = Active { groups: vec![0, 1, 3, 4, 5], kappas: vec![0.9, 0.5, 0.2, 0.7, 0.99], directions };
    let stop = Stop::new(Duration::from_secs(600), Arc::default());
    let newton = Newton { masked: &masked, bend: &bend, sigma: 3.0, threshold: 1.0, stop: &stop };
    let mut system = System::default();
    let rows = newton.over_rows(&mut system, &active, &roots, &right).unwrap();
    let columns = newton.over_columns(&mut system, &active, &roots, &right).unwrap();
    let residual = &right - &rows - newton.curved(&active, &rows.component_mul(&roots)).component_mul(&roots) * 3.0;
    assert!(residual.norm() <= 1e-12 * right.norm());
    assert!((&rows - &columns).norm() <= 1e-12 * rows.norm());
    let (few, near) = krylov::solve(&newton, &active, &roots, &right, 100).unwrap();
    assert!(near && (&rows - &few).norm() <= 0.1 * rows.norm());
    assert!(!krylov::solve(&newton, &active, &roots, &right, 0).unwrap().1);
}
