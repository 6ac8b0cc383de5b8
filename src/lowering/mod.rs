//! Problem and groups of neurons to a cone program, and back.  The sign conventions are stated here, once.
//!
//! In the view of [`Features`] every neuron is a θ of price ρ(θ), and in a cell of weight space its contribution is linear:
//! F_i(θ) = e_i·θ.  With output signs s_g, and σ_l the sides of the lines,
//! ```text
//!   minimise   L(f) + T Σ_g ρ(θ_g)                        T = β, or β/r
//!   subject to f = Σ_g s_g E_g θ_g + Z c,     σ_l ℓ_l·θ_g >= 0          Z = [F 1], the skip, free
//! ```
//! where, of lines that are rivals, the largest has no side but is at least as large as the others.
//! The multiplier of the row `f_i - Σ ... = 0` is v_i, the gradient of the loss at f.  A neuron that would lower the
//! objective has the output sign opposite to v'F(θ).
//!
//! With C outputs f and v have n C entries, row after row, and group g has a unit vector a_g of output weights, e_c where its neurons
//! serve output c alone: it subtracts a_gc times its terms from the rows of output c, and Z has factors for each.  A loss whose rows may be
//! shifted for free has a free column t_i for each, and its f is the network's less t_i; the same Z c added to all outputs would change
//! nothing, so the first has none, and the others are counted from it.
//!
//! A *ray* is a group whose direction is fixed and only its length is free: one column instead of q.  A *fan* is a ray whose output
//! weights may turn: one column for each output, T ρ(θ) |a|₂ its price.
//!
//! A gated neuron is linear behind its gate, θ = a w: it contributes F_i(θ) = x_i·θ on the rows that the gate lets through, and nothing
//! on the others (THEORY 2).  One free group per gate stands for both output signs, and there is no inequality.

mod names;
mod neurons;
mod prices;
mod shared;
mod vertex;

pub use names::{Names, names};
pub use neurons::{Neuron, assemble, for_output};
pub use shared::{Turned, remade, turned};
pub use vertex::prune;

use crate::arrangement::Pattern;
use crate::problem::{Directions, Features, Gauge, Matrix, Network, Problem, Skip};
use crate::program::{Affine, Block, Cone, Program, Solution};
use crate::regularizer::{EUCLIDEAN, Norm};
use neurons::{length, unit};
use std::ops::Range;

/// What the neurons of one group may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Positive multiples of one θ.
    Ray(Vec<f64>),
    /// Positive multiples of one θ, with any output weights.
    Fan(Vec<f64>),
    /// Every θ of a cell.  `rows` are the lines whose side is enforced: all facets, or those that a solve has asked for so far.
    Cell { pattern: Pattern, rows: Vec<u32> },
    /// Every θ: linear activations have a single cell and no constraint.
    Whole,
    /// Every θ behind one of the problem's gates, open on the rows of `pattern`.
    Gated { gate: usize, pattern: Pattern },
}

/// Neurons that share an output sign and, unless it is a ray, an activation cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The number of the direction of its output weights: an output, from 0, or one that was found.  A fan has none.
    pub output: usize,
    /// +1 or -1: the neurons' output weights are positive multiples of this times the direction.
    pub sign: f64,
    pub shape: Shape,
}

impl Group {
    /// The free group of an output behind a gate.
    pub fn gated(output: usize, gate: usize, pattern: Pattern) -> Self {
        Group { output, sign: 1.0, shape: Shape::Gated { gate, pattern } }
    }

    /// The number of the gate that its neurons stand behind, and the rows that this lets through.
    pub fn behind(&self) -> Option<(usize, &Pattern)> {
        match &self.shape {
            Shape::Gated { gate, pattern } => Some((*gate, pattern)),
            _ => None,
        }
    }

    /// The vector of that gate.
    pub fn gate(&self, problem: &Problem) -> Option<Vec<f64>> {
        let gates = problem.architecture.gates.as_ref()?;
        self.behind().map(|(gate, _)| gates.vectors.row(gate).to_vec())
    }
}

/// The inverse of [`lower`].
pub struct Recovery {
    groups: Vec<(Group, Range<usize>)>,
    directions: Directions,
    outputs: Range<usize>,
    skip: SkipColumns,
}

