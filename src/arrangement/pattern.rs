//! Sign patterns: on which side of every row a weight vector lies, one bit per row.

use super::predicate;
use crate::problem::{Features, Matrix};

/// Bit i is 1 where x_i·w >= 0.  Ordered by length, then by the packed words: a total order that no thread can change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    len: usize,
    words: Box<[u64]>,
}

impl Pattern {
    /// The pattern of the rows of `x` at `w`, decided exactly.
    pub fn of(x: &Matrix, w: &[f64]) -> Self {
        Pattern::from_fn(x.rows, |i| predicate::sign(x.row(i), w) >= 0)
    }

    /// The cell of the features that θ lies in: of rivals only the one that counts has its bit.
    pub fn at(features: &Features, theta: &[f64]) -> Self {
        if features.rivals.any() {
            return Pattern::from_bits(&features.rivals.winners(&features.lines.times(theta)));
        }
        Pattern::of(&features.lines, theta)
    }

    pub fn from_fn(len: usize, mut bit: impl FnMut(usize) -> bool) -> Self {
        let mut words = vec![0; len.div_ceil(64)];
        (0..len).for_each(|i| words[i / 64] |= u64::from(bit(i)) << (i % 64));
        Pattern { len, words: words.into() }
    }

    /// Bit i is `bits[i]`.
    pub fn from_bits(bits: &[bool]) -> Self {
        Pattern::from_fn(bits.len(), |i| bits[i])
    }

    /// From packed words, bit i of the pattern being bit i mod 64 of word i / 64; bits beyond `len` are cleared.
    pub fn from_words(len: usize, mut words: Box<[u64]>) -> Self {
        assert_eq!(words.len(), len.div_ceil(64), "length");
        if let Some(last) = words.last_mut()
            && !len.is_multiple_of(64)
        {
            *last &= (1 << (len % 64)) - 1;
        }
        Pattern { len, words }
    }

    /// How many rows there are.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bit `i`.
    pub fn get(&self, i: usize) -> bool {
        assert!(i < self.len, "row");
        self.words[i / 64] >> (i % 64) & 1 == 1
    }

    /// How many bits are 1.
    pub fn ones(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// The packed words.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    pub fn to_mask(&self) -> Vec<bool> {
        (0..self.len).map(|i| self.get(i)).collect()
    }
}
