//! Formulas in plain text: the loss with its indices, sums over patches, what is free.

use crate::problem::{Convolution, Pool, Problem};
use crate::report::count;

/// The formula of the loss: per row, or per row and output, `1/2 (f_ic - y_ic)^2`; one over whole rows has its indices already.
pub fn formula(problem: &Problem) -> String {
    let total = &problem.objective.loss;
    match (total.shifted(), problem.outputs()) {
        (true, _) => total.loss.formula().to_string(),
        (false, 1) => indexed(total.loss.formula(), "_i"),
        (false, _) => indexed(total.loss.formula(), "_ic"),
    }
}

/// `sum_i`, over outputs too where the loss is, and what a mean divides by.
pub fn sum(problem: &Problem) -> String {
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

/// The sum over patches, `1/4 sum_p `, or `max_p `.
pub fn pooled(problem: &Problem) -> String {
    problem.architecture.convolution.as_ref().map_or(String::new(), |convolution| match (convolution.pool, convolution.divisor()) {
        (Pool::Max, _) => "max_p ".to_string(),
        (_, 1) => "sum_p ".to_string(),
        (_, divisor) => format!("1/{divisor} sum_p "),
    })
}

/// What a filter sees: `signal 12 -> 4 places of 3 numbers`.
pub fn patches(convolution: &Convolution) -> String {
    let sides = |sides: &[usize]| sides.iter().map(|side| count(*side)).collect::<Vec<_>>().join(" x ");
    let whole = if convolution.signal.len() == 1 { "signal" } else { "image" };
    let (signal, size, places) = (sides(&convolution.signal), sides(&convolution.size), convolution.places());
    let place = if places == 1 { "place" } else { "places" };
    format!("x_p are the patches: {whole} {signal} -> {} {place} of {size} -> {} 1 -> dense 1", count(places), convolution.pool.word())
}

/// What marks a norm that is not the Euclidean one: `|w|_1`.
pub fn norm_mark(problem: &Problem) -> &'static str {
    match problem.objective.regularizer.hidden.name() {
        "l1" => "_1",
        "linf" => "_inf",
        "sparse_group" => "_sg",
        _ => "",
    }
}

/// What the output holds at no price: the map `words` and an intercept, the intercept alone, or nothing.
pub fn free(problem: &Problem, words: &str) -> String {
    match (problem.architecture.skip, problem.free_intercept()) {
        (true, _) => format!(" + {words} + c_0"),
        (false, true) => " + c_0".to_string(),
        (false, false) => String::new(),
    }
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
