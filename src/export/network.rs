//! A network that somebody has, read for a model: a result of cvxc, one of its exports, or the state dict of two Linear layers.
//!
//! Without a description the network counts as one on the model's prepared inputs, its columns in the model's order.

use super::metadata::Metadata;
use super::tensors::{self, Tensor, expect, hidden, turned};
use super::{Error, FORMATS, Saved, load};
use crate::problem::{Activation, Bias, Column, Matrix, Network, Problem, Skip, Target};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 1 << 30;

/// The tensors of a file, and cvxc's description of them if it wrote the file.
pub struct Contents {
    pub tensors: Vec<Tensor>,
    pub description: Option<Metadata>,
    /// What stands between the layers, where the file says so.
    pub activation: Option<Unit>,
}

/// An activation as another tool wrote it, with numbers of single precision perhaps.
#[derive(Clone, Debug)]
pub struct Unit {
    pub name: String,
    /// Beginning, slope and intercept of every piece.
    pieces: Vec<(f64, f64, f64)>,
}

/// How far numbers of single precision may be from what they stand for.
const SINGLE: f64 = 1e-7;

impl Unit {
    pub fn new(name: &str, pieces: &[(f64, f64, f64)]) -> Self {
        Unit { name: name.to_string(), pieces: pieces.to_vec() }
    }

    /// Whether it is the activation, up to rounding.
    fn is(&self, activation: &Activation) -> bool {
        let near = |a: f64, b: f64| a == b || (a - b).abs() <= SINGLE * b.abs();
        let ours = activation.doubles();
        let mut pairs = self.pieces.iter().zip(ours);
        let same = pairs.all(|(a, b)| near(a.0, b.0) && near(a.1, b.2) && near(a.2, b.3));
        self.pieces.len() == ours.len() && same && activation.continuous()
    }
}

impl Contents {
    /// The network with all that is known of it, if cvxc wrote it.
    pub fn saved(self) -> Result<Saved, Error> {
        let description = self.description.ok_or_else(|| Error("it was not written by cvxc".to_string()))?;
        let (network, bias) = tensors::network(&self.tensors, description.inputs(), description.filter())?;
        description.saved(network, bias)
    }
}

/// The network at `path`, a result folder or a file, as one of `problem`; what does not fit is refused with what to change.
pub fn network(path: &Path, problem: &Problem) -> Result<Network, Error> {
    if path.is_dir() {
        return own(load(path)?, problem).map_err(|error| cannot(path, &error));
    }
    contents(path).and_then(|contents| read(contents, problem)).map_err(|error| cannot(path, &error))
}

pub fn cannot(path: &Path, error: &Error) -> Error {
    Error(format!("cannot use {}: {}", path.display(), error.0))
}

pub fn contents(path: &Path) -> Result<Contents, Error> {
    if !path.exists() {
        return Err(Error("there is no such file and no such folder".to_string()));
    }
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let readable = || FORMATS.iter().filter_map(|format| Some((format.extension, format.contents?)));
    let known: Vec<&str> = readable().map(|(extension, _)| extension).collect();
    let (_, read) = readable()
        .find(|(known, _)| *known == extension)
        .ok_or_else(|| Error(format!("its name should end in .{}, or it should be a folder that `cvxc solve` wrote", known.join(", ."))))?;
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| Error(error.to_string()))?;
    let length = file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| Error(error.to_string()))?;
    if length as u64 > LARGEST {
        return Err(Error("it is larger than 1 GiB, and no two-layer network is".to_string()));
    }
    read(&bytes)
}

