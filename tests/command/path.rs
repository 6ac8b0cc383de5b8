//! `cvxc path` end to end: every point is certified, the picked one is what `predict` says, and Ctrl-C keeps what is done.

use crate::{LONG, code, cvxc, names, run, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A table of 24 rows with a bent line and some noise, six of them kept aside.
fn model(objective: &str, more: &str) -> String {
    let row = |i: i32| {
        let x = f64::from(i) / 4.0 - 3.0;
        let z = f64::from(i * 7 % 11) / 5.0 - 1.0;
        format!(
            "  {x} {z} {:.3} {}\n",
            x.abs() + 0.3 * z + 0.2 * f64::from(i * 5 % 7) - 0.6,
            if x.abs() + 0.3 * z > 1.5 { "far" } else { "near" }
        )
    };
    let rows: String = (0..24).map(row).collect();
    format!(
        "cvx 1\nparam beta = 0.1\n{more}data table {{\n  x z y side\n{rows}}} {{ test = rows(19..24); standardize = features }}\n{objective}\n"
    )
}

const BENT: &str = "network [x, z] -> dense(bias) -> relu -> dense -> y\nminimize mean(squared) + beta * weight_decay";

fn space(text: &str) -> TempDir {
    let space = tempfile::tempdir().unwrap();
    fs::write(space.path().join("m.cvx"), text).unwrap();
    space
}

fn json(space: &Path, arguments: &[&str]) -> Value {
    let output = run(space, &[&["path", "m.cvx", "--json", "-q"], arguments].concat());
    code(&output, 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn numbers(object: &Value, name: &str) -> Vec<f64> {
    object["points"].as_array().unwrap().iter().map(|point| point[name].as_f64().unwrap()).collect()
}

#[test]
fn a_path_goes_down_from_the_largest_useful_strength() {
    let space = space(&model(BENT, ""));
    let object = json(space.path(), &["--points", "8", "--ratio", "0.02"]);
    let (values, objectives, losses, penalties) =
        (numbers(&object, "value"), numbers(&object, "objective"), numbers(&object, "loss"), numbers(&object, "penalty"));
    assert_eq!((values.len(), values[0]), (8, object["largest"].as_f64().unwrap()));
    assert!((values[7] / values[0] - 0.02).abs() < 1e-6 && values.windows(2).all(|pair| pair[0] > pair[1]), "{values:?}");
    // At the first point nothing is worth having, and just below it something is.
    assert!((object["points"][0]["neurons"].as_u64(), penalties[0]) == (Some(0), 0.0) && object["points"][1]["neurons"].as_u64() > Some(0));
    // With a smaller price the optimum is lower, the loss too, and the penalty higher.
    for (falling, of) in [(&objectives, "objective"), (&losses, "loss")] {
        assert!(falling.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-6)), "{of} {falling:?}");
    }
    assert!(penalties.windows(2).all(|pair| pair[1] >= pair[0] * (1.0 - 1e-6)), "{penalties:?}");
    for point in object["points"].as_array().unwrap() {
        assert_eq!((point["status"].as_str(), point["kept"].as_bool()), (Some("global_optimum"), Some(true)), "{point}");
    }
    assert_eq!(object["parameter"], "beta");
    assert_eq!(names(&space.path().join("m.path")), ["path.csv", "path.svg", "weights.safetensors"]);
}

#[test]
fn each_point_is_what_a_solve_of_its_own_finds() {
    let space = space(&model(BENT, "path beta = [0.02, 0.3, 0.1]\n"));
    let object = json(space.path(), &[]);
    assert_eq!(numbers(&object, "value"), [0.3, 0.1, 0.02]);
    assert!(object["largest"].is_null());
    for point in object["points"].as_array().unwrap() {
        let set = format!("beta={}", point["value"]);
        let alone = run(space.path(), &["solve", "m.cvx", "--set", &set, "--json", "-q"]);
        code(&alone, 0);
        let alone: Value = serde_json::from_slice(&alone.stdout).unwrap();
        let (a, b) = (point["objective"].as_f64().unwrap(), alone["objective"].as_f64().unwrap());
        assert!((a - b).abs() <= 1e-6 * b && a >= alone["lower_bound"].as_f64().unwrap(), "{a} and {b}");
        assert!(b >= point["lower_bound"].as_f64().unwrap());
    }
}

#[test]
fn the_chosen_point_has_the_least_loss_on_the_rows_kept_aside_and_predict_agrees() {
    let space = space(&model(BENT, ""));
    let object = json(space.path(), &["--points", "6"]);
    let held_out = numbers(&object, "held_out");
    let chosen = object["chosen"]["point"].as_u64().unwrap() as usize;
    assert!(held_out.iter().all(|loss| held_out[chosen] <= *loss), "{held_out:?}");
    assert_eq!(object["chosen"]["by"], "the 6 test rows");
    // The written network, asked about the rows kept aside, has just that loss and that fit.
    let text = fs::read_to_string(space.path().join("m.cvx")).unwrap();
    let rows: Vec<Vec<&str>> =
        text.lines().filter(|line| line.starts_with("  ")).skip(19).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 6);
    let csv: String = rows.iter().map(|row| format!("{},{}\n", row[0], row[1])).collect();
    fs::write(space.path().join("aside.csv"), format!("x,z\n{csv}")).unwrap();
    let output = run(space.path(), &["predict", "m.path", "aside.csv"]);
    code(&output, 0);
    let predicted: Vec<f64> = stdout(&output).lines().skip(1).map(|line| line.parse().unwrap()).collect();
    let wanted: Vec<f64> = rows.iter().map(|row| row[2].parse().unwrap()).collect();
    let missed: f64 = predicted.iter().zip(&wanted).map(|(f, y)| (f - y).powi(2)).sum();
    let mean = wanted.iter().sum::<f64>() / 6.0;
    let spread: f64 = wanted.iter().map(|y| (y - mean).powi(2)).sum();
    assert!((0.5 * missed / 6.0 - held_out[chosen]).abs() < 1e-12, "{missed}");
    assert!((1.0 - missed / spread - object["points"][chosen]["test"]["r2"].as_f64().unwrap()).abs() < 1e-12);
}

