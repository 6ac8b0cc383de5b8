//! Splitting a cone, given by its extreme rays, along a line that cuts it.
//!
//! Rays u (positive side) and w (negative side) span an edge iff no third ray lies on all their common facets; every such edge
//! gives a new ray.  A facet of the cone stays a facet of a half iff one of its rays lies strictly in that half.  A line cuts
//! a cone iff rays of the cone lie on both sides of it.

use super::field::{Field, Point, WIDEST, size};
use super::lines::Lines;
use super::oracle::{Known, Oracle};
use super::slots::Slots;

/// An extreme ray.
#[derive(Clone, Debug)]
pub(super) struct Ray<const R: usize, S> {
    pub point: Point<R>,
    /// The facets of the cone on which the ray lies.
    pub on: S,
    /// Unlike that of any other ray in the same task.
    pub id: u32,
}

/// A full-dimensional cone of the arrangement of the lines decided so far.
#[derive(Clone, Debug)]
pub(super) struct Cone<const R: usize, S> {
    pub rays: Vec<Ray<R, S>>,
    /// The slots in use: one per facet.
    pub live: S,
    /// The line behind each slot.
    pub facets: Vec<u32>,
    /// The undecided lines: exactly those that cut the cone.
    pub alive: Vec<u32>,
    /// Lines decided when this cone was cut out of its parent: twice the line, plus one if it is positive here.
    pub decided: Vec<u32>,
}

impl<const R: usize, S: Slots> Cone<R, S> {
    pub fn empty() -> Self {
        Cone { rays: Vec::new(), live: S::empty(), facets: Vec::new(), alive: Vec::new(), decided: Vec::new() }
    }

    /// The lines of the facets in `on`.
    pub fn tight(&self, on: &S) -> Vec<u32> {
        let mut lines = Vec::new();
        on.each(|slot| lines.push(self.facets[slot]));
        lines
    }

    fn clear(&mut self) {
        self.rays.clear();
        self.alive.clear();
        self.decided.clear();
    }

    /// The same cone with sets of another kind; it must have few enough facets.
    pub fn convert<T: Slots>(&self) -> Cone<R, T> {
        let mut slots = vec![usize::MAX; self.facets.len()];
        let mut facets = Vec::new();
        self.live.each(|slot| {
            slots[slot] = facets.len();
            facets.push(self.facets[slot]);
        });
        let set = |on: &S| {
            let mut set = T::empty();
            on.each(|slot| set.add(slots[slot]));
            set
        };
        let rays = self.rays.iter().map(|ray| Ray { point: ray.point, on: set(&ray.on), id: ray.id }).collect();
        Cone { rays, live: set(&self.live), facets, alive: self.alive.clone(), decided: self.decided.clone() }
    }
}

/// What splitting needs besides the cone: the lines, exact answers, fresh numbers, room for signs.
pub(super) struct Knife<'a, const R: usize> {
    pub field: &'a Field<R>,
    pub oracle: Oracle<'a>,
    pub next: u32,
    values: Vec<f64>,
    signs: Vec<i8>,
}

impl<'a, const R: usize> Knife<'a, R> {
    pub fn new(field: &'a Field<R>, lines: &'a Lines, next: u32) -> Self {
        Knife { field, oracle: Oracle::new(lines), next, values: Vec::new(), signs: Vec::new() }
    }

    pub fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// The sign of `line` on a ray of `cone`, given its value there.
    #[inline]
    fn sign<S: Slots>(&mut self, cone: &Cone<R, S>, line: usize, ray: &Ray<R, S>, value: f64) -> i8 {
        let slack = ray.point.slack;
        if value > slack {
            1
        } else if value < -slack {
            -1
        } else if slack == 0.0 {
            0
        } else {
            self.oracle.sign(line, ray.id, &ray.point, || cone.tight(&ray.on))
        }
    }

    /// Whether some of `rays` are positive and negative on `line`, beginning with what is `seen`; stops when both are.
    #[inline]
    fn sides<S: Slots>(&mut self, cone: &Cone<R, S>, line: usize, rays: &[Ray<R, S>], mut seen: (bool, bool)) -> (bool, bool) {
        for ray in rays {
            match self.sign(cone, line, ray, self.field.value(line, &ray.point)) {
                1 => seen.0 = true,
                -1 => seen.1 = true,
                _ => {}
            }
            if seen == (true, true) {
                break;
            }
        }
        seen
    }

    /// Cuts `cone` along its last alive line; false if a half has more facets than `S` can hold.
    pub fn split<S: Slots>(&mut self, cone: &Cone<R, S>, plus: &mut Cone<R, S>, minus: &mut Cone<R, S>) -> bool {
        let Some((&line, others)) = cone.alive.split_last() else { return false };
        plus.clear();
        minus.clear();
        let strict = self.divide(cone, line as usize, plus, minus);
        if plus.live.vacant() >= S::CAPACITY || minus.live.vacant() >= S::CAPACITY {
            return false;
        }
        let slots = (open(cone, plus, line), open(cone, minus, line));
        self.share(cone, line, (plus, minus), slots);
        self.decide(others, (plus, minus), strict);
        plus.decided.push(2 * line + 1);
        minus.decided.push(2 * line);
        true
    }

    /// Hands the rays strictly on either side to that half, with the facets that stay facets; how many there are.
    fn divide<S: Slots>(&mut self, cone: &Cone<R, S>, line: usize, plus: &mut Cone<R, S>, minus: &mut Cone<R, S>) -> (usize, usize) {
        self.values.clear();
        self.signs.clear();
        (plus.live, minus.live) = (S::empty(), S::empty());
        for ray in &cone.rays {
            let value = self.field.value(line, &ray.point);
            let sign = self.sign(cone, line, ray, value);
            self.values.push(value);
            self.signs.push(sign);
            if sign != 0 {
                let half = if sign > 0 { &mut *plus } else { &mut *minus };
                half.live.join(&ray.on);
                half.rays.push(ray.clone());
            }
        }
        (plus.rays.len(), minus.rays.len())
    }

