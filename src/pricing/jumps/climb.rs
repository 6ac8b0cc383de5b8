//! Searches along straight lines: w + s d passes the lines of weight space one after the other, so the best s of all is found by
//! sorting where it does.  The middle of the best stretch is kept, so that rounding carries no weight over a jump.

use crate::problem::{Features, Jumps, Random};

/// Directions that are tried without success before a climb ends, for every entry of w.
const PATIENCE: usize = 4;
/// How far beyond the last line a search goes, relative to where it is.
const BEYOND: f64 = 1.0;
/// Halvings that find where a direction leaves the ball.
const HALVINGS: usize = 60;

/// Climbs from w to weights where Σ value_l is no lower, line by line.
///
/// `values` are for each line of `jumps` what its three sides add.
pub fn climb(features: &Features, jumps: &Jumps, values: &[[f64; 3]], start: &[f64], seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let (mut w, mut failures, mut turn) = (start.to_vec(), 0, 0);
    let mut height = worth(jumps, values, &w);
    while failures < PATIENCE * w.len() {
        let direction: Vec<f64> = match turn % (2 * w.len()) {
            axis if axis < w.len() => (0..w.len()).map(|j| f64::from(u8::from(j == axis))).collect(),
            _ => w.iter().map(|_| random.normal()).collect(),
        };
        turn += 1;
        let next = along(features, jumps, values, &w, &direction);
        let better = worth(jumps, values, &next);
        if better > height {
            (w, height, failures) = (next, better, 0);
        } else {
            failures += 1;
        }
    }
    w
}

/// Σ_l value_l at w, in floating point.
fn worth(jumps: &Jumps, values: &[[f64; 3]], w: &[f64]) -> f64 {
    jumps.signs(w).iter().zip(values).map(|(sign, values)| values[(sign + 1) as usize]).sum()
}

/// The best w + s d.
fn along(features: &Features, jumps: &Jumps, values: &[[f64; 3]], w: &[f64], d: &[f64]) -> Vec<f64> {
    let at = |s: f64| -> Vec<f64> { w.iter().zip(d).map(|(w, d)| w + s * d).collect() };
    let (low, high) = within(features, w, d);
    let mut height = 0.0;
    let mut stops: Vec<(f64, f64)> = Vec::new();
    for (line, values) in jumps.floats.iter().zip(values) {
        let z: f64 = line.iter().zip(w.iter().chain(&[1.0])).map(|(l, w)| l * w).sum();
        let rate: f64 = line.iter().zip(d).map(|(l, d)| l * d).sum();
        let (before, after) = if rate > 0.0 { (values[0], values[2]) } else { (values[2], values[0]) };
        match rate {
            0.0 => {}
            _ if -z / rate <= low => height += after,
            _ if -z / rate >= high => height += before,
            _ => {
                height += before;
                stops.push((-z / rate, after - before));
            }
        }
    }
    stops.sort_by(|a, b| a.0.total_cmp(&b.0));
    let reach = BEYOND + stops.iter().map(|stop| stop.0.abs()).fold(0.0, f64::max);
    let ends = (low.max(-2.0 * reach), high.min(2.0 * reach));
    let mut best = (f64::NEG_INFINITY, 0.0, 0.0);
    for (k, start) in std::iter::once(ends.0).chain(stops.iter().map(|stop| stop.0)).enumerate() {
        height += if k > 0 { stops[k - 1].1 } else { 0.0 };
        let end = stops.get(k).map_or(ends.1, |stop| stop.0);
        if end > start && (height, end - start) > (best.0, best.1) {
            best = (height, end - start, 0.5 * (start + end));
        }
    }
    at(best.2)
}

/// The s between which w + s d is allowed; w is.
fn within(features: &Features, w: &[f64], d: &[f64]) -> (f64, f64) {
    let Some(radius) = features.bound() else { return (f64::NEG_INFINITY, f64::INFINITY) };
    let allowed = |s: f64| features.hidden.gauge(&w.iter().zip(d).map(|(w, d)| w + s * d).collect::<Vec<_>>()) <= radius;
    let end = |sign: f64| {
        let longest = 2.0 * radius / features.hidden.gauge(d).max(f64::MIN_POSITIVE);
        let (mut inside, mut outside) = (0.0, longest);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (inside + outside);
            if allowed(sign * middle) { inside = middle } else { outside = middle }
        }
        sign * inside * (1.0 - 1e-12)
    };
    (end(-1.0), end(1.0))
}