#[test]
fn folds_choose_and_threads_and_starts_change_nothing() {
    let text = model(
        "network [x, z] -> dense(bias) -> relu -> dense -> side\nminimize squared_hinge + beta * weight_decay",
        "path beta = [1000, 8, 4, 1]\n",
    );
    let space = space(&text);
    let arguments = ["--folds", "3"];
    let object = json(space.path(), &arguments);
    assert_eq!(object["chosen"]["by"], "3 folds of the 18 training rows, seed 1");
    let held_out = numbers(&object, "held_out");
    let chosen = object["chosen"]["point"].as_u64().unwrap() as usize;
    assert!(held_out.iter().all(|loss| held_out[chosen] <= *loss) && object["points"][0]["test"]["n"] == 6, "{object}");
    for threads in ["1", "2"] {
        assert_eq!(json(space.path(), &[&arguments[..], &["--threads", threads]].concat()), object, "{threads} threads");
    }
    // Every row is held out once: without a neuron the loss of a row is 1/2.
    assert_eq!(held_out[0], 0.5);
    let cold = json(space.path(), &[&arguments[..], &["--cold"]].concat());
    for (a, b) in numbers(&object, "objective").iter().zip(numbers(&cold, "objective")) {
        assert!((a - b).abs() <= 2e-6 * b, "{a} and {b}");
    }
}

