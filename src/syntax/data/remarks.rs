//! What is odd about data that can be used all the same: warnings, never errors.

use super::faults::word;
use crate::problem::{Bias, Matrix, Problem, Target};
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::model::{InputSpec, Model};

/// The most names in one message.
const SHOWN: usize = 8;

/// What a person should know about the data of a problem before it is solved.
pub fn remarks(model: &Model, problem: &Problem) -> Vec<Diagnostic> {
    let inputs = &problem.dataset.train.inputs;
    // A filter sees a constant input beside others that are not.
    if problem.architecture.convolution.is_some() {
        return Vec::new();
    }
    let idle = |column: &usize| idle(inputs, *column, problem.architecture.bias);
    let names: Vec<&str> = (0..inputs.columns).filter(idle).map(|column| problem.dataset.columns[column].name.as_str()).collect();
    let inputs = (!names.is_empty()).then(|| constant(model, &names, inputs.columns));
    let same = |output: &usize| {
        let column = problem.column(&problem.dataset.train.targets, *output);
        column.len() > 1 && column.iter().all(|target| *target == column[0])
    };
    // A class that no training row has is no target of its own.
    let targets = if let Target::Labels { .. } = problem.dataset.target { 0 } else { problem.outputs() };
    inputs.into_iter().chain((0..targets).filter(same).map(|output| constant_target(model, problem, output))).collect()
}

/// Whether a column is the same in all rows and so does what the bias does; without a bias only zeros do nothing.
fn idle(inputs: &Matrix, column: usize, bias: Bias) -> bool {
    let first = inputs.values.get(column).copied().unwrap_or_default();
    inputs.rows > 1 && (first == 0.0 || bias != Bias::None) && inputs.each_row().all(|row| row[column] == first)
}

/// E0450: some of the inputs, of which there are `columns`, are the same in every training row.
fn constant(model: &Model, names: &[&str], columns: usize) -> Diagnostic {
    let listed: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    let message = match names {
        [name] => format!("column `{name}` is the same in every training row"),
        _ => format!("{} columns are the same in every training row", names.len()),
    };
    let inputs = &model.network.inputs;
    let warning = Diagnostic::warning("E0450", message, inputs.place.clone(), "constant among the inputs");
    let warning = if names.len() > 1 { warning.note(format!("they are {}{more}", listed.join(", "))) } else { warning };
    let warning = warning.note("what is the same in every row tells no row from another");
    let them = if names.len() > 1 { "them" } else { "it" };
    match inputs.value {
        // A network needs an input, even an idle one.
        _ if names.len() == columns => warning,
        InputSpec::Features if names.len() <= SHOWN => {
            warning.help(format!("leave {them} out of the data: `drop = [{}]`", dropped(model, names)))
        }
        _ => warning.help(format!("leave {them} out of the inputs")),
    }
}

/// E0451: the target of an output is the same in every training row.
fn constant_target(model: &Model, problem: &Problem, output: usize) -> Diagnostic {
    let place = &model.network.targets.get(output).unwrap_or(model.network.target()).place;
    let message = format!("the target `{}` is the same in every training row", problem.dataset.target.of(output).name());
    let warning = Diagnostic::warning("E0451", message, place.clone(), "constant");
    warning.note("a constant fits it best, whatever the inputs are: there is nothing to learn from these rows")
}

/// What the model drops already, and these.
fn dropped(model: &Model, names: &[&str]) -> String {
    let before = model.data.drop.iter().map(|name| name.value.as_str());
    before.chain(names.iter().copied()).map(word).collect::<Vec<_>>().join(", ")
}
