//! The summary that a person reads after a solve.

use super::{Answer, Fewest, Fit, Status, Stopped, Written, count, fit_plot, gap, interval, limit, plain, rounded, seconds, size};
use crate::problem::{Arrangements, Guarantee};

/// Whether to colour, and whether to draw the fit of models with one input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    pub plot: bool,
}

const WIDTH: usize = 78;

/// The summary, ending in a line end.
pub fn summary(answer: &Answer, style: Style) -> String {
    let mut text = headline(answer, style.color);
    text.push('\n');
    for (label, value, note) in rows(answer) {
        text.push_str(&row(label, &value, &note));
    }
    if style.plot
        && let Some(plot) = fit_plot(answer.problem, answer.network)
    {
        text.push('\n');
        text.push_str(&plot);
    }
    if let Some(written) = &answer.written {
        let names: Vec<&str> = written.files.iter().map(|(_, name)| *name).collect();
        text.push_str(&format!("\n  {}/   {}\n  next: {}\n", written.folder, names.join("   "), next(written)));
    }
    text
}

fn headline(answer: &Answer, color: bool) -> String {
    let mut word = answer.status.words().to_string();
    if answer.status == Status::GlobalOptimum {
        word.push_str(", certified");
    }
    let mut rest = String::new();
    if answer.status == Status::Bounded {
        rest.push_str(&format!(", gap {}", gap(answer.relative_gap())));
    }
    if !answer.kept() && !matches!(answer.stopped, Stopped::Gap | Stopped::Converged) {
        rest.push_str(&format!(", {}", answer.stopped.words()));
    }
    let name = &answer.problem.name;
    let pad = WIDTH.saturating_sub(name.chars().count() + word.chars().count() + rest.chars().count()).max(2);
    format!("{name}{}{}{rest}\n", " ".repeat(pad), painted(&word, answer, color))
}

/// Colour on the status word only: green for a promise kept, yellow for one not kept, red for no answer.
fn painted(word: &str, answer: &Answer, color: bool) -> String {
    let code = match (answer.status, answer.kept()) {
        (Status::Failed, _) => 31,
        (_, true) => 32,
        (_, false) => 33,
    };
    if color { format!("\u{1b}[1;{code}m{word}\u{1b}[0m") } else { word.to_string() }
}

pub fn row(label: &str, value: &str, note: &str) -> String {
    let gutter = if value.chars().count() > 15 && !note.is_empty() { "  " } else { "" };
    format!("{}\n", format!("  {label:<15}{value:<17}{gutter}{note}").trim_end())
}

