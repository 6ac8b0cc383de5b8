//! Column files: the dataset that the same table gives as csv, errors that name column and row, and damage that is an error.

use super::damage::{damaged, survive};
use super::model::*;
use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampSecondArray, UInt8Array, types::Int32Type,
};
use cvxc::problem::Random;
use cvxc::syntax::model::*;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::path::PathBuf;
use std::sync::Arc;

fn column(array: impl arrow_array::Array + 'static) -> ArrayRef {
    Arc::new(array)
}

/// Numbers of every kind, one of them missing, and labels as words.
fn table() -> RecordBatch {
    let kinds: DictionaryArray<Int32Type> = ["cat", "dog", "cat", "cat", "dog"].into_iter().collect();
    RecordBatch::try_from_iter_with_nullable([
        ("x", column(Float64Array::from(vec![Some(0.1), None, Some(-3.5), Some(1e300), Some(0.0)])), true),
        ("single", column(Float32Array::from(vec![0.5, 1.5, -2.0, 0.25, 8.0])), false),
        ("count", column(Int64Array::from(vec![1, -2, 9_007_199_254_740_993, 4, 5])), false),
        ("byte", column(UInt8Array::from(vec![0, 255, 3, 4, 5])), false),
        ("truth", column(BooleanArray::from(vec![true, false, true, true, false])), false),
        ("price", column(Decimal128Array::from(vec![110, 225, -330, 3, 7]).with_precision_and_scale(20, 2).unwrap()), false),
        ("written", column(StringArray::from(vec!["1", " 2.5", "3e2", "-4", "5"])), false),
        ("word", column(StringArray::from(vec![Some("cat"), Some("dog"), Some("cat"), Some("cat"), Some("dog")])), true),
        ("kind", column(kinds), false),
        ("day", column(TimestampSecondArray::from(vec![1, 2, 3, 4, 5])), false),
    ])
    .unwrap()
}

const CSV: &str = "x,single,count,byte,truth,price,written,word,kind,day\n\
    0.1,0.5,1,0,1,1.10,1,cat,cat,1\n,1.5,-2,255,0,2.25, 2.5,dog,dog,2\n-3.5,-2.0,9007199254740993,3,1,-3.30,3e2,cat,cat,3\n\
    1e300,0.25,4,4,1,0.03,-4,cat,cat,4\n0.0,8.0,5,5,0,0.07,5,dog,dog,5\n";

