//! Every code that a message can carry, with a page about it: what `cvxc explain E0320` prints.

mod activations;
mod data;
mod network;
mod solving;
mod statements;
mod syntax;

use super::data::bind;
use super::diagnostic::Diagnostic;
use super::read_text;
use std::path::Path;

/// A page about one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// `E0320`.
    pub code: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it is wrong and what can be done, in one paragraph.
    pub explanation: &'static str,
    /// What `wrong` and `right` are.
    pub shows: Shows,
    wrong: &'static str,
    right: &'static str,
}

/// What the two examples of a page are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// The statements of a small model that matter; the rest is [`REST`].
    Statements,
    /// A whole file.
    File,
    /// A command line, or something in a data file.
    Other,
}

/// What completes an example: a statement for every kind that it lacks.
const REST: [&str; 3] = ["data xor()", "network [x1, x2] -> dense(bias) -> relu -> dense -> y", "minimize squared + 0.1 * weight_decay"];

/// The pages by chapter, each in order.
const CHAPTERS: [&[Code]; 6] = [syntax::CODES, statements::CODES, activations::CODES, network::CODES, data::CODES, solving::CODES];

/// All pages, in order.
pub fn all() -> impl Iterator<Item = &'static Code> {
    CHAPTERS.into_iter().flatten()
}

/// The page about a code, however it is capitalised.
pub fn explain(code: &str) -> Option<&'static Code> {
    all().find(|page| page.code.eq_ignore_ascii_case(code.trim()))
}

impl Code {
    /// What earns the code: a model, or a command line, or something in a data file.
    pub fn wrong(&self) -> String {
        self.completed(self.wrong)
    }

    /// The same put right.
    pub fn right(&self) -> String {
        self.completed(self.right)
    }

    fn completed(&self, example: &str) -> String {
        let word = |line: &str| line.split(' ').next().map(str::to_string);
        let there: Vec<Option<String>> = example.lines().map(word).collect();
        let missing = REST.iter().filter(|statement| self.shows == Shows::Statements && !there.contains(&word(statement)));
        missing.fold(example.to_string(), |text, statement| format!("{text}\n{statement}"))
    }

    /// The message that the wrong model earns; `None` where a solve, a file or a command line has to earn it.
    pub fn message(&self) -> Option<Diagnostic> {
        let (model, mut found) = match self.shows {
            Shows::Other => return None,
            _ => read_text("model.cvx", &self.wrong(), Path::new(""), &[]),
        };
        found.extend(model.and_then(|model| bind(&model, &mut |_| {}).err()).unwrap_or_default());
        found.into_iter().find(|diagnostic| diagnostic.code == self.code)
    }

    /// The page as text.
    pub fn page(&self) -> String {
        let Code { code, title, explanation, .. } = self;
        let indented = |text: &str| text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n");
        let message = self.message().map_or(String::new(), |found| format!("error[{code}]: {}\n\n", found.message));
        format!(
            "{code}: {title}\n\n{explanation}\n\nwrong:\n\n{}\n\n{message}right:\n\n{}\n",
            indented(&self.wrong()),
            indented(&self.right())
        )
    }
}

/// A row of a chapter whose examples are statements.
const fn page(code: &'static str, title: &'static str, explanation: &'static str, wrong: &'static str, right: &'static str) -> Code {
    Code { code, title, explanation, shows: Shows::Statements, wrong, right }
}

/// One whose examples are whole files.
const fn whole(code: &'static str, title: &'static str, explanation: &'static str, wrong: &'static str, right: &'static str) -> Code {
    Code { shows: Shows::File, ..page(code, title, explanation, wrong, right) }
}

/// One whose examples are no models.
const fn apart(code: &'static str, title: &'static str, explanation: &'static str, wrong: &'static str, right: &'static str) -> Code {
    Code { shows: Shows::Other, ..page(code, title, explanation, wrong, right) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_found() {
        let codes: Vec<&str> = all().map(|page| page.code).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
        assert_eq!(explain(" e0320 ").map(|page| page.code), Some("E0320"));
        assert_eq!(explain("F0000"), None);
    }
}
