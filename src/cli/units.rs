//! Values on the command line, with units where they have one: `60s`, `8GB`, `1%`, `NAME=VALUE`.

use super::trouble::{Exit, Outcome, Trouble};
#[cfg(feature = "solve")]
use crate::problem::Solver;
#[cfg(feature = "solve")]
use std::time::Duration;

#[cfg(feature = "solve")]
/// `500ms`, `60s`, `20min`, `1.5 h`; a bare number is refused, because nobody can say which unit it means.
pub fn time(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3600.0)];
    let seconds = quantity(text, &units, "a time such as `60s` or `10min`")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "this time is too long".to_string())
}

#[cfg(feature = "solve")]
/// `500MB`, `8GB`, in bytes.
pub fn memory(text: &str) -> Result<u64, String> {
    let units = [("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)];
    let bytes = quantity(text, &units, "an amount of memory such as `8GB`")?;
    if bytes < 1e19 { Ok(bytes as u64) } else { Err("this is more memory than can be counted".to_string()) }
}

#[cfg(feature = "solve")]
/// A relative gap: above 0 and below 1; `1%` is 0.01.
pub fn gap(text: &str) -> Result<f64, String> {
    let (number, factor) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 0.01));
    match number.trim().parse::<f64>() {
        Ok(gap) if gap > 0.0 && gap * factor < 1.0 => Ok(gap * factor),
        _ => Err("a gap is a number above 0 and below 1, such as `1e-6` or `1%`".to_string()),
    }
}

/// The smallest value of a path over the largest.
#[cfg(feature = "solve")]
pub fn ratio(text: &str) -> Result<f64, String> {
    gap(text).map_err(|_| "the smallest value is a part of the largest: a number above 0 and below 1, such as `0.01`".to_string())
}

#[cfg(feature = "solve")]
/// More threads than any machine has use for would only fill its memory.
const MOST_THREADS: usize = 1024;

#[cfg(feature = "solve")]
/// A number of threads: more than the cores is fine, more than a thousand is a slip.
pub fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads) if threads <= MOST_THREADS => Ok(threads),
        _ => Err(format!("write a whole number of threads from 1 to {MOST_THREADS}, or 0 for all cores")),
    }
}

#[cfg(feature = "solve")]
/// A solver by its name.
pub fn solver(text: &str) -> Result<Solver, String> {
    let known = Solver::ALL.map(Solver::name).join(", ");
    Solver::ALL.into_iter().find(|solver| solver.name() == text).ok_or(format!("there is no solver `{text}`; known are {known}"))
}

/// `NAME=VALUE`, as it stands.
pub fn setting(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => Ok(text.to_string()),
        _ => Err("write NAME=VALUE, for example `beta=0.1`".to_string()),
    }
}

/// Refuses two values for one parameter: nobody can say which one was meant.
pub fn once(settings: &[String]) -> Outcome<()> {
    let name = |setting: &String| setting.split('=').next().unwrap_or_default().trim().to_string();
    let mut seen = std::collections::HashSet::new();
    match settings.iter().map(name).find(|name| !seen.insert(name.clone())) {
        Some(name) => Err(Trouble::Said(Exit::Usage, format!("`--set` gives `{name}` more than one value; keep one of them"))),
        None => Ok(()),
    }
}

/// One character between two values; `\t` is a tab.
pub fn separator(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        _ if text == "\\t" => Ok('\t'),
        (Some(one), None) if one.is_ascii() && !one.is_ascii_alphanumeric() => Ok(one),
        _ => Err("a separator is one character that is no letter or digit, such as `;`, or `\\t` for a tab".to_string()),
    }
}

#[cfg(feature = "solve")]
fn quantity(text: &str, units: &[(&str, f64)], wanted: &str) -> Result<f64, String> {
    let at = text.find(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')).unwrap_or(text.len());
    let (number, unit) = (text[..at].trim(), text[at..].trim());
    let factor = units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| factor);
    let known: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
    match (number.parse::<f64>(), factor) {
        (Ok(number), Some(factor)) if number > 0.0 && number.is_finite() => Ok(number * factor),
        (Ok(number), Some(_)) if number <= 0.0 => Err(format!("write {wanted}: it must be above 0")),
        (Ok(_), None) if unit.is_empty() => Err(format!("write {wanted}: a bare number has no unit")),
        (Ok(_), None) => Err(format!("write {wanted}: `{unit}` is no unit here, the units are {}", known.join(", "))),
        _ => Err(format!("write {wanted}")),
    }
}

#[cfg(all(test, feature = "solve"))]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_never_guessed() {
        assert_eq!(time("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(time("1.5 h"), Ok(Duration::from_secs(5400)));
        assert_eq!(time("1e2ms"), Ok(Duration::from_millis(100)));
        assert_eq!(memory("8GB"), Ok(8_000_000_000));
        for bad in ["10", "-1s", "0s", "s", "nan s", "infs", "10 parsecs", "", "1e400s", "1e300h"] {
            assert!(time(bad).is_err(), "{bad}");
        }
        assert!(memory("8").is_err() && memory("8e30TB").is_err());
    }

    #[test]
    fn gaps_threads_and_settings() {
        assert_eq!(threads("0"), Ok(0));
        assert_eq!(threads("1024"), Ok(1024));
        assert!(["1025", "99999999999999999999", "-1", "two", ""].iter().all(|bad| threads(bad).is_err()));
        assert_eq!(gap("1e-6"), Ok(1e-6));
        assert_eq!(gap("1%"), Ok(0.01));
        assert!(["0", "-1", "1", "nan", "x", ""].iter().all(|bad| gap(bad).is_err()));
        assert!(setting("beta=1").is_ok());
        assert!(["beta", "=1", "beta=", ""].iter().all(|bad| setting(bad).is_err()));
    }
}
