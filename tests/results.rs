//! What is told and written about a solve, from answers made by hand: no solver is involved.

use cvxc::export::{self, Saved};
use cvxc::loss::{self, Total};
use cvxc::problem::*;
use cvxc::regularizer::Regularizer;
use cvxc::report::*;

/// y = |x| on four points, fitted exactly by two neurons.
fn problem() -> Problem {
    let inputs = Matrix::new(4, 1, vec![-2.0, -1.0, 1.0, 2.0]);
    let column = |name: &str| Column { name: name.to_string(), shift: 1.0, scale: 2.0 };
    Problem {
        name: "abs.cvx".to_string(),
        dataset: Dataset {
            columns: vec![column("x")],
            target: Target::Number(column("y")),
            train: Rows { inputs: inputs.clone(), targets: vec![2.0, 1.0, 1.0, 2.0] },
            test: None,
            source: "inline table".to_string(),
            dropped: 0,
        },
        architecture: Architecture {
            activation: Activation::relu(),
            bias: Bias::Penalised,
            width: None,
            skip: true,
            gates: None,
            convolution: None,
        },
        objective: Objective {
            loss: Total { loss: loss::find("squared").unwrap(), parameter: 0.0, mean: false, outputs: 1 },
            regularizer: Regularizer::weight_decay(),
            strength: 0.01,
        },
        plan: Plan::default(),
    }
}

fn network() -> Network {
    let hidden = Matrix::new(2, 2, vec![1.0, 0.0, -1.0, 0.1]);
    Network { hidden, output: Matrix::new(2, 1, vec![1.0, 1.0]), skip: Skip::of(&Matrix::new(1, 2, vec![0.25, -0.5])), gates: None }
}

fn answer<'a>(problem: &'a Problem, network: &'a Network) -> Answer<'a> {
    let score = problem.score(network);
    Answer {
        problem,
        network,
        status: Status::Bounded,
        stopped: Stopped::Time,
        score,
        lower_bound: 0.876 * score.objective,
        rests: Rests::Norm,
        run: Run { neurons_before_pruning: 16, patterns: 6, patterns_bound: 8.0, solver: "clarabel".to_string(), ..Run::default() },
        model_hash: "blake3:00".to_string(),
        overrides: vec![("beta".to_string(), "0.01".to_string())],
        changed: Vec::new(),
        written: Some(Written { folder: "abs.out".to_string(), files: export::FILES.to_vec() }),
    }
}

#[test]
fn the_promise_decides() {
    let (mut problem, network) = (problem(), network());
    let open = answer(&problem, &network);
    assert!(!open.kept());
    assert!(Answer { lower_bound: open.score.objective, ..open.clone() }.kept(), "a closed gap is kept, whatever stopped it");
    problem.plan.guarantee = Guarantee::Bounded;
    let bounded = answer(&problem, &network);
    assert!(bounded.kept(), "two bounds at the time limit");
    assert!(!Answer { stopped: Stopped::Interrupt, ..bounded.clone() }.kept());
    assert!(!Answer { status: Status::Failed, ..bounded.clone() }.kept());
    assert!(!Answer { lower_bound: f64::NEG_INFINITY, ..bounded }.kept());
}

