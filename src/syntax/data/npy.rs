//! NumPy arrays, `npy`: the header says type and shape, and is believed only as far as the bytes bear it out.

use super::Progress;
use super::budget;
use super::content::{Content, failed};
use super::csv::numbered;
use super::faults::{NO_ROWS, at_cell};
use super::table::{Filling, Reader, Site, Table, Wish};
use crate::problem::Matrix;
use crate::syntax::diagnostic::{Diagnostic, Place};
use std::io::{self, BufReader, Read};
use std::ops::Range;

/// NumPy itself refuses longer headers.
const LONGEST_HEADER: usize = 10_000;

/// The longest row believed, in bytes.
const LONGEST_ROW: usize = 256 << 20;

/// How one item is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    Float,
    Signed,
    Unsigned,
    /// Text of four-byte characters.
    Unicode,
    /// Text of bytes.
    Bytes,
}

/// An array's header: type, order and shape as rows x columns.
#[derive(Clone, Debug)]
pub struct Array {
    item: Item,
    size: usize,
    big_endian: bool,
    fortran: bool,
    pub rows: usize,
    pub columns: usize,
    pub dimensions: usize,
}

impl Array {
    /// Reads a header and leaves `stream` at the first item.
    pub fn header(stream: &mut dyn Read) -> io::Result<Self> {
        let mut start = [0; 10];
        stream.read_exact(&mut start).map_err(|_| bad("it is shorter than a header"))?;
        if !start.starts_with(b"\x93NUMPY") {
            return Err(bad("it does not begin like an npy file"));
        }
        let mut length = usize::from(u16::from_le_bytes([start[8], start[9]]));
        if start[6] > 1 {
            let mut more = [0; 2];
            stream.read_exact(&mut more)?;
            length += usize::from(u16::from_le_bytes(more)) << 16;
        }
        if length > LONGEST_HEADER {
            return Err(bad("its header is longer than 10000 bytes"));
        }
        let mut text = vec![0; length];
        stream.read_exact(&mut text).map_err(|_| bad("it ends in the header"))?;
        Array::parse(&String::from_utf8_lossy(&text))
    }

    /// From the Python dictionary `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4)}`.
    fn parse(text: &str) -> io::Result<Self> {
        let field = |key: &str| {
            let at = text.find(&format!("'{key}'")).ok_or_else(|| bad(format!("its header has no `{key}`")))?;
            Ok::<&str, io::Error>(text[at + key.len() + 2..].trim_start().trim_start_matches(':').trim_start())
        };
        let descr = field("descr")?.strip_prefix('\'').and_then(|rest| rest.split('\'').next());
        let descr = descr.ok_or_else(|| bad("it holds records, not numbers"))?;
        let shape = field("shape")?.strip_prefix('(').and_then(|rest| rest.split(')').next());
        let shape = shape.ok_or_else(|| bad("its shape is not a list of numbers"))?;
        let sizes: Option<Vec<usize>> = shape.split(',').map(str::trim).filter(|s| !s.is_empty()).map(|s| s.parse().ok()).collect();
        let sizes = sizes.ok_or_else(|| bad(format!("its shape ({shape}) is not a list of sizes")))?;
        let columns = sizes.iter().skip(1).try_fold(1usize, |all, &size| all.checked_mul(size));
        let columns = columns.ok_or_else(|| bad(format!("its shape ({shape}) is too large")))?;
        let (item, size, big_endian) = item(descr)?;
        let fortran = field("fortran_order")?.starts_with("True");
        let array = Array { item, size, big_endian, fortran, rows: sizes.first().copied().unwrap_or(1), columns, dimensions: sizes.len() };
        if array.columns.checked_mul(size).is_none_or(|bytes| bytes > LONGEST_ROW) {
            return Err(bad(format!("a row of its shape ({shape}) is longer than 256 MB")));
        }
        array.bytes().map(|_| array).ok_or_else(|| bad(format!("its shape ({shape}) is too large")))
    }

    /// Bytes of all items.
    pub fn bytes(&self) -> Option<u64> {
        u64::try_from(self.rows.checked_mul(self.columns)?.checked_mul(self.size)?).ok()
    }

    /// Reads the items in `window` of the columns that are wished, where the array's columns begin at `offset` of the source.
    pub fn fill(
        &self,
        stream: &mut dyn Read,
        offset: usize,
        window: &Range<usize>,
        wish: &Wish,
        into: &mut [Filling],
    ) -> Result<(), Trouble> {
        let wished: Vec<(usize, usize)> = wish.columns.iter().enumerate().map(|(at, &(column, _))| (at, column)).collect();
        let mine: Vec<(usize, usize)> =
            wished.into_iter().filter(|(_, c)| (offset..offset + self.columns).contains(c)).map(|(at, c)| (at, c - offset)).collect();
        if self.fortran { self.fill_by_columns(stream, window, &mine, into) } else { self.fill_by_rows(stream, window, &mine, into) }
    }

