//! The binary end to end: exit codes, streams, files written, Ctrl-C, time limits.

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const XOR: &str = "cvx 1\ndata table {\n  x1 x2 y\n  0 0 -1\n  0 1 1\n  1 0 1\n  1 1 -1\n}\n\
    param beta = 0.01\n\
    network [x1, x2] -> dense(bias) -> relu -> dense -> y\nminimize squared + beta * weight_decay\n";

/// A model that takes far longer than any test.
const LONG: &str = "cvx 1\ndata spirals(points = 200, turns = 3, seed = 7)\n\
    network [x, y] -> dense(bias) -> relu -> dense -> class\nminimize squared + 1e-5 * weight_decay\nsolve { gap = 1e-9 }\n";

/// A folder with `xor.cvx` in it.
fn space() -> TempDir {
    let space = tempfile::tempdir().unwrap();
    fs::write(space.path().join("xor.cvx"), XOR).unwrap();
    space
}

fn cvxc(space: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cvxc"));
    command.current_dir(space).args(arguments).env_remove("NO_COLOR").env("RUST_BACKTRACE", "0");
    command
}

fn run(space: &Path, arguments: &[&str]) -> Output {
    cvxc(space, arguments).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn code(output: &Output, expected: i32) {
    assert_eq!(output.status.code(), Some(expected), "\nstdout:\n{}\nstderr:\n{}", stdout(output), stderr(output));
}

/// Everything in a folder, hidden names too.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A model that reads `data.csv`, with this content, checked with its data.
fn check_data(content: &str) -> Output {
    let space = tempfile::tempdir().unwrap();
    fs::write(space.path().join("data.csv"), content).unwrap();
    fs::write(
        space.path().join("m.cvx"),
        "cvx 1\ndata csv(\"data.csv\")\nnetwork [a, b] -> dense(bias) -> relu -> dense -> y\nminimize squared + 0.1 * weight_decay\n",
    )
    .unwrap();
    run(space.path(), &["check", "--data", "m.cvx"])
}

mod without_a_solver {
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
        let output = run(space.path(), &["explain", "E0401"]);
        code(&output, 0);
        assert!(stdout(&output).contains("E0401"), "{}", stdout(&output));
    }

    #[test]
    fn activations_are_listed_and_shown() {
        let space = space();
        let output = run(space.path(), &["activations"]);
        code(&output, 0);
        assert!(stdout(&output).lines().any(|line| line.starts_with("relu") && line.contains("homogeneous")), "{}", stdout(&output));
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
        assert!(stderr(&output).contains("is not a folder"), "{}", stderr(&output));
        assert_eq!(names(space.path()), ["x.out", "xor.cvx"]);
    }

    #[test]
    #[cfg(not(feature = "solve"))]
    fn a_build_without_solver_says_so() {
        let space = space();
        code(&run(space.path(), &["solve", "xor.cvx"]), 2);
        assert!(stdout(&run(space.path(), &["--help"])).contains("This build has no solver"));
    }
}

#[cfg(feature = "solve")]
mod with_a_solver {
    use super::*;

    #[test]
    fn a_solve_writes_its_folder_and_says_so() {
        let space = space();
        let output = run(space.path(), &["solve", "xor.cvx"]);
        code(&output, 0);
        let text = stdout(&output);
        for part in ["xor.cvx", "objective", "lower bound", "gap", "neurons", "stopped", "xor.out/", "next: cvxc predict xor.out"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(text.contains("0.0624252"), "{text}");
        assert!(!text.contains("GLOBAL OPTIMUM"), "nothing is certified yet\n{text}");
        assert_eq!(names(space.path()), ["xor.cvx", "xor.out"]);
        assert_eq!(names(&space.path().join("xor.out")), ["model.cvx", "report.md", "weights.safetensors"]);
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
        assert_eq!(object["status"], "bounded");
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
            serde_json::from_slice(&run(space.path(), &["solve", "xor.cvx", "--set", "beta=0.1", "--out", "first", "--json"]).stdout)
                .unwrap();
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
        assert!(
            stdout(&output).contains("beta = 0.1, time = 1 min, gap = 1e-4") || stdout(&output).contains("changed"),
            "{}",
            stdout(&output)
        );
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
        let mut child = cvxc(space.path(), &["predict", "xor.out", "-", "--format", "jsonl"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
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
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
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
        assert!(stdout(&output).contains("Ctrl-C") && stderr(&output).contains("Ctrl-C again"), "{}", stderr(&output));
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
}
