//! Names for the columns and rows of a lowered program: which example, cell or neuron each is about.

use super::{Group, Recovery, Shape};
use crate::arrangement::Pattern;
use crate::problem::{Features, Problem};
use crate::program::{Block, Program};
use std::collections::BTreeMap;
use std::ops::Range;

/// One name for each column and each row, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    pub columns: Vec<String>,
    pub rows: Vec<String>,
}

/// The names of what [`super::lower`] made: blocks are numbered through, and what a group's columns are is told one by one.
pub fn names(problem: &Problem, features: &Features, program: &Program, recovery: &Recovery) -> Names {
    let mut names = Names {
        columns: (1..=program.width()).map(|j| format!("column.{j}")).collect(),
        rows: (1..=program.height()).map(|i| format!("row.{i}")).collect(),
    };
    for block in &program.blocks {
        number(&mut names.columns, &block.columns, &block.name, problem.outputs());
        number(&mut names.rows, &block.rows, &block.name, problem.outputs());
    }
    let weights = weights(problem, features);
    let groups = program.blocks.iter().filter(|block| block.weight > 0.0).zip(&recovery.groups);
    let mut cells = BTreeMap::new();
    for (at, (block, (group, theta))) in groups.enumerate() {
        let name = name(problem, group, at, &mut cells);
        columns(&mut names.columns[block.columns.clone()], block, theta, &name, &weights);
        rows(&mut names.rows[block.rows.clone()], features, group, &name);
    }
    names
}

/// `f.1`, `f.2`, ...; `f.1.2` is the first example's second output; a single thing needs no number.
fn number(names: &mut [String], range: &Range<usize>, name: &str, outputs: usize) {
    let single = range.len() == 1;
    let per_output = outputs > 1 && ["f", "fit"].contains(&name);
    for (k, place) in names[range.clone()].iter_mut().enumerate() {
        *place = match (single, per_output) {
            (true, _) => name.to_string(),
            (false, true) => format!("{name}.{}.{}", k / outputs + 1, k % outputs + 1),
            (false, false) => format!("{name}.{}", k + 1),
        };
    }
}

/// What the entries of θ stand before: the inputs, the ones behind them, and the size of a neuron whose norm is bounded.
fn weights(problem: &Problem, features: &Features) -> Vec<String> {
    let (architecture, count) = (&problem.architecture, features.inputs().columns);
    let inputs = count - usize::from(architecture.bias != crate::problem::Bias::None);
    let column = |j: usize| match problem.dataset.columns.get(j).filter(|_| architecture.convolution.is_none()) {
        Some(column) => column.name.clone(),
        None => format!("w{}", j + 1),
    };
    let bias = (count > inputs).then(|| "bias".to_string());
    (0..inputs).map(column).chain(bias).chain(features.head().map(|_| "size".to_string())).collect()
}

/// `cell3.plus`: the third cell's neurons of positive output weight.
fn name<'g>(problem: &Problem, group: &'g Group, at: usize, cells: &mut BTreeMap<&'g Pattern, usize>) -> String {
    let shape = match &group.shape {
        Shape::Ray(_) | Shape::Fan(_) => format!("neuron{}", at + 1),
        Shape::Cell { pattern, .. } => {
            let next = cells.len() + 1;
            format!("cell{}", cells.entry(pattern).or_insert(next))
        }
        Shape::Whole => "linear".to_string(),
        Shape::Gated { gate, .. } => format!("gate{}", gate + 1),
    };
    let side = match group.shape {
        Shape::Gated { .. } | Shape::Fan(_) => "",
        _ if group.sign > 0.0 => ".plus",
        _ => ".minus",
    };
    let output = match group.shape {
        Shape::Fan(_) => String::new(),
        _ if problem.outputs() == 1 => String::new(),
        _ if group.output >= problem.outputs() => format!(".along{}", group.output + 1 - problem.outputs()),
        _ => format!(".y{}", group.output + 1),
    };
    format!("{shape}{side}{output}")
}

/// A group's columns: those before θ bound its norm, those behind it the sizes of its entries.
fn columns(names: &mut [String], block: &Block, theta: &Range<usize>, name: &str, weights: &[String]) {
    let first = block.columns.start;
    for (k, place) in names.iter_mut().enumerate() {
        let column = first + k;
        *place = match theta.contains(&column) {
            // A ray has a length and nothing else.
            true if theta.len() != weights.len() => format!("{name}.size"),
            true => format!("{name}.{}", weights[column - theta.start]),
            false if column < theta.start => format!("{name}.norm"),
            false => format!("{name}.abs.{}", column + 1 - theta.end),
        };
    }
}

/// A group's rows: those of its norm, and a cell's sides at last.
fn rows(names: &mut [String], features: &Features, group: &Group, name: &str) {
    let Shape::Cell { rows, .. } = &group.shape else {
        let kind = if matches!(group.shape, Shape::Ray(_)) { "size" } else { "norm" };
        let single = names.len() == 1;
        let numbered = |k: usize| if single { format!("{name}.{kind}") } else { format!("{name}.{kind}.{}", k + 1) };
        return names.iter_mut().enumerate().for_each(|(k, place)| *place = numbered(k));
    };
    let norms = names.len() - rows.len();
    let lines = (features.lines.rows - usize::from(features.head().is_some())) / features.examples().max(1);
    for (k, place) in names.iter_mut().enumerate() {
        *place = match k.checked_sub(norms).map(|wall| rows[wall] as usize) {
            None => format!("{name}.norm.{}", k + 1),
            Some(line) if line >= lines * features.examples() => format!("{name}.size"),
            Some(line) if lines == 1 => format!("{name}.side.{}", line + 1),
            Some(line) => format!("{name}.side.{}.{}", line / lines + 1, line % lines + 1),
        };
    }
}
