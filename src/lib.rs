//! cvxc trains two-layer networks with piecewise-linear activations to a proved global optimum.
#![forbid(unsafe_code)]

#[cfg(feature = "solve")]
pub mod arrangement;
pub mod exact;
pub mod loss;
pub mod problem;
pub mod program;
pub mod regularizer;
#[cfg(feature = "solve")]
pub mod solve;
pub mod syntax;
