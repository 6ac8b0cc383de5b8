//! The price over all of weight space where its cells can be listed: on a cell G is linear, G(u) = c·u, and
//! max { c·u : u in the cell, |u| <= 1 } is the distance of c from the polar cone, a small nonnegative least squares.
//!
//! Both output signs have the same cells with c of opposite sign.

use super::nonnegative::{below, residual};
use super::{Find, Price};
use crate::arrangement::{self, CellView, Lines, Pattern};
use crate::problem::Features;
use std::cmp::Ordering;

/// The most finds that are kept.
const KEPT: usize = 30;

/// What pricing found.
#[derive(Clone, Debug, Default)]
pub struct Priced {
    /// max over all neurons and both output signs of |v'F(θ)|/ρ(θ), up to rounding; never below it.
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
    b.price.total_cmp(&a.price).then(lexical(&a.theta, &b.theta).unwrap_or(Ordering::Equal))
}

/// Prices `dual` on every cell of `lines`, the arrangement of the features' lines; finds above `limit` come back.
///
/// `None` if `stop` said so before every cell was seen (half a pricing proves nothing), the numbers are too large or small,
/// lines have rivals, or ρ is not the length of θ: a cell's best neuron is then no nonnegative least squares.
pub fn price_every_cell(lines: &Lines, features: &Features, dual: &[f64], limit: f64, stop: &(dyn Fn() -> bool + Sync)) -> Option<Priced> {
    if !features.euclidean() || features.rivals.any() || !super::priceable(&features.lines, dual) {
        return None;
    }
    let price = Price::new(features, dual, 1.0);
    let sums = ByteSums::new(&price);
    let step = |priced: &mut Priced, view: &CellView<'_>| {
        let slope = sums.slope(&price, &view.pattern());
        let walls = || view.facets().into_iter().map(|i| features.wall(i as usize, |line| view.bit(line))).collect();
        price_cell(&slope, walls, priced, limit);
    };
    arrangement::fold(lines, stop, Priced::default, step, Priced::join).ok()
}

/// Prices `dual` on the given cells only, until `stop`: a search, not a bound.  A cell's facets are not known, so all rows bound it.
pub fn price_cells(features: &Features, dual: &[f64], cells: &[Pattern], limit: f64, stop: &dyn Fn() -> bool) -> Vec<(usize, Find)> {
    let price = Price::new(features, dual, 1.0);
    let sums = ByteSums::new(&price);
    let mut finds = Vec::new();
    for (index, pattern) in cells.iter().enumerate() {
        if stop() {
            break;
        }
        let mut priced = Priced { price: limit, finds: Vec::new() };
        let walls = || (0..features.lines.rows).map(|i| features.wall(i, |line| pattern.get(line))).collect();
        price_cell(&sums.slope(&price, pattern), walls, &mut priced, limit);
        finds.extend(priced.finds.into_iter().map(|find| (index, find)));
    }
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
        let (n, d) = (price.lines.rows, price.lines.columns);
        let table = |byte: usize| {
            let mut sums = vec![0.0; 256 * d];
            for subset in 1..256_usize {
                let (lowest, rest) = (subset.trailing_zeros() as usize, subset & (subset - 1));
                let row = 8 * byte + lowest;
                for j in 0..d {
                    let term = if row < n { price.kinks[row] * price.lines.row(row)[j] } else { 0.0 };
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

/// |c| is the price over the whole ball: only where it is above what is known already does the cone matter.
fn price_cell(slope: &[f64], walls: impl Fn() -> Vec<Vec<f64>>, priced: &mut Priced, limit: f64) {
    let whole = slope.iter().map(|c| c * c).sum::<f64>().sqrt();
    if whole <= priced.price.min(limit) {
        return;
    }
    let walls = walls();
    for sign in [1.0, -1.0] {
        let target: Vec<f64> = slope.iter().map(|c| sign * c).collect();
        if below(&target, &walls, priced.price.min(limit)) {
            continue;
        }
        let (rest, allowance) = residual(&target, &walls);
        let size = rest.iter().map(|r| r * r).sum::<f64>().sqrt();
        if size > 0.0 {
            priced.take(Find { output: 0, sign, theta: rest.iter().map(|r| r / size).collect(), price: size + allowance }, limit);
        }
    }
}
