//! Text to Problem: tree, resolution, data; and everything that can be wrong on the way.

pub mod data;
pub mod diagnostic;
pub mod model;
