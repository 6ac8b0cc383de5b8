//! Problem and groups of neurons to a cone program, and back.  The sign conventions are stated here, once.
//!
//! A degree-1 activation is φ(z) = p max(z,0) + q max(-z,0).  In a cell with bits D it acts as S = p D - q (I - D), so a
//! neuron (w, a) of the cell with output sign s contributes s S X u with u = |a| w, at the price β|u| (THEORY 1):
//! ```text
//!   minimise   L(f) + β Σ_g h(u_g)
//!   subject to f = Σ_g s_g S_g X u_g + Z c,     (2 D_g - I) X u_g >= 0          Z = [F 1], the skip, free
//! ```
//! The multiplier of the row `f_i - Σ ... = 0` is v_i, the gradient of the loss at f.  A neuron that would lower the
//! objective has the output sign opposite to v'φ(Xw).  Decoding: w = u/√h(u), a = s √h(u).
//!
//! A *ray* is a group whose direction is fixed and only its length is free: one column instead of d.
//!
//! A gated neuron is linear behind its gate: it contributes D X u with u = a w, D marking the rows that the gate lets through, at
//! the price β|u| (THEORY 2).  One free group per gate stands for both output signs, and there is no inequality.

mod vertex;

pub use vertex::prune;

use crate::arrangement::Pattern;
use crate::problem::{Class, Matrix, Network, Problem, Skip};
use crate::program::{Affine, Block, Cone, Program, Solution};

/// What the neurons of one group may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Positive multiples of one hidden weight vector.
    Ray(Vec<f64>),
    /// Every hidden weight vector of a cell.  `rows` are the rows of X whose sign is enforced: all facets, or those
    /// that a solve has asked for so far.
    Cell { pattern: Pattern, rows: Vec<u32> },
    /// Every hidden weight vector: linear activations have a single cell and no constraint.
    Whole,
    /// Every hidden weight vector behind one of the problem's gates, open on the rows of `pattern`.
    Gated { gate: usize, pattern: Pattern },
}

/// Neurons that share an output sign and, unless it is a ray, an activation cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// +1 or -1.
    pub sign: f64,
    pub shape: Shape,
}

impl Group {
    /// The free group behind a gate.
    pub fn gated(gate: usize, pattern: Pattern) -> Self {
        Group { sign: 1.0, shape: Shape::Gated { gate, pattern } }
    }

    /// The vector of the gate that its neurons stand behind.
    fn gate(&self, problem: &Problem) -> Option<Vec<f64>> {
        match (&self.shape, &problem.architecture.gates) {
            (Shape::Gated { gate, .. }, Some(gates)) => Some(gates.vectors.row(*gate).to_vec()),
            _ => None,
        }
    }
}

/// The inverse of [`lower`].
pub struct Recovery {
    groups: Vec<(Group, std::ops::Range<usize>)>,
    outputs: std::ops::Range<usize>,
    skip: Option<SkipColumns>,
    size: usize,
}

/// The skip's columns: one per feature in units that make its column at most one long, then the intercept.
struct SkipColumns {
    columns: std::ops::Range<usize>,
    units: Vec<f64>,
}

/// Builds the convex program over `groups`.  `inputs` is `problem.inputs()` (n x d).
pub fn lower(problem: &Problem, inputs: &Matrix, groups: &[Group]) -> (Program, Recovery) {
    let mut program = Program::default();
    let n = inputs.rows;
    let outputs = program.add_columns(n, 0.0);
    program.blocks.push(Block { name: "f".into(), columns: outputs..outputs + n, rows: 0..0, weight: 0.0 });
    let total = &problem.objective.loss;
    for (i, &y) in problem.targets().iter().enumerate() {
        total.loss.cone_form(&mut program, outputs + i, y, total.parameter, total.scale(n));
    }
    let mut sums: Vec<Affine> = (0..n).map(|i| Affine::new(0.0).plus(1.0, outputs + i)).collect();
    let placed = groups.iter().map(|group| (group.clone(), add_group(problem, inputs, group, &mut program, &mut sums))).collect();
    let skip = problem.architecture.skip.then(|| add_skip(&problem.dataset.train.inputs, &mut program, &mut sums));
    let rows = program.constrain(Cone::Zeros(n), sums);
    program.blocks.push(Block { name: "f = network".into(), columns: 0..0, rows: rows.clone(), weight: 0.0 });
    (program, Recovery { groups: placed, outputs: rows, skip, size: inputs.columns })
}

