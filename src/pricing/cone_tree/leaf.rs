//! The best leaf of a cone: slopes τ in [0,1] of the concave lines and multipliers λ >= 0 that make
//! ```text
//!   c = c_0 - Σ |k_p| τ_p ℓ_p + Σ λ_k d_k
//! ```
//! shortest, d_k being the dual basis of the generators and c_0 the vector that reaches the convex part at every generator.
//!
//! Least squares in a box, by an active set (Stark and Parker 1995).  At the optimum c is also the maximiser of the relaxation.

use super::cone::{Cone, Floats};
use super::{dot, length};
use crate::certificate::{SLOPE_BITS, Writer};

/// Steps of the active set; a leaf that needs more is left as good as it is.
const STEPS: usize = 80;
/// Passes of coordinate descent before it.
const SWEEPS: usize = 2;
/// What rounding may cost, relative to the limit.
const ROOM: f64 = 1e-11;

/// A vector that bounds G on a cone, exact as it will be written.
pub struct Leaf {
    /// At least the length of c: G(θ) <= bound |θ| on the cone.
    pub bound: f64,
    /// Where the relaxation is largest.
    pub maximiser: Vec<f64>,
    /// c in units of 2^unit.
    c: Vec<i64>,
    /// τ in units of 2^-SLOPE_BITS, one for each straddling concave line.
    slopes: Vec<u32>,
}

impl Leaf {
    /// The leaf of `cone`, from the slopes that are right at `start`, and the maximiser.
    ///
    /// Ends early once the bound is surely below `target` or surely not.
    pub fn solve(floats: &Floats, cone: &Cone, start: &[f64], target: f64) -> (Leaf, Vec<f64>) {
        let (directions, sizes) = cone.directions();
        let Some(dual) = inverse(&directions) else { return (Leaf::hopeless(cone), cone.middle()) };
        let reach = convex_part(floats, cone, &directions, &sizes);
        let mut search = BoxSearch::new(floats, cone, &dual, &reach, start);
        let point = search.run(floats, cone, &directions, &dual, &reach, &sizes, target);
        let leaf = Leaf::written(floats, cone, &search, &directions, &reach, &sizes, &point);
        (leaf, point)
    }

    fn hopeless(cone: &Cone) -> Leaf {
        Leaf { bound: f64::INFINITY, maximiser: cone.middle(), c: Vec::new(), slopes: Vec::new() }
    }

    /// Rounds the slopes, then shifts c along the middle of the cone until it reaches every generator.
    fn written(
        floats: &Floats,
        cone: &Cone,
        search: &BoxSearch,
        directions: &[Vec<f64>],
        reach: &[f64],
        sizes: &[f64],
        point: &[f64],
    ) -> Leaf {
        let whole = f64::from(1 << SLOPE_BITS);
        let slopes: Vec<u32> = search.x[..search.lines.len()].iter().map(|tau| (tau * whole).round() as u32).collect();
        let mut heights = reach.to_vec();
        for (&position, &tau) in search.lines.iter().zip(&slopes) {
            // As the checker reads it: rounding here would cost more than the room below allows.
            let slope = -((-floats.exact[cone.lines[position] as usize] * i128::from(tau)) >> SLOPE_BITS) as f64;
            heights.iter_mut().zip(cone.at(position)).zip(sizes).for_each(|((h, v), size)| *h += slope * (*v as f64 / size));
        }
        let middle = cone.middle();
        let unit = libm::scalbn(1.0, floats.unit as i32);
        let room = ROOM * floats.limit + 2.0 * unit * (cone.rank() as f64);
        let short = |c: &[f64]| {
            let missing = directions.iter().zip(&heights).map(|(g, h)| (h + room - dot(g, c)) / dot(g, &middle));
            missing.fold(0.0, f64::max)
        };
        let lack = short(&search.rest);
        let c: Vec<f64> = search.rest.iter().zip(&middle).map(|(c, m)| c + lack * m).collect();
        let integers: Vec<i64> = c.iter().map(|c| (c / unit).round() as i64).collect();
        let bound = unit * integers.iter().map(|c| *c as f64 * *c as f64).sum::<f64>().sqrt() * (1.0 + 1e-13);
        let usable = bound.is_finite() && lack.is_finite();
        Leaf { bound: if usable { bound } else { f64::INFINITY }, maximiser: point.to_vec(), c: integers, slopes }
    }

    pub fn write(&self, writer: &mut Writer) {
        writer.natural(0);
        self.c.iter().for_each(|c| writer.integer((*c).into()));
        self.slopes.iter().for_each(|tau| writer.natural((*tau).into()));
    }
}

