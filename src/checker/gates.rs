//! Finite lists of gates (THEORY 2): every gate's price is computed, and compared with the limit, without rounding.

use super::{Refusal, named};
use crate::certificate::{Certificate, Correction, GateClaim, Kind};
use crate::exact::Fixed;
use crate::problem::{Gates, Matrix, Network, Problem};

/// Prices every gate of a gated problem for every output; returns how many there are.
pub fn proofs(problem: &Problem, gates: &Gates, certificate: &Certificate, correction: &Correction) -> Result<usize, Refusal> {
    let empty = certificate.proofs.iter().all(|proof| proof.kind == Kind::Gates && proof.unit == 0 && proof.tree.is_empty());
    if !empty || certificate.basis.is_some() {
        return Err(Refusal::Shape("proof about gates"));
    }
    let (inputs, outputs) = (problem.inputs(), problem.outputs());
    let of_one = |output| {
        let dual = certificate.dual.column(output, outputs);
        let claim = GateClaim::new(problem, &dual, correction, certificate.scale).map_err(named)?;
        check(&claim, &gates.vectors, &inputs).map_err(|at| Refusal::Gate { gate: at + 1 })
    };
    (0..outputs).map(of_one).sum()
}

/// Checks every gate, one per row of `gates`, on the rows of `inputs`.
///
/// Errors: the first gate (from 0) whose price is above the limit, or that is no vector of the inputs' length.
pub fn check(claim: &GateClaim, gates: &Matrix, inputs: &Matrix) -> Result<usize, usize> {
    // The claim has refused data that are not finite before this.
    let rows = inputs.each_row().map(Fixed::new).collect::<Option<Vec<_>>>().ok_or(0_usize)?;
    for (at, gate) in gates.each_row().enumerate() {
        let gate = Fixed::new(gate).filter(|_| gates.columns == inputs.columns).ok_or(at)?;
        if !claim.holds(|i| rows.get(i).is_some_and(|row| row.sign(&gate) >= 0)) {
            return Err(at);
        }
    }
    Ok(gates.rows)
}

/// Whether a network has gates exactly where the problem has some, and no others than those.
pub fn admitted(problem: &Problem, network: &Network) -> Result<(), Refusal> {
    match (&problem.architecture.gates, &network.gates) {
        (None, None) => Ok(()),
        (Some(known), Some(used)) => known.stranger(used).map_or(Ok(()), |at| Err(Refusal::Stranger { neuron: at + 1 })),
        _ => Err(Refusal::Shape("network")),
    }
}
