//! Random forms: nothing exceeds what the tree proves, and every leaf recomputes from its multipliers.

use super::*;
use crate::pricing::Price;
use crate::pricing::ascent::{Transposed, climb};
use crate::problem::Random;

fn normals(count: usize, random: &mut Random) -> Vec<f64> {
    (0..count).map(|_| random.normal()).collect()
}

fn random_form(n: usize, rank: usize, seed: u64) -> Form {
    let mut random = Random::new(seed);
    let rows = Matrix::new(n, rank, normals(n * rank, &mut random));
    Form {
        rows,
        gauge: Gauge::Norm,
        hidden: crate::regularizer::EUCLIDEAN,
        stretch: 1.0,
        linear: normals(rank, &mut random).iter().map(|g| 0.3 * g).collect(),
        kinks: normals(n, &mut random),
    }
}

fn value(form: &Form, theta: &[f64]) -> f64 {
    let price = Price {
        rivals: &crate::problem::Rivals::NONE,
        lines: &form.rows,
        gauge: form.gauge,
        hidden: crate::regularizer::EUCLIDEAN,
        linear: form.linear.clone(),
        kinks: form.kinks.clone(),
    };
    let length = theta.iter().map(|x| x * x).sum::<f64>().sqrt();
    price.value(theta) / length
}

/// The best of many local maximisations.
fn highest(form: &Form, starts: usize) -> f64 {
    let price = Price {
        rivals: &crate::problem::Rivals::NONE,
        lines: &form.rows,
        gauge: form.gauge,
        hidden: crate::regularizer::EUCLIDEAN,
        linear: form.linear.clone(),
        kinks: form.kinks.clone(),
    };
    let data = Transposed::new(&form.rows, form.gauge);
    let mut random = Random::new(17);
    let climbs = (0..starts).filter_map(|_| climb(&price, &data, &normals(form.linear.len(), &mut random), &|| false));
    climbs.map(|(_, value)| value).fold(0.0, f64::max)
}

fn run(form: &Form, target: f64, most_nodes: usize) -> Attempt {
    prove(form, target, most_nodes, usize::MAX / 8, &|| false, &mut |_, _| {})
}

/// Every leaf with the path to it.
fn leaves(tree: &Tree) -> Vec<(Vec<(usize, bool)>, &Leaf)> {
    let (mut stack, mut found) = (vec![(tree, Vec::new())], Vec::new());
    while let Some((tree, path)) = stack.pop() {
        match tree {
            Tree::Leaf(leaf) => found.push((path, leaf)),
            Tree::Split { row, positive, negative } => {
                for (child, side) in [(positive, true), (negative, false)] {
                    stack.push((child, [path.as_slice(), &[(*row, side)]].concat()));
                }
            }
        }
    }
    found
}

/// What must hold of every attempt, finished or not.
fn check(form: &Form, attempt: &Attempt) {
    let mut worst = f64::NEG_INFINITY;
    for (path, leaf) in leaves(&attempt.tree) {
        assert_eq!(bound(form, &path, leaf), leaf.bound);
        worst = worst.max(leaf.bound);
    }
    assert_eq!(worst, attempt.worst);
    let mut random = Random::new(3);
    for _ in 0..2000 {
        assert!(value(form, &normals(form.linear.len(), &mut random)) <= attempt.worst);
    }
    assert!(highest(form, 30) <= attempt.worst * (1.0 + 1e-12));
}

/// Each leaf's bound holds on its own part of the sphere, not only the largest one.
fn check_parts(form: &Form, tree: &Tree) {
    let mut random = Random::new(4);
    for _ in 0..500 {
        let theta = normals(form.linear.len(), &mut random);
        let signs = form.rows.times(&theta);
        let inside = |path: &[(usize, bool)]| path.iter().all(|&(row, side)| (signs[row] > 0.0) == side);
        let home = leaves(tree).into_iter().find(|(path, _)| inside(path)).expect("the tree covers");
        assert!(value(form, &theta) <= home.1.bound + 1e-12);
    }
}

