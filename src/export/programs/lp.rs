//! The LP format of CPLEX: sums as people write them, every column free.

use super::{Error, Stated};
use std::fmt::Write;

/// Terms on one line: readers have a limit of 255 characters or more.
const PER_LINE: usize = 5;

pub fn encode(stated: &Stated) -> Result<String, Error> {
    let mut out = stated.heading("\\");
    let costs: Vec<(usize, f64)> = stated.program.cost.iter().copied().enumerate().filter(|(_, cost)| *cost != 0.0).collect();
    let _ = write!(out, "Minimize\n objective: {}", sum(stated, &costs));
    if stated.program.constant != 0.0 {
        let _ = write!(out, "\n   {}", signed(stated.program.constant));
    }
    let _ = writeln!(out, "\nSubject To");
    for (i, (name, equal)) in stated.rows.iter().zip(stated.equalities()).enumerate() {
        let relation = if equal { "=" } else { ">=" };
        // A bare zero has no sign to show.
        let right = -stated.program.offsets[i] + 0.0;
        let _ = writeln!(out, " {name}: {} {relation} {right:?}", sum(stated, &stated.row(i)));
    }
    let _ = writeln!(out, "Bounds");
    stated.columns.iter().for_each(|name| out.push_str(&format!(" {name} free\n")));
    let _ = writeln!(out, "End");
    Ok(out)
}

/// `+ 0.5 f.1 - 2 skip.x`, in lines; nothing is no sum, so that is `0` times the first column.
fn sum(stated: &Stated, terms: &[(usize, f64)]) -> String {
    let term = |(column, value): &(usize, f64)| format!("{} {}", signed(*value), stated.columns[*column]);
    let lines: Vec<String> = terms.chunks(PER_LINE).map(|terms| terms.iter().map(term).collect::<Vec<String>>().join(" ")).collect();
    match (lines.is_empty(), stated.columns.first()) {
        (true, Some(first)) => format!("0 {first}"),
        _ => lines.join("\n   "),
    }
}

fn signed(value: f64) -> String {
    format!("{} {:?}", if value < 0.0 { "-" } else { "+" }, value.abs())
}
