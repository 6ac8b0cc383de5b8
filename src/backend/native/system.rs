//! The linear system of an interior-point step, solved part by part:
//! ```text
//!   K dx - E'dy = g,    E dx = h,    K_p = Q_p + A_p'W⁻²A_p
//! ```
//! Inside a part the columns that meet no other are eliminated first.  Narrow parts then give each row a number θ, and what is
//! left is either N x N, S + M'Θ⁻¹M over the wide parts' columns, or n x n, Θ + M S⁻¹ M' over the rows, whichever is smaller.

use super::cone::{Scaling, dot};
use super::parts::{Part, Parts};
use crate::backend::dense::{Cholesky, gram};
use nalgebra::{DMatrix, DVector};

/// The share of its largest diagonal entry that is added to the core, so that columns that do nothing do no harm.
const NUDGE: f64 = 1e-14;
/// Pivots inside a part are at least this share of the diagonal entry that they began as.
const LEAST_PIVOT: f64 = 1e-15;
/// Up to so many columns the core is over columns, which bears worse numbers.
const FEW_COLUMNS: usize = 500;
/// Steps of iterative refinement.
const REFINEMENTS: usize = 2;

/// The scalings of every cone of every part, in the order of [`Parts::all`].
pub type Scalings = Vec<Vec<Scaling>>;

pub struct System<'a> {
    parts: &'a Parts,
    scalings: &'a Scalings,
    /// Partial Cholesky factors: of every narrow part, then of every wide one.
    factors: Vec<Vec<f64>>,
    theta: Vec<f64>,
    core: Core,
}

enum Core {
    Columns(Cholesky),
    Rows { core: Cholesky, straight: Option<Border> },
}

/// Columns that nothing bends, beside a core of rows: F, C⁻¹F and the factor of F'C⁻¹F.
struct Border {
    columns: DMatrix<f64>,
    solved: DMatrix<f64>,
    corner: Cholesky,
}

