//! Certificates end to end: every optimum in scope is proved, and no damage to a certificate yields a false interval.
#![cfg(feature = "solve")]

use cvxc::certificate::{Certificate, Claim, Correction, Dual, Fault, Kind, Writer};
use cvxc::checker::{Refusal, Verdict, check, proofs, verdict};
use cvxc::exact::rational;
use cvxc::loss::{Targets, Total, find};
use cvxc::pricing::prove_by_cones;
use cvxc::problem::{Activation, Architecture, Bias, Column, Dataset, Matrix, Objective, Plan, Problem, Random, Rows, Target};
use cvxc::regularizer::{self as norms, Regularizer};
use cvxc::solve::{Bound, Control, Event, Outcome, Standing, Stopped, solve};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A small regression or classification problem with random rows, some of them twice, opposite or zero.
fn problem(seed: u64, rows: usize, columns: usize, loss: &str, bias: Bias) -> Problem {
    let mut random = Random::new(seed);
    let mut inputs: Vec<Vec<f64>> = (0..rows).map(|_| (0..columns).map(|_| random.normal()).collect()).collect();
    if rows > 5 {
        inputs[1] = inputs[0].clone();
        inputs[2] = inputs[0].iter().map(|x| -2.0 * x).collect();
        inputs[3] = vec![0.0; columns];
    }
    let loss = find(loss).unwrap();
    let target = |x: f64| match loss.targets() {
        Targets::Real => x,
        Targets::Counts => (4.0 * x.abs()).round(),
        Targets::Classes if x > 0.0 => 1.0,
        Targets::Classes | Targets::Labels => -1.0,
    };
    let targets = (0..rows).map(|_| target(random.normal())).collect();
    let column = |name: String| Column { name, shift: 0.0, scale: 1.0 };
    let parameter = loss.parameter().map_or(0.0, |p| if p.below.is_finite() { 0.3 } else { 0.7 });
    Problem {
        name: "random".into(),
        dataset: Dataset {
            columns: (0..columns).map(|j| column(format!("x{j}"))).collect(),
            target: Target::Number(column("y".into())),
            train: Rows { inputs: Matrix::from_rows(&inputs), targets },
            test: None,
            source: "random".into(),
            dropped: 0,
        },
        architecture: Architecture { activation: Activation::relu(), bias, width: None, skip: false, gates: None, convolution: None },
        objective: Objective {
            loss: Total { loss, parameter, mean: seed.is_multiple_of(2), outputs: 1 },
            regularizer: Regularizer::weight_decay(),
            strength: if seed.is_multiple_of(2) { 0.02 } else { 0.2 },
        },
        plan: Plan { time: Duration::from_secs(60), ..Plan::default() },
    }
}

fn solved(problem: &Problem, threads: usize) -> Outcome {
    let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads, verbose: false };
    solve(problem, &mut control).unwrap_or_else(|failure| panic!("{failure:?}"))
}

const LOSSES: [&str; 9] =
    ["squared", "absolute", "huber", "quantile", "hinge", "squared_hinge", "logistic", "epsilon_insensitive", "poisson"];

#[test]
fn every_loss_is_proved_and_checked() {
    for (seed, loss) in LOSSES.iter().enumerate() {
        for bias in [Bias::None, Bias::Penalised] {
            let problem = problem(seed as u64, 14, 2, loss, bias);
            let outcome = solved(&problem, 1);
            let place = format!("{loss}, {bias:?}: {} {} {:?}", outcome.objective, outcome.lower_bound, outcome.bound);
            assert_eq!(outcome.standing, Standing::GlobalOptimum, "{place}");
            assert_eq!(outcome.bound, Bound::Proved, "{place}");
            let verdict = check(&problem, &outcome.certificate.unwrap()).unwrap();
            assert_eq!(verdict.lower_bound(), outcome.lower_bound, "{place}");
            assert!(verdict.lower <= verdict.upper, "{place}");
            assert!((verdict.objective() / outcome.objective - 1.0).abs() < 1e-12, "{place}");
        }
    }
}

