//! How solves end: what is told of the bound is what `verify` finds, and an optimum of 0 is one.

use super::*;

/// The answer to a solve of `m.cvx`, and what `verify` says of it.
pub fn solved_and_verified(space: &Path, model: &str, options: &[&str]) -> (Value, Value) {
    fs::write(space.join("m.cvx"), model).unwrap();
    let output = run(space, &[&["solve", "m.cvx", "-q", "--json"], options].concat());
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{model}\n{}", stderr(&output)));
    let verified = run(space, &["verify", "m.out", "--json"]);
    code(&verified, 0);
    (answer, serde_json::from_slice(&verified.stdout).unwrap_or_else(|_| panic!("{model}\n{}", stderr(&verified))))
}

/// A norm bound may be better than any proof at hand; beside a certificate only what it certifies is told.
#[test]
fn solve_and_verify_tell_the_same_bound() {
    let space = space();
    for count in [1, 2, 3, 5, 8] {
        let cells = format!("{XOR}solve {{ arrangements = sample({count}, seed = 1); guarantee = bounded }}\n");
        let (answer, verified) = solved_and_verified(space.path(), &cells, &[]);
        assert_eq!(answer["lower_bound"], verified["lower_bound"], "{count}");
        assert_eq!(answer["lower_bound_rests_on"], "proof", "{count}");
    }
    // The norm bound itself is proved: 0.0304975 with one cell, where shortening the dual vector of the search gives 0.0205.
    let one = format!("{XOR}solve {{ arrangements = sample(1, seed = 1); guarantee = bounded }}\n");
    let (answer, _) = solved_and_verified(space.path(), &one, &[]);
    assert!(answer["lower_bound"].as_f64().unwrap() > 0.0304, "{answer}");
}

fn table(rows: &str, network: &str, objective: &str) -> String {
    format!("cvx 1\ndata table {{\n  x y\n{rows}\n}}\nnetwork x -> {network} -> y\nminimize {objective} + 0.1 * weight_decay\n")
}

/// Loss and penalty are never negative, and the dual vector of zeros certifies it.
#[test]
fn an_optimum_of_zero_is_certified() {
    let space = space();
    let plain = "dense(bias) -> relu -> dense";
    let skip = "(dense(bias) -> relu -> dense) + skip";
    for (rows, network, loss) in [
        ("0 0.1\n1 0.05\n2 -0.1", plain, "epsilon_insensitive(0.2)"),
        ("0 -1\n1 -1\n2 1\n3 1", skip, "hinge"),
        ("0 -1\n1 -1\n2 1\n3 1", skip, "squared_hinge"),
        ("0 1\n1 3\n2 5\n3 7", skip, "absolute"),
        ("0 0\n1 0\n2 0", plain, "squared"),
    ] {
        let (answer, verified) = solved_and_verified(space.path(), &table(rows, network, loss), &[]);
        assert_eq!((&answer["status"], &answer["stopped"]), (&"global_optimum".into(), &"gap".into()), "{loss}: {answer}");
        assert_eq!(verified["status"], "certified", "{loss}");
        assert!(answer["objective"].as_f64().unwrap() < 1e-9 && answer["lower_bound"].as_f64() == Some(0.0), "{loss}: {answer}");
        assert!(!verified["lower_bound"].to_string().contains('-'), "{verified}");
    }
}

/// The skip tells the classes apart, so the infimum is 0 and no network has it.
#[test]
fn an_infimum_of_zero_that_is_not_attained_is_certified() {
    let space = space();
    let model = table("0 -1\n1 -1\n2 1\n3 1", "(dense(bias) -> relu -> dense) + skip", "logistic");
    let (answer, verified) = solved_and_verified(space.path(), &model, &[]);
    assert_eq!((&answer["status"], &verified["status"]), (&"global_optimum".into(), &"certified".into()), "{answer}");
    assert!(answer["objective"].as_f64().unwrap() < 1e-15, "{answer}");
}

/// All ten measurements and a skip: no proof ends in time, and what there is of one is written, checked and told in time.
#[test]
fn an_unfinished_proof_keeps_to_time_and_size() {
    let space = space();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/data/diabetes.csv"), space.path().join("diabetes.csv")).unwrap();
    let text = "cvx 1\ndata csv(\"diabetes.csv\") { standardize = all }\n\
        network features -> (dense(bias) -> relu -> dense) + skip -> progression\nminimize huber(1.35) + 12 * weight_decay\n";
    let started = Instant::now();
    let (answer, verified) = solved_and_verified(space.path(), text, &["--time", "8s"]);
    // The seconds are for reading the data, and for machines with other work.
    assert!(started.elapsed() < Duration::from_secs(8 + 2 + 2), "{:?}", started.elapsed());
    assert!(answer["solver"]["seconds"].as_f64().unwrap() < 10.0, "{answer}");
    assert_eq!((&answer["status"], &answer["stopped"]), (&"bounded".into(), &"time".into()), "{answer}");
    assert_eq!((&answer["lower_bound"], &"bounded".into()), (&verified["lower_bound"], &verified["status"]));
    assert!(answer["lower_bound"].as_f64().unwrap() > 30.0, "{answer}");
    assert!(fs::metadata(space.path().join("m.out/certificate.json")).unwrap().len() < 40_000_000);
}
