//! Every error: its text, and the place it points at.

use super::formats::{npy, npy_bytes, npz};
use super::model::*;
use cvxc::syntax::model::*;

/// What a csv file of this text gives under `squared` with target `y`.
fn csv(text: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    refused(&on_file(&folder.file("d.csv", text), "y", "squared"))
}

#[track_caller]
fn begins(text: String, expected: &str) {
    assert!(text.starts_with(expected), "\n{text}\nshould begin with\n{expected}");
}

#[test]
fn a_missing_value_is_shown_in_the_file() {
    let good = std::fs::read_to_string("models/data/diabetes.csv").expect("the file");
    let mut lines: Vec<String> = good.lines().map(str::to_string).collect();
    for row in [217, 301, 344, 402] {
        let mut cells: Vec<&str> = lines[row].split(',').collect();
        cells[2] = "";
        lines[row] = cells.join(",");
    }
    let line = lines[217].clone();
    let folder = Folder::new();
    let text = refused(&on_file(&folder.file("diabetes.csv", lines.join("\n")), "progression", "squared"));
    let column = line.find(",,").expect("the empty cell") + 2;
    assert_eq!(
        text,
        format!(
            "E0410: `bmi` is empty in row 217\ndiabetes.csv:218:{column} [] nothing here\n\
             note: 3 more empty cells: rows 301, 344, 402\nhelp: missing = drop      (leaves out 4 rows)     missing = mean"
        )
    );
}

#[test]
fn three_classes_for_a_two_class_loss() {
    let model = on_file(std::path::Path::new("models/data/iris.csv"), "species", "hinge");
    assert_eq!(
        refused(&model),
        "E0420: `hinge` needs two classes, column `species` has three\nmodel.cvx:1:1 [hinge] a two-class loss\n\
         model.cvx:1:1 [species] setosa (50), versicolor (50), virginica (50)\n\
         help: give each class an output: `cross_entropy` in the place of `hinge`\n\
         help: keep two classes:  data csv(\"iris.csv\") { keep = [versicolor, virginica] }"
    );
}

const RAGGED: &str = "note: the columns are: x, y\nhelp: give every row a value for each column, empty where one is missing; text with a comma stands in \"quotes\"";

#[test]
fn ragged_rows() {
    assert_eq!(
        refused(&on_table("x y\n1 2\n1 2 3", "y", "squared")),
        format!("E0401: this row has 3 values, the header names 2 columns\nmodel.cvx:3:1 [1 2 3] 3 values\n{RAGGED}")
    );
    assert_eq!(csv("x,y\n1,2\n\n7\n"), format!("E0401: this row has 1 value, the header names 2 columns\nd.csv:4:1 [7] 1 value\n{RAGGED}"));
}

#[test]
fn an_open_quote_is_named() {
    let text = csv("x,z,y\n1,\"2,3\n4,5,6\n");
    begins(text.clone(), "E0401: this row has 2 values, the header names 3 columns\nd.csv:2:1 [1,\"2,3] 2 values");
    assert!(text.contains("note: a quote is opened in this row and never closed"), "{text}");
    assert!(text.contains("text with a comma stands in \"quotes\""), "{text}");
    begins(csv("x,y\n1,2\n1,\"2\n1,2\n"), "E0411: `y` needs numbers, row 2 holds `2...`");
}

#[test]
fn cells_that_are_no_numbers() {
    let cell = |cell: &str| csv(format!("x,y\n1,2\n{cell},2\n"));
    begins(
        cell("abc"),
        "E0411: `x` needs numbers, row 2 holds `abc`\nd.csv:3:1 [abc] not a number\nhelp: leave `x` out of the network's inputs, or write one 0/1 column per value",
    );
    begins(cell("1e999"), "E0412: `1e999`, the value of `x` in row 2, is too large for a double\nd.csv:3:1 [1e999] beyond 1.8e308");
    begins(cell("-inf"), "E0412: `x` is infinite in row 2\nd.csv:3:1 [-inf] not a finite number");
    begins(cell("NaN"), "E0410: `x` has no value in row 2\nd.csv:3:1 [NaN] `NaN` stands for a missing value");
    assert!(cell("2024-01-31").contains("help: a date or time is not a number"));
    assert!(cell("\"1,234\"").ends_with("help: write the number without separators: `1234`"));
    assert!(cell("\"1,5\"").ends_with("help: write a decimal point: `1.5`"));
    assert!(cell("12%").ends_with("help: write the number without `%`"));
    begins(csv(b"x,y\n1,2\n\xff,2\n"), "E0404: the value of `x` in row 2 is not UTF-8 text");
    // The target cannot be left out.
    begins(
        csv("x,y\n1,2\n1,abc\n"),
        "E0411: `y` needs numbers, row 2 holds `abc`\nd.csv:3:3 [abc] not a number\n\
         help: write a number here; where all values are labels take a loss for two classes, such as `logistic`",
    );
    assert!(csv("x,y\n1,2\n1,2024-01-31\n").ends_with("help: a date or time is not a number: write it as days since a fixed day"));
    assert!(csv("x,y\n1,2\n1,12%\n").ends_with("help: write the number without `%`"));
}

