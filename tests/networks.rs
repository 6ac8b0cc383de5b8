//! Networks out and in: what an ONNX file or a C header computes is what the network gives, and what was written is read again.

use cvxc::export::onnx::{Attribute, Constant, Model, Node, Numbers};
use cvxc::export::{self, Saved};
use cvxc::problem::{Bias, Gates, Matrix, Network, Problem, Random, Skip};
use cvxc::syntax::{data::bind, read_text, render::render};
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// A problem of a model text; tables are inline.
fn problem(text: &str) -> Problem {
    let (model, diagnostics) = read_text("model.cvx", text, Path::new(""), &[]);
    assert!(diagnostics.is_empty(), "{text}\n{}", render(&diagnostics, false));
    bind(&model.unwrap(), &mut |_| {}).unwrap_or_else(|wrong| panic!("{text}\n{}", render(&wrong, false)))
}

const TABLE: &str = "data table {\n  a b c d e f y z n k l\n\
    1 20 0.3 4 5 6 10 -1 0 no red\n 2 25 0.1 3 5.5 1 20 0 3 yes blue\n 3 21 0.7 2 1 2 15 5 1 no green\n 5 28 0.2 1 2 8 40 2 7 yes red\n 4 22 0.4 9 3 3 12 3 2 no blue\n}";

/// Models of every shape: network and objective.
const SHAPES: [(&str, &str); 21] = [
    ("[a, b, c] -> dense(bias) -> relu -> dense -> y", "squared + 0.1 * weight_decay"),
    ("[a, b, c] -> dense -> relu -> dense -> y", "squared + 0.1 * weight_decay"),
    ("[a, b, c] -> dense(bias) -> leaky_relu(0.1) -> dense -> y", "mean(absolute) + 0.1 * weight_decay"),
    ("[a, b, c] -> dense(bias) -> abs -> dense -> y", "squared + 0.1 * weight_decay"),
    ("[a, b, c] -> dense(bias) -> linear -> dense -> y", "squared + 0.1 * weight_decay"),
    ("[a, b, c] -> (dense(bias) -> relu -> dense) + skip -> y", "squared + 0.1 * weight_decay"),
    ("[a, b, c] -> dense(bias = free) -> relu -> dense -> y", "squared + 0.1 * weight_decay"),
    ("[a, b, c] -> dense(bias) -> hard_tanh -> dense -> y", "squared + 0.1 * output_l1 subject to hidden_norm <= 1"),
    ("[a, b, c] -> dense(bias) -> hat -> dense -> y", "squared + 0.1 * output_l1 subject to hidden_norm <= 1"),
    ("[a, b, c] -> dense(bias) -> step -> dense -> y", "squared + 0.1 * output_l1"),
    ("[a, b, c] -> dense(bias) -> stairs -> dense -> y", "squared + 0.1 * output_l1 subject to hidden_norm <= 1"),
    ("[a, b, c] -> dense(bias) -> gated_relu(gates = 6, seed = 1) -> dense -> y", "squared + 0.1 * weight_decay"),
    ("[a, b, c, d, e, f] -> conv1d(size = 3, padding = 1, bias) -> relu -> avg_pool -> dense -> y", "squared + 0.1 * weight_decay"),
    ("[a, b, c, d, e, f] -> reshape(2, 3) -> conv2d(size = 2) -> leaky_relu(0.3) -> sum_pool -> dense -> k", "hinge + 0.1 * weight_decay"),
    (
        "[a, b, c, d, e, f] -> conv1d(size = 2, padding = 1, bias) -> leaky_relu(0.3) -> max_pool -> dense -> y",
        "squared + 0.1 * weight_decay",
    ),
    ("[a, b, c] -> dense(bias) -> relu -> dense(2) -> [y, z]", "squared + 0.1 * weight_decay(output = l1)"),
    ("[a, b, c] -> dense(bias) -> relu -> dense(3) -> l", "cross_entropy + 0.1 * weight_decay(output = l1)"),
    ("[a, b, c] -> (dense(bias) -> relu -> dense(2)) + skip -> [y, z]", "squared + 0.1 * weight_decay(output = l1)"),
    ("[a, b, c] -> dense(bias = free) -> relu -> dense(2) -> [y, z]", "squared + 0.1 * weight_decay(output = l1)"),
    (
        "[a, b, c] -> (dense(bias) -> gated_relu(gates = 6, seed = 1) -> dense) + skip -> l",
        "cross_entropy + 0.1 * weight_decay(output = l1)",
    ),
    ("[a, b, c] -> dense(bias) -> relu -> dense -> n", "poisson + 0.1 * weight_decay"),
];

