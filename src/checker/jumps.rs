//! Trees over the sides of the lines where neurons jump (PROOF 2, but without cones).
//!
//! A node leaves every line some of its three sides: negative, the line itself, positive.  A split cuts one line's sides in two, and no
//! weight vector is lost.  A leaf is closed by what its sides can add at most, or because no neuron is there: with a·(w, 1) >= 0 for
//! every decision on its path, > 0 for some, a sum s = Σ λ a with λ >= 0 has s·(w, 1) >= 0, or > 0 if a strict one takes part; but
//! s·(w, 1) = s_w·w + s_1 <= r h°(s_w) + s_1 where h(w) <= r (Farkas and Motzkin).  Nothing is rounded, so opposite rows, ties and
//! boundaries are what they are.

use super::{DEEP, ENDS, Flaw, Refusal, WIDE, named};
use crate::certificate::{Certificate, Correction, JumpClaim, Kind, Reader};
use crate::exact::{Integer, Natural, linear};
use crate::problem::{Jumps, Problem};

/// Trees may be as deep as decisions are many.  A path takes memory, so no tree needs to be deeper than this.
const DEPTH: usize = 1 << 16;

/// One decision of a path: a·(w, 1) >= 0, or > 0 if strict, where a is the line or its opposite.
#[derive(Clone, Copy)]
struct Decision {
    line: usize,
    opposite: bool,
    strict: bool,
}

/// A node to be checked: the decision that led to it, with the depth of its path, and the first and last side that its line had before.
struct Waiting {
    depth: usize,
    split: Option<(usize, usize, bool)>,
}

/// Checks both trees; returns how many leaves they have.
pub fn proofs(problem: &Problem, jumps: &Jumps, certificate: &Certificate, corrections: &[Correction]) -> Result<usize, Refusal> {
    let outputs = problem.outputs();
    if certificate.basis.is_some() || certificate.proofs.len() != 2 * outputs || certificate.dual.mantissas.len() != problem.targets().len()
    {
        return Err(Refusal::Shape("proofs"));
    }
    let mut leaves = 0;
    for (at, proof) in certificate.proofs.iter().enumerate() {
        let (output, sign) = (at / 2, if at.is_multiple_of(2) { 1 } else { -1 });
        let dual = certificate.dual.column(output, outputs);
        let claim = JumpClaim::new(problem, jumps, &dual, &corrections[output], certificate.scale, sign).map_err(named)?;
        let refused = |leaf, what| Flaw { leaf, what }.refusal(output, sign);
        if proof.kind != Kind::Jumps || proof.unit != 0 {
            return Err(refused(0, "it is no tree over the sides of lines"));
        }
        let mut reader = Reader::new(&proof.tree).ok_or(refused(0, "the tree is not base64"))?;
        let here = check(jumps, &claim, &mut reader).map_err(|flaw| flaw.refusal(output, sign))?;
        if !reader.done() {
            return Err(refused(here, "the tree goes on after its last leaf"));
        }
        leaves += here;
    }
    Ok(leaves)
}

/// Checks the tree that `reader` holds and returns how many leaves it has.
fn check(jumps: &Jumps, claim: &JumpClaim, reader: &mut Reader) -> Result<usize, Flaw> {
    let mut walk = Walk::new(jumps, claim).ok_or(Flaw { leaf: 0, what: WIDE })?;
    let (mut stack, mut leaves) = (vec![Waiting { depth: 0, split: None }], 0);
    while let Some(node) = stack.pop() {
        let flaw = |what| Flaw { leaf: leaves, what };
        walk.enter(&node).ok_or(flaw("a split names no line, or divides nothing"))?;
        match reader.natural().ok_or(flaw(ENDS))? {
            0 => {
                walk.bounded().map_err(flaw)?;
                leaves += 1;
            }
            1 => {
                walk.empty(reader).map_err(flaw)?;
                leaves += 1;
            }
            split => {
                let split = usize::try_from(split - 2).map_err(|_| flaw(WIDE))?;
                let (line, cut, depth) = (split / 2, split % 2, walk.path.len());
                if depth >= DEPTH {
                    return Err(flaw(DEEP));
                }
                stack.push(Waiting { depth, split: Some((line, cut, false)) });
                stack.push(Waiting { depth, split: Some((line, cut, true)) });
            }
        }
    }
    Ok(leaves)
}

/// Where the walk through the tree stands.
struct Walk<'a> {
    jumps: &'a Jumps,
    claim: &'a JumpClaim,
    /// The first and last side that every line has left.
    sides: Vec<(usize, usize)>,
    /// What these sides add up to at most.
    most: i128,
    path: Vec<Decision>,
    /// What a line's sides and `most` were before each decision.
    undo: Vec<(usize, (usize, usize), i128)>,
}

