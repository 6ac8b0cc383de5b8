//! NumPy archives, `npz`: an array is a column, or with a second dimension a group of columns `name_0`, `name_1`, ...

use super::Progress;
use super::budget;
use super::content::{Content, Stream, failed};
use super::npy::{Array, bad, not_an_array, troubled};
use super::table::{Reader, Site, Table, Wish};
use crate::syntax::diagnostic::{Diagnostic, Place};
use npyz::npz::NpzArchive;
use std::io::{self, BufReader, Read};
use std::ops::Range;

/// An array of the archive and its columns in the source.
struct Entry {
    name: String,
    array: Array,
    columns: Range<usize>,
}

/// An archive with at least one array.
pub struct Npz {
    site: Site,
    content: Content,
    entries: Vec<Entry>,
    names: Vec<String>,
}

type Archive = NpzArchive<BufReader<Box<dyn Stream>>>;

impl Npz {
    pub fn open(site: Site, content: Content) -> Result<Self, Diagnostic> {
        content.check(&site)?;
        let mut npz = Npz { site, content, entries: Vec::new(), names: Vec::new() };
        npz.list().map_err(|error| not_an_array(&npz.site, &error))?;
        if npz.entries.is_empty() {
            return Err(npz
                .site
                .error("E0403", format!("`{}` holds no arrays", npz.site.shown), "an empty archive")
                .help("write it anew: `numpy.savez(FILE, x = ..., y = ...)`"));
        }
        Ok(npz)
    }

    fn archive(&self) -> io::Result<Archive> {
        NpzArchive::new(BufReader::new(self.content.stream(0)?))
    }

    /// Reads every header, in the archive's own order.
    fn list(&mut self) -> io::Result<()> {
        let mut archive = self.archive()?;
        for index in 0..archive.zip_archive().len() {
            let mut file = archive.zip_archive().by_index(index).map_err(|error| bad(error.to_string()))?;
            let Some(name) = npyz::npz::array_name_from_file_name(file.name()).map(str::to_string) else { continue };
            let array = Array::header(&mut file).map_err(|error| bad(format!("array `{name}`: {error}")))?;
            if array.columns > budget::MOST_COLUMNS - self.names.len().min(budget::MOST_COLUMNS) {
                return Err(bad(format!("with array `{name}` it has more than {} columns", budget::MOST_COLUMNS)));
            }
            if array.dimensions > 0 {
                self.add(name, array);
            }
        }
        Ok(())
    }

    fn add(&mut self, name: String, array: Array) {
        let first = self.names.len();
        match array.columns {
            1 => self.names.push(name.clone()),
            columns => self.names.extend((0..columns).map(|column| format!("{name}_{column}"))),
        }
        self.entries.push(Entry { name, array, columns: first..self.names.len() });
    }

    /// The arrays that are wished; all must have as many rows as the first.
    fn wished(&self, wish: &Wish) -> Result<Vec<&Entry>, Diagnostic> {
        let used = |entry: &&Entry| wish.columns.iter().any(|(column, _)| entry.columns.contains(column));
        let entries: Vec<&Entry> = self.entries.iter().filter(used).collect();
        match entries.iter().find(|entry| entry.array.rows != entries[0].array.rows) {
            None => Ok(entries),
            Some(other) => {
                let rows = |entry: &Entry| format!("`{}` has {} rows", entry.name, entry.array.rows);
                let message = format!("the arrays differ in length: {}, {}", rows(entries[0]), rows(other));
                Err(self.site.error("E0407", message, "every array needs one entry per row"))
            }
        }
    }

    fn stream<'a>(archive: &'a mut Archive, entry: &Entry) -> io::Result<Box<dyn Read + 'a>> {
        let file = archive.zip_archive().by_name(&npyz::npz::file_name_from_array_name(&entry.name));
        let mut stream = BufReader::with_capacity(1 << 16, file.map_err(|error| bad(error.to_string()))?);
        Array::header(&mut stream)?;
        Ok(Box::new(stream))
    }
}

impl Reader for Npz {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn site(&self) -> &Site {
        &self.site
    }

    fn group(&self, name: &str) -> Option<Range<usize>> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| entry.columns.clone())
    }

    fn read(&mut self, wish: &Wish, progress: &mut dyn FnMut(Progress)) -> Result<Table, Diagnostic> {
        let entries = self.wished(wish)?;
        let window = wish.within(entries.first().map_or(0, |entry| entry.array.rows));
        budget::check(&self.site, wish, window.len() as u64)?;
        let mut archive = self.archive().map_err(|error| failed(&self.site, &error))?;
        let mut fillings = wish.fillings();
        for entry in entries {
            let mut stream = Npz::stream(&mut archive, entry).map_err(|error| not_an_array(&self.site, &error))?;
            let offset = entry.columns.start;
            let filled = entry.array.fill(&mut stream, offset, &window, wish, &mut fillings);
            filled.map_err(|trouble| troubled(&self.site, &self.names, offset, trouble))?;
        }
        let bytes = self.content.len();
        progress(Progress { rows: window.end, bytes, total: Some(bytes) });
        Ok(Table::new(window.start, fillings))
    }

    fn place(&self, _row: usize, _column: Option<usize>) -> Place {
        self.site.place.clone()
    }
}
