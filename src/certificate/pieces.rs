//! The activation of a problem in integers, and what one unit of its gauge costs.

use crate::exact::{Abs, Gcd, Natural, Rational, written};
use crate::problem::{Activation, Gauge, Problem};

/// Slopes of more binary digits than this are cut.
const SLOPE_DIGITS: u32 = 4;

/// The activation in integers: S_k = D s_k, and h, products with dual mantissas being rounded to multiples of 2^h.
pub(super) struct Pieces {
    pub(super) slopes: Vec<i128>,
    pub(super) denominator: Rational,
    pub(super) cut: u32,
    /// -t_k / r for every break, the first piece's intercept / r and |φ(0)| / r; all zero without a cap.
    pub(super) shifts: Vec<Rational>,
    pub(super) intercept: Rational,
    pub(super) at_zero: Rational,
    /// β, or β / r.
    pub(super) price: Rational,
    pub(super) gauge: Gauge,
}

impl Pieces {
    /// Those of what stands behind a gate: the weighted sum itself, under weight decay; `None` for anything else.
    pub(super) fn behind_gate(problem: &Problem) -> Option<Pieces> {
        let pieces = Pieces::of(problem)?;
        let plain = pieces.denominator == Rational::ONE && pieces.slopes.iter().all(|slope| *slope == 1);
        (plain && pieces.gauge == Gauge::Norm).then_some(pieces)
    }

    /// Whether an inequality is known: for degree 1 under weight decay, and for all that is continuous under a cap.
    pub(super) fn cover(problem: &Problem) -> bool {
        let activation = &problem.architecture.activation;
        if problem.objective.regularizer.radius.is_some() { activation.continuous() } else { of_degree_1(activation) }
    }

    /// `None` for what is not covered, and for numbers that are too wide.
    pub(super) fn of(problem: &Problem) -> Option<Pieces> {
        let (activation, regularizer) = (&problem.architecture.activation, &problem.objective.regularizer);
        let beta = written(problem.objective.strength)?;
        let mut pieces = match regularizer.radius {
            None => Pieces::with_degree_1(activation, beta)?,
            Some(radius) => Pieces::under_cap(activation, beta, written(radius).filter(|r| *r > Rational::ZERO)?)?,
        };
        let widest = if pieces.gauge == Gauge::Cap { pieces.whole(&pieces.denominator)?.unsigned_abs() } else { 0 };
        let bits = 128 - pieces.steepest().max(widest).leading_zeros();
        pieces.cut = bits.saturating_sub(SLOPE_DIGITS);
        Some(pieces)
    }

    /// φ(z) = p max(z,0) + q max(-z,0).
    pub(super) fn with_degree_1(activation: &Activation, beta: Rational) -> Option<Pieces> {
        let pieces = &activation.pieces;
        if !of_degree_1(activation) {
            return None;
        }
        let slopes = [&pieces.first()?.slope, &pieces.last()?.slope];
        Pieces::with(slopes.into_iter(), Gauge::Norm, beta)
    }

    pub(super) fn under_cap(activation: &Activation, beta: Rational, radius: Rational) -> Option<Pieces> {
        if !activation.continuous() {
            return None;
        }
        let pieces = Pieces::with(activation.pieces.iter().map(|piece| &piece.slope), Gauge::Cap, beta / &radius)?;
        let breaks = activation.pieces.iter().filter_map(|piece| piece.from.as_ref());
        let central = activation.pieces.iter().rev().find(|piece| piece.from.as_ref().is_none_or(|from| *from <= Rational::ZERO))?;
        Some(Pieces {
            shifts: breaks.map(|at| -at.clone() / &radius).collect(),
            intercept: activation.pieces.first()?.intercept.clone() / &radius,
            at_zero: central.intercept.clone().abs() / &radius,
            ..pieces
        })
    }

    pub(super) fn with<'a>(slopes: impl Iterator<Item = &'a Rational> + Clone, gauge: Gauge, price: Rational) -> Option<Pieces> {
        let denominator = slopes.clone().fold(Natural::ONE, |common, slope| {
            let other = slope.denominator();
            let divisor = (&common).gcd(other);
            common * other / divisor
        });
        let mut pieces = Pieces {
            slopes: Vec::new(),
            denominator: Rational::from(denominator),
            cut: 0,
            shifts: vec![Rational::ZERO],
            intercept: Rational::ZERO,
            at_zero: Rational::ZERO,
            price,
            gauge,
        };
        pieces.slopes = slopes.map(|slope| pieces.whole(&(slope * &pieces.denominator))).collect::<Option<_>>()?;
        Some(pieces)
    }

    /// The number, if it is whole and not too wide.
    pub(super) fn whole(&self, number: &Rational) -> Option<i128> {
        let floor = number.floor();
        let same = Rational::from(floor.clone()) == *number;
        i128::try_from(floor).ok().filter(|s| same && s.unsigned_abs() >> 80 == 0)
    }

    /// D Lip.
    pub(super) fn steepest(&self) -> u128 {
        self.slopes.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0)
    }

    /// S_k c for every piece; that of the first one is rounded as -(-S_0 c).
    pub(super) fn products(&self, c: i128) -> Option<Vec<i128>> {
        let product = |(k, slope): (usize, &i128)| match k {
            0 => self.times(slope.checked_neg()?, c)?.checked_neg(),
            _ => self.times(*slope, c),
        };
        self.slopes.iter().enumerate().map(product).collect()
    }

    /// slope · c, rounded to the nearest multiple of 2^h, halves upwards, in units of 2^h.
    pub(super) fn times(&self, slope: i128, c: i128) -> Option<i128> {
        let product = slope.checked_mul(c)?;
        Some(if self.cut == 0 { product } else { product.checked_add(1 << (self.cut - 1))? >> self.cut })
    }
}

/// At most one break, at 0, and through the origin.
fn of_degree_1(activation: &Activation) -> bool {
    let pieces = &activation.pieces;
    let origin = pieces.iter().all(|piece| piece.intercept == Rational::ZERO);
    let central = pieces.iter().all(|piece| piece.from.as_ref().is_none_or(|from| *from == Rational::ZERO));
    origin && central && pieces.len() <= 2
}
