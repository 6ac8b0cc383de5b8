//! Every format gives the same dataset for the same numbers.

use super::model::*;
use cvxc::problem::{Dataset, Target};
use cvxc::syntax::data::{Progress, bind, check_columns, header};
use cvxc::syntax::model::*;
use std::io::Write;
use std::path::{Path, PathBuf};

const X: [[f64; 3]; 5] = [[1.0, -0.5, 0.0], [0.0, 2.25, 1e-3], [3.0, 0.0, -7.0], [0.0, 0.0, 0.0], [1e10, 4.0, 0.125]];
const Y: [f64; 5] = [1.0, -1.0, -1.0, 1.0, 1.0];

/// An npy file of `<f8` by hand.
pub fn npy(shape: &str, fortran: bool, values: impl IntoIterator<Item = f64>) -> Vec<u8> {
    let flag = if fortran { "True" } else { "False" };
    npy_bytes(&format!("{{'descr': '<f8', 'fortran_order': {flag}, 'shape': {shape}, }}"), values.into_iter().flat_map(f64::to_le_bytes))
}

pub fn npy_bytes(header: &str, values: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16 + 1).to_le_bytes());
    bytes.extend(header.bytes().chain([b'\n']));
    bytes.extend(values);
    bytes
}

pub fn npz(path: &Path, arrays: &[(&str, Vec<u8>)]) {
    let mut writer = npyz::npz::NpzWriter::create(path).expect("a temporary file");
    for (name, bytes) in arrays {
        let zip = writer.zip_writer();
        zip.start_file(format!("{name}.npy"), Default::default()).expect("an entry");
        zip.write_all(bytes).expect("bytes");
    }
}

fn rows() -> impl Iterator<Item = [f64; 4]> {
    X.iter().zip(Y).map(|(x, y)| [x[0], x[1], x[2], y])
}

fn text(separator: &str) -> String {
    let line = |row: [f64; 4]| row.map(|value| value.to_string()).join(separator);
    ["x1", "x2", "x3", "y"].join(separator) + "\n" + &rows().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

fn libsvm() -> String {
    let line = |row: [f64; 4]| {
        let pairs = row[..3].iter().zip(1..).filter(|(value, _)| **value != 0.0).map(|(value, index)| format!(" {index}:{value}"));
        format!("{}{}\n", row[3], pairs.collect::<String>())
    };
    "# a comment\n\n".to_string() + &rows().map(line).collect::<String>()
}

fn every_format(folder: &Folder) -> Vec<PathBuf> {
    let mut columns: Vec<f64> = Vec::new();
    (0..4).for_each(|j| columns.extend(rows().map(|row| row[j])));
    let archive = folder.0.path().join("d.npz");
    let x = |j: usize| npy("(5,)", false, rows().map(move |row| row[j]));
    npz(&archive, &[("x1", x(0)), ("x2", x(1)), ("x3", x(2)), ("y", x(3))]);
    vec![
        folder.file("d.csv", text(",")),
        folder.file("windows.csv", text(",").replace('\n', "\r\n")),
        folder.file("quoted.csv", text(",").replace("x2", "\"x2\"").replace(",2.25", ",\"2.25\"")),
        folder.file("marked.csv", format!("\u{feff}{}", text(","))),
        folder.file("d.tsv", text("\t")),
        folder.file("d.libsvm", libsvm()),
        folder.file("c.npy", npy("(5, 4)", false, rows().flatten())),
        folder.file("f.npy", npy("(5, 4)", true, columns)),
        archive,
    ]
}

fn same(a: &Dataset, b: &Dataset) {
    assert_eq!((&a.columns, &a.target, &a.train, &a.test), (&b.columns, &b.target, &b.train, &b.test));
}

#[test]
fn every_format_gives_the_same_dataset() {
    let folder = Folder::new();
    for loss in ["squared", "hinge"] {
        let expected = dataset(&on_table(&text(" "), "y", loss));
        assert_eq!(expected.train.inputs.values, X.concat());
        assert_eq!(expected.train.targets, Y);
        for path in every_format(&folder) {
            same(&dataset(&on_file(&path, "y", loss)), &expected);
        }
    }
}

#[test]
fn a_file_without_names_counts_its_columns() {
    let folder = Folder::new();
    let body = text(";").split_once('\n').expect("a header").1.to_string();
    let mut model = on_file(&folder.file("d.csv", body), "y", "squared");
    (model.data.header, model.data.separator) = (false, Some(';'));
    same(&dataset(&model), &dataset(&on_table(&text(" "), "y", "squared")));
}

#[test]
fn npy_types_and_orders() {
    let folder = Folder::new();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("<f4", [1.5f32, -2.0].iter().flat_map(|v| v.to_le_bytes()).collect()),
        (">f8", [1.5f64, -2.0].iter().flat_map(|v| v.to_be_bytes()).collect()),
        ("<i2", [300i16, -2].iter().flat_map(|v| v.to_le_bytes()).collect()),
        (">i4", [300i32, -2].iter().flat_map(|v| v.to_be_bytes()).collect()),
        ("|u1", vec![200, 254]),
        ("|b1", vec![1, 0]),
    ];
    let expected = [[1.5, -2.0], [1.5, -2.0], [300.0, -2.0], [300.0, -2.0], [200.0, 254.0], [1.0, 0.0]];
    for ((descr, bytes), expected) in cases.into_iter().zip(expected) {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (1, 2), }}");
        let data = dataset(&on_file(&folder.file("a.npy", npy_bytes(&header, bytes)), "y", "squared"));
        assert_eq!([data.train.inputs.values[0], data.train.targets[0]], expected, "{descr}");
    }
}

