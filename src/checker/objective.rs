//! The objective of a network, rounded up where it is irrational and nowhere else.

use super::{Refusal, fit, in_two_parts};
use crate::exact::{Doubles, Dyadic, Factor, Integer, Rational, half, written};
use crate::problem::{Activation, Bias, Convolution, Matrix, Network, Problem, Skip};
use crate::regularizer::Norm;

/// At least L(f) + β times the penalty, or L(f) if the penalty is within its budget, for the network's outputs f on the training rows.
///
/// Under `interpolate` a network that meets its targets exactly is near by: β times at least what its penalty is more stands for L(f).
pub fn above(problem: &Problem, network: &Network, completion: &[Vec<f64>], threads: usize) -> Result<Rational, Refusal> {
    if let Some(neuron) = (0..network.neurons()).find(|&j| !finite(network, j)) {
        return Err(Refusal::Weight { neuron: neuron + 1 });
    }
    let outputs = outputs(problem, network, threads)?;
    let strength = written(problem.objective.strength).ok_or(Refusal::Width)?;
    let loss = match problem.objective.loss.interpolates() {
        true => &strength * fit::completed(problem, &outputs, completion)?,
        false if !completion.is_empty() => return Err(Refusal::Shape("completion")),
        false => problem.objective.loss.value_above(&outputs, problem.targets()).map_err(|row| Refusal::Row { row: row + 1 })?,
    };
    let penalty = penalty(problem, network)?;
    match problem.objective.regularizer.budget {
        None => Ok(loss + strength * penalty),
        // Completing neurons would count against a budget too.
        Some(_) if problem.objective.loss.interpolates() => Err(Refusal::Kind),
        Some(budget) if penalty <= written(budget).ok_or(Refusal::Width)? => Ok(loss),
        Some(_) => Err(Refusal::Budget),
    }
}

/// The penalty of a network that keeps to its bounds.
pub fn penalty(problem: &Problem, network: &Network) -> Result<Rational, Refusal> {
    let hidden = problem.objective.regularizer.hidden;
    match problem.objective.regularizer.radius {
        None => {
            let neurons = network.hidden.each_row().zip(network.output.each_row());
            let l1 = problem.objective.regularizer.output_l1;
            let square = |(w, a): (&[f64], &[f64])| {
                hidden.square(problem.architecture.apart(w).0) + if l1 { sum(a).times(&sum(a)) } else { squares(a) }.rational()
            };
            Ok(half(neurons.map(square).fold(Rational::ZERO, |sum, square| sum + square)))
        }
        Some(radius) => {
            if radius < f64::INFINITY {
                within(problem, network, &written(radius).ok_or(Refusal::Width)?)?;
            }
            biases_within(problem, network)?;
            Ok(sum(&network.output.values).rational())
        }
    }
}

/// |a|₁ and |a|₂².
fn sum(a: &[f64]) -> Dyadic {
    a.iter().fold(Dyadic::ZERO, |mut sum, a| {
        sum.add(&Dyadic::new(a.abs()));
        sum
    })
}

fn squares(a: &[f64]) -> Dyadic {
    let a = Doubles::new(a);
    a.dot(&a)
}

/// Whether every h(w_j) is at most `radius`.
fn within(problem: &Problem, network: &Network, radius: &Rational) -> Result<(), Refusal> {
    let (architecture, regularizer) = (&problem.architecture, &problem.objective.regularizer);
    let longer = |w: &[f64]| !regularizer.hidden.within(architecture.apart(w).0, radius);
    network.hidden.each_row().position(longer).map_or(Ok(()), |neuron| Err(Refusal::Norm { neuron: neuron + 1 }))
}

/// Whether every bias apart is within its own bound, if there is one.
fn biases_within(problem: &Problem, network: &Network) -> Result<(), Refusal> {
    let architecture = &problem.architecture;
    let Bias::Bounded(bound) = architecture.bias else { return Ok(()) };
    let bound = written(bound).ok_or(Refusal::Width)?;
    let beyond = |w: &[f64]| architecture.apart(w).1.is_some_and(|bias| Dyadic::new(bias.abs()).rational() > bound);
    network.hidden.each_row().position(beyond).map_or(Ok(()), |neuron| Err(Refusal::Bias { neuron: neuron + 1 }))
}

fn finite(network: &Network, neuron: usize) -> bool {
    network.output.row(neuron).iter().all(|a| a.is_finite()) && network.hidden.row(neuron).iter().all(|w| w.is_finite())
}

