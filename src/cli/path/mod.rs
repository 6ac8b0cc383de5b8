//! `cvxc path`: the optimum for one value of a parameter after the other, large to small, each from the one before.

mod folds;
mod route;
mod walk;

use super::console::Console;
use super::limits::Limits;
use super::progress::Progress;
use super::trouble::{Exit, Outcome, Trouble};
use super::{interrupt, journey, units};
use crate::export::{self, Saved};
use crate::report::{self, Path as Walked};
use crate::syntax::Instead;
use crate::syntax::model::Model;
use folds::Judged;
use route::Route;
use std::path::PathBuf;
use walk::{Walk, Walker};

#[derive(Debug, clap::Args)]
pub struct Path {
    /// The model file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Which of the model's `path` statements to walk, where it has several
    #[arg(long, value_name = "NAME")]
    along: Option<String>,
    /// Without a `path` statement: how many values, from the largest useful one down [default: 25]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    points: Option<u32>,
    /// Without a `path` statement: the smallest value over the largest [default: 0.01]
    #[arg(long, value_name = "RATIO", value_parser = units::ratio)]
    ratio: Option<f64>,
    /// Choose by K folds of the training rows in place of the rows kept aside
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(2..=1000))]
    folds: Option<u32>,
    /// The seed that deals rows to folds
    #[arg(long, value_name = "SEED", default_value_t = 1, requires = "folds")]
    seed: u64,
    /// Give a parameter of the model another value; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = units::setting)]
    set: Vec<String>,
    /// The folder to write, replaced whole [default: MODEL.path in the current folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the table as csv
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Solve every point from scratch, to see what the start from the one before saves
    #[arg(long)]
    cold: bool,
    /// The limit on time holds for every point
    #[command(flatten)]
    limits: Limits,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
}

impl Path {
    pub fn run(&self, console: &Console) -> Outcome<Exit> {
        units::once(&self.set)?;
        let model = self.read(&self.set, console)?;
        let mut progress = Progress::new(console.showing(), self.limits.gap.unwrap_or(model.plan.gap));
        let mut problem = journey::bind(&model, &mut |read| progress.reading(read)).map_err(Trouble::Diagnosed)?;
        progress.aside(|| journey::remarks(&model, &problem, self.strict, console))?;
        self.limits.apply(&mut problem)?;
        export::check_path(&self.folder())?;
        let interrupted = interrupt::listen(console.quiet, interrupt::KEPT);
        let (threads, verbose) = (self.limits.threads, console.verbose > 1);
        let mut walker = Walker { model: &model, progress, interrupted, threads, verbose, cold: self.cold };
        let rows = problem.dataset.train.inputs.rows;
        if let Some(folds) = self.folds.filter(|folds| *folds as usize > rows) {
            let sentence = format!("`--folds {folds}`: {rows} training rows make no {folds} folds; at most as many as rows");
            return Err(Trouble::Said(Exit::Usage, sentence));
        }
        let route = self.route(&problem, &mut walker, console)?;
        walker.progress.read(&problem.name, &problem.dataset.source, problem.targets().len());
        let mut walk = walker.walk(&route.stops);
        if walk.points.is_empty() {
            walker.progress.finish();
            return Err(walk.ended.unwrap_or_else(walk::interrupted));
        }
        let reached = &route.stops[..walk.points.len()];
        let judged = match self.folds {
            Some(folds) => folds::by_folds(reached, folds as usize, self.seed, &mut walker),
            None => folds::by_test_rows(reached, &walk.networks),
        };
        walker.progress.finish();
        folds::note(&mut walk.points, &judged);
        self.tell(&model, route, walk, judged, console)
    }

    fn read(&self, set: &[String], console: &Console) -> Outcome<Model> {
        journey::said(&self.model, set, Instead { promise: None, solver: self.limits.solver }, self.strict, console)
    }

    /// The folder to write: by default the model's own name, in the current folder.
    fn folder(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| {
            let mut name = self.model.file_stem().unwrap_or(self.model.as_os_str()).to_os_string();
            name.push(".path");
            PathBuf::from(name)
        })
    }

    /// Writes the folder and prints the answer.
    fn tell(&self, model: &Model, route: Route, walk: Walk, judged: Judged, console: &Console) -> Outcome<Exit> {
        let chosen = judged.by.and_then(|by| Some((Walked::best(&walk.points)?, by)));
        let mut path = Walked {
            model: self.model.display().to_string(),
            parameter: route.parameter.clone(),
            largest: route.largest,
            asked: route.stops.len(),
            gap: route.stops[0].problem.plan.gap,
            points: walk.points,
            chosen,
            ended: judged.ended.or(walk.ended.map(walk::words)),
            folder: self.folder().display().to_string(),
            files: Vec::new(),
        };
        let mut files = vec![(export::PATH[0].1, path.csv().into_bytes()), (export::PATH[1].1, report::picture(&path).into_bytes())];
        if let Some((at, _)) = &path.chosen {
            let stop = &route.stops[*at];
            let set = route.parameter.as_ref().map(|name| self.settings(name, stop.value));
            let model = set.map_or(Ok(model.clone()), |set| self.read(&set, &console.silent()))?;
            let saved = Saved::of(&stop.problem, &walk.networks[*at], &journey::identity(&model));
            files.push((export::WEIGHTS, (export::find("safetensors").expect("the table has safetensors").encode)(&saved)?));
        }
        export::replace(&self.folder(), &files)?;
        path.files = files.iter().map(|(name, _)| *name).collect();
        match (console.json, self.csv) {
            (true, _) => console.answer_json(&path.json())?,
            (false, true) => console.answer(&path.csv())?,
            (false, false) => console.answer(&path.text())?,
        }
        Ok(if path.kept() && path.ended.is_none() { Exit::Kept } else { Exit::NotKept })
    }
}