/// Counts make losses below 0: the bound follows, and a dual vector of zeros proves the least that the loss could be.
#[test]
fn objectives_below_zero_have_bounds_below_zero() {
    let mut problem = problem(41, 14, 2, "poisson", Bias::Penalised);
    problem.dataset.train.targets.iter_mut().for_each(|y| *y = 3.0 * *y + 2.0);
    let outcome = solved(&problem, 1);
    assert_eq!(outcome.standing, Standing::GlobalOptimum, "{} {}", outcome.objective, outcome.lower_bound);
    assert!(outcome.lower_bound <= outcome.objective && outcome.objective < -1.0, "{} {}", outcome.objective, outcome.lower_bound);
    let mut certificate = outcome.certificate.unwrap();
    let verdict = check(&problem, &certificate).unwrap();
    assert_eq!(verdict.lower_bound(), outcome.lower_bound);
    // The zero dual vector is always feasible and proves inf L.
    certificate.dual.mantissas.iter_mut().for_each(|m| *m = 0);
    let least = cvxc::checker::lower(&problem, &certificate).unwrap();
    assert_eq!(least, problem.objective.loss.least_below(problem.targets()).unwrap());
    assert!(least < verdict.lower);
}

#[test]
fn leaky_and_even_activations_are_proved() {
    for (p, q) in [("1", "-0.1"), ("1", "1"), ("-1", "0"), ("2", "0.25")] {
        let exact = |text: &str| cvxc::exact::decimal(text).unwrap();
        let mut problem = problem(4, 12, 2, "squared", Bias::Penalised);
        problem.architecture.activation = Activation::homogeneous("given", exact(p), exact(q));
        let outcome = solved(&problem, 1);
        assert_eq!(outcome.standing, Standing::GlobalOptimum, "({p}, {q}): {} {}", outcome.objective, outcome.lower_bound);
    }
}

#[test]
fn skips_are_proved_for_every_loss() {
    for (seed, loss) in LOSSES.iter().enumerate() {
        let mut problem = problem(seed as u64 + 30, 16, 2, loss, Bias::Penalised);
        problem.architecture.skip = true;
        let outcome = solved(&problem, 1);
        let place = format!("{loss}: {} {} {:?}", outcome.objective, outcome.lower_bound, outcome.bound);
        // Where the skip alone fits, the optimum is 0 and nothing is there to be proved.
        let least = problem.objective.loss.least(problem.targets());
        assert!(outcome.standing == Standing::GlobalOptimum || outcome.objective - least < 1e-9, "{place}");
        let Some(certificate) = outcome.certificate else { continue };
        let mut without = certificate.clone();
        without.pivots.clear();
        assert!(matches!(check(&problem, &without), Err(Refusal::Shape(_))), "{place}");
        let mut twice = certificate;
        twice.pivots[1] = twice.pivots[0];
        assert!(check(&problem, &twice).is_err(), "{place}");
    }
}

#[test]
fn rank_deficient_and_badly_scaled_data_are_proved() {
    let mut deficient = problem(6, 14, 2, "squared", Bias::Penalised);
    let wide: Vec<Vec<f64>> = deficient.dataset.train.inputs.each_row().map(|x| vec![x[0], x[1], x[0] - x[1], 3.0, x[0] / 3.0]).collect();
    deficient.dataset.train.inputs = Matrix::from_rows(&wide);
    deficient.dataset.columns = (0..5).map(|j| Column { name: format!("x{j}"), shift: 0.0, scale: 1.0 }).collect();
    let mut scaled = problem(8, 14, 2, "squared", Bias::Penalised);
    let wide: Vec<Vec<f64>> = scaled.dataset.train.inputs.each_row().map(|x| vec![1e3 * x[0], 1e-3 * x[1]]).collect();
    scaled.dataset.train.inputs = Matrix::from_rows(&wide);
    for problem in [deficient, scaled] {
        let outcome = solved(&problem, 1);
        assert_eq!(outcome.standing, Standing::GlobalOptimum, "{} {}", outcome.objective, outcome.lower_bound);
    }
}

#[test]
fn certificates_do_not_depend_on_threads() {
    let problem = problem(10, 40, 3, "squared", Bias::Penalised);
    let certificates: Vec<Vec<u8>> = [1, 2, 3].map(|threads| solved(&problem, threads).certificate.unwrap().encode()).to_vec();
    assert_eq!(certificates[0], certificates[1]);
    assert_eq!(certificates[0], certificates[2]);
}

