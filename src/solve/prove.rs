//! From a dual vector to a proof that no neuron is worth adding, or to the neurons that are.

use super::outcome::{Bound, Event};
use super::search::Search;
use super::unfinished::{Turns, Unfinished};
use crate::backend::Stop;
use crate::certificate::{BASIS_BITS, Certificate, Claim, Correction, Dual, FORMAT, Proof, Statement, VERSION, Weights};
use crate::checker::{Verdict, check_apart_from_proofs, proofs};
use crate::pricing::{ConeTree, Find, Price, ascend_all, pivots, prove_by_cones, semidefinite};
use crate::problem::Network;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The part of the gap that the dual vector gives away, so that proofs have room to be short.
pub const GIVEN_AWAY: f64 = 0.25;
/// Up to this rank weight space is cut into cones; up to the second nothing else is tried.
const CONE_RANK: usize = 6;
const CERTAIN_RANK: usize = 4;
/// How much more than its worst leaf an unfinished tree is asked for, so that rounding may cost something.
pub const ROOMS: [f64; 2] = [1e-7, 1e-3];
/// What the root of a tree may take where nothing else is asked for.
const ROOT: Duration = Duration::from_secs(1);
/// Trees of more nodes are left unfinished.
pub const NODES: usize = 1_000_000;

/// A certificate without its network.
#[derive(Clone, Debug)]
pub struct Draft {
    pub dual: Dual,
    pub scale: f64,
    pub basis: Option<Vec<Vec<i64>>>,
    pub pivots: Vec<usize>,
    pub cover: Option<String>,
    pub proofs: Vec<Proof>,
}

/// A proof that the checker has accepted, the lower bound that follows and its dual vector.
#[derive(Clone, Debug)]
pub struct Proven {
    pub value: f64,
    pub dual: Vec<f64>,
    pub draft: Draft,
    /// Leaves of its trees.
    pub leaves: usize,
}

impl Draft {
    /// The certificate for `network`.
    pub fn certificate(self, search: &Search, network: &Network) -> Certificate {
        Certificate {
            format: FORMAT.to_string(),
            version: VERSION,
            statement: Statement::of(search.problem, search.problem.name.clone(), Vec::new()),
            network: Weights::of(network),
            dual: self.dual,
            scale: self.scale,
            price: None,
            basis: self.basis,
            pivots: self.pivots,
            completion: Vec::new(),
            cover: self.cover,
            proofs: self.proofs,
        }
    }
}

/// A proof attempt for one claim.
pub struct Tried {
    /// What is proved, relative to the claim's limit.
    pub worst: f64,
    pub violations: Vec<Vec<f64>>,
    /// Whether time ended it.
    pub late: bool,
    tree: Tree,
}

enum Tree {
    Cones(ConeTree),
    Signs(semidefinite::Tree),
}

impl Tried {
    /// Whether the claim is proved or refuted.
    pub fn decided(&self) -> bool {
        self.worst <= 1.0 || !self.violations.is_empty()
    }

    pub fn proof(&self, claim: &Claim) -> Proof {
        match &self.tree {
            Tree::Cones(tree) => tree.proof(claim),
            Tree::Signs(tree) => semidefinite::proof(claim, tree),
        }
    }
}

/// Whether a tree of signs gets anywhere: the worst price is looked at every so many nodes.
#[derive(Default)]
struct Pace {
    seen: Option<(f64, usize)>,
}

impl Pace {
    const NODES: usize = 4000;
    /// A tree that closes less than this part of what is left in that many nodes is given up.
    const PART: f64 = 0.02;

    fn hopeless(&mut self, worst: f64, nodes: usize) -> bool {
        let (before, at) = *self.seen.get_or_insert((worst, nodes));
        if nodes < at + Self::NODES {
            return false;
        }
        self.seen = Some((worst, nodes));
        before - worst < Self::PART * (before - 1.0)
    }
}

/// Which tree of a proof is being grown, and how far those before it are from their limits at worst.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trees {
    pub at: usize,
    pub of: usize,
    pub worst: f64,
}

/// Both output signs.
pub const SIGNS: [i8; 2] = [1, -1];

