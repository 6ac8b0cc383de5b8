//! From pest's pairs to the tree, with the operators' precedence and a bound on nesting.

use super::Rule;
use crate::syntax::diagnostic::{Diagnostic, Place, Source};
use crate::syntax::tree;
use crate::syntax::tree::{
    Activation, Arg, Arm, Binding, Body, Expr, Kind, Name, Op, Pipeline, Row, Span, Stage, Statement, Table, Term, Tree,
};
use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op as Level, PrattParser};
use std::sync::{Arc, LazyLock};

/// The most operators inside one another: every later walk over the tree may recurse.
pub const BUDGET: usize = 400;

type Built<T> = Result<T, Diagnostic>;

/// Comparisons bind least, then ranges, sums, products, the minus sign, and powers.
static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Level::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::le) | left(Rule::ge) | left(Rule::eq) | left(Rule::lt) | left(Rule::gt))
        .op(left(Rule::range))
        .op(left(Rule::add) | left(Rule::sub))
        .op(left(Rule::mul) | left(Rule::div))
        .op(Level::prefix(Rule::neg))
        .op(Level::infix(Rule::pow, Assoc::Right))
});

/// Builds the tree of a text that starts `offset` bytes into the source.
pub struct Builder<'a> {
    source: &'a Arc<Source>,
    offset: usize,
}

impl<'a> Builder<'a> {
    pub fn new(source: &'a Arc<Source>, offset: usize) -> Self {
        Builder { source, offset }
    }

    /// The tree of what `file` or `one` matched.
    pub fn file(&self, pairs: Pairs<Rule>) -> Built<Tree> {
        let inner = pairs.flat_map(Pair::into_inner).filter(|pair| pair.as_rule() != Rule::EOI);
        Ok(Tree { statements: inner.map(|pair| self.statement(pair)).collect::<Built<_>>()? })
    }

    /// A pair's place; blanks and comments that pest skipped before a part that is not there do not belong to it.
    fn span(&self, pair: &Pair<Rule>) -> Span {
        let start = pair.as_span().start() + self.offset;
        start..start + super::cut::end(pair.as_str())
    }

    fn name(&self, pair: Pair<Rule>) -> Name {
        Name { text: pair.as_str().to_string(), span: self.span(&pair) }
    }

    /// A quoted text: the words without their quotes, the place with them.
    fn text(&self, pair: Pair<Rule>) -> Name {
        let span = self.span(&pair);
        Name { text: pair.into_inner().next().map_or_else(String::new, |inner| inner.as_str().to_string()), span }
    }

    fn statement(&self, pair: Pair<Rule>) -> Built<Statement> {
        let (rule, span) = (pair.as_rule(), self.span(&pair));
        let mut inner = pair.into_inner();
        let word = self.name(next(&mut inner));
        let kind = match rule {
            Rule::version => Kind::Version(self.name(next(&mut inner))),
            Rule::import => self.import(inner),
            Rule::param => Kind::Param(self.binding(inner)?),
            Rule::path => Kind::Path(self.binding(inner)?),
            Rule::activation => Kind::Activation(self.activation(inner, span.start)?),
            Rule::data => self.data(inner)?,
            Rule::network => Kind::Network(self.pipeline(next(&mut inner))?),
            Rule::minimize => self.minimize(inner)?,
            Rule::solve => Kind::Solve(self.block(next(&mut inner))?),
            _ => Kind::Output(self.exprs(inner)?),
        };
        Ok(Statement { word, span, kind })
    }

    fn import(&self, inner: Pairs<Rule>) -> Kind {
        let (mut names, mut path) = (Vec::new(), Name { text: String::new(), span: 0..0 });
        for pair in inner {
            match pair.as_rule() {
                Rule::ident => names.push(self.name(pair)),
                Rule::string => path = self.text(pair),
                _ => {}
            }
        }
        Kind::Use { names, path }
    }

