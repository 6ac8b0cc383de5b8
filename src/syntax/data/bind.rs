//! Joins a model with its data: the last step from text to [`Problem`].

use super::Progress;
use super::budget;
use super::cell::canonical;
use super::classes::{self, Classes};
use super::columns::{self, Selection};
use super::content::Content;
use super::examples::{self, Examples, Part};
use super::faults::word;
use super::gates::gates;
use super::open;
use super::scale::{Scaling, Unfit};
use super::table::{Cells, Reader, Site, Wish};
use super::vectors::{self, What};
use crate::loss::{self, Total};
use crate::problem::{Architecture, Arrangements, Column, Convolution, Dataset, Matrix, Objective, Problem, Rows, Target};
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::model::{ConvSpec, DataSpec, Missing, Model, Standardize, TestSpec};

/// Reads the data of a model and states its problem.
///
/// Rows are the file's, in file order.  A lagged input takes its history from any earlier row of the file, in or out of
/// `rows`; a row whose history would begin before the file is left out.
pub fn bind(model: &Model, progress: &mut dyn FnMut(Progress)) -> Result<Problem, Vec<Diagnostic>> {
    let dataset = dataset(model, progress)?;
    let (network, mut plan) = (&model.network, model.plan.clone());
    let (features, limit) = (dataset.columns.len(), budget::limit(plan.memory));
    let mut architecture = Architecture {
        activation: network.activation.value.clone(),
        bias: network.bias,
        width: network.width.as_ref().map(|width| width.value),
        skip: network.skip.is_some(),
        gates: None,
        convolution: network.convolution.as_ref().map(|spec| convolution(spec, &dataset, limit)).transpose().map_err(one)?,
    };
    let loss = Total { outputs: dataset.target.outputs(), ..model.loss.value };
    let objective = Objective { loss, regularizer: model.regularizer.value, strength: model.strength.value };
    if let Some(file) = &model.vectors {
        let vectors = vectors::read(What::Weights, file, &architecture, features, limit).map_err(one)?;
        plan.arrangements = Arrangements::Cells { source: file.shown.clone(), vectors };
    }
    if let Some(spec) = &network.gates {
        architecture.gates = Some(gates(spec, &architecture, features, dataset.train.inputs.rows, limit).map_err(one)?);
    }
    let problem = Problem { name: model.name.clone(), dataset, architecture, objective, plan };
    match problem.bias_scale() {
        Some(scale) if !scale.is_finite() => Err(one(Diagnostic::error(
            "E0412",
            "the inputs are too large for a bias of their size, or its bound for the norm beside it".to_string(),
            model.data.place.clone(),
            "",
        ))),
        _ => Ok(problem),
    }
}

/// E0310, E0311, E0440: the convolution on these data, if its patches fit in memory.
fn convolution(spec: &ConvSpec, dataset: &Dataset, limit: u64) -> Result<Convolution, Diagnostic> {
    let convolution = spec.on(dataset.columns.len())?;
    let patches = (convolution.places() as u128).saturating_mul(dataset.train.inputs.rows as u128);
    // The patches stand beside the lines that they give.
    let needed = patches.saturating_mul(convolution.patch() as u128).saturating_mul(16);
    if needed <= u128::from(limit) {
        return Ok(convolution);
    }
    let (needed, allowed) = (budget::size(needed), budget::size(u128::from(limit)));
    let message = format!("{patches} patches need {needed} of memory, and {allowed} may be used");
    let error = Diagnostic::error("E0440", message, spec.place.clone(), format!("{} places a row", convolution.places()));
    Err(error.help("use a larger `stride`, or less `padding`"))
}

fn dataset(model: &Model, progress: &mut dyn FnMut(Progress)) -> Result<Dataset, Vec<Diagnostic>> {
    let (main, file, examples) = parts(model, progress)?;
    assemble(model, &main, file.as_ref(), &examples).map_err(one)
}

/// Where the training rows of a model stand in its data: from 0, in order.
pub fn training_rows(model: &Model) -> Result<Vec<usize>, Vec<Diagnostic>> {
    parts(model, &mut |_| {}).map(|(.., examples)| examples.train)
}

