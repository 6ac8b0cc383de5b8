//! Columns: which ones a data source has, as far as the model file says, and what the network makes of them.

use super::checker::Checker;
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::model::{ColumnItem, InputSpec, Placed};
use crate::syntax::names::similar;
use crate::syntax::tree::{Arg, Expr, Name, Op, Term};

/// What is known of a source's columns before any file is opened.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// All names in order: of inline tables and toys.
    pub names: Option<Vec<String>>,
    /// Whether a column may be an array with a shape of its own.
    pub shaped: bool,
    /// How many columns `features` leaves out besides the target.
    pub dropped: usize,
}

impl Columns {
    fn position(&self, name: &str) -> Option<usize> {
        self.names.as_ref()?.iter().position(|known| known == name)
    }
}

impl Checker {
    /// E0301: a name that is certainly not a column.
    pub fn must_be_column(&mut self, columns: &Columns, name: &Placed<String>) {
        let Some(names) = &columns.names else { return };
        if names.contains(&name.value) {
            return;
        }
        let error = Diagnostic::error("E0301", format!("no column `{}` in the data", name.value), name.place.clone(), "unknown column")
            .note(format!("the columns are: {}", names.join(", ")));
        let near = similar(&name.value, names.iter().map(String::as_str));
        self.report(match near {
            Some(near) => error.replace(format!("a column with a similar name exists: `{near}`"), quoted(near)),
            None => error,
        });
    }

    /// A column reference.
    pub fn column(&mut self, what: &str, expr: &Expr, columns: &Columns) -> Option<Placed<String>> {
        let name = match &expr.term {
            Term::Text(text) | Term::Word(text) => self.placed(text.clone(), &expr.span),
            _ => return self.refuse(self.wrong_type(what, "a column", "age", expr)),
        };
        self.must_be_column(columns, &name);
        Some(name)
    }

    /// What goes into the network, and how many numbers per row if that is known.
    pub fn inputs(&mut self, expr: &Expr, columns: &Columns) -> Option<(InputSpec, Option<usize>)> {
        if expr.word() == Some("features") {
            return Some((InputSpec::Features, columns.names.as_ref().map(|names| names.len().saturating_sub(1 + columns.dropped))));
        }
        let items = self.items(expr);
        if items.is_empty() {
            return self.refuse(
                self.error("E0308", "the network has no inputs", &expr.span, "an empty list")
                    .replace("write `features` for every column but the target", "features"),
            );
        }
        let read: Vec<_> = items.iter().map(|item| self.input(item, columns)).collect();
        let read: Vec<_> = read.into_iter().collect::<Option<_>>()?;
        let width = read.iter().map(|(_, width)| *width).sum();
        Some((InputSpec::Columns(read.into_iter().map(|(item, _)| item).collect()), width))
    }

    fn input(&mut self, expr: &Expr, columns: &Columns) -> Option<(ColumnItem, Option<usize>)> {
        match &expr.term {
            Term::Binary { left, op: Op::Range, right } => {
                let (first, last) = (self.column("a range of columns", left, columns), self.column("a range of columns", right, columns));
                let (first, last) = (first?, last?);
                let width = self.between(expr, &first, &last, columns)?;
                Some((ColumnItem::Range(first, last), width))
            }
            Term::Call { name, args } if name.text == "lag" => self.lag(name, args, columns),
            Term::Call { name, .. } => {
                let error = self.error("E0308", format!("`{}` is not an input", name.text), &name.span, "unknown");
                self.refuse(
                    error.note("inputs are columns, `features`, lists of columns such as [x1, x2] or [p0 .. p63], and lag(column, 1..3)"),
                )
            }
            _ => {
                let name = self.column("the input", expr, columns)?;
                Some((ColumnItem::One(name), (!columns.shaped).then_some(1)))
            }
        }
    }

    /// How many columns stand between two, if that is known; the last must not come before the first.
    fn between(&mut self, expr: &Expr, first: &Placed<String>, last: &Placed<String>, columns: &Columns) -> Option<Option<usize>> {
        let (Some(a), Some(b)) = (columns.position(&first.value), columns.position(&last.value)) else { return Some(None) };
        if a <= b {
            return Some(Some(b - a + 1));
        }
        let message = "this range of columns ends before it begins";
        let error = self.error("E0113", message, &expr.span, format!("`{}` comes after `{}`", first.value, last.value));
        self.refuse(error.replace("turn it around", format!("{} .. {}", quoted(&last.value), quoted(&first.value))))
    }

    fn lag(&mut self, name: &Name, args: &[Arg], columns: &Columns) -> Option<(ColumnItem, Option<usize>)> {
        let values = self.arguments(name, args, &["column", "steps"])?;
        let (Some(column), Some(steps)) = (values[0], values[1]) else {
            let error = self.error("E0118", "`lag` needs a column and a range of steps", &name.span, "something is missing");
            return self.refuse(error.help("for example `lag(mv, 1..3)`: the last three values"));
        };
        let column = self.column("lag", column, columns);
        let (first, last) = self.range("steps", steps, 1)?;
        Some((ColumnItem::Lag { column: column?, first, last }, Some(last - first + 1)))
    }
}

/// A column as a model writes it: quoted unless it is a plain name.
pub fn quoted(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_') && name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if plain { name.to_string() } else { format!("\"{name}\"") }
}
