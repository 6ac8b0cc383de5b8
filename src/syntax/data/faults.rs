//! Errors about one cell or one row: named by row and column, pointing into the file.

use super::cell::{Fault, Owner, advice};
use super::table::Site;
use crate::syntax::diagnostic::{Diagnostic, Place};

/// What to do about a source without rows.
pub const NO_ROWS: &str = "write at least one row, or name another file";

/// A name as the model language would write it in a list: quoted if it is not a plain word or number.
pub fn word(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let number = name.parse::<f64>().is_ok();
    let identifier = name.chars().all(plain) && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if number || identifier { name.to_string() } else { format!("\"{name}\"") }
}

/// The error of a cell that cannot be used; `row` from 0.
pub fn at_cell(site: &Site, place: Place, name: &str, row: usize, fault: Fault, text: &str) -> Diagnostic {
    let row = row + 1;
    let shown = clipped(text.trim());
    match fault {
        Fault::NotUtf8 => {
            let message = format!("the value of `{name}` in row {row} is not UTF-8 text");
            Diagnostic::error("E0404", message, place, "bytes that are not UTF-8").help("save the file as UTF-8")
        }
        Fault::NotANumber | Fault::TextAmongTargets => {
            let quoted = word(name);
            let owner = match fault {
                _ if site.new_rows => Owner::NewRows,
                Fault::TextAmongTargets => Owner::Target,
                _ => Owner::Input(&quoted),
            };
            let message = format!("`{name}` needs numbers, row {row} holds `{shown}`");
            Diagnostic::error("E0411", message, place, "not a number").help(advice(&shown, &owner))
        }
        Fault::TooLarge => {
            let message = format!("`{shown}`, the value of `{name}` in row {row}, is too large for a double");
            Diagnostic::error("E0412", message, place, "beyond 1.8e308").help("measure the column in a larger unit")
        }
        Fault::Infinite => {
            let message = format!("`{name}` is infinite in row {row}");
            let way = if site.new_rows { "leave out the row" } else { "leave the cell empty and set `missing = drop`" };
            Diagnostic::error("E0412", message, place, "not a finite number").help(format!("write a finite number, or {way}"))
        }
        Fault::TooManyLabels => {
            let message = format!("`{name}` has more than 10000 different values, which are no classes");
            Diagnostic::error("E0423", message, place, "one more").help("use a loss for numbers, such as `squared`")
        }
    }
}

/// The first characters of a long text, or of one with several lines.
pub fn clipped(text: &str) -> String {
    if let Some((line, _)) = text.split_once(['\n', '\r']) {
        return format!("{}...", clipped(line).trim_end_matches("..."));
    }
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_string(),
    }
}

/// The error of a row with the wrong number of cells; `first` says who decided how many there should be.
pub fn ragged(place: Place, values: usize, names: &[String], header: bool) -> Diagnostic {
    let values = counted(values, "value");
    let expected = match header {
        true => format!("the header names {}", counted(names.len(), "column")),
        false => format!("the first row has {}", names.len()),
    };
    let error = Diagnostic::error("E0401", format!("this row has {values}, {expected}"), place, values.clone());
    let error = error.note(format!("the columns are: {}", listed(names)));
    error.help("give every row a value for each column, empty where one is missing; text with a comma stands in \"quotes\"")
}

/// Whether the names of a header are numbers, every one.
pub fn numbers(names: &[String]) -> bool {
    names.iter().all(|name| name.parse::<f64>().is_ok())
}

/// What to do about a header of numbers.
pub fn headless(names: &[String], site: &Site) -> String {
    let setting = if site.new_rows { "--no-header" } else { "header = false" };
    format!("the first line holds {}, no names: `{setting}`", counted(names.len(), "number"))
}

/// `1 row`, `2 rows`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Names with commas; a long list is cut.
pub fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    if names.len() <= SHOWN {
        return names.join(", ");
    }
    format!("{}, ... ({} in all)", names[..SHOWN - 2].join(", "), names.len())
}

/// The name most like `wanted`, if one is like it at all.
pub fn similar<'a>(wanted: &str, names: &'a [String]) -> Option<&'a String> {
    let score = |name: &String| strsim::damerau_levenshtein(&wanted.to_lowercase(), &name.to_lowercase());
    let length = wanted.chars().count();
    // One letter of one is no likeness: some part of the name has to be right.
    let limit = (length / 3).max(1).min(length.saturating_sub(1));
    names.iter().map(|name| (score(name), name)).filter(|(score, _)| *score <= limit).min_by_key(|(score, _)| *score).map(|(_, name)| name)
}