impl<'a> System<'a> {
    /// Factors the system; `None` if rounding has destroyed it.
    pub fn new(parts: &'a Parts, scalings: &'a Scalings) -> Option<System<'a>> {
        let mut theta = vec![0.0; parts.rows.len()];
        let mut factors = Vec::with_capacity(scalings.len());
        for (narrow, scaling) in parts.narrow.iter().zip(scalings) {
            let k = reduced(&narrow.part, scaling)?;
            let left = k[k.len() - 1];
            if left.is_nan() || left <= 0.0 {
                return None;
            }
            theta[narrow.row] += narrow.coefficient * narrow.coefficient / left;
            factors.push(k);
        }
        for (part, scaling) in parts.wide.iter().zip(&scalings[parts.narrow.len()..]) {
            factors.push(reduced(part, scaling)?);
        }
        let mut system = System { parts, scalings, factors, theta, core: Core::Columns(Cholesky::new(DMatrix::zeros(0, 0))?) };
        system.core =
            if parts.coupling.ncols() <= parts.rows.len().max(FEW_COLUMNS) { system.over_columns()? } else { system.over_rows()? };
        Some(system)
    }

    /// The factors of wide parts.
    fn wide(&self) -> impl Iterator<Item = (&Part, &Vec<f64>)> {
        self.parts.wide.iter().zip(&self.factors[self.parts.narrow.len()..])
    }

    fn over_columns(&self) -> Option<Core> {
        let mut scaled = self.parts.coupling.clone();
        let roots = DVector::from_iterator(self.theta.len(), self.theta.iter().map(|theta| 1.0 / theta.sqrt()));
        scaled.column_iter_mut().for_each(|mut column| column.component_mul_assign(&roots));
        let mut core = gram(&scaled);
        let nudge = NUDGE * core.diagonal().iter().copied().fold(0.0, f64::max);
        let mut first = 0;
        for (part, factor) in self.wide() {
            let (width, local) = (part.width(), part.local);
            for i in local..width {
                (local..=i).for_each(|j| core[(first + i - local, first + j - local)] += factor[i * width + j]);
                core[(first + i - local, first + i - local)] += nudge;
            }
            first += width - local;
        }
        Some(Core::Columns(Cholesky::new(core)?))
    }

    fn over_rows(&mut self) -> Option<Core> {
        // M S^-½ of the bent parts: S = R R', columns of M R⁻'.
        let mut halves = self.parts.coupling.columns(0, self.parts.bent).transpose();
        let mut first = 0;
        let narrow = self.parts.narrow.len();
        for (part, factor) in self.parts.wide.iter().zip(&mut self.factors[narrow..]) {
            let (width, local) = (part.width(), part.local);
            if first >= self.parts.bent {
                break;
            }
            steps(factor, width, local..width)?;
            let size = width - local;
            let root = DMatrix::from_fn(size, size, |i, j| if j <= i { factor[(i + local) * width + j + local] } else { 0.0 });
            root.solve_lower_triangular_mut(&mut halves.rows_mut(first, size)).then_some(())?;
            first += size;
        }
        let mut core = gram(&halves);
        self.theta.iter().enumerate().for_each(|(i, theta)| core[(i, i)] += theta);
        let core = Cholesky::new(core)?;
        let straight = self.parts.coupling.ncols() - self.parts.bent;
        if straight == 0 {
            return Some(Core::Rows { core, straight: None });
        }
        let columns = self.parts.coupling.columns(self.parts.bent, straight).clone_owned();
        let mut solved = columns.clone();
        core.solve_all(&mut solved);
        let mut corner = columns.transpose() * &solved;
        let nudge = NUDGE * corner.diagonal().iter().copied().fold(0.0, f64::max);
        (0..straight).for_each(|i| corner[(i, i)] += nudge);
        let corner = Cholesky::new(corner)?;
        Some(Core::Rows { core, straight: Some(Border { columns, solved, corner }) })
    }

    /// (dx, dy) for right-hand sides g (columns of the program) and h (n).
    pub fn solve(&self, g: &[f64], h: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut dx, mut dy) = self.solve_once(g, h);
        for _ in 0..REFINEMENTS {
            let (kx, ex) = (self.bend(&dx, &dy), self.meet(&dx));
            let g: Vec<f64> = g.iter().zip(&kx).map(|(g, k)| g - k).collect();
            let h: Vec<f64> = h.iter().zip(&ex).map(|(h, e)| h - e).collect();
            let (x, y) = self.solve_once(&g, &h);
            dx.iter_mut().zip(&x).for_each(|(d, x)| *d += x);
            dy.iter_mut().zip(&y).for_each(|(d, y)| *d += y);
        }
        (dx, dy)
    }

    fn solve_once(&self, g: &[f64], h: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut dx = g.to_vec();
        for (part, factor) in self.parts.all().zip(&self.factors) {
            forwards(factor, part.width(), part.local, &mut dx[part.columns.clone()]);
        }
        // h minus what narrow parts do on their own.
        let mut rest = DVector::from_column_slice(h);
        for (narrow, factor) in self.parts.narrow.iter().zip(&self.factors) {
            rest[narrow.row] -= narrow.coefficient * dx[narrow.part.columns.end - 1] / factor[factor.len() - 1];
        }
        let meeting = self.parts.wide.iter().flat_map(Part::meeting).map(|column| dx[column]);
        let (x, dy) = self.solve_core(DVector::from_iterator(self.parts.coupling.ncols(), meeting), rest);
        for (narrow, factor) in self.parts.narrow.iter().zip(&self.factors) {
            let of = &mut dx[narrow.part.columns.end - 1];
            *of = (*of + narrow.coefficient * dy[narrow.row]) / factor[factor.len() - 1];
        }
        self.parts.wide.iter().flat_map(Part::meeting).zip(x.iter()).for_each(|(column, x)| dx[column] = *x);
        for (part, factor) in self.parts.all().zip(&self.factors) {
            backwards(factor, part.width(), part.local, &mut dx[part.columns.clone()]);
        }
        (dx, dy.as_slice().to_vec())
    }

    /// S x - M'dy = g, M x + Θ dy = h.
    fn solve_core(&self, mut g: DVector<f64>, mut h: DVector<f64>) -> (DVector<f64>, DVector<f64>) {
        let coupling = &self.parts.coupling;
        let theta = DVector::from_column_slice(&self.theta);
        match &self.core {
            Core::Columns(core) => {
                h.component_div_assign(&theta);
                g.gemv_tr(1.0, coupling, &h, 1.0);
                core.solve(&mut g);
                let dy = h - (coupling * &g).component_div(&theta);
                (g, dy)
            }
            Core::Rows { core, straight } => {
                let bent = self.parts.bent;
                let mut x = g.clone();
                self.unbend(&mut x);
                let mut dy = h - coupling.columns(0, bent) * x.rows(0, bent);
                core.solve(&mut dy);
                if let Some(border) = straight {
                    let mut free = g.rows(bent, g.len() - bent).clone_owned() + border.columns.tr_mul(&dy);
                    border.corner.solve(&mut free);
                    dy -= &border.solved * &free;
                    x.rows_mut(bent, free.len()).copy_from(&free);
                }
                let mut moved = g;
                moved.rows_mut(0, bent).gemv_tr(1.0, &coupling.columns(0, bent), &dy, 1.0);
                self.unbend(&mut moved);
                x.rows_mut(0, bent).copy_from(&moved.rows(0, bent));
                (x, dy)
            }
        }
    }

    /// S⁻¹ x of the bent parts, in place.
    fn unbend(&self, x: &mut DVector<f64>) {
        let mut first = 0;
        for (part, factor) in self.wide() {
            let (width, local) = (part.width(), part.local);
            if first >= self.parts.bent {
                break;
            }
            let x = &mut x.as_mut_slice()[first..first + width - local];
            for i in 0..x.len() {
                let row = &factor[(i + local) * width + local..];
                x[i] = (x[i] - (0..i).map(|j| row[j] * x[j]).sum::<f64>()) / row[i];
            }
            for i in (0..x.len()).rev() {
                x[i] /= factor[(i + local) * width + local + i];
                let row = &factor[(i + local) * width + local..];
                (0..i).for_each(|j| x[j] -= row[j] * x[i]);
            }
            first += width - local;
        }
    }

    /// K x - E'y.
    fn bend(&self, x: &[f64], y: &[f64]) -> Vec<f64> {
        let mut out = pull(self.parts, y, x.len());
        out.iter_mut().for_each(|o| *o = -*o);
        for (part, scalings) in self.parts.all().zip(self.scalings) {
            add_quadratic(part, x, &mut out);
            for (piece, scaling) in part.pieces.iter().zip(scalings) {
                let mut reach = vec![0.0; piece.rows.len()];
                let mut scaled = reach.clone();
                times(&piece.matrix, &x[part.columns.clone()], &mut reach);
                scaling.undo(&reach, &mut scaled);
                scaling.undo(&scaled, &mut reach);
                add_transposed(&piece.matrix, &reach, &mut out[part.columns.clone()]);
            }
        }
        out
    }

    /// E x.
    fn meet(&self, x: &[f64]) -> Vec<f64> {
        meet(self.parts, x)
    }
}