impl Search<'_, '_> {
    /// Tries to prove that no neuron beats β for `dual`; the neurons that do, best first, otherwise.
    ///
    /// A proof, finished or not, gives a lower bound, which is kept if it is the best so far.
    pub fn prove(&mut self, dual: &[f64], most_nodes: usize) -> Vec<Find> {
        self.prove_part(dual, 1.0, most_nodes)
    }

    /// The same for `scale` times `dual`; what is said of that is said of the whole vector at a higher price.
    pub fn prove_part(&mut self, dual: &[f64], scale: f64, most_nodes: usize) -> Vec<Find> {
        let began = Instant::now();
        let found = self.prove_or_refute(dual, scale, most_nodes);
        self.proving += began.elapsed().as_secs_f64();
        found
    }

    /// A dual vector u = v/N, a little shorter, as a proof has it: in integers, with the pivots and the corrections of its equalities.
    ///
    /// `None` if no correction does.
    pub fn exact(&self, dual: &[f64]) -> Option<(Dual, Vec<usize>, Vec<Correction>)> {
        let problem = self.problem;
        let shrink = 1.0 - GIVEN_AWAY * self.plan().gap.min(1e-3);
        let scale = problem.objective.loss.scale(dual.len());
        let mut shrunk: Vec<f64> = dual.iter().map(|v| v / scale * shrink).collect();
        let pivots = pivots(problem, &mut shrunk).unwrap_or_default();
        let mut exact = Dual::truncated(&shrunk);
        problem.objective.loss.balance(&mut exact.mantissas, problem.targets());
        let corrections = Correction::of_outputs(problem, &exact, &pivots).ok()?;
        Some((exact, pivots, corrections))
    }

    fn prove_or_refute(&mut self, dual: &[f64], scale: f64, most_nodes: usize) -> Vec<Find> {
        let problem = self.problem;
        let scaled: Vec<f64> = dual.iter().map(|v| scale * v).collect();
        if problem.architecture.gates.is_some() || problem.nuclear() {
            self.prove_gates(&scaled);
            return Vec::new();
        }
        if let Some(jumps) = self.features.jumps().cloned() {
            return self.prove_jumps(&jumps, &scaled, most_nodes);
        }
        if problem.shared() {
            return self.prove_along(dual, scale, most_nodes);
        }
        (self.control.progress)(Event::Stage("proving"));
        let Some((exact, pivots, corrections)) = self.exact(dual) else { return Vec::new() };
        let basis = self.basis.clone();
        let rank = basis.as_ref().map_or(self.features.inputs().columns, Vec::len);
        let claim = |(output, sign)| {
            let column = exact.column(output, problem.outputs());
            Claim::new(problem, &column, &corrections[output], scale, basis.as_deref(), sign)
        };
        let kinds = self.kinds();
        let Ok(claims) = kinds.iter().copied().map(claim).collect::<Result<Vec<_>, _>>() else { return Vec::new() };
        let tried = self.try_claims(&claims, rank, most_nodes);
        let found = self.back(&kinds, &tried, basis.as_deref(), &scaled);
        self.late = found.is_empty() && tried.iter().any(|tried| tried.late && !tried.decided());
        let finite = tried.iter().all(|tried| tried.worst.is_finite());
        // Where no time is left for what was found, the trees up to there are the proof.
        if finite && (found.is_empty() || self.stop.now()) {
            let worst = tried.iter().map(|tried| tried.worst).fold(1.0, f64::max);
            let proofs = tried.iter().zip(&claims).map(|(tried, claim)| tried.proof(claim)).collect();
            let draft = Draft { dual: exact, scale, basis, pivots, cover: None, proofs };
            if worst <= 1.0 {
                self.keep_proof(draft);
            } else {
                for room in ROOMS {
                    if self.keep_proof(Draft { scale: scale / (worst * (1.0 + room)), ..draft.clone() }) {
                        break;
                    }
                }
            }
        }
        found
    }

