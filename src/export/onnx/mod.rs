//! ONNX: the whole way from raw rows to predictions as a graph of common operations, with the description that makes it a network again.
//!
//! No crate of ONNX is needed: the few messages of onnx.proto that occur are written and read here.

mod graph;
mod read;
mod wire;
mod write;

pub use graph::{Attribute, Constant, Model, Node, Numbers};
pub use read::contents;
pub use write::{encode, encode_single};

/// The property that holds cvxc's description.
const KEY: &str = "cvxc";
