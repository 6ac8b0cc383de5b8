//! Sparse text tables, `libsvm`: `label index:value index:value ...`, indices from 1; what is not written is 0.

use super::Progress;
use super::budget;
use super::cell;
use super::content::{Content, Meter, Metered, Stream, failed};
use super::faults::{NO_ROWS, at_cell};
use super::table::{Filling, Reader, Site, Table, Wish};
use crate::syntax::diagnostic::{Diagnostic, Place, Source};
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

/// The largest index believed, whatever the memory.
const LARGEST_INDEX: usize = budget::MOST_COLUMNS;
/// The longest line believed.
const LONGEST_LINE: u64 = 256 << 20;
const STRIDE: usize = 4096;

/// A file whose every line has been looked at once.
pub struct Libsvm {
    site: Site,
    content: Content,
    rows: usize,
    /// `x1` ... `xd`, then `y`.
    names: Vec<String>,
}

/// A line of the file that holds a row.
struct Line {
    number: usize,
    text: Vec<u8>,
}

/// Lines one by one; empty ones and comments are passed over.
struct Lines {
    stream: BufReader<Metered<Box<dyn Stream>>>,
    number: usize,
}

impl Lines {
    fn next(&mut self) -> std::io::Result<Option<Line>> {
        loop {
            let mut text = Vec::new();
            if self.stream.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let end = text.iter().position(|byte| *byte == b'#').unwrap_or(text.len());
            text.truncate(end);
            if !text.trim_ascii().is_empty() {
                return Ok(Some(Line { number: self.number, text }));
            }
        }
    }
}

impl Libsvm {
    /// Looks at every line: the number of columns is known only at the end.
    pub fn open(site: Site, content: Content) -> Result<Self, Diagnostic> {
        content.check(&site)?;
        let mut file = Libsvm { site, content, rows: 0, names: Vec::new() };
        let (mut lines, meter) = file.lines()?;
        let mut columns = 0;
        while let Some(line) = lines.next().map_err(|error| failed(&file.site, &error))? {
            meter.next_record();
            file.each(&line, |index, _| {
                columns = columns.max(index);
                Ok(())
            })?;
            file.rows += 1;
        }
        if file.rows == 0 {
            return Err(file.site.error("E0403", format!("`{}` is empty", file.site.shown), "no rows").help(NO_ROWS));
        }
        file.names = names(columns);
        Ok(file)
    }

    fn lines(&self) -> Result<(Lines, Meter), Diagnostic> {
        let stream = self.content.stream(0).map_err(|error| failed(&self.site, &error))?;
        let (metered, meter) = Metered::new(stream);
        Ok((Lines { stream: BufReader::with_capacity(1 << 18, metered), number: 0 }, meter))
    }

    /// Calls `take` with every index and the span of its value.
    fn each(&self, line: &Line, mut take: impl FnMut(usize, Range<usize>) -> Result<(), Diagnostic>) -> Result<(), Diagnostic> {
        let mut before = 0;
        for word in words(&line.text).skip(1) {
            let text = &line.text[word.clone()];
            let colon = text.iter().position(|byte| *byte == b':');
            let index = colon.and_then(|colon| std::str::from_utf8(&text[..colon]).ok()?.parse::<usize>().ok());
            let (Some(colon), Some(index)) = (colon, index) else {
                return Err(self.wrong(line, word, "this is not `index:value`", "for example `3:0.5`"));
            };
            if index == 0 {
                return Err(self.wrong(line, word, "indices start at 1, this one is 0", "index 0").help("add 1 to every index"));
            }
            if index > LARGEST_INDEX {
                let remark = format!("the largest possible index is {LARGEST_INDEX}");
                return Err(self.wrong(line, word, &format!("index {index} is too large"), &remark));
            }
            if index <= before {
                return Err(self.wrong(line, word, &format!("index {index} stands after index {before}"), "indices must increase"));
            }
            before = index;
            take(index, word.start + colon + 1..word.end)?;
        }
        Ok(())
    }

    fn wrong(&self, line: &Line, span: Range<usize>, message: &str, remark: &str) -> Diagnostic {
        Diagnostic::error("E0408", message, self.span(line, span), remark)
    }