#[test]
fn targets_above_the_maximum_are_proved() {
    for (n, rank, seed) in [(6, 1, 1), (12, 2, 2), (15, 3, 3), (25, 4, 4), (30, 6, 5)] {
        let form = random_form(n, rank, seed);
        let target = highest(&form, 200) * (1.0 + 3e-7);
        let attempt = run(&form, target, 20_000);
        assert!(attempt.violation.is_none(), "n = {n}");
        assert!(attempt.worst <= target * (1.0 - 1e-9), "n = {n}: {} after {} nodes", attempt.worst / target, attempt.nodes);
        check(&form, &attempt);
        check_parts(&form, &attempt.tree);
    }
}

#[test]
fn targets_below_the_maximum_are_refuted() {
    for (n, rank, seed) in [(12, 2, 2), (25, 4, 4), (40, 8, 6)] {
        let form = random_form(n, rank, seed);
        let target = highest(&form, 200) * (1.0 - 1e-6);
        let attempt = run(&form, target, 20_000);
        assert!(value(&form, &attempt.violation.expect("it exists")) > target);
    }
}

#[test]
fn few_nodes_still_prove_something_and_threads_change_nothing() {
    let form = random_form(40, 7, 9);
    let target = 0.5 * highest(&form, 50);
    for most in [0, 1, 2, 40] {
        check(&form, &run(&form, 3.0 * target, most));
    }
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| format!("{:?}", run(&form, 2.1 * target, 200)))
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn a_stopped_attempt_returns_a_valid_tree() {
    let form = random_form(60, 8, 11);
    let attempt = prove(&form, highest(&form, 50), 1000, usize::MAX / 8, &|| true, &mut |_, _| {});
    assert_eq!(attempt.nodes, 1);
    check(&form, &attempt);
}

#[test]
fn numbers_that_are_not_finite_prove_nothing() {
    let broken = Form {
        rows: Matrix::new(1, 1, vec![f64::NAN]),
        gauge: Gauge::Norm,
        hidden: crate::regularizer::EUCLIDEAN,
        stretch: 1.0,
        linear: vec![0.0],
        kinks: vec![1.0],
    };
    assert_eq!(run(&broken, 1.0, 10).worst, f64::INFINITY);
    let huge = Form {
        rows: Matrix::new(1, 1, vec![1e200]),
        gauge: Gauge::Norm,
        hidden: crate::regularizer::EUCLIDEAN,
        stretch: 1.0,
        linear: vec![1e300],
        kinks: vec![1e200],
    };
    assert_eq!(run(&huge, 1.0, 10).worst, f64::INFINITY);
}

#[test]
fn degenerate_forms_are_bounded() {
    let empty = Form {
        rows: Matrix::new(0, 2, Vec::new()),
        gauge: Gauge::Norm,
        hidden: crate::regularizer::EUCLIDEAN,
        stretch: 1.0,
        linear: vec![3.0, 4.0],
        kinks: Vec::new(),
    };
    assert!((run(&empty, 5.1, 10).worst - 5.0).abs() < 0.1);
    let zero = Form {
        rows: Matrix::new(2, 2, vec![0.0; 4]),
        gauge: Gauge::Norm,
        hidden: crate::regularizer::EUCLIDEAN,
        stretch: 1.0,
        linear: vec![0.0; 2],
        kinks: vec![1.0, -1.0],
    };
    assert!(run(&zero, 1.0, 10).worst <= 1.0);
    let straight = Form {
        rows: Matrix::new(3, 2, vec![1.0, 0.0, 1.0, 0.0, 0.0, 0.0]),
        gauge: Gauge::Norm,
        hidden: crate::regularizer::EUCLIDEAN,
        stretch: 1.0,
        linear: vec![0.0; 2],
        kinks: vec![1.0, -1.0, 1.0],
    };
    assert!(run(&straight, 1e-3, 50).worst <= 1e-3);
}

