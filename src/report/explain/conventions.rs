//! What the words of the model mean in numbers, and in other libraries.

use super::formulas::{formula, sum};
use crate::problem::{Bias, Problem, Target};
use crate::report::{count, plain};

pub fn conventions(problem: &Problem) -> Vec<String> {
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
    if total.shifted() && problem.free_columns().columns > 0 {
        let what = if problem.architecture.skip { "map" } else { "intercept" };
        lines.push(format!("the same {what} added to all outputs changes no loss: in the program the first output has none"));
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
            format!("so {} has a free intercept c_0, with which the optimum is met", if problem.outputs() > 1 { "every output" } else { "the output" }),
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
        let outputs = problem.outputs();
        let (decay, formula) = if total.mean { (2.0 * strength, "2*strength") } else { (2.0 * strength / n, "2*strength/n") };
        // It divides by the number of outputs too.
        let (decay, by) = (decay / outputs as f64, if outputs > 1 { format!("/{outputs}") } else { String::new() });
        return format!("PyTorch: MSELoss(reduction='mean') with SGD(weight_decay={}), that is {formula}{by}", plain(decay));
    }
    format!("{loss}{comma} with SGD(weight_decay={})", plain(strength))
}