#[test]
fn no_sampled_neuron_beats_a_certified_bound() {
    for seed in 20..29 {
        let problem = problem(seed, 16, 3, LOSSES[seed as usize % LOSSES.len()], Bias::None);
        let outcome = solved(&problem, 1);
        let certificate = outcome.certificate.unwrap();
        let v: Vec<f64> = certificate.dual.doubles();
        let mut random = Random::new(seed);
        let n = if problem.objective.loss.mean { 16.0 } else { 1.0 };
        for _ in 0..20_000 {
            let w: Vec<f64> = (0..3).map(|_| random.normal()).collect();
            let size = w.iter().map(|w| w * w).sum::<f64>().sqrt();
            let price: f64 = problem.inputs().times(&w).iter().zip(&v).map(|(z, v)| v * z.max(0.0)).sum();
            assert!(certificate.scale * price.abs() <= n * problem.objective.strength * size * (1.0 + 1e-12), "seed {seed}");
        }
    }
}

/// A certificate to damage, and the interval that it proves.
fn specimen() -> (Problem, Certificate, Verdict) {
    let problem = problem(12, 24, 2, "squared", Bias::Penalised);
    let certificate = solved(&problem, 1).certificate.unwrap();
    let verdict = check(&problem, &certificate).unwrap();
    (problem, certificate, verdict)
}

#[test]
fn what_only_bounded_networks_can_do_wrong_is_refused() {
    let mut problem = problem(11, 12, 2, "squared", Bias::None);
    problem.objective.regularizer = Regularizer::output_l1(1.5);
    let certificate = solved(&problem, 1).certificate.unwrap();
    let bounded = problem.clone();
    let refusal = |change: &dyn Fn(&mut Certificate)| {
        let mut damaged = certificate.clone();
        change(&mut damaged);
        check(&bounded, &damaged).unwrap_err()
    };
    assert_eq!(refusal(&|c| c.network.hidden[0] = vec![1.5, 1e-3]), Refusal::Norm { neuron: 1 });
    assert_eq!(refusal(&|c| c.network.output[0] = 1e308), Refusal::Overflow);
    assert!(matches!(refusal(&|c| c.scale = 1.01), Refusal::Tree { .. }));
    // With longer hidden weights output weights reach further: a proof about shorter ones says nothing of them.
    problem.objective.regularizer = Regularizer::output_l1(3.0);
    assert!(matches!(check(&problem, &certificate), Err(Refusal::Different { what: "objective", .. })));
    assert!(matches!(proofs(&problem, &certificate, 2), Err(Refusal::Tree { .. })));
}

#[test]
fn rare_refusals_are_earned_too() {
    let (low, high) = (rational(1.0).unwrap(), rational(2.0).unwrap());
    assert_eq!(verdict(high, low, 3), Err(Refusal::Crossed));

    let counts = problem(8, 12, 2, "poisson", Bias::None);
    let mut certificate = solved(&counts, 1).certificate.unwrap();
    certificate.network.hidden.push(vec![1.0, 1.0]);
    certificate.network.output.push(1e9);
    assert!(matches!(check(&counts, &certificate), Err(Refusal::Row { .. })), "e to a billion");

    let mut straight = problem(13, 12, 2, "squared", Bias::None);
    straight.architecture.skip = true;
    let mut certificate = solved(&straight, 1).certificate.unwrap();
    certificate.pivots = vec![0, 1, 4];
    assert_eq!(check(&straight, &certificate), Err(Refusal::Skip), "rows 0 and 1 are the same");

    let (mut problem, certificate, _) = specimen();
    problem.architecture.activation.pieces[1].intercept += rational(1.0).unwrap();
    assert_eq!(proofs(&problem, &certificate, 2), Err(Refusal::Kind), "weight decay with a jump");
}