#[test]
fn the_summary_says_what_is_known() {
    let (problem, network) = (problem(), network());
    let text = summary(&answer(&problem, &network), Style::default());
    for part in [
        "BOUNDED, gap 12.",
        "%, time limit",
        "lower bound",
        "a norm bound over all of weight space",
        "2 ",
        "pruned from 16",
        "(exit 3)",
        "beta = 0.01",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(text.contains("next: cvxc verify abs.out") && text.contains("--time 20min"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains("GLOBAL"), "{text}");
    assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
    let colored = summary(&answer(&problem, &network), Style { color: true, plot: true });
    assert!(colored.contains("\u{1b}[1;33mBOUNDED\u{1b}[0m"), "{colored}");
    assert_eq!(
        colored.lines().filter_map(|line| line.split_once('│')).map(|(_, drawn)| drawn.matches('o').count()).sum::<usize>(),
        4,
        "four points are drawn\n{colored}"
    );
}

#[test]
fn json_holds_every_number() {
    let (problem, network) = (problem(), network());
    let answer = Answer { lower_bound: f64::NEG_INFINITY, ..answer(&problem, &network) };
    let object = answer_json(&answer);
    assert_eq!(object["cvxc"], 1);
    assert_eq!(object["status"], "bounded");
    assert_eq!(object["lower_bound"], "-inf");
    assert_eq!(object["relative_gap"], "inf");
    assert_eq!(object["objective"].as_f64(), Some(answer.score.objective));
    assert_eq!(object["files"][0]["path"], "abs.out/weights.safetensors");
    let again: serde_json::Value = serde_json::from_str(&object.to_string()).unwrap();
    assert_eq!(again["objective"].as_f64().unwrap().to_bits(), answer.score.objective.to_bits());
}

#[test]
fn the_explanation_holds_the_mathematics() {
    let sizes = Some(Sizes { lines: 4, rank: 2, cells: 8.0, lost: None });
    let explanation = Explanation::of(&problem(), sizes);
    let text = explanation.text();
    for part in ["1/2 (f_i - y_i)^2", "0.01", "relu(w_j.x + b_j) + c.x + c_0", "rank 2", "cells <= 8", "weight_decay=0.005", "S_i"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let json = explanation.json();
    assert_eq!(json["rank"], 2);
    assert!(json["text"]["you_wrote"].as_str().unwrap().contains("f(x)"));
    let (problem, network) = (problem(), network());
    let page = page(&answer(&problem, &network), &explanation);
    assert!(page.starts_with("# abs.cvx\n") && page.contains("blake3:00") && !page.contains("next:"), "{page}");
}

#[test]
fn networks_come_back_bit_by_bit() {
    let space = tempfile::tempdir().unwrap();
    let saved = Saved::of(&problem(), &network(), "blake3:00");
    let encode = export::find("safetensors").unwrap().encode;
    let bytes = encode(&saved).unwrap();
    assert_eq!(bytes, encode(&saved).unwrap(), "the same network gives the same bytes");
    export::replace(space.path().join("a.out").as_path(), &[(export::WEIGHTS, bytes)]).unwrap();
    assert_eq!(export::load(&space.path().join("a.out")).unwrap(), saved);
    assert_eq!(saved.scores(&problem().dataset.train.inputs), network().forward(&problem().architecture, &problem().dataset.train.inputs));
}

#[test]
fn networks_without_neurons_come_back() {
    let space = tempfile::tempdir().unwrap();
    let empty = Network { hidden: Matrix::new(0, 2, Vec::new()), output: Matrix::new(0, 1, Vec::new()), skip: None, gates: None };
    let saved = Saved::of(&problem(), &empty, "blake3:00");
    for format in export::FORMATS.iter().filter(|format| format.reads()) {
        (format.encode)(&saved).unwrap();
    }
    let bytes = (export::find("safetensors").unwrap().encode)(&saved).unwrap();
    export::replace(space.path(), &[(export::WEIGHTS, bytes)]).unwrap();
    assert_eq!(export::load(space.path()).unwrap(), saved);
}

#[test]
fn damaged_weights_are_refused_not_believed() {
    let space = tempfile::tempdir().unwrap();
    let folder = space.path();
    let saved = Saved::of(&problem(), &network(), "blake3:00");
    let bytes = (export::find("safetensors").unwrap().encode)(&saved).unwrap();
    let read = |bytes: &[u8]| {
        std::fs::write(folder.join(export::WEIGHTS), bytes).unwrap();
        export::load(folder)
    };
    for length in (0..bytes.len()).step_by(5) {
        let error = read(&bytes[..length]).unwrap_err().0;
        assert!(error.contains("weights.safetensors"), "{error}");
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let header = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} in {text}");
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
    };
    for (from, to) in [
        (r#"\"format\":1"#, r#"\"format\":9"#),
        (r#"[2,1]"#, r#"[1,2]"#),
        (r#"\"slope\":\"1\""#, r#"\"slope\":\"x\""#),
        (r#"\"scale\":2.0"#, r#"\"scale\":0.0"#),
        (r#"\"from\":\"0\""#, r#"\"from\":null "#),
    ] {
        assert!(read(&header(from, to)).is_err(), "{to}");
    }
    let mut random = Random::new(1);
    for _ in 0..500 {
        let mut damaged = bytes.clone();
        let at = (random.bits() % bytes.len() as u64) as usize;
        damaged[at] ^= 1 << (random.bits() % 8);
        // Whatever comes back has passed the checks; what matters is that nothing panics.
        let _ = read(&damaged).map(|saved| saved.scores(&Matrix::new(1, saved.columns.len(), vec![0.5; saved.columns.len()])));
    }
}

#[test]
fn exports_hold_the_weights() {
    let saved = Saved::of(&problem(), &network(), "blake3:00");
    let json = (export::find("json").unwrap().encode)(&saved).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["tensors"]["hidden.bias"][1].as_f64(), Some(0.1));
    assert_eq!(json["tensors"]["hidden.weight"][1][0].as_f64(), Some(-1.0));
    let npz = (export::find("npz").unwrap().encode)(&saved).unwrap();
    let mut archive = npyz::npz::NpzArchive::new(std::io::Cursor::new(npz)).unwrap();
    let weight: Vec<f64> = archive.by_name("hidden.weight").unwrap().unwrap().into_vec().unwrap();
    assert_eq!(weight, [1.0, -1.0]);
}

#[test]
fn a_comparison_is_a_table() {
    let (mut problem, network) = (problem(), network());
    problem.plan.gap = 0.2;
    let mut answer = answer(&problem, &network);
    answer.score.objective = 1.0;
    answer.lower_bound = 0.875;
    let objectives = vec![1.0, 1.005, 1.5, 3.0];
    let adam = Contestant { name: "adam", meaning: "", objectives, cut_short: 0 };
    let sgd = Contestant { name: "sgd", meaning: "", objectives: vec![2.0], cut_short: 1 };
    let none = Contestant { name: "none", meaning: "", objectives: vec![], cut_short: 0 };
    let contestants = vec![adam, sgd, none];
    let mut comparison = Comparison { answer: &answer, model: "a b.cvx".to_string(), width: 10, steps: 4000, seeds: 4, contestants };
    let expected = "\
abs.cvx   same objective, same data, width 10, 4 000 steps, seeds 1 to 4

                      best           median         worst          within 1 % of the optimum
  optimum             1.000000000
  adam                1.000000000    1.25250        3.00000        2 / 4
  sgd                 2.00000        2.00000        2.00000        0 / 1, 1 stopped on the way, 3 not begun
  none                                                             0 / 0, 4 not begun

  lower bound    0.87500          a norm bound over all of weight space; a sharper proof may exist
  stopped        time limit 5 min
  changed        beta = 0.01

  next: cvxc solve 'a b.cvx'
";
    assert_eq!(comparison.text(), expected);
    let json = comparison.json();
    assert_eq!((&json["rivals"][0]["within"], &json["rivals"][2]["best"]), (&2.into(), &serde_json::Value::Null));
    comparison.contestants[1].objectives = vec![0.9];
    assert_eq!(comparison.reference(), 0.9, "a rival that finds more counts");
    let mut strict = problem.clone();
    strict.plan.gap = 1e-6;
    let answer = Answer { problem: &strict, ..answer.clone() };
    let open = Comparison { answer: &answer, ..comparison }.text();
    assert!(open.contains("  best network found  1.00000") && open.contains("within 1 % of the lowest"), "{open}");
}

#[test]
fn an_examination_opens_with_its_sentence() {
    let (problem, network) = (problem(), network());
    let mut answer = answer(&problem, &network);
    (answer.score.objective, answer.lower_bound) = (1.25, 1.2034);
    let stationarity = Stationarity {
        key: "clarke",
        words: "in Clarke's sense",
        tolerance: 1e-3,
        alignment: 1.21e-4,
        balance: 0.0,
        skip: 3e-9,
        neurons: 12,
        zero: 3,
        cells: 11,
        kinks: 2,
        corners: 0,
    };
    let neuron = Neuron {
        price: 1.195,
        everywhere: true,
        output: 1,
        sign: -1.0,
        along: None,
        weights: vec![0.6, -0.8],
        gate: None,
        size: 0.5,
        objective: 1.4,
    };
    let score = Score { objective: 1.4477, loss: 1.0, penalty: 44.77 };
    let (model, name) = ("abs.cvx".to_string(), "net.npz".to_string());
    let mut examination = Examination {
        answer: &answer,
        model,
        network: name,
        score,
        stationarity,
        own_signs: Some(1.4477),
        both_signs: Some(1.3),
        neuron: Some(neuron),
    };
    let expected = "\
net.npz is at most 20.4 % above the global optimum (objective 1.44770, lower bound 1.20340).

  best known     1.25000          the lower bound: a norm bound over all of weight space; a sharper proof may exist
  stationary     in Clarke's sense
  residuals      alignment 1.3e-4, balance 0, skip 3.0e-9  up to 1.0e-3 counts as 0
  kinks          2 of a neuron on a row, 0 of the loss
  cells          11 distinct      12 neurons and 3 that count as 0; optimal there with its output signs, 1.30000 with both
  best neuron    price 1.19500 of beta  priced on every cell
                 output -         1.40000 with it at size 0.500000
                 weights (bias) -0.800, x 0.600
  stopped        time limit 5 min  (exit 3)
  changed        beta = 0.01

  next: cvxc solve abs.cvx --start net.npz
";
    assert_eq!(examination.text(), expected);
    let json = examination.json();
    assert_eq!(json["best_neuron"]["weights"]["(bias)"], -0.8);
    assert_eq!(json["stationarity"]["kind"], "clarke");
    let unbounded = Answer { lower_bound: 0.0, ..answer.clone() };
    examination.answer = &unbounded;
    assert!(examination.sentence().contains("is not known (objective 1.44770, lower bound 0)"), "{}", examination.sentence());
}

/// The fit of outputs to targets: the skip connection hands its input through.
fn fit(outputs: &[f64], targets: &[f64]) -> String {
    let hidden = Matrix::new(0, 2, Vec::new());
    let network =
        Network { hidden, output: Matrix::new(0, 1, Vec::new()), skip: Skip::of(&Matrix::new(1, 2, vec![1.0, 0.0])), gates: None };
    let rows = Rows { inputs: Matrix::new(outputs.len(), 1, outputs.to_vec()), targets: targets.to_vec() };
    Fit::of(&problem(), &network, &rows).words()
}

#[test]
fn equal_targets_have_no_r2_and_tiny_ones_do() {
    let undefined = "R2 undefined: all targets are equal";
    assert_eq!(fit(&[0.0], &[2.0]), undefined);
    // The mean of ten times 0.1 is not 0.1.
    assert_eq!(fit(&[0.2; 10], &[0.1; 10]), undefined);
    assert_eq!(fit(&[0.0, 0.0], &[0.0, -0.0]), undefined);
    assert_eq!(fit(&[0.0, 1e-200], &[0.0, 1e-200]), "R2 1.000");
    assert_eq!(fit(&[5e-201, 5e-201], &[0.0, 1e-200]), "R2 0.000");
    assert_eq!(fit(&[-1e308, 1e308], &[-1e308, 1e308]), "R2 1.000");
    assert_eq!(fit(&[1.0, 1.0], &[0.0, 1e-200]), "R2 -1.8e308");
}

#[test]
fn r2_is_rounded_not_cut() {
    let of = |r2: f64| Fit::R2 { n: 9, r2: Some(r2) }.words();
    assert_eq!([of(0.6138), of(1.0 - 1e-12), of(-0.0001), of(-12.3456)], ["R2 0.614", "R2 1.000", "R2 0.000", "R2 -12.346"]);
}
