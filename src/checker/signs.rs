//! Trees of signs with quadratic leaves (GLOBAL 5).
//!
//! A node fixes the signs σ_j of some convex lines (k > 0): t = ℓ·θ is linear or zero there.  θ is (u, 1) with h(u) <= 1: under weight
//! decay lines do not look at the last entry.  Where h(u) <= 1, |u|₂² is at most 1, or the length of u for the max norm: the ball.
//! With t = ℓ·θ and R >= |t|:
//! ```text
//!   k > 0, free:     k max(t,0) <= k t/2 + p t² + k²/(16 p)                    any p > 0
//!   k < 0:           k max(t,0) <= -(η + h) t - e t²                           any η, h >= 0 with η + 2h <= |k|, and e <= h/R
//!   fixed j:         0 <= λ σ t - σ t (w·u)                                    any w with w·u <= λ: |w|² ball <= λ²
//!   fixed j, l:      0 <= Λ σ_j σ_l t_j t_l                                    any Λ >= 0
//! ```
//! Summed, G(θ) <= θ'Hθ, which is at most T if T E - H + μ (I - E - ball E) is positive semidefinite for a μ >= 0, E being 1 in the last
//! entry of the diagonal only: θ'(I - E - ball E)θ = |u|₂² - ball <= 0.  Everything is kept twice as large and in units of 2^-point,
//! the leaf's own, so that it is made of integers.

use super::{DEEP, DEPTH, ENDS, Flaw, WIDE, add};
use crate::certificate::{Claim, Reader, SLOPE_BITS};
use crate::exact::{Integer, Natural, positive_semidefinite};
use crate::problem::Gauge;

/// The length of a line is rounded up at so many bits behind the point.
const LENGTH_BITS: u32 = 40;

/// A fixed line and its sign.
type Fixed = (usize, i128);

/// The quadratic that bounds G on a node: 2H in units of 2^-point, upper triangle; one row more than u has entries.
struct Quadratic {
    twice: Vec<i128>,
    size: usize,
    point: u32,
    /// |u|₂² is at most this.
    ball: usize,
}

/// Checks the tree that `reader` holds and returns how many leaves it has.
pub fn check(claim: &Claim, point: u32, reader: &mut Reader) -> Result<usize, Flaw> {
    let mut leaves = 0;
    if !claim.contests.is_empty() {
        return Err(Flaw { leaf: 0, what: "signs say nothing of the largest of several lines" });
    }
    if !(1..=60).contains(&point) {
        return Err(Flaw { leaf: 0, what: WIDE });
    }
    // Lines still to be given their second sign, with the length of the path above them.
    let mut waiting: Vec<(usize, usize)> = Vec::new();
    let mut path: Vec<Fixed> = Vec::new();
    loop {
        let flaw = |what| Flaw { leaf: leaves, what };
        match reader.natural().ok_or(flaw(ENDS))? {
            0 => {
                let coarser = reader.natural().and_then(|q| u32::try_from(q).ok()).ok_or(flaw(ENDS))?;
                let point = point.checked_sub(coarser).filter(|point| *point > 0).ok_or(flaw(WIDE))?;
                leaf(claim, &path, point, reader).map_err(flaw)?;
                leaves += 1;
                let Some((above, line)) = waiting.pop() else { return Ok(leaves) };
                path.truncate(above);
                path.push((line, -1));
            }
            tag => {
                let line = usize::try_from(tag - 1).ok().filter(|l| claim.kinks.get(*l).is_some_and(|k| *k > 0));
                let line = line.filter(|line| path.iter().all(|(fixed, _)| fixed != line));
                let line = line.ok_or(flaw("a split names no convex line that is free"))?;
                if path.len() >= DEPTH {
                    return Err(flaw(DEEP));
                }
                waiting.push((path.len(), line));
                path.push((line, 1));
            }
        }
    }
}

fn leaf(claim: &Claim, path: &[Fixed], point: u32, reader: &mut Reader) -> Result<(), &'static str> {
    let mut quadratic = Quadratic::new(claim, point).ok_or(WIDE)?;
    let mut signs = vec![0_i128; claim.lines.len()];
    path.iter().for_each(|&(line, sign)| signs[line] = sign);
    for (line, &sign) in signs.iter().enumerate() {
        match (claim.kinks[line] > 0, sign) {
            (true, 0) => quadratic.convex(claim, line, reader)?,
            (true, sign) => quadratic.linear(&claim.lines[line], claim.kinks[line] * (1 + sign)).ok_or(WIDE)?,
            (false, _) => quadratic.concave(claim, line, reader)?,
        }
    }
    for &fixed in path {
        quadratic.constraint(claim, fixed, reader)?;
    }
    quadratic.pairs(claim, path, reader)?;
    let mu = scaled(reader)?;
    if quadratic.below(mu, claim.limit).ok_or(WIDE)? { Ok(()) } else { Err("its quadratic bound is not proved below the limit") }
}

