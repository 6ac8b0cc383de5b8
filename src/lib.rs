//! cvxc trains two-layer networks with piecewise-linear activations to a proved global optimum.
#![forbid(unsafe_code)]

pub mod cli;
pub mod exact;
pub mod export;
pub mod loss;
pub mod problem;
pub mod program;
pub mod regularizer;
pub mod report;
#[cfg(feature = "solve")]
pub mod solve;
pub mod syntax;
