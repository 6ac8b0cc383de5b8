//! Convolutions with sum, average and max pooling: patches are what a filter sees, two ways lead to one optimum, and certificates mean it.
#![cfg(feature = "solve")]

use cvxc::certificate::Kind;
use cvxc::checker::{Refusal, check};
use cvxc::descent::{Contest, RIVALS};
use cvxc::export::{self, FORMATS, Saved};
use cvxc::pricing::{ascend, norm_bound};
use cvxc::problem::{Arrangements, Convolution, Matrix, Network, Plan, Pool, Problem, Random};
use cvxc::report::Explanation;
use cvxc::solve::{Bound, Control, Outcome, Standing, solve};
use cvxc::syntax::{data::bind, read_text, render::render};
use std::path::Path;
use std::sync::Arc;

/// `rows` random signals of `length` numbers as a model; numbers are quarters.
fn stated(seed: u64, rows: usize, length: usize, layers: &str, objective: &str) -> Problem {
    let mut random = Random::new(seed);
    let names: Vec<String> = (1..=length).map(|k| format!("x{k}")).collect();
    let mut table = format!("  {} y\n", names.join(" "));
    for _ in 0..rows {
        let x: Vec<f64> = (0..length).map(|_| (random.normal() * 8.0).round() / 4.0).collect();
        let signal = x.windows(2).map(|pair| (pair[0] - pair[1]).max(0.0)).sum::<f64>() - x[0] + 0.3 * random.normal();
        let y = if objective.contains("hinge") { (x[0] * x[1] + 0.1).signum() } else { (signal * 16.0).round() / 16.0 };
        x.iter().for_each(|x| table += &format!("  {x}"));
        table += &format!(" {y}\n");
    }
    model(&format!("cvx 1\ndata table {{\n{table}}}\nnetwork features -> {layers} -> y\nminimize {objective}\n")).unwrap()
}

/// The problem of a model, or what is wrong with it.
fn model(text: &str) -> Result<Problem, String> {
    let (model, wrong) = read_text("convolution.cvx", text, Path::new("."), &[]);
    let model = model.ok_or_else(|| render(&wrong, false))?;
    bind(&model, &mut |_| {}).map_err(|wrong| render(&wrong, false))
}

fn solved(problem: &Problem, arrangements: Arrangements) -> Outcome {
    let problem = Problem { plan: Plan { arrangements, ..problem.plan.clone() }, ..problem.clone() };
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
    solve(&problem, &mut control).unwrap()
}

/// A convolution by its definition: a loop over places and offsets, with zeros outside.
fn directly(signal: &[f64], convolution: &Convolution, w: &[f64], bias: f64, unit: impl Fn(f64) -> f64) -> f64 {
    let side = |at: usize| convolution.signal.get(at).map_or(1, |side| *side as i64);
    let (height, width) = if convolution.signal.len() == 2 { (side(0), side(1)) } else { (1, side(0)) };
    let (tall, wide) = match *convolution.size.as_slice() {
        [wide] => (1, wide as i64),
        [tall, wide] => (tall as i64, wide as i64),
        _ => unreachable!(),
    };
    let (stride, padding) = (convolution.stride as i64, convolution.padding as i64);
    let above = if convolution.signal.len() == 2 { padding } else { 0 };
    let (mut sum, mut most, mut places) = (0.0, f64::NEG_INFINITY, 0);
    let mut top = -above;
    while top + tall <= height + above {
        let mut left = -padding;
        while left + wide <= width + padding {
            let mut z = bias;
            for i in 0..tall {
                for j in 0..wide {
                    let (row, column) = (top + i, left + j);
                    if (0..height).contains(&row) && (0..width).contains(&column) {
                        z += w[(i * wide + j) as usize] * signal[(row * width + column) as usize];
                    }
                }
            }
            (sum, most, places) = (sum + unit(z), most.max(unit(z)), places + 1);
            left += stride;
        }
        top += stride;
    }
    match convolution.pool {
        Pool::Sum => sum,
        Pool::Average => sum / f64::from(places),
        Pool::Max => most,
    }
}

