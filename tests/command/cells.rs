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

/// All ten measurements: the search over thirty cells is quick, and no proof ends within seconds.
#[test]
fn a_proof_that_ran_out_of_time_says_so() {
    let space = space();
    progression(space.path(), "arrangements = sample(30, seed = 1)");
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

/// XOR over the cells of two vectors, d x m = 3 x 2.
fn with_cells(folder: &std::path::Path, rest: &str) {
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }\n";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes().chain([1.0f64, -1.0, 1.0, -1.0, -1.5, 0.5].into_iter().flat_map(f64::to_le_bytes)));
    fs::create_dir(folder.join("models")).unwrap();
    fs::write(folder.join("models/G.npy"), bytes).unwrap();
    let text = "cvx 1\ndata xor()\nnetwork [x1, x2] -> dense(bias) -> relu -> dense -> y\nminimize squared + 0.01 * weight_decay\n";
    fs::write(folder.join("models/m.cvx"), format!("{text}solve {{ arrangements = cells(\"G.npy\"){rest} }}\n")).unwrap();
}

#[test]
fn given_cells_are_solved_over_and_nothing_more_is_said() {
    let space = space();
    with_cells(space.path(), "; guarantee = bounded");
    let output = run(space.path(), &["solve", "models/m.cvx"]);
    code(&output, 0);
    let text = stdout(&output);
    assert!(text.contains("BOUNDED") && text.contains("no neuron of these cells is worth adding"), "{text}");
    let verified = stdout(&run(space.path(), &["verify", "m.out"]));
    assert!(verified.contains("no network goes below that: proof trees") && !verified.contains("worth adding"), "{verified}");
    let explained = stdout(&run(space.path(), &["explain", "models/m.cvx"]));
    assert!(explained.contains("the cells of the 2 weight vectors in G.npy"), "{explained}");
    assert!(explained.contains("the best over these cells only; the lower bound holds for all cells"), "{explained}");
    let answer: Value = serde_json::from_slice(&run(space.path(), &["solve", "-q", "--json", "models/m.cvx"]).stdout).unwrap();
    let number = |name: &str| answer[name].as_f64().unwrap();
    assert!(number("lower_bound") <= 0.062426 && number("objective") > 0.0625, "{answer}");
    assert_eq!(answer["patterns"]["listed"], 2);
}

#[test]
fn given_cells_promise_nothing_global_and_need_their_file() {
    let space = space();
    with_cells(space.path(), "");
    let output = run(space.path(), &["check", "models/m.cvx"]);
    code(&output, 1);
    assert!(stderr(&output).contains("error[E0351]: `cells` cannot promise a global optimum"), "{}", stderr(&output));
    let text = fs::read_to_string(space.path().join("models/m.cvx")).unwrap();
    fs::write(space.path().join("models/m.cvx"), text.replace("cells(\"G.npy\")", "cells(\"H.npy\"); guarantee = bounded")).unwrap();
    let output = run(space.path(), &["solve", "models/m.cvx"]);
    code(&output, 1);
    assert!(stderr(&output).contains("error[E0402]: there is no file `H.npy`"), "{}", stderr(&output));
    assert!(stderr(&output).contains("a file with a similar name exists: `G.npy`"), "{}", stderr(&output));
}

/// The bound is about all cells, so nobody needs the file of those that were searched.
#[test]
fn a_certificate_needs_no_file_of_cells() {
    let space = space();
    with_cells(space.path(), "");
    code(&run(space.path(), &["solve", "-q", "models/m.cvx", "--guarantee", "bounded"]), 0);
    fs::remove_file(space.path().join("models/G.npy")).unwrap();
    code(&run(space.path(), &["verify", "m.out"]), 0);
}

#[test]
fn the_command_line_promises_before_the_file() {
    let space = space();
    with_cells(space.path(), "");
    let output = run(space.path(), &["solve", "-q", "models/m.cvx", "--guarantee", "bounded"]);
    code(&output, 0);
    assert!(stdout(&output).contains("changed        guarantee = bounded"), "{}", stdout(&output));
    let text = fs::read_to_string(space.path().join("models/m.cvx")).unwrap();
    for settings in ["cells(\"G.npy\"); guarantee = bounded", "sample(3); guarantee = bounded", "sample(3)"] {
        fs::write(space.path().join("models/m.cvx"), text.replace("cells(\"G.npy\")", settings)).unwrap();
        let output = run(space.path(), &["solve", "models/m.cvx", "--guarantee", "global"]);
        code(&output, 1);
        let told = stderr(&output);
        assert!(told.contains("error[E0351]") && told.contains("= note: `--guarantee global` on the command line promises it"), "{told}");
        assert!(told.contains("ask for less:   --guarantee bounded"), "{told}");
    }
}

/// Settings and paths of the result's own model are those that it was made with, wherever it is run.
#[test]
fn the_model_in_a_result_gives_the_same_result_from_there() {
    let space = space();
    let at = |name: &str| space.path().join(name);
    fs::create_dir_all(at("models/data")).unwrap();
    fs::create_dir_all(at("results/deep")).unwrap();
    fs::write(at("models/data/d.csv"), "a,b,y\n0,1,1\n1,2,0\n2,1,3\n3,5,2\n4,1,1\n5,0,2\n").unwrap();
    fs::write(at("models/acts.cvx"), "activation vee(x) = max(2*x, -0.5*x)\n").unwrap();
    let text = "cvx 1\nuse vee from \"acts.cvx\"\nparam beta = 0.1\ndata csv(\"data/d.csv\") { standardize = all; test = csv(\"data/d.csv\") }\n\
        network features -> dense(bias) -> vee -> dense -> y\nminimize squared + beta * weight_decay\n";
    for (name, solve) in [("plain", ""), ("cells", "solve {\n  arrangements = sample(3, seed = 2)\n  time = 1 h\n}\n")] {
        fs::write(at("models/m.cvx"), format!("{text}{solve}")).unwrap();
        let options = ["--set", "beta=0.2", "--guarantee", "bounded", "--time", "90s", "--gap", "1e-3", "--memory", "2GB"];
        let out = format!("results/deep/{name}");
        let first = run(space.path(), &[&["solve", "models/m.cvx", "-q", "--json", "--out", &out], &options[..]].concat());
        code(&first, 0);
        let second = run(&at(&out), &["solve", "model.cvx", "-q", "--json", "--out", "../again"]);
        code(&second, 0);
        let [first, second] = [first, second].map(|output| serde_json::from_slice::<Value>(&output.stdout).unwrap());
        for name in ["objective", "lower_bound", "guarantee", "gap_asked_for", "data_hash", "neurons"] {
            assert_eq!(first[name], second[name], "{name}");
        }
        let written = fs::read_to_string(at(&out).join("model.cvx")).unwrap();
        for part in ["time = 90 s", "memory = 2 GB", "gap = 0.001", "param beta = 0.2"] {
            assert!(written.contains(part), "{part} in\n{written}");
        }
        fs::remove_dir_all(at("results/deep/again")).unwrap();
    }
}
