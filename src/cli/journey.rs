//! Where the commands meet the rooms that do the work: reading, binding, counting.

use super::console::Console;
use super::trouble::{Outcome, Trouble};
#[cfg(feature = "solve")]
use crate::problem::Arrangements;
use crate::problem::{Column, Matrix, Problem};
use crate::report::Sizes;
use crate::syntax::diagnostic::{Diagnostic, Level};
use crate::syntax::model::Model;
use crate::syntax::{Instead, codes, data, read_said, render};
use serde_json::Value;
use std::path::Path;

#[cfg(feature = "solve")]
pub use crate::syntax::data::Progress;
pub use crate::syntax::data::{Layout, bind};
pub use crate::syntax::render::render;
pub use crate::syntax::{builtin, definitions, read};

/// The model of a file, warnings told; with `strict` a warning is as bad as an error.
pub fn model(path: &Path, overrides: &[String], strict: bool, console: &Console) -> Outcome<Model> {
    said(path, overrides, Instead::default(), strict, console)
}

/// The same where the command line beats the file.
pub fn said(path: &Path, overrides: &[String], instead: Instead, strict: bool, console: &Console) -> Outcome<Model> {
    let (model, diagnostics) = read_said(path, overrides, instead);
    let diagnostics = if strict { as_errors(diagnostics) } else { diagnostics };
    match model {
        Some(model) if !diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error) => {
            console.diagnostics(&diagnostics);
            Ok(model)
        }
        _ => Err(Trouble::Diagnosed(diagnostics)),
    }
}

/// Tells what is odd about a problem's data; with `strict` that is an error.
pub fn remarks(model: &Model, problem: &Problem, strict: bool, console: &Console) -> Outcome<()> {
    let remarks = data::remarks(model, problem);
    if strict && !remarks.is_empty() {
        return Err(Trouble::Diagnosed(as_errors(remarks)));
    }
    console.diagnostics(&remarks);
    Ok(())
}

/// Warnings as `--strict` takes them: nothing silences an error.
fn as_errors(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.into_iter().map(|diagnostic| Diagnostic { level: Level::Error, ..diagnostic }).collect()
}

/// All diagnostics as JSON.
pub fn diagnostics_json(diagnostics: &[Diagnostic]) -> Value {
    render::json(diagnostics)
}

/// The inputs of a network from a data file; `-` is standard input, read as csv.
pub fn features(path: &Path, columns: &[Column], layout: &Layout) -> Result<Matrix, Diagnostic> {
    let features = if path == Path::new("-") {
        data::read_features_from("standard input", &mut std::io::stdin().lock(), columns, layout)
    } else {
        data::read_features(path, columns, layout)
    };
    features.map(|features| features.inputs)
}

/// The page about an error code.
pub fn code_page(code: &str) -> Option<String> {
    codes::explain(code).map(codes::Code::page)
}

/// The arrangement's sizes, where this build can count them.
#[cfg(feature = "solve")]
pub fn sizes(problem: &Problem) -> Option<Sizes> {
    if let Some(gates) = &problem.architecture.gates {
        // Gates are a list: nothing cuts weight space, and no line is looked for.
        return Some(Sizes { lines: 0, rank: 0, cells: gates.count() as f64, lost: None });
    }
    let features = problem.features();
    let lines = crate::arrangement::Lines::new(&features.lines);
    let (count, most) = match features.rivals.any() {
        false => (lines.count(), lines.bound()),
        true => (features.knives_count(), crate::arrangement::bound(features.knives_count(), lines.rank())),
    };
    let cells = features.share_of_cells() * most;
    Some(Sizes { lines: count, rank: lines.rank(), cells, lost: lost(problem) })
}

/// How far the data are from the rank that the plan brings them to.
#[cfg(feature = "solve")]
fn lost(problem: &Problem) -> Option<f64> {
    let Arrangements::LowRank { rank } = problem.plan.arrangements else { return None };
    Some(crate::pricing::Leading::of(&problem.inputs(), rank).map_or(0.0, |leading| leading.lost))
}

#[cfg(not(feature = "solve"))]
pub fn sizes(_: &Problem) -> Option<Sizes> {
    None
}

/// The model's identity: a digest of its text after overrides.
#[cfg(feature = "solve")]
pub fn identity(model: &Model) -> String {
    format!("blake3:{}", blake3::hash(model.origin.after_overrides().as_bytes()).to_hex())
}