const ACTIVATIONS: &str = "activation hat(x) = piecewise { x < -1: 0; x < 0: x + 1; x < 1: 1 - x; otherwise: 0 }\n\
    activation stairs(x) = piecewise { x < -1: 0; x <= 0.3: 0.5; x < 1: 2; otherwise: 3 }";

fn model((network, objective): (&str, &str), standardize: &str) -> String {
    let settings = if standardize.is_empty() { String::new() } else { format!(" {{ standardize = {standardize} }}") };
    format!("cvx 1\n{ACTIVATIONS}\n{TABLE}{settings}\nnetwork {network}\nminimize {objective}\n")
}

/// A network of the problem's shape with `neurons` random ones.
fn network(problem: &Problem, neurons: usize, random: &mut Random) -> Network {
    let (d, outputs) = (problem.dataset.columns.len(), problem.outputs());
    let mut matrix = |rows: usize, columns: usize| Matrix::new(rows, columns, (0..rows * columns).map(|_| random.normal()).collect());
    let hidden = matrix(neurons, problem.architecture.neuron_size(d));
    let output = matrix(neurons, outputs);
    let factors = matrix(outputs, problem.free_columns().columns);
    let gates = problem.architecture.gates.as_ref().map(|gates: &Gates| {
        let all: Vec<Vec<f64>> = (0..neurons).map(|j| gates.vectors.row(j % gates.vectors.rows).to_vec()).collect();
        if all.is_empty() { Matrix::new(0, hidden.columns, Vec::new()) } else { Matrix::from_rows(&all) }
    });
    Network { hidden, output, skip: Skip::of(&factors), gates }
}

/// Random rows in the columns' own units.
fn rows(saved: &Saved, count: usize, random: &mut Random) -> Matrix {
    let values =
        (0..count).flat_map(|_| saved.columns.iter().map(|column| column.shift + 2.0 * column.scale * random.normal()).collect::<Vec<_>>());
    Matrix::new(count, saved.columns.len(), values.collect())
}

/// What `cvxc predict` says of raw rows.
fn predictions(saved: &Saved, rows: &Matrix) -> Vec<f64> {
    let prepared = rows
        .each_row()
        .flat_map(|row| row.iter().zip(&saved.columns).map(|(x, column)| (x - column.shift) / column.scale).collect::<Vec<_>>());
    let scores = saved.scores(&Matrix::new(rows.rows, rows.columns, prepared.collect()));
    let outputs = saved.target.outputs();
    scores.iter().enumerate().map(|(at, score)| saved.target.of(at % outputs).prediction(*score)).collect()
}

/// Every shape with every way of standardising it and three widths.
fn cases() -> Vec<(String, Saved)> {
    let mut random = Random::new(7);
    let mut cases = Vec::new();
    for shape in SHAPES {
        // Classes and counts have no units.
        let ways: &[&str] = if shape.0.ends_with("y") || shape.0.ends_with("z]") { &["", "features", "all"] } else { &["", "features"] };
        for way in ways {
            let text = model(shape, way);
            let problem = problem(&text);
            for neurons in [0, 1, 5] {
                let saved = Saved::of(&problem, &network(&problem, neurons, &mut random), "blake3:00");
                cases.push((format!("{text}with {neurons} neurons"), saved));
            }
        }
    }
    cases
}

#[track_caller]
fn close(found: &[f64], wanted: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (a, b) in found.iter().zip(wanted) {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{a} for {b} of\n{what}");
    }
}

#[test]
fn onnx_computes_what_the_network_gives() {
    let mut random = Random::new(11);
    for (what, saved) in cases() {
        let bytes = (export::find("onnx").unwrap().encode)(&saved).unwrap();
        let rows = rows(&saved, 40, &mut random);
        let graph = Model::decode(&bytes).unwrap();
        close(&evaluate(&graph, &rows), &predictions(&saved, &rows), 1e-12, &what);
    }
}

