//! The last digits of an interpolating network: least squares over the weights of its neurons, each within its cell.
//!
//! There F is linear, so the shortest move δ with Σ_j s_j E_j δ_j + Z c = y - f is a linear system with fewer equations than unknowns, or
//! one that cannot be met by these neurons and is met as far as it can.  Moves are of the size of the solver's error, so a few suffice.

use super::least_squares::{dot, shortest};
use crate::lowering::{Neuron, assemble, for_output};
use crate::problem::{Features, Matrix, Network, Part, Problem, Skip};

const STEPS: usize = 8;

/// `network`, or one next to it that comes nearer to the targets.
pub fn polished(problem: &Problem, features: &Features, network: &Network) -> Network {
    let (mut best, mut least) = (network.clone(), worst(&residual(problem, network)));
    let mut current = network.clone();
    for _ in 0..STEPS {
        current = moved(problem, features, &current);
        let left = worst(&residual(problem, &current));
        if left < least {
            (best, least) = (current.clone(), left);
        }
    }
    best
}

/// y - f.
pub fn residual(problem: &Problem, network: &Network) -> Vec<f64> {
    let f = network.forward(&problem.architecture, &problem.dataset.train.inputs);
    problem.targets().iter().zip(f).map(|(y, f)| y - f).collect()
}

fn worst(residual: &[f64]) -> f64 {
    residual.iter().fold(0.0, |worst, r| if r.is_nan() { f64::INFINITY } else { worst.max(r.abs()) })
}

/// A neuron with its rows s E (n x q).
struct Piece {
    output: usize,
    sign: f64,
    theta: Vec<f64>,
    rows: Vec<Vec<f64>>,
}

fn moved(problem: &Problem, features: &Features, network: &Network) -> Network {
    let piece = |Part { w, output, a, .. }: Part| {
        let theta = features.theta(w, a);
        let on: Vec<bool> = features.lines.times(&theta).iter().map(|z| *z > 0.0).collect();
        let row = |i| features.coefficients(i, |line| on[line]).into_iter().map(|e| a.signum() * e).collect();
        Piece { output, sign: a.signum(), rows: (0..features.examples()).map(row).collect(), theta }
    };
    let pieces: Vec<Piece> = network.parts().map(piece).collect();
    let system = System { pieces: &pieces, free: problem.free_columns(), outputs: problem.outputs(), size: features.size() };
    let step = shortest(&|x| system.times(x), &|v| system.transposed(v), &residual(problem, network));
    let (parts, free) = step.split_at(pieces.len() * features.size());
    let neuron = |(piece, step): (&Piece, &[f64])| {
        let mut theta: Vec<f64> = piece.theta.iter().zip(step).map(|(x, d)| x + d).collect();
        if let Some(head) = features.head() {
            theta[head] = theta[head].max(features.hidden.gauge(&theta[..head]));
        }
        Neuron { serves: for_output(piece.output, problem.outputs(), piece.sign), theta, gate: None }
    };
    let neurons = pieces.iter().zip(parts.chunks(features.size())).map(neuron);
    assemble(features, problem.outputs(), neurons, skip(problem, network, free))
}

/// The skip, moved by factors for one output after the other.
pub fn skip(problem: &Problem, network: &Network, step: &[f64]) -> Option<Skip> {
    let outputs = problem.outputs();
    let mut factors = Matrix::new(outputs, step.len() / outputs, step.to_vec());
    if let Some(skip) = &network.skip {
        factors.values.iter_mut().zip(skip.factors().values).for_each(|(step, before)| *step += before);
    }
    Skip::of(&factors)
}

/// δ -> Σ_j s_j E_j δ_j + Z c, c having factors for one output after the other.
struct System<'a> {
    pieces: &'a [Piece],
    free: Matrix,
    outputs: usize,
    size: usize,
}

impl System<'_> {
    fn times(&self, x: &[f64]) -> Vec<f64> {
        let mut f = vec![0.0; self.free.rows * self.outputs];
        let (parts, free) = x.split_at(self.pieces.len() * self.size);
        for (piece, x) in self.pieces.iter().zip(parts.chunks(self.size)) {
            for (f, row) in f.iter_mut().skip(piece.output).step_by(self.outputs).zip(&piece.rows) {
                *f += dot(row, x);
            }
        }
        for (output, c) in free.chunks(self.free.columns.max(1)).enumerate() {
            f.iter_mut().skip(output).step_by(self.outputs).zip(self.free.each_row()).for_each(|(f, z)| *f += dot(z, c));
        }
        f
    }

    fn transposed(&self, v: &[f64]) -> Vec<f64> {
        let mut x = Vec::new();
        for piece in self.pieces {
            let mut sum = vec![0.0; self.size];
            for (v, row) in v.iter().skip(piece.output).step_by(self.outputs).zip(&piece.rows) {
                sum.iter_mut().zip(row).for_each(|(s, e)| *s += v * e);
            }
            x.extend(sum);
        }
        for output in 0..self.outputs {
            let v: Vec<f64> = v.iter().skip(output).step_by(self.outputs).copied().collect();
            x.extend(self.free.transposed_times(&v));
        }
        x
    }
}
