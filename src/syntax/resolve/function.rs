//! The algebra of piecewise-linear functions of one variable, exact: sums, products where they stay straight, composition.

use crate::exact::{Rational, bits};
use crate::problem::Piece;

/// The most breaks a function may have.
pub const MOST_BREAKS: usize = 1000;
/// The most bits of a numerator or denominator.
const MOST_BITS: usize = 4096;

/// slope·x + intercept.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub slope: Rational,
    pub intercept: Rational,
}

impl Line {
    pub fn constant(value: Rational) -> Self {
        Line { slope: Rational::ZERO, intercept: value }
    }

    pub fn at(&self, x: &Rational) -> Rational {
        &self.slope * x + &self.intercept
    }

    pub fn flat(&self) -> bool {
        self.slope == Rational::ZERO
    }
}

/// A break: where it is, the value there, and the line behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Break {
    pub at: Rational,
    pub value: Rational,
    pub after: Line,
}

/// A line from -∞, and breaks from left to right.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub first: Line,
    pub breaks: Vec<Break>,
}

/// Why an operation has no piecewise-linear result that we can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The result bends continuously.
    Curved,
    TooManyBreaks,
    /// A numerator or denominator has grown beyond reason.
    NumbersTooLong,
    DivisionByZero,
}

type Result<T> = std::result::Result<T, Trouble>;

impl Function {
    pub fn line(slope: Rational, intercept: Rational) -> Self {
        Function { first: Line { slope, intercept }, breaks: Vec::new() }
    }

    pub fn constant(value: Rational) -> Self {
        Function::line(Rational::ZERO, value)
    }

    /// x.
    pub fn identity() -> Self {
        Function::line(Rational::ONE, Rational::ZERO)
    }

    /// max(x, 0).
    pub fn positive_part() -> Self {
        let after = Line { slope: Rational::ONE, intercept: Rational::ZERO };
        Function { first: Line::constant(Rational::ZERO), breaks: vec![Break { at: Rational::ZERO, value: Rational::ZERO, after }] }
    }

    /// The value, if the function is constant.
    pub fn as_constant(&self) -> Option<&Rational> {
        (self.breaks.is_empty() && self.first.flat()).then_some(&self.first.intercept)
    }

    /// f(x).
    pub fn value(&self, x: &Rational) -> Rational {
        match self.breaks.binary_search_by(|b| b.at.cmp(x)) {
            Ok(here) => self.breaks[here].value.clone(),
            Err(next) => self.line_before(next).at(x),
        }
    }

    /// The line just left of `x`, or just right of it.
    fn beside(&self, x: &Rational, right: bool) -> &Line {
        self.line_before(self.breaks.partition_point(|b| if right { b.at <= *x } else { b.at < *x }))
    }

    /// The line that ends at break number `next`.
    fn line_before(&self, next: usize) -> &Line {
        next.checked_sub(1).map_or(&self.first, |last| &self.breaks[last].after)
    }

    pub fn plus(&self, other: &Function) -> Result<Function> {
        let sum = |a: &Line, b: &Line| Ok(Line { slope: &a.slope + &b.slope, intercept: &a.intercept + &b.intercept });
        self.joined(other, sum, |a, b| a + b)
    }

    pub fn times(&self, other: &Function) -> Result<Function> {
        let product = |a: &Line, b: &Line| match (a.flat(), b.flat()) {
            (true, _) => Ok(Line { slope: &a.intercept * &b.slope, intercept: &a.intercept * &b.intercept }),
            (_, true) => Ok(Line { slope: &b.intercept * &a.slope, intercept: &b.intercept * &a.intercept }),
            _ => Err(Trouble::Curved),
        };
        self.joined(other, product, |a, b| a * b)
    }

    pub fn negative(&self) -> Result<Function> {
        self.times(&Function::constant(-Rational::ONE))
    }

    pub fn over(&self, other: &Function) -> Result<Function> {
        match other.as_constant() {
            Some(zero) if *zero == Rational::ZERO => Err(Trouble::DivisionByZero),
            Some(number) => self.times(&Function::constant(Rational::ONE / number)),
            None => Err(Trouble::Curved),
        }
    }

