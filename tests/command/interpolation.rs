//! `subject to interpolate` on the command line: what is said of an exact fit, and of data that no network fits.

use super::*;

const ROWS: &str = "  1 2 1\n  -1 1 -1\n  2 -1 2\n  -2 -1 0.5\n";

fn model(space: &Path, rows: &str) {
    let text = format!(
        "cvx 1\ndata table {{\n  a b y\n{rows}}}\nnetwork [a, b] -> dense(bias) -> relu -> dense -> y\nminimize weight_decay subject to interpolate\n"
    );
    fs::write(space.join("m.cvx"), text).unwrap();
}

#[test]
fn an_exact_fit_is_certified_verified_and_compared() {
    let space = space();
    model(space.path(), ROWS);
    let output = run(space.path(), &["solve", "m.cvx"]);
    code(&output, 0);
    let text = stdout(&output);
    for words in ["GLOBAL OPTIMUM, certified", "1 x weight_decay", "fit            train to", "meets all exactly"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let output = run(space.path(), &["verify", "m.out"]);
    code(&output, 0);
    assert!(stdout(&output).contains("weights next to these meet every target, with objective"), "{}", stdout(&output));
    let output = run(space.path(), &["compare", "m.cvx", "--with", "m.out"]);
    code(&output, 0);
    assert!(stdout(&output).starts_with("m.out is at most"), "{}", stdout(&output));
    let output = run(space.path(), &["compare", "m.cvx"]);
    code(&output, 1);
    assert!(stderr(&output).contains("--with"), "{}", stderr(&output));
    let output = run(space.path(), &["explain", "m.cvx"]);
    let text = stdout(&output);
    assert!(text.contains("where f_i = y_i for every training row") && text.contains("y = sum_i S_i X (u_i - v_i)"), "{text}");
    fs::write(
        space.path().join("other.json"),
        r#"{ "tensors": { "hidden.weight": [[1, 2]], "hidden.bias": [0], "output.weight": [[1]] } }"#,
    )
    .unwrap();
    let output = run(space.path(), &["compare", "m.cvx", "--with", "other.json"]);
    code(&output, 0);
    assert!(stdout(&output).contains("other.json does not meet every target"), "{}", stdout(&output));
}

#[test]
fn what_no_network_fits_is_6_and_names_the_rows() {
    let space = space();
    model(space.path(), &format!("{ROWS}  2 -1 3\n"));
    let output = run(space.path(), &["solve", "m.cvx"]);
    code(&output, 6);
    let text = stderr(&output);
    assert!(text.contains("error[E0510]") && text.contains("rows 3 and 5 of the data have the same output"), "{text}");
    assert!(!space.path().join("m.out").exists());
    let output = run(space.path(), &["solve", "--json", "m.cvx"]);
    code(&output, 6);
    assert!(String::from_utf8_lossy(&output.stdout).contains("E0510"));
}

#[test]
fn rows_are_those_of_the_data_and_rounded_decimals_are_said_to_be() {
    let space = space();
    let told = |rows: &str| {
        let text = format!(
            "cvx 1\ndata table {{\n  x y\n  7 7\n{rows}}} {{ rows = 2..4 }}\nnetwork [x] -> dense -> relu -> dense -> y\n\
             minimize weight_decay subject to interpolate\n"
        );
        fs::write(space.path().join("m.cvx"), text).unwrap();
        let output = run(space.path(), &["solve", "m.cvx"]);
        code(&output, 6);
        stderr(&output)
    };
    let decimals = told("  0.1 0.3\n  -1 2\n  0.3 0.9\n");
    assert!(decimals.contains("-3 f(2) + 1 f(4) = 0") && decimals.contains("as decimals these rows may well fit"), "{decimals}");
    let others = told("  0.1 0.3\n  -1 2\n  0.3 0.8\n");
    assert!(others.contains("-3 f(2) + 1 f(4) = 0") && !others.contains("decimals"), "{others}");
}