/// Σ_p E_p x_p.
pub fn meet(parts: &Parts, x: &[f64]) -> Vec<f64> {
    let columns = parts.wide.iter().flat_map(Part::meeting).map(|column| x[column]);
    let mut sum = &parts.coupling * DVector::from_iterator(parts.coupling.ncols(), columns);
    for narrow in &parts.narrow {
        sum[narrow.row] += narrow.coefficient * x[narrow.part.columns.end - 1];
    }
    sum.as_slice().to_vec()
}

/// E'y over the program's columns.
pub fn pull(parts: &Parts, y: &[f64], width: usize) -> Vec<f64> {
    let pulled = parts.coupling.tr_mul(&DVector::from_column_slice(y));
    let mut out = vec![0.0; width];
    let columns = parts.wide.iter().flat_map(Part::meeting);
    columns.zip(pulled.iter()).for_each(|(column, value)| out[column] = *value);
    for narrow in &parts.narrow {
        out[narrow.part.columns.end - 1] += narrow.coefficient * y[narrow.row];
    }
    out
}

/// out += Q x.
pub fn add_quadratic(part: &Part, x: &[f64], out: &mut [f64]) {
    let x = &x[part.columns.clone()];
    for (out, row) in out[part.columns.clone()].iter_mut().zip(part.quadratic.chunks_exact(x.len())) {
        *out += dot(row, x);
    }
}

