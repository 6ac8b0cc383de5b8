//! `cvxc compare`: gradient descent from many seeds beside the interval that holds the optimum.

use super::summary::{changed, quoted, row, stopped};
use super::{Answer, Status, answer_json, count, interval, number};
use serde_json::{Value, json};

/// Runs this near the best network known count as having found it.
const WITHIN: f64 = 0.01;

/// The best network over some cells, which is not the best that is known.
pub const BEST_IN_CELLS: &str = "best in cells";

/// The runs of one rival.
#[derive(Clone, Debug, PartialEq)]
pub struct Contestant {
    pub name: &'static str,
    pub meaning: &'static str,
    /// The objective of every run, lowest first.
    pub objectives: Vec<f64>,
    /// Runs that were stopped on their way.
    pub cut_short: usize,
}

/// The answer to `cvxc compare MODEL`.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    pub answer: &'a Answer<'a>,
    /// The model file, for the next command.
    pub model: String,
    pub width: usize,
    pub steps: usize,
    pub seeds: usize,
    pub contestants: Vec<Contestant>,
}

impl Contestant {
    pub fn best(&self) -> Option<f64> {
        self.objectives.first().copied()
    }

    pub fn worst(&self) -> Option<f64> {
        self.objectives.last().copied()
    }

    /// The middle one, or the mean of the two in the middle.
    pub fn median(&self) -> Option<f64> {
        let n = self.objectives.len();
        (n > 0).then(|| 0.5 * self.objectives[(n - 1) / 2] + 0.5 * self.objectives[n / 2])
    }
}

impl Comparison<'_> {
    /// The lowest objective known, whoever found it.
    pub fn reference(&self) -> f64 {
        let bests = self.contestants.iter().filter_map(Contestant::best);
        bests.fold(self.answer.score.objective, f64::min)
    }

    /// How many runs end within one per cent above the reference.
    pub fn within(&self, contestant: &Contestant) -> usize {
        let reference = self.reference();
        let near = |objective: &&f64| self.answer.problem.relative_gap(**objective, reference) <= WITHIN / (1.0 + WITHIN);
        contestant.objectives.iter().filter(near).count()
    }

    /// Whether the interval is as narrow as the model asks, so that its upper end is the optimum.
    fn closed(&self) -> bool {
        self.answer.relative_gap() <= self.answer.problem.plan.gap
    }

    fn name(&self) -> &'static str {
        match (self.answer.status, self.closed()) {
            (Status::GlobalOptimum, _) => "certified optimum",
            (_, true) => "optimum",
            (_, false) if self.restricted() => BEST_IN_CELLS,
            (_, false) => "best network found",
        }
    }

    /// Whether only some cells were searched for it, which bind no rival.
    fn restricted(&self) -> bool {
        self.answer.problem.plan.arrangements.partial()
    }

    fn conditions(&self) -> String {
        let cells = self.answer.run.patterns;
        if self.restricted() { format!("over {} cells only; the others are bound to none", count(cells)) } else { String::new() }
    }

    /// The table, ending in a line end.
    pub fn text(&self) -> String {
        let seeds = if self.seeds == 1 { "seed 1".to_string() } else { format!("seeds 1 to {}", self.seeds) };
        let conditions = format!("same objective, same data, width {}, {} steps, {seeds}", self.width, count(self.steps));
        let mut text = format!("{}   {conditions}\n\n", self.answer.problem.name);
        let goal = if self.closed() { "the optimum" } else { "the lowest" };
        text.push_str(&line(
            "",
            [Some("best"), Some("median"), Some("worst")].map(|word| word.map(str::to_string)),
            &format!("within 1 % of {goal}"),
        ));
        text.push_str(&line(self.name(), [Some(self.shown(self.answer.score.objective)), None, None], &self.conditions()));
        for contestant in &self.contestants {
            text.push_str(&self.contestant(contestant));
        }
        text.push('\n');
        let bound = self.shown_bound();
        text.push_str(&row("lower bound", &bound, self.answer.rests_words()));
        let (label, value, note) = stopped(self.answer);
        text.push_str(&row(label, &value, &note));
        if let Some((label, value, note)) = changed(self.answer) {
            text.push_str(&row(label, &value, &note));
        }
        format!("{text}\n  next: cvxc solve {}\n", quoted(&self.model))
    }

    fn contestant(&self, contestant: &Contestant) -> String {
        let cells = [contestant.best(), contestant.median(), contestant.worst()].map(|value| value.map(|value| self.shown(value)));
        let mut note = format!("{} / {}", self.within(contestant), contestant.objectives.len());
        if contestant.cut_short > 0 {
            note.push_str(&format!(", {} stopped on the way", contestant.cut_short));
        }
        if contestant.objectives.len() < self.seeds {
            note.push_str(&format!(", {} not begun", self.seeds - contestant.objectives.len()));
        }
        line(contestant.name, cells, &note)
    }

    /// An objective, rounded up, to as many digits as tell it from the lowest one.
    fn shown(&self, objective: f64) -> String {
        interval(self.reference(), objective).1
    }

    fn shown_bound(&self) -> String {
        interval(self.answer.lower_bound, self.answer.score.objective).0
    }

    /// The object that `--json` prints.
    pub fn json(&self) -> Value {
        let optional = |value: Option<f64>| value.map(number);
        let one = |contestant: &Contestant| {
            json!({
                "name": contestant.name,
                "meaning": contestant.meaning,
                "best": optional(contestant.best()),
                "median": optional(contestant.median()),
                "worst": optional(contestant.worst()),
                "within": self.within(contestant),
                "runs": contestant.objectives.len(),
                "cut_short": contestant.cut_short,
                "objectives": contestant.objectives.iter().map(|value| number(*value)).collect::<Vec<_>>(),
            })
        };
        json!({
            "cvxc": 1,
            "model": self.answer.problem.name,
            "width": self.width,
            "steps": self.steps,
            "seeds": self.seeds,
            "closed": self.closed(),
            "restricted": self.restricted(),
            "reference": number(self.reference()),
            "within_part": WITHIN,
            "rivals": self.contestants.iter().map(one).collect::<Vec<_>>(),
            "solve": answer_json(self.answer),
        })
    }
}

fn line(label: &str, cells: [Option<String>; 3], note: &str) -> String {
    let cells = cells.map(Option::unwrap_or_default);
    format!("{}\n", format!("  {label:<18}  {:<14} {:<14} {:<14} {note}", cells[0], cells[1], cells[2]).trim_end())
}
