//! A model as mathematics: what was written, what it becomes, how large that is and what is promised.

use super::{activation, bytes, count, limit, normal_form, plain, size};
use crate::problem::{Arrangements, Bias, Class, Guarantee, Problem, Solver, Target};
use serde_json::{Value, json};

/// The arrangement's sizes: distinct lines among the rows of X, their rank, and the most cells they can cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    pub lines: usize,
    pub rank: usize,
    pub cells: f64,
}

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
            ("theorem", vec![activation::theorem(problem.architecture.activation.class()).statement.to_string()]),
            ("becomes", becomes(problem)),
            ("size", size_lines(problem, sizes)),
            ("plan", plan(problem)),
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
    let bias = if problem.architecture.bias == Bias::Penalised { " + bias" } else { "" };
    let plural = |n: usize, word: &str| format!("{} {word}{}", count(n), if n == 1 { "" } else { "s" });
    format!(
        "{}        two layers, {width}, {}{bias}, {}",
        problem.name,
        plural(train.inputs.columns, "input"),
        plural(train.inputs.rows, "row")
    )
}

/// The per-row formula with its row index: `1/2 (f_i - y_i)^2`.
fn indexed(formula: &str) -> String {
    let mut text = String::new();
    let mut word = String::new();
    for c in formula.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        text.push_str(&word);
        if word == "f" || word == "y" {
            text.push_str("_i");
        }
        word.clear();
        text.push(c);
    }
    text.trim_end().to_string()
}

fn wrote(problem: &Problem) -> Vec<String> {
    let objective = &problem.objective;
    let weights = if problem.architecture.bias == Bias::Penalised { "|(w_j, b_j)|^2" } else { "|w_j|^2" };
    let inner = if problem.architecture.bias == Bias::Penalised { "w_j.x + b_j" } else { "w_j.x" };
    let skip = if problem.architecture.skip { " + c.x + c_0" } else { "" };
    let sum = if objective.loss.mean { "1/n sum_i" } else { "sum_i" };
    let name = &problem.architecture.activation.name;
    let mut lines = vec![
        format!("min over m, w, a    {sum} {}", indexed(objective.loss.loss.formula())),
        format!("                    + {} * 1/2 sum_j ({weights} + a_j^2)        (not convex)", plain(objective.strength)),
        format!("f(x) = sum_j a_j {name}({inner}){skip}"),
    ];
    if let Some(parameter) = objective.loss.loss.parameter() {
        lines.push(format!("{} = {}", parameter.name, plain(objective.loss.parameter)));
    }
    lines
}

fn activation_lines(problem: &Problem) -> Vec<String> {
    let activation = &problem.architecture.activation;
    vec![format!("{}   {}   {}", activation.name, normal_form(activation), activation::theorem(activation.class()).class)]
}

fn becomes(problem: &Problem) -> Vec<String> {
    let strength = plain(problem.objective.strength);
    let skip = if problem.architecture.skip { " + X c + c_0" } else { "" };
    if problem.architecture.activation.class() == Class::Linear {
        return vec![format!("min over u    L(f) + {strength} |u|        f = X u{skip}")];
    }
    let (p, q) = problem.architecture.activation.slopes();
    vec![
        format!("min over u_i, v_i    L(f) + {strength} sum_i (|u_i| + |v_i|)        (convex)"),
        format!("f = sum_i S_i X (u_i - v_i){skip},   S_i = {}", sides(p, -q)),
        "with (2 D_i - 1) X u_i >= 0,  (2 D_i - 1) X v_i >= 0".to_string(),
        "D_i marks the rows that are active in cell i; X has a column of ones if there is a bias".to_string(),
        "back: u_i gives the neuron w = u_i / sqrt|u_i|, a = sqrt|u_i|; v_i the same with a < 0".to_string(),
    ]
}

/// The diagonal matrix of slopes: `right` on the rows where the cell is active, `left` elsewhere.
fn sides(right: f64, left: f64) -> String {
    let term = |slope: f64, matrix: &str| if slope == 1.0 { matrix.to_string() } else { format!("{} {matrix}", plain(slope)) };
    let terms: Vec<String> = [(right, "D_i"), (left, "(1 - D_i)")].iter().filter(|(s, _)| *s != 0.0).map(|&(s, m)| term(s, m)).collect();
    terms.join(" + ").replace("+ -", "- ")
}

/// Columns and second-order cones of the program over all cells, and a rough guess of its memory.
fn whole_program(problem: &Problem, sizes: Sizes) -> (f64, f64, f64) {
    let d = problem.architecture.neuron_size(problem.dataset.columns.len()) as f64;
    let n = problem.dataset.train.inputs.rows as f64;
    let groups = if problem.architecture.activation.class() == Class::Linear { 1.0 } else { 2.0 * sizes.cells };
    // Each group brings n sign rows and n fit rows of d numbers; a factorisation holds about ten times that.
    (groups * (d + 1.0), groups, groups * 2.0 * n * d * 16.0 * 10.0)
}

