//! Programs that are written for other solvers: read again and solved, they have the optimum that a solve proves.
#![cfg(feature = "solve")]

use cvxc::backend::{Request, Stop, choose};
use cvxc::program::{Affine, Cone, Program};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

const XOR: &str = "cvx 1\ndata xor()\nnetwork [x1, x2] -> dense(bias) -> relu -> dense -> y\n";
const STEPS: &str = "cvx 1\ndata xor()\nnetwork [x1, x2] -> dense(bias) -> step -> dense -> y\n";
const TANH: &str = "cvx 1\ndata xor()\nnetwork [x1, x2] -> dense -> hard_tanh -> dense + skip -> y\n";
const COUNTS: &str = "cvx 1\ndata table {\n  x y\n  -1 0\n  1 2\n  2 5\n  3 1\n}\nnetwork x -> dense(bias) -> relu -> dense -> y\n";
const SEVERAL: &str =
    "cvx 1\ndata table {\n  x y z\n  -1 0 1\n  1 2 0\n  2 5 -1\n  3 1 2\n}\nnetwork x -> dense(bias) -> relu -> dense(2) -> [y, z]\n";

const LARGEST: &str = "cvx 1\ndata table {\n  a b c d y\n  1 -2 0.5 1 1\n  0 1 1 -1 2\n  2 2 -1 0 0\n  -1 0 1 3 1\n}\n\
    network [a, b, c, d] -> conv1d(size = 2) -> leaky_relu(0.25) -> max_pool -> dense -> y\n";

/// Twelve models, with whether their programs are linear.
fn models() -> Vec<(String, bool)> {
    let tanh = TANH.replace("dense -> hard_tanh -> dense + skip", "(dense -> hard_tanh -> dense) + skip");
    let model = |head: &str, rest: &str, linear: bool| (format!("{head}minimize {rest}\n"), linear);
    vec![
        model(XOR, "squared + 0.05 * weight_decay\nsolve { arrangements = all }", false),
        model(XOR, "hinge + 0.1 * weight_decay(hidden = l1)\nsolve { arrangements = all }", true),
        model(XOR, "quantile(0.3) + 0.1 * weight_decay(hidden = linf)", true),
        model(XOR, "logistic + 0.05 * weight_decay", false),
        model(XOR, "weight_decay subject to interpolate", false),
        model(XOR, "weight_decay(hidden = l1) subject to interpolate\nsolve { arrangements = all }", true),
        model(XOR, "squared subject to weight_decay <= 3\nsolve { arrangements = all }", false),
        model(XOR, "huber(0.5) + 0.05 * weight_decay(hidden = sparse_group(0.5))", false),
        model(STEPS, "absolute + 0.2 * output_l1", true),
        model(&tanh, "absolute + 0.2 * output_l1 subject to hidden_norm(l1) <= 1", true),
        model(LARGEST, "squared + 0.1 * weight_decay\nsolve { arrangements = all }", false),
        model(LARGEST, "absolute + 0.3 * weight_decay(hidden = l1)", true),
        model(COUNTS, "poisson + 0.1 * weight_decay", false),
        model(SEVERAL, "epsilon_insensitive(0.1) + 0.3 * weight_decay(hidden = linf, output = l1)", true),
    ]
}

