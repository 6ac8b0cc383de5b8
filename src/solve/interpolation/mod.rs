//! Interpolation: the smallest penalty of all networks that meet every target (THEORY 7).
//!
//! p Σ |f_i - y_i| in place of f = y has the same optimum once p is above every entry of the best dual vector of interpolation: the
//! problem with that loss is solved for growing p until its networks interpolate up to rounding.  Its dual vectors and proofs are those of
//! interpolation, which does not bound |v|.  What rounding leaves is made up for by completing neurons (see the checker's `fit`).

mod completion;
mod least_squares;
mod polish;
mod sharpen;

use super::outcome::{Bound, Control, Failure, Outcome, Standing, Stopped};
use super::search::Search;
use super::solve_from;
use crate::certificate::{Certificate, Span, Statement, Unmet, Weights};
use crate::checker::{Verdict, check};
use crate::problem::{Features, Network, Problem};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The gap up to which a p is tried out, and the most p that are.
const ROUGH: f64 = 1e-2;
const TRIES: usize = 14;
/// Each p is so many times the one before; the first one so many times what a single row needs at least.
const STEP: f64 = 5.0;
const FIRST: f64 = 10.0;
/// Entries of the dual vector up to this part of p leave it room.
const SHORT: f64 = 0.9;
/// The p in the end, as multiples of the largest entry of the dual vector: solvers are as exact as p is small.  The second one is for when
/// the proof of the first did not end.
const TIGHT: [f64; 2] = [3.0, 1.5];
/// The part of the gap that the completion may cost, and that what is left of the loss may be.
const ROOM: f64 = 0.25;

/// The network of smallest penalty among those that interpolate, and an interval that holds the optimum.
pub fn solve(problem: &Problem, start: Option<&Network>, control: &mut Control) -> Result<Outcome, Failure> {
    let span = Span::of(problem).map_err(|why| unmet(problem, why))?;
    let mut soft = Soft { problem, features: problem.features(), began: Instant::now(), from: start.cloned(), rounds: 0 };
    let mut best = soft.reach(first(problem, &soft.features), control)?;
    let longest = longest(&best.outcome);
    for times in TIGHT.iter().filter(|_| longest > 0.0) {
        if best.cut() || (best.closed() && best.gap <= problem.plan.gap) {
            break;
        }
        let tried = soft.at(times * longest, problem.plan.gap, control)?;
        if tried.meets && (tried.outcome.lower_bound >= best.outcome.lower_bound || tried.closed()) {
            best = tried;
        }
    }
    let seconds = soft.began.elapsed().as_secs_f64();
    let outcome = Outcome { rounds: soft.rounds, seconds, ..best.outcome };
    finish(problem, &soft, &span, outcome, control)
}

/// The problem with p Σ |f_i - y_i| in place of f = y, for one p after the other.
struct Soft<'a> {
    problem: &'a Problem,
    features: Features,
    began: Instant,
    /// The last network.
    from: Option<Network>,
    rounds: usize,
}

/// What came of a p.
struct Tried {
    gap: f64,
    /// Whether its network, polished, meets the targets but for rounding at no higher cost, and p left the dual vector room.
    meets: bool,
    /// With the polished network, if that is so.
    outcome: Outcome,
}

impl Tried {
    /// Whether the interval is as narrow as this was asked for.
    fn closed(&self) -> bool {
        self.outcome.standing == Standing::GlobalOptimum
    }

    fn cut(&self) -> bool {
        matches!(self.outcome.stopped, Stopped::Interrupt | Stopped::Memory)
    }
}

impl Soft<'_> {
    /// Larger and larger p, from `p` on, until one is large enough.
    fn reach(&mut self, mut p: f64, control: &mut Control) -> Result<Tried, Failure> {
        for _ in 0..TRIES {
            let tried = self.at(p, self.problem.plan.gap.max(ROUGH), control)?;
            if tried.meets || tried.cut() || self.left() == Duration::ZERO {
                return Ok(tried);
            }
            p *= STEP;
        }
        let why = "the targets can be met, but only by weights beyond floating point; `standardize = all` often helps";
        Err(Failure::Numerical(why.into()))
    }

    fn left(&self) -> Duration {
        self.problem.plan.time.saturating_sub(self.began.elapsed())
    }

    /// What comes of one p, in half of the time that is left.
    fn at(&mut self, p: f64, gap: f64, control: &mut Control) -> Result<Tried, Failure> {
        let mut soft = self.problem.clone();
        soft.objective.loss.parameter = p;
        soft.plan.gap = (1.0 - ROOM) * gap;
        soft.plan.time = self.left() / 2;
        let mut outcome = solve_from(&soft, self.from.as_ref(), control)?;
        self.from = Some(outcome.network.clone());
        self.rounds += outcome.rounds;
        let polished = polish::polished(self.problem, &self.features, &outcome.network);
        let cost = self.problem.score(&polished).objective;
        let meets = cost <= outcome.objective * (1.0 + ROOM * gap) && longest(&outcome) <= SHORT * p;
        if std::env::var("DBG").is_ok() { eprintln!("{:?} p {p:e} gap {gap:e} loss {:e} obj {} cost {cost} lb {} longest {:e} {:?} {:?} n {} {meets}", self.began.elapsed(), outcome.loss, outcome.objective, outcome.lower_bound, longest(&outcome), outcome.stopped, outcome.bound, outcome.network.neurons()); }
        if meets {
            outcome.network = polished;
        }
        Ok(Tried { gap, meets, outcome })
    }
}

