//! Several outputs from the command line: solve, verify, predict, compare, export.

use super::{code, run, stderr, stdout};
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

const KINDS: &str = "cvx 1\ndata csv(\"d.csv\")\nnetwork [x1, x2] -> dense(bias) -> relu -> dense -> kind\n\
    minimize cross_entropy + 0.2 * weight_decay(output = l1)\n";
const NUMBERS: &str = "cvx 1\ndata csv(\"d.csv\") { standardize = all; drop = [kind] }\n\
    network features -> dense(bias) -> relu -> dense(2) -> [y1, y2]\nminimize mean(squared) + 0.05 * weight_decay(output = l1)\n";

/// A folder with both models and their data.
fn space() -> TempDir {
    let space = tempfile::tempdir().unwrap();
    let rows = ["0,0,c,1,-2", "1,0,a,2,-1", "0,1,\"b, too\",0,3", "1,1,c,5,4", "-1,0.5,a,2,2", "0.5,-1,\"b, too\",1,0"];
    fs::write(space.path().join("d.csv"), format!("x1,x2,kind,y1,y2\n{}\n", rows.join("\n"))).unwrap();
    fs::write(space.path().join("kinds.cvx"), KINDS).unwrap();
    fs::write(space.path().join("numbers.cvx"), NUMBERS).unwrap();
    space
}

#[test]
fn classes_are_solved_verified_and_predicted() {
    let space = space();
    let solved = run(space.path(), &["solve", "kinds.cvx"]);
    code(&solved, 0);
    code(&run(space.path(), &["verify", "kinds.out"]), 0);
    let predicted = stdout(&run(space.path(), &["predict", "kinds.out", "d.csv"]));
    let lines: Vec<&str> = predicted.lines().collect();
    assert_eq!(lines[0], "score_a,\"score_b, too\",score_c,class");
    assert!(lines.len() == 7 && lines[1].ends_with(",c") && lines[3].ends_with(",\"b, too\""), "{predicted}");
    let json: Value = serde_json::from_slice(&run(space.path(), &["predict", "kinds.out", "d.csv", "--json"]).stdout).unwrap();
    assert_eq!(json["predictions"][1]["class"], "a", "{json}");
    assert!(json["predictions"][1]["score_a"].as_f64().unwrap() > json["predictions"][1]["score_c"].as_f64().unwrap());
    let explained = stdout(&run(space.path(), &["explain", "kinds.cvx"]));
    for line in [
        "kinds.cvx        two layers, hidden width free, 2 inputs + bias, 3 outputs, 6 rows",
        "min over m, w, a    sum_i log(sum_c exp(f_ic)) - f_i,label",
        "+ 0.2 * 1/2 sum_j (|(w_j, b_j)|^2 + |a_j|_1^2)        (not convex)",
        "kind: one output each for a, b, too, c",
    ] {
        assert!(explained.contains(line), "{line}\n{explained}");
    }
}

#[test]
fn a_certificate_of_one_output_is_none_of_another() {
    let space = space();
    code(&run(space.path(), &["solve", "kinds.cvx"]), 0);
    let path = space.path().join("kinds.out/certificate.json");
    let mut certificate: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(certificate["statement"]["network"], "dense(bias) -> relu -> dense(3)");
    certificate["proofs"].as_array_mut().unwrap().swap(0, 5);
    fs::write(&path, certificate.to_string()).unwrap();
    let refused = run(space.path(), &["verify", "kinds.out"]);
    assert_ne!(refused.status.code(), Some(0));
    assert!(stderr(&refused).contains("the proof for neurons of positive output"), "{}", stderr(&refused));
}

