//! The objective of a network, rounded up where it is irrational and nowhere else.

use super::Refusal;
use crate::exact::{Dyadic, Rational, half, written};
use crate::problem::{Activation, Bias, Network, Problem};

/// At least L(f) + β Σ_j ½ (|w_j|² + a_j²) for the network's outputs f on the training rows.
pub fn above(problem: &Problem, network: &Network) -> Result<Rational, Refusal> {
    if let Some(neuron) = (0..network.neurons()).find(|&j| !finite(network, j)) {
        return Err(Refusal::Weight { neuron: neuron + 1 });
    }
    let outputs = outputs(problem, network)?;
    let loss = problem.objective.loss.value_above(&outputs, problem.targets());
    let loss = loss.map_err(|row| Refusal::Row { row: row + 1 })?;
    let mut squares = Dyadic::ZERO;
    for weight in network.hidden.values.iter().chain(&network.output).map(|w| Dyadic::new(*w)) {
        squares.add(&weight.times(&weight));
    }
    let beta = written(problem.objective.strength).ok_or(Refusal::Width)?;
    Ok(loss + beta * half(squares.rational()))
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
    let open = network.open(&problem.inputs());
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
        let passes = |j: usize| open.as_ref().is_none_or(|open| open.get(j).and_then(|rows| rows.get(i)) == Some(&true));
        let neurons = hidden.iter().zip(&output).enumerate().filter(|(j, _)| passes(*j));
        let neurons = neurons.map(|(_, (w, a))| (Dyadic::dot(w, &x), a));
        straight + homogeneous(&problem.architecture.activation, neurons)
    });
    Ok(outputs.collect())
}

/// Σ a φ(z) for φ(z) = p max(z,0) + q max(-z,0): the two sums are dyadic, the slopes are not.
fn homogeneous<'a>(activation: &Activation, neurons: impl Iterator<Item = (Dyadic, &'a Dyadic)>) -> Rational {
    let (mut positive, mut negative) = (Dyadic::ZERO, Dyadic::ZERO);
    for (z, a) in neurons {
        let side = if z.mantissa >= crate::exact::Integer::ZERO { &mut positive } else { &mut negative };
        side.add(&z.times(a));
    }
    let (left, right) = (&activation.pieces[0], &activation.pieces[activation.pieces.len() - 1]);
    &right.slope * positive.rational() + &left.slope * negative.rational()
}
