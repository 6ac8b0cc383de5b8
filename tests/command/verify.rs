//! `cvxc verify`: from a written result to a verdict, and every way to be refused.

use super::*;

/// A folder with `xor.cvx`, its result and nothing else.
fn solved() -> TempDir {
    let space = space();
    code(&run(space.path(), &["solve", "xor.cvx", "-q"]), 0);
    space
}

fn certificate(space: &TempDir) -> std::path::PathBuf {
    space.path().join("xor.out/certificate.json")
}

/// Writes the certificate anew with `from` replaced.
fn damage(space: &TempDir, from: &str, to: &str) {
    let text = fs::read_to_string(certificate(space)).unwrap();
    assert!(text.contains(from), "{from} in\n{text}");
    fs::write(certificate(space), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_model_is_no_certificate() {
    let output = run(space().path(), &["verify", "xor.cvx"]);
    code(&output, 2);
    let says = "xor.cvx is a model, not a certificate: `cvxc solve xor.cvx` writes one, and `cvxc verify xor.out` checks it";
    assert!(stderr(&output).contains(says), "{}", stderr(&output));
}

#[test]
fn a_fresh_result_is_certified_in_four_lines() {
    let space = solved();
    for path in ["xor.out", "xor.out/certificate.json"] {
        let output = run(space.path(), &["verify", path]);
        code(&output, 0);
        let text = stdout(&output);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert_eq!(lines[0], "  ok  model and data are the ones certified");
        assert!(lines[1].starts_with("  ok  weights give objective 0.06242528"), "{text}");
        assert!(lines[2].starts_with("  ok  dual point gives lower bound 0.0624252"), "{text}");
        assert!(lines[3].starts_with("  ok  no neuron is worth adding: proof trees of "), "{text}");
        assert!(lines[4].starts_with("CERTIFIED  objective within "), "{text}");
        assert!(stderr(&output).is_empty());
    }
}

#[test]
fn json_holds_the_verdict() {
    let space = solved();
    let output = run(space.path(), &["verify", "xor.out", "--json"]);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["status"], "certified");
    assert!(object["relative_gap"].as_f64().unwrap() <= 1e-6);
    assert!(object["lower_bound"].as_f64() <= object["objective"].as_f64());
    assert_eq!(object["refusal"], Value::Null);
}

#[test]
fn weights_of_another_result_are_refused() {
    let space = solved();
    code(&run(space.path(), &["solve", "xor.cvx", "-q", "--set", "beta=0.02", "--out", "other.out"]), 0);
    fs::copy(space.path().join("other.out/weights.safetensors"), space.path().join("xor.out/weights.safetensors")).unwrap();
    let output = run(space.path(), &["verify", "xor.out"]);
    code(&output, 4);
    let said = format!("{}{}", stdout(&output), stderr(&output));
    assert!(said.contains("weights.safetensors holds another network than the certificate"), "{said}");
}

#[test]
fn another_objective_is_refused_with_its_code() {
    let space = solved();
    let output = run(space.path(), &["verify", "xor.out", "--set", "beta=0.1"]);
    code(&output, 4);
    assert_eq!(
        stderr(&output),
        "error[E0610]: this certificate is for a different objective\n --> xor.out/certificate.json\n = \
         note: certificate: squared + 0.01 * weight_decay      model: squared + 0.1 * weight_decay\n = \
         help: solve again, or verify with the values it was made with: `--set NAME=VALUE`, `--model FILE`\n"
    );
    assert!(stdout(&output).contains("  NO  model and data are not the ones certified\nREFUSED"), "{}", stdout(&output));
}

#[test]
fn overrides_are_remembered_and_a_changed_model_is_seen() {
    let space = space();
    code(&run(space.path(), &["solve", "xor.cvx", "-q", "--set", "beta=0.05"]), 0);
    code(&run(space.path(), &["verify", "xor.out"]), 0);
    fs::write(space.path().join("xor.cvx"), XOR.replace("1 1 -1", "1 1 -2")).unwrap();
    let output = run(space.path(), &["verify", "xor.out"]);
    code(&output, 4);
    assert!(stderr(&output).contains("this certificate is for other data"), "{}", stderr(&output));
    fs::remove_file(space.path().join("xor.cvx")).unwrap();
    let output = run(space.path(), &["verify", "xor.out"]);
    code(&output, 1);
    assert!(stderr(&output).contains("--model FILE"), "{}", stderr(&output));
}

#[test]
fn damage_is_refused_and_named() {
    let refused = |from: &str, to: &str, word: &str| {
        let space = solved();
        damage(&space, from, to);
        let output = run(space.path(), &["verify", "xor.out"]);
        code(&output, 4);
        assert!(stderr(&output).contains(word), "{word} in\n{}", stderr(&output));
    };
    refused("{\n\"format\"", "\n\"format\"", "it is damaged");
    refused("\"version\":1", "\"version\":9", "version 9");
    refused("\"scale\":1.0", "\"scale\":1.5", "fails at leaf");
    refused("\"scale\":1.0", "\"scale\":1.0,\"extra\":1", "unknown field");
    refused("\"output\":[", "\"output\":[1.0,", "the network has another shape");
}

#[test]
fn weights_that_cannot_be_read_are_not_called_others() {
    let space = solved();
    let weights = space.path().join("xor.out/weights.safetensors");
    let whole = fs::read(&weights).unwrap();
    fs::write(&weights, &whole[..whole.len() / 2]).unwrap();
    let output = run(space.path(), &["verify", "xor.out"]);
    code(&output, 4);
    let said = stderr(&output);
    assert!(said.contains("the weights beside the certificate are damaged") && !said.contains("another network"), "{said}");
    assert!(said.contains("it is not a whole safetensors file"), "{said}");
}

#[test]
fn truncated_certificates_are_refused() {
    let space = solved();
    let whole = fs::read(certificate(&space)).unwrap();
    for part in 0..10 {
        fs::write(certificate(&space), &whole[..whole.len() * part / 10]).unwrap();
        code(&run(space.path(), &["verify", "xor.out"]), 4);
    }
    fs::remove_file(certificate(&space)).unwrap();
    // Nothing there is not a certificate that does not hold.
    for (path, says) in [
        ("xor.out", "error: xor.out holds no certificate.json: solve again, with `certificate` in the model's `output` if it has one\n"),
        ("nope.out", "error: there is no folder and no certificate nope.out\n"),
    ] {
        let output = run(space.path(), &["verify", path]);
        code(&output, 1);
        assert_eq!(stderr(&output), says);
    }
}

/// The Python checker knows weight decay only, and must not take another penalty's proof for one.
#[test]
fn the_second_checker_refuses_other_penalties() {
    if Command::new("python3").arg("--version").output().is_err() {
        return;
    }
    let space = tempfile::tempdir().unwrap();
    fs::write(space.path().join("t.csv"), "a,y\n1,1\n-1,0.5\n2,-1\n-2,0\n").unwrap();
    let goal = "minimize squared + 0.2 * output_l1 subject to hidden_norm <= 1";
    fs::write(space.path().join("t.cvx"), format!("cvx 1\ndata csv(\"t.csv\")\nnetwork a -> dense -> relu -> dense -> y\n{goal}\n"))
        .unwrap();
    code(&run(space.path(), &["solve", "t.cvx", "-q"]), 0);
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.py");
    let found = Command::new("python3").arg(&check).args(["t.out/certificate.json", "t.csv"]).current_dir(space.path()).output().unwrap();
    let words = String::from_utf8_lossy(&found.stderr).to_string();
    assert!(
        !found.status.success()
            && words.contains("the objective squared + 0.2 * output_l1 subject to hidden_norm <= 1 is not covered here"),
        "{words}"
    );
}

/// Counts: an objective below 0 is certified like any other, and `predict` gives rates.
#[test]
fn counts_are_certified_and_predicted_as_rates() {
    let space = tempfile::tempdir().unwrap();
    let text = "cvx 1\ndata table {\n  x y\n  0 1\n  1 3\n  2 8\n  3 20\n  -1 0\n}\n\
                network features -> dense(bias) -> relu -> dense -> y\nminimize poisson + 1 * weight_decay\n";
    fs::write(space.path().join("c.cvx"), text).unwrap();
    code(&run(space.path(), &["solve", "c.cvx", "-q"]), 0);
    let verify = run(space.path(), &["verify", "c.out", "--json"]);
    code(&verify, 0);
    let object: Value = serde_json::from_slice(&verify.stdout).unwrap();
    assert_eq!(object["status"], "certified", "{object}");
    let (lower, objective) = (object["lower_bound"].as_f64().unwrap(), object["objective"].as_f64().unwrap());
    assert!(lower <= objective && objective < -30.0, "{lower} {objective}");

    fs::write(space.path().join("new.csv"), "x\n3\n-1\n").unwrap();
    let predicted = stdout(&run(space.path(), &["predict", "c.out", "new.csv"]));
    let rates: Vec<f64> = predicted.lines().skip(1).map(|line| line.parse().unwrap()).collect();
    assert!((rates[0] - 20.0).abs() < 3.0 && (0.0..1.5).contains(&rates[1]), "{predicted}");

    let explained = stdout(&run(space.path(), &["explain", "c.cvx"]));
    assert!(explained.contains("sum_i exp(f_i) - y_i f_i"), "{explained}");
    assert!(explained.contains("PoissonNLLLoss(log_input=True, reduction='sum')"), "{explained}");
    let examined = run(space.path(), &["compare", "c.cvx", "--with", "c.out", "--json", "-q"]);
    code(&examined, 0);
    let object: Value = serde_json::from_slice(&examined.stdout).unwrap();
    assert!(object["at_most_above"].as_f64().unwrap() <= 1.1e-6, "{object}");
    assert_ne!(object["stationarity"]["kind"], "no", "{object}");
    code(&run(space.path(), &["compare", "c.cvx", "--seeds", "2", "--steps", "200", "-q"]), 0);

    if Command::new("python3").arg("--version").output().is_ok() {
        let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.py");
        fs::write(space.path().join("c.csv"), "x,y\n0,1\n1,3\n2,8\n3,20\n-1,0\n").unwrap();
        let python =
            Command::new("python3").arg(&check).args(["c.out/certificate.json", "c.csv"]).current_dir(space.path()).output().unwrap();
        code(&python, 1);
        assert!(stderr(&python).contains("the objective poisson + 1 * weight_decay is not covered here"), "{}", stderr(&python));
    }
}

/// grammar/certificate.md is enough for a second checker: the Python one agrees, where Python is at hand.
#[test]
fn a_second_checker_agrees() {
    if Command::new("python3").arg("--version").output().is_err() {
        return;
    }
    let space = tempfile::tempdir().unwrap();
    // Five inputs of rank 5 go to the tree of signs or cones; two to cones, with merged and opposite rows.
    let small = "a,b,y\n1,2,1\n-1,1,-1\n2,-1,2\n-2,-1,0.5\n1,-3,-2\n0.5,0.5,1\n1,2,0.5\n-2,-4,0.25\n0,0,1\n";
    let mut wide = "a,b,c,d,e,f,g,y\n".to_string();
    for i in 0..12 {
        let value = |j: usize| ((i * 37 + j * 61 + i * i * j * 7) % 41) as f64 / 8.0 - 2.5;
        wide += &format!("{},{},{},{},{},{},{},{}\n", value(1), value(2), value(3), value(4), value(5), value(6), value(7), value(9));
    }
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.py");
    for (name, table, layers, objective) in [
        ("small", small, "dense -> relu", "squared + 0.3 * weight_decay"),
        ("small", small, "dense(bias) -> abs", "mean(absolute) + 0.05 * weight_decay"),
        ("small", small, "dense -> relu", "epsilon_insensitive(0.2) + 0.3 * weight_decay"),
        ("small", small, "dense -> relu", "mean(epsilon_insensitive(0.1)) + 0.05 * weight_decay"),
        ("wide", wide.as_str(), "dense -> relu", "mean(squared) + 0.1 * weight_decay"),
        ("small", small, "dense(bias) -> leaky_relu(0.1)", "squared + 0.2 * weight_decay"),
    ] {
        fs::write(space.path().join("t.csv"), table).unwrap();
        let text = format!("cvx 1\ndata csv(\"t.csv\")\nnetwork features -> {layers} -> dense -> y\nminimize {objective}\n");
        fs::write(space.path().join("t.cvx"), text).unwrap();
        code(&run(space.path(), &["solve", "t.cvx", "-q"]), 0);
        let verify = run(space.path(), &["verify", "t.out", "--json"]);
        let object: Value = serde_json::from_slice(&verify.stdout).unwrap();
        let slopes: &[&str] = if layers.contains("leaky") { &["1", "-1/10"] } else { &[] };
        let python = || {
            let mut python = Command::new("python3");
            python.arg(&check).args(["t.out/certificate.json", "t.csv"]).args(slopes).current_dir(space.path()).output().unwrap()
        };
        let found = python();
        code(&found, 0);
        let words: Vec<String> = stdout(&found).split_whitespace().map(str::to_string).collect();
        assert_eq!(words[0], "CERTIFIED");
        for (word, key) in [(1, "lower_bound"), (2, "objective")] {
            let (theirs, ours): (f64, f64) = (words[word].parse().unwrap(), object[key].as_f64().unwrap());
            assert!((theirs - ours).abs() <= 1e-15 * ours.abs().max(1e-300), "{name} {objective}: {theirs} {ours}");
        }
        assert_eq!(words[3], object["leaves"].to_string(), "{name} {objective}");
        let whole = fs::read_to_string(space.path().join("t.out/certificate.json")).unwrap();
        // The last three prove nothing false, but neither checker may take them, nor spend its memory on them.
        let longer = if whole.contains("\"scale\":1.0") { ("\"scale\":1.0", "\"scale\":1.01") } else { ("\"scale\":0.", "\"scale\":1.") };
        for (old, new) in [
            longer,
            ("\"unit\":", "\"unit\":42949672"),
            ("\"unit\":", "\"more\":0,\"unit\":"),
            ("\"tree\":\"", "\"tree\":\"gICAgICAgICAgICAgICAgICAgIAA"),
        ] {
            assert!(whole.contains(old), "{old}");
            fs::write(space.path().join("t.out/certificate.json"), whole.replacen(old, new, 1)).unwrap();
            assert!(!run(space.path(), &["verify", "t.out"]).status.success());
            let refused = python();
            code(&refused, 1);
            assert!(stderr(&refused).starts_with("REFUSED"), "{}", stderr(&refused));
        }
        // The same tree without its last byte, with one more, and with a first split or leaf that is another.
        let at = whole.find("\"tree\":\"").unwrap() + 8;
        let tree = whole[at..].split('"').next().unwrap();
        for other in [&tree[..tree.len() - 4], &format!("AAAA{tree}"), &format!("{}AAAA", tree.trim_end_matches('=')), &tree[4..]] {
            fs::write(space.path().join("t.out/certificate.json"), whole.replacen(tree, other, 1)).unwrap();
            code(&run(space.path(), &["verify", "t.out"]), 4);
            code(&python(), 1);
        }
        // A row twice: cvxc knows these data for others, and here the dual vector is too short for them.
        fs::write(space.path().join("t.out/certificate.json"), &whole).unwrap();
        fs::write(space.path().join("t.csv"), format!("{table}{}\n", table.lines().nth(1).unwrap())).unwrap();
        code(&run(space.path(), &["verify", "t.out"]), 4);
        code(&python(), 1);
    }
}
