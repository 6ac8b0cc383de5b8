//! Neurons whose contributions are as independent as the targets: with small output weights they make up for what rounding leaves.
//!
//! Two outputs of neurons differ most where a neuron has its kink between two rows, so candidates are drawn with their kink on a row: a
//! direction that is Gaussian in the coordinates in which the data have equal lengths, turned until it meets the row's line.  Of these
//! the ones are taken that are longest beside those taken before, at the same price.

use super::least_squares::dot;
use super::polish::residual;
use crate::certificate::{Span, inverse};
use crate::problem::{Features, Matrix, Network, Problem, Random};

/// Candidates for every line.
const DRAWN: usize = 6;
/// A candidate of which less than this part is new is none.
const NEW: f64 = 1e-13;
/// How near to a bound on the hidden norm weights may come.
const WITHIN: f64 = 1.0 - 1e-12;

/// Hidden weights of as many neurons as are needed beside what costs nothing; `None` if the candidates do not do.
pub fn completion(problem: &Problem, features: &Features, span: &Span) -> Option<Vec<Vec<f64>>> {
    let free = problem.free_columns();
    let wanted = span.0.len().checked_sub(free.columns)?;
    let on_span = |f: Vec<f64>| span.0.iter().map(|&i| f[i]).collect::<Vec<f64>>();
    let mut taken = Vec::new();
    for k in 0..free.columns {
        take(&mut taken, on_span((0..free.rows).map(|i| free.row(i)[k]).collect()))?;
    }
    let candidates = candidates(features);
    let reduced = |theta: &Vec<f64>| {
        let column = on_span(features.outputs(theta));
        let size = length(&column).max(features.gauge(theta) * f64::MIN_POSITIVE);
        (column, size)
    };
    let mut rest: Vec<(Vec<f64>, f64)> = candidates.iter().map(reduced).collect();
    rest.iter_mut().for_each(|(column, _)| taken.iter().for_each(|basis| subtract(column, basis)));
    let mut chosen = Vec::new();
    while chosen.len() < wanted {
        let best = (0..rest.len()).max_by(|&a, &b| length(&rest[a].0).total_cmp(&length(&rest[b].0)))?;
        let column = rest[best].0.clone();
        if length(&column) <= NEW * rest[best].1 {
            return None;
        }
        let basis = take(&mut taken, column)?;
        rest.iter_mut().for_each(|(column, _)| subtract(column, &basis));
        chosen.push(features.neuron(1.0, &candidates[best])?.0);
    }
    Some(chosen)
}

/// `network` and completing neurons that take the residual away, up to rounding.
pub fn completed(problem: &Problem, features: &Features, span: &Span, network: &Network) -> Option<Network> {
    let (neurons, free, outputs) = (completion(problem, features, span)?, problem.free_columns(), problem.outputs());
    let columns: Vec<Vec<f64>> = neurons.iter().map(|w| features.outputs(&features.lifted(w))).collect();
    let row = |&i: &usize| columns.iter().map(|column| column[i]).chain(free.row(i).iter().copied()).collect();
    let back = inverse(&span.0.iter().map(row).collect::<Vec<Vec<f64>>>())?;
    let residual = residual(problem, network);
    let mut all = network.clone();
    let mut skip = Vec::new();
    for output in 0..outputs {
        let r: Vec<f64> = span.0.iter().map(|i| residual[i * outputs + output]).collect();
        let e: Vec<f64> = back.iter().map(|row| dot(row, &r)).collect();
        for (w, e) in neurons.iter().zip(&e) {
            // |a| = 1 is what `outputs` is about.
            let theta = features.times(&features.lifted(w), e.abs());
            let Some((w, a)) = features.neuron(e.signum(), &theta) else { continue };
            all.hidden.values.extend(w);
            all.output.values.extend((0..outputs).map(|c| if c == output { a } else { 0.0 }));
        }
        skip.extend(&e[neurons.len()..]);
    }
    let m = all.output.values.len() / outputs;
    all.hidden = Matrix::new(m, features.inputs().columns, all.hidden.values);
    all.output = Matrix::new(m, outputs, all.output.values);
    all.skip = super::polish::skip(problem, &all, &skip);
    Some(all)
}

/// Adds the direction of what is new in `column`, and returns it.
fn take(taken: &mut Vec<Vec<f64>>, mut column: Vec<f64>) -> Option<Vec<f64>> {
    // Twice, as the first pass leaves the rounding of what it takes away.
    for _ in 0..2 {
        taken.iter().for_each(|basis| subtract(&mut column, basis));
    }
    let size = length(&column);
    if !(size > 0.0 && size.is_finite()) {
        return None;
    }
    column.iter_mut().for_each(|x| *x /= size);
    taken.push(column.clone());
    Some(column)
}

