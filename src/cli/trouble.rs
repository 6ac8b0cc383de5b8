//! Why a command ends early, how it is told, and every exit code.

use super::console::Console;
use crate::export;
use crate::syntax::diagnostic::Diagnostic;
use serde_json::json;

/// The exit codes of `cvxc`; 101 is a panic, 130 a second Ctrl-C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The promise was kept.
    Kept = 0,
    /// The model, the data or a place to write is wrong.
    Wrong = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Result written, bounds valid, promise not kept.
    #[cfg(feature = "solve")]
    NotKept = 3,
    /// The certificate does not hold, or is for another model.
    Refused = 4,
    /// No usable point.
    #[cfg(feature = "solve")]
    Failed = 5,
    /// No network meets what the model demands.
    #[cfg(feature = "solve")]
    Infeasible = 6,
}

#[derive(Debug)]
pub enum Trouble {
    /// What is wrong with a model or its data.
    Diagnosed(Vec<Diagnostic>),
    /// What no network does that the model demands.
    #[cfg(feature = "solve")]
    Infeasible(Box<Diagnostic>),
    /// One sentence.
    Said(Exit, String),
}

pub type Outcome<T> = Result<T, Trouble>;

impl From<export::Error> for Trouble {
    fn from(error: export::Error) -> Self {
        Trouble::Said(Exit::Wrong, error.0)
    }
}

impl Trouble {
    pub fn tell(self, console: &Console) -> Exit {
        // If stdout cannot take the JSON there is nowhere left to say so but the exit code.
        let diagnosed = |diagnostics: &[Diagnostic]| {
            if console.json {
                let _ = console.diagnostics_json(diagnostics);
            } else {
                console.diagnostics(diagnostics);
            }
        };
        match self {
            Trouble::Diagnosed(diagnostics) => {
                diagnosed(&diagnostics);
                Exit::Wrong
            }
            #[cfg(feature = "solve")]
            Trouble::Infeasible(diagnostic) => {
                diagnosed(&[*diagnostic]);
                Exit::Infeasible
            }
            Trouble::Said(exit, sentence) => {
                if console.json {
                    let _ = console.answer_json(&json!({ "cvxc": 1, "error": sentence, "exit": exit as u8 }));
                } else {
                    console.error(&sentence);
                }
                exit
            }
        }
    }
}
