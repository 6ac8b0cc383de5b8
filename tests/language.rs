//! The language as a person meets it: what checks clean, and the exact text of every message.

use cvxc::syntax::codes::Shows;
use cvxc::syntax::data::bind;
use cvxc::syntax::diagnostic::Diagnostic;
use cvxc::syntax::model::{Model, SourceSpec};
use cvxc::syntax::{codes, read_text, render};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// All files of a folder with an ending, sorted.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == ending)).collect();
    files.sort();
    files
}

/// Overrides of a file: its lines `# --set name=value`.
fn overrides(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix("# --set ")).map(str::to_string).collect()
}

fn check(path: &Path) -> (Option<Model>, Vec<Diagnostic>) {
    let text = std::fs::read_to_string(path).unwrap();
    read_text("model.cvx", &text, path.parent().unwrap(), &overrides(&text))
}

/// Compares a text with the one stored beside the model; BLESS=1 stores it.
fn compare(path: &Path, found: &str, failures: &mut Vec<String>) {
    let stored = path.with_extension("txt");
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(&stored, found).unwrap();
    }
    let expected = std::fs::read_to_string(&stored).unwrap_or_default();
    if expected != found {
        failures.push(format!("{}\n--- expected\n{expected}\n--- found\n{found}", path.display()));
    }
}

