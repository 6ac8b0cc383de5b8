//! The two streams: the answer on stdout, the conversation on stderr.

use super::trouble::{Outcome, Trouble};
use super::{Color, Global, journey};
use crate::syntax::diagnostic::{Diagnostic, Level};
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Write};

pub struct Console {
    pub quiet: bool,
    /// How often -v was given.
    pub verbose: u8,
    /// Whether to print JSON in place of text.
    pub json: bool,
    /// Whether stdout is coloured.
    pub color: bool,
    color_errors: bool,
    #[cfg(feature = "solve")]
    no_progress: bool,
}

/// How progress is shown.
#[cfg(feature = "solve")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    /// One line that is redrawn.
    Live,
    /// A line now and then.
    Log,
    Nothing,
}

impl Console {
    pub fn new(global: &Global) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colored = |terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !plain,
        };
        Console {
            quiet: global.quiet,
            verbose: global.verbose,
            json: global.json,
            color: colored(io::stdout().is_terminal()),
            color_errors: colored(io::stderr().is_terminal()),
            #[cfg(feature = "solve")]
            no_progress: global.no_progress,
        }
    }

    /// The same without any conversation: what was said once need not be said for every value of a path.
    #[cfg(feature = "solve")]
    pub fn silent(&self) -> Console {
        Console { quiet: true, ..*self }
    }

    /// Writes bytes to stdout.
    pub fn answer_bytes(&self, bytes: &[u8]) -> Outcome<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Ok(()) => Ok(()),
            // Whoever read us has seen enough, as in `cvxc explain xor.cvx | head`.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Trouble::Said(super::Exit::Wrong, format!("cannot write to standard output: {error}"))),
        }
    }

    pub fn answer(&self, text: &str) -> Outcome<()> {
        self.answer_bytes(text.as_bytes())
    }

    /// Writes one JSON object to stdout, on one line.
    pub fn answer_json(&self, value: &Value) -> Outcome<()> {
        self.answer(&format!("{value}\n"))
    }

    /// A remark on stderr that -q silences.
    pub fn remark(&self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// An error on stderr; nothing silences it.
    pub fn error(&self, text: &str) {
        let (start, end) = if self.color_errors { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        say(&format!("{start}error{end}: {text}"));
    }

    /// Errors, and warnings unless quiet, as text on stderr.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        let told: Vec<Diagnostic> = diagnostics.iter().filter(|d| !self.quiet || d.level == Level::Error).cloned().collect();
        if !told.is_empty() {
            say(journey::render(&told, self.color_errors).trim_end());
        }
    }

    /// All diagnostics as the documented object on stdout.
    pub fn diagnostics_json(&self, diagnostics: &[Diagnostic]) -> Outcome<()> {
        self.answer_json(&json!({ "diagnostics": journey::diagnostics_json(diagnostics) }))
    }

    #[cfg(feature = "solve")]
    pub fn showing(&self) -> Showing {
        match (self.quiet || self.no_progress, io::stderr().is_terminal()) {
            (true, _) => Showing::Nothing,
            (false, true) => Showing::Live,
            (false, false) => Showing::Log,
        }
    }
}

/// A stderr that is closed or full is no reason to stop.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
