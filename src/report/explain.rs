//! A model as mathematics: what was written, what it becomes, how large that is and what is promised.

use super::{activation, bytes, count, limit, normal_form, plain, rounded, size};
use crate::problem::{Arrangements, Bias, Convolution, Guarantee, Pool, Problem, Solver, Target};
use serde_json::{Value, json};

/// The arrangement's sizes: distinct lines among the rows of X, their rank, and the most cells they can cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    pub lines: usize,
    pub rank: usize,
    pub cells: f64,
    /// With `low_rank(k)` the distance between the data and the nearest of that rank, σ_{k+1}.
    pub lost: Option<f64>,
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

/// The formula of the loss: per row, or per row and output, `1/2 (f_ic - y_ic)^2`; one over whole rows has its indices already.
fn formula(problem: &Problem) -> String {
    let total = &problem.objective.loss;
    match (total.shifted(), problem.outputs()) {
        (true, _) => total.loss.formula().to_string(),
        (false, 1) => indexed(total.loss.formula(), "_i"),
        (false, _) => indexed(total.loss.formula(), "_ic"),
    }
}

/// `sum_i`, over outputs too where the loss is, and what a mean divides by.
fn sum(problem: &Problem) -> String {
    let total = &problem.objective.loss;
    let index = if total.shifted() || problem.outputs() == 1 { "i" } else { "ic" };
    if total.mean { format!("1/n sum_{index}") } else { format!("sum_{index}") }
}

/// A formula with its index: `1/2 (f_i - y_i)^2`.
fn indexed(formula: &str, index: &str) -> String {
    let mut text = String::new();
    let mut word = String::new();
    for c in formula.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        text.push_str(&word);
        if word == "f" || word == "y" {
            text.push_str(index);
        }
        word.clear();
        text.push(c);
    }
    text.trim_end().to_string()
}

fn wrote(problem: &Problem) -> Vec<String> {
    let objective = &problem.objective;
    let weights = if problem.architecture.bias == Bias::Penalised { "|(w_j, b_j)|" } else { "|w_j|" };
    let weights = format!("{weights}{}", norm_mark(problem));
    let x = if problem.architecture.convolution.is_some() { "x_p" } else { "x" };
    let inner = format!("w_j.{x}{}", if problem.architecture.bias == Bias::None { "" } else { " + b_j" });
    let skip = free(problem, "c.x");
    let unit = match (&problem.architecture.gates, problem.architecture.bias) {
        (None, _) => format!("{}({inner})", problem.architecture.activation.name),
        (Some(_), Bias::None) => format!("1[g_j.x >= 0] {inner}"),
        (Some(_), _) => format!("1[g_j.x + h_j >= 0] ({inner})"),
    };
    let several = problem.outputs() > 1 || objective.regularizer.output_l1;
    let (output, amplitude) = if several { ("|a_j|_1", "|a_j|_1") } else { ("a_j", "|a_j|") };
    let strength = plain(objective.strength);
    let penalty = match objective.regularizer.radius {
        None if objective.regularizer.budget.is_some() => {
            let budget = plain(objective.regularizer.budget.unwrap_or_default());
            format!("subject to 1/2 sum_j ({weights}^2 + {output}^2) <= {budget}        (not convex)")
        }
        None => format!("{strength} * 1/2 sum_j ({weights}^2 + {output}^2)        (not convex)"),
        Some(f64::INFINITY) => format!("{strength} * sum_j |a_j|        (not convex)"),
        Some(radius) => {
            let bias = match problem.architecture.bias {
                Bias::Bounded(bound) => format!(", |b_j| <= {}", plain(bound)),
                _ => String::new(),
            };
            format!("{strength} * sum_j {amplitude}    subject to {weights} <= {}{bias}        (not convex)", plain(radius))
        }
    };
    let (first, second) = match (objective.loss.interpolates(), objective.regularizer.budget) {
        (true, _) => (penalty, format!("where {} for every training row", formula(problem))),
        (false, Some(_)) => (format!("{} {}", sum(problem), formula(problem)), penalty),
        (false, None) => (format!("{} {}", sum(problem), formula(problem)), format!("+ {penalty}")),
    };
    let mut lines = vec![
        format!("min over m, w, a    {first}"),
        format!("                    {second}"),
        format!("f(x) = sum_j a_j {}{unit}{skip}", pooled(problem)),
    ];
    lines.extend(problem.architecture.convolution.as_ref().map(patches));
    if problem.outputs() > 1 {
        lines.push(format!("a_j has a number for each of the {} outputs, |a_j|_1 is the sum of their sizes", count(problem.outputs())));
    }
    if let Some(parameter) = objective.loss.loss.parameter() {
        lines.push(format!("{} = {}", parameter.name, plain(objective.loss.parameter)));
    }
    lines
}