/// The main source, the test file if there is one, and which of their rows are examples.
fn parts<'m>(model: &'m Model, progress: &mut dyn FnMut(Progress)) -> Result<(Part<'m>, Option<Part<'m>>, Examples), Vec<Diagnostic>> {
    let spec = &model.data;
    let reader = open::open(spec).map_err(one)?;
    let selection = columns::select(model, reader.as_ref())?;
    let window = examples::window(spec, selection.history()).map_err(one)?;
    let mut main = read(model, reader, selection, window, progress).map_err(one)?;
    let file = test_file(model, &mut main, progress).map_err(one)?;
    let examples = examples::examples(spec, &main, file.as_ref()).map_err(one)?;
    Ok((main, file, examples))
}

fn one(diagnostic: Diagnostic) -> Vec<Diagnostic> {
    vec![diagnostic]
}

fn read<'a>(
    model: &Model,
    mut reader: Box<dyn Reader + 'a>,
    selection: Selection,
    window: std::ops::Range<usize>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Part<'a>, Diagnostic> {
    let limit = budget::limit(model.plan.memory);
    let wish = Wish { columns: selection.columns.clone(), window, row_bytes: selection.row_bytes(), limit };
    let table = reader.read(&wish, progress)?;
    Ok(Part { reader, selection, table })
}

/// The test file with the same columns, its labels spelled in the codes of the main source.
fn test_file<'a>(model: &Model, main: &mut Part, progress: &mut dyn FnMut(Progress)) -> Result<Option<Part<'a>>, Diagnostic> {
    let TestSpec::File { path, shown, place } = &model.data.test else { return Ok(None) };
    let site = Site { shown: shown.clone(), place: place.clone(), new_rows: false };
    let content = Content::File(path.clone());
    let mut reader = open::file(site, open::format_of(path), content, model.data.header, model.data.separator)?;
    reader.widen(main.reader.names());
    let selection = main.selection.in_other(main.reader.as_ref(), reader.as_ref())?;
    let mut part = read(model, reader, selection, 0..usize::MAX, progress)?;
    let slot = part.selection.target_slot();
    match (&mut part.table.columns[slot], &mut main.table.columns[slot]) {
        (Cells::Labels(test), Cells::Labels(train)) => {
            let known = train.names.len();
            // More labels than one column may have cannot be two classes: the excess needs no code of its own.
            test.join(train).map_err(|_| strange_labels(place, &model.network.target().value))?;
            if train.names.len() > known && model.data.keep.is_empty() {
                return Err(new_label(place, &model.network.target().value, &train.names[known]));
            }
            Ok(Some(part))
        }
        (Cells::Numbers(_), Cells::Numbers(_)) => Ok(Some(part)),
        _ => Err(strange_labels(place, &model.network.target().value)),
    }
}

fn new_label(place: &crate::syntax::diagnostic::Place, target: &str, label: &str) -> Diagnostic {
    let message = format!("the test rows hold the label `{label}`, which no training row of `{target}` has");
    Diagnostic::error("E0422", message, place.clone(), "the test file").help("keep only the labels of the training file: `keep = [...]`")
}

fn strange_labels(place: &crate::syntax::diagnostic::Place, target: &str) -> Diagnostic {
    let message = format!("`{target}` holds numbers in one of the files and labels in the other");
    Diagnostic::error("E0422", message, place.clone(), "the test file").help("write the target in the same way in both files")
}

/// The numbers of all examples, prepared.
fn assemble(model: &Model, main: &Part, file: Option<&Part>, examples: &Examples) -> Result<Dataset, Diagnostic> {
    let tested = file.unwrap_or(main);
    let mut columns = Vec::new();
    let width = main.selection.inputs.len();
    let mut train = Matrix::new(examples.train.len(), width, vec![0.0; examples.train.len() * width]);
    let mut test = examples.test.as_ref().map(|rows| Matrix::new(rows.len(), width, vec![0.0; rows.len() * width]));
    let slots = main.selection.slots();
    for (at, &slot) in slots.iter().enumerate() {
        let values = input(main, at, slot, &examples.train);
        let name = &main.selection.inputs[at].name;
        let standardize = standardized(&model.data, name, base(main, at), true);
        let scaling = Scaling::learn(name, &values, standardize).map_err(|unfit| refuse(&model.data, name, unfit))?;
        put(&mut train, at, &values, &scaling).map_err(|unfit| refuse(&model.data, name, unfit))?;
        if let (Some(test), Some(rows)) = (&mut test, &examples.test) {
            put(test, at, &input(tested, at, slot, rows), &scaling).map_err(|unfit| refuse(&model.data, name, unfit))?;
        }
        columns.push(scaling.column);
    }
    let (target, train_targets, test_targets) = targets(model, main, tested, examples)?;
    let test = test.map(|inputs| Rows { inputs, targets: test_targets });
    let train = Rows { inputs: train, targets: train_targets };
    Ok(Dataset { columns, target, train, test, source: main.reader.site().shown.clone(), dropped: examples.dropped })
}

