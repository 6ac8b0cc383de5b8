//! The best leaf of a cone: slopes τ in [0,1] of the concave lines, for rivals such of sum 1, and multipliers λ >= 0 that make
//! ```text
//!   c = c_0 + Σ τ_p a_p + Σ λ_k d_k
//! ```
//! least in ρ°, d_k being the dual basis of the generators and c_0 the vector that reaches the convex part at every generator.
//!
//! Where ρ is a length this is least squares in a box, by an active set (Stark and Parker 1995), and at the optimum c is also the
//! maximiser of the relaxation.  Any other ρ is for the interior-point method.

mod terms;

use super::cone::{Cone, Floats};
use super::rivals::{Rival, by_term, largest};
use super::{barrier, dot, length};
use terms::Term;

/// Steps of the active set; a leaf that needs more is left as good as it is.
const STEPS: usize = 80;
/// Passes of coordinate descent before it.
const SWEEPS: usize = 2;

/// The least-squares problem of one cone: first one variable per concave line, then one per generator, then one for every rival of a
/// concave term.
///
/// It is made once and used for many cones.
pub struct Search<const R: usize> {
    /// How many lines there are.
    lines: usize,
    columns: Vec<[f64; R]>,
    inverse_squares: Vec<f64>,
    pub x: Vec<f64>,
    /// The best c so far.
    pub c: [f64; R],
    free: Vec<usize>,
    /// The variables of every term's rivals.
    terms: Vec<Term>,
}

impl<const R: usize> Default for Search<R> {
    fn default() -> Self {
        Search {
            lines: 0,
            columns: Vec::new(),
            inverse_squares: Vec::new(),
            x: Vec::new(),
            c: [0.0; R],
            free: Vec::new(),
            terms: Vec::new(),
        }
    }
}

impl<const R: usize> Search<R> {
    /// Shortens c, from the slopes that are right at `start`, until it is surely below `target` or surely not.
    ///
    /// Returns the point of the cone where the relaxation is largest, as far as known.
    pub fn run(&mut self, floats: &Floats<R>, cone: &Cone<R>, start: &[f64; R], target: f64) -> [f64; R] {
        let Some(dual) = &cone.dual else {
            (self.c, self.lines) = ([0.0; R], cone.concave.len());
            self.x.clear();
            self.x.resize(self.lines + R + cone.hollows.len(), 0.0);
            return cone.middle();
        };
        let measure = &floats.measure;
        self.lines = cone.concave.len();
        self.x.clear();
        if !measure.euclidean() {
            self.x.resize(self.lines + R + cone.hollows.len(), 0.0);
            let (lines, rivals) = self.x.split_at_mut(self.lines + R);
            let found = barrier::bound(floats, cone, target, &mut lines[..self.lines], rivals);
            self.c = found.c;
            return found.point;
        }
        self.x.extend(cone.concave.iter().map(|bent| if dot(&floats.lines[bent.line as usize], start) < 0.0 { 1.0 } else { 0.0 }));
        self.x.resize(self.lines + R, 0.0);
        self.terms.clear();
        if !cone.hollows.is_empty() {
            self.begin_terms(floats, cone, start);
        }
        self.begin(floats, cone, dual);
        self.minimise(cone, dual, target);
        self.inside(cone, dual).0
    }

    /// Least squares, until c is short enough or the relaxation proves that it cannot be.
    fn minimise(&mut self, cone: &Cone<R>, dual: &[[f64; R]; R], target: f64) {
        (0..SWEEPS).for_each(|_| self.sweep());
        for _ in 0..STEPS {
            let (point, relaxation) = self.inside(cone, dual);
            if length(&self.c) <= target * (1.0 - 1e-8) || relaxation > target * length(&point) {
                break;
            }
            let Some(entering) = self.most_violated() else { break };
            self.free.push(entering);
            if !self.settle() {
                break;
            }
        }
    }

    /// Columns and c for the x at hand.
    fn begin(&mut self, floats: &Floats<R>, cone: &Cone<R>, dual: &[[f64; R]; R]) {
        self.free.clear();
        self.columns.clear();
        self.inverse_squares.clear();
        self.c = [0.0; R];
        for (d, height) in dual.iter().zip(&cone.reach) {
            shift(&mut self.c, d, *height);
        }
        let lines = cone.concave.iter().map(|bent| &floats.lines[bent.line as usize]);
        let rivals = cone.hollows.iter().map(|rival| &floats.terms.lines[rival.line as usize]);
        for (column, x) in lines.chain(dual).chain(rivals).zip(&self.x) {
            shift(&mut self.c, column, *x);
            self.columns.push(*column);
        }
        self.inverse_squares.extend(cone.concave.iter().map(|bent| floats.inverse_squares[bent.line as usize]));
        self.inverse_squares.extend(dual.iter().map(|d| 1.0 / dot(d, d).max(f64::MIN_POSITIVE)));
        self.begin_columns();
    }