#[test]
fn patches_are_a_convolution() {
    let layers = [
        "conv1d(size = 3) -> relu -> sum_pool -> dense",
        "conv1d(size = 12) -> relu -> avg_pool -> dense",
        "conv1d(size = 3, stride = 3, bias) -> relu -> avg_pool -> dense",
        "conv1d(size = 5, stride = 4) -> abs -> sum_pool -> dense",
        "conv1d(size = 3, stride = 50, padding = 7) -> relu -> sum_pool -> dense",
        "conv1d(size = 2, padding = 3, bias) -> leaky_relu(0.25) -> avg_pool -> dense",
        "conv1d(size = 14, padding = 1) -> relu -> avg_pool -> dense",
        "conv1d(size = 4, padding = 2) -> relu -> avg_pool(13) -> dense",
        "reshape(3, 4) -> conv2d(size = 2) -> relu -> sum_pool -> dense",
        "reshape(3, 4) -> conv2d(size = [1, 3], bias) -> relu -> avg_pool -> dense",
        "reshape(4, 3) -> conv2d(size = [3, 2], stride = 2, padding = 1) -> abs -> avg_pool -> dense",
        "reshape(2, 6) -> conv2d(size = [4, 3], stride = 3, padding = 2, bias) -> relu -> sum_pool -> dense",
        "conv1d(size = 3) -> relu -> max_pool -> dense",
        "conv1d(size = 12) -> leaky_relu(0.25) -> max_pool -> dense",
        "conv1d(size = 5, stride = 4, padding = 1, bias) -> leaky_relu(0.25) -> max_pool -> dense",
        "conv1d(size = 2, stride = 3) -> linear -> max_pool -> dense",
        "reshape(4, 3) -> conv2d(size = [3, 2], padding = 1, bias) -> relu -> max_pool -> dense",
    ];
    let mut random = Random::new(1);
    for layers in layers {
        let problem = stated(3, 5, 12, layers, "squared + 0.1 * weight_decay");
        let architecture = &problem.architecture;
        let convolution = architecture.convolution.as_ref().unwrap();
        let size = architecture.neuron_size(12);
        let hidden = Matrix::new(2, size, (0..2 * size).map(|_| random.normal()).collect());
        let network = Network { hidden, output: Matrix::new(2, 1, vec![0.75, -1.5]), skip: None, gates: None };
        let found = network.forward(architecture, &problem.dataset.train.inputs);
        let unit = |z| architecture.activation.value(z);
        for (row, found) in problem.dataset.train.inputs.each_row().zip(found) {
            let one = |(w, a): (&[f64], &f64)| a * directly(row, convolution, w, w.get(convolution.patch()).copied().unwrap_or(0.0), unit);
            let wanted: f64 = network.hidden.each_row().zip(&network.output.values).map(one).sum();
            assert!((found - wanted).abs() < 1e-12 * (1.0 + wanted.abs()), "{layers}: {found} {wanted}");
        }
        assert_eq!(problem.inputs().rows, 5 * convolution.places());
        let features = problem.features();
        for (w, a) in network.hidden.each_row().zip(&network.output.values) {
            let (theta, alone) = (
                features.theta(w, *a),
                Network { hidden: Matrix::new(1, size, w.to_vec()), output: Matrix::new(1, 1, vec![*a]), skip: None, gates: None },
            );
            let sums = alone.forward(architecture, &problem.dataset.train.inputs);
            let seen = features.outputs(&theta);
            assert!(seen.iter().zip(sums).all(|(f, wanted)| (a.signum() * f - wanted).abs() < 1e-11 * (1.0 + wanted.abs())), "{layers}");
        }
    }
}