/// With the max norm w·u reaches √r |w|: a vector that is only as long as its multiplier proves too much.
#[test]
fn a_vector_of_a_constraint_counts_in_the_ball_of_its_norm() {
    let mut problem = problem(3, 1, 2, "squared", Bias::None);
    problem.dataset.train.inputs = Matrix::from_rows(&[vec![1.0, 1.0]]);
    problem.dataset.train.targets = vec![1.0];
    problem.objective.strength = 0.5;
    problem.objective.regularizer.hidden = norms::find("linf").unwrap();
    let mut certificate = solved(&problem, 1).certificate.unwrap();
    assert!(check(&problem, &certificate).is_ok());
    // Few bits leave the squares of long vectors room.
    certificate.dual = Dual { exponent: 10, mantissas: vec![-362] };
    let correction = Correction::default();
    let claim = Claim::new(&problem, &certificate.dual, &correction, certificate.scale, None, 1).unwrap();
    let lambda = claim.kinks[0] as u128;
    let half = (lambda as f64 / 2_f64.sqrt()) as i128;
    let mut tree = Writer::default();
    // Split on the line; then a leaf with λ = k and w = λ (1, 1)/√2, and one where nothing is left.
    [1, 0, 0].iter().for_each(|n| tree.natural(*n));
    [lambda, 0, 1].iter().for_each(|n| tree.natural(*n));
    [half, half].iter().for_each(|w| tree.integer(*w));
    [0, claim.limit as u128 / 1000, 0].iter().for_each(|n| tree.natural(*n));
    [0, 0, 0, 0, 0, 0, claim.limit as u128 / 1000, 0].iter().for_each(|n| tree.natural(*n));
    (certificate.proofs[0].kind, certificate.proofs[0].unit, certificate.proofs[0].tree) = (Kind::Signs, 20, tree.text());
    let what = "the vector of a constraint is longer than its multiplier";
    assert_eq!(proofs(&problem, &certificate, 2), Err(Refusal::Tree { output: 1, sign: 1, leaf: 1, what }));
}

#[test]
fn each_kind_of_damage_is_refused_by_name() {
    let (problem, certificate, _) = specimen();
    let refusal = |change: &dyn Fn(&mut Certificate)| {
        let mut damaged = certificate.clone();
        change(&mut damaged);
        check(&problem, &damaged).unwrap_err()
    };
    assert_eq!(refusal(&|c| c.format = "other".into()), Refusal::Format);
    assert_eq!(refusal(&|c| c.version = 2), Refusal::Version { found: 2 });
    assert!(matches!(
        refusal(&|c| c.statement.objective = "squared + 1 * weight_decay".into()),
        Refusal::Different { what: "objective", .. }
    ));
    assert!(matches!(refusal(&|c| c.statement.network = "dense -> abs -> dense".into()), Refusal::Different { what: "network", .. }));
    assert_eq!(refusal(&|c| c.statement.data = "blake3:0".into()), Refusal::Data);
    assert_eq!(refusal(&|c| c.network.hidden[0].push(0.0)), Refusal::Shape("network"));
    assert_eq!(refusal(&|c| c.network.hidden[0][0] = f64::NAN), Refusal::Weight { neuron: 1 });
    assert_eq!(refusal(&|c| c.scale = 0.0), Refusal::Scale);
    assert_eq!(refusal(&|c| c.scale = f64::NAN), Refusal::Scale);
    assert_eq!(refusal(&|c| c.dual.mantissas.truncate(3)), Refusal::Shape("dual vector"));
    assert_eq!(refusal(&|c| c.dual.exponent = i32::MIN), Refusal::Width);
    assert_eq!(refusal(&|c| c.dual.mantissas[0] = i64::MIN), Refusal::Shape("dual vector, its pivots or the basis"));
    assert_eq!(refusal(&|c| c.basis = Some(vec![vec![1]])), Refusal::Shape("dual vector, its pivots or the basis"));
    let least = |c: &mut Certificate| c.network.skip = Some(vec![0.0; problem.dataset.columns.len() + 1]);
    assert_eq!(refusal(&least), Refusal::Shape("skip"), "a skip that the model does not have");
    // A dual vector a thousandth longer is no longer feasible.
    let longer = |c: &mut Certificate| c.dual.mantissas.iter_mut().for_each(|m| *m += *m / 1000);
    assert!(matches!(refusal(&longer), Refusal::Tree { .. }));
    assert!(matches!(refusal(&|c| c.scale = 1.001), Refusal::Tree { .. }));
    assert!(matches!(refusal(&|c| c.proofs.swap(0, 1)), Refusal::Tree { .. }));
}

