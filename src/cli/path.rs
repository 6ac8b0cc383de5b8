//! `cvxc path`: the optimum for one value of a parameter after the other, large to small, each from the one before.

use super::console::Console;
use super::limits::Limits;
use super::progress::Progress;
use super::trouble::{Exit, Outcome, Trouble};
use super::{interrupt, journey, solve, units};
use crate::export::{self, Saved};
use crate::problem::{Matrix, Network, Problem, Random, Rows};
use crate::report::{self, Path as Walked, Point, Status};
use crate::solve::{Control, largest, solve_from};
use crate::syntax::Instead;
use crate::syntax::model::Model;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug, clap::Args)]
pub struct Path {
    /// The model file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Which of the model's `path` statements to walk, where it has several
    #[arg(long, value_name = "NAME")]
    along: Option<String>,
    /// Without a `path` statement: how many values, from the largest useful one down
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    points: u32,
    /// Without a `path` statement: the smallest value over the largest
    #[arg(long, value_name = "RATIO", default_value = "0.01", value_parser = units::gap)]
    ratio: f64,
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

/// The values of a path and the problem at each of them.
struct Route {
    parameter: Option<String>,
    largest: Option<f64>,
    /// Largest first.
    stops: Vec<(f64, Problem)>,
}

/// The solved part of a path.
struct Walk {
    networks: Vec<Network>,
    points: Vec<Point>,
    ended: Option<(Exit, String)>,
}

impl Path {
    pub fn run(&self, console: &Console) -> Outcome<Exit> {
        units::once(&self.set)?;
        let model = self.read(&self.set, console)?;
        let mut progress = Progress::new(console.showing(), self.limits.gap.unwrap_or(model.plan.gap));
        let mut problem = journey::bind(&model, &mut |read| progress.reading(read)).map_err(Trouble::Diagnosed)?;
        progress.aside(|| journey::remarks(&model, &problem, self.strict, console))?;
        self.limits.apply(&mut problem)?;
        let folder = self.folder();
        export::check(&folder)?;
        let interrupted = interrupt::listen(console.quiet);
        let route = self.route(&model, &problem, &interrupted, console)?;
        progress.read(&problem.name, &problem.dataset.source, problem.targets().len());
        let mut walk = self.walk(&route.stops, &model, &mut progress, &interrupted, console);
        if walk.points.is_empty() {
            progress.finish();
            let (exit, why) = walk.ended.unwrap_or((Exit::NotKept, "interrupted".to_string()));
            return Err(Trouble::Said(exit, format!("{why}; no point of the path was reached")));
        }
        let by = self.hold_out(&route, &model, &mut walk, &mut progress, &interrupted, console);
        progress.finish();
        self.tell(&model, route, walk, by, &folder, console)
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

    /// Where the path leads: along the model's own statement, or down from the largest useful strength.
    fn route(&self, model: &Model, problem: &Problem, interrupted: &Arc<AtomicBool>, console: &Console) -> Outcome<Route> {
        if let Some((name, values)) = self.statement(model)? {
            let mut values = values.clone();
            values.sort_by(|a, b| b.total_cmp(a));
            values.dedup();
            let stops = values.into_iter().map(|value| Ok((value, self.at(name, value, console)?))).collect::<Outcome<_>>()?;
            return Ok(Route { parameter: Some(name.clone()), largest: None, stops });
        }
        if problem.objective.regularizer.budget.is_some() {
            let sentence = "its penalty is bounded, so there is no strength to walk: write `path NAME = ...` for a parameter in the bound";
            return Err(Trouble::Said(Exit::Wrong, format!("{}: {sentence}", model.name)));
        }
        // Rounded upwards: at the first point the network without neurons should be optimal.
        let largest = largest(problem, &mut self.control(&mut |_| {}, interrupted, console)).map(|value| digits(value * (1.0 + 5e-6)));
        let Some(first) = largest else {
            return Err(Trouble::Said(Exit::Failed, format!("{}: no neuron is of any use at any strength", model.name)));
        };
        let (count, strength) = (self.points as usize, |value: f64| {
            let mut problem = problem.clone();
            problem.objective.strength = value;
            (value, problem)
        });
        let at = |step: usize| digits(first * libm::pow(self.ratio, step as f64 / (count - 1).max(1) as f64));
        Ok(Route { parameter: self.strength(model, console), largest, stops: (0..count).map(at).map(strength).collect() })
    }

    /// The `path` statement to walk, if there is one.
    fn statement<'m>(&self, model: &'m Model) -> Outcome<Option<&'m (String, Vec<f64>)>> {
        let names = || model.paths.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match (&self.along, model.paths.as_slice()) {
            (None, []) => Ok(None),
            (None, [one]) => Ok(Some(one)),
            (None, _) => Err(Trouble::Said(Exit::Usage, format!("{} has several paths, {}; choose one with --along", model.name, names()))),
            (Some(along), all) => match all.iter().find(|(name, _)| name == along) {
                Some(path) => Ok(Some(path)),
                None if all.is_empty() => Err(Trouble::Said(Exit::Usage, format!("{} has no `path` statement", model.name))),
                None => Err(Trouble::Said(Exit::Usage, format!("{} has no path of `{along}`, but of {}", model.name, names()))),
            },
        }
    }

