//! The inequality that a proof about a piecewise-constant activation is about, in integers: for output sign s, with the mantissas m_i of
//! the dual vector and D the common denominator of the levels L_k,
//! ```text
//!   G(w) = Σ_i c_i D φ(x_i·w) = constant + Σ_l value_l(side of ℓ_l at w) <= T    for all w that are allowed,     c_i = -s m_i
//! ```
//! A neuron (w, a) costs |a| whatever its w, so T = ⌊D 2^e n β / t⌋, less what moving the dual vector for a skip may cost.
//! Jumps are no Lipschitz functions: there is no grid, and the lines are those of the doubles and decimals themselves.

use super::{Correction, Dual, Fault};
use crate::exact::{Abs, Rational, power, rational, written};
use crate::problem::{Jumps, Place, Problem, levels};

/// The inequality above.
#[derive(Clone, Debug, PartialEq)]
pub struct JumpClaim {
    /// For every line of [`Jumps`] what its negative side, the line itself and its positive side add.
    pub values: Vec<[i128; 3]>,
    pub constant: i128,
    /// T, positive.
    pub limit: i128,
}

impl JumpClaim {
    /// The inequality for networks of output sign `sign` and a dual vector `scale`·u.
    pub fn new(problem: &Problem, jumps: &Jumps, dual: &Dual, correction: &Correction, scale: f64, sign: i8) -> Result<JumpClaim, Fault> {
        dual.fits(jumps.places().len())?;
        let limit = limit(problem, dual, correction, scale).ok_or(Fault::Width)?;
        let (_, levels) = levels(&problem.architecture.activation).ok_or(Fault::Width)?;
        let mut claim = JumpClaim { values: vec![[0; 3]; jumps.lines.len()], constant: 0, limit };
        for (places, m) in jumps.places().iter().zip(&dual.mantissas) {
            claim.gather(places, &levels, -i128::from(sign) * i128::from(*m)).ok_or(Fault::Width)?;
        }
        Ok(claim)
    }

    /// Adds what one example of weight c adds: c L_0, and c (L_k - L_(k-1)) wherever break k is passed.
    fn gather(&mut self, places: &[Place], levels: &[i128], c: i128) -> Option<()> {
        self.constant = self.constant.checked_add(c.checked_mul(*levels.first()?)?)?;
        for (place, pair) in places.iter().zip(levels.windows(2)) {
            let jump = c.checked_mul(pair[1] - pair[0])?;
            match place {
                Place::Fixed(true) => self.constant = self.constant.checked_add(jump)?,
                Place::Fixed(false) => {}
                Place::On { line, .. } => {
                    for (value, sign) in self.values.get_mut(*line)?.iter_mut().zip([-1, 0, 1]) {
                        if place.passed(sign) {
                            *value = value.checked_add(jump)?;
                        }
                    }
                }
            }
        }
        Some(())
    }
}

/// T.
fn limit(problem: &Problem, dual: &Dual, correction: &Correction, scale: f64) -> Option<i128> {
    let scale = rational(scale).filter(|t| *t > Rational::ZERO)?;
    let (denominator, _) = levels(&problem.architecture.activation)?;
    let unit = Rational::from(denominator) * power(dual.exponent)?;
    let beta = written(problem.objective.strength)?;
    let highest = problem.architecture.activation.pieces.iter().map(|piece| piece.intercept.clone().abs()).max()?;
    let moved = &correction.most * Rational::from(correction.rows.len()) * highest;
    let limit = unit * (problem.objective.loss.count(problem.targets().len()) * beta / scale - moved);
    i128::try_from(limit.floor()).ok().filter(|limit| *limit > 0 && *limit < 1 << 120)
}