#[test]
fn carets_find_quoted_and_wrapped_cells() {
    begins(
        csv("n,x,y\n\"a, \"\"b\"\"\",oops,2\n"),
        "E0411: `n` needs numbers, row 1 holds `a, \"b\"`\nd.csv:2:1 [\"a, \"\"b\"\"\"] not a number",
    );
    let folder = Folder::new();
    let mut model = on_file(&folder.file("d.csv", "n,x,y\n\"a\nb\",1,2\né,oops,2\n"), "y", "squared");
    model.data.drop = names("n");
    begins(refused(&model), "E0411: `x` needs numbers, row 2 holds `oops`\nd.csv:4:3 [oops] not a number");
}

#[test]
fn files_that_are_not_tables() {
    begins(csv(""), "E0403: `d.csv` is empty\nmodel.cvx:1:1 [csv(\"d.csv\")] no rows");
    begins(csv("x,y\n"), "E0403: `d.csv` has column names but no rows\nmodel.cvx:1:1");
    begins(csv("x,y,x\n1,2,3\n"), "E0405: two columns are called `x`\nd.csv:1:5 [x] column 3\nd.csv:1:1 [x] column 1");
    begins(csv(b"\xff\xfex\0,\0y\0"), "E0404: `d.csv` is UTF-16 text");
    begins(csv(b"x,\xe9,y\n"), "E0404: the name of column 2 is not UTF-8 text\nd.csv:1:3");
    begins(csv(",x,y\n0,1,2\n"), "E0434: column 1 has no name, so it may not be a feature");
    let folder = Folder::new();
    folder.file("data.csv", "x,y\n1,2\n");
    let text = refused(&on_file(&folder.0.path().join("dota.csv"), "y", "squared"));
    begins(text.clone(), "E0402: there is no file `dota.csv`\nmodel.cvx:1:5 [\"dota.csv\"] not found\n");
    assert!(text.ends_with("help: a file with a similar name exists: `data.csv`"));
    begins(refused(&on_file(folder.0.path(), "y", "squared")), "E0402: `");
}

#[test]
fn unknown_columns() {
    let text = csv("1,2\n3,4\n");
    assert!(text.ends_with("help: the first line holds 2 numbers, no names: `header = false`"), "{text}");
    assert!(csv("x;y\n3;4\n").ends_with("help: the values seem to be separated otherwise: `separator = \";\"`"));
    let mut model = on_table("alpha beta y\n1 2 3", "y", "squared");
    model.data.drop = names("alfa");
    model.data.standardize = Standardize::Columns(names("gamma"));
    let text = refused(&model);
    assert!(text.contains("E0301: no column `alfa`") && text.contains("E0301: no column `gamma`"), "{text}");
}

#[test]
fn columns_that_cannot_go_in() {
    let select = |items: Vec<ColumnItem>| {
        let mut model = on_table("a b c y\n1 2 3 4\n1 2 3 4", "y", "squared");
        model.network.inputs.value = InputSpec::Columns(items);
        refused(&model)
    };
    begins(select(vec![ColumnItem::One(name("y"))]), "E0434: `y` is the target, so it cannot be an input as well");
    begins(select(vec![ColumnItem::One(name("a")), ColumnItem::One(name("a"))]), "E0434: `a` is an input twice");
    let backwards = select(vec![ColumnItem::Range(name("c"), name("a"))]);
    assert!(backwards.ends_with("help: write the range in file order: `[a .. c]`"), "{backwards}");
    begins(select(vec![ColumnItem::Lag { column: name("y"), first: 0, last: 2 }]), "E0435: lag 0 of `y` is the very value to predict");
    begins(select(vec![ColumnItem::Lag { column: name("y"), first: 3, last: 2 }]), "E0435: `lag(y, 3..2)` is no range");
    let mut model = on_table("a y\n1 2", "y", "squared");
    model.data.drop = names("a");
    begins(refused(&model), "E0434: no column is left for the network's inputs");
}