/// Layers and objectives that the two ways of solving are held against each other on, signals of six numbers.
const CASES: [(&str, &str); 21] = [
    ("conv1d(size = 2) -> relu -> sum_pool -> dense", "squared + 0.5 * weight_decay"),
    ("conv1d(size = 2) -> relu -> avg_pool -> dense", "squared + 0.1 * weight_decay"),
    ("conv1d(size = 3, stride = 3) -> relu -> avg_pool -> dense", "mean(huber(0.5)) + 0.02 * weight_decay"),
    ("conv1d(size = 2, stride = 2, bias) -> abs -> avg_pool -> dense", "squared + 0.2 * weight_decay"),
    ("conv1d(size = 2, padding = 1) -> leaky_relu(0.1) -> sum_pool -> dense", "absolute + 0.5 * weight_decay"),
    ("reshape(2, 3) -> conv2d(size = 2) -> relu -> avg_pool -> dense", "hinge + 0.05 * weight_decay"),
    ("(conv1d(size = 2, stride = 2) -> relu -> avg_pool -> dense) + skip", "squared + 0.1 * weight_decay"),
    ("conv1d(size = 2, stride = 4, padding = 3) -> relu -> avg_pool -> dense", "squared + 0.1 * weight_decay(hidden = l1)"),
    ("conv1d(size = 3) -> linear -> avg_pool -> dense", "squared + 0.1 * weight_decay"),
    ("conv1d(size = 2, stride = 2) -> hard_tanh -> avg_pool -> dense", "squared + 0.1 * output_l1 subject to hidden_norm <= 1"),
    ("conv1d(size = 2) -> relu -> max_pool -> dense", "squared + 0.5 * weight_decay"),
    ("(conv1d(size = 2, stride = 2, bias) -> leaky_relu(0.25) -> max_pool -> dense) + skip", "mean(huber(0.5)) + 0.02 * weight_decay"),
    ("conv1d(size = 2) -> relu -> max_pool -> dense", "squared subject to weight_decay <= 0.5"),
    ("reshape(2, 3) -> conv2d(size = [2, 1]) -> relu -> max_pool -> dense", "hinge + 0.05 * weight_decay"),
    ("conv1d(size = 3, stride = 3) -> relu -> max_pool -> dense", "absolute + 0.3 * weight_decay(hidden = l1)"),
    ("conv1d(size = 2, stride = 2) -> linear -> max_pool -> dense", "squared + 0.3 * weight_decay(hidden = linf)"),
    ("conv1d(size = 2, stride = 2, bias = free) -> relu -> max_pool -> dense", "squared + 0.3 * weight_decay"),
    ("conv1d(size = 2, stride = 2) -> hard_tanh -> max_pool -> dense", "squared + 0.1 * output_l1 subject to hidden_norm <= 1"),
    ("conv1d(size = 1, stride = 2, bias) -> clip(0.25, 1) -> max_pool -> dense", "squared + 0.1 * output_l1 subject to hidden_norm <= 1"),
    ("conv1d(size = 2, stride = 2) -> hard_tanh -> sum_pool -> dense", "squared + 0.3 * output_l1 subject to hidden_norm <= 2"),
    (
        "(conv1d(size = 1, stride = 2, bias) -> clip(0.25, 1) -> avg_pool -> dense) + skip",
        "squared + 0.1 * output_l1 subject to hidden_norm <= 1",
    ),
];

#[test]
fn both_ways_end_at_one_certified_optimum() {
    for (at, (layers, objective)) in CASES.iter().enumerate() {
        // More rows than a skip could fit by itself.
        let problem = stated(at as u64, if layers.contains("skip") { 11 } else { 7 }, 6, layers, objective);
        let ways = [Arrangements::All, Arrangements::Generate].map(|way| solved(&problem, way));
        let name = format!("{layers}, {objective}: {:?}", ways.each_ref().map(|way| (way.objective, way.lower_bound)));
        for way in &ways {
            assert_eq!((way.standing, way.bound), (Standing::GlobalOptimum, Bound::Proved), "{name}");
            let verdict = check(&problem, way.certificate.as_ref().unwrap()).unwrap();
            assert_eq!(verdict.lower_bound(), way.lower_bound, "{name}");
            assert!((verdict.objective() / way.objective - 1.0).abs() < 1e-11, "{name}");
        }
        assert!(ways[0].lower_bound <= ways[1].objective && ways[1].lower_bound <= ways[0].objective, "{name}");
        let contest = Contest { width: 8, steps: 400, seeds: 3, threads: 1 };
        for trained in RIVALS.iter().flat_map(|rival| rival.train(&problem, &contest, &|| false, &|| ())) {
            assert!(trained.score.objective >= ways[1].lower_bound, "{name}: {}", trained.score.objective);
        }
    }
}

#[test]
fn descent_comes_near_the_optimum() {
    let problem = stated(1, 7, 6, CASES[1].0, CASES[1].1);
    let contest = Contest { width: 12, steps: 3000, seeds: 4, threads: 1 };
    let best = RIVALS[0].train(&problem, &contest, &|| false, &|| ())[0].score.objective;
    let optimum = solved(&problem, Arrangements::Generate).objective;
    assert!(best <= optimum * 1.02, "{best} {optimum}");
}