/// The free columns in units that make each of them at most one long, for one output after the other.
struct SkipColumns {
    columns: Range<usize>,
    units: Vec<f64>,
    /// Outputs before the others that have none.
    without: usize,
}

impl SkipColumns {
    /// The factors of Z (C x p).
    fn factors(&self, outputs: usize, solution: &Solution) -> Matrix {
        let p = self.units.len();
        let mut values = vec![0.0; self.without * p];
        values.extend(solution.primal[self.columns.clone()].iter().zip(self.units.iter().cycle()).map(|(c, unit)| c / unit));
        Matrix::new(outputs, p, values)
    }
}

/// Builds the convex program over `groups` whose neurons serve one output each.  `features` are `problem.features()`.
pub fn lower(problem: &Problem, features: &Features, groups: &[Group]) -> (Program, Recovery) {
    lower_along(problem, features, &Directions::along_outputs(problem.outputs()), groups)
}

/// The same where output weights may have other directions.
pub fn lower_along(problem: &Problem, features: &Features, directions: &Directions, groups: &[Group]) -> (Program, Recovery) {
    let mut program = Program::default();
    let n = features.examples() * problem.outputs();
    let outputs = program.add_columns(n, 0.0);
    program.blocks.push(Block { name: "f".into(), columns: outputs..outputs + n, rows: 0..0, weight: 0.0 });
    let total = &problem.objective.loss;
    for (i, &y) in problem.targets().iter().enumerate() {
        let (column, row) = (program.width(), program.height());
        total.loss.cone_form(&mut program, outputs + i, y, total.parameter, total.scale(n));
        let (columns, rows) = (column..program.width(), row..program.height());
        program.blocks.push(Block { name: format!("loss.{}", i + 1), columns, rows, weight: 0.0 });
    }
    let mut sums: Vec<Affine> = (0..n).map(|i| Affine::new(0.0).plus(1.0, outputs + i)).collect();
    if total.shifted() {
        add_shifts(problem.outputs(), &mut program, &mut sums);
    }
    let mut lowering = Lowering { problem, features, directions, program, sums: &mut sums };
    let placed = groups.iter().map(|group| (group.clone(), lowering.add_group(group))).collect();
    let mut program = lowering.program;
    let skip = add_skip(problem, &mut program, &mut sums);
    let rows = program.constrain(Cone::Zeros(n), sums);
    program.blocks.push(Block { name: "fit".into(), columns: 0..0, rows: rows.clone(), weight: 0.0 });
    (program, Recovery { groups: placed, directions: directions.clone(), outputs: rows, skip })
}

/// A program to which groups are being added, and the rows from which their contributions are subtracted.
struct Lowering<'a> {
    problem: &'a Problem,
    features: &'a Features,
    directions: &'a Directions,
    program: Program,
    sums: &'a mut [Affine],
}

