//! A primal-dual interior-point method with Mehrotra's correction (Vandenberghe 2010, section 7), part by part:
//! ```text
//!   Qx + c - E'y - A'z = 0,    E x + e = 0,    s = A x + b,    s ∘ z = μ 1,    s, z in K
//! ```

use super::cone::dot;
use super::parts::{Part, Parts, Piece};
use super::system::{Scalings, System, add_quadratic, add_transposed, meet, pull, times};
use crate::backend::Request;
use crate::program::{Program, Solution, Status};

/// More iterations than any program has needed.
const ITERATIONS: usize = 100;
/// The part of the way to the boundary that a step goes.
const CAUTION: f64 = 0.99;
/// A gap or slack below this part of the first one is none.
const NOTHING: f64 = 1e-3;
/// Iterations without progress after which it ends.
const PATIENCE: usize = 8;

#[derive(Clone)]
struct Point {
    x: Vec<f64>,
    y: Vec<f64>,
    s: Vec<f64>,
    z: Vec<f64>,
}

/// How far a point is from an optimum: the equations' errors and the gap, all relative.
struct Residuals {
    dual: Vec<f64>,
    cones: Vec<f64>,
    rows: Vec<f64>,
    worst: f64,
}

pub struct Interior<'a> {
    program: &'a Program,
    parts: &'a Parts,
    degree: f64,
    /// c in the order of the parts.
    cost: Vec<f64>,
}

impl<'a> Interior<'a> {
    pub fn new(program: &'a Program, parts: &'a Parts) -> Self {
        let degree: usize = parts.all().flat_map(|part| &part.pieces).map(|piece| piece.kind.degree(piece.rows.len())).sum();
        Interior { program, parts, degree: degree.max(1) as f64, cost: parts.order.iter().map(|column| program.cost[*column]).collect() }
    }

    pub fn solve(&self, request: &Request) -> Solution {
        let Some(mut point) = self.start() else { return self.answer(None, Status::Doubtful, 0) };
        let mut best = (f64::INFINITY, point.clone());
        let mut since = 0;
        // What the gap, and slacks and outputs, are compared with where they are 0 at the optimum.
        let scale = (NOTHING * self.gap(&point), NOTHING * largest(&point.s));
        for iteration in 0..ITERATIONS {
            let residuals = self.residuals(&point, scale);
            if request.verbose {
                eprintln!("{iteration:>3}  objective {:>18.12}  error {:>9.2e}", self.objective(&point.x), residuals.worst);
            }
            since = if residuals.worst < 0.9 * best.0 { 0 } else { since + 1 };
            if residuals.worst < best.0 {
                best = (residuals.worst, point.clone());
            }
            if best.0 <= request.tolerance {
                return self.answer(Some(best.1), Status::Solved, iteration);
            }
            if request.stop.now() {
                return self.answer(Some(best.1), Status::Interrupted, iteration);
            }
            if since >= PATIENCE || self.step(&mut point, &residuals).is_none() {
                return self.answer(Some(best.1), Status::Doubtful, iteration);
            }
        }
        self.answer(Some(best.1), Status::Doubtful, ITERATIONS)
    }

    fn answer(&self, point: Option<Point>, status: Status, iterations: usize) -> Solution {
        let Some(point) = point else { return Solution { primal: Vec::new(), dual: Vec::new(), status, iterations } };
        let mut dual = point.z;
        self.parts.rows.iter().zip(&point.y).for_each(|(row, y)| dual[*row] = *y);
        Solution { primal: self.placed(&point.x), dual, status, iterations }
    }

    /// The numbers of the program's columns.
    fn placed(&self, x: &[f64]) -> Vec<f64> {
        let mut placed = vec![0.0; x.len()];
        self.parts.order.iter().zip(x).for_each(|(column, x)| placed[*column] = *x);
        placed
    }

    fn objective(&self, x: &[f64]) -> f64 {
        self.program.objective(&self.placed(x))
    }

    /// Every cone with its part.
    fn pieces(&self) -> impl Iterator<Item = (&'a Part, &'a Piece)> {
        self.parts.all().flat_map(|part| part.pieces.iter().map(move |piece| (part, piece)))
    }

    /// The least-squares point of the equations, pushed into the cones.
    fn start(&self) -> Option<Point> {
        let height = self.program.height();
        let mut unit = vec![0.0; height];
        for (_, piece) in self.pieces() {
            piece.kind.add_identity(&mut unit[piece.rows.clone()], 1.0);
        }
        let scalings = self.scalings(&unit, &unit)?;
        let system = System::new(self.parts, &scalings)?;
        // minimise ½ x'Qx + c'x + ½ |Ax + b|² over E x + e = 0
        let mut g: Vec<f64> = self.cost.iter().map(|c| -c).collect();
        for (part, piece) in self.pieces() {
            let b: Vec<f64> = piece.rows.clone().map(|row| -self.program.offsets[row]).collect();
            add_transposed(&piece.matrix, &b, &mut g[part.columns.clone()]);
        }
        let h: Vec<f64> = self.parts.offsets.iter().map(|e| -e).collect();
        let (x, y) = system.solve(&g, &h);
        let s = self.slack(&x);
        let z: Vec<f64> = s.iter().map(|s| -s).collect();
        let mut point = Point { x, y, s, z };
        self.push_inside(&mut point);
        let finite = point.x.iter().chain(&point.y).chain(&point.s).all(|x| x.is_finite());
        finite.then_some(point)
    }

