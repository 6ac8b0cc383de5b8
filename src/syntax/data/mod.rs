//! Tables from files, and from tables the dataset of a problem.
//!
//! ```text
//! DataSpec ──open──> Reader ──names──> Selection ──read──> Table ──examples, classes, scale──> Dataset
//! ```
//!
//! Only the columns that a model uses are kept in memory, so the size that counts is rows x used columns, not the file's.

mod bind;
mod budget;
mod cell;
mod classes;
#[cfg(feature = "parquet")]
mod columnar;
pub mod columns;
mod content;
mod csv;
mod examples;
mod excerpt;
mod faults;
mod gates;
mod inline;
mod labels;
mod libsvm;
mod missing;
mod npy;
mod npz;
mod open;
mod predict;
mod remarks;
mod scale;
mod table;
mod toys;
mod vectors;

pub use bind::{bind, training_rows};
pub use budget::limit as memory_limit;
#[cfg(feature = "parquet")]
pub use columnar::decoding;
pub use columns::check_columns;
pub use open::header;
pub use predict::{Features, Layout, read_features, read_features_from};
pub use remarks::remarks;

/// How far the reading of a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows read so far.
    pub rows: usize,
    /// Bytes read so far.
    pub bytes: u64,
    /// Bytes in all, if that is known.
    pub total: Option<u64>,
}
