//! The laws that every row of every table obeys.
#![cfg(feature = "solve")]

use cvxc::backend::{BACKENDS, Request, Stop};
use cvxc::exact::{Rational, above, written};
use cvxc::loss::{LOSSES, Loss, Targets, Total};
use cvxc::problem::{Activation, Class, Piece};
use cvxc::program::{Affine, Cone, Program};
use cvxc::regularizer::{Hidden, NORMS, Norm};
use std::sync::Arc;
use std::time::Duration;

/// A parameter inside the allowed interval.
fn parameter(loss: &dyn Loss) -> f64 {
    loss.parameter().map_or(0.0, |p| if p.below.is_finite() { 0.5 * (p.above + p.below) - 0.2 } else { p.above + 0.7 })
}

fn targets(loss: &dyn Loss) -> Vec<f64> {
    match loss.targets() {
        Targets::Real => vec![-1.5, 0.0, 0.25, 3.0],
        Targets::Counts => vec![0.0, 0.25, 1.0, 3.0],
        Targets::Classes => vec![-1.0, 1.0],
        Targets::Labels => vec![0.0, 1.0],
    }
}

fn grid() -> impl Iterator<Item = f64> {
    (-40..=40).map(|k| 0.125 * f64::from(k))
}

fn each_loss(check: impl Fn(&dyn Loss, f64, f64)) {
    for loss in LOSSES {
        for y in targets(*loss) {
            check(*loss, y, parameter(*loss));
        }
    }
}

#[test]
fn fenchel_young_holds_with_equality_at_the_slope() {
    each_loss(|loss, y, p| {
        for f in grid() {
            let (v, value) = (loss.slope(f, y, p), loss.value(f, y, p));
            let gap = value + loss.conjugate(v, y, p) - v * f;
            assert!(gap.abs() < 1e-12 * (1.0 + value), "{} at f = {f}, y = {y}: {gap}", loss.name());
            let (low, high) = loss.domain(y, p);
            assert!(low <= 0.0 && 0.0 <= high && low <= v && v <= high, "{}: the slope lies in the domain", loss.name());
            for u in grid().filter(|u| low <= *u && *u <= high) {
                assert!(value + loss.conjugate(u, y, p) >= u * f - 1e-12, "{} at f = {f}, v = {u}", loss.name());
            }
        }
    });
}

#[test]
fn exact_values_and_conjugates_lie_just_above_the_rounded_ones() {
    let close = |exact: Option<Rational>, rounded: f64, place: &str| {
        let value = exact.map_or(f64::INFINITY, |exact| above(&exact));
        assert!(value == rounded || (value - rounded).abs() <= 4e-15 * (1.0 + rounded.abs()), "{place}: {value} against {rounded}");
    };
    each_loss(|loss, y, p| {
        let exact = |x: f64| written(x).unwrap();
        for x in grid() {
            let place = format!("{} at {x}, y = {y}", loss.name());
            close(loss.value_above(&exact(x), &exact(y), &exact(p)), loss.value(x, y, p), &place);
            close(loss.conjugate_above(&exact(x), &exact(y), &exact(p)), loss.conjugate(x, y, p), &place);
        }
    });
}

#[test]
fn no_value_is_below_the_least_and_no_dual_vector_says_so_better_than_zero() {
    each_loss(|loss, y, p| {
        let least = loss.least(y, p);
        let below = loss.least_below(&written(y).unwrap(), &written(p).unwrap()).unwrap();
        assert!(grid().all(|f| loss.value(f, y, p) >= least - 1e-15), "{}, y = {y}", loss.name());
        assert!((least + loss.conjugate(0.0, y, p)).abs() <= 1e-15, "{}, y = {y}", loss.name());
        let off = least - above(&below);
        assert!(off.abs() <= 4e-15 * (1.0 + least.abs()), "{}, y = {y}: {off}", loss.name());
        assert!(grid().all(|f| below <= loss.value_above(&written(f).unwrap(), &written(y).unwrap(), &written(p).unwrap()).unwrap()));
    });
}

#[test]
fn the_conjugate_is_infinite_outside_the_domain_and_finite_inside() {
    each_loss(|loss, y, p| {
        let (low, high) = loss.domain(y, p);
        for v in grid() {
            assert_eq!(loss.conjugate(v, y, p).is_finite(), low <= v && v <= high, "{} at v = {v}", loss.name());
        }
    });
}

