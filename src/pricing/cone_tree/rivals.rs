//! Terms k max(0, ℓ_1·θ, .., ℓ_m·θ) on a cone: 0 and the lines are rivals (see the checker's `contests`, which sees the same ones left).
//!
//! With a_j = k ℓ_j / T a convex term (k > 0) is max_j a_j·θ, a concave one min_j a_j·θ.  Products with generators are exact integers.

use super::dot;
use crate::certificate::Claim;
use std::ops::Range;

/// The rivals of all terms, one after the other.
pub struct Terms<const R: usize> {
    /// ℓ_j and a_j, 0 first.
    vectors: Vec<[i64; R]>,
    pub lines: Vec<[f64; R]>,
    /// Those of every term.
    ranges: Vec<Range<usize>>,
    kinks: Vec<i128>,
    limit: f64,
}

/// A rival that may be the largest somewhere on a cone.
#[derive(Clone, Copy)]
pub struct Rival<const R: usize> {
    pub term: u32,
    pub line: u32,
    /// a_j·ĝ_k, and ℓ_j·g_k.
    pub at: [f64; R],
    exact: [i128; R],
}

impl<const R: usize> Terms<R> {
    pub fn new(claim: &Claim) -> Self {
        let limit = claim.limit as f64;
        let mut terms = Terms { vectors: Vec::new(), lines: Vec::new(), ranges: Vec::new(), kinks: Vec::new(), limit };
        for contest in &claim.contests {
            let first = terms.vectors.len();
            terms.vectors.push([0; R]);
            terms.vectors.extend(contest.lines.iter().map(|line| -> [i64; R] { std::array::from_fn(|j| line[j]) }));
            terms.lines.extend(terms.vectors[first..].iter().map(|line| line.map(|x| x as f64 * (contest.kink as f64 / limit))));
            terms.ranges.push(first..terms.vectors.len());
            terms.kinks.push(contest.kink);
        }
        terms
    }

    /// k of a term.
    pub fn kink(&self, term: u32) -> i128 {
        self.kinks[term as usize]
    }

    pub fn convex(&self, term: u32) -> bool {
        self.kink(term) > 0
    }

    /// ℓ_j·v.
    pub fn exact(&self, line: u32, v: &[i64; R]) -> i128 {
        self.vectors[line as usize].iter().zip(v).map(|(x, v)| i128::from(*x) * i128::from(*v)).sum()
    }

    /// The sum of all terms over the limit at any θ.
    pub fn value(&self, theta: &[f64; R]) -> f64 {
        let value = |(range, kink): (&Range<usize>, &i128)| largest(*kink > 0, self.lines[range.clone()].iter().map(|a| dot(a, theta)));
        self.ranges.iter().zip(&self.kinks).map(value).sum()
    }

    /// Every rival on the cone of these generators, of lengths `sizes`.
    pub fn all(&self, generators: &[[i64; R]; R], sizes: &[f64; R]) -> Vec<Rival<R>> {
        let mut all = Vec::with_capacity(self.vectors.len());
        for (term, range) in self.ranges.iter().enumerate() {
            for line in range.clone() {
                let exact = std::array::from_fn(|k| self.exact(line as u32, &generators[k]));
                let at = std::array::from_fn(|k| self.scaled(term as u32, exact[k], sizes[k]));
                all.push(Rival { term: term as u32, line: line as u32, at, exact });
            }
        }
        all
    }

    fn scaled(&self, term: u32, exact: i128, size: f64) -> f64 {
        exact as f64 * (self.kink(term) as f64 / self.limit) / size
    }
}

impl<const R: usize> Rival<R> {
    /// The same with another generator k, `exact` being ℓ_j·g_k and `size` |g_k|.
    pub fn with(mut self, terms: &Terms<R>, k: usize, exact: i128, size: f64) -> Self {
        self.exact[k] = exact;
        self.at[k] = terms.scaled(self.term, exact, size);
        self
    }

    fn below(&self, other: &Self) -> bool {
        self.exact.iter().zip(&other.exact).all(|(a, b)| a <= b)
    }

    /// m : n with m g_a + n g_b where this one is as large as `other`.
    pub fn meeting(&self, other: &Self, (a, b): (usize, usize)) -> Option<(i128, i128)> {
        let apart = |k: usize| self.exact[k].checked_sub(other.exact[k])?.checked_abs();
        Some((apart(b)?, apart(a)?))
    }
}

/// What a term of such values a_j·θ is.
pub fn largest(convex: bool, values: impl Iterator<Item = f64>) -> f64 {
    if convex { values.fold(f64::NEG_INFINITY, f64::max) } else { values.fold(f64::INFINITY, f64::min) }
}

/// The rivals of one term after the other.
pub fn by_term<const R: usize>(rivals: &[Rival<R>]) -> impl Iterator<Item = &[Rival<R>]> {
    rivals.chunk_by(|a, b| a.term == b.term)
}

/// Those that no other one is always as large as; `linear` gets the last one of every term that becomes linear.
pub fn left<const R: usize>(rivals: &[Rival<R>], mut linear: impl FnMut(&Rival<R>)) -> Vec<Rival<R>> {
    let mut all = Vec::with_capacity(rivals.len());
    for rivals in by_term(rivals) {
        let first = all.len();
        all.extend(rivals.iter().filter(|here| !rivals.iter().any(|other| other.line != here.line && here.below(other))));
        if all.len() == first + 1 {
            linear(&all[first]);
            all.truncate(first);
        }
    }
    all
}

/// Σ of convex terms at generator k.
pub fn heights<const R: usize>(rivals: &[Rival<R>], k: usize) -> f64 {
    by_term(rivals).map(|rivals| largest(true, rivals.iter().map(|rival| rival.at[k]))).sum()
}
