//! Inputs for a trained network: its columns found by name in new data, shifted and scaled as in training.

use super::budget::{limit, size};
use super::columns::unlagged;
use super::content::{Content, failed};
use super::faults::{counted, headless, listed, numbers, similar};
use super::missing::missing;
use super::open::{file, format_of};
use super::table::{Kind, Reader, Site, Table, Wish};
use crate::problem::{Column, Matrix};
use crate::syntax::diagnostic::{Diagnostic, Place, Source};
use crate::syntax::model::Format;
use std::io::Read;
use std::path::Path;

/// How a text file is laid out; the default is a header and the format's own separator.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub header: bool,
    pub separator: Option<char>,
}

impl Default for Layout {
    fn default() -> Self {
        Layout { header: true, separator: None }
    }
}

/// What goes into the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// One row per prediction, one column per input.
    pub inputs: Matrix,
    /// The data's row (from 1) of each prediction: with lags the first rows have no history and are left out.
    pub rows: Vec<usize>,
}

/// Reads the inputs `columns` from a file; its name tells the format, csv if it tells none.
pub fn read_features(path: &Path, columns: &[Column], layout: &Layout) -> Result<Features, Diagnostic> {
    features(&path.display().to_string(), format_of(path), Content::File(path.to_path_buf()), columns, layout)
}

/// Reads the inputs `columns` from a csv stream such as standard input, which people know as `name`.
pub fn read_features_from(name: &str, stream: &mut dyn Read, columns: &[Column], layout: &Layout) -> Result<Features, Diagnostic> {
    let most = limit(None);
    let mut bytes = Vec::new();
    stream.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| failed(&site(name), &error))?;
    if bytes.len() as u64 > most {
        let message = format!("`{name}` is longer than {}", size(u128::from(most)));
        return Err(site(name).error("E0440", message, "too long to be held").help("write it to a file and predict from that"));
    }
    features(name, Format::Csv, Content::Bytes(bytes.into()), columns, layout)
}

/// New data have no model that could be pointed at: errors about the whole of them stand at their name.
fn site(name: &str) -> Site {
    Site { shown: name.to_string(), place: Place::new(&Source::new(name, ""), 0..0), new_rows: true }
}

fn features(name: &str, format: Format, content: Content, columns: &[Column], layout: &Layout) -> Result<Features, Diagnostic> {
    let mut reader = file(site(name), format, content, layout.header, layout.separator)?;
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    reader.widen(&names);
    let found = columns.iter().map(|column| find(reader.as_ref(), &column.name, columns)).collect::<Result<Vec<_>, _>>()?;
    let wish = Wish {
        columns: found.iter().map(|(column, _)| (*column, Kind::Input)).collect(),
        window: 0..usize::MAX,
        row_bytes: 16 * columns.len() as u64 + 8,
        limit: limit(None),
    };
    let table = reader.read(&wish, &mut |_| ())?;
    let lags: Vec<usize> = found.iter().map(|(_, lag)| *lag).collect();
    let history = lags.iter().copied().max().unwrap_or(0);
    if table.rows <= history {
        return Err(too_short(reader.as_ref(), table.rows, history));
    }
    let rows: Vec<usize> = (history..table.rows).collect();
    let inputs = prepared(reader.as_ref(), &table, &wish, columns, &lags, &rows)?;
    Ok(Features { inputs, rows: rows.into_iter().map(|row| row + 1).collect() })
}

/// A column by its name, or a lagged one by its column's name.
fn find(reader: &dyn Reader, name: &str, columns: &[Column]) -> Result<(usize, usize), Diagnostic> {
    let position = |name: &str| {
        let named = reader.names().iter().position(|other| other == name);
        // Without names the last column is `y`, the target, in training data; here it may as well be the last input.
        named.or_else(|| (reader.numbered() && name == format!("x{}", reader.names().len())).then(|| reader.names().len() - 1))
    };
    match (position(name), unlagged(name)) {
        (Some(column), _) => Ok((column, 0)),
        (None, Some((base, lag))) => match position(base) {
            Some(column) => Ok((column, lag)),
            None => Err(lacks(base, reader, columns)),
        },
        (None, None) => Err(lacks(name, reader, columns)),
    }
}

/// The error of an input that new data do not have.
fn lacks(name: &str, reader: &dyn Reader, columns: &[Column]) -> Diagnostic {
    let (names, place) = (reader.names(), reader.names_place());
    let message = format!("the column `{name}`, an input of the network, is missing in `{}`", reader.site().shown);
    let line = place.source.text.clone();
    let separator = [';', '\t', '|', ' ', ','].into_iter().find(|c| names.len() == 1 && line.trim().contains(*c));
    let error = Diagnostic::error("E0301", message, place, format!("no `{name}` among these"));
    let error = error.note(format!("the columns are: {}", listed(names)));
    if let Some(separator) = separator {
        let separator = separator.escape_default();
        return error.help(format!("the values seem to be separated otherwise: `--separator \"{separator}\"`"));
    }
    let made_up = |column: &Column| {
        let base = unlagged(&column.name).map_or(column.name.as_str(), |(base, _)| base);
        base == "y" || base.strip_prefix('x').is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    };
    if (numbers(names) || reader.numbered()) && !columns.iter().all(made_up) {
        return error.help("name the columns in the first line, as in the training data: the inputs of this network are found by name");
    }
    if numbers(names) {
        return error.help(headless(names, reader.site()));
    }
    // Another input of the network is no misspelling.
    let free = |name: &&String| !reader.numbered() && columns.iter().all(|column| column.name != **name);
    let free: Vec<String> = names.iter().filter(free).cloned().collect();
    match similar(name, &free) {
        Some(other) => error.help(format!("rename it if it is the one with the similar name: `{other}`")),
        None => error,
    }
}

fn too_short(reader: &dyn Reader, rows: usize, history: usize) -> Diagnostic {
    let name = &reader.site().shown;
    let (message, remark) = match rows {
        0 => (format!("`{name}` has no rows"), "nothing to predict"),
        rows => (format!("`{name}` has {}, and the first {history} have no history", counted(rows, "row")), "too short for the lags"),
    };
    reader.site().error("E0403", message, remark).help(match rows {
        0 => "write at least one row to predict, or name another file".to_string(),
        _ => format!("write the {} before the first one to predict as well", counted(history, "row")),
    })
}

fn prepared(
    reader: &dyn Reader,
    table: &Table,
    wish: &Wish,
    columns: &[Column],
    lags: &[usize],
    rows: &[usize],
) -> Result<Matrix, Diagnostic> {
    let mut values = Vec::with_capacity(rows.len() * columns.len());
    for &row in rows {
        for (at, column) in columns.iter().enumerate() {
            let raw = table.numbers(at)[row - lags[at]];
            let value = (raw - column.shift) / column.scale;
            if !value.is_finite() {
                return Err(unusable(reader, row - lags[at], wish.columns[at].0, raw));
            }
            values.push(value);
        }
    }
    Ok(Matrix::new(rows.len(), columns.len(), values))
}

/// The error of a value that is missing, or that scaling throws out of the doubles.
fn unusable(reader: &dyn Reader, row: usize, column: usize, raw: f64) -> Diagnostic {
    let (name, place) = (&reader.names()[column], reader.place(row, Some(column)));
    if raw.is_nan() {
        return missing(reader, row, column).help("fill in the value, or leave out the row");
    }
    let message = format!("`{raw}`, the value of `{name}` in row {}, is too large", row + 1);
    Diagnostic::error("E0412", message, place, "leaves the range of doubles").help("use the unit of the training data")
}
