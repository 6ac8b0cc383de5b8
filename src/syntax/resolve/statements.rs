//! The statements of a file: each kind as often as it may stand there, and none missing.

use super::checker::Checker;
use crate::syntax::tree::{Binding, Expr, Kind, Name, Pipeline, Source, Statement, Tree};

/// A file's statements by kind.
#[derive(Default)]
pub struct Statements<'t> {
    pub params: Vec<&'t Binding>,
    pub paths: Vec<&'t Binding>,
    pub data: Option<(&'t Source, &'t [Binding])>,
    pub network: Option<&'t Pipeline>,
    pub minimize: Option<(&'t Expr, &'t [Expr])>,
    pub solve: Option<&'t [Binding]>,
    pub output: Option<&'t [Expr]>,
}

/// What is missing, and the line that would be right.
const NEEDED: [(&str, &str, &str); 3] = [
    ("data", "this model has no data", "data csv(\"file.csv\")"),
    ("network", "this model has no network", "network features -> dense(bias) -> relu -> dense -> y"),
    ("minimize", "this model minimises nothing", "minimize squared + 0.1 * weight_decay"),
];

impl Checker {
    pub fn statements<'t>(&mut self, tree: &'t Tree) -> Statements<'t> {
        let mut statements = Statements::default();
        let mut seen: Vec<&Statement> = Vec::new();
        for (number, statement) in tree.statements.iter().enumerate() {
            if self.again(&seen, statement) {
                continue;
            }
            seen.push(statement);
            match &statement.kind {
                Kind::Version(version) => self.version(number, statement, version),
                Kind::Param(binding) => statements.params.push(binding),
                Kind::Path(binding) => statements.paths.push(binding),
                Kind::Data { source, settings } => statements.data = Some((source, settings)),
                Kind::Network(pipeline) => statements.network = Some(pipeline),
                Kind::Minimize { objective, constraints } => statements.minimize = Some((objective, constraints)),
                Kind::Solve(block) => statements.solve = Some(block),
                Kind::Output(kinds) => statements.output = Some(kinds),
                Kind::Use { .. } | Kind::Activation(_) => {}
            }
        }
        self.nothing_missing(&statements);
        statements
    }

    /// E0103: a statement that may stand only once.
    fn again(&mut self, seen: &[&Statement], statement: &Statement) -> bool {
        let repeats = matches!(statement.kind, Kind::Use { .. } | Kind::Param(_) | Kind::Activation(_));
        let same = |first: &&&Statement| match (&first.kind, &statement.kind) {
            (Kind::Path(a), Kind::Path(b)) => a.name.text == b.name.text,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        };
        let Some(first) = seen.iter().find(same).filter(|_| !repeats) else { return false };
        let word = &statement.word;
        let first = self.place(&first.word.span);
        let error = self.error("E0103", format!("a model has one `{}` statement, this is the second", word.text), &word.span, "the second");
        self.report(error.also(first, "the first").help("keep one of the two"));
        true
    }

    /// E0101, E0102: the language's version.
    fn version(&mut self, number: usize, statement: &Statement, version: &Name) {
        if version.text.trim_start_matches('0') != "1" {
            let error = self.error(
                "E0101",
                format!("this file is written for version {} of the language", version.text),
                &version.span,
                "this cvxc knows version 1",
            );
            self.report(error.replace("write `cvx 1`, or use a newer cvxc", "1"));
        }
        if number > 0 {
            let error = self.error("E0102", "`cvx` is the first statement of a file", &statement.span, "not the first");
            self.report(error.help("move it to the top"));
        }
    }

    /// E0140: data, network and objective are needed.
    fn nothing_missing(&mut self, statements: &Statements) {
        let there = [statements.data.is_some(), statements.network.is_some(), statements.minimize.is_some()];
        // The place is where the file ends: that is where the statement would go.
        let end = self.source.text.trim_end().len();
        for ((word, message, line), there) in NEEDED.iter().zip(there) {
            if !there {
                let error = self.error("E0140", *message, &(end..end), format!("the file ends without a `{word}` statement"));
                self.report(error.replace(format!("add one: `{line}`"), format!("\n{line}\n")));
            }
        }
    }
}