#[test]
fn every_message_reads_as_stored() {
    let mut failures = Vec::new();
    for path in files("tests/language/bad", "cvx") {
        let (model, diagnostics) = check(&path);
        assert!(model.is_none() && !diagnostics.is_empty(), "{} should be refused", path.display());
        // Paths in messages must read the same on every machine.
        let folder = format!("{}{}", path.parent().unwrap().display(), std::path::MAIN_SEPARATOR);
        compare(&path, &render::render(&diagnostics, false).replace(&folder, ""), &mut failures);
    }
    assert!(failures.is_empty(), "{} messages changed (BLESS=1 stores them):\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn good_models_check_clean_or_name_the_one_thing_not_there_yet() {
    let mut failures = Vec::new();
    for path in files("tests/language/good", "cvx") {
        let (model, diagnostics) = check(&path);
        let text = render::render(&diagnostics, false);
        match model {
            Some(_) => assert!(diagnostics.is_empty(), "{text}"),
            None => assert!(diagnostics.len() == 1 && diagnostics[0].code == "E0500", "{}\n{text}", path.display()),
        }
        compare(&path, &text, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Every `Edddd` in a text.
fn codes_in(text: &str) -> BTreeSet<String> {
    let bytes = text.as_bytes();
    let is_code =
        |at: &usize| bytes[*at] == b'E' && bytes.get(at + 1..at + 5).is_some_and(|d| d[0] == b'0' && d.iter().all(u8::is_ascii_digit));
    (0..bytes.len()).filter(is_code).map(|at| text[at..at + 5].to_string()).collect()
}

/// All Rust files below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_code_has_a_page() {
    let mut paths = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut paths);
    for path in paths {
        for code in codes_in(&std::fs::read_to_string(&path).unwrap()) {
            assert!(codes::explain(&code).is_some(), "{code} in {} has no page", path.display());
        }
    }
}

/// Codes that a solve or a warning has: reading and binding the wrong model does not find them.
const LATER: [&str; 6] = ["E0360", "E0361", "E0450", "E0451", "E0510", "E0511"];

/// What a page shows as wrong earns its code, and what it shows as right is a model that is read without a word.
#[test]
fn pages_show_what_they_say() {
    let (mut models, mut failures) = (0, Vec::new());
    for page in codes::all().filter(|page| page.shows != Shows::Other) {
        models += 1;
        if page.message().is_none() != LATER.contains(&page.code) {
            let found = read_text("model.cvx", &page.wrong(), Path::new(""), &[]).1;
            failures.push(format!("{} is not earned by\n{}\n{}", page.code, page.wrong(), render::render(&found, false)));
        }
        let (model, mut wrong) = read_text("model.cvx", &page.right(), Path::new(""), &[]);
        let inside = model.filter(|model| !matches!(model.data.source, SourceSpec::File { .. }));
        wrong.extend(inside.and_then(|model| bind(&model, &mut |_| {}).err()).unwrap_or_default());
        // What this version cannot solve yet is right all the same, but for the page that is about just that.
        if wrong.iter().any(|found| found.code != "E0500" || page.code == "E0500") {
            failures.push(format!("{} is not put right by\n{}\n{}", page.code, page.right(), render::render(&wrong, false)));
        }
    }
    assert!(failures.is_empty(), "{} examples are wrong:\n{}", failures.len(), failures.join("\n"));
    assert!(models > 80, "only {models} pages show models");
    let page = codes::explain("E0320").unwrap().page();
    assert!(page.contains("\n\nerror[E0320]: no exact program is known for `hat` with weight_decay\n\nright:\n\n"), "{page}");
}

#[test]
fn every_code_of_the_language_has_a_bad_model() {
    let shown: BTreeSet<String> =
        files("tests/language/bad", "txt").iter().flat_map(|path| codes_in(&std::fs::read_to_string(path).unwrap())).collect();
    // These arise in reading files (tests/data), in solving, and in verifying.
    let elsewhere = ["E0002", "E0360", "E0361", "E0610"];
    let is_language = |code: &&str| !elsewhere.contains(code) && !code.starts_with("E04");
    for code in codes::all().map(|page| page.code).filter(is_language).filter(|code| *code < "E0404" || *code == "E0500") {
        assert!(shown.contains(code), "no bad model earns {code}");
    }
}

/// After a suggestion is taken the file checks clean, or has fewer errors and none at that place.
///
/// A right model that this version cannot solve yet (E0500) is no worse than a clean one, unless the suggestion is about just that.
#[test]
fn suggestions_work() {
    let (mut tried, mut failures) = (0, Vec::new());
    for path in files("tests/language/bad", "cvx").into_iter().chain(files("tests/language/good", "cvx")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let found = check(&path).1;
        for diagnostic in found.iter().filter(|d| d.place().source.name == "model.cvx") {
            for code in diagnostic.helps.iter().filter_map(|help| help.replacement.as_ref()) {
                let mut repaired = text.clone();
                repaired.replace_range(diagnostic.place().span.clone(), code);
                let left = read_text("model.cvx", &repaired, path.parent().unwrap(), &overrides(&text)).1;
                let hides = path.ends_with(HIDES.0) && code == HIDES.1;
                if !hides && !cured(diagnostic, code, &found, &left) {
                    let shown = render::render(&left, false);
                    failures.push(format!("{}: `{code}` for: {}\n{shown}", path.display(), diagnostic.message));
                }
                tried += 1;
            }
        }
    }
    assert!(failures.is_empty(), "{} suggestions do not work:\n{}", failures.len(), failures.join("\n"));
    assert!(tried > 40, "only {tried} suggestions were tried");
}

/// A file in which a misspelt setting hides a wrong value: the suggestion brings the value to light.
const HIDES: (&str, &str) = ("a11_grid.cvx", "arrangements");

/// Whether `code` in the place of a diagnostic leaves fewer errors, and none there.
///
/// Only the first thing that cannot be solved yet is ever shown: curing it may show the next one, but no error.
fn cured(diagnostic: &Diagnostic, code: &str, found: &[Diagnostic], left: &[Diagnostic]) -> bool {
    let errors = |all: &[Diagnostic]| all.iter().filter(|d| d.code != "E0500").count();
    let fewer = errors(left) < errors(found) || (diagnostic.code == "E0500" && errors(left) == 0);
    let span = &diagnostic.place().span;
    // What is put in at the end of a file moves that end, where all that is missing is reported.
    let there = if span.is_empty() { 0..=0 } else { span.start..=span.start + code.len() };
    let counts = |d: &&Diagnostic| d.code != "E0500" || diagnostic.code == "E0500";
    let again =
        |d: &Diagnostic| d.message == diagnostic.message || (d.place().source.name == "model.cvx" && there.contains(&d.place().span.start));
    fewer && !left.iter().filter(counts).any(again)
}

/// The lines of every `help:` in a stored text, one list a help, without their margin.
fn helps(text: &str) -> Vec<Vec<&str>> {
    let mut helps: Vec<Vec<&str>> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let begins = line.trim_start().strip_prefix("= help: ");
        inside = begins.is_some() || (inside && line.starts_with("    "));
        match (begins, helps.last_mut()) {
            (Some(first), _) => helps.push(vec![first]),
            (None, Some(last)) if inside => last.push(line.trim()),
            _ => {}
        }
    }
    helps
}

/// The code in a help: between backticks, behind a label or before a remark (two blanks or more apart), or a line of its own.
fn code_in(help: &[&str]) -> Vec<String> {
    let mut code: Vec<String> = Vec::new();
    for line in help {
        if line.starts_with("subject to") && !code.is_empty() {
            code.last_mut().unwrap().push_str(&format!("\n    {line}"));
        } else if is_statement(line) {
            code.push(line.to_string());
        } else if line.contains('`') {
            code.extend(line.split('`').skip(1).step_by(2).map(str::to_string));
        } else {
            code.extend(line.split("  ").map(|part| part.trim().to_string()));
        }
    }
    code.retain(|code| is_statement(code) || is_setting(code));
    code
}

fn is_statement(code: &str) -> bool {
    let words = ["param", "path", "activation", "data", "network", "minimize", "minimise", "solve", "output"];
    words.iter().any(|word| code.strip_prefix(word).is_some_and(|rest| rest.starts_with(' ')))
}

/// `name = value`.
fn is_setting(code: &str) -> bool {
    let name = code.split_once(" = ").map_or("", |(name, _)| name);
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// What is shown as code may speak of things that a file has to have first, but it is at least a statement or a setting.
#[test]
fn code_in_helps_parses() {
    let mut tried = BTreeSet::new();
    for path in files("tests/language/bad", "txt") {
        let text = std::fs::read_to_string(&path).unwrap();
        for code in helps(&text).iter().flat_map(|help| code_in(help)) {
            let statement = if is_statement(&code) { code.clone() } else { format!("solve {{ {code} }}") };
            let found = read_text("model.cvx", &format!("{statement}\n"), Path::new(""), &[]).1;
            let broken = found.iter().find(|d| ["E0001", "E0003", "E0100"].contains(&d.code));
            assert!(broken.is_none(), "{}: `{code}`: {}", path.display(), broken.unwrap().message);
            tried.insert(code);
        }
    }
    let expected = ["guarantee = bounded", "arrangements = generate", "activation both(x) = abs(relu(x))", "param gamma = 0.1"];
    for code in expected {
        assert!(tried.contains(code), "{code} is not among {tried:#?}");
    }
}

/// Models in which a piece of code may have its place: as a statement, a setting, a layer, a formula, a loss or a penalty.
fn readings(code: &str) -> Vec<String> {
    let model =
        |network: &str, objective: &str, rest: &str| format!("cvx 1\ndata xor()\nparam beta = 0.1\n{network}\n{objective}\n{rest}\n");
    let (network, objective) = ("network [x1, x2] -> dense(bias) -> relu -> dense -> y", "minimize squared + 0.1 * weight_decay");
    let term = |term: String| model(network, &format!("minimize {term}"), "");
    let mut all = vec![
        term(format!("squared + 0.1 * {code}")),
        term(format!("squared {code}")),
        term(format!("{code} + 0.1 * weight_decay")),
        term(format!("squared + 0.1 * weight_decay {code}")),
        model(&network.replace("relu", code), objective, ""),
        model(&network.replace("dense(bias) -> relu -> dense", code.trim_start_matches("-> ")), objective, ""),
        model(&network.replace("relu", "f"), objective, &format!("activation f(x) = {code}")),
        model(network, objective, &format!("solve {{ guarantee = bounded; {code} }}")),
        model(network, objective, &format!("solve {{ {code} }}")),
    ];
    all.extend(match code.split(' ').next() {
        Some("minimize" | "minimise") => vec![model(network, code, "")],
        Some("network") => vec![model(code, objective, "")],
        _ => vec![model(network, objective, code)],
    });
    all
}

/// A help that ends in "not yet" is none: whatever could be put somewhere can be put somewhere where it is solved.
///
/// Names that are only similar to what was written promise nothing.
#[test]
fn what_helps_offer_can_be_solved() {
    let mut tried = BTreeSet::new();
    for path in files("tests/language/bad", "txt") {
        let text = std::fs::read_to_string(&path).unwrap();
        for help in helps(&text).iter().filter(|help| !help[0].contains("similar name")) {
            let words = help.join("\n");
            let code = code_in(help).into_iter().chain(words.split('`').skip(1).step_by(2).map(str::to_string));
            for code in code.filter(|code| !code.contains("...")) {
                let found: Vec<Vec<Diagnostic>> =
                    readings(&code).iter().map(|model| read_text("model.cvx", model, Path::new(""), &[]).1).collect();
                let solved = found.iter().any(Vec::is_empty);
                let later = found.iter().any(|found| found.iter().all(|d| d.code == "E0500"));
                assert!(solved || !later, "{}: `{code}` cannot be solved yet", path.display());
                tried.extend(solved.then_some(code));
            }
        }
    }
    for code in ["weight_decay", "relu", "max(x, 0.1*x)", "solver = auto", "minimize squared + 0.1 * weight_decay", "guarantee = bounded"] {
        assert!(tried.contains(code), "{code} is not among {tried:#?}");
    }
}

/// A seeded stream of numbers, good enough to damage files with.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

/// One random act of damage.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let length = bytes.len();
    let at = dice.below(length);
    let to = (at + 1 + dice.below(12)).min(length);
    match dice.below(7) {
        0 if length > 0 => bytes[at] = b" \n(){}[]\"=-><,:;*/^#.0x%\\\xc3\x00e"[dice.below(28)],
        1 if length > 0 => bytes[at] ^= 1 << dice.below(8),
        2 => drop(bytes.drain(at.min(length)..to)),
        3 => {
            let copy = bytes[at.min(length)..to].to_vec();
            let target = dice.below(length);
            bytes.splice(target..target, copy);
        }
        4 => bytes.truncate(at),
        _ => {
            let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
            if !lines.is_empty() {
                let (a, b) = (dice.below(lines.len()), dice.below(lines.len()));
                lines.swap(a, b);
            }
            *bytes = lines.concat();
        }
    }
}

#[test]
fn damaged_models_are_refused_with_a_reason_or_read() {
    let paths: Vec<PathBuf> = files("tests/language/good", "cvx").into_iter().chain(files("tests/language/bad", "cvx")).collect();
    let texts: Vec<String> = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let mut dice = Dice(7);
    for round in 0..3000 {
        let which = dice.below(texts.len());
        let mut bytes = texts[which].clone().into_bytes();
        for _ in 0..1 + dice.below(4) {
            damage(&mut bytes, &mut dice);
        }
        let text = String::from_utf8_lossy(&bytes);
        let (model, diagnostics) = read_text("model.cvx", &text, paths[which].parent().unwrap(), &[]);
        assert!(model.is_some() || !diagnostics.is_empty(), "round {round}: refused without a word:\n{text}");
        assert!(model.is_none() || diagnostics.is_empty(), "round {round}");
        let shown = render::render(&diagnostics, round % 2 == 0);
        assert_eq!(shown.is_empty(), diagnostics.is_empty());
        assert_eq!(render::json(&diagnostics).as_array().map(Vec::len), Some(diagnostics.len()));
    }
}

#[test]
fn hostile_files_end_quickly_and_with_a_reason() {
    let chain: String = (1..60).map(|k| format!("activation f{k}(x) = f{0}(x) + f{0}(x + {k})\n", k - 1)).collect();
    let hostile = [
        format!("param a = {}1", "-".repeat(100_000)),
        format!("param a = 1{}", "+1".repeat(100_000)),
        format!("param a = 1{}", "^1".repeat(100_000)),
        format!("network {}", "a -> ".repeat(50_000)),
        format!("network {}", "(".repeat(100_000)),
        format!("activation f(x) = {}x{}", "f(".repeat(60), ")".repeat(60)),
        format!("activation f0(x) = max(x, 0)\n{chain}"),
        "activation f(x) = 10^64^64^64".to_string(),
        "param a = 1e400 ^ 64 ^ 64".to_string(),
        "\u{feff}cvx 1\r\ndata xor()\r\n\r\nnetwork [x1, x2] -> dense -> relu -> dense -> y\r\nminimise squared + weight_decay\r\n\r\n"
            .to_string(),
        "\"".repeat(1000),
        "é".repeat(1000),
    ];
    for text in hostile {
        let (model, diagnostics) = read_text("model.cvx", &text, Path::new(""), &[]);
        assert!(model.is_some() == diagnostics.is_empty(), "{}", &text[..60]);
        render::render(&diagnostics, false);
    }
}

#[test]
fn built_in_activations_are_what_they_say() {
    let values = [
        ("relu", [0.0, 0.0, 0.5, 9.0]),
        ("leaky_relu", [-0.09, 0.0, 0.5, 9.0]),
        ("abs", [9.0, 0.0, 0.5, 9.0]),
        ("linear", [-9.0, 0.0, 0.5, 9.0]),
        ("step", [0.0, 1.0, 1.0, 1.0]),
        ("sign", [-1.0, 1.0, 1.0, 1.0]),
        ("clip", [0.0, 0.0, 0.5, 1.0]),
        ("hard_tanh", [-1.0, 0.0, 0.5, 1.0]),
        ("relu6", [0.0, 0.0, 0.5, 6.0]),
    ];
    let known = cvxc::syntax::builtin();
    assert_eq!(known.len(), values.len());
    for (name, expected) in values {
        let definition = known.iter().find(|d| d.activation.name == name).unwrap();
        assert!(!definition.documentation.is_empty(), "{name}");
        let found = [-9.0, 0.0, 0.5, 9.0].map(|x| definition.activation.value(x));
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn overrides_reach_the_model_and_its_text() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language/good/02_spirals.cvx");
    let (model, diagnostics) = cvxc::syntax::read(&path, &["beta=0.25".to_string()]);
    assert!(diagnostics.is_empty());
    let model = model.unwrap();
    assert_eq!(model.strength.value, 0.25);
    assert!(model.origin.after_overrides().contains("param beta = 0.25\n"));
    assert_eq!(model.overrides, [("beta".to_string(), "0.25".to_string())]);
}

#[test]
fn files_that_cannot_be_read_say_so() {
    let (model, diagnostics) = cvxc::syntax::read(Path::new("nowhere/model.cvx"), &[]);
    assert!(model.is_none());
    assert_eq!(
        render::render(&diagnostics, false),
        "error[E0002]: `nowhere/model.cvx` cannot be read: there is no such file\n --> nowhere/model.cvx\n\n"
    );
    let json = render::json(&diagnostics);
    assert_eq!(json[0]["code"], "E0002");
    assert_eq!(json[0]["span"]["line"], 1);
}
