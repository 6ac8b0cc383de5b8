//! A program as one JSON object: sparse rows `Σ value x[column] + offset`, cone after cone.

use super::{Error, Stated};
use crate::program::Cone;
use serde_json::{Value, json};

pub fn encode(stated: &Stated) -> Result<String, Error> {
    let program = &stated.program;
    let mut first = 0;
    let cones: Vec<Value> = program.cones.iter().map(|cone| constraint(stated, cone, &mut first)).collect();
    let costs: Vec<Value> = program.cost.iter().enumerate().filter(|(_, cost)| **cost != 0.0).map(|(j, cost)| json!([j, cost])).collect();
    let text = json!({
        "cvxc": 1,
        "kind": "program",
        "remarks": stated.remarks,
        "sense": "minimise",
        "columns": stated.columns,
        "cost": costs,
        "quadratic": program.quadratic,
        "constant": program.constant,
        "constraints": cones,
    });
    Ok(format!("{text:#}\n"))
}

/// One cone with its rows.
fn constraint(stated: &Stated, cone: &Cone, first: &mut usize) -> Value {
    let rows = *first..*first + cone.dimension();
    *first = rows.end;
    let row = |i: usize| json!({ "name": stated.rows[i], "terms": stated.row(i), "offset": stated.program.offsets[i] });
    json!({ "cone": cone.name(), "rows": rows.map(row).collect::<Vec<Value>>() })
}
