//! Interpolation: the smallest penalty of all networks that meet every target (THEORY 7).
//!
//! p Σ |f_i - y_i| in place of f = y has the same optimum once p is above every entry of the best dual vector of interpolation: the
//! problem with that loss is solved for growing p until its networks interpolate up to rounding.  Its dual vectors and proofs are those of
//! interpolation, which does not bound |v|.  What rounding leaves is made up for by completing neurons (see the checker's `fit`).

mod completion;
mod least_squares;
mod polish;

use super::outcome::{Bound, Control, Failure, Outcome, Standing, Stopped};
use super::solve_from;
use crate::certificate::{Certificate, Span, Statement, Unmet, Weights};
use crate::checker::{Verdict, check};
use crate::exact::{Rational, double, rational};
use crate::problem::{Features, Network, Problem, Solver};
use std::time::{Duration, Instant};

/// The gap up to which a p is tried out, and the most p that are.
const ROUGH: f64 = 1e-2;
const TRIES: usize = 14;
/// Each p is so many times the one before; the first one so many times what a single row needs at least.
const STEP: f64 = 5.0;
const FIRST: f64 = 10.0;
/// Entries of the dual vector up to this part of p leave it room.
const SHORT: f64 = 0.9;
/// The p in the end, as multiples of the largest entry of the dual vector: solvers are as exact as p is small.  The next is for when the
/// proof of the one before did not end; its solver is used where the choice is left to cvxc.
const TIGHT: [(f64, Solver); 3] = [(3.0, Solver::Auto), (1.5, Solver::Auto), (3.0, Solver::Clarabel)];
/// What sums of decimals may lose as doubles, relative to their terms.
const DECIMALS: f64 = 1e-12;
/// The part of the gap that polishing may cost.
const ROOM: f64 = 0.25;

/// The network of smallest penalty among those that interpolate, and an interval that holds the optimum.
pub fn solve(problem: &Problem, start: Option<&Network>, control: &mut Control) -> Result<Outcome, Failure> {
    let span = Span::of(problem).map_err(|why| unmet(problem, why))?;
    let (features, began) = (problem.features(), Instant::now());
    let mut soft = Soft { problem, features, began, from: start.cloned(), rounds: 0, met: None, proof: None };
    let (mut last, p) = soft.reach(control)?;
    let longest = if last.standing == Standing::GlobalOptimum { longest(&last) } else { p / TIGHT[0].0 };
    let rough = problem.plan.gap < ROUGH;
    for (times, solver) in TIGHT.iter().filter(|_| rough && longest > 0.0) {
        if ended(&last) || soft.met.is_none() || soft.left() == Duration::ZERO {
            break;
        }
        last = soft.at(times * longest, problem.plan.gap, *solver, control)?;
        if last.standing == Standing::GlobalOptimum && soft.meets(&last) {
            break;
        }
    }
    soft.finish(&span, last)
}

/// The problem with p Σ |f_i - y_i| in place of f = y, for one p after the other.
struct Soft<'a> {
    problem: &'a Problem,
    features: Features,
    began: Instant,
    /// The last network.
    from: Option<Network>,
    rounds: usize,
    /// The network of least penalty among those that meet the targets up to rounding.
    met: Option<Network>,
    /// The best bound so far with its proof, whatever its p.
    proof: Option<Outcome>,
}

