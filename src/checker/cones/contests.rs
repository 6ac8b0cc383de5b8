//! Terms k max(0, ℓ_1·θ, .., ℓ_m·θ) on a cone: 0 and the lines are rivals.
//!
//! A rival that another one is at least as large as on every generator is nowhere alone the largest, and is left out; where one is left
//! the term is linear.  Of the other terms a convex one (k > 0) lies below its values at the generators, and a concave one below
//! Σ σ_j ℓ_j·θ for any σ_j <= 0 of sum k.

use super::{Given, Terms, dot, part};
use crate::certificate::{Reader, SLOPE_BITS};

/// 0, or one of the lines, of a term.
#[derive(Clone, Copy, PartialEq)]
struct Rival {
    contest: u32,
    /// Counted from 1; 0 is 0.
    line: u32,
}

/// The rivals of all terms that are not linear on a cone, and what they are at its generators.
#[derive(Clone)]
pub(super) struct Contests {
    rivals: Vec<Rival>,
    /// r numbers for each rival.
    products: Vec<i128>,
}

impl Rival {
    fn vector<'a>(&self, terms: &Terms<'a>) -> &'a [i64] {
        let contest = terms.claim.contests.get(self.contest as usize);
        let line = self.line.checked_sub(1).and_then(|line| contest?.lines.get(line as usize));
        line.map_or(&[], Vec::as_slice)
    }

    fn kink(&self, terms: &Terms) -> i128 {
        terms.claim.contests.get(self.contest as usize).map_or(0, |contest| contest.kink)
    }

    /// sum += factor ℓ.
    fn add(&self, terms: &Terms, factor: i128, sum: &mut [i128]) {
        sum.iter_mut().zip(self.vector(terms)).for_each(|(s, x)| *s += factor * i128::from(*x));
    }
}

impl Contests {
    /// All rivals of all terms on a cone of these generators; `None` if there are too many.
    pub fn all(terms: &Terms, generators: &[i64]) -> Option<Contests> {
        let mut all = Contests { rivals: Vec::new(), products: Vec::new() };
        for (at, contest) in terms.claim.contests.iter().enumerate() {
            let contest_at = u32::try_from(at).ok()?;
            for line in 0..=u32::try_from(contest.lines.len()).ok()? {
                all.rivals.push(Rival { contest: contest_at, line });
            }
        }
        let rank = terms.claim.rank();
        for rival in &all.rivals {
            all.products.extend(generators.chunks_exact(rank).map(|generator| dot(rival.vector(terms), generator)));
        }
        Some(all)
    }

    /// How much room they take, in units of what a line takes.
    pub fn size(&self) -> usize {
        self.rivals.len() + 2 * self.products.len()
    }

    /// ℓ·g for all rivals.
    pub fn at(&self, terms: &Terms, generator: &[i64]) -> Vec<i128> {
        self.rivals.iter().map(|rival| dot(rival.vector(terms), generator)).collect()
    }

    /// sum += k ℓ for the largest ℓ of every convex term, given ℓ·g for all rivals.
    pub fn reach(&self, terms: &Terms, products: &[i128], sum: &mut [i128]) {
        for range in self.terms().filter(|range| self.rivals[range.start].kink(terms) > 0) {
            if let Some(most) = range.max_by_key(|at| products.get(*at)) {
                self.rivals[most].add(terms, self.rivals[most].kink(terms), sum);
            }
        }
    }

    /// The same with other products at generator k.
    pub fn with(&self, k: usize, rank: usize, products: &[i128]) -> Contests {
        let mut next = self.clone();
        for (old, new) in next.products.chunks_exact_mut(rank).zip(products) {
            old[k] = *new;
        }
        next
    }

    /// The ranges of rivals that belong to one term.
    fn terms(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let mut first = 0;
        self.rivals.chunk_by(|a, b| a.contest == b.contest).map(move |rivals| {
            let range = first..first + rivals.len();
            first = range.end;
            range
        })
    }

    /// Leaves rivals out that others are never below, and moves terms that become linear to their slopes.
    pub fn settle(&mut self, terms: &Terms, convex_slope: &mut [i128], concave_slope: &mut [i128]) {
        let rank = terms.claim.rank();
        let mut kept = Contests { rivals: Vec::new(), products: Vec::new() };
        for range in self.terms() {
            let mut left: Vec<usize> = range.collect();
            let products = |at: usize| &self.products[at * rank..(at + 1) * rank];
            let mut next = 0;
            while let Some(&here) = left.get(next) {
                let below = |other: &usize| *other != here && products(here).iter().zip(products(*other)).all(|(a, b)| a <= b);
                if left.iter().any(below) {
                    left.remove(next);
                } else {
                    next += 1;
                }
            }
            if let [only] = left.as_slice() {
                let (rival, kink) = (self.rivals[*only], self.rivals[*only].kink(terms));
                rival.add(terms, kink, if kink > 0 { &mut *convex_slope } else { &mut *concave_slope });
                continue;
            }
            for at in left {
                kept.rivals.push(self.rivals[at]);
                kept.products.extend_from_slice(products(at));
            }
        }
        *self = kept;
    }

    /// sum += Σ σ_j ℓ_j over the concave terms: the rival that is largest at c, the first of several, has what the tree gives to no other.
    pub fn slope(
        &self,
        terms: &Terms,
        (c, shift): (&[i64], u32),
        given: &mut Given,
        reader: &mut Reader,
        sum: &mut [i128],
    ) -> Result<(), &'static str> {
        for range in self.terms().filter(|range| self.rivals[range.start].kink(terms) < 0) {
            let kink = self.rivals[range.start].kink(terms);
            let (mut rest, mut most) = (kink, (i128::MIN, range.start));
            for at in range {
                let reach = dot(self.rivals[at].vector(terms), c);
                if reach > most.0 {
                    most = (reach, at);
                }
                if let Some(tau) = given.here(reader)? {
                    let slope = -part(-kink, tau, SLOPE_BITS - shift)?;
                    self.rivals[at].add(terms, slope, sum);
                    rest -= slope;
                }
            }
            if rest > 0 {
                return Err("the slopes of a term are more than its kink");
            }
            self.rivals[most.1].add(terms, rest, sum);
        }
        Ok(())
    }
}
