//! How fast a csv file becomes a dataset: bytes per second, beside the bare reading of the same file.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use cvxc::problem::Column;
use cvxc::syntax::data::{Layout, read_features};
use std::io::Write;

/// About 10 MB: 50 000 rows of 20 numbers.
fn table() -> Vec<u8> {
    let mut random = cvxc::problem::Random::new(1);
    let mut text = (1..=20).map(|column| format!("x{column}")).collect::<Vec<_>>().join(",").into_bytes();
    for _ in 0..50_000 {
        let row: Vec<String> = (0..20).map(|_| format!("{:.6}", random.normal())).collect();
        write!(text, "\n{}", row.join(",")).expect("memory");
    }
    text
}

fn reading(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("table.csv");
    let text = table();
    std::fs::write(&path, &text).expect("a temporary file");
    let columns: Vec<Column> = (1..=20).map(|column| Column { name: format!("x{column}"), shift: 0.0, scale: 1.0 }).collect();
    let mut group = criterion.benchmark_group("reading");
    group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
    group.bench_function("bytes alone", |bench| bench.iter_batched(|| (), |()| std::fs::read(&path), BatchSize::PerIteration));
    group.bench_function("csv, 20 columns", |bench| bench.iter(|| read_features(&path, &columns, &Layout::default())));
    group.bench_function("csv, 2 of 20 columns", |bench| bench.iter(|| read_features(&path, &columns[..2], &Layout::default())));
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
