//! The text that a model was read from, and how it reads in another folder and with the settings that a command line gave.

use super::tree::Span;
use std::path::{Path, PathBuf};

/// A model's text, and the places in it that depend on where it stands or on how it was called.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    text: String,
    /// Defaults of parameters that the command line changed.
    changes: Vec<(Span, String)>,
    /// Quoted paths with what they lead to from the current folder.
    paths: Vec<(Span, PathBuf)>,
    /// The statement `solve { }`, and the values of its settings.
    solve: Option<Span>,
    settings: Vec<(String, Span)>,
}

impl Origin {
    pub fn new(text: String, changes: Vec<(Span, String)>, paths: Vec<(Span, PathBuf)>) -> Self {
        Origin { text, changes, paths, solve: None, settings: Vec::new() }
    }

    /// The same with a `solve` statement and the values of its settings.
    pub fn with_solve(self, solve: Option<Span>, settings: Vec<(String, Span)>) -> Self {
        Origin { solve, settings, ..self }
    }

    /// The text with the parameters that the command line gave: what a model's identity is about.
    pub fn after_overrides(&self) -> String {
        replaced(&self.text, self.changes.clone())
    }

    /// The text for another folder, `way` leading there, with these `solve` settings in the place of its own.
    pub fn elsewhere(&self, way: impl Fn(&Path) -> PathBuf, settings: &[(&str, String)]) -> String {
        let mut edits = self.changes.clone();
        let quotable = |path: &str| !path.contains(['"', '\n', '\r']);
        let moved = self.paths.iter().map(|(span, path)| (span.clone(), way(path).display().to_string()));
        edits.extend(moved.filter(|(_, path)| quotable(path)).map(|(span, path)| (span, format!("\"{path}\""))));
        let mut new = String::new();
        for (name, value) in settings {
            match self.settings.iter().find(|(known, _)| known == name) {
                Some((_, span)) => edits.push((span.clone(), value.clone())),
                None => new.push_str(&format!(" {name} = {value};")),
            }
        }
        match &self.solve {
            Some(solve) if !new.is_empty() => edits.push(self.first_setting(solve, new)),
            None if !new.is_empty() => return format!("{}\nsolve {{{new} }}\n", replaced(&self.text, edits).trim_end()),
            _ => {}
        }
        replaced(&self.text, edits)
    }

    /// Settings that go behind the brace of `solve {`.
    fn first_setting(&self, solve: &Span, new: String) -> (Span, String) {
        let brace = self.text[solve.clone()].find('{').map_or(solve.end, |at| solve.start + at + 1);
        (brace..brace, new)
    }
}

/// A text with some of its stretches replaced.
fn replaced(text: &str, mut edits: Vec<(Span, String)>) -> String {
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    edits.into_iter().fold(text.to_string(), |mut text, (span, new)| {
        text.replace_range(span, &new);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(text: &str, solve: Option<Span>, settings: &[(&str, &str)], given: &[(&str, &str)]) -> String {
        let span = |word: &str| text.find(word).map(|at| at..at + word.len()).unwrap();
        let known = settings.iter().map(|(name, value)| (name.to_string(), span(value))).collect();
        let origin = Origin::new(text.to_string(), Vec::new(), vec![(span("\"a.csv\""), PathBuf::from("data/a.csv"))]);
        let given: Vec<(&str, String)> = given.iter().map(|(name, value)| (*name, value.to_string())).collect();
        origin.with_solve(solve, known).elsewhere(|path| Path::new("..").join(path), &given)
    }

    #[test]
    fn settings_take_the_place_of_the_files_own_or_are_added() {
        let given = [("gap", "1e-3"), ("time", "5 s")];
        assert_eq!(moved("data csv(\"a.csv\")\n", None, &[], &given), "data csv(\"../data/a.csv\")\nsolve { gap = 1e-3; time = 5 s; }\n");
        let text = "data csv(\"a.csv\")\nsolve { gap = 0.1 }\n";
        let whole = 18..text.len() - 1;
        assert_eq!(moved(text, Some(whole), &[("gap", "0.1")], &given), "data csv(\"../data/a.csv\")\nsolve { time = 5 s; gap = 1e-3 }\n");
        assert_eq!(moved("data csv(\"a.csv\")\n", None, &[], &[]), "data csv(\"../data/a.csv\")\n");
    }
}
