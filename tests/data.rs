//! Data: the same numbers from every format, what training rows decide, and every error with its place.

#[cfg(feature = "parquet")]
#[path = "data/columnar.rs"]
mod columnar;
#[path = "data/damage.rs"]
mod damage;
#[path = "data/errors.rs"]
mod errors;
#[path = "data/formats.rs"]
mod formats;
#[path = "data/laws.rs"]
mod laws;
#[path = "data/model.rs"]
mod model;
#[path = "data/predict.rs"]
mod predict;