/// The sum over patches, `1/4 sum_p `, or `max_p `.
fn pooled(problem: &Problem) -> String {
    problem.architecture.convolution.as_ref().map_or(String::new(), |convolution| match (convolution.pool, convolution.divisor()) {
        (Pool::Max, _) => "max_p ".to_string(),
        (_, 1) => "sum_p ".to_string(),
        (_, divisor) => format!("1/{divisor} sum_p "),
    })
}

/// What a filter sees: `signal 12 -> 4 places of 3 numbers`.
fn patches(convolution: &Convolution) -> String {
    let sides = |sides: &[usize]| sides.iter().map(|side| count(*side)).collect::<Vec<_>>().join(" x ");
    let whole = if convolution.signal.len() == 1 { "signal" } else { "image" };
    let (signal, size, places) = (sides(&convolution.signal), sides(&convolution.size), convolution.places());
    let place = if places == 1 { "place" } else { "places" };
    format!("x_p are the patches: {whole} {signal} -> {} {place} of {size} -> {} 1 -> dense 1", count(places), convolution.pool.word())
}

/// What marks a norm that is not the Euclidean one: `|w|_1`.
fn norm_mark(problem: &Problem) -> &'static str {
    match problem.objective.regularizer.hidden.name() {
        "l1" => "_1",
        "linf" => "_inf",
        "sparse_group" => "_sg",
        _ => "",
    }
}

/// What the output holds at no price: the map `words` and an intercept, the intercept alone, or nothing.
fn free(problem: &Problem, words: &str) -> String {
    match (problem.architecture.skip, problem.free_intercept()) {
        (true, _) => format!(" + {words} + c_0"),
        (false, true) => " + c_0".to_string(),
        (false, false) => String::new(),
    }
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
    let several = (problem.outputs() > 1).then(|| "a neuron serves one output at no higher price: all this is per output".to_string());
    [statement].into_iter().chain(several).collect()
}

/// The convex program; with several outputs that of one of them, for they share nothing but the loss.
fn becomes(problem: &Problem) -> Vec<String> {
    let sum = pooled(problem);
    if problem.architecture.largest() {
        return on_largest(problem);
    }
    let line = |line: String| if sum.is_empty() { line } else { on_patches(&line, &sum) };
    let mut lines: Vec<String> = on_rows(problem).into_iter().map(line).collect();
    if problem.objective.loss.interpolates() {
        lines.iter_mut().for_each(|line| *line = line.replace("L(f) + ", "").replace("f = ", "y = "));
    }
    if problem.outputs() > 1 {
        lines.push(EVERY_OUTPUT.to_string());
    }
    lines
}

