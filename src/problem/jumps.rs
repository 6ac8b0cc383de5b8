//! Piecewise-constant activations on the rows of a problem, exactly: which lines of weight space a neuron jumps at (THEORY 4).
//!
//! With breaks t_k and levels L_0, L_1, ... the output of a neuron on example i is L of the number of its breaks that are passed,
//! x_i·w >= t_k, or > where the break belongs to the left.  Whether one is passed depends on the side of the line
//! ℓ = (x_i, -t_k) on which (w, 1) lies, and being on the line is a side too: rows on one line may look opposite ways.

use super::{Activation, Problem};
use crate::exact::{Dyadic, Integer, Natural, Rational, linear, product, written};
use crate::regularizer::Hidden;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The lines that neurons jump at, and where each example jumps.
#[derive(Clone, Debug)]
pub struct Jumps {
    /// ℓ (d + 1 integers each), distinct and primitive, the first entry that is not zero positive; in the order of the examples.
    pub lines: Vec<Vec<Integer>>,
    /// The same scaled to entries of at most 1, rounded.
    pub floats: Vec<Vec<f64>>,
    /// Whether an example jumps between the negative side and the line itself, and between that and the positive side.
    pub splits: Vec<[bool; 2]>,
    /// For every example its breaks from left to right.
    places: Vec<Vec<Place>>,
    /// h and r, where h(w) <= r is demanded.
    pub ball: Option<(Hidden, Rational)>,
}

/// Where an example passes one of its breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// Everywhere, or nowhere: the example is a row of zeros.
    Fixed(bool),
    /// On the positive side of a line, or on its negative side if the example lies the other way round; on the line if it is closed.
    On { line: usize, opposite: bool, closed: bool },
}

impl Place {
    /// Whether the break is passed where the line has this sign.
    pub fn passed(self, sign: i8) -> bool {
        match self {
            Place::Fixed(passed) => passed,
            Place::On { opposite, closed, .. } => (if opposite { -sign } else { sign }) > 0 || (closed && sign == 0),
        }
    }
}

impl Jumps {
    /// `None` for an activation that is not piecewise constant, for weight decay, for convolutions and gates, and for data that are not finite.
    pub fn of(problem: &Problem) -> Option<Jumps> {
        let (activation, inputs) = (&problem.architecture.activation, problem.scaled_inputs());
        let dense = problem.architecture.convolution.is_none() && problem.architecture.gates.is_none();
        if !activation.flat() || !dense || !inputs.values.iter().all(|x| x.is_finite()) {
            return None;
        }
        let regularizer = &problem.objective.regularizer;
        let radius = regularizer.radius?;
        let ball = if radius.is_finite() { Some((problem.norm(), written(radius)?)) } else { None };
        let mut jumps = Jumps { lines: Vec::new(), floats: Vec::new(), splits: Vec::new(), places: Vec::new(), ball };
        let mut known = BTreeMap::new();
        for row in inputs.each_row() {
            let breaks = activation.pieces.iter().skip(1);
            let places = breaks.filter_map(|piece| Some(jumps.place(&mut known, row, piece.from.as_ref()?, piece.includes_from)));
            let places = places.collect();
            jumps.places.push(places);
        }
        jumps.floats = jumps.lines.iter().map(|line| scaled(line)).collect();
        Some(jumps)
    }

    /// The place of a break, its line being added if it is new.
    fn place(&mut self, known: &mut BTreeMap<Vec<Integer>, usize>, row: &[f64], at: &Rational, closed: bool) -> Place {
        let mut line = direction(row, at);
        let (last, first) = (line.len() - 1, line.iter().map(linear::sign).position(|sign| sign != 0));
        let opposite = match first {
            Some(first) if first < last => linear::sign(&line[first]) < 0,
            _ => {
                let sign = linear::sign(&line[last]);
                return Place::Fixed(sign > 0 || (closed && sign == 0));
            }
        };
        if opposite {
            line.iter_mut().for_each(|x| *x = -&*x);
        }
        let line = *known.entry(line).or_insert_with_key(|line| {
            self.lines.push(line.clone());
            self.splits.push([false; 2]);
            self.lines.len() - 1
        });
        // Closed, or open the other way round: the line itself counts with the positive side.
        self.splits[line][usize::from(closed == opposite)] = true;
        Place::On { line, opposite, closed }
    }

    /// Where example i passes each of its breaks.
    pub fn places(&self) -> &[Vec<Place>] {
        &self.places
    }

