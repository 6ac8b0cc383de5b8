//! `cvxc solve`: from a model file to a folder with its network, and a summary that claims no more than is known.

use super::console::Console;
use super::limits::Limits;
use super::progress::Progress;
use super::refusal::refusal;
use super::trouble::{Exit, Outcome, Trouble};
use super::{explain, interrupt, journey, units};
use crate::certificate::{self, Certificate};
use crate::export::{self, Saved};
use crate::problem::{Guarantee, Network, Problem};
use crate::report::{self, Answer, Explanation, Fewest, Rests, Run, Status, Stopped, Style, Written};
use crate::solve;
use crate::syntax::Instead;
use crate::syntax::model::Model;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Solve {
    /// The model file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Give a parameter of the model another value; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = units::setting)]
    set: Vec<String>,
    /// The folder to write, replaced whole [default: MODEL.out in the current folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    limits: Limits,
    /// What to promise
    #[arg(long)]
    guarantee: Option<Promise>,
    /// Begin with this network, a result or a file of weights: the answer is never worse than it
    #[arg(long, value_name = "NET")]
    start: Option<PathBuf>,
    /// Look for an optimal network with the fewest neurons, and say how many it needs at least
    #[arg(long)]
    fewest: bool,
    /// Only explain what would be solved
    #[arg(long)]
    dry_run: bool,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Promise {
    Global,
    Bounded,
}

impl Promise {
    fn guarantee(self) -> Guarantee {
        match self {
            Promise::Global => Guarantee::Global,
            Promise::Bounded => Guarantee::Bounded,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Promise::Global => "global",
            Promise::Bounded => "bounded",
        }
    }
}

impl Solve {
    pub fn run(&self, console: &Console) -> Outcome<Exit> {
        units::once(&self.set)?;
        let instead = Instead { promise: self.guarantee.map(|promise| promise.guarantee()), solver: self.limits.solver };
        let model = journey::said(&self.model, &self.set, instead, self.strict, console)?;
        let mut progress = Progress::new(console.showing(), self.limits.gap.unwrap_or(model.plan.gap));
        let mut problem = journey::bind(&model, &mut |read| progress.reading(read)).map_err(Trouble::Diagnosed)?;
        progress.aside(|| journey::remarks(&model, &problem, self.strict, console))?;
        let mut changed = self.apply(&mut problem)?;
        if self.dry_run {
            progress.finish();
            return explain::explain(&problem, console);
        }
        let folder = self.folder();
        export::check(&folder)?;
        let start = self.start.as_deref().map(|path| export::network(path, &problem)).transpose()?;
        if let Some(path) = &self.start {
            changed.push(("start".to_string(), path.display().to_string()));
        }
        progress.read(&problem.name, &problem.dataset.source, problem.targets().len());
        let outcome = self.search(&problem, start.as_ref(), &mut progress, console).map_err(|failure| refusal(failure, &model))?;
        let mut answer = answer(&problem, &outcome, &model, changed);
        if answer.status != Status::Failed {
            let certificate = self.certificate(&outcome, &folder, &mut answer);
            write(&folder, &mut answer, &model, certificate, self.text(&model, &folder))?;
        }
        tell(&answer, console)
    }

    /// The folder to write: by default the model's own name, in the current folder.
    fn folder(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| {
            let stem = self.model.file_stem().unwrap_or(self.model.as_os_str());
            let mut name = stem.to_os_string();
            name.push(".out");
            PathBuf::from(name)
        })
    }

    /// Lets the command line's options beat the file's, and says which did.
    fn apply(&self, problem: &mut Problem) -> Outcome<Vec<(String, String)>> {
        let mut changed = self.limits.apply(problem)?;
        if self.fewest {
            problem.plan.fewest = true;
            changed.push(("neurons".to_string(), "fewest".to_string()));
        }
        if let Some(promise) = self.guarantee {
            changed.push(("guarantee".to_string(), promise.word().to_string()));
        }
        Ok(changed)
    }

    /// The certificate as it will be written, naming the model from its folder.
    ///
    /// The very bytes are read back: only if they say what the checker has accepted may the answer speak of a proof.
    fn certificate(&self, outcome: &solve::Outcome, folder: &Path, answer: &mut Answer) -> Option<Vec<u8>> {
        let mut certificate = outcome.certificate.clone()?;
        certificate.statement.model = relative(&self.model, folder).display().to_string();
        certificate.statement.overrides = self.set.clone();
        let bytes = certificate.encode();
        if Certificate::decode(&bytes).as_ref() != Ok(&certificate) {
            answer.status = Status::Bounded;
            return None;
        }
        Some(bytes)
    }

    /// The model for its own result folder: solved there, it gives the same result.
    fn text(&self, model: &Model, folder: &Path) -> String {
        let mut settings = self.limits.settings();
        settings.extend(self.fewest.then(|| ("neurons", "fewest".to_string())));
        settings.extend(self.guarantee.map(|promise| ("guarantee", promise.word().to_string())));
        model.origin.elsewhere(|path| relative(path, folder), &settings)
    }

    fn search(
        &self,
        problem: &Problem,
        start: Option<&Network>,
        progress: &mut Progress,
        console: &Console,
    ) -> Result<solve::Outcome, solve::Failure> {
        let mut control = solve::Control {
            progress: &mut |event| progress.event(event),
            interrupted: interrupt::listen(console.quiet, interrupt::KEPT),
            threads: self.limits.threads,
            verbose: console.verbose > 1,
        };
        let outcome = solve::solve_from(problem, start, &mut control);
        progress.finish();
        outcome
    }
}