fn read(contents: Contents, problem: &Problem) -> Result<Network, Error> {
    let ours = |tensor: &Tensor| tensor.name == "hidden.weight" || tensor.name == "output.weight";
    if contents.description.is_some() {
        return own(contents.saved()?, problem);
    }
    let ours_is = &problem.architecture.activation;
    if let Some(unit) = contents.activation.as_ref().filter(|unit| problem.architecture.gates.is_some() || !unit.is(ours_is)) {
        return Err(Error(format!("its activation is `{}`, and the model's is `{}`; use the same one in both", unit.name, ours_is.name)));
    }
    let (features, filter) = (problem.dataset.columns.len(), filter(problem));
    if contents.tensors.iter().filter(|tensor| ours(tensor)).count() == 2 {
        let (network, bias) = tensors::network(&contents.tensors, features, filter)?;
        return fitted(network, bias, problem);
    }
    let layers = Layers::of(&contents.tensors, problem)?;
    fitted(layers.network()?, layers.bias(), problem)
}

/// A network of cvxc's: its activation and its prepared inputs and targets must be the model's.
fn own(saved: Saved, problem: &Problem) -> Result<Network, Error> {
    let (theirs, ours) = (&saved.activation, &problem.architecture.activation);
    let gated = (saved.network.gates.is_some(), problem.architecture.gates.is_some());
    if theirs.pieces != ours.pieces || gated.0 != gated.1 {
        return Err(Error(format!("its activation is `{}`, and the model's is `{}`; use the same one in both", theirs.name, ours.name)));
    }
    if saved.convolution != problem.architecture.convolution {
        return Err(Error(
            "its filters and those of the model look at other places; use the same convolution and pooling in both".to_string(),
        ));
    }
    let names = |columns: &[Column]| columns.iter().map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(", ");
    let columns = &problem.dataset.columns;
    if !saved.columns.iter().map(|column| &column.name).eq(columns.iter().map(|column| &column.name)) {
        return Err(Error(format!("its inputs are {}, and the model's are {}", names(&saved.columns), names(columns))));
    }
    if let Some((theirs, ours)) = saved.columns.iter().zip(columns).find(|(theirs, ours)| theirs != ours) {
        return Err(prepared_otherwise("column", theirs, ours));
    }
    match (&saved.target, &problem.dataset.target) {
        (theirs, ours) if theirs == ours => fitted(saved.network, saved.bias, problem),
        (Target::Number(theirs), Target::Number(ours)) if theirs.name == ours.name => Err(prepared_otherwise("target", theirs, ours)),
        (theirs @ Target::Several(_), ours @ Target::Several(_)) if theirs.name() == ours.name() => {
            Err(Error(format!("its targets `{}` are prepared otherwise than the model's; standardise them in the same way", ours.name())))
        }
        (Target::Classes { name, positive, .. }, Target::Classes { name: same, positive: ours, .. })
            if name == same && positive != ours =>
        {
            Err(Error(format!("its positive class is `{positive}`, and the model's is `{ours}`; name it in both: `positive = ...`")))
        }
        (theirs, ours) => {
            Err(Error(format!("its target is `{}`, and the model's is `{}` or has other classes", theirs.name(), ours.name())))
        }
    }
}

fn prepared_otherwise(what: &str, theirs: &Column, ours: &Column) -> Error {
    let words = |column: &Column| format!("(raw - {}) / {}", column.shift, column.scale);
    let (name, theirs, ours) = (&theirs.name, words(theirs), words(ours));
    Error(format!("its {what} `{name}` is {theirs}, and the model's is {ours}; train it on the same rows, standardised in the same way"))
}

/// The sides of the model's filters, if it is a convolution.
fn filter(problem: &Problem) -> Option<&[usize]> {
    problem.architecture.convolution.as_ref().map(|convolution| convolution.size.as_slice())
}

/// Two Linear layers, or a convolution and a Linear layer, told apart by their shapes.
struct Layers<'a> {
    hidden: &'a Tensor,
    output: &'a Tensor,
    hidden_bias: Option<&'a Tensor>,
    output_bias: Option<&'a Tensor>,
}

