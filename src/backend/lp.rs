//! Linear programs through good_lp: microlp, which is Rust alone, and HiGHS where it was built in.
//!
//! ```text
//!   minimise c'x   subject to A x + b in {0} or >= 0, x free
//!   maximise -b'y  subject to A'y = c, y >= 0 on the rows that are
//! ```
//! microlp has no multipliers to tell, so the dual program is solved as a program of its own: two answers, neither of them believed.

use super::{Backend, Request};
use crate::program::{Cone, Program, Solution, Status};
use good_lp::{Expression, ProblemVariables, Solution as Values, SolverModel, Variable, variable};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The longest time limit that is passed on: a year in seconds.
const LONGEST: f64 = 3e7;
/// How often a running solver is looked after.
const LOOK: Duration = Duration::from_millis(20);

/// A solver of good_lp: its word in the language, and what it makes of a program.
pub struct Lp {
    name: &'static str,
    run: fn(&Linear, f64) -> Option<Vec<f64>>,
}

/// The simplex method of microlp.
pub const MICROLP: Lp = Lp { name: "lp", run: |program, seconds| program.solve(good_lp::microlp, seconds) };

/// HiGHS.
#[cfg(feature = "highs")]
pub const HIGHS: Lp = Lp { name: "highs", run: |program, seconds| program.solve(one_thread, seconds) };

/// One thread: the answer must not depend on the machine.
#[cfg(feature = "highs")]
fn one_thread(all: good_lp::variable::UnsolvedProblem) -> good_lp::solvers::highs::HighsProblem {
    good_lp::highs(all).set_threads(1)
}

impl Backend for Lp {
    fn name(&self) -> &'static str {
        self.name
    }

    fn accepts(&self, program: &Program) -> bool {
        program.linear()
    }

    fn solve(&self, program: &Program, request: &Request) -> Solution {
        let programs = [primal(program), dual(program)];
        let answers = programs.map(|linear| self.watched(linear, request));
        let interrupted = request.stop.now();
        let usable = answers.iter().all(|answer| answer.is_some());
        let status = match usable {
            true => Status::Solved,
            false if interrupted => Status::Interrupted,
            false => Status::Doubtful,
        };
        let [primal, dual] = answers.map(Option::unwrap_or_default);
        // A point alone is of use, and so it is for whoever asked that the vectors have their lengths.
        let dual = if dual.is_empty() { vec![f64::NAN; program.height()] } else { dual };
        Solution { primal, dual, status, iterations: 0 }
    }
}

impl Lp {
    /// Runs beside the caller, who leaves when told to stop: the solvers know a time limit and no other way to be ended.
    fn watched(&self, program: Linear, request: &Request) -> Option<Vec<f64>> {
        let (run, (sender, receiver)) = (self.run, channel());
        let seconds = request.stop.deadline.saturating_duration_since(Instant::now()).as_secs_f64().min(LONGEST);
        std::thread::spawn(move || sender.send(run(&program, seconds)));
        loop {
            match receiver.recv_timeout(LOOK) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) if !request.stop.now() => {}
                // Stopped, or the solver panicked.
                Err(_) => return None,
            }
        }
    }
}

/// minimise cost·x subject to rows: terms, at least or exactly a number; and lower bounds on x.
pub struct Linear {
    pub cost: Vec<f64>,
    pub least: Vec<f64>,
    pub rows: Vec<Row>,
}

/// `Σ value·x[column] >= bound`, or `=`.
pub struct Row {
    pub terms: Vec<(usize, f64)>,
    pub equal: bool,
    pub bound: f64,
}

impl Linear {
    /// What the solver says is the best x; `None` if it says that there is none.
    fn solve<S: good_lp::Solver>(&self, solver: S, seconds: f64) -> Option<Vec<f64>>
    where
        S::Model: good_lp::WithTimeLimit,
    {
        let mut all = ProblemVariables::new();
        let x: Vec<Variable> = self.least.iter().map(|least| all.add(variable().min(*least))).collect();
        let sum = |terms: &mut dyn Iterator<Item = (usize, f64)>| {
            let mut sum = Expression::with_capacity(terms.size_hint().0);
            terms.for_each(|(j, value)| sum.add_mul(value, x[j]));
            sum
        };
        let objective = sum(&mut self.cost.iter().copied().enumerate().filter(|(_, cost)| *cost != 0.0));
        let mut model = all.minimise(objective).using(solver);
        for row in &self.rows {
            let left = sum(&mut row.terms.iter().copied());
            model.add_constraint(if row.equal { left.eq(row.bound) } else { left.geq(row.bound) });
        }
        let values = good_lp::WithTimeLimit::with_time_limit(model, seconds).solve().ok()?;
        Some(x.iter().map(|x| values.value(*x)).collect())
    }
}

