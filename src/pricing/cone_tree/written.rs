//! A leaf as it stands in the certificate: c in a unit as coarse as the room below the target allows, and the slopes that are
//! not what the sign of ℓ·c says.

use super::cone::{Cone, Floats};
use super::dot;
use super::leaf::Search;
use super::rivals::{Rival, by_term};
use crate::certificate::{SLOPE_BITS, Writer};

/// What rounding may cost, relative to the limit.
const ROOM: f64 = 1e-11;
/// A unit finer by so many bits is worth less than slopes that need not be given.
const BARE: u32 = 3;
/// How often c is raised until it reaches every generator again.
const RAISES: usize = 4;
/// Products ℓ·c below this part of |ℓ| |c| are not left to their sign.
const DOUBT: f64 = 1.0 / (1_u64 << 40) as f64;

/// A vector that bounds G on a cone, exact as it will be written.
pub struct Leaf {
    /// At least ρ°(c) over the limit: G(θ) <= bound T ρ(θ) on the cone.
    pub bound: f64,
    pub text: Writer,
}

impl Leaf {
    /// What `search` found for `cone`, in the coarsest unit with which the bound stays below `target`, if there is one.
    pub fn written<const R: usize>(floats: &Floats<R>, cone: &Cone<R>, search: &Search<R>, target: f64) -> Leaf {
        let room = target - floats.measure.polar(&search.c);
        let units = room / (floats.finest * R as f64).max(f64::MIN_POSITIVE);
        let coarsest = if units > 1.0 && room.is_finite() { (libm::log2(units) + 2.0).min(SLOPE_BITS.into()) as u32 } else { 0 };
        let within = |leaf: &Leaf| leaf.bound <= target;
        let bare = (coarsest.saturating_sub(BARE)..=coarsest).rev().map(|shift| (shift, false));
        let mut tried = bare.chain((0..=coarsest).rev().map(|shift| (shift, true)));
        let leaf = tried.find_map(|(shift, given)| Leaf::in_units(floats, cone, search, (shift, given), target).filter(within));
        let leaf = leaf.or_else(|| Leaf::in_units(floats, cone, search, (0, true), f64::INFINITY));
        leaf.unwrap_or_else(|| Leaf { bound: f64::INFINITY, text: Writer::default() })
    }

    /// In units of 2^(unit + shift), with the slopes that `search` found or with those that follow from c.
    fn in_units<const R: usize>(
        floats: &Floats<R>,
        cone: &Cone<R>,
        search: &Search<R>,
        (shift, given): (u32, bool),
        target: f64,
    ) -> Option<Leaf> {
        let unit = floats.finest * (1_u64 << shift) as f64;
        let middle = cone.middle();
        let mut c = search.c;
        for _ in 0..RAISES {
            // Rounded away from the cone's polar, so that every generator is reached at least as well.
            let integers: [f64; R] = std::array::from_fn(|j| if middle[j] < 0.0 { (c[j] / unit).floor() } else { (c[j] / unit).ceil() });
            let polar = floats.measure.polar(&integers);
            let bound = unit * (polar + 1e-13 * polar.abs());
            if !bound.is_finite() || bound > target {
                return None;
            }
            let (exceptions, pull) = slopes(floats, cone, given.then_some(search), &integers, shift);
            let missing = cone
                .directions
                .iter()
                .zip(&cone.reach)
                .map(|(g, h)| (h + dot(&pull, g) + ROOM + floats.noise - unit * dot(g, &integers)) / dot(g, &middle));
            let lack = missing.fold(0.0, f64::max);
            if lack == 0.0 {
                return Some(Leaf { bound, text: encoded(shift, &integers, &exceptions) });
            }
            c = std::array::from_fn(|j| c[j] + lack * middle[j]);
        }
        None
    }
}

/// The positions and values of slopes that the sign of ℓ·c does not give, and Σ σ_p ℓ_p over all slopes.
fn slopes<const R: usize>(
    floats: &Floats<R>,
    cone: &Cone<R>,
    search: Option<&Search<R>>,
    c: &[f64; R],
    shift: u32,
) -> (Vec<(usize, u32)>, [f64; R]) {
    let whole = 1_u32 << (SLOPE_BITS - shift);
    let doubt = DOUBT * DOUBT * dot(c, c);
    let (mut exceptions, mut pull) = (Vec::new(), [0.0; R]);
    for (position, bent) in cone.concave.iter().enumerate() {
        let line = bent.line as usize;
        let product = dot(&floats.lines[line], c);
        let sure = product * product > doubt * floats.squares[line];
        let natural = if product < 0.0 { 1.0 } else { 0.0 };
        let tau = search.map_or(natural, |search| search.x[position]);
        let mut slope = natural;
        if tau != natural || !sure {
            let rounded = (tau * f64::from(whole)).round() as u32;
            exceptions.push((position, rounded));
            // As the checker reads it: the slope is a whole number.
            let kink = -floats.claim.kinks[line];
            slope = ((kink * i128::from(rounded)) >> (SLOPE_BITS - shift)) as f64 / kink as f64;
        }
        pull.iter_mut().zip(&floats.lines[line]).for_each(|(s, a)| *s += slope * a);
    }
    let mut first = 0;
    for rivals in by_term(&cone.hollows) {
        let weights = search.map(|search| &search.x[cone.concave.len() + R + first..][..rivals.len()]);
        let position = cone.concave.len() + first;
        first += rivals.len();
        let given = shares(floats, rivals, weights, c, SLOPE_BITS - shift, &mut pull);
        exceptions.extend(given.into_iter().map(|(at, weight)| (position + at, weight)));
    }
    (exceptions, pull)
}

/// The weights of a concave term's rivals but for the one that is largest at c and has the rest, and what all of them add to `pull`.
fn shares<const R: usize>(
    floats: &Floats<R>,
    rivals: &[Rival<R>],
    weights: Option<&[f64]>,
    c: &[f64; R],
    bits: u32,
    pull: &mut [f64; R],
) -> Vec<(usize, u32)> {
    let c = c.map(|c| c as i64);
    let reach: Vec<i128> = rivals.iter().map(|rival| floats.terms.exact(rival.line, &c)).collect();
    let natural = (1..reach.len()).fold(0, |best, at| if reach[at] > reach[best] { at } else { best });
    let mut add = |at: usize, part: f64| {
        pull.iter_mut().zip(&floats.terms.lines[rivals[at].line as usize]).for_each(|(s, a)| *s += part * a);
    };
    let (kink, mut left, mut rest, mut given) = (-floats.terms.kink(rivals[0].term), 1_u32 << bits, 1.0, Vec::new());
    for (at, weight) in weights.unwrap_or(&[]).iter().enumerate().filter(|(at, weight)| *at != natural && **weight > 0.0) {
        let rounded = ((weight * f64::from(1_u32 << bits)).floor() as u32).min(left);
        if rounded > 0 {
            // As the checker reads it: the slope is a whole number.
            let part = ((kink * i128::from(rounded)) >> bits) as f64 / kink as f64;
            (left, rest) = (left - rounded, rest - part);
            add(at, part);
            given.push((at, rounded));
        }
    }
    add(natural, rest);
    given
}

fn encoded<const R: usize>(shift: u32, c: &[f64; R], exceptions: &[(usize, u32)]) -> Writer {
    let mut writer = Writer::default();
    writer.natural(shift.into());
    c.iter().for_each(|c| writer.integer(*c as i128));
    writer.natural(exceptions.len() as u128);
    let mut next = 0;
    for &(position, tau) in exceptions {
        writer.natural((position - next) as u128);
        writer.natural(tau.into());
        next = position + 1;
    }
    writer
}
