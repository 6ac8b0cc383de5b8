//! `cvxc export MODEL`: the convex program of a model, for another solver.

use super::console::Console;
use super::limits::Limits;
use super::progress::Progress;
use super::refusal::refusal;
use super::trouble::{Exit, Outcome, Trouble};
use super::{interrupt, journey, units};
use crate::export::{self, ProgramFormat, Stated};
use crate::problem::{Arrangements, Problem};
use crate::report;
use crate::solve::{Control, Convex, Standing, program};
use crate::syntax::Instead;
use serde_json::json;
use std::path::{Path, PathBuf};

/// What Ctrl-C leaves: cells come by price with a network that is worth something, but a list of some cells is none.
const KEPT: &str = "a program over the cells found by price so far will be written, and none if all were to be listed";

/// What concerns models alone: their cells may have to be found by a solve.
#[derive(Debug, clap::Args)]
pub struct Solving {
    /// Give a parameter of the model another value; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = units::setting)]
    set: Vec<String>,
    #[command(flatten)]
    limits: Limits,
}

/// The model, the format, and where the file goes.
pub struct Wanted<'a> {
    pub model: &'a Path,
    pub to: &'a str,
    pub out: Option<&'a Path>,
    pub force: bool,
    /// Whether something is asked for that only networks have.
    pub of_networks: bool,
}

impl Solving {
    pub fn export(&self, wanted: &Wanted, console: &Console) -> Outcome<Exit> {
        let format = format(wanted)?;
        if wanted.of_networks {
            let sentence = format!("`--fold` and `--float32` are about networks, and {} is a model", wanted.model.display());
            return Err(Trouble::Said(Exit::Usage, sentence));
        }
        units::once(&self.set)?;
        let instead = Instead { promise: None, solver: self.limits.solver };
        let model = journey::said(wanted.model, &self.set, instead, false, console)?;
        let mut progress = Progress::new(console.showing(), self.limits.gap.unwrap_or(model.plan.gap));
        let mut problem = journey::bind(&model, &mut |read| progress.reading(read)).map_err(Trouble::Diagnosed)?;
        self.limits.apply(&mut problem)?;
        suits(format, &problem)?;
        let mut control = Control {
            progress: &mut |event| progress.event(event),
            interrupted: interrupt::listen(console.quiet, KEPT),
            threads: self.limits.threads,
            verbose: console.verbose > 1,
        };
        let convex = program(&problem, &mut control);
        progress.finish();
        let convex = convex.map_err(|failure| refusal(failure, &model))?;
        let closed = convex.outcome.as_ref().is_none_or(|outcome| outcome.standing == Standing::GlobalOptimum);
        let path = wanted.out.map_or_else(|| named(wanted.model, format), Path::to_path_buf);
        let text = (format.encode)(&stated(&problem, convex).plain())?;
        export::write_file(&path, text.as_bytes(), wanted.force)?;
        if console.json {
            console.answer_json(&json!({ "cvxc": 1, "files": [{ "kind": format.name, "path": path.display().to_string() }] }))?;
        } else {
            console.answer(&format!("{}\n", path.display()))?;
        }
        Ok(if closed { Exit::Kept } else { Exit::NotKept })
    }
}

fn format(wanted: &Wanted) -> Outcome<&'static ProgramFormat> {
    let known: Vec<&str> = export::PROGRAM_FORMATS.iter().map(|format| format.name).collect();
    let sentence = || {
        let solved = format!("`{}` is a format of networks, and {} is no result folder", wanted.to, wanted.model.display());
        format!("{solved}; programs go to {}", known.join(", "))
    };
    export::find_program(wanted.to).ok_or_else(|| Trouble::Said(Exit::Wrong, sentence()))
}

/// Linear formats hold linear programs, and what low rank solves is not the program of the model.
fn suits(format: &ProgramFormat, problem: &Problem) -> Outcome<()> {
    let refuse = |sentence: String| Err(Trouble::Said(Exit::Wrong, format!("{}: {sentence}", problem.name)));
    match (format.linear.then(|| problem.curved()).flatten(), &problem.plan.arrangements) {
        (Some(why), _) => refuse(format!("{why}, and `{}` holds linear programs; `--to cbf` or `--to json` has cones", format.name)),
        (None, Arrangements::LowRank { .. }) => {
            refuse("`low_rank` solves a program about other data; write `arrangements = generate` or `all` to export".to_string())
        }
        _ => Ok(()),
    }
}

/// `models/xor.cvx` and `cbf` give `xor.cbf` in the current folder, and `json` gives `xor.program.json`.
fn named(model: &Path, format: &ProgramFormat) -> PathBuf {
    let stem = model.file_stem().map_or_else(|| "program".into(), |stem| stem.to_string_lossy().into_owned());
    // A network in such a format has the shorter name.
    let kind = if export::find(format.name).is_some() { "program." } else { "" };
    PathBuf::from(format!("{stem}.{kind}{}", format.name))
}

fn stated(problem: &Problem, convex: Convex) -> Stated {
    let remarks = remarks(problem, &convex);
    let stem = problem.name.strip_suffix(".cvx").unwrap_or(&problem.name);
    let name = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    Stated { name, program: convex.program, columns: convex.names.columns, rows: convex.names.rows, remarks }
}

/// What stands at the top of the file.
fn remarks(problem: &Problem, convex: &Convex) -> Vec<String> {
    let groups = report::count(convex.groups);
    let mut remarks = vec![
        format!("the convex program of {}, written by cvxc {}", problem.name, env!("CARGO_PKG_VERSION")),
        format!("network   {}", problem.architecture.words(problem.outputs())),
        format!("minimise  {}", problem.objective_words()),
        format!("over      {}: {groups} groups of neurons, of one output sign each", cells(problem, convex)),
    ];
    if let Some(outcome) = &convex.outcome {
        let (lower, upper) = (report::shortest(outcome.lower_bound), report::shortest(outcome.objective));
        remarks.push(format!("solved    the best network has objective {upper}, and no network of any width goes below {lower}"));
    }
    if problem.dataset.columns.iter().any(|column| (column.shift, column.scale) != (0.0, 1.0)) {
        remarks.push("columns   weights are those of standardised inputs".to_string());
    }
    if !problem.free_columns().values.is_empty() {
        remarks.push(
            "columns   skip.* are scaled: each input is divided by its largest entry times the root of the number of rows".to_string(),
        );
    }
    remarks.push(
        "names     f: output by example; cellK.plus.x: weight of x times the output weight; side: the side of an example's line"
            .to_string(),
    );
    remarks
}

/// Which cells the program is over, and what its optimum then is.
fn cells(problem: &Problem, convex: &Convex) -> String {
    let best = "its optimum is that of all networks";
    if problem.architecture.gates.is_some() {
        return format!("all gates; {best}");
    }
    match &problem.plan.arrangements {
        Arrangements::All => format!("all cells; {best}"),
        Arrangements::Sample { count, seed } => {
            format!("the cells of {} random vectors, seed {seed}; its optimum is an upper bound", report::count(*count))
        }
        Arrangements::Cells { source, .. } => format!("the cells of the vectors in {source}; its optimum is an upper bound"),
        _ if !convex.outcome.as_ref().is_some_and(|outcome| outcome.standing == Standing::GlobalOptimum) => {
            "the cells that generation found until it ended early; its optimum is an upper bound".to_string()
        }
        _ => "the cells that generation found, which the optimum needs".to_string(),
    }
}
