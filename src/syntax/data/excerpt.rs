//! One row of a text file as it stands there, so that an error can point at a cell.

use super::content::Content;
use crate::syntax::diagnostic::{Diagnostic, Place, Source};
use std::io::Read;
use std::ops::Range;

/// The longest stretch of a row that is shown.
const LONGEST: usize = 8192;

/// The text of one record and where it begins.
#[derive(Clone, Debug)]
pub struct Excerpt {
    pub line: usize,
    pub text: String,
    /// Whether a quote is opened and never closed.
    pub open_quote: bool,
}

impl Excerpt {
    /// The record at byte `at`, which stands in line `line`; empty if the file is gone.
    pub fn read(content: &Content, at: u64, line: usize) -> Self {
        let mut bytes = Vec::new();
        if let Ok(stream) = content.stream(at) {
            // A file that vanished since leaves an empty excerpt: the error itself is still right.
            let _ = stream.take(LONGEST as u64).read_to_end(&mut bytes);
        }
        Excerpt::of(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes), line)
    }

    fn of(bytes: &[u8], line: usize) -> Self {
        // Empty lines before a record are not part of it.
        let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let skipped = bytes[..blank].iter().filter(|byte| **byte == b'\n').count();
        let (end, open_quote) = record_end(&bytes[blank..]);
        let text = String::from_utf8_lossy(&bytes[blank..blank + end]).into_owned();
        Excerpt { line: line + skipped, text, open_quote }
    }

    /// Adds to an error about this record what its text gives away.
    pub fn explain(&self, error: Diagnostic) -> Diagnostic {
        if self.open_quote { error.note("a quote is opened in this row and never closed") } else { error }
    }

    /// The place of a cell, or of the whole row.
    pub fn place(&self, name: &str, separator: u8, column: Option<usize>) -> Place {
        let span = match column {
            Some(column) => cells(&self.text, separator).nth(column).unwrap_or(self.text.len()..self.text.len()),
            None => 0..self.text.len(),
        };
        Place::new(&Source::line(name, self.line, self.text.as_str()), span)
    }
}

/// Where a record ends: at the line's end outside quotes, or at the first line's end if a quote stays open.
fn record_end(bytes: &[u8]) -> (usize, bool) {
    let mut quoted = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => return (at, false),
            _ => {}
        }
    }
    let line = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    (if quoted { line } else { bytes.len() }, quoted)
}

/// The cells of a record, quotes included.
fn cells(text: &str, separator: u8) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let from = start?;
        let mut quoted = false;
        let end = text.bytes().enumerate().skip(from).find(|&(_, byte)| {
            quoted ^= byte == b'"';
            byte == separator && !quoted
        });
        start = end.map(|(at, _)| at + 1);
        Some(from..end.map_or(text.len(), |(at, _)| at))
    })
}