    /// All claims; each may take an equal part of the time that is left, as the bound is that of the worst one.
    fn try_claims(&mut self, claims: &[Claim], rank: usize, most_nodes: usize) -> Vec<Tried> {
        let mut turns = Turns::new(&self.stop, claims.len());
        let mut tried: Vec<Tried> = Vec::with_capacity(claims.len());
        for claim in claims {
            let least = 2 * Unfinished::new(claim, self.plan().time).reserve;
            self.stop = turns.next(least);
            self.trees = Trees { at: tried.len() + 1, of: claims.len(), worst: tried.iter().map(|tried| tried.worst).fold(0.0, f64::max) };
            tried.push(self.try_claim(claim, rank, most_nodes));
        }
        self.stop = turns.whole;
        tried
    }

    /// The prover that suits the rank; between the two both are tried, and the tree that closes is kept.  Signs say nothing of max pooling.
    pub fn try_claim(&mut self, claim: &Claim, rank: usize, most_nodes: usize) -> Tried {
        if !claim.contests.is_empty() {
            return self.by_cones(claim, most_nodes);
        }
        if rank > CONE_RANK || most_nodes == 1 {
            return self.by_signs(claim, most_nodes);
        }
        let cones = self.by_cones(claim, most_nodes);
        if cones.decided() || rank <= CERTAIN_RANK {
            return cones;
        }
        let signs = self.by_signs(claim, most_nodes);
        if signs.decided() || signs.worst < cones.worst { signs } else { cones }
    }

    fn by_cones(&mut self, claim: &Claim, most_nodes: usize) -> Tried {
        let stop = self.stop.clone();
        let tree = self.watched(|tell| prove_by_cones(claim, most_nodes, &|| stop.now(), &mut |worst, nodes| tell(worst, nodes)));
        Tried { worst: tree.worst, violations: tree.violations.clone(), late: self.stop.late(), tree: Tree::Cones(tree) }
    }

    fn by_signs(&mut self, claim: &Claim, most_nodes: usize) -> Tried {
        let unfinished = Unfinished::new(claim, self.plan().time);
        let stop = self.stop.earlier(unfinished.reserve);
        let (form, limit) = semidefinite::form(claim);
        let idle = AtomicBool::new(false);
        // The root alone is to be a bound, and has a second for that whatever the time.
        let patient = Stop::new(ROOT, Arc::default());
        let stopped = || if most_nodes > 1 { stop.now() || idle.load(Ordering::Relaxed) } else { stop.now() && patient.now() };
        let attempt = self.watched(|tell| {
            let mut pace = Pace::default();
            semidefinite::prove(&form, limit, most_nodes, unfinished.leaves, &stopped, &mut |worst, nodes| {
                idle.store(pace.hopeless(worst / limit, nodes), Ordering::Relaxed);
                tell(worst / limit, nodes);
            })
        });
        let violations = attempt.violation.into_iter().map(|point| semidefinite::unstretched(claim, point)).collect();
        Tried { worst: attempt.worst / limit, violations, late: stop.late(), tree: Tree::Signs(attempt.tree) }
    }

