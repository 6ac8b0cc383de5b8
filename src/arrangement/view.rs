//! A cell as the walk shows it: borrowed, and translated to the rows of the matrix only where somebody asks.

use super::Pattern;
use super::cone::Cone;
use super::lines::Lines;
use super::slots::Slots;
use super::walk::Sink;

/// One cell, while it is visited.
#[derive(Debug)]
pub struct CellView<'a> {
    pub(super) lines: &'a Lines,
    /// One bit per line; the view is of the opposite cell if `mirrored`.
    pub(super) signs: &'a [u64],
    pub(super) mirrored: bool,
    /// The lines of the facets.
    pub(super) walls: &'a [u32],
    /// The extreme rays in kept coordinates of the cell that is not mirrored, one after the other.
    pub(super) points: &'a [f64],
}

impl CellView<'_> {
    /// Whether `line` is positive here.
    fn line(&self, line: u32) -> bool {
        (self.signs[line as usize / 64] >> (line % 64) & 1 == 1) != self.mirrored
    }

    /// Bit `row` of the pattern: 1 where x_row·w >= 0.
    pub fn bit(&self, row: usize) -> bool {
        self.lines.places[row].is_none_or(|place| self.line(place.line) != place.opposite)
    }

    pub fn pattern(&self) -> Pattern {
        if !self.lines.plain {
            return Pattern::from_fn(self.lines.rows(), |row| self.bit(row));
        }
        let flip = if self.mirrored { !0 } else { 0 };
        Pattern::from_words(self.lines.rows(), self.signs.iter().map(|w| w ^ flip).collect())
    }

    /// The rows whose inequalities bound the cell, one per facet, in ascending order.
    pub fn facets(&self) -> Vec<u32> {
        let mut rows: Vec<u32> = self.walls.iter().map(|&line| self.lines.first[line as usize]).collect();
        rows.sort_unstable();
        rows
    }

    /// How many facets the cell has.
    pub fn facet_count(&self) -> usize {
        self.walls.len()
    }

    /// How many extreme rays span the cell (in the row space, where the cell is pointed).
    pub fn ray_count(&self) -> usize {
        self.points.len() / self.lines.rank().max(1)
    }

    /// Extreme ray `i` as a weight vector of length d, rounded.
    pub fn ray(&self, i: usize) -> Vec<f64> {
        let rank = self.lines.rank();
        let sign = if self.mirrored { -1.0 } else { 1.0 };
        let point: Vec<f64> = self.points[i * rank..(i + 1) * rank].iter().map(|v| v * sign).collect();
        self.lines.lift(&point)
    }

    /// A weight vector in the interior, and whether that is proved: a cell may be too thin to hold one made of doubles.
    pub fn witness(&self) -> (Vec<f64>, bool) {
        super::witness::find(self)
    }

    /// The walls with the sign that a weight vector of the unmirrored cell has on them.
    pub(super) fn sides(&self) -> impl Iterator<Item = (u32, i8)> + '_ {
        self.walls.iter().map(|&line| (line, if self.line(line) != self.mirrored { 1 } else { -1 }))
    }
}

/// Shows every cell, and its opposite, to `step`.
pub(super) struct Show<'a, T, F> {
    pub lines: &'a Lines,
    pub state: T,
    pub step: &'a F,
    pub walls: Vec<u32>,
    pub points: Vec<f64>,
}

impl<'a, T, F: Fn(&mut T, &CellView<'_>)> Show<'a, T, F> {
    pub fn new(lines: &'a Lines, state: T, step: &'a F) -> Self {
        Show { lines, state, step, walls: Vec::new(), points: Vec::new() }
    }

    pub fn both(&mut self, signs: &[u64]) {
        for mirrored in [false, true] {
            let view = CellView { lines: self.lines, signs, mirrored, walls: &self.walls, points: &self.points };
            (self.step)(&mut self.state, &view);
        }
    }
}

impl<const R: usize, T: Send, F: Fn(&mut T, &CellView<'_>) + Sync> Sink<R> for Show<'_, T, F> {
    const WHOLE: bool = true;

    fn cell<S: Slots>(&mut self, signs: &[u64], cone: &Cone<R, S>) {
        let rank = self.lines.rank();
        self.points.clear();
        cone.rays.iter().for_each(|ray| self.points.extend_from_slice(&ray.point.at[..rank]));
        self.walls.clear();
        let walls = &mut self.walls;
        cone.live.each(|slot| walls.push(cone.facets[slot]));
        self.both(signs);
    }
}

/// Counts the cells of a half space.
pub(super) struct Count(pub u64);

impl<const R: usize> Sink<R> for Count {
    const WHOLE: bool = false;

    fn cell<S: Slots>(&mut self, _: &[u64], _: &Cone<R, S>) {
        self.0 += 1;
    }

    fn pair(&mut self) {
        self.0 += 2;
    }
}
