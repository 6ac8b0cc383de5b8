//! A model as mathematics: what was written, what it becomes, how large that is and what is promised.

mod becomes;
mod conventions;
mod formulas;
mod plan;
mod size;
mod wrote;

use super::{activation, count, normal_form};
use crate::problem::{Bias, Guarantee, Problem};
use becomes::becomes;
use conventions::conventions;
use plan::plan;
use serde_json::{Value, json};
use size::{size_lines, whole_program};
use wrote::wrote;

pub use size::Sizes;

/// Labelled paragraphs; the same ones make the terminal text, the JSON and the report page.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    pub heading: String,
    pub paragraphs: Vec<(&'static str, Vec<String>)>,
    program: Value,
}

impl Explanation {
    /// `sizes` is `None` where this build cannot count cells.
    pub fn of(problem: &Problem, sizes: Option<Sizes>) -> Self {
        let paragraphs = vec![
            ("you wrote", wrote(problem)),
            ("activation", activation_lines(problem)),
            ("theorem", theorem(problem)),
            ("becomes", becomes(problem)),
            ("size", size_lines(problem, sizes)),
            ("plan", plan(problem, sizes)),
            ("conventions", conventions(problem)),
            ("guarantee", guarantee(problem)),
        ];
        Explanation { heading: heading(problem), paragraphs, program: program(problem, sizes) }
    }

    /// The terminal text.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.heading);
        for (label, lines) in &self.paragraphs {
            text.push('\n');
            for (i, line) in lines.iter().enumerate() {
                let label = if i == 0 { label } else { "" };
                text.push_str(format!("{label:<14} {line}").trim_end());
                text.push('\n');
            }
        }
        text
    }

    /// One object: the numbers under their names, and every paragraph as it stands in the text.
    pub fn json(&self) -> Value {
        let mut object = self.program.clone();
        for (label, lines) in &self.paragraphs {
            object["text"][label.replace(' ', "_")] = json!(lines.join("\n"));
        }
        object
    }
}

fn heading(problem: &Problem) -> String {
    let train = &problem.dataset.train;
    let width = problem.architecture.width.map_or("hidden width free".to_string(), |width| format!("at most {width} hidden neurons"));
    let bias = if problem.architecture.bias == Bias::None { "" } else { " + bias" };
    let plural = |n: usize, word: &str| format!("{} {word}{}", count(n), if n == 1 { "" } else { "s" });
    let outputs = if problem.outputs() > 1 { format!(", {}", plural(problem.outputs(), "output")) } else { String::new() };
    format!(
        "{}        two layers, {width}, {}{bias}{outputs}, {}",
        problem.name,
        plural(train.inputs.columns, "input"),
        plural(train.inputs.rows, "row")
    )
}

fn activation_lines(problem: &Problem) -> Vec<String> {
    let activation = &problem.architecture.activation;
    let class = activation::theorem_of(&problem.architecture).class;
    match &problem.architecture.gates {
        None => vec![format!("{}   {}   {class}", activation.name, normal_form(activation))],
        Some(_) => vec![format!("{}   {class}", activation.name)],
    }
}

fn theorem(problem: &Problem) -> Vec<String> {
    let statement = activation::theorem_of(&problem.architecture).statement.to_string();
    if problem.nuclear() {
        return vec![
            "neurons without cones cost the nuclear norm of their sum at least, and its singular pairs cost no more: exact".to_string(),
        ];
    }
    if problem.shared() {
        return vec![
            "output weights along one vector make a network of one output, and all such vectors together are the program".to_string(),
            format!("exact for free width; no more than {} n neurons are ever needed", problem.outputs()),
        ];
    }
    let apart = (problem.outputs() > 1).then(|| "a neuron serves one output at no higher price: all this is per output".to_string());
    [statement].into_iter().chain(apart).collect()
}

fn guarantee(problem: &Problem) -> Vec<String> {
    let mut lines = match problem.plan.guarantee {
        Guarantee::Global => vec!["global: two bounds that meet within the gap, or exit code 3".to_string()],
        Guarantee::Bounded => vec!["bounded: two valid bounds, however far apart".to_string()],
    };
    if problem.architecture.gates.is_some() {
        lines.push("over all networks with these gates, and no others".to_string());
    }
    if problem.plan.arrangements.partial() {
        lines.push("the network is the best over these cells only; the lower bound holds for all cells".to_string());
    }
    lines
}

fn program(problem: &Problem, sizes: Option<Sizes>) -> Value {
    let activation = &problem.architecture.activation;
    let theorem = activation::theorem_of(&problem.architecture);
    let whole = sizes.map(|sizes| whole_program(problem, sizes));
    let cut = sizes.filter(|_| problem.architecture.gates.is_none());
    json!({
        "cvxc": 1,
        "model": problem.name,
        "objective": problem.objective_words(),
        "rows": problem.dataset.train.inputs.rows,
        "inputs": problem.dataset.columns.len(),
        "outputs": problem.outputs(),
        "neuron_size": problem.architecture.neuron_size(problem.dataset.columns.len()),
        "activation": { "name": activation.name, "normal_form": normal_form(activation), "class": theorem.class },
        "theorem": theorem.key,
        "lines": cut.map(|s| s.lines),
        "rank": cut.map(|s| s.rank),
        "gates": problem.architecture.gates.as_ref().map(|gates| gates.count()),
        "patterns_bound": sizes.map(|s| super::number(s.cells)),
        "all_cells": whole.map(|(variables, cones, memory)| json!({
            "variables": super::number(variables), "cones": super::number(cones), "memory_bytes": super::number(memory)
        })),
        "guarantee": if problem.plan.guarantee == Guarantee::Global { "global" } else { "bounded" },
        "text": {},
    })
}