    /// Runs a prover on the workers while this thread passes on what it tells: the worst price so far over the limit, and its nodes.
    fn watched<T: Send>(&mut self, work: impl FnOnce(&mut dyn FnMut(f64, usize)) -> T + Send) -> T {
        let (sender, told) = mpsc::channel();
        let workers = self.workers.clone();
        // Nobody listening is no reason to stop.
        let tell = move |worst: f64, nodes: usize| sender.send((worst, nodes)).unwrap_or_default();
        std::thread::scope(|scope| {
            let running = scope.spawn(move || {
                let mut tell = tell;
                workers.install(move || work(&mut tell))
            });
            for (worst, nodes) in told {
                self.show_proof(worst, nodes);
            }
            running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// The bound that follows once no tree is left, and that of this tree alone.
    pub fn show_proof(&mut self, worst: f64, nodes: usize) {
        let Some(dual) = &self.dual else { return };
        let Trees { at: tree, of, worst: others } = self.trees;
        let bound = |worst: f64| {
            let scaled: Vec<f64> = dual.iter().map(|v| v / worst.max(1.0)).collect();
            -self.problem.objective.loss.conjugate(&scaled, self.problem.targets())
        };
        let (objective, reaches) = (self.best.1.objective, bound(worst));
        let lower_bound = if tree < of { self.lower.0 } else { self.lower.0.max(bound(worst.max(others))) };
        let gap = self.problem.relative_gap(objective, lower_bound);
        (self.control.progress)(Event::Proof { tree, of, nodes, reaches, objective, lower_bound, gap });
    }

    /// The θ of a point in the coordinates of a proof.
    pub fn theta_of(&self, point: &[f64], basis: Option<&[Vec<i64>]>) -> Vec<f64> {
        let mut theta: Vec<f64> = basis.map_or_else(|| point.to_vec(), |basis| transposed(basis, point));
        theta.extend(self.features.head().filter(|_| basis.is_some()).map(|_| point[point.len() - 1]));
        self.features.allowed(&theta)
    }

    /// The violations as neurons of the data's own columns, each climbed to its top.
    fn back(&self, kinds: &[(usize, i8)], tried: &[Tried], basis: Option<&[Vec<i64>]>, dual: &[f64]) -> Vec<Find> {
        let mut finds = Vec::new();
        for (&(output, sign), tree) in kinds.iter().zip(tried) {
            let price = Price::new(&self.features, &self.problem.column(dual, output), sign.into());
            for point in &tree.violations {
                let theta = self.theta_of(point, basis);
                let value = price.value(&theta);
                finds.push(Find { output, sign: sign.into(), theta, price: value });
            }
        }
        finds.sort_by(|a, b| b.price.total_cmp(&a.price));
        finds.truncate(40);
        let starts: Vec<Vec<f64>> = finds.iter().map(|find| find.theta.clone()).collect();
        let stop = &self.stop;
        let features = &self.features;
        let climbed = self.workers.install(|| ascend_all(self.problem, features, dual, &starts, &|| stop.now()));
        let mut all: Vec<Find> = climbed.into_iter().chain(finds).filter(|find| find.price > features.price).collect();
        all.sort_by(|a, b| b.price.total_cmp(&a.price));
        all.truncate(30);
        all
    }

    /// Keeps a proof if its bound is the best so far; whether nothing better can come of it.
    pub fn keep_proof(&mut self, draft: Draft) -> bool {
        let loss = &self.problem.objective.loss;
        let scale = loss.scale(self.problem.targets().len());
        let v: Vec<f64> = draft.dual.doubles().iter().map(|u| u * scale * draft.scale).collect();
        let value = -loss.conjugate(&v, self.problem.targets());
        if value <= self.proof.as_ref().map_or(f64::NEG_INFINITY, |proof| proof.value) {
            return true;
        }
        let accepted = self.accepted(&draft);
        if let Some(leaves) = accepted {
            if value > self.lower.0 {
                self.lower = (value, v.clone(), Bound::Proved);
            }
            self.proof = Some(Proven { value, dual: v, draft, leaves });
        }
        accepted.is_some()
    }

    /// How many leaves the checker has accepted; a proof that it refuses proves nothing and another may be better.
    fn accepted(&mut self, draft: &Draft) -> Option<usize> {
        let verdict = proofs(self.problem, &draft.clone().certificate(self, &self.best.0), self.workers.current_num_threads());
        if let Err(refusal) = &verdict {
            (self.control.progress)(Event::Refused(refusal.to_string()));
        }
        verdict.ok()
    }

    /// The certificate of the best proof for the best network, and what the checker says of it; `None` if there is no proof.
    pub fn certify(&mut self) -> Option<(Certificate, Verdict)> {
        let proof = self.proof.as_ref()?;
        let certificate = proof.draft.clone().certificate(self, &self.best.0);
        // The trees are those that the checker has accepted already, and do not speak of the network.
        let verdict = check_apart_from_proofs(self.problem, &certificate, proof.leaves, self.workers.current_num_threads());
        verdict.ok().map(|verdict| (certificate, verdict))
    }
}

/// B'ω.
fn transposed(basis: &[Vec<i64>], point: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; basis[0].len()];
    let unit = libm::scalbn(1.0, -(BASIS_BITS as i32));
    for (row, p) in basis.iter().zip(point) {
        sum.iter_mut().zip(row).for_each(|(s, b)| *s += p * (*b as f64) * unit);
    }
    sum
}
