//! Gated networks: what their certificates prove, and what the solver makes of gates that are repeated, shut or in the way.

use cvxc::certificate::{Correction, Dual, GateClaims};
use cvxc::checker::check_gates;
use cvxc::loss::{self, Total};
use cvxc::problem::*;
use cvxc::regularizer::Regularizer;
use serde_json::Value;

fn instance() -> Value {
    let all: Vec<Value> = serde_json::from_str(include_str!("reference/instances.json")).unwrap();
    all.into_iter().find(|instance| instance["name"] == "gated_sq").unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// The reference as a problem with these gates.
fn problem(gates: Matrix) -> Problem {
    let instance = instance();
    let rows: Vec<Vec<f64>> = instance["X"].as_array().unwrap().iter().map(numbers).collect();
    let column = |name: &str| Column { name: name.to_string(), shift: 0.0, scale: 1.0 };
    Problem {
        name: "gated_sq".to_string(),
        dataset: Dataset {
            columns: vec![column("x1"), column("x2")],
            target: Target::Number(column("y")),
            train: Rows { inputs: Matrix::from_rows(&rows), targets: numbers(&instance["y"]) },
            test: None,
            source: "reference".to_string(),
            dropped: 0,
        },
        architecture: Architecture {
            activation: Activation::linear("gated_relu"),
            bias: Bias::None,
            width: None,
            skip: false,
            gates: Some(Gates { vectors: gates }),
            convolution: None,
        },
        objective: Objective {
            loss: Total { loss: loss::find("squared").unwrap(), parameter: 0.0, mean: false, outputs: 1 },
            regularizer: Regularizer::weight_decay(),
            strength: instance["beta"].as_f64().unwrap(),
        },
        plan: Plan::default(),
    }
}

/// A gate in each of many directions of the plane: all twelve cells and the lines between some.
fn gates() -> Matrix {
    let lines = [[2.0, -1.0], [1.0, 1.0], [1.0, 2.0], [1.0, -2.0], [3.0, 1.0], [1.0, -1.0]];
    let turned = (0..360).map(|degree| f64::from(degree).to_radians()).map(|angle| vec![angle.cos(), angle.sin()]);
    Matrix::from_rows(&turned.chain(lines.into_iter().map(Vec::from)).collect::<Vec<_>>())
}

fn verdict(factor: f64) -> Result<usize, usize> {
    let problem = problem(gates());
    let dual: Vec<f64> = numbers(&instance()["v"]).iter().map(|v| factor * v).collect();
    let claims = GateClaims::new(&problem, &Dual::truncated(&dual), &[Correction::default()], 1.0).unwrap();
    check_gates(&claims, &gates(), &problem.inputs(), 2)
}

#[test]
fn the_reference_dual_is_feasible_for_every_gate_and_no_longer_one_is() {
    // The reference carries seven digits.
    assert_eq!(verdict(1.0 - 2e-6), Ok(366));
    assert!(verdict(1.0 + 2e-6).is_err());
    assert!(verdict(-1.0 - 2e-6).is_err(), "both output signs");
}

#[cfg(feature = "solve")]
mod solved {
    use super::*;
    use cvxc::certificate::{Certificate, Claim, Kind, Proof};
    use cvxc::checker::{Refusal, check, proofs};
    use cvxc::loss::{LOSSES, Targets};
    use cvxc::solve::{Bound, Control, Outcome, Standing, Stopped, solve};
    use cvxc::syntax::{data::bind, read_text, render::render};
    use std::path::Path;
    use std::sync::Arc;

    const OPTIMUM: f64 = 0.908952063;

    fn solved(problem: &Problem, threads: usize) -> Outcome {
        let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads, verbose: false };
        solve(problem, &mut control).unwrap_or_else(|failure| panic!("{}: {failure:?}", problem.name))
    }

    /// A random table of three features and targets that suit the loss, behind forty gates.
    fn model(seed: u64, layers: &str, objective: &str, targets: Targets) -> Problem {
        let mut random = Random::new(seed);
        let mut table = String::from("  x1 x2 x3 y\n");
        for _ in 0..15 {
            let x: Vec<f64> = (0..3).map(|_| (random.normal() * 8.0).round() / 4.0).collect();
            let signal = x[0].max(0.0) - (x[1] + 0.5 * x[2]).abs() + 0.3 * random.normal();
            let y = match targets {
                Targets::Classes | Targets::Labels => (x[0] * x[1] + 0.3 * random.normal()).signum(),
                Targets::Counts => (4.0 * signal.abs()).round(),
                Targets::Real => (signal * 16.0).round() / 16.0,
            };
            table += &format!("  {} {} {} {y}\n", x[0], x[1], x[2]);
        }
        let text = format!("cvx 1\ndata table {{\n{table}}}\nnetwork features -> {layers} -> y\nminimize {objective}\n");
        let (model, wrong) = read_text("gates.cvx", &text, Path::new("."), &[]);
        let model = model.unwrap_or_else(|| panic!("{}\n{text}", render(&wrong, false)));
        bind(&model, &mut |_| {}).unwrap_or_else(|wrong| panic!("{}", render(&wrong, false)))
    }

    fn certified(problem: &Problem, outcome: &Outcome, name: &str) {
        assert_eq!((outcome.standing, outcome.bound, outcome.stopped), (Standing::GlobalOptimum, Bound::Proved, Stopped::Gap), "{name}");
        let verdict = check(problem, outcome.certificate.as_ref().unwrap()).unwrap();
        assert_eq!(verdict.lower_bound(), outcome.lower_bound, "{name}");
        assert!(outcome.lower_bound <= outcome.objective, "{name}: {} {}", outcome.lower_bound, outcome.objective);
        assert_eq!(problem.score(&outcome.network).objective, outcome.objective, "{name}");
        assert_eq!(problem.architecture.gates.as_ref().unwrap().stranger(outcome.network.gates.as_ref().unwrap()), None, "{name}");
    }

    #[test]
    fn every_loss_and_layer_is_certified_by_price_and_in_one_program() {
        const GATED: &str = "gated_relu(gates = 40, seed = 3) -> dense";
        let layers = [format!("dense -> {GATED}"), format!("dense(bias) -> {GATED}"), format!("(dense(bias) -> {GATED}) + skip")];
        for (k, loss) in LOSSES.iter().enumerate().filter(|(_, loss)| loss.targets() != Targets::Labels) {
            let word = loss.parameter().map_or(loss.name().to_string(), |_| format!("{}(0.4)", loss.name()));
            for layers in &layers {
                for objective in [format!("{word} + 0.3 * weight_decay"), format!("mean({word}) + 0.05 * weight_decay")] {
                    let name = format!("{layers}, {objective}");
                    let mut problem = model(k as u64, layers, &objective, loss.targets());
                    let generated = solved(&problem, 1);
                    problem.plan.arrangements = Arrangements::All;
                    let listed = solved(&problem, 1);
                    if generated.objective < 1e-9 {
                        continue;
                    }
                    certified(&problem, &generated, &name);
                    certified(&problem, &listed, &name);
                    assert!(generated.lower_bound <= listed.objective && listed.lower_bound <= generated.objective, "{name}");
                }
            }
        }
    }

    #[test]
    fn repeated_shut_and_scaled_gates_change_nothing() {
        let plain = gates();
        let mut more: Vec<Vec<f64>> = plain.each_row().map(<[f64]>::to_vec).collect();
        more.extend(plain.each_row().map(|gate| gate.iter().map(|g| 3.0 * g).collect::<Vec<f64>>()));
        more.rotate_left(17);
        for gates in [plain, Matrix::from_rows(&more)] {
            let problem = problem(gates);
            let outcome = solved(&problem, 1);
            certified(&problem, &outcome, "reference");
            assert!((outcome.objective - OPTIMUM).abs() < 1e-6 * OPTIMUM, "{}", outcome.objective);
            // Twelve cells of six lines, and gates that lie on a line or on two.
            assert!((12..=24).contains(&(outcome.patterns_bound as usize)), "{}", outcome.patterns_bound);
        }
    }

    #[test]
    fn gates_that_let_nothing_through_leave_the_zero_network() {
        let mut problem = problem(Matrix::from_rows(&[vec![-1.0, 0.0], vec![-1.0, -1e-9]]));
        problem.dataset.train.inputs = Matrix::from_rows(&[vec![1.0, 0.5], vec![2.0, 0.25], vec![0.125, 0.0]]);
        problem.dataset.train.targets = vec![1.0, -1.0, 2.0];
        let outcome = solved(&problem, 1);
        certified(&problem, &outcome, "shut");
        assert_eq!((outcome.network.neurons(), outcome.objective), (0, 3.0));
    }

    #[test]
    fn gates_are_decided_without_rounding() {
        // Doubles would add up every row to 0; the first is shut out, the second is on the gate and passes.
        let inputs = Matrix::from_rows(&[vec![1e16, -1.0, -1e16], vec![1e16, 0.0, -1e16], vec![1e16, 1.0, -1e16]]);
        assert_eq!(Sides::of(&inputs).open(&[1.0; 3]), [false, true, true]);
        let network = Network {
            hidden: Matrix::from_rows(&[vec![0.0, 0.0, -1e-16]]),
            output: Matrix::new(1, 1, vec![2.0]),
            skip: None,
            gates: Some(Matrix::from_rows(&[vec![1.0; 3]])),
        };
        let architecture = problem(gates()).architecture;
        assert_eq!(network.forward(&architecture, &inputs), [0.0, 2.0, 2.0]);
    }

    #[test]
    fn the_answer_does_not_depend_on_the_threads() {
        let problem = model(5, "dense(bias) -> gated_relu(gates = 300) -> dense", "squared + 0.1 * weight_decay", Targets::Real);
        let [one, two] = [1, 2].map(|threads| solved(&problem, threads).certificate.unwrap().encode());
        assert_eq!(one, two);
    }

    fn specimen() -> (Problem, Certificate) {
        let problem = model(6, "dense(bias) -> gated_relu(gates = 30) -> dense", "squared + 0.2 * weight_decay", Targets::Real);
        let certificate = solved(&problem, 1).certificate.unwrap();
        (problem, certificate)
    }

    #[test]
    fn each_kind_of_damage_is_refused_by_name() {
        let (problem, certificate) = specimen();
        let refusal = |change: &dyn Fn(&mut Certificate)| {
            let mut damaged = certificate.clone();
            change(&mut damaged);
            check(&problem, &damaged).unwrap_err()
        };
        assert_eq!(refusal(&|c| c.network.gates = None), Refusal::Shape("network"));
        assert_eq!(refusal(&|c| c.network.gates.as_mut().unwrap()[1][2] += 1e-9), Refusal::Stranger { neuron: 2 });
        assert_eq!(refusal(&|c| c.network.gates.as_mut().unwrap()[0][0] = f64::NAN), Refusal::Stranger { neuron: 1 });
        assert_eq!(refusal(&|c| c.network.gates.as_mut().unwrap()[0].truncate(1)), Refusal::Shape("network"));
        assert_eq!(refusal(&|c| c.network.gates.as_mut().unwrap().truncate(1)), Refusal::Shape("network"));
        assert!(matches!(refusal(&|c| c.scale = 1.001), Refusal::Gate { gate: 1..=30 }));
        let longer = |c: &mut Certificate| c.dual.mantissas.iter_mut().for_each(|m| *m += *m / 1000);
        assert!(matches!(refusal(&longer), Refusal::Gate { .. }));
        let foreign = Refusal::Shape("proof about gates");
        assert_eq!(refusal(&|c| c.proofs[1].kind = Kind::Cones), foreign);
        assert_eq!(refusal(&|c| c.proofs[0].tree = "AA==".into()), foreign);
        assert_eq!(refusal(&|c| c.proofs[0].unit = 1), foreign);
        assert_eq!(refusal(&|c| c.basis = Some(vec![vec![1; 4]])), foreign);
        assert_eq!(refusal(&|c| c.pivots = vec![0]), Refusal::Shape("dual vector, its pivots or the basis"));
        assert_eq!(refusal(&|c| c.dual.mantissas[0] = i64::MIN), Refusal::Shape("dual vector, its pivots or the basis"));
    }

    #[test]
    fn a_list_of_gates_proves_nothing_about_other_networks() {
        let (problem, mut certificate) = specimen();
        let mut open = problem.clone();
        open.architecture.gates = None;
        let claim = |problem: &Problem| Claim::new(problem, &certificate.dual, &Correction::default(), 1.0, None, 1);
        assert!(claim(&problem).is_err() && claim(&open).is_ok(), "trees are not about gates");
        certificate.statement.network = open.architecture.words(1);
        assert!(matches!(proofs(&open, &certificate, 2), Err(Refusal::Tree { leaf: 1, .. })));
        assert_eq!(check(&open, &certificate), Err(Refusal::Shape("network")), "its gates are in the way");
    }

    #[test]
    fn random_damage_never_gives_a_false_bound() {
        let (problem, certificate) = specimen();
        let least = check(&problem, &certificate).unwrap().lower_bound();
        let bytes = certificate.encode();
        let mut random = Random::new(1);
        for _ in 0..2000 {
            let mut damaged = bytes.clone();
            damaged[random.below(bytes.len())] ^= 1 << random.below(8);
            let Ok(damaged) = Certificate::decode(&damaged) else { continue };
            if let Ok(verdict) = check(&problem, &damaged) {
                assert!(verdict.lower_bound() <= least * (1.0 + 1e-6) && verdict.objective() >= least, "{verdict:?}");
            }
        }
    }

    #[test]
    fn a_proof_without_trees_is_small() {
        let (_, certificate) = specimen();
        assert_eq!(certificate.proofs[0], Proof { kind: Kind::Gates, unit: 0, tree: String::new() });
        assert_eq!(certificate.proofs[0], certificate.proofs[1]);
    }

    #[test]
    fn a_width_that_does_not_suffice_is_refused() {
        let (mut problem, certificate) = specimen();
        let needed = certificate.network.output.len();
        problem.architecture.width = Some(needed - 1);
        let mut control = Control { progress: &mut |_| {}, interrupted: Arc::default(), threads: 1, verbose: false };
        let refused = solve(&problem, &mut control).unwrap_err();
        assert_eq!(refused, cvxc::solve::Failure::TooWide { allowed: needed - 1, needed });
    }
}
