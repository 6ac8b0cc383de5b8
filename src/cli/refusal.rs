//! Why a solve has no answer, told with a way out.

use super::trouble::{Exit, Trouble};
use crate::arrangement;
use crate::report;
use crate::solve;
use crate::syntax::data::training_rows;
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::limits::{TooMany, not_built, too_many_cells};
use crate::syntax::model::Model;

/// A message shows so many terms of a sum.
const MOST_TERMS: usize = 8;

/// Why there is no answer, with what would help.
pub fn refusal(failure: solve::Failure, model: &Model) -> Trouble {
    use solve::Failure;
    let name = &model.name;
    let (exit, sentence) = match failure {
        Failure::TooManyCells { bound, limit, rows, rank } => {
            if let Some(place) = &model.arrangements {
                let cells = TooMany { bound, limit, rows, rank, at_rank_3: arrangement::bound(rows, 3) };
                return Trouble::Diagnosed(vec![too_many_cells(place.clone(), cells)]);
            }
            let (bound, limit) = (report::size(bound), report::count(limit));
            let cells = format!("{} rows of rank {rank} have up to {bound} cells, and `all` stops at {limit}", report::count(rows));
            (Exit::Wrong, format!("{name}: {cells}; write `arrangements = generate`, or raise `max_patterns`"))
        }
        Failure::Bounded => {
            let instead = "the fewest neurons are found where the penalty has a price, `squared + number * weight_decay` say, and no budget, no `interpolate` and no outputs that share neurons";
            (Exit::Wrong, format!("{name}: {instead}; leave `fewest` out, or price loss and penalty, output by output (`output = l1`)"))
        }
        Failure::Cut(why) => {
            let cut = if why == solve::Stopped::Interrupt { "Ctrl-C" } else { "the time limit" };
            (Exit::NotKept, format!("{name}: {cut} came before all cells were listed, and nothing was written"))
        }
        Failure::NotBuilt(feature) => {
            if let Some(place) = &model.solver {
                return Trouble::Diagnosed(vec![not_built(place.clone(), feature)]);
            }
            let build = format!("cargo install --path . --features {feature}");
            (Exit::Usage, format!("`{feature}` is not in this build of cvxc: {build}, or --solver lp"))
        }
        Failure::TooWide { allowed, needed } => return Trouble::Diagnosed(vec![too_wide(model, allowed, needed)]),
        Failure::Memory { needed, limit } => {
            let (needed, limit) = (report::bytes(needed as f64), report::bytes(limit as f64));
            (Exit::Wrong, format!("{name}: this needs about {needed} of memory, and the limit is {limit}; raise it with --memory"))
        }
        Failure::Infeasible { output, rows, rounding } => return Trouble::Infeasible(Box::new(unmet(model, output, &rows, rounding))),
        Failure::Numerical(why) => (Exit::Failed, format!("{name}: no usable network was found: {why}")),
    };
    Trouble::Said(exit, sentence)
}

/// E0510: rows whose targets no network meets together, by their numbers in the data.
fn unmet(model: &Model, output: Option<usize>, rows: &[(usize, f64)], rounding: bool) -> Diagnostic {
    let error =
        Diagnostic::error("E0510", "no network fits all training rows exactly".to_string(), model.loss.place.clone(), "not possible");
    let target = output.map_or(String::new(), |output| format!("_{}", output + 1));
    let places = training_rows(model).unwrap_or_default();
    let number = |row: usize| places.get(row).unwrap_or(&row) + 1;
    let note = match rows {
        [(row, _)] => format!("row {} of the data is 0 whatever the network, and its target is not", number(*row)),
        [(first, a), (second, b)] if a + b == 0.0 => {
            let (first, second) = (number(*first), number(*second));
            format!("rows {first} and {second} of the data have the same output whatever the network, and different targets")
        }
        _ => {
            let shown = rows.iter().take(MOST_TERMS).map(|(row, c)| format!("{} f{target}({})", report::plain(*c), number(*row)));
            let more = if rows.len() > MOST_TERMS { " + ..." } else { "" };
            let sum = shown.collect::<Vec<_>>().join(" + ");
            format!(
                "for every network {sum}{more} = 0, where f(i) is its output for row i of the data;\n\
                 the targets as they are read do not add up to 0 like this (factors are shown rounded)"
            )
        }
    };
    let loss = "fit them as closely as they can be, by a loss in place of `interpolate` and a small strength";
    match rounding {
        true => error
            .note(note)
            .note("they miss it by no more than decimals lose when they are read as doubles: as decimals these rows may well fit")
            .help(format!("{loss}; or write numbers that doubles hold, such as whole ones")),
        false => error.note(note).help(format!("{loss}; or leave one of these rows out")),
    }
}

/// E0511: `dense(k)` allows fewer neurons than the best network that was found has.
fn too_wide(model: &Model, allowed: usize, needed: usize) -> Diagnostic {
    let filters = model.network.convolution.is_some();
    let what = if filters { "filters" } else { "hidden neurons" };
    let layer = |count: usize| if filters { format!("channels = {count}") } else { format!("dense({count})") };
    let place = model.network.width.as_ref().map_or(&model.data.place, |width| &width.place);
    let message = format!("the network found needs {needed} {what}, and `{}` allows {allowed}", layer(allowed));
    let error = Diagnostic::error("E0511", message, place.clone(), "fewer than the optimum has");
    error.help(format!("write `{}`, or leave the number out", layer(needed)))
}