impl Quadratic {
    fn new(claim: &Claim, point: u32) -> Option<Quadratic> {
        let size = claim.rank() + usize::from(claim.gauge == Gauge::Norm);
        let ball = claim.hidden.ball(size - 1);
        let mut quadratic = Quadratic { twice: vec![0; size * size], size, point, ball };
        quadratic.linear(&claim.slope, 2)?;
        Some(quadratic)
    }

    /// 2H += factor times the form v·θ.
    fn linear<T: Copy + Into<i128>>(&mut self, v: &[T], factor: i128) -> Option<()> {
        let (last, scaled) = (self.size - 1, factor.checked_mul(1 << self.point)?);
        for (i, &x) in v.iter().enumerate() {
            let part = if i == last { scaled } else { scaled / 2 };
            let entry = &mut self.twice[i * self.size + last];
            *entry = add(*entry, part, x.into())?;
        }
        Some(())
    }

    /// 2H += factor ℓℓ'.
    fn square(&mut self, line: &[i64], factor: i128) -> Option<()> {
        for (i, &x) in line.iter().enumerate().filter(|(_, x)| **x != 0) {
            let scaled = factor.checked_mul(x.into())?;
            for (entry, &y) in self.twice[i * self.size + i..].iter_mut().zip(&line[i..]) {
                *entry = add(*entry, scaled, y.into())?;
            }
        }
        Some(())
    }

    /// 2H += factor (uv' + vu').
    fn product(&mut self, u: &[i128], v: &[i128], factor: i128) -> Option<()> {
        let at = |x: &[i128], i: usize| x.get(i).copied().unwrap_or(0);
        for i in 0..self.size {
            for j in i..self.size {
                let both = add(at(u, i).checked_mul(at(v, j))?, at(u, j), at(v, i))?;
                let entry = &mut self.twice[i * self.size + j];
                *entry = add(*entry, factor, both)?;
            }
        }
        Some(())
    }

