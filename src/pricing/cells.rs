//! The price over given cells: on a cell G is linear, G(u) = c·u, and
//! max { c·u : u in the cell, |u| <= 1 } is the distance of c from the polar cone, a small nonnegative least squares.
//!
//! Both output signs have the same cells with c of opposite sign.

use super::nonnegative::{below, residual};
use super::{Find, Price};
use crate::arrangement::Pattern;
use crate::problem::Matrix;
use std::cmp::Ordering;

fn best_first(a: &Find, b: &Find) -> Ordering {
    let lexical = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne());
    b.price.total_cmp(&a.price).then(lexical(&a.w, &b.w).unwrap_or(Ordering::Equal))
}

/// Prices `dual` on the given cells only, until `stop`: a search, not a bound.  A cell's facets are not known, so all rows bound it.
pub fn price_cells(
    inputs: &Matrix,
    slopes: (f64, f64),
    dual: &[f64],
    cells: &[Pattern],
    limit: f64,
    stop: &dyn Fn() -> bool,
) -> Vec<(usize, Find)> {
    let price = Price::new(inputs, slopes, dual, 1.0);
    let sums = ByteSums::new(&price);
    let both = cells.iter().enumerate().take_while(|_| !stop()).flat_map(|(index, pattern)| {
        let slope = sums.slope(&price, pattern);
        price_cell(&price, &slope, pattern, limit).into_iter().map(move |find| (index, find))
    });
    let mut finds: Vec<(usize, Find)> = both.collect();
    finds.sort_by(|a, b| best_first(&a.1, &b.1));
    finds
}

/// Σ k_i x_i over every subset of eight consecutive rows, so that a cell's slope is one addition per byte of its pattern.
struct ByteSums {
    d: usize,
    /// 256 vectors of length d for every byte.
    tables: Vec<Vec<f64>>,
}

impl ByteSums {
    fn new(price: &Price) -> Self {
        let (n, d) = (price.inputs.rows, price.inputs.columns);
        let table = |byte: usize| {
            let mut sums = vec![0.0; 256 * d];
            for subset in 1..256_usize {
                let (lowest, rest) = (subset.trailing_zeros() as usize, subset & (subset - 1));
                let row = 8 * byte + lowest;
                for j in 0..d {
                    let term = if row < n { price.kinks[row] * price.inputs.row(row)[j] } else { 0.0 };
                    sums[subset * d + j] = sums[rest * d + j] + term;
                }
            }
            sums
        };
        ByteSums { d, tables: (0..n.div_ceil(8)).map(table).collect() }
    }

    /// c = g + Σ over the rows on the positive side of k_i x_i.
    fn slope(&self, price: &Price, pattern: &Pattern) -> Vec<f64> {
        let mut sum = price.linear.clone();
        for (byte, table) in self.tables.iter().enumerate() {
            let subset = (pattern.words()[byte / 8] >> (8 * (byte % 8)) & 255) as usize;
            sum.iter_mut().zip(&table[subset * self.d..]).for_each(|(s, t)| *s += t);
        }
        sum
    }
}

/// The neurons of both signs above `limit`.  |c| is the price over the whole ball: only where it is above does the cone matter.
fn price_cell(price: &Price, slope: &[f64], pattern: &Pattern, limit: f64) -> Vec<Find> {
    if slope.iter().map(|c| c * c).sum::<f64>().sqrt() <= limit {
        return Vec::new();
    }
    let wall = |i: usize| {
        let side = if pattern.get(i) { 1.0 } else { -1.0 };
        price.inputs.row(i).iter().map(|x| side * x).collect()
    };
    let walls: Vec<Vec<f64>> = (0..price.inputs.rows).map(wall).collect();
    let find = |sign: f64| {
        let target: Vec<f64> = slope.iter().map(|c| sign * c).collect();
        if below(&target, &walls, limit) {
            return None;
        }
        let rest = residual(&target, &walls);
        let size = rest.iter().map(|r| r * r).sum::<f64>().sqrt();
        (size > limit).then(|| Find { sign, w: rest.iter().map(|r| r / size).collect(), price: size })
    };
    [1.0, -1.0].into_iter().filter_map(find).collect()
}