/// The program where the patch of the largest sum counts.
fn on_largest(problem: &Problem) -> Vec<String> {
    let (strength, within) = priced(problem);
    let (skip, mark, name) = (free(problem, "X c"), norm_mark(problem), &problem.architecture.activation.name);
    let mut lines = match problem.objective.regularizer.radius {
        None => vec![
            format!("min over u_i, v_i    L(f) {strength}sum_i (|u_i|{mark} + |v_i|{mark}){within}        (convex)"),
            format!("f = sum_i S_i X_i (u_i - v_i){skip},   X_i holds for every row the patch x_p(i) that is largest in cell i"),
        ],
        Some(radius) => vec![
            format!("min over (u_i, s_i), (v_i, t_i)    L(f) {strength}sum_i (s_i + t_i)        (convex)"),
            format!(
                "f = sum_i S_i X_i (u_i - v_i) + o_i (s_i - t_i){skip},   X_i holds for every row the patch x_p(i) that is largest in cell i"
            ),
            format!("with |u_i|{mark} <= {0} s_i,  |v_i|{mark} <= {0} t_i", plain(radius)),
        ],
    };
    lines.push(
        "with x_p(i).u_i >= x_p.u_i for all patches of the row, the same for v_i, and both on one piece of the activation there"
            .to_string(),
    );
    lines.push(format!(
        "a cell says which patch is largest in every row and on which piece; {name} never falls, so max_p {name} is {name} of max_p"
    ));
    lines.push(match problem.objective.regularizer.radius {
        None => format!("back: u_i gives the neuron w = u_i / sqrt|u_i|{mark}, a = sqrt|u_i|{mark}; v_i the same with a < 0"),
        Some(_) => "back: (u_i, s_i) gives the neuron w = u_i / s_i, a = s_i; (v_i, t_i) the same with a < 0".to_string(),
    });
    if problem.outputs() > 1 {
        lines.push(EVERY_OUTPUT.to_string());
    }
    lines
}

/// How a strength prices the sum behind it, or a budget bounds it.
fn priced(problem: &Problem) -> (String, String) {
    match problem.objective.regularizer.budget {
        None => (format!("+ {} ", plain(problem.objective.strength)), String::new()),
        Some(budget) => ("subject to ".to_string(), format!(" <= {}", plain(budget))),
    }
}

const EVERY_OUTPUT: &str = "every output has its own weights and f like this, and the penalties add up; only the loss joins the outputs";

/// What is said of rows, said of patches that are summed over.
fn on_patches(line: &str, sum: &str) -> String {
    let words = [
        ("f = ", &*format!("f = {sum}")),
        ("S_i", "S_ip"),
        ("D_i", "D_ip"),
        ("o_i", "o_ip"),
        (" X ", " X_p "),
        ("x.u_i", "x_p.u_i"),
        ("rows", "patches"),
        ("X_p c", "X c"),
    ];
    words.iter().fold(line.to_string(), |line, (row, patch)| line.replace(row, patch))
}