#[test]
fn folding_changes_no_prediction() {
    let mut random = Random::new(12);
    let mut folded = 0;
    for (what, saved) in cases() {
        let Ok(plain) = export::folded(&saved) else {
            assert!(saved.convolution.is_some(), "{what} can be folded");
            continue;
        };
        folded += 1;
        assert!(plain.columns.iter().all(|column| (column.shift, column.scale) == (0.0, 1.0)), "{what}");
        let rows = rows(&saved, 40, &mut random);
        // Steps may fall to the other side where a row lies on a line up to rounding: random rows do not.
        close(&predictions(&plain, &rows), &predictions(&saved, &rows), 1e-11, &what);
        let graph = Model::decode(&(export::find("onnx").unwrap().encode)(&plain).unwrap()).unwrap();
        assert!(graph.nodes.iter().all(|node| !["Sub", "Div"].contains(&node.operation.as_str()) || saved.convolution.is_some()), "{what}");
        close(&evaluate(&graph, &rows), &predictions(&saved, &rows), 1e-11, &what);
    }
    assert!(folded > 100, "{folded}");
}

#[test]
fn every_format_that_is_read_gives_back_the_network() {
    let space = tempfile::tempdir().unwrap();
    for (what, saved) in cases() {
        for format in export::FORMATS.iter().filter(|format| format.reads()) {
            let path = space.path().join(format!("network.{}", format.extension));
            std::fs::write(&path, (format.encode)(&saved).unwrap()).unwrap();
            let again = export::load(&path).unwrap_or_else(|error| panic!("{error} of {what}"));
            assert_eq!(again, saved, "{} of {what}", format.name);
        }
    }
}

/// Runs a graph on rows: the few operations that are written, each as its definition says, with broadcasting.
fn evaluate(graph: &Model, rows: &Matrix) -> Vec<f64> {
    let mut known: HashMap<String, Array> = graph.constants.iter().map(|constant| (constant.name.clone(), Array::of(constant))).collect();
    known.insert(graph.inputs[0].0.clone(), Array { shape: vec![rows.rows, rows.columns], values: rows.values.clone() });
    for node in &graph.nodes {
        let inputs: Vec<&Array> = node.inputs.iter().map(|name| known.get(name).unwrap_or_else(|| panic!("{name}"))).collect();
        let value = apply(node, &inputs);
        known.insert(node.outputs[0].clone(), value);
    }
    known[&graph.outputs[0].0].values.clone()
}

#[derive(Clone, Debug)]
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Array {
    fn of(constant: &Constant) -> Array {
        let values = match &constant.values {
            Numbers::Real(values) => values.clone(),
            Numbers::Whole(values) => values.iter().map(|value| *value as f64).collect(),
            Numbers::Other(kind) => panic!("type {kind}"),
        };
        Array { shape: constant.shape.clone(), values }
    }

    fn map(&self, f: impl Fn(f64) -> f64) -> Array {
        Array { shape: self.shape.clone(), values: self.values.iter().map(|x| f(*x)).collect() }
    }

    fn transposed(&self) -> Array {
        let (rows, columns) = (self.shape[0], self.shape[1]);
        let values = (0..columns).flat_map(|j| (0..rows).map(move |i| (i, j))).map(|(i, j)| self.values[i * columns + j]).collect();
        Array { shape: vec![columns, rows], values }
    }

    /// The last two sides times a matrix.
    fn times(&self, other: &Array) -> Array {
        let (inner, columns) = (other.shape[0], other.shape[1]);
        assert_eq!(self.shape.last(), Some(&inner));
        let row = |row: &[f64], j: usize| (0..inner).map(|k| row[k] * other.values[k * columns + j]).sum();
        let values = self.values.chunks(inner.max(1)).flat_map(|chunk| (0..columns).map(|j| row(chunk, j)).collect::<Vec<f64>>()).collect();
        Array { shape: [&self.shape[..self.shape.len() - 1], &[columns]].concat(), values }
    }

    /// Elementwise with broadcasting from the right.
    fn with(&self, other: &Array, f: impl Fn(f64, f64) -> f64) -> Array {
        let sides = self.shape.len().max(other.shape.len());
        let side = |array: &Array, at: usize| (at + array.shape.len()).checked_sub(sides).map_or(1, |at| array.shape[at]);
        let shape: Vec<usize> = (0..sides).map(|at| side(self, at).max(side(other, at))).collect();
        let at = |array: &Array, mut number: usize| {
            let (mut place, mut step) = (0, 1);
            for axis in (0..sides).rev() {
                let (index, own) = (number % shape[axis], side(array, axis));
                number /= shape[axis];
                assert!(own == 1 || own == shape[axis], "{:?} and {:?}", self.shape, other.shape);
                place += step * if own == 1 { 0 } else { index };
                step *= own;
            }
            array.values[place]
        };
        let values = (0..shape.iter().product()).map(|number| f(at(self, number), at(other, number))).collect();
        Array { shape, values }
    }
}