#[test]
fn slopes_and_curvatures_are_derivatives() {
    each_loss(|loss, y, p| {
        // Off the grid of kinks, central differences see one smooth piece.
        for f in grid().map(|f| f + 0.0371) {
            let h = 1e-5;
            let slope = (loss.value(f + h, y, p) - loss.value(f - h, y, p)) / (2.0 * h);
            let bend = (loss.slope(f + h, y, p) - loss.slope(f - h, y, p)) / (2.0 * h);
            assert!((slope - loss.slope(f, y, p)).abs() < 1e-6, "{} slope at {f}", loss.name());
            assert!((bend - loss.curvature(f, y, p)).abs() < 1e-6, "{} curvature at {f}", loss.name());
        }
    });
}

#[test]
fn the_slope_of_a_smooth_loss_never_jumps_and_that_of_others_does() {
    for loss in LOSSES {
        let p = parameter(*loss);
        // Kinks of the table's losses lie on the grid, at y, or at the parameter from it.
        let kinks = |y: f64| grid().chain([y, y + p, y - p]).map(move |f| (f, y));
        let jump = |(f, y): (f64, f64)| loss.slope(f + 1e-9, y, p) - loss.slope(f - 1e-9, y, p);
        let highest = targets(*loss).into_iter().flat_map(kinks).map(jump).fold(0.0, f64::max);
        // Cross entropy is smooth as well, but its rows are shifted for free.
        assert_eq!(loss.smooth() || loss.shift(&[0.0]).is_some(), highest < 1e-3, "{}: {highest}", loss.name());
    }
}

fn request() -> Request {
    Request { tolerance: 1e-9, stop: Stop::new(Duration::from_secs(60), Arc::default()), verbose: false }
}

#[test]
fn the_cone_form_has_the_value_of_the_loss() {
    each_loss(|loss, y, p| {
        for f in [-2.5, -1.0, -0.3, 0.0, 0.7, 1.0, 4.0] {
            let mut program = Program::default();
            let column = program.add_columns(1, 0.0);
            loss.cone_form(&mut program, column, y, p, 0.5);
            program.constrain(Cone::Zeros(1), [Affine::new(-f).plus(1.0, column)]);
            for backend in BACKENDS.iter().filter(|b| b.accepts(&program)) {
                let solution = backend.solve(&program, &request());
                let (cone, value) = (program.objective(&solution.primal), 0.5 * loss.value(f, y, p));
                assert!((cone - value).abs() < 1e-6 * (1.0 + value), "{} at {f}: {cone}, {value}", loss.name());
            }
        }
    });
}

#[test]
fn a_mean_is_the_sum_divided_by_the_rows() {
    each_loss(|loss, y, p| {
        if loss.targets() == Targets::Labels {
            // A law of rows, in `outputs.rs`.
            return;
        }
        let loss = cvxc::loss::find(loss.name()).unwrap();
        let (sum, mean) = (Total { loss, parameter: p, mean: false, outputs: 1 }, Total { loss, parameter: p, mean: true, outputs: 1 });
        let (f, y) = ([0.3, -1.2, 2.0, 0.9], [y; 4]);
        assert!((sum.value(&f, &y) - 4.0 * mean.value(&f, &y)).abs() < 1e-12);
        let v = mean.slope(&f, &y);
        let product: f64 = v.iter().zip(&f).map(|(v, f)| v * f).sum();
        assert!((mean.value(&f, &y) + mean.conjugate(&v, &y) - product).abs() < 1e-12, "{}", loss.name());
    });
}

/// Every norm of the language, each alone and beside a bias.
fn norms() -> Vec<Hidden> {
    let plain = NORMS.iter().map(|norm| Hidden::plain(*norm));
    let all: Vec<Hidden> = plain.chain([0.5, 0.1, 0.9].map(Hidden::sparse_group)).collect();
    all.iter().copied().chain(all.iter().map(|norm| norm.beside_bias())).collect()
}

#[test]
fn the_polar_is_the_polar_of_the_gauge() {
    let vectors = [[1.0, -2.0, 0.5], [0.0, 0.0, 3.0], [-1.0, -1.0, 1.0], [0.3, 4.0, -0.1]];
    for norm in norms() {
        for g in &vectors {
            for w in &vectors {
                let product: f64 = g.iter().zip(w).map(|(g, w)| g * w).sum();
                assert!(product <= norm.polar(g) * norm.gauge(w) + 1e-12, "{norm:?}");
            }
            // max { g·w : h(w) <= 1 } by the cone form itself.
            let mut program = Program::default();
            let w = program.add_columns(3, 0.0);
            (0..3).for_each(|j| program.cost[w + j] = -g[j]);
            norm.cone_form(&mut program, Affine::new(1.0), (w..w + 3).map(|j| Affine::new(0.0).plus(1.0, j)).collect());
            for backend in BACKENDS.iter().filter(|b| b.accepts(&program)) {
                let found = -program.objective(&backend.solve(&program, &request()).primal);
                assert!((found - norm.polar(g)).abs() < 1e-6, "{norm:?} by {}: {found}", backend.name());
            }
        }
    }
}