fn on_rows(problem: &Problem) -> Vec<String> {
    let (strength, within) = priced(problem);
    let (skip, mark) = (free(problem, "X c"), norm_mark(problem));
    if problem.architecture.gates.is_some() {
        return vec![
            format!("min over u_g    L(f) {strength}sum_g |u_g|{within}        (convex)"),
            format!("f = sum_g D_g X u_g{skip}"),
            "D_g marks the rows that gate g lets through; X has a column of ones if there is a bias".to_string(),
            "back: u_g gives the neuron w = u_g / sqrt|u_g|, a = sqrt|u_g| behind gate g".to_string(),
        ];
    }
    if problem.architecture.activation.flat() {
        return vec![
            format!("min over s_i, t_i >= 0    L(f) {strength}sum_i (s_i + t_i)        (convex: a lasso)"),
            format!("f = sum_i c_i (s_i - t_i){skip},   c_i = {}(X w_i)", problem.architecture.activation.name),
            "one column c_i for every half-open cell of weight space, those of its faces and of w = 0 among them".to_string(),
            "back: s_i gives the neuron w = w_i, a = s_i; t_i the same with a = -t_i".to_string(),
        ];
    }
    if let Some(radius) = problem.objective.regularizer.radius {
        return vec![
            format!("min over (u_i, s_i), (v_i, t_i)    L(f) {strength}sum_i (s_i + t_i)        (convex)"),
            format!("f = sum_i S_i X (u_i - v_i) + o_i (s_i - t_i){skip}"),
            "with b_k s_i <= x.u_i <= b_(k+1) s_i on the rows that are on piece k in cell i, the same for v_i, t_i".to_string(),
            format!("and |u_i|{mark} <= {0} s_i,  |v_i|{mark} <= {0} t_i", plain(radius)),
            "b are the breaks; S_i and o_i hold the rows' slopes and intercepts; X has a column of ones if there is a bias".to_string(),
            "back: (u_i, s_i) gives the neuron w = u_i / s_i, a = s_i; (v_i, t_i) the same with a < 0".to_string(),
        ];
    }
    if problem.architecture.linear() {
        return vec![format!("min over u    L(f) {strength}|u|{mark}{within}        f = X u{skip}")];
    }
    let (p, q) = problem.architecture.activation.slopes();
    vec![
        format!("min over u_i, v_i    L(f) {strength}sum_i (|u_i|{mark} + |v_i|{mark}){within}        (convex)"),
        format!("f = sum_i S_i X (u_i - v_i){skip},   S_i = {}", sides(p, -q)),
        "with (2 D_i - 1) X u_i >= 0,  (2 D_i - 1) X v_i >= 0".to_string(),
        "D_i marks the rows that are active in cell i; X has a column of ones if there is a bias".to_string(),
        format!("back: u_i gives the neuron w = u_i / sqrt|u_i|{mark}, a = sqrt|u_i|{mark}; v_i the same with a < 0"),
    ]
}

/// The diagonal matrix of slopes: `right` on the rows where the cell is active, `left` elsewhere.
fn sides(right: f64, left: f64) -> String {
    let term = |slope: f64, matrix: &str| if slope == 1.0 { matrix.to_string() } else { format!("{} {matrix}", plain(slope)) };
    let terms: Vec<String> = [(right, "D_i"), (left, "(1 - D_i)")].iter().filter(|(s, _)| *s != 0.0).map(|&(s, m)| term(s, m)).collect();
    terms.join(" + ").replace("+ -", "- ")
}

/// Columns and second-order cones of the program over all cells or gates, and a rough guess of its memory.
fn whole_program(problem: &Problem, sizes: Sizes) -> (f64, f64, f64) {
    let d = problem.architecture.neuron_size(problem.dataset.columns.len()) as f64;
    let n = problem.dataset.train.inputs.rows as f64;
    let groups = match &problem.architecture.gates {
        Some(gates) => gates.count() as f64,
        None if problem.architecture.linear() => 1.0,
        None => 2.0 * sizes.cells,
    } * problem.outputs() as f64;
    if problem.architecture.activation.flat() {
        return (groups, 0.0, groups * n * 16.0 * 10.0);
    }
    // Each group brings a sign row for every patch and n fit rows of d numbers; a factorisation holds about ten times that.
    (groups * (d + 1.0), groups, groups * (1 + problem.architecture.places()) as f64 * n * d * 16.0 * 10.0)
}

fn size_lines(problem: &Problem, sizes: Option<Sizes>) -> Vec<String> {
    let train = &problem.dataset.train;
    let d = problem.architecture.neuron_size(train.inputs.columns);
    let patches =
        problem.architecture.convolution.as_ref().map(|convolution| format!("     patches a row {}", count(convolution.places())));
    let shape = format!("rows {}{}     columns of X {}", count(train.inputs.rows), patches.unwrap_or_default(), count(d));
    let Some(sizes) = sizes else {
        return vec![shape, "cells are not counted in this build".to_string()];
    };
    let (variables, cones, memory) = whole_program(problem, sizes);
    let program = format!("variables {}     cones {}     memory ~ {}", size(variables), size(cones), bytes(memory));
    if let Some(gates) = &problem.architecture.gates {
        return vec![format!("{shape}     gates {}", count(gates.count())), format!("all gates in one program: {program}")];
    }
    vec![
        format!("{shape}     distinct lines {}     rank {}     cells <= {}", count(sizes.lines), sizes.rank, size(sizes.cells)),
        format!("all cells in one program: {program}"),
    ]
}

