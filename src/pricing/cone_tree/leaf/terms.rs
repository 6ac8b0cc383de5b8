//! The rivals of concave terms as variables: weights >= 0 of sum 1.
//!
//! In every term one rival of some weight is the base, from which the others take theirs: the column of a rival is a_j less that of the
//! base, and the base's own is 0.  Where the base has nothing left another one takes its place.

use super::{Cone, Floats, Search, by_term, dot, shift};
use std::ops::Range;

/// The variables of one term.
pub(super) struct Term {
    all: Range<usize>,
    base: usize,
}

impl<const R: usize> Search<R> {
    /// All weight on the rival that is right at `start`.
    pub(super) fn begin_terms(&mut self, floats: &Floats<R>, cone: &Cone<R>, start: &[f64; R]) {
        for rivals in by_term(&cone.hollows) {
            let first = self.lines + R + self.terms.iter().map(|term| term.all.len()).sum::<usize>();
            let values: Vec<f64> = rivals.iter().map(|rival| dot(&floats.terms.lines[rival.line as usize], start)).collect();
            let lowest = (1..values.len()).fold(0, |best, at| if values[at] < values[best] { at } else { best });
            self.terms.push(Term { all: first..first + rivals.len(), base: first + lowest });
            self.x.extend((0..rivals.len()).map(|at| if at == lowest { 1.0 } else { 0.0 }));
        }
    }

    /// Columns from now on are relative to the bases.
    pub(super) fn begin_columns(&mut self) {
        self.inverse_squares.resize(self.columns.len(), 0.0);
        (0..self.terms.len()).for_each(|term| self.rebase(term, self.terms[term].base));
    }

    /// Columns relative to another base.
    fn rebase(&mut self, term: usize, base: usize) {
        let taken = self.columns[base];
        self.terms[term].base = base;
        for j in self.terms[term].all.clone() {
            shift(&mut self.columns[j], &taken, -1.0);
            self.inverse_squares[j] = if j == base { 0.0 } else { 1.0 / dot(&self.columns[j], &self.columns[j]).max(f64::MIN_POSITIVE) };
        }
    }

    /// Makes the heaviest rival the base in place of one without weight.
    pub(super) fn change_base(&mut self, term: usize) {
        let Term { all, base } = &self.terms[term];
        self.x[*base] = 0.0;
        let heavier = |best: usize, j: usize| if self.x[j] > self.x[best] { j } else { best };
        let next = all.clone().fold(*base, heavier);
        self.free.retain(|j| *j != next);
        self.rebase(term, next);
        self.terms_moved();
    }

    /// Gives the bases what the others leave.
    pub(super) fn terms_moved(&mut self) {
        for Term { all, base } in &self.terms {
            let others: f64 = all.clone().filter(|j| j != base).map(|j| self.x[j]).sum();
            self.x[*base] = (1.0 - others).max(0.0);
        }
    }

    /// One pass of coordinate descent over a term.
    pub(super) fn sweep_term(&mut self, term: usize) {
        let Term { all, base } = &self.terms[term];
        let (all, base) = (all.clone(), *base);
        for j in all.filter(|j| *j != base) {
            let best = self.x[j] - dot(&self.columns[j], &self.c) * self.inverse_squares[j];
            let next = best.clamp(0.0, self.x[j] + self.x[base]);
            let step = next - self.x[j];
            if step != 0.0 {
                self.x[j] = next;
                self.x[base] = (self.x[base] - step).max(0.0);
                let column = self.columns[j];
                shift(&mut self.c, &column, step);
            }
        }
        if self.x[base] <= 0.0 {
            self.change_base(term);
        }
    }

    /// The term whose base has nothing left after less than `step` of the free variables' move; shortens the step.
    pub(super) fn blocked(&self, move_by: &[f64; R], step: &mut f64) -> Option<usize> {
        let mut blocked = None;
        for (at, Term { all, base }) in self.terms.iter().enumerate() {
            let taken: f64 = self.free.iter().zip(move_by).filter(|(j, _)| all.contains(j)).map(|(_, d)| d).sum();
            if taken > 0.0 && self.x[*base] / taken < *step {
                (*step, blocked) = (self.x[*base] / taken, Some(at));
            }
        }
        blocked
    }
}
