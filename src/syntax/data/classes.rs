//! What the target column means: numbers, or two classes that become -1 and +1.

use super::cell::canonical;
use super::examples::no_label;
use super::faults::{clipped, word};
use super::labels::Labels;
use crate::loss::Targets;
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::model::Model;
use std::cmp::Ordering;

/// The two classes of a target by their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes {
    pub negative: u32,
    pub positive: u32,
}

/// Numbers by size and before words, words by the alphabet.
pub fn label_order(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

/// The classes among `codes`, the label of every row; `None` if the labels are numbers and the loss wants numbers.
pub fn classes(model: &Model, labels: &Labels, codes: &[u32]) -> Result<Option<Classes>, Diagnostic> {
    let present = Present::count(labels, codes);
    let real = model.loss.value.loss.targets() != Targets::Classes;
    let numbers = present.0.iter().all(|(name, _, _)| name.parse::<f64>().is_ok());
    if real && numbers && model.data.positive.is_none() {
        return Ok(None);
    }
    if model.loss.value.loss.targets() == Targets::Counts {
        return Err(present.refusal("E0424", model, "labels"));
    }
    let positive = positive(model, labels)?;
    match present.0.as_slice() {
        [_] => Err(present.one_class(model)),
        [(_, first, _), (_, second, _)] => {
            let swap = positive == Some(*first);
            let (negative, positive) = if swap { (*second, *first) } else { (*first, *second) };
            Ok(Some(Classes { negative, positive }))
        }
        _ => Err(present.many_classes(model)),
    }
}

/// The most classes that numbers are taken to name.
const MOST_DIGITS: usize = 20;

/// The most classes that have an output each.
const MOST_LABELS: usize = 100;

/// The codes of all classes among `codes`, the label of every row, sorted by their labels; as many as the network has outputs.
pub fn labels(model: &Model, labels: &Labels, codes: &[u32]) -> Result<Vec<u32>, Diagnostic> {
    let (present, outputs) = (Present::count(labels, codes), &model.network.outputs);
    let count = present.0.len();
    if let Some(positive) = &model.data.positive {
        let error = Diagnostic::error("E0422", "`positive` is about two classes and one output", positive.place.clone(), "the class of +1");
        return Err(error.also(model.loss.place.clone(), "a loss with an output for every class").help("leave `positive` out"));
    }
    match (count, outputs.value) {
        (1, _) => Err(present.one_class(model)),
        (count, _) if count > MOST_LABELS => Err(present.refusal("E0420", model, &count.to_string())),
        (count, Some(given)) if given != count => {
            let message = format!("`{}` has {count} classes, the network has {given} outputs", model.network.target().value);
            let error = Diagnostic::error("E0342", message, outputs.place.clone(), "one output per class is needed");
            let error = error.also(model.network.target().place.clone(), present.listed());
            Err(error.replace("leave the number out: as many outputs as classes", "dense"))
        }
        _ => Ok(present.0.iter().map(|(_, code, _)| *code).collect()),
    }
}

/// The code of `positive = ...`.
fn positive(model: &Model, labels: &Labels) -> Result<Option<u32>, Diagnostic> {
    let Some(label) = &model.data.positive else { return Ok(None) };
    let code = labels.code(&canonical(&label.value));
    code.map(Some).ok_or_else(|| no_label(label, &model.network.target().value, &labels.names))
}

/// Refuses training rows of one class, which a split can leave.
pub fn refuse_one_sided(model: &Model, labels: &Labels, train: &[u32]) -> Result<(), Diagnostic> {
    let present = Present::count(labels, train);
    if present.0.len() == 1 { Err(present.one_class(model).note("these are the training rows alone")) } else { Ok(()) }
}

/// Labels with their codes and how many rows have them, sorted.
struct Present(Vec<(String, u32, usize)>);

impl Present {
    fn count(labels: &Labels, codes: &[u32]) -> Self {
        let mut counts = vec![0; labels.names.len()];
        codes.iter().for_each(|&code| {
            if let Some(count) = counts.get_mut(code as usize) {
                *count += 1;
            }
        });
        let named = labels.names.iter().zip(0..).zip(counts).map(|((name, code), count)| (name.clone(), code, count));
        let mut present: Vec<_> = named.filter(|(_, _, count)| *count > 0).collect();
        present.sort_by(|a, b| label_order(&a.0, &b.0));
        Present(present)
    }

    /// `setosa (50), versicolor (50)`.
    fn listed(&self) -> String {
        const SHOWN: usize = 8;
        let mut parts: Vec<String> = self.0.iter().take(SHOWN).map(|(name, _, count)| format!("{} ({count})", clipped(name))).collect();
        if self.0.len() > SHOWN {
            parts.push(format!("and {} more", self.0.len() - SHOWN));
        }
        parts.join(", ")
    }

    fn refusal(&self, code: &'static str, model: &Model, count: &str) -> Diagnostic {
        let loss = model.loss.value.loss;
        let (needs, remark) = match loss.targets() {
            Targets::Classes => ("two classes", "a two-class loss"),
            Targets::Counts => ("counts or rates", "a loss for counts"),
            Targets::Real => ("numbers or two classes", "a loss for numbers"),
            Targets::Labels => ("2 to 100 classes", "a loss over classes"),
        };
        let message = format!("`{}` needs {needs}, column `{}` has {count}", loss.name(), model.network.target().value);
        let error = Diagnostic::error(code, message, model.loss.place.clone(), remark);
        error.also(model.network.target().place.clone(), self.listed())
    }

    fn one_class(&self, model: &Model) -> Diagnostic {
        self.refusal("E0421", model, "one")
    }

    fn many_classes(&self, model: &Model) -> Diagnostic {
        let loss = model.loss.value.loss;
        let error = self.refusal("E0420", model, &number_word(self.0.len()));
        if self.measured() {
            return error.help("these look like numbers, not classes: take a loss for numbers, such as `squared`");
        }
        let place = &model.data.place;
        let source = place.source.text.get(place.span.clone()).unwrap_or("...");
        let keep = format!("data {source} {{ keep = [{}] }}", self.two_largest().join(", "));
        let labels = matches!(loss.targets(), Targets::Labels);
        let error = if labels {
            error
        } else {
            error.help(format!("give each class an output: `cross_entropy` in the place of `{}`", loss.name()))
        };
        error.help(format!("keep two classes:  {keep}"))
    }

    /// Whether the labels are numbers that something was measured in: fractions, or too many to be classes.
    fn measured(&self) -> bool {
        let numbers: Option<Vec<f64>> = self.0.iter().map(|(name, ..)| name.parse().ok()).collect();
        numbers.is_some_and(|numbers| numbers.len() > MOST_DIGITS || numbers.iter().any(|number| number.fract() != 0.0))
    }

    /// The two labels with the most rows, the later ones among equals.
    fn two_largest(&self) -> Vec<String> {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_by_key(|&at| (self.0[at].2, at));
        let mut two = order.split_off(order.len().saturating_sub(2));
        two.sort_unstable();
        two.into_iter().map(|at| word(&self.0[at].0)).collect()
    }
}

fn number_word(count: usize) -> String {
    const WORDS: [&str; 13] = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.get(count).map_or_else(|| count.to_string(), |word| word.to_string())
}