#[test]
fn more_neurons_than_the_model_allows_are_refused() {
    let (mut problem, certificate, _) = specimen();
    problem.architecture.width = Some(certificate.network.output.len());
    assert!(check(&problem, &certificate).is_ok());
    problem.architecture.width = Some(certificate.network.output.len() - 1);
    assert_eq!(check(&problem, &certificate), Err(Refusal::Shape("network")));
}

/// Rounding the slopes costs in proportion to |ω|, and a basis may be longer than 1: this certificate claimed 0.0332 where a network reaches 0.0326.
#[test]
fn a_stretched_basis_pays_for_rounded_slopes() {
    let mut problem = problem(5, 8, 3, "absolute", Bias::None);
    let mut rows = vec![vec![3.0, 1.0, 0.0]; 1001];
    rows.push(vec![0.0, 0.0, libm::scalbn(1.0, 39)]);
    problem.dataset.train = Rows { inputs: Matrix::from_rows(&rows), targets: [vec![-1.0; 1001], vec![0.0]].concat() };
    problem.objective.loss.mean = false;
    problem.objective.strength = 0.0955105;
    let exact = |text: &str| cvxc::exact::decimal(text).unwrap();
    problem.architecture.activation = Activation::homogeneous("steep", exact("0.927"), exact("0"));
    let mantissas = (0..1002)
        .map(|i| {
            if i < 1000 {
                1
            } else if i == 1000 {
                -966
            } else {
                0
            }
        })
        .collect();
    let dual = Dual { exponent: 10, mantissas };
    let one = 1_i64 << 44;
    let basis = vec![vec![one, (one + 1) / 3, 0]];
    // A limit of 24 would let a bound of 34/1024 through; there is no room for any.
    assert_eq!(Claim::new(&problem, &dual, &Correction::default(), 1.0, Some(&basis), -1), Err(Fault::Width));
}

/// One pass can split a thousand times as often as all before it: memory is bounded all the same, and what is there is a proof.
#[test]
fn a_cone_tree_keeps_to_its_nodes_within_a_pass() {
    let mut problem = problem(5, 60, 5, "squared", Bias::None);
    problem.objective.strength = 0.5;
    let certificate = solved(&problem, 1).certificate.unwrap();
    let claim =
        Claim::new(&problem, &certificate.dual, &Correction::default(), certificate.scale, certificate.basis.as_deref(), 1).unwrap();
    let whole = prove_by_cones(&claim, 1_000_000, &|| false, &mut |_, _| {});
    assert!(whole.worst <= 1.0 && whole.nodes > 2000, "{} {}", whole.worst, whole.nodes);
    let part = prove_by_cones(&claim, 300, &|| false, &mut |_, _| {});
    assert!((300..700).contains(&part.nodes), "{}", part.nodes);
    assert!(part.worst > 1.0, "{}", part.worst);
}

#[test]
fn a_changed_row_is_other_data() {
    let (mut problem, certificate, _) = specimen();
    problem.dataset.train.inputs.values[5] = problem.dataset.train.inputs.values[5].next_up();
    assert_eq!(check(&problem, &certificate), Err(Refusal::Data));
}

#[test]
fn dual_vectors_outside_the_domain_are_refused() {
    let problem = problem(4, 12, 2, "hinge", Bias::None);
    let mut certificate = solved(&problem, 1).certificate.unwrap();
    let row = certificate.dual.mantissas.iter().position(|m| *m != 0).unwrap();
    certificate.dual.mantissas[row] *= -1;
    assert_eq!(check(&problem, &certificate), Err(Refusal::Domain { row: row + 1 }));
}

#[test]
fn trees_with_a_part_missing_are_refused() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let (problem, certificate, verdict) = specimen();
    let (mut refused, mut proved) = (0, 0);
    for sign in 0..2 {
        let bytes = STANDARD.decode(&certificate.proofs[sign].tree).unwrap();
        let step = (bytes.len() / 60).max(1);
        for at in (0..bytes.len()).step_by(step) {
            for length in [1, 7, 40] {
                let mut damaged = certificate.clone();
                let rest = [&bytes[..at], &bytes[(at + length).min(bytes.len())..]].concat();
                damaged.proofs[sign].tree = STANDARD.encode(rest);
                match check(&problem, &damaged) {
                    Err(refusal) => {
                        assert!(matches!(refusal, Refusal::Tree { .. }), "{refusal}");
                        refused += 1;
                    }
                    // What is left may still be a proof, and then it is one.
                    Ok(found) => {
                        assert_eq!(found.lower, verdict.lower);
                        proved += 1;
                    }
                }
            }
        }
    }
    assert!(20 * proved < refused, "{proved} of {refused} let through");
}