/// f_ic = Σ_j a_jc φ(w_j·x_i + b_j) + skip(x_i), row after row, without rounding; a gated neuron is left out where its gate is shut, and
/// behind a convolution φ is summed over the patches of x_i, or averaged, or the largest value is taken.
fn outputs(problem: &Problem, network: &Network, threads: usize) -> Result<Vec<Rational>, Refusal> {
    let hidden: Vec<Doubles> = network.hidden.each_row().map(Doubles::new).collect();
    let (output, activation) = (&network.output, &problem.architecture.activation);
    let skip = match &network.skip {
        None => None,
        Some(skip) => Some(straight(problem, skip)?),
    };
    // One gate at a time and row: a hostile network may have more neurons than a table of all would fit.
    let (inputs, places) = (problem.inputs(), problem.architecture.places());
    let share = problem.architecture.convolution.as_ref().map_or(Rational::ONE, Convolution::share);
    let gates = network.gates.as_ref().map(|gates| gates.each_row().map(Factor::new).collect::<Vec<_>>());
    let of_row = |i: usize| {
        let row = problem.dataset.train.inputs.row(i);
        let straight = |output: usize| {
            let Some((weights, intercept)) = skip.as_ref().and_then(|rows| rows.get(output)) else { return Rational::ZERO };
            let mut sum = weights.dot(&Doubles::new(row));
            sum.add(intercept);
            sum.rational()
        };
        let here = gates.as_ref().and_then(|_| Factor::new(inputs.row(i)));
        let through = |gate: &Option<Factor>| matches!((&here, gate), (Some(x), Some(gate)) if x.sign(gate) >= 0);
        let passes = |j: usize| gates.as_ref().is_none_or(|gates| gates.get(j).is_some_and(through));
        let seen: Vec<Doubles> = (i * places..(i + 1) * places).map(|patch| Doubles::new(inputs.row(patch))).collect();
        let mut sums = vec![Sums::new(activation); output.columns];
        for ((w, a), _) in hidden.iter().zip(output.each_row()).zip(0..).filter(|(_, j)| passes(*j)) {
            let mut values: Vec<(usize, Dyadic)> = seen.iter().map(|x| w.dot(x)).map(|z| (piece(activation, &z), z)).collect();
            if problem.architecture.largest() {
                values = largest(activation, values);
            }
            for (piece, z) in values {
                sums.iter_mut().zip(a).for_each(|(sums, a)| sums.add(piece, &z, &Dyadic::new(*a)));
            }
        }
        sums.iter().enumerate().map(|(output, sums)| straight(output) + &share * sums.total(activation)).collect::<Vec<_>>()
    };
    let (rows, half) = (problem.dataset.train.inputs.rows, problem.dataset.train.inputs.rows / 2);
    let part = |second| if second == 1 { half..rows } else { 0..half };
    let (mut first, second) = in_two_parts(threads, |second| part(second).flat_map(of_row).collect::<Vec<_>>());
    first.extend(second);
    Ok(first)
}

/// The weights and the intercept of every output, if there are as many as what costs nothing has.
fn straight(problem: &Problem, skip: &Skip) -> Result<Vec<(Doubles, Dyadic)>, Refusal> {
    let (outputs, free) = (problem.outputs(), problem.free_columns().columns);
    let shaped = skip.weights.rows == outputs && skip.intercepts.len() == outputs && skip.weights.columns + 1 == free;
    if !shaped || !skip.weights.values.iter().chain(&skip.intercepts).all(|w| w.is_finite()) {
        return Err(Refusal::Shape("skip"));
    }
    Ok(skip.rows().map(|(weights, intercept)| (Doubles::new(weights), Dyadic::new(intercept))).collect())
}

/// F_i(w_j) for every row i of `rows` and every neuron j with |a_j| = 1, without rounding; of networks without gates.
pub fn features(problem: &Problem, hidden: &Matrix, rows: &[usize]) -> Vec<Vec<Rational>> {
    let (inputs, places, activation) = (problem.inputs(), problem.architecture.places(), &problem.architecture.activation);
    let share = problem.architecture.convolution.as_ref().map_or(Rational::ONE, Convolution::share);
    let (hidden, one) = (hidden.each_row().map(Doubles::new).collect::<Vec<_>>(), Dyadic::new(1.0));
    let of_row = |&i: &usize| {
        let seen: Vec<Doubles> = (i * places..(i + 1) * places).map(|patch| Doubles::new(inputs.row(patch))).collect();
        let of_one = |w: &Doubles| {
            let mut sums = Sums::new(activation);
            for z in seen.iter().map(|x| w.dot(x)) {
                sums.add(piece(activation, &z), &z, &one);
            }
            &share * sums.total(activation)
        };
        hidden.iter().map(of_one).collect()
    };
    rows.iter().map(of_row).collect()
}

/// Σ a φ(z): for each piece the sums of a z and of a are dyadic, its slope and intercept are not.
#[derive(Clone)]
struct Sums(Vec<(Dyadic, Dyadic)>);

impl Sums {
    fn new(activation: &Activation) -> Self {
        Sums(activation.pieces.iter().map(|_| (Dyadic::ZERO, Dyadic::ZERO)).collect())
    }

    fn add(&mut self, piece: usize, z: &Dyadic, a: &Dyadic) {
        if let Some((slopes, constants)) = self.0.get_mut(piece) {
            slopes.add(&z.times(a));
            constants.add(a);
        }
    }

    fn total(&self, activation: &Activation) -> Rational {
        let terms = activation.pieces.iter().zip(&self.0);
        terms.fold(Rational::ZERO, |sum, (piece, (z, a))| sum + &piece.slope * z.rational() + &piece.intercept * a.rational())
    }
}

/// Only the z with the largest φ(z) of some with their pieces.
fn largest(activation: &Activation, values: Vec<(usize, Dyadic)>) -> Vec<(usize, Dyadic)> {
    let value = |(at, z): &(usize, Dyadic)| activation.pieces.get(*at).map(|piece| &piece.slope * z.rational() + &piece.intercept);
    values.into_iter().max_by(|x, y| value(x).cmp(&value(y))).into_iter().collect()
}

/// The piece that holds z.
fn piece(activation: &Activation, z: &Dyadic) -> usize {
    let begins = |from: &Rational, included: bool| match *from == Rational::ZERO {
        true => z.mantissa > Integer::ZERO || (included && z.mantissa == Integer::ZERO),
        false => {
            let z = z.rational();
            z > *from || (included && z == *from)
        }
    };
    let holds = |piece: &crate::problem::Piece| piece.from.as_ref().is_none_or(|from| begins(from, piece.includes_from));
    activation.pieces.iter().rposition(holds).unwrap_or(0)
}
