//! The command line: one file per command, and the only room that prints.

mod activations;
mod bug;
mod check;
#[cfg(feature = "solve")]
mod compare;
mod console;
#[cfg(feature = "solve")]
mod examine;
mod explain;
mod export;
#[cfg(feature = "solve")]
mod interrupt;
mod journey;
#[cfg(feature = "solve")]
mod limits;
#[cfg(feature = "solve")]
mod path;
mod predict;
#[cfg(feature = "solve")]
mod program;
#[cfg(feature = "solve")]
mod progress;
#[cfg(feature = "solve")]
mod refusal;
#[cfg(feature = "solve")]
mod solve;
mod trouble;
mod units;
mod verify;

use clap::{Parser, Subcommand, ValueEnum};
use console::Console;
use std::ffi::OsString;
use trouble::{Exit, Outcome};

#[cfg(feature = "solve")]
const AFTER: &str = "Start with:  cvxc solve models/xor.cvx";
#[cfg(not(feature = "solve"))]
const AFTER: &str = "This build has no solver: `cvxc solve` needs the feature `solve`, which is on by default.";

/// Trains two-layer networks to a proved global optimum.
#[derive(Debug, Parser)]
#[command(name = "cvxc", version, about, after_help = AFTER, disable_help_subcommand = true)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
struct Global {
    /// Only the answer and errors: no progress, no warnings
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more; twice shows the conic solver's own log on stderr
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// The answer, or what is wrong, as one JSON object on stdout
    #[arg(long, global = true)]
    json: bool,
    /// No progress on stderr
    #[arg(long, global = true)]
    no_progress: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model's network and write it, with its bounds, to MODEL.out
    #[cfg(feature = "solve")]
    Solve(solve::Solve),
    /// Train by gradient descent beside the optimum, or ask how far from it a network is
    #[cfg(feature = "solve")]
    Compare(compare::Compare),
    /// Walk the strength of the penalty, or a parameter, from large to small: one certified optimum each
    #[cfg(feature = "solve")]
    Path(path::Path),
    /// Check names, types, shapes and exactness of models
    Check(check::Check),
    /// Show a model's convex program as mathematics, or the page about an error code
    Explain(explain::Explain),
    /// Check a certificate in exact arithmetic, without any solver
    Verify(verify::Verify),
    /// Apply a trained network to new rows
    Predict(predict::Predict),
    /// Write a trained network in another format, or a model's convex program for another solver
    Export(export::Export),
    /// List the activations, or show one
    Activations(activations::Activations),
}

/// Runs a command line and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    bug::report_panics();
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // A closed pipe is the only way this fails, and then nobody is listening.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    let console = Console::new(&arguments.global);
    let exit = dispatch(&arguments.command, &console).unwrap_or_else(|trouble| trouble.tell(&console));
    exit as u8
}

fn dispatch(command: &Command, console: &Console) -> Outcome<Exit> {
    match command {
        #[cfg(feature = "solve")]
        Command::Solve(solve) => solve.run(console),
        #[cfg(feature = "solve")]
        Command::Compare(compare) => compare.run(console),
        #[cfg(feature = "solve")]
        Command::Path(path) => path.run(console),
        Command::Check(check) => check.run(console),
        Command::Explain(explain) => explain.run(console),
        Command::Verify(verify) => verify.run(console),
        Command::Predict(predict) => predict.run(console),
        Command::Export(export) => export.run(console),
        Command::Activations(activations) => activations.run(console),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
