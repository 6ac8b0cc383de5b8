//! `cvxc predict`: a trained network applied to new rows.

use super::console::Console;
use super::trouble::{Exit, Outcome, Trouble};
use super::{journey, units};
use crate::export::{self, Saved};
use crate::problem::Target;
use crate::report::shortest;
use clap::ValueEnum;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Predict {
    /// The folder that `cvxc solve` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Rows with the network's input columns; `-` reads csv from standard input
    data: PathBuf,
    /// What stands between two values, for example `;`; by default a comma, or a tab in tsv
    #[arg(long, value_name = "CHARACTER", value_parser = units::separator)]
    separator: Option<char>,
    /// The first line holds values, no names: the columns are x1, x2, ..., for a network whose training data had no names either
    #[arg(long)]
    no_header: bool,
    /// How to print predictions [default: csv]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Npy,
    Jsonl,
}

impl Predict {
    pub fn run(&self, console: &Console) -> Outcome<Exit> {
        if console.json && self.format.is_some() {
            let sentence = "`--json` prints one JSON object, so it does not go with `--format`";
            return Err(Trouble::Said(Exit::Usage, sentence.to_string()));
        }
        let saved = export::load(&self.folder)?;
        let layout = journey::Layout { header: !self.no_header, separator: self.separator };
        let inputs = journey::features(&self.data, &saved.columns, &layout).map_err(|error| Trouble::Diagnosed(vec![error]))?;
        let scores = saved.scores(&inputs);
        if console.json {
            console.answer_json(&json!({ "cvxc": 1, "predictions": predictions(&saved, &scores) }))?;
            return Ok(Exit::Kept);
        }
        let bytes = match self.format.unwrap_or(Format::Csv) {
            Format::Csv => csv(&saved, &scores).into_bytes(),
            Format::Jsonl => jsonl(&saved, &scores).into_bytes(),
            Format::Npy => npy(&values(&saved, &scores))?,
        };
        console.answer_bytes(&bytes)?;
        Ok(Exit::Kept)
    }
}

/// Predictions in the target's units; of two classes the plain scores.
fn values(saved: &Saved, scores: &[f64]) -> Vec<f64> {
    scores.iter().map(|score| saved.target.prediction(*score)).collect()
}

/// The class that a score stands for; exactly 0 is the first class.
fn class<'a>(negative: &'a str, positive: &'a str, score: f64) -> &'a str {
    if score > 0.0 { positive } else { negative }
}

fn csv(saved: &Saved, scores: &[f64]) -> String {
    let mut text = String::new();
    match &saved.target {
        Target::Number(_) | Target::Count { .. } => {
            text.push_str("prediction\n");
            values(saved, scores).iter().for_each(|value| text.push_str(&format!("{}\n", shortest(*value))));
        }
        Target::Classes { negative, positive, .. } => {
            text.push_str("score,class\n");
            let mut line = |score: f64| text.push_str(&format!("{},{}\n", shortest(score), quoted(class(negative, positive, score))));
            scores.iter().for_each(|score| line(*score));
        }
    }
    text
}

/// A csv field, quoted only where it must be.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_string() }
}

/// A number a row, or a score and a class.
fn predictions(saved: &Saved, scores: &[f64]) -> Vec<Value> {
    let number = crate::report::number;
    let one = |(value, score): (f64, &f64)| match &saved.target {
        Target::Number(_) | Target::Count { .. } => number(value),
        Target::Classes { negative, positive, .. } => json!({ "score": number(value), "class": class(negative, positive, *score) }),
    };
    values(saved, scores).into_iter().zip(scores).map(one).collect()
}

fn jsonl(saved: &Saved, scores: &[f64]) -> String {
    let line = |one: Value| match &saved.target {
        Target::Number(_) | Target::Count { .. } => format!("{}\n", json!({ "prediction": one })),
        Target::Classes { .. } => format!("{one}\n"),
    };
    predictions(saved, scores).into_iter().map(line).collect()
}

fn npy(values: &[f64]) -> Outcome<Vec<u8>> {
    let write = || -> std::io::Result<Vec<u8>> {
        use npyz::WriterBuilder;
        let mut bytes = Vec::new();
        let mut array = npyz::WriteOptions::new().default_dtype().shape(&[values.len() as u64]).writer(&mut bytes).begin_nd()?;
        array.extend(values)?;
        array.finish()?;
        Ok(bytes)
    };
    write().map_err(|error| Trouble::Said(Exit::Wrong, format!("cannot write the predictions as npy: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_only_where_needed() {
        assert_eq!(quoted("malignant"), "malignant");
        assert_eq!(quoted("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(class("no", "yes", 0.0), "no");
    }
}
