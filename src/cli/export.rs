//! `cvxc export`: a trained network in another format.

use super::console::Console;
use super::trouble::{Exit, Outcome, Trouble};
use crate::export::{self, Encode, FORMATS, Format, PROGRAM_FORMATS};
use clap::builder::PossibleValuesParser;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Export {
    /// The folder that `cvxc solve` wrote, or a network exported from one; or a model file, for its convex program
    #[arg(value_name = "DIR|MODEL")]
    folder: PathBuf,
    /// The format: of networks (onnx and c go all the way from raw columns to the target's units), or of programs
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(formats()))]
    to: String,
    /// The file to write; otherwise it is named after DIR and written to the current folder, or beside it if that is DIR
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Fold standardisation into the weights: the network of raw columns and raw targets
    #[arg(long)]
    fold: bool,
    /// Compute in single precision (onnx and c)
    #[arg(long)]
    float32: bool,
    /// Overwrite a file that is there already
    #[arg(long)]
    force: bool,
    #[cfg(feature = "solve")]
    #[command(flatten)]
    solving: super::program::Solving,
}

/// The names of all formats, those of networks before those of programs.
fn formats() -> Vec<&'static str> {
    let programs = PROGRAM_FORMATS.iter().map(|format| format.name).filter(|name| export::find(name).is_none());
    FORMATS.iter().map(|format| format.name).chain(programs).collect()
}

impl Export {
    pub fn run(&self, console: &Console) -> Outcome<Exit> {
        #[cfg(feature = "solve")]
        if is_model(&self.folder) {
            let (model, out) = (self.folder.as_path(), self.out.as_deref());
            let (fold, float32) = (self.fold, self.float32);
            return self
                .solving
                .export(&super::program::Wanted { model, to: &self.to, out, force: self.force, of_networks: fold || float32 }, console);
        }
        let Some(format) = export::find(&self.to) else { return Err(not_of_networks(&self.folder, &self.to)) };
        let encode = self.encoder(format)?;
        let saved = export::load(&self.folder)?;
        let saved = if self.fold { export::folded(&saved)? } else { saved };
        if self.float32 {
            export::single(&saved)?;
        }
        let path = self.out.clone().unwrap_or_else(|| named(&self.folder, format.extension));
        export::write_file(&path, &encode(&saved)?, self.force)?;
        if self.out.is_none() && is_here(&self.folder) {
            console.remark("written beside the result folder: the next solve would not replace a folder with other files in it");
        }
        if console.json {
            console.answer_json(&json!({ "cvxc": 1, "files": [{ "kind": format.name, "path": path.display().to_string() }] }))?;
        } else {
            console.answer(&format!("{}\n", path.display()))?;
        }
        Ok(Exit::Kept)
    }

    /// How the file is made, in the precision that is asked for.
    fn encoder(&self, format: &Format) -> Outcome<Encode> {
        if !self.float32 {
            return Ok(format.encode);
        }
        let words = format!("`--float32` is for formats that compute, onnx and c; {} holds doubles", format.name);
        format.single.ok_or(Trouble::Said(Exit::Usage, words))
    }
}

/// Whether a file is a model and not an exported network.
#[cfg(feature = "solve")]
fn is_model(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    path.is_file() && !FORMATS.iter().any(|format| format.extension == ending)
}

/// Formats of programs ask for a model file, and for a build that can list cells.
fn not_of_networks(folder: &Path, format: &str) -> Trouble {
    let solver = if cfg!(feature = "solve") { "" } else { "; this build lists no cells: it needs the feature `solve`" };
    let sentence = format!("`{format}` is a format of programs: name a model file in the place of {}{solver}", folder.display());
    Trouble::Said(Exit::Usage, sentence)
}

/// `xor.out` and `npz` give `xor.npz`; inside `xor.out` that is `../xor.npz`.
fn named(folder: &Path, extension: &str) -> PathBuf {
    // `.` and `..` have no name of their own.
    let real = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    let given = folder.file_name().map_or(real.as_path(), |_| folder);
    let stem = given.file_stem().map_or_else(|| "network".into(), |stem| stem.to_string_lossy().into_owned());
    let name = format!("{stem}.{extension}");
    if is_here(folder) { Path::new("..").join(name) } else { PathBuf::from(name) }
}

/// Whether a folder is the current one.
fn is_here(folder: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    real(folder).is_some_and(|folder| Some(folder) == real(Path::new(".")))
}
