//! `cvxc activations`: what is built in and what a model file adds.

use super::console::Console;
use super::journey;
use super::trouble::{Exit, Outcome, Trouble};
use crate::report::{curve, normal_form, theorem};
use crate::syntax::diagnostic::Level;
use crate::syntax::model::Definition;
use crate::syntax::names::similar;
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Activations {
    #[command(subcommand)]
    what: Option<What>,
    /// A file whose activations count too
    #[arg(long, value_name = "FILE", global = true)]
    model: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// All activations, one a line
    List,
    /// One activation: normal form, theorem and graph
    Show { name: String },
}

impl Activations {
    pub fn run(&self, console: &Console) -> Outcome<Exit> {
        let known = self.known(console)?;
        match &self.what {
            None | Some(What::List) => list(&known, console),
            Some(What::Show { name }) => show(&known, name, console),
        }
    }

    fn known(&self, console: &Console) -> Outcome<Vec<Definition>> {
        let mut known = journey::builtin();
        if let Some(path) = &self.model {
            let (definitions, diagnostics) = journey::definitions(path);
            if diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error) {
                return Err(Trouble::Diagnosed(diagnostics));
            }
            console.diagnostics(&diagnostics);
            known.extend(definitions);
        }
        Ok(known)
    }
}

fn list(known: &[Definition], console: &Console) -> Outcome<Exit> {
    if console.json {
        let all: Vec<Value> = known.iter().map(described).collect();
        console.answer_json(&json!({ "cvxc": 1, "activations": all }))?;
        return Ok(Exit::Kept);
    }
    let width = known.iter().map(|definition| definition.activation.name.chars().count()).max().unwrap_or(0);
    let line = |definition: &Definition| {
        let class = theorem(definition.activation.class()).class;
        let words = definition.documentation.lines().next().unwrap_or_default();
        format!("{}\n", format!("{:<width$}  {class:<33}  {words}", definition.activation.name).trim_end())
    };
    console.answer(&known.iter().map(line).collect::<String>())?;
    Ok(Exit::Kept)
}

fn show(known: &[Definition], name: &str, console: &Console) -> Outcome<Exit> {
    // A file's own definition comes last and may carry arguments: `leaky_relu(0.1)` is found as `leaky_relu` too.
    let bare = |definition: &&Definition| {
        let full = &definition.activation.name;
        full == name || full.split('(').next() == Some(name)
    };
    let Some(definition) = known.iter().rev().find(bare) else {
        let names: Vec<&str> = known.iter().map(|definition| definition.activation.name.as_str()).collect();
        let near = similar(name, names.iter().copied()).map_or(String::new(), |near| format!(" there is `{near}`;"));
        return Err(Trouble::Said(Exit::Usage, format!("there is no activation `{name}`;{near} known are {}", names.join(", "))));
    };
    if console.json {
        console.answer_json(&described(definition))?;
    } else {
        console.answer(&page(definition))?;
    }
    Ok(Exit::Kept)
}

fn page(definition: &Definition) -> String {
    let activation = &definition.activation;
    let theorem = theorem(activation.class());
    let words: String = definition.documentation.lines().map(|line| format!("{}\n", line.trim())).collect();
    format!(
        "{}\n{words}\nnormal form    {}\nclass          {}\ntheorem        {}\n\n{}",
        activation.name,
        normal_form(activation),
        theorem.class,
        theorem.statement,
        curve(activation)
    )
}

fn described(definition: &Definition) -> Value {
    let activation = &definition.activation;
    let piece = |piece: &crate::problem::Piece| {
        json!({
            "from": piece.from.as_ref().map(ToString::to_string), "includes_from": piece.includes_from,
            "slope": piece.slope.to_string(), "intercept": piece.intercept.to_string()
        })
    };
    let theorem = theorem(activation.class());
    json!({
        "name": activation.name,
        "documentation": definition.documentation,
        "pieces": activation.pieces.iter().map(piece).collect::<Vec<_>>(),
        "class": theorem.class,
        "theorem": theorem.key,
    })
}