    /// f^k for a constant whole k; only a constant has powers other than 0 and 1.
    pub fn to_the(&self, exponent: &Function) -> Result<Function> {
        let exponent = exponent.as_constant().ok_or(Trouble::Curved)?;
        if *exponent == Rational::ONE {
            return Ok(self.clone());
        }
        let base = self.as_constant().ok_or(Trouble::Curved)?;
        let whole = (0..=64i64).find(|&k| *exponent == Rational::from(k) || *exponent == Rational::from(-k)).ok_or(Trouble::Curved)?;
        let power = base.pow(whole as isize);
        if *exponent >= Rational::ZERO {
            return checked(Function::constant(power));
        }
        Function::constant(Rational::ONE).over(&Function::constant(power))
    }

    /// max(f, g) = g + max(f - g, 0).
    pub fn max(&self, other: &Function) -> Result<Function> {
        let difference = self.plus(&other.negative()?)?;
        other.plus(&Function::positive_part().of(&difference)?)
    }

    /// min(f, g) = f - max(f - g, 0).
    pub fn min(&self, other: &Function) -> Result<Function> {
        let difference = self.plus(&other.negative()?)?;
        self.plus(&Function::positive_part().of(&difference)?.negative()?)
    }

    /// f(g(x)).
    pub fn of(&self, inner: &Function) -> Result<Function> {
        let first_end = inner.breaks.first().map(|b| &b.at);
        let (first, mut breaks) = self.along(&inner.first, None, first_end);
        for (k, b) in inner.breaks.iter().enumerate() {
            let end = inner.breaks.get(k + 1).map(|next| &next.at);
            let (after, more) = self.along(&b.after, Some(&b.at), end);
            breaks.push(Break { at: b.at.clone(), value: self.value(&b.value), after });
            breaks.extend(more);
            if breaks.len() > 2 * MOST_BREAKS {
                return Err(Trouble::TooManyBreaks);
            }
        }
        checked(Function { first, breaks })
    }

    /// f(line(x)) on the open interval from `low` to `high`: its first line, and the breaks inside.
    fn along(&self, line: &Line, low: Option<&Rational>, high: Option<&Rational>) -> (Line, Vec<Break>) {
        if line.flat() {
            return (Line::constant(self.value(&line.intercept)), Vec::new());
        }
        let rising = line.slope > Rational::ZERO;
        let compose = |outer: &Line| Line { slope: &outer.slope * &line.slope, intercept: outer.at(&line.intercept) };
        let mut breaks: Vec<Break> = self.breaks.iter().map(|b| self.seen_through(b, line, rising)).collect();
        if !rising {
            breaks.reverse();
        }
        let start = if rising { &self.first } else { self.breaks.last().map_or(&self.first, |b| &b.after) };
        let passed = breaks.iter().rev().find(|b| low.is_some_and(|low| b.at <= *low));
        let first = passed.map_or_else(|| compose(start), |b| b.after.clone());
        breaks.retain(|b| low.is_none_or(|low| b.at > *low) && high.is_none_or(|high| b.at < *high));
        (first, breaks)
    }

    /// A break of f as f(line(x)) has it.
    fn seen_through(&self, b: &Break, line: &Line, rising: bool) -> Break {
        let outer = if rising { &b.after } else { self.beside(&b.at, false) };
        let after = Line { slope: &outer.slope * &line.slope, intercept: outer.at(&line.intercept) };
        Break { at: (&b.at - &line.intercept) / &line.slope, value: b.value.clone(), after }
    }

    /// Combines two functions line by line and, at the breaks of either, value by value.
    fn joined(
        &self,
        other: &Function,
        lines: impl Fn(&Line, &Line) -> Result<Line>,
        values: impl Fn(Rational, Rational) -> Rational,
    ) -> Result<Function> {
        let mut places: Vec<&Rational> = self.breaks.iter().chain(&other.breaks).map(|b| &b.at).collect();
        places.sort();
        places.dedup();
        let mut breaks = Vec::with_capacity(places.len());
        for at in places {
            let after = lines(self.beside(at, true), other.beside(at, true))?;
            breaks.push(Break { at: at.clone(), value: values(self.value(at), other.value(at)), after });
        }
        checked(Function { first: lines(&self.first, &other.first)?, breaks })
    }