fn run(space: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cvxc")).current_dir(space).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Ten models whose programs are linear, on data that come with cvxc: every loss and norm of that kind, cells that are
/// generated, sampled and listed.
fn linear() -> Vec<String> {
    let data = |file: &str, settings: &str, network: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/models/data");
        format!("cvx 1\ndata csv(\"{folder}/{file}.csv\") {{ {settings} }}\nnetwork {network}\n")
    };
    let disease = |layers: &str| data("diabetes", "standardize = all; rows = 1..40", &format!("[bmi, s5] -> {layers} -> progression"));
    let flowers = |layers: &str| {
        let settings = "keep = [versicolor, virginica]; positive = \"virginica\"; standardize = features; test = split(40%, seed = 5)";
        data("iris", settings, &format!("[petal_length, petal_width] -> {layers} -> species"))
    };
    let heart = data("ecg", "rows = 1..50; standardize = all", "lag(mv, 1..3) -> conv1d(size = 2) -> relu -> sum_pool -> dense -> mv");
    vec![
        disease("dense(bias) -> relu -> dense") + "minimize mean(absolute) + 0.02 * weight_decay(hidden = l1)\n",
        disease("dense(bias) -> leaky_relu(0.1) -> dense") + "minimize mean(quantile(0.8)) + 0.02 * weight_decay(hidden = linf)\n",
        disease("(dense -> abs -> dense) + skip") + "minimize mean(epsilon_insensitive(0.2)) + 0.03 * weight_decay(hidden = linf)\n",
        disease("dense -> hard_tanh -> dense") + "minimize mean(absolute) + 0.05 * output_l1 subject to hidden_norm(l1) <= 1\n",
        disease("dense(bias) -> relu -> dense")
            + "minimize absolute + weight_decay(hidden = l1)\n"
            + "solve { arrangements = sample(30, seed = 2); guarantee = bounded }\n",
        disease("dense -> relu -> dense") + "minimize absolute + weight_decay(hidden = linf)\n" + "solve { arrangements = all }\n",
        flowers("dense(bias) -> relu -> dense") + "minimize mean(hinge) + 0.02 * weight_decay(hidden = linf)\n",
        flowers("dense(bias) -> step -> dense") + "minimize mean(hinge) + 0.05 * output_l1\n",
        flowers("(dense -> leaky_relu(0.2) -> dense) + skip") + "minimize mean(hinge) + 0.01 * weight_decay(hidden = l1)\n",
        heart + "minimize mean(absolute) + 0.05 * weight_decay(hidden = l1)\n",
    ]
}

/// A folder with a model in it.
fn space(model: &str) -> TempDir {
    let space = tempfile::tempdir().unwrap();
    fs::write(space.path().join("m.cvx"), model).unwrap();
    space
}

