//! One optimum after the other, each search and each proof begun where the one before ended.

use super::super::progress::Progress;
use super::super::refusal::refusal;
use super::super::solve;
use super::super::trouble::{Exit, Trouble};
use super::folds::mean_loss;
use super::route::Stop;
use crate::problem::Network;
use crate::report::{Point, Status};
use crate::solve::{Control, Event, Outcome, solve_after};
use crate::syntax::model::Model;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Who walks, and who is told.
pub struct Walker<'a> {
    pub model: &'a Model,
    pub progress: Progress,
    pub interrupted: Arc<AtomicBool>,
    pub threads: usize,
    pub verbose: bool,
    /// Whether every point is solved from scratch.
    pub cold: bool,
}

/// The solved part of a path.
pub struct Walk {
    pub networks: Vec<Network>,
    pub points: Vec<Point>,
    /// Why it is not the whole path.
    pub ended: Option<Trouble>,
}

impl Walker<'_> {
    pub fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    pub fn control<'c>(&self, progress: &'c mut dyn FnMut(Event)) -> Control<'c> {
        Control { progress, interrupted: self.interrupted.clone(), threads: self.threads, verbose: self.verbose }
    }

    /// Solves one point after the other; one that Ctrl-C cuts short is none.
    pub fn walk(&mut self, stops: &[Stop]) -> Walk {
        let (mut walk, mut before) = (Walk { networks: Vec::new(), points: Vec::new(), ended: None }, None);
        for (at, stop) in stops.iter().enumerate() {
            self.progress.point(at + 1, stops.len(), stop.value);
            let outcome = self.step(stop, before.as_ref().filter(|_| !self.cold));
            walk.ended = match outcome {
                _ if self.interrupted() => Some(interrupted()),
                Err(failure) => Some(refusal(failure, self.model)),
                Ok(outcome) => {
                    walk.points.push(point(stop, &outcome, self.model));
                    walk.networks.push(outcome.network.clone());
                    before = Some(outcome);
                    continue;
                }
            };
            break;
        }
        walk
    }

    fn step(&mut self, stop: &Stop, before: Option<&Outcome>) -> Result<Outcome, crate::solve::Failure> {
        let (interrupted, threads, verbose) = (self.interrupted.clone(), self.threads, self.verbose);
        let mut tell = |event| self.progress.event(event);
        let mut control = Control { progress: &mut tell, interrupted, threads, verbose };
        match before {
            Some(before) => solve_after(&stop.problem, before, &mut control),
            None => crate::solve::solve(&stop.problem, &mut control),
        }
    }
}

pub fn interrupted() -> Trouble {
    Trouble::Said(Exit::NotKept, "interrupted".to_string())
}

/// Why a walk ended, in a few words.
pub fn words(trouble: Trouble) -> String {
    match trouble {
        Trouble::Said(_, why) => why,
        Trouble::Infeasible(found) => found.message,
        Trouble::Diagnosed(found) => found.into_iter().map(|found| found.message).collect::<Vec<_>>().join("; "),
    }
}

fn point(stop: &Stop, outcome: &Outcome, model: &Model) -> Point {
    let (problem, network) = (&stop.problem, &outcome.network);
    let answer = solve::answer(problem, outcome, model, Vec::new());
    Point {
        value: stop.value,
        // There is no file with the certificate: what counts is that the checker has accepted one.
        status: if outcome.certificate.is_some() { answer.status } else { Status::Bounded },
        kept: answer.kept(),
        score: answer.score,
        lower_bound: answer.lower_bound,
        relative_gap: answer.relative_gap(),
        neurons: network.neurons(),
        train: answer.train(),
        test: answer.test(),
        train_loss: mean_loss(problem, network, &problem.dataset.train),
        held_out: None,
    }
}
