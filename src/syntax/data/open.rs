//! Opens a source: which reader belongs to which format.

#[cfg(feature = "parquet")]
use super::columnar::Columnar;
use super::content::Content;
use super::csv::Csv;
use super::inline::Inline;
use super::libsvm::Libsvm;
use super::npy::Npy;
use super::npz::Npz;
use super::table::{Reader, Site};
use super::toys::Toys;
use crate::syntax::diagnostic::Diagnostic;
#[cfg(not(feature = "parquet"))]
use crate::syntax::limits::no_columns;
use crate::syntax::model::{DataSpec, Format, SourceSpec};
use std::path::Path;

/// The source of a `data` statement, its column names known.
pub fn open(spec: &DataSpec) -> Result<Box<dyn Reader + '_>, Diagnostic> {
    let site = Site { shown: shown(spec), place: spec.place.clone(), new_rows: false };
    match &spec.source {
        SourceSpec::Table { columns, rows } => Ok(Box::new(Inline::open(site, columns, rows)?)),
        SourceSpec::File { format, path, .. } => file(site, *format, Content::File(path.clone()), spec.header, spec.separator),
        SourceSpec::Toy { kind, points, turns, noise, seed } => Ok(Box::new(Toys::open(site, *kind, *points, *turns, *noise, *seed))),
    }
}

/// A file or buffer of a format.
pub fn file(
    site: Site,
    format: Format,
    content: Content,
    header: bool,
    separator: Option<char>,
) -> Result<Box<dyn Reader + 'static>, Diagnostic> {
    Ok(match format {
        Format::Csv => Box::new(Csv::open(site.clone(), content, byte(&site, separator, b',')?, header)?),
        Format::Tsv => Box::new(Csv::open(site.clone(), content, byte(&site, separator, b'\t')?, header)?),
        Format::Npy => Box::new(Npy::open(site, content)?),
        Format::Npz => Box::new(Npz::open(site, content)?),
        Format::Libsvm => Box::new(Libsvm::open(site, content)?),
        #[cfg(feature = "parquet")]
        Format::Parquet | Format::Arrow => Box::new(Columnar::open(site, content, format)?),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet | Format::Arrow => return Err(no_columns(site.place)),
    })
}

/// A separator has to be one byte that cannot be part of a number or of the table's own syntax.
fn byte(site: &Site, separator: Option<char>, default: u8) -> Result<u8, Diagnostic> {
    let fits = |c: &char| c.is_ascii() && !c.is_ascii_alphanumeric() && !"\"\n\r.-+".contains(*c);
    match separator {
        None => Ok(default),
        Some(c) if fits(&c) => Ok(c as u8),
        Some(c) => {
            let message = format!("`{}` cannot separate values", c.escape_debug());
            Err(site.error("E0409", message, "read with this separator").help("use `,` or `;` or `|` or a tab"))
        }
    }
}

/// The format that a file's name tells; csv if it tells none.
pub fn format_of(path: &Path) -> Format {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("").to_ascii_lowercase();
    match extension.as_str() {
        "tsv" | "tab" => Format::Tsv,
        "npy" => Format::Npy,
        "npz" => Format::Npz,
        "parquet" | "pq" => Format::Parquet,
        "arrow" | "feather" => Format::Arrow,
        "libsvm" | "svm" | "svmlight" => Format::Libsvm,
        _ => Format::Csv,
    }
}

/// What people call the source.
pub fn shown(spec: &DataSpec) -> String {
    match &spec.source {
        SourceSpec::Table { .. } => "inline table".to_string(),
        SourceSpec::File { shown, .. } => shown.clone(),
        SourceSpec::Toy { kind, .. } => {
            let text = spec.place.source.text.get(spec.place.span.clone()).unwrap_or("");
            if text.is_empty() { format!("{kind:?}").to_lowercase() } else { text.to_string() }
        }
    }
}

/// The names of the columns, read from the file's start alone (`libsvm` has no names there and is read whole).
pub fn header(spec: &DataSpec) -> Result<Vec<String>, Diagnostic> {
    open(spec).map(|reader| reader.names().to_vec())
}
