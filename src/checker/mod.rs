//! Decides whether a certificate proves what it says, in exact arithmetic; every file is hostile until then.
//!
//! What is proved for a problem, on the very doubles of its data and the decimals of its model file: every network of any
//! width has an objective of at least `lower`, and the certificate's network has one of at most `upper`.
//! The argument is THEORY 0: with |u'F(θ)| <= nβ/t ρ(θ) for every θ (the two claims; β/r under a cap), t u is feasible for the dual
//! program.  With several outputs it is so for the column of u that belongs to each (THEORY 8a), which makes two claims an output.
//! Where outputs share neurons claims are about directions of output weights, and a cover carries them to all others (THEORY 8c).
//! A gated network has no other neurons than those behind its model's gates, and every gate is priced.

mod cones;
mod fit;
mod gates;
mod jumps;
mod objective;
mod refusal;
mod signs;

pub use fit::completed;
pub use gates::check as check_gates;
pub use refusal::Refusal;

use crate::certificate::{Certificate, Claim, Correction, FORMAT, Fault, Kind, Proof, Ray, Reader, Statement, VERSION, rays};
use crate::exact::{Rational, above, below, written};
use crate::problem::{Jumps, Problem};

/// The threads of a check that nobody set any for.
pub const THREADS: usize = 2;

/// An interval that holds the optimum, in exact numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub lower: Rational,
    pub upper: Rational,
    /// Leaves of all trees.
    pub leaves: usize,
}

impl Verdict {
    /// The lower bound rounded down.
    pub fn lower_bound(&self) -> f64 {
        below(&self.lower)
    }

    /// The network's objective rounded up.
    pub fn objective(&self) -> f64 {
        above(&self.upper)
    }
}

/// Everything at once.
///
/// Errors: the first thing that does not hold.
pub fn check(problem: &Problem, certificate: &Certificate) -> Result<Verdict, Refusal> {
    same_problem(problem, certificate)?;
    let upper = upper(problem, certificate, THREADS)?;
    let lower = lower(problem, certificate)?;
    let leaves = proofs(problem, certificate, THREADS)?;
    verdict(lower, upper, leaves)
}

/// Everything but the trees, whose `leaves` leaves must have been checked for this very certificate, but for its network.
pub fn check_apart_from_proofs(problem: &Problem, certificate: &Certificate, leaves: usize, threads: usize) -> Result<Verdict, Refusal> {
    same_problem(problem, certificate)?;
    let (upper, lower) =
        in_two_parts(threads, |part| if part == 0 { upper(problem, certificate, threads) } else { lower(problem, certificate) });
    let upper = upper?;
    verdict(lower?, upper, leaves)
}

/// The two bounds together: no network goes below the optimum, so a lower bound above one is a refusal, whatever went wrong.
pub fn verdict(lower: Rational, upper: Rational, leaves: usize) -> Result<Verdict, Refusal> {
    if !above(&upper).is_finite() {
        return Err(Refusal::Overflow);
    }
    if lower > upper { Err(Refusal::Crossed) } else { Ok(Verdict { lower, upper, leaves }) }
}

/// Whether model and data are the ones that the certificate names.
pub fn same_problem(problem: &Problem, certificate: &Certificate) -> Result<(), Refusal> {
    if certificate.format != FORMAT {
        return Err(Refusal::Format);
    }
    if certificate.version != VERSION {
        return Err(Refusal::Version { found: certificate.version });
    }
    let named = &certificate.statement;
    let given = Statement::of(problem, named.model.clone(), Vec::new());
    let different = |what, named: &str, given: &str| Refusal::Different { what, named: named.to_string(), given: given.to_string() };
    if named.network != given.network {
        return Err(different("network", &named.network, &given.network));
    }
    if named.objective != given.objective {
        return Err(different("objective", &named.objective, &given.objective));
    }
    if named.data != given.data {
        return Err(Refusal::Data);
    }
    Ok(())
}

/// At least the objective of the certificate's network, by the activation's own definition.
pub fn upper(problem: &Problem, certificate: &Certificate, threads: usize) -> Result<Rational, Refusal> {
    let size = problem.architecture.neuron_size(problem.dataset.train.inputs.columns);
    let network = certificate.network.network(size, problem.outputs()).ok_or(Refusal::Shape("network"))?;
    if problem.architecture.width.is_some_and(|most| network.neurons() > most) {
        return Err(Refusal::Shape("network"));
    }
    gates::admitted(problem, &network)?;
    objective::above(problem, &network, &certificate.completion, threads)
}

