//! Some cells: those of Gaussian weight vectors, or of given ones.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Pattern, predicate};
use crate::problem::{Matrix, Random};

/// A cell that was met by chance.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    pub pattern: Pattern,
    /// The first weight vector that was drawn in the cell.
    pub witness: Vec<f64>,
}

/// Draws made before they are looked at.
const BATCH: usize = 1 << 12;

/// The distinct cells of `draws` Gaussian weight vectors, sorted.
///
/// The draws depend on the seed alone, and a longer sample contains every shorter one.  A draw on a hyperplane belongs to
/// no full-dimensional cell and is dropped.  Once `interrupted` says so nothing more is drawn, and what was met until then is kept.
pub fn sample(x: &Matrix, draws: usize, seed: u64, interrupted: &(dyn Fn() -> bool + Sync)) -> Vec<Sampled> {
    let mut random = Random::new(seed);
    let mut known: HashMap<Pattern, Vec<f64>> = HashMap::new();
    for begin in (0..draws).step_by(BATCH) {
        if interrupted() {
            break;
        }
        let size = BATCH.min(draws - begin);
        let weights: Vec<Vec<f64>> = (0..size).map(|_| (0..x.columns).map(|_| random.normal()).collect()).collect();
        let looked: Vec<Option<Option<Pattern>>> = weights.par_iter().map(|w| (!interrupted()).then(|| strict(x, w))).collect();
        // What counts ends at the first draw that nobody looked at: it is then a shorter sample, whatever the threads did.
        for (pattern, w) in looked.into_iter().map_while(|looked| looked).zip(weights) {
            if let Some(pattern) = pattern {
                known.entry(pattern).or_insert(w);
            }
        }
    }
    let mut cells: Vec<Sampled> = known.into_iter().map(|(pattern, witness)| Sampled { pattern, witness }).collect();
    cells.sort_unstable_by(|a, b| a.pattern.cmp(&b.pattern));
    cells
}

/// The distinct cells of given weight vectors, sorted, `of` being what finds the cell of one.
///
/// A vector on a hyperplane counts as on its positive side, as the gate 1[x·w >= 0] has it: a neuron there obeys the same inequalities
/// and the activation is the same from both sides.  Once `interrupted` says so no more vectors are looked at.
pub fn cells_of(vectors: &Matrix, of: impl Fn(&[f64]) -> Pattern + Sync, interrupted: &(dyn Fn() -> bool + Sync)) -> Vec<Pattern> {
    let pattern = |row: usize| (!interrupted()).then(|| of(vectors.row(row)));
    let looked: Vec<Option<Pattern>> = (0..vectors.rows).into_par_iter().map(pattern).collect();
    let mut cells: Vec<Pattern> = looked.into_iter().map_while(|pattern| pattern).collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}

/// The pattern of `w` if no row but zero rows vanishes there.
fn strict(x: &Matrix, w: &[f64]) -> Option<Pattern> {
    let mut on_line = false;
    let pattern = Pattern::from_fn(x.rows, |i| {
        let sign = predicate::sign(x.row(i), w);
        on_line |= sign == 0 && x.row(i).iter().any(|v| *v != 0.0);
        sign >= 0
    });
    (!on_line).then_some(pattern)
}
