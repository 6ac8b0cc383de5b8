//! Which columns of the file go in and which one comes out: `features`, lists, ranges in file order, lags.

use super::faults::{headless, listed, numbers, similar, word};
use super::open::open;
use super::table::{Kind, Reader};
use crate::loss::Targets;
use crate::syntax::diagnostic::{Diagnostic, Place};
use crate::syntax::model::{ColumnItem, InputSpec, Model, Placed, SourceSpec, Standardize};
use std::collections::{HashMap, HashSet};

/// The largest lag believed.
const LONGEST_LAG: usize = 1 << 20;

/// One input of the network: a file column, so many rows earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub column: usize,
    pub lag: usize,
    /// The column's name, `mv[-2]` for `mv` two rows earlier.
    pub name: String,
}

/// Inputs and targets by their numbers in the file.
#[derive(Clone, Debug)]
pub struct Selection {
    pub inputs: Vec<Input>,
    /// Never none.
    pub targets: Vec<usize>,
    /// What to read: every input column once, then the targets.
    pub columns: Vec<(usize, Kind)>,
}

impl Selection {
    fn new(inputs: Vec<Input>, targets: Vec<usize>, kind: Kind) -> Self {
        let mut seen = HashSet::new();
        let mut columns: Vec<(usize, Kind)> =
            inputs.iter().filter(|input| seen.insert(input.column)).map(|input| (input.column, Kind::Input)).collect();
        columns.extend(targets.iter().map(|target| (*target, kind)));
        Selection { inputs, targets, columns }
    }

    /// For every input its place among the columns read.
    pub fn slots(&self) -> Vec<usize> {
        let slot: HashMap<usize, usize> =
            self.columns[..self.target_slot()].iter().enumerate().map(|(slot, &(column, _))| (column, slot)).collect();
        self.inputs.iter().map(|input| slot[&input.column]).collect()
    }

    /// Where the first target stands among the columns read; the others follow.
    pub fn target_slot(&self) -> usize {
        self.columns.len() - self.targets.len()
    }

    /// The rows of history that a row needs.
    pub fn history(&self) -> usize {
        self.inputs.iter().map(|input| input.lag).max().unwrap_or(0)
    }

    /// Memory of one row: its cells as read, its inputs and targets as bound, and its number.
    pub fn row_bytes(&self) -> u64 {
        8 * (self.columns.len() + self.inputs.len() + 2) as u64
    }

    /// The same columns, by name, in another source.
    pub fn in_other(&self, from: &dyn Reader, to: &dyn Reader) -> Result<Selection, Diagnostic> {
        let known: HashMap<&String, usize> = to.names().iter().zip(0..).collect();
        let find = |column: usize| {
            let name = &from.names()[column];
            known.get(name).copied().ok_or_else(|| unknown(name, to, to.site().place.clone(), Some(&to.site().shown)))
        };
        let input = |input: &Input| Ok(Input { column: find(input.column)?, ..input.clone() });
        let inputs = self.inputs.iter().map(input).collect::<Result<_, Diagnostic>>()?;
        let targets = self.targets.iter().map(|target| find(*target)).collect::<Result<_, Diagnostic>>()?;
        Ok(Selection::new(inputs, targets, self.columns[self.target_slot()].1))
    }
}

/// How a lagged column is called, here and in a prediction: `mv[-2]` is `mv` two rows earlier.
pub fn lagged(name: &str, lag: usize) -> String {
    if lag == 0 { name.to_string() } else { format!("{name}[-{lag}]") }
}

/// The column and the lag that a name made by [`lagged`] stands for.
pub fn unlagged(name: &str) -> Option<(&str, usize)> {
    let (column, rest) = name.strip_suffix(']')?.rsplit_once("[-")?;
    rest.parse().ok().filter(|lag| (1..=LONGEST_LAG).contains(lag)).map(|lag| (column, lag))
}

/// Every column error of a model whose data can be opened; nothing if the file is not there yet.
pub fn check_columns(model: &Model) -> Vec<Diagnostic> {
    match &model.data.source {
        SourceSpec::File { path, .. } if !path.exists() => Vec::new(),
        _ => match open(&model.data) {
            Ok(reader) => select(model, reader.as_ref()).err().unwrap_or_default(),
            Err(error) => vec![error],
        },
    }
}

/// The columns that a model asks for, or everything that is wrong with the asking.
pub fn select(model: &Model, reader: &dyn Reader) -> Result<Selection, Vec<Diagnostic>> {
    let mut search = Search { model, reader, errors: Vec::new() };
    let targets = search.targets();
    let dropped = search.dropped();
    search.check_standardized();
    let inputs = targets.as_ref().map(|targets| search.inputs(targets, &dropped)).unwrap_or_default();
    match (targets, search.errors) {
        (Some(targets), errors) if errors.is_empty() => {
            let kind = if targets.len() > 1 { Kind::Input } else { target_kind(model) };
            Ok(Selection::new(inputs, targets, kind))
        }
        (_, errors) => Err(errors),
    }
}

