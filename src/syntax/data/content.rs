//! Bytes that can be read more than once: a file, or a buffer such as what came through a pipe.

use super::table::Site;
use crate::syntax::diagnostic::{Diagnostic, Place};
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Where the bytes are.
#[derive(Clone, Debug)]
pub enum Content {
    File(PathBuf),
    Bytes(Rc<[u8]>),
}

/// Something to read that can jump.
pub trait Stream: Read + Seek {}
impl<T: Read + Seek> Stream for T {}

impl Content {
    /// A fresh stream from byte `from` on.
    pub fn stream(&self, from: u64) -> io::Result<Box<dyn Stream>> {
        let mut stream: Box<dyn Stream> = match self {
            Content::File(path) => Box::new(File::open(path)?),
            Content::Bytes(bytes) => Box::new(Cursor::new(bytes.clone())),
        };
        if from > 0 {
            stream.seek(SeekFrom::Start(from))?;
        }
        Ok(stream)
    }

    /// The number of bytes; 0 where the system does not know it.
    pub fn len(&self) -> u64 {
        match self {
            Content::File(path) => path.metadata().map_or(0, |data| data.len()),
            Content::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// The first bytes, at most `count`.
    pub fn start(&self, count: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.stream(0)?.take(count).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Refuses what cannot be opened, with names that are like the missing one.
    pub fn check(&self, site: &Site) -> Result<(), Diagnostic> {
        let Content::File(path) = self else { return Ok(()) };
        if path.is_dir() {
            return Err(unreadable(site, format!("`{}` is a folder, not a file", site.shown), "a folder"));
        }
        match File::open(path) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(not_found(site, path)),
            Err(error) => Err(failed(site, &error)),
        }
    }
}

/// The part of a source expression's place that is the path itself, if it stands there.
pub fn path_place(place: &Place, shown: &str) -> Place {
    let text = place.source.text.get(place.span.clone()).unwrap_or("");
    match text.find(&format!("\"{shown}\"")) {
        Some(at) => Place::new(&place.source, place.span.start + at..place.span.start + at + shown.len() + 2),
        None => place.clone(),
    }
}

fn unreadable(site: &Site, message: String, remark: &str) -> Diagnostic {
    Diagnostic::error("E0402", message, path_place(&site.place, &site.shown), remark)
}

fn not_found(site: &Site, path: &Path) -> Diagnostic {
    let error = unreadable(site, format!("there is no file `{}`", site.shown), "not found");
    let error = if site.new_rows { error } else { error.note("a path is relative to the folder of the model file") };
    match neighbour(path) {
        Some(name) => error.help(format!("a file with a similar name exists: `{name}`")),
        None => error,
    }
}

/// A file in the same folder whose name is like the missing one's.
fn neighbour(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut names: Vec<String> =
        std::fs::read_dir(folder).ok()?.take(1000).filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    super::faults::similar(wanted, &names).cloned()
}

/// The error of a file that opens but does not read.
pub fn failed(site: &Site, error: &io::Error) -> Diagnostic {
    unreadable(site, format!("`{}` cannot be read: {error}", site.shown), "cannot be read")
}

/// The longest record that is believed; beyond it a quote was left open or the file is no table.
const LONGEST_RECORD: u64 = 256 << 20;

/// A reader that counts, and stops when one record swallows too much.
pub struct Metered<R> {
    inner: R,
    meter: Meter,
}

/// The counts of a [`Metered`] reader: bytes in all, and bytes since the last record.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    bytes: Rc<Cell<u64>>,
    record: Rc<Cell<u64>>,
}

impl Meter {
    pub fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Says that a record ended.
    pub fn next_record(&self) {
        self.record.set(0);
    }
}

impl<R: Read> Metered<R> {
    pub fn new(inner: R) -> (Self, Meter) {
        let meter = Meter::default();
        (Metered { inner, meter: meter.clone() }, meter)
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.record.get() > LONGEST_RECORD {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "one row is longer than 256 MB"));
        }
        let count = self.inner.read(buffer)?;
        self.meter.bytes.set(self.meter.bytes.get() + count as u64);
        self.meter.record.set(self.meter.record.get() + count as u64);
        Ok(count)
    }
}