/// At most -L*(t v), the bound that the proofs justify.
pub fn lower(problem: &Problem, certificate: &Certificate) -> Result<Rational, Refusal> {
    let y = problem.targets();
    let scale = crate::exact::rational(certificate.scale).filter(|t| *t > Rational::ZERO).ok_or(Refusal::Scale)?;
    if certificate.dual.mantissas.len() != y.len() {
        return Err(Refusal::Shape("dual vector"));
    }
    if certificate.dual.exponent.unsigned_abs() > 3000 {
        return Err(Refusal::Width);
    }
    let (outputs, corrections) = (problem.outputs(), corrections(problem, certificate)?);
    let moved = |entry: usize| {
        let correction = &corrections[entry % outputs];
        correction.rows.contains(&(entry / outputs)).then(|| &correction.most * &scale)
    };
    let conjugate = problem.objective.loss.conjugate_above(&certificate.dual.times(&scale), y, moved);
    let bound = -conjugate.map_err(|row| Refusal::Domain { row: row + 1 })? - spent(problem, certificate)?;
    // The penalty is never negative, and no output makes the loss smaller than this.
    let least = problem.objective.loss.least_below(y).map_err(|row| Refusal::Row { row: row + 1 })?;
    Ok(bound.max(least))
}

/// β τ, what a budget τ may cost at the certificate's price; nothing without a budget.
///
/// A network within the budget has L(f) >= L(f) + β (penalty - τ), and the proofs bound L(f) + β penalty.
fn spent(problem: &Problem, certificate: &Certificate) -> Result<Rational, Refusal> {
    let (budget, price) = (problem.objective.regularizer.budget, price(problem, certificate)?);
    let exact = |number: f64| written(number).ok_or(Refusal::Width);
    budget.zip(price).map_or(Ok(Rational::ZERO), |(budget, price)| Ok(exact(budget)? * exact(price)?))
}

/// The price on a budget: there exactly where there is one.
fn price(problem: &Problem, certificate: &Certificate) -> Result<Option<f64>, Refusal> {
    match (problem.objective.regularizer.budget, certificate.price) {
        (None, None) => Ok(None),
        (Some(_), Some(price)) if price > 0.0 && price.is_finite() => Ok(Some(price)),
        _ => Err(Refusal::Price),
    }
}

/// Checks all trees, on two of `threads` if there are so many, and returns how many leaves they have; where the problem lists gates, how many these are.
pub fn proofs(problem: &Problem, certificate: &Certificate, threads: usize) -> Result<usize, Refusal> {
    match price(problem, certificate)? {
        None => proofs_at_strength(problem, certificate, threads),
        Some(price) => proofs_at_strength(&problem.priced(price), certificate, threads),
    }
}

fn proofs_at_strength(problem: &Problem, certificate: &Certificate, threads: usize) -> Result<usize, Refusal> {
    let corrections = corrections(problem, certificate)?;
    let outputs = problem.outputs();
    if certificate.dual.mantissas.len() != problem.targets().len() {
        return Err(Refusal::Shape("dual vector"));
    }
    if problem.nuclear() && problem.architecture.gates.is_none() {
        return gates::without(problem, certificate, &corrections);
    }
    if problem.shared() && problem.architecture.gates.is_none() {
        return proofs_along_rays(problem, certificate, threads);
    }
    if certificate.proofs.len() != 2 * outputs || certificate.cover.is_some() {
        return Err(Refusal::Shape("proofs"));
    }
    if let Some(listed) = &problem.architecture.gates {
        return gates::proofs(problem, listed, (certificate, &corrections), threads);
    }
    if let Some(jumps) = Jumps::of(problem) {
        return jumps::proofs(problem, &jumps, certificate, &corrections);
    }
    let one = |at: usize| {
        let (output, sign) = (at / 2, if at.is_multiple_of(2) { 1 } else { -1 });
        let dual = certificate.dual.column(output, outputs);
        let claim = Claim::new(problem, &dual, &corrections[output], certificate.scale, certificate.basis.as_deref(), sign);
        tree(&claim.map_err(named)?, &certificate.proofs[at]).map_err(|flaw| flaw.refusal(output, sign))
    };
    let (positive, negative) = in_two_parts(threads, |first| (first..2 * outputs).step_by(2).map(one).collect::<Vec<_>>());
    // In the order of the file, so that the first fault is what is told.
    positive.into_iter().zip(negative).try_fold(0, |leaves, (first, second)| Ok(leaves + first? + second?))
}