/// The written file.
fn exported(space: &TempDir, format: &str) -> String {
    let output = run(space.path(), &["export", "m.cvx", "--to", format, "-q", "--time", "20s"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    // A network has the shorter name.
    let name = if format == "json" { "m.program.json".to_string() } else { format!("m.{format}") };
    assert_eq!(text(&output.stdout), format!("{name}\n"));
    fs::read_to_string(space.path().join(name)).unwrap()
}

/// What a solve of the model says.
fn solved(space: &TempDir) -> Value {
    serde_json::from_slice(&run(space.path(), &["solve", "m.cvx", "-q", "--json", "--time", "20s"]).stdout).unwrap()
}

/// The optimum of a program, by Clarabel.
fn optimum(program: &Program) -> f64 {
    let request = Request { tolerance: 1e-9, stop: Stop::new(Duration::from_secs(60), Default::default()), verbose: false };
    let solution = choose("clarabel", program).unwrap().solve(program, &request);
    program.objective(&solution.primal)
}

/// A number at the end of a line, behind so many indices.
fn entry(line: &str) -> (Vec<usize>, f64) {
    let (indices, value) = line.rsplit_once(' ').unwrap();
    (indices.split(' ').map(|index| index.parse().unwrap()).collect(), value.parse().unwrap())
}

/// A cbf file read again, its rotated cone as an ordinary one.
fn read_cbf(text: &str) -> Program {
    let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let (mut program, mut cones, mut rows) = (Program::default(), Vec::new(), Vec::new());
    while let Some(section) = lines.next() {
        let mut head = lines.next().unwrap().split(' ');
        let first = head.next().unwrap();
        let mut entries = |count: usize| -> Vec<&str> { lines.by_ref().take(count).collect() };
        match section {
            "VER" | "OBJSENSE" => assert!(["3", "MIN"].contains(&first)),
            "VAR" => {
                program.add_columns(first.parse().unwrap(), 0.0);
                assert_eq!(entries(1), [format!("F {first}")]);
            }
            "CON" => {
                rows = vec![Affine::default(); first.parse().unwrap()];
                cones = entries(head.next().unwrap().parse().unwrap());
            }
            "OBJACOORD" => entries(first.parse().unwrap()).iter().map(|line| entry(line)).for_each(|(j, c)| program.cost[j[0]] = c),
            "OBJBCOORD" => program.constant = first.parse().unwrap(),
            "ACOORD" => entries(first.parse().unwrap()).iter().map(|line| entry(line)).for_each(|(i, a)| rows[i[0]].terms.push((i[1], a))),
            "BCOORD" => entries(first.parse().unwrap()).iter().map(|line| entry(line)).for_each(|(i, b)| rows[i[0]].offset = b),
            other => panic!("no section `{other}`"),
        }
    }
    let mut rows = rows.into_iter();
    for cone in cones {
        let (kind, length) = cone.split_once(' ').unwrap();
        let mut inside: Vec<Affine> = rows.by_ref().take(length.parse().unwrap()).collect();
        let cone = match kind {
            "L=" => Cone::Zeros(inside.len()),
            "L+" => Cone::Nonnegatives(inside.len()),
            "Q" => Cone::SecondOrder(inside.len()),
            "EXP" => {
                inside.reverse();
                Cone::Exponential
            }
            "QR" => {
                // 2 p q >= |x|²: (p + q, p - q, √2 x) in the cone.
                let (p, q) = (inside[0].clone(), inside[1].clone());
                inside.iter_mut().for_each(|row| *row = row.clone().times(2.0_f64.sqrt()));
                (inside[0], inside[1]) = (p.clone().and(&q), p.and(&q.times(-1.0)));
                Cone::SecondOrder(inside.len())
            }
            other => panic!("no cone `{other}`"),
        };
        program.constrain(cone, inside);
    }
    program
}

/// An mps file read again.
fn read_mps(text: &str) -> Program {
    let (mut program, mut section) = (Program::default(), "");
    let (mut rows, mut columns) = (BTreeMap::new(), BTreeMap::new());
    let mut all: Vec<(bool, Affine)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('*')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if !line.starts_with(' ') {
            section = words[0];
            continue;
        }
        match (section, &words[..]) {
            ("ROWS", ["N", "objective"]) => {}
            ("ROWS", [kind, name]) => {
                assert!(rows.insert(name.to_string(), all.len()).is_none(), "{name} twice");
                all.push((*kind == "E", Affine::default()));
            }
            ("COLUMNS", [column, row, value]) => {
                let j = *columns.entry(column.to_string()).or_insert_with(|| program.add_columns(1, 0.0));
                match rows.get(*row) {
                    Some(i) => all[*i].1.terms.push((j, value.parse().unwrap())),
                    None => program.cost[j] = value.parse().unwrap(),
                }
            }
            ("RHS", ["RHS", row, value]) => match rows.get(*row) {
                Some(i) => all[*i].1.offset = -value.parse::<f64>().unwrap(),
                None => program.constant = -value.parse::<f64>().unwrap(),
            },
            ("BOUNDS", ["FR", "BOUND", column]) => assert!(columns.contains_key(*column)),
            _ => panic!("{line}"),
        }
    }
    for (equal, row) in all {
        program.constrain(if equal { Cone::Zeros(1) } else { Cone::Nonnegatives(1) }, [row]);
    }
    program
}

#[test]
fn programs_read_again_have_the_optimum_of_a_solve() {
    for (model, linear) in models() {
        let space = space(&model);
        let cbf = exported(&space, "cbf");
        let answer = solved(&space);
        let (upper, lower) = (answer["objective"].as_f64().unwrap(), answer["lower_bound"].as_f64().unwrap());
        let mut programs = vec![read_cbf(&cbf)];
        if linear {
            programs.push(read_mps(&exported(&space, "mps")));
        }
        for program in programs {
            let found = optimum(&program);
            assert!(
                (found - upper).abs() <= 1e-6 * upper.abs() && found >= lower - 1e-7 * lower.abs(),
                "{model}: {found}, and {lower} to {upper}"
            );
        }
        let json: Value = serde_json::from_str(&exported(&space, "json")).unwrap();
        assert_eq!(json["columns"].as_array().unwrap().len(), cbf.matches("# variable").count() - usize::from(cbf.contains("\nQR ")));
    }
}

/// Every column and row says what it is about.
#[test]
fn names_say_which_cell_and_example_is_meant() {
    let head = "cvx 1\ndata table {\n  size y\n  1 2\n  -1 0.5\n}\nnetwork size -> dense -> relu -> dense -> y\n";
    let space = space(&format!("{head}minimize absolute + 0.5 * weight_decay(hidden = linf)\nsolve {{ arrangements = all }}\n"));
    let expected = "\
\\ the convex program of m.cvx, written by cvxc 0.1.0
\\ network   dense -> relu -> dense
\\ minimise  absolute + 0.5 * weight_decay(hidden = linf)
\\ over      all cells; its optimum is that of all networks: 4 groups of neurons, of one output sign each
\\ names     f: output by example; cellK.plus.x: weight of x times the output weight; side: the side of an example's line
Minimize
 objective: + 1.0 loss.1 + 1.0 loss.2 + 0.5 cell1.plus.norm + 0.5 cell1.minus.norm + 0.5 cell2.plus.norm
   + 0.5 cell2.minus.norm
Subject To
 loss.1.1: - 1.0 f.1 + 1.0 loss.1 >= -2.0
 loss.1.2: + 1.0 f.1 + 1.0 loss.1 >= 2.0
 loss.2.1: - 1.0 f.2 + 1.0 loss.2 >= -0.5
 loss.2.2: + 1.0 f.2 + 1.0 loss.2 >= 0.5
 cell1.plus.norm.1: + 1.0 cell1.plus.norm - 1.0 cell1.plus.size >= 0.0
 cell1.plus.norm.2: + 1.0 cell1.plus.norm + 1.0 cell1.plus.size >= 0.0
 cell1.plus.side.1: + 1.0 cell1.plus.size >= 0.0
";
    let written = exported(&space, "lp");
    assert!(written.starts_with(expected), "{written}");
    let end = " fit.1: + 1.0 f.1 - 1.0 cell1.plus.size + 1.0 cell1.minus.size = 0.0\n fit.2: + 1.0 f.2 + 1.0 cell2.plus.size \
               - 1.0 cell2.minus.size = 0.0\nBounds\n f.1 free\n f.2 free\n";
    assert!(written.contains(end) && written.ends_with(" cell2.minus.size free\nEnd\n"), "{written}");
}

/// The heading tells which cells these are, and what is known of the optimum.
#[test]
fn headings_say_which_cells_are_there() {
    let space = space(&format!("{XOR}minimize squared + 0.05 * weight_decay\n"));
    let found = exported(&space, "cbf");
    assert!(found.contains("# over      the cells that generation found, which the optimum needs: "), "{found}");
    assert!(found.contains("\n# solved    the best network has objective 0.3021"), "{found}");
    let sampled =
        format!("{XOR}minimize squared + 0.05 * weight_decay\nsolve {{ arrangements = sample(5, seed = 1); guarantee = bounded }}\n");
    fs::write(space.path().join("m.cvx"), sampled).unwrap();
    assert_eq!(run(space.path(), &["export", "m.cvx", "--to", "cbf", "--force"]).status.code(), Some(0));
    let sampled = fs::read_to_string(space.path().join("m.cbf")).unwrap();
    assert!(sampled.contains("# over      the cells of 5 random vectors, seed 1; its optimum is an upper bound: "), "{sampled}");
    assert!(!sampled.contains("# solved"), "{sampled}");
}

#[test]
fn what_a_format_cannot_hold_is_said() {
    let space = space(&format!("{XOR}minimize squared + 0.05 * weight_decay\n"));
    let refused = |arguments: &[&str], exit: i32, sentence: &str| {
        let output = run(space.path(), arguments);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(exit), format!("error: {sentence}\n")), "{arguments:?}");
    };
    let curved = "m.cvx: `squared` is not made of straight pieces, and `mps` holds linear programs; `--to cbf` or `--to json` has cones";
    refused(&["export", "m.cvx", "--to", "mps"], 1, curved);
    let networks = "`npz` is a format of networks, and m.cvx is no result folder; programs go to cbf, mps, lp, json";
    refused(&["export", "m.cvx", "--to", "npz"], 1, networks);
    assert_eq!(run(space.path(), &["solve", "m.cvx", "-q"]).status.code(), Some(0));
    refused(&["export", "m.out", "--to", "lp"], 2, "`lp` is a format of programs: name a model file in the place of m.out");
    let low = "m.cvx: `low_rank` solves a program about other data; write `arrangements = generate` or `all` to export";
    fs::write(
        space.path().join("m.cvx"),
        format!("{XOR}minimize squared + 0.05 * weight_decay\nsolve {{ arrangements = low_rank(2); guarantee = bounded }}\n"),
    )
    .unwrap();
    refused(&["export", "m.cvx", "--to", "cbf"], 1, low);
    assert!(!space.path().join("m.cbf").exists());
}

