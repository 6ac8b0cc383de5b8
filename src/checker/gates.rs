//! Finite lists of gates (THEORY 2): every gate's price is computed, and compared with the limit, without rounding.

use crate::certificate::GateClaim;
use crate::exact::linear;
use crate::problem::Matrix;

/// Checks every gate, one per row of `gates`, on the rows of `inputs`.
///
/// Errors: the first gate (from 0) whose price is above the limit, or that is no vector of the inputs' length.
pub fn check(claim: &GateClaim, gates: &Matrix, inputs: &Matrix) -> Result<usize, usize> {
    let exact = |values: &[f64]| {
        let fine = values.len() == inputs.columns && values.iter().all(|x| x.is_finite());
        fine.then(|| linear::direction(values, &vec![0; values.len()]))
    };
    // The claim has refused data that are not finite before this.
    let rows = inputs.each_row().map(exact).collect::<Option<Vec<_>>>().ok_or(0_usize)?;
    for (at, gate) in gates.each_row().enumerate() {
        let gate = exact(gate).ok_or(at)?;
        let open = |i: usize| rows.get(i).is_some_and(|row| linear::sign(&linear::dot(row, &gate)) >= 0);
        if !claim.holds(open) {
            return Err(at);
        }
    }
    Ok(gates.rows)
}
