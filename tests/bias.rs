//! Biases that are no part of a neuron's norm: free ones are compared with programs written by hand, without a bound on any bias.

use cvxc::arrangement::list;
use cvxc::backend::{self, Request, Stop};
use cvxc::certificate::Certificate;
use cvxc::checker::{Refusal, check};
use cvxc::loss::{Total, find};
use cvxc::problem::{Activation, Architecture, Arrangements, Bias, Column, Dataset, Matrix, Objective, Piece, Plan, Problem, Rows, Target};
use cvxc::program::{Affine, Cone, Program};
use cvxc::regularizer::Regularizer;
use cvxc::solve::{Control, Outcome, Standing, solve};
use std::sync::Arc;
use std::time::Duration;

const BETA: f64 = 0.2;

fn problem(rows: &[(&[f64], f64)], activation: Activation, bias: Bias, regularizer: Regularizer) -> Problem {
    let inputs: Vec<Vec<f64>> = rows.iter().map(|(x, _)| x.to_vec()).collect();
    let column = |name: String| Column { name, shift: 0.0, scale: 1.0 };
    let columns = (0..inputs[0].len()).map(|j| column(format!("x{j}"))).collect();
    let train = Rows { inputs: Matrix::from_rows(&inputs), targets: rows.iter().map(|(_, y)| *y).collect() };
    let target = Target::Number(column("y".into()));
    Problem {
        name: "by hand".into(),
        dataset: Dataset { columns, target, train, test: None, source: "by hand".into(), dropped: 0 },
        architecture: Architecture { activation, bias, width: None, skip: false, gates: None, convolution: None },
        objective: Objective {
            loss: Total { loss: find("squared").unwrap(), parameter: 0.0, mean: false, outputs: 1 },
            regularizer,
            strength: BETA,
        },
        plan: Plan { time: Duration::from_secs(60), ..Plan::default() },
    }
}

fn solved(problem: &Problem, arrangements: Arrangements) -> Outcome {
    let problem = Problem { plan: Plan { arrangements, ..problem.plan.clone() }, ..problem.clone() };
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    solve(&problem, &mut control).unwrap()
}

/// Both ways certify the optimum; the certificate and the network come back.
fn certified(problem: &Problem, optimum: f64) -> (Certificate, Outcome) {
    let outcomes = [Arrangements::All, Arrangements::Generate].map(|arrangements| solved(problem, arrangements));
    for outcome in &outcomes {
        let (lower, upper) = (outcome.lower_bound, outcome.objective);
        assert_eq!(outcome.standing, Standing::GlobalOptimum, "{lower} {upper} against {optimum}");
        assert!((upper - optimum).abs() < 2e-6 * optimum && (lower - optimum).abs() < 2e-6 * optimum, "{lower} {upper}: {optimum}");
        assert_eq!(check(problem, outcome.certificate.as_ref().unwrap()).unwrap().lower_bound(), lower);
        assert_eq!(problem.score(&outcome.network).objective, upper);
    }
    let [_, last] = outcomes;
    (last.certificate.clone().unwrap(), last)
}

/// The program for f with its losses; what f is made of is added by its rows, `f_i - ...`.
fn begin(rows: &[(&[f64], f64)]) -> (Program, Vec<Affine>) {
    let mut program = Program::default();
    let f = program.add_columns(rows.len(), 0.0);
    let loss = find("squared").unwrap();
    for (i, (_, y)) in rows.iter().enumerate() {
        loss.cone_form(&mut program, f + i, *y, 0.0, 1.0);
    }
    let free = program.add_columns(1, 0.0);
    (program, (0..rows.len()).map(|i| Affine::new(0.0).plus(1.0, f + i).plus(-1.0, free)).collect())
}

fn end(mut program: Program, sums: Vec<Affine>) -> f64 {
    program.constrain(Cone::Zeros(sums.len()), sums);
    let request = Request { tolerance: 1e-10, stop: Stop::new(Duration::from_secs(60), Arc::default()), verbose: false };
    program.objective(&backend::choose("clarabel", &program).unwrap().solve(&program, &request).primal)
}

const LINE: [(&[f64], f64); 5] = [(&[-2.0], 1.0), (&[-1.0], 0.0), (&[0.0], -1.0), (&[1.0], 1.0), (&[3.0], 0.5)];
const PLANE: [(&[f64], f64); 6] =
    [(&[1.0, 2.0], 3.0), (&[-1.0, 1.0], 1.0), (&[2.0, -1.0], 4.0), (&[-2.0, -1.0], 2.5), (&[1.0, -3.0], 0.0), (&[0.5, 0.5], 3.0)];

/// In one dimension neurons with free biases are hinges at the data points, their slopes the penalty (THEORY 3).
#[test]
fn on_a_line_a_free_bias_is_a_lasso_over_hinges() {
    let (mut program, mut sums) = begin(&LINE);
    for knot in LINE.map(|row| row.0[0]) {
        for (side, sign) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
            let size = program.add_columns(1, BETA);
            program.constrain(Cone::Nonnegatives(1), [Affine::new(0.0).plus(1.0, size)]);
            for (sum, (x, _)) in sums.iter_mut().zip(&LINE) {
                *sum = sum.clone().plus(-sign * f64::max(side * (x[0] - knot), 0.0), size);
            }
        }
    }
    let optimum = end(program, sums);
    certified(&problem(&LINE, Activation::relu(), Bias::Free, Regularizer::weight_decay()), optimum);
    // With |w| <= 1 and a price on the output weights it is the same.
    certified(&problem(&LINE, Activation::relu(), Bias::Free, Regularizer::output_l1(1.0)), optimum);
}