#[test]
fn products_with_the_ball_count_in_a_recomputed_bound() {
    let form = random_form(10, 3, 21);
    let attempt = run(&form, 0.7 * highest(&form, 50), 3);
    let mut random = Random::new(8);
    for (path, leaf) in leaves(&attempt.tree).into_iter().filter(|(path, _)| !path.is_empty()) {
        let mut other = leaf.clone();
        other.mu += 10.0;
        other.ball[0] = normals(3, &mut random).iter().map(|x| 0.1 * x).collect();
        assert_eq!(bound(&form, &path, &Leaf { linear: vec![0.0; path.len()], ..other.clone() }), f64::INFINITY);
        other.linear[0] += 1.0;
        let proved = bound(&form, &path, &other);
        for _ in 0..300 {
            let theta = normals(3, &mut random);
            let signs = form.rows.times(&theta);
            if path.iter().all(|&(row, side)| (signs[row] > 0.0) == side) {
                assert!(value(&form, &theta) <= proved);
            }
        }
    }
}

#[test]
fn multipliers_out_of_range_prove_nothing() {
    let form = random_form(10, 3, 22);
    let attempt = run(&form, highest(&form, 20), 1);
    let Tree::Leaf(leaf) = &attempt.tree else { panic!("one node") };
    assert_eq!(bound(&form, &[], &Leaf::default()), f64::INFINITY);
    assert_eq!(bound(&form, &[(0, true)], leaf), f64::INFINITY);
    let concave = form.kinks.iter().position(|k| *k < 0.0).unwrap();
    let mut steep = leaf.clone();
    steep.slope[concave] = 1.1 * form.kinks[concave].abs();
    assert_eq!(bound(&form, &[], &steep), f64::INFINITY);
    assert_eq!(bound(&form, &[], &Leaf { mu: -1.0, ..leaf.clone() }), f64::INFINITY);
}

#[test]
fn the_smoothed_peak_is_the_least_over_mu() {
    use super::packed::{packed_length, start, times};
    for (rank, delta, seed) in [(1, 0.0, 1), (2, 0.3, 2), (5, 1e-3, 3), (12, 1e-9, 4), (12, 0.0, 5)] {
        let mut random = Random::new(seed);
        let (matrix, slope) = (normals(packed_length(rank), &mut random), normals(rank, &mut random));
        let peak = peak::peak(&matrix, &slope, delta, 0.0).unwrap();
        let trace: f64 = (0..rank).map(|i| peak.inverse[start(i) + i]).sum();
        let mass = peak.theta.iter().map(|x| x * x).sum::<f64>() + delta * trace;
        assert!((mass - 1.0).abs() < 1e-6, "rank {rank}: {mass}");
        for factor in [0.999, 1.001, 1.1] {
            let near = peak::Peak::at(&matrix, &slope, delta, peak.mu * factor);
            assert!(near.is_none_or(|near| near.smooth >= peak.smooth - 1e-12));
        }
        let image = times(&matrix, &peak.theta);
        let top: f64 = image.iter().zip(&slope).zip(&peak.theta).map(|((a, b), x)| (a + b) * x).sum();
        assert!(top <= peak.bound + 1e-12);
    }
}

/// A tree that is not finished is cut back to few leaves, and what it proves is still right.
#[test]
fn unfinished_trees_are_cut_back_to_their_first_splits() {
    let form = random_form(40, 9, 3);
    let target = 0.9 * highest(&form, 50);
    let mut before = f64::INFINITY;
    for most_leaves in [1, 2, 7, 30, 1000] {
        // A target below the highest price is refuted sooner or later; the tree until then is a proof of its worst leaf.
        let attempt = prove(&form, 1.1 * target, 400, most_leaves, &|| false, &mut |_, _| {});
        check(&form, &attempt);
        assert!(leaves(&attempt.tree).len() <= most_leaves, "{most_leaves}");
        assert!(attempt.worst <= before * (1.0 + 1e-9), "{most_leaves}: {} after {before}", attempt.worst);
        before = attempt.worst;
    }
}
