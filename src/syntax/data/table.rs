//! The columns a model uses, read from any source, and what every source can do.

use super::Progress;
use super::cell::{self, Fault};
use super::labels::Labels;
use crate::syntax::diagnostic::{Diagnostic, Place};
use std::ops::Range;

/// What a column is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number in every row.
    Input,
    /// Numbers, or labels if the first value is not a number.
    Target,
    /// Labels, even if they look like numbers.
    Labels,
}

/// The values of a column.
#[derive(Clone, Debug)]
pub enum Cells {
    /// NaN is a missing value; infinities do not occur.
    Numbers(Vec<f64>),
    Labels(Labels),
}

/// A column while it is read.
#[derive(Clone, Debug)]
pub struct Filling {
    kind: Kind,
    pub cells: Cells,
}

impl Filling {
    pub fn new(kind: Kind) -> Self {
        let cells = match kind {
            Kind::Labels => Cells::Labels(Labels::default()),
            _ => Cells::Numbers(Vec::new()),
        };
        Filling { kind, cells }
    }

    /// Adds a row by its text.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        match &mut self.cells {
            Cells::Labels(labels) => labels.push(std::str::from_utf8(bytes).map_err(|_| Fault::NotUtf8)?),
            Cells::Numbers(numbers) => match cell::number(bytes) {
                Ok(value) => {
                    numbers.push(value);
                    Ok(())
                }
                Err(Fault::NotANumber) if self.kind == Kind::Target && numbers.iter().all(|v| v.is_nan()) => {
                    self.cells = Cells::Labels(Labels::missing(numbers.len()));
                    self.push(bytes)
                }
                Err(Fault::NotANumber) if self.kind == Kind::Target => Err(Fault::TextAmongTargets),
                Err(fault) => Err(fault),
            },
        }
    }

    /// Adds a row by its number.
    pub fn push_number(&mut self, value: f64) -> Result<(), Fault> {
        match &mut self.cells {
            Cells::Labels(labels) => labels.push_number(value),
            Cells::Numbers(_) if value.is_infinite() => Err(Fault::Infinite),
            Cells::Numbers(numbers) => {
                numbers.push(value);
                Ok(())
            }
        }
    }

    fn len(&self) -> usize {
        match &self.cells {
            Cells::Numbers(numbers) => numbers.len(),
            Cells::Labels(labels) => labels.codes.len(),
        }
    }
}

/// What to read: columns by their number in the file, each for a purpose, and which rows (from 0).
#[derive(Clone, Debug)]
pub struct Wish {
    pub columns: Vec<(usize, Kind)>,
    pub window: Range<usize>,
    /// Memory that one row costs from the table to the dataset.
    pub row_bytes: u64,
    pub limit: u64,
}

impl Wish {
    pub fn fillings(&self) -> Vec<Filling> {
        self.columns.iter().map(|&(_, kind)| Filling::new(kind)).collect()
    }

    /// The part of the window that lies in a source of `rows` rows.
    pub fn within(&self, rows: usize) -> Range<usize> {
        self.window.start.min(rows)..self.window.end.min(rows)
    }
}

/// The wished columns, in the order of the wish.
#[derive(Clone, Debug)]
pub struct Table {
    /// The source's row (from 0) that is the first one here.
    pub first: usize,
    pub rows: usize,
    pub columns: Vec<Cells>,
}

impl Table {
    pub fn new(first: usize, fillings: Vec<Filling>) -> Self {
        let rows = fillings.first().map_or(0, Filling::len);
        debug_assert!(fillings.iter().all(|filling| filling.len() == rows));
        Table { first, rows, columns: fillings.into_iter().map(|filling| filling.cells).collect() }
    }

    /// One past the last row, counted as the source counts.
    pub fn end(&self) -> usize {
        self.first + self.rows
    }

    /// The numbers of a column that was read as an input.
    pub fn numbers(&self, column: usize) -> &[f64] {
        match &self.columns[column] {
            Cells::Numbers(numbers) => numbers,
            Cells::Labels(_) => &[],
        }
    }
}

/// What every source can do.
pub trait Reader {
    /// The columns' names, in file order.
    fn names(&self) -> &[String];

    /// Whether a name was made up because the file gives none.
    fn unnamed(&self, _column: usize) -> bool {
        false
    }

    /// Whether all names were made up: `x1`, `x2`, ..., `y`.
    fn numbered(&self) -> bool {
        false
    }

    /// Adds columns that a sparse source leaves out because they are 0 throughout.
    fn widen(&mut self, _names: &[String]) {}

    /// Where the names stand.
    fn names_place(&self) -> Place {
        self.site().place.clone()
    }

    /// The columns of an array with a shape.
    fn group(&self, _name: &str) -> Option<Range<usize>> {
        None
    }

    /// Reads what is wished; fewer rows than the window asks for if the source ends before.
    fn read(&mut self, wish: &Wish, progress: &mut dyn FnMut(Progress)) -> Result<Table, Diagnostic>;

    /// Where a cell stands, or a whole row; rows from 0.
    fn place(&self, row: usize, column: Option<usize>) -> Place;

    /// Where the source as a whole is spoken of.
    fn site(&self) -> &Site;
}

/// A source as people know it, and where errors about the whole of it point.
#[derive(Clone, Debug)]
pub struct Site {
    pub shown: String,
    pub place: Place,
    /// Whether a trained network reads it: then there is no model whose settings could help.
    pub new_rows: bool,
}

impl Site {
    pub fn error(&self, code: &'static str, message: impl Into<String>, remark: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message, self.place.clone(), remark)
    }
}
