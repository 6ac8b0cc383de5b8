//! The Newton step in f:
//! ```text
//!   (I + σ W^½ C W^½) g = -W^½ R,     df = -R - σ C W^½ g,     W = ∇²L(f)
//!   C = Σ_g D_g X P_g X' D_g,     P_g = (1-κ_g) I + κ_g ẑ_g ẑ_g',  κ_g = σβ/|z_g| < 1,  over groups that are not 0
//! ```
//! Conjugate gradients solve it in a few steps unless β is tiny; then a factor is cheaper, of the smaller of two matrices:
//! over n rows C = (Σ_g (1-κ_g) d_g d_g') ∘ XX' + Σ_g κ_g u_g u_g', u_g = D_g X ẑ_g, two products of n x G matrices, whatever d is;
//! over the p = d G columns I/σ + B'B, B_g = W^½ D_g X P_g^½.

use super::Masked;
use super::krylov;
use crate::backend::Stop;
use crate::backend::dense::{Cholesky, add_gram, gram};
use nalgebra::{DMatrix, DVector};

/// Conjugate gradients may cost this much of a factor, and take so many steps at most; where that makes fewer than these none is tried.
const WORTH: f64 = 1.0;
const FEWEST: f64 = 16.0;
const MOST: f64 = 300.0;
/// No factor is made that takes more numbers than this, with what it is made from.
pub const ROOM: usize = 1 << 25;
/// Where ∇²L is a smaller part of its largest entry, f is not read from g.
const FLAT: f64 = 1e-3;

/// What the steps of one solve, and those of later ones over the same X, share.
#[derive(Default)]
pub struct System {
    /// The lower triangle of XX', once steps are over rows.
    products: Option<DMatrix<f64>>,
    /// Where the last factor stood.
    spare: Option<DMatrix<f64>>,
    /// Whether conjugate gradients have taken too long.
    stiff: bool,
}

impl System {
    /// A new problem has its own chance of being easy.
    pub fn begin(&mut self) {
        self.stiff = false;
    }

    fn room(&mut self, size: usize) -> DMatrix<f64> {
        match self.spare.take() {
            Some(mut spare) if spare.nrows() == size => {
                spare.fill(0.0);
                spare
            }
            _ => DMatrix::zeros(size, size),
        }
    }

    /// A⁻¹ b in place.
    fn solve(&mut self, core: DMatrix<f64>, b: &mut DVector<f64>) -> Option<()> {
        let factor = Cholesky::new(core)?;
        factor.solve(b);
        self.spare = Some(factor.into_inner());
        Some(())
    }
}

pub struct Newton<'a> {
    pub masked: &'a Masked<'a>,
    /// W.
    pub bend: &'a [f64],
    pub sigma: f64,
    /// σβ.
    pub threshold: f64,
    pub stop: &'a Stop,
}

/// The groups that are not 0: their places, their κ, and their ẑ, one column each.
pub struct Active {
    pub groups: Vec<usize>,
    pub kappas: Vec<f64>,
    pub directions: DMatrix<f64>,
}