    fn convex(&mut self, claim: &Claim, line: usize, reader: &mut Reader) -> Result<(), &'static str> {
        let (kink, p) = (claim.kinks[line], scaled(reader)?);
        if p == 0 {
            return Err("the weight of a convex line is 0");
        }
        self.linear(&claim.lines[line], kink).ok_or(WIDE)?;
        self.square(&claim.lines[line], p.checked_mul(2).ok_or(WIDE)?).ok_or(WIDE)?;
        let numerator = (Natural::from(kink.unsigned_abs()) * kink.unsigned_abs()) << self.point as usize;
        let quotient = Integer::from(numerator / (Natural::from(p.unsigned_abs()) << 4)) + Integer::ONE;
        self.constant(i128::try_from(quotient).map_err(|_| WIDE)?).ok_or(WIDE)
    }

    /// H += the constant.
    fn constant(&mut self, value: i128) -> Option<()> {
        let corner = self.twice.last_mut()?;
        *corner = add(*corner, value, 2 << self.point)?;
        Some(())
    }

    fn concave(&mut self, claim: &Claim, line: usize, reader: &mut Reader) -> Result<(), &'static str> {
        let size = -claim.kinks[line];
        let (straight, curved) = (reader.natural().ok_or(ENDS)?, reader.natural().ok_or(ENDS)?);
        let whole = 1 << SLOPE_BITS;
        if straight > whole || curved > whole - straight {
            return Err("the slopes of a concave line exceed its kink");
        }
        let part = |share: u128, bits: u32| size.checked_mul(share as i128).map(|product| product >> bits).ok_or(WIDE);
        let (eta, h) = (part(straight, SLOPE_BITS)?, part(curved, SLOPE_BITS + 1)?);
        let numerator = Natural::from(h.unsigned_abs()) << (self.point + LENGTH_BITS) as usize;
        let e = i128::try_from(Integer::from(numerator / length(claim, line).ok_or(WIDE)?)).map_err(|_| WIDE)?;
        self.linear(&claim.lines[line], -2 * (eta + h)).ok_or(WIDE)?;
        self.square(&claim.lines[line], e.checked_mul(-2).ok_or(WIDE)?).ok_or(WIDE)
    }

    fn constraint(&mut self, claim: &Claim, (line, sign): Fixed, reader: &mut Reader) -> Result<(), &'static str> {
        let lambda = scaled(reader)?;
        self.linear(&claim.lines[line], lambda.checked_mul(2 * sign).ok_or(WIDE)?).ok_or(WIDE)?;
        match reader.natural().ok_or(ENDS)? {
            0 => Ok(()),
            1 => {
                let w: Option<Vec<i128>> = (0..self.size - 1).map(|_| reader.integer()).collect();
                let w = w.ok_or(ENDS)?;
                let square = w.iter().try_fold(0_i128, |sum, x| add(sum, *x, *x)).ok_or(WIDE)?;
                let square = i128::try_from(self.ball).ok().and_then(|ball| square.checked_mul(ball)).ok_or(WIDE)?;
                if lambda.checked_mul(lambda).is_some_and(|limit| square > limit) {
                    return Err("the vector of a constraint is longer than its multiplier");
                }
                let wide: Vec<i128> = claim.lines[line].iter().map(|x| i128::from(*x)).collect();
                self.product(&wide, &w, -sign << self.point).ok_or(WIDE)
            }
            _ => Err("a constraint is neither linear nor a product with the ball"),
        }
    }

    fn pairs(&mut self, claim: &Claim, path: &[Fixed], reader: &mut Reader) -> Result<(), &'static str> {
        let most = (path.len() * path.len()) as u128;
        let count = reader.natural().ok_or(ENDS)?;
        if count > most {
            return Err("it has more products than pairs of constraints");
        }
        for _ in 0..count {
            let mut position = || reader.natural().ok_or(ENDS).map(|j| path.get(usize::try_from(j).unwrap_or(usize::MAX)).copied());
            let (first, second) = (position()?, position()?);
            let (Some((j, a)), Some((l, b))) = (first, second) else { return Err("a product names no constraint") };
            let weight = scaled(reader)?;
            let wide = |line: usize| -> Vec<i128> { claim.lines[line].iter().map(|x| i128::from(*x)).collect() };
            self.product(&wide(j), &wide(l), a * b * weight).ok_or(WIDE)?;
        }
        Ok(())
    }

    /// Whether T E - H + μ (I - 2E) is proved positive semidefinite.
    fn below(&self, mu: i128, limit: i128) -> Option<bool> {
        let (n, twice) = (self.size, 2_i128 << self.point);
        let mut matrix = vec![0_i128; n * n];
        for i in 0..n {
            for j in i..n {
                let diagonal = if i == j { mu.checked_mul(twice)? } else { 0 };
                let entry = diagonal.checked_sub(self.twice[i * n + j])?;
                (matrix[i * n + j], matrix[j * n + i]) = (entry, entry);
            }
        }
        let ball = i128::try_from(self.ball).ok()?;
        let rest = limit.checked_sub(mu.checked_mul(ball)?)?.checked_mul(twice)?;
        matrix[n * n - 1] = rest.checked_sub(self.twice[n * n - 1])?;
        Some(mu >= 0 && positive_semidefinite(&matrix, n))
    }
}

/// m 2^shift, as the tree writes multipliers.
fn scaled(reader: &mut Reader) -> Result<i128, &'static str> {
    let (mantissa, shift) = (reader.natural().ok_or(ENDS)?, reader.natural().ok_or(ENDS)?);
    let shift = u32::try_from(shift).ok().filter(|shift| *shift < 127).ok_or(WIDE)?;
    i128::try_from(mantissa).ok().filter(|m| *m <= i128::MAX >> shift).map(|m| m << shift).ok_or(WIDE)
}

/// At least |t| where h(u) <= 1, in units of 2^-LENGTH_BITS: h°(ℓ), and what meets the 1 by itself.
fn length(claim: &Claim, line: usize) -> Option<Natural> {
    let line = claim.lines.get(line)?;
    let (shift, line) = match claim.gauge {
        Gauge::Norm => (0, line.as_slice()),
        Gauge::Cap => line.split_last().map(|(shift, line)| (shift.unsigned_abs(), line))?,
    };
    Some(claim.hidden.polar_above(line, LENGTH_BITS) + (Natural::from(shift) << LENGTH_BITS as usize))
        .filter(|length| *length != Natural::ZERO)
}
