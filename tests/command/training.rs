//! `cvxc solve` and what follows from it.

use super::*;

#[test]
fn a_solve_writes_its_folder_and_says_so() {
    let space = space();
    let output = run(space.path(), &["solve", "xor.cvx"]);
    code(&output, 0);
    let text = stdout(&output);
    for part in ["xor.cvx", "objective", "lower bound", "gap", "neurons", "stopped", "xor.out/", "next: cvxc verify xor.out"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(text.contains("0.0624252"), "{text}");
    assert!(text.contains("GLOBAL OPTIMUM, certified"), "{text}");
    assert_eq!(names(space.path()), ["xor.cvx", "xor.out"]);
    assert_eq!(names(&space.path().join("xor.out")), ["certificate.json", "model.cvx", "report.md", "weights.safetensors"]);
    let report = fs::read_to_string(space.path().join("xor.out/report.md")).unwrap();
    assert!(report.contains("blake3:") && report.contains("0.0624252"), "{report}");
}

#[test]
fn json_is_one_object_with_the_same_numbers() {
    let space = space();
    let output = run(space.path(), &["solve", "--json", "-q", "xor.cvx"]);
    code(&output, 0);
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |name: &str| object[name].as_f64().unwrap();
    assert_eq!(object["status"], "global_optimum");
    assert!((number("objective") - 0.062425287).abs() < 1e-6);
    assert!(number("lower_bound") <= number("objective") && number("relative_gap") <= 1e-6);
    assert!((number("loss") + number("strength") * number("penalty") - number("objective")).abs() < 1e-12);
    for file in object["files"].as_array().unwrap() {
        assert!(space.path().join(file["path"].as_str().unwrap()).is_file());
    }
}

#[test]
fn the_answer_does_not_depend_on_run_or_threads() {
    let space = space();
    let weights = |arguments: &[&str]| {
        let output = run(space.path(), &[&["solve", "xor.cvx", "-q"], arguments].concat());
        code(&output, 0);
        fs::read(space.path().join("xor.out/weights.safetensors")).unwrap()
    };
    let first = weights(&[]);
    assert_eq!(first, weights(&[]), "a second run");
    assert_eq!(first, weights(&["--threads", "1"]), "one thread");
    assert_eq!(first, weights(&["--threads", "2"]), "two threads");
}

#[test]
fn model_cvx_solves_to_the_same_network() {
    let space = space();
    code(&run(space.path(), &["solve", "xor.cvx", "--set", "beta=0.1", "--out", "first"]), 0);
    fs::copy(space.path().join("first/model.cvx"), space.path().join("again.cvx")).unwrap();
    let output = run(space.path(), &["solve", "again.cvx", "--out", "second", "--json"]);
    code(&output, 0);
    let first: Value =
        serde_json::from_slice(&run(space.path(), &["solve", "xor.cvx", "--set", "beta=0.1", "--out", "first", "--json"]).stdout).unwrap();
    let second: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(first["objective"], second["objective"]);
    assert_eq!(first["overrides"]["beta"], "0.1");
    assert_eq!(first["model_hash"], second["model_hash"], "the override is part of the text");
}

#[test]
fn overrides_are_listed_and_checked() {
    let space = space();
    let output = run(space.path(), &["solve", "xor.cvx", "--set", "beta=0.1", "--gap", "1e-4", "--time", "60s"]);
    code(&output, 0);
    assert!(stdout(&output).contains("changed        beta = 0.1, time = 1 min, gap = 0.0001"), "{}", stdout(&output));
    code(&run(space.path(), &["solve", "xor.cvx", "--set", "beta"]), 2);
    code(&run(space.path(), &["solve", "xor.cvx", "--time", "10"]), 2);
    let unknown = run(space.path(), &["solve", "xor.cvx", "--set", "gamma=1"]);
    code(&unknown, 1);
    assert!(stderr(&unknown).contains("gamma"), "{}", stderr(&unknown));
}

#[test]
fn a_dry_run_writes_nothing() {
    let space = space();
    let output = run(space.path(), &["solve", "--dry-run", "xor.cvx"]);
    code(&output, 0);
    assert!(stdout(&output).contains("becomes"));
    assert_eq!(names(space.path()), ["xor.cvx"]);
}

#[test]
fn predictions_and_exports_follow() {
    let space = space();
    code(&run(space.path(), &["solve", "xor.cvx", "-q"]), 0);
    fs::write(space.path().join("new.csv"), "x2,x1\n0,0\n1,0\n").unwrap();
    let output = run(space.path(), &["predict", "xor.out", "new.csv"]);
    code(&output, 0);
    let lines: Vec<String> = stdout(&output).lines().map(str::to_string).collect();
    assert_eq!(lines[0], "prediction");
    let values: Vec<f64> = lines[1..].iter().map(|line| line.parse().unwrap()).collect();
    assert!(values[0] < -0.8 && values[1] > 0.8, "{values:?}");
    let mut child =
        cvxc(space.path(), &["predict", "xor.out", "-", "--format", "jsonl"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"x1,x2\n0,0\n").unwrap();
    let line: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(line["prediction"].as_f64(), Some(values[0]));
    let bytes = run(space.path(), &["predict", "xor.out", "new.csv", "--format", "npy"]).stdout;
    assert_eq!(npyz::NpyFile::new(&bytes[..]).unwrap().into_vec::<f64>().unwrap(), values);
    for format in ["npz", "json", "safetensors"] {
        let output = run(space.path(), &["export", "xor.out", "--to", format]);
        code(&output, 0);
        assert_eq!(stdout(&output), format!("xor.{format}\n"));
    }
    assert_eq!(
        fs::read(space.path().join("xor.safetensors")).unwrap(),
        fs::read(space.path().join("xor.out/weights.safetensors")).unwrap()
    );
    fs::write(space.path().join("new.csv"), "x1\n0\n").unwrap();
    let output = run(space.path(), &["predict", "xor.out", "new.csv"]);
    code(&output, 1);
    assert!(stderr(&output).contains("x2"), "{}", stderr(&output));
}

#[test]
fn one_row_and_a_constant_target_are_solved() {
    let space = space();
    for (name, rows) in [("one", "1 2\n"), ("constant", "1 2\n2 2\n3 2\n")] {
        let text = format!(
            "cvx 1\ndata table {{\n x y\n{rows}}}\nnetwork x -> dense(bias) -> relu -> dense -> y\nminimize squared + 0.1 * weight_decay\n"
        );
        fs::write(space.path().join("m.cvx"), text).unwrap();
        let output = run(space.path(), &["solve", "m.cvx"]);
        code(&output, 0);
        assert!(stdout(&output).contains("R2 undefined"), "{name}: {}", stdout(&output));
    }
}

#[test]
fn a_folder_that_is_not_ours_is_left_alone() {
    let space = space();
    fs::create_dir(space.path().join("xor.out")).unwrap();
    fs::write(space.path().join("xor.out/thesis.tex"), "years of work").unwrap();
    let output = run(space.path(), &["solve", "xor.cvx"]);
    code(&output, 1);
    assert!(stderr(&output).contains("`thesis.tex`"), "{}", stderr(&output));
    assert_eq!(names(&space.path().join("xor.out")), ["thesis.tex"]);
    let output = run(space.path(), &["solve", "xor.cvx", "--out", "xor.cvx"]);
    code(&output, 1);
    assert_eq!(fs::read_to_string(space.path().join("xor.cvx")).unwrap(), XOR);
    code(&run(space.path(), &["solve", "xor.cvx", "--out", "no/such/folder"]), 1);
    assert_eq!(names(space.path()), ["xor.cvx", "xor.out"]);
}

/// A file size limit stands in for a full disk: the write fails in the middle, for everyone and without privileges.
#[test]
#[cfg(unix)]
fn a_full_disk_leaves_the_old_result() {
    let space = space();
    code(&run(space.path(), &["solve", "xor.cvx", "-q"]), 0);
    let before = fs::read(space.path().join("xor.out/weights.safetensors")).unwrap();
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" solve xor.cvx --set beta=0.1";
    let output = Command::new("bash").args(["-c", script, env!("CARGO_BIN_EXE_cvxc")]).current_dir(space.path()).output().unwrap();
    code(&output, 1);
    assert!(stderr(&output).contains("cannot write xor.out/"), "{}", stderr(&output));
    assert_eq!(fs::read(space.path().join("xor.out/weights.safetensors")).unwrap(), before);
    assert_eq!(names(space.path()), ["xor.cvx", "xor.out"]);
}

#[test]
fn a_time_limit_is_3_and_with_bounded_0() {
    let space = space();
    fs::write(space.path().join("long.cvx"), LONG).unwrap();
    let started = Instant::now();
    let output = run(space.path(), &["solve", "long.cvx", "--time", "1s"]);
    code(&output, 3);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(stdout(&output).contains("BOUNDED") && stdout(&output).contains("time limit"), "{}", stdout(&output));
    assert!(space.path().join("long.out/weights.safetensors").is_file());
    code(&run(space.path(), &["solve", "long.cvx", "--time", "1s", "--guarantee", "bounded"]), 0);
}

#[test]
#[cfg(unix)]
fn one_ctrl_c_writes_and_two_quit() {
    let space = space();
    fs::write(space.path().join("long.cvx"), LONG).unwrap();
    let interrupt = |child: &std::process::Child| Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let arguments = ["solve", "long.cvx", "--guarantee", "bounded"];
    let child = cvxc(space.path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    code(&output, 3);
    assert!(stdout(&output).contains("interrupted") && stderr(&output).contains("Ctrl-C again"), "{}", stderr(&output));
    assert!(space.path().join("long.out/weights.safetensors").is_file());

    let mut child = cvxc(space.path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    // Two at once may arrive as one, so keep asking.
    let ended = (0..200).find_map(|_| {
        interrupt(&child);
        std::thread::sleep(Duration::from_millis(5));
        child.try_wait().unwrap()
    });
    let ended = ended.unwrap_or_else(|| child.wait().unwrap());
    assert!(matches!(ended.code(), Some(130 | 3)), "{ended:?}");
}

/// Rank 11 cannot be listed by anybody: the refusal comes before the first cell.
#[test]
fn hopeless_listings_are_refused_at_once() {
    let space = space();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/data/diabetes.csv"), space.path().join("diabetes.csv")).unwrap();
    let text = "cvx 1\ndata csv(\"diabetes.csv\") { standardize = all; test = split(20%, seed = 1) }\n\
        network features -> (dense(bias) -> relu -> dense) + skip -> progression\nminimize huber(1.35) + 0.5 * weight_decay\n\
        solve {\n  arrangements = all\n}\n";
    fs::write(space.path().join("diabetes.cvx"), text).unwrap();
    let started = Instant::now();
    let output = run(space.path(), &["solve", "-q", "diabetes.cvx"]);
    code(&output, 1);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let expected = "\
error[E0360]: listing every pattern would need about 1.5e19 columns
 --> diabetes.cvx:6:18
  |
6 |   arrangements = all
  |                  ^^^ 353 rows of rank 11
  |
  = note: the count grows like rows^(rank-1); at rank 3 it would be 124 258
  = help: arrangements = generate              add patterns by price; proves global if it closes the gap
";
    assert_eq!(stderr(&output), expected);
    assert_eq!(names(space.path()), ["diabetes.csv", "diabetes.cvx", "xor.cvx"]);
}

#[test]
fn listings_go_on_until_there_are_too_many() {
    let space = space();
    let text = "cvx 1\ndata spirals(points = 40, turns = 1, seed = 7)\n\
        network [x, y] -> dense(bias) -> relu -> dense -> class\nminimize squared + 0.1 * weight_decay\n\
        solve { arrangements = all; max_patterns = 1000 }\n";
    fs::write(space.path().join("m.cvx"), text).unwrap();
    let output = run(space.path(), &["solve", "-q", "m.cvx"]);
    code(&output, 1);
    assert!(stderr(&output).contains("error[E0360]") && stderr(&output).contains("m.cvx:5:24"), "{}", stderr(&output));
    fs::write(space.path().join("m.cvx"), text.replace("1000", "2000")).unwrap();
    code(&run(space.path(), &["solve", "-q", "m.cvx"]), 0);
}

/// A sample that would be drawn for minutes.
const SAMPLE: &str = "cvx 1\ndata spirals(points = 200, turns = 3, seed = 7)\n\
    network [x, y] -> dense(bias) -> relu -> dense -> class\nminimize squared + 0.1 * weight_decay\n\
    solve { arrangements = sample(100000000, seed = 1); guarantee = bounded }\n";

#[test]
fn samples_obey_the_time_limit() {
    let space = space();
    fs::write(space.path().join("m.cvx"), SAMPLE).unwrap();
    let started = Instant::now();
    let output = run(space.path(), &["solve", "-q", "--json", "m.cvx", "--time", "1s"]);
    code(&output, 0);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["stopped"], "time");
    assert!(object["patterns"]["listed"].as_u64().unwrap() > 100, "{object}");
    assert!(space.path().join("m.out/weights.safetensors").is_file());
}

#[test]
#[cfg(unix)]
fn samples_obey_ctrl_c() {
    let space = space();
    fs::write(space.path().join("m.cvx"), SAMPLE).unwrap();
    let child = cvxc(space.path(), &["solve", "--json", "m.cvx"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let started = Instant::now();
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    code(&output, 3);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["stopped"], "interrupt");
    assert!(object["patterns"]["listed"].as_u64().unwrap() > 100, "{object}");
}

#[test]
fn the_output_statement_says_what_is_written() {
    let space = space();
    let cases: [(&str, &[&str]); 6] = [
        ("output weights", &["model.cvx", "weights.safetensors"]),
        ("output report", &["model.cvx", "report.md"]),
        ("output report, weights", &["model.cvx", "report.md", "weights.safetensors"]),
        ("output certificate", &["certificate.json", "model.cvx"]),
        ("output certificate, report", &["certificate.json", "model.cvx", "report.md"]),
        ("", &["certificate.json", "model.cvx", "report.md", "weights.safetensors"]),
    ];
    for (statement, expected) in cases {
        fs::write(space.path().join("m.cvx"), format!("{XOR}{statement}\n")).unwrap();
        let output = run(space.path(), &["solve", "-q", "m.cvx"]);
        code(&output, 0);
        let text = stdout(&output);
        assert_eq!(names(&space.path().join("m.out")), expected, "{statement}");
        for name in ["certificate.json", "model.cvx", "report.md"] {
            assert_eq!(text.contains(name), expected.contains(&name), "{statement}: {name} in\n{text}");
        }
        let there = |name| expected.contains(&name);
        let next = match (there("certificate.json"), there("weights.safetensors")) {
            (true, _) => "\n  next: cvxc verify m.out\n",
            (false, true) => "\n  next: cvxc predict m.out NEW_ROWS.csv\n",
            (false, false) => "\n  next: name `weights` in the model's `output`, solve again, then cvxc predict m.out NEW_ROWS.csv\n",
        };
        assert!(text.ends_with(next), "{text}");
        let object: Value = serde_json::from_slice(&run(space.path(), &["solve", "-q", "--json", "m.cvx"]).stdout).unwrap();
        let mut listed: Vec<&str> = object["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
        listed.sort_unstable();
        assert_eq!(listed, expected.iter().map(|name| format!("m.out/{name}")).collect::<Vec<_>>(), "{statement}");
    }
}

#[test]
fn threads_have_a_sane_number() {
    let space = space();
    for bad in ["1025", "-1", "two", "99999999999999999999"] {
        let output = run(space.path(), &["solve", "xor.cvx", &format!("--threads={bad}")]);
        code(&output, 2);
        let says = "write a whole number of threads from 1 to 1024, or 0 for all cores";
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
    assert_eq!(names(space.path()), ["xor.cvx"]);
    code(&run(space.path(), &["solve", "-q", "xor.cvx", "--threads", "64"]), 0);
}

#[test]
fn warnings_are_told_and_with_strict_they_are_errors() {
    let space = space();
    fs::write(
        space.path().join("m.cvx"),
        XOR.replace("x1 x2 y\n", "x1 x2 one y\n")
            .replace(" -1\n", " 7 -1\n")
            .replace(" 1\n", " 7 1\n")
            .replace("cvx 7 1", "cvx 1")
            .replace("[x1, x2]", "features"),
    )
    .unwrap();
    let output = run(space.path(), &["solve", "m.cvx"]);
    code(&output, 0);
    assert!(stderr(&output).contains("warning[E0450]: column `one` is the same in every training row"), "{}", stderr(&output));
    let quiet = run(space.path(), &["solve", "-q", "m.cvx"]);
    code(&quiet, 0);
    assert!(quiet.stderr.is_empty(), "{}", stderr(&quiet));
    fs::remove_dir_all(space.path().join("m.out")).unwrap();
    let strict = run(space.path(), &["solve", "-q", "--strict", "m.cvx"]);
    code(&strict, 1);
    assert!(stderr(&strict).contains("error[E0450]: column `one` is the same in every training row"), "{}", stderr(&strict));
    assert_eq!(names(space.path()), ["m.cvx", "xor.cvx"]);
    code(&run(space.path(), &["solve", "-q", "--strict", "xor.cvx"]), 0);
}

#[test]
fn a_constant_target_is_remarked() {
    let space = space();
    fs::write(space.path().join("m.cvx"), XOR.replace(" -1\n", " 2\n").replace(" 1\n", " 2\n").replace("cvx 2", "cvx 1")).unwrap();
    let output = run(space.path(), &["solve", "m.cvx"]);
    code(&output, 0);
    assert!(stderr(&output).contains("warning[E0451]: the target `y` is the same in every training row"), "{}", stderr(&output));
    code(&run(space.path(), &["solve", "-q", "--strict", "m.cvx"]), 1);
}

#[test]
fn a_network_that_is_not_there_is_missed_by_name() {
    let space = space();
    for name in ["nosuch", "nosuch.npz"] {
        for arguments in [["compare", "xor.cvx", "--with", name], ["solve", "xor.cvx", "--start", name]] {
            let output = run(space.path(), &arguments);
            assert!(!output.status.success());
            assert_eq!(stderr(&output), format!("error: cannot use {name}: there is no such file and no such folder\n"));
        }
    }
}

#[test]
fn a_parameter_is_set_once() {
    let space = space();
    let twice = ["--set", "beta=1", "--set", " beta =2"];
    for command in [&["solve", "xor.cvx"][..], &["compare", "xor.cvx"], &["verify", "xor.out"]] {
        let output = run(space.path(), &[command, &twice].concat());
        code(&output, 2);
        assert_eq!(stderr(&output), "error: `--set` gives `beta` more than one value; keep one of them\n", "{command:?}");
    }
    assert_eq!(names(space.path()), ["xor.cvx"]);
}

#[test]
fn limits_say_which_units_there_are() {
    let space = space();
    for (option, value, says) in [
        ("--time", "0s", "write a time such as `60s` or `10min`: it must be above 0"),
        ("--time", "-1s", "write a time such as `60s` or `10min`: it must be above 0"),
        ("--time", "60", "write a time such as `60s` or `10min`: a bare number has no unit"),
        ("--time", "5 parsecs", "write a time such as `60s` or `10min`: `parsecs` is no unit here, the units are ms, s, min, h"),
        ("--memory", "8gb", "write an amount of memory such as `8GB`: `gb` is no unit here, the units are kB, MB, GB, TB"),
    ] {
        let output = run(space.path(), &["solve", "xor.cvx", &format!("{option}={value}")]);
        code(&output, 2);
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let space = space();
    let refused = |out: &str| {
        let output = run(space.path(), &["solve", "xor.cvx", "--out", out]);
        code(&output, 1);
        stderr(&output)
    };
    assert_eq!(refused("a/b/c"), "error: cannot write a/b/c: there is no folder a/b\n");
    let here = fs::canonicalize(space.path()).unwrap();
    let text = "it holds `xor.cvx`, which cvxc did not write; choose another folder with --out";
    assert_eq!(refused("."), format!("error: will not replace {}: {text}\n", here.display()));
    assert_eq!(names(space.path()), ["xor.cvx"]);
}

/// A model of two inputs in a file with semicolons and without names.
const LAYOUT: &str = "cvx 1\ndata csv(\"xor.csv\") { separator = \";\"; header = false }\n\
    network [x1, x2] -> dense(bias) -> relu -> dense -> y\nminimize squared + 0.01 * weight_decay\n";

#[test]
fn predictions_take_the_layout_of_the_training_data() {
    let space = space();
    let at = |name: &str| space.path().join(name);
    fs::write(at("xor.csv"), "0;0;-1\n0;1;1\n1;0;1\n1;1;-1\n").unwrap();
    fs::write(at("l.cvx"), LAYOUT).unwrap();
    code(&run(space.path(), &["solve", "-q", "l.cvx"]), 0);
    let predict = |arguments: &[&str]| run(space.path(), &[&["predict", "l.out", "xor.csv"], arguments].concat());
    let output = predict(&["--separator", ";", "--no-header"]);
    code(&output, 0);
    assert_eq!(stdout(&output).lines().count(), 5, "{}", stdout(&output));
    for (arguments, says) in [
        (&["--no-header"][..], "= help: the values seem to be separated otherwise: `--separator \";\"`"),
        (&["--separator", ";"], "= help: the first line holds 3 numbers, no names: `--no-header`"),
        (&[], "= help: the values seem to be separated otherwise: `--separator \";\"`"),
    ] {
        let output = predict(arguments);
        code(&output, 1);
        assert!(stderr(&output).contains(says), "{arguments:?}: {}", stderr(&output));
    }
    let output = predict(&["--separator", "ab"]);
    code(&output, 2);
    let says = "a separator is one character that is no letter or digit, such as `;`, or `\\t` for a tab";
    assert!(stderr(&output).contains(says), "{}", stderr(&output));
}

/// Inputs with names of their own are found by name only, so no help speaks of a file without names.
#[test]
fn named_inputs_are_not_looked_for_by_position() {
    let space = space();
    fs::write(space.path().join("m.cvx"), XOR.replace("x1", "left").replace("x2", "right")).unwrap();
    code(&run(space.path(), &["solve", "-q", "m.cvx"]), 0);
    fs::write(space.path().join("new.csv"), "0,1\n1,1\n").unwrap();
    for options in [&[][..], &["--no-header"]] {
        let output = run(space.path(), &[&["predict", "m.out", "new.csv"], options].concat());
        code(&output, 1);
        let told = stderr(&output);
        assert!(told.contains("= help: name the columns in the first line, as in the training data"), "{told}");
        assert!(!told.contains("--no-header"), "{told}");
    }
}

#[test]
fn a_solver_is_chosen_by_name() {
    let space = space();
    let output = run(space.path(), &["solve", "xor.cvx", "--solver", "nosuch"]);
    code(&output, 2);
    assert!(stderr(&output).contains("there is no solver `nosuch`; known are auto, clarabel, native, lp, highs"), "{}", stderr(&output));
    let output = run(space.path(), &["solve", "xor.cvx", "--solver", "clarabel"]);
    code(&output, 0);
    assert!(stdout(&output).contains("; clarabel; ") && stdout(&output).contains("solver = clarabel"), "{}", stdout(&output));
    // A solver on the command line stands instead of one that is not built in, and a certificate asks for none.
    let linear = XOR.replace("squared", "absolute").replace("weight_decay", "weight_decay(hidden = l1)");
    fs::write(space.path().join("h.cvx"), format!("{linear}solve {{ solver = highs }}\n")).unwrap();
    if cfg!(not(feature = "highs")) {
        let output = run(space.path(), &["solve", "h.cvx", "-q"]);
        code(&output, 1);
        let said = stderr(&output);
        assert!(said.starts_with("error[E0361]: `highs` is not in this build of cvxc\n") && said.contains("--> h.cvx:"), "{said}");
        assert!(said.contains("cargo install --path . --features highs") && said.contains("`solver = lp`"), "{said}");
        let output = run(space.path(), &["solve", "h.cvx", "-q", "--solver", "highs"]);
        code(&output, 2);
        assert!(stderr(&output).ends_with("--features highs, or --solver lp\n"), "{}", stderr(&output));
    }
    let output = run(space.path(), &["solve", "h.cvx", "-q", "--solver", "lp"]);
    code(&output, 0);
    assert!(stdout(&output).contains("; lp; "), "{}", stdout(&output));
    code(&run(space.path(), &["verify", "h.out"]), 0);
    fs::write(space.path().join("m.cvx"), XOR.replace("squared +", "logistic +")).unwrap();
    let output = run(space.path(), &["solve", "m.cvx", "--solver", "native"]);
    code(&output, 2);
    assert_eq!(stderr(&output), "error: `logistic` needs exponential cones, which `native` has not: --solver clarabel\n");
}

#[test]
fn predictions_fail_in_their_own_words() {
    let space = space();
    code(&run(space.path(), &["solve", "-q", "xor.cvx"]), 0);
    let refused = |content: &str| {
        fs::write(space.path().join("new.csv"), content).unwrap();
        let output = run(space.path(), &["predict", "xor.out", "new.csv"]);
        code(&output, 1);
        let text = stderr(&output);
        for foreign in ["drop", "missing =", "header =", "separator =", "model"] {
            assert!(!text.contains(foreign), "{foreign} in\n{text}");
        }
        text
    };
    let expected = "\
error[E0410]: `x2` has no value in row 2
 --> new.csv:3:3
  |
3 | 1,NaN
  |   ^^^ `NaN` stands for a missing value
  |
  = help: fill in the value, or leave out the row
";
    assert_eq!(refused("x1,x2\n0,1\n1,NaN\n"), expected);
    let expected = "\
error[E0301]: the column `x2`, an input of the network, is missing in `new.csv`
 --> new.csv:1:1
  |
1 | x1,z
  | ^^^^ no `x2` among these
  |
  = note: the columns are: x1, z
";
    assert_eq!(refused("x1,z\n0,1\n"), expected);
    assert!(refused("x1,x2\n0,red\n").contains("= help: write a number here, as in the training data\n"));
    assert!(refused("x1,x2\n0,2020-01-01\n").contains("= help: a date or time is not a number: write it as in the training data\n"));
    assert!(refused("x1,x2\n0,inf\n").contains("= help: write a finite number, or leave out the row\n"));
    let output = run(space.path(), &["predict", "xor.out", "none.csv"]);
    code(&output, 1);
    let text = stderr(&output);
    assert!(text.contains("there is no file `none.csv`") && !text.contains("relative"), "{text}");
}

#[test]
fn predictions_in_json_are_one_object() {
    let space = space();
    code(&run(space.path(), &["solve", "-q", "xor.cvx"]), 0);
    fs::write(space.path().join("new.csv"), "x1,x2\n0,0\n0,1\n").unwrap();
    let object = |folder: &str| -> Value {
        let output = run(space.path(), &["predict", folder, "new.csv", "--json"]);
        code(&output, 0);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let numbers = object("xor.out");
    let values: Vec<f64> = numbers["predictions"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
    assert!(values.len() == 2 && values[0] < -0.8 && values[1] > 0.8, "{numbers}");
    let labels = XOR.replace(" -1\n", " no\n").replace(" 1\n", " yes\n").replace("cvx yes", "cvx 1").replace("squared", "hinge");
    fs::write(space.path().join("c.cvx"), labels).unwrap();
    code(&run(space.path(), &["solve", "-q", "c.cvx"]), 0);
    let classes = object("c.out");
    assert_eq!(classes["predictions"][0]["class"], "no");
    assert_eq!(classes["predictions"][1]["class"], "yes");
    assert!(classes["predictions"][1]["score"].as_f64().unwrap() > 0.0, "{classes}");
    let output = run(space.path(), &["predict", "xor.out", "new.csv", "--json", "--format", "npy"]);
    code(&output, 2);
    // Once, and where JSON is looked for.
    assert!(stdout(&output).contains("`--json` prints one JSON object, so it does not go with `--format`"), "{}", stdout(&output));
    assert!(stderr(&output).is_empty(), "{}", stderr(&output));
}

#[test]
fn an_export_overwrites_nothing_unasked() {
    let space = space();
    code(&run(space.path(), &["solve", "-q", "xor.cvx"]), 0);
    fs::write(space.path().join("xor.json"), "years of work").unwrap();
    let output = run(space.path(), &["export", "xor.out", "--to", "json"]);
    code(&output, 1);
    let expected = "error: will not overwrite xor.json, which is there already; choose another file with --out, or give --force\n";
    assert_eq!(stderr(&output), expected);
    assert_eq!(fs::read_to_string(space.path().join("xor.json")).unwrap(), "years of work");
    code(&run(space.path(), &["export", "xor.out", "--to", "json", "--force"]), 0);
    assert!(fs::read_to_string(space.path().join("xor.json")).unwrap().starts_with('{'));
    let output = run(space.path(), &["export", "xor.out", "--to", "json", "--out", "a/b.json"]);
    code(&output, 1);
    assert_eq!(stderr(&output), "error: cannot write a/b.json: there is no folder a\n");
}

#[test]
fn a_network_and_a_program_have_files_of_their_own() {
    let space = space();
    code(&run(space.path(), &["solve", "-q", "xor.cvx"]), 0);
    for of in ["xor.out", "xor.cvx"] {
        code(&run(space.path(), &["export", of, "--to", "json"]), 0);
    }
    assert_eq!(names(space.path()), ["xor.cvx", "xor.json", "xor.out", "xor.program.json"]);
}

#[test]
fn a_width_that_the_optimum_passes_has_a_code() {
    let space = space();
    fs::write(space.path().join("xor.cvx"), XOR.replace("dense(bias)", "dense(1, bias)")).unwrap();
    let output = run(space.path(), &["solve", "-q", "xor.cvx"]);
    code(&output, 1);
    let text = stderr(&output);
    assert!(text.contains("error[E0511]: the network found needs") && text.contains("write `dense("), "{text}");
}

#[test]
fn an_export_from_inside_a_result_lands_beside_it() {
    let space = space();
    code(&run(space.path(), &["solve", "-q", "xor.cvx"]), 0);
    let output = run(&space.path().join("xor.out"), &["export", ".", "--to", "npz"]);
    code(&output, 0);
    let beside = Path::new("..").join("xor.npz");
    assert_eq!(stdout(&output), format!("{}\n", beside.display()));
    let says = "written beside the result folder: the next solve would not replace a folder with other files in it\n";
    assert_eq!(stderr(&output), says);
    assert_eq!(names(space.path()), ["xor.cvx", "xor.npz", "xor.out"]);
    code(&run(space.path(), &["solve", "-q", "xor.cvx"]), 0);
}

/// Bad data end a solve with exit 1, one message that names the place, and nothing written.
#[test]
fn bad_data_write_nothing() {
    let model = |loss: &str| {
        format!("cvx 1\ndata csv(\"data.csv\")\nnetwork [a, b] -> dense -> relu -> dense -> y\nminimize {loss} + 0.1 * weight_decay\n")
    };
    for (content, loss, message) in [
        ("a,b,y\n1,2,3\n1,NaN,3\n", "squared", "data.csv:3:3"),
        ("a,b,y\n1,2,3\n1,2\n", "squared", "data.csv:3"),
        ("a,y\n1,2\n", "squared", "error[E0301]: no column `b` in the data"),
        ("", "squared", "data.csv"),
        ("a,b,y\n1,2,no\n2,1,no\n", "hinge", "error[E0421]"),
    ] {
        let space = tempfile::tempdir().unwrap();
        fs::write(space.path().join("data.csv"), content).unwrap();
        fs::write(space.path().join("m.cvx"), model(loss)).unwrap();
        let output = run(space.path(), &["solve", "m.cvx"]);
        code(&output, 1);
        assert!(output.stdout.is_empty() && stderr(&output).contains(message), "{message} in\n{}", stderr(&output));
        assert_eq!(stderr(&output).matches("error[E").count(), 1, "{}", stderr(&output));
        assert_eq!(names(space.path()), ["data.csv", "m.cvx"], "nothing is written");
    }
}
