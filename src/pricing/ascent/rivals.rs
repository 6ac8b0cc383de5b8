//! The climb where of some lines only the largest counts: a convex max has the slope of its largest line, and
//! ```text
//!   max { h·η - Σ |k| max(0, ℓ_1·η, .., ℓ_M·η) : ρ(η) <= 1 } = min over t >= 0, Σ t <= 1, of ρ°(h - Σ |k| Σ_j t_j ℓ_j)
//! ```
//! by moves from one line of a max to another, 0 being one of them.

use super::{Climb, SETTLED, SWEEPS, square};
use crate::pricing::Price;
use std::ops::Range;

/// 1 for the lines that count at a point of given ℓ·θ, 0 for the others.
pub(super) fn counting(price: &Price, reach: &[f64]) -> Vec<f64> {
    if !price.rivals.any() {
        return reach.iter().map(|&z| if z > 0.0 { 1.0 } else { 0.0 }).collect();
    }
    let mut parts = vec![0.0; reach.len()];
    price.rivals.all(reach.len()).filter_map(|all| price.rivals.winner(reach, all)).for_each(|line| parts[line] = 1.0);
    parts
}

impl Climb<'_> {
    /// Of convex rivals the largest counts.
    pub(super) fn choose_convex_rivals(&mut self) {
        let rivals = self.price.rivals;
        for all in rivals.all(self.reach.len()).filter(|all| self.price.kinks[all.start] > 0.0) {
            let winner = rivals.winner(&self.reach, all.clone());
            for line in all {
                let counts = f64::from(u8::from(winner == Some(line)));
                if self.parts[line] != counts {
                    self.shift(line, counts);
                }
            }
        }
        self.measure();
    }

    /// The problem over t described above, from the t of the step before; whether they have settled.
    pub(super) fn settle_concave_rivals(&mut self) -> bool {
        let rivals = self.price.rivals;
        for _ in 0..SWEEPS {
            self.measure();
            self.data.times(&self.toward(), &mut self.reach);
            let size = square(&self.residual).max(f64::MIN_POSITIVE);
            let mut fall = 0.0_f64;
            for all in rivals.all(self.reach.len()).filter(|all| self.price.kinks[all.start] < 0.0) {
                let right = match rivals.winner(&self.reach, all.clone()).filter(|line| self.reach[*line] > 0.0) {
                    Some(line) => self.parts[line] == 1.0,
                    None => self.parts[all.clone()].iter().all(|part| *part == 0.0),
                };
                if !right {
                    fall = fall.max(self.level(all));
                }
            }
            if fall < SETTLED * size {
                return true;
            }
        }
        false
    }

    /// Moves weight of some rivals to the one that is largest where the residual points; returns how much shorter the residual may be.
    fn level(&mut self, all: Range<usize>) -> f64 {
        let toward = self.toward();
        let reach: Vec<f64> = all.clone().map(|line| self.price.lines.row(line).iter().zip(&toward).map(|(l, x)| l * x).sum()).collect();
        let largest = (0..reach.len()).fold(None, |best: Option<usize>, j| match best {
            Some(best) if reach[best] >= reach[j] => Some(best),
            _ if reach[j] > 0.0 => Some(j),
            _ => best,
        });
        let best = largest.map(|j| all.start + j);
        let rest = 1.0 - self.parts[all.clone()].iter().sum::<f64>();
        let mut fall = 0.0_f64;
        if let Some(best) = best.filter(|_| rest > 0.0) {
            fall = fall.max(self.exchange(None, Some(best), rest));
        }
        for line in all {
            if self.parts[line] > 0.0 && Some(line) != best {
                fall = fall.max(self.exchange(Some(line), best, self.parts[line]));
            }
        }
        fall
    }

    /// Moves up to `most` of the weight of one line, or of 0, to another, or to 0, so that ρ° is least.
    fn exchange(&mut self, from: Option<usize>, to: Option<usize>, most: f64) -> f64 {
        let row = |line: Option<usize>, j: usize| line.map_or(0.0, |line| self.price.lines.row(line)[j]);
        let difference: Vec<f64> = (0..self.residual.len()).map(|j| row(to, j) - row(from, j)).collect();
        let Some(kink) = from.or(to).map(|line| -self.price.kinks[line]) else { return 0.0 };
        let (normed, head) = difference.split_at(self.data.normed);
        let along: f64 = normed.iter().zip(&self.residual).map(|(d, r)| d * r).sum();
        let length = square(normed);
        let by = (self.best(head.first().copied().unwrap_or(0.0), along, length) / kink).clamp(0.0, most);
        if by > 0.0 {
            [(from, -by), (to, by)].into_iter().filter_map(|(line, by)| Some((line?, by))).for_each(|(line, by)| {
                let part = self.parts[line] + by;
                self.shift(line, part);
            });
            self.measure();
        }
        kink * kink * by * by * length
    }
}
