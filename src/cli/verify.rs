//! `cvxc verify`: whether a certificate holds, decided without a solver.

use super::console::Console;
use super::trouble::{Exit, Outcome, Trouble};
use super::{journey, units};
use crate::certificate::{self, Certificate};
use crate::checker::{self, Refusal, Verdict};
use crate::export;
use crate::problem::{Guarantee, Problem, Solver};
use crate::report::{self, Checked};
use crate::syntax::Instead;
use crate::syntax::diagnostic::{Diagnostic, Place, Source};
use crate::syntax::model::Model;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The folder that `cvxc solve` wrote, or a certificate
    #[arg(value_name = "DIR|CERTIFICATE")]
    path: PathBuf,
    /// The model file; by default the one that the certificate names
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Give a parameter of the model another value; by default those that the certificate was made with
    #[arg(long, value_name = "NAME=VALUE", value_parser = units::setting)]
    set: Vec<String>,
}

impl Verify {
    pub fn run(&self, console: &Console) -> Outcome<Exit> {
        units::once(&self.set)?;
        let (file, folder) = self.places();
        if !file.exists() {
            return Err(Trouble::Said(Exit::Wrong, self.missing()));
        }
        if file.extension().is_some_and(|ending| ending == "cvx") {
            return Err(Trouble::Said(Exit::Usage, self.model_instead()));
        }
        let certificate = Certificate::read(&file).map_err(|why| refused(&file, &why))?;
        let problem = self.problem(&certificate, &folder, console)?;
        let mut checked = Checked::default();
        let verdict = check(&problem, &certificate, &mut checked).and_then(|verdict| {
            if self.path.is_dir() {
                same_weights(&folder, &certificate)?;
            }
            Ok(verdict)
        });
        checked.gap_asked_for = problem.plan.gap;
        if let Err(refusal) = &verdict {
            checked.refusal = Some(refusal.to_string());
        }
        if console.json {
            console.answer_json(&report::checked_json(&checked, &problem))?;
        } else {
            console.answer(&report::checked(&checked, &problem, console.color))?;
        }
        match verdict {
            Ok(_) => Ok(Exit::Kept),
            Err(refusal) => {
                explain(&refusal, &file, console);
                Ok(Exit::Refused)
            }
        }
    }

    /// The certificate's file, and the folder that its model is named from.
    fn places(&self) -> (PathBuf, PathBuf) {
        if self.path.is_dir() {
            return (self.path.join(certificate::NAME), self.path.clone());
        }
        let folder = self.path.parent().unwrap_or(Path::new("")).to_path_buf();
        (self.path.clone(), folder)
    }

    /// Nothing to check is not a certificate that does not hold.
    fn missing(&self) -> String {
        let shown = self.path.display();
        match self.path.is_dir() {
            false => format!("there is no folder and no certificate {shown}"),
            true => {
                format!("{shown} holds no {}: solve again, with `certificate` in the model's `output` if it has one", certificate::NAME)
            }
        }
    }

    /// A model is not what has been solved.
    fn model_instead(&self) -> String {
        let (shown, stem) = (self.path.display(), self.path.file_stem().unwrap_or_default().to_string_lossy());
        format!("{shown} is a model, not a certificate: `cvxc solve {shown}` writes one, and `cvxc verify {stem}.out` checks it")
    }

    /// The user's own model and data, read anew.
    fn problem(&self, certificate: &Certificate, folder: &Path, console: &Console) -> Outcome<Problem> {
        let named = folder.join(&certificate.statement.model);
        let path = self.model.as_ref().unwrap_or(&named);
        if self.model.is_none() && !path.is_file() {
            let why = format!("{} is not there, the model that the certificate names; say where it is with --model FILE", path.display());
            return Err(Trouble::Said(Exit::Wrong, why));
        }
        let overrides = if self.set.is_empty() && self.model.is_none() { &certificate.statement.overrides } else { &self.set };
        // The bound is about all cells: which of them were searched, by whom and with what promise, does not matter to it.
        let instead = Instead { promise: Some(Guarantee::Bounded), solver: Some(Solver::Auto) };
        let model = journey::said(path, overrides, instead, false, console)?;
        let model = Model { vectors: None, ..model };
        journey::bind(&model, &mut |_| {}).map_err(Trouble::Diagnosed)
    }
}

/// The four steps of the checker, each noted once it holds.
fn check(problem: &Problem, certificate: &Certificate, checked: &mut Checked) -> Result<Verdict, Refusal> {
    checker::same_problem(problem, certificate)?;
    checked.same_problem = true;
    let upper = checker::upper(problem, certificate, checker::THREADS)?;
    checked.objective = Some(crate::exact::above(&upper));
    let lower = checker::lower(problem, certificate)?;
    let leaves = checker::proofs(problem, certificate, checker::THREADS)?;
    let verdict = checker::verdict(lower, upper, leaves)?;
    checked.lower_bound = Some(verdict.lower_bound());
    checked.leaves = Some(leaves);
    Ok(verdict)
}

/// Whether the weights in the folder, if there are any, are the certified ones.
fn same_weights(folder: &Path, certificate: &Certificate) -> Result<(), Refusal> {
    if !folder.join(export::WEIGHTS).exists() {
        return Ok(());
    }
    let saved = export::load(folder).map_err(|why| Refusal::Unreadable { why: why.to_string() })?;
    if certificate::Weights::of(&saved.network) == certificate.network { Ok(()) } else { Err(Refusal::Weights) }
}

fn refused(file: &Path, why: &str) -> Trouble {
    Trouble::Said(Exit::Refused, format!("cannot use {}: {why}", file.display()))
}

/// A certificate for another problem has a code of its own.
fn explain(refusal: &Refusal, file: &Path, console: &Console) {
    let source = Source::new(file.display().to_string(), "");
    let at = Place::new(&source, 0..0);
    let told = match refusal {
        Refusal::Different { what, named, given } => {
            Diagnostic::error("E0610", format!("this certificate is for a different {what}"), at, "")
                .note(format!("certificate: {named}      model: {given}"))
                .help("solve again, or verify with the values it was made with: `--set NAME=VALUE`, `--model FILE`")
        }
        Refusal::Data => Diagnostic::error("E0610", "this certificate is for other data", at, "")
            .note("the training rows of the model, read and prepared as it says, are not the ones that were certified")
            .help("solve again, or verify with the data it was made with"),
        other => return console.error(&format!("{}: {other}", file.display())),
    };
    console.diagnostics(&[told]);
}
