//! How it will be solved: which cells, by whom, and within which limits.

use super::size::Sizes;
use crate::problem::{Arrangements, Problem, Solver};
use crate::report::{count, limit, plain, rounded};

pub fn plan(problem: &Problem, sizes: Option<Sizes>) -> Vec<String> {
    let plan = &problem.plan;
    let cells = match &plan.arrangements {
        Arrangements::Generate if problem.architecture.gates.is_some() => "gates are added by price until none is worth adding".to_string(),
        Arrangements::All if problem.architecture.gates.is_some() => "all gates in one program".to_string(),
        Arrangements::Generate if problem.architecture.activation.flat() => {
            "columns are added by price until none is worth adding".to_string()
        }
        Arrangements::All if problem.architecture.activation.flat() => {
            format!("all columns in one program, refused above {}", count(plan.max_patterns))
        }
        Arrangements::Generate => "cells are added by price until none is worth adding".to_string(),
        Arrangements::All => format!("all cells in one program, refused above {}", count(plan.max_patterns)),
        Arrangements::Sample { count: n, seed } => format!("the cells of {} random weight vectors, seed {seed}", count(*n)),
        Arrangements::Cells { source, vectors } => format!("the cells of the {} weight vectors in {source}", count(vectors.rows)),
        Arrangements::LowRank { rank } => format!("cells of the nearest data of rank {} are added by price", count(*rank)),
    };
    let limits = format!("gap asked for {}, time limit {}", plain(plan.gap), limit(plan.time.as_secs_f64()));
    let solver = match plan.solver {
        Solver::Auto if problem.objective.loss.loss.exponential() && !problem.lasso() => Solver::Clarabel,
        Solver::Auto => Solver::Native,
        named => named,
    };
    let mut lines = vec![format!("{cells}; {}; then prune", solver.name()), limits];
    lines.extend(sizes.and_then(|sizes| sizes.lost).map(|lost| low_rank(problem, lost)));
    lines
}

/// What low rank may cost: with a loss of Lipschitz constant R both optima are within a factor ρ = 1 + R Lip σ / β (THEORY 10).
fn low_rank(problem: &Problem, lost: f64) -> String {
    let steepest = problem.objective.loss.lipschitz(problem.targets()) * problem.architecture.activation.steepest();
    let distance = format!("the data are within {} of that rank; both bounds hold for the data themselves", rounded(lost));
    match 1.0 + steepest * lost / problem.objective.price() {
        ratio if ratio.is_finite() => format!("{distance}, whose optimum is within a factor {} of that rank's", rounded(ratio)),
        _ => distance,
    }
}