/// g·ĝ_k + Σ_{k > 0} k max(ℓ·ĝ_k, 0) at every unit generator.
fn convex_part(floats: &Floats, cone: &Cone, directions: &[Vec<f64>], sizes: &[f64]) -> Vec<f64> {
    let mut reach: Vec<f64> = directions.iter().map(|g| dot(g, &cone.slope)).collect();
    for (position, &line) in cone.lines.iter().enumerate() {
        let kink = floats.kinks[line as usize];
        if kink > 0.0 {
            let values = cone.at(position).iter().zip(sizes);
            reach.iter_mut().zip(values).for_each(|(h, (v, size))| *h += kink * (*v as f64 / size).max(0.0));
        }
    }
    reach
}

/// The least-squares problem: first one variable per concave line, then one per generator.
struct BoxSearch {
    rank: usize,
    /// Positions of the concave lines in the cone's list.
    lines: Vec<usize>,
    /// Columns one after the other.
    columns: Vec<f64>,
    lengths: Vec<f64>,
    x: Vec<f64>,
    /// The residual c.
    rest: Vec<f64>,
    free: Vec<usize>,
}

impl BoxSearch {
    fn new(floats: &Floats, cone: &Cone, dual: &[Vec<f64>], reach: &[f64], start: &[f64]) -> Self {
        let rank = cone.rank();
        let lines: Vec<usize> = (0..cone.lines.len()).filter(|&p| floats.kinks[cone.lines[p] as usize] < 0.0).collect();
        let mut columns = Vec::with_capacity((lines.len() + rank) * rank);
        let mut x = Vec::with_capacity(lines.len() + rank);
        for line in lines.iter().map(|&p| cone.lines[p] as usize) {
            columns.extend(floats.lines[line].iter().map(|v| floats.kinks[line] * v));
            x.push(if dot(&floats.lines[line], start) > 0.0 { 1.0 } else { 0.0 });
        }
        dual.iter().for_each(|d| columns.extend(d));
        x.resize(lines.len() + rank, 0.0);
        let lengths = columns.chunks_exact(rank).map(length).collect();
        let mut rest = vec![0.0; rank];
        dual.iter().zip(reach).for_each(|(d, h)| rest.iter_mut().zip(d).for_each(|(c, d)| *c += h * d));
        let mut search = BoxSearch { rank, lines, columns, lengths, x, rest, free: Vec::new() };
        (0..search.lines.len()).for_each(|j| search.shift(j, search.x[j]));
        search
    }

    fn column(&self, j: usize) -> &[f64] {
        &self.columns[j * self.rank..(j + 1) * self.rank]
    }

    fn upper(&self, j: usize) -> f64 {
        if j < self.lines.len() { 1.0 } else { f64::INFINITY }
    }

    /// rest += amount · column j.
    fn shift(&mut self, j: usize, amount: f64) {
        if amount != 0.0 {
            let column = &self.columns[j * self.rank..(j + 1) * self.rank];
            self.rest.iter_mut().zip(column).for_each(|(c, a)| *c += amount * a);
        }
    }

    /// Shortens c until the leaf is decided; returns the point of the cone where the relaxation is largest, as far as known.
    #[allow(clippy::too_many_arguments)]
    fn run(
        &mut self,
        floats: &Floats,
        cone: &Cone,
        directions: &[Vec<f64>],
        dual: &[Vec<f64>],
        reach: &[f64],
        sizes: &[f64],
        target: f64,
    ) -> Vec<f64> {
        (0..SWEEPS).for_each(|_| self.sweep());
        let mut point = self.inside(directions, dual);
        for _ in 0..STEPS {
            point = self.inside(directions, dual);
            let short = length(&self.rest) <= target * (1.0 - 1e-8);
            if short || self.relaxation(floats, cone, dual, reach, sizes, &point) > target * length(&point) {
                break;
            }
            let Some(entering) = self.most_violated() else { break };
            self.free.push(entering);
            if !self.settle() {
                break;
            }
        }
        point
    }

    /// One pass of coordinate descent over the slopes.
    fn sweep(&mut self) {
        for j in 0..self.lines.len() {
            let square = self.lengths[j] * self.lengths[j];
            if square > 0.0 {
                let next = (self.x[j] - dot(self.column(j), &self.rest) / square).clamp(0.0, 1.0);
                let step = next - self.x[j];
                self.x[j] = next;
                self.shift(j, step);
            }
        }
    }

    /// The point of the cone that c stands for.
    fn inside(&self, directions: &[Vec<f64>], dual: &[Vec<f64>]) -> Vec<f64> {
        let mut sum = vec![0.0; self.rank];
        let mut any = false;
        for (direction, dual) in directions.iter().zip(dual) {
            let weight = dot(dual, &self.rest);
            any |= weight > 0.0;
            sum.iter_mut().zip(direction).for_each(|(s, x)| *s += weight.max(0.0) * x);
        }
        if !any {
            directions.iter().for_each(|g| sum.iter_mut().zip(g).for_each(|(s, x)| *s += x));
        }
        sum
    }