/// The sign that every row's cone asks of it: `true` for rows that are 0.
fn equalities(program: &Program) -> Vec<bool> {
    program.cones.iter().flat_map(|cone| vec![matches!(cone, Cone::Zeros(_)); cone.dimension()]).collect()
}

/// The program itself.  A row about one column is a bound, which the simplex method has for free.
fn primal(program: &Program) -> Linear {
    let (mut least, mut rows) = (vec![f64::NEG_INFINITY; program.width()], Vec::new());
    for (i, equal) in equalities(program).into_iter().enumerate() {
        let (terms, offset): (Vec<(usize, f64)>, f64) = (program.row(i).collect(), program.offsets[i]);
        match terms[..] {
            [(j, value)] if !equal && value > 0.0 => least[j] = least[j].max(-offset / value),
            _ => rows.push(Row { terms, equal, bound: -offset }),
        }
    }
    Linear { cost: program.cost.clone(), least, rows }
}

/// Its dual: a column for every row, a row for every column.
fn dual(program: &Program) -> Linear {
    let mut rows: Vec<Row> = program.cost.iter().map(|cost| Row { terms: Vec::new(), equal: true, bound: *cost }).collect();
    (0..program.height()).for_each(|i| program.row(i).for_each(|(j, value)| rows[j].terms.push((i, value))));
    let least = equalities(program).iter().map(|equal| if *equal { f64::NEG_INFINITY } else { 0.0 }).collect();
    Linear { cost: program.offsets.clone(), least, rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Stop;
    use crate::program::Affine;
    use std::sync::Arc;

    fn request() -> Request {
        Request { tolerance: 1e-9, stop: Stop::new(Duration::from_secs(20), Arc::default()), verbose: false }
    }

    /// minimise |x - 1| + 2 |x + 1|, x >= -3: x = -1, and the multipliers say what each row is worth.
    #[test]
    fn both_answers_come_from_their_own_program() {
        let mut program = Program::default();
        let x = program.add_columns(1, 0.0);
        for (at, cost) in [(1.0, 1.0), (-1.0, 2.0)] {
            let t = program.add_columns(1, cost);
            let sides = [1.0, -1.0].map(|side| Affine::new(-side * at).plus(side, x).plus(1.0, t));
            program.constrain(Cone::Nonnegatives(2), sides);
        }
        program.constrain(Cone::Nonnegatives(1), [Affine::new(3.0).plus(1.0, x)]);
        let solution = MICROLP.solve(&program, &request());
        assert_eq!(solution.status, Status::Solved);
        assert!((solution.primal[x] + 1.0).abs() < 1e-9 && (program.objective(&solution.primal) - 2.0).abs() < 1e-9);
        let value: f64 = program.offsets.iter().zip(&solution.dual).map(|(b, y)| -b * y).sum();
        assert!((value - 2.0).abs() < 1e-9, "{:?}", solution.dual);
        for (j, cost) in program.cost.iter().enumerate() {
            let column = |i: usize| program.row(i).filter(|(k, _)| *k == j).map(|(_, value)| value).sum::<f64>();
            let sum: f64 = (0..program.height()).map(|i| column(i) * solution.dual[i]).sum();
            assert!((sum - cost).abs() < 1e-9);
        }
    }

    #[test]
    fn what_cannot_be_met_is_no_answer() {
        let mut program = Program::default();
        let x = program.add_columns(1, 1.0);
        program.constrain(Cone::Nonnegatives(2), [Affine::new(-1.0).plus(1.0, x), Affine::new(0.0).plus(-1.0, x)]);
        let solution = MICROLP.solve(&program, &request());
        assert_eq!(solution.status, Status::Doubtful);
        assert!(solution.primal.is_empty());
        let mut square = program.clone();
        square.quadratic.push((0, 0, 1.0));
        assert!(MICROLP.accepts(&program) && !MICROLP.accepts(&square));
    }
}
