//! Exact answers for the few questions that floats leave open, from integer rays that are remembered for a while.

use std::collections::HashMap;

use super::field::{Field, Point};
use super::lines::Lines;
use crate::exact::{Integer, linear};

/// Integer rays kept at a time; the walk asks for the same few again and again.
const REMEMBERED: usize = 1 << 12;

pub(super) struct Oracle<'a> {
    lines: &'a Lines,
    rays: HashMap<u32, Vec<Integer>>,
}

impl<'a> Oracle<'a> {
    pub fn new(lines: &'a Lines) -> Self {
        Oracle { lines, rays: HashMap::new() }
    }

    /// The integer ray that `point` stands for: the common zeros of the lines `tight`, on the side where `point` is.
    fn ray<const R: usize>(&mut self, id: u32, point: &Point<R>, tight: impl FnOnce() -> Vec<u32>) -> &[Integer] {
        if self.rays.len() >= REMEMBERED && !self.rays.contains_key(&id) {
            self.rays.clear();
        }
        let lines = self.lines;
        self.rays.entry(id).or_insert_with(|| exact_ray(lines, point, &tight()))
    }

    /// The sign of x_line on the ray.
    #[cold]
    pub fn sign<const R: usize>(&mut self, line: usize, id: u32, point: &Point<R>, tight: impl FnOnce() -> Vec<u32>) -> i8 {
        let lines = self.lines;
        linear::sign(&linear::dot(&lines.integers[line], self.ray(id, point, tight)))
    }

    /// Where `line` meets the edge between `u` (positive side) and `w` (negative side), each with its number and tight lines.
    #[cold]
    pub fn cut<const R: usize>(&mut self, field: &Field<R>, line: usize, u: Known<'_, R>, w: Known<'_, R>) -> Point<R> {
        let x = &self.lines.integers[line];
        let u = self.ray(u.id, u.point, || u.tight).to_vec();
        let w = self.ray(w.id, w.point, || w.tight);
        let (a, b) = (linear::dot(x, &u), linear::dot(x, w));
        let mut n: Vec<Integer> = u.iter().zip(w).map(|(u, w)| &a * w - &b * u).collect();
        linear::shorten(&mut n);
        field.round(&n)
    }
}

/// A ray with its number and the lines that define it.
pub(super) struct Known<'p, const R: usize> {
    pub id: u32,
    pub point: &'p Point<R>,
    pub tight: Vec<u32>,
}

/// The direction is sound because the largest coordinate of a point always exceeds its error.
fn exact_ray<const R: usize>(lines: &Lines, point: &Point<R>, tight: &[u32]) -> Vec<Integer> {
    let rank = lines.rank();
    let rows = tight.iter().map(|&line| &lines.integers[line as usize]);
    let ray = linear::null_vector(rows, rank).expect("the facets at an extreme ray have rank r - 1");
    let most = (0..rank).max_by(|&i, &j| point.at[i].abs().total_cmp(&point.at[j].abs())).expect("the rank is positive");
    let agrees = (linear::sign(&ray[most]) > 0) == (point.at[most] > 0.0);
    if agrees { ray } else { ray.into_iter().map(|v| -v).collect() }
}
