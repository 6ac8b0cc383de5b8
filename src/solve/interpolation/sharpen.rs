//! The last digits of a dual vector, which a solver leaves less exact than its network.
//!
//! The price of every neuron of the best network is β: s F(θ)·v = -β ρ(θ).  The shortest move of v that makes it so leaves prices that are
//! wrong by the square of the error before, for at its own maximum a price changes to second order only.  Neurons that a proof then finds
//! to be dearer join the others.

use super::least_squares::{dot, shortest};
use crate::pricing::Find;
use crate::problem::{Features, Network, Part, Problem};
use crate::solve::prove::{Draft, NODES};
use crate::solve::search::Search;

/// How often neurons join.
const ROUNDS: usize = 8;

/// A linear equation row·v = value, the row of length 1.
struct Equation {
    row: Vec<f64>,
    value: f64,
}

/// A proof whose bound closes the gap below `network`, by a dual vector next to `dual`; the best there is otherwise.
pub fn proof(search: &mut Search, network: &Network, dual: &[f64]) -> Option<Draft> {
    search.offer(network);
    let mut equations = equations(search.problem, &search.features, network);
    let mut v = dual.to_vec();
    for _ in 0..ROUNDS {
        v = moved(&equations, &v);
        search.dual = Some(v.clone());
        let finds = search.prove(&v, NODES);
        if finds.is_empty() {
            return search.proof.as_ref().map(|proof| proof.draft.clone());
        }
        if search.why_stopped().is_some() {
            break;
        }
        equations.extend(finds.iter().map(|find| of_neuron(search.problem, &search.features, find)));
    }
    search.prove_shorter(v);
    search.proof.as_ref().map(|proof| proof.draft.clone())
}

/// Those of a network's neurons, and of what costs nothing.
fn equations(problem: &Problem, features: &Features, network: &Network) -> Vec<Equation> {
    let find = |Part { w, output, a, .. }: Part| Find { output, sign: a.signum(), theta: features.theta(w, a), price: 0.0 };
    let free = problem.free_columns();
    let column = |k| (0..free.rows).map(|i| free.row(i)[k]).collect();
    let neurons = network.parts().map(|part| of_neuron(problem, features, &find(part)));
    neurons.chain((0..free.columns).map(|k| Equation::new(column(k), 0.0))).collect()
}

fn of_neuron(problem: &Problem, features: &Features, find: &Find) -> Equation {
    let outputs = problem.outputs();
    let mut row = vec![0.0; problem.targets().len()];
    let places = row.iter_mut().skip(find.output).step_by(outputs);
    places.zip(features.outputs(&find.theta)).for_each(|(x, f)| *x = find.sign * f);
    Equation::new(row, -features.price * features.gauge(&find.theta))
}

impl Equation {
    fn new(row: Vec<f64>, value: f64) -> Equation {
        let length = dot(&row, &row).sqrt().max(f64::MIN_POSITIVE);
        Equation { row: row.iter().map(|x| x / length).collect(), value: value / length }
    }
}

/// The vector next to v that meets all equations, as far as one can.
fn moved(equations: &[Equation], v: &[f64]) -> Vec<f64> {
    let off: Vec<f64> = equations.iter().map(|equation| equation.value - dot(&equation.row, v)).collect();
    let times = |x: &[f64]| equations.iter().map(|equation| dot(&equation.row, x)).collect();
    let transposed = |e: &[f64]| {
        let mut sum = vec![0.0; v.len()];
        equations.iter().zip(e).for_each(|(equation, e)| sum.iter_mut().zip(&equation.row).for_each(|(s, x)| *s += e * x));
        sum
    };
    shortest(&times, &transposed, &off).iter().zip(v).map(|(d, v)| v + d).collect()
}
