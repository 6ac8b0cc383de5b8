//! The norm that a problem has: one of the language's, with its number, and perhaps with a bias beside it.

use super::mixed::Mixed;
use super::{NORMS, Norm, Wall};
use crate::exact::{Abs, Dyadic, Integer, Natural, Rational};
use crate::program::{Affine, Cone, Program};

/// h, or max(h(w), |b|) of vectors (w, b): its polar is h°(c_w) + |c_b|.
#[derive(Clone, Copy)]
pub struct Hidden {
    base: Base,
    /// Whether the last entry stands beside h and not in it.
    apart: bool,
}

#[derive(Clone, Copy)]
enum Base {
    Plain(&'static dyn Norm),
    Mixed(Mixed),
}

impl Hidden {
    pub const fn plain(norm: &'static dyn Norm) -> Self {
        Hidden { base: Base::Plain(norm), apart: false }
    }

    /// `sparse_group(t)`.
    pub fn sparse_group(t: f64) -> Self {
        Hidden { base: Base::Mixed(Mixed(t)), apart: false }
    }

    /// max(h(w), |b|) for vectors (w, b).
    pub fn beside_bias(self) -> Self {
        Hidden { apart: true, ..self }
    }

    /// Whether it is the Euclidean norm, for which more is known than for others.
    pub fn euclidean(&self) -> bool {
        !self.apart && self.name() == "l2"
    }

    /// Whether its cone form is made of straight sides.
    pub fn linear(&self) -> bool {
        matches!(self.name(), "l1" | "linf")
    }

    /// The norm as the language writes it, without a bias.
    pub fn words(&self) -> String {
        match self.base {
            Base::Plain(norm) => norm.name().to_string(),
            Base::Mixed(Mixed(t)) => format!("{}({t})", self.name()),
        }
    }

    fn base(&self) -> &dyn Norm {
        match &self.base {
            Base::Plain(norm) => *norm,
            Base::Mixed(mixed) => mixed,
        }
    }

    /// The two parts of a vector, if the bias is apart.
    fn split<'v, T>(&self, vector: &'v [T]) -> Option<(&'v [T], &'v T)> {
        if self.apart { vector.split_last().map(|(last, rest)| (rest, last)) } else { None }
    }
}

/// What is known of all norms is known of this one without an import.
impl std::ops::Deref for Hidden {
    type Target = dyn Norm;

    fn deref(&self) -> &Self::Target {
        self
    }
}

/// The norm of a name that needs no number, if there is one.
pub fn find(name: &str) -> Option<Hidden> {
    NORMS.iter().copied().find(|norm| norm.name() == name).map(Hidden::plain)
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}{}", self.words(), if self.apart { " beside a bias" } else { "" })
    }
}

impl PartialEq for Hidden {
    fn eq(&self, other: &Self) -> bool {
        self.words() == other.words() && self.apart == other.apart
    }
}

impl Norm for Hidden {
    fn name(&self) -> &'static str {
        self.base().name()
    }
    fn gauge(&self, w: &[f64]) -> f64 {
        self.split(w).map_or_else(|| self.base().gauge(w), |(w, b)| self.base().gauge(w).max(b.abs()))
    }
    fn polar(&self, g: &[f64]) -> f64 {
        self.split(g).map_or_else(|| self.base().polar(g), |(g, b)| self.base().polar(g) + b.abs())
    }
    fn square(&self, w: &[f64]) -> Rational {
        let Some((w, b)) = self.split(w) else { return self.base().square(w) };
        let b = Dyadic::new(*b);
        self.base().square(w).max(b.times(&b).rational())
    }
    fn within(&self, w: &[f64], radius: &Rational) -> bool {
        let Some((w, b)) = self.split(w) else { return self.base().within(w, radius) };
        self.base().within(w, radius) && Dyadic::new(b.abs()).rational() <= *radius
    }
    fn polar_within(&self, g: &[i64], shift: u32, limit: i128) -> Option<bool> {
        let Some((g, b)) = self.split(g) else { return self.base().polar_within(g, shift, limit) };
        let rest = limit.checked_sub(i128::from(*b).abs().checked_mul(1_i128.checked_shl(shift)?)?)?;
        self.base().polar_within(g, shift, rest)
    }
    fn polar_at_most(&self, g: &[Integer], limit: &Integer) -> bool {
        match g.split_last().filter(|_| self.apart) {
            None => self.base().polar_at_most(g, limit),
            Some((b, g)) => self.base().polar_at_most(g, &(limit - b.clone().abs())),
        }
    }
    fn polar_above(&self, g: &[i64], bits: u32) -> Natural {
        let Some((g, b)) = self.split(g) else { return self.base().polar_above(g, bits) };
        self.base().polar_above(g, bits) + (Natural::from(b.unsigned_abs()) << bits as usize)
    }
    fn support(&self, g: &[f64]) -> Vec<f64> {
        let Some((g, b)) = self.split(g) else { return self.base().support(g) };
        let w = if g.iter().any(|g| *g != 0.0) { self.base().support(g) } else { vec![0.0; g.len()] };
        w.into_iter().chain([if *b == 0.0 { 0.0 } else { b.signum() }]).collect()
    }
    fn walls(&self, size: usize) -> Vec<Wall> {
        let Some(weights) = size.checked_sub(1).filter(|_| self.apart) else { return self.base().walls(size) };
        let longer = |side: Vec<f64>| if side.is_empty() { side } else { side.into_iter().chain([0.0]).collect() };
        let base = self.base().walls(weights).into_iter();
        let base = base.map(|wall| Wall { straight: longer(wall.straight), round: longer(wall.round) });
        let side = |side: f64| (0..size).map(|j| if j == weights { side } else { 0.0 }).collect();
        base.chain([1.0, -1.0].map(|s| Wall { straight: side(s), round: Vec::new() })).collect()
    }
    fn ball(&self, size: usize) -> usize {
        if self.apart { self.base().ball(size.saturating_sub(1)) + 1 } else { self.base().ball(size) }
    }
    fn add_slope(&self, w: &[f64], c: f64, into: &mut [f64]) {
        match self.split(w) {
            Some((w, b)) if b.abs() > self.base().gauge(w) => into[w.len()] += c * b,
            Some((w, _)) => self.base().add_slope(w, c, into),
            None => self.base().add_slope(w, c, into),
        }
    }
    fn cone_form(&self, program: &mut Program, t: Affine, mut x: Vec<Affine>) -> std::ops::Range<usize> {
        let first = program.height();
        if let Some(b) = x.pop_if(|_| self.apart) {
            program.constrain(Cone::Nonnegatives(2), [b.clone().times(-1.0).and(&t), b.and(&t)]);
        }
        self.base().cone_form(program, t, x);
        first..program.height()
    }
}
