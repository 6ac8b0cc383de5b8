//! The `data` statement: its source and its settings.

use super::checker::Checker;
use super::columns::Columns;
use crate::syntax::limits::no_columns;
use crate::syntax::model::{DataSpec, Format, Missing, Placed, SourceSpec, Standardize, TestSpec, Toy};
use crate::syntax::names::{count, similar};
use crate::syntax::tree::{Arg, Binding, Expr, Name, Row, Source, Span, Table};

const SETTINGS: &[&str] = &["standardize", "test", "rows", "drop", "keep", "positive", "missing", "header", "separator"];

/// File formats by the word that reads them.
const FORMATS: &[(&str, Format)] = &[
    ("csv", Format::Csv),
    ("tsv", Format::Tsv),
    ("npy", Format::Npy),
    ("npz", Format::Npz),
    ("libsvm", Format::Libsvm),
    ("parquet", Format::Parquet),
    ("arrow", Format::Arrow),
];

/// The most points of a toy.
const MOST_POINTS: u64 = 1_000_000;

impl Checker {
    /// The whole statement, and what it says about columns.
    pub fn data(&mut self, source: &Source, settings: &[Binding]) -> (Option<DataSpec>, Columns) {
        let (read, mut columns, span) = match source {
            Source::Table(table) => self.table(table),
            Source::Call(call) => self.source(call),
        };
        let mut spec = DataSpec {
            place: self.place(&span),
            source: read.clone().unwrap_or(SourceSpec::Table { columns: Vec::new(), rows: Vec::new() }),
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
        let mut good = true;
        for setting in self.settings("data", settings, SETTINGS) {
            good &= self.data_setting(setting, &mut spec, &columns).is_some();
        }
        columns.dropped = spec.drop.len();
        (read.is_some().then_some(spec).filter(|_| good), columns)
    }

    fn data_setting(&mut self, setting: &Binding, spec: &mut DataSpec, columns: &Columns) -> Option<()> {
        let (name, value) = (setting.name.text.as_str(), &setting.value);
        match name {
            "standardize" => spec.standardize = self.standardize(value, columns)?,
            "test" => spec.test = self.test(value)?,
            "rows" => spec.rows = Some(self.range(name, value, 1).map(|rows| self.placed(rows, &value.span))?),
            "drop" => spec.drop = self.columns(name, value, columns)?,
            "keep" => spec.keep = self.labels(name, value)?,
            "positive" => spec.positive = Some(self.label(name, value, "\"yes\"")?),
            "missing" => {
                spec.missing = match self.choice(name, value, &["error", "drop", "mean"])? {
                    "drop" => Missing::Drop,
                    "mean" => Missing::Mean,
                    _ => Missing::Error,
                }
            }
            "header" => spec.header = self.choice(name, value, &["true", "false"])? == "true",
            _ => spec.separator = Some(self.separator(value)?),
        }
        Some(())
    }

    fn columns(&mut self, what: &str, expr: &Expr, columns: &Columns) -> Option<Vec<Placed<String>>> {
        let read: Vec<_> = self.items(expr).iter().map(|item| self.column(what, item, columns)).collect();
        read.into_iter().collect()
    }

    fn labels(&mut self, what: &str, expr: &Expr) -> Option<Vec<Placed<String>>> {
        let read: Vec<_> = self.items(expr).iter().map(|item| self.label(what, item, "[yes, no]")).collect();
        read.into_iter().collect()
    }

    fn standardize(&mut self, expr: &Expr, columns: &Columns) -> Option<Standardize> {
        match expr.word() {
            Some("features") => Some(Standardize::Features),
            Some("all") => Some(Standardize::All),
            _ if matches!(expr.term, crate::syntax::tree::Term::List(_)) => {
                Some(Standardize::Columns(self.columns("standardize", expr, columns)?))
            }
            _ => {
                let error = self.not_a_choice("standardize", expr, &["features", "all"]);
                self.refuse(error.help("or list the columns: `standardize = [age, bmi]`"))
            }
        }
    }

    fn separator(&mut self, expr: &Expr) -> Option<char> {
        let text = self.text("separator", expr, "\";\"")?;
        let (mut chars, tab) = (text.chars(), text == "\\t");
        match (chars.next(), chars.next()) {
            _ if tab => Some('\t'),
            (Some(one), None) if one.is_ascii() && !one.is_ascii_alphanumeric() => Some(one),
            _ => self.refuse(
                self.error("E0113", "`separator` is one character that is no letter or digit", &expr.span, "not such a character")
                    .help("for example `separator = \";\"`, or \"\\t\" for a tab"),
            ),
        }
    }

    fn test(&mut self, expr: &Expr) -> Option<TestSpec> {
        let known = ["split", "rows", "csv"];
        let Some((name, args)) = expr.head().filter(|(name, _)| known.contains(&name.text.as_str())) else {
            return self.refuse(self.not_a_choice("test", expr, &known).help("for example `test = split(20%, seed = 1)`"));
        };
        match name.text.as_str() {
            "split" => self.split(expr, &name, args),
            "rows" => {
                let rows = self.one(&name, args, "rows(401..500)")?;
                let range = self.range("rows", rows, 1)?;
                Some(TestSpec::Rows(self.placed(range, &rows.span)))
            }
            _ => {
                let path = self.one(&name, args, "csv(\"test.csv\")")?;
                let shown = self.text("csv", path, "\"test.csv\"")?.to_string();
                Some(TestSpec::File { path: self.named_file(&shown, &path.span), shown, place: self.place(&path.span) })
            }
        }
    }

    fn split(&mut self, expr: &Expr, name: &Name, args: &[Arg]) -> Option<TestSpec> {
        let values = self.arguments(name, args, &["share", "seed"])?;
        let Some(share) = values[0] else { return self.refuse(self.missing_argument(name, "split(20%, seed = 1)")) };
        let fraction = self.share("split", share);
        let seed = values[1].map_or(Some(0), |seed| self.seed(seed))?;
        Some(TestSpec::Split { fraction: fraction?, seed, place: self.place(&expr.span) })
    }

    /// The only argument of a call.
    pub fn one<'t>(&mut self, name: &Name, args: &'t [Arg], example: &str) -> Option<&'t Expr> {
        let values = self.arguments(name, args, &["value"])?;
        values[0].or_else(|| self.refuse(self.missing_argument(name, example)))
    }

    pub fn missing_argument(&self, name: &Name, example: &str) -> crate::syntax::diagnostic::Diagnostic {
        self.error("E0118", format!("`{}` needs an argument", name.text), &name.span, "called with none")
            .help(format!("for example `{example}`"))
    }

    /// A source that is a call: a file or a toy.
    fn source(&mut self, call: &Expr) -> (Option<SourceSpec>, Columns, Span) {
        let Some((name, args)) = call.head() else { return (None, Columns::default(), call.span.clone()) };
        let mut columns =
            Columns { shaped: ["npy", "npz", "parquet", "arrow", "libsvm"].contains(&name.text.as_str()), ..Columns::default() };
        let toy: Option<(Toy, &[&str])> = match name.text.as_str() {
            "spirals" => Some((Toy::Spirals, &["x", "y", "class"])),
            "xor" => Some((Toy::Xor, &["x1", "x2", "y"])),
            "sinusoid" => Some((Toy::Sinusoid, &["x", "y"])),
            _ => None,
        };
        let read = match toy {
            Some((kind, names)) => {
                columns.names = Some(names.iter().map(|name| name.to_string()).collect());
                self.toy(kind, &name, args)
            }
            None => self.file(call, &name, args),
        };
        (read, columns, call.span.clone())
    }

    fn file(&mut self, call: &Expr, name: &Name, args: &[Arg]) -> Option<SourceSpec> {
        let Some(&(_, format)) = FORMATS.iter().find(|(word, _)| *word == name.text) else { return self.unknown_source(name) };
        let path = self.one(name, args, &format!("{}(\"file.{}\")", name.text, name.text))?;
        let shown = self.text(&name.text, path, &format!("\"file.{}\"", name.text))?.to_string();
        if shown.is_empty() {
            let error = self.error("E0113", "a data file needs a name", &path.span, "an empty text");
            return self.refuse(error.help(format!("for example `{0}(\"file.{0}\")`", name.text)));
        }
        if !format.built() {
            return self.refuse(no_columns(self.place(&call.span)));
        }
        Some(SourceSpec::File { format, path: self.named_file(&shown, &path.span), shown })
    }

    fn unknown_source(&mut self, name: &Name) -> Option<SourceSpec> {
        let known: Vec<&str> = FORMATS.iter().map(|(word, _)| *word).chain(["table", "spirals", "xor", "sinusoid"]).collect();
        let error = self.error("E0130", format!("there is no data source `{}`", name.text), &name.span, "unknown source");
        self.refuse(match similar(&name.text, known.iter().copied()) {
            Some(near) => error.replace(format!("there is one with a similar name: `{near}`"), near),
            None => error.note(format!("the sources are: {}", known.join(", "))),
        })
    }

    fn toy(&mut self, kind: Toy, name: &Name, args: &[Arg]) -> Option<SourceSpec> {
        let known: &[&str] = match kind {
            Toy::Spirals => &["points", "turns", "noise", "seed"],
            Toy::Xor => &[],
            Toy::Sinusoid => &["points", "noise", "seed"],
        };
        let values = self.arguments(name, args, known)?;
        let given = |argument: &str| known.iter().position(|name| *name == argument).and_then(|slot| values[slot]);
        let default = if kind == Toy::Xor { 4 } else { 60 };
        let points = given("points").map_or(Some(default), |expr| self.whole("points", expr, 2, MOST_POINTS));
        let turns = given("turns").map_or(Some(1.25), |expr| self.real("turns", expr, 0.0, 100.0));
        let noise = given("noise").map_or(Some(0.0), |expr| self.noise(expr));
        let seed = given("seed").map_or(Some(0), |expr| self.seed(expr));
        Some(SourceSpec::Toy { kind, points: points? as usize, turns: turns?, noise: noise?, seed: seed? })
    }

    fn noise(&mut self, expr: &Expr) -> Option<f64> {
        let value = crate::exact::double(&self.number("noise", expr)?);
        if (0.0..1e6).contains(&value) {
            return Some(value);
        }
        let error = self.error("E0113", "`noise` must be 0 or more, and below 1e6", &expr.span, format!("this is {value}"));
        self.refuse(error.help("for example `noise = 0.1`"))
    }

    /// The inline table.
    fn table(&mut self, table: &Table) -> (Option<SourceSpec>, Columns, Span) {
        let span = table.word.clone();
        let Some((header, rows)) = table.rows.split_first() else {
            let error = self.error("E0403", "this table is empty", &span, "no column names and no rows");
            self.report(error.help("the first line names the columns, each other line is a row"));
            return (None, Columns::default(), span);
        };
        let before = self.failed();
        self.header(header);
        if rows.is_empty() {
            let error = self.error("E0403", "this table has no rows", &header.span, "only the column names");
            self.report(error.help("write a row on each line below: a value for every column"));
        }
        let ragged = rows.iter().filter(|row| row.cells.len() != header.cells.len()).collect::<Vec<_>>();
        ragged.iter().take(crate::syntax::parse::MOST_ERRORS).for_each(|row| self.ragged(row, header));
        let names: Vec<String> = header.cells.iter().map(|cell| cell.text.clone()).collect();
        // A broken table still names its columns, but not what a row of it holds.
        let columns = Columns { names: Some(names), shaped: !ragged.is_empty(), dropped: 0 };
        let cells = |row: &Row| row.cells.iter().map(|cell| self.placed(cell.text.clone(), &cell.span)).collect::<Vec<_>>();
        let spec = SourceSpec::Table { columns: cells(header), rows: rows.iter().map(cells).collect() };
        ((before || !self.failed()).then_some(spec), columns, span)
    }

    fn header(&mut self, header: &Row) {
        for (k, cell) in header.cells.iter().enumerate() {
            if let Some(first) = header.cells[..k].iter().find(|first| first.text == cell.text) {
                let error = self.error("E0405", format!("two columns are called `{}`", cell.text), &cell.span, "named again");
                let first = self.place(&first.span);
                self.report(error.also(first, "named here first").help("give each column a name of its own"));
            } else if cell.text.parse::<f64>().is_ok() {
                let error = self.error("E0414", format!("`{}` is not a column name", cell.text), &cell.span, "a number");
                self.report(error.help("the first line of a table names its columns"));
            }
        }
    }

    fn ragged(&mut self, row: &Row, header: &Row) {
        let (values, names) = (row.cells.len(), header.cells.len());
        let message = format!("this row has {}, the header names {}", count(values, "value"), count(names, "column"));
        let error = self.error("E0401", message, &row.span, count(values, "value"));
        let columns: Vec<&str> = header.cells.iter().map(|cell| cell.text.as_str()).collect();
        let error = error.note(format!("the columns are: {}", columns.join(", ")));
        self.report(error.help(format!("write {} on every line", count(names, "value"))));
    }
}