fn size_lines(problem: &Problem, sizes: Option<Sizes>) -> Vec<String> {
    let train = &problem.dataset.train;
    let d = problem.architecture.neuron_size(train.inputs.columns);
    let shape = format!("rows {}     columns of X {}", count(train.inputs.rows), count(d));
    let Some(sizes) = sizes else {
        return vec![shape, "cells are not counted in this build".to_string()];
    };
    let (variables, cones, memory) = whole_program(problem, sizes);
    vec![
        format!("{shape}     distinct lines {}     rank {}     cells <= {}", count(sizes.lines), sizes.rank, size(sizes.cells)),
        format!("all cells in one program: variables {}     cones {}     memory ~ {}", size(variables), size(cones), bytes(memory)),
    ]
}

fn plan(problem: &Problem) -> Vec<String> {
    let plan = &problem.plan;
    let cells = match &plan.arrangements {
        Arrangements::Generate => "cells are added by price until none is worth adding".to_string(),
        Arrangements::All => format!("all cells in one program, refused above {}", count(plan.max_patterns)),
        Arrangements::Sample { count: n, seed } => format!("the cells of {} random weight vectors, seed {seed}", count(*n)),
        Arrangements::Cells { source, vectors } => format!("the cells of the {} weight vectors in {source}", count(vectors.rows)),
    };
    let limits = format!("gap asked for {}, time limit {}", plain(plan.gap), limit(plan.time.as_secs_f64()));
    let solver = match plan.solver {
        Solver::Auto if problem.objective.loss.loss.exponential() => Solver::Clarabel,
        Solver::Auto => Solver::Native,
        named => named,
    };
    vec![format!("{cells}; {}; then prune", solver.name()), limits]
}

fn conventions(problem: &Problem) -> Vec<String> {
    let total = &problem.objective.loss;
    let mut lines =
        vec![format!("{} is {}{}", total.words(), if total.mean { "1/n sum_i " } else { "sum_i " }, indexed(total.loss.formula()))];
    lines.push(torch(problem));
    let least = total.least(problem.targets());
    if least != 0.0 {
        lines.push(format!("gaps are relative to the objective above {}, the least that the loss could be", plain(least)));
    }
    if problem.architecture.bias == Bias::Penalised {
        lines.push("the hidden bias is penalised like any weight".to_string());
    }
    if problem.architecture.skip {
        lines.push("the skip map and its intercept are not penalised (weight_decay = 0 for them)".to_string());
    }
    if let Target::Classes { name, negative, positive } = &problem.dataset.target {
        lines.push(format!("{name}: {negative} is -1, {positive} is +1"));
    }
    if problem.dataset.dropped > 0 {
        lines.push(format!("{} rows with missing values are left out", count(problem.dataset.dropped)));
    }
    lines
}

/// The same objective in PyTorch's or scikit-learn's words, with its weight decay in numbers.
fn torch(problem: &Problem) -> String {
    let (total, strength) = (&problem.objective.loss, problem.objective.strength);
    let n = problem.dataset.train.inputs.rows as f64;
    if total.loss.name() == "squared" {
        let (decay, formula) = if total.mean { (2.0 * strength, "2*strength") } else { (2.0 * strength / n, "2*strength/n") };
        return format!("PyTorch: MSELoss(reduction='mean') with SGD(weight_decay={}), that is {formula}", plain(decay));
    }
    let divided = if total.mean { ", divided by n," } else { "" };
    format!("the loss is {}{divided} with SGD(weight_decay={})", total.loss.known_as(), plain(strength))
}

fn guarantee(problem: &Problem) -> Vec<String> {
    let mut lines = match problem.plan.guarantee {
        Guarantee::Global => vec!["global: two bounds that meet within the gap, or exit code 3".to_string()],
        Guarantee::Bounded => vec!["bounded: two valid bounds, however far apart".to_string()],
    };
    if problem.plan.arrangements.partial() {
        lines.push("the network is the best over these cells only; the lower bound holds for all cells".to_string());
    }
    lines
}

fn program(problem: &Problem, sizes: Option<Sizes>) -> Value {
    let activation = &problem.architecture.activation;
    let theorem = activation::theorem(activation.class());
    let whole = sizes.map(|sizes| whole_program(problem, sizes));
    json!({
        "cvxc": 1,
        "model": problem.name,
        "objective": problem.objective.words(),
        "rows": problem.dataset.train.inputs.rows,
        "inputs": problem.dataset.columns.len(),
        "neuron_size": problem.architecture.neuron_size(problem.dataset.columns.len()),
        "activation": { "name": activation.name, "normal_form": normal_form(activation), "class": theorem.class },
        "theorem": theorem.key,
        "lines": sizes.map(|s| s.lines),
        "rank": sizes.map(|s| s.rank),
        "patterns_bound": sizes.map(|s| super::number(s.cells)),
        "all_cells": whole.map(|(variables, cones, memory)| json!({
            "variables": super::number(variables), "cones": super::number(cones), "memory_bytes": super::number(memory)
        })),
        "guarantee": if problem.plan.guarantee == Guarantee::Global { "global" } else { "bounded" },
        "text": {},
    })
}

#[cfg(test)]
mod tests {
    use super::indexed;

    #[test]
    fn rows_are_indexed() {
        assert_eq!(indexed("1/2 (f - y)^2"), "1/2 (f_i - y_i)^2");
        assert_eq!(indexed("log(1 + exp(-y f))"), "log(1 + exp(-y_i f_i))");
        assert_eq!(indexed("|f - y|"), "|f_i - y_i|");
    }
}
