//! The columns φ(Xw) of a piecewise-constant activation: one per half-open cell, so also those of faces and of w = 0 (THEORY 4).
//!
//! Every line leaves a column some of its three sides; which of these sides hold a neuron is decided exactly but for a bound on a
//! hidden norm that is not made of straight pieces: there cuts c·w <= r h°(c) stand for the ball until θ is within it, up to rounding.

use super::demands::{Answer, Demands};
use super::halt::Stop;
use crate::exact::{Integer, linear};
use crate::problem::Jumps;

/// Bits of a cut's vector, and how often a point beyond the ball is cut off.
const CUT_BITS: i32 = 30;
const CUTS: usize = 100;
/// How far beyond the ball a point may be and count as within it.
const WITHIN: f64 = 1e-13;

/// The first and last side of a line that are left: 0 is its negative side, 1 the line itself, 2 its positive side.
pub type Sides = (u8, u8);

/// A column, by weights that have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// How many breaks each example passes.
    pub levels: Vec<u16>,
    pub weights: Vec<f64>,
}

/// An inequality that a decision makes: ℓ·θ >= 0, or with the opposite of ℓ, or > 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Half {
    pub line: usize,
    pub opposite: bool,
    pub strict: bool,
}

impl Half {
    /// The inequalities that leave a line these sides; on the line itself there are two.
    pub fn of(line: usize, (first, last): Sides) -> impl Iterator<Item = Half> {
        let up = (first > 0).then_some(Half { line, opposite: false, strict: first == 2 });
        let down = (last < 2).then_some(Half { line, opposite: true, strict: last == 0 });
        up.into_iter().chain(down)
    }
}

/// Where neurons can be.
pub struct Space<'a> {
    pub jumps: &'a Jumps,
    size: usize,
    bits: i32,
    /// r.
    radius: f64,
    /// Whether all breaks are at 0: then only directions count, and a ball keeps nobody out.
    scalable: bool,
}

impl<'a> Space<'a> {
    /// `weights` is the number of hidden weights of a neuron.
    pub fn new(jumps: &'a Jumps, weights: usize) -> Self {
        let radius = jumps.ball.as_ref().map_or(f64::INFINITY, |(_, radius)| crate::exact::double(radius));
        let ball = jumps.ball.as_ref().map_or(0, |(_, radius)| {
            linear::bits(&[radius.numerator().clone(), Integer::from(radius.denominator().clone())]) + CUT_BITS + 2
        });
        let bits = jumps.lines.iter().map(|line| linear::bits(line)).max().unwrap_or(1).max(ball);
        let scalable = jumps.lines.iter().all(|line| line.last() == Some(&Integer::ZERO));
        Space { jumps, size: weights + 1, bits, radius, scalable }
    }

    /// Whether some (w, 1) meets the inequalities, each with a weight that says how early it is looked at.
    ///
    /// Multipliers are those of the inequalities given: what is left of their sum no neuron makes positive.
    pub fn decide(&self, halves: &[(Half, f64)], deep: bool) -> Answer {
        let mut demands = Demands::new(self.size, self.bits);
        for (half, weight) in halves {
            demands.add(&self.jumps.lines[half.line], half.opposite, half.strict, *weight);
        }
        let mut one = vec![Integer::ZERO; self.size];
        one[self.size - 1] = Integer::ONE;
        demands.add(&one, false, true, f64::INFINITY);
        for _ in 0..CUTS {
            match demands.solve(deep) {
                Answer::Point(theta) => match self.cut(&theta) {
                    Some(cut) => demands.add(&cut, false, deep, f64::INFINITY),
                    None => return Answer::Point(theta),
                },
                Answer::Never(mut used) => {
                    used.retain(|(j, _)| *j < halves.len());
                    return Answer::Never(used);
                }
                Answer::Unknown => return Answer::Unknown,
            }
        }
        Answer::Unknown
    }

    /// An inequality that the whole ball meets and θ does not, if θ is beyond it.
    fn cut(&self, theta: &[Integer]) -> Option<Vec<Integer>> {
        let (norm, radius) = self.jumps.ball.as_ref().filter(|_| !self.scalable)?;
        let w = doubles(theta);
        let beyond = norm.gauge(&w) > self.radius * (1.0 + WITHIN);
        beyond.then(|| {
            let mut slope = vec![0.0; w.len()];
            let largest = w.iter().fold(0.0_f64, |largest, w| largest.max(w.abs()));
            norm.add_slope(&w.iter().map(|w| w / largest).collect::<Vec<_>>(), 1.0, &mut slope);
            let size = slope.iter().fold(0.0_f64, |size, x| size.max(x.abs()));
            let c: Vec<i64> = slope.iter().map(|x| libm::scalbn(x / size, CUT_BITS).round() as i64).collect();
            let polar = norm.polar(&c.iter().map(|c| *c as f64).collect::<Vec<_>>());
            let reach = (polar as i128..).find(|reach| norm.polar_within(&c, 0, *reach) != Some(false)).unwrap_or(i128::MAX);
            let denominator = Integer::from(radius.denominator().clone());
            let c = c.iter().map(|c| -(Integer::from(*c) * &denominator));
            c.chain([Integer::from(reach) * radius.numerator()]).collect()
        })
    }