fn plan(problem: &Problem, sizes: Option<Sizes>) -> Vec<String> {
    let plan = &problem.plan;
    let cells = match &plan.arrangements {
        Arrangements::Generate if problem.architecture.gates.is_some() => "gates are added by price until none is worth adding".to_string(),
        Arrangements::All if problem.architecture.gates.is_some() => "all gates in one program".to_string(),
        Arrangements::Generate if problem.architecture.activation.flat() => {
            "columns are added by price until none is worth adding".to_string()
        }
        Arrangements::All if problem.architecture.activation.flat() => {
            format!("all columns in one program, refused above {}", count(plan.max_patterns))
        }
        Arrangements::Generate => "cells are added by price until none is worth adding".to_string(),
        Arrangements::All => format!("all cells in one program, refused above {}", count(plan.max_patterns)),
        Arrangements::Sample { count: n, seed } => format!("the cells of {} random weight vectors, seed {seed}", count(*n)),
        Arrangements::Cells { source, vectors } => format!("the cells of the {} weight vectors in {source}", count(vectors.rows)),
        Arrangements::LowRank { rank } => format!("cells of the nearest data of rank {} are added by price", count(*rank)),
    };
    let limits = format!("gap asked for {}, time limit {}", plain(plan.gap), limit(plan.time.as_secs_f64()));
    let solver = match plan.solver {
        Solver::Auto if problem.objective.loss.loss.exponential() => Solver::Clarabel,
        Solver::Auto => Solver::Native,
        named => named,
    };
    let mut lines = vec![format!("{cells}; {}; then prune", solver.name()), limits];
    lines.extend(sizes.and_then(|sizes| sizes.lost).map(|lost| low_rank(problem, lost)));
    lines
}

/// What low rank may cost: with a loss of Lipschitz constant R both optima are within a factor ρ = 1 + R Lip σ / β (THEORY 10).
fn low_rank(problem: &Problem, lost: f64) -> String {
    let steepest = problem.objective.loss.lipschitz(problem.targets()) * problem.architecture.activation.steepest();
    let distance = format!("the data are within {} of that rank; both bounds hold for the data themselves", rounded(lost));
    match 1.0 + steepest * lost / problem.objective.price() {
        ratio if ratio.is_finite() => format!("{distance}, whose optimum is within a factor {} of that rank's", rounded(ratio)),
        _ => distance,
    }
}

fn conventions(problem: &Problem) -> Vec<String> {
    let total = &problem.objective.loss;
    let mut lines = match total.interpolates() {
        true => vec![
            format!("interpolate is {} for every training row: there is no loss, and no optimiser of PyTorch does this", formula(problem)),
            "doubles meet the targets up to rounding; that a network which meets them exactly is next to this one is proved".to_string(),
        ],
        false => vec![format!("{} is {} {}", total.words(), sum(problem), formula(problem)), torch(problem)],
    };
    let least = total.least(problem.targets());
    if least != 0.0 {
        lines.push(format!("gaps are relative to the objective above {}, the least that the loss could be", plain(least)));
    }
    if problem.architecture.gates.is_some() {
        lines.push("a row with g.x = 0 passes its gate; gates are given, not trained, and cost nothing".to_string());
    }
    if problem.architecture.bias == Bias::Penalised {
        let words = if problem.objective.regularizer.radius == Some(f64::INFINITY) {
            "costs nothing, and neither do the hidden weights"
        } else if problem.objective.regularizer.radius.is_some() {
            "is part of its neuron's hidden norm"
        } else {
            "is penalised like any weight"
        };
        lines.push(format!("the hidden bias {words}"));
    }
    lines.extend(bias_apart(problem));
    if problem.architecture.skip {
        lines.push("the skip map and its intercept are not penalised (weight_decay = 0 for them)".to_string());
    }
    if total.mean && problem.outputs() > 1 {
        lines.push("a mean is over rows: the outputs of a row are added, and n is the number of rows".to_string());
    }
    match &problem.dataset.target {
        Target::Classes { name, negative, positive } => lines.push(format!("{name}: {negative} is -1, {positive} is +1")),
        Target::Labels { name, labels } => lines.push(format!("{name}: one output each for {}", labels.join(", "))),
        Target::Several(_) => lines.push(format!("one output each for {}", problem.dataset.target.name())),
        Target::Number(_) | Target::Count { .. } => {}
    }
    if problem.dataset.dropped > 0 {
        lines.push(format!("{} rows with missing values are left out", count(problem.dataset.dropped)));
    }
    lines
}

