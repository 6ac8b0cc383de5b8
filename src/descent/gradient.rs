//! The objective and its gradient over flat parameters θ = (w_1, ..., w_m, a_1, ..., a_m, c, c_0), a_j being one number an output, and c, c_0
//! a row of factors for each: all that gradient descent sees of a problem.
//!
//! The penalty is β/2 Σ_j (h(w_j)² + |a_j|²), or β Σ_j |a_j|₁ with hidden norms that are brought back to their bound after every step.
//! Neuron j of a gated layer stands behind gate j, counted round and round: its z is 0 in rows that the gate shuts out.
//! Behind a convolution z has an entry for every patch, and what the neuron makes of a row's patches is pooled; where the largest counts,
//! only the first of them has a slope.
//! φ' at a kink is the slope from the left, as in PyTorch.  Sums run in a fixed order, so every machine computes the same numbers.

use crate::problem::{Bias, Matrix, Network, Problem, Random, Sides, Skip};

/// The objective of networks of one width.
pub struct Landscape<'a> {
    problem: &'a Problem,
    /// X, column after column (d x nM), so that the inner loops run over rows, or over their M patches.
    columns: Vec<f64>,
    rows: usize,
    places: usize,
    share: f64,
    /// Numbers in w_j.
    size: usize,
    width: usize,
    /// 1 where a row passes, 0 where it does not, for the gate of each neuron, as far as gates go; none without gates.
    masks: Vec<Vec<f64>>,
}

/// What one evaluation fills: the gradient, and room for what is needed on the way.
#[derive(Default)]
pub struct Space {
    pub gradient: Vec<f64>,
    /// x_ip·w_j (m x nM).
    sums: Vec<f64>,
    /// f and dL/df (n x C), row after row.
    outputs: Vec<f64>,
    slopes: Vec<f64>,
    /// φ(z_j) (n), and Σ_c a_jc dL/df_c.
    values: Vec<f64>,
    bent: Vec<f64>,
}

impl<'a> Landscape<'a> {
    pub fn new(problem: &'a Problem, width: usize) -> Self {
        let inputs = problem.inputs();
        let (rows, size) = (inputs.rows, inputs.columns);
        let columns = (0..size).flat_map(|k| inputs.each_row().map(move |row| row[k])).collect();
        let gates = problem.architecture.gates.iter().flat_map(|gates| gates.vectors.each_row()).take(width);
        let sides = Sides::of(&inputs);
        let masks = gates.map(|gate| sides.open(gate).into_iter().map(|open| f64::from(u8::from(open))).collect()).collect();
        let (places, share) = (problem.architecture.places(), problem.architecture.share());
        Landscape { problem, columns, rows: rows / places, places, share, size, width, masks }
    }

    /// The gates of the neurons (m x d), if the layer has some.
    fn gates(&self) -> Option<Matrix> {
        let all = &self.problem.architecture.gates.as_ref()?.vectors;
        let rows = (0..self.width).flat_map(|j| all.row(j % all.rows).to_vec()).collect();
        Some(Matrix::new(self.width, self.size, rows))
    }

    /// Leaves out the rows that neuron j's gate shuts out.
    fn shut(&self, j: usize, values: &mut [f64]) {
        if !self.masks.is_empty() {
            values.iter_mut().zip(&self.masks[j % self.masks.len()]).for_each(|(value, mask)| *value *= mask);
        }
    }

    fn column(&self, k: usize) -> &[f64] {
        let length = self.rows * self.places;
        &self.columns[k * length..(k + 1) * length]
    }

    /// γ Σ_p φ(z_p) for every row, or max_p φ(z_p).
    fn pooled<'z>(&'z self, z: &'z [f64]) -> impl Iterator<Item = f64> + 'z {
        let architecture = &self.problem.architecture;
        z.chunks_exact(self.places).map(move |seen| architecture.pooled(seen.iter().map(|z| architecture.activation.value(*z))))
    }

    /// A step of about the right size for plain gradient descent: 1 / (β + c Σ |x_i|²), c the loss's factor.
    pub fn natural_step(&self) -> f64 {
        let squares: f64 = self.columns.iter().map(|x| x * x).sum();
        1.0 / (self.problem.objective.strength + self.problem.objective.loss.scale(self.problem.targets().len()) * squares)
    }

