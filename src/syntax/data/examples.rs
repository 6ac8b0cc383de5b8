//! Which rows are trained on and which are kept aside: `rows`, history for lags, `keep`, `missing`, `test`.

use super::cell::canonical;
use super::columns::Selection;
use super::faults::{NO_ROWS, counted, similar, word};
use super::missing;
use super::table::{Cells, Reader, Table};
use crate::problem::Random;
use crate::syntax::diagnostic::{Diagnostic, Place};
use crate::syntax::model::{DataSpec, Placed, TestSpec};
use std::ops::Range;

/// A source with the columns that were read from it.
pub struct Part<'a> {
    pub reader: Box<dyn Reader + 'a>,
    pub selection: Selection,
    pub table: Table,
}

/// Row numbers (from 0, as the source counts them) of the examples.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    pub train: Vec<usize>,
    /// Rows of the main source, or of the test file if there is one.
    pub test: Option<Vec<usize>>,
    /// Rows left out because of missing values.
    pub dropped: usize,
}

/// The rows that have to be read, history for lags included.
pub fn window(spec: &DataSpec, history: usize) -> Result<Range<usize>, Diagnostic> {
    let test = match &spec.test {
        TestSpec::Rows(rows) => Some(checked(rows)?),
        _ => None,
    };
    let Some(rows) = &spec.rows else { return Ok(0..usize::MAX) };
    let rows = checked(rows)?;
    let test = test.unwrap_or_else(|| rows.clone());
    Ok(rows.start.min(test.start).saturating_sub(history)..rows.end.max(test.end))
}

/// A range from the model, both ends in and from 1, as rows from 0.
fn checked(rows: &Placed<(usize, usize)>) -> Result<Range<usize>, Diagnostic> {
    let (first, last) = rows.value;
    if first == 0 || last < first {
        let message = format!("{first}..{last} is no range of rows: rows are counted from 1, the smaller number first");
        return Err(Diagnostic::error("E0430", message, rows.place.clone(), "").help(format!(
            "{}..{}",
            first.min(last).max(1),
            first.max(last).max(1)
        )));
    }
    Ok(first - 1..last)
}

/// The examples of a model whose main source is `main` and whose test file, if there is one, is `file`.
pub fn examples(spec: &DataSpec, main: &Part, file: Option<&Part>) -> Result<Examples, Diagnostic> {
    if main.table.end() == 0 {
        return Err(main
            .reader
            .site()
            .error("E0403", format!("`{}` has column names but no rows", main.reader.site().shown), "no rows")
            .help(NO_ROWS));
    }
    let rows = train_rows(spec, main)?;
    let mut examples = Examples::default();
    examples.train = usable(spec, main, rows, &mut examples.dropped)?;
    examples.test = match (&spec.test, file) {
        (TestSpec::Rows(test), _) => Some(usable(spec, main, within(test, main)?.collect(), &mut examples.dropped)?),
        (_, Some(file)) => Some(usable(spec, file, (0..file.table.end()).collect(), &mut examples.dropped)?),
        _ => None,
    };
    if let TestSpec::Split { fraction, seed, .. } = spec.test {
        split(&mut examples, fraction, seed);
    }
    refuse_empty(spec, main, &examples)?;
    Ok(examples)
}

/// `rows`, or everything that is not tested on.
fn train_rows(spec: &DataSpec, main: &Part) -> Result<Vec<usize>, Diagnostic> {
    let all = 0..main.table.end();
    match (&spec.rows, &spec.test) {
        (Some(rows), TestSpec::Rows(test)) => {
            let (train, aside) = (within(rows, main)?, within(test, main)?);
            if train.start < aside.end && aside.start < train.end {
                let error = Diagnostic::error("E0432", "the test rows are training rows too", test.place.clone(), "tested on");
                return Err(error.also(rows.place.clone(), "trained on").help("choose ranges that have no row in common"));
            }
            Ok(train.collect())
        }
        (Some(rows), _) => Ok(within(rows, main)?.collect()),
        (None, TestSpec::Rows(test)) => {
            let aside = within(test, main)?;
            Ok(all.filter(|row| !aside.contains(row)).collect())
        }
        (None, _) => Ok(all.collect()),
    }
}

