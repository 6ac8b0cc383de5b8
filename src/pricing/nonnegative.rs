//! min over λ >= 0 of |g + Σ λ_j a_j|₂, the distance of g from a cone: an active-set method for a handful of rows.

use nalgebra::{DMatrix, DVector};

/// The residual g + Σ λ_j a_j for some λ >= 0 that is optimal up to rounding (Lawson and Hanson 1974), and an allowance for
/// the rounding of that sum.
///
/// Its length with the allowance bounds max { g·u : a_j·u >= 0, |u| <= 1 } from above whatever λ is, because λ >= 0 is all the bound needs.
pub fn residual(g: &[f64], rows: &[Vec<f64>]) -> (Vec<f64>, f64) {
    let mut active: Vec<usize> = Vec::new();
    let mut multipliers = vec![0.0; rows.len()];
    let mut kept = multipliers.clone();
    let mut rest = g.to_vec();
    for _ in 0..3 * rows.len() + 3 {
        let Some(entering) = most_violated(rows, &rest, &active) else { break };
        active.push(entering);
        settle(g, rows, &mut active, &mut multipliers);
        let next = combine(g, rows, &multipliers);
        if square(&next) >= square(&rest) {
            break;
        }
        rest = next;
        kept.clone_from(&multipliers);
    }
    let terms: f64 = kept.iter().zip(rows).map(|(m, a)| m * square(a).sqrt()).sum();
    let allowance = 4.0 * f64::EPSILON * (1.0 + rows.len() as f64) * (square(g).sqrt() + terms);
    (rest, allowance)
}

/// Whether a few coordinate steps over λ already bring |g + Σ λ_j a_j| down to `enough`; any λ >= 0 proves it.
pub fn below(g: &[f64], rows: &[Vec<f64>], enough: f64) -> bool {
    let squares: Vec<f64> = rows.iter().map(|a| square(a)).collect();
    let mut multipliers = vec![0.0; rows.len()];
    let mut rest = g.to_vec();
    for _ in 0..16 {
        for ((a, m), s) in rows.iter().zip(&mut multipliers).zip(&squares).filter(|(_, s)| **s > 0.0) {
            let next = f64::max(*m - dot(a, &rest) / s, 0.0);
            rest.iter_mut().zip(a).for_each(|(r, x)| *r += (next - *m) * x);
            *m = next;
        }
        if square(&rest) <= enough * enough {
            return true;
        }
    }
    false
}

/// The row with the most negative a·r, relative to the lengths, outside the active set.
fn most_violated(rows: &[Vec<f64>], rest: &[f64], active: &[usize]) -> Option<usize> {
    let scale = square(rest).sqrt();
    let slack = |j: usize| dot(&rows[j], rest) / square(&rows[j]).sqrt().max(f64::MIN_POSITIVE);
    let free = (0..rows.len()).filter(|j| !active.contains(j));
    free.map(|j| (slack(j), j)).filter(|(slack, _)| *slack < -1e-13 * scale).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, j)| j)
}

/// Least squares on the active rows, leaving those whose multiplier would turn negative.
fn settle(g: &[f64], rows: &[Vec<f64>], active: &mut Vec<usize>, multipliers: &mut [f64]) {
    while !active.is_empty() {
        let target = least_squares(g, rows, active);
        let blocking = active.iter().zip(&target).filter(|(_, t)| **t <= 0.0);
        let step = blocking.map(|(&j, t)| multipliers[j] / (multipliers[j] - t).max(f64::MIN_POSITIVE)).fold(1.0, f64::min);
        active.iter().zip(&target).for_each(|(&j, t)| multipliers[j] = (multipliers[j] + step * (t - multipliers[j])).max(0.0));
        let before = active.len();
        let gone = |j: usize, t: f64| step < 1.0 && t <= 0.0 && multipliers[j] <= 1e-15;
        let kept: Vec<usize> = active.iter().zip(&target).filter(|(j, t)| !gone(**j, **t)).map(|(j, _)| *j).collect();
        active.iter().filter(|j| !kept.contains(j)).for_each(|&j| multipliers[j] = 0.0);
        *active = kept;
        if step >= 1.0 || active.len() == before {
            return;
        }
    }
}

fn least_squares(g: &[f64], rows: &[Vec<f64>], active: &[usize]) -> Vec<f64> {
    let matrix = DMatrix::from_fn(g.len(), active.len(), |i, j| rows[active[j]][i]);
    let target = DVector::from_fn(g.len(), |i, _| -g[i]);
    match matrix.svd(true, true).solve(&target, 1e-14) {
        Ok(solution) => solution.iter().copied().collect(),
        Err(_) => vec![0.0; active.len()],
    }
}

fn combine(g: &[f64], rows: &[Vec<f64>], multipliers: &[f64]) -> Vec<f64> {
    let mut sum = g.to_vec();
    for (row, m) in rows.iter().zip(multipliers).filter(|(_, m)| **m > 0.0) {
        sum.iter_mut().zip(row).for_each(|(s, x)| *s += m * x);
    }
    sum
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn square(a: &[f64]) -> f64 {
    dot(a, a)
}