/// The file column of an input, without its lag.
fn base<'a>(part: &'a Part, at: usize) -> &'a str {
    &part.reader.names()[part.selection.inputs[at].column]
}

/// The raw values of an input, read into column `slot`, in some rows.
fn input(part: &Part, at: usize, slot: usize, rows: &[usize]) -> Vec<f64> {
    let input = &part.selection.inputs[at];
    let numbers = part.table.numbers(slot);
    rows.iter().map(|row| numbers[row - input.lag - part.table.first]).collect()
}

fn put(matrix: &mut Matrix, column: usize, values: &[f64], scaling: &Scaling) -> Result<(), Unfit> {
    let width = matrix.columns;
    for (row, &value) in values.iter().enumerate() {
        matrix.values[row * width + column] = scaling.apply(value)?;
    }
    Ok(())
}

fn standardized(spec: &DataSpec, name: &str, base: &str, feature: bool) -> bool {
    match &spec.standardize {
        Standardize::Nothing => false,
        Standardize::Features => feature,
        Standardize::All => true,
        Standardize::Columns(names) => names.iter().any(|listed| listed.value == base || listed.value == name),
    }
}

fn refuse(spec: &DataSpec, name: &str, unfit: Unfit) -> Diagnostic {
    match unfit {
        Unfit::NoValue => {
            let message = format!("`{name}` has no value in any training row, so its mean is unknown");
            let error = Diagnostic::error("E0413", message, spec.place.clone(), "");
            if spec.missing == Missing::Mean { error.help(format!("leave the column out: `drop = [{}]`", word(name))) } else { error }
        }
        Unfit::TooLarge => {
            let message = format!("the values of `{name}` are too large to be centred and scaled in doubles");
            Diagnostic::error("E0412", message, spec.place.clone(), "").help("measure the column in a larger unit")
        }
    }
}

/// What the targets mean, and those of the training and the test rows (n x C, row after row).
type Targets = (Target, Vec<f64>, Vec<f64>);

fn targets(model: &Model, main: &Part, tested: &Part, examples: &Examples) -> Result<Targets, Diagnostic> {
    let all = (0..main.selection.targets.len()).map(|at| target(model, main, tested, examples, at)).collect::<Result<Vec<_>, _>>()?;
    if all.len() == 1 {
        return Ok(all.into_iter().next().unwrap_or_else(|| unreachable!("one of one")));
    }
    let rows = |columns: Vec<&Vec<f64>>| {
        (0..columns[0].len()).flat_map(|i| columns.iter().map(move |column| column[i]).collect::<Vec<_>>()).collect()
    };
    let (train, test) = (rows(all.iter().map(|one| &one.1).collect()), rows(all.iter().map(|one| &one.2).collect()));
    Ok((Target::Several(all.into_iter().map(|one| one.0).collect()), train, test))
}

