//! What has to hold of every dataset: training rows alone decide the scale, splits are fair, lags look back.

use super::model::*;
use cvxc::problem::{Dataset, Matrix, Target};
use cvxc::syntax::model::*;
use std::path::Path;

fn diabetes() -> Model {
    on_file(Path::new("models/data/diabetes.csv"), "progression", "squared")
}

fn split(fraction: f64, seed: u64) -> TestSpec {
    TestSpec::Split { fraction, seed, place: name("split(20%, seed = 1)").place }
}

fn moments(matrix: &Matrix, column: usize) -> (f64, f64) {
    let values: Vec<f64> = matrix.each_row().map(|row| row[column]).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt())
}

#[test]
fn training_columns_have_mean_0_and_deviation_1() {
    let mut model = diabetes();
    (model.data.standardize, model.data.test) = (Standardize::All, split(0.2, 1));
    let data = dataset(&model);
    for column in 0..10 {
        let (mean, deviation) = moments(&data.train.inputs, column);
        assert!(mean.abs() < 1e-12 && (deviation - 1.0).abs() < 1e-12, "{mean} {deviation}");
    }
    let (mean, deviation) = moments(&Matrix::new(353, 1, data.train.targets.clone()), 0);
    assert!(mean.abs() < 1e-12 && (deviation - 1.0).abs() < 1e-12);
}

#[test]
fn test_rows_take_the_training_scale() {
    let mut raw = diabetes();
    raw.data.test = split(0.2, 1);
    let mut scaled = raw.clone();
    scaled.data.standardize = Standardize::Features;
    let (raw, scaled) = (dataset(&raw), dataset(&scaled));
    assert_eq!((raw.train.inputs.rows, raw.test.as_ref().map(|test| test.inputs.rows)), (353, Some(89)));
    assert_eq!(raw.train.targets, scaled.train.targets);
    let (before, after) = (raw.test.expect("test rows").inputs, scaled.test.expect("test rows").inputs);
    for (before, after) in before.each_row().zip(after.each_row()) {
        for ((before, after), column) in before.iter().zip(after).zip(&scaled.columns) {
            assert_eq!((before - column.shift) / column.scale, *after);
        }
    }
}

/// A table whose only input is the row's number.
fn counting(rows: usize) -> Model {
    let body: String = (1..=rows).map(|row| format!("\n{row} {}", row * 10)).collect();
    on_table(&format!("x y{body}"), "y", "squared")
}

fn inputs(data: &Dataset) -> (Vec<f64>, Vec<f64>) {
    (data.train.inputs.values.clone(), data.test.clone().unwrap_or_default().inputs.values)
}

#[test]
fn splits_are_disjoint_complete_ordered_and_repeatable() {
    for (rows, fraction, aside) in [(10, 0.3, 3), (10, 0.2, 2), (11, 0.2, 3), (100, 0.07, 7), (2, 0.5, 1)] {
        let mut model = counting(rows);
        model.data.test = split(fraction, 5);
        let (train, test) = inputs(&dataset(&model));
        assert_eq!(test.len(), aside, "{rows} rows, {fraction}");
        assert!(train.windows(2).all(|pair| pair[0] < pair[1]) && test.windows(2).all(|pair| pair[0] < pair[1]));
        let mut all = [train.clone(), test.clone()].concat();
        all.sort_by(f64::total_cmp);
        assert_eq!(all, (1..=rows).map(|row| row as f64).collect::<Vec<_>>());
        assert_eq!(inputs(&dataset(&model)), (train, test));
    }
    let mut other = counting(100);
    other.data.test = split(0.2, 6);
    let mut model = counting(100);
    model.data.test = split(0.2, 5);
    assert_ne!(inputs(&dataset(&model)), inputs(&dataset(&other)));
}

#[test]
fn rows_and_test_rows() {
    let mut model = counting(9);
    model.data.test = TestSpec::Rows(placed((3, 4), "3..4"));
    assert_eq!(inputs(&dataset(&model)), (vec![1.0, 2.0, 5.0, 6.0, 7.0, 8.0, 9.0], vec![3.0, 4.0]));
    model.data.rows = Some(placed((6, 7), "6..7"));
    assert_eq!(inputs(&dataset(&model)), (vec![6.0, 7.0], vec![3.0, 4.0]));
}

#[test]
fn a_test_file_has_the_same_columns() {
    let folder = Folder::new();
    let mut model = on_file(&folder.file("a.csv", "x,z,y\n1,5,no\n3,5,yes\n"), "y", "hinge");
    let path = folder.file("b.csv", "y,other,z,x\nyes,?,6,2\n");
    model.data.test = TestSpec::File { path, shown: "b.csv".into(), place: name("csv(\"b.csv\")").place };
    model.data.standardize = Standardize::Features;
    let data = dataset(&model);
    assert_eq!(data.train.inputs.values, [-1.0, 0.0, 1.0, 0.0]);
    let test = data.test.expect("test rows");
    assert_eq!((test.inputs.values, test.targets), (vec![0.0, 1.0], vec![1.0]));
}

