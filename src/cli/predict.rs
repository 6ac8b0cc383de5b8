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
            Format::Npy => npy(&values(&saved, &scores), saved.target.outputs())?,
        };
        console.answer_bytes(&bytes)?;
        Ok(Exit::Kept)
    }
}

/// Predictions in the targets' units (n x C, row after row); of classes the plain scores.
fn values(saved: &Saved, scores: &[f64]) -> Vec<f64> {
    let outputs = saved.target.outputs();
    scores.iter().enumerate().map(|(at, score)| saved.target.of(at % outputs).prediction(*score)).collect()
}

/// The names of the columns: `prediction`, or `score` and `class`; with several outputs one for each.
fn names(target: &Target) -> Vec<String> {
    match target {
        Target::Number(_) | Target::Count { .. } => vec!["prediction".to_string()],
        Target::Classes { .. } => vec!["score".to_string(), "class".to_string()],
        Target::Labels { labels, .. } => labels.iter().map(|label| format!("score_{label}")).chain(["class".to_string()]).collect(),
        Target::Several(all) => all.iter().map(Target::name).collect(),
    }
}

fn csv(saved: &Saved, scores: &[f64]) -> String {
    let line = |fields: Vec<String>| fields.join(",") + "\n";
    let outputs = saved.target.outputs();
    let mut text = line(names(&saved.target).iter().map(|name| quoted(name)).collect());
    for (values, scores) in values(saved, scores).chunks(outputs).zip(scores.chunks(outputs)) {
        let numbers = values.iter().map(|value| shortest(*value));
        text.push_str(&line(numbers.chain(saved.target.class(scores).map(quoted)).collect()));
    }
    text
}

/// A csv field, quoted only where it must be.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_string() }
}

/// A number a row, or its columns by their names.
fn predictions(saved: &Saved, scores: &[f64]) -> Vec<Value> {
    let (number, outputs) = (crate::report::number, saved.target.outputs());
    let named = |(values, scores): (&[f64], &[f64])| -> Value {
        let fields = values.iter().map(|value| number(*value)).chain(saved.target.class(scores).map(Value::from));
        match &saved.target {
            Target::Number(_) | Target::Count { .. } => number(values[0]),
            target => Value::Object(names(target).into_iter().zip(fields).collect()),
        }
    };
    values(saved, scores).chunks(outputs).zip(scores.chunks(outputs)).map(named).collect()
}

fn jsonl(saved: &Saved, scores: &[f64]) -> String {
    let line = |one: Value| match &saved.target {
        Target::Number(_) | Target::Count { .. } => format!("{}\n", json!({ "prediction": one })),
        _ => format!("{one}\n"),
    };
    predictions(saved, scores).into_iter().map(line).collect()
}

/// One number a row, or with several outputs an array of rows.
fn npy(values: &[f64], outputs: usize) -> Outcome<Vec<u8>> {
    let (rows, outputs) = ((values.len() / outputs) as u64, outputs as u64);
    let shape = if outputs == 1 { vec![rows] } else { vec![rows, outputs] };
    let write = || -> std::io::Result<Vec<u8>> {
        use npyz::WriterBuilder;
        let mut bytes = Vec::new();
        let mut array = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd()?;
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
        let target = Target::Classes { name: "y".into(), negative: "no".into(), positive: "yes".into() };
        assert_eq!(target.class(&[0.0]), Some("no"));
        let target = Target::Labels { name: "y".into(), labels: ["a", "b", "c"].map(String::from).to_vec() };
        assert_eq!((target.class(&[1.0, 3.0, 3.0]), target.class(&[0.0; 3])), (Some("b"), Some("a")));
    }
}