#[test]
fn ranks_beyond_a_cone_tree_are_refused() {
    let (_, mut certificate, _) = specimen();
    let mut writer = Writer::default();
    (0..40).for_each(|_| writer.natural(0));
    for proof in &mut certificate.proofs {
        (proof.kind, proof.tree) = (Kind::Cones, writer.text());
    }
    for columns in [0, 17] {
        let mut problem = problem(3, 4, columns, "squared", Bias::None);
        problem.dataset.train.inputs.values.iter_mut().for_each(|x| *x = x.round());
        certificate.dual.mantissas = vec![0; 4];
        assert!(matches!(proofs(&problem, &certificate, 2), Err(Refusal::Tree { leaf: 1, .. })), "{columns} columns");
    }
}

#[test]
fn random_damage_never_yields_a_false_interval() {
    let (problem, certificate, verdict) = specimen();
    let bytes = certificate.encode();
    let mut random = Random::new(99);
    let (mut refused, mut unharmed) = (0, 0);
    for _ in 0..10_000 {
        let mut damaged = bytes.clone();
        let at = random.below(damaged.len());
        damaged[at] = random.bits() as u8;
        match Certificate::decode(&damaged).map_err(|_| ()).and_then(|c| check(&problem, &c).map_err(|_| ())) {
            Err(()) => refused += 1,
            Ok(found) => {
                // Another network has another upper bound, and a shorter dual vector a smaller lower one: both true.
                assert!(found.lower <= verdict.upper && verdict.lower <= found.upper, "byte {at}");
                unharmed += 1;
            }
        }
    }
    assert!(refused > 5000 && unharmed > 10, "{refused} refused, {unharmed} let through");
}

#[test]
fn exact_zero_and_hopeless_numbers_end_in_an_answer() {
    let mut zero = problem(2, 8, 2, "squared", Bias::None);
    zero.dataset.train.inputs.values.iter_mut().for_each(|x| *x = 0.0);
    let mut tiny = problem(2, 8, 2, "squared", Bias::Penalised);
    tiny.objective.strength = 1e-300;
    let mut huge = problem(2, 8, 2, "squared", Bias::Penalised);
    huge.dataset.train.inputs.values[0] = 1e300;
    for mut problem in [zero, tiny, huge] {
        problem.plan.time = Duration::from_secs(5);
        let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
        if let Ok(outcome) = solve(&problem, &mut control) {
            assert!(outcome.lower_bound <= outcome.objective);
            assert!(rational(outcome.lower_bound).is_some());
        }
    }
}

/// Ctrl-C in the first of the two proofs leaves the second a little time: the bound is that of the worse one.
#[test]
fn an_interrupted_proof_keeps_both_of_its_halves() {
    let mut problem = problem(30, 40, 9, "squared", Bias::None);
    problem.objective.strength = 0.002;
    let leaves = |nodes: usize| {
        let flag: Arc<AtomicBool> = Arc::default();
        let mut progress = |event: Event| match event {
            Event::Proof { nodes: so_far, .. } if so_far >= nodes => flag.store(true, Ordering::Relaxed),
            Event::Stage("proving") if nodes == 0 => flag.store(true, Ordering::Relaxed),
            _ => {}
        };
        let mut control = Control { progress: &mut progress, interrupted: flag.clone(), threads: 1, verbose: false };
        let outcome = solve(&problem, &mut control).unwrap();
        assert_eq!(outcome.stopped, Stopped::Interrupt);
        let certificate = outcome.certificate.unwrap();
        assert!(check(&problem, &certificate).is_ok());
        (outcome.lower_bound, [0, 1].map(|at| certificate.proofs[at].tree.len()))
    };
    let (root, [first, second]) = leaves(0);
    let (longer, [grown, other]) = leaves(50);
    assert!(grown > 4 * first && other > 4 * second && longer > root, "{first} {second} {grown} {other}: {root} {longer}");
}
