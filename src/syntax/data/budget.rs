//! How much memory the data may take, and what to say when it is not enough.

use super::faults::counted;
use super::table::{Site, Wish};
use crate::syntax::diagnostic::Diagnostic;

/// The most columns of a source; the names alone would fill the memory long before the numbers.
pub const MOST_COLUMNS: usize = 1 << 20;

/// Used where the machine does not tell its memory.
const FALLBACK: u64 = 8 << 30;

/// The most bytes the data may take: what the model allows, or three quarters of the machine's memory.
pub fn limit(asked: Option<u64>) -> u64 {
    asked.unwrap_or_else(|| machine_memory().unwrap_or(FALLBACK) / 4 * 3)
}

/// The memory of the machine where the system tells it in `/proc/meminfo`.
fn machine_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Refuses a source with too many columns.
pub fn check_width(site: &Site, columns: usize) -> Result<(), Diagnostic> {
    if columns <= MOST_COLUMNS {
        return Ok(());
    }
    let message = format!("`{}` has {columns} columns, the most is {MOST_COLUMNS}", site.shown);
    Err(site.error("E0441", message, "too wide").help("store the table with one example per row"))
}

/// Refuses `rows` rows if they do not fit.
pub fn check(site: &Site, wish: &Wish, rows: u64) -> Result<(), Diagnostic> {
    let needed = u128::from(rows) * u128::from(wish.row_bytes);
    if needed <= u128::from(wish.limit) { Ok(()) } else { Err(too_large(site, needed, wish)) }
}

/// Refuses early a text that will clearly not fit, judging the rows to come by those that came.
pub fn check_growing(site: &Site, wish: &Wish, rows: usize, bytes: u64, total: Option<u64>) -> Result<(), Diagnostic> {
    let kept = rows.saturating_sub(wish.window.start) as u64;
    check(site, wish, kept)?;
    let expected = rows as f64 * total.unwrap_or(0) as f64 / bytes.max(1) as f64;
    let expected = expected.min(wish.window.end as f64) - wish.window.start as f64;
    // Rows differ in length, so the guess has to be wrong by half before it may refuse.
    if expected * wish.row_bytes as f64 > 1.5 * wish.limit as f64 { check(site, wish, expected as u64) } else { Ok(()) }
}

/// The error for data that need `needed` bytes.
fn too_large(site: &Site, needed: u128, wish: &Wish) -> Diagnostic {
    let fitting = (wish.limit / wish.row_bytes.max(1)) as usize;
    let message = format!("the data need {} of memory, and {} may be used", size(needed), size(u128::from(wish.limit)));
    let error = site.error("E0440", message, format!("{} a row", size(u128::from(wish.row_bytes))));
    if site.new_rows {
        return error.help("predict fewer rows at a time");
    }
    let error = match fitting {
        0 => error,
        _ => error.help(format!("{} would fit: `rows = 1..{fitting}`", counted(fitting, "row"))),
    };
    error.help(format!("allow more in the model: `solve {{ memory = {} GB }}`", needed.div_ceil(1_000_000_000)))
}

/// Bytes for people: `1.5 GB`.
pub fn size(bytes: u128) -> String {
    const UNITS: [&str; 7] = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}
