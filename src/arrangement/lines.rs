//! The distinct hyperplanes x·w = 0 behind the rows of a matrix, as integers and as scaled doubles.
//!
//! Positive scaling of a row, scaling of a column and dropping dependent columns change no cell, so every line is kept
//! as the shortest integer vector in `rank` independent columns: x_i = integers_i up to a positive factor.

use std::collections::HashMap;

use super::predicate;
use crate::exact::{Integer, linear};
use crate::problem::Matrix;

/// Where a row of the matrix went: its line, and whether it points the other way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub line: u32,
    pub opposite: bool,
}

/// A prepared arrangement.
#[derive(Clone, Debug)]
pub struct Lines {
    rows: usize,
    columns: usize,
    /// One place per row; `None` for a row of zeros.
    pub(super) places: Vec<Option<Place>>,
    /// Rows and lines are the same list.
    pub(super) plain: bool,
    /// The first row of every line, which also gives the line its direction.
    pub(super) first: Vec<u32>,
    /// The columns that are kept, with the power of two that each was divided by.
    kept: Vec<(usize, i32)>,
    /// Independent lines, as many as the rank.
    pub(super) basis: Vec<usize>,
    /// The lines' integers.
    pub(super) integers: Vec<Vec<Integer>>,
    /// The kept columns of the lines' first rows, as they are in the matrix.
    doubles: Vec<f64>,
}

impl Lines {
    /// Panics if an entry is not finite.
    pub fn new(x: &Matrix) -> Self {
        let shift = column_shifts(x);
        let whole: Vec<Vec<Integer>> = x.each_row().map(|row| linear::direction(row, &shift)).collect();
        let (places, first) = merge(&whole);
        let full: Vec<Vec<Integer>> = first.iter().map(|&row| whole[row as usize].clone()).collect();
        let (basis, columns) = linear::independent(&full);
        let integers = full.iter().map(|line| restrict(line, &columns)).collect();
        let plain = first.len() == x.rows && places.iter().flatten().all(|p| !p.opposite);
        let kept = centred(columns.iter().map(|&c| (c, shift[c])).collect());
        let doubles = first.iter().flat_map(|&row| columns.iter().map(move |&c| x.row(row as usize)[c])).collect();
        Lines { rows: x.rows, columns: x.columns, places, plain, first, kept, basis, integers, doubles }
    }

    /// How many distinct lines there are.
    pub fn count(&self) -> usize {
        self.first.len()
    }

    /// The rank of the matrix.
    pub fn rank(&self) -> usize {
        self.basis.len()
    }

    /// How many rows the matrix has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The most cells that so many lines of this rank can have.
    pub fn bound(&self) -> f64 {
        super::bound(self.count(), self.rank())
    }

    /// A weight vector (length d) with the kept coordinates `point`; every other coordinate is zero.
    pub(super) fn lift(&self, point: &[f64]) -> Vec<f64> {
        let mut w = vec![0.0; self.columns];
        for (&value, &(column, shift)) in point.iter().zip(&self.kept) {
            w[column] = libm::scalbn(value, -shift);
        }
        w
    }

    /// The sign of a line at the lifted vector `w`, exactly: coordinates that are not kept are zero there.
    pub(super) fn sign(&self, line: u32, w: &[f64]) -> i8 {
        let start = line as usize * self.kept.len();
        let kept: Vec<f64> = self.kept.iter().map(|k| w[k.0]).collect();
        predicate::sign(&self.doubles[start..start + kept.len()], &kept)
    }
}

/// Powers of two that bring the columns to a common size; none if they are of similar size already, so that small integers stay small.
fn column_shifts(x: &Matrix) -> Vec<i32> {
    let mut largest = vec![0.0f64; x.columns];
    x.each_row().for_each(|row| largest.iter_mut().zip(row).for_each(|(l, v)| *l = l.max(v.abs())));
    let exponents = || largest.iter().filter(|l| **l > 0.0).map(|&l| libm::frexp(l).1);
    match (exponents().min(), exponents().max()) {
        (Some(least), Some(most)) if most - least > 12 => largest.iter().map(|&l| libm::frexp(l).1).collect(),
        _ => vec![0; x.columns],
    }
}

/// A common factor of the columns changes nothing, so the exponents are laid around zero: no weight overflows needlessly.
fn centred(mut kept: Vec<(usize, i32)>) -> Vec<(usize, i32)> {
    let least = kept.iter().map(|k| k.1).min().unwrap_or(0);
    let most = kept.iter().map(|k| k.1).max().unwrap_or(0);
    kept.iter_mut().for_each(|k| k.1 -= (least + most).div_euclid(2));
    kept
}

/// The place of every row among the distinct lines, and the first row of every line.
fn merge(whole: &[Vec<Integer>]) -> (Vec<Option<Place>>, Vec<u32>) {
    let mut known: HashMap<Vec<Integer>, Place> = HashMap::new();
    let mut first = Vec::new();
    let mut place = |(row, vector): (usize, &Vec<Integer>)| {
        let lead = vector.iter().map(linear::sign).find(|s| *s != 0)?;
        let key = if lead > 0 { vector.clone() } else { vector.iter().map(|v| -v).collect() };
        let here = *known.entry(key).or_insert_with(|| {
            first.push(row as u32);
            Place { line: first.len() as u32 - 1, opposite: lead < 0 }
        });
        // The table remembers how the line's first row lies to the key.
        Some(Place { line: here.line, opposite: here.opposite != (lead < 0) })
    };
    let places = whole.iter().enumerate().map(&mut place).collect();
    (places, first)
}

/// The shortest direction of the entries in `columns`.
fn restrict(line: &[Integer], columns: &[usize]) -> Vec<Integer> {
    let mut short: Vec<Integer> = columns.iter().map(|&c| line[c].clone()).collect();
    linear::shorten(&mut short);
    short
}