fn apply(node: &Node, inputs: &[&Array]) -> Array {
    let bit = |b: bool| f64::from(u8::from(b));
    let int = |name: &str| if let Some(Attribute::Int(value)) = node.attribute(name) { *value } else { 0 };
    match node.operation.as_str() {
        "Identity" => inputs[0].clone(),
        "Add" => inputs[0].with(inputs[1], |a, b| a + b),
        "Sub" => inputs[0].with(inputs[1], |a, b| a - b),
        "Mul" => inputs[0].with(inputs[1], |a, b| a * b),
        "Div" => inputs[0].with(inputs[1], |a, b| a / b),
        "Greater" => inputs[0].with(inputs[1], |a, b| bit(a > b)),
        "GreaterOrEqual" => inputs[0].with(inputs[1], |a, b| bit(a >= b)),
        "Exp" => inputs[0].map(f64::exp),
        "Relu" => inputs[0].map(|x| x.max(0.0)),
        "Where" => {
            let kept = inputs[0].with(inputs[1], |open, x| if open != 0.0 { x } else { f64::NAN });
            kept.with(inputs[2], |kept, other| if kept.is_nan() { other } else { kept })
        }
        "MatMul" => inputs[0].times(inputs[1]),
        "Gemm" => {
            assert_eq!(int("transB"), 1);
            let product = inputs[0].times(&inputs[1].transposed());
            inputs.get(2).map_or(product.clone(), |bias| product.with(bias, |a, b| a + b))
        }
        "Transpose" => inputs[0].transposed(),
        "Reshape" => Array { shape: inputs[1].values.iter().map(|side| *side as usize).collect(), values: inputs[0].values.clone() },
        "Gather" => {
            assert_eq!((int("axis"), inputs[0].shape.len()), (1, 2));
            let rows = inputs[0].values.chunks(inputs[0].shape[1]);
            let values = rows.flat_map(|row| inputs[1].values.iter().map(|at| row[*at as usize]).collect::<Vec<_>>()).collect();
            Array { shape: [&[inputs[0].shape[0]], inputs[1].shape.as_slice()].concat(), values }
        }
        "ReduceSum" => {
            let (&[n, places, m], [1.0], 0) = (inputs[0].shape.as_slice(), inputs[1].values.as_slice(), int("keepdims")) else {
                panic!("axis")
            };
            let sum = |i: usize, j: usize| (0..places).map(|p| inputs[0].values[(i * places + p) * m + j]).sum();
            Array { shape: vec![n, m], values: (0..n).flat_map(|i| (0..m).map(move |j| (i, j))).map(|(i, j)| sum(i, j)).collect() }
        }
        "ReduceMax" => {
            let (&[n, places, m], 0) = (inputs[0].shape.as_slice(), int("keepdims")) else { panic!("axis") };
            let axes = node.attributes.iter().find(|(name, _)| name == "axes").map(|(_, value)| value);
            assert!(matches!(axes, Some(Attribute::Ints(axes)) if axes == &[1]));
            let most =
                |i: usize, j: usize| (0..places).map(|p| inputs[0].values[(i * places + p) * m + j]).fold(f64::NEG_INFINITY, f64::max);
            Array { shape: vec![n, m], values: (0..n).flat_map(|i| (0..m).map(move |j| (i, j))).map(|(i, j)| most(i, j)).collect() }
        }
        other => panic!("operation {other}"),
    }
}

