//! Numbers for people: enough digits, grouped, and intervals rounded outwards so that they never claim more than is known.

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Down,
    Up,
}

/// A lower and an upper bound to the same number of digits, each rounded away from the other.
///
/// The narrower the interval, the more digits: one and a half beyond where the ends part, between 6 and 10 in all.
pub fn interval(lower: f64, upper: f64) -> (String, String) {
    let largest = if lower.is_finite() { lower.abs().max(upper.abs()) } else { upper.abs() };
    let width = (upper - lower).abs();
    let wanted = if width > 0.0 { (largest / width).log10().ceil() + 2.0 } else { 10.0 };
    let digits = wanted.clamp(6.0, 10.0) as usize;
    (one(lower, largest, digits, Side::Down), one(upper, largest, digits, Side::Up))
}

/// One end of an interval whose larger end has size `largest`.
fn one(x: f64, largest: f64, digits: usize, side: Side) -> String {
    if !x.is_finite() || x == 0.0 {
        return shortest(x);
    }
    if !(1e-4..1e12).contains(&largest) {
        return scientific(x, digits - 1, side);
    }
    let places = (digits as i32 - 1 - largest.log10().floor() as i32).max(0);
    let text = format!("{x:.*}", places as usize);
    let step = 10f64.powi(-places);
    if beyond(&text, x, side) { text } else { format!("{:.*}", places as usize, nudged(x, step, side)) }
}

fn scientific(x: f64, places: usize, side: Side) -> String {
    let text = format!("{x:.places$e}");
    let step = 10f64.powi(x.abs().log10().floor() as i32 - places as i32);
    if x == 0.0 || beyond(&text, x, side) { text } else { format!("{:.places$e}", nudged(x, step, side)) }
}

/// Whether the written number lies on the safe side of `x`.
fn beyond(text: &str, x: f64, side: Side) -> bool {
    let written: f64 = text.parse().unwrap_or(f64::NAN);
    if side == Side::Up { written >= x } else { written <= x }
}

/// `x` moved so far that rounding to `step` gives the next number on the safe side.
fn nudged(x: f64, step: f64, side: Side) -> f64 {
    if side == Side::Up { x + 0.75 * step } else { x - 0.75 * step }
}

/// A relative gap, rounded up to two or three digits: `0.31 %`, or `1.6e-13` below a hundredth of a per cent.
pub fn gap(relative: f64) -> String {
    if !relative.is_finite() {
        return "unbounded".to_string();
    }
    if relative == 0.0 {
        return "0".to_string();
    }
    if relative < 1e-4 {
        return scientific(relative, 1, Side::Up);
    }
    let percent = 100.0 * relative;
    let digits = if percent >= 1.0 { 3 } else { 2 };
    format!("{} %", one(percent, percent, digits, Side::Up))
}

/// A relative difference in per cent, rounded up: `20.3 %`, `1.6e-9 %`.
pub fn percent(relative: f64) -> String {
    let text = gap(relative);
    match (relative < 1e-4 && relative > 0.0, relative.is_finite()) {
        (true, _) => format!("{} %", scientific(100.0 * relative, 1, Side::Up)),
        (false, true) if relative == 0.0 => "0 %".to_string(),
        _ => text,
    }
}

/// A residual: two digits, rounded up.
pub fn residual(x: f64) -> String {
    if x == 0.0 || !x.is_finite() { shortest(x) } else { scientific(x, 1, Side::Up) }
}

/// `x` with six significant digits, trailing zeros kept, for a part of a sum whose whole is shown exactly elsewhere.
pub fn rounded(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return shortest(x);
    }
    let magnitude = x.abs().log10().floor() as i32;
    if (-4..9).contains(&magnitude) { format!("{x:.*}", (5 - magnitude).max(0) as usize) } else { format!("{x:.5e}") }
}

/// The shortest decimal that reads back as `x`; whole numbers without a point.
pub fn shortest(x: f64) -> String {
    let text = format!("{x:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

/// A number of the model, or one computed from such, as a person would write it: twelve digits, without rounding's dust.
pub fn plain(x: f64) -> String {
    let text = format!("{x:.11e}");
    text.parse().map_or(text, shortest)
}

/// `1 032`.
pub fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of cells: exact while a person can read it, then `1.5e19`.
pub fn size(n: f64) -> String {
    if n < 1e9 { count(n as usize) } else { format!("{n:.1e}") }
}

/// Time that has passed: `0.0 s`, `12.3 s`, `2 min 3 s`.
pub fn seconds(s: f64) -> String {
    if s < 60.0 { format!("{s:.1} s") } else { limit(s.floor()) }
}

/// Time that is allowed: `0.5 s`, `60 s` as `1 min`, `5 min`.
pub fn limit(s: f64) -> String {
    if s < 60.0 {
        return format!("{} s", plain(s));
    }
    let (minutes, rest) = ((s / 60.0).floor(), (s % 60.0).floor());
    if rest == 0.0 { format!("{minutes} min") } else { format!("{minutes} min {rest} s") }
}

/// `3 MB`, in powers of ten.
pub fn bytes(n: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let power = ((n.max(1.0).log10() / 3.0).floor() as usize).min(units.len() - 1);
    let value = n / 1000f64.powi(power as i32);
    if value >= 1000.0 { format!("{value:.0e} {}", units[power]) } else { format!("{value:.0} {}", units[power]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_rounded_outwards() {
        for (lower, upper) in [(0.0624252873883, 0.0624252873884), (231.165, 231.884), (1e-9, 2e-9), (-3.0, 1e13), (0.1, 0.1)] {
            let (low, high) = interval(lower, upper);
            let read = |text: &str| text.parse::<f64>().unwrap();
            assert!(read(&low) <= lower && upper <= read(&high), "{low} {high}");
            assert!(read(&high) - read(&low) <= (upper - lower) + 2e-5 * upper.abs(), "{low} {high}");
        }
        assert_eq!(interval(231.165, 231.884), ("231.165".into(), "231.884".into()));
        assert_eq!(interval(0.0, 0.5), ("0".into(), "0.500000".into()));
        assert_eq!(interval(f64::NEG_INFINITY, 2.0).0, "-inf");
        assert_eq!(interval(0.0, 0.0), ("0".into(), "0".into()));
    }

    #[test]
    fn gaps_never_flatter() {
        assert_eq!(gap(0.00301), "0.31 %");
        assert_eq!(gap(1.51e-13), "1.6e-13");
        assert_eq!(gap(1.0), "100 %");
        assert_eq!(gap(0.0), "0");
        assert_eq!(gap(f64::INFINITY), "unbounded");
        assert_eq!([0.203, 1.51e-11, 0.0].map(percent), ["20.3 %", "1.6e-9 %", "0 %"]);
    }

    #[test]
    fn sizes_are_readable() {
        assert_eq!(count(159_602), "159 602");
        assert_eq!(count(12), "12");
        assert_eq!(size(1.5e19), "1.5e19");
        assert_eq!(seconds(123.4), "2 min 3 s");
        assert_eq!(limit(300.0), "5 min");
        assert_eq!(limit(1.0), "1 s");
        assert_eq!(plain(2.0 * 1e-5 / 200.0), "1e-7");
        assert_eq!(bytes(3.2e6), "3 MB");
        assert_eq!(shortest(1e-6), "1e-6");
        assert_eq!(rounded(6.192529), "6.19253");
    }
}