/// The optima that Clarabel and HiGHS find in a model's exported files; `None` where Python and they are not at hand.
fn elsewhere(space: &TempDir, formats: &[&str]) -> Option<Vec<f64>> {
    let have = Command::new("python3").args(["-c", "import cvxpy, highspy"]).output().is_ok_and(|output| output.status.success());
    if !have {
        eprintln!("python3 with cvxpy and highspy is not at hand: not tested");
        return None;
    }
    formats.iter().for_each(|format| drop(exported(space, format)));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/programs.py");
    let files = formats.iter().map(|format| format!("m.{format}"));
    let output = Command::new("python3").current_dir(space.path()).arg(&script).args(files).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let value = |line: &str| line.strip_prefix("m.")?.split(' ').nth(1)?.parse().ok();
    let values: Vec<f64> = text(&output.stdout).lines().filter_map(value).collect();
    assert_eq!(values.len(), formats.len(), "{}", text(&output.stdout));
    Some(values)
}

/// Solvers that have never heard of cvxc, where Python and they are at hand.
#[test]
fn other_solvers_find_the_same_optima() {
    for (model, linear) in models() {
        let space = space(&model);
        let formats: &[&str] = if linear { &["cbf", "mps", "lp"] } else { &["cbf"] };
        let Some(values) = elsewhere(&space, formats) else { return };
        let upper = solved(&space)["objective"].as_f64().unwrap();
        assert!(values.iter().all(|value| (value - upper).abs() <= 1e-6 * upper.abs()), "{model}: {values:?} and {upper}");
    }
}

/// Where the interval is asked to be narrow, they agree with it to 1e-7: cone, MPS and LP files of ten models.
#[test]
fn ten_linear_models_have_one_optimum_everywhere() {
    for model in linear() {
        let space = space(&model);
        let Some(values) = elsewhere(&space, &["cbf", "mps", "lp"]) else { return };
        let answer: Value =
            serde_json::from_slice(&run(space.path(), &["solve", "m.cvx", "-q", "--json", "--gap", "1e-7"]).stdout).unwrap();
        let (upper, lower) = (answer["objective"].as_f64().unwrap(), answer["lower_bound"].as_f64().unwrap());
        assert!(values.iter().all(|value| (value - upper).abs() <= 1e-7 * upper.abs()), "{model}: {values:?} and {upper}, {lower}");
        assert!(values.iter().all(|value| *value >= lower * (1.0 - 1e-7)), "{model}: {values:?} and {lower}");
    }
}