#[test]
fn npz_arrays_are_columns_with_a_shape() {
    let folder = Folder::new();
    let path = folder.0.path().join("d.npz");
    let labels = "catdogcat".chars().flat_map(|c| (c as u32).to_le_bytes());
    let text = npy_bytes("{'descr': '<U3', 'fortran_order': False, 'shape': (3,), }", labels);
    npz(&path, &[("signal", npy("(3, 2)", false, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])), ("kind", text), ("scalar", npy("()", false, [7.0]))]);
    let mut model = on_file(&path, "kind", "hinge");
    model.network.inputs.value = InputSpec::Columns(vec![ColumnItem::One(name("signal"))]);
    assert_eq!(header(&model.data).expect("names"), ["signal_0", "signal_1", "kind"]);
    let columns: Vec<String> = column_names(&model);
    assert_eq!(columns, ["signal_0", "signal_1"]);
    model.network.inputs.value = InputSpec::Columns(vec![ColumnItem::Range(name("signal_0"), name("signal_1"))]);
    assert_eq!(column_names(&model), ["signal_0", "signal_1"]);
}

fn column_names(model: &Model) -> Vec<String> {
    dataset(model).columns.into_iter().map(|column| column.name).collect()
}

#[test]
fn the_toys_are_seeded() {
    let toy = |kind, points, seed, target| {
        let source = SourceSpec::Toy { kind, points, turns: 1.25, noise: 0.02, seed };
        dataset(&model(source, "spirals(seed = 7)", target, "squared"))
    };
    let spirals = toy(Toy::Spirals, 60, 7, "class");
    assert_eq!((spirals.train.inputs.rows, spirals.train.inputs.columns), (60, 2));
    assert_eq!(spirals.source, "spirals(seed = 7)");
    assert_eq!(spirals, toy(Toy::Spirals, 60, 7, "class"));
    assert_ne!(spirals.train, toy(Toy::Spirals, 60, 8, "class").train);
    assert_eq!(spirals.train.targets.iter().sum::<f64>(), 0.0);
    assert_eq!(toy(Toy::Xor, 4, 0, "y").train.targets, [-1.0, 1.0, 1.0, -1.0]);
    assert_eq!(toy(Toy::Sinusoid, 9, 0, "y").train.inputs.row(8), [1.0]);
}

#[test]
fn the_gallery_binds() {
    let file = |name: &str| PathBuf::from("models/data").join(name);
    let iris = dataset(&{
        let mut model = on_file(&file("iris.csv"), "species", "hinge");
        model.data.keep = names("versicolor virginica");
        model
    });
    assert_eq!((iris.train.inputs.rows, iris.train.inputs.columns), (100, 4));
    let digits = dataset(&{
        let mut model = on_file(&file("digits.csv"), "digit", "hinge");
        (model.data.keep, model.data.positive) = (names("3 8"), Some(name("3")));
        model.network.inputs.value = InputSpec::Columns(vec![ColumnItem::Range(name("pixel_0"), name("pixel_63"))]);
        model
    });
    assert_eq!(digits.train.inputs.columns, 64);
    let target = Target::Classes { name: "digit".into(), negative: "8".into(), positive: "3".into() };
    assert_eq!(digits.target, target);
}

#[test]
fn progress_counts_bytes_to_the_end() {
    let folder = Folder::new();
    let path = folder.file("d.csv", "x,y\n".to_string() + &"1,2\n".repeat(10_000));
    let mut seen: Vec<Progress> = Vec::new();
    bind(&on_file(&path, "y", "squared"), &mut |progress| seen.push(progress)).expect("a problem");
    assert_eq!(seen.last().copied(), Some(Progress { rows: 10_000, bytes: 40_004, total: Some(40_004) }));
    assert!(seen.windows(2).all(|pair| pair[0].rows < pair[1].rows && pair[0].bytes <= pair[1].bytes));
}

#[test]
fn columns_are_checked_without_reading_rows() {
    let folder = Folder::new();
    let model = on_file(&folder.file("d.csv", "x,label\nno,numbers,at all\n"), "lable", "squared");
    let errors = check_columns(&model);
    assert_eq!(
        told_all(&errors),
        "E0301: no column `lable` in the data\nmodel.cvx:1:1 [lable] unknown column\nnote: the columns are: x, label\n\
         help: a column with a similar name exists: `label`"
    );
    assert!(check_columns(&on_file(&folder.0.path().join("none.csv"), "y", "squared")).is_empty());
}
