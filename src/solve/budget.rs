//! Weight decay within a budget τ: the price β at which the penalty comes to τ is looked for (THEORY 6).
//!
//! At a price β the optimum V(β) of loss + β · penalty is concave in β, its slope being the penalty, and V(β) - β τ is a lower bound for
//! every β.  A network with more than τ and one with less hold the optimum between them: neurons of both, shortened, have exactly τ and a
//! loss no higher than the chord between theirs.  Bounds and network meet where the two prices do.

use super::outcome::{Bound, Control, Failure, Outcome, Standing, Stopped};
use super::solve_from;
use crate::certificate::{Certificate, Statement, Weights};
use crate::checker::{Verdict, check};
use crate::lowering::prune;
use crate::problem::{Features, Matrix, Network, Plan, Problem, Score, Skip};
use std::time::{Duration, Instant};

/// The most prices that are tried.
const PRICES: usize = 40;
/// Each price of the first ones is this part of the one before.
const STEP: f64 = 0.1;
/// A price of this part of the one that leaves no neuron is nothing.
const NOTHING: f64 = 1e-12;
/// How much shorter networks are made so that rounding does not carry them over the budget.
const WITHIN: f64 = 1.0 - 1e-13;
/// What merging the neurons of two networks may cost, relative to the loss.
const SLACK: f64 = 1e-9;

/// What a price leads to.
struct Side {
    price: f64,
    network: Network,
    loss: f64,
    penalty: f64,
}

/// The best that is held: a network within the budget, and a proved bound with its price.
struct Held {
    network: Network,
    score: Score,
    bound: f64,
    proof: Option<(f64, Outcome)>,
}

/// The best network within the budget, and an interval that holds the optimum.
pub fn solve(problem: &Problem, budget: f64, start: Option<&Network>, control: &mut Control) -> Result<Outcome, Failure> {
    let (began, features) = (Instant::now(), problem.features());
    let zero = zero(problem, &features);
    let score = problem.score(&zero);
    let mut held = Held { network: zero.clone(), score, bound: problem.objective.loss.least(problem.targets()), proof: None };
    if let Some(start) = start {
        held.offer(problem, start);
    }
    let (mut poor, mut rich) = (Side { price: dearest(problem), network: zero, loss: score.loss, penalty: 0.0 }, None::<Side>);
    let (mut last, mut tried, mut spent) = (None, 0, Duration::ZERO);
    // One price at least: a bound that is not proved is none.
    while tried < PRICES && (held.proof.is_none() || held.gap(problem) > problem.plan.gap) {
        let left = problem.plan.time.saturating_sub(began.elapsed());
        let price = next(&poor, rich.as_ref(), budget, tried);
        if left <= spent || price < NOTHING * dearest(problem) || control.interrupted.load(std::sync::atomic::Ordering::Relaxed) {
            break;
        }
        let at = Instant::now();
        let from = rich.as_ref().map(|rich| rich.network.clone()).unwrap_or_else(|| poor.network.clone());
        let outcome = match solve_from(&at_price(problem, price, &held, left), Some(&from), control) {
            Ok(outcome) => outcome,
            Err(_) if held.proof.is_some() => break,
            Err(failure) => return Err(failure),
        };
        (spent, tried, last) = (at.elapsed(), tried + 1, Some(outcome.stopped));
        let side = Side { price, network: outcome.network.clone(), loss: outcome.loss, penalty: outcome.penalty };
        held.learn(problem, budget, price, outcome);
        if side.penalty > budget {
            rich = Some(side)
        } else {
            poor = side
        }
        held.join(problem, &features, budget, &poor, rich.as_ref());
    }
    held.outcome(problem, began.elapsed(), tried, last)
}

/// The network without neurons.
fn zero(problem: &Problem, features: &Features) -> Network {
    let none = || Matrix::new(0, features.inputs().columns, Vec::new());
    Network { hidden: none(), output: Matrix::new(0, problem.outputs(), Vec::new()), skip: None, gates: features.gated.then(none) }
}