/// What a bias that is no part of the norm means, and where an infimum would not be met without a free intercept.
fn bias_apart(problem: &Problem) -> Vec<String> {
    let lines = match (problem.architecture.bias, problem.free_intercept()) {
        (Bias::None | Bias::Penalised, _) => return Vec::new(),
        (Bias::Bounded(bound), _) => vec![format!("the hidden bias is no part of its neuron's hidden norm; it is between -{0} and {0}", plain(bound))],
        (Bias::Free, true) => vec![
            "the hidden bias costs nothing (weight_decay = 0 for it): a large one behind a small a_j is a constant at no price, in the limit".to_string(),
            "so the output has a free intercept c_0, with which the optimum is met".to_string(),
        ],
        (Bias::Free, false) => {
            vec!["the hidden bias costs nothing; beyond all breaks a longer one changes nothing, so the optimum is met".to_string()]
        }
    };
    lines.into_iter().chain(["|u_i| and |v_i| above are about their weights alone, without the bias".to_string()]).collect()
}

/// The same objective in PyTorch's or scikit-learn's words, with its weight decay in numbers.
fn torch(problem: &Problem) -> String {
    let (total, strength) = (&problem.objective.loss, problem.objective.strength);
    let n = problem.dataset.train.inputs.rows as f64;
    let loss = format!("the loss is {}{}", total.loss.known_as(), if total.mean { ", divided by n" } else { "" });
    let comma = if total.mean { "," } else { "" };
    if problem.objective.regularizer.budget.is_some() {
        return format!("{loss}; no optimiser of PyTorch keeps weights within a budget");
    }
    if problem.architecture.activation.flat() {
        let penalty = format!("{} * sum |a|; no gradient leads through `{}`", plain(strength), problem.architecture.activation.name);
        return format!("{loss}{comma} plus {penalty}");
    }
    if let Some(radius) = problem.objective.regularizer.radius {
        let penalty = format!("{} * sum |a| and hidden weights brought back to norm {} after every step", plain(strength), plain(radius));
        return format!("{loss}{comma} plus {penalty}");
    }
    let l1 = problem.objective.regularizer.output_l1 && problem.outputs() > 1;
    if l1 || !problem.objective.regularizer.hidden.euclidean() {
        return format!("{loss}; no optimiser of PyTorch decays weights in this norm");
    }
    if total.loss.name() == "squared" {
        let (decay, formula) = if total.mean { (2.0 * strength, "2*strength") } else { (2.0 * strength / n, "2*strength/n") };
        return format!("PyTorch: MSELoss(reduction='mean') with SGD(weight_decay={}), that is {formula}", plain(decay));
    }
    format!("{loss}{comma} with SGD(weight_decay={})", plain(strength))
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
        "lines": sizes.map(|s| s.lines),
        "rank": sizes.map(|s| s.rank),
        "gates": problem.architecture.gates.as_ref().map(|gates| gates.count()),
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
        assert_eq!(indexed("1/2 (f - y)^2", "_i"), "1/2 (f_i - y_i)^2");
        assert_eq!(indexed("log(1 + exp(-y f))", "_i"), "log(1 + exp(-y_i f_i))");
        assert_eq!(indexed("|f - y|", "_ic"), "|f_ic - y_ic|");
    }
}
