//! Column files, `parquet` and `arrow`: batches of rows one after the other, and of these only the wished columns.
//!
//! Numbers are the nearest doubles, decimals as if they stood in a text; a truth value is 0 or 1, or as a label `false` or `true`.
//! What is null is missing.  Dates, lists and the like are no numbers and refused.

use super::Progress;
use super::budget;
use super::cell::Fault;
use super::content::{Content, failed};
use super::faults::{NO_ROWS, at_cell};
use super::table::{Cells, Filling, Reader, Site, Table, Wish};
use crate::syntax::diagnostic::{Diagnostic, Place};
use crate::syntax::model::Format;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_ipc::reader::FileReader;
use arrow_schema::{ArrowError, DataType, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// Rows that are decoded at a time.
const BATCH: usize = 8192;

/// Rows in their order, or why there are no more.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in a decoder, whose panic says that a file is damaged and is no bug of cvxc.
pub fn decoding() -> bool {
    DECODING.get()
}

/// A column file whose schema is known.
pub struct Columnar {
    site: Site,
    path: PathBuf,
    format: Format,
    names: Vec<String>,
    kinds: Vec<DataType>,
}

impl Columnar {
    pub fn open(site: Site, content: Content, format: Format) -> Result<Self, Diagnostic> {
        content.check(&site)?;
        let Content::File(path) = content else {
            let error = site.error("E0402", format!("`{}` is no file: what it holds stands at its end", site.shown), "a stream");
            return Err(error.help("write it to a file and name that"));
        };
        let mut file = Columnar { site, path, format, names: Vec::new(), kinds: Vec::new() };
        let schema = file.guarded(|| file.schema())?;
        budget::check_width(&file.site, schema.fields().len())?;
        file.names = schema.fields().iter().map(|field| field.name().clone()).collect();
        file.kinds = schema.fields().iter().map(|field| field.data_type().clone()).collect();
        file.refuse_duplicates()?;
        if file.names.is_empty() {
            return Err(file.site.error("E0403", format!("`{}` has no columns", file.site.shown), "empty").help(NO_ROWS));
        }
        Ok(file)
    }

    fn stream(&self) -> Result<File, ArrowError> {
        Ok(File::open(&self.path)?)
    }

    fn schema(&self) -> Result<std::sync::Arc<Schema>, ArrowError> {
        Ok(match self.format {
            Format::Arrow => FileReader::try_new_buffered(self.stream()?, None)?.schema(),
            _ => ParquetRecordBatchReaderBuilder::try_new(self.stream()?)?.schema().clone(),
        })
    }

    /// The columns of these numbers, which rise.
    fn batches(&self, columns: Vec<usize>) -> Result<Batches, ArrowError> {
        if self.format == Format::Arrow {
            return Ok(Box::new(FileReader::try_new(BufReader::new(self.stream()?), Some(columns))?));
        }
        let builder = ParquetRecordBatchReaderBuilder::try_new(self.stream()?)?.with_batch_size(BATCH);
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns);
        Ok(Box::new(builder.with_projection(mask).build()?))
    }

    /// What a decoder brings; one that gives up, or panics, has met a damaged file.
    fn guarded<T>(&self, decode: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, Diagnostic> {
        DECODING.set(true);
        let decoded = catch_unwind(AssertUnwindSafe(decode));
        DECODING.set(false);
        match decoded {
            Ok(Ok(decoded)) => Ok(decoded),
            Ok(Err(ArrowError::IoError(_, error))) if error.raw_os_error().is_some() => Err(failed(&self.site, &error)),
            Ok(Err(error)) => Err(self.damaged(&error.to_string())),
            Err(_) => Err(self.damaged("its numbers contradict each other")),
        }
    }

    fn damaged(&self, why: &str) -> Diagnostic {
        let why: String = why.lines().next().unwrap_or_default().chars().take(200).collect();
        let error = self.site.error("E0406", format!("`{}` cannot be used: {why}", self.site.shown), "damaged, or of another format");
        error.help("write the file anew, or name its format: `csv(\"...\")`")
    }

    fn refuse_duplicates(&self) -> Result<(), Diagnostic> {
        let mut seen = HashMap::new();
        match self.names.iter().enumerate().find_map(|(at, name)| seen.insert(name, at).map(|before| (name, before, at))) {
            None => Ok(()),
            Some((name, before, at)) => {
                let remark = format!("columns {} and {}", before + 1, at + 1);
                let error = self.site.error("E0405", format!("two columns are called `{name}`"), remark);
                Err(error.help("rename one of them in the file"))
            }
        }
    }

    /// Refuses a column that is wished and holds something that is neither a number nor a text.
    fn refuse_kind(&self, column: usize) -> Result<(), Diagnostic> {
        let kind = &self.kinds[column];
        if text(kind) || number(kind) {
            return Ok(());
        }
        let name = &self.names[column];
        let error = self.site.error("E0411", format!("`{name}` needs numbers, and the file holds {kind} there"), "not numbers");
        Err(error.help(if self.site.new_rows { "write the column as numbers" } else { "write it as numbers, or leave it out: `drop`" }))
    }

    /// Adds the rows of one batch that lie in the window; `first` is its first row.
    fn take(&self, batch: &RecordBatch, first: usize, columns: &[usize], wish: &Wish, into: &mut [Filling]) -> Result<(), Diagnostic> {
        let from = wish.window.start.saturating_sub(first).min(batch.num_rows());
        let to = wish.window.end.saturating_sub(first).min(batch.num_rows()).max(from);
        for (filling, &(column, _)) in into.iter_mut().zip(&wish.columns) {
            let at = columns.binary_search(&column).unwrap_or_default();
            let part = batch.column(at).slice(from, to - from);
            let values = self.guarded(|| Values::of(&part, matches!(filling.cells, Cells::Labels(_))))?;
            for row in 0..part.len() {
                values.push(row, filling).map_err(|fault| self.fault(first + from + row, column, fault, &values.shown(row)))?;
            }
        }
        Ok(())
    }

    fn fault(&self, row: usize, column: usize, fault: Fault, text: &str) -> Diagnostic {
        at_cell(&self.site, self.site.place.clone(), &self.names[column], row, fault, text)
    }
}

/// What is read by its text: a text, and a decimal, so that the nearest double is found.
fn text(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => text(values),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => true,
        _ => false,
    }
}