    fn fill_by_rows(
        &self,
        stream: &mut dyn Read,
        window: &Range<usize>,
        mine: &[(usize, usize)],
        into: &mut [Filling],
    ) -> Result<(), Trouble> {
        skip(stream, window.start * self.columns * self.size)?;
        let mut buffer = vec![0; self.columns * self.size];
        for row in window.clone() {
            stream.read_exact(&mut buffer)?;
            for &(at, column) in mine {
                self.push(&buffer[column * self.size..][..self.size], row, column, &mut into[at])?;
            }
        }
        Ok(())
    }

    fn fill_by_columns(
        &self,
        stream: &mut dyn Read,
        window: &Range<usize>,
        mine: &[(usize, usize)],
        into: &mut [Filling],
    ) -> Result<(), Trouble> {
        let mut buffer = vec![0; self.size];
        for column in 0..self.columns {
            let wishes: Vec<usize> = mine.iter().filter(|(_, c)| *c == column).map(|(at, _)| *at).collect();
            if wishes.is_empty() {
                skip(stream, self.rows * self.size)?;
                continue;
            }
            skip(stream, window.start * self.size)?;
            for row in window.clone() {
                stream.read_exact(&mut buffer)?;
                for &at in &wishes {
                    self.push(&buffer, row, column, &mut into[at])?;
                }
            }
            skip(stream, (self.rows - window.end) * self.size)?;
        }
        Ok(())
    }

    fn push(&self, bytes: &[u8], row: usize, column: usize, filling: &mut Filling) -> Result<(), Trouble> {
        let trouble = |fault, text| Trouble::Cell { row, column, fault, text };
        if matches!(self.item, Item::Unicode | Item::Bytes) {
            let text = self.text(bytes);
            return filling.push(text.as_bytes()).map_err(|fault| trouble(fault, text));
        }
        let value = self.number(bytes);
        filling.push_number(value).map_err(|fault| trouble(fault, value.to_string()))
    }

    fn number(&self, bytes: &[u8]) -> f64 {
        // Little end first, sign-extended by hand, so that every width takes one path.
        let ordered = |i: usize| if self.big_endian { bytes[bytes.len() - 1 - i] } else { bytes[i] };
        let bits = (0..bytes.len()).rev().fold(0u64, |bits, i| bits << 8 | u64::from(ordered(i)));
        let unused = 64 - 8 * bytes.len() as u32;
        match self.item {
            Item::Float if self.size == 4 => f64::from(f32::from_bits(bits as u32)),
            Item::Float => f64::from_bits(bits),
            Item::Signed => ((bits << unused) as i64 >> unused) as f64,
            _ => bits as f64,
        }
    }

    fn text(&self, bytes: &[u8]) -> String {
        let text: String = match self.item {
            Item::Bytes => String::from_utf8_lossy(bytes).into_owned(),
            _ => bytes.chunks_exact(4).map(|four| self.character(four)).collect(),
        };
        text.trim_end_matches('\0').to_string()
    }

