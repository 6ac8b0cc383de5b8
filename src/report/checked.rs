//! What `cvxc verify` found: four lines and a verdict.

use super::{gap, interval, number};
use crate::problem::Problem;
use serde_json::{Value, json};

/// How far a certificate holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    pub same_problem: bool,
    /// The network's objective, rounded up.
    pub objective: Option<f64>,
    /// Rounded down; known once the proofs hold.
    pub lower_bound: Option<f64>,
    /// Leaves of the proofs.
    pub leaves: Option<usize>,
    pub gap_asked_for: f64,
    /// Why it does not hold.
    pub refusal: Option<String>,
}

impl Checked {
    /// The interval's relative width, if both ends hold.
    pub fn relative_gap(&self, problem: &Problem) -> Option<f64> {
        Some(problem.relative_gap(self.objective?, self.lower_bound?))
    }

    fn words(&self, problem: &Problem) -> &'static str {
        match self.relative_gap(problem) {
            _ if self.refusal.is_some() => "REFUSED",
            Some(gap) if gap <= self.gap_asked_for => "CERTIFIED",
            _ => "BOUNDED",
        }
    }
}

/// The four lines and the verdict, ending in a line end.
pub fn checked(checked: &Checked, problem: &Problem, color: bool) -> String {
    let (lower, upper) = match (checked.lower_bound, checked.objective) {
        (Some(lower), Some(upper)) => interval(lower, upper),
        (None, Some(upper)) => (String::new(), interval(upper, upper).1),
        _ => (String::new(), String::new()),
    };
    let mut lines = vec![
        (checked.same_problem, "model and data are the ones certified".to_string(), "model and data are not the ones certified"),
        (checked.objective.is_some(), given(problem, &upper), "weights give no objective"),
        (checked.lower_bound.is_some(), format!("dual point gives lower bound {lower}"), "dual point gives no lower bound"),
    ];
    // Where the gap is wide, neurons are worth adding; the bound holds for them too.
    let proved = if checked.words(problem) == "CERTIFIED" { "no neuron is worth adding" } else { "no network goes below that" };
    let leaves = super::count(checked.leaves.unwrap_or(0));
    let leaves = match &problem.architecture.gates {
        None => format!("{proved}: proof trees of {leaves} leaves cover weight space"),
        Some(_) => format!("{proved}: each of the {leaves} gates was priced"),
    };
    lines.push((checked.leaves.is_some(), leaves, "the proof does not hold"));
    if checked.leaves.is_some() && checked.refusal.is_some() {
        lines.push((false, String::new(), "the weights beside the certificate are not the certified ones"));
    }
    // What follows a step that failed was not tried.
    let tried = lines.iter().position(|(held, ..)| !held).map_or(lines.len(), |at| at + 1);
    let mut text = String::new();
    for (held, good, bad) in lines.into_iter().take(tried) {
        text.push_str(&if held { format!("  ok  {good}\n") } else { format!("  NO  {bad}\n") });
    }
    text.push_str(&verdict(checked, problem, color));
    text
}

/// What the weights are good for: under `interpolate` with what completes them.
fn given(problem: &Problem, upper: &str) -> String {
    match problem.objective.loss.interpolates() {
        true => format!("weights next to these meet every target, with objective {upper}"),
        false => format!("weights give objective {upper}"),
    }
}

fn verdict(checked: &Checked, problem: &Problem, color: bool) -> String {
    let word = checked.words(problem);
    let code = match word {
        "CERTIFIED" => 32,
        "BOUNDED" => 33,
        _ => 31,
    };
    let word = if color { format!("\u{1b}[1;{code}m{word}\u{1b}[0m") } else { word.to_string() };
    let rest = match (&checked.refusal, checked.relative_gap(problem)) {
        (Some(refusal), _) => refusal.clone(),
        (None, Some(width)) => format!("objective within {} of the global optimum", gap(width)),
        (None, None) => String::new(),
    };
    format!("{word}  {rest}\n")
}

/// The object that `cvxc verify --json` prints.
pub fn checked_json(checked: &Checked, problem: &Problem) -> Value {
    json!({
        "cvxc": 1,
        "status": checked.words(problem).to_lowercase(),
        "same_problem": checked.same_problem,
        "objective": checked.objective.map(number),
        "lower_bound": checked.lower_bound.map(number),
        "relative_gap": checked.relative_gap(problem).map(number),
        "leaves": checked.leaves,
        "refusal": checked.refusal,
    })
}
