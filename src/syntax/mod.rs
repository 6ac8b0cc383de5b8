//! Text to Problem: tree, resolution, data; and everything that can be wrong on the way.

pub mod codes;
pub mod data;
pub mod diagnostic;
mod filter;
pub mod limits;
pub mod model;
pub mod names;
pub mod origin;
mod parse;
pub mod render;
mod resolve;
pub mod tree;

use crate::problem::{Guarantee, Solver};
use diagnostic::{Diagnostic, Place, Source};
use model::{Definition, Model};
use resolve::Said;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

pub use resolve::builtin;

/// The largest model file, in bytes; numbers by the million belong in a data file.
const LARGEST: u64 = 4_000_000;

/// Reads and checks a model file.  The model is there only if nothing is wrong; `overrides` are the values of `--set NAME=VALUE`.
pub fn read(path: &Path, overrides: &[String]) -> (Option<Model>, Vec<Diagnostic>) {
    read_said(path, overrides, Instead::default())
}

/// What a command line says instead of the file's `solve { }`: it beats what is written there, right or wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Instead {
    pub promise: Option<Guarantee>,
    pub solver: Option<Solver>,
}

/// The same where the command line beats the file.
pub fn read_said(path: &Path, overrides: &[String], instead: Instead) -> (Option<Model>, Vec<Diagnostic>) {
    let name = path.display().to_string();
    match read_file(path) {
        Ok(text) => check(&Source::new(name, text), folder(path), Some(path), &Said { overrides, instead }),
        Err(why) => (None, vec![with_ending(path, unreadable(&name, &why))]),
    }
}

/// Checks a model text; paths in it are relative to `folder`.
pub fn read_text(name: &str, text: &str, folder: &Path, overrides: &[String]) -> (Option<Model>, Vec<Diagnostic>) {
    check(&Source::new(name, text.trim_start_matches('\u{feff}')), folder, None, &Said { overrides, instead: Instead::default() })
}

/// The activations that a file defines or imports, and what is wrong with them; the file need not be a whole model.
pub fn definitions(path: &Path) -> (Vec<Definition>, Vec<Diagnostic>) {
    let name = path.display().to_string();
    let text = match read_file(path) {
        Ok(text) => text,
        Err(why) => return (Vec::new(), vec![with_ending(path, unreadable(&name, &why))]),
    };
    let source = Source::new(name, text);
    match parse::parse(&source) {
        Ok(tree) => resolve::definitions(&tree, &source, folder(path), Some(path)),
        Err(errors) => (Vec::new(), errors),
    }
}

fn check(source: &Arc<Source>, folder: &Path, file: Option<&Path>, said: &Said) -> (Option<Model>, Vec<Diagnostic>) {
    if source.text.len() as u64 > LARGEST {
        return (None, vec![unreadable(&source.name, &too_large())]);
    }
    match parse::parse(source) {
        Ok(tree) => resolve::resolve(&tree, source, folder, file, said),
        Err(errors) => (None, errors),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// A file's text without a byte-order mark; otherwise why it cannot be read.
fn read_file(path: &Path) -> Result<String, String> {
    let about = std::fs::metadata(path).map_err(|error| reason(&error))?;
    if !about.is_file() {
        return Err("it is not a file".to_string());
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| reason(&error))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(too_large());
    }
    let text = String::from_utf8(bytes).map_err(|error| format!("it is not UTF-8 text (byte {})", error.utf8_error().valid_up_to() + 1))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text))
}

fn too_large() -> String {
    "it is larger than 4 MB; numbers belong in a data file".to_string()
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_string(),
        std::io::ErrorKind::PermissionDenied => "it may not be read".to_string(),
        _ => error.to_string(),
    }
}

/// `cvxc solve t` where there is `t.cvx`.
fn with_ending(path: &Path, error: Diagnostic) -> Diagnostic {
    let mut longer = path.as_os_str().to_os_string();
    longer.push(".cvx");
    let longer = Path::new(&longer);
    if longer.is_file() { error.help(format!("there is a file `{}`", longer.display())) } else { error }
}

/// E0002: the file itself cannot be read.
fn unreadable(name: &str, why: &str) -> Diagnostic {
    let place = Place::new(&Source::new(name, ""), 0..0);
    Diagnostic::error("E0002", format!("`{name}` cannot be read: {why}"), place, "")
}
