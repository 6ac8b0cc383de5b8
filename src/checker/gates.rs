//! Finite lists of gates (THEORY 2): every gate's price is computed, and compared with the limit, without rounding.

use super::{Refusal, in_two_parts, named};
use crate::certificate::{Certificate, Correction, GateClaims, Kind};
use crate::exact::Factor;
use crate::problem::{Gates, Matrix, Network, Problem};
use std::ops::Range;

/// Prices every gate of a gated problem for every output; returns how many there are.
pub fn proofs(
    problem: &Problem,
    gates: &Gates,
    (certificate, corrections): (&Certificate, &[Correction]),
    threads: usize,
) -> Result<usize, Refusal> {
    let claims = claims(problem, certificate, corrections)?;
    let checked = check(&claims, &gates.vectors, &problem.inputs(), threads).map_err(|at| Refusal::Gate { gate: at + 1 })?;
    Ok(checked * problem.outputs())
}

/// The same where the activation is the identity and outputs share neurons: one gate that lets every row through.
pub fn without(problem: &Problem, certificate: &Certificate, corrections: &[Correction]) -> Result<usize, Refusal> {
    let claims = claims(problem, certificate, corrections)?;
    let broken = claims.broken(0..1, |_, gates| vec![true; gates.len()]);
    broken.map_or(Ok(problem.outputs()), |_| Err(Refusal::Gate { gate: 1 }))
}

fn claims(problem: &Problem, certificate: &Certificate, corrections: &[Correction]) -> Result<GateClaims, Refusal> {
    let empty = certificate.proofs.iter().all(|proof| proof.kind == Kind::Gates && proof.unit == 0 && proof.tree.is_empty());
    let whole = certificate.proofs.len() == 2 * problem.outputs() && certificate.cover.is_none();
    if !empty || !whole || certificate.basis.is_some() || (problem.shared() && problem.free_columns().columns > 0) {
        return Err(Refusal::Shape("proof about gates"));
    }
    GateClaims::new(problem, &certificate.dual, corrections, certificate.scale).map_err(named)
}

/// Checks every gate, one per row of `gates`, on the rows of `inputs`, for every output; returns how many gates there are.
///
/// Errors: the first gate (from 0) whose price is above the limit, or that is no vector of the inputs' length.
pub fn check(claims: &GateClaims, gates: &Matrix, inputs: &Matrix, threads: usize) -> Result<usize, usize> {
    // A row that no gate lets through would add nothing: all have to be there, and finite.
    if inputs.rows != claims.rows() || !inputs.values.iter().all(|x| x.is_finite()) {
        return Err(0);
    }
    let exact: Vec<Option<Factor>> = gates.each_row().map(|gate| Factor::new(gate).filter(|_| gates.columns == inputs.columns)).collect();
    if let Some(at) = exact.iter().position(Option::is_none) {
        return Err(at);
    }
    let open = |i: usize, gates: Range<usize>| -> Vec<bool> {
        let row = Factor::new(inputs.row(i));
        let passes = |gate: &Option<Factor>| row.as_ref().zip(gate.as_ref()).is_some_and(|(row, gate)| row.sign(gate) >= 0);
        exact.get(gates).unwrap_or_default().iter().map(passes).collect()
    };
    let half = gates.rows / 2;
    let (first, second) = in_two_parts(threads, |part| claims.broken(if part == 0 { 0..half } else { half..gates.rows }, open));
    first.or(second).map_or(Ok(gates.rows), Err)
}

/// Whether a network has gates exactly where the problem has some, and no others than those.
pub fn admitted(problem: &Problem, network: &Network) -> Result<(), Refusal> {
    match (&problem.architecture.gates, &network.gates) {
        (None, None) => Ok(()),
        (Some(known), Some(used)) => known.stranger(used).map_or(Ok(()), |at| Err(Refusal::Stranger { neuron: at + 1 })),
        _ => Err(Refusal::Shape("network")),
    }
}