/// A price at which no neuron is worth having without a skip: more than |v'F(θ)| for the gradient v at 0 and all |θ| = 1.
fn dearest(problem: &Problem) -> f64 {
    let y = problem.targets();
    let slope = problem.objective.loss.slope(&vec![0.0; y.len()], y);
    let length = |row: &[f64]| problem.objective.regularizer.hidden.polar(row);
    let (places, share) = (problem.architecture.places(), problem.architecture.share());
    let sum: f64 = problem.inputs().each_row().enumerate().map(|(at, row)| share * slope[at / places].abs() * length(row)).sum();
    let price = sum * problem.architecture.activation.steepest();
    if price > 0.0 { price } else { 1.0 }
}

/// The next price: lower until the budget is passed, then where a straight line between both penalties meets it, or where both lines of
/// slope -β through (penalty, loss) are equally good.
fn next(poor: &Side, rich: Option<&Side>, budget: f64, tried: usize) -> f64 {
    let Some(rich) = rich else { return STEP * poor.price };
    let part = (rich.penalty - budget) / (rich.penalty - poor.penalty);
    let straight = rich.price + part * (poor.price - rich.price);
    let chord = (poor.loss - rich.loss) / (rich.penalty - poor.penalty);
    let price = if tried.is_multiple_of(2) { straight } else { chord };
    if price > rich.price && price < poor.price { price } else { (rich.price * poor.price).sqrt() }
}

/// The problem at a price: in the end as exact as the loss, which may be a small part of loss and penalty together, asks for.
fn at_price(problem: &Problem, price: f64, held: &Held, left: Duration) -> Problem {
    let mut priced = problem.priced(price);
    let budget = problem.objective.regularizer.budget.unwrap_or_default();
    let above = held.score.loss - problem.objective.loss.least(problem.targets());
    let part = above / (above + price * budget);
    let gap = (0.2 * problem.plan.gap * part).clamp(1e-11, problem.plan.gap);
    priced.plan = Plan { gap, time: left, ..problem.plan.clone() };
    priced
}

impl Held {
    fn gap(&self, problem: &Problem) -> f64 {
        problem.relative_gap(self.score.objective, self.bound)
    }

    /// Keeps a network if it is within the budget and better.
    fn offer(&mut self, problem: &Problem, network: &Network) {
        let score = problem.score(network);
        if score.objective < self.score.objective {
            (self.network, self.score) = (network.clone(), score);
        }
    }

    /// Keeps a proved bound if it is the best so far, at this price or at the one that the dual vector has when it is not shortened.
    fn learn(&mut self, problem: &Problem, budget: f64, price: f64, outcome: Outcome) {
        for (price, outcome) in whole(problem, price, &outcome).into_iter().chain([(price, outcome)]) {
            let bound = outcome.lower_bound - price * budget;
            if outcome.certificate.is_some() && (bound > self.bound || self.proof.is_none()) {
                self.bound = self.bound.max(bound);
                self.proof = Some((price, outcome));
            }
        }
    }

    /// Neurons of both sides within the budget, and those of either.
    fn join(&mut self, problem: &Problem, features: &Features, budget: f64, poor: &Side, rich: Option<&Side>) {
        self.offer(problem, &poor.network);
        let Some(rich) = rich else { return };
        let part = ((budget - poor.penalty) / (rich.penalty - poor.penalty)).clamp(0.0, 1.0);
        let both = sum(&scaled(&rich.network, part), &scaled(&poor.network, 1.0 - part));
        let before = problem.objective.loss.value(&both.forward(&problem.architecture, &problem.dataset.train.inputs), problem.targets());
        self.offer(problem, &scaled(&both, WITHIN));
        for tolerance in [1e-3, 1e-5, 1e-7, 1e-9] {
            let fewer = scaled(&prune(features, &both, problem.shared(), tolerance), WITHIN);
            let score = problem.score(&fewer);
            if score.objective <= before * (1.0 + SLACK) && score.objective <= self.score.objective * (1.0 + SLACK) {
                (self.network, self.score) = (fewer, score);
                return;
            }
        }
    }

