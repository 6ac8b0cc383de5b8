//! The price over all of weight space where its cells can be listed: on a cell G is linear, G(u) = c·u, and
//! max { c·u : u in the cell, |u| <= 1 } is the distance of c from the polar cone, a small nonnegative least squares.
//!
//! Both output signs have the same cells with c of opposite sign.

use super::nonnegative::residual;
use super::{Find, Price};
use crate::arrangement::{self, CellView, Lines, Pattern};
use crate::problem::Matrix;
use std::cmp::Ordering;

/// The most finds that are kept.
const KEPT: usize = 30;

/// What pricing found.
#[derive(Clone, Debug, Default)]
pub struct Priced {
    /// max over all neurons and both output signs of |v'φ(Xw)|/|w|, up to rounding; never below it.
    pub price: f64,
    /// Neurons whose price is above the given limit, best first.
    pub finds: Vec<Find>,
}

impl Priced {
    fn take(&mut self, find: Find, limit: f64) {
        self.price = self.price.max(find.price);
        if find.price > limit {
            self.finds.push(find);
        }
        if self.finds.len() > 2 * KEPT {
            self.trim();
        }
    }

    fn trim(&mut self) {
        self.finds.sort_by(best_first);
        self.finds.truncate(KEPT);
    }

    fn join(mut self, other: Priced) -> Priced {
        self.price = self.price.max(other.price);
        self.finds.extend(other.finds);
        self.trim();
        self
    }
}

fn best_first(a: &Find, b: &Find) -> Ordering {
    let lexical = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne());
    b.price.total_cmp(&a.price).then(lexical(&a.w, &b.w).unwrap_or(Ordering::Equal))
}

/// Prices `dual` on every cell of `lines`, the arrangement of `inputs`; finds above `limit` come back.
///
/// `None` if `stop` said so before every cell was seen: half a pricing proves nothing.
pub fn price_every_cell(
    lines: &Lines,
    inputs: &Matrix,
    slopes: (f64, f64),
    dual: &[f64],
    limit: f64,
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<Priced> {
    let price = Price::new(inputs, slopes, dual, 1.0);
    let step = |priced: &mut Priced, view: &CellView<'_>| {
        let slope = slope(&price, |i| view.bit(i));
        let rows = || view.facets().into_iter().map(|i| (i, view.bit(i as usize)));
        price_cell(&price, &slope, rows, priced, limit);
    };
    arrangement::fold(lines, stop, Priced::default, step, Priced::join).ok()
}

/// Prices `dual` on the given cells only: a search, not a bound.  A cell's facets are not known, so all rows bound it.
pub fn price_cells(inputs: &Matrix, slopes: (f64, f64), dual: &[f64], cells: &[Pattern], limit: f64) -> Vec<(usize, Find)> {
    let price = Price::new(inputs, slopes, dual, 1.0);
    let mut finds = Vec::new();
    for (index, pattern) in cells.iter().enumerate() {
        let mut priced = Priced { price: limit, finds: Vec::new() };
        let rows = || (0..inputs.rows as u32).map(|i| (i, pattern.get(i as usize)));
        price_cell(&price, &slope(&price, |i| pattern.get(i)), rows, &mut priced, limit);
        finds.extend(priced.finds.into_iter().map(|find| (index, find)));
    }
    finds.sort_by(|a, b| best_first(&a.1, &b.1));
    finds
}

/// c = g + Σ over the rows on the positive side of k_i x_i.
fn slope(price: &Price, bit: impl Fn(usize) -> bool) -> Vec<f64> {
    let mut sum = price.linear.clone();
    for (i, &k) in price.kinks.iter().enumerate() {
        if k != 0.0 && bit(i) {
            sum.iter_mut().zip(price.inputs.row(i)).for_each(|(s, x)| *s += k * x);
        }
    }
    sum
}

/// |c| is the price over the whole ball: only where it is above what is known already does the cone matter.
fn price_cell<R: Iterator<Item = (u32, bool)>>(price: &Price, slope: &[f64], rows: impl Fn() -> R, priced: &mut Priced, limit: f64) {
    let whole = slope.iter().map(|c| c * c).sum::<f64>().sqrt();
    if whole <= priced.price.min(limit) {
        return;
    }
    let sided = |(i, positive): (u32, bool)| {
        let side = if positive { 1.0 } else { -1.0 };
        price.inputs.row(i as usize).iter().map(|x| side * x).collect()
    };
    let walls: Vec<Vec<f64>> = rows().map(sided).collect();
    for sign in [1.0, -1.0] {
        let target: Vec<f64> = slope.iter().map(|c| sign * c).collect();
        let rest = residual(&target, &walls);
        let size = rest.iter().map(|r| r * r).sum::<f64>().sqrt();
        if size > 0.0 {
            priced.take(Find { sign, w: rest.iter().map(|r| r / size).collect(), price: size }, limit);
        }
    }
}
