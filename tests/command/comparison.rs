//! `cvxc compare` and `cvxc solve --start`: the rivals, and networks that somebody already has.

use super::*;
use cvxc::descent::{Contest, RIVALS};
use cvxc::export;
use cvxc::problem::{Problem, Random};
use safetensors::tensor::{Dtype, TensorView};

/// A model of named columns x1, x2, ... without bias, from rows whose last entry is the target.
fn model(rows: &[Vec<f64>], objective: &str) -> String {
    let inputs: Vec<String> = (1..rows[0].len()).map(|j| format!("x{j}")).collect();
    let line = |row: &Vec<f64>| row.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
    let table: Vec<String> = rows.iter().map(line).collect();
    let (names, table) = (inputs.join(" "), table.join("\n"));
    format!(
        "cvx 1\ndata table {{\n{names} y\n{table}\n}}\nnetwork [{}] -> dense -> relu -> dense -> y\nminimize {objective}\n",
        inputs.join(", ")
    )
}

/// The network as JSON: hidden rows and output weights.
fn network(hidden: &[&[f64]], output: &[f64]) -> String {
    serde_json::json!({ "tensors": { "hidden.weight": hidden, "output.weight": [output] } }).to_string()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let space = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| fs::write(space.path().join(name), text).unwrap());
    space
}

