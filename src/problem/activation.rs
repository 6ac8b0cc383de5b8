//! Activations as data: breaks, slopes and intercepts, all exact.

use crate::exact::{Rational, double};

/// One straight piece `slope·z + intercept` from a break on.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Where the piece begins; `None` for the first one, which comes from -∞.
    pub from: Option<Rational>,
    /// Whether the break itself takes this piece's value (it does, unless a jump is written from the other side).
    pub includes_from: bool,
    pub slope: Rational,
    pub intercept: Rational,
}

/// A piecewise-linear activation: pieces from left to right, neighbours never on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    /// The word in the model, with its arguments: `relu`, `leaky_relu(0.1)`.
    pub name: String,
    pub pieces: Vec<Piece>,
    rounded: Vec<(f64, bool, f64, f64)>,
    jumps: bool,
}

/// What the normal form says about the exact program (LANGUAGE section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No break, through the origin.
    Linear,
    /// φ(cz) = cφ(z) for c > 0, with a break at 0.
    Homogeneous,
    /// φ(cz) = φ(z) for c > 0: step, sign.
    Threshold,
    /// Any other piecewise-linear function; `jumps` says whether it is discontinuous.
    PiecewiseLinear { jumps: bool },
}

impl Activation {
    /// Joins neighbouring pieces that lie on one line.
    ///
    /// Panics if there is no piece, or the breaks do not increase: the resolver decides that first.
    pub fn new(name: impl Into<String>, pieces: Vec<Piece>) -> Self {
        assert!(pieces[0].from.is_none() && pieces.windows(2).all(|w| w[0].from < w[1].from), "breaks increase");
        let mut kept: Vec<Piece> = Vec::new();
        for piece in pieces {
            match kept.last() {
                Some(last) if last.slope == piece.slope && last.intercept == piece.intercept => {}
                _ => kept.push(piece),
            }
        }
        let rounded = kept
            .iter()
            .map(|p| {
                let from = p.from.as_ref().map_or(f64::NEG_INFINITY, double);
                (from, p.includes_from, double(&p.slope), double(&p.intercept))
            })
            .collect();
        let mut activation = Activation { name: name.into(), pieces: kept, rounded, jumps: false };
        activation.jumps = !activation.continuous();
        activation
    }

    /// p·max(z, 0) + q·max(-z, 0), the shape of every activation of degree 1.
    pub fn homogeneous(name: impl Into<String>, positive: Rational, negative: Rational) -> Self {
        let left = Piece { from: None, includes_from: true, slope: -negative, intercept: Rational::ZERO };
        let right = Piece { from: Some(Rational::ZERO), includes_from: true, slope: positive, intercept: Rational::ZERO };
        Activation::new(name, vec![left, right])
    }

    /// max(z, 0).
    pub fn relu() -> Self {
        Activation::homogeneous("relu", Rational::ONE, Rational::ZERO)
    }

    /// z itself: what stands behind a gate.
    pub fn linear(name: impl Into<String>) -> Self {
        Activation::new(name, vec![Piece { from: None, includes_from: true, slope: Rational::ONE, intercept: Rational::ZERO }])
    }

    /// The pieces as [`Activation::value`] takes them: beginning, whether it belongs to the piece, slope and intercept.
    pub fn doubles(&self) -> &[(f64, bool, f64, f64)] {
        &self.rounded
    }

    /// φ(z) in floating point.
    pub fn value(&self, z: f64) -> f64 {
        let holds = |&&(from, included, _, _): &&(f64, bool, f64, f64)| z > from || (z == from && included);
        let (_, _, slope, intercept) = self.rounded.iter().rev().find(holds).unwrap_or(&self.rounded[0]);
        slope * z + intercept
    }

    /// Whether no jump is as near to z as `slack`, so that a rounded z will do.
    pub fn steady(&self, z: f64, slack: f64) -> bool {
        let near = |from: f64| (z - from).abs() <= slack + f64::EPSILON * from.abs();
        !self.jumps || !self.rounded.iter().any(|piece| near(piece.0))
    }

    /// Whether it is constant between its breaks: a step, a sign, a staircase.
    pub fn flat(&self) -> bool {
        self.pieces.iter().all(|piece| piece.slope == Rational::ZERO)
    }

    /// φ'(z), at a break from the left.
    pub fn left_slope(&self, z: f64) -> f64 {
        self.rounded.iter().rev().find(|piece| z > piece.0).unwrap_or(&self.rounded[0]).2
    }

    /// The slopes right and left of 0, as THEORY 1 needs them: φ(z) = p·max(z,0) + q·max(-z,0).  Meaningful for degree 1 only.
    pub fn slopes(&self) -> (f64, f64) {
        let last = self.rounded.len() - 1;
        (self.rounded[last].2, -self.rounded[0].2)
    }

    /// s, c and every (t_k, δ_k) of φ(z) = s z + c + Σ_k δ_k max(z - t_k, 0), for a continuous activation.
    pub fn bends(&self) -> (f64, f64, Vec<(f64, f64)>) {
        let (_, _, slope, intercept) = self.rounded[0];
        let bend = |pair: &[(f64, bool, f64, f64)]| (pair[1].0, pair[1].2 - pair[0].2);
        (slope, intercept, self.rounded.windows(2).map(bend).collect())
    }

    /// The largest slope by size: Lip(φ), if nothing jumps.
    pub fn steepest(&self) -> f64 {
        self.pieces.iter().map(|piece| double(&piece.slope).abs()).fold(0.0, f64::max)
    }

    /// Whether it is nowhere smaller than further left; meaningful where nothing jumps.
    pub fn never_falls(&self) -> bool {
        self.pieces.iter().all(|piece| piece.slope >= Rational::ZERO)
    }

    /// Whether the two sides of every break agree, decided exactly.
    pub fn continuous(&self) -> bool {
        self.pieces.windows(2).all(|pair| {
            let at = pair[1].from.as_ref().expect("only the first piece has no beginning");
            let value = |p: &Piece| &p.slope * at + &p.intercept;
            value(&pair[0]) == value(&pair[1])
        })
    }

    /// Which class, and so which theorem, covers the activation.
    pub fn class(&self) -> Class {
        let flat = |p: &Piece| p.slope == Rational::ZERO;
        let through_origin = |p: &Piece| p.intercept == Rational::ZERO;
        let one_break_at_zero = self.pieces.len() == 2 && self.pieces[1].from == Some(Rational::ZERO);
        if self.pieces.len() == 1 && through_origin(&self.pieces[0]) {
            Class::Linear
        } else if one_break_at_zero && self.pieces.iter().all(through_origin) {
            Class::Homogeneous
        } else if one_break_at_zero && self.pieces.iter().all(flat) {
            Class::Threshold
        } else {
            Class::PiecewiseLinear { jumps: !self.continuous() }
        }
    }
}
