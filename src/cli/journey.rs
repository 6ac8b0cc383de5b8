//! Where the commands meet the rooms that do the work: reading, binding, counting.

use super::console::Console;
use super::trouble::{Outcome, Trouble};
use crate::problem::{Activation, Column, Matrix, Problem};
use crate::report::Sizes;
use crate::syntax::diagnostic::{Diagnostic, Level, Place, Source};
use crate::syntax::model::{Definition, Model};
use serde_json::Value;
use std::path::Path;

/// The model of a file, warnings told; with `strict` a warning is as bad as an error.
pub fn model(path: &Path, overrides: &[String], strict: bool, console: &Console) -> Outcome<Model> {
    let (model, diagnostics) = read(path, overrides);
    let bad = |diagnostic: &Diagnostic| strict || diagnostic.level == Level::Error;
    match model {
        Some(model) if !diagnostics.iter().any(bad) => {
            console.diagnostics(&diagnostics);
            Ok(model)
        }
        _ => Err(Trouble::Diagnosed(diagnostics)),
    }
}

fn absent(path: &Path) -> Diagnostic {
    let place = Place::new(&Source::new(path.display().to_string(), ""), 0..0);
    Diagnostic::error("E0500", "the language is not connected to the command line yet", place, "")
}

pub struct Progress {
    pub rows: usize,
    pub bytes: u64,
    pub total: Option<u64>,
}

pub fn read(path: &Path, _: &[String]) -> (Option<Model>, Vec<Diagnostic>) {
    (None, vec![absent(path)])
}
pub fn bind(model: &Model, _: &mut dyn FnMut(Progress)) -> Result<Problem, Vec<Diagnostic>> {
    Err(vec![absent(Path::new(&model.name))])
}
pub fn features(path: &Path, _: &[Column]) -> Result<Matrix, Diagnostic> {
    Err(absent(path))
}
pub fn definitions(path: &Path) -> (Vec<Definition>, Vec<Diagnostic>) {
    (Vec::new(), vec![absent(path)])
}
pub fn builtin() -> Vec<Definition> {
    vec![Definition { activation: Activation::relu(), documentation: "max(x, 0)".to_string() }]
}
pub fn render(diagnostics: &[Diagnostic], _: bool) -> String {
    diagnostics.iter().map(|d| format!("error[{}]: {}: {}\n", d.code, d.place().source.name, d.message)).collect()
}
pub fn diagnostics_json(diagnostics: &[Diagnostic]) -> Value {
    diagnostics.iter().map(|d| serde_json::json!({ "code": d.code, "message": d.message })).collect()
}
pub fn code_page(_: &str) -> Option<String> {
    None
}
pub fn sizes(_: &Problem) -> Option<Sizes> {
    None
}

/// The model's identity: a digest of its text after overrides.
#[cfg(feature = "solve")]
pub fn identity(model: &Model) -> String {
    format!("blake3:{}", blake3::hash(model.text.as_bytes()).to_hex())
}