    /// Adds as much of the identity to s and z as brings them inside.
    fn push_inside(&self, point: &mut Point) {
        for of in [&mut point.s, &mut point.z] {
            let depth = self.pieces().map(|(_, piece)| piece.kind.depth(&of[piece.rows.clone()])).fold(f64::INFINITY, f64::min);
            let size = self.pieces().map(|(_, piece)| dot(&of[piece.rows.clone()], &of[piece.rows.clone()])).sum::<f64>().sqrt();
            if depth <= 1e-8 * size.max(1e-300) {
                let push = size.max(1e-8) / self.degree.sqrt() - depth.min(0.0);
                for (_, piece) in self.pieces() {
                    piece.kind.add_identity(&mut of[piece.rows.clone()], push);
                }
            }
        }
    }

    /// A x + b on the rows of cones, 0 elsewhere.
    fn slack(&self, x: &[f64]) -> Vec<f64> {
        let mut s = vec![0.0; self.program.height()];
        for (part, piece) in self.pieces() {
            times(&piece.matrix, &x[part.columns.clone()], &mut s[piece.rows.clone()]);
            piece.rows.clone().for_each(|row| s[row] += self.program.offsets[row]);
        }
        s
    }

    fn scalings(&self, s: &[f64], z: &[f64]) -> Option<Scalings> {
        let of = |part: &Part| part.pieces.iter().map(|p| p.kind.scaling(&s[p.rows.clone()], &z[p.rows.clone()])).collect();
        self.parts.all().map(of).collect()
    }

    fn residuals(&self, point: &Point, scale: (f64, f64)) -> Residuals {
        let pulled = pull(self.parts, &point.y, point.x.len());
        let mut bent = vec![0.0; point.x.len()];
        self.parts.all().for_each(|part| add_quadratic(part, &point.x, &mut bent));
        let mut reach = vec![0.0; point.x.len()];
        for (part, piece) in self.pieces() {
            add_transposed(&piece.matrix, &point.z[piece.rows.clone()], &mut reach[part.columns.clone()]);
        }
        let cost = &self.cost;
        let dual: Vec<f64> = (0..cost.len()).map(|j| bent[j] + cost[j] - pulled[j] - reach[j]).collect();
        let slack = self.slack(&point.x);
        let cones: Vec<f64> = point.s.iter().zip(&slack).map(|(s, a)| s - a).collect();
        let met = meet(self.parts, &point.x);
        let rows: Vec<f64> = met.iter().zip(&self.parts.offsets).map(|(m, e)| m + e).collect();
        let relative = |error: &[f64], scale: f64| if scale > 0.0 { largest(error) / scale } else { largest(error) };
        let worst = (self.gap(point) / self.objective(&point.x).abs().max(scale.0).max(f64::MIN_POSITIVE))
            .max(relative(&dual, largest(cost).max(largest(&bent)).max(largest(&pulled)).max(largest(&reach))))
            .max(relative(&cones, largest(&slack).max(scale.1)))
            .max(relative(&rows, self.size_of_outputs(&point.x).max(scale.1)));
        Residuals { dual, cones, rows, worst }
    }

    /// s'z.
    fn gap(&self, point: &Point) -> f64 {
        self.pieces().map(|(_, p)| dot(&point.s[p.rows.clone()], &point.z[p.rows.clone()])).sum()
    }

    /// The largest output of a narrow part.
    fn size_of_outputs(&self, x: &[f64]) -> f64 {
        let outputs = self.parts.narrow.iter().map(|n| (n.coefficient * x[n.part.columns.end - 1]).abs());
        outputs.fold(0.0, f64::max)
    }