#[test]
fn lags_look_back() {
    let mut model = on_file(Path::new("models/data/ecg.csv"), "mv", "squared");
    model.network.inputs.value = InputSpec::Columns(vec![ColumnItem::Lag { column: name("mv"), first: 1, last: 3 }]);
    let whole = dataset(&model);
    assert_eq!(whole.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["mv[-1]", "mv[-2]", "mv[-3]"]);
    assert_eq!(whole.train.inputs.rows, 1021);
    for i in 1..whole.train.inputs.rows {
        let (before, row) = (whole.train.inputs.row(i - 1), whole.train.inputs.row(i));
        assert_eq!(row, [whole.train.targets[i - 1], before[0], before[1]]);
    }
    model.data.rows = Some(placed((1, 800), "1..800"));
    model.data.test = TestSpec::Rows(placed((801, 1000), "801..1000"));
    let parts = dataset(&model);
    let test = parts.test.expect("test rows");
    assert_eq!((parts.train.inputs.rows, test.inputs.rows), (797, 200));
    // The test rows' history reaches back into the training rows.
    assert_eq!(test.inputs.row(0), whole.train.inputs.row(797));
    model.data.rows = Some(placed((401, 800), "401..800"));
    assert_eq!(dataset(&model).train.inputs.row(0), whole.train.inputs.row(397));
}

#[test]
fn missing_values_are_dropped_or_filled_in() {
    let mut model = on_table("x z y\n1 1 1\n? 2 2\n3 NA 3\n5 9 ?", "y", "squared");
    model.data.missing = Missing::Drop;
    let data = dataset(&model);
    assert_eq!((data.train.inputs.values, data.dropped), (vec![1.0, 1.0], 3));
    let mut model = on_table("x z y\n1 1 1\n? 2 2\n3 NA 3\n5 9 4", "y", "squared");
    model.data.missing = Missing::Mean;
    assert_eq!(dataset(&model).train.inputs.values, [1.0, 1.0, 3.0, 2.0, 3.0, 4.0, 5.0, 9.0]);
    model.data.test = TestSpec::Rows(placed((2, 2), "2..2"));
    assert_eq!(dataset(&model).test.expect("test rows").inputs.values, [3.0, 2.0]);
}

#[test]
fn a_missing_lag_drops_every_row_that_needs_it() {
    let mut model = on_table("t\n1\n2\n?\n4\n5\n6", "t", "squared");
    model.network.inputs.value = InputSpec::Columns(vec![ColumnItem::Lag { column: name("t"), first: 1, last: 2 }]);
    model.data.missing = Missing::Drop;
    assert_eq!(dataset(&model).train.inputs.values, [5.0, 4.0]);
}

#[test]
fn classes_become_signs() {
    let signs = |text: &str, loss: &str, positive: Option<&str>| {
        let mut model = on_table(text, "y", loss);
        model.data.positive = positive.map(name);
        let data = dataset(&model);
        (data.train.targets, data.target)
    };
    let classes =
        |negative: &str, positive: &str| Target::Classes { name: "y".into(), negative: negative.into(), positive: positive.into() };
    assert_eq!(signs("x y\n1 b\n2 a", "hinge", None), (vec![1.0, -1.0], classes("a", "b")));
    assert_eq!(signs("x y\n1 b\n2 a", "squared", Some("a")), (vec![-1.0, 1.0], classes("b", "a")));
    assert_eq!(signs("x y\n1 0\n2 1.0", "logistic", None), (vec![-1.0, 1.0], classes("0", "1")));
    assert_eq!(signs("x y\n1 10\n2 9", "hinge", None), (vec![1.0, -1.0], classes("9", "10")));
    assert_eq!(signs("x y\n1 b\n2 a", "absolute", None).0, [1.0, -1.0]);
    assert_eq!(signs("x y\n1 0\n2 1", "squared", None).0, [0.0, 1.0]);
    assert_eq!(signs("x y\n1 0\n2 1", "squared", Some("1.0")).0, [-1.0, 1.0]);
}

#[test]
fn a_constant_column_is_only_centred() {
    let mut model = on_table("x z y\n0.1 1 1\n0.1 2 2\n0.1 4 3", "y", "squared");
    model.data.standardize = Standardize::Columns(names("x"));
    let data = dataset(&model);
    assert_eq!((data.columns[0].shift, data.columns[0].scale, data.columns[1].scale), (0.1, 1.0, 1.0));
    assert!(data.train.inputs.each_row().all(|row| row[0] == 0.0));
}

#[test]
fn one_row_is_enough() {
    let data = dataset(&on_table("x y\n1 2", "y", "squared"));
    assert_eq!((data.train.inputs.values, data.train.targets), (vec![1.0], vec![2.0]));
}

#[test]
fn drops_lists_and_quoted_names() {
    let folder = Folder::new();
    let path = folder.file("d.csv", "id,mean radius,b,\"c, d\",y\n7,1,2,3,4\n");
    let columns = |model: &Model| dataset(model).columns.into_iter().map(|column| column.name).collect::<Vec<_>>();
    let mut model = on_file(&path, "y", "squared");
    model.data.drop = names("id");
    assert_eq!(columns(&model), ["mean radius", "b", "c, d"]);
    model.network.inputs.value = InputSpec::Columns(vec![ColumnItem::One(name("c, d")), ColumnItem::One(name("mean radius"))]);
    assert_eq!(columns(&model), ["c, d", "mean radius"]);
    assert_eq!(dataset(&model).train.inputs.values, [3.0, 1.0]);
    model.network.inputs.value = InputSpec::Columns(vec![ColumnItem::Range(name("mean radius"), name("c, d"))]);
    assert_eq!(columns(&model), ["mean radius", "b", "c, d"]);
}
