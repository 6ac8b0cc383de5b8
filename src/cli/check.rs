//! `cvxc check`: is it a model, and, if asked, does its data fit?

use super::console::Console;
use super::journey;
use super::trouble::{Exit, Outcome};
use crate::syntax::data;
use crate::syntax::diagnostic::{Diagnostic, Level};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Check {
    /// Model files
    #[arg(value_name = "MODEL", required = true)]
    models: Vec<PathBuf>,
    /// Read the data too
    #[arg(long)]
    data: bool,
}

impl Check {
    pub fn run(&self, console: &Console) -> Outcome<Exit> {
        let mut all = Vec::new();
        for path in &self.models {
            let found = self.one(path);
            if found.is_empty() && console.verbose > 0 {
                console.remark(&format!("{}: nothing to remark", path.display()));
            }
            all.extend(found);
        }
        if console.json {
            console.diagnostics_json(&all)?;
        } else {
            console.diagnostics(&all);
        }
        let wrong = all.iter().any(|diagnostic| diagnostic.level == Level::Error);
        Ok(if wrong { Exit::Wrong } else { Exit::Kept })
    }

    fn one(&self, path: &Path) -> Vec<Diagnostic> {
        let (model, mut found) = journey::read(path, &[]);
        if self.data
            && let Some(model) = model
        {
            found.extend(match journey::bind(&model, &mut |_| ()) {
                Ok(problem) => data::remarks(&model, &problem),
                Err(wrong) => wrong,
            });
        }
        found
    }
}
