//! The rows of a form that matter, with their packed products at hand.

use super::Form;
use super::packed::{add, add_four, dot, outer, packed_length};

/// One row with a kink.
pub struct Row {
    /// Its place in the form.
    pub index: usize,
    pub kink: f64,
    /// o: t = ℓ·θ + o.
    pub offset: f64,
    /// At least |t|.
    pub radius: f64,
    /// log(k/(4R)), the least log p that can be best, for k > 0.
    pub least: f64,
}

/// The rows with k ≠ 0 and ℓ ≠ 0: the others add nothing to G.
pub struct Rows {
    pub rank: usize,
    pub rows: Vec<Row>,
    pub linear: Vec<f64>,
    /// What G is at 0 without the rows.
    pub constant: f64,
    forms: Vec<f64>,
    products: Vec<f64>,
}

/// |ℓ| + |o|, rounded up.
pub fn radius(form: &[f64], offset: f64) -> f64 {
    (length(form) + offset.abs()) * (1.0 + 1e-15)
}

/// |ℓ|, rounded up.
pub fn length(form: &[f64]) -> f64 {
    let size = form.iter().fold(0.0, |size: f64, x| if x.is_nan() { f64::NAN } else { size.max(x.abs()) });
    if size == 0.0 {
        return 0.0;
    }
    size * form.iter().map(|x| (x / size) * (x / size)).sum::<f64>().sqrt() * (1.0 + 1e-13)
}

impl Rows {
    pub fn new(form: &Form) -> Rows {
        let rank = form.rank();
        let whole = |part: &[f64]| part.iter().copied().chain([0.0]).take(rank).collect::<Vec<f64>>();
        let (linear, constant) = form.straight();
        let linear = whole(linear);
        let mut kept = Rows { rank, rows: Vec::new(), linear, constant, forms: Vec::new(), products: Vec::new() };
        for (index, &kink) in form.kinks.iter().enumerate() {
            let (row, offset) = form.row(index);
            let radius = radius(row, offset);
            if kink != 0.0 && radius != 0.0 {
                let least = if kink > 0.0 { libm::log(kink / (4.0 * radius)) } else { 0.0 };
                kept.rows.push(Row { index, kink, offset, radius, least });
                let row = whole(row);
                kept.products.extend(outer(&row));
                kept.forms.extend(row);
            }
        }
        kept
    }

    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// ℓ.
    pub fn form(&self, slot: usize) -> &[f64] {
        &self.forms[slot * self.rank..(slot + 1) * self.rank]
    }

    /// The packed ℓℓ'.
    pub fn product(&self, slot: usize) -> &[f64] {
        let length = packed_length(self.rank);
        &self.products[slot * length..(slot + 1) * length]
    }

    /// Σ w_i ℓ_i ℓ_i'.
    pub fn weighted_products(&self, weights: &[f64]) -> Vec<f64> {
        self.weighted(weights, packed_length(self.rank), |slot| self.product(slot))
    }

    /// Σ w_i ℓ_i.
    pub fn weighted_forms(&self, weights: &[f64]) -> Vec<f64> {
        self.weighted(weights, self.rank, |slot| self.form(slot))
    }

    fn weighted<'a>(&'a self, weights: &[f64], length: usize, of: impl Fn(usize) -> &'a [f64]) -> Vec<f64> {
        let mut sum = vec![0.0; length];
        let used: Vec<usize> = (0..self.count()).filter(|&slot| weights[slot] != 0.0).collect();
        let fours = used.chunks_exact(4);
        for &slot in fours.remainder() {
            add(&mut sum, weights[slot], of(slot));
        }
        for four in fours {
            add_four(&mut sum, [0, 1, 2, 3].map(|k| weights[four[k]]), [0, 1, 2, 3].map(|k| of(four[k])));
        }
        sum
    }

    /// t.
    pub fn reach(&self, slot: usize, theta: &[f64]) -> f64 {
        dot(self.form(slot), theta) + self.rows[slot].offset
    }
}