/// A range of rows that the source must have.
fn within(rows: &Placed<(usize, usize)>, main: &Part) -> Result<Range<usize>, Diagnostic> {
    let range = checked(rows)?;
    let count = main.table.end();
    if range.end > count {
        let message = format!("row {} is asked for, `{}` has {}", range.end, main.reader.site().shown, counted(count, "row"));
        let error = Diagnostic::error("E0430", message, rows.place.clone(), "runs over the end");
        return Err(if range.start < count { error.help(format!("{}..{count}", range.start + 1)) } else { error });
    }
    Ok(range)
}

/// The rows that have their history, a label that is kept and no gaps.
fn usable(spec: &DataSpec, part: &Part, rows: Vec<usize>, dropped: &mut usize) -> Result<Vec<usize>, Diagnostic> {
    let history = part.selection.history();
    let mut rows: Vec<usize> = rows.into_iter().filter(|row| *row >= history).collect();
    keep(spec, part, &mut rows)?;
    let before = rows.len();
    let complete = missing::complete(part, rows, spec.missing)?;
    *dropped += before - complete.len();
    Ok(complete)
}

/// Leaves out the rows whose label is not kept.
fn keep(spec: &DataSpec, part: &Part, rows: &mut Vec<usize>) -> Result<(), Diagnostic> {
    let (false, Cells::Labels(labels)) = (spec.keep.is_empty(), &part.table.columns[part.selection.target_slot()]) else {
        return Ok(());
    };
    let target = &part.reader.names()[part.selection.targets[0]];
    let code = |label: &Placed<String>| labels.code(&canonical(&label.value)).ok_or_else(|| no_label(label, target, &labels.names));
    let kept = spec.keep.iter().map(code).collect::<Result<Vec<u32>, _>>()?;
    rows.retain(|row| kept.contains(&labels.codes[row - part.table.first]));
    Ok(())
}

/// The error of a label that the target column does not have.
pub fn no_label(label: &Placed<String>, column: &str, names: &[String]) -> Diagnostic {
    let mut names = names.to_vec();
    names.sort_by(|a, b| super::classes::label_order(a, b));
    let message = format!("no row of column `{column}` has the label `{}`", label.value);
    let error = Diagnostic::error("E0422", message, label.place.clone(), "unknown label");
    let error = error.note(format!("the labels are: {}", super::faults::listed(&names)));
    match similar(&label.value, &names) {
        Some(name) => error.replace(format!("a label with a similar name exists: `{name}`"), word(name)),
        None => error,
    }
}

/// Moves a random share of the rows aside, at least one; both parts stay in file order.
fn split(examples: &mut Examples, fraction: f64, seed: u64) {
    let rows = std::mem::take(&mut examples.train);
    // A share that is a whole number up to rounding is that number; otherwise the test part gets the odd row.
    let count = ((fraction * rows.len() as f64 - 1e-9).ceil() as usize).min(rows.len());
    let mut aside = vec![false; rows.len()];
    Random::new(seed).permutation(rows.len()).into_iter().take(count).for_each(|at| aside[at] = true);
    let pick = |wanted: bool| rows.iter().zip(&aside).filter(|(_, aside)| **aside == wanted).map(|(row, _)| *row).collect();
    (examples.train, examples.test) = (pick(false), Some(pick(true)));
}

fn refuse_empty(spec: &DataSpec, main: &Part, examples: &Examples) -> Result<(), Diagnostic> {
    let (what, place) = if examples.train.is_empty() {
        ("train on", split_place(spec))
    } else if examples.test.as_ref().is_some_and(Vec::is_empty) {
        ("test on", split_place(spec))
    } else {
        return Ok(());
    };
    let rows = main.table.end();
    let mut error = Diagnostic::error("E0431", format!("no row is left to {what}"), place, "");
    error = error.note(format!("the data have {}", counted(rows, "row")));
    if main.selection.history() > 0 {
        error = error.note(format!("the first {} have no history for the lags", counted(main.selection.history(), "row")));
    }
    if examples.dropped > 0 {
        error = error.note(format!("`missing = drop` leaves out {}", counted(examples.dropped, "row")));
    }
    Err(error.help("ask for fewer test rows, or more data"))
}

/// Where the model says what is kept aside, or where the data come from.
fn split_place(spec: &DataSpec) -> Place {
    match &spec.test {
        TestSpec::Split { place, .. } | TestSpec::File { place, .. } => place.clone(),
        TestSpec::Rows(rows) => rows.place.clone(),
        TestSpec::Nothing => spec.place.clone(),
    }
}
