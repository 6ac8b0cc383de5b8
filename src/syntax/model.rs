//! A model file with every name, type and shape decided, before any data is read.

use super::diagnostic::Place;
use super::origin::Origin;
use crate::exact::Rational;
use crate::loss::Total;
use crate::problem::{Activation, Bias, Plan, Pool};
use crate::regularizer::Regularizer;
use std::path::PathBuf;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    pub value: T,
    pub place: Place,
}

/// A whole model: what `cvxc check` checks and `bind` joins with data.
#[derive(Clone, Debug)]
pub struct Model {
    /// The file's name, for people.
    pub name: String,
    /// Parameters with their values after overrides, in file order.
    pub parameters: Vec<(String, Rational)>,
    /// `NAME=VALUE` for every parameter that the command line changed.
    pub overrides: Vec<(String, String)>,
    /// The values that `path` statements walk through, by parameter.
    pub paths: Vec<(String, Vec<f64>)>,
    /// Every activation the file defines or imports, for `activations list` and `explain`.
    pub activations: Vec<Definition>,
    pub data: DataSpec,
    pub network: NetworkSpec,
    pub loss: Placed<Total>,
    pub strength: Placed<f64>,
    pub regularizer: Placed<Regularizer>,
    pub plan: Plan,
    /// Where `arrangements = ...` is written, if it is: messages about the number of cells point there.
    pub arrangements: Option<Place>,
    /// Where the file says `solver = ...`, unless the command line says it.
    pub solver: Option<Place>,
    /// The file of `arrangements = cells("G.npy")`: its vectors become part of the plan when the data are bound.
    pub vectors: Option<VectorFile>,
    /// Which kinds of file a solve writes.
    pub outputs: Outputs,
    /// The file as it was read, and what in it a command line or another folder changes.
    pub origin: Origin,
}

/// A file of weight vectors; `path` is already relative to the current folder, `shown` as the model wrote it.
#[derive(Clone, Debug)]
pub struct VectorFile {
    pub path: PathBuf,
    pub shown: String,
    pub place: Place,
}

/// An activation and its doc comment.
#[derive(Clone, Debug)]
pub struct Definition {
    pub activation: Activation,
    pub documentation: String,
}

/// The `output` statement: which kinds of file are written; all three unless the model says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outputs {
    pub weights: bool,
    /// Further formats of the network, by their names.
    pub formats: Vec<&'static str>,
    pub certificate: bool,
    pub report: bool,
}

impl Default for Outputs {
    fn default() -> Self {
        Outputs { weights: true, formats: Vec::new(), certificate: true, report: true }
    }
}

/// The `data` statement.
#[derive(Clone, Debug)]
pub struct DataSpec {
    /// The source expression's place: `csv("...")`, `table`, `spirals(...)`.
    pub place: Place,
    pub source: SourceSpec,
    pub standardize: Standardize,
    pub test: TestSpec,
    /// 1-based, both ends in; rows are counted after the header.
    pub rows: Option<Placed<(usize, usize)>>,
    /// Columns left out of `features`.
    pub drop: Vec<Placed<String>>,
    /// Classes of the target that are kept (labels as written); empty keeps all.
    pub keep: Vec<Placed<String>>,
    /// The label that becomes +1.
    pub positive: Option<Placed<String>>,
    pub missing: Missing,
    /// Whether text files start with a line of column names.
    pub header: bool,
    /// The character between values; `None` is the format's own.
    pub separator: Option<char>,
}

/// Where the numbers come from.
#[derive(Clone, Debug)]
pub enum SourceSpec {
    /// The inline table: column names, then rows of cells as written.
    Table { columns: Vec<Placed<String>>, rows: Vec<Vec<Placed<String>>> },
    /// A file; `path` is already relative to the current folder, `shown` as the model wrote it.
    File { format: Format, path: PathBuf, shown: String },
    /// A seeded toy.
    Toy { kind: Toy, points: usize, turns: f64, noise: f64, seed: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Tsv,
    Npy,
    Npz,
    Libsvm,
    Parquet,
    Arrow,
}

impl Format {
    /// Whether this build of cvxc reads it.
    pub fn built(self) -> bool {
        cfg!(feature = "parquet") || !matches!(self, Format::Parquet | Format::Arrow)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toy {
    /// Two interleaved spirals: columns x, y, class.
    Spirals,
    /// The four corners: columns x1, x2, y.
    Xor,
    /// A noisy sine: columns x, y.
    Sinusoid,
}

#[derive(Clone, Debug)]
pub enum Standardize {
    Nothing,
    Features,
    /// Features, and the target too if it is a number.
    All,
    Columns(Vec<Placed<String>>),
}

#[derive(Clone, Debug)]
pub enum TestSpec {
    Nothing,
    /// A random share of the rows, 0 < fraction < 1.
    Split {
        fraction: f64,
        seed: u64,
        place: Place,
    },
    /// 1-based, both ends in.
    Rows(Placed<(usize, usize)>),
    File {
        path: PathBuf,
        shown: String,
        place: Place,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Error,
    Drop,
    Mean,
}

/// The `network` statement.
#[derive(Clone, Debug)]
pub struct NetworkSpec {
    pub inputs: Placed<InputSpec>,
    /// The columns that the network ends with; never none.
    pub targets: Vec<Placed<String>>,
    /// How many outputs the output layer has, if it says so.
    pub outputs: Placed<Option<usize>>,
    pub activation: Placed<Activation>,
    /// Where the gates of `gated_relu` come from; the activation behind them is linear.
    pub gates: Option<GateSpec>,
    pub bias: Bias,
    pub width: Option<Placed<usize>>,
    pub skip: Option<Place>,
    pub convolution: Option<ConvSpec>,
}

/// A convolution as written: how long its signal is may be known to the data alone.
#[derive(Clone, Debug)]
pub struct ConvSpec {
    /// The sides that `reshape` gives the inputs.
    pub shape: Option<Placed<Vec<usize>>>,
    pub size: Placed<Vec<usize>>,
    pub stride: usize,
    pub padding: usize,
    pub pool: Pool,
    pub place: Place,
}

impl NetworkSpec {
    /// The only target, or the first one.
    pub fn target(&self) -> &Placed<String> {
        &self.targets[0]
    }
}

/// The gates of a gated layer.
#[derive(Clone, Debug)]
pub enum GateSpec {
    /// Gaussian vectors; a longer list begins with every shorter one of its seed.
    Drawn { count: usize, seed: u64, place: Place },
    /// The columns of an array.
    File(VectorFile),
}

impl GateSpec {
    /// The layer as the language writes it.
    pub fn words(&self) -> String {
        match self {
            GateSpec::Drawn { count, seed, .. } => format!("gated_relu(gates = {count}, seed = {seed})"),
            GateSpec::File(file) => format!("gated_relu(gates = npy(\"{}\"))", file.shown),
        }
    }
}

/// Which columns go in.
#[derive(Clone, Debug)]
pub enum InputSpec {
    /// Every column that is neither the target nor dropped.
    Features,
    /// Items in order; a range takes the columns between its ends in file order.
    Columns(Vec<ColumnItem>),
}

#[derive(Clone, Debug)]
pub enum ColumnItem {
    One(Placed<String>),
    Range(Placed<String>, Placed<String>),
    /// `lag(column, first..last)`: the column's values `first..=last` rows earlier.
    Lag {
        column: Placed<String>,
        first: usize,
        last: usize,
    },
}
