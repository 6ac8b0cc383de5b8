//! Models that search some cells only: what is said of their network, of their bound and of their file.

use super::*;

/// The diabetes data of the gallery with `solve` settings of its own.
fn progression(space: &Path, settings: &str) {
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/data/diabetes.csv"), space.join("diabetes.csv")).unwrap();
    let text = "cvx 1\ndata csv(\"diabetes.csv\") { standardize = all; test = split(20%, seed = 1) }\n\
        network [bmi, s5] -> dense(bias) -> relu -> dense -> progression\nminimize mean(squared) + 0.01 * weight_decay\n";
    fs::write(space.join("m.cvx"), format!("{text}solve {{ guarantee = bounded; {settings} }}\n")).unwrap();
}

/// The solver leaves neurons of no weight in many cells; they do nothing and go.
#[test]
fn neurons_that_do_nothing_are_pruned() {
    let space = space();
    progression(space.path(), "arrangements = sample(2000, seed = 1)");
    let output = run(space.path(), &["solve", "-q", "--json", "m.cvx"]);
    code(&output, 0);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(answer["neurons_before_pruning"].as_u64() > answer["neurons"].as_u64(), "{answer}");
    let certificate: Value = serde_json::from_slice(&fs::read(space.path().join("m.out/certificate.json")).unwrap()).unwrap();
    let output: Vec<f64> = certificate["network"]["output"].as_array().unwrap().iter().map(|a| a.as_f64().unwrap().abs()).collect();
    let largest = output.iter().copied().fold(0.0, f64::max);
    // |a| is the root of a neuron's weight: 1e-3 of the largest is a millionth of its weight.
    assert!(!output.is_empty() && output.iter().all(|a| *a > 1e-3 * largest), "{output:?}");
}

/// All ten measurements: no proof ends within seconds.
#[test]
fn a_proof_that_ran_out_of_time_says_so() {
    let space = space();
    progression(space.path(), "arrangements = sample(60, seed = 1)");
    let text = fs::read_to_string(space.path().join("m.cvx")).unwrap().replace("[bmi, s5]", "features");
    fs::write(space.path().join("m.cvx"), text).unwrap();
    let output = run(space.path(), &["solve", "-q", "m.cvx", "--time", "4s"]);
    code(&output, 0);
    let says = "no neuron of these cells is worth adding; others were not looked for; \
                the proof of the bound was cut short: time limit 4 s";
    assert!(stdout(&output).contains(says), "{}", stdout(&output));
    let output = run(space.path(), &["solve", "-q", "--json", "m.cvx", "--time", "4s"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["stopped"], &answer["proof"]["stopped"]), (&"converged".into(), &"time".into()), "{answer}");
}

/// The best over three cells is no best known network, and gradient descent goes below it.
#[test]
fn a_comparison_says_that_cells_bind_one_side_only() {
    let space = space();
    let model = format!("{XOR}solve {{ arrangements = sample(2, seed = 1); guarantee = bounded }}\n");
    fs::write(space.path().join("m.cvx"), model).unwrap();
    let arguments = ["compare", "m.cvx", "--seeds", "4", "--steps", "1000", "-q"];
    let output = run(space.path(), &arguments);
    code(&output, 0);
    let text = stdout(&output);
    let line = text.lines().find(|line| line.contains("best in cells")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.ends_with("over 2 cells only; the others are bound to none") && !text.contains("best network found"), "{text}");
    let object: Value = serde_json::from_slice(&run(space.path(), &[&arguments[..], &["--json"]].concat()).stdout).unwrap();
    assert_eq!(object["restricted"], true);
    let solved = object["solve"]["objective"].as_f64().unwrap();
    assert!(object["reference"].as_f64().unwrap() < solved, "a rival found more: {object}");

    // Asked about a network that is better than anything in these cells, the answer still tells their best.
    code(&run(space.path(), &["solve", "xor.cvx", "-q"]), 0);
    let output = run(space.path(), &["compare", "m.cvx", "--with", "xor.out", "-q"]);
    code(&output, 0);
    let text = stdout(&output);
    assert!(text.contains("best in cells") && !text.contains("best known"), "{text}");
    let object: Value =
        serde_json::from_slice(&run(space.path(), &["compare", "m.cvx", "--with", "xor.out", "-q", "--json"]).stdout).unwrap();
    assert!((object["solve"]["objective"].as_f64().unwrap() - solved).abs() < 1e-6 * solved, "{object}");
}
