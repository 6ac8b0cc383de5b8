//! Rows where a dual vector may be moved so that it meets the equalities of a skip or an intercept exactly: independent, and well inside
//! the domain.

use crate::problem::{Matrix, Problem};

/// As many rows as Z has columns, by greedy orthogonalisation of Z weighted with the room at each row; none where nothing is free.
///
/// `u` is the dual vector in units of the loss per row.  Where too few rows have room any will do: a vector that meets the
/// equalities as it is, such as zero, needs none.  `None` if the columns are dependent.
pub fn pivots(problem: &Problem, u: &[f64]) -> Option<Vec<usize>> {
    let z = problem.free_columns();
    independent(&z, &rooms(problem, u)).or_else(|| independent(&z, &vec![1.0; z.rows]))
}

/// How far every row may be moved, at most 1.
fn rooms(problem: &Problem, u: &[f64]) -> Vec<f64> {
    let loss = &problem.objective.loss;
    let room = |u: f64, y: f64| {
        let (low, high) = loss.loss.domain(y, loss.parameter);
        (u - low).min(high - u).clamp(0.0, 1.0)
    };
    u.iter().zip(problem.targets()).map(|(u, y)| room(*u, *y)).collect()
}

/// Greedily the longest of the weighted rows, and what is left of the others beside it.
fn independent(z: &Matrix, rooms: &[f64]) -> Option<Vec<usize>> {
    let scales = column_scales(z);
    let row = |i: usize| -> Vec<f64> { z.row(i).iter().zip(&scales).map(|(x, scale)| rooms[i] * x / scale).collect() };
    let mut rest: Vec<Vec<f64>> = (0..z.rows).map(row).collect();
    let mut chosen = Vec::new();
    for _ in 0..z.columns {
        let size = |i: &usize| rest[*i].iter().map(|x| x * x).sum::<f64>();
        let best = (0..z.rows).filter(|i| !chosen.contains(i)).max_by(|a, b| size(a).total_cmp(&size(b)).then(b.cmp(a)))?;
        let length = size(&best).sqrt();
        if length <= 1e-10 {
            return None;
        }
        let direction: Vec<f64> = rest[best].iter().map(|x| x / length).collect();
        for row in &mut rest {
            let along: f64 = row.iter().zip(&direction).map(|(x, d)| x * d).sum();
            row.iter_mut().zip(&direction).for_each(|(x, d)| *x -= along * d);
        }
        chosen.push(best);
    }
    Some(chosen)
}

/// The largest entry of every column.
fn column_scales(z: &Matrix) -> Vec<f64> {
    let mut largest = vec![0.0_f64; z.columns];
    z.each_row().for_each(|row| largest.iter_mut().zip(row).for_each(|(l, x)| *l = l.max(x.abs())));
    largest.iter().map(|l| if *l > 0.0 { *l } else { 1.0 }).collect()
}