/// Labels where the model speaks of classes, otherwise whatever stands there.
fn target_kind(model: &Model) -> Kind {
    let classes = matches!(model.loss.value.loss.targets(), Targets::Classes | Targets::Labels);
    if classes || !model.data.keep.is_empty() || model.data.positive.is_some() { Kind::Labels } else { Kind::Target }
}

/// Looks names up and collects what is wrong.
struct Search<'a> {
    model: &'a Model,
    reader: &'a dyn Reader,
    errors: Vec<Diagnostic>,
}

impl Search<'_> {
    /// The columns of a name: one, or all of an array with a shape.
    fn columns(&mut self, name: &Placed<String>) -> std::ops::Range<usize> {
        let column = self.reader.names().iter().position(|other| *other == name.value);
        match column.map(|column| column..column + 1).or_else(|| self.reader.group(&name.value)) {
            Some(columns) => columns,
            None => {
                self.errors.push(unknown(&name.value, self.reader, name.place.clone(), None));
                0..0
            }
        }
    }

    /// The target columns, as many as the network has outputs unless these are for the labels of one column.
    fn targets(&mut self) -> Option<Vec<usize>> {
        let (network, labels) = (&self.model.network, self.model.loss.value.loss.targets() == Targets::Labels);
        let columns: Vec<usize> = network.targets.iter().flat_map(|name| self.columns(name)).collect();
        let (name, outputs) = (network.target(), network.outputs.value.unwrap_or(1));
        let wanted = if labels { 1 } else { outputs };
        let error = match columns.len() {
            0 => return None,
            count if count == wanted => self.classes_of_several(count),
            count if wanted == 1 => {
                let one = if labels { "one column of classes is wanted" } else { "the network has one output" };
                let message = format!("`{}` has {count} columns, {one}", name.value);
                let example = word(&self.reader.names()[columns[0]]);
                let error = Diagnostic::error("E0434", message, name.place.clone(), "an array with a shape");
                Some(error.help(format!("take one of them: `{example}`")))
            }
            count => Some(other_count(self.model, count, outputs)),
        };
        error.map_or(Some(columns), |error| {
            self.errors.push(error);
            None
        })
    }

    /// E0434: settings that are about classes, beside several targets.
    fn classes_of_several(&self, count: usize) -> Option<Diagnostic> {
        let data = &self.model.data;
        let setting = data.keep.first().map(|label| ("keep", label)).or(data.positive.as_ref().map(|label| ("positive", label)));
        setting.filter(|_| count > 1).map(|(setting, label)| {
            let message = format!("`{setting}` is about the classes of one target, and the network has {count} targets");
            Diagnostic::error("E0434", message, label.place.clone(), "a class").help(format!("leave `{setting}` out"))
        })
    }

    fn dropped(&mut self) -> HashSet<usize> {
        self.model.data.drop.iter().flat_map(|name| self.columns(name)).collect()
    }

    fn check_standardized(&mut self) {
        if let Standardize::Columns(names) = &self.model.data.standardize {
            names.iter().for_each(|name| {
                self.columns(name);
            });
        }
    }

    fn inputs(&mut self, targets: &[usize], dropped: &HashSet<usize>) -> Vec<Input> {
        let spec = &self.model.network.inputs;
        let inputs = match &spec.value {
            InputSpec::Features => self.features(targets, dropped, &spec.place),
            InputSpec::Columns(items) => items.iter().flat_map(|item| self.item(item, targets, dropped)).collect(),
        };
        if inputs.is_empty() && self.errors.is_empty() {
            let message = "no column is left for the network's inputs";
            let error = Diagnostic::error("E0434", message, spec.place.clone(), "nothing goes in");
            let error = error.note(format!("the columns are: {}", listed(self.reader.names())));
            self.errors.push(error.help("drop fewer of them, or name an input: `network [x] -> ...`"));
        }
        self.refuse_repeats(&inputs, &spec.place);
        inputs
    }

    fn features(&mut self, targets: &[usize], dropped: &HashSet<usize>, place: &Place) -> Vec<Input> {
        let columns = (0..self.reader.names().len()).filter(|column| !targets.contains(column) && !dropped.contains(column));
        let inputs: Vec<Input> = columns.map(|column| self.plain(column)).collect();
        if let Some(input) = inputs.iter().find(|input| self.reader.unnamed(input.column)) {
            let message = format!("column {} has no name, so it may not be a feature", input.column + 1);
            let error = Diagnostic::error("E0434", message, place.clone(), "would take it in");
            self.errors.push(error.help(format!("leave it out: `drop = [{}]`, or name it in the file", input.name)));
        }
        inputs
    }

    fn plain(&self, column: usize) -> Input {
        Input { column, lag: 0, name: self.reader.names()[column].clone() }
    }

    fn item(&mut self, item: &ColumnItem, targets: &[usize], dropped: &HashSet<usize>) -> Vec<Input> {
        let (columns, place) = match item {
            ColumnItem::One(name) => (self.columns(name), &name.place),
            ColumnItem::Range(first, last) => (self.range(first, last), &first.place),
            ColumnItem::Lag { column, first, last } => return self.lags(column, *first, *last, targets),
        };
        for column in columns.clone() {
            let name = &self.reader.names()[column];
            if targets.contains(&column) {
                let message = format!("`{name}` is the target, so it cannot be an input as well");
                let error = Diagnostic::error("E0434", message, place.clone(), "the value to predict");
                let error = error.also(self.model.network.target().place.clone(), "the target");
                self.errors.push(error.help(format!("leave `{name}` out of the inputs, or predict another column")));
            } else if dropped.contains(&column) {
                let message = format!("`{name}` is both an input and dropped");
                let error = Diagnostic::error("E0434", message, place.clone(), "an input");
                let drop = self.model.data.drop.iter().find(|drop| drop.value == *name);
                let error = drop.into_iter().fold(error, |error, drop| error.also(drop.place.clone(), "dropped here"));
                self.errors.push(error.help(format!("leave `{name}` out of the inputs or out of `drop`")));
            }
        }
        columns.map(|column| self.plain(column)).collect()
    }

    fn range(&mut self, first: &Placed<String>, last: &Placed<String>) -> std::ops::Range<usize> {
        let (from, to) = (self.columns(first), self.columns(last));
        if from.is_empty() || to.is_empty() {
            return 0..0;
        }
        if to.end <= from.start {
            let message = format!("`{}` stands before `{}` in the data", last.value, first.value);
            let error =
                Diagnostic::error("E0434", message, first.place.clone(), "the range begins here").also(last.place.clone(), "and ends here");
            self.errors.push(error.help(format!("write the range in file order: `[{} .. {}]`", word(&last.value), word(&first.value))));
            return 0..0;
        }
        from.start..to.end
    }

    fn lags(&mut self, name: &Placed<String>, first: usize, last: usize, targets: &[usize]) -> Vec<Input> {
        let columns = self.columns(name);
        if first > last || last > LONGEST_LAG {
            let message = format!("`lag({}, {first}..{last})` is no range of earlier rows", word(&name.value));
            self.errors.push(
                Diagnostic::error("E0435", message, name.place.clone(), "").help(format!("for example `lag({}, 1..3)`", word(&name.value))),
            );
            return Vec::new();
        }
        if first == 0 && targets.iter().any(|target| columns.contains(target)) {
            let message = format!("lag 0 of `{}` is the very value to predict", name.value);
            let error = Diagnostic::error("E0435", message, name.place.clone(), "the target");
            self.errors.push(error.help(format!("begin one row earlier: `lag({}, 1..{})`", word(&name.value), last.max(1))));
        }
        let name = |column: usize, lag| lagged(&self.reader.names()[column], lag);
        columns
            .flat_map(|column| (first..=last).map(move |lag| (column, lag)))
            .map(|(column, lag)| Input { column, lag, name: name(column, lag) })
            .collect()
    }

    fn refuse_repeats(&mut self, inputs: &[Input], place: &Place) {
        let mut seen = HashSet::new();
        if let Some(input) = inputs.iter().find(|input| !seen.insert((input.column, input.lag))) {
            let message = format!("`{}` is an input twice", input.name);
            self.errors.push(Diagnostic::error("E0434", message, place.clone(), "lists it twice").help("list every input once"));
        }
    }
}