/// A x.
pub fn times(matrix: &[f64], x: &[f64], out: &mut [f64]) {
    out.iter_mut().zip(matrix.chunks_exact(x.len())).for_each(|(out, row)| *out = dot(row, x));
}

/// out += A'z.
pub fn add_transposed(matrix: &[f64], z: &[f64], out: &mut [f64]) {
    for (z, row) in z.iter().zip(matrix.chunks_exact(out.len())) {
        out.iter_mut().zip(row).for_each(|(out, a)| *out += a * z);
    }
}

/// The lower triangle of K += a row row'.
pub fn add_square(k: &mut [f64], row: &[f64], a: f64) {
    let width = row.len();
    for (i, value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
        let factor = a * value;
        k[i * width..i * width + i + 1].iter_mut().zip(row).for_each(|(k, r)| *k += factor * r);
    }
}

/// The partial Cholesky factor of K_p = Q_p + A_p'W⁻²A_p: rows of L for local columns, and below them the Schur complement.
fn reduced(part: &Part, scalings: &[Scaling]) -> Option<Vec<f64>> {
    let width = part.width();
    let mut k = part.quadratic.clone();
    let mut eliminated = 0;
    for (at, (piece, scaling)) in part.pieces.iter().zip(scalings).enumerate() {
        match scaling {
            Scaling::Nonnegatives(w) => {
                piece.matrix.chunks_exact(width).zip(w).for_each(|(row, w)| add_square(&mut k, row, 1.0 / (w * w)));
            }
            Scaling::SecondOrder { eta, w, .. } => {
                // W⁻² = η⁻² (2 (Jw)(Jw)' - J)
                let mut q = vec![0.0; width];
                for (at, (row, w)) in piece.matrix.chunks_exact(width).zip(w).enumerate() {
                    let w = if at == 0 { *w } else { -w };
                    q.iter_mut().zip(row).for_each(|(q, a)| *q += w * a);
                }
                let factor = 1.0 / (eta * eta);
                k.iter_mut().zip(&piece.gram).for_each(|(k, g)| *k -= factor * g);
                match part.head {
                    Some((head, a)) if head == at => {
                        // Without t, by hand: w_0 grows without bound, and 2 q q' - 4 w_0² q q' / (2 w_0² - 1) would cancel.
                        let twice = 2.0 * w[0] * w[0] - 1.0;
                        let root = (factor * twice).sqrt();
                        k[0] = root * a.abs();
                        (1..width).for_each(|i| k[i * width] = 2.0 * factor * q[i] * w[0] / root * a.signum());
                        q[0] = 0.0;
                        add_square(&mut k, &q, -2.0 * factor / twice);
                        eliminated = 1;
                    }
                    _ => add_square(&mut k, &q, 2.0 * factor),
                }
            }
        }
    }
    steps(&mut k, width, eliminated..part.local)?;
    Some(k)
}

/// Cholesky steps for some columns; what is left of later ones is the Schur complement.
fn steps(k: &mut [f64], width: usize, columns: std::ops::Range<usize>) -> Option<()> {
    let whole: Vec<f64> = (0..width).map(|j| k[j * width + j]).collect();
    for j in columns {
        // What rounding leaves of a direction that is all but free.
        let pivot = k[j * width + j].max(LEAST_PIVOT * whole[j]);
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        let root = pivot.sqrt();
        k[j * width + j] = root;
        (j + 1..width).for_each(|i| k[i * width + j] /= root);
        for i in j + 1..width {
            let factor = k[i * width + j];
            (j + 1..=i).for_each(|l| k[i * width + l] -= factor * k[l * width + j]);
        }
    }
    Some(())
}

fn forwards(k: &[f64], width: usize, local: usize, g: &mut [f64]) {
    for j in 0..local {
        g[j] /= k[j * width + j];
        (j + 1..width).for_each(|i| g[i] -= k[i * width + j] * g[j]);
    }
}

fn backwards(k: &[f64], width: usize, local: usize, g: &mut [f64]) {
    for j in (0..local).rev() {
        let sum: f64 = (j + 1..width).map(|i| k[i * width + j] * g[i]).sum();
        g[j] = (g[j] - sum) / k[j * width + j];
    }
}
