//! Randomly damaged files: an error or a dataset of finite numbers, never a panic.

use super::formats::{npy, npz};
use super::model::*;
use cvxc::problem::{Dataset, Random};
use cvxc::syntax::data::bind;
use cvxc::syntax::model::*;

pub fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    const SPICE: &[u8] = b",\n\"\r \t-.eE0123456789:()'\\#\x00\xff\xe9";
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len().max(1)).min(bytes.len());
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, SPICE[random.below(SPICE.len())]),
            2 if at < bytes.len() => bytes[at] = random.bits() as u8,
            3 if at < bytes.len() => {
                bytes.remove(at);
            }
            _ => {
                let end = (at + 1 + random.below(20)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
    bytes
}

fn finite(data: &Dataset) -> bool {
    let rows = [Some(&data.train), data.test.as_ref()];
    rows.into_iter().flatten().all(|rows| rows.inputs.values.iter().chain(&rows.targets).all(|value| value.is_finite()))
}

pub fn survive(file: &str, bytes: &[u8], rounds: u64) {
    let folder = Folder::new();
    let mut bound = 0;
    for round in 0..rounds {
        let mut random = Random::new(round);
        let path = folder.file(file, damaged(bytes, &mut random));
        let mut model = on_file(&path, "y", if round % 2 == 0 { "squared" } else { "hinge" });
        model.plan.memory = Some(1 << 26);
        model.data.missing = [Missing::Error, Missing::Drop, Missing::Mean][random.below(3)];
        model.data.standardize = [Standardize::Nothing, Standardize::All][random.below(2)].clone();
        match bind(&model, &mut |_| ()) {
            Ok(problem) => {
                assert!(finite(&problem.dataset), "{file}, round {round}");
                bound += 1;
            }
            Err(errors) => assert!(!told_all(&errors).is_empty()),
        }
    }
    // The damage is light enough to let something through, or nothing beyond the header would be tested.
    assert!(bound > 0, "{file}");
}

#[test]
fn damaged_csv() {
    survive("d.csv", b"x,\"a, b\",z,y\n1,2,3,1\n-4,5e3,\"6\",-1\n7,,9,1\n1e300,-1e300,0,-1\n", 1500);
}

#[test]
fn damaged_npy() {
    survive("d.npy", &npy("(4, 3)", false, (0..12).map(f64::from)), 1500);
    survive("d.npy", &npy("(4, 3)", true, (0..12).map(f64::from)), 1000);
}

#[test]
fn damaged_npz() {
    let folder = Folder::new();
    let path = folder.0.path().join("d.npz");
    npz(&path, &[("x", npy("(4, 2)", false, (0..8).map(f64::from))), ("y", npy("(4,)", false, [1.0, -1.0, 1.0, 1.0]))]);
    let bytes = std::fs::read(&path).expect("the file");
    survive("d.npz", &bytes, 1500);
}

#[test]
fn damaged_libsvm() {
    survive("d.libsvm", b"1 1:0.5 3:2\n-1 2:1e3\n1\n-1 1:-4 2:7 3:0.125 # end\n", 1500);
}