    /// The sign of every line at (w, 1): -1, 0 or 1, exactly.
    pub fn signs(&self, w: &[f64]) -> Vec<i8> {
        let exact = || -> Vec<Dyadic> { w.iter().copied().chain([1.0]).map(Dyadic::new).collect() };
        let mut dyadics: Option<Vec<Dyadic>> = None;
        let mut sign = |(line, float): (&Vec<Integer>, &Vec<f64>)| {
            let terms = || float.iter().zip(w.iter().copied().chain([1.0])).map(|(l, w)| l * w);
            let (sum, size) = terms().fold((0.0, 0.0), |(sum, size), term| (sum + term, size + f64::abs(term)));
            let slack = size * (w.len() as f64 + 6.0) * f64::EPSILON + f64::MIN_POSITIVE;
            match sum {
                sum if sum > slack && slack.is_finite() => 1,
                sum if sum < -slack && slack.is_finite() => -1,
                _ => exact_sign(line, dyadics.get_or_insert_with(exact)),
            }
        };
        self.lines.iter().zip(&self.floats).map(&mut sign).collect()
    }

    /// How many breaks every example passes, where the lines have these signs.
    pub fn column(&self, signs: &[i8]) -> Vec<u16> {
        let sign = |place: &Place| match place {
            Place::Fixed(_) => 0,
            Place::On { line, .. } => signs[*line],
        };
        let passed = |places: &Vec<Place>| places.iter().filter(|place| place.passed(sign(place))).count() as u16;
        self.places.iter().map(passed).collect()
    }
}

/// The integers on the ray of (x, -t).
fn direction(row: &[f64], at: &Rational) -> Vec<Integer> {
    let parts: Vec<_> = row.iter().map(|x| linear::parts(*x)).collect();
    let least = parts.iter().flatten().map(|part| part.1).min().unwrap_or(0).min(0);
    let denominator = Integer::from(at.denominator().clone());
    let whole = |part: &Option<(i64, i32)>| part.map_or(Integer::ZERO, |(m, e)| (Integer::from(m) << (e - least) as usize) * &denominator);
    let mut line: Vec<Integer> = parts.iter().map(whole).collect();
    line.push(-(at.numerator() << least.unsigned_abs() as usize));
    linear::shorten(&mut line);
    line
}

fn scaled(line: &[Integer]) -> Vec<f64> {
    let bits = linear::bits(line);
    line.iter().map(|x| linear::scaled(x, bits)).collect()
}

fn exact_sign(line: &[Integer], w: &[Dyadic]) -> i8 {
    let mut sum = Dyadic::ZERO;
    line.iter().zip(w).for_each(|(l, w)| sum.add(&Dyadic { mantissa: l * &w.mantissa, exponent: w.exponent }));
    linear::sign(&sum.mantissa)
}

/// φ(x·w), the sum being exact where a rounded one might be on the other side of a jump.
pub fn value_of(activation: &Activation, x: &[f64], w: &[f64]) -> f64 {
    // No slack is too much where nothing jumps.
    if activation.steady(0.0, f64::INFINITY) {
        return activation.value(product(x, w));
    }
    let terms = x.iter().copied().zip(w.iter().copied());
    let (sum, size, count) = terms.clone().fold((0.0, 0.0, 6.0), |(sum, size, count), (x, w)| {
        let term = x * w;
        (sum + term, size + f64::abs(term), count + 1.0)
    });
    let slack = count * f64::EPSILON * (size + f64::abs(sum)) + f64::MIN_POSITIVE;
    if activation.steady(sum, slack) || !terms.clone().all(|(x, w)| x.is_finite() && w.is_finite()) {
        return activation.value(sum);
    }
    let mut exact = Dyadic::ZERO;
    terms.for_each(|(x, w)| exact.add(&Dyadic::new(x).times(&Dyadic::new(w))));
    let exact = exact.rational();
    let holds = |piece: &&super::Piece| match piece.from.as_ref().map(|from| exact.cmp(from)) {
        None | Some(Ordering::Greater) => true,
        Some(Ordering::Equal) => piece.includes_from,
        Some(Ordering::Less) => false,
    };
    let piece = activation.pieces.iter().rev().find(holds).unwrap_or(&activation.pieces[0]);
    crate::exact::double(&piece.slope) * sum + crate::exact::double(&piece.intercept)
}

/// The common denominator D of the levels and D L_k; `None` if they are too wide for proofs.
pub fn levels(activation: &Activation) -> Option<(Natural, Vec<i128>)> {
    use crate::exact::Gcd;
    let common = activation.pieces.iter().fold(Natural::ONE, |common, piece| {
        let other = piece.intercept.denominator();
        let divisor = (&common).gcd(other);
        common * other / divisor
    });
    let whole = |piece: &super::Piece| {
        let level = piece.intercept.numerator() * Integer::from(common.clone() / piece.intercept.denominator());
        i128::try_from(level).ok().filter(|level| level.unsigned_abs() >> 60 == 0)
    };
    let levels = activation.pieces.iter().map(whole).collect::<Option<_>>()?;
    Some((common, levels))
}