fn longest(outcome: &Outcome) -> f64 {
    outcome.dual.iter().fold(0.0_f64, |longest, v| longest.max(v.abs()))
}

/// A p that a few rows need: every price is at most p Σ Lip h°(x_i), and β for the best neuron.
fn first(problem: &Problem, features: &Features) -> f64 {
    let length = |row: &[f64]| features.polar(row);
    let sum: f64 = features.lines.each_row().map(length).sum::<f64>() * problem.architecture.activation.steepest();
    let p = FIRST * features.price * problem.targets().len() as f64 / sum;
    if p > 0.0 && p.is_finite() { p } else { 1.0 }
}

fn unmet(problem: &Problem, why: Unmet) -> Failure {
    match why {
        Unmet::Kind => Failure::Numerical("the data are not finite".into()),
        Unmet::Witness { output, rows } => Failure::Infeasible {
            output: (problem.outputs() > 1).then_some(output),
            rows: rows.iter().map(|(row, c)| (*row, crate::exact::double(c))).collect(),
        },
    }
}

/// The answer for interpolation itself, certified if it can be.
fn finish(problem: &Problem, soft: &Soft, span: &Span, outcome: Outcome, control: &mut Control) -> Result<Outcome, Failure> {
    let features = &soft.features;
    let network = meeting(problem, features, span, &outcome.network);
    let score = problem.score(&network);
    if !score.objective.is_finite() {
        return Err(Failure::Numerical("no network that meets the targets was found; `standardize = all` often helps".into()));
    }
    let mut certified = certified(problem, features, span, &network, outcome.certificate.clone());
    if !certified.as_ref().is_some_and(|(_, verdict)| closed(problem, verdict)) {
        let sharper = sharper(problem, soft, &network, &outcome.dual, control)?;
        let other = self::certified(problem, features, span, &network, sharper);
        let bound = |held: &Option<(Certificate, Verdict)>| held.as_ref().map_or(f64::NEG_INFINITY, |(_, verdict)| verdict.lower_bound());
        certified = if bound(&other) > bound(&certified) { other } else { certified };
    }
    let closed = certified.as_ref().is_some_and(|(_, verdict)| closed(problem, verdict));
    let (lower_bound, bound) = certified.as_ref().map_or((0.0, Bound::Trivial), |(_, verdict)| (verdict.lower_bound(), Bound::Proved));
    Ok(Outcome {
        standing: if closed { Standing::GlobalOptimum } else { Standing::Bounded },
        stopped: match outcome.stopped {
            _ if closed => Stopped::Gap,
            Stopped::Gap => Stopped::Converged,
            _ if soft.left() == Duration::ZERO => Stopped::Time,
            other => other,
        },
        unproved: outcome.unproved.filter(|_| !closed),
        dual: certified.as_ref().map_or(outcome.dual, |(certificate, _)| dual(certificate)),
        network,
        objective: score.objective,
        loss: score.loss,
        penalty: score.penalty,
        lower_bound,
        bound,
        leaves: certified.as_ref().map_or(0, |(_, verdict)| verdict.leaves),
        certificate: certified.map(|(certificate, _)| certificate),
        ..outcome
    })
}

/// t v.
fn dual(certificate: &Certificate) -> Vec<f64> {
    certificate.dual.doubles().iter().map(|u| certificate.scale * u).collect()
}

fn closed(problem: &Problem, verdict: &Verdict) -> bool {
    problem.relative_gap(verdict.objective(), verdict.lower_bound()) <= problem.plan.gap
}

/// The network itself if it meets its targets up to rounding, and with completing neurons otherwise.
fn meeting(problem: &Problem, features: &Features, span: &Span, network: &Network) -> Network {
    if problem.score(network).objective.is_finite() {
        return network.clone();
    }
    let completed = completion::completed(problem, features, span, network);
    completed.map_or_else(|| network.clone(), |completed| polish::polished(problem, features, &completed))
}

/// A proof by a sharper dual vector, as a certificate.
fn sharper(problem: &Problem, soft: &Soft, network: &Network, dual: &[f64], control: &mut Control) -> Result<Option<Certificate>, Failure> {
    let workers = rayon::ThreadPoolBuilder::new().num_threads(control.threads).build();
    let workers = workers.map_err(|error| Failure::Numerical(error.to_string()))?;
    let mut problem = problem.clone();
    problem.plan.time = soft.left();
    let mut search = Search::new(&problem, control, Arc::new(workers));
    let draft = sharpen::proof(&mut search, network, dual);
    Ok(draft.map(|draft| draft.certificate(&search, network)))
}

/// A proof at some p, or none, as one for interpolation, if the checker takes it.
fn certified(
    problem: &Problem,
    features: &Features,
    span: &Span,
    network: &Network,
    proof: Option<Certificate>,
) -> Option<(Certificate, Verdict)> {
    let certificate = Certificate {
        statement: Statement::of(problem, problem.name.clone(), Vec::new()),
        network: Weights::of(network),
        completion: completion::completion(problem, features, span)?,
        ..proof?
    };
    let verdict = check(problem, &certificate).ok()?;
    Some((certificate, verdict))
}