/// column -= (column·basis) basis.
fn subtract(column: &mut [f64], basis: &[f64]) {
    let along = dot(column, basis);
    column.iter_mut().zip(basis).for_each(|(x, b)| *x -= along * b);
}

/// θ of price 1 that have their kinks on lines of the data.
fn candidates(features: &Features) -> Vec<Vec<f64>> {
    let white = Whitening::of(features);
    let mut random = Random::new(0);
    let mut all = Vec::new();
    for line in features.lines.each_row() {
        for _ in 0..DRAWN {
            let drawn = random_normal(&mut random, white.rank());
            let theta = match features.head() {
                None => white.back(&turned(drawn, &white.there(line))),
                Some(head) => {
                    let u = white.back(&turned(drawn.clone(), &white.there(&line[..head])));
                    capped(features, u, white.back(&drawn), line)
                }
            };
            let theta = features.allowed(&theta);
            if theta.iter().all(|x| x.is_finite()) {
                all.push(theta);
            }
        }
    }
    all
}

fn random_normal(random: &mut Random, count: usize) -> Vec<f64> {
    (0..count).map(|_| random.normal()).collect()
}

/// θ = (u, 1) with x·u + shift = 0 and h(u) <= 1, where there is one: `turned` has x·u = 0, and `other` is added to it.
fn capped(features: &Features, turned: Vec<f64>, other: Vec<f64>, line: &[f64]) -> Vec<f64> {
    let (shift, x) = (line[line.len() - 1], &line[..line.len() - 1]);
    let reach = dot(x, &other);
    let along = if reach == 0.0 { 0.0 } else { -shift / reach };
    let needed: Vec<f64> = other.iter().map(|o| along * o).collect();
    let (size, room) = (features.hidden.gauge(&turned), WITHIN - features.hidden.gauge(&needed));
    let (part, needed) = if room > 0.0 { (room / size, needed) } else { (WITHIN / size, vec![0.0; needed.len()]) };
    let part = if size > 0.0 { part } else { 0.0 };
    turned.iter().zip(needed).map(|(u, n)| part * u + n).chain([1.0]).collect()
}

/// A vector turned until it meets the hyperplane across `normal`, where that leaves anything.
fn turned(drawn: Vec<f64>, normal: &[f64]) -> Vec<f64> {
    let square = dot(normal, normal);
    if square == 0.0 || drawn.len() < 2 {
        return drawn;
    }
    let along = dot(&drawn, normal) / square;
    drawn.iter().zip(normal).map(|(x, n)| x - along * n).collect()
}

/// Q = X T with orthonormal columns: weights w = T g of a Gaussian g see all rows in proportion to their leverage.
struct Whitening {
    /// The columns of T.
    columns: Vec<Vec<f64>>,
}

impl Whitening {
    /// By Gram and Schmidt over the columns of X, those that are not new left out.
    fn of(features: &Features) -> Whitening {
        let x = features.inputs();
        let (mut columns, mut images): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
        for k in 0..x.columns {
            let mut image: Vec<f64> = x.each_row().map(|row| row[k]).collect();
            let mut weights: Vec<f64> = (0..x.columns).map(|j| f64::from(u8::from(j == k))).collect();
            let before = length(&image);
            for _ in 0..2 {
                for (column, basis) in columns.iter().zip(&images) {
                    let along = dot(&image, basis);
                    image.iter_mut().zip(basis).for_each(|(x, b)| *x -= along * b);
                    weights.iter_mut().zip(column).for_each(|(w, c)| *w -= along * c);
                }
            }
            let size = length(&image);
            if size > 1e-12 * before {
                images.push(image.iter().map(|x| x / size).collect());
                columns.push(weights.iter().map(|w| w / size).collect());
            }
        }
        Whitening { columns }
    }

    fn rank(&self) -> usize {
        self.columns.len()
    }

    /// T'x.
    fn there(&self, x: &[f64]) -> Vec<f64> {
        self.columns.iter().map(|column| dot(column, x)).collect()
    }

    /// T g.
    fn back(&self, g: &[f64]) -> Vec<f64> {
        let mut w = vec![0.0; self.columns.first().map_or(0, Vec::len)];
        for (g, column) in g.iter().zip(&self.columns) {
            w.iter_mut().zip(column).for_each(|(w, c)| *w += g * c);
        }
        w
    }
}

fn length(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}
