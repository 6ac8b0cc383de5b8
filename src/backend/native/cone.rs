//! One cone in an interior-point method: its identity, its Jordan product, and the Nesterov-Todd scaling W, which is symmetric
//! and maps z and W⁻²s to the same point λ = W z = W⁻¹ s (Vandenberghe 2010, "The CVXOPT linear and quadratic cone program
//! solvers", sections 3 to 5).
//!
//! ```text
//!   nonnegatives: W = diag(√(s/z))
//!   second order: W = η (2 v v' - J),  W⁻² = η⁻² (2 (Jw)(Jw)' - J),  J = diag(1, -1, ..., -1)
//! ```

/// Which cone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nonnegatives,
    SecondOrder,
}

/// W at a pair (s, z) of interior points.
#[derive(Clone, Debug)]
pub enum Scaling {
    Nonnegatives(Vec<f64>),
    SecondOrder { eta: f64, w: Vec<f64>, v: Vec<f64> },
}

impl Kind {
    /// The degree of the barrier: ν in μ = s'z / ν.
    pub fn degree(self, dimension: usize) -> usize {
        match self {
            Kind::Nonnegatives => dimension,
            Kind::SecondOrder => 1,
        }
    }

    /// x += a e.
    pub fn add_identity(self, x: &mut [f64], a: f64) {
        match self {
            Kind::Nonnegatives => x.iter_mut().for_each(|x| *x += a),
            Kind::SecondOrder => x[0] += a,
        }
    }

    /// The largest a with x - a e in the cone: positive inside.
    pub fn depth(self, x: &[f64]) -> f64 {
        match self {
            Kind::Nonnegatives => x.iter().copied().fold(f64::INFINITY, f64::min),
            Kind::SecondOrder => x[0] - length(&x[1..]),
        }
    }

    /// x ∘ y into `out`.
    pub fn product(self, x: &[f64], y: &[f64], out: &mut [f64]) {
        match self {
            Kind::Nonnegatives => out.iter_mut().zip(x.iter().zip(y)).for_each(|(o, (x, y))| *o = x * y),
            Kind::SecondOrder => {
                out[0] = dot(x, y);
                (1..x.len()).for_each(|i| out[i] = x[0] * y[i] + y[0] * x[i]);
            }
        }
    }

    /// The u with λ ∘ u = y, in place; λ is inside the cone.
    pub fn divide(self, lambda: &[f64], y: &mut [f64]) {
        match self {
            Kind::Nonnegatives => y.iter_mut().zip(lambda).for_each(|(y, l)| *y /= l),
            Kind::SecondOrder => {
                let determinant = determinant(lambda);
                let first = (lambda[0] * y[0] - dot(&lambda[1..], &y[1..])) / determinant;
                y[1..].iter_mut().zip(&lambda[1..]).for_each(|(y, l)| *y = (*y - first * l) / lambda[0]);
                y[0] = first;
            }
        }
    }

    /// The largest a with λ + a d in the cone, `f64::INFINITY` if there is no end; λ is inside.
    pub fn longest(self, lambda: &[f64], d: &[f64]) -> f64 {
        let most = match self {
            Kind::Nonnegatives => lambda.iter().zip(d).map(|(l, d)| -d / l).fold(0.0, f64::max),
            Kind::SecondOrder => {
                let size = determinant(lambda).sqrt();
                let l: Vec<f64> = lambda.iter().map(|l| l / size).collect();
                let along = l[0] * d[0] - dot(&l[1..], &d[1..]);
                let factor = (along + d[0]) / (l[0] + 1.0);
                let across = d[1..].iter().zip(&l[1..]).map(|(d, l)| (d - factor * l).powi(2)).sum::<f64>().sqrt();
                (across - along) / size
            }
        };
        if most > 0.0 { 1.0 / most } else { f64::INFINITY }
    }

    /// W at (s, z); `None` if either is not inside.
    pub fn scaling(self, s: &[f64], z: &[f64]) -> Option<Scaling> {
        match self {
            Kind::Nonnegatives => {
                let inside = s.iter().chain(z).all(|x| *x > 0.0 && x.is_finite());
                inside.then(|| Scaling::Nonnegatives(s.iter().zip(z).map(|(s, z)| (s / z).sqrt()).collect()))
            }
            Kind::SecondOrder => {
                let (ds, dz) = (determinant(s), determinant(z));
                if !(ds > 0.0 && dz > 0.0 && s[0] > 0.0 && z[0] > 0.0 && ds.is_finite() && dz.is_finite()) {
                    return None;
                }
                let (ss, zs) = (ds.sqrt(), dz.sqrt());
                let gamma = (0.5 * (1.0 + dot(s, z) / (ss * zs))).sqrt();
                let mut w: Vec<f64> = s.iter().zip(z).map(|(s, z)| (s / ss - z / zs) / (2.0 * gamma)).collect();
                w[0] = (s[0] / ss + z[0] / zs) / (2.0 * gamma);
                // w'Jw = 1 to the last digit, whatever rounding did to its parts.
                w[0] = (1.0 + dot(&w[1..], &w[1..])).sqrt();
                let root = (2.0 * (w[0] + 1.0)).sqrt();
                let mut v: Vec<f64> = w.iter().map(|w| w / root).collect();
                v[0] = (w[0] + 1.0) / root;
                Some(Scaling::SecondOrder { eta: (ss / zs).sqrt(), w, v })
            }
        }
    }
}

impl Scaling {
    /// W x into `out`.
    pub fn apply(&self, x: &[f64], out: &mut [f64]) {
        match self {
            Scaling::Nonnegatives(w) => out.iter_mut().zip(x.iter().zip(w)).for_each(|(o, (x, w))| *o = x * w),
            Scaling::SecondOrder { eta, v, .. } => reflect(*eta, v, 1.0, x, out),
        }
    }

    /// W⁻¹ x into `out`.
    pub fn undo(&self, x: &[f64], out: &mut [f64]) {
        match self {
            Scaling::Nonnegatives(w) => out.iter_mut().zip(x.iter().zip(w)).for_each(|(o, (x, w))| *o = x / w),
            Scaling::SecondOrder { eta, v, .. } => reflect(1.0 / eta, v, -1.0, x, out),
        }
    }
}

/// a (2 u u' - J) x with u = (v_0, sign v_1).
fn reflect(a: f64, v: &[f64], sign: f64, x: &[f64], out: &mut [f64]) {
    let along = 2.0 * (v[0] * x[0] + sign * dot(&v[1..], &x[1..]));
    out[0] = a * (along * v[0] - x[0]);
    (1..x.len()).for_each(|i| out[i] = a * (along * sign * v[i] + x[i]));
}

/// x'Jx without cancellation.
fn determinant(x: &[f64]) -> f64 {
    let rest = length(&x[1..]);
    (x[0] - rest) * (x[0] + rest)
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn length(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}
