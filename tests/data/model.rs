//! Models built by hand around a data statement, and diagnostics as plain text.

use cvxc::loss::{self, Total};
use cvxc::problem::{Activation, Bias, Dataset, Plan};
use cvxc::regularizer::Regularizer;
use cvxc::syntax::data::bind;
use cvxc::syntax::diagnostic::{Diagnostic, Place, Source};
use cvxc::syntax::model::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder of its own for a test's files.
pub struct Folder(pub tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("a temporary file");
        path
    }
}

/// A place in a text, found by what stands there; the text itself if it stands nowhere else.
pub fn at(source: &Arc<Source>, text: &str) -> Place {
    let start = source.text.find(text).unwrap_or_else(|| panic!("`{text}` in the model"));
    Place::new(source, start..start + text.len())
}

pub fn placed<T>(value: T, text: &str) -> Placed<T> {
    Placed { value, place: at(&Source::new("model.cvx", text), text) }
}

pub fn name(text: &str) -> Placed<String> {
    placed(text.to_string(), text)
}

pub fn names(text: &str) -> Vec<Placed<String>> {
    text.split_whitespace().map(name).collect()
}

/// A model on a source: all features, `target`, a loss.
pub fn model(source: SourceSpec, place: &str, target: &str, loss: &str) -> Model {
    let data = DataSpec {
        place: placed((), place).place,
        source,
        standardize: Standardize::Nothing,
        test: TestSpec::Nothing,
        rows: None,
        drop: Vec::new(),
        keep: Vec::new(),
        positive: None,
        missing: Missing::Error,
        header: true,
        separator: None,
    };
    let network = NetworkSpec {
        inputs: placed(InputSpec::Features, "features"),
        targets: vec![name(target)],
        outputs: placed(None, "dense"),
        activation: placed(Activation::relu(), "relu"),
        gates: None,
        bias: Bias::Penalised,
        width: None,
        skip: None,
        convolution: None,
    };
    let total = Total { loss: loss::find(loss).expect("a loss"), parameter: 1.0, mean: false, outputs: 1 };
    Model {
        name: "model.cvx".to_string(),
        parameters: Vec::new(),
        overrides: Vec::new(),
        paths: Vec::new(),
        activations: Vec::new(),
        data,
        network,
        loss: placed(total, loss),
        strength: placed(0.1, "0.1"),
        regularizer: placed(Regularizer::weight_decay(), "weight_decay"),
        plan: Plan::default(),
        outputs: Outputs::default(),
        arrangements: None,
        solver: None,
        vectors: None,
        origin: Default::default(),
    }
}

/// A model on a file that the model calls by the file's name alone.
pub fn on_file(path: &Path, target: &str, loss: &str) -> Model {
    let shown = path.file_name().expect("a name").to_string_lossy().into_owned();
    let (format, word) = match path.extension().and_then(|e| e.to_str()) {
        Some("tsv") => (Format::Tsv, "tsv"),
        Some("npy") => (Format::Npy, "npy"),
        Some("npz") => (Format::Npz, "npz"),
        Some("libsvm") => (Format::Libsvm, "libsvm"),
        Some("parquet") => (Format::Parquet, "parquet"),
        Some("arrow") => (Format::Arrow, "arrow"),
        _ => (Format::Csv, "csv"),
    };
    let place = format!("{word}(\"{shown}\")");
    model(SourceSpec::File { format, path: path.to_path_buf(), shown }, &place, target, loss)
}

/// A model on an inline table, one row a line.
pub fn on_table(text: &str, target: &str, loss: &str) -> Model {
    let source = Source::new("model.cvx", text);
    let mut rows: Vec<Vec<Placed<String>>> = text.lines().map(|line| cells(&source, line)).collect();
    let columns = rows.remove(0);
    model(SourceSpec::Table { columns, rows }, "table", target, loss)
}

fn cells(source: &Arc<Source>, line: &str) -> Vec<Placed<String>> {
    let offset = |word: &str| word.as_ptr() as usize - line.as_ptr() as usize;
    let start = source.text.find(line).expect("a line of the text");
    let span = |word: &str| start + offset(word)..start + offset(word) + word.len();
    line.split_whitespace().map(|word| Placed { value: word.to_string(), place: Place::new(source, span(word)) }).collect()
}

pub fn dataset(model: &Model) -> Dataset {
    match bind(model, &mut |_| ()) {
        Ok(problem) => problem.dataset,
        Err(errors) => panic!("{}", told_all(&errors)),
    }
}

/// The text of the errors that binding a model gives.
pub fn refused(model: &Model) -> String {
    match bind(model, &mut |_| ()) {
        Ok(problem) => panic!("bound: {:?}", problem.dataset),
        Err(errors) => told_all(&errors),
    }
}

pub fn told_all(errors: &[Diagnostic]) -> String {
    errors.iter().map(told).collect::<Vec<_>>().join("\n")
}

/// One diagnostic: code and message, places with the text under the carets, notes, helps.
pub fn told(error: &Diagnostic) -> String {
    let mut lines = vec![format!("{}: {}", error.code, error.message)];
    for label in &error.labels {
        let (line, column) = label.place.line_column();
        let under = label.place.source.text.get(label.place.span.clone()).expect("a span within its text");
        lines.push(format!("{}:{line}:{column} [{under}] {}", label.place.source.name, label.text));
    }
    lines.extend(error.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(error.helps.iter().map(|help| format!("help: {}", help.text)));
    lines.join("\n")
}
