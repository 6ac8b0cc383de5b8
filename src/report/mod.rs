//! The story of a solve and of a model: summary, JSON, report page and the mathematics behind them.  Text in, nothing printed here.

mod activation;
mod answer;
mod checked;
mod comparison;
mod examination;
mod explain;
mod fit;
mod json;
mod markdown;
mod numbers;
mod path;
mod path_picture;
mod plot;
mod summary;

pub use activation::{normal_form, theorem, theorem_of};
pub use answer::{Answer, Fewest, Rests, Run, Status, Stopped, Written};
pub use checked::{Checked, checked, checked_json};
pub use comparison::{Comparison, Contestant};
pub use examination::{Examination, Neuron, Stationarity};
pub use explain::{Explanation, Sizes};
pub use fit::Fit;
pub use json::{answer_json, number};
pub use markdown::page;
pub use numbers::{bytes, count, gap, interval, limit, percent, plain, residual, rounded, seconds, shortest, size};
pub use path::{Path, Point};
pub use path_picture::picture;
pub use plot::{curve, fit_plot};
pub use summary::{Style, bar, closed, summary};
