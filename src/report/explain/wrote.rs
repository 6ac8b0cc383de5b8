//! The problem as it was written, which is not convex.

use super::formulas::{formula, free, norm_mark, patches, pooled, sum};
use crate::problem::{Bias, Problem};
use crate::report::{count, plain};

pub fn wrote(problem: &Problem) -> Vec<String> {
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
    let (output, amplitude) = match several {
        _ if problem.shared() => ("|a_j|", "|a_j|"),
        true => ("|a_j|_1", "|a_j|_1"),
        false => ("a_j", "|a_j|"),
    };
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
    if problem.shared() {
        lines.push(format!("a_j has a number for each of the {} outputs, |a_j| is its length", count(problem.outputs())));
    } else if problem.outputs() > 1 {
        lines.push(format!("a_j has a number for each of the {} outputs, |a_j|_1 is the sum of their sizes", count(problem.outputs())));
        lines.extend(problem.architecture.skip.then(|| "c has a row for each of them, and c_0 a number".to_string()));
        lines.extend((!problem.architecture.skip && !skip.is_empty()).then(|| "c_0 has a number for each of them too".to_string()));
    }
    if let Some(parameter) = objective.loss.loss.parameter() {
        lines.push(format!("{} = {}", parameter.name, plain(objective.loss.parameter)));
    }
    lines
}
