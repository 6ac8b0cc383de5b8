//! Weight vectors inside a cell: a positive combination of its rays, rounded, and then tested against the facets exactly.

use super::lines::Lines;
use super::view::CellView;
use crate::problem::Random;

/// Combinations tried before a cell is called too thin.
const TRIES: u64 = 64;

/// A weight vector of the cell, and whether it lies in the interior.
pub(super) fn find(view: &CellView<'_>) -> (Vec<f64>, bool) {
    let sides: Vec<(u32, i8)> = view.sides().collect();
    let turn = |w: Vec<f64>| if view.mirrored { w.into_iter().map(|v| -v).collect() } else { w };
    for attempt in 0..TRIES {
        let w = view.lines.lift(&combination(view, attempt));
        if inside(view.lines, &w, &sides) {
            return (turn(w), true);
        }
    }
    (turn(view.lines.lift(&combination(view, 0))), false)
}

/// The plain sum of the rays (each of size one) first, then sums with other weights and of other sizes, so that they round differently.
fn combination(view: &CellView<'_>, attempt: u64) -> Vec<f64> {
    let mut random = Random::new(attempt);
    let mut sum = vec![0.0; view.lines.rank()];
    let total = if attempt == 0 { 1.0 } else { 1.0 + random.uniform() };
    for ray in view.points.chunks(sum.len().max(1)) {
        let size = ray.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let weight = if attempt == 0 { 1.0 } else { total * (0.5 + random.uniform()) } / size;
        sum.iter_mut().zip(ray).for_each(|(s, v)| *s += weight * v);
    }
    sum
}

/// Whether `w` lies strictly on the wanted side of every wall; the doubles are taken at their word.
fn inside(lines: &Lines, w: &[f64], sides: &[(u32, i8)]) -> bool {
    if !w.iter().all(|v| v.is_finite()) {
        return false;
    }
    sides.iter().all(|&(line, side)| lines.sign(line, w) == side)
}