#[test]
fn one_place_is_a_dense_layer_and_places_are_rows() {
    let objective = "squared + 0.2 * weight_decay";
    let [dense, whole] = ["dense -> relu -> dense", "conv1d(size = 3) -> relu -> avg_pool -> dense"]
        .map(|layers| solved(&stated(5, 8, 3, layers, objective), Arrangements::Generate));
    assert!(dense.lower_bound <= whole.objective && whole.lower_bound <= dense.objective);
    // An average is a sum whose filters cost as many times more as there are places.
    let [sum, mean] = [("sum_pool", "0.2"), ("avg_pool", "0.05")].map(|(pool, strength)| {
        let layers = format!("conv1d(size = 3) -> relu -> {pool} -> dense");
        solved(&stated(6, 8, 6, &layers, &format!("squared + {strength} * weight_decay")), Arrangements::Generate)
    });
    assert!(sum.lower_bound <= mean.objective && mean.lower_bound <= sum.objective, "{} {}", sum.objective, mean.objective);
}

#[test]
fn another_convolution_or_other_data_have_another_certificate() {
    let problem = stated(2, 7, 6, CASES[1].0, CASES[1].1);
    let certificate = solved(&problem, Arrangements::Generate).certificate.unwrap();
    check(&problem, &certificate).unwrap();
    let mut other = problem.clone();
    other.dataset.train.inputs.values[8] += 0.25;
    assert_eq!(check(&other, &certificate), Err(Refusal::Data));
    type Change = fn(&mut Convolution);
    let changes: [Change; 6] = [
        |c| c.pool = Pool::Sum,
        |c| c.pool = Pool::Max,
        |c| c.stride = 2,
        |c| c.padding = 1,
        |c| c.size = vec![3],
        |c| (c.signal, c.size) = (vec![2, 3], vec![1, 2]),
    ];
    for change in changes {
        let mut other = problem.clone();
        change(other.architecture.convolution.as_mut().unwrap());
        assert!(matches!(check(&other, &certificate), Err(Refusal::Different { what: "network", .. })));
        // And where the words are made to fit, the proof does not.
        let mut renamed = certificate.clone();
        renamed.statement.network = other.architecture.words(1);
        let refused = check(&other, &renamed);
        assert!(refused.is_err(), "{}: {refused:?}", renamed.statement.network);
    }
    // A forged datum behind a forged digest: a patch that the proof has not seen.
    let mut other = problem.clone();
    other.dataset.train.inputs.values[8] += 4.0;
    let mut renamed = certificate.clone();
    renamed.statement.data = other.dataset.digest();
    assert!(check(&other, &renamed).is_err());
}

#[test]
fn the_largest_of_places_is_proved_and_forgeries_are_refused() {
    let problem = stated(2, 9, 6, "conv1d(size = 3) -> leaky_relu(0.25) -> max_pool -> dense", "squared + 0.3 * weight_decay");
    let certificate = solved(&problem, Arrangements::Generate).certificate.unwrap();
    check(&problem, &certificate).unwrap();
    // Of the same numbers summed, or averaged, it proves nothing.
    for pool in [Pool::Sum, Pool::Average] {
        let mut other = problem.clone();
        other.architecture.convolution.as_mut().unwrap().pool = pool;
        let mut renamed = certificate.clone();
        renamed.statement.network = other.architecture.words(1);
        assert!(check(&other, &renamed).is_err(), "{pool:?}");
    }
    // Every byte of both trees matters, or changes nothing that is proved.
    let honest = check(&problem, &certificate).unwrap();
    let (mut refused, mut tried) = (0, 0);
    for proof in 0..2 {
        for at in (0..certificate.proofs[proof].tree.len()).step_by(7) {
            let mut forged = certificate.clone();
            let tree = &mut forged.proofs[proof].tree;
            let other = if tree.as_bytes()[at] == b'A' { "B" } else { "A" };
            tree.replace_range(at..at + 1, other);
            tried += 1;
            match check(&problem, &forged) {
                Err(_) => refused += 1,
                Ok(verdict) => assert_eq!(verdict.lower, honest.lower),
            }
        }
    }
    assert!(refused * 2 > tried, "{refused} of {tried}");
    // A longer dual vector would prove more than is true.
    let mut forged = certificate.clone();
    forged.scale = 1.01;
    assert!(matches!(check(&problem, &forged), Err(Refusal::Tree { .. })));
    // And trees of signs are about lines alone.
    let mut forged = certificate;
    forged.proofs[0].kind = Kind::Signs;
    assert!(check(&problem, &forged).unwrap_err().to_string().contains("signs say nothing of the largest of several lines"));
}

