//! Cone programs: minimise ½ x'Qx + c'x + k subject to rows `a·x + b` in cones.  Knows nothing of networks.
//!
//! Names and signs follow MathOptInterface: a constraint says that a vector of affine rows lies in a cone, and its dual
//! vector y lies in the dual cone, with the stationarity condition `Qx + c = Σ A'y`.

use std::ops::Range;

/// A cone that a run of consecutive rows must lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cone {
    /// All rows are zero.
    Zeros(usize),
    /// All rows are at least zero.
    Nonnegatives(usize),
    /// (t, x): |x|₂ <= t.
    SecondOrder(usize),
    /// (x, y, z): y exp(x/y) <= z, y > 0, closed.
    Exponential,
}

impl Cone {
    /// How many rows the cone takes.
    pub fn dimension(&self) -> usize {
        match self {
            Cone::Zeros(n) | Cone::Nonnegatives(n) | Cone::SecondOrder(n) => *n,
            Cone::Exponential => 3,
        }
    }

    /// The name a reader of cone programs knows.
    pub fn name(&self) -> &'static str {
        match self {
            Cone::Zeros(_) => "Zeros",
            Cone::Nonnegatives(_) => "Nonnegatives",
            Cone::SecondOrder(_) => "SecondOrderCone",
            Cone::Exponential => "ExponentialCone",
        }
    }
}

/// One affine row `Σ value·x[column] + offset`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Affine {
    pub terms: Vec<(usize, f64)>,
    pub offset: f64,
}

impl Affine {
    pub fn new(offset: f64) -> Self {
        Affine { terms: Vec::new(), offset }
    }

    /// Times a number.
    pub fn times(mut self, factor: f64) -> Self {
        self.terms.iter_mut().for_each(|(_, value)| *value *= factor);
        self.offset *= factor;
        self
    }

    /// The sum of two rows.
    pub fn and(mut self, other: &Affine) -> Self {
        self.terms.extend(&other.terms);
        self.offset += other.offset;
        self
    }

    pub fn plus(mut self, value: f64, column: usize) -> Self {
        if value != 0.0 {
            self.terms.push((column, value));
        }
        self
    }
}

/// A named run of columns, so that a program can be read by people and turned back into what it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub name: String,
    pub columns: Range<usize>,
    pub rows: Range<usize>,
    /// The cost on the block's norm; 0 for blocks that cost nothing.
    pub weight: f64,
}

/// A cone program.  `quadratic` holds the upper triangle of Q (row <= column).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    pub cost: Vec<f64>,
    pub quadratic: Vec<(usize, usize, f64)>,
    pub constant: f64,
    /// Row `i` has the terms `starts[i]..starts[i+1]`.
    pub starts: Vec<usize>,
    pub columns: Vec<usize>,
    pub values: Vec<f64>,
    pub offsets: Vec<f64>,
    pub cones: Vec<Cone>,
    pub blocks: Vec<Block>,
}

impl Program {
    /// Adds `count` columns of the given cost and returns the first one's index.
    pub fn add_columns(&mut self, count: usize, cost: f64) -> usize {
        let first = self.cost.len();
        self.cost.resize(first + count, cost);
        first
    }

    /// Demands that `rows` lie in `cone` and returns where they stand.
    pub fn constrain(&mut self, cone: Cone, rows: impl IntoIterator<Item = Affine>) -> Range<usize> {
        let first = self.offsets.len();
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        for row in rows {
            for (column, value) in row.terms {
                self.columns.push(column);
                self.values.push(value);
            }
            self.starts.push(self.columns.len());
            self.offsets.push(row.offset);
        }
        let range = first..self.offsets.len();
        debug_assert_eq!(range.len(), cone.dimension());
        if !range.is_empty() {
            self.cones.push(cone);
        }
        range
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.cost.len()
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.offsets.len()
    }

    /// The terms of row `i`.
    pub fn row(&self, i: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.starts[i]..self.starts[i + 1];
        self.columns[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }

    /// Whether there are straight costs and straight sides only.
    pub fn linear(&self) -> bool {
        self.quadratic.is_empty() && self.cones.iter().all(|cone| matches!(cone, Cone::Zeros(_) | Cone::Nonnegatives(_)))
    }

    /// ½ x'Qx + c'x + k.
    pub fn objective(&self, x: &[f64]) -> f64 {
        let linear: f64 = self.cost.iter().zip(x).map(|(c, x)| c * x).sum();
        let square: f64 = (self.quadratic.iter()).map(|&(i, j, q)| if i == j { 0.5 } else { 1.0 } * q * x[i] * x[j]).sum();
        linear + square + self.constant
    }
}

/// What a backend brings back.  Its status is hearsay: everything that matters is recomputed from the vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    pub primal: Vec<f64>,
    /// One multiplier per row, in the dual cone.
    pub dual: Vec<f64>,
    pub status: Status,
    pub iterations: usize,
}

/// What a backend says of its own work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Solved,
    /// Stopped by the caller: time, Ctrl-C.
    Interrupted,
    /// Anything else, usable or not.
    Doubtful,
    Infeasible,
    Unbounded,
}
