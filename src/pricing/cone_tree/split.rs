//! Where to split a cone: the edge along which the convex terms are furthest from their chords at the maximiser.

use super::cone::{Cone, Floats};
use super::dot;
use super::leaf::inverse;

/// From this depth on an edge is split where its worst line changes sign; a bisection might come near that for ever.
const BISECTIONS: usize = 10;
/// Multipliers of such a split stay below this.
const FINEST: i128 = 1 << 6;

/// The edge (a, b) and the positive multipliers (m, n) of the new generator m g_a + n g_b; `None` if there is no room for it.
pub fn choose(floats: &Floats, cone: &Cone, point: &[f64], depth: usize) -> Option<((usize, usize), (i64, i64))> {
    let (directions, sizes) = cone.directions();
    if cone.rank() < 2 {
        return None;
    }
    let weights: Vec<f64> = inverse(&directions)?.iter().map(|dual| dot(dual, point).max(0.0)).collect();
    let edge = worst_edge(floats, cone, &weights, &sizes).unwrap_or_else(|| longest_edge(&directions));
    let halves = halves(sizes[edge.0], sizes[edge.1]);
    let kink = if depth >= BISECTIONS && depth.is_multiple_of(2) { at_kink(floats, cone, edge, &weights, &sizes) } else { None };
    let fits = |&(m, n): &(i64, i64)| {
        let new =
            cone.generators[edge.0].iter().zip(&cone.generators[edge.1]).map(|(x, y)| m.checked_mul(*x)?.checked_add(n.checked_mul(*y)?));
        new.collect::<Option<Vec<i64>>>().is_some_and(|new| new.iter().all(|x| x.abs() <= floats.largest))
    };
    kink.into_iter().chain([halves]).find(fits).map(|multipliers| (edge, multipliers))
}

/// Σ k min(weight_a |ℓ·g_a|, weight_b |ℓ·g_b|) over convex lines with different signs at a and b is what the chord loses there.
fn worst_edge(floats: &Floats, cone: &Cone, weights: &[f64], sizes: &[f64]) -> Option<(usize, usize)> {
    let rank = cone.rank();
    let mut losses = vec![0.0; rank * rank];
    let mut reach = vec![0.0; rank];
    for (position, &line) in cone.lines.iter().enumerate().filter(|(_, line)| floats.kinks[**line as usize] > 0.0) {
        for (k, value) in cone.at(position).iter().enumerate() {
            reach[k] = *value as f64 * weights[k] / sizes[k];
        }
        for a in 0..rank {
            for b in a + 1..rank {
                if reach[a] * reach[b] < 0.0 {
                    losses[a * rank + b] += floats.kinks[line as usize] * reach[a].abs().min(reach[b].abs());
                }
            }
        }
    }
    let (best, loss) = losses.iter().enumerate().fold((0, 0.0), |best, (at, loss)| if *loss > best.1 { (at, *loss) } else { best });
    (loss > 0.0).then_some((best / rank, best % rank))
}

fn longest_edge(directions: &[Vec<f64>]) -> (usize, usize) {
    let rank = directions.len();
    let pairs = (0..rank).flat_map(|a| (a + 1..rank).map(move |b| (a, b)));
    let apart = |&(a, b): &(usize, usize)| dot(&directions[a], &directions[b]);
    pairs.min_by(|x, y| apart(x).total_cmp(&apart(y))).unwrap_or((0, 0))
}

/// Multipliers that make both ends about equally long.
fn halves(a: f64, b: f64) -> (i64, i64) {
    let exponent = libm::round(libm::log2(a / b)).clamp(-40.0, 40.0) as i32;
    if exponent >= 0 { (1, 1 << exponent) } else { (1 << -exponent, 1) }
}

/// Multipliers that put the new generator on, or near, the line that loses most along the edge.
fn at_kink(floats: &Floats, cone: &Cone, (a, b): (usize, usize), weights: &[f64], sizes: &[f64]) -> Option<(i64, i64)> {
    let loss = |position: usize| {
        let values = cone.at(position);
        let kink = floats.kinks[cone.lines[position] as usize];
        let reach = |k: usize| values[k] as f64 * weights[k] / sizes[k];
        if kink > 0.0 && reach(a) * reach(b) < 0.0 { kink * reach(a).abs().min(reach(b).abs()) } else { 0.0 }
    };
    let (position, most) =
        (0..cone.lines.len()).map(|p| (p, loss(p))).fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best });
    if most <= 0.0 {
        return None;
    }
    Some(ratio(cone.at(position)[b].abs(), cone.at(position)[a].abs()))
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
