//! Where to split a cone: the edge along which the convex terms are furthest from their chords at the maximiser.

use super::cone::{Bent, Cone, Floats};
use super::dot;
use super::rivals::{Rival, by_term, largest};

/// Below this depth every other split is where the edge's worst line changes sign, if that line is to blame for at least this part
/// of the edge's loss: bisections alone might come near it for ever, but they need fewer nodes until then.
const BISECTIONS: usize = 16;
const BLAME: f64 = 0.3;
/// Where many lines meet none of them is to blame: from this depth on the worst one will do.
const DEEP: usize = 40;
/// Multipliers of such a split stay below this.
const FINEST: i128 = 1 << 24;

/// An edge (a, b) and the positive multipliers (m, n) of the new generator m g_a + n g_b.
pub type Split = ((usize, usize), (i64, i64));

/// The split of a cone whose relaxation is largest at `point`; `None` if there is no room for one.
pub fn choose<const R: usize>(floats: &Floats<R>, cone: &Cone<R>, point: &[f64; R], depth: usize) -> Option<Split> {
    if R < 2 {
        return None;
    }
    let weights = cone.dual?.map(|dual| dot(&dual, point).max(0.0));
    let edge = worst_edge(cone, &weights).unwrap_or_else(|| longest_edge(&cone.directions));
    let halves = halves(cone.sizes[edge.0], cone.sizes[edge.1]);
    let blame = if depth < DEEP { BLAME } else { 0.0 };
    let kink = if depth >= BISECTIONS && depth.is_multiple_of(2) { at_kink(floats, cone, edge, &weights, blame) } else { None };
    let fits = |&(m, n): &(i64, i64)| {
        let mut ends = cone.generators[edge.0].iter().zip(&cone.generators[edge.1]);
        let fits = |new: i64| new.checked_abs().is_some_and(|new| new <= floats.largest);
        ends.all(|(x, y)| m.checked_mul(*x).zip(n.checked_mul(*y)).and_then(|(x, y)| x.checked_add(y)).is_some_and(fits))
    };
    kink.into_iter().chain([halves]).find(fits).map(|multipliers| (edge, multipliers))
}

/// What the chords lose at Σ w_k ĝ_k along the edge (a, b): min(w_a |a·ĝ_a|, w_b |a·ĝ_b|) where the signs differ.
fn worst_edge<const R: usize>(cone: &Cone<R>, weights: &[f64; R]) -> Option<(usize, usize)> {
    let mut losses = [[0.0; R]; R];
    for bent in &cone.convex {
        let reach: [f64; R] = std::array::from_fn(|k| bent.at[k] * weights[k]);
        for a in 0..R {
            for b in a + 1..R {
                losses[a][b] += reach[a].min(-reach[b]).max(reach[b].min(-reach[a])).max(0.0);
            }
        }
    }
    for rivals in by_term(&cone.peaks) {
        let edges = (0..R).flat_map(|a| (a + 1..R).map(move |b| (a, b)));
        edges.for_each(|(a, b)| losses[a][b] += lost(rivals, (a, b), weights));
    }
    let losses = losses.iter().flatten().enumerate();
    losses.fold((0.0, None), |best, (at, loss)| if *loss > best.0 { (*loss, Some((at / R, at % R))) } else { best }).1
}

/// The same for the largest of rivals.
fn lost<const R: usize>(rivals: &[Rival<R>], (a, b): (usize, usize), weights: &[f64; R]) -> f64 {
    let reach = |k: usize| largest(true, rivals.iter().map(|rival| rival.at[k] * weights[k]));
    let both = largest(true, rivals.iter().map(|rival| rival.at[a] * weights[a] + rival.at[b] * weights[b]));
    (reach(a) + reach(b) - both).max(0.0)
}

fn longest_edge<const R: usize>(directions: &[[f64; R]; R]) -> (usize, usize) {
    let pairs = (0..R).flat_map(|a| (a + 1..R).map(move |b| (a, b)));
    let apart = |&(a, b): &(usize, usize)| dot(&directions[a], &directions[b]);
    pairs.min_by(|x, y| apart(x).total_cmp(&apart(y))).unwrap_or((0, 0))
}

/// Multipliers that make both ends about equally long.
fn halves(a: f64, b: f64) -> (i64, i64) {
    let exponent = libm::round(libm::log2(a / b)).clamp(-40.0, 40.0) as i32;
    if exponent >= 0 { (1, 1 << exponent) } else { (1 << -exponent, 1) }
}

/// Multipliers that put the new generator on, or near, the line that loses most along the edge.
fn at_kink<const R: usize>(
    floats: &Floats<R>,
    cone: &Cone<R>,
    (a, b): (usize, usize),
    weights: &[f64; R],
    blame: f64,
) -> Option<(i64, i64)> {
    let loss = |bent: &Bent<R>| {
        let (x, y) = (bent.at[a] * weights[a], bent.at[b] * weights[b]);
        x.min(-y).max(y.min(-x)).max(0.0)
    };
    let (mut worst, mut most, mut all) = (None, 0.0, 0.0);
    for bent in &cone.convex {
        let loss = loss(bent);
        all += loss;
        if loss > most {
            (worst, most) = (Some(bent.line as usize), loss);
        }
    }
    let mut rivals: Option<&[Rival<R>]> = None;
    for term in by_term(&cone.peaks) {
        let loss = lost(term, (a, b), weights);
        all += loss;
        if loss > most {
            (rivals, most) = (Some(term), loss);
        }
    }
    if most < blame * all {
        return None;
    }
    if let Some(rivals) = rivals {
        let top = |k: usize| rivals.iter().max_by(|x, y| x.at[k].total_cmp(&y.at[k]));
        let (m, n) = top(a)?.meeting(top(b)?, (a, b))?;
        return Some(ratio(m, n));
    }
    let distance = |k: usize| floats.exact(worst?, &cone.generators[k]).checked_abs();
    Some(ratio(distance(b)?, distance(a)?))
}

/// m : n in lowest terms, or a ratio of small numbers near it.
fn ratio(m: i128, n: i128) -> (i64, i64) {
    let divisor = greatest_common_divisor(m, n);
    let (m, n) = (m / divisor, n / divisor);
    let excess = (m.max(n) as f64 / FINEST as f64).max(1.0);
    let near = |x: i128| if excess > 1.0 { (x as f64 / excess).round() as i64 } else { x as i64 };
    (near(m).max(1), near(n).max(1))
}

fn greatest_common_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}