    /// The relaxation at a point: convex lines by their chords, concave ones as they are.
    fn relaxation(&self, floats: &Floats, cone: &Cone, dual: &[Vec<f64>], reach: &[f64], sizes: &[f64], point: &[f64]) -> f64 {
        let weights: Vec<f64> = dual.iter().map(|d| dot(d, point)).collect();
        let mut sum = dot(&weights, reach);
        for &position in &self.lines {
            let value: f64 = cone.at(position).iter().zip(sizes).zip(&weights).map(|((v, size), w)| *v as f64 / size * w).sum();
            sum += floats.kinks[cone.lines[position] as usize] * value.max(0.0);
        }
        sum
    }

    /// The variable outside the free set whose move shortens c fastest.
    fn most_violated(&self) -> Option<usize> {
        let tolerance = 1e-11 * length(&self.rest);
        let mut best = (tolerance, None);
        for j in (0..self.x.len()).filter(|j| self.lengths[*j] > 0.0) {
            let slope = dot(self.column(j), &self.rest) / self.lengths[j];
            let movable = if slope < 0.0 { self.x[j] < self.upper(j) } else { self.x[j] > 0.0 };
            if movable && slope.abs() > best.0 && !self.free.contains(&j) {
                best = (slope.abs(), Some(j));
            }
        }
        best.1
    }

    /// Least squares over the free set, letting go of variables that meet their bounds; false if nothing moved.
    fn settle(&mut self) -> bool {
        let before = dot(&self.rest, &self.rest);
        for _ in 0..2 * self.rank + 4 {
            let Some(move_by) = self.least_squares() else {
                self.free.pop();
                return false;
            };
            let mut step = 1.0;
            let mut blocking = None;
            for (at, (&j, d)) in self.free.iter().zip(&move_by).enumerate() {
                let room = if *d < 0.0 { self.x[j] / -d } else { (self.upper(j) - self.x[j]) / d };
                if *d != 0.0 && room < step {
                    (step, blocking) = (room.max(0.0), Some(at));
                }
            }
            for (at, d) in move_by.iter().enumerate() {
                let j = self.free[at];
                self.x[j] = (self.x[j] + step * d).clamp(0.0, self.upper(j));
                self.shift(j, step * d);
            }
            let Some(at) = blocking else { break };
            let j = self.free.remove(at);
            let bound = if move_by[at] < 0.0 { 0.0 } else { self.upper(j) };
            self.shift(j, bound - self.x[j]);
            self.x[j] = bound;
        }
        dot(&self.rest, &self.rest) < before * (1.0 - 1e-14)
    }

    /// The move of the free variables that shortens c most, by Gram-Schmidt; `None` if their columns are dependent.
    fn least_squares(&self) -> Option<Vec<f64>> {
        let count = self.free.len();
        if count > self.rank {
            return None;
        }
        let (mut q, mut r) = (Vec::<Vec<f64>>::with_capacity(count), vec![0.0; count * count]);
        for (at, &j) in self.free.iter().enumerate() {
            let mut rest: Vec<f64> = self.column(j).to_vec();
            for _ in 0..2 {
                for (k, known) in q.iter().enumerate() {
                    let along = dot(known, &rest);
                    r[k * count + at] += along;
                    rest.iter_mut().zip(known).for_each(|(x, q)| *x -= along * q);
                }
            }
            let size = length(&rest);
            if size <= 1e-12 * self.lengths[j] {
                return None;
            }
            r[at * count + at] = size;
            q.push(rest.iter().map(|x| x / size).collect());
        }
        let mut move_by: Vec<f64> = q.iter().map(|q| -dot(q, &self.rest)).collect();
        for at in (0..count).rev() {
            move_by[at] /= r[at * count + at];
            for above in 0..at {
                move_by[above] -= r[above * count + at] * move_by[at];
            }
        }
        Some(move_by)
    }
}

/// The dual basis d_k·g_j = δ_kj, by Gauss and Jordan with pivots; `None` if the generators are as good as dependent.
pub fn inverse(generators: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = generators.len();
    let mut rows: Vec<Vec<f64>> = generators.to_vec();
    rows.iter_mut().enumerate().for_each(|(k, row)| row.extend((0..n).map(|j| f64::from(u8::from(j == k)))));
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        let scale = rows[column][column];
        if scale.abs() < 1e-13 {
            return None;
        }
        rows[column].iter_mut().for_each(|x| *x /= scale);
        let settled = rows[column].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(k, _)| *k != column) {
            let factor = row[column];
            row.iter_mut().zip(&settled).for_each(|(x, s)| *x -= factor * s);
        }
    }
    // Row j of the right half is e_j of the inverse; its columns are the dual basis.
    Some((0..n).map(|k| (0..n).map(|j| rows[j][n + k]).collect()).collect())
}
