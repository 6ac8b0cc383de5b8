//! The convex program that the problem becomes, and the way back from its answer to a network.

use super::formulas::{free, norm_mark, pooled};
use crate::problem::Problem;
use crate::report::plain;

/// The convex program; with several outputs that of one of them, for they share nothing but the loss.
pub fn becomes(problem: &Problem) -> Vec<String> {
    let sum = pooled(problem);
    if problem.shared() {
        let lines = on_shared(problem);
        return if sum.is_empty() { lines } else { lines.iter().map(|line| on_patches(line, &sum)).collect() };
    }
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

/// The program where outputs share neurons.
fn on_shared(problem: &Problem) -> Vec<String> {
    let ((strength, within), mark) = (priced(problem), norm_mark(problem));
    let linear = problem.architecture.linear();
    if linear || problem.architecture.gates.is_some() {
        let (sum, product, which) = if linear { ("", "X Z", "") } else { ("sum_g ", "sum_g D_g X Z_g", "_g") };
        let mut lines = vec![
            format!("min over Z{which}    L(f) {strength}{sum}|Z{which}|_*{within}        (convex)"),
            format!("f = {product},   Z{which} has a column for each output, |Z{which}|_* is the sum of its singular values"),
            format!("back: every singular pair s p q' of Z{which} gives the neuron w = sqrt(s) p, a = sqrt(s) q"),
        ];
        if !linear {
            lines.insert(2, "D_g marks the rows that gate g lets through; X has a column of ones if there is a bias".to_string());
        }
        return lines;
    }
    let (p, q) = problem.architecture.activation.slopes();
    vec![
        format!("min over u_ik    L(f) {strength}sum_ik |u_ik|{mark}{within}        (convex)"),
        format!("f = sum_ik S_i X u_ik a_k',   S_i = {}", sides(p, -q)),
        "with (2 D_i - 1) X u_ik >= 0".to_string(),
        "D_i marks the rows that are active in cell i; X has a column of ones if there is a bias".to_string(),
        "a_k are all vectors of output weights of length 1; those that are worth having are found by price".to_string(),
        format!("back: u_ik gives the neuron w = u_ik / sqrt|u_ik|{mark}, a = sqrt|u_ik|{mark} a_k"),
    ]
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