    /// p, what every output holds at no price.
    fn free_size(&self) -> usize {
        self.problem.free_columns().columns
    }

    /// w_j ~ N(0, 1/d), a_j ~ N(0, 1/m), no skip.
    pub fn start(&self, random: &mut Random) -> Vec<f64> {
        let (m, d) = (self.width, self.size);
        let (hidden, output) = (1.0 / (d.max(1) as f64).sqrt(), 1.0 / (m.max(1) as f64).sqrt());
        let mut theta: Vec<f64> = (0..m * d).map(|_| hidden * random.normal()).collect();
        theta.extend((0..m * self.problem.outputs()).map(|_| output * random.normal()));
        theta.resize(theta.len() + self.problem.outputs() * self.free_size(), 0.0);
        self.restrain(&mut theta);
        theta
    }

    /// The network that θ stands for.
    pub fn network(&self, theta: &[f64]) -> Network {
        let (m, d) = (self.width, self.size);
        let (hidden, rest) = theta.split_at(m * d);
        let (output, rest) = rest.split_at(m * self.problem.outputs());
        Network {
            hidden: Matrix::new(m, d, hidden.to_vec()),
            output: Matrix::new(m, self.problem.outputs(), output.to_vec()),
            skip: Skip::of(&Matrix::new(self.problem.outputs(), self.free_size(), rest.to_vec())),
            gates: self.gates(),
        }
    }

    /// The objective at θ; leaves the gradient in `space`.
    pub fn descend(&self, theta: &[f64], space: &mut Space) -> f64 {
        let (m, d) = (self.width, self.size);
        space.gradient.clear();
        space.gradient.resize(theta.len(), 0.0);
        self.outputs(theta, space);
        let loss = self.loss(space);
        for j in 0..m {
            self.neuron_slope(j, theta, space);
        }
        let (free, outputs) = (self.problem.free_columns(), self.problem.outputs());
        let place = &mut space.gradient[m * (d + outputs)..];
        place.fill(0.0);
        for (row, slopes) in free.each_row().zip(space.slopes.chunks_exact(outputs)).filter(|(row, _)| !row.is_empty()) {
            place.chunks_mut(row.len()).zip(slopes).for_each(|(sums, v)| add(sums, *v, row));
        }
        loss + self.problem.objective.strength * self.penalty(theta)
    }

    /// The objective at θ alone.
    pub fn value(&self, theta: &[f64], space: &mut Space) -> f64 {
        self.outputs(theta, space);
        self.loss(space) + self.problem.objective.strength * self.penalty(theta)
    }

    fn penalty(&self, theta: &[f64]) -> f64 {
        let (m, d) = (self.width, self.size);
        let (objective, architecture) = (&self.problem.objective, &self.problem.architecture);
        (0..m).map(|j| objective.neuron(architecture, &theta[j * d..(j + 1) * d], self.amplitudes(theta, j))).sum()
    }