#[test]
fn labels() {
    let with = |text: &str, keep: &str, positive: Option<&str>| {
        let mut model = on_table(text, "y", "hinge");
        (model.data.keep, model.data.positive) = (names(keep), positive.map(name));
        refused(&model)
    };
    let table = "x y\n1 good\n2 bad\n3 ugly";
    begins(
        with("x y\n1 a\n2 a", "", None),
        "E0421: `hinge` needs two classes, column `y` has one\nmodel.cvx:1:1 [hinge] a two-class loss\nmodel.cvx:1:1 [y] a (2)",
    );
    assert_eq!(
        with(table, "good bed", None),
        "E0422: no row of column `y` has the label `bed`\nmodel.cvx:1:1 [bed] unknown label\nnote: the labels are: bad, good, ugly\n\
         help: a label with a similar name exists: `bad`"
    );
    begins(with(table, "good bad", Some("nice")), "E0422: no row of column `y` has the label `nice`");
    begins(refused(&on_table(table, "y", "squared")), "E0420: `squared` needs numbers or two classes, column `y` has three\n");
}

#[test]
fn targets_that_are_no_counts() {
    let folder = Folder::new();
    let file = on_file(&folder.file("d.csv", "x,y\n1,2\n1,0\n1,-1\n"), "y", "poisson");
    assert_eq!(
        refused(&file),
        "E0424: `poisson` needs counts or rates, row 3 of `y` holds -1\nd.csv:4:3 [-1] below 0\nmodel.cvx:1:1 [poisson] a loss for counts\n\
         help: `squared` and `absolute` take numbers of either sign"
    );
    let mut tested = on_table("x y\n1 2\n2 0.5\n3 -2", "y", "poisson");
    begins(refused(&tested), "E0424: `poisson` needs counts or rates, row 3 of `y` holds -2\n");
    tested.data.test = TestSpec::Rows(placed((3, 3), "rows(3..3)"));
    begins(refused(&tested), "E0424: `poisson` needs counts or rates, row 3 of `y` holds -2\n");
    let labels = on_table("x y\n1 few\n2 many", "y", "poisson");
    begins(refused(&labels), "E0424: `poisson` needs counts or rates, column `y` has labels\nmodel.cvx:1:1 [poisson] a loss for counts\n");
    let mut shifted = on_table("x y\n1 2\n2 0", "y", "poisson");
    shifted.data.standardize = Standardize::All;
    begins(refused(&shifted), "E0424: `poisson` needs counts or rates as they are, and `standardize` would shift `y`\nmodel.cvx:1:1 [y]");
}

#[test]
fn rows_that_are_not_there() {
    let with = |rows: Option<(usize, usize)>, test: TestSpec| {
        let mut model = on_table("x y\n1 2\n3 4\n5 6", "y", "squared");
        model.data.rows = rows.map(|rows| placed(rows, "rows"));
        model.data.test = test;
        refused(&model)
    };
    let test = |rows| TestSpec::Rows(placed(rows, "test"));
    let split = |fraction| TestSpec::Split { fraction, seed: 0, place: name("split").place };
    begins(
        with(Some((2, 9)), TestSpec::Nothing),
        "E0430: row 9 is asked for, `inline table` has 3 rows\nmodel.cvx:1:1 [rows] runs over the end\nhelp: 2..3",
    );
    begins(with(Some((3, 2)), TestSpec::Nothing), "E0430: 3..2 is no range of rows");
    begins(with(None, test((0, 2))), "E0430: 0..2 is no range of rows");
    begins(
        with(Some((1, 2)), test((2, 3))),
        "E0432: the test rows are training rows too\nmodel.cvx:1:1 [test] tested on\nmodel.cvx:1:1 [rows] trained on",
    );
    begins(with(None, split(0.99)), "E0431: no row is left to train on\nmodel.cvx:1:1 [split]");
    begins(with(None, test((1, 3))), "E0431: no row is left to train on\nmodel.cvx:1:1 [test]");
}

