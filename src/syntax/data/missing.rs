//! Missing values: refused with the first one's place, or left out, as the model says.

use super::columns::Selection;
use super::examples::Part;
use super::faults::counted;
use super::labels::NO_LABEL;
use super::table::Cells;
use super::table::Reader;
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::model::Missing;
use std::collections::BTreeSet;

/// So many empty cells are remembered one by one.
const REMEMBERED: usize = 10_000;

/// The rows that may be used, in order; an error if a value is missing that the model neither drops nor fills in.
pub fn complete(part: &Part, rows: Vec<usize>, policy: Missing) -> Result<Vec<usize>, Diagnostic> {
    let gaps = Gaps::new(part);
    match policy {
        Missing::Drop => Ok(rows.into_iter().filter(|&row| !gaps.any(row)).collect()),
        Missing::Error if rows.iter().any(|&row| gaps.any(row)) => Err(gaps.error(&rows, false)),
        Missing::Mean if rows.iter().any(|&row| gaps.target(row)) => Err(gaps.error(&rows, true)),
        _ => Ok(rows),
    }
}

/// Where values are missing.
struct Gaps<'a> {
    part: &'a Part<'a>,
    /// Each input's numbers and lag, and its column in the file.
    inputs: Vec<(&'a [f64], usize, usize)>,
}

impl<'a> Gaps<'a> {
    fn new(part: &'a Part<'a>) -> Self {
        let selection: &Selection = &part.selection;
        let slots = selection.slots();
        let input = |(input, slot): (&super::columns::Input, usize)| (part.table.numbers(slot), input.lag, input.column);
        Gaps { part, inputs: selection.inputs.iter().zip(slots).map(input).collect() }
    }

    fn any(&self, row: usize) -> bool {
        let at = row - self.part.table.first;
        self.inputs.iter().any(|(numbers, lag, _)| numbers[at - lag].is_nan()) || self.target(row)
    }

    fn target(&self, row: usize) -> bool {
        self.targets(row).next().is_some()
    }

    /// The target columns, as in the file, that have no value in a row.
    fn targets(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        let (at, selection) = (row - self.part.table.first, &self.part.selection);
        let cells = &self.part.table.columns[selection.target_slot()..];
        let gap = move |cells: &Cells| match cells {
            Cells::Numbers(numbers) => numbers[at].is_nan(),
            Cells::Labels(labels) => labels.codes[at] == NO_LABEL,
        };
        selection.targets.iter().zip(cells).filter(move |(_, cells)| gap(cells)).map(|(target, _)| *target)
    }

    /// The missing cells that a row meets, by row and column of the file.
    fn cells(&self, row: usize, target_only: bool) -> Vec<(usize, usize)> {
        let at = row - self.part.table.first;
        let missing = |(numbers, lag, column): &(&[f64], usize, usize)| numbers[at - lag].is_nan().then_some((row - lag, *column));
        let mut cells: Vec<(usize, usize)> = if target_only { Vec::new() } else { self.inputs.iter().filter_map(missing).collect() };
        cells.extend(self.targets(row).map(|target| (row, target)));
        cells
    }

    fn error(&self, rows: &[usize], target_only: bool) -> Diagnostic {
        let touched: Vec<usize> = rows.iter().copied().filter(|&row| if target_only { self.target(row) } else { self.any(row) }).collect();
        let cells: BTreeSet<(usize, usize)> = touched.iter().take(REMEMBERED).flat_map(|&row| self.cells(row, target_only)).collect();
        let Some(&(row, column)) = cells.first() else { return self.part.reader.site().error("E0410", "a value is missing", "") };
        let mut error = missing(self.part.reader.as_ref(), row, column);
        if cells.len() > 1 {
            error = error.note(others(&cells));
        }
        if target_only {
            error = error.note("a target cannot be filled in with a mean");
        }
        let drop = format!("missing = drop      (leaves out {})", counted(touched.len(), "row"));
        let target = cells.iter().any(|(_, column)| self.part.selection.targets.contains(column));
        error.help(if target { drop } else { format!("{drop}     missing = mean") })
    }
}

/// The error of a missing cell, row and column as in the file.
pub fn missing(reader: &dyn Reader, row: usize, column: usize) -> Diagnostic {
    let (name, place) = (&reader.names()[column], reader.place(row, Some(column)));
    let binary = place == reader.site().place;
    let text = if binary { "NaN" } else { place.source.text.get(place.span.clone()).unwrap_or("").trim() };
    let text = text.trim_matches('"').to_string();
    let row = row + 1;
    match text.as_str() {
        "" => Diagnostic::error("E0410", format!("`{name}` is empty in row {row}"), place, "nothing here"),
        text => {
            let message = format!("`{name}` has no value in row {row}");
            Diagnostic::error("E0410", message, place, format!("`{text}` stands for a missing value"))
        }
    }
}

/// `3 more empty cells: rows 301, 344, 402`.
fn others(cells: &BTreeSet<(usize, usize)>) -> String {
    const SHOWN: usize = 10;
    let mut rows: Vec<String> = cells.iter().skip(1).map(|(row, _)| (row + 1).to_string()).collect();
    rows.dedup();
    let noun = if rows.len() == 1 { "row" } else { "rows" };
    let tail = if rows.len() > SHOWN { ", ..." } else { "" };
    rows.truncate(SHOWN);
    let more = if cells.len() >= REMEMBERED { "at least " } else { "" };
    let count = cells.len() - 1;
    format!("{more}{count} more empty cell{}: {noun} {}{tail}", if count == 1 { "" } else { "s" }, rows.join(", "))
}