    /// a_j.
    fn amplitudes<'t>(&self, theta: &'t [f64], j: usize) -> &'t [f64] {
        let (first, outputs) = (self.width * self.size, self.problem.outputs());
        &theta[first + j * outputs..first + (j + 1) * outputs]
    }

    /// Fills sums and outputs.
    fn outputs(&self, theta: &[f64], space: &mut Space) {
        let (m, d, n) = (self.width, self.size, self.rows * self.places);
        space.sums.clear();
        space.sums.resize(m * n, 0.0);
        space.outputs.clear();
        space.outputs.resize(self.problem.targets().len(), 0.0);
        for j in 0..m {
            let z = &mut space.sums[j * n..(j + 1) * n];
            (0..d).for_each(|k| add(z, theta[j * d + k], self.column(k)));
            self.shut(j, z);
            match self.amplitudes(theta, j) {
                &[a] => space.outputs.iter_mut().zip(self.pooled(z)).for_each(|(f, value)| *f += a * value),
                a => space.outputs.chunks_mut(a.len()).zip(self.pooled(z)).for_each(|(f, value)| add(f, value, a)),
            }
        }
        let (outputs, size) = (self.problem.outputs(), self.free_size());
        let rows = self.problem.dataset.train.inputs.each_row();
        for (f, row) in space.outputs.chunks_exact_mut(outputs).zip(rows).filter(|_| size > 0) {
            let skips = theta[m * (d + outputs)..].chunks_exact(size).filter_map(<[f64]>::split_last);
            f.iter_mut().zip(skips).for_each(|(f, (intercept, weights))| *f += dot(row, weights) + intercept);
        }
    }

    /// The loss at the outputs, and its slopes.
    fn loss(&self, space: &mut Space) -> f64 {
        let (total, targets) = (&self.problem.objective.loss, self.problem.targets());
        space.slopes = total.slope(&space.outputs, targets);
        total.value(&space.outputs, targets)
    }

    /// The gradient in w_j and a_j: X'(φ'(z) Σ_c a_jc v_c) + β ∇½h², and φ(z)'v_c + β a_jc, with |a_j|₁ sign(a_jc) for a_jc where |a_j|₁ is
    /// squared; or without the penalty's, and + β sign(a_jc).
    fn neuron_slope(&self, j: usize, theta: &[f64], space: &mut Space) {
        let (m, d, n) = (self.width, self.size, self.rows * self.places);
        let (activation, regularizer) = (&self.problem.architecture.activation, &self.problem.objective.regularizer);
        let beta = self.problem.objective.strength;
        let (z, a) = (&space.sums[j * n..(j + 1) * n], self.amplitudes(theta, j));
        space.bent.clear();
        space.values.clear();
        space.values.extend(space.slopes.chunks_exact(a.len()).map(|v| self.share * dot(a, v)));
        let rows = z.chunks_exact(self.places).zip(&space.values);
        if self.problem.architecture.largest() {
            space.bent.resize(n, 0.0);
            for ((seen, v), bent) in rows.zip(space.bent.chunks_exact_mut(self.places)) {
                let value = |at: usize| activation.value(seen[at]);
                let first = (1..seen.len()).fold(0, |best, at| if value(at) > value(best) { at } else { best });
                bent[first] = activation.left_slope(seen[first]) * v;
            }
        } else {
            space.bent.extend(rows.flat_map(|(seen, v)| seen.iter().map(move |z| activation.left_slope(*z) * v)));
        }
        self.shut(j, &mut space.bent);
        space.values.clear();
        space.values.extend(self.pooled(z));
        let sum: f64 = a.iter().map(|a| a.abs()).sum();
        for (c, &a) in a.iter().enumerate() {
            let sign = if a == 0.0 { 0.0 } else { a.signum() };
            let price = match (regularizer.radius, regularizer.output_l1) {
                (None, false) => a,
                (None, true) => sum * sign,
                (Some(_), _) => sign,
            };
            let slopes = space.slopes.iter().skip(c).step_by(self.problem.outputs());
            let value: f64 = space.values.iter().zip(slopes).map(|(value, v)| value * v).sum();
            space.gradient[m * d + j * self.problem.outputs() + c] = value + beta * price;
        }
        let place = &mut space.gradient[j * d..(j + 1) * d];
        place.iter_mut().enumerate().for_each(|(k, g)| *g = dot(self.column(k), &space.bent));
        if regularizer.radius.is_none() {
            regularizer.hidden.add_slope(self.problem.architecture.apart(&theta[j * d..(j + 1) * d]).0, beta, place);
        }
    }

    /// Brings hidden norms, and biases apart from them, that are beyond their bound back to it.
    pub fn restrain(&self, theta: &mut [f64]) {
        let regularizer = &self.problem.objective.regularizer;
        let Some(radius) = regularizer.radius else { return };
        for w in theta[..self.width * self.size].chunks_mut(self.size.max(1)) {
            let normed = self.problem.architecture.apart(w).0.len();
            let (w, apart) = w.split_at_mut(normed);
            let norm = regularizer.hidden.gauge(w);
            if norm > radius {
                w.iter_mut().for_each(|w| *w *= radius / norm);
            }
            if let Bias::Bounded(bound) = self.problem.architecture.bias {
                apart.iter_mut().for_each(|bias| *bias = bias.clamp(-bound, bound));
            }
        }
    }
}

/// y += c x.
fn add(y: &mut [f64], c: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += c * x);
}

/// a·b in eight interleaved sums, an order that a compiler can keep in vector registers.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((heads, tail), (others, rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in heads.iter().zip(others) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f64>() + tail.iter().zip(rest).map(|(a, b)| a * b).sum::<f64>()
}