    /// The problem with another value of a parameter.
    fn at(&self, name: &str, value: f64, console: &Console) -> Outcome<Problem> {
        let model = self.read(&self.settings(name, value), &console.silent())?;
        let mut problem = journey::bind(&model, &mut |_| {}).map_err(Trouble::Diagnosed)?;
        self.limits.apply(&mut problem)?;
        Ok(problem)
    }

    /// The command line's parameters with this one in the place of its own.
    fn settings(&self, name: &str, value: f64) -> Vec<String> {
        let others = self.set.iter().filter(|set| set.split('=').next().map(str::trim) != Some(name));
        others.cloned().chain([format!("{name}={}", report::shortest(value))]).collect()
    }

    /// The parameter that is the objective's strength and nothing else, if there is one.
    fn strength(&self, model: &Model, console: &Console) -> Option<String> {
        const PROBE: f64 = 0.123456789;
        let silent = console.silent();
        let is = |name: &&String| self.read(&self.settings(name, PROBE), &silent).is_ok_and(|other| other.strength.value == PROBE);
        model.parameters.iter().map(|(name, _)| name).find(is).cloned()
    }

    fn control<'c>(
        &self,
        progress: &'c mut dyn FnMut(crate::solve::Event),
        interrupted: &Arc<AtomicBool>,
        console: &Console,
    ) -> Control<'c> {
        Control { progress, interrupted: interrupted.clone(), threads: self.limits.threads, verbose: console.verbose > 1 }
    }

    /// Solves one point after the other; one that Ctrl-C cuts short is none.
    fn walk(
        &self,
        stops: &[(f64, Problem)],
        model: &Model,
        progress: &mut Progress,
        interrupted: &Arc<AtomicBool>,
        console: &Console,
    ) -> Walk {
        let mut walk = Walk { networks: Vec::new(), points: Vec::new(), ended: None };
        for (at, (value, problem)) in stops.iter().enumerate() {
            progress.point(at + 1, stops.len(), *value);
            let start = walk.networks.last().filter(|_| !self.cold);
            let outcome = solve_from(problem, start, &mut self.control(&mut |event| progress.event(event), interrupted, console));
            if interrupted.load(Ordering::Relaxed) {
                walk.ended = Some((Exit::NotKept, "interrupted".to_string()));
                return walk;
            }
            match outcome {
                Ok(outcome) => {
                    walk.points.push(point(*value, problem, &outcome, model));
                    walk.networks.push(outcome.network);
                }
                Err(failure) => {
                    if let Trouble::Said(exit, why) = solve::refusal(failure, model) {
                        walk.ended = Some((exit, why));
                    }
                    return walk;
                }
            }
        }
        walk
    }

    /// Judges every point by rows that were not trained on, and says which those are; `None` where there are none.
    fn hold_out(
        &self,
        route: &Route,
        model: &Model,
        walk: &mut Walk,
        progress: &mut Progress,
        interrupted: &Arc<AtomicBool>,
        console: &Console,
    ) -> Option<String> {
        let Some(folds) = self.folds.map(|folds| folds as usize) else {
            let test = |problem: &Problem| problem.dataset.test.clone();
            for ((point, network), (_, problem)) in walk.points.iter_mut().zip(&walk.networks).zip(&route.stops) {
                point.held_out = test(problem).map(|rows| mean_loss(problem, network, &rows));
            }
            return route.stops.first().and_then(|(_, problem)| test(problem)).map(|rows| format!("the {} test rows", rows.inputs.rows));
        };
        let rows = route.stops[0].1.dataset.train.inputs.rows;
        let order = Random::new(self.seed).permutation(rows);
        let (mut sums, mut reached) = (vec![0.0; walk.points.len()], walk.points.len());
        for fold in 0..folds {
            let aside: Vec<usize> = order.iter().copied().skip(fold).step_by(folds).collect();
            if aside.is_empty() || aside.len() == rows {
                return None;
            }
            let stops: Vec<(f64, Problem)> =
                route.stops[..reached].iter().map(|(value, problem)| (*value, without(problem, &aside))).collect();
            let part = self.walk(&stops, model, progress, interrupted, console);
            reached = part.points.len().min(reached);
            for ((sum, network), (_, problem)) in sums.iter_mut().zip(&part.networks).zip(&stops) {
                let rows = problem.dataset.test.as_ref()?;
                *sum += mean_loss(problem, network, rows) * rows.inputs.rows as f64;
            }
            if interrupted.load(Ordering::Relaxed) {
                walk.ended = Some((Exit::NotKept, format!("interrupted in fold {} of {folds}", fold + 1)));
                return None;
            }
        }
        walk.points.iter_mut().zip(&sums).take(reached).for_each(|(point, sum)| point.held_out = Some(sum / rows as f64));
        Some(format!("{folds} folds of the {rows} training rows, seed {}", self.seed))
    }

    /// Writes the folder and prints the answer.
    fn tell(&self, model: &Model, route: Route, walk: Walk, by: Option<String>, folder: &FilePath, console: &Console) -> Outcome<Exit> {
        let chosen = by.and_then(|by| Some((Walked::best(&walk.points)?, by)));
        let mut path = Walked {
            model: self.model.display().to_string(),
            parameter: route.parameter.clone(),
            largest: route.largest,
            asked: route.stops.len(),
            gap: route.stops[0].1.plan.gap,
            points: walk.points,
            chosen,
            ended: walk.ended.as_ref().map(|(_, why)| why.clone()),
            folder: folder.display().to_string(),
            files: Vec::new(),
        };
        let mut files = vec![(export::PATH[0].1, path.csv().into_bytes()), (export::PATH[1].1, report::picture(&path).into_bytes())];
        if let Some((at, _)) = &path.chosen {
            let (value, problem) = &route.stops[*at];
            let set = route.parameter.as_ref().map(|name| self.settings(name, *value));
            let model = set.map_or(Ok(model.clone()), |set| self.read(&set, &console.silent()))?;
            let saved = Saved::of(problem, &walk.networks[*at], &journey::identity(&model));
            files.push((export::WEIGHTS, (export::find("safetensors").expect("the table has safetensors").encode)(&saved)?));
        }
        export::replace(folder, &files)?;
        path.files = files.iter().map(|(name, _)| *name).collect();
        if console.json {
            console.answer_json(&path.json())?;
        } else if self.csv {
            console.answer(&path.csv())?;
        } else {
            console.answer(&path.text())?;
        }
        Ok(if path.kept() && path.ended.is_none() { Exit::Kept } else { Exit::NotKept })
    }
}

