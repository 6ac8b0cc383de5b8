//! `cvxc explain`: a model as mathematics, or the page about an error code.

use super::console::Console;
use super::journey;
use super::trouble::{Exit, Outcome, Trouble};
use crate::problem::Problem;
use crate::report::Explanation;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub struct Explain {
    /// A model file, or an error code such as E0320
    #[arg(value_name = "MODEL|CODE")]
    what: String,
}

impl Explain {
    pub fn run(&self, console: &Console) -> Outcome<Exit> {
        if is_code(&self.what) && !Path::new(&self.what).exists() {
            return page(&self.what, console);
        }
        let model = journey::model(Path::new(&self.what), &[], false, console)?;
        let problem = journey::bind(&model, &mut |_| ()).map_err(Trouble::Diagnosed)?;
        journey::remarks(&model, &problem, false, console)?;
        explain(&problem, console)
    }
}

/// Prints what a problem is and becomes.
pub fn explain(problem: &Problem, console: &Console) -> Outcome<Exit> {
    let explanation = Explanation::of(problem, journey::sizes(problem));
    if console.json {
        console.answer_json(&explanation.json())?;
    } else {
        console.answer(&explanation.text())?;
    }
    Ok(Exit::Kept)
}

fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix(['E', 'e']).unwrap_or_default();
    digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit())
}

fn page(code: &str, console: &Console) -> Outcome<Exit> {
    let Some(text) = journey::code_page(code) else {
        return Err(Trouble::Said(Exit::Usage, format!("there is no error code {code}; codes stand in brackets behind `error`")));
    };
    if console.json {
        console.answer_json(&serde_json::json!({ "cvxc": 1, "code": code.to_uppercase(), "text": text }))?;
    } else {
        console.answer(&format!("{}\n", text.trim_end()))?;
    }
    Ok(Exit::Kept)
}