    fn binding(&self, mut inner: Pairs<Rule>) -> Built<Binding> {
        let name = self.name(next(&mut inner));
        Ok(Binding { name, value: self.expr(next(&mut inner), BUDGET)? })
    }

    fn block(&self, pair: Pair<Rule>) -> Built<Vec<Binding>> {
        pair.into_inner().map(|setting| self.binding(setting.into_inner())).collect()
    }

    fn activation(&self, mut inner: Pairs<Rule>, start: usize) -> Built<Activation> {
        let name = self.name(next(&mut inner));
        let variable = self.name(next(&mut inner));
        let (mut parameters, mut body) = (Vec::new(), None);
        for pair in inner {
            match pair.as_rule() {
                Rule::default => parameters.push(self.binding(pair.into_inner())?),
                Rule::piecewise => body = Some(self.cases(pair)?),
                _ => body = Some(Body::Formula(self.expr(pair, BUDGET)?)),
            }
        }
        let documentation = documentation(&self.source.text[..start]);
        Ok(Activation { name, variable, parameters, body: body.expect("the grammar demands a body"), documentation })
    }

    fn cases(&self, pair: Pair<Rule>) -> Built<Body> {
        let (mut arms, mut close) = (Vec::new(), 0..0);
        for pair in pair.into_inner() {
            match pair.as_rule() {
                Rule::arm => arms.push(self.arm(pair.into_inner())?),
                Rule::close => close = self.span(&pair),
                _ => {}
            }
        }
        Ok(Body::Cases { arms, close })
    }

    fn arm(&self, mut inner: Pairs<Rule>) -> Built<Arm> {
        let first = next(&mut inner);
        let span = self.span(&first);
        let condition = match first.as_rule() {
            Rule::kw_otherwise => None,
            _ => Some(self.expr(first, BUDGET)?),
        };
        Ok(Arm { condition, span, value: self.expr(next(&mut inner), BUDGET)? })
    }

    fn data(&self, mut inner: Pairs<Rule>) -> Built<Kind> {
        let first = next(&mut inner);
        let source = match first.as_rule() {
            Rule::table => tree::Source::Table(self.table(first)),
            _ => tree::Source::Call(self.primary(first, BUDGET)?),
        };
        let settings = inner.next().map_or(Ok(Vec::new()), |block| self.block(block))?;
        Ok(Kind::Data { source, settings })
    }

    fn table(&self, pair: Pair<Rule>) -> Table {
        let mut inner = pair.into_inner();
        let word = self.span(&next(&mut inner));
        let cell = |pair: Pair<Rule>| {
            let inner = next(&mut pair.into_inner());
            if inner.as_rule() == Rule::string { self.text(inner) } else { self.name(inner) }
        };
        let rows = inner.map(|row| Row { span: self.span(&row), cells: row.into_inner().map(cell).collect() }).collect();
        Table { word, rows }
    }

    fn minimize(&self, mut inner: Pairs<Rule>) -> Built<Kind> {
        let objective = self.expr(next(&mut inner), BUDGET)?;
        let subject = inner.next().map(|subject| self.exprs(subject.into_inner()));
        Ok(Kind::Minimize { objective, constraints: subject.unwrap_or(Ok(Vec::new()))? })
    }

    /// All expressions among the pairs.
    fn exprs(&self, inner: Pairs<Rule>) -> Built<Vec<Expr>> {
        inner.filter(|pair| pair.as_rule() == Rule::expr).map(|pair| self.expr(pair, BUDGET)).collect()
    }

    fn pipeline(&self, pair: Pair<Rule>) -> Built<Pipeline> {
        let span = self.span(&pair);
        let branches = |pair: Pair<Rule>| pair.into_inner().map(|stage| self.stage(stage)).collect::<Built<Vec<_>>>();
        Ok(Pipeline { span, stages: pair.into_inner().map(branches).collect::<Built<_>>()? })
    }