/// The error of a column that is not there; `file` names the source if it is not the model's main one.
pub fn unknown(name: &str, reader: &dyn Reader, place: Place, file: Option<&str>) -> Diagnostic {
    let names = reader.names();
    let message = format!("no column `{name}` in {}", file.map_or("the data".to_string(), |file| format!("`{file}`")));
    let error = Diagnostic::error("E0301", message, place, "unknown column").note(format!("the columns are: {}", listed(names)));
    if numbers(names) {
        return error.help(headless(names, reader.site()));
    }
    if let Some(other) = similar(name, names) {
        return error.replace(format!("a column with a similar name exists: `{other}`"), word(other));
    }
    match names {
        [one] => match [';', '\t', '|', ' '].into_iter().find(|c| one.contains(*c)) {
            Some(separator) => {
                error.help(format!("the values seem to be separated otherwise: `separator = \"{}\"`", separator.escape_default()))
            }
            None => error,
        },
        _ => error,
    }
}

/// E0312: the network has another number of outputs than targets.
fn other_count(model: &Model, targets: usize, outputs: usize) -> Diagnostic {
    let place = &model.network.outputs.place;
    let need = if targets == 1 { "target needs" } else { "targets need" };
    let message = format!("{targets} {need} as many outputs, the network has {outputs}");
    let error = Diagnostic::error("E0312", message, place.clone(), "the output layer");
    match targets {
        1 => error.help("for the classes of one column: `cross_entropy` with `weight_decay(output = l1)`; for one number: `dense`"),
        _ => error.replace(format!("write `dense({targets})`"), format!("dense({targets})")),
    }
}
