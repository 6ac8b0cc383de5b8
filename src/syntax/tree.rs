//! The text of a model as a tree: statements, expressions and where each was written, with no meaning yet.

use std::ops::Range;

/// A stretch of the file, in bytes.
pub type Span = Range<usize>;

/// A word and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    pub statements: Vec<Statement>,
}

/// A statement, its first word, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub word: Name,
    pub span: Span,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Version(Name),
    Use { names: Vec<Name>, path: Name },
    Param(Binding),
    Path(Binding),
    Activation(Activation),
    Data { source: Source, settings: Vec<Binding> },
    Network(Pipeline),
    Minimize { objective: Expr, constraints: Vec<Expr> },
    Solve(Vec<Binding>),
    Output(Vec<Expr>),
}

/// `name = value`: a parameter, a setting, a default.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    pub name: Name,
    pub value: Expr,
}

/// `activation name(variable, parameters) = body`.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    pub name: Name,
    pub variable: Name,
    pub parameters: Vec<Binding>,
    pub body: Body,
    /// The `##` lines above it.
    pub documentation: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Formula(Expr),
    Cases {
        arms: Vec<Arm>,
        /// The brace at the end.
        close: Span,
    },
}

/// One case: `condition: value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// `None` is `otherwise`.
    pub condition: Option<Expr>,
    pub span: Span,
    pub value: Expr,
}

/// Where a `data` statement takes its numbers from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    Table(Table),
    Call(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The word `table`.
    pub word: Span,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub span: Span,
    pub cells: Vec<Name>,
}

/// Layers in order; each is one stage, or several added up.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    pub span: Span,
    pub stages: Vec<Vec<Stage>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    Group(Pipeline),
    Item(Expr),
}

impl Stage {
    pub fn span(&self) -> &Span {
        match self {
            Stage::Group(inner) => &inner.span,
            Stage::Item(expr) => &expr.span,
        }
    }
}

/// An expression and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub term: Term,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    Number { digits: String, unit: Option<Name> },
    Text(String),
    Word(String),
    Call { name: Name, args: Vec<Arg> },
    List(Vec<Expr>),
    Negative(Box<Expr>),
    Binary { left: Box<Expr>, op: Op, right: Box<Expr> },
}

/// An argument, with its name if it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    pub label: Option<Name>,
    pub value: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Range,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

impl Expr {
    /// The word, if the expression is a bare one.
    pub fn word(&self) -> Option<&str> {
        match &self.term {
            Term::Word(word) => Some(word),
            _ => None,
        }
    }

    /// The name that an expression starts from: a word or the name of a call, with the arguments.
    pub fn head(&self) -> Option<(Name, &[Arg])> {
        match &self.term {
            Term::Word(word) => Some((Name { text: word.clone(), span: self.span.clone() }, &[])),
            Term::Call { name, args } => Some((name.clone(), args)),
            _ => None,
        }
    }
}
