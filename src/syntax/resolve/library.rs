//! Every activation in reach: the built-in ones, the file's own, and those of the files it uses.

use super::curved;
use super::function::Function;
use crate::exact::Rational;
use crate::syntax::diagnostic::{Diagnostic, Place, Source};
use crate::syntax::names::similar;
use crate::syntax::tree::{self, Kind, Name, Span, Tree};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// Functions that join others and so cannot be layers.
pub const JOINS: &[&str] = &["max", "min"];

/// The most files that may import one another.
const MOST_FILES: usize = 64;

/// The built-in activations, defined in the language itself.
static BUILTIN: LazyLock<(Arc<Source>, Tree)> = LazyLock::new(|| {
    let source = Source::new("built-in activations", include_str!("../builtin.cvx"));
    let tree = crate::syntax::parse::parse(&source).expect("the built-in activations parse");
    (source, tree)
});

/// Where a definition stands: its file and its number in it.
pub type Key = (usize, usize);

/// One file's definitions, and which names it can see.
pub struct Scope {
    pub source: Arc<Source>,
    pub definitions: Vec<tree::Activation>,
    pub names: BTreeMap<String, Key>,
    path: Option<PathBuf>,
    /// Imports that failed: their uses are not reported again.
    missing: Vec<String>,
}

/// All files, the built-in one first, the model second.
pub struct Library {
    pub scopes: Vec<Scope>,
    pub found: Vec<Diagnostic>,
    /// Evaluations of definitions so far, by their arguments: every one is done once.
    pub(super) known: HashMap<(Key, Vec<Rational>), Option<Function>>,
    /// Definitions being evaluated: meeting one again is a circle.
    pub(super) open: Vec<Key>,
    pub(super) work: usize,
    /// Files being read, to find circles.
    reading: Vec<PathBuf>,
}

impl Library {
    /// The built-in activations alone.
    pub fn builtin() -> Self {
        let mut library =
            Library { scopes: Vec::new(), found: Vec::new(), known: HashMap::new(), open: Vec::new(), work: 0, reading: Vec::new() };
        let (source, tree) = &*BUILTIN;
        library.define(source, tree, None);
        library
    }

    /// Adds a model file, and what it uses; gives the number of its scope.
    pub fn add(&mut self, source: &Arc<Source>, tree: &Tree, folder: &Path, path: Option<PathBuf>) -> usize {
        let scope = self.define(source, tree, path);
        for statement in &tree.statements {
            if let Kind::Use { names, path } = &statement.kind {
                self.import(scope, names, path, folder);
            }
        }
        scope
    }

    pub(super) fn report(&mut self, error: Diagnostic) {
        if !self.found.contains(&error) {
            self.found.push(error);
        }
    }

    pub(super) fn place(&self, scope: usize, span: &Span) -> Place {
        Place::new(&self.scopes[scope].source, span.clone())
    }

    /// What a name means in a file.
    pub fn find(&self, scope: usize, name: &str) -> Option<Key> {
        self.scopes[0].names.get(name).or_else(|| self.scopes[scope].names.get(name)).copied()
    }

    /// Whether a name is unknown only because its import failed, with a message of its own.
    pub fn reported(&self, scope: usize, name: &str) -> bool {
        self.scopes[scope].missing.iter().any(|missing| missing == name)
    }

    /// Every activation name that a file can see.
    pub fn names(&self, scope: usize) -> Vec<&str> {
        self.scopes[0].names.keys().chain(self.scopes[scope].names.keys()).map(String::as_str).collect()
    }

    pub fn definition(&self, key: Key) -> &tree::Activation {
        &self.scopes[key.0].definitions[key.1]
    }

    fn define(&mut self, source: &Arc<Source>, tree: &Tree, path: Option<PathBuf>) -> usize {
        let scope = self.scopes.len();
        self.scopes.push(Scope { source: source.clone(), definitions: Vec::new(), names: BTreeMap::new(), path, missing: Vec::new() });
        for statement in &tree.statements {
            if let Kind::Activation(definition) = &statement.kind {
                self.define_one(scope, definition);
            }
        }
        scope
    }

    fn define_one(&mut self, scope: usize, definition: &tree::Activation) {
        let number = self.scopes[scope].definitions.len();
        self.scopes[scope].definitions.push(definition.clone());
        if scope == 0 || self.may_be_named(scope, &definition.name) {
            self.scopes[scope].names.insert(definition.name.text.clone(), (scope, number));
        }
    }

