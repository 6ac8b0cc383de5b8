//! What networks can say of the training rows at all: whether sums of contributions reach the targets, decided without rounding.
//!
//! As max(z, 0) = (|z| + z) / 2, every contribution is F_i(θ) = Σ_l K_il |ℓ_l·θ| + B_i·θ over the distinct lines ℓ_l that are crossed by
//! the cone of the θ that are allowed.  Each |ℓ_l·θ| has a kink where no other function has one, so these functions and the entries of θ
//! are independent, and sums of contributions, with what costs nothing, are exactly the span of the columns of A = [K B Z].
//!
//! So c'A = 0 means Σ_i c_i f_i = 0 for every network, and targets with Σ_i c_i y_i ≠ 0 are met by none: c is the witness.  If there is
//! none, rows of A that are a basis of all decide the others: a network that meets their targets meets all.

use crate::exact::{Abs, Gcd, Integer, Natural, Rational, half, rational, written};
use crate::problem::{Activation, Problem};
use crate::regularizer::Norm;
use std::collections::BTreeMap;

/// Rows (from 0) whose targets decide those of all others, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span(pub Vec<usize>);

/// Why no network meets the targets.
#[derive(Clone, Debug, PartialEq)]
pub enum Unmet {
    /// Σ c_i f_i = 0 for every network, and the targets of this output have another sum: rows from 0 with their c_i, none of them 0.
    Witness { output: usize, rows: Vec<(usize, Rational)> },
    /// Nothing is known for networks of this kind, or their numbers are not finite.
    Kind,
}

/// A row of A: K without its zeros, and B with Z behind it.
#[derive(Default)]
struct Row {
    kinks: BTreeMap<usize, Rational>,
    straight: Vec<Rational>,
}

impl Span {
    /// The span of a problem's networks, if it holds the targets.
    pub fn of(problem: &Problem) -> Result<Span, Unmet> {
        let rows = rows(problem).ok_or(Unmet::Kind)?;
        let shared = shared(&rows);
        let mut basis: Vec<usize> = (0..rows.len()).filter(|i| shared.binary_search(i).is_err()).collect();
        let mut elimination = Elimination::default();
        for i in shared {
            match elimination.add(i, &rows[i]) {
                None => basis.push(i),
                Some(relation) => meets(problem, relation)?,
            }
        }
        basis.sort_unstable();
        Ok(Span(basis))
    }
}

/// Whether the targets of every output obey a relation.
fn meets(problem: &Problem, relation: BTreeMap<usize, Rational>) -> Result<(), Unmet> {
    let (y, outputs) = (problem.targets(), problem.outputs());
    for output in 0..outputs {
        let mut terms = relation.iter().map(|(i, c)| Some(c * rational(y[i * outputs + output])?));
        let sum = terms.try_fold(Rational::ZERO, |sum, term| Some(sum + term?)).ok_or(Unmet::Kind)?;
        if sum != Rational::ZERO {
            return Err(Unmet::Witness { output, rows: relation.into_iter().collect() });
        }
    }
    Ok(())
}

/// Rows that a relation may hold, in order: one with a line that no other has is in none, and the others may then be alone on theirs.
fn shared(rows: &[Row]) -> Vec<usize> {
    let mut left: Vec<usize> = (0..rows.len()).collect();
    loop {
        let mut users: BTreeMap<usize, usize> = BTreeMap::new();
        left.iter().flat_map(|&i| rows[i].kinks.keys()).for_each(|line| *users.entry(*line).or_default() += 1);
        let before = left.len();
        left.retain(|&i| rows[i].kinks.keys().all(|line| users[line] > 1));
        if left.len() == before {
            return left;
        }
    }
}

/// Rows of A that were kept, each less multiples of those before it, and what each is a sum of.
#[derive(Default)]
struct Elimination(Vec<Kept>);

struct Kept {
    row: BTreeMap<Place, Rational>,
    /// The first entry of `row`.
    pivot: Place,
    sum: BTreeMap<usize, Rational>,
}

/// A column of A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Kink(usize),
    Straight(usize),
}

impl Elimination {
    /// Takes row `i` in; if it depends on those before, the relation between them.
    fn add(&mut self, i: usize, row: &Row) -> Option<BTreeMap<usize, Rational>> {
        let kinks = row.kinks.iter().map(|(line, x)| (Place::Kink(*line), x.clone()));
        let straight = row.straight.iter().enumerate().map(|(k, x)| (Place::Straight(k), x.clone()));
        let mut left: BTreeMap<Place, Rational> = kinks.chain(straight).filter(|(_, x)| *x != Rational::ZERO).collect();
        let mut sum = BTreeMap::from([(i, Rational::ONE)]);
        for kept in &self.0 {
            if let Some(factor) = left.get(&kept.pivot).map(|x| x / &kept.row[&kept.pivot]) {
                subtract(&mut left, &factor, &kept.row);
                subtract(&mut sum, &factor, &kept.sum);
            }
        }
        let Some(pivot) = left.keys().next().copied() else { return Some(sum) };
        self.0.push(Kept { row: left, pivot, sum });
        None
    }
}

