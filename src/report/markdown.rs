//! `report.md`: the summary, the program explained, and what is needed to trace the result.

use super::{Answer, Explanation, Style, summary};

/// The page that is written beside the weights.  It says nothing about when or where it was made, only from what.
pub fn page(answer: &Answer, explanation: &Explanation) -> String {
    let told = Answer { written: None, ..answer.clone() };
    let dataset = &answer.problem.dataset;
    let test = dataset.test.as_ref().map_or(0, |rows| rows.targets.len());
    format!(
        "# {name}\n\n```text\n{summary}```\n\n## The program\n\n```text\n{explanation}```\n\n## From what\n\n\
         | | |\n|---|---|\n| cvxc | {version} |\n| model | `{model_hash}` |\n| data | `{data_hash}` |\n| source | {source} |\n\
         | rows | {train} to train, {test} to test |\n",
        name = answer.problem.name,
        summary = summary(&told, Style { color: false, plot: true }),
        explanation = explanation.text(),
        version = env!("CARGO_PKG_VERSION"),
        model_hash = answer.model_hash,
        data_hash = dataset.digest(),
        source = dataset.source,
        train = dataset.train.targets.len(),
    )
}