/// Weight decay on w only, biases without any bound, and an intercept: cell by cell.
#[test]
fn in_a_plane_a_free_bias_is_free() {
    let inputs: Vec<Vec<f64>> = PLANE.iter().map(|(x, _)| vec![x[0], x[1], 1.0]).collect();
    for (activation, right, left) in [(Activation::relu(), 1.0, 0.0), (Activation::homogeneous("abs", 1.into(), 1.into()), 1.0, -1.0)] {
        let (mut program, mut sums) = begin(&PLANE);
        for cell in list(&Matrix::from_rows(&inputs), 1000).unwrap() {
            for sign in [1.0, -1.0] {
                let (t, u) = (program.add_columns(1, BETA), program.add_columns(3, 0.0));
                let column = |j: usize| Affine::new(0.0).plus(1.0, j);
                program.constrain(Cone::SecondOrder(3), [column(t), column(u), column(u + 1)]);
                for (i, x) in inputs.iter().enumerate() {
                    let active = cell.pattern.get(i);
                    let along = |factor: f64| (0..3).fold(Affine::new(0.0), |sum, j| sum.plus(factor * x[j], u + j));
                    program.constrain(Cone::Nonnegatives(1), [along(if active { 1.0 } else { -1.0 })]);
                    sums[i] = sums[i].clone().and(&along(-sign * if active { right } else { left }));
                }
            }
        }
        let optimum = end(program, sums);
        let (_, outcome) = certified(&problem(&PLANE, activation, Bias::Free, Regularizer::weight_decay()), optimum);
        let skip = outcome.network.skip.unwrap();
        assert_eq!(skip.weights.columns, 0, "an intercept and no skip");
    }
}

/// A constant costs nothing: the targets' mean needs no neuron.
#[test]
fn a_constant_is_an_intercept() {
    let rows = PLANE.map(|(x, _)| (x, 7.0));
    let outcome = solved(&problem(&rows, Activation::relu(), Bias::Free, Regularizer::weight_decay()), Arrangements::Generate);
    assert_eq!((outcome.standing, outcome.network.neurons()), (Standing::GlobalOptimum, 0));
    assert!(outcome.objective < 1e-9 && (outcome.network.skip.unwrap().intercepts[0] - 7.0).abs() < 1e-6);
}

fn ramp() -> Activation {
    let piece = |from: Option<i32>, slope: i32, intercept: i32| Piece {
        from: from.map(Into::into),
        includes_from: true,
        slope: slope.into(),
        intercept: intercept.into(),
    };
    Activation::new("ramp", vec![piece(None, 0, -1), piece(Some(-1), 1, 0), piece(Some(1), 0, 1)])
}

/// What a bound allows grows with it, until it is as good as none.
#[test]
fn a_bound_on_the_bias_is_a_bound() {
    let at = |bias| solved(&problem(&LINE, ramp(), bias, Regularizer::output_l1(1.0)), Arrangements::Generate);
    let values: Vec<f64> = [0.25, 0.3, 1.0, 4.0].map(|bound| at(Bias::Bounded(bound)).objective).to_vec();
    assert!(values.windows(2).all(|pair| pair[0] >= pair[1] - 1e-7), "{values:?}");
    let free = at(Bias::Free);
    assert!((values[3] - free.objective).abs() < 1e-6 && free.standing == Standing::GlobalOptimum, "{values:?} {}", free.objective);
    assert!(free.network.skip.is_none(), "flat ends need no intercept");
    // 0.3 is no double: the checker holds biases against three tenths.
    let bounded = problem(&LINE, ramp(), Bias::Bounded(0.3), Regularizer::output_l1(1.0));
    let (mut certificate, outcome) = certified(&bounded, values[1]);
    assert!(outcome.network.hidden.each_row().all(|w| w[1].abs() <= 0.3));
    certificate.network.hidden[0][1] = 0.3f64.next_up();
    assert_eq!(check(&bounded, &certificate), Err(Refusal::Bias { neuron: 1 }));
}

/// An intercept that is free is an equality of the dual vector, and the checker asks for it.
#[test]
fn the_equality_of_a_free_bias_is_checked() {
    let free = problem(&LINE, Activation::relu(), Bias::Free, Regularizer::weight_decay());
    let whole = solved(&free, Arrangements::Generate).certificate.unwrap();
    let refused = |change: &dyn Fn(&mut Certificate)| {
        let mut certificate = whole.clone();
        change(&mut certificate);
        check(&free, &certificate).unwrap_err()
    };
    assert_eq!(refused(&|c| c.pivots.clear()), Refusal::Shape("dual vector, its pivots or the basis"));
    // Far from 1'v = 0 the correction is larger than the limit, or than the room in the proof.
    assert!(matches!(refused(&|c| c.dual.mantissas[0] += 1 << 30), Refusal::Width | Refusal::Tree { .. }));
    assert_eq!(refused(&|c| c.network.skip = Some(vec![1.0, 0.0])), Refusal::Shape("skip"));
}

/// No scale of the data makes the bound of a free bias smaller than the inputs that it must outweigh.
#[test]
fn a_free_bias_reaches_beyond_the_data_at_any_scale() {
    let scale = |unit: f64| {
        let row = [3.0 * unit, 4.0 * unit];
        problem(&[(&row, 1.0)], Activation::relu(), Bias::Free, Regularizer::weight_decay()).bias_scale().unwrap()
    };
    for exponent in [-1060, -540, -1, 0, 1, 600, 1000] {
        let unit = libm::scalbn(1.0, exponent);
        assert!(scale(unit) >= 5.0 * unit && scale(unit) <= 16.0 * unit, "{exponent}: {}", scale(unit));
    }
    assert!(!scale(libm::scalbn(1.0, 1021)).is_finite());
}