    /// The normal form that the rest of cvxc reads; the error is a point whose value belongs to neither side.
    pub fn pieces(&self) -> std::result::Result<Vec<Piece>, Rational> {
        let mut before = &self.first;
        let piece =
            |from, includes_from, line: &Line| Piece { from, includes_from, slope: line.slope.clone(), intercept: line.intercept.clone() };
        let mut pieces = vec![piece(None, true, before)];
        for b in &self.breaks {
            let includes = b.after.at(&b.at) == b.value;
            if !includes && before.at(&b.at) != b.value {
                return Err(b.at.clone());
            }
            pieces.push(piece(Some(b.at.clone()), includes, &b.after));
            before = &b.after;
        }
        Ok(pieces)
    }
}

/// Drops breaks that are none, and refuses what has grown too large.
pub fn checked(function: Function) -> Result<Function> {
    let Function { first, breaks } = function;
    let mut kept: Vec<Break> = Vec::with_capacity(breaks.len());
    for b in breaks {
        let before = kept.last().map_or(&first, |last| &last.after);
        if *before != b.after || before.at(&b.at) != b.value {
            kept.push(b);
        }
    }
    let numbers = kept.iter().flat_map(|b| [&b.at, &b.value, &b.after.slope, &b.after.intercept]);
    if kept.len() > MOST_BREAKS {
        Err(Trouble::TooManyBreaks)
    } else if numbers.chain([&first.slope, &first.intercept]).any(too_long) {
        Err(Trouble::NumbersTooLong)
    } else {
        Ok(Function { first, breaks: kept })
    }
}

/// Whether a number's numerator or denominator is beyond reason.
pub fn too_long(number: &Rational) -> bool {
    let denominator = Rational::from(number.denominator().clone());
    bits(number) > MOST_BITS || bits(&denominator) > MOST_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: i64) -> Rational {
        Rational::from(value)
    }

    fn shifted(by: i64) -> Function {
        Function::line(Rational::ONE, number(by))
    }

    /// step(x) with 1 at 0.
    fn step() -> Function {
        let one = Line::constant(Rational::ONE);
        Function { first: Line::constant(Rational::ZERO), breaks: vec![Break { at: Rational::ZERO, value: Rational::ONE, after: one }] }
    }

    #[test]
    fn a_hat_is_a_sum_of_positive_parts() {
        let part = |by| Function::positive_part().of(&shifted(by)).unwrap();
        let twice = part(0).times(&Function::constant(number(-2))).unwrap();
        let hat = part(1).plus(&twice).unwrap().plus(&part(-1)).unwrap();
        for (x, y) in [(-3, 0), (-1, 0), (0, 1), (1, 0), (5, 0)] {
            assert_eq!(hat.value(&number(x)), number(y), "{x}");
        }
        assert_eq!(hat.breaks.len(), 3);
    }

    #[test]
    fn composition_agrees_with_its_definition_on_a_grid() {
        let hinge = Function::constant(Rational::ONE).plus(&Function::identity().negative().unwrap()).unwrap();
        let shapes =
            [Function::positive_part(), step(), shifted(2), hinge.clone(), step().of(&hinge).unwrap(), Function::constant(number(3))];
        for f in &shapes {
            for g in &shapes {
                let (of, max, min, plus) = (f.of(g).unwrap(), f.max(g).unwrap(), f.min(g).unwrap(), f.plus(g).unwrap());
                for k in -12..=12 {
                    let x = number(k) / number(2);
                    let (a, b) = (f.value(&x), g.value(&x));
                    assert_eq!(of.value(&x), f.value(&g.value(&x)));
                    assert_eq!(plus.value(&x), &a + &b);
                    assert_eq!(max.value(&x), a.clone().max(b.clone()));
                    assert_eq!(min.value(&x), a.min(b));
                }
            }
        }
    }

    #[test]
    fn products_are_refused_where_they_bend() {
        let x = Function::identity();
        assert_eq!(x.times(&x), Err(Trouble::Curved));
        let gated = x.times(&step()).unwrap();
        assert_eq!(gated, Function::positive_part());
    }
}