impl<'a> Walk<'a> {
    /// `None` if the numbers are too wide.
    fn new(jumps: &'a Jumps, claim: &'a JumpClaim) -> Option<Self> {
        let sides = vec![(0, 2); claim.values.len()];
        let mut walk = Walk { jumps, claim, most: claim.constant, sides, path: Vec::new(), undo: Vec::new() };
        for line in 0..claim.values.len() {
            walk.most = walk.most.checked_add(walk.of_line(line, (0, 2))?)?;
        }
        Some(walk)
    }

    /// What a line adds at most on these sides.
    fn of_line(&self, line: usize, (first, last): (usize, usize)) -> Option<i128> {
        self.claim.values.get(line)?.get(first..=last)?.iter().max().copied()
    }

    /// Goes back to where a node begins, and takes its decision.
    fn enter(&mut self, node: &Waiting) -> Option<()> {
        while self.path.len() > node.depth {
            self.path.pop();
            let (line, sides, most) = self.undo.pop()?;
            *self.sides.get_mut(line)? = sides;
            self.most = most;
        }
        let Some((line, cut, upper)) = node.split else { return Some(()) };
        let before = *self.sides.get(line)?;
        // Between sides `cut` and `cut + 1`.
        if !(before.0 <= cut && cut < before.1) {
            return None;
        }
        let sides = if upper { (cut + 1, before.1) } else { (before.0, cut) };
        self.undo.push((line, before, self.most));
        self.most = self.most.checked_sub(self.of_line(line, before)?)?.checked_add(self.of_line(line, sides)?)?;
        *self.sides.get_mut(line)? = sides;
        // The line itself is on the side that has the weak inequality.
        let strict = upper == (cut == 1);
        self.path.push(Decision { line, opposite: !upper, strict });
        Some(())
    }

    /// Whether the sides that are left add up to T at most.
    fn bounded(&self) -> Result<(), &'static str> {
        if self.most <= self.claim.limit { Ok(()) } else { Err("the sides that are left add up to more than the limit") }
    }

    /// Whether the multipliers that follow show that no neuron is here.
    fn empty(&self, reader: &mut Reader) -> Result<(), &'static str> {
        let count = reader.natural().ok_or(ENDS)?;
        if count > self.path.len() as u128 {
            return Err("it has more multipliers than decisions");
        }
        let mut sum: Vec<Integer> = vec![Integer::ZERO; self.jumps.lines.first().map_or(0, Vec::len)];
        let mut strict = false;
        for _ in 0..count {
            let at = usize::try_from(reader.natural().ok_or(ENDS)?).map_err(|_| WIDE)?;
            let decision = *self.path.get(at).ok_or("a multiplier names no decision")?;
            let multiplier = Integer::from(multiplier(reader).ok_or(ENDS)?);
            let multiplier = if decision.opposite { -multiplier } else { multiplier };
            strict |= decision.strict && multiplier != Integer::ZERO;
            let line = self.jumps.lines.get(decision.line).ok_or(WIDE)?;
            sum.iter_mut().zip(line).for_each(|(s, x)| *s += &multiplier * x);
        }
        if impossible(self.jumps, &sum, strict) { Ok(()) } else { Err("its multipliers do not rule out that a neuron is there") }
    }
}

/// A natural of any size: how many digits to base 2^64, and these, lowest first.
fn multiplier(reader: &mut Reader) -> Option<Natural> {
    let digits = reader.natural().filter(|digits| *digits <= 1 << 10)?;
    let mut value = Natural::ZERO;
    for at in 0..digits {
        let digit = reader.natural().filter(|digit| digit >> 64 == 0)?;
        value += Natural::from(digit) << (64 * at as usize);
    }
    Some(value)
}

/// Whether s·(w, 1) >= 0, or > 0 if strict, holds for no w that is allowed.
fn impossible(jumps: &Jumps, s: &[Integer], strict: bool) -> bool {
    let Some((last, rest)) = s.split_last() else { return false };
    let below = if strict { linear::sign(last) <= 0 } else { linear::sign(last) < 0 };
    if rest.iter().all(|x| *x == Integer::ZERO) {
        return below;
    }
    let Some((norm, radius)) = &jumps.ball else { return false };
    // r h°(s_w) <= -s_1, or < where nothing is strict, times the denominator of r.
    let g: Vec<Integer> = rest.iter().map(|x| x * radius.numerator()).collect();
    let most = -last * Integer::from(radius.denominator().clone());
    let most = if strict { most } else { most - Integer::ONE };
    norm.polar_at_most(&g, &most)
}
