//! What a solve is doing, on stderr: one live line on a terminal, otherwise a line every five seconds.

use super::console::Showing;
use super::journey;
use crate::report::{bar, closed, count, gap, rounded, size};
use crate::solve::Event;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(5);

pub struct Progress {
    showing: Showing,
    line: ProgressBar,
    started: Instant,
    told: Instant,
    /// The gap of the first round, where the bar begins.
    first: Option<f64>,
    target: f64,
}

impl Progress {
    pub fn new(showing: Showing, target: f64) -> Self {
        let line = if showing == Showing::Live { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        line.set_style(ProgressStyle::with_template("{wide_msg}").expect("a template without mistakes"));
        if showing == Showing::Live {
            line.enable_steady_tick(Duration::from_millis(100));
        }
        Progress { showing, line, started: Instant::now(), told: Instant::now(), first: None, target }
    }

    /// Rows were read.
    pub fn reading(&mut self, read: journey::Progress) {
        let share = read.total.filter(|total| *total > 0).map(|total| format!(", {} %", 100 * read.bytes / total));
        self.passing(format!("  reading    {} rows{}", count(read.rows), share.unwrap_or_default()));
    }

    /// The data is there: a line that stays.
    pub fn read(&mut self, model: &str, source: &str, rows: usize) {
        self.staying(&format!("  reading    {model}, {source}, {} rows", count(rows)));
    }

    /// Something happened in the solve.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::Patterns { listed, bound } => {
                self.staying(&format!("  patterns   {} of at most {} listed", count(listed), size(bound)));
            }
            Event::Round { round, groups, objective, lower_bound, gap } => {
                let tail = format!("round {round}   {} groups", count(groups));
                self.interval("solving", objective, lower_bound, gap, &tail);
            }
            Event::Proof { tree, of, nodes, reaches, objective, lower_bound, gap } => {
                let reached = if tree < of { format!("bounds its part by {} after ", rounded(reaches)) } else { String::new() };
                let tail = format!("tree {tree} of {of}: {reached}{} nodes", count(nodes));
                self.interval("proving", objective, lower_bound, gap, &tail);
            }
            Event::Refused(why) => self.staying(&format!("  refused    {why}")),
            Event::Stage(stage) => self.passing(format!("  {stage}")),
        }
    }

    /// A point of a path begins.
    pub fn point(&mut self, at: usize, of: usize, value: f64) {
        self.first = None;
        self.staying(&format!("  point      {at} of {of}, at {}", rounded(value)));
    }

    /// Some of a rival's runs are over.
    pub fn training(&mut self, name: &str, done: usize, runs: usize) {
        self.passing(format!("  training   {}  {name}   {done} of {runs} runs", bar(done as f64 / runs.max(1) as f64, 20)));
    }

    fn interval(&mut self, stage: &str, objective: f64, lower_bound: f64, relative: f64, tail: &str) {
        let first = *self.first.get_or_insert(relative.min(1.0));
        let bar = bar(closed(relative, first, self.target), 20);
        let numbers = format!("gap {}   objective {}   bound {}", gap(relative), rounded(objective), rounded(lower_bound));
        self.passing(format!("  {stage}    {bar}  {numbers}   {tail}"));
    }

    /// Lets somebody else write to stderr.
    pub fn aside<T>(&self, say: impl FnOnce() -> T) -> T {
        self.line.suspend(say)
    }

    /// Clears the live line.
    pub fn finish(&self) {
        self.line.finish_and_clear();
    }

    /// A line that the next one replaces.
    fn passing(&mut self, text: String) {
        match self.showing {
            Showing::Live => self.line.set_message(text),
            Showing::Log if self.told.elapsed() >= EVERY => self.print(&text),
            Showing::Log | Showing::Nothing => {}
        }
    }

    /// A line that stays on a terminal; elsewhere it too waits for its five seconds.
    fn staying(&mut self, text: &str) {
        match self.showing {
            Showing::Live => {
                let pad = 72usize.saturating_sub(text.chars().count()).max(2);
                self.line.println(format!("{text}{}{:.1} s", " ".repeat(pad), self.started.elapsed().as_secs_f64()));
            }
            _ => self.passing(text.to_string()),
        }
    }

    fn print(&mut self, text: &str) {
        self.told = Instant::now();
        eprintln!("{text}   {:.0} s", self.started.elapsed().as_secs_f64());
    }
}
