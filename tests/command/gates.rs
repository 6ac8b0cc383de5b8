//! Gated networks from the file to the folder and back: every command knows the gates.

use super::*;
use std::path::PathBuf;

/// A table of a bent surface, and gates in many directions: two inputs and a bias, 3 x 24.
fn gated() -> (TempDir, PathBuf) {
    let space = tempfile::tempdir().unwrap();
    let mut table = "a,b,y\n".to_string();
    for i in 0..20 {
        let (a, b) = (f64::from(i % 5) - 2.0, f64::from(i / 5) - 1.5);
        table += &format!("{a},{b},{}\n", (a - b).max(0.0) - 0.5 * (b + 1.0).max(0.0) + 0.125 * f64::from(i % 3));
    }
    let turned = |row: usize| {
        (0..24)
            .map(move |k| [f64::from(k * 15).to_radians().cos(), f64::from(k * 15).to_radians().sin(), f64::from(k % 5) / 2.0 - 1.0][row])
    };
    let gates: Vec<f64> = (0..3).flat_map(turned).collect();
    fs::write(space.path().join("t.csv"), table).unwrap();
    fs::write(space.path().join("G.npy"), crate::npy(3, 24, &gates)).unwrap();
    let model = space.path().join("m.cvx");
    fs::write(&model, text("npy(\"G.npy\")")).unwrap();
    (space, model)
}

fn text(gates: &str) -> String {
    format!(
        "cvx 1\ndata csv(\"t.csv\")\nnetwork features -> dense(bias) -> gated_relu(gates = {gates}) -> dense -> y\n\
         minimize squared + 0.2 * weight_decay\n"
    )
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}{}", stdout(output), stderr(output)))
}

#[test]
fn a_gated_model_is_solved_verified_and_used() {
    let (space, _) = gated();
    let here = space.path();
    let solved = run(here, &["solve", "m.cvx"]);
    code(&solved, 0);
    let summary = stdout(&solved);
    assert!(summary.contains("GLOBAL OPTIMUM, certified"), "{summary}");
    assert!(summary.contains("no neuron behind any of the gates is worth adding: proved"), "{summary}");
    assert!(summary.contains("proof          24 gates"), "{summary}");
    let verified = run(here, &["verify", "m.out"]);
    code(&verified, 0);
    assert!(stdout(&verified).contains("no neuron is worth adding: each of the 24 gates was priced"), "{}", stdout(&verified));
    // What the network predicts on its own rows is what its certified objective is made of.
    let answer = json(&run(here, &["solve", "m.cvx", "--json", "-q"]));
    assert_eq!((answer["theorem"].as_str(), answer["status"].as_str()), (Some("gated"), Some("global_optimum")));
    let predicted = stdout(&run(here, &["predict", "m.out", "t.csv"]));
    let targets = fs::read_to_string(here.join("t.csv")).unwrap();
    let numbers = |text: &str| -> Vec<f64> { text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect() };
    let loss: f64 = numbers(&predicted).iter().zip(numbers(&targets)).map(|(f, y)| 0.5 * (f - y).powi(2)).sum();
    assert!((loss - answer["loss"].as_f64().unwrap()).abs() < 1e-9, "{loss} {answer}");
    // The folder stands for itself: without the file of gates it still predicts.
    fs::rename(here.join("G.npy"), here.join("H.npy")).unwrap();
    assert_eq!(stdout(&run(here, &["predict", "m.out", "t.csv"])), predicted);
    let missing = run(here, &["verify", "m.out"]);
    code(&missing, 1);
    assert!(stderr(&missing).contains("E0402"), "{}", stderr(&missing));
}

#[test]
fn other_gates_are_another_problem() {
    let (space, model) = gated();
    code(&run(space.path(), &["solve", "m.cvx", "-q"]), 0);
    fs::write(&model, text("24")).unwrap();
    let refused = run(space.path(), &["verify", "m.out"]);
    code(&refused, 4);
    assert!(stderr(&refused).contains("different network"), "{}", stderr(&refused));
    fs::write(&model, text("npy(\"G.npy\")")).unwrap();
    let turned: Vec<f64> = (0..72).map(|k| f64::from(k % 7) - 3.25).collect();
    fs::write(space.path().join("G.npy"), crate::npy(3, 24, &turned)).unwrap();
    let refused = run(space.path(), &["verify", "m.out"]);
    code(&refused, 4);
    assert!(stdout(&refused).contains("neuron 1 has a gate that is none of the model's"), "{}", stdout(&refused));
}