#[test]
fn no_restart_of_descent_goes_below_the_bound() {
    for (seed, layers) in
        [(3, "conv1d(size = 3) -> relu -> max_pool -> dense"), (4, "conv1d(size = 2, bias) -> leaky_relu(0.1) -> max_pool -> dense")]
    {
        let problem = stated(seed, 9, 6, layers, "squared + 0.2 * weight_decay");
        let outcome = solved(&problem, Arrangements::Generate);
        assert_eq!(outcome.standing, Standing::GlobalOptimum);
        let contest = Contest { width: 10, steps: 300, seeds: 100, threads: 2 };
        let trained = RIVALS[0].train(&problem, &contest, &|| false, &|| ());
        let best = trained.iter().map(|trained| trained.score.objective).fold(f64::INFINITY, f64::min);
        assert!(best >= outcome.lower_bound && best < outcome.objective * 1.5, "{layers}: {best} {}", outcome.objective);
    }
}

#[test]
fn prices_of_the_largest_patch_are_climbed_to_and_bounded() {
    let objectives = [
        "squared + 0.2 * weight_decay",
        "squared + 0.2 * weight_decay(hidden = linf)",
        "squared + 0.1 * output_l1 subject to hidden_norm <= 2",
    ];
    for (seed, objective) in objectives.into_iter().enumerate() {
        let problem = stated(seed as u64, 9, 6, "conv1d(size = 3, bias) -> leaky_relu(0.25) -> max_pool -> dense", objective);
        let (features, mut random) = (problem.features(), Random::new(seed as u64));
        let dual: Vec<f64> = (0..9).map(|_| random.normal()).collect();
        let starts: Vec<Vec<f64>> = (0..500).map(|_| (0..features.size()).map(|_| random.normal()).collect()).collect();
        let price = |theta: &[f64]| features.outputs(theta).iter().zip(&dual).map(|(f, v)| f * v).sum::<f64>();
        let upwards = starts.iter().map(|start| match features.head() {
            Some(head) => [&start[..head], &[start[head].abs()]].concat(),
            None => start.clone(),
        });
        let seen = upwards.map(|theta| price(&features.allowed(&theta)).abs()).fold(0.0, f64::max);
        let found = ascend(&features, &dual, &starts[..60], &|| false);
        let best = &found[0];
        assert!((-best.sign * price(&best.theta) - best.price).abs() < 1e-9 * best.price, "{objective}");
        assert!((features.gauge(&best.theta) - 1.0).abs() < 1e-9 && best.price >= seen, "{objective}: {} {seen}", best.price);
        let bound = norm_bound(&features, &dual);
        assert!(bound >= best.price && bound < 30.0 * best.price, "{objective}: {bound} {}", best.price);
    }
}

#[test]
fn repeated_and_zero_patches_compete_as_one() {
    // Places beyond the padding see zeros, and a signal of one number repeats its patch.
    for layers in [
        "conv1d(size = 1, padding = 2) -> relu -> max_pool -> dense",
        "conv1d(size = 2, stride = 90, padding = 5) -> relu -> max_pool -> dense",
        "conv1d(size = 3, padding = 4) -> linear -> max_pool -> dense",
    ] {
        let mut problem = stated(5, 6, 3, layers, "squared + 0.1 * weight_decay");
        problem.dataset.train.inputs.values[..3].fill(0.75);
        let ways = [Arrangements::All, Arrangements::Generate].map(|way| solved(&problem, way));
        for way in &ways {
            assert_eq!(way.standing, Standing::GlobalOptimum, "{layers}: {} {}", way.objective, way.lower_bound);
            check(&problem, way.certificate.as_ref().unwrap()).unwrap();
        }
        assert!(ways[0].lower_bound <= ways[1].objective && ways[1].lower_bound <= ways[0].objective, "{layers}");
    }
}

