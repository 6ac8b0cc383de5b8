//! MPS in its free form: sections of names, every column free.

use super::{Error, Stated};
use std::fmt::Write;

pub fn encode(stated: &Stated) -> Result<String, Error> {
    let mut out = stated.heading("*");
    let _ = write!(out, "NAME {}\nROWS\n N objective\n", stated.name);
    for (name, equal) in stated.rows.iter().zip(stated.equalities()) {
        let _ = writeln!(out, " {} {name}", if equal { "E" } else { "G" });
    }
    let _ = writeln!(out, "COLUMNS");
    let mut columns: Vec<Vec<(&str, f64)>> = stated.program.cost.iter().map(|cost| vec![("objective", *cost)]).collect();
    for (i, name) in stated.rows.iter().enumerate() {
        stated.row(i).into_iter().for_each(|(column, value)| columns[column].push((name, value)));
    }
    for (name, entries) in stated.columns.iter().zip(&columns) {
        // A column of zeros is there all the same.
        entries.iter().for_each(|(row, value)| out.push_str(&format!(" {name} {row} {value:?}\n")));
    }
    let _ = writeln!(out, "RHS");
    if stated.program.constant != 0.0 {
        // What stands on the right of the objective is taken off it.
        let _ = writeln!(out, " RHS objective {:?}", -stated.program.constant);
    }
    for (name, offset) in stated.rows.iter().zip(&stated.program.offsets).filter(|(_, offset)| **offset != 0.0) {
        let _ = writeln!(out, " RHS {name} {:?}", -offset);
    }
    let _ = writeln!(out, "BOUNDS");
    stated.columns.iter().for_each(|name| out.push_str(&format!(" FR BOUND {name}\n")));
    let _ = writeln!(out, "ENDATA");
    Ok(out)
}