#[test]
fn too_much_data_is_refused_with_its_size() {
    let folder = Folder::new();
    let path = folder.file("d.csv", "x,y\n".to_string() + &"1,2\n".repeat(100_000));
    let mut model = on_file(&path, "y", "squared");
    model.plan.memory = Some(1_000_000);
    let text = refused(&model);
    begins(text.clone(), "E0440: the data need ");
    assert!(text.contains(" and 1.0 MB may be used") && text.contains("`rows = 1..25000`"), "{text}");
    model.data.rows = Some(placed((1, 25_000), "rows"));
    assert_eq!(dataset(&model).train.targets.len(), 25_000);
    let huge = folder.file("h.npz", "");
    npz(&huge, &[("x", npy("(1000000000000,)", false, [1.0])), ("y", npy("(1000000000000,)", false, [1.0]))]);
    begins(refused(&on_file(&huge, "y", "squared")), "E0440: the data need 40.0 TB of memory");
}

#[test]
fn arrays_that_promise_too_much() {
    let folder = Folder::new();
    let npy_file = |bytes: Vec<u8>| refused(&on_file(&folder.file("a.npy", bytes), "y", "squared"));
    begins(
        npy_file(npy("(1000000, 1000000)", false, [1.0])),
        "E0406: `a.npy` is cut off: its header promises 8000000000000 bytes of numbers, it holds 8\nmodel.cvx:1:1 [npy(\"a.npy\")] incomplete",
    );
    begins(npy_file(npy("(99999999999, 99999999999)", false, [])), "E0406: `a.npy` cannot be used: a row of its shape");
    begins(npy_file(npy("(0, 3)", false, [])), "E0403: `a.npy` holds no rows");
    begins(npy_file(npy("(2, 2)", false, [1.0, f64::INFINITY, 1.0, 2.0])), "E0412: `y` is infinite in row 1");
    begins(npy_file(npy("(2, 2)", false, [1.0, 2.0, f64::NAN, 2.0])), "E0410: `x1` has no value in row 2");
    begins(npy_file(b"x,y\n1,2\n1234567".to_vec()), "E0406: `a.npy` cannot be used: it does not begin like an npy file");
    let objects = npy_bytes("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", []);
    begins(npy_file(objects), "E0406: `a.npy` cannot be used: items of type `|O` are not supported");
    let path = folder.0.path().join("a.npz");
    npz(&path, &[("x", npy("(2,)", false, [1.0, 2.0])), ("y", npy("(3,)", false, [1.0, 2.0, 3.0]))]);
    begins(refused(&on_file(&path, "y", "squared")), "E0407: the arrays differ in length: `x` has 2 rows, `y` has 3 rows");
    npz(&path, &[("x", npy("(3,)", false, [1.0, 2.0])), ("y", npy("(3,)", false, [1.0, 2.0, 3.0]))]);
    begins(refused(&on_file(&path, "y", "squared")), "E0406: `a.npz` is cut off");
}

#[test]
fn libsvm_lines() {
    let folder = Folder::new();
    let file = |text: &str| refused(&on_file(&folder.file("a.libsvm", text), "y", "squared"));
    begins(file("1 1:2\n-1 0:3\n"), "E0408: indices start at 1, this one is 0\na.libsvm:2:4 [0:3] index 0");
    begins(file("1 1:2 7\n"), "E0408: this is not `index:value`\na.libsvm:1:7 [7]");
    begins(file("1 3:2 2:1\n"), "E0408: index 2 stands after index 3\na.libsvm:1:7 [2:1] indices must increase");
    begins(file("1 99999999999:1\n"), "E0408: index 99999999999 is too large");
    begins(file("1 1:2\n2 1:x\n"), "E0411: `x1` needs numbers, row 2 holds `x`\na.libsvm:2:5 [x] not a number");
    begins(file("1 1:2\n2 1:\n"), "E0410: `x1` is empty in row 2\na.libsvm:2:5 [] nothing here");
    begins(file("# nothing\n"), "E0403: `a.libsvm` is empty");
}

