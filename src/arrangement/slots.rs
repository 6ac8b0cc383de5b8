//! Sets of facets of one cone, as bits: a machine word while a cone has few facets, any length when it has many.

/// A set of small numbers.
pub(super) trait Slots: Clone + Send + Sync {
    /// Numbers below this can be held.
    const CAPACITY: usize;

    fn empty() -> Self;
    fn first(n: usize) -> Self;
    fn add(&mut self, slot: usize);
    fn remove(&mut self, slot: usize);
    fn join(&mut self, other: &Self);
    fn meet(&self, other: &Self) -> Self;
    fn size(&self) -> usize;
    fn contains(&self, other: &Self) -> bool;
    /// The least number that is not in the set.
    fn vacant(&self) -> usize;
    /// Calls `f` with every number, in order.
    fn each(&self, f: impl FnMut(usize));
}

impl Slots for u64 {
    const CAPACITY: usize = 64;

    fn empty() -> Self {
        0
    }

    fn first(n: usize) -> Self {
        if n == 64 { !0 } else { (1 << n) - 1 }
    }

    #[inline]
    fn add(&mut self, slot: usize) {
        *self |= 1 << slot;
    }

    fn remove(&mut self, slot: usize) {
        *self &= !(1 << slot);
    }

    #[inline]
    fn join(&mut self, other: &Self) {
        *self |= other;
    }

    #[inline]
    fn meet(&self, other: &Self) -> Self {
        self & other
    }

    #[inline]
    fn size(&self) -> usize {
        self.count_ones() as usize
    }

    #[inline]
    fn contains(&self, other: &Self) -> bool {
        other & !self == 0
    }

    #[inline]
    fn vacant(&self) -> usize {
        self.trailing_ones() as usize
    }

    #[inline]
    fn each(&self, mut f: impl FnMut(usize)) {
        let mut rest = *self;
        while rest != 0 {
            f(rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
    }
}

/// A set without a limit; words beyond the end are zero.
#[derive(Clone, Debug, Default)]
pub(super) struct Wide(Vec<u64>);

impl Wide {
    fn word(&mut self, slot: usize) -> &mut u64 {
        if self.0.len() <= slot / 64 {
            self.0.resize(slot / 64 + 1, 0);
        }
        &mut self.0[slot / 64]
    }
}

impl Slots for Wide {
    const CAPACITY: usize = usize::MAX;

    fn empty() -> Self {
        Wide::default()
    }

    fn first(n: usize) -> Self {
        let mut all = Wide::default();
        (0..n).for_each(|slot| all.add(slot));
        all
    }

    fn add(&mut self, slot: usize) {
        *self.word(slot) |= 1 << (slot % 64);
    }

    fn remove(&mut self, slot: usize) {
        *self.word(slot) &= !(1 << (slot % 64));
    }

    fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }

    fn meet(&self, other: &Self) -> Self {
        Wide(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    fn size(&self) -> usize {
        self.0.iter().map(|w| w.count_ones() as usize).sum()
    }

    fn contains(&self, other: &Self) -> bool {
        let word = |i: usize| self.0.get(i).copied().unwrap_or(0);
        other.0.iter().enumerate().all(|(i, b)| b & !word(i) == 0)
    }

    fn vacant(&self) -> usize {
        let full = self.0.iter().take_while(|w| **w == !0).count();
        64 * full + self.0.get(full).map_or(0, |w| w.trailing_ones() as usize)
    }

    fn each(&self, mut f: impl FnMut(usize)) {
        self.0.iter().enumerate().for_each(|(i, word)| word.each(|slot| f(64 * i + slot)));
    }
}
