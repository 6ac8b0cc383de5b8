//! The answer as one JSON object: every number of the summary under the summary's name.

use super::{Answer, Fewest, Fit, Stopped, theorem_of};
use crate::problem::Guarantee;
use serde_json::{Map, Value, json};

/// A number for JSON: the shortest decimal that reads back, infinities and NaN as strings.
pub fn number(x: f64) -> Value {
    match serde_json::Number::from_f64(x) {
        Some(number) => Value::Number(number),
        None => Value::String(x.to_string()),
    }
}

/// The object that `cvxc solve --json` prints.
pub fn answer_json(answer: &Answer) -> Value {
    let problem = answer.problem;
    let run = &answer.run;
    json!({
        "cvxc": 1,
        "model": problem.name,
        "model_hash": answer.model_hash,
        "data_hash": problem.dataset.digest(),
        "overrides": pairs(&answer.overrides),
        "changed": pairs(&answer.changed),
        "status": answer.status.key(),
        "stopped": answer.stopped.key(),
        "guarantee": if problem.plan.guarantee == Guarantee::Global { "global" } else { "bounded" },
        "kept": answer.kept(),
        "objective": number(answer.score.objective),
        "loss": number(answer.score.loss),
        "strength": problem.objective.regularizer.budget.is_none().then(|| number(problem.objective.strength)),
        "budget": problem.objective.regularizer.budget.map(number),
        "penalty": number(answer.score.penalty),
        "lower_bound": number(answer.lower_bound),
        "lower_bound_rests_on": answer.rests.key(),
        "relative_gap": number(answer.relative_gap()),
        "gap_asked_for": number(problem.plan.gap),
        "theorem": theorem_of(&problem.architecture).key,
        "patterns": { "listed": run.patterns, "bound": number(run.patterns_bound) },
        "neurons": answer.network.neurons(),
        "neurons_before_pruning": run.neurons_before_pruning,
        "fewest": run.fewest.map(fewest),
        "train": fit(answer.train()),
        "test": answer.test().map(fit),
        "program": { "groups": run.groups, "columns": run.columns, "rows": run.rows, "cones": run.cones },
        "solver": { "name": run.solver, "rounds": run.rounds, "seconds": number(run.seconds), "searching": number(run.searching) },
        "proof": { "leaves": run.leaves, "seconds": number(run.proving), "stopped": run.unproved.map(Stopped::key) },
        "files": files(answer),
    })
}

fn pairs(pairs: &[(String, String)]) -> Value {
    Value::Object(pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>())
}

fn fewest(known: Fewest) -> Value {
    let Fewest { least, complete, found, active, directions, freedom, unique } = known;
    json!({ "least": least, "unique": unique, "complete": complete, "found": found, "active": active, "directions": directions, "freedom": freedom })
}

pub fn fit(fit: Fit) -> Value {
    match fit {
        Fit::Accuracy { n, correct } => json!({ "n": n, "correct": correct, "accuracy": number(correct as f64 / n as f64) }),
        Fit::R2 { n, r2 } => json!({ "n": n, "r2": r2.map(number) }),
    }
}

fn files(answer: &Answer) -> Value {
    let Some(written) = &answer.written else { return json!([]) };
    let one = |(kind, name): &(&str, &str)| json!({ "kind": kind, "path": format!("{}/{name}", written.folder) });
    Value::Array(written.files.iter().map(one).collect())
}