/// What a model on three inputs and a bias says about this file of weight vectors.
fn vectors(bytes: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    let path = folder.file("G.npy", bytes);
    refused(&with_vectors(&path))
}

/// A model on three inputs and a bias whose cells come from a file.
fn with_vectors(path: &std::path::Path) -> Model {
    let mut model = on_table("a b c y\n1 2 3 4\n2 3 1 1", "y", "squared");
    let place = placed((), "cells(\"G.npy\")").place;
    model.vectors = Some(VectorFile { path: path.to_path_buf(), shown: "G.npy".to_string(), place });
    model
}

#[test]
fn weight_vectors_have_the_length_of_a_neuron() {
    let array = |rows: usize, columns: usize| npy(&format!("({rows}, {columns})"), false, (1..=rows * columns).map(|v| v as f64));
    assert_eq!(
        vectors(array(3, 2)),
        "E0460: `G.npy` is 3 x 2, and the weight vectors of these neurons need 4 x m\nmodel.cvx:1:1 [cells(\"G.npy\")] another shape\n\
         note: one weight vector per column: 3 rows for the inputs, and the bias as the last row\n\
         help: add the row of biases, here zeros: `numpy.save(\"G.npy\", numpy.vstack([G, 0 * G[:1]]))`"
    );
    // Its four columns are no reason to turn it.
    assert!(!vectors(array(3, 4)).contains("G.T"), "only the row of biases is missing");
    let turned = vectors(array(5, 4));
    begins(turned.clone(), "E0460: `G.npy` is 5 x 4, and the weight vectors of these neurons need 4 x m");
    assert!(turned.ends_with("help: save it transposed: `numpy.save(\"G.npy\", G.T)`"), "{turned}");
    begins(vectors(npy("(2,)", false, [1.0, 2.0])), "E0460: `G.npy` holds one vector of 2 numbers, and");
    begins(vectors(npy("(4, 1, 1)", false, [1.0, 2.0, 3.0, 4.0])), "E0460: `G.npy` has 3 dimensions, and");
}

#[test]
fn weight_vectors_point_somewhere() {
    let file = |values: [f64; 8]| vectors(npy("(4, 2)", false, values));
    assert_eq!(
        file([1.0, 0.0, 1.0, 0.0, 1.0, -0.0, 1.0, 0.0]),
        "E0461: column 2 of `G.npy` is zero, which points nowhere\nmodel.cvx:1:1 [cells(\"G.npy\")] a zero vector\nhelp: leave the column out"
    );
    begins(file([1.0, 1.0, 1.0, f64::NAN, 1.0, 1.0, 1.0, 1.0]), "E0461: `G.npy` holds NaN in row 2, column 2\nmodel.cvx:1:1");
    begins(file([1.0, 1.0, 1.0, 1.0, f64::INFINITY, 1.0, 1.0, 1.0]), "E0461: `G.npy` holds inf in row 3, column 1");
}

#[test]
fn files_of_weight_vectors_that_are_none() {
    let folder = Folder::new();
    begins(refused(&with_vectors(&folder.0.path().join("G.npy"))), "E0402: there is no file `G.npy`\nmodel.cvx:1:7 [\"G.npy\"] not found");
    begins(refused(&with_vectors(folder.0.path())), "E0402: `G.npy` is a folder, not a file");
    begins(vectors(""), "E0403: `G.npy` is empty\nmodel.cvx:1:1 [cells(\"G.npy\")] no vectors");
    begins(vectors(npy("(4, 0)", false, [])), "E0403: `G.npy` holds no rows");
    begins(vectors("x,y\n1,2\n1234567"), "E0406: `G.npy` cannot be used: it does not begin like an npy file");
    begins(vectors(npy("(4, 3)", false, [1.0])), "E0406: `G.npy` is cut off");
    let text = npy_bytes("{'descr': '<U1', 'fortran_order': False, 'shape': (4, 1), }", "a\0\0\0b\0\0\0c\0\0\0d\0\0\0".bytes());
    begins(vectors(text), "E0406: `G.npy` cannot be used: it holds text, not numbers");
}