fn parquet(folder: &Folder, name: &str, compression: Compression, batch: &RecordBatch) -> PathBuf {
    let properties = WriterProperties::builder().set_compression(compression).set_max_row_group_row_count(Some(2)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    folder.file(name, writer.into_inner().unwrap())
}

fn arrow(folder: &Folder, name: &str, batches: &[RecordBatch]) -> PathBuf {
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    folder.file(name, writer.into_inner().unwrap())
}

fn of(path: &std::path::Path, target: &str, loss: &str) -> Model {
    let mut model = on_file(path, target, loss);
    (model.data.missing, model.data.drop) = (Missing::Drop, names(if target == "word" { "kind day" } else { "word day" }));
    model
}

#[test]
fn column_files_give_the_dataset_of_the_same_csv() {
    let (folder, batch) = (Folder::new(), table());
    let csv = folder.file("a.csv", CSV);
    let files = [
        parquet(&folder, "plain.parquet", Compression::UNCOMPRESSED, &batch),
        parquet(&folder, "snappy.parquet", Compression::SNAPPY, &batch),
        parquet(&folder, "zstd.parquet", Compression::ZSTD(ZstdLevel::default()), &batch),
        parquet(&folder, "lz4.parquet", Compression::LZ4_RAW, &batch),
        parquet(&folder, "gzip.parquet", Compression::GZIP(Default::default()), &batch),
        arrow(&folder, "a.arrow", &[batch.slice(0, 3), batch.slice(3, 2)]),
    ];
    for file in &files {
        for (target, rows) in [("word", None), ("kind", None), ("kind", Some((2, 5)))] {
            let models = [of(file, target, "hinge"), of(&csv, target, "hinge")].map(|mut model| {
                model.data.rows = rows.map(|rows| placed(rows, "rows"));
                dataset(&model)
            });
            let [a, b] = models;
            assert_eq!((&a.columns, &a.target, &a.train, a.dropped), (&b.columns, &b.target, &b.train, b.dropped), "{}", file.display());
        }
    }
}

#[test]
fn a_truth_value_is_a_number_and_a_label() {
    let folder = Folder::new();
    let file = parquet(&folder, "a.parquet", Compression::SNAPPY, &table());
    let inputs = |mut model: Model| {
        model.network.inputs.value = InputSpec::Columns(vec![ColumnItem::One(name("byte"))]);
        model
    };
    assert_eq!(dataset(&inputs(on_file(&file, "truth", "squared"))).train.targets, [1.0, 0.0, 1.0, 1.0, 0.0]);
    let mut labels = inputs(on_file(&file, "truth", "hinge"));
    labels.data.positive = Some(name("false"));
    assert_eq!(dataset(&labels).train.targets, [-1.0, 1.0, -1.0, -1.0, 1.0]);
}

#[test]
fn errors_name_the_file_the_column_and_the_row() {
    let folder = Folder::new();
    let file = parquet(&folder, "a.parquet", Compression::SNAPPY, &table());
    let place = "model.cvx:1:1 [parquet(\"a.parquet\")]";
    let mut day = on_file(&file, "word", "hinge");
    day.data.drop = names("x kind");
    let said = refused(&day);
    assert!(said.starts_with(&format!("E0411: `day` needs numbers, and the file holds Timestamp(s) there\n{place} not numbers")), "{said}");
    let mut words = on_file(&file, "kind", "hinge");
    words.data.drop = names("x day");
    let said = refused(&words);
    assert!(said.starts_with(&format!("E0411: `word` needs numbers, row 1 holds `cat`\n{place} not a number")), "{said}");
    let mut missing = on_file(&file, "kind", "hinge");
    missing.data.drop = names("word day");
    let said = refused(&missing);
    assert!(said.contains("`x`") && said.contains("row 2") && said.contains(place), "{said}");
    let twice = RecordBatch::try_from_iter([("y", column(UInt8Array::from(vec![1]))), ("y", column(UInt8Array::from(vec![2])))]).unwrap();
    let said = refused(&on_file(&arrow(&folder, "twice.arrow", &[twice]), "y", "squared"));
    assert!(said.starts_with("E0405: two columns are called `y`\nmodel.cvx:1:1 [arrow(\"twice.arrow\")] columns 1 and 2"), "{said}");
    let said = refused(&on_file(&folder.file("b.parquet", "x,y\n1,2\n3,4\n"), "y", "squared"));
    assert!(said.starts_with("E0406: `b.parquet` cannot be used: "), "{said}");
    let said = refused(&on_file(&folder.0.path().join("a.parket.parquet"), "y", "squared"));
    assert!(said.starts_with("E0402: there is no file `a.parket.parquet`"), "{said}");
    let mut large = on_file(&file, "kind", "hinge");
    (large.data.drop, large.data.missing, large.plan.memory) = (names("word day"), Missing::Drop, Some(100));
    assert!(refused(&large).starts_with("E0440: the data need"), "{}", refused(&large));
}

#[test]
fn damaged_column_files() {
    let (folder, batch) = (Folder::new(), table());
    let small = batch.project(&[0, 1, 4, 6]).unwrap();
    let numbers =
        RecordBatch::try_from_iter([("x", small.column(1)), ("z", small.column(2)), ("y", small.column(3))].map(|(n, c)| (n, c.clone())));
    let numbers = numbers.unwrap();
    for (name, compression) in [("d.parquet", Compression::UNCOMPRESSED), ("d.parquet", Compression::SNAPPY)] {
        survive(name, &std::fs::read(parquet(&folder, name, compression, &numbers)).unwrap(), 1500);
    }
    survive("d.arrow", &std::fs::read(arrow(&folder, "d.arrow", &[numbers])).unwrap(), 1500);
}

/// A decoder that panics has met a damaged file: what is said is said about that, and of no bug.
#[test]
fn a_damaged_file_is_no_bug() {
    let folder = Folder::new();
    let numbers =
        RecordBatch::try_from_iter([("x", column(UInt8Array::from(vec![1, 2]))), ("y", column(UInt8Array::from(vec![3, 4])))]).unwrap();
    let bytes = std::fs::read(arrow(&folder, "d.arrow", &[numbers])).unwrap();
    let text = "cvx 1\ndata arrow(\"d.arrow\")\nnetwork x -> dense -> relu -> dense -> y\nminimize squared + 0.1 * weight_decay\n";
    folder.file("m.cvx", text);
    let mut contradicted = 0;
    for seed in 0..300 {
        folder.file("d.arrow", damaged(&bytes, &mut Random::new(seed)));
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cvxc"));
        let output = command.current_dir(folder.0.path()).args(["check", "--data", "m.cvx"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("bug:") && matches!(output.status.code(), Some(0 | 1)), "{seed}: {said}");
        contradicted += usize::from(said.contains("`d.arrow` cannot be used: its numbers contradict each other"));
    }
    assert!(contradicted > 0, "no decoder has panicked");
}
