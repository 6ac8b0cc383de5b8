//! The inline table: the cells stand in the model file itself.

use super::Progress;
use super::faults::{at_cell, ragged};
use super::table::{Filling, Reader, Site, Table, Wish};
use crate::syntax::diagnostic::{Diagnostic, Place};
use crate::syntax::model::Placed;

/// A table in the model file, every row as long as the header.
pub struct Inline<'a> {
    site: Site,
    names: Vec<String>,
    rows: &'a [Vec<Placed<String>>],
}

impl<'a> Inline<'a> {
    pub fn open(site: Site, columns: &'a [Placed<String>], rows: &'a [Vec<Placed<String>>]) -> Result<Self, Diagnostic> {
        let names: Vec<String> = columns.iter().map(|column| column.value.clone()).collect();
        for (at, column) in columns.iter().enumerate() {
            if let Some(before) = names[..at].iter().position(|name| *name == column.value) {
                let error = Diagnostic::error("E0405", format!("two columns are called `{}`", column.value), column.place.clone(), "");
                return Err(error.also(columns[before].place.clone(), "the first one").help("rename one of them"));
            }
        }
        match rows.iter().find(|row| row.len() != names.len()) {
            Some(row) => Err(ragged(whole(row, &site), row.len(), &names, true)),
            None => Ok(Inline { site, names, rows }),
        }
    }

    fn take(&self, row: usize, wish: &Wish, fillings: &mut [Filling]) -> Result<(), Diagnostic> {
        for (filling, &(column, _)) in fillings.iter_mut().zip(&wish.columns) {
            let cell = &self.rows[row][column];
            let text = cell.value.as_str();
            // A space-separated table has no empty cells, so `?` stands for one in a column of labels too.
            let bytes = if text == "?" { "" } else { text };
            filling
                .push(bytes.as_bytes())
                .map_err(|fault| at_cell(&self.site, cell.place.clone(), &self.names[column], row, fault, text))?;
        }
        Ok(())
    }
}

/// From a row's first cell to its last.
fn whole(row: &[Placed<String>], site: &Site) -> Place {
    match (row.first(), row.last()) {
        (Some(first), Some(last)) => Place::new(&first.place.source, first.place.span.start..last.place.span.end),
        _ => site.place.clone(),
    }
}

impl Reader for Inline<'_> {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn site(&self) -> &Site {
        &self.site
    }

    fn read(&mut self, wish: &Wish, _progress: &mut dyn FnMut(Progress)) -> Result<Table, Diagnostic> {
        let mut fillings = wish.fillings();
        let window = wish.within(self.rows.len());
        for row in window.clone() {
            self.take(row, wish, &mut fillings)?;
        }
        Ok(Table::new(window.start, fillings))
    }

    fn place(&self, row: usize, column: Option<usize>) -> Place {
        match (self.rows.get(row), column) {
            (Some(cells), Some(column)) => cells.get(column).map_or(self.site.place.clone(), |cell| cell.place.clone()),
            (Some(cells), None) => whole(cells, &self.site),
            _ => self.site.place.clone(),
        }
    }
}