    fn span(&self, line: &Line, span: Range<usize>) -> Place {
        let text = String::from_utf8_lossy(&line.text);
        let text = text.trim_end_matches(['\r', '\n']);
        // Bytes that are not UTF-8 change length when shown: then the whole line is pointed at.
        let fits = text.get(span.clone()).is_some() && std::str::from_utf8(&line.text).is_ok();
        let source = Source::line(&self.site.shown, line.number, text);
        Place::new(&source, if fits { span } else { 0..text.len() })
    }

    /// Adds one row: its label, and its values spread over `scratch`.
    fn take(&self, line: &Line, row: usize, wish: &Wish, scratch: &mut [f64], into: &mut [Filling]) -> Result<(), Diagnostic> {
        scratch.fill(0.0);
        self.each(line, |index, span| {
            let value = cell::number(&line.text[span.clone()]);
            let place = |fault| {
                at_cell(&self.site, self.span(line, span.clone()), &self.names[index - 1], row, fault, &lossy(&line.text[span.clone()]))
            };
            scratch[index - 1] = value.map_err(place)?;
            Ok(())
        })?;
        let label = words(&line.text).next().unwrap_or(0..0);
        for (filling, &(column, _)) in into.iter_mut().zip(&wish.columns) {
            let pushed = match scratch.get(column) {
                Some(value) => filling.push_number(*value),
                None => filling.push(&line.text[label.clone()]),
            };
            let text = || lossy(&line.text[label.clone()]);
            pushed.map_err(|fault| at_cell(&self.site, self.span(line, label.clone()), &self.names[column], row, fault, &text()))?;
        }
        Ok(())
    }
}

/// `x1` ... `xd`, then `y`.
fn names(columns: usize) -> Vec<String> {
    (1..=columns).map(|index| format!("x{index}")).chain(["y".to_string()]).collect()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The spans of the words of a line.
fn words(text: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].iter().position(|byte| !byte.is_ascii_whitespace())?;
        let end = text[start..].iter().position(u8::is_ascii_whitespace).map_or(text.len(), |length| start + length);
        at = end;
        Some(start..end)
    })
}

impl Reader for Libsvm {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn widen(&mut self, wanted: &[String]) {
        let index = |name: &String| name.strip_prefix('x')?.parse::<usize>().ok().filter(|index| *index <= LARGEST_INDEX);
        let columns = wanted.iter().filter_map(index).max().unwrap_or(0);
        if columns >= self.names.len() {
            self.names = names(columns);
        }
    }

    fn site(&self) -> &Site {
        &self.site
    }

    fn read(&mut self, wish: &Wish, progress: &mut dyn FnMut(Progress)) -> Result<Table, Diagnostic> {
        let window = wish.within(self.rows);
        budget::check(&self.site, wish, window.len() as u64)?;
        let (mut lines, meter) = self.lines()?;
        let mut fillings = wish.fillings();
        let mut scratch = vec![0.0; self.names.len() - 1];
        let mut row = 0;
        while row < window.end {
            let Some(line) = lines.next().map_err(|error| failed(&self.site, &error))? else { break };
            meter.next_record();
            if row >= window.start {
                self.take(&line, row, wish, &mut scratch, &mut fillings)?;
            }
            row += 1;
            if row % STRIDE == 0 || row == window.end {
                progress(Progress { rows: row, bytes: meter.bytes(), total: Some(self.content.len()) });
            }
        }
        Ok(Table::new(window.start, fillings))
    }

    fn place(&self, row: usize, column: Option<usize>) -> Place {
        let Ok((mut lines, meter)) = self.lines() else { return self.site.place.clone() };
        for _ in 0..row {
            meter.next_record();
            if !matches!(lines.next(), Ok(Some(_))) {
                return self.site.place.clone();
            }
        }
        let Ok(Some(line)) = lines.next() else { return self.site.place.clone() };
        let whole = 0..line.text.trim_ascii_end().len();
        let wanted = column.map_or(0, |column| column + 1);
        let mut found = if wanted == self.names.len() { words(&line.text).next() } else { None };
        // The line was read before without an error, so there is none to report now.
        let _ = self.each(&line, |index, span| {
            if index == wanted {
                found = Some(span);
            }
            Ok(())
        });
        self.span(&line, found.unwrap_or(whole))
    }
}