/// A C compiler, if there is one.
fn compiler() -> Option<&'static str> {
    ["cc", "gcc", "clang"].into_iter().find(|cc| Command::new(cc).arg("--version").output().is_ok_and(|output| output.status.success()))
}

/// One program for all cases, so that the compiler is called once a precision.
#[test]
fn the_c_header_computes_what_the_network_gives() {
    let Some(cc) = compiler() else { return };
    let mut random = Random::new(13);
    for (single, real, tolerance) in [(false, "double", 1e-12), (true, "float", 2e-5)] {
        let space = tempfile::tempdir().unwrap();
        let (mut program, mut wanted) = (String::from("#include <stdio.h>\n"), Vec::new());
        let mut main = String::from("int main(void) {\n");
        for (number, (_, mut saved)) in cases().into_iter().enumerate() {
            // Single precision moves rows over a jump, if not these rows then others.
            if single && !saved.activation.continuous() {
                continue;
            }
            saved.model = format!("models/{number} net.cvx");
            let format = export::find("c").unwrap();
            let encode = if single { format.single.unwrap() } else { format.encode };
            std::fs::write(space.path().join(format!("n{number}.h")), encode(&saved).unwrap()).unwrap();
            let rows = rows(&saved, 3, &mut random);
            wanted.extend(predictions(&saved, &rows));
            program += &format!("#include \"n{number}.h\"\n");
            let outputs = saved.target.outputs();
            for row in rows.each_row() {
                let values: Vec<String> = row.iter().map(|x| format!("{x:?}")).collect();
                main += &format!("  {{ {real} x[] = {{{}}}, y[{outputs}]; net_{number}_net_predict(x, y);\n", values.join(", "));
                main += &format!("    for (int c = 0; c < {outputs}; c++) printf(\"%.17g\\n\", (double) y[c]); }}\n");
            }
        }
        std::fs::write(space.path().join("main.c"), format!("{program}{main}  return 0;\n}}\n")).unwrap();
        let flags = [
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Wno-unused-function",
            "-Wno-unused-variable",
            "-Wno-unused-const-variable",
            "-Werror",
            "-o",
            "main",
            "main.c",
            "-lm",
        ];
        let built = Command::new(cc).args(flags).current_dir(space.path()).output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let ran = Command::new(space.path().join("main")).output().unwrap();
        let found: Vec<f64> = String::from_utf8(ran.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect();
        close(&found, &wanted, tolerance, real);
    }
}

/// An operation with its further inputs and its attributes.
type Step<'a> = (&'a str, &'a [&'a str], Vec<(String, Attribute)>);

/// A chain of operations of another tool, with its constants.
fn chain(nodes: &[Step], constants: &[(&str, &[usize], &[f64])]) -> Vec<u8> {
    let name = |at: usize| if at == nodes.len() { "out".to_string() } else { format!("v{at}") };
    let nodes = nodes.iter().enumerate().map(|(at, (operation, others, attributes))| Node {
        operation: operation.to_string(),
        inputs: [name(at)].into_iter().chain(others.iter().map(ToString::to_string)).collect(),
        outputs: vec![name(at + 1)],
        attributes: attributes.clone(),
    });
    let constants = constants.iter().map(|(name, shape, values)| Constant {
        name: name.to_string(),
        shape: shape.to_vec(),
        values: Numbers::Real(values.to_vec()),
    });
    let (inputs, outputs) = (vec![("v0".to_string(), 3)], vec![("out".to_string(), 1)]);
    Model { nodes: nodes.collect(), constants: constants.collect(), inputs, outputs, single: true, ..Model::default() }.encode()
}