/// from -= factor · what, zeros left out.
fn subtract<K: Copy + Ord>(from: &mut BTreeMap<K, Rational>, factor: &Rational, what: &BTreeMap<K, Rational>) {
    for (key, x) in what {
        let entry = from.entry(*key).or_insert(Rational::ZERO);
        *entry -= factor * x;
        if *entry == Rational::ZERO {
            from.remove(key);
        }
    }
}

/// The rows of A; `None` for networks that are not covered.
fn rows(problem: &Problem) -> Option<Vec<Row>> {
    let (activation, radius) = (&problem.architecture.activation, problem.objective.regularizer.radius);
    if problem.architecture.gates.is_some() || problem.architecture.largest() || !activation.continuous() {
        return None;
    }
    let radius = match radius {
        None => None,
        Some(radius) => Some(written(radius).filter(|radius| *radius > Rational::ZERO)?),
    };
    let (inputs, places) = (problem.scaled_inputs(), problem.architecture.places());
    let mut lines = Lines { problem, activation, radius, known: BTreeMap::new() };
    let examples = inputs.rows / places;
    let mut rows: Vec<Row> = (0..examples).map(|_| Row::default()).collect();
    for (number, patch) in inputs.each_row().enumerate() {
        lines.add(patch, &mut rows[number / places])?;
    }
    let free = problem.free_columns();
    rows.iter_mut().zip(free.each_row()).try_for_each(|(row, z)| {
        row.kinks.retain(|_, x| *x != Rational::ZERO);
        row.straight.extend(exact(z)?);
        Some(())
    })?;
    Some(rows)
}

fn exact(row: &[f64]) -> Option<Vec<Rational>> {
    row.iter().map(|x| rational(*x)).collect()
}

/// The distinct lines so far, each as the vector on it whose first entry is 1.
struct Lines<'a> {
    problem: &'a Problem,
    activation: &'a Activation,
    /// r, where the hidden norm is bounded: θ has one entry more.
    radius: Option<Rational>,
    known: BTreeMap<Vec<Rational>, usize>,
}

impl Lines<'_> {
    /// Adds what one patch contributes.
    fn add(&mut self, patch: &[f64], row: &mut Row) -> Option<()> {
        let x = exact(patch)?;
        row.straight.resize(x.len() + usize::from(self.radius.is_some()), Rational::ZERO);
        let (pieces, activation) = (&self.activation.pieces, self.activation);
        let first = pieces.first()?;
        self.straight(&first.slope, &x, row);
        if let (Some(radius), Some(last)) = (&self.radius, row.straight.last_mut()) {
            *last += &first.intercept / radius;
        }
        for (before, piece) in activation.pieces.iter().zip(activation.pieces.iter().skip(1)) {
            let bend = &piece.slope - &before.slope;
            let mut line = x.clone();
            if let Some(radius) = &self.radius {
                line.push(-piece.from.clone()? / radius);
            }
            match self.side(&line)? {
                Some(true) => self.straight(&bend, &line, row),
                Some(false) => {}
                None => {
                    self.straight(&half(bend.clone()), &line, row);
                    self.kink(&bend, line, row);
                }
            }
        }
        Some(())
    }

    fn straight(&self, factor: &Rational, line: &[Rational], row: &mut Row) {
        row.straight.iter_mut().zip(line).for_each(|(sum, x)| *sum += factor * x);
    }

    /// K += bend |ℓ|, in units of 1/2 of the line's own vector.
    fn kink(&mut self, bend: &Rational, line: Vec<Rational>, row: &mut Row) {
        let Some(lead) = line.iter().find(|x| **x != Rational::ZERO).cloned() else { return };
        let line: Vec<Rational> = line.iter().map(|x| x / &lead).collect();
        let next = self.known.len();
        let at = *self.known.entry(line).or_insert(next);
        *row.kinks.entry(at).or_insert(Rational::ZERO) += bend * lead.abs();
    }

    /// Under a bound: whether ℓ·θ is never negative, or never positive, for h(u) <= τ.
    fn side(&self, line: &[Rational]) -> Option<Option<bool>> {
        let Some((shift, rest)) = line.split_last().filter(|_| self.radius.is_some()) else { return Some(None) };
        let common = line.iter().fold(Natural::ONE, |common, x| {
            let divisor = (&common).gcd(x.denominator());
            common * x.denominator() / divisor
        });
        let whole = |x: &Rational| (x * Rational::from(common.clone())).floor();
        let rest: Vec<Integer> = rest.iter().map(whole).collect();
        Some(self.problem.norm().polar_at_most(&rest, &whole(&shift.clone().abs())).then_some(*shift > Rational::ZERO))
    }
}