/// Six digits: a value that a person can write, and that reads back as the very number.
fn digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

fn point(value: f64, problem: &Problem, outcome: &crate::solve::Outcome, model: &Model) -> Point {
    let answer = solve::answer(problem, outcome, model, Vec::new());
    Point {
        value,
        // There is no folder with a certificate: what counts is that the checker has accepted one.
        status: if outcome.certificate.is_some() { answer.status } else { Status::Bounded },
        kept: answer.kept(),
        score: answer.score,
        lower_bound: answer.lower_bound,
        relative_gap: answer.relative_gap(),
        neurons: answer.network.neurons(),
        train: answer.train(),
        test: answer.test(),
        train_loss: mean_loss(problem, &outcome.network, &problem.dataset.train),
        held_out: None,
    }
}

/// The loss of a row, on average.
fn mean_loss(problem: &Problem, network: &Network, rows: &Rows) -> f64 {
    let outputs = network.forward(&problem.architecture, &rows.inputs);
    let loss = problem.objective.loss.value(&outputs, &rows.targets);
    if problem.objective.loss.mean { loss } else { loss / rows.inputs.rows.max(1) as f64 }
}

/// The problem without some of its training rows, which it is tested on.
///
/// Columns stay as all training rows have prepared them.  A sum over fewer rows is set against a strength smaller by as much.
fn without(problem: &Problem, aside: &[usize]) -> Problem {
    let train = &problem.dataset.train;
    let mut left = vec![false; train.inputs.rows];
    aside.iter().for_each(|row| left[*row] = true);
    let outputs = problem.outputs();
    let part = |held: bool| {
        let rows: Vec<usize> = (0..train.inputs.rows).filter(|row| left[*row] == held).collect();
        let inputs = rows.iter().flat_map(|row| train.inputs.row(*row).iter().copied()).collect();
        let targets = rows.iter().flat_map(|row| train.targets[row * outputs..(row + 1) * outputs].iter().copied()).collect();
        Rows { inputs: Matrix::new(rows.len(), train.inputs.columns, inputs), targets }
    };
    let mut less = problem.clone();
    less.dataset.train = part(false);
    less.dataset.test = Some(part(true));
    if !problem.objective.loss.mean {
        less.objective.strength *= less.dataset.train.inputs.rows as f64 / train.inputs.rows as f64;
    }
    less
}