pub type Row = (&'static str, String, String);

fn rows(answer: &Answer) -> Vec<Row> {
    let mut rows = bounds(answer);
    rows.push(neurons(answer));
    rows.extend(answer.run.fewest.map(optima));
    rows.extend([fit(answer), program(answer)]);
    rows.extend(proof(answer));
    rows.push(stopped(answer));
    rows.extend(changed(answer));
    rows.extend(help(answer));
    rows
}

fn bounds(answer: &Answer) -> Vec<Row> {
    let (lower, upper) = interval(answer.lower_bound, answer.score.objective);
    let objective = &answer.problem.objective;
    let parts = match (objective.regularizer.budget, objective.regularizer.constraint()) {
        (Some(_), Some(constraint)) => {
            let used = rounded(answer.score.penalty);
            format!("{} subject to {constraint}, of which {used} is used", objective.loss.words())
        }
        _ if objective.loss.interpolates() => {
            format!("{} x {} {}", plain(objective.strength), objective.regularizer.words(), rounded(answer.score.penalty))
        }
        _ => format!(
            "{} {} + {} x {} {}",
            objective.loss.words(),
            rounded(answer.score.loss),
            plain(objective.strength),
            objective.regularizer.words(),
            rounded(answer.score.penalty)
        ),
    };
    let asked = format!("asked for {}", plain(answer.problem.plan.gap));
    vec![
        ("objective", upper, parts),
        ("lower bound", lower, answer.rests_words().to_string()),
        ("gap", gap(answer.relative_gap()), format!("{asked}{}", progress(answer))),
    ]
}

/// A bar on a log scale from a gap of 100 % to the one asked for; nothing once it is reached.
fn progress(answer: &Answer) -> String {
    let share = closed(answer.relative_gap(), 1.0, answer.problem.plan.gap);
    if share >= 1.0 { String::new() } else { format!("   {}", bar(share, 20)) }
}

/// How far a gap has come from `first` to `target`, on a log scale, between 0 and 1.
pub fn closed(gap: f64, first: f64, target: f64) -> f64 {
    if gap <= target {
        return 1.0;
    }
    if !gap.is_finite() || first <= target {
        return 0.0;
    }
    ((first / gap).ln() / (first / target.max(1e-16)).ln()).clamp(0.0, 1.0)
}

/// `━━━━━─────`.
pub fn bar(share: f64, width: usize) -> String {
    let full = ((share * width as f64) as usize).min(width);
    format!("{}{}", "━".repeat(full), "─".repeat(width - full))
}

fn neurons(answer: &Answer) -> Row {
    let before = format!("pruned from {} in the solver's answer", count(answer.run.neurons_before_pruning));
    let said = match answer.run.fewest {
        Some(known) => fewest(answer, known),
        None if answer.problem.plan.fewest => format!("{before}; fewer are looked for once the gap is closed"),
        None => before,
    };
    ("neurons", count(answer.network.neurons()), said)
}

/// Whether there are optimal networks with fewer.
fn fewest(answer: &Answer, known: Fewest) -> String {
    let Fewest { least, complete, found, .. } = known;
    let within = plain(0.1 * answer.problem.plan.gap);
    let of = if complete { "no network" } else { "none of the active cells' networks" };
    match found.saturating_sub(least) {
        _ if least <= 1 && found > 1 => "how few would do was not found out".to_string(),
        0 => format!("the fewest: {of} with fewer comes within {within} of it"),
        _ => format!("{of} with fewer than {} comes within {within} of it", count(least)),
    }
}

/// How many optimal networks there are.
fn optima(known: Fewest) -> Row {
    let Fewest { active, directions, freedom, unique, .. } = known;
    let cells = format!("{} take part in some optimal network, along {}", counted(active, "group"), counted(directions, "direction"));
    match freedom {
        0 if unique => ("optimum", "unique".to_string(), format!("{cells}, none of which can replace others")),
        0 => ("optimum", "found".to_string(), format!("{cells}; whether there are others is not known")),
        _ => ("optimum", "not unique".to_string(), format!("{cells}; {} of freedom at least", counted(freedom, "degree"))),
    }
}

/// `1 direction`, `6 directions`.
fn counted(number: usize, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

fn fit(answer: &Answer) -> Row {
    let train = answer.train();
    let test = match answer.test() {
        None => "no test rows".to_string(),
        Some(fit @ Fit::R2 { .. }) => format!("test {}   ({} rows)", fit.words(), count(fit.rows())),
        Some(fit) => format!("test {}", fit.words()),
    };
    if answer.problem.objective.loss.interpolates() {
        let off = gap(answer.residual());
        let near = if answer.status == Status::GlobalOptimum { "; one that meets all exactly is next to it: proved" } else { "" };
        return ("fit", format!("train to {off}"), format!("the targets, up to rounding{near}; {test}"));
    }
    (train.label(), format!("train {}", train.words()), test)
}

fn program(answer: &Answer) -> Row {
    let run = &answer.run;
    let sizes = format!("{} columns, {} rows, {} cones", count(run.columns), count(run.rows), count(run.cones));
    let cells = match &answer.problem.architecture.gates {
        None if answer.problem.architecture.activation.flat() => {
            format!("{} of at most {} columns", count(run.patterns), size(run.patterns_bound))
        }
        None => format!("{} of at most {} cells", count(run.patterns), size(run.patterns_bound)),
        Some(_) => format!("{} of {} distinct gates", count(run.patterns), size(run.patterns_bound)),
    };
    ("program", format!("{} groups", count(run.groups)), format!("{sizes}; {cells}; {}; {}", run.solver, seconds(run.seconds)))
}

/// The size of the proof, where there is one.
fn proof(answer: &Answer) -> Option<Row> {
    let run = &answer.run;
    let note = || format!("checked in exact arithmetic; {} of proving", seconds(run.proving));
    let what = if answer.problem.architecture.gates.is_some() { "gates" } else { "leaves" };
    (run.leaves > 0).then(|| ("proof", format!("{} {what}", count(run.leaves)), note()))
}

pub fn stopped(answer: &Answer) -> Row {
    let cells = "no neuron of these cells is worth adding; others were not looked for";
    let why = match (answer.stopped, answer.run.unproved) {
        (Stopped::Converged, _) if matches!(answer.problem.plan.arrangements, Arrangements::LowRank { .. }) => {
            "data of that rank are done; more rank brings the bounds together".to_string()
        }
        (Stopped::Converged, cut) if !answer.problem.plan.arrangements.partial() => {
            let proof = cut.map_or("did not end".to_string(), |cut| format!("was cut short: {}", ended(answer, cut)));
            format!("{}; the proof of the bound {proof}", ended(answer, Stopped::Converged))
        }
        (Stopped::Converged, Some(cut)) => format!("{cells}; the proof of the bound was cut short: {}", ended(answer, cut)),
        (Stopped::Converged, None) => cells.to_string(),
        (other, _) => ended(answer, other),
    };
    let exit = if answer.kept() { "" } else { "  (exit 3)" };
    ("stopped", format!("{why}{exit}"), String::new())
}

fn ended(answer: &Answer, why: Stopped) -> String {
    match why {
        Stopped::Time => format!("time limit {}", limit(answer.problem.plan.time.as_secs_f64())),
        other => other.words().to_string(),
    }
}

pub fn changed(answer: &Answer) -> Option<Row> {
    let all: Vec<String> = answer.overrides.iter().chain(&answer.changed).map(|(name, value)| format!("{name} = {value}")).collect();
    (!all.is_empty()).then(|| ("changed", all.join(", "), String::new()))
}

/// What would keep the promise, where it was not kept.
fn help(answer: &Answer) -> Option<Row> {
    if answer.kept() || answer.status == Status::Failed || answer.problem.plan.guarantee == Guarantee::Bounded {
        return None;
    }
    let enough = format!("`guarantee = bounded` if {} is enough", gap(answer.relative_gap()));
    let words = match answer.stopped {
        Stopped::Time => format!("--time {}, or {enough}", longer(answer.problem.plan.time.as_secs_f64())),
        Stopped::Memory => format!("a larger --memory, or {enough}"),
        Stopped::Trouble => format!("`standardize = all`, or {enough}"),
        Stopped::Interrupt => format!("let it run, or {enough}"),
        Stopped::Gap | Stopped::Converged => enough,
    };
    Some(("help", words, String::new()))
}

/// Four times the limit, as an option takes it.
fn longer(time: f64) -> String {
    let wanted = (4.0 * time).ceil();
    if wanted >= 60.0 { format!("{}min", (wanted / 60.0).ceil()) } else { format!("{}s", wanted.max(1.0)) }
}

/// The next command, for a shell; without weights or certificate there is nothing yet that a command could use.
fn next(written: &Written) -> String {
    let folder = quoted(&written.folder);
    let there = |wanted: &str| written.files.iter().any(|(kind, _)| *kind == wanted);
    let predict = format!("cvxc predict {folder} NEW_ROWS.csv");
    match (there("certificate"), there("weights")) {
        (true, _) => format!("cvxc verify {folder}"),
        (false, true) => predict,
        (false, false) => format!("name `weights` in the model's `output`, solve again, then {predict}"),
    }
}

/// A path as a shell takes it.
pub fn quoted(path: &str) -> String {
    let special = |c: char| !(c.is_alphanumeric() || "/._-+,:@".contains(c));
    if path.contains(special) { format!("'{}'", path.replace('\'', "'\\''")) } else { path.to_string() }
}
