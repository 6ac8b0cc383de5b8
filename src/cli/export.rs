//! `cvxc export`: a trained network in another format.

use super::console::Console;
use super::trouble::{Exit, Outcome};
use crate::export::{self, FORMATS};
use clap::builder::PossibleValuesParser;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Export {
    /// The folder that `cvxc solve` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The format
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(FORMATS.iter().map(|format| format.name)))]
    to: String,
    /// The file to write; otherwise it is named after DIR and written to the current folder
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub fn run(&self, console: &Console) -> Outcome<Exit> {
        let format = export::find(&self.to).expect("clap admits names of the table only");
        let saved = export::load(&self.folder)?;
        let path = self.out.clone().unwrap_or_else(|| named(&self.folder, format.extension));
        export::write_file(&path, &(format.encode)(&saved)?)?;
        if console.json {
            console.answer_json(&json!({ "cvxc": 1, "files": [{ "kind": format.name, "path": path.display().to_string() }] }))?;
        } else {
            console.answer(&format!("{}\n", path.display()))?;
        }
        Ok(Exit::Kept)
    }
}

/// `xor.out` and `npz` give `xor.npz`.
fn named(folder: &Path, extension: &str) -> PathBuf {
    let stem = folder.file_stem().map_or_else(|| "network".into(), |stem| stem.to_string_lossy().into_owned());
    PathBuf::from(format!("{stem}.{extension}"))
}