    /// E0201, E0202: names that are taken.
    fn may_be_named(&mut self, scope: usize, name: &Name) -> bool {
        let place = self.place(scope, &name.span);
        let text = &name.text;
        let word = JOINS.contains(&text.as_str()) || super::network::LAYERS.contains(&text.as_str());
        let curved = curved::CURVED.iter().any(|curved| curved.name == text);
        if word || curved || self.scopes[0].names.contains_key(text) {
            let error =
                Diagnostic::error("E0201", format!("`{text}` is a built-in word and cannot be redefined"), place, "a built-in name");
            self.report(
                error
                    .note("a name means the same in every model file")
                    .replace(format!("choose another name, such as `my_{text}`"), format!("my_{text}")),
            );
            return false;
        }
        if let Some(&first) = self.scopes[scope].names.get(text) {
            let first = self.place(first.0, &self.definition(first).name.span);
            let error = Diagnostic::error("E0202", format!("activation `{text}` is defined twice"), place, "defined again");
            self.report(error.also(first, "defined here first").help("rename one of them"));
            return false;
        }
        true
    }

    /// `use names from "path"`.
    fn import(&mut self, scope: usize, names: &[Name], path: &Name, folder: &Path) {
        let file = folder.join(&path.text);
        let Some(from) = self.file(scope, &file, path) else {
            return self.scopes[scope].missing.extend(names.iter().map(|name| name.text.clone()));
        };
        for name in names {
            self.import_name(scope, from, name, path);
        }
    }

    fn import_name(&mut self, scope: usize, from: usize, name: &Name, path: &Name) {
        if let Some(&key) = self.scopes[from].names.get(&name.text) {
            if self.scopes[scope].names.get(&name.text) != Some(&key) && self.may_be_named(scope, name) {
                self.scopes[scope].names.insert(name.text.clone(), key);
            }
            return;
        }
        self.scopes[scope].missing.push(name.text.clone());
        let message = format!("`{}` defines no activation `{}`", path.text, name.text);
        let error = Diagnostic::error("E0242", message, self.place(scope, &name.span), "not defined there");
        let known: Vec<&str> = self.scopes[from].names.keys().map(String::as_str).collect();
        let error = match similar(&name.text, known.iter().copied()) {
            Some(near) => error.replace(format!("there is one with a similar name: `{near}`"), near),
            None if known.is_empty() => error.note("it defines no activations at all"),
            None => error.note(format!("it defines: {}", known.join(", "))),
        };
        self.report(error);
    }

    /// The scope of an imported file, read once.
    fn file(&mut self, scope: usize, file: &Path, path: &Name) -> Option<usize> {
        let place = self.place(scope, &path.span);
        let text = match crate::syntax::read_file(file) {
            Ok(text) => text,
            Err(why) => {
                self.report(Diagnostic::error("E0241", format!("`{}` cannot be read: {why}", path.text), place, "used here"));
                return None;
            }
        };
        let real = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
        if self.is_circle(scope, &real) || self.scopes.len() > MOST_FILES {
            let error =
                Diagnostic::error("E0243", format!("`{}` leads back to this file", path.text), place, "a circle of `use` statements");
            self.report(error.help("move the shared activations to a file that uses neither"));
            return None;
        }
        if let Some(known) = self.scopes.iter().position(|scope| scope.path.as_ref() == Some(&real)) {
            return Some(known);
        }
        self.read(file, real, &text)
    }

    fn is_circle(&self, scope: usize, real: &PathBuf) -> bool {
        self.reading.contains(real)
            || self.scopes[scope].path.as_ref() == Some(real)
            || self.scopes[1.min(scope)].path.as_ref() == Some(real)
    }

    fn read(&mut self, file: &Path, real: PathBuf, text: &str) -> Option<usize> {
        let source = Source::new(file.display().to_string(), text);
        let tree = match crate::syntax::parse::parse(&source) {
            Ok(tree) => tree,
            Err(errors) => {
                errors.into_iter().for_each(|error| self.report(error));
                return None;
            }
        };
        self.reading.push(real.clone());
        let folder = file.parent().unwrap_or(Path::new("")).to_path_buf();
        let scope = self.add(&source, &tree, &folder, Some(real));
        self.reading.pop();
        Some(scope)
    }
}