#[test]
fn exact_norms_are_the_rounded_ones() {
    let whole = [[1_i64, -2, 5], [0, 0, 3], [-7, -7, 7], [0, 0, 0]];
    for norm in norms() {
        for g in &whole {
            let float = g.map(|g| g as f64);
            let (gauge, polar) = (norm.gauge(&float), norm.polar(&float));
            let square = above(&norm.square(&float));
            assert!((square - gauge * gauge).abs() <= 1e-12 * gauge * gauge, "{norm:?}");
            for shift in [0, 7] {
                let scaled = polar * f64::from(1 << shift);
                let above = f64::from(u32::try_from(norm.polar_above(g, shift)).unwrap());
                assert!(scaled <= above && above <= scaled + 1.0, "{norm:?}");
                assert_eq!(norm.polar_within(g, shift, scaled.ceil() as i128), Some(true), "{norm:?}");
                assert_eq!(norm.polar_within(g, shift, scaled.ceil() as i128 - 1), Some(false), "{norm:?}");
            }
            if polar > 0.0 {
                let corner = norm.support(&float);
                let reached: f64 = corner.iter().zip(&float).map(|(w, g)| w * g).sum();
                assert!((reached - polar).abs() < 1e-12 * polar && norm.gauge(&corner) <= 1.0 + 1e-12, "{norm:?}");
                let length: f64 = corner.iter().map(|w| w * w).sum();
                assert!(length <= norm.ball(3) as f64 + 1e-12, "{norm:?}: the ball holds the corners");
            }
        }
        assert_eq!(norm.polar_within(&[i64::MIN, i64::MAX, 0], 40, i128::MAX).unwrap_or(false), norm.words() != "l2", "no panic");
    }
}

#[test]
fn the_slope_of_a_norm_is_the_slope_of_half_its_square() {
    let w = [0.3, 4.0, -0.1];
    for norm in norms() {
        let mut slope = [0.0; 3];
        norm.add_slope(&w, 2.0, &mut slope);
        for (k, slope) in slope.iter().enumerate() {
            let at = |step: f64| {
                let mut moved = w;
                moved[k] += step;
                norm.gauge(&moved).powi(2)
            };
            assert!((slope - (at(1e-6) - at(-1e-6)) / 2e-6).abs() < 1e-6, "{norm:?}");
        }
    }
}

fn piece(from: Option<i32>, slope: i32, intercept: i32) -> Piece {
    Piece { from: from.map(Into::into), includes_from: true, slope: slope.into(), intercept: intercept.into() }
}

#[test]
fn classes_follow_from_the_pieces() {
    let hat = vec![piece(None, 0, 0), piece(Some(-1), 1, 1), piece(Some(0), -1, 1), piece(Some(1), 0, 0)];
    let rows = [
        (Activation::relu(), Class::Homogeneous, true),
        (Activation::new("linear", vec![piece(None, 3, 0)]), Class::Linear, true),
        (Activation::new("abs", vec![piece(None, -1, 0), piece(Some(0), 1, 0)]), Class::Homogeneous, true),
        (Activation::new("step", vec![piece(None, 0, 0), piece(Some(0), 0, 1)]), Class::Threshold, false),
        (Activation::new("hat", hat), Class::PiecewiseLinear { jumps: false }, true),
        (Activation::new("one", vec![piece(None, 0, 1)]), Class::PiecewiseLinear { jumps: false }, true),
        (Activation::new("jump", vec![piece(None, 0, 0), piece(Some(1), 1, 0)]), Class::PiecewiseLinear { jumps: true }, false),
    ];
    for (activation, class, continuous) in rows {
        assert_eq!((activation.class(), activation.continuous()), (class, continuous), "{}", activation.name);
    }
}

#[test]
fn degree_one_means_that_scale_comes_out() {
    let leaky = Activation::homogeneous("leaky", 2.into(), (-1).into());
    let (p, q) = leaky.slopes();
    for z in grid() {
        assert_eq!(leaky.value(z), p * z.max(0.0) + q * (-z).max(0.0));
        assert_eq!(leaky.value(4.0 * z), 4.0 * leaky.value(z));
    }
}