impl Lowering<'_> {
    /// Adds the columns of one group, its cost and its cones; returns the columns of θ.
    fn add_group(&mut self, group: &Group) -> Range<usize> {
        let (first, first_row) = (self.program.width(), self.program.height());
        let theta = match &group.shape {
            Shape::Ray(theta) => self.add_ray(group, theta),
            Shape::Fan(theta) => self.add_fan(theta),
            Shape::Cell { pattern, rows } => {
                let columns = self.add_theta();
                self.contribute(group, |_| true, |line| pattern.get(line), columns.start);
                let wall = |&line: &u32| row_of(&self.features.wall(line as usize, |line| pattern.get(line)), columns.start);
                let walls: Vec<Affine> = rows.iter().map(wall).collect();
                self.program.constrain(Cone::Nonnegatives(walls.len()), walls);
                columns
            }
            Shape::Whole => {
                let columns = self.add_theta();
                self.contribute(group, |_| true, |_| true, columns.start);
                columns
            }
            Shape::Gated { pattern, .. } => {
                let columns = self.add_theta();
                self.contribute(group, |i| pattern.get(i), |_| true, columns.start);
                columns
            }
        };
        let name = format!("u{}{}", self.program.blocks.len(), if group.sign > 0.0 { "+" } else { "-" });
        let (rows, weight) = (first_row..self.program.height(), self.features.price);
        self.program.blocks.push(Block { name, columns: first..self.program.width(), rows, weight });
        theta
    }

    fn add_ray(&mut self, group: &Group, theta: &[f64]) -> Range<usize> {
        let length = self.program.add_columns(1, self.features.price * self.features.gauge(theta));
        let (served, values) = (self.served(group), self.features.outputs(theta));
        for (sums, value) in self.sums.chunks_mut(self.problem.outputs()).zip(values) {
            served.iter().for_each(|(c, a)| push(&mut sums[*c], -a * value, length));
        }
        self.program.constrain(Cone::Nonnegatives(1), [Affine::new(0.0).plus(1.0, length)]);
        length..length + 1
    }

    /// The columns of the output weights: t >= |a|₂ pays for them.
    fn add_fan(&mut self, theta: &[f64]) -> Range<usize> {
        let (outputs, one) = (self.problem.outputs(), |j| Affine::new(0.0).plus(1.0, j));
        let t = self.program.add_columns(1, self.features.price * self.features.gauge(theta));
        let a = self.program.add_columns(outputs, 0.0);
        for (sums, value) in self.sums.chunks_mut(outputs).zip(self.features.outputs(theta)) {
            sums.iter_mut().enumerate().for_each(|(c, sum)| push(sum, -value, a + c));
        }
        EUCLIDEAN.cone_form(&mut self.program, one(t), (a..a + outputs).map(one).collect());
        a..a + outputs
    }

    /// The outputs that a group serves, with its output weights of length 1.
    fn served(&self, group: &Group) -> Vec<(usize, f64)> {
        let weights = self.directions.of(group.output).into_iter().map(|a| group.sign * a);
        weights.enumerate().filter(|(_, a)| *a != 0.0).collect()
    }

    /// The columns of θ.  Under weight decay a column t >= h(θ) pays for them; a cap has its own, τ >= h(u).
    fn add_theta(&mut self) -> Range<usize> {
        let (features, one) = (self.features, |j| Affine::new(0.0).plus(1.0, j));
        let norm = self.features.hidden;
        match features.gauge {
            Gauge::Norm => {
                let t = self.program.add_columns(1, features.price);
                let u = self.program.add_columns(features.size(), 0.0);
                norm.cone_form(&mut self.program, one(t), (u..u + features.size()).map(one).collect());
                u..u + features.size()
            }
            Gauge::Cap => {
                let u = self.program.add_columns(features.size() - 1, 0.0);
                let tau = self.program.add_columns(1, features.price);
                norm.cone_form(&mut self.program, one(tau), (u..tau).map(one).collect());
                u..tau + 1
            }
        }
    }

    /// sums -= a E θ, on the rows that pass.
    fn contribute(&mut self, group: &Group, passes: impl Fn(usize) -> bool, bit: impl Fn(usize) -> bool, first: usize) {
        let served = self.served(group);
        for (i, sums) in self.sums.chunks_mut(self.problem.outputs()).enumerate().filter(|(i, _)| passes(*i)) {
            let row = self.features.coefficients(i, &bit);
            for (c, a) in &served {
                row.iter().enumerate().for_each(|(j, x)| push(&mut sums[*c], -a * x, first + j));
            }
        }
    }
}

fn row_of(row: &[f64], first: usize) -> Affine {
    row.iter().enumerate().filter(|(_, x)| **x != 0.0).fold(Affine::new(0.0), |sum, (j, x)| sum.plus(*x, first + j))
}

fn push(sum: &mut Affine, value: f64, column: usize) {
    if value != 0.0 {
        sum.terms.push((column, value));
    }
}

/// A free column for the shift of every row: the loss then sees f - t.
fn add_shifts(outputs: usize, program: &mut Program, sums: &mut [Affine]) {
    for (i, row) in sums.chunks_mut(outputs).enumerate() {
        let shift = program.add_columns(1, 0.0);
        program.blocks.push(Block { name: format!("shift.{}", i + 1), columns: shift..shift + 1, rows: 0..0, weight: 0.0 });
        row.iter_mut().for_each(|sum| push(sum, 1.0, shift));
    }
}

