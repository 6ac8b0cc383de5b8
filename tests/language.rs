//! The language as a person meets it: what checks clean, and the exact text of every message.

use cvxc::syntax::diagnostic::Diagnostic;
use cvxc::syntax::model::Model;
use cvxc::syntax::{codes, read_text, render};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// All files of a folder with an ending, sorted.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == ending)).collect();
    files.sort();
    files
}

/// Overrides of a file: its lines `# --set name=value`.
fn overrides(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix("# --set ")).map(str::to_string).collect()
}

fn check(path: &Path) -> (Option<Model>, Vec<Diagnostic>) {
    let text = std::fs::read_to_string(path).unwrap();
    read_text("model.cvx", &text, path.parent().unwrap(), &overrides(&text))
}

/// Compares a text with the one stored beside the model; BLESS=1 stores it.
fn compare(path: &Path, found: &str, failures: &mut Vec<String>) {
    let stored = path.with_extension("txt");
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(&stored, found).unwrap();
    }
    let expected = std::fs::read_to_string(&stored).unwrap_or_default();
    if expected != found {
        failures.push(format!("{}\n--- expected\n{expected}\n--- found\n{found}", path.display()));
    }
}

#[test]
fn every_message_reads_as_stored() {
    let mut failures = Vec::new();
    for path in files("tests/language/bad", "cvx") {
        let (model, diagnostics) = check(&path);
        assert!(model.is_none() && !diagnostics.is_empty(), "{} should be refused", path.display());
        // Paths in messages must read the same on every machine.
        let folder = format!("{}{}", path.parent().unwrap().display(), std::path::MAIN_SEPARATOR);
        compare(&path, &render::render(&diagnostics, false).replace(&folder, ""), &mut failures);
    }
    assert!(failures.is_empty(), "{} messages changed (BLESS=1 stores them):\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn good_models_check_clean_or_name_the_one_thing_not_there_yet() {
    let mut failures = Vec::new();
    for path in files("tests/language/good", "cvx") {
        let (model, diagnostics) = check(&path);
        let text = render::render(&diagnostics, false);
        match model {
            Some(_) => assert!(diagnostics.is_empty(), "{text}"),
            None => assert!(diagnostics.len() == 1 && diagnostics[0].code == "E0500", "{}\n{text}", path.display()),
        }
        compare(&path, &text, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
