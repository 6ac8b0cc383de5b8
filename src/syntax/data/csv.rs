//! Text tables, `csv` and `tsv`: read record by record, so that only the wished columns are ever in memory.

use super::Progress;
use super::budget;
use super::cell::Fault;
use super::content::{Content, Meter, Metered, Stream, failed};
use super::excerpt::Excerpt;
use super::faults::{NO_ROWS, at_cell, headless, numbers, ragged};
use super::table::{Filling, Reader, Site, Table, Wish};
use crate::syntax::diagnostic::{Diagnostic, Place};
use ::csv::{ByteRecord, Position, ReaderBuilder};

/// Rows between two looks at the clock and the budget.
const STRIDE: usize = 4096;

/// A text table that is there and has a first line.
pub struct Csv {
    site: Site,
    content: Content,
    separator: u8,
    header: bool,
    names: Vec<String>,
    unnamed: Vec<bool>,
}

type Records = ::csv::Reader<Metered<Box<dyn Stream>>>;

impl Csv {
    /// Reads the first line.
    pub fn open(site: Site, content: Content, separator: u8, header: bool) -> Result<Self, Diagnostic> {
        content.check(&site)?;
        let mut csv = Csv { site, content, separator, header, names: Vec::new(), unnamed: Vec::new() };
        csv.refuse_other_encodings()?;
        let (mut records, _) = csv.records()?;
        let mut first = ByteRecord::new();
        if !records.read_byte_record(&mut first).map_err(|error| csv.broken(error))? {
            return Err(csv.site.error("E0403", format!("`{}` is empty", csv.site.shown), "no rows").help(NO_ROWS));
        }
        budget::check_width(&csv.site, first.len())?;
        csv.name_columns(&first)?;
        Ok(csv)
    }

    /// Spreadsheets like to save UTF-16, which would otherwise fail in strange ways later.
    fn refuse_other_encodings(&self) -> Result<(), Diagnostic> {
        let start = self.content.start(2).map_err(|error| failed(&self.site, &error))?;
        if matches!(start.as_slice(), [0xff, 0xfe] | [0xfe, 0xff]) {
            let message = format!("`{}` is UTF-16 text", self.site.shown);
            return Err(self.site.error("E0404", message, "not UTF-8").help("save the file as UTF-8"));
        }
        Ok(())
    }

    fn name_columns(&mut self, first: &ByteRecord) -> Result<(), Diagnostic> {
        if !self.header {
            self.names = numbered(first.len());
            self.unnamed = vec![false; first.len()];
            return Ok(());
        }
        for (column, bytes) in first.iter().enumerate() {
            let name = std::str::from_utf8(bytes).map_err(|_| self.bad_name(first, column))?.trim();
            self.unnamed.push(name.is_empty());
            self.names.push(if name.is_empty() { format!("column_{}", column + 1) } else { name.to_string() });
        }
        self.refuse_duplicates(first)
    }

    fn bad_name(&self, first: &ByteRecord, column: usize) -> Diagnostic {
        let message = format!("the name of column {} is not UTF-8 text", column + 1);
        let error = Diagnostic::error("E0404", message, self.record_place(first, Some(column)), "bytes that are not UTF-8");
        error.help("save the file as UTF-8 text")
    }

    fn refuse_duplicates(&self, first: &ByteRecord) -> Result<(), Diagnostic> {
        let mut seen = std::collections::HashMap::new();
        for (column, name) in self.names.iter().enumerate() {
            if let Some(before) = seen.insert(name.as_str(), column) {
                let message = format!("two columns are called `{name}`");
                let places = [column, before].map(|at| self.record_place(first, Some(at)));
                let [second, earlier] = places;
                let remark = format!("column {}", column + 1);
                let error = Diagnostic::error("E0405", message, second, remark).also(earlier, format!("column {}", before + 1));
                let rename = || "rename one of them in the file".to_string();
                return Err(error.help(if numbers(&self.names) { headless(&self.names, &self.site) } else { rename() }));
            }
        }
        Ok(())
    }

    fn records(&self) -> Result<(Records, Meter), Diagnostic> {
        let stream = self.content.stream(0).map_err(|error| failed(&self.site, &error))?;
        let (metered, meter) = Metered::new(stream);
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(self.separator).buffer_capacity(1 << 18);
        Ok((builder.from_reader(metered), meter))
    }