#[test]
fn numbers_are_solved_verified_compared_and_predicted() {
    let space = space();
    code(&run(space.path(), &["solve", "numbers.cvx"]), 0);
    code(&run(space.path(), &["verify", "numbers.out"]), 0);
    let predicted = stdout(&run(space.path(), &["predict", "numbers.out", "d.csv"]));
    assert_eq!(predicted.lines().next(), Some("y1,y2"), "{predicted}");
    let npy = run(space.path(), &["predict", "numbers.out", "d.csv", "--format", "npy"]).stdout;
    assert!(String::from_utf8_lossy(&npy).contains("(6, 2"));
    let compared = run(space.path(), &["compare", "numbers.cvx", "--with", "numbers.out"]);
    code(&compared, 0);
    assert!(stdout(&compared).contains("not looked at: the theory here is about dense layers of one output with plain weight decay"));
    // A network with full rows of output weights, as another trainer leaves it.
    let state = serde_json::json!({ "tensors": {
        "0.weight": [[1.0, 0.0], [0.5, -1.0]], "0.bias": [0.0, 0.25], "2.weight": [[0.5, 1.0], [-1.0, 0.25]] }
    });
    fs::write(space.path().join("net.json"), state.to_string()).unwrap();
    let compared = run(space.path(), &["compare", "numbers.cvx", "--with", "net.json", "--json"]);
    code(&compared, 0);
    let compared: Value = serde_json::from_slice(&compared.stdout).unwrap();
    let penalty = 0.5 * (1.0 + 1.5 * 1.5 + 0.25 + 1.0 + 0.0625 + 1.25 * 1.25);
    assert!((compared["penalty"].as_f64().unwrap() - penalty).abs() < 1e-12, "{compared}");
    assert!(compared["objective"].as_f64().unwrap() > compared["lower_bound"].as_f64().unwrap());
    code(&run(space.path(), &["compare", "numbers.cvx", "--seeds", "2", "--steps", "50"]), 0);
}

/// Biases of the output layer, from the model file to the formats and back, and as PyTorch has them.
#[test]
fn outputs_with_biases_take_the_same_journey() {
    let space = space();
    let (kinds, numbers) = (
        KINDS.replace("bias)", "bias = free)"),
        NUMBERS.replace("dense(bias) -> relu -> dense(2)", "(dense(bias) -> relu -> dense(2)) + skip"),
    );
    fs::write(space.path().join("kinds.cvx"), kinds).unwrap();
    fs::write(space.path().join("numbers.cvx"), numbers).unwrap();
    for (name, tensor) in [("kinds", "output.bias"), ("numbers", "skip.weight")] {
        let (model, out) = (format!("{name}.cvx"), format!("{name}.out"));
        code(&run(space.path(), &["solve", &model]), 0);
        code(&run(space.path(), &["verify", &out]), 0);
        let said = stdout(&run(space.path(), &["predict", &out, "d.csv"]));
        for format in ["npz", "json", "onnx", "safetensors"] {
            code(&run(space.path(), &["export", &out, "--to", format]), 0);
            let file = format!("{name}.{format}");
            assert_eq!(stdout(&run(space.path(), &["predict", &file, "d.csv"])), said, "{file}");
            code(&run(space.path(), &["compare", &model, "--with", &file]), 0);
        }
        assert!(fs::read_to_string(space.path().join(format!("{name}.json"))).unwrap().contains(tensor), "{name}");
        code(&run(space.path(), &["solve", &model, "--start", &format!("{name}.npz"), "--out", "again"]), 0);
        code(&run(space.path(), &["path", &model, "--points", "3"]), 0);
        let path = space.path().join(&out).join("certificate.json");
        let mut certificate: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        certificate["network"]["skip"].as_array_mut().unwrap().pop();
        fs::write(&path, certificate.to_string()).unwrap();
        code(&run(space.path(), &["verify", &out]), 4);
    }
    let state = |bias: &[f64]| {
        let tensors = serde_json::json!({ "0.weight": [[1.0, 0.0], [0.5, -1.0]], "0.bias": [0.0, 0.25],
            "2.weight": [[0.5, 1.0], [-1.0, 0.25]], "2.bias": bias });
        fs::write(space.path().join("net.json"), serde_json::json!({ "tensors": tensors }).to_string()).unwrap();
        run(space.path(), &["compare", "numbers.cvx", "--with", "net.json", "--json"])
    };
    let objective = |bias: &[f64]| serde_json::from_slice::<Value>(&state(bias).stdout).unwrap()["objective"].as_f64().unwrap();
    assert!((objective(&[0.0, 0.0]) - objective(&[0.5, -0.25])).abs() > 1e-3, "the biases count");
    let refused = state(&[0.5]);
    let said = stdout(&refused) + &stderr(&refused);
    assert!(said.contains("tensor `2.bias` of shape [1] is neither the bias of"), "{said}");
}

