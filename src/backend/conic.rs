//! Clarabel, the interior-point solver for linear, second-order and exponential cones.

use super::{Backend, Request};
use crate::program::{Cone, Program, Solution, Status};
use clarabel::algebra::CscMatrix;
use clarabel::io::ConfigurablePrintTarget;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};

pub struct Clarabel;

impl Backend for Clarabel {
    fn name(&self) -> &'static str {
        "clarabel"
    }

    fn accepts(&self, _: &Program) -> bool {
        true
    }

    fn solve(&self, program: &Program, request: &Request) -> Solution {
        let failed = || Solution { primal: Vec::new(), dual: Vec::new(), status: Status::Doubtful, iterations: 0 };
        // Clarabel states rows as b - A x in K, so its A is minus ours.
        let (quadratic, rows, cones) = (quadratic(program), negated_rows(program), cones(program));
        let Ok(mut solver) = DefaultSolver::new(&quadratic, &program.cost, &rows, &program.offsets, &cones, settings(request)) else {
            return failed();
        };
        if request.verbose {
            solver.print_to_stream(Box::new(std::io::stderr()));
        }
        let stop = request.stop.clone();
        solver.set_termination_callback(move |_| stop.now());
        solver.solve();
        let solution = &solver.solution;
        let iterations = solution.iterations as usize;
        Solution { primal: solution.x.clone(), dual: solution.z.clone(), status: status(solution.status), iterations }
    }
}

fn settings(request: &Request) -> DefaultSettings<f64> {
    DefaultSettings {
        verbose: request.verbose,
        tol_gap_abs: request.tolerance,
        tol_gap_rel: request.tolerance,
        tol_feas: request.tolerance,
        // One thread: the answer must not depend on the machine.
        max_threads: 1,
        direct_solve_method: "qdldl".to_string(),
        ..DefaultSettings::default()
    }
}

fn status(of: SolverStatus) -> Status {
    match of {
        SolverStatus::Solved => Status::Solved,
        SolverStatus::CallbackTerminated | SolverStatus::MaxTime => Status::Interrupted,
        SolverStatus::PrimalInfeasible => Status::Infeasible,
        SolverStatus::DualInfeasible => Status::Unbounded,
        _ => Status::Doubtful,
    }
}

fn cones(program: &Program) -> Vec<SupportedConeT<f64>> {
    let cone = |cone: &Cone| match *cone {
        Cone::Zeros(n) => SupportedConeT::ZeroConeT(n),
        Cone::Nonnegatives(n) => SupportedConeT::NonnegativeConeT(n),
        Cone::SecondOrder(n) => SupportedConeT::SecondOrderConeT(n),
        Cone::Exponential => SupportedConeT::ExponentialConeT(),
    };
    program.cones.iter().map(cone).collect()
}

fn quadratic(program: &Program) -> CscMatrix<f64> {
    let entries = program.quadratic.iter().map(|&(i, j, value)| (i, j, value));
    compressed(program.width(), program.width(), entries)
}

fn negated_rows(program: &Program) -> CscMatrix<f64> {
    let entries = (0..program.height()).flat_map(|i| program.row(i).map(move |(j, value)| (i, j, -value)));
    compressed(program.height(), program.width(), entries)
}

/// Columns compressed, rows ascending in each, repeated entries added.
fn compressed(height: usize, width: usize, entries: impl Iterator<Item = (usize, usize, f64)>) -> CscMatrix<f64> {
    let (rows, columns, values) = entries.fold((vec![], vec![], vec![]), |(mut r, mut c, mut v), (i, j, value)| {
        r.push(i);
        c.push(j);
        v.push(value);
        (r, c, v)
    });
    CscMatrix::new_from_triplets(height, width, rows, columns, values)
}
