//! `cvxc compare`: gradient descent beside the optimum, or how far from it a network is that is there already.

use super::console::Console;
use super::limits::Limits;
use super::progress::Progress;
use super::refusal::refusal;
use super::trouble::{Exit, Outcome, Trouble};
use super::{examine, interrupt, journey, solve, units};
use crate::backend::Stop;
use crate::descent::{Contest, RIVALS, Rival};
use crate::problem::{Network, Problem};
use crate::report::{Answer, Comparison, Contestant};
use crate::syntax::Instead;
use crate::syntax::model::Model;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The width of the rivals' networks is this many times the optimum's, and not less than the other; behind gates it is one neuron each.
const WIDER: usize = 2;
const NARROWEST: usize = 10;

#[derive(Debug, clap::Args)]
pub struct Compare {
    /// The model file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Ask about this network, a result or a file of weights, in place of training any
    #[arg(long, value_name = "NET", conflicts_with_all = ["seeds", "width", "steps"])]
    with: Option<PathBuf>,
    /// Give a parameter of the model another value; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = units::setting)]
    set: Vec<String>,
    /// How many networks each rival trains
    #[arg(long, value_name = "K", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    seeds: u32,
    /// Hidden neurons of the rivals' networks [default: twice the optimum's, at least 10; one a gate]
    #[arg(long, value_name = "W", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    width: Option<u32>,
    /// Steps of each run, each over all rows
    #[arg(long, value_name = "N", default_value_t = 4000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    steps: u32,
    /// The limit on time holds for the solve, and again for each rival
    #[command(flatten)]
    limits: Limits,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
}

/// What the rest of a comparison needs once the model is there.
pub struct Scene<'a> {
    pub problem: &'a Problem,
    pub model: &'a Model,
    /// The model file as it was named.
    pub path: String,
    pub changed: Vec<(String, String)>,
    pub interrupted: Arc<AtomicBool>,
    pub threads: usize,
    pub console: &'a Console,
}

impl Compare {
    pub fn run(&self, console: &Console) -> Outcome<Exit> {
        units::once(&self.set)?;
        let instead = Instead { promise: None, solver: self.limits.solver };
        let model = journey::said(&self.model, &self.set, instead, self.strict, console)?;
        let mut progress = Progress::new(console.showing(), self.limits.gap.unwrap_or(model.plan.gap));
        let mut problem = journey::bind(&model, &mut |read| progress.reading(read)).map_err(Trouble::Diagnosed)?;
        if problem.objective.regularizer.budget.is_some() {
            let sentence = "training by gradients knows penalties only: write `+ number * weight_decay` in place of the bound to compare";
            return Err(Trouble::Said(Exit::Wrong, format!("{}: {sentence}", problem.name)));
        }
        let changed = self.limits.apply(&mut problem)?;
        let path = self.model.display().to_string();
        let interrupted = interrupt::listen(console.quiet, interrupt::KEPT);
        let scene = Scene { problem: &problem, model: &model, path, changed, interrupted, threads: self.limits.threads, console };
        match &self.with {
            Some(network) => examine::run(&scene, network, &mut progress),
            None => self.contest(&scene, progress),
        }
    }

    /// Solves, trains, and puts both in one table.
    fn contest(&self, scene: &Scene, mut progress: Progress) -> Outcome<Exit> {
        self.allowed(scene.problem)?;
        let answer_of = scene.solve(None, &mut progress)?;
        let answer = scene.answer(&answer_of);
        let contest = self.rules(scene, answer.network.neurons());
        let progress = Mutex::new(progress);
        let contestants: Vec<Contestant> = RIVALS.iter().map(|rival| train(rival, scene, &contest, &progress)).collect();
        progress.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).finish();
        let (width, steps, seeds) = (contest.width, contest.steps, contest.seeds);
        let whole = contestants.iter().all(|one| one.cut_short == 0 && one.objectives.len() == seeds);
        let comparison = Comparison { answer: &answer, model: scene.path.clone(), width, steps, seeds, contestants };
        if scene.console.json {
            scene.console.answer_json(&comparison.json())?;
        } else {
            scene.console.answer(&comparison.text())?;
        }
        Ok(if answer.kept() && whole { Exit::Kept } else { Exit::NotKept })
    }

    /// `dense(k)` binds the rivals too, and no rival meets its targets exactly.
    fn allowed(&self, problem: &Problem) -> Outcome<()> {
        if problem.objective.loss.interpolates() {
            let sentence =
                "training by gradients does not end at an exact fit: write `squared + number * ...` in place of `interpolate` to compare";
            return Err(Trouble::Said(Exit::Wrong, format!("{}: {sentence}, or name a network --with", problem.name)));
        }
        match (self.width, problem.architecture.width) {
            (Some(width), Some(allowed)) if width as usize > allowed => {
                let sentence =
                    format!("{}: `dense({allowed})` allows {allowed} hidden neurons; give a --width up to {allowed}", problem.name);
                Err(Trouble::Said(Exit::Usage, sentence))
            }
            _ => Ok(()),
        }
    }

    fn rules(&self, scene: &Scene, neurons: usize) -> Contest {
        let usual = match &scene.problem.architecture.gates {
            Some(gates) => gates.count(),
            None => (WIDER * neurons).max(NARROWEST),
        };
        let usual = scene.problem.architecture.width.map_or(usual, |allowed| usual.min(allowed));
        let width = self.width.map_or(usual, |width| width as usize);
        Contest { width, steps: self.steps as usize, seeds: self.seeds as usize, threads: scene.threads }
    }
}

impl Scene<'_> {
    /// Solves the model as `cvxc solve` does, from a network if there is one.
    pub fn solve(&self, start: Option<&Network>, progress: &mut Progress) -> Outcome<crate::solve::Outcome> {
        progress.read(&self.problem.name, &self.problem.dataset.source, self.problem.targets().len());
        let outcome = self.controlled(&mut |event| progress.event(event), |control| crate::solve::solve_from(self.problem, start, control));
        outcome.map_err(|failure| {
            progress.finish();
            refusal(failure, self.model)
        })
    }

    /// Runs something of the room `solve` under the threads, the log and the Ctrl-C of this command line.
    pub fn controlled<T>(&self, progress: &mut dyn FnMut(crate::solve::Event), run: impl FnOnce(&mut crate::solve::Control) -> T) -> T {
        let verbose = self.console.verbose > 1;
        run(&mut crate::solve::Control { progress, interrupted: self.interrupted.clone(), threads: self.threads, verbose })
    }

    pub fn answer<'b>(&'b self, outcome: &'b crate::solve::Outcome) -> Answer<'b> {
        solve::answer(self.problem, outcome, self.model, self.changed.clone())
    }
}

/// The runs of one rival, within the model's time.
fn train(rival: &Rival, scene: &Scene, contest: &Contest, progress: &Mutex<Progress>) -> Contestant {
    let stop = Stop::new(scene.problem.plan.time, scene.interrupted.clone());
    let done = AtomicUsize::new(0);
    let tell = || {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Ok(mut progress) = progress.lock() {
            progress.training(rival.name, done, contest.seeds);
        }
    };
    let runs = rival.train(scene.problem, contest, &|| stop.now(), &tell);
    Contestant {
        name: rival.name,
        meaning: rival.meaning,
        objectives: runs.iter().map(|run| run.score.objective).collect(),
        cut_short: runs.iter().filter(|run| !run.whole).count(),
    }
}