    fn stage(&self, pair: Pair<Rule>) -> Built<Stage> {
        let inner = next(&mut pair.into_inner());
        Ok(match inner.as_rule() {
            Rule::pipeline => Stage::Group(self.pipeline(inner)?),
            _ => Stage::Item(self.primary(inner, BUDGET)?),
        })
    }

    /// An expression with at most `budget` operators inside one another.
    fn expr(&self, pair: Pair<Rule>, budget: usize) -> Built<Expr> {
        let span = self.span(&pair);
        let operators = pair.clone().into_inner().count() - 1;
        let Some(rest) = budget.checked_sub(operators + 1) else {
            return Err(super::nested(Place::new(self.source, span)));
        };
        PRECEDENCE
            .map_primary(|primary| self.primary(primary, rest))
            .map_prefix(|minus, value| self.negative(&minus, value?))
            .map_infix(|left, op, right| Ok(binary(left?, operator(&op), right?)))
            .parse(pair.into_inner())
    }

    fn negative(&self, minus: &Pair<Rule>, value: Expr) -> Built<Expr> {
        let span = self.span(minus).start..value.span.end;
        Ok(Expr { term: Term::Negative(Box::new(value)), span })
    }

    fn primary(&self, pair: Pair<Rule>, budget: usize) -> Built<Expr> {
        let span = self.span(&pair);
        let term = match pair.as_rule() {
            Rule::expr => return self.expr(pair, budget),
            Rule::quantity => self.quantity(pair),
            Rule::string => Term::Text(self.text(pair).text),
            Rule::call => self.call(pair, budget)?,
            Rule::list => Term::List(pair.into_inner().map(|item| self.expr(item, budget)).collect::<Built<_>>()?),
            _ => Term::Word(pair.as_str().to_string()),
        };
        Ok(Expr { term, span })
    }

    fn quantity(&self, pair: Pair<Rule>) -> Term {
        let mut inner = pair.into_inner();
        let digits = next(&mut inner).as_str().to_string();
        Term::Number { digits, unit: inner.next().map(|unit| self.name(unit)) }
    }

    fn call(&self, pair: Pair<Rule>, budget: usize) -> Built<Term> {
        let mut inner = pair.into_inner();
        let name = self.name(next(&mut inner));
        Ok(Term::Call { name, args: inner.map(|arg| self.arg(arg, budget)).collect::<Built<_>>()? })
    }

    fn arg(&self, pair: Pair<Rule>, budget: usize) -> Built<Arg> {
        let mut inner = pair.into_inner();
        let first = next(&mut inner);
        Ok(match first.as_rule() {
            Rule::label => Arg { label: Some(self.name(first)), value: self.expr(next(&mut inner), budget)? },
            _ => Arg { label: None, value: self.expr(first, budget)? },
        })
    }
}

/// The next pair of a rule that the grammar has already matched.
fn next<'i>(pairs: &mut Pairs<'i, Rule>) -> Pair<'i, Rule> {
    pairs.next().expect("the grammar has matched this part")
}

fn binary(left: Expr, op: Op, right: Expr) -> Expr {
    let span = left.span.start..right.span.end;
    Expr { term: Term::Binary { left: Box::new(left), op, right: Box::new(right) }, span }
}

fn operator(pair: &Pair<Rule>) -> Op {
    match pair.as_rule() {
        Rule::lt => Op::Less,
        Rule::le => Op::AtMost,
        Rule::gt => Op::Greater,
        Rule::ge => Op::AtLeast,
        Rule::eq => Op::Equal,
        Rule::range => Op::Range,
        Rule::add => Op::Add,
        Rule::sub => Op::Subtract,
        Rule::mul => Op::Multiply,
        Rule::div => Op::Divide,
        _ => Op::Power,
    }
}

/// The `##` lines that end right above a definition.
fn documentation(before: &str) -> String {
    let above = before.trim_end_matches([' ', '\t']).lines().rev();
    let mut lines: Vec<&str> = above.map_while(|line| line.trim().strip_prefix("##").map(str::trim)).collect();
    lines.reverse();
    lines.join("\n")
}