#[test]
fn every_format_carries_the_gates() {
    let (space, _) = gated();
    let here = space.path();
    code(&run(here, &["solve", "m.cvx", "-q"]), 0);
    for format in cvxc::export::FORMATS.iter().filter(|format| format.reads()) {
        code(&run(here, &["export", "m.out", "--to", format.name]), 0);
        let file = format!("m.{}", format.extension);
        let compared = run(here, &["compare", "m.cvx", "--with", &file]);
        code(&compared, 0);
        let text = stdout(&compared);
        assert!(text.contains("yes: the gradient is 0"), "{text}");
        assert!(text.contains("gates") && text.contains("the optimum of its own subsampled program"), "{text}");
        let object = json(&run(here, &["compare", "m.cvx", "--with", &file, "--json", "-q"]));
        assert!(object["at_most_above"].as_f64().unwrap() < 1e-6, "{object}");
        code(&run(here, &["solve", "m.cvx", "--start", &file, "-q"]), 0);
    }
    // A network without gates, or behind others, is none of this model's.
    let plain = text("npy(\"G.npy\")").replace("gated_relu(gates = npy(\"G.npy\"))", "linear");
    fs::write(here.join("plain.cvx"), plain).unwrap();
    code(&run(here, &["solve", "plain.cvx", "-q"]), 0);
    let refused = run(here, &["compare", "m.cvx", "--with", "plain.out"]);
    code(&refused, 1);
    assert!(stderr(&refused).contains("its activation is `linear`, and the model's is `gated_relu"), "{}", stderr(&refused));
    fs::write(here.join("drawn.cvx"), text("24, seed = 5")).unwrap();
    let refused = run(here, &["compare", "drawn.cvx", "--with", "m.out"]);
    code(&refused, 1);
    assert!(stderr(&refused).contains("the gate of neuron 1 is none of the model's"), "{}", stderr(&refused));
}

#[test]
fn what_a_gated_network_lacks_is_the_dearest_gate() {
    let (space, _) = gated();
    let here = space.path();
    let one = r#"{"tensors": {"hidden.weight": [[0.5, 0]], "hidden.bias": [0], "gate.weight": [[1, 0]], "gate.bias": [-1], "output.weight": [[0.5]]}}"#;
    fs::write(here.join("one.json"), one).unwrap();
    let compared = run(here, &["compare", "m.cvx", "--with", "one.json", "--json", "-q"]);
    code(&compared, 0);
    let (object, optimum) = (json(&compared), json(&run(here, &["solve", "m.cvx", "--json", "-q"])));
    let neuron = &object["best_neuron"];
    assert!(neuron["price"].as_f64().unwrap() > 1.0 && neuron["priced_on_every_cell"] == true, "{neuron}");
    assert!((1..=24).contains(&neuron["gate"].as_u64().unwrap()), "{neuron}");
    let between = |value: &Value| value.as_f64().unwrap();
    assert!(between(&optimum["objective"]) <= between(&neuron["objective"]), "{neuron}");
    assert!(between(&neuron["objective"]) < between(&object["objective"]), "{neuron}");
    let strange = one.replace("[-1]", "[-1.5]");
    fs::write(here.join("one.json"), strange).unwrap();
    assert!(stderr(&run(here, &["compare", "m.cvx", "--with", "one.json"])).contains("the gate of neuron 1 is none of the model's"));
}

#[test]
fn descent_behind_the_same_gates_ends_at_the_optimum() {
    let (space, _) = gated();
    let compared = json(&run(space.path(), &["compare", "m.cvx", "--seeds", "2", "--steps", "3000", "--json", "-q"]));
    // Every neuron stands behind its own gate, so nothing but patience keeps descent from the optimum here.
    let optimum = compared["solve"]["objective"].as_f64().unwrap();
    for rival in compared["contestants"].as_array().or(compared["rivals"].as_array()).unwrap() {
        let best = rival["best"].as_f64().unwrap();
        assert!(best >= optimum * (1.0 - 1e-6) && best < 1.02 * optimum, "{rival} {optimum}");
    }
    assert_eq!(compared["width"], 24);
}

#[test]
fn a_gated_model_is_explained() {
    let (space, model) = gated();
    let explained = stdout(&run(space.path(), &["explain", "m.cvx"]));
    for words in [
        "1[g_j.x + h_j >= 0] (w_j.x + b_j)",
        "f = sum_g D_g X u_g",
        "gates 24",
        "a row with g.x = 0 passes its gate",
        "networks with these gates",
    ] {
        assert!(explained.contains(words), "{words}\n{explained}");
    }
    fs::write(&model, text("200000000")).unwrap();
    let refused = run(space.path(), &["explain", "m.cvx"]);
    code(&refused, 1);
    assert!(stderr(&refused).contains("E0113"), "{}", stderr(&refused));
    fs::write(&model, format!("{}solve {{ memory = 1 MB }}\n", text("1000000"))).unwrap();
    let refused = run(space.path(), &["solve", "m.cvx"]);
    code(&refused, 1);
    assert!(stderr(&refused).contains("E0440"), "{}", stderr(&refused));
}