#[test]
fn some_cells_bound_from_above_and_many_numbers_in_a_patch_are_bounded() {
    let problem = stated(6, 8, 6, "conv1d(size = 2) -> relu -> max_pool -> dense", "squared + 0.2 * weight_decay");
    let optimum = solved(&problem, Arrangements::Generate);
    for way in [Arrangements::Sample { count: 300, seed: 1 }, Arrangements::LowRank { rank: 1 }] {
        let other = solved(&problem, way.clone());
        assert!(other.objective >= optimum.lower_bound && other.lower_bound <= optimum.objective, "{way:?}");
        let sampled = matches!(way, Arrangements::Sample { .. });
        assert!(!sampled || other.objective <= optimum.objective * 1.2, "{} {}", other.objective, optimum.objective);
    }
    let problem = stated(7, 6, 9, "conv1d(size = 8) -> relu -> max_pool -> dense", "squared + 2 * weight_decay");
    let outcome = solved(&problem, Arrangements::Generate);
    assert_eq!((outcome.standing, outcome.bound), (Standing::Bounded, Bound::Norm));
    assert!(outcome.lower_bound > 0.0 && outcome.lower_bound < outcome.objective, "{}", outcome.lower_bound);
}

#[test]
fn models_that_do_not_fit_say_so() {
    let data = "cvx 1\ndata table {\n  x1 x2 x3 y\n  1 2 3 4\n  2 1 0 3\n}\n";
    let said = |layers: &str| {
        let text = format!("{data}network features -> {layers} -> y\nminimize squared + 0.1 * weight_decay\n");
        model(&text).expect_err(layers)
    };
    for (layers, first) in [
        ("conv1d(size = 4) -> relu -> avg_pool -> dense", "error[E0310]: a filter of length 4 does not fit in a signal of length 3"),
        ("conv1d(size = 2) -> relu -> dense", "error[E0343]: the places of a filter are not pooled into one"),
        ("conv1d(size = 1) -> relu -> avg_pool(2) -> dense", "error[E0343]: the places of a filter are not pooled into one"),
        ("reshape(3) -> dense -> relu -> dense", "error[E0311]: a dense layer needs no shape"),
        ("conv1d(size = 2) -> gated_relu(gates = 3) -> avg_pool -> dense", "error[E0500]: `gated_relu behind a convolution`"),
        ("conv1d(size = 2) -> abs -> max_pool -> dense", "error[E0500]: `max_pool of abs`"),
        ("conv1d(size = 1) -> relu -> max_pool(2) -> dense", "error[E0343]: the places of a filter are not pooled into one"),
    ] {
        let text = said(layers);
        assert!(text.starts_with(first), "{text}");
    }
    // Padding alone makes room for a filter.
    let text = format!(
        "{data}network features -> conv1d(size = 4, padding = 1) -> relu -> avg_pool -> dense -> y\nminimize squared + 0.1 * weight_decay\n"
    );
    assert_eq!(model(&text).unwrap().architecture.places(), 2);
}

#[test]
fn a_stride_that_reads_only_padding_leaves_nothing_to_learn() {
    // The one place lies before the signal: every patch is 0, and so is every network.
    let problem =
        stated(4, 6, 2, "conv1d(size = 2, stride = 90, padding = 5) -> relu -> sum_pool -> dense", "squared + 0.1 * weight_decay");
    assert!(problem.inputs().values.iter().all(|x| *x == 0.0));
    let outcome = solved(&problem, Arrangements::Generate);
    let zero: f64 = problem.targets().iter().map(|y| 0.5 * y * y).sum();
    assert_eq!((outcome.network.neurons(), outcome.standing), (0, Standing::GlobalOptimum), "{} {zero}", outcome.lower_bound);
    assert!((outcome.objective - zero).abs() < 1e-12 * zero);
}

#[test]
fn channels_are_a_width() {
    let problem = stated(1, 7, 6, "conv1d(size = 2, channels = 6) -> relu -> avg_pool -> dense", CASES[1].1);
    assert_eq!(problem.architecture.width, Some(6));
    let outcome = solved(&problem, Arrangements::Generate);
    assert!(outcome.network.neurons() <= 6);
    check(&problem, &outcome.certificate.unwrap()).unwrap();
}