impl Newton<'_> {
    /// df and the rate at which the merit falls along it; `None` if rounding has destroyed the system.
    pub fn direction(&self, system: &mut System, before: &DMatrix<f64>, residual: &DVector<f64>) -> Option<(DVector<f64>, f64)> {
        let active = self.active(before);
        let roots = DVector::from_iterator(self.bend.len(), self.bend.iter().map(|w| w.sqrt()));
        let right = -residual.component_mul(&roots);
        let g = self.solve(system, &active, &roots, &right)?;
        Some((self.read(&active, &roots, &g, residual), right.dot(&g)))
    }

    fn active(&self, before: &DMatrix<f64>) -> Active {
        let lengths: Vec<f64> = before.column_iter().map(|z| z.norm()).collect();
        let groups: Vec<usize> = (0..lengths.len()).filter(|g| lengths[*g] > self.threshold).collect();
        let mut directions = before.select_columns(&groups);
        directions.column_iter_mut().zip(&groups).for_each(|(mut z, g)| z /= lengths[*g]);
        Active { kappas: groups.iter().map(|g| self.threshold / lengths[*g]).collect(), groups, directions }
    }

    /// g by conjugate gradients if they are quick, and by a factor if that fits.
    fn solve(&self, system: &mut System, active: &Active, roots: &DVector<f64>, right: &DVector<f64>) -> Option<DVector<f64>> {
        if active.groups.is_empty() {
            return Some(right.clone());
        }
        let (n, groups) = (self.masked.rows() as f64, active.groups.len() as f64);
        let p = self.masked.width() as f64 * groups;
        let over_columns = p < n;
        let (work, room) =
            if over_columns { (p.powi(3) / 3.0 + n * p * p, p * (n + p)) } else { (n.powi(3) / 3.0 + 2.0 * n * n * groups, 2.0 * n * n) };
        let fits = room <= ROOM as f64;
        let most = if fits { (WORTH * work / (4.0 * n * p)).min(MOST) } else { MOST };
        if most >= FEWEST && !system.stiff {
            let (g, near) = krylov::solve(self, active, roots, right, most as usize)?;
            if near || !fits {
                return Some(g);
            }
            system.stiff = true;
        }
        if over_columns { self.over_columns(system, active, roots, right) } else { self.over_rows(system, active, roots, right) }
    }

    /// df = W^-½ g, but where W all but vanishes: there -R - σ C W^½ g, which makes more of the error of g.
    fn read(&self, active: &Active, roots: &DVector<f64>, g: &DVector<f64>, residual: &DVector<f64>) -> DVector<f64> {
        let flat = FLAT.sqrt() * roots.max();
        if roots.min() > flat {
            return g.component_div(roots);
        }
        let moved = self.curved(active, &g.component_mul(roots)) * self.sigma;
        let read = |i: usize| if roots[i] > flat { g[i] / roots[i] } else { -residual[i] - moved[i] };
        DVector::from_iterator(g.len(), (0..g.len()).map(read))
    }

    /// C x.
    pub(super) fn curved(&self, active: &Active, x: &DVector<f64>) -> DVector<f64> {
        let mut slopes = self.masked.slopes_of(&active.groups, x);
        for ((mut slope, direction), kappa) in slopes.column_iter_mut().zip(active.directions.column_iter()).zip(&active.kappas) {
            let along = direction.dot(&slope);
            slope *= 1.0 - kappa;
            slope.axpy(kappa * along, &direction, 1.0);
        }
        self.masked.sums(&active.groups, &slopes)
    }

    pub(super) fn over_rows(
        &self,
        system: &mut System,
        active: &Active,
        roots: &DVector<f64>,
        right: &DVector<f64>,
    ) -> Option<DVector<f64>> {
        let n = self.masked.rows();
        let mut core = system.room(n);
        let products = system.products.get_or_insert_with(|| gram(&self.masked.transposed().into_owned()));
        let mut flat = DMatrix::zeros(n, active.groups.len());
        let columns = flat.column_iter_mut().zip(&active.groups);
        columns.for_each(|(mut column, group)| column.cmpy(1.0, &self.masked.masks.column(*group), roots, 0.0));
        let mut steep = self.masked.reach(&active.directions);
        steep.component_mul_assign(&flat);
        for (at, kappa) in active.kappas.iter().enumerate() {
            flat.column_mut(at).scale_mut((1.0 - kappa).sqrt());
            steep.column_mut(at).scale_mut(kappa.sqrt());
        }
        add_gram(&mut core, &flat, self.sigma);
        core.component_mul_assign(products);
        add_gram(&mut core, &steep, self.sigma);
        (0..n).for_each(|i| core[(i, i)] += 1.0);
        let mut g = right.clone();
        system.solve(core, &mut g)?;
        Some(g)
    }

    /// (I + σBB')⁻¹ r = r - B (I/σ + B'B)⁻¹ B'r.
    pub(super) fn over_columns(
        &self,
        system: &mut System,
        active: &Active,
        roots: &DVector<f64>,
        right: &DVector<f64>,
    ) -> Option<DVector<f64>> {
        let half = self.half(active, roots);
        let mut core = system.room(half.nrows());
        add_gram(&mut core, &half, 1.0);
        (0..core.nrows()).for_each(|j| core[(j, j)] += 1.0 / self.sigma);
        let mut inner = &half * right;
        system.solve(core, &mut inner)?;
        Some(right - half.tr_mul(&inner))
    }

    /// B', one column for every row of the data.
    fn half(&self, active: &Active, roots: &DVector<f64>) -> DMatrix<f64> {
        let d = self.masked.width();
        let reach = self.masked.reach(&active.directions);
        let mut half = DMatrix::zeros(d * active.groups.len(), self.masked.rows());
        for (i, (mut column, x)) in half.column_iter_mut().zip(self.masked.transposed().column_iter()).enumerate() {
            for (at, (group, kappa)) in active.groups.iter().zip(&active.kappas).enumerate() {
                let (weight, root) = (roots[i] * self.masked.masks[(i, *group)], (1.0 - kappa).sqrt());
                let mut part = column.rows_mut(at * d, d);
                part.axpy(weight * root, &x, 0.0);
                part.axpy(weight * (1.0 - root) * reach[(i, at)], &active.directions.column(at), 1.0);
            }
        }
        half
    }
}
