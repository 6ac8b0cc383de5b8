//! The numbers: inputs and targets of the training and test rows, and how they were made from the file.

/// A dense matrix, rows one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f64>,
}

impl Matrix {
    /// Panics if `values` does not hold rows x columns numbers.
    pub fn new(rows: usize, columns: usize, values: Vec<f64>) -> Self {
        assert_eq!(values.len(), rows * columns, "shape");
        Matrix { rows, columns, values }
    }

    /// From rows of equal length.
    pub fn from_rows(rows: &[Vec<f64>]) -> Self {
        let columns = rows.first().map_or(0, Vec::len);
        Matrix::new(rows.len(), columns, rows.concat())
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }

    /// All rows, in order (also of a matrix without columns).
    pub fn each_row(&self) -> impl Iterator<Item = &[f64]> + '_ {
        (0..self.rows).map(|i| self.row(i))
    }

    /// X w.
    pub fn times(&self, w: &[f64]) -> Vec<f64> {
        self.each_row().map(|row| dot(row, w)).collect()
    }

    /// X'v.
    pub fn transposed_times(&self, v: &[f64]) -> Vec<f64> {
        let mut sum = vec![0.0; self.columns];
        for (row, &v) in self.each_row().zip(v) {
            if v != 0.0 {
                sum.iter_mut().zip(row).for_each(|(s, x)| *s += v * x);
            }
        }
        sum
    }
}

/// a·b, summed from left to right.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Inputs (n x d) and targets (n x C, row after row) of some rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    pub inputs: Matrix,
    pub targets: Vec<f64>,
}

/// An input column after preparation: `value = (raw - shift) / scale`.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub shift: f64,
    pub scale: f64,
}

/// What the network's output stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A number: `value = (raw - shift) / scale`.
    Number(Column),
    /// A count or a rate as it is: the network gives its logarithm.
    Count { name: String },
    /// Two classes by their labels in the file: the first is -1, the second +1.
    Classes { name: String, negative: String, positive: String },
    /// Classes by their labels, with an output each.
    Labels { name: String, labels: Vec<String> },
    /// Several numbers or counts, with an output each.
    Several(Vec<Target>),
}

impl Target {
    /// C, how many outputs stand for it.
    pub fn outputs(&self) -> usize {
        match self {
            Target::Number(_) | Target::Count { .. } | Target::Classes { .. } => 1,
            Target::Labels { labels, .. } => labels.len(),
            Target::Several(all) => all.len(),
        }
    }

    /// The target of one output.
    pub fn of(&self, output: usize) -> &Target {
        match self {
            Target::Several(all) => &all[output],
            one => one,
        }
    }

    /// What an output says of its target, in the target's units; of classes the plain score.
    pub fn prediction(&self, output: f64) -> f64 {
        match self {
            Target::Number(column) => output * column.scale + column.shift,
            Target::Count { .. } => libm::exp(output),
            Target::Classes { .. } | Target::Labels { .. } | Target::Several(_) => output,
        }
    }

    /// The class that a row's outputs say: exactly 0 is the first of two classes, and of equal scores the first one wins.
    pub fn class(&self, outputs: &[f64]) -> Option<&str> {
        let best = |outputs: &[f64]| (1..outputs.len()).fold(0, |best, c| if outputs[c] > outputs[best] { c } else { best });
        match self {
            Target::Classes { negative, positive, .. } => Some(if outputs[0] > 0.0 { positive } else { negative }),
            Target::Labels { labels, .. } => Some(&labels[best(outputs)]),
            Target::Number(_) | Target::Count { .. } | Target::Several(_) => None,
        }
    }

    /// The target column's name, or all of them.
    pub fn name(&self) -> String {
        match self {
            Target::Number(column) => column.name.clone(),
            Target::Count { name } | Target::Classes { name, .. } | Target::Labels { name, .. } => name.clone(),
            Target::Several(all) => all.iter().map(Target::name).collect::<Vec<_>>().join(", "),
        }
    }
}

/// The data of a problem: what to train on, what to test on, and what the columns mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    pub columns: Vec<Column>,
    pub target: Target,
    pub train: Rows,
    /// Rows kept aside, if the model asks for some.
    pub test: Option<Rows>,
    /// Where the numbers came from, for people: `data/diabetes.csv`, `inline table`, `spirals(...)`.
    pub source: String,
    /// Rows left out because of missing values.
    pub dropped: usize,
}

/// Numbers that go into a digest together.
const DIGESTED: usize = 1 << 13;

impl Dataset {
    /// A digest of the very doubles that the problem is about (training rows only), as `blake3:<hex>`.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(self.train.inputs.rows as u64).to_le_bytes());
        hasher.update(&(self.train.inputs.columns as u64).to_le_bytes());
        // Long pieces: a digest of many bytes at once is several times as fast.
        for values in self.train.inputs.values.chunks(DIGESTED).chain(self.train.targets.chunks(DIGESTED)) {
            hasher.update(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
        }
        format!("blake3:{}", hasher.finalize().to_hex())
    }
}