/// What is said of a network about a model.
fn with(model: &str, network: &str) -> Value {
    let space = folder(&[("m.cvx", model), ("net.json", network)]);
    let output = run(space.path(), &["compare", "m.cvx", "--with", "net.json", "--json", "-q"]);
    code(&output, 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap_or(f64::NAN);
    assert!((value - expected).abs() < 1e-6 * expected.abs().max(1.0), "{value} against {expected}");
}

#[test]
fn rivals_stand_beside_the_optimum() {
    let space = space();
    let arguments = ["compare", "xor.cvx", "--seeds", "6", "--steps", "1500", "-q"];
    let output = run(space.path(), &arguments);
    code(&output, 0);
    let text = stdout(&output);
    for part in [
        "width 10, 1 500 steps, seeds 1 to 6",
        "best",
        "median",
        "worst",
        "  adam  ",
        "  sgd  ",
        " / 6",
        "lower bound",
        "cvxc solve xor.cvx",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert_eq!(names(space.path()), ["xor.cvx"], "nothing is written");
    let json = run(space.path(), &[&arguments[..], &["--json"]].concat());
    let object: Value = serde_json::from_slice(&json.stdout).unwrap();
    for rival in object["rivals"].as_array().unwrap() {
        let objectives: Vec<f64> = rival["objectives"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        assert!(objectives.len() == 6 && objectives.is_sorted(), "{objectives:?}");
        assert!(objectives[0] >= object["solve"]["lower_bound"].as_f64().unwrap(), "nobody goes below the bound");
        assert!(objectives[0] < 1.1 * 0.0624252874 && rival["cut_short"] == 0, "{}: {objectives:?}", rival["name"]);
    }
    assert!(object["rivals"][0]["within"].as_u64().unwrap() >= 1, "the best of six runs of Adam finds it");
    let again = run(space.path(), &[&arguments[..], &["--json", "--threads", "1"]].concat());
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(object["rivals"], again["rivals"], "seeds decide, threads do not");
}

#[test]
fn every_loss_and_layer_can_be_descended() {
    let space = space();
    for (network, objective) in [
        ("(dense(bias) -> relu -> dense) + skip", "mean(squared)"),
        ("dense -> leaky_relu(0.1) -> dense", "logistic"),
        ("dense(bias) -> abs -> dense", "mean(hinge)"),
        ("(dense -> relu -> dense) + skip", "absolute"),
        ("dense(3) -> relu -> dense", "huber(0.5)"),
    ] {
        let text = XOR.replace("dense(bias) -> relu -> dense", network).replace("squared +", &format!("{objective} +"));
        fs::write(space.path().join("m.cvx"), &text).unwrap();
        let output = run(space.path(), &["compare", "m.cvx", "--seeds", "3", "--steps", "1000", "--json", "-q"]);
        code(&output, 0);
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        let optimum = object["solve"]["objective"].as_f64().unwrap();
        let best = object["rivals"][0]["best"].as_f64().unwrap();
        assert!(
            best >= object["solve"]["lower_bound"].as_f64().unwrap() && best < 2.0 * optimum + 1e-3,
            "{text}: {best} against {optimum}"
        );
    }
    code(&run(space.path(), &["compare", "m.cvx", "--width", "4"]), 2);
    code(&run(space.path(), &["compare", "m.cvx", "--with", "x.json", "--seeds", "4"]), 2);
    code(&run(space.path(), &["compare", "m.cvx", "--seeds", "0"]), 2);
}

#[test]
fn time_ends_the_rivals_too() {
    let space = space();
    let started = Instant::now();
    let output = run(space.path(), &["compare", "xor.cvx", "--steps", "10000000", "--time", "300ms"]);
    code(&output, 3);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(stdout(&output).contains("stopped on the way") && stdout(&output).contains("not begun"), "{}", stdout(&output));
}

/// Two points on a line: the neuron of either side sees one of them.
#[test]
fn a_spurious_minimum_is_stationary_and_far_from_the_optimum() {
    let text = model(&[vec![1.0, 2.0], vec![-1.0, 2.0]], "squared + 0.1 * weight_decay");
    let root = 1.9f64.sqrt();
    let object = with(&text, &network(&[&[root]], &[root]));
    near(&object["objective"], 2.195);
    near(&object["solve"]["objective"], 0.39);
    assert!((object["at_most_above"].as_f64().unwrap() - (2.195 / 0.39 - 1.0)).abs() < 1e-5);
    assert_eq!(object["stationarity"]["kind"], "differentiable");
    assert!(object["stationarity"]["alignment"].as_f64().unwrap() < 1e-12);
    near(&object["subsampled"]["own_signs"], 2.195);
    near(&object["subsampled"]["both_signs"], 2.195);
    let neuron = &object["best_neuron"];
    near(&neuron["price"], 20.0);
    near(&neuron["weights"]["x1"], -1.0);
    near(&neuron["size"], 1.9);
    near(&neuron["objective"], 0.39);
    assert_eq!((&neuron["sign"], &neuron["priced_on_every_cell"]), (&Value::from(1.0), &Value::from(true)));
}

/// A neuron on a kink, whose other side leads down or does not.
#[test]
fn kinks_decide_between_clarke_and_directional() {
    let root = 1.9f64.sqrt();
    let net = network(&[&[root, 0.0], &[0.0, 0.0]], &[root, 0.0]);
    let rows = |y: f64| model(&[vec![1.0, 0.0, 2.0], vec![0.0, 1.0, y]], "squared + 0.1 * weight_decay");
    let object = with(&rows(2.0), &net);
    assert_eq!(object["stationarity"]["kind"], "clarke");
    assert_eq!((&object["stationarity"]["kinks"], &object["stationarity"]["zero_neurons"]), (&Value::from(1), &Value::from(1)));
    // ½β² + β (|y| - β) on the ray of y.
    near(&object["subsampled"]["own_signs"], 0.005 + 0.1 * (8f64.sqrt() - 0.1));
    let object = with(&rows(-2.0), &net);
    assert_eq!(object["stationarity"]["kind"], "directional");
    near(&object["subsampled"]["own_signs"], 2.195);
    near(&object["subsampled"]["both_signs"], 0.39);
}

#[test]
fn other_networks_are_not_stationary_and_the_zero_network_is() {
    let text = model(&[vec![1.0, 2.0], vec![-1.0, 2.0]], "squared + 0.1 * weight_decay");
    for (hidden, output) in [(1.0, 1.0), (1.9f64.sqrt() * 2.0, 1.9f64.sqrt() / 2.0)] {
        assert_eq!(with(&text, &network(&[&[hidden]], &[output]))["stationarity"]["kind"], "no");
    }
    let zero = with(&text, &network(&[&[0.0]], &[0.0]));
    assert_eq!(zero["stationarity"]["kind"], "differentiable");
    near(&zero["objective"], 4.0);
}

/// The optimum itself is stationary, whatever the loss, and nothing improves it.
#[test]
fn the_optimum_is_stationary_in_every_loss() {
    let space = space();
    for objective in
        ["squared", "mean(absolute)", "hinge", "logistic", "huber(0.5)", "squared_hinge", "quantile(0.3)", "epsilon_insensitive(0.3)"]
    {
        let skip = if objective == "hinge" { "(dense(bias) -> relu -> dense) + skip" } else { "dense(bias) -> relu -> dense" };
        let text = XOR.replace("squared +", &format!("{objective} +")).replace("dense(bias) -> relu -> dense", skip);
        fs::write(space.path().join("m.cvx"), text).unwrap();
        code(&run(space.path(), &["solve", "m.cvx", "-q"]), 0);
        let output = run(space.path(), &["compare", "m.cvx", "--with", "m.out", "--json", "-q"]);
        code(&output, 0);
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_ne!(object["stationarity"]["kind"], "no", "{objective}: {}", object["stationarity"]);
        assert!(object["at_most_above"].as_f64().unwrap() <= 1.1e-6, "{objective}");
        near(&object["subsampled"]["own_signs"], object["objective"].as_f64().unwrap());
    }
}

#[test]
fn the_distance_is_that_to_the_known_optimum() {
    let instances: Vec<Value> = serde_json::from_str(include_str!("../reference/instances.json")).unwrap();
    for (name, objective) in [
        ("relu_sq", "squared"),
        ("relu_abs", "absolute"),
        ("relu_epsins", "epsilon_insensitive(0.2)"),
        ("relu_hinge", "hinge"),
        ("relu_logistic", "logistic"),
    ] {
        let instance = instances.iter().find(|instance| instance["name"] == name).unwrap();
        let numbers = |value: &Value| value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<f64>>();
        let targets = numbers(&instance["y"]);
        let rows: Vec<Vec<f64>> =
            instance["X"].as_array().unwrap().iter().zip(targets).map(|(x, y)| [numbers(x), vec![y]].concat()).collect();
        let object = with(
            &model(&rows, &format!("{objective} + {} * weight_decay", instance["beta"])),
            &network(&[&[0.3, -0.5], &[0.2, 0.9]], &[0.4, -0.7]),
        );
        let optimum = instance["value"].as_f64().unwrap();
        let (above, a) = (object["at_most_above"].as_f64().unwrap(), object["objective"].as_f64().unwrap());
        assert!((above - (a - optimum) / optimum).abs() < 1e-5, "{name}: {above}, {a} against {optimum}");
        assert!(object["sentence"].as_str().unwrap().starts_with("net.json is at most "), "{}", object["sentence"]);
    }
}

/// Networks that gradient descent left at a local minimum, a saddle or the optimum.
#[test]
fn the_distance_of_a_trained_network_is_its_own() {
    let space = space();
    let problem = problem(&space.path().join("xor.cvx"));
    let contest = Contest { width: 6, steps: 4000, seeds: 3, threads: 1 };
    for trained in RIVALS.iter().flat_map(|rival| rival.train(&problem, &contest, &|| false, &|| ())) {
        let neurons: Vec<&[f64]> = trained.network.hidden.each_row().collect();
        let (weights, bias): (Vec<&[f64]>, Vec<f64>) = neurons.iter().map(|w| (&w[..2], w[2])).unzip();
        let tensors = serde_json::json!({ "1.weight": weights, "1.bias": bias, "3.weight": [trained.network.output.values] });
        fs::write(space.path().join("net.json"), serde_json::json!({ "tensors": tensors }).to_string()).unwrap();
        let output = run(space.path(), &["compare", "xor.cvx", "--with", "net.json", "--json", "-q"]);
        code(&output, 0);
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        let (optimum, objective) = (0.062425287389, trained.score.objective);
        assert_eq!(object["objective"].as_f64(), Some(objective));
        near(&object["at_most_above"], (objective - optimum) / optimum);
        let bound = object["subsampled"]["both_signs"].as_f64().unwrap();
        assert!(bound >= optimum * (1.0 - 1e-9) && bound <= objective * (1.0 + 1e-6), "{bound} for {objective}");
        if object["stationarity"]["kind"] == "differentiable" {
            near(&object["subsampled"]["both_signs"], objective);
        }
    }
}

type Named<'a> = (&'a str, &'a [usize], &'a [f32]);

/// Tensors in single precision, as PyTorch saves a state dict.
fn torch(path: &Path, tensors: &[Named]) {
    let bytes: Vec<Vec<u8>> = tensors.iter().map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let named = tensors.iter().zip(&bytes);
    let views = named.map(|((name, shape, _), bytes)| (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap()));
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn a_state_dict_of_two_linear_layers_is_read() {
    let space = space();
    let path = space.path().join("net.safetensors");
    let (hidden, bias, output) = ([1.0, 1.0, 1.0, 1.0, -0.5, 0.25], [0.0, -1.0, 0.5], [1.0, -2.0, 0.5]);
    torch(&path, &[("net.0.weight", &[3, 2], &hidden), ("net.0.bias", &[3], &bias), ("net.2.weight", &[1, 3], &output)]);
    let ask = || run(space.path(), &["compare", "xor.cvx", "--with", "net.safetensors", "--json", "-q"]);
    let answered = ask();
    code(&answered, 0);
    let object: Value = serde_json::from_slice(&answered.stdout).unwrap();
    // f = relu(x1 + x2) - 2 relu(x1 + x2 - 1) + ½ relu(½ - x1/2 + x2/4) at the four corners, against -1, 1, 1, -1.
    let loss: f64 = [0.25 + 1.0, 1.375 - 1.0, 1.0 - 1.0, 0.125 + 1.0].iter().map(|r: &f64| 0.5 * r * r).sum();
    near(&object["loss"], loss);
    near(&object["penalty"], 0.5 * (2.0 + 3.0 + 0.25 + 0.0625 + 0.25 + 1.0 + 4.0 + 0.25));
    assert_eq!(object["stationarity"]["kind"], "no");

    let refused = |part: &str| {
        let output = ask();
        code(&output, 1);
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        let error = object["error"].as_str().unwrap();
        assert!(error.contains(part) && error.contains("net.safetensors"), "{part} in {error}");
    };
    torch(&path, &[("0.weight", &[3, 2], &hidden), ("2.weight", &[1, 3], &output), ("2.bias", &[1], &[0.5])]);
    refused("`+ skip`");
    torch(&path, &[("0.weight", &[2, 3], &hidden), ("2.weight", &[1, 3], &output)]);
    refused("the model has 2 inputs");
    torch(&path, &[("0.weight", &[3, 2], &hidden), ("2.weight", &[1, 3], &output), ("1.running_mean", &[3], &bias)]);
    refused("`1.running_mean`");
    torch(&path, &[("0.weight", &[3, 2], &hidden)]);
    refused("1 weight matrices");
    torch(&path, &[("0.weight", &[3, 2], &[f32::NAN; 6]), ("2.weight", &[1, 3], &output)]);
    refused("holds NaN");
    torch(&path, &[("0.weight", &[3, 2], &[1e30; 6]), ("2.weight", &[1, 3], &[1e30; 3])]);
    code(&ask(), 0);
    let huge = network(&[&[1e200, 0.0]], &[1e200]);
    fs::write(space.path().join("huge.json"), huge).unwrap();
    for arguments in [["compare", "xor.cvx", "--with", "huge.json"], ["solve", "xor.cvx", "--start", "huge.json"]] {
        let output = run(space.path(), &arguments);
        code(&output, 1);
        assert!(stderr(&output).contains("overflow"), "{}", stderr(&output));
    }
    fs::write(space.path().join("xor.cvx"), XOR.replace("dense(bias)", "dense")).unwrap();
    torch(&path, &[("0.weight", &[3, 2], &hidden), ("0.bias", &[3], &bias), ("2.weight", &[1, 3], &output)]);
    refused("`dense(bias)`");
}

#[test]
fn results_and_exports_are_one_network() {
    let space = space();
    code(&run(space.path(), &["solve", "xor.cvx", "-q"]), 0);
    let objective = |network: &str| {
        let output = run(space.path(), &["compare", "xor.cvx", "--with", network, "--json", "-q"]);
        code(&output, 0);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["objective"].as_f64().unwrap()
    };
    let known = objective("xor.out");
    for format in export::FORMATS.iter().filter(|format| format.reads()) {
        code(&run(space.path(), &["export", "xor.out", "--to", format.name]), 0);
        assert_eq!(objective(&format!("xor.{}", format.extension)).to_bits(), known.to_bits(), "{}", format.name);
    }
    for (from, to, part) in [("relu", "abs", "activation"), ("-1\n", "-2\n", "squared"), ("[x1, x2]", "[x2, x1]", "its inputs are")] {
        fs::write(space.path().join("other.cvx"), XOR.replace(from, to)).unwrap();
        let output = run(space.path(), &["compare", "other.cvx", "--with", "xor.out", "-q"]);
        if part == "squared" {
            code(&output, 0);
        } else {
            code(&output, 1);
            assert!(stderr(&output).contains(part), "{}", stderr(&output));
        }
    }
    for (path, part) in [("nothing.npz", "nothing.npz"), ("xor.cvx", ".safetensors, .npz, .json"), (".", "weights.safetensors")] {
        let output = run(space.path(), &["compare", "xor.cvx", "--with", path, "-q"]);
        code(&output, 1);
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
}

fn problem(path: &Path) -> Problem {
    let (model, _) = cvxc::syntax::read(path, &[]);
    cvxc::syntax::data::bind(&model.unwrap(), &mut |_| ()).unwrap_or_else(|_| panic!("{}", path.display()))
}

#[test]
fn damaged_networks_are_refused_not_believed() {
    let space = space();
    code(&run(space.path(), &["solve", "xor.cvx", "-q"]), 0);
    let problem = problem(&space.path().join("xor.cvx"));
    let mut random = Random::new(1);
    for format in export::FORMATS.iter().filter(|format| format.reads()) {
        code(&run(space.path(), &["export", "xor.out", "--to", format.name]), 0);
        let path = space.path().join(format!("xor.{}", format.extension));
        let bytes = fs::read(&path).unwrap();
        assert!(export::network(&path, &problem).is_ok());
        for length in (0..bytes.len() - 2).step_by(9) {
            fs::write(&path, &bytes[..length]).unwrap();
            let error = export::network(&path, &problem).unwrap_err().0;
            assert!(error.contains(format.extension), "{error}");
        }
        for _ in 0..400 {
            let mut damaged = bytes.clone();
            damaged[random.below(bytes.len())] ^= 1 << random.below(8);
            fs::write(&path, &damaged).unwrap();
            // Whatever comes back has passed the checks; what matters is that it can be scored and nothing panics.
            let _ = export::network(&path, &problem).map(|network| problem.score(&network));
        }
    }
}

#[test]
fn a_start_is_never_made_worse() {
    let space = space();
    let objective = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).unwrap()["objective"].as_f64().unwrap();
    let known = objective(&run(space.path(), &["solve", "xor.cvx", "--json", "-q", "--out", "first"]));
    // Four random cells are far from the optimum; the network that is there already is not.
    let sampled = format!("{XOR}solve {{ arrangements = sample(2, seed = 1); guarantee = bounded }}\n");
    fs::write(space.path().join("few.cvx"), sampled).unwrap();
    let alone = objective(&run(space.path(), &["solve", "few.cvx", "--json", "-q"]));
    assert!(alone > known * 1.001, "{alone}");
    for model in ["few.cvx", "xor.cvx"] {
        let output = run(space.path(), &["solve", model, "--start", "first", "--json", "-q", "--out", "second"]);
        code(&output, 0);
        assert!(objective(&output) <= known, "{model}: {} against {known}", objective(&output));
    }
    let mut random = Random::new(5);
    for _ in 0..3 {
        let rows: Vec<Vec<f64>> = (0..5).map(|_| (0..2).map(|_| random.normal()).collect()).collect();
        let hidden: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        fs::write(space.path().join("net.json"), network(&hidden, &[0.5, -0.5, 1.0, -1.0, 0.25])).unwrap();
        let output = run(space.path(), &["solve", "xor.cvx", "--start", "net.json"]);
        code(&output, 0);
        assert!(stdout(&output).contains("0.0624252") && stdout(&output).contains("start = net.json"), "{}", stdout(&output));
    }
}