#[test]
fn numbers_of_outputs_that_do_not_fit_are_named() {
    let space = space();
    let said = |text: &str| {
        fs::write(space.path().join("m.cvx"), text).unwrap();
        let refused = run(space.path(), &["solve", "m.cvx"]);
        assert_ne!(refused.status.code(), Some(0), "{text}");
        stderr(&refused)
    };
    let cases = [
        (KINDS.replace("-> dense -> kind", "-> dense(2) -> kind"), "error[E0342]: `kind` has 3 classes, the network has 2 outputs"),
        (
            KINDS.replace("-> kind", "-> [y1, y2]").replace("dense ->", "dense(2) ->"),
            "error[E0342]: `cross_entropy` is about the classes of one column",
        ),
        (NUMBERS.replace("[y1, y2]", "y1"), "error[E0312]: 1 target needs as many outputs, the network has 2"),
        (NUMBERS.replace("drop = [kind]", "keep = [a]"), "error[E0434]: `keep` is about the classes of one target"),
        (NUMBERS.replace("[y1, y2]", "[y1, y1]"), "error[E0309]: `y1` is a target twice"),
        (KINDS.replace("csv(\"d.csv\")", "csv(\"d.csv\") { positive = \"a\" }"), "error[E0422]: `positive` is about two classes"),
        (
            KINDS.replace("(output = l1)", "") + "\nsolve { arrangements = all }",
            "error[E0340]: `all` lists cells, and several outputs that share neurons need more",
        ),
    ];
    for (text, message) in cases {
        let found = said(&text);
        assert!(found.contains(message), "{message}\n{found}");
    }
}

/// Plain weight decay: neurons may serve both outputs, through the same commands.
#[test]
fn shared_neurons_go_all_the_way() {
    let space = space();
    fs::write(space.path().join("shared.cvx"), NUMBERS.replace("(output = l1)", "")).unwrap();
    let solved = run(space.path(), &["solve", "shared.cvx"]);
    code(&solved, 0);
    assert!(stdout(&solved).contains("GLOBAL OPTIMUM, certified"), "{}", stdout(&solved));
    code(&run(space.path(), &["verify", "shared.out"]), 0);
    assert_eq!(stdout(&run(space.path(), &["predict", "shared.out", "d.csv"])).lines().next(), Some("y1,y2"));
    let explained = stdout(&run(space.path(), &["explain", "shared.cvx"]));
    assert!(explained.contains("a_k are all vectors of output weights of length 1"), "{explained}");
    for format in ["onnx", "c", "npz", "cbf"] {
        let of = if format == "cbf" { "shared.cvx" } else { "shared.out" };
        code(&run(space.path(), &["export", of, "--to", format]), 0);
    }
    let compared = run(space.path(), &["compare", "shared.cvx", "--with", "shared.out"]);
    code(&compared, 0);
    let path = run(space.path(), &["path", "shared.cvx", "--points", "3"]);
    code(&path, 0);
    code(&run(space.path(), &["solve", "shared.cvx", "--start", "shared.out", "--out", "again.out"]), 0);
    let fewest = run(space.path(), &["solve", "shared.cvx", "--fewest", "--out", "few.out"]);
    assert!(stderr(&fewest).contains("leave `fewest` out"), "{}", stderr(&fewest));
}
