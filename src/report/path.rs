//! `cvxc path`: one certified optimum for each value of a parameter, as a table, as csv, as JSON and as a picture.

use super::json::fit as fit_json;
use super::summary::quoted;
use super::{Fit, Status, count, gap, interval, number, plain, rounded, shortest};
use crate::problem::Score;
use serde_json::{Value, json};

/// One point of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The parameter's value.
    pub value: f64,
    pub status: Status,
    /// Whether the model's promise is kept.
    pub kept: bool,
    pub score: Score,
    pub lower_bound: f64,
    pub relative_gap: f64,
    pub neurons: usize,
    pub train: Fit,
    /// The same on the rows kept aside, if there are some.
    pub test: Option<Fit>,
    /// The mean loss of a training row.
    pub train_loss: f64,
    /// The mean loss of rows that were not trained on: those kept aside, or each fold in turn.
    pub held_out: Option<f64>,
}

/// The answer to `cvxc path MODEL`.
#[derive(Clone, Debug)]
pub struct Path {
    /// The model file, for people and for the next command.
    pub model: String,
    /// The parameter that is walked; `None` where the strength is a number of the objective.
    pub parameter: Option<String>,
    /// The largest useful value, where the path begins there.
    pub largest: Option<f64>,
    /// Largest value first.
    pub points: Vec<Point>,
    /// How many points were asked for.
    pub asked: usize,
    pub gap: f64,
    /// The point that is best on rows not trained on, and which rows those are.
    pub chosen: Option<(usize, String)>,
    /// Why the path ended early.
    pub ended: Option<String>,
    /// The folder that was written, and its files.
    pub folder: String,
    pub files: Vec<&'static str>,
}

impl Path {
    /// The point whose rows not trained on lose least; of equal ones that with the largest value.
    pub fn best(points: &[Point]) -> Option<usize> {
        let losses = points.iter().enumerate().filter_map(|(at, point)| Some((at, point.held_out?)));
        losses
            .filter(|(_, loss)| loss.is_finite())
            .fold(None, |best: Option<(usize, f64)>, (at, loss)| match best {
                Some((_, least)) if least <= loss => best,
                _ => Some((at, loss)),
            })
            .map(|(at, _)| at)
    }

    /// What is walked, for people.
    pub fn name(&self) -> &str {
        self.parameter.as_deref().unwrap_or("strength")
    }

