//! Rows where a dual vector may be moved so that it meets the equalities of a skip or an intercept exactly: independent, and well inside
//! the domain.

use super::lower_bound::span;
use crate::problem::{Matrix, Problem};
use nalgebra::{DMatrix, DVector};

/// The part of the way to the middle of its domain that a dual vector without room goes, in units of the gap.
const INWARD: f64 = 0.1;
/// How far from the ends of the domain its middle is looked for, as parts of its width or of 1, and for how many projections.
const MARGINS: [f64; 4] = [0.25, 0.1, 0.02, 0.004];
const PROJECTIONS: usize = 200;

/// As many rows as Z has columns, by greedy orthogonalisation of Z weighted with the room at each row; none where nothing is free.
///
/// They serve all outputs, so the room at a row is that of the output which has least of it; one whose entries are all 0 needs none.
/// `u` is the dual vector in units of the loss per row.  At a vertex of the domain too few rows may have room: then `u` is moved a
/// little towards the domain's middle.  Where that is nowhere any rows will do: a vector that meets the equalities as it is, such as
/// zero, needs none.  `None` if the columns are dependent.
pub fn pivots(problem: &Problem, u: &mut [f64]) -> Option<Vec<usize>> {
    let z = problem.free_columns();
    if let Some(rows) = independent(&z, &rooms(problem, u)) {
        return Some(rows);
    }
    if u.iter().any(|u| *u != 0.0)
        && let Some(middle) = middle(problem, &z)
    {
        let part = INWARD * problem.plan.gap.min(1e-3);
        let inward: Vec<f64> = u.iter().zip(&middle).map(|(u, m)| u + part * (m - u)).collect();
        if let Some(rows) = independent(&z, &rooms(problem, &inward)) {
            u.copy_from_slice(&inward);
            return Some(rows);
        }
    }
    independent(&z, &vec![1.0; z.rows])
}

/// A vector inside the domain and orthogonal to Z in every output, by projecting on one and the other in turns.
fn middle(problem: &Problem, z: &Matrix) -> Option<Vec<f64>> {
    let loss = &problem.objective.loss;
    let ends: Vec<(f64, f64)> = problem.targets().iter().map(|y| loss.loss.domain(*y, loss.parameter)).collect();
    let within = |margin: f64| {
        let narrowed = move |(low, high): &(f64, f64)| {
            let room = margin * (high - low).min(1.0);
            (low + room, high - room)
        };
        ends.iter().map(narrowed).collect::<Vec<(f64, f64)>>()
    };
    let clamp = |u: &mut [f64], ends: &[(f64, f64)]| u.iter_mut().zip(ends).for_each(|(u, (low, high))| *u = u.clamp(*low, *high));
    let z = span(z);
    MARGINS.into_iter().find_map(|margin| {
        let (inner, outer) = (within(margin), within(0.5 * margin));
        let mut u = vec![0.0; ends.len()];
        for _ in 0..PROJECTIONS {
            clamp(&mut u, &inner);
            project(problem, &z, &mut u);
            if u.iter().zip(&outer).all(|(u, (low, high))| low <= u && u <= high) {
                return Some(u);
            }
        }
        None
    })
}

/// The nearest vector that is orthogonal to what Z spans in every output and has rows that sum to 0 where they must: one projection
/// changes nothing of the other.
fn project(problem: &Problem, z: &DMatrix<f64>, u: &mut [f64]) {
    let outputs = problem.outputs();
    for output in 0..outputs {
        let off = z * z.tr_mul(&DVector::from_vec(problem.column(u, output)));
        u.iter_mut().skip(output).step_by(outputs).zip(off.iter()).for_each(|(u, off)| *u -= off);
    }
    for row in u.chunks_mut(outputs).filter(|_| problem.objective.loss.shifted()) {
        let mean = row.iter().sum::<f64>() / outputs as f64;
        row.iter_mut().for_each(|u| *u -= mean);
    }
}

/// How far every row may be moved in all outputs, at most 1.
fn rooms(problem: &Problem, u: &[f64]) -> Vec<f64> {
    let loss = &problem.objective.loss;
    let room = |u: f64, y: f64| {
        let (low, high) = loss.loss.domain(y, loss.parameter);
        (u - low).min(high - u).clamp(0.0, 1.0)
    };
    let outputs = problem.outputs();
    let idle: Vec<bool> = (0..outputs).map(|output| problem.column(u, output).iter().all(|u| *u == 0.0)).collect();
    let of_row = |(u, y): (&[f64], &[f64])| {
        let rooms = u.iter().zip(y).zip(&idle).map(|((u, y), idle)| if *idle { 1.0 } else { room(*u, *y) });
        rooms.fold(1.0, f64::min)
    };
    u.chunks(outputs).zip(problem.targets().chunks(outputs)).map(of_row).collect()
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
