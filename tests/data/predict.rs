//! New data for a trained network: the training rows read again give the training inputs again.

use super::formats::npy;
use super::model::*;
use cvxc::problem::Column;
use cvxc::syntax::data::{Layout, read_features, read_features_from};
use cvxc::syntax::model::*;
use std::path::Path;

fn plain(name: &str) -> Column {
    Column { name: name.to_string(), shift: 0.0, scale: 1.0 }
}

#[test]
fn training_rows_read_again_are_the_training_inputs() {
    let mut model = on_file(Path::new("models/data/diabetes.csv"), "progression", "squared");
    model.data.standardize = Standardize::All;
    let data = dataset(&model);
    let again = read_features(Path::new("models/data/diabetes.csv"), &data.columns, &Layout::default()).expect("features");
    assert_eq!(again.inputs, data.train.inputs);
    let bytes = std::fs::read("models/data/diabetes.csv").expect("the file");
    let piped = read_features_from("standard input", &mut bytes.as_slice(), &data.columns, &Layout::default()).expect("features");
    assert_eq!(piped, again);
}

#[test]
fn lags_are_rebuilt_from_their_names() {
    let path = Path::new("models/data/ecg.csv");
    let mut model = on_file(path, "mv", "squared");
    model.network.inputs.value = InputSpec::Columns(vec![ColumnItem::Lag { column: name("mv"), first: 2, last: 4 }]);
    model.data.standardize = Standardize::Features;
    let data = dataset(&model);
    let again = read_features(path, &data.columns, &Layout::default()).expect("features");
    assert_eq!(again.inputs, data.train.inputs);
    assert_eq!((again.rows[0], again.rows.len()), (5, 1020));
}

#[test]
fn npy_columns_have_numbers_with_or_without_the_target() {
    let folder = Folder::new();
    let columns = [plain("x1"), plain("x2")];
    let with = folder.file("a.npy", npy("(1, 3)", false, [1.0, 2.0, 3.0]));
    let without = folder.file("b.npy", npy("(1, 2)", false, [1.0, 2.0]));
    for path in [with, without] {
        assert_eq!(read_features(&path, &columns, &Layout::default()).expect("features").inputs.values, [1.0, 2.0]);
    }
}

#[test]
fn sparse_columns_that_new_data_lack_are_0() {
    let folder = Folder::new();
    let path = folder.file("a.libsvm", "0 2:5\n");
    let features = read_features(&path, &[plain("x1"), plain("x2"), plain("x9")], &Layout::default()).expect("features");
    assert_eq!(features.inputs.values, [0.0, 5.0, 0.0]);
}

#[test]
fn errors_stand_in_the_new_data() {
    let wrong = |text: &str, column: &str| {
        told(&read_features_from("-", &mut text.as_bytes(), &[plain(column)], &Layout::default()).expect_err("an error"))
    };
    assert_eq!(
        wrong("bmi,bp\n1,2\n", "bmj"),
        "E0301: the column `bmj`, an input of the network, is missing in `-`\n-:1:1 [bmi,bp] no `bmj` among these\n\
         note: the columns are: bmi, bp\nhelp: rename it if it is the one with the similar name: `bmi`"
    );
    assert_eq!(
        wrong("a,b\n1,2\n\n,3\n", "a"),
        "E0410: `a` is empty in row 2\n-:4:1 [] nothing here\nhelp: fill in the value, or leave out the row"
    );
    assert_eq!(
        wrong("a\n1\n", "a[-1]"),
        "E0403: `-` has 1 row, and the first 1 have no history\n-:1:1 [] too short for the lags\n\
         help: write the 1 row before the first one to predict as well"
    );
    assert!(wrong("a\nx\n", "a").starts_with("E0411: `a` needs numbers, row 1 holds `x`\n-:2:1 [x] not a number"));
    assert!(wrong("", "a").starts_with("E0403: `-` is empty"));
}