#[test]
fn two_layers_of_another_tool_are_read_and_other_shapes_are_named() {
    let space = tempfile::tempdir().unwrap();
    let path = space.path().join("net.onnx");
    let read = |bytes: Vec<u8>, problem: &Problem| {
        std::fs::write(&path, bytes).unwrap();
        export::network(&path, problem).map_err(|error| error.to_string().replace(&format!("cannot use {}: ", path.display()), ""))
    };
    let (relu, leaky) = (problem(&model(SHAPES[0], "all")), problem(&model(SHAPES[2], "all")));
    let (w, turned): (&[f64], &[f64]) = (&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    let trans = || vec![("transB".to_string(), Attribute::Int(1))];
    let constants: &[(&str, &[usize], &[f64])] = &[
        ("w", &[2, 3], w),
        ("t", &[3, 2], turned),
        ("b", &[2], &[0.5, -0.5]),
        ("a", &[1, 2], &[2.0, -2.0]),
        ("c", &[2, 1], &[2.0, -2.0]),
        ("o", &[1], &[0.25]),
    ];
    let wanted = Network {
        hidden: Matrix::new(2, 4, vec![1.0, 2.0, 3.0, 0.5, 4.0, 5.0, 6.0, -0.5]),
        output: Matrix::new(2, 1, vec![2.0, -2.0]),
        skip: None,
        gates: None,
    };
    let gemm =
        chain(&[("Flatten", &[], vec![]), ("Gemm", &["w", "b"], trans()), ("Relu", &[], vec![]), ("Gemm", &["a"], trans())], constants);
    assert_eq!(read(gemm.clone(), &relu).unwrap(), wanted);
    let matmul =
        chain(&[("MatMul", &["t"], vec![]), ("Add", &["b"], vec![]), ("Relu", &[], vec![]), ("MatMul", &["c"], vec![])], constants);
    assert_eq!(read(matmul, &relu).unwrap(), wanted);
    let slope = vec![("alpha".to_string(), Attribute::Float(0.1))];
    let other = chain(&[("Gemm", &["w", "b"], trans()), ("LeakyRelu", &[], slope), ("Gemm", &["a"], trans())], constants);
    assert_eq!(read(other.clone(), &leaky).unwrap(), wanted);
    assert_eq!(read(other, &relu).unwrap_err(), "its activation is `LeakyRelu`, and the model's is `relu`; use the same one in both");
    assert_eq!(
        read(gemm.clone(), &leaky).unwrap_err(),
        "its activation is `Relu`, and the model's is `leaky_relu(0.1)`; use the same one in both"
    );
    let biased = chain(&[("Gemm", &["w", "b"], trans()), ("Relu", &[], vec![]), ("Gemm", &["a", "o"], trans())], constants);
    assert!(read(biased, &relu).unwrap_err().contains("it has a bias or a skip at its output"));
    let rule = ", and what is read is a linear layer, an activation of straight pieces and a linear layer (Gemm, Relu, Gemm)";
    let sigmoid = chain(&[("Gemm", &["w", "b"], trans()), ("Sigmoid", &[], vec![]), ("Gemm", &["a"], trans())], constants);
    assert_eq!(read(sigmoid, &relu).unwrap_err(), format!("its steps are linear (2 x 3), `Sigmoid`, linear (1 x 2){rule}"));
    let square: &[(&str, &[usize], &[f64])] = &[("q", &[2, 2], &[1.0; 4])];
    let deep = [
        ("Gemm", &["w", "b"] as &[&str], trans()),
        ("Relu", &[], vec![]),
        ("Gemm", &["q"], trans()),
        ("Relu", &[], vec![]),
        ("Gemm", &["a"], trans()),
    ];
    let deep = chain(&deep, &[constants, square].concat());
    assert_eq!(read(deep, &relu).unwrap_err(), format!("its steps are linear (2 x 3), Relu, linear (2 x 2), Relu, linear (1 x 2){rule}"));
    let long: Vec<Step> = (0..2000).map(|_| ("Gemm", &["q"] as &[&str], trans())).collect();
    let error = read(chain(&long, square), &relu).unwrap_err();
    assert!(error.starts_with("its steps are linear (2 x 2), linear (2 x 2),") && error.ends_with(&format!(", ...{rule}")), "{error}");
    let mut copied = Model::decode(&gemm).unwrap();
    let copy = |at: usize| Node {
        operation: "Identity".to_string(),
        inputs: vec!["w".to_string()],
        outputs: vec![format!("w{at}")],
        attributes: vec![],
    };
    copied.nodes.extend((0..1000).map(copy));
    assert_eq!(read(copied.encode(), &relu).unwrap_err(), format!("it copies its tensors again and again{rule}"));
    // Some tools keep their weights in nodes.
    let mut inside = Model::decode(&gemm).unwrap();
    for constant in std::mem::take(&mut inside.constants) {
        let (outputs, attributes) = (vec![constant.name.clone()], vec![("value".to_string(), Attribute::Tensor(constant))]);
        inside.nodes.insert(0, Node { operation: "Constant".to_string(), inputs: vec![], outputs, attributes });
    }
    assert_eq!(read(inside.encode(), &relu).unwrap(), wanted);
    let mut two = Model::decode(&gemm).unwrap();
    two.inputs.push(("more".to_string(), 1));
    assert_eq!(read(two.encode(), &relu).unwrap_err(), format!("it has 2 inputs{rule}"));
    // Where the graph is cut no network is left.
    for length in 0..gemm.len() {
        assert!(read(gemm[..length].to_vec(), &relu).is_err(), "{length}");
    }
    let narrow = problem(&model(("[a, b] -> dense(bias) -> relu -> dense -> y", "squared + 0.1 * weight_decay"), "all"));
    assert!(read(gemm, &narrow).unwrap_err().contains("tensor `hidden.weight` has shape [2, 3], but [2, 2] belongs there"));
}

/// The language names the same formats as the table of exports.
#[test]
fn a_model_may_ask_for_every_format() {
    for format in export::FORMATS {
        let text = format!("{}output weights({}), report\n", model(SHAPES[0], "all"), format.name);
        let (model, diagnostics) = read_text("model.cvx", &text, Path::new(""), &[]);
        assert!(diagnostics.is_empty(), "{}", render(&diagnostics, false));
        let further: Vec<&str> = if format.file == export::WEIGHTS { vec![] } else { vec![format.name] };
        assert_eq!(model.unwrap().outputs.formats, further);
    }
    let text = format!("{}output weights(pickle)\n", model(SHAPES[0], "all"));
    let message = render(&read_text("model.cvx", &text, Path::new(""), &[]).1, false);
    assert!(export::FORMATS.iter().all(|format| message.contains(format.name)), "{message}");
}

#[test]
fn damaged_files_are_refused_in_one_sentence() {
    let (_, saved) = cases().swap_remove(4);
    let space = tempfile::tempdir().unwrap();
    let path = space.path().join("net.onnx");
    let whole = (export::find("onnx").unwrap().encode)(&saved).unwrap();
    let mut random = Random::new(3);
    let mut refused = 0;
    for length in (0..whole.len()).step_by(7) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = export::load(&path).expect_err("a part is no file");
        assert!(error.to_string().starts_with(&format!("cannot use {}: ", path.display())), "{error}");
    }
    for _ in 0..2000 {
        let mut bytes = whole.clone();
        let at = random.below(bytes.len());
        bytes[at] = random.below(256) as u8;
        std::fs::write(&path, &bytes).unwrap();
        refused += usize::from(export::load(&path).is_err());
    }
    assert!(refused > 200, "{refused}");
    std::fs::write(&path, [0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).unwrap();
    assert_eq!(export::load(&path).unwrap_err().to_string(), format!("cannot use {}: it is not a whole ONNX file", path.display()));
    // A tensor that claims more numbers than there are, and one whose count overflows.
    for side in [1i64 << 40, i64::MAX, -1] {
        let constant = Constant { name: "w".into(), shape: vec![side as usize, 4], values: Numbers::Real(vec![0.0; 4]) };
        let bytes = Model { constants: vec![constant], ..Model::default() }.encode();
        assert!(Model::decode(&bytes).is_err());
    }
}

#[test]
fn single_precision_is_refused_where_it_cannot_hold_the_numbers() {
    let (_, mut saved) = cases().swap_remove(1);
    assert!(export::single(&saved).is_ok());
    saved.network.output.values[0] = 1e300;
    assert!(export::single(&saved).unwrap_err().to_string().contains("beyond single precision"));
    assert_eq!(saved.bias, Bias::Penalised);
}

/// Python with these modules, if it is at hand; the variable PYTHON may name one.
fn python(modules: &str) -> Option<Command> {
    let python = std::env::var("PYTHON").unwrap_or("python3".to_string());
    let there = Command::new(&python).args(["-c", &format!("import {modules}")]).output().is_ok_and(|output| output.status.success());
    there.then(|| Command::new(python))
}

const RUNTIME: &str = "
import json, numpy, onnxruntime, sys
cases = json.load(open('cases.json'))
for case in cases:
    session = onnxruntime.InferenceSession(case['file'])
    rows = numpy.array(case['rows'], dtype=numpy.float32 if case['single'] else numpy.float64)
    wanted = numpy.array(case['wanted'])
    found = session.run(None, {'input': rows})[0].ravel()
    off = numpy.abs(found - wanted).max() / max(1.0, numpy.abs(wanted).max())
    if off > (1e-6 if case['single'] else 1e-12):
        sys.exit(f\"{off} in {case['what']}\")
print(len(cases))
";

/// The same by somebody else's runtime, where it is installed.
#[test]
fn onnxruntime_computes_what_the_network_gives() {
    let Some(mut python) = python("numpy, onnxruntime") else { return };
    let (space, mut random) = (tempfile::tempdir().unwrap(), Random::new(14));
    let mut list = Vec::new();
    for (number, (what, saved)) in cases().into_iter().enumerate() {
        let format = export::find("onnx").unwrap();
        for (single, encode) in [(false, format.encode), (true, format.single.unwrap())] {
            // Single precision moves rows over a jump, and e^f far away.
            if single && (!saved.activation.continuous() || saved.network.gates.is_some() || what.contains("poisson")) {
                continue;
            }
            let file = format!("{number}{single}.onnx");
            std::fs::write(space.path().join(&file), encode(&saved).unwrap()).unwrap();
            let rows = rows(&saved, 50, &mut random);
            let listed: Vec<&[f64]> = rows.each_row().collect();
            let wanted = predictions(&saved, &rows);
            list.push(serde_json::json!({ "file": file, "rows": listed, "wanted": wanted, "single": single, "what": what }));
        }
    }
    std::fs::write(space.path().join("cases.json"), serde_json::to_string(&list).unwrap()).unwrap();
    let output = python.args(["-c", RUNTIME]).current_dir(space.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), list.len().to_string());
}

/// What `docs/pytorch.py` trains goes through `compare --with` and `--start` as it is.
#[test]
#[cfg(feature = "solve")]
fn a_network_of_pytorch_is_read_unchanged() {
    let Some(mut python) = python("numpy, torch, safetensors") else { return };
    let (space, root) = (tempfile::tempdir().unwrap(), Path::new(env!("CARGO_MANIFEST_DIR")));
    let net = space.path().join("net.safetensors");
    let output = python.arg(root.join("docs/pytorch.py")).arg(&net).env("STEPS", "30").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: f64 = String::from_utf8_lossy(&output.stdout).trim().strip_prefix("objective ").unwrap().parse().unwrap();
    let (model, _) = cvxc::syntax::read(&root.join("models/breast_cancer.cvx"), &[]);
    let problem = bind(&model.unwrap(), &mut |_| {}).unwrap();
    let objective = problem.score(&export::network(&net, &problem).unwrap()).objective;
    // The script tells the objective before its last step.
    assert!((objective - told).abs() < 0.2 * told, "{objective} and {told}");
}

/// The same layout without PyTorch: float32 tensors in the names of `nn.Sequential`.
#[test]
fn a_state_dict_in_single_precision_is_read() {
    use safetensors::{Dtype, serialize, tensor::TensorView};
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let (w, b, a) = (bytes(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), bytes(&[0.5, -0.5]), bytes(&[2.0, -2.0]));
    let view = |shape: &[usize], data| TensorView::new(Dtype::F32, shape.to_vec(), data).unwrap();
    let all = [("0.weight", view(&[2, 3], &w)), ("0.bias", view(&[2], &b)), ("2.weight", view(&[1, 2], &a))];
    let space = tempfile::tempdir().unwrap();
    let path = space.path().join("net.safetensors");
    std::fs::write(&path, serialize(all, None).unwrap()).unwrap();
    let network = export::network(&path, &problem(&model(SHAPES[0], "all"))).unwrap();
    assert_eq!(network.hidden, Matrix::new(2, 4, vec![1.0, 2.0, 3.0, 0.5, 4.0, 5.0, 6.0, -0.5]));
    assert_eq!(network.output.values, [2.0, -2.0]);
}
