//! Convex programs out: files that another solver reads, each with names that say which cell, neuron or example is meant.

mod cbf;
mod json;
mod lp;
mod mps;

use super::Error;
use crate::program::{Cone, Program};
use std::collections::BTreeSet;
use std::fmt::Write;

/// A program with names for its columns and rows, and lines that say what it is.
pub struct Stated {
    pub name: String,
    pub program: Program,
    pub columns: Vec<String>,
    pub rows: Vec<String>,
    pub remarks: Vec<String>,
}

/// A file format for programs.
pub struct ProgramFormat {
    /// The word after `--to`, and the ending of the file.
    pub name: &'static str,
    pub meaning: &'static str,
    /// Whether it holds linear programs and no others.
    pub linear: bool,
    pub encode: fn(&Stated) -> Result<String, Error>,
}

/// Every format of programs.  A new one is one file and one row here.
pub const PROGRAM_FORMATS: &[ProgramFormat] = &[
    ProgramFormat {
        name: "cbf",
        meaning: "the Conic Benchmark Format, read by MOSEK and others; names stand in its comments",
        linear: false,
        encode: cbf::encode,
    },
    ProgramFormat { name: "mps", meaning: "MPS with free columns, for linear programs", linear: true, encode: mps::encode },
    ProgramFormat { name: "lp", meaning: "the LP format of CPLEX, for linear programs", linear: true, encode: lp::encode },
    ProgramFormat { name: "json", meaning: "sparse rows, cones and names as one object", linear: false, encode: json::encode },
];

/// The format of a name, if there is one.
pub fn find_program(name: &str) -> Option<&'static ProgramFormat> {
    PROGRAM_FORMATS.iter().find(|format| format.name == name)
}

impl Stated {
    /// The terms of row `i`, one a column.
    fn row(&self, i: usize) -> Vec<(usize, f64)> {
        let mut terms: Vec<(usize, f64)> = Vec::new();
        let mut all: Vec<(usize, f64)> = self.program.row(i).collect();
        all.sort_by_key(|(column, _)| *column);
        for (column, value) in all {
            match terms.last_mut() {
                Some((last, sum)) if *last == column => *sum += value,
                _ => terms.push((column, value)),
            }
        }
        terms
    }

    /// Whether each row is 0, rather than at least 0; of linear programs.
    fn equalities(&self) -> Vec<bool> {
        self.program.cones.iter().flat_map(|cone| vec![matches!(cone, Cone::Zeros(_)); cone.dimension()]).collect()
    }

    /// The remarks, each behind a sign that makes it a comment.
    fn heading(&self, sign: &str) -> String {
        self.remarks.iter().fold(String::new(), |mut text, remark| {
            let _ = writeln!(text, "{sign} {}", ascii(remark));
            text
        })
    }

    /// The same with names that every reader takes, and no two alike.
    pub fn plain(mut self) -> Stated {
        self.columns = distinct(&self.columns);
        self.rows = distinct(&self.rows);
        self
    }
}

/// Letters, digits, points and underscores only; a number behind those that would be used twice.
fn distinct(names: &[String]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let plain = |name: &String| {
        let simple: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }).collect();
        let mut free = simple.clone();
        let mut number = 2;
        while !known.insert(free.clone()) {
            free = format!("{simple}_{number}");
            number += 1;
        }
        free
    };
    names.iter().map(plain).collect()
}

/// Comments are read by programs that know bytes only.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_no_two_alike() {
        let names = ["f.1", "w.größe (m)", "w.gr__e (m)", "f.1"].map(String::from);
        assert_eq!(distinct(&names), ["f.1", "w.gr__e__m_", "w.gr__e__m__2", "f.1_2"]);
    }
}