    fn broken(&self, error: ::csv::Error) -> Diagnostic {
        failed(&self.site, &std::io::Error::other(error))
    }

    fn excerpt(&self, position: Option<&Position>) -> Excerpt {
        let (byte, line) = position.map_or((0, 1), |position| (position.byte(), position.line() as usize));
        Excerpt::read(&self.content, byte, line)
    }

    fn record_place(&self, record: &ByteRecord, column: Option<usize>) -> Place {
        self.excerpt(record.position()).place(&self.site.shown, self.separator, column)
    }

    fn fault(&self, record: &ByteRecord, row: usize, column: usize, fault: Fault) -> Diagnostic {
        let text = String::from_utf8_lossy(record.get(column).unwrap_or(b"")).into_owned();
        let excerpt = self.excerpt(record.position());
        let place = excerpt.place(&self.site.shown, self.separator, Some(column));
        excerpt.explain(at_cell(&self.site, place, &self.names[column], row, fault, &text))
    }

    fn ragged(&self, record: &ByteRecord) -> Diagnostic {
        let excerpt = self.excerpt(record.position());
        let place = excerpt.place(&self.site.shown, self.separator, None);
        excerpt.explain(ragged(place, record.len(), &self.names, self.header))
    }

    /// Adds the wished cells of one record.
    fn take(&self, record: &ByteRecord, row: usize, wish: &Wish, fillings: &mut [Filling]) -> Result<(), Diagnostic> {
        for (filling, &(column, _)) in fillings.iter_mut().zip(&wish.columns) {
            filling.push(record.get(column).unwrap_or(b"")).map_err(|fault| self.fault(record, row, column, fault))?;
        }
        Ok(())
    }
}

/// Names for a table without any: `x1`, `x2`, ..., and `y` for the last column.
pub fn numbered(columns: usize) -> Vec<String> {
    let name = |column| if column == columns { "y".to_string() } else { format!("x{column}") };
    (1..=columns).map(name).collect()
}

impl Reader for Csv {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn unnamed(&self, column: usize) -> bool {
        self.unnamed[column]
    }

    fn numbered(&self) -> bool {
        !self.header
    }

    fn names_place(&self) -> Place {
        let first = Position::new();
        self.excerpt(self.header.then_some(&first)).place(&self.site.shown, self.separator, None)
    }

    fn site(&self) -> &Site {
        &self.site
    }

    fn read(&mut self, wish: &Wish, progress: &mut dyn FnMut(Progress)) -> Result<Table, Diagnostic> {
        let (mut records, meter) = self.records()?;
        let total = Some(self.content.len()).filter(|bytes| *bytes > 0);
        let mut fillings = wish.fillings();
        let mut record = ByteRecord::new();
        let mut next = |record: &mut ByteRecord| {
            meter.next_record();
            records.read_byte_record(record).map_err(|error| self.broken(error))
        };
        if self.header {
            next(&mut record)?;
        }
        let mut row = 0;
        while row < wish.window.end && next(&mut record)? {
            if record.len() != self.names.len() {
                return Err(self.ragged(&record));
            }
            if row >= wish.window.start {
                self.take(&record, row, wish, &mut fillings)?;
            }
            row += 1;
            if row % STRIDE == 0 {
                progress(Progress { rows: row, bytes: meter.bytes(), total });
                budget::check_growing(&self.site, wish, row, meter.bytes(), total)?;
            }
        }
        progress(Progress { rows: row, bytes: meter.bytes(), total });
        budget::check(&self.site, wish, row.saturating_sub(wish.window.start) as u64)?;
        Ok(Table::new(wish.window.start.min(row), fillings))
    }

    fn place(&self, row: usize, column: Option<usize>) -> Place {
        let Ok((mut records, meter)) = self.records() else { return self.site.place.clone() };
        let mut record = ByteRecord::new();
        for _ in 0..=row + usize::from(self.header) {
            meter.next_record();
            if !records.read_byte_record(&mut record).unwrap_or(false) {
                return self.site.place.clone();
            }
        }
        self.record_place(&record, column)
    }
}