    /// One predictor-corrector step; `None` if rounding allows no more.
    fn step(&self, point: &mut Point, residuals: &Residuals) -> Option<()> {
        let scalings = self.scalings(&point.s, &point.z)?;
        let system = System::new(self.parts, &scalings)?;
        let height = point.s.len();
        let mut lambda = vec![0.0; height];
        self.scaled(&scalings, |piece, scaling, range| scaling.apply(&point.z[range.clone()], &mut lambda[piece.rows.clone()]));
        let target: Vec<f64> = lambda.iter().map(|l| -l).collect();
        let affine = self.direction(&system, &scalings, residuals, &target);
        let reach = self.reach(&lambda, &affine);
        let gap: f64 = dot(&lambda, &lambda);
        let sigma = (1.0 - reach).powi(3).clamp(0.0, 1.0);
        // λ ∘ target = σ μ 1 - (W⁻¹ds) ∘ (W dz) - λ ∘ λ
        let mut target = vec![0.0; height];
        for (_, piece) in self.pieces() {
            let rows = piece.rows.clone();
            let out = &mut target[rows.clone()];
            piece.kind.product(&affine.ds[rows.clone()], &affine.dz[rows.clone()], out);
            out.iter_mut().for_each(|o| *o = -*o);
            piece.kind.add_identity(out, sigma * gap / self.degree);
            piece.kind.divide(&lambda[rows.clone()], out);
            out.iter_mut().zip(&lambda[rows]).for_each(|(o, l)| *o -= l);
        }
        let direction = self.direction(&system, &scalings, residuals, &target);
        let step = (CAUTION * self.reach(&lambda, &direction)).min(1.0);
        if step.is_nan() || step < 1e-10 {
            return None;
        }
        let moved = |x: &mut [f64], d: &[f64]| x.iter_mut().zip(d).for_each(|(x, d)| *x += step * d);
        moved(&mut point.x, &direction.dx);
        moved(&mut point.y, &direction.dy);
        let mut out = vec![0.0; height];
        self.scaled(&scalings, |piece, scaling, range| scaling.apply(&direction.ds[range], &mut out[piece.rows.clone()]));
        moved(&mut point.s, &out);
        self.scaled(&scalings, |piece, scaling, range| scaling.undo(&direction.dz[range], &mut out[piece.rows.clone()]));
        moved(&mut point.z, &out);
        point.x.iter().chain(&point.y).all(|x| x.is_finite()).then_some(())
    }

    /// Calls `each` with every cone, its scaling and its rows.
    fn scaled(&self, scalings: &Scalings, mut each: impl FnMut(&Piece, &super::cone::Scaling, std::ops::Range<usize>)) {
        for (part, scalings) in self.parts.all().zip(scalings) {
            part.pieces.iter().zip(scalings).for_each(|(piece, scaling)| each(piece, scaling, piece.rows.clone()));
        }
    }

    /// The step with W⁻¹ds + W dz = target that would remove all residuals.
    fn direction(&self, system: &System, scalings: &Scalings, residuals: &Residuals, target: &[f64]) -> Direction {
        let height = target.len();
        // W⁻¹ (target + W⁻¹ r)
        let (mut once, mut pushed) = (vec![0.0; height], vec![0.0; height]);
        self.scaled(scalings, |piece, scaling, range| {
            let once = &mut once[piece.rows.clone()];
            scaling.undo(&residuals.cones[range.clone()], once);
            once.iter_mut().zip(&target[range.clone()]).for_each(|(o, t)| *o += t);
            scaling.undo(once, &mut pushed[range]);
        });
        let mut g: Vec<f64> = residuals.dual.iter().map(|r| -r).collect();
        for (part, piece) in self.pieces() {
            add_transposed(&piece.matrix, &pushed[piece.rows.clone()], &mut g[part.columns.clone()]);
        }
        let h: Vec<f64> = residuals.rows.iter().map(|r| -r).collect();
        let (dx, dy) = system.solve(&g, &h);
        let (mut ds, mut dz, mut moved) = (vec![0.0; height], vec![0.0; height], vec![0.0; height]);
        for (part, piece) in self.pieces() {
            times(&piece.matrix, &dx[part.columns.clone()], &mut moved[piece.rows.clone()]);
        }
        self.scaled(scalings, |piece, scaling, range| {
            let moved = &mut moved[piece.rows.clone()];
            moved.iter_mut().zip(&residuals.cones[range.clone()]).for_each(|(m, r)| *m -= r);
            scaling.undo(moved, &mut ds[range.clone()]);
            let (ds, dz) = (&ds[range.clone()], &mut dz[range.clone()]);
            dz.iter_mut().zip(target[range].iter().zip(ds)).for_each(|(z, (t, s))| *z = t - s);
        });
        Direction { dx, dy, ds, dz }
    }

    /// The longest step that keeps λ + a W⁻¹ds and λ + a W dz in the cones, at most 1.
    fn reach(&self, lambda: &[f64], direction: &Direction) -> f64 {
        let longest = self.pieces().map(|(_, piece)| {
            let rows = piece.rows.clone();
            let lambda = &lambda[rows.clone()];
            piece.kind.longest(lambda, &direction.ds[rows.clone()]).min(piece.kind.longest(lambda, &direction.dz[rows]))
        });
        longest.fold(1.0, f64::min)
    }
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |most, x| most.max(x.abs()))
}

/// A step; `ds` is W⁻¹ds and `dz` is W dz.
struct Direction {
    dx: Vec<f64>,
    dy: Vec<f64>,
    ds: Vec<f64>,
    dz: Vec<f64>,
}