impl Soft<'_> {
    /// Larger and larger p until one is large enough, or nothing is left to try; the last outcome, and its p.
    fn reach(&mut self, control: &mut Control) -> Result<(Outcome, f64), Failure> {
        let gap = self.problem.plan.gap.max(ROUGH);
        let mut p = first(self.problem, &self.features);
        for _ in 1..TRIES {
            let outcome = self.at(p, gap, Solver::Auto, control)?;
            let large = longest(&outcome) <= SHORT * p;
            if (self.met.is_some() && large) || ended(&outcome) || self.left() == Duration::ZERO {
                return Ok((outcome, p));
            }
            p *= STEP;
        }
        Ok((self.at(p, gap, Solver::Auto, control)?, p))
    }

    fn left(&self) -> Duration {
        self.problem.plan.time.saturating_sub(self.began.elapsed())
    }

    /// What comes of one p, in half of the time that is left.
    fn at(&mut self, p: f64, gap: f64, solver: Solver, control: &mut Control) -> Result<Outcome, Failure> {
        let mut soft = self.problem.clone();
        soft.objective.loss.parameter = p;
        soft.plan.gap = (1.0 - ROOM) * gap;
        soft.plan.time = self.left() / 2;
        // What would be said is of the problem at p.
        soft.plan.fewest = false;
        soft.plan.solver = if soft.plan.solver == Solver::Auto { solver } else { soft.plan.solver };
        let outcome = solve_from(&soft, self.from.as_ref(), control)?;
        self.from = Some(outcome.network.clone());
        self.rounds += outcome.rounds;
        let polished = polish::polished(self.problem, &self.features, &outcome.network);
        let cost = self.problem.score(&polished).objective;
        let before = self.met.as_ref().map_or(f64::INFINITY, |met| self.problem.score(met).objective);
        if cost < before && cost <= outcome.objective * (1.0 + ROOM * gap) {
            self.met = Some(polished);
        }
        let best = self.proof.as_ref().map_or(f64::NEG_INFINITY, |proof| proof.lower_bound);
        if outcome.certificate.is_some() && outcome.lower_bound > best {
            self.proof = Some(outcome.clone());
        }
        Ok(outcome)
    }

    /// Whether the network that meets the targets costs no more than an outcome's own objective, up to the gap.
    fn meets(&self, outcome: &Outcome) -> bool {
        let cost = self.met.as_ref().map(|met| self.problem.score(met).objective);
        cost.is_some_and(|cost| cost <= outcome.objective * (1.0 + ROOM * self.problem.plan.gap))
    }

    /// The answer for interpolation itself, with the best network and the best bound.
    fn finish(self, span: &Span, last: Outcome) -> Result<Outcome, Failure> {
        let (problem, features) = (self.problem, &self.features);
        let network = self.met.clone().unwrap_or_else(|| meeting(problem, features, span, &last.network));
        let (score, late) = (problem.score(&network), self.left() == Duration::ZERO);
        if !score.objective.is_finite() {
            return Err(Failure::Numerical("no network that meets the targets was found; `standardize = all` often helps".into()));
        }
        let certified = self.proof.as_ref().and_then(|proof| certified(problem, features, span, &network, proof));
        let gap = certified.as_ref().map(|(_, verdict)| problem.relative_gap(verdict.objective(), verdict.lower_bound()));
        let closed = gap.is_some_and(|gap| gap <= problem.plan.gap);
        let dual = self.proof.filter(|_| certified.is_some()).map_or_else(|| vec![0.0; problem.targets().len()], |proof| proof.dual);
        let (lower_bound, bound) = certified.as_ref().map_or((0.0, Bound::Trivial), |(_, verdict)| (verdict.lower_bound(), Bound::Proved));
        Ok(Outcome {
            standing: if closed { Standing::GlobalOptimum } else { Standing::Bounded },
            stopped: match last.stopped {
                _ if closed => Stopped::Gap,
                _ if late => Stopped::Time,
                Stopped::Gap => Stopped::Converged,
                other => other,
            },
            unproved: last.unproved.filter(|_| !closed),
            neurons_before_pruning: last.neurons_before_pruning.max(network.neurons()),
            network,
            objective: score.objective,
            loss: score.loss,
            penalty: score.penalty,
            lower_bound,
            bound,
            dual,
            leaves: certified.as_ref().map_or(0, |(_, verdict)| verdict.leaves),
            certificate: certified.map(|(certificate, _)| certificate),
            rounds: self.rounds,
            seconds: self.began.elapsed().as_secs_f64(),
            ..last
        })
    }
}

/// Whether nothing more may be tried.
fn ended(outcome: &Outcome) -> bool {
    matches!(outcome.stopped, Stopped::Interrupt | Stopped::Memory)
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
        Unmet::Kind => Failure::Numerical("nothing is known about interpolation by networks of this kind".into()),
        Unmet::Witness { output, rows } => Failure::Infeasible {
            output: (problem.outputs() > 1).then_some(output),
            rounding: rounding(problem, output, &rows),
            rows: rows.iter().map(|(row, c)| (*row, double(c))).collect(),
        },
    }
}

/// Whether Σ c_i y_i is no more than what decimals lose as doubles.
fn rounding(problem: &Problem, output: usize, rows: &[(usize, Rational)]) -> bool {
    let term = |(row, c): &(usize, Rational)| Some(c * rational(problem.targets()[row * problem.outputs() + output])?);
    let terms: Vec<Rational> = rows.iter().filter_map(term).collect();
    let size: f64 = terms.iter().map(|term| double(term).abs()).sum();
    double(&terms.into_iter().fold(Rational::ZERO, |sum, term| sum + term)).abs() <= DECIMALS * size
}

/// A network with completing neurons, polished.
fn meeting(problem: &Problem, features: &Features, span: &Span, network: &Network) -> Network {
    let completed = completion::completed(problem, features, span, network);
    completed.map_or_else(|| network.clone(), |completed| polish::polished(problem, features, &completed))
}

/// A proof at some p as one for interpolation, if the checker takes it.
fn certified(problem: &Problem, features: &Features, span: &Span, network: &Network, proof: &Outcome) -> Option<(Certificate, Verdict)> {
    let certificate = Certificate {
        statement: Statement::of(problem, problem.name.clone(), Vec::new()),
        network: Weights::of(network),
        completion: completion::completion(problem, features, span)?,
        ..proof.certificate.clone()?
    };
    let verdict = check(problem, &certificate).ok()?;
    Some((certificate, verdict))
}