/// The target column at this place among all of them.
fn target(model: &Model, main: &Part, tested: &Part, examples: &Examples, at: usize) -> Result<Targets, Diagnostic> {
    let name = &main.reader.names()[main.selection.targets[at]];
    let slot = main.selection.target_slot() + at;
    let test_rows = examples.test.as_deref().unwrap_or(&[]);
    let position = |part: &Part, rows: &[usize]| -> Vec<usize> { rows.iter().map(|row| row - part.table.first).collect() };
    let (train, test) = (position(main, &examples.train), position(tested, test_rows));
    let (train_cells, test_cells) = (&main.table.columns[slot], &tested.table.columns[slot]);
    if let Cells::Labels(labels) = train_cells {
        let codes = |cells: &'_ Cells, rows: &[usize]| -> Vec<u32> {
            let Cells::Labels(labels) = cells else { return Vec::new() };
            rows.iter().map(|&row| labels.codes[row]).collect()
        };
        let all = [codes(train_cells, &train), codes(test_cells, &test)].concat();
        if model.loss.value.loss.targets() == loss::Targets::Labels {
            let classes = classes::labels(model, labels, &all)?;
            classes::refuse_one_sided(model, labels, &codes(train_cells, &train))?;
            let hot = |codes: Vec<u32>| -> Vec<f64> {
                codes.iter().flat_map(|code| classes.iter().map(move |class| f64::from(u8::from(class == code)))).collect()
            };
            let (train, test) = (hot(codes(train_cells, &train)), hot(codes(test_cells, &test)));
            let labels = classes.iter().map(|code| labels.names[*code as usize].clone()).collect();
            return Ok((Target::Labels { name: name.clone(), labels }, train, test));
        }
        if let Some(classes) = classes::classes(model, labels, &all)? {
            classes::refuse_one_sided(model, labels, &codes(train_cells, &train))?;
            let label = |code: u32| labels.names[code as usize].clone();
            let target = Target::Classes { name: name.clone(), negative: label(classes.negative), positive: label(classes.positive) };
            return Ok((target, signs(train_cells, &train, classes), signs(test_cells, &test, classes)));
        }
    }
    let standardize = standardized(&model.data, name, name, false);
    let (train, test) = (numbers(train_cells, &train), numbers(test_cells, &test));
    if model.loss.value.loss.targets() == loss::Targets::Counts {
        refuse_negative(model, main, at, &examples.train, &train)?;
        refuse_negative(model, tested, at, test_rows, &test)?;
        if standardize {
            return Err(shifted_counts(model, at));
        }
        return Ok((Target::Count { name: name.clone() }, train, test));
    }
    let scaling = Scaling::learn(name, &train, standardize).map_err(|unfit| refuse(&model.data, name, unfit))?;
    let apply = |values: Vec<f64>| values.into_iter().map(|value| scaling.apply(value)).collect::<Result<Vec<f64>, Unfit>>();
    let too_large = |unfit| refuse(&model.data, name, unfit);
    let (train, test) = (apply(train).map_err(too_large)?, apply(test).map_err(too_large)?);
    Ok((Target::Number(Column { ..scaling.column }), train, test))
}

/// Refuses the first target below 0, `rows` being its rows in the file.
fn refuse_negative(model: &Model, part: &Part, at: usize, rows: &[usize], values: &[f64]) -> Result<(), Diagnostic> {
    let Some((&row, value)) = rows.iter().zip(values).find(|(_, value)| **value < 0.0) else { return Ok(()) };
    let (loss, column) = (model.loss.value.loss.name(), part.selection.targets[at]);
    let message = format!("`{loss}` needs counts or rates, row {} of `{}` holds {value}", row + 1, part.reader.names()[column]);
    let error = Diagnostic::error("E0424", message, part.reader.place(row, Some(column)), "below 0");
    Err(error.also(model.loss.place.clone(), "a loss for counts").help("`squared` and `absolute` take numbers of either sign"))
}

fn shifted_counts(model: &Model, at: usize) -> Diagnostic {
    let targets = &model.network.targets;
    let (loss, target) = (model.loss.value.loss.name(), targets.get(at).unwrap_or(&targets[0]));
    let message = format!("`{loss}` needs counts or rates as they are, and `standardize` would shift `{}`", target.value);
    let error = Diagnostic::error("E0424", message, target.place.clone(), "standardised");
    error.also(model.loss.place.clone(), "a loss for counts").help("`standardize = features` leaves the target as it is")
}

fn signs(cells: &Cells, rows: &[usize], classes: Classes) -> Vec<f64> {
    let Cells::Labels(labels) = cells else { return Vec::new() };
    rows.iter().map(|&row| if labels.codes[row] == classes.positive { 1.0 } else { -1.0 }).collect()
}

fn numbers(cells: &Cells, rows: &[usize]) -> Vec<f64> {
    match cells {
        Cells::Numbers(numbers) => rows.iter().map(|&row| numbers[row]).collect(),
        Cells::Labels(labels) => {
            let value: Vec<f64> = labels.names.iter().map(|name| canonical(name).parse().unwrap_or(0.0)).collect();
            rows.iter().map(|&row| value[labels.codes[row] as usize]).collect()
        }
    }
}