/// The answer in the report's words.  Objective, loss and penalty are computed anew from the network: no solver's word counts.
pub fn answer<'a>(problem: &'a Problem, outcome: &'a solve::Outcome, model: &Model, changed: Vec<(String, String)>) -> Answer<'a> {
    Answer {
        problem,
        network: &outcome.network,
        status: status(outcome.standing),
        stopped: stopped(outcome.stopped),
        score: problem.score(&outcome.network),
        lower_bound: outcome.lower_bound,
        rests: rests(outcome.bound),
        run: run(outcome),
        model_hash: journey::identity(model),
        overrides: model.overrides.clone(),
        changed,
        written: None,
    }
}

fn status(standing: solve::Standing) -> Status {
    match standing {
        solve::Standing::GlobalOptimum => Status::GlobalOptimum,
        solve::Standing::Bounded => Status::Bounded,
        solve::Standing::Failed => Status::Failed,
    }
}

fn stopped(stopped: solve::Stopped) -> Stopped {
    match stopped {
        solve::Stopped::Gap => Stopped::Gap,
        solve::Stopped::Converged => Stopped::Converged,
        solve::Stopped::Time => Stopped::Time,
        solve::Stopped::Memory => Stopped::Memory,
        solve::Stopped::Trouble => Stopped::Trouble,
        solve::Stopped::Interrupt => Stopped::Interrupt,
    }
}

fn rests(bound: solve::Bound) -> Rests {
    match bound {
        solve::Bound::Proved => Rests::Proved,
        solve::Bound::Norm => Rests::Norm,
        solve::Bound::Trivial => Rests::Trivial,
    }
}

fn run(outcome: &solve::Outcome) -> Run {
    Run {
        neurons_before_pruning: outcome.neurons_before_pruning,
        patterns: outcome.patterns,
        patterns_bound: outcome.patterns_bound,
        rounds: outcome.rounds,
        groups: outcome.size.groups,
        columns: outcome.size.columns,
        rows: outcome.size.rows,
        cones: outcome.size.cones,
        seconds: outcome.seconds,
        searching: outcome.searching,
        solver: outcome.solver.to_string(),
        leaves: outcome.leaves,
        proving: outcome.proving,
        unproved: outcome.unproved.map(stopped),
        fewest: outcome.fewest.map(fewest),
    }
}

fn fewest(known: solve::Fewest) -> Fewest {
    let solve::Fewest { least, found, active, directions, freedom, unique, complete } = known;
    Fewest { least, found, active, directions, freedom, unique, complete }
}

/// Writes the folder and notes in the answer what is in it.
fn write(folder: &Path, answer: &mut Answer, model: &Model, certificate: Option<Vec<u8>>, text: String) -> Outcome<()> {
    let mut files = files(answer, model, certificate)?;
    files.push((export::TEXT, text.into_bytes()));
    export::replace(folder, &files)?;
    let shown = folder.display().to_string();
    let shown = if shown.len() > 1 { shown.trim_end_matches('/').to_string() } else { shown };
    let there = |name: &str| files.iter().any(|(written, _)| *written == name);
    answer.written = Some(Written { folder: shown, files: export::kinds().filter(|(_, name)| there(name)).collect() });
    Ok(())
}

/// The files that the model's `output` names, one row a kind.
fn files(answer: &Answer, model: &Model, certificate: Option<Vec<u8>>) -> Outcome<Vec<(&'static str, Vec<u8>)>> {
    let mut files = Vec::new();
    if model.outputs.weights {
        let saved = Saved::of(answer.problem, answer.network, &answer.model_hash);
        // A kind may be named twice, and is written once.
        for format in export::FORMATS.iter().filter(|format| format.file == export::WEIGHTS || model.outputs.formats.contains(&format.name))
        {
            files.push((format.file, (format.encode)(&saved)?));
        }
    }
    if let (Some(bytes), true) = (certificate, model.outputs.certificate) {
        files.push((certificate::NAME, bytes));
    }
    if model.outputs.report {
        let explanation = Explanation::of(answer.problem, journey::sizes(answer.problem));
        files.push((export::REPORT, report::page(answer, &explanation).into_bytes()));
    }
    Ok(files)
}

/// The way from the folder `from` to the file `to`: relative where both lie on one tree, absolute otherwise.
fn relative(to: &Path, from: &Path) -> PathBuf {
    let Ok(to) = std::path::absolute(to) else { return to.to_path_buf() };
    let Ok(from) = std::path::absolute(from) else { return to };
    let shared = to.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| std::path::Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

fn tell(answer: &Answer, console: &Console) -> Outcome<Exit> {
    if console.json {
        console.answer_json(&report::answer_json(answer))?;
    } else {
        console.answer(&report::summary(answer, Style { color: console.color, plot: true }))?;
    }
    Ok(match (answer.status, answer.kept()) {
        (Status::Failed, _) => Exit::Failed,
        (_, true) => Exit::Kept,
        (_, false) => Exit::NotKept,
    })
}