fn number(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => number(values),
        _ => kind.is_integer() || kind.is_floating() || matches!(kind, DataType::Boolean | DataType::Null),
    }
}

/// A part of a column, as numbers or as texts.
enum Values {
    Numbers(ArrayRef),
    Texts(ArrayRef),
}

impl Values {
    fn of(part: &ArrayRef, labels: bool) -> Result<Values, ArrowError> {
        let exact = CastOptions { safe: false, ..CastOptions::default() };
        let truth = part.data_type() == &DataType::Boolean;
        match text(part.data_type()) || (labels && truth) {
            true => cast_with_options(part, &DataType::Utf8, &exact).map(Values::Texts),
            false => cast_with_options(part, &DataType::Float64, &exact).map(Values::Numbers),
        }
    }

    fn push(&self, row: usize, filling: &mut Filling) -> Result<(), Fault> {
        match self {
            Values::Numbers(array) if array.is_null(row) => filling.push_number(f64::NAN),
            Values::Numbers(array) => filling.push_number(array.as_primitive::<Float64Type>().value(row)),
            Values::Texts(array) if array.is_null(row) => filling.push(b""),
            Values::Texts(array) => filling.push(array.as_string::<i32>().value(row).as_bytes()),
        }
    }

    fn shown(&self, row: usize) -> String {
        match self {
            Values::Numbers(array) => array.as_primitive::<Float64Type>().value(row).to_string(),
            Values::Texts(array) => array.as_string::<i32>().value(row).to_string(),
        }
    }
}

impl Reader for Columnar {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn site(&self) -> &Site {
        &self.site
    }

    fn read(&mut self, wish: &Wish, progress: &mut dyn FnMut(Progress)) -> Result<Table, Diagnostic> {
        wish.columns.iter().try_for_each(|(column, _)| self.refuse_kind(*column))?;
        let mut columns: Vec<usize> = wish.columns.iter().map(|(column, _)| *column).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut batches = self.guarded(|| self.batches(columns.clone()))?;
        let (mut row, mut fillings) = (0, wish.fillings());
        while row < wish.window.end
            && let Some(batch) = self.guarded(|| batches.next().transpose())?
        {
            self.take(&batch, row, &columns, wish, &mut fillings)?;
            row += batch.num_rows();
            progress(Progress { rows: row, bytes: 0, total: None });
            budget::check(&self.site, wish, row.min(wish.window.end).saturating_sub(wish.window.start) as u64)?;
        }
        Ok(Table::new(wish.window.start.min(row), fillings))
    }

    fn place(&self, _row: usize, _column: Option<usize>) -> Place {
        self.site.place.clone()
    }
}
