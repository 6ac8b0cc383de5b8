//! cvxc trains two-layer networks with piecewise-linear activations to a proved global optimum.
#![forbid(unsafe_code)]

#[cfg(feature = "solve")]
pub mod arrangement;
#[cfg(feature = "solve")]
pub mod backend;
pub mod certificate;
pub mod checker;
pub mod cli;
#[cfg(feature = "solve")]
pub mod descent;
pub mod exact;
pub mod export;
pub mod loss;
#[cfg(feature = "solve")]
pub mod lowering;
#[cfg(feature = "solve")]
pub mod pricing;
pub mod problem;
pub mod program;
pub mod regularizer;
pub mod report;
#[cfg(feature = "solve")]
pub mod solve;
#[cfg(feature = "solve")]
pub mod stationarity;
pub mod syntax;