#[test]
fn weight_vectors_are_columns_whatever_the_order_of_the_bytes() {
    let folder = Folder::new();
    let by_rows = npy("(4, 2)", false, [1.0, 5.0, 2.0, 6.0, 3.0, 7.0, 4.0, 8.0]);
    let by_columns = npy("(4, 2)", true, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    for bytes in [by_rows, by_columns] {
        let model = with_vectors(&folder.file("G.npy", bytes));
        let problem = cvxc::syntax::data::bind(&model, &mut |_| ()).unwrap_or_else(|errors| panic!("{}", told_all(&errors)));
        let cvxc::problem::Arrangements::Cells { source, vectors } = problem.plan.arrangements else { panic!("cells") };
        assert_eq!((source.as_str(), vectors.row(0), vectors.row(1)), ("G.npy", &[1.0, 2.0, 3.0, 4.0][..], &[5.0, 6.0, 7.0, 8.0][..]));
    }
}

/// A model on three inputs and a bias behind these gates.
fn with_gates(spec: GateSpec) -> Model {
    let mut model = on_table("a b c y\n1 2 3 4\n2 3 1 1", "y", "squared");
    model.network.gates = Some(spec);
    model
}

#[test]
fn gates_have_the_length_of_a_neuron_and_point_somewhere() {
    let folder = Folder::new();
    let file = |bytes: Vec<u8>| {
        let place = placed((), "npy(\"G.npy\")").place;
        refused(&with_gates(GateSpec::File(VectorFile { path: folder.file("G.npy", bytes), shown: "G.npy".to_string(), place })))
    };
    assert_eq!(
        file(npy("(2, 4)", false, (1..=8).map(f64::from))),
        "E0460: `G.npy` is 2 x 4, and the gates of these neurons need 4 x m\nmodel.cvx:1:1 [npy(\"G.npy\")] another shape\n\
         note: one gate per column: 3 rows for the inputs, and the bias as the last row\n\
         help: save it transposed: `numpy.save(\"G.npy\", G.T)`"
    );
    begins(file(npy("(4, 1)", false, [1.0, f64::NAN, 1.0, 1.0])), "E0461: `G.npy` holds NaN in row 2, column 1");
    begins(file(npy("(4, 1)", false, [0.0; 4])), "E0461: column 1 of `G.npy` is zero, which points nowhere");
    begins(file(Vec::new()), "E0403: `G.npy` is empty");
    begins(file(npy("(4, 0)", false, [])), "E0403: `G.npy` holds no rows");
}

#[test]
fn drawn_gates_fit_in_memory_or_are_refused() {
    let drawn = |count| with_gates(GateSpec::Drawn { count, seed: 1, place: placed((), "gated_relu(...)").place });
    let mut model = drawn(1000);
    model.plan.memory = Some(3300);
    assert_eq!(
        refused(&model),
        "E0440: 1000 gates need 33.0 kB of memory, and 3.3 kB may be used\nmodel.cvx:1:1 [gated_relu(...)] 33 bytes a gate\n\
         help: ask for fewer: up to 100 would fit\nhelp: allow more in the model: `solve { memory = 1 GB }`"
    );
    let gates = |count| cvxc::syntax::data::bind(&drawn(count), &mut |_| ()).unwrap().architecture.gates.unwrap().vectors;
    let (few, many) = (gates(3), gates(7));
    assert_eq!((few.rows, few.columns), (3, 4));
    assert_eq!(few.values, many.values[..12], "a longer list begins with a shorter one");
}

/// Files of columns are read by a build that has asked for them, and another one says so.
#[cfg(not(feature = "parquet"))]
#[test]
fn a_plain_build_says_how_column_files_are_read() {
    let said = |model: &str| cvxc::syntax::read_text("m.cvx", model, std::path::Path::new("."), &[]).1.iter().map(told).collect::<String>();
    let rest = "network features -> dense -> relu -> dense -> y\nminimize squared + 0.1 * weight_decay\n";
    let text = said(&format!("cvx 1\ndata parquet(\"a.parquet\")\n{rest}"));
    let expected = "E0361: `parquet` is not in this build of cvxc\nm.cvx:2:6 [parquet(\"a.parquet\")] a file of columns\n\
        note: build it in: cargo install --path . --features parquet\nhelp: or write the table as CSV: `csv(\"file.csv\")`";
    assert_eq!(text, expected);
    // A test file by its name, and new rows, have no word that could be looked at before.
    begins(refused(&on_file(&Folder::new().file("a.arrow", "x"), "y", "squared")), "E0361: `parquet` is not in this build of cvxc");
}