/// Adds the columns of one group, its cost and its cones, and subtracts its contribution from the rows of `sums`.
fn add_group(problem: &Problem, inputs: &Matrix, group: &Group, program: &mut Program, sums: &mut [Affine]) -> std::ops::Range<usize> {
    let first_row = program.height();
    let weight = problem.objective.strength;
    let (p, q) = problem.architecture.activation.slopes();
    let columns = match &group.shape {
        Shape::Ray(w) => {
            let length = program.add_columns(1, weight * problem.objective.regularizer.hidden.gauge(w));
            for (sum, z) in sums.iter_mut().zip(inputs.times(w)) {
                let value = group.sign * problem.architecture.activation.value(z);
                push(sum, -value, length);
            }
            program.constrain(Cone::Nonnegatives(1), [Affine::new(0.0).plus(1.0, length)]);
            length..length + 1
        }
        Shape::Cell { pattern, rows } => {
            let columns = add_normed(problem, inputs.columns, program);
            contribute(inputs, group.sign, |i| if pattern.get(i) { p } else { -q }, columns.start, sums);
            let signed = |&k: &u32| {
                let side = if pattern.get(k as usize) { 1.0 } else { -1.0 };
                row_of(inputs.row(k as usize), side, columns.start)
            };
            program.constrain(Cone::Nonnegatives(rows.len()), rows.iter().map(signed));
            columns
        }
        Shape::Whole => {
            let columns = add_normed(problem, inputs.columns, program);
            contribute(inputs, group.sign, |_| p, columns.start, sums);
            columns
        }
        Shape::Gated { pattern, .. } => {
            let columns = add_normed(problem, inputs.columns, program);
            contribute(inputs, group.sign, |i| if pattern.get(i) { p } else { 0.0 }, columns.start, sums);
            columns
        }
    };
    let name = format!("u{}{}", program.blocks.len(), if group.sign > 0.0 { "+" } else { "-" });
    program.blocks.push(Block { name, columns: columns.clone(), rows: first_row..program.height(), weight });
    columns
}

/// d free columns u and a column t >= h(u) that pays β.
fn add_normed(problem: &Problem, d: usize, program: &mut Program) -> std::ops::Range<usize> {
    let t = program.add_columns(1, problem.objective.strength);
    let u = program.add_columns(d, 0.0);
    let one = |j| Affine::new(0.0).plus(1.0, j);
    problem.objective.regularizer.hidden.cone_form(program, one(t), (u..u + d).map(one).collect());
    u..u + d
}

/// sums -= sign · S X u.
fn contribute(inputs: &Matrix, sign: f64, slope: impl Fn(usize) -> f64, first: usize, sums: &mut [Affine]) {
    for (i, sum) in sums.iter_mut().enumerate() {
        let slope = slope(i);
        if slope != 0.0 {
            inputs.row(i).iter().enumerate().for_each(|(j, x)| push(sum, -sign * slope * x, first + j));
        }
    }
}

fn row_of(row: &[f64], side: f64, first: usize) -> Affine {
    row.iter().enumerate().fold(Affine::new(0.0), |sum, (j, x)| sum.plus(side * x, first + j))
}

fn push(sum: &mut Affine, value: f64, column: usize) {
    if value != 0.0 {
        sum.terms.push((column, value));
    }
}

/// Free columns for the skip's weights and intercept.
fn add_skip(features: &Matrix, program: &mut Program, sums: &mut [Affine]) -> SkipColumns {
    let d = features.columns;
    let units = column_lengths(features);
    let first = program.add_columns(d + 1, 0.0);
    for (row, sum) in features.each_row().zip(sums) {
        row.iter().zip(&units).enumerate().for_each(|(j, (x, unit))| push(sum, -x / unit, first + j));
        push(sum, -1.0, first + d);
    }
    let columns = first..first + d + 1;
    program.blocks.push(Block { name: "skip".into(), columns: columns.clone(), rows: 0..0, weight: 0.0 });
    SkipColumns { columns, units }
}