    fn character(&self, four: &[u8]) -> char {
        let four = [four[0], four[1], four[2], four[3]];
        let code = if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// Why an array could not be read.
pub enum Trouble {
    Broken(io::Error),
    Cell { row: usize, column: usize, fault: super::cell::Fault, text: String },
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Broken(error)
    }
}

/// Type, bytes and byte order of a NumPy type such as `<f8`.
fn item(descr: &str) -> io::Result<(Item, usize, bool)> {
    let unknown = || bad(format!("items of type `{descr}` are not supported; save it with `.astype(\"float64\")`"));
    let mut characters = descr.chars();
    let big_endian = match characters.next() {
        Some('<' | '|' | '=') => false,
        Some('>') => true,
        _ => return Err(unknown()),
    };
    let kind = characters.next();
    let size: usize = characters.as_str().parse().map_err(|_| unknown())?;
    let (item, size) = match (kind, size) {
        (Some('f'), 4 | 8) => (Item::Float, size),
        (Some('i'), 1 | 2 | 4 | 8) => (Item::Signed, size),
        (Some('u'), 1 | 2 | 4 | 8) | (Some('b'), 1) => (Item::Unsigned, size),
        (Some('U'), 1..=10_000) => (Item::Unicode, 4 * size),
        (Some('S'), 1..=40_000) => (Item::Bytes, size),
        _ => return Err(unknown()),
    };
    Ok((item, size, big_endian))
}

pub fn bad(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

fn skip(stream: &mut dyn Read, bytes: usize) -> io::Result<()> {
    let skipped = io::copy(&mut stream.take(bytes as u64), &mut io::sink())?;
    if skipped == bytes as u64 { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// An `npy` file whose bytes are all there.
pub struct Npy {
    site: Site,
    content: Content,
    array: Array,
    start: u64,
    names: Vec<String>,
}

impl Npy {
    pub fn open(site: Site, content: Content) -> Result<Self, Diagnostic> {
        content.check(&site)?;
        let mut stream = content.stream(0).map_err(|error| failed(&site, &error))?;
        let array = Array::header(&mut stream).map_err(|error| not_an_array(&site, &error))?;
        let start = stream.stream_position().map_err(|error| failed(&site, &error))?;
        let (held, promised) = (content.len().saturating_sub(start), array.bytes().unwrap_or(u64::MAX));
        if held < promised {
            let message = format!("`{}` is cut off: its header promises {promised} bytes of numbers, it holds {held}", site.shown);
            return Err(site.error("E0406", message, "incomplete"));
        }
        if array.rows == 0 || array.columns == 0 {
            return Err(site.error("E0403", format!("`{}` holds no rows", site.shown), "an empty array").help(NO_ROWS));
        }
        budget::check_width(&site, array.columns)?;
        let names = numbered(array.columns);
        Ok(Npy { site, content, array, start, names })
    }
}

/// For those who want the whole array as it is, and not a table.
impl Npy {
    pub fn array(&self) -> &Array {
        &self.array
    }

    /// The transposed array, so that a column of the file is a row here; NaN and infinities come as they are.
    pub fn transposed(&self) -> Result<Matrix, Diagnostic> {
        let array = &self.array;
        if matches!(array.item, Item::Unicode | Item::Bytes) {
            return Err(not_an_array(&self.site, &bad("it holds text, not numbers")));
        }
        let stream = self.content.stream(self.start).map_err(|error| failed(&self.site, &error))?;
        let mut stream = BufReader::with_capacity(1 << 18, stream);
        let mut matrix = Matrix::new(array.columns, array.rows, vec![0.0; array.columns * array.rows]);
        let mut buffer = vec![0; array.size];
        for at in 0..matrix.values.len() {
            stream.read_exact(&mut buffer).map_err(|error| troubled(&self.site, &self.names, 0, error.into()))?;
            let (row, column) = if array.fortran { (at % array.rows, at / array.rows) } else { (at / array.columns, at % array.columns) };
            matrix.values[column * array.rows + row] = array.number(&buffer);
        }
        Ok(matrix)
    }
}

/// The error of a file that is not what its format says.
pub fn not_an_array(site: &Site, error: &io::Error) -> Diagnostic {
    site.error("E0406", format!("`{}` cannot be used: {error}", site.shown), "not a table of numbers")
}

/// The error of reading an array whose columns begin at `offset` of the source.
pub fn troubled(site: &Site, names: &[String], offset: usize, trouble: Trouble) -> Diagnostic {
    match trouble {
        Trouble::Broken(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            site.error("E0406", format!("`{}` is cut off: its numbers end before the shape is filled", site.shown), "incomplete")
        }
        Trouble::Broken(error) => not_an_array(site, &error),
        Trouble::Cell { row, column, fault, text } => at_cell(site, site.place.clone(), &names[offset + column], row, fault, &text),
    }
}

impl Reader for Npy {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn numbered(&self) -> bool {
        true
    }

    fn site(&self) -> &Site {
        &self.site
    }

    fn read(&mut self, wish: &Wish, progress: &mut dyn FnMut(Progress)) -> Result<Table, Diagnostic> {
        let window = wish.within(self.array.rows);
        budget::check(&self.site, wish, window.len() as u64)?;
        let stream = self.content.stream(self.start).map_err(|error| failed(&self.site, &error))?;
        let mut fillings = wish.fillings();
        let filled = self.array.fill(&mut BufReader::with_capacity(1 << 18, stream), 0, &window, wish, &mut fillings);
        filled.map_err(|trouble| troubled(&self.site, &self.names, 0, trouble))?;
        let bytes = self.content.len();
        progress(Progress { rows: window.end, bytes, total: Some(bytes) });
        Ok(Table::new(window.start, fillings))
    }

    fn place(&self, _row: usize, _column: Option<usize>) -> Place {
        self.site.place.clone()
    }
}