/// Columns for the factors of Z.
fn add_skip(problem: &Problem, program: &mut Program, sums: &mut [Affine]) -> SkipColumns {
    let (z, outputs) = (problem.free_columns(), problem.outputs());
    let (units, without, start) = (column_lengths(&z), usize::from(problem.objective.loss.shifted()), program.width());
    for output in without..outputs {
        let first = program.add_columns(z.columns, 0.0);
        for (row, sum) in z.each_row().zip(sums.iter_mut().skip(output).step_by(outputs)) {
            row.iter().zip(&units).enumerate().for_each(|(j, (x, unit))| push(sum, -x / unit, first + j));
        }
        if z.columns > 0 {
            let name = if outputs > 1 { format!("skip.y{}", output + 1) } else { "skip".to_string() };
            program.blocks.push(Block { name, columns: first..first + z.columns, rows: 0..0, weight: 0.0 });
        }
    }
    SkipColumns { columns: start..program.width(), units, without }
}

/// A bound on the length of every column, without squares that could overflow; 1 for a column of zeros.
fn column_lengths(features: &Matrix) -> Vec<f64> {
    let mut largest = vec![0.0_f64; features.columns];
    features.each_row().for_each(|row| largest.iter_mut().zip(row).for_each(|(l, x)| *l = l.max(x.abs())));
    largest.into_iter().map(|l| if l > 0.0 { l * (features.rows as f64).sqrt() } else { 1.0 }).collect()
}

impl Recovery {
    /// θ_g of every group, in order: q numbers each.
    pub fn weights(&self, features: &Features, solution: &Solution) -> Vec<Vec<f64>> {
        let read = |(group, columns): &(Group, Range<usize>)| match &group.shape {
            Shape::Ray(theta) => features.times(theta, solution.primal[columns.start].max(0.0)),
            Shape::Fan(theta) => features.times(theta, length(&solution.primal[columns.clone()])),
            _ => solution.primal[columns.clone()].to_vec(),
        };
        self.groups.iter().map(read).collect()
    }

    /// The network that a solution stands for: one neuron per group whose weights are not negligible.
    pub fn network(&self, problem: &Problem, features: &Features, solution: &Solution) -> Network {
        let weights = self.weights(features, solution);
        let largest = weights.iter().map(|theta| features.gauge(theta)).fold(0.0, f64::max);
        let kept = self.groups.iter().zip(&weights).filter(|(_, theta)| features.gauge(theta) > 1e-9 * largest);
        let served = |group: &Group, columns: &Range<usize>| match &group.shape {
            Shape::Fan(_) => unit(&solution.primal[columns.clone()]),
            _ => self.directions.of(group.output).into_iter().map(|a| group.sign * a).collect(),
        };
        let skip = Skip::of(&self.skip.factors(problem.outputs(), solution));
        let neuron = |((group, columns), theta): (&(Group, Range<usize>), &Vec<f64>)| Neuron {
            serves: served(group, columns),
            theta: theta.clone(),
            gate: group.gate(problem),
        };
        assemble(features, problem.outputs(), kept.map(neuron), skip)
    }

    /// The dual vector v (n x C): the multipliers of the rows that define f.
    pub fn dual(&self, solution: &Solution) -> Vec<f64> {
        solution.dual[self.outputs.clone()].to_vec()
    }
}

/// Both signs of every cell that can hold a neuron, for every output; a linear activation needs a single unconstrained group an output,
/// or one for each sign.
pub fn all_groups(problem: &Problem, features: &Features, cells: impl Iterator<Item = (Pattern, Vec<u32>)>) -> Vec<Group> {
    let outputs = 0..problem.outputs();
    if problem.architecture.linear() {
        let signs: &[f64] = if features.gauge == Gauge::Norm { &[1.0] } else { &[1.0, -1.0] };
        let whole = |output| signs.iter().map(move |&sign| Group { output, sign, shape: Shape::Whole });
        return outputs.flat_map(whole).collect();
    }
    let cells = cells.filter(|(pattern, _)| features.reaches(|line| pattern.get(line)));
    let all = |(pattern, rows): (Pattern, Vec<u32>)| {
        let shape = Shape::Cell { pattern, rows };
        let kinds = outputs.clone().flat_map(|output| [1.0, -1.0].map(|sign| (output, sign)));
        kinds.map(|(output, sign)| Group { output, sign, shape: shape.clone() }).collect::<Vec<_>>()
    };
    cells.flat_map(all).collect()
}