impl<'a> Layers<'a> {
    fn of(all: &'a [Tensor], problem: &Problem) -> Result<Self, Error> {
        // By name, so that two 1 x 1 layers are taken in the order of `0.weight`, `2.weight`.
        let seen = tensors::seen(problem.dataset.columns.len(), filter(problem));
        let layer = |tensor: &Tensor| tensor.shape.len() == 2 || tensor.shape.len() == seen.len() + 1;
        let mut weights: Vec<&Tensor> = all.iter().filter(|tensor| layer(tensor)).collect();
        weights.sort_by(|a, b| a.name.cmp(&b.name));
        let &[first, second] = weights.as_slice() else {
            let found = format!("it holds {} weight matrices", weights.len());
            return Err(Error(format!("{found}, and a two-layer network has two: hidden (m x d) and output ({} x m)", problem.outputs())));
        };
        let fits = |hidden: &Tensor, output: &Tensor| hidden.shape[1..] == seen && output.shape == [problem.outputs(), hidden.shape[0]];
        let (hidden, output) = match (fits(first, second), fits(second, first)) {
            (true, _) => (first, second),
            (false, true) => (second, first),
            (false, false) => return Err(misshapen(first, second, problem)),
        };
        let mut layers = Layers { hidden, output, hidden_bias: None, output_bias: None };
        for tensor in all.iter().filter(|tensor| !layer(tensor)) {
            layers.take_bias(tensor)?;
        }
        Ok(layers)
    }

    fn take_bias(&mut self, tensor: &'a Tensor) -> Result<(), Error> {
        if stem(tensor) == stem(self.hidden) && tensor.shape == [self.hidden.shape[0]] {
            self.hidden_bias = Some(tensor);
        } else if stem(tensor) == stem(self.output) && tensor.shape == [self.output.shape[0]] {
            self.output_bias = Some(tensor);
        } else {
            let layers = format!("`{}` nor of `{}`", self.hidden.name, self.output.name);
            return Err(Error(format!("tensor `{}` of shape {:?} is neither the bias of {layers}", tensor.name, tensor.shape)));
        }
        Ok(())
    }

    fn bias(&self) -> Bias {
        if self.hidden_bias.is_some() { Bias::Penalised } else { Bias::None }
    }

    fn network(&self) -> Result<Network, Error> {
        for tensor in [Some(self.hidden), Some(self.output), self.hidden_bias, self.output_bias].into_iter().flatten() {
            expect(tensor, &tensor.shape)?;
        }
        let (m, outputs) = (self.hidden.shape[0], self.output.shape[0]);
        let seen = self.hidden.shape[1..].iter().product();
        let hidden = hidden(&self.hidden.values, self.hidden_bias.map(|bias| bias.values.as_slice()), m, seen);
        let skip = self.output_bias.map(|bias| Skip { intercepts: bias.values.clone(), ..Skip::zero(outputs) });
        Ok(Network { hidden, output: Matrix::new(m, outputs, turned(&self.output.values, outputs, m)), skip, gates: None })
    }
}

/// `net.0` of `net.0.weight`.
fn stem(tensor: &Tensor) -> &str {
    tensor.name.rsplit_once('.').map_or("", |(stem, _)| stem)
}

fn misshapen(first: &Tensor, second: &Tensor, problem: &Problem) -> Error {
    let sides = |shape: &[usize]| shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
    let shape = |tensor: &Tensor| format!("`{}` is {}", tensor.name, sides(&tensor.shape));
    let d = problem.dataset.columns.len();
    let inputs = if d == 1 { "1 input".to_string() } else { format!("{d} inputs") };
    let outputs = if problem.outputs() == 1 { String::new() } else { format!(" and {} outputs", problem.outputs()) };
    let (has, seen) = match filter(problem) {
        None => (inputs, d.to_string()),
        Some(filter) => ("filters".to_string(), format!("1 x {}", sides(filter))),
    };
    let wanted = format!("m x {seen} and {} x m", problem.outputs());
    Error(format!("{} and {}, but the model has {has}{outputs}: they should be {wanted}", shape(first), shape(second)))
}