#[test]
fn filters_come_back_from_every_format() {
    let space = tempfile::tempdir().unwrap();
    for layers in [
        "(conv1d(size = 3, stride = 2, bias) -> abs -> avg_pool -> dense) + skip",
        "reshape(2, 3) -> conv2d(size = [2, 1], padding = 1) -> relu -> sum_pool -> dense",
        "conv1d(size = 2, bias) -> relu -> max_pool -> dense",
    ] {
        let problem = stated(8, 9, 6, layers, "squared + 0.3 * weight_decay");
        let network = solved(&problem, Arrangements::Generate).network;
        assert!(network.neurons() > 0, "{layers}");
        let saved = Saved::of(&problem, &network, "blake3:00");
        let outputs = network.forward(&problem.architecture, &problem.dataset.train.inputs);
        assert_eq!(saved.scores(&problem.dataset.train.inputs), outputs, "{layers}");
        for format in FORMATS.iter().filter(|format| format.reads()) {
            let path = space.path().join("network").with_extension(format.extension);
            std::fs::write(&path, (format.encode)(&saved).unwrap()).unwrap();
            assert_eq!(export::network(&path, &problem).unwrap(), network, "{}, {layers}", format.name);
            let mut other = problem.clone();
            other.architecture.convolution.as_mut().unwrap().pool = Pool::ALL[usize::from(layers.contains("sum_pool"))];
            let refused = export::network(&path, &other).unwrap_err().0;
            assert!(refused.contains("look at other places"), "{refused}");
        }
        std::fs::write(space.path().join(export::WEIGHTS), (export::find("safetensors").unwrap().encode)(&saved).unwrap()).unwrap();
        assert_eq!(export::load(space.path()).unwrap(), saved, "{layers}");
    }
}

#[test]
fn filters_of_others_are_read_by_their_shape() {
    let space = tempfile::tempdir().unwrap();
    let path = space.path().join("theirs.json");
    let problem = stated(8, 9, 6, "conv1d(size = 2) -> relu -> avg_pool -> dense", "squared + 0.3 * weight_decay");
    std::fs::write(&path, r#"{"tensors": {"0.weight": [[[1, -1]], [[0.5, 2]]], "3.weight": [[3, -0.25]]}}"#).unwrap();
    let network = export::network(&path, &problem).unwrap();
    assert_eq!((network.hidden.values, network.output.values), (vec![1.0, -1.0, 0.5, 2.0], vec![3.0, -0.25]));
    std::fs::write(&path, r#"{"tensors": {"0.weight": [[1, -1, 0, 0, 0, 0]], "2.weight": [[3]]}}"#).unwrap();
    let refused = export::network(&path, &problem).unwrap_err().0;
    assert!(refused.ends_with("but the model has filters: they should be m x 1 x 2 and 1 x m"), "{refused}");
}

#[test]
fn explain_speaks_of_patches() {
    let problem = stated(1, 7, 6, "(conv1d(size = 3) -> leaky_relu(0.25) -> avg_pool -> dense) + skip", "squared + 0.1 * weight_decay");
    let text = Explanation::of(&problem, None).text();
    for part in [
        "f(x) = sum_j a_j 1/4 sum_p leaky_relu(0.25)(w_j.x_p) + c.x + c_0",
        "x_p are the patches: signal 6 -> 4 places of 3 -> avg_pool 1 -> dense 1",
        "f = 1/4 sum_p sum_i S_ip X_p (u_i - v_i) + X c + c_0,   S_ip = D_ip + 0.25 (1 - D_ip)",
        "with (2 D_ip - 1) X_p u_i >= 0,  (2 D_ip - 1) X_p v_i >= 0",
        "D_ip marks the patches that are active in cell i",
        "rows 7     patches a row 4     columns of X 3",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn explain_speaks_of_the_largest_patch() {
    let problem = stated(1, 7, 6, "conv1d(size = 3) -> relu -> max_pool -> dense", "squared + 0.1 * weight_decay");
    let text = Explanation::of(&problem, None).text();
    for part in [
        "f(x) = sum_j a_j max_p relu(w_j.x_p)",
        "x_p are the patches: signal 6 -> 4 places of 3 -> max_pool 1 -> dense 1",
        "f = sum_i S_i X_i (u_i - v_i),   X_i holds for every row the patch x_p(i) that is largest in cell i",
        "with x_p(i).u_i >= x_p.u_i for all patches of the row",
        "relu never falls, so max_p relu is relu of max_p",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn patches_of_low_rank_bound_the_optimum() {
    let problem = stated(9, 7, 9, "conv1d(size = 4, bias) -> relu -> avg_pool -> dense", "squared + 0.1 * weight_decay");
    let optimum = solved(&problem, Arrangements::Generate);
    for rank in 2..5 {
        let bounded = solved(&problem, Arrangements::LowRank { rank });
        assert!(bounded.lower_bound <= optimum.objective && optimum.lower_bound <= bounded.objective, "rank {rank}");
        assert!(bounded.lower_bound > 0.0, "rank {rank}: {}", bounded.lower_bound);
    }
}