    fn upper(&self, j: usize) -> f64 {
        if j < self.lines { 1.0 } else { f64::INFINITY }
    }

    /// One pass of coordinate descent over the slopes.
    fn sweep(&mut self) {
        for j in 0..self.lines {
            let column = &self.columns[j];
            let next = (self.x[j] - dot(column, &self.c) * self.inverse_squares[j]).clamp(0.0, 1.0);
            let step = next - self.x[j];
            if step != 0.0 {
                self.x[j] = next;
                shift(&mut self.c, column, step);
            }
        }
        (0..self.terms.len()).for_each(|term| self.sweep_term(term));
    }

    /// The point of the cone that c stands for, and the relaxation there: convex lines by their chords, concave ones as they are.
    fn inside(&self, cone: &Cone<R>, dual: &[[f64; R]; R]) -> ([f64; R], f64) {
        let mut weights = dual.map(|d| dot(&d, &self.c).max(0.0));
        if weights.iter().all(|w| *w <= 0.0) {
            weights = [1.0; R];
        }
        let point = cone.combination(&weights);
        let bent: f64 = self.columns[..self.lines].iter().map(|column| dot(column, &point).min(0.0)).sum();
        let lowest = |rivals: &[Rival<R>]| largest(false, rivals.iter().map(|rival| dot(&rival.at, &weights)));
        let hollow: f64 = by_term(&cone.hollows).map(lowest).sum();
        (point, dot(&weights, &cone.reach) + bent + hollow)
    }

    /// The variable outside the free set whose move shortens c fastest.
    fn most_violated(&self) -> Option<usize> {
        let mut best = (1e-22 * dot(&self.c, &self.c), None);
        for (j, column) in self.columns.iter().enumerate() {
            let slope = dot(column, &self.c);
            let movable = if slope < 0.0 { self.x[j] < self.upper(j) } else { self.x[j] > 0.0 };
            let gain = slope * slope * self.inverse_squares[j];
            if movable && gain > best.0 && !self.free.contains(&j) {
                best = (gain, Some(j));
            }
        }
        best.1
    }

    /// Least squares over the free set, letting go of variables that meet their bounds; false if nothing moved.
    fn settle(&mut self) -> bool {
        let before = dot(&self.c, &self.c);
        for _ in 0..2 * R + 4 {
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
            let base = self.blocked(&move_by, &mut step);
            for (&j, d) in self.free.iter().zip(&move_by) {
                self.x[j] = (self.x[j] + step * d).clamp(0.0, if j < self.lines { 1.0 } else { f64::INFINITY });
                shift(&mut self.c, &self.columns[j], step * d);
            }
            self.terms_moved();
            if let Some(term) = base {
                self.change_base(term);
                continue;
            }
            let Some(at) = blocking else { break };
            let j = self.free.remove(at);
            let bound = if move_by[at] < 0.0 { 0.0 } else { self.upper(j) };
            shift(&mut self.c, &self.columns[j], bound - self.x[j]);
            self.x[j] = bound;
            self.terms_moved();
        }
        dot(&self.c, &self.c) < before * (1.0 - 1e-14)
    }

    /// The move of the free variables that shortens c most, by Gram-Schmidt; `None` if their columns are dependent.
    fn least_squares(&self) -> Option<[f64; R]> {
        let count = self.free.len();
        if count > R {
            return None;
        }
        let (mut q, mut r, mut move_by) = ([[0.0; R]; R], [[0.0; R]; R], [0.0; R]);
        for (at, &j) in self.free.iter().enumerate() {
            let mut rest = self.columns[j];
            for _ in 0..2 {
                for k in 0..at {
                    let along = dot(&q[k], &rest);
                    r[k][at] += along;
                    shift(&mut rest, &q[k], -along);
                }
            }
            let square = dot(&rest, &rest);
            if square * self.inverse_squares[j] <= 1e-24 {
                return None;
            }
            let size = square.sqrt();
            r[at][at] = size;
            q[at] = rest.map(|x| x / size);
            move_by[at] = -dot(&q[at], &self.c);
        }
        for at in (0..count).rev() {
            move_by[at] /= r[at][at];
            for above in 0..at {
                move_by[above] -= r[above][at] * move_by[at];
            }
        }
        Some(move_by)
    }
}

/// sum += amount · column.
fn shift<const R: usize>(sum: &mut [f64; R], column: &[f64; R], amount: f64) {
    sum.iter_mut().zip(column).for_each(|(c, a)| *c += amount * a);
}