/// Checks the cover of all output weights, and for each of its directions the tree that keeps its price within what the cover leaves it.
///
/// Nothing is free beside shared outputs, so that the dual vector needs no correction, and neither steps nor bounds are priced so.
fn proofs_along_rays(problem: &Problem, certificate: &Certificate, threads: usize) -> Result<usize, Refusal> {
    if problem.free_columns().columns > 0 || problem.objective.loss.interpolates() || Jumps::of(problem).is_some() {
        return Err(Refusal::Kind);
    }
    let text = certificate.cover.as_deref().ok_or(Refusal::Shape("cover"))?;
    let rays = rays(text, problem.outputs()).map_err(|what| Refusal::Cover { what })?;
    if certificate.proofs.len() != rays.len() {
        return Err(Refusal::Cover { what: "it has another number of directions than there are proofs" });
    }
    let one = |(ray, proof): (&Ray, &Proof)| {
        let claim = Claim::along(problem, &certificate.dual, ray, certificate.scale, certificate.basis.as_deref());
        let flaw = |flaw: Flaw| Refusal::Ray { direction: ray.direction.clone(), leaf: flaw.leaf + 1, what: flaw.what };
        tree(&claim.map_err(named)?, proof).map_err(flaw)
    };
    let half = |part: usize| rays.iter().zip(&certificate.proofs).skip(part).step_by(2).map(one).collect::<Vec<_>>();
    let (even, odd) = in_two_parts(threads, half);
    let mut odd = odd.into_iter();
    even.into_iter().try_fold(0, |leaves, first| Ok(leaves + first? + odd.next().unwrap_or(Ok(0))?))
}

/// What `work` makes of 0 and of 1, side by side where there is a second thread.
fn in_two_parts<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> (T, T) {
    if threads < 2 {
        return (work(0), work(1));
    }
    std::thread::scope(|scope| {
        let other = std::thread::Builder::new().spawn_scoped(scope, || work(0));
        let second = work(1);
        let first = match other {
            // A panic of the other thread is this one's panic.
            Ok(other) => other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => work(0),
        };
        (first, second)
    })
}

/// How far the dual vector is in every output from the equalities of a skip or an intercept.
fn corrections(problem: &Problem, certificate: &Certificate) -> Result<Vec<Correction>, Refusal> {
    if certificate.dual.exponent.unsigned_abs() > 3000 {
        return Err(Refusal::Width);
    }
    Correction::of_outputs(problem, &certificate.dual, &certificate.pivots).map_err(named)
}

fn named(fault: Fault) -> Refusal {
    match fault {
        Fault::Kind => Refusal::Kind,
        Fault::Width => Refusal::Width,
        Fault::Shape => Refusal::Shape("dual vector, its pivots or the basis"),
        Fault::Equalities => Refusal::Skip,
    }
}

fn tree(claim: &Claim, proof: &Proof) -> Result<usize, Flaw> {
    let mut reader = Reader::new(&proof.tree).ok_or(Flaw { leaf: 0, what: "the tree is not base64" })?;
    let leaves = match proof.kind {
        Kind::Cones => cones::check(claim, proof.unit, &mut reader)?,
        Kind::Signs => signs::check(claim, proof.unit, &mut reader)?,
        Kind::Jumps => return Err(Flaw { leaf: 0, what: "it is about jumps, and the activation has none" }),
        Kind::Gates => return Err(Flaw { leaf: 0, what: "gates are priced, and the network has none" }),
    };
    if reader.done() { Ok(leaves) } else { Err(Flaw { leaf: leaves, what: "the tree goes on after its last leaf" }) }
}

/// What is wrong with a tree, and how many leaves were right before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Flaw {
    leaf: usize,
    what: &'static str,
}

impl Flaw {
    fn refusal(self, output: usize, sign: i8) -> Refusal {
        Refusal::Tree { output: output + 1, sign, leaf: self.leaf + 1, what: self.what }
    }
}

/// What a tree's numbers may do wrong, whichever kind it is.
const ENDS: &str = "the tree ends too early";
const WIDE: &str = "its numbers are too wide";
/// No tree needs to be deeper, and memory grows with it.
const DEPTH: usize = 256;
const DEEP: &str = "the tree is deeper than 256 splits";

/// Products and sums that refuse to overflow.
fn add(sum: i128, a: i128, b: i128) -> Option<i128> {
    sum.checked_add(a.checked_mul(b)?)
}