#[test]
fn the_table_the_csv_and_the_picture_say_the_same() {
    let space = space(&model(BENT, ""));
    let output = run(space.path(), &["path", "m.cvx", "--points", "4"]);
    code(&output, 0);
    let text = stdout(&output);
    for part in [
        "m.cvx   4 of 4 points are GLOBAL OPTIMA, certified to 1e-6",
        "no neuron is of use above beta = ",
        "chosen         beta = ",
        "least mean loss",
        "next: cvxc solve m.cvx --set beta=",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
    let csv = fs::read_to_string(space.path().join("m.path/path.csv")).unwrap();
    assert_eq!(stdout(&run(space.path(), &["path", "m.cvx", "--points", "4", "--csv", "-q"])), csv);
    assert!(csv.starts_with("beta,status,objective,") && csv.lines().count() == 5, "{csv}");
    assert_eq!(csv.lines().filter(|line| line.ends_with(",1")).count(), 1);
    let svg = fs::read_to_string(space.path().join("m.path/path.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>") && svg.matches("<polyline").count() == 6, "{svg}");
}

#[test]
fn a_strength_without_a_name_is_walked_too_and_what_cannot_be_walked_is_refused() {
    let space = space(&model(&BENT.replace("beta *", "0.1 *"), ""));
    let object = json(space.path(), &["--points", "2"]);
    assert!(object["parameter"].is_null());
    let text = stdout(&run(space.path(), &["path", "m.cvx", "--points", "2", "-q"]));
    assert!(text.contains("next: write ") && text.contains(" as the strength in m.cvx, and solve"), "{text}");
    let bounded = BENT.replace("+ beta * weight_decay", "subject to weight_decay <= beta");
    let two = "param more = 1\npath beta = [1, 2]\npath more = [1, 2]\n";
    for (text, arguments, exit, part) in [
        (model(&bounded, ""), vec![], 1, "its penalty is bounded, so there is no strength to walk"),
        (model(BENT, two), vec![], 2, "several paths, `beta`, `more`; choose one with --along"),
        (model(BENT, two), vec!["--along", "none"], 2, "has no path of `none`, but of `beta`, `more`"),
        (model(BENT, ""), vec!["--along", "beta"], 2, "has no `path` statement"),
        (model(BENT, ""), vec!["--folds", "1"], 2, "--folds"),
        (model(BENT, ""), vec!["--ratio", "2"], 2, "the smallest value is a part of the largest"),
        (model(BENT, ""), vec!["--set", "beta=2"], 2, "`--set beta=2`: the path of m.cvx walks `beta`"),
        (model(BENT, "path beta = [1, 2]\n"), vec!["--set", "beta=2"], 2, "walks `beta`"),
        (model(BENT, "path beta = [1, 2]\n"), vec!["--points", "3"], 2, "leave `--points` and `--ratio` out"),
        (model(BENT, "path beta = [1, 2]\n"), vec!["--ratio", "0.1"], 2, "leave `--points` and `--ratio` out"),
        (model(BENT, "path betta = [1]\n"), vec![], 1, "E0117"),
    ] {
        fs::write(space.path().join("m.cvx"), &text).unwrap();
        let output = run(space.path(), &[&["path", "m.cvx"], arguments.as_slice()].concat());
        code(&output, exit);
        assert!(stderr(&output).contains(part), "{part} in\n{}", stderr(&output));
    }
    // The bound's own parameter can be walked.
    fs::write(space.path().join("m.cvx"), model(&bounded, "path beta = [0.2, 0.5]\n")).unwrap();
    let penalties = numbers(&json(space.path(), &["--gap", "1e-4"]), "penalty");
    assert!((penalties[0] - 0.5).abs() < 1e-4 && (penalties[1] - 0.2).abs() < 1e-4, "{penalties:?}");
}

#[test]
fn a_path_replaces_paths_and_no_solve() {
    let space = space(&model(BENT, "path beta = [1, 2]\n"));
    code(&run(space.path(), &["solve", "m.cvx", "-q", "--gap", "1e-3"]), 0);
    let output = run(space.path(), &["path", "m.cvx", "--out", "m.out"]);
    code(&output, 1);
    assert!(stderr(&output).contains("will not replace m.out: it holds the `weights.safetensors` of a solve"), "{}", stderr(&output));
    assert!(space.path().join("m.out/certificate.json").exists());
    (0..2).for_each(|_| code(&run(space.path(), &["path", "m.cvx", "-q", "--gap", "1e-3"]), 0));
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_the_points_that_are_done() {
    // The first points are done at once; the last ones take longer than any test.
    let text = LONG.replace("cvx 1\n", "cvx 1\nparam beta = 1\npath beta = [1000, 100, 1e-5]\n").replace("1e-5 * weight", "beta * weight");
    let space = space(&text);
    let child = cvxc(space.path(), &["path", "m.cvx"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(4));
    let began = Instant::now();
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    code(&output, 3);
    assert!(began.elapsed() < Duration::from_secs(20));
    let text = stdout(&output);
    assert!(text.contains("2 of 3 points are GLOBAL OPTIMA") && text.contains("interrupted"), "{text}");
    assert_eq!(fs::read_to_string(space.path().join("m.path/path.csv")).unwrap().lines().count(), 3);
}
