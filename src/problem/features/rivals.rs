//! Max pooling: of some of an example's lines only the largest counts (THEORY 9, PROOF 1).
//!
//! Where φ never falls, max_p φ(z_p) = φ(max_p z_p), and with the pieces of φ
//! ```text
//!   F_i(θ) = s x_i1·u + (c/r) τ + s max(0, (x_i2 - x_i1)·u, ..) + Σ_k δ_k max(0, ℓ_i1k·θ, .., ℓ_iMk·θ)
//! ```
//! The lines behind one max are rivals.  A cell is known by the one that is the largest and not negative, or that there is none: of the
//! bits of rivals at most one is set.  A line alone is its own rival, and its bit the side that it is on.

use super::Features;
use crate::problem::Matrix;
use std::ops::Range;

/// The lines of one example, their bends, and for each of them which are its rivals.
pub(super) type Lines = (Matrix, Vec<f64>, Rivals);

/// The rivals of all examples, each of which has `places` rows of `inputs`; with a cap, τ at last.
pub(super) fn lines(inputs: &Matrix, places: usize, slope: f64, breaks: &[(f64, f64)], radius: Option<f64>) -> Lines {
    let (mut bends, mut rivals) = (Vec::new(), Vec::new());
    let mut group = |bend: f64, count: usize| {
        let first = bends.len();
        bends.extend(std::iter::repeat_n(bend, count));
        rivals.extend(std::iter::repeat_n(first..first + count, count));
    };
    if slope != 0.0 {
        group(slope, places - 1);
    }
    breaks.iter().for_each(|(_, bend)| group(*bend, places));
    let mut values = Vec::new();
    let mut line = |row: &mut dyn Iterator<Item = f64>, shift: f64| values.extend(row.chain(radius.map(|radius| shift / radius)));
    for first in (0..inputs.rows).step_by(places) {
        for other in (first + 1..first + places).filter(|_| slope != 0.0) {
            line(&mut inputs.row(other).iter().zip(inputs.row(first)).map(|(x, y)| x - y), 0.0);
        }
        for (at, _) in breaks {
            (first..first + places).for_each(|place| line(&mut inputs.row(place).iter().copied(), -at));
        }
    }
    if let Some(radius) = radius {
        line(&mut std::iter::repeat_n(0.0, inputs.columns), radius);
    }
    let width = inputs.columns + usize::from(radius.is_some());
    (Matrix::new(values.len() / width.max(1), width, values), bends, Rivals::new(rivals, inputs.rows / places))
}

/// Which lines are rivals.
#[derive(Clone, Debug)]
pub struct Rivals {
    /// For every line of an example the rivals that it has there; none where every line stands for itself.
    example: Vec<Range<usize>>,
    examples: usize,
    /// The lines of all examples, rivals together.
    groups: Vec<Range<usize>>,
}

impl Rivals {
    /// Every line stands for itself.
    pub const NONE: Rivals = Rivals { example: Vec::new(), examples: 0, groups: Vec::new() };

    /// So many examples with these rivals each.
    fn new(example: Vec<Range<usize>>, examples: usize) -> Self {
        let first = example.iter().enumerate().filter(|(at, range)| range.start == *at).map(|(_, range)| range);
        let groups = (0..examples).flat_map(|i| first.clone().map(move |range| (i, range)));
        let groups = groups.map(|(i, range)| i * example.len() + range.start..i * example.len() + range.end).collect();
        Rivals { example, examples, groups }
    }

    /// Whether lines have rivals.
    pub fn any(&self) -> bool {
        !self.example.is_empty()
    }

    /// The rivals of a line, itself among them.
    pub fn of(&self, line: usize) -> Range<usize> {
        let size = self.example.len();
        match self.example.get(line % size.max(1)).filter(|_| line < size * self.examples) {
            None => line..line + 1,
            Some(range) => line / size * size + range.start..line / size * size + range.end,
        }
    }

    /// All of so many lines, rivals together.
    pub fn all(&self, lines: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        let rest = self.groups.last().map_or(0, |last| last.end);
        self.groups.iter().cloned().chain((rest..lines).map(|line| line..line + 1))
    }

    /// The example that a line belongs to; `None` for τ.
    pub fn example(&self, line: usize) -> Option<usize> {
        Some(line / self.example.len().max(1)).filter(|example| *example < self.examples)
    }

    /// Σ_l k_l max(ℓ_l·θ, 0) for given ℓ·θ, rivals counting once.
    pub fn bent(&self, reach: &[f64], kinks: &[f64]) -> f64 {
        if !self.any() {
            return reach.iter().zip(kinks).map(|(z, k)| k * z.max(0.0)).sum();
        }
        self.all(reach.len()).map(|all| kinks[all.start] * reach[all].iter().fold(0.0, |most: f64, z| most.max(*z))).sum()
    }

    /// Which of some rivals counts: the first of the largest, if that is not negative.
    pub fn winner(&self, reach: &[f64], all: Range<usize>) -> Option<usize> {
        let mut best = all.start;
        for line in all {
            if reach[line] > reach[best] {
                best = line;
            }
        }
        (reach[best] >= 0.0).then_some(best)
    }

    /// For every line whether it counts, for given ℓ·θ.
    pub fn winners(&self, reach: &[f64]) -> Vec<bool> {
        let mut winners = vec![false; reach.len()];
        self.all(reach.len()).filter_map(|all| self.winner(reach, all)).for_each(|line| winners[line] = true);
        winners
    }
}

impl Features {
    /// How far inside the inequality of line l that belongs to a cell's bits a θ is, for given ℓ·θ: σ_l ℓ_l·θ, or how much less it is than
    /// the largest of its rivals.
    pub fn margin(&self, reach: &[f64], line: usize, bit: impl Fn(usize) -> bool) -> f64 {
        if !self.rivals.any() {
            return if bit(line) { reach[line] } else { -reach[line] };
        }
        match self.rivals.of(line).find(|rival| bit(*rival)) {
            Some(winner) if winner == line => reach[line],
            Some(winner) => reach[winner] - reach[line],
            None => -reach[line],
        }
    }

    /// The row whose product with θ is that margin.
    pub fn wall(&self, line: usize, bit: impl Fn(usize) -> bool) -> Vec<f64> {
        let row = self.lines.row(line);
        match self.rivals.of(line).find(|rival| bit(*rival)) {
            Some(winner) if winner == line => row.to_vec(),
            Some(winner) => self.lines.row(winner).iter().zip(row).map(|(most, x)| most - x).collect(),
            None => row.iter().map(|x| -x).collect(),
        }
    }

    /// The number of knives.
    pub fn knives_count(&self) -> usize {
        let first = self.rivals.of(0).len();
        self.lines.rows + if self.rivals.any() { self.examples * (first * (first - 1) / 2) } else { 0 }
    }

    /// Lines that cut θ's space into cells no larger than those of the features: the lines, and the differences of rivals.
    pub fn knives(&self) -> Matrix {
        let mut values = self.lines.values.clone();
        // Further rivals of the same example differ by the same.
        for first in (0..self.examples).map(|example| self.rivals.of(example * self.bends.len())).filter(|all| all.len() > 1) {
            for a in first.clone() {
                for b in a + 1..first.end {
                    values.extend(self.lines.row(a).iter().zip(self.lines.row(b)).map(|(x, y)| x - y));
                }
            }
        }
        Matrix::new(values.len() / self.lines.columns.max(1), self.lines.columns, values)
    }
}
