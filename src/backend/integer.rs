//! The one integer program that is needed here: a smallest set that meets every one of some sets, by microlp through good_lp.

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, WithTimeLimit, microlp, variable};

/// What microlp says is a smallest subset of `0..count` that meets all `sets`.  Hearsay: it may miss one, or not be smallest.
pub fn least_hitting(sets: &[Vec<usize>], count: usize, seconds: f64) -> Option<Vec<usize>> {
    let mut all = ProblemVariables::new();
    let chosen: Vec<_> = (0..count).map(|_| all.add(variable().binary())).collect();
    let total: Expression = chosen.iter().sum();
    let mut model = all.minimise(total).using(microlp);
    for set in sets {
        let sum: Expression = set.iter().map(|&j| chosen[j]).sum();
        model.add_constraint(sum.geq(1.0));
    }
    let solution = model.with_time_limit(seconds).solve().ok()?;
    Some((0..count).filter(|&j| solution.value(chosen[j]) > 0.5).collect())
}