    /// Gives both halves the rays on `line`: those of the cone, and a new one on every edge that it cuts.
    fn share<S: Slots>(&mut self, cone: &Cone<R, S>, line: u32, halves: (&mut Cone<R, S>, &mut Cone<R, S>), slots: (usize, usize)) {
        let (plus, minus) = halves;
        let stays = (plus.live.clone(), minus.live.clone());
        let mut give = |point: Point<R>, on: &S, id: u32| {
            for (half, stays, slot) in [(&mut *plus, &stays.0, slots.0), (&mut *minus, &stays.1, slots.1)] {
                let mut on = on.meet(stays);
                on.add(slot);
                half.rays.push(Ray { point, on, id });
            }
        };
        for i in 0..cone.rays.len() {
            if self.signs[i] == 0 {
                give(cone.rays[i].point, &cone.rays[i].on, cone.rays[i].id);
            }
            for j in 0..i {
                if self.signs[i] * self.signs[j] < 0
                    && let Some(common) = edge(self.field.rank, &cone.rays, i, j)
                {
                    let (u, w) = if self.signs[i] > 0 { (i, j) } else { (j, i) };
                    let point = self.cut(cone, line, u, w, &common);
                    give(point, &common, self.fresh());
                }
            }
        }
    }

    /// The ray where `line` meets the edge between the rays `u` and `w`, with an error that leaves its direction certain.
    #[inline]
    fn cut<S: Slots>(&mut self, cone: &Cone<R, S>, line: u32, u: usize, w: usize, common: &S) -> Point<R> {
        let (p, q) = (&cone.rays[u].point, &cone.rays[w].point);
        let guess = self.field.cut(line as usize, p, self.values[u], q, self.values[w]);
        if guess.error <= FINE * size(&guess.at) {
            return guess;
        }
        self.refine(cone, line, u, w, common, guess)
    }

    /// Finds which `lines` cut the cone, and the signs of the others.
    pub fn sort_out<S: Slots>(&mut self, lines: &[u32], cone: &mut Cone<R, S>) {
        for &line in lines {
            match self.sides(cone, line as usize, &cone.rays, (false, false)) {
                (true, true) => cone.alive.push(line),
                (positive, _) => cone.decided.push(2 * line + u32::from(positive)),
            }
        }
    }

    /// The same from the defining lines: by minors in floats if they are few and independent, by integers otherwise.
    #[cold]
    fn refine<S: Slots>(&mut self, cone: &Cone<R, S>, line: u32, u: usize, w: usize, common: &S, guess: Point<R>) -> Point<R> {
        let mut best = guess;
        if R <= WIDEST && common.size() + 2 == self.field.rank {
            let mut tight = cone.tight(common);
            tight.push(line);
            best = self.field.meet(&tight, &guess).filter(|p| p.error < guess.error).unwrap_or(guess);
        }
        if best.error <= COARSE * size(&best.at) && size(&best.at) > 1e-100 {
            return best;
        }
        let known = |i: usize| Known { id: cone.rays[i].id, point: &cone.rays[i].point, tight: cone.tight(&cone.rays[i].on) };
        self.oracle.cut(self.field, line as usize, known(u), known(w))
    }

    /// Finds which of the other lines still cut each half; the first `strict` rays of a half are its own, the rest are shared.
    fn decide<S: Slots>(&mut self, others: &[u32], halves: (&mut Cone<R, S>, &mut Cone<R, S>), strict: (usize, usize)) {
        let (plus, minus) = halves;
        for &line in others {
            let seen = self.sides(plus, line as usize, &plus.rays[strict.0..], (false, false));
            for (half, own) in [(&mut *plus, strict.0), (&mut *minus, strict.1)] {
                match if seen == (true, true) { seen } else { self.sides(half, line as usize, &half.rays[..own], seen) } {
                    (true, true) => half.alive.push(line),
                    (positive, _) => half.decided.push(2 * line + u32::from(positive)),
                }
            }
        }
    }
}

/// Errors up to this share of a ray are left alone.
const FINE: f64 = 1.0 / (1u64 << 34) as f64;
/// Errors up to this share of a ray are bearable where the lines themselves meet at small angles.
const COARSE: f64 = 1.0 / (1u64 << 20) as f64;

/// The facets in common of the rays `i` and `j` if they span an edge.
#[inline]
fn edge<const R: usize, S: Slots>(rank: usize, rays: &[Ray<R, S>], i: usize, j: usize) -> Option<S> {
    let common = rays[i].on.meet(&rays[j].on);
    if common.size() + 2 < rank {
        return None;
    }
    // At a ray on r - 1 facets any r - 2 of them meet in an edge.
    let simple = rays[i].on.size() + 1 == rank || rays[j].on.size() + 1 == rank;
    let alone = || rays.iter().enumerate().all(|(k, ray)| k == i || k == j || !ray.on.contains(&common));
    (simple || alone()).then_some(common)
}

/// Makes `line` a facet of `half`; its slot.
fn open<const R: usize, S: Slots>(cone: &Cone<R, S>, half: &mut Cone<R, S>, line: u32) -> usize {
    let slot = half.live.vacant();
    half.live.add(slot);
    half.facets.clone_from(&cone.facets);
    if slot < half.facets.len() {
        half.facets[slot] = line;
    } else {
        half.facets.push(line);
    }
    slot
}
