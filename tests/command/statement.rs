//! Commands that need no solver: check, explain, activations, and what every command line has in common.

use super::*;

#[test]
fn a_wrong_command_line_is_2() {
    let space = space();
    for arguments in [
        &["frobnicate"][..],
        &["check"],
        &[],
        &["check", "--no-such-option", "xor.cvx"],
        &["export", "x.out", "--to", "docx"],
        &["explain", "E9999"],
        &["activations", "show", "no_such_activation"],
    ] {
        let output = run(space.path(), arguments);
        code(&output, 2);
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_answers() {
    let space = space();
    for arguments in [&["--help"][..], &["-h"], &["-V"], &["check", "--help"]] {
        let output = run(space.path(), arguments);
        code(&output, 0);
        assert!(!output.stdout.is_empty() && output.stderr.is_empty());
    }
}

#[test]
fn a_missing_model_is_1_and_names_the_file() {
    let space = space();
    for arguments in [&["check", "none.cvx"][..], &["explain", "none.cvx"], &["check", "."]] {
        let output = run(space.path(), arguments);
        code(&output, 1);
        assert!(output.stdout.is_empty() && stderr(&output).contains(arguments[1]), "{}", stderr(&output));
    }
}

#[test]
fn a_good_model_is_silent() {
    let space = space();
    let output = run(space.path(), &["check", "--data", "xor.cvx"]);
    code(&output, 0);
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{}", stderr(&output));
    let output = run(space.path(), &["check", "--json", "xor.cvx"]);
    assert_eq!(stdout(&output), "{\"diagnostics\":[]}\n");
}

#[test]
fn a_bad_model_is_1_in_text_and_in_json() {
    let space = space();
    fs::write(space.path().join("bad.cvx"), XOR.replace("relu", "relv")).unwrap();
    let output = run(space.path(), &["check", "bad.cvx"]);
    code(&output, 1);
    assert!(output.stdout.is_empty() && stderr(&output).contains("error[E0302]"), "{}", stderr(&output));
    assert!(!stderr(&output).contains('\u{1b}'), "no colour into a pipe");
    let colored = run(space.path(), &["check", "--color", "always", "bad.cvx"]);
    assert!(stderr(&colored).contains('\u{1b}'));
    let output = run(space.path(), &["check", "--json", "bad.cvx"]);
    code(&output, 1);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["diagnostics"][0]["code"], "E0302");
    assert_eq!(object["diagnostics"][0]["span"]["line"], 10);
    assert!(output.stderr.is_empty());
    let quiet = run(space.path(), &["check", "-q", "bad.cvx"]);
    assert!(stderr(&quiet).contains("E0302"), "-q hides no error");
}

#[test]
fn bad_data_is_1_and_says_where() {
    for (content, part) in [
        ("a,b,y\n1,2,3\n1,NaN,3\n", "data.csv:3"),
        ("a,b,y\n1,2,3\n1,2\n", "data.csv:3"),
        ("a,b,y\n1,2,3\n1,x,3\n", "data.csv:3"),
        ("a,y\n1,2\n", "`b`"),
        ("a,b,y\n", "data.csv"),
        ("", "data.csv"),
        ("a,b,y\n1,inf,2\n", "data.csv:2"),
    ] {
        let output = check_data(content);
        code(&output, 1);
        assert!(stderr(&output).contains(part), "{part} for {content:?} in\n{}", stderr(&output));
    }
    code(&check_data("a,b,y\n1,2,3\n"), 0);
}

#[test]
fn one_class_is_refused() {
    let space = space();
    let text = XOR.replace("  0 1 1\n  1 0 1\n", "").replace("squared", "hinge");
    fs::write(space.path().join("one.cvx"), text).unwrap();
    let output = run(space.path(), &["check", "--data", "one.cvx"]);
    code(&output, 1);
    assert!(stderr(&output).contains("class") || stderr(&output).contains("label"), "{}", stderr(&output));
}

#[test]
fn a_model_is_explained() {
    let space = space();
    let output = run(space.path(), &["explain", "xor.cvx"]);
    code(&output, 0);
    let text = stdout(&output);
    for part in ["you wrote", "relu", "becomes", "weight_decay", "guarantee"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let output = run(space.path(), &["explain", "--json", "xor.cvx"]);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["rows"], 4);
    if cfg!(feature = "solve") {
        assert_eq!(object["rank"], 3);
        assert_eq!(object["patterns_bound"], 14.0);
    }
}

#[test]
fn a_code_is_explained() {
    let space = space();
    let output = run(space.path(), &["explain", "E0302"]);
    code(&output, 0);
    assert!(stdout(&output).contains("E0302"), "{}", stdout(&output));
}

#[test]
fn activations_are_listed_and_shown() {
    let space = space();
    let output = run(space.path(), &["activations"]);
    code(&output, 0);
    assert!(stdout(&output).lines().any(|line| line.starts_with("relu") && line.contains("homogeneous")), "{}", stdout(&output));
    let output = run(space.path(), &["activations", "show", "hardtanh"]);
    assert!(stderr(&output).contains("there is no activation `hardtanh`; there is `hard_tanh`; known are relu, "), "{}", stderr(&output));
    let output = run(space.path(), &["activations", "show", "relu"]);
    assert!(stdout(&output).contains("breaks 0   slopes 0, 1"), "{}", stdout(&output));
    fs::write(space.path().join("acts.cvx"), "## A bump.\nactivation hat(x) = relu(x + 1) - 2*relu(x) + relu(x - 1)\n").unwrap();
    let output = run(space.path(), &["activations", "show", "hat", "--model", "acts.cvx"]);
    code(&output, 0);
    assert!(stdout(&output).contains("A bump.") && stdout(&output).contains("breaks -1, 0, 1"), "{}", stdout(&output));
}

#[test]
fn a_closed_pipe_is_no_bug() {
    let space = space();
    let mut child = cvxc(space.path(), &["explain", "xor.cvx"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    code(&output, 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_standard_output_is_1() {
    let space = space();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = cvxc(space.path(), &["explain", "xor.cvx"]).stdout(full).output().unwrap();
    code(&output, 1);
    assert!(stderr(&output).contains("cannot write to standard output"), "{}", stderr(&output));
}

#[test]
fn what_is_no_result_is_refused() {
    let space = space();
    let out = space.path().join("x.out");
    fs::create_dir(&out).unwrap();
    for (content, part) in [(None, "weights.safetensors"), (Some(""), "weights.safetensors"), (Some("{}{}{}{}{}"), "safetensors")] {
        if let Some(content) = content {
            fs::write(out.join("weights.safetensors"), content).unwrap();
        }
        let output = run(space.path(), &["predict", "x.out", "xor.cvx"]);
        code(&output, 1);
        assert!(output.stdout.is_empty() && stderr(&output).contains(part), "{}", stderr(&output));
    }
    let output = run(space.path(), &["export", "xor.cvx", "--to", "npz"]);
    code(&output, 1);
    let no_folder =
        if cfg!(feature = "solve") { "xor.cvx is no result folder" } else { "or it should be a folder that `cvxc solve` wrote" };
    assert!(stderr(&output).contains(no_folder), "{}", stderr(&output));
    assert_eq!(names(space.path()), ["x.out", "xor.cvx"]);
}

#[test]
#[cfg(not(feature = "solve"))]
fn a_build_without_solver_says_so() {
    let space = space();
    code(&run(space.path(), &["solve", "xor.cvx"]), 2);
    assert!(stdout(&run(space.path(), &["--help"])).contains("This build has no solver"));
}

/// A constant input is remarked on, and nothing more.
#[test]
fn constant_inputs_are_a_warning() {
    let rows = |cells: [&str; 3]| format!("a,b,c,y\n{}", cells.map(|cell| format!("{cell}\n")).concat());
    let check = |text: String, model: &str| {
        let space = tempfile::tempdir().unwrap();
        fs::write(space.path().join("d.csv"), text).unwrap();
        fs::write(space.path().join("m.cvx"), format!("cvx 1\n{model}\nminimize squared + 0.1 * weight_decay\n")).unwrap();
        let output = run(space.path(), &["check", "--data", "m.cvx"]);
        code(&output, 0);
        stderr(&output)
    };
    let model = "data csv(\"d.csv\") { drop = [c] }\nnetwork features -> dense(bias) -> relu -> dense -> y";
    let expected = "\
warning[E0450]: column `b` is the same in every training row
 --> m.cvx:3:9
  |
3 | network features -> dense(bias) -> relu -> dense -> y
  |         ^^^^^^^^ constant among the inputs
  |
  = note: what is the same in every row tells no row from another
  = help: leave it out of the data: `drop = [c, b]`
";
    assert_eq!(check(rows(["1,5,9,1", "2,5,8,2", "3,5,7,4"]), model), expected);
    assert_eq!(check(rows(["1,5,9,1", "2,5,8,2", "3,5,7,4"]), &model.replace("drop = [c]", "drop = [c, b]")), "");
    let several =
        check(rows(["1,5,9,1", "1,5,8,2", "1,5,7,4"]), "data csv(\"d.csv\")\nnetwork [a, b, c] -> dense(bias) -> relu -> dense -> y");
    assert!(several.contains("2 columns are the same") && several.contains("they are `a`, `b`"), "{several}");
    assert!(several.contains("= help: leave them out of the inputs"), "{several}");
    let all = check(rows(["1,5,9,1", "1,5,8,2", "1,5,7,4"]), model);
    assert!(all.contains("2 columns are the same") && !all.contains("help"), "{all}");
    // A column of ones is a bias; one row says nothing about the next.
    assert_eq!(check(rows(["1,1,9,1", "2,1,8,2", "3,1,7,4"]), &model.replace("(bias)", "")), "");
    assert_eq!(check("a,b,c,y\n1,5,9,1\n".to_string(), model), "");
    assert!(check(rows(["1,0,9,1", "2,0,8,2", "3,0,7,4"]), &model.replace("(bias)", "")).contains("`b` is the same"));
}

#[test]
fn codes_may_be_written_small() {
    let space = space();
    let output = run(space.path(), &["explain", "e0320"]);
    code(&output, 0);
    assert_eq!(stdout(&output), stdout(&run(space.path(), &["explain", "E0320"])));
    let output = run(space.path(), &["explain", "e9999"]);
    code(&output, 2);
    assert_eq!(stderr(&output), "error: there is no error code e9999; codes stand in brackets behind `error`\n");
}

#[test]
fn a_model_named_without_its_ending_is_found() {
    let space = space();
    let output = run(space.path(), &["check", "xor"]);
    code(&output, 1);
    let text = stderr(&output);
    assert!(text.contains("error[E0002]: `xor` cannot be read: there is no such file"), "{text}");
    assert!(text.contains("= help: there is a file `xor.cvx`"), "{text}");
    assert!(!stderr(&run(space.path(), &["check", "or"])).contains("help"));
}
