//! The binary end to end: exit codes, streams, files written, Ctrl-C, time limits.

#[cfg(feature = "solve")]
mod cells;
#[cfg(feature = "solve")]
mod comparison;
#[cfg(feature = "solve")]
mod endings;
#[cfg(feature = "solve")]
mod gates;
#[cfg(feature = "solve")]
mod interpolation;
#[cfg(feature = "solve")]
mod outputs;
#[cfg(feature = "solve")]
mod path;
mod statement;
#[cfg(feature = "solve")]
mod training;
#[cfg(feature = "solve")]
mod verify;

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

/// An array of doubles in NumPy's format, row after row.
#[cfg(feature = "solve")]
fn npy(rows: usize, columns: usize, values: &[f64]) -> Vec<u8> {
    assert_eq!(values.len(), rows * columns);
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes().chain(values.iter().flat_map(|value| value.to_le_bytes())));
    bytes
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