/// A gated network has a gate for every neuron, and the model has that gate too.
fn gated(network: &Network, bias: Bias, problem: &Problem) -> Result<(), Error> {
    match (&problem.architecture.gates, &network.gates) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Error("its neurons stand behind gates and the model has none: write `gated_relu(gates = ...)`".to_string())),
        (Some(_), None) => {
            Err(Error("it has no tensor `gate.weight` (m x d), and the neurons of the model stand behind gates; add it".to_string()))
        }
        (Some(_), Some(_)) if (bias == Bias::None) != (problem.architecture.bias == Bias::None) => {
            Err(Error("one of its gates and those of the model has a bias and the other has none; use the same in both".to_string()))
        }
        (Some(known), Some(used)) => known.stranger(used).map_or(Ok(()), |at| {
            Err(Error(format!("the gate of neuron {} is none of the model's; train it behind the same gates", at + 1)))
        }),
    }
}

/// The skip, or the intercepts alone, that the model has; what the model lacks must be 0.
fn skip(given: Option<Skip>, problem: &Problem) -> Result<Option<Skip>, Error> {
    let (outputs, free) = (problem.outputs(), problem.free_columns().columns);
    let given = given.unwrap_or_else(|| Skip::zero(outputs));
    let lost = |values: &[f64]| values.iter().any(|x| *x != 0.0);
    if (free == 0 && lost(&given.intercepts)) || (free < 2 && lost(&given.weights.values)) {
        return Err(Error("it has a bias or a skip at its output and the model has none: write `+ skip`, or train with bias=False".into()));
    }
    let row = |(weights, intercept): (&[f64], f64)| {
        let kept = weights.iter().copied().chain(std::iter::repeat(0.0)).take(free.saturating_sub(1));
        kept.chain([intercept]).take(free).collect::<Vec<f64>>()
    };
    Ok(Skip::of(&Matrix::new(outputs, free, given.rows().flat_map(row).collect())))
}

/// The network with the bias and the skip that the model has; one that the model lacks must be 0.
fn fitted(mut network: Network, bias: Bias, problem: &Problem) -> Result<Network, Error> {
    let features = problem.dataset.columns.len();
    if network.output.columns != problem.outputs() {
        return Err(Error(format!("it has {} outputs, and the model has {}", network.output.columns, problem.outputs())));
    }
    gated(&network, bias, problem)?;
    let seen = problem.architecture.convolution.as_ref().map_or(features, |convolution| convolution.patch());
    match (bias, problem.architecture.bias) {
        (Bias::Penalised | Bias::Bounded(_) | Bias::Free, Bias::None) => {
            if network.hidden.each_row().any(|row| row[seen] != 0.0) {
                return Err(Error(
                    "its hidden layer has a bias and the model has none: write `dense(bias)`, or train with bias=False".into(),
                ));
            }
            let rows: Vec<f64> = network.hidden.each_row().flat_map(|row| row[..seen].to_vec()).collect();
            network.hidden = hidden(&rows, None, network.neurons(), seen);
        }
        (Bias::None, Bias::Penalised | Bias::Bounded(_) | Bias::Free) => {
            let zero = vec![0.0; network.neurons()];
            network.hidden = hidden(&network.hidden.values, Some(&zero), network.neurons(), seen);
        }
        _ => {}
    }
    network.skip = skip(network.skip, problem)?;
    let outputs = network.forward(&problem.architecture, &problem.dataset.train.inputs);
    // One that does not interpolate where the model asks for that is a network all the same.
    let score = problem.score(&network);
    let objective = if problem.objective.loss.interpolates() { score.penalty } else { score.objective };
    if !objective.is_finite() || outputs.iter().any(|f| !f.is_finite()) {
        return Err(Error("its outputs or its objective overflow on the model's data; smaller weights are needed".to_string()));
    }
    Ok(network)
}