/// A bound on the length of every column, without squares that could overflow; 1 for a column of zeros.
fn column_lengths(features: &Matrix) -> Vec<f64> {
    let mut largest = vec![0.0_f64; features.columns];
    features.each_row().for_each(|row| largest.iter_mut().zip(row).for_each(|(l, x)| *l = l.max(x.abs())));
    largest.into_iter().map(|l| if l > 0.0 { l * (features.rows as f64).sqrt() } else { 1.0 }).collect()
}

impl Recovery {
    /// u_g of every group, in order: d numbers each.
    pub fn weights(&self, solution: &Solution) -> Vec<Vec<f64>> {
        let read = |(group, columns): &(Group, std::ops::Range<usize>)| match &group.shape {
            Shape::Ray(w) => w.iter().map(|w| w * solution.primal[columns.start].max(0.0)).collect(),
            _ => solution.primal[columns.clone()].to_vec(),
        };
        self.groups.iter().map(read).collect()
    }

    /// The network that a solution stands for: one neuron per group whose weights are not negligible.
    pub fn network(&self, problem: &Problem, solution: &Solution) -> Network {
        let gauge = |u: &[f64]| problem.objective.regularizer.hidden.gauge(u);
        let weights = self.weights(solution);
        let largest = weights.iter().map(|u| gauge(u)).fold(0.0, f64::max);
        let kept = self.groups.iter().zip(&weights).filter(|(_, u)| gauge(u) > 1e-9 * largest);
        let skip = self.skip.as_ref().map(|skip| {
            let values = &solution.primal[skip.columns.clone()];
            Skip { weights: values.iter().zip(&skip.units).map(|(c, unit)| c / unit).collect(), intercept: values[skip.units.len()] }
        });
        let neuron = |((group, _), u): (&(Group, _), &Vec<f64>)| Neuron { sign: group.sign, u: u.clone(), gate: group.gate(problem) };
        assemble(problem, self.size, kept.map(neuron), skip)
    }

    /// The dual vector v (n): the multipliers of the rows that define f.
    pub fn dual(&self, solution: &Solution) -> Vec<f64> {
        solution.dual[self.outputs.clone()].to_vec()
    }
}

/// A neuron as the program has it: its output sign s, u = |a| w, and the gate that it stands behind.
pub struct Neuron {
    pub sign: f64,
    pub u: Vec<f64>,
    pub gate: Option<Vec<f64>>,
}

/// The network of `neurons`, each balanced so that |a| = h(w).
pub fn assemble(problem: &Problem, size: usize, neurons: impl Iterator<Item = Neuron>, skip: Option<Skip>) -> Network {
    let (mut hidden, mut output, mut gates) = (Vec::new(), Vec::new(), Vec::new());
    for Neuron { sign, u, gate } in neurons {
        let root = problem.objective.regularizer.hidden.gauge(&u).sqrt();
        if root > 0.0 && root.is_finite() {
            hidden.extend(u.iter().map(|u| u / root));
            output.push(sign * root);
            gates.extend(gate.into_iter().flatten());
        }
    }
    let gates = problem.architecture.gates.is_some().then(|| Matrix::new(output.len(), size, gates));
    Network { hidden: Matrix::new(output.len(), size, hidden), output, skip, gates }
}

/// Both signs of every cell; a linear activation needs a single unconstrained group.
pub fn all_groups(problem: &Problem, cells: impl Iterator<Item = (Pattern, Vec<u32>)>) -> Vec<Group> {
    if problem.architecture.activation.class() == Class::Linear {
        return vec![Group { sign: 1.0, shape: Shape::Whole }];
    }
    let both = |(pattern, rows): (Pattern, Vec<u32>)| {
        [1.0, -1.0].map(|sign| Group { sign, shape: Shape::Cell { pattern: pattern.clone(), rows: rows.clone() } })
    };
    cells.flat_map(both).collect()
}