    /// Weights whose column is that of the given sides, checked exactly; `None` where no doubles were found.
    ///
    /// Where the sides hold an open set, a point deep in it; otherwise an exact solution, if doubles can hold one.
    pub fn weights(&self, sides: &[Sides]) -> Option<Column> {
        let all = || sides.iter().enumerate().flat_map(|(line, sides)| Half::of(line, *sides));
        let signs: Vec<i8> = sides
            .iter()
            .map(|(first, last)| {
                if last - first == 2 || first + last == 2 {
                    0
                } else if *first > 0 {
                    1
                } else {
                    -1
                }
            })
            .collect();
        let wanted = self.jumps.column(&signs);
        let open = all().map(|half| (Half { strict: true, ..half }, 0.0));
        let open: Vec<_> = open.filter(|(half, _)| sides[half.line] != (1, 1)).collect();
        let exact: Vec<_> = all().map(|half| (half, 0.0)).collect();
        let tied = sides.contains(&(1, 1));
        let first = if tied { Answer::Unknown } else { self.decide(&open, true) };
        let tries = [first].into_iter().chain(std::iter::once_with(|| self.decide(&exact, true)));
        for answer in tries {
            let Answer::Point(theta) = answer else { continue };
            for weights in self.rounded(&theta) {
                if self.jumps.column(&self.jumps.signs(&weights)) == wanted {
                    return Some(Column { levels: wanted, weights });
                }
            }
        }
        None
    }

    /// θ as weights: divided by its last entry and shortened into the ball; and its direction alone, whose ties doubles can hold
    /// more often, halved until it is within.
    fn rounded(&self, theta: &[Integer]) -> Vec<Vec<f64>> {
        let (_, direction) = theta.split_last().unwrap_or((&Integer::ZERO, &[]));
        let mut direction = direction.to_vec();
        linear::shorten(&mut direction);
        let bits = linear::bits(&direction);
        let mut along: Vec<f64> = direction.iter().map(|x| linear::scaled(x, bits)).collect();
        let mut plain = doubles(theta);
        let Some((norm, radius)) = &self.jumps.ball else { return vec![along, plain] };
        let square = radius * radius;
        let within = |w: &[f64]| norm.square(w) <= square;
        while !within(&along) {
            along.iter_mut().for_each(|w| *w *= 0.5);
        }
        for _ in 0..4 {
            if within(&plain) {
                return vec![plain, along];
            }
            let factor = (self.radius / norm.gauge(&plain)).min(1.0) * (1.0 - f64::EPSILON);
            plain.iter_mut().for_each(|w| *w *= factor);
        }
        vec![along]
    }

    /// The sides that weights with these signs share with all others of their column.
    pub fn sides(&self, signs: &[i8]) -> Vec<Sides> {
        let side = |(sign, [below, above]): (&i8, &[bool; 2])| match sign {
            -1 if *below => (0, 0),
            -1 | 0 if !below && *above => (0, 1),
            0 if *below && *above => (1, 1),
            0 | 1 if *below && !above => (1, 2),
            1 if *above => (2, 2),
            _ => (0, 2),
        };
        signs.iter().zip(&self.jumps.splits).map(side).collect()
    }
}

/// The first entries over the last one.
fn doubles(theta: &[Integer]) -> Vec<f64> {
    let Some((last, rest)) = theta.split_last() else { return Vec::new() };
    let unit = linear::bits(std::slice::from_ref(last));
    let whole = linear::scaled(last, unit);
    rest.iter().map(|x| linear::scaled(x, unit) / whole).collect()
}

/// Every column once for which doubles were found, and how many there are; `TooMany` if more than `limit`.
///
/// Depth first over the lines, each of whose sides is left out as soon as it holds no neuron.
pub fn list_columns(space: &Space, limit: usize, interrupted: &dyn Fn() -> bool) -> Result<(Vec<Column>, usize), Stop> {
    let lines = space.jumps.lines.len();
    let mut stack = vec![(0, Vec::<(Half, f64)>::new(), vec![(0_u8, 2_u8); lines])];
    let (mut columns, mut count) = (Vec::new(), 0);
    while let Some((line, halves, sides)) = stack.pop() {
        if interrupted() {
            return Err(Stop::Interrupted);
        }
        if line == lines {
            count += 1;
            if count > limit {
                return Err(Stop::TooMany);
            }
            columns.extend(space.weights(&sides));
            continue;
        }
        let choices: &[Sides] = match space.jumps.splits[line] {
            [true, true] => &[(0, 0), (1, 1), (2, 2)],
            [true, false] => &[(0, 0), (1, 2)],
            [false, true] => &[(0, 1), (2, 2)],
            [false, false] => &[(0, 2)],
        };
        for choice in choices {
            let mut halves = halves.clone();
            halves.extend(Half::of(line, *choice).map(|half| (half, 0.0)));
            if !matches!(space.decide(&halves, false), Answer::Never(_)) {
                let mut sides = sides.clone();
                sides[line] = *choice;
                stack.push((line + 1, halves, sides));
            }
        }
    }
    columns.sort_by(|a, b| a.levels.cmp(&b.levels));
    Ok((columns, count))
}
