//! The objective of a network, rounded up where it is irrational and nowhere else.

use super::Refusal;
use crate::exact::{Dyadic, Fixed, Integer, Rational, half, written};
use crate::problem::{Activation, Bias, Network, Problem};
use crate::regularizer::Norm;

/// At least L(f) + β times the penalty for the network's outputs f on the training rows.
pub fn above(problem: &Problem, network: &Network) -> Result<Rational, Refusal> {
    if let Some(neuron) = (0..network.neurons()).find(|&j| !finite(network, j)) {
        return Err(Refusal::Weight { neuron: neuron + 1 });
    }
    let outputs = outputs(problem, network)?;
    let loss = problem.objective.loss.value_above(&outputs, problem.targets());
    let loss = loss.map_err(|row| Refusal::Row { row: row + 1 })?;
    let beta = written(problem.objective.strength).ok_or(Refusal::Width)?;
    let hidden = problem.objective.regularizer.hidden;
    let penalty = match problem.objective.regularizer.radius {
        None => {
            let neurons = network.hidden.each_row().zip(&network.output);
            let square = |(w, a): (&[f64], &f64)| hidden.square(w) + Dyadic::new(*a).times(&Dyadic::new(*a)).rational();
            half(neurons.map(square).fold(Rational::ZERO, |sum, square| sum + square))
        }
        Some(radius) => {
            within(network, hidden, &written(radius).ok_or(Refusal::Width)?)?;
            network.output.iter().map(|a| Dyadic::new(f64::abs(*a)).rational()).fold(Rational::ZERO, |sum, a| sum + a)
        }
    };
    Ok(loss + beta * penalty)
}

/// Whether every h(w_j) is at most `radius`.
fn within(network: &Network, hidden: &dyn Norm, radius: &Rational) -> Result<(), Refusal> {
    let longer = |w: &[f64]| hidden.square(w) > radius * radius;
    match network.hidden.each_row().position(longer) {
        Some(neuron) => Err(Refusal::Norm { neuron: neuron + 1 }),
        None => Ok(()),
    }
}

fn finite(network: &Network, neuron: usize) -> bool {
    network.output[neuron].is_finite() && network.hidden.row(neuron).iter().all(|w| w.is_finite())
}

/// f_i = Σ_j a_j φ(w_j·x_i + b_j) + skip(x_i), without rounding; a gated neuron is left out where its gate is shut.
fn outputs(problem: &Problem, network: &Network) -> Result<Vec<Rational>, Refusal> {
    let exact = |row: &[f64]| -> Vec<Dyadic> { row.iter().map(|x| Dyadic::new(*x)).collect() };
    let hidden: Vec<Vec<Dyadic>> = network.hidden.each_row().map(exact).collect();
    let output = exact(&network.output);
    let bias = problem.architecture.bias == Bias::Penalised;
    let skip = match &network.skip {
        None => None,
        Some(_) if !problem.architecture.skip => return Err(Refusal::Shape("skip")),
        Some(skip) if skip.weights.len() != problem.dataset.train.inputs.columns => return Err(Refusal::Shape("skip")),
        Some(skip) if !skip.weights.iter().chain([&skip.intercept]).all(|w| w.is_finite()) => return Err(Refusal::Shape("skip")),
        Some(skip) => Some((exact(&skip.weights), Dyadic::new(skip.intercept))),
    };
    // One gate at a time and row: a hostile network may have more neurons than a table of all would fit.
    let inputs = problem.inputs();
    let gates = network.gates.as_ref().map(|gates| gates.each_row().map(Fixed::new).collect::<Vec<_>>());
    let outputs = problem.dataset.train.inputs.each_row().enumerate().map(|(i, row)| {
        let mut x = exact(row);
        let straight = skip.as_ref().map_or(Rational::ZERO, |(weights, intercept)| {
            let mut sum = Dyadic::dot(weights, &x);
            sum.add(intercept);
            sum.rational()
        });
        if bias {
            x.push(Dyadic::new(1.0));
        }
        let here = gates.as_ref().and_then(|_| Fixed::new(inputs.row(i)));
        let through = |gate: &Option<Fixed>| matches!((&here, gate), (Some(x), Some(gate)) if x.sign(gate) >= 0);
        let passes = |j: usize| gates.as_ref().is_none_or(|gates| gates.get(j).is_some_and(through));
        let neurons = hidden.iter().zip(&output).enumerate().filter(|(j, _)| passes(*j));
        let neurons = neurons.map(|(_, (w, a))| (Dyadic::dot(w, &x), a));
        straight + activated(&problem.architecture.activation, neurons)
    });
    Ok(outputs.collect())
}

/// Σ a φ(z): for each piece the sums of a z and of a are dyadic, its slope and intercept are not.
fn activated<'a>(activation: &Activation, neurons: impl Iterator<Item = (Dyadic, &'a Dyadic)>) -> Rational {
    let mut sums: Vec<(Dyadic, Dyadic)> = activation.pieces.iter().map(|_| (Dyadic::ZERO, Dyadic::ZERO)).collect();
    for (z, a) in neurons {
        if let Some((slopes, constants)) = sums.get_mut(piece(activation, &z)) {
            slopes.add(&z.times(a));
            constants.add(a);
        }
    }
    let terms = activation.pieces.iter().zip(&sums);
    terms.fold(Rational::ZERO, |sum, (piece, (z, a))| sum + &piece.slope * z.rational() + &piece.intercept * a.rational())
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