    /// Whether every point that was asked for is there and keeps its promise.
    pub fn kept(&self) -> bool {
        self.points.len() == self.asked && self.points.iter().all(|point| point.kept)
    }

    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.headline());
        text += &format!(
            "  {:<13}{:<16}{:<13}{:<13}{:<9}{:<12}{:<12}{:<12}{}\n",
            self.name(),
            "objective",
            "loss",
            "penalty",
            "neurons",
            "train",
            "test",
            "held out",
            "gap"
        );
        for (at, point) in self.points.iter().enumerate() {
            let mark = if self.chosen.as_ref().is_some_and(|(chosen, _)| *chosen == at) { "*" } else { " " };
            text += &format!("{mark} {}\n", line(point));
        }
        if let Some(picture) = super::plot::path_plot(self) {
            text += &format!("\n{picture}");
        }
        text += &self.choice();
        text + &format!("\n  {}/   {}\n  next: {}\n", self.folder, self.files.join("   "), self.next())
    }

    fn headline(&self) -> String {
        let certified = self.points.iter().filter(|point| point.status == Status::GlobalOptimum).count();
        let points = format!("{} of {} points", count(certified), count(self.asked));
        let early = self.ended.as_ref().map_or(String::new(), |why| format!("; {why}"));
        let from =
            self.largest.map_or(String::new(), |largest| format!("; no neuron is of use above {} = {}", self.name(), plain(largest)));
        format!("{}   {points} are GLOBAL OPTIMA, certified to {}{from}{early}", self.model, plain(self.gap))
    }

    fn choice(&self) -> String {
        match &self.chosen {
            Some((at, by)) => {
                let point = &self.points[*at];
                let loss = rounded(point.held_out.unwrap_or(f64::NAN));
                let last = if at + 1 == self.points.len() { "; the path ends here: smaller values may be better" } else { "" };
                format!("\n  chosen         {} = {}   least mean loss {loss} on {by}{last}\n", self.name(), shortest(point.value))
            }
            None if self.ended.is_some() => {
                "\n  chosen         none: it ended before rows that were not trained on were looked at\n".to_string()
            }
            None => {
                "\n  chosen         none: no rows are kept aside; `test = split(20%, seed = 1)` or `--folds 5` would choose\n".to_string()
            }
        }
    }

    /// The command that solves the chosen point, or one that chooses.
    fn next(&self) -> String {
        if self.chosen.is_none() && self.ended.is_none() {
            return format!("cvxc path {} --folds 5", quoted(&self.model));
        }
        let at = self.chosen.as_ref().map_or(self.points.len().saturating_sub(1), |(at, _)| *at);
        let value = self.points.get(at).map_or(f64::NAN, |point| point.value);
        match &self.parameter {
            Some(name) => format!("cvxc solve {} --set {name}={}", quoted(&self.model), shortest(value)),
            None => format!("write {} as the strength in {}, and solve", shortest(value), self.model),
        }
    }

    /// One line a point, largest value first.
    pub fn csv(&self) -> String {
        let optional = |value: Option<f64>| value.map_or(String::new(), shortest);
        let head = format!("{},status,objective,loss,penalty,lower_bound,relative_gap,neurons,train,test,held_out,chosen\n", self.name());
        let lines = self.points.iter().enumerate().map(|(at, point)| {
            let chosen = self.chosen.as_ref().is_some_and(|(chosen, _)| *chosen == at);
            let numbers =
                [point.value, point.score.objective, point.score.loss, point.score.penalty, point.lower_bound, point.relative_gap]
                    .map(shortest);
            let [value, objective, loss, penalty, bound, gap] = numbers;
            let (train, test, held_out) =
                (optional(measure(&point.train)), optional(point.test.as_ref().and_then(measure)), optional(point.held_out));
            let (status, neurons, chosen) = (point.status.key(), point.neurons, u8::from(chosen));
            format!("{value},{status},{objective},{loss},{penalty},{bound},{gap},{neurons},{train},{test},{held_out},{chosen}\n")
        });
        head + &lines.collect::<String>()
    }

    pub fn json(&self) -> Value {
        let point = |point: &Point| {
            json!({
                "value": number(point.value),
                "status": point.status.key(),
                "kept": point.kept,
                "objective": number(point.score.objective),
                "loss": number(point.score.loss),
                "penalty": number(point.score.penalty),
                "lower_bound": number(point.lower_bound),
                "relative_gap": number(point.relative_gap),
                "neurons": point.neurons,
                "train": fit_json(point.train),
                "test": point.test.map(fit_json),
                "held_out": point.held_out.map(number),
            })
        };
        let chosen = self.chosen.as_ref().map(|(at, by)| json!({ "value": number(self.points[*at].value), "point": at, "by": by }));
        let files: Vec<Value> =
            self.files.iter().map(|name| json!({ "kind": "path", "path": format!("{}/{name}", self.folder) })).collect();
        json!({
            "cvxc": 1,
            "model": self.model,
            "parameter": self.parameter,
            "largest": self.largest.map(number),
            "gap_asked_for": number(self.gap),
            "asked": self.asked,
            "kept": self.kept(),
            "ended": self.ended,
            "points": self.points.iter().map(point).collect::<Vec<_>>(),
            "chosen": chosen,
            "files": files,
        })
    }
}

/// The share of rows whose class is right, or R².
pub fn measure(fit: &Fit) -> Option<f64> {
    match *fit {
        Fit::Accuracy { n, correct } => Some(correct as f64 / n as f64),
        Fit::R2 { r2, .. } => r2,
    }
}

fn line(point: &Point) -> String {
    let (_, objective) = interval(point.lower_bound, point.score.objective);
    let test = point.test.as_ref().map_or("-".to_string(), Fit::words);
    let held_out = point.held_out.map_or("-".to_string(), rounded);
    let open = if point.status == Status::GlobalOptimum { "" } else { "  BOUNDED" };
    let numbers = (rounded(point.value), rounded(point.score.loss), rounded(point.score.penalty), point.train.words());
    let (value, loss, penalty, train) = numbers;
    format!(
        "{value:<13}{objective:<16}{loss:<13}{penalty:<13}{:<9}{train:<12}{test:<12}{held_out:<12}{}{open}",
        point.neurons,
        gap(point.relative_gap)
    )
}