    fn outcome(self, problem: &Problem, seconds: Duration, tried: usize, last: Option<Stopped>) -> Result<Outcome, Failure> {
        let certified = self.proof.as_ref().and_then(|(price, outcome)| certified(problem, &self.network, *price, outcome));
        let Some((_, outcome)) = self.proof else {
            return Err(Failure::Numerical("no price on the weights could be solved and proved".into()));
        };
        let least = problem.objective.loss.least(problem.targets());
        let lower_bound = certified.as_ref().map_or(least, |(_, verdict)| verdict.lower_bound());
        let closed = problem.relative_gap(self.score.objective, lower_bound) <= problem.plan.gap;
        let needed = self.network.neurons();
        if let Some(allowed) = problem.architecture.width.filter(|allowed| needed > *allowed) {
            return Err(Failure::TooWide { allowed, needed });
        }
        let stopped = match (closed, last) {
            (true, _) => Stopped::Gap,
            (false, Some(why @ (Stopped::Interrupt | Stopped::Memory | Stopped::Trouble))) => why,
            (false, _) if seconds < problem.plan.time / 2 => Stopped::Converged,
            _ => Stopped::Time,
        };
        Ok(Outcome {
            standing: if closed && certified.is_some() { Standing::GlobalOptimum } else { Standing::Bounded },
            stopped,
            unproved: None,
            objective: self.score.objective,
            loss: self.score.loss,
            penalty: self.score.penalty,
            lower_bound,
            bound: if certified.is_some() { Bound::Proved } else { Bound::Trivial },
            leaves: certified.as_ref().map_or(0, |(_, verdict)| verdict.leaves),
            certificate: certified.map(|(certificate, _)| certificate),
            neurons_before_pruning: outcome.neurons_before_pruning.max(needed),
            network: self.network,
            rounds: tried,
            seconds: seconds.as_secs_f64(),
            ..outcome
        })
    }
}

/// A proof of t v at the price β is one of v at β / t: near β = 0, where t is all that rounding leaves of β, that bound is better.
fn whole(problem: &Problem, price: f64, outcome: &Outcome) -> Option<(f64, Outcome)> {
    let mut outcome = outcome.clone();
    let certificate = outcome.certificate.as_mut().filter(|certificate| certificate.scale < 1.0)?;
    let price = (price / certificate.scale).next_up();
    outcome.dual.iter_mut().for_each(|v| *v /= certificate.scale);
    certificate.scale = 1.0;
    let (_, verdict) = certified(problem, &outcome.network, price, &outcome)?;
    outcome.lower_bound = verdict.lower_bound() + price * problem.objective.regularizer.budget?;
    Some((price, outcome))
}

/// The proof at a price as a certificate for the network within the budget, if the checker takes it.
fn certified(problem: &Problem, network: &Network, price: f64, outcome: &Outcome) -> Option<(Certificate, Verdict)> {
    let proof = outcome.certificate.clone()?;
    let statement = Statement::of(problem, problem.name.clone(), Vec::new());
    let certificate = Certificate { statement, network: Weights::of(network), price: Some(price), ..proof };
    let verdict = check(problem, &certificate).ok()?;
    Some((certificate, verdict))
}

/// `part` of what a network gives, for that part of its weight decay.
fn scaled(network: &Network, part: f64) -> Network {
    let (root, times) =
        (part.sqrt(), |matrix: &Matrix, by: f64| Matrix { values: matrix.values.iter().map(|x| by * x).collect(), ..matrix.clone() });
    let skip = network.skip.as_ref().map(|skip| skip.times(part));
    Network { hidden: times(&network.hidden, root), output: times(&network.output, root), skip, gates: network.gates.clone() }
}

/// Both networks side by side.
fn sum(one: &Network, other: &Network) -> Network {
    let rows = |a: &Matrix, b: &Matrix| Matrix::new(a.rows + b.rows, a.columns, [a.values.as_slice(), &b.values].concat());
    let skip = match (&one.skip, &other.skip) {
        (Some(a), Some(b)) => {
            let (mut factors, more) = (a.factors(), b.factors());
            factors.values.iter_mut().zip(&more.values).for_each(|(a, b)| *a += b);
            Skip::of(&factors)
        }
        (a, b) => a.clone().or(b.clone()),
    };
    let gates = one.gates.as_ref().zip(other.gates.as_ref()).map(|(a, b)| rows(a, b));
    Network { hidden: rows(&one.hidden, &other.hidden), output: rows(&one.output, &other.output), skip, gates }
}
