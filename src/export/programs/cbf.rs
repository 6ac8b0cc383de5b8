//! The Conic Benchmark Format (cblib.zib.de): A x + b in a product of cones, rows and columns by number.
//!
//! Costs are straight there, so ½ Σ q_j x_j² is a column s with 2 s 1 >= Σ (√q_j x_j)², a rotated cone.  Its exponential cone
//! lists (z, y, x) for our y exp(x/y) <= z.

use super::{Error, Stated};
use crate::program::Cone;
use std::fmt::Write;

/// The program in version 3 of the format; refused where Q has entries off its diagonal.
pub fn encode(stated: &Stated) -> Result<String, Error> {
    let squares = squares(stated)?;
    let places = places(stated);
    let mut out = stated.heading("#");
    let width = stated.program.width() + usize::from(!squares.is_empty());
    names(stated, &places, !squares.is_empty(), &mut out);
    let _ = write!(out, "\nVER\n3\n\nOBJSENSE\nMIN\n\nVAR\n{width} 1\nF {width}\n");
    let mut cones: Vec<String> = stated.program.cones.iter().map(domain).collect();
    if !squares.is_empty() {
        cones.push(format!("QR {}", squares.len() + 2));
    }
    let height = places.len() + if squares.is_empty() { 0 } else { squares.len() + 2 };
    let _ = write!(out, "\nCON\n{height} {}\n{}\n", cones.len(), cones.join("\n"));
    objective(stated, !squares.is_empty(), &mut out);
    rows(stated, &places, &squares, &mut out);
    Ok(out)
}

/// (column, √q) of ½ Σ q x².
fn squares(stated: &Stated) -> Result<Vec<(usize, f64)>, Error> {
    let entry = |&(i, j, q): &(usize, usize, f64)| (i == j && q > 0.0).then(|| (j, q.sqrt()));
    let all: Option<Vec<(usize, f64)>> = stated.program.quadratic.iter().filter(|(_, _, q)| *q != 0.0).map(entry).collect();
    all.ok_or(Error("this program has products of columns, which cbf has not".to_string()))
}

fn domain(cone: &Cone) -> String {
    match cone {
        Cone::Zeros(n) => format!("L= {n}"),
        Cone::Nonnegatives(n) => format!("L+ {n}"),
        Cone::SecondOrder(n) => format!("Q {n}"),
        Cone::Exponential => "EXP 3".to_string(),
    }
}

/// Which of our rows stands at each place.
fn places(stated: &Stated) -> Vec<usize> {
    let mut places = Vec::new();
    for cone in &stated.program.cones {
        let first = places.len();
        let rows = first..first + cone.dimension();
        match cone {
            Cone::Exponential => places.extend(rows.rev()),
            _ => places.extend(rows),
        }
    }
    places
}

fn names(stated: &Stated, places: &[usize], squared: bool, out: &mut String) {
    stated.columns.iter().enumerate().for_each(|(j, name)| out.push_str(&format!("# variable {j} {name}\n")));
    if squared {
        let _ = writeln!(out, "# variable {} squares", stated.columns.len());
    }
    places.iter().enumerate().for_each(|(at, row)| out.push_str(&format!("# constraint {at} {}\n", stated.rows[*row])));
}

fn objective(stated: &Stated, squared: bool, out: &mut String) {
    let costs = stated.program.cost.iter().copied().enumerate().filter(|(_, cost)| *cost != 0.0);
    let costs: Vec<(usize, f64)> = costs.chain(squared.then_some((stated.program.width(), 1.0))).collect();
    let _ = write!(out, "\nOBJACOORD\n{}\n", costs.len());
    costs.iter().for_each(|(j, cost)| out.push_str(&format!("{j} {cost:?}\n")));
    if stated.program.constant != 0.0 {
        let _ = write!(out, "\nOBJBCOORD\n{:?}\n", stated.program.constant);
    }
}

fn rows(stated: &Stated, places: &[usize], squares: &[(usize, f64)], out: &mut String) {
    let mut terms: Vec<String> = Vec::new();
    let mut offsets: Vec<String> = Vec::new();
    for (at, &row) in places.iter().enumerate() {
        terms.extend(stated.row(row).iter().map(|(column, value)| format!("{at} {column} {value:?}")));
        let offset = stated.program.offsets[row];
        offsets.extend((offset != 0.0).then(|| format!("{at} {offset:?}")));
    }
    if !squares.is_empty() {
        // 2 s 1 >= Σ ...: s, then 1, then the roots.
        terms.push(format!("{} {} 1.0", places.len(), stated.program.width()));
        offsets.push(format!("{} 1.0", places.len() + 1));
        terms.extend(squares.iter().enumerate().map(|(k, (column, root))| format!("{} {column} {root:?}", places.len() + 2 + k)));
    }
    let _ = write!(out, "\nACOORD\n{}\n{}\n", terms.len(), terms.join("\n"));
    let _ = write!(out, "\nBCOORD\n{}\n{}\n", offsets.len(), offsets.join("\n"));
}
