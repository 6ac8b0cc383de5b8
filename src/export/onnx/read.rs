//! From a graph to a network: one of cvxc's by its description, another one by following its only path from input to output.

use super::graph::{Attribute, Constant, Model, Node, Numbers};
use crate::export::Error;
use crate::export::metadata::Metadata;
use crate::export::network::{Contents, Unit};
use crate::export::tensors::{Tensor, turned};
use std::collections::HashMap;

/// The most layers that a refusal lists.
const LISTED: usize = 8;

/// How often all tensors of a file may be copied.
const COPIES: usize = 16;

/// Operations that change nothing of a row.
const PASSING: [&str; 4] = ["Identity", "Cast", "Dropout", "Flatten"];

/// The tensors of an ONNX file: hidden layer, activation and output layer.
pub fn contents(bytes: &[u8]) -> Result<Contents, Error> {
    let model = Model::decode(bytes)?;
    if let Some(description) = model.property(super::KEY) {
        let description = Some(Metadata::read(description)?);
        let tensors = model.constants.into_iter().filter_map(tensor).collect();
        return Ok(Contents { tensors, description, activation: None });
    }
    let path = Path::follow(&model)?;
    let (hidden, activation, output) = path.two_layers()?;
    let mut tensors = hidden.tensors("hidden", true);
    tensors.extend(output.tensors("output", false));
    Ok(Contents { tensors, description: None, activation: Some(activation) })
}

fn tensor(constant: Constant) -> Option<Tensor> {
    match constant.values {
        Numbers::Real(values) => Some(Tensor { name: constant.name, shape: constant.shape, values }),
        _ => None,
    }
}

/// x W' + b.
#[derive(Clone, Debug)]
struct Linear {
    /// W (rows x columns), one row a neuron.
    rows: usize,
    columns: usize,
    weight: Vec<f64>,
    bias: Option<Vec<f64>>,
}

impl Linear {
    fn tensors(&self, name: &str, zeros: bool) -> Vec<Tensor> {
        let weight = Tensor { name: format!("{name}.weight"), shape: vec![self.rows, self.columns], values: self.weight.clone() };
        // A bias of zeros at the output is none.
        let bias = self.bias.clone().filter(|bias| zeros || bias.iter().any(|b| *b != 0.0));
        let bias = bias.map(|values| Tensor { name: format!("{name}.bias"), shape: vec![self.rows], values });
        [Some(weight), bias].into_iter().flatten().collect()
    }
}

enum Step {
    Linear(Linear),
    Unit(Unit),
    /// An operation that is neither.
    Other(String),
}

/// The steps between input and output.
struct Path {
    steps: Vec<Step>,
}

impl Path {
    fn follow(model: &Model) -> Result<Path, Error> {
        let [(input, _)] = model.inputs.as_slice() else {
            return Err(other(&format!("it has {} inputs", model.inputs.len())));
        };
        let [(output, _)] = model.outputs.as_slice() else {
            return Err(other(&format!("it has {} outputs", model.outputs.len())));
        };
        let constants = constants(model)?;
        let mut users: HashMap<&str, Vec<&Node>> = HashMap::new();
        for node in &model.nodes {
            node.inputs.iter().for_each(|name| users.entry(name).or_default().push(node));
        }
        let (mut path, mut at) = (Path { steps: Vec::new() }, input.as_str());
        for _ in 0..=model.nodes.len() {
            if at == output {
                return Ok(path);
            }
            let [node] = users.get(at).map_or(&[][..], Vec::as_slice) else {
                return Err(other(&format!("its value `{at}` is used {} times", users.get(at).map_or(0, Vec::len))));
            };
            path.step(node, at, &constants)?;
            // What is longer is another shape, however it goes on.
            if path.steps.len() > LISTED {
                return Ok(path);
            }
            at = node.outputs.first().map_or("", String::as_str);
        }
        Err(other("its operations go round in a circle"))
    }

    fn step(&mut self, node: &Node, at: &str, constants: &HashMap<&str, Constant>) -> Result<(), Error> {
        let constant = |number: usize| node.inputs.get(number).and_then(|name| constants.get(name.as_str()));
        let first = node.inputs.first().is_some_and(|name| name == at);
        let step = match node.operation.as_str() {
            passing if PASSING.contains(&passing) => return Ok(()),
            "Gemm" if first => linear(node, constant(1), constant(2)),
            "MatMul" if first => linear(node, constant(1), None),
            "Add" => match (self.steps.last_mut(), constant(usize::from(first))) {
                (Some(Step::Linear(linear)), Some(bias)) => return add(linear, bias),
                _ => None,
            },
            _ => unit(node, &constant).map(Step::Unit),
        };
        self.steps.push(step.unwrap_or_else(|| Step::Other(node.operation.clone())));
        Ok(())
    }

    /// Hidden layer, activation, output layer; what else there is is told.
    fn two_layers(&self) -> Result<(Linear, Unit, Linear), Error> {
        match self.steps.as_slice() {
            [Step::Linear(hidden), Step::Unit(unit), Step::Linear(output)] => Ok((hidden.clone(), unit.clone(), output.clone())),
            [Step::Linear(hidden), Step::Linear(output)] => {
                Ok((hidden.clone(), Unit::new("none", &[(f64::NEG_INFINITY, 1.0, 0.0)]), output.clone()))
            }
            steps => {
                let words = steps.iter().take(LISTED).map(Step::words).collect::<Vec<_>>().join(", ");
                let more = if steps.len() > LISTED { ", ..." } else { "" };
                Err(other(&if steps.is_empty() { "it does nothing".to_string() } else { format!("its steps are {words}{more}") }))
            }
        }
    }
}

impl Step {
    fn words(&self) -> String {
        match self {
            Step::Linear(linear) => format!("linear ({} x {})", linear.rows, linear.columns),
            Step::Unit(unit) => unit.name.clone(),
            Step::Other(operation) => format!("`{operation}`"),
        }
    }
}

fn other(found: &str) -> Error {
    Error(format!("{found}, and what is read is a linear layer, an activation of straight pieces and a linear layer (Gemm, Relu, Gemm)"))
}

/// All constants by name, those that nodes make of others included; copies are counted, so that a small file cannot ask for all memory.
fn constants(model: &Model) -> Result<HashMap<&str, Constant>, Error> {
    let mut room = COPIES * (1 + model.constants.iter().map(Constant::count).sum::<usize>());
    let mut all: HashMap<&str, Constant> = model.constants.iter().map(|constant| (constant.name.as_str(), constant.clone())).collect();
    for node in &model.nodes {
        let of = node.inputs.first().and_then(|name| all.get(name.as_str()));
        let made = match (node.operation.as_str(), of, node.attribute("value")) {
            ("Constant", _, Some(Attribute::Tensor(value))) => Some(value.clone()),
            ("Identity" | "Cast", Some(of), _) => Some(of.clone()),
            ("Transpose", Some(of), _) => transposed(of),
            _ => None,
        };
        if let (Some(made), Some(output)) = (made, node.outputs.first()) {
            room = match node.operation.as_str() {
                "Constant" => room + COPIES * made.count(),
                _ => room.checked_sub(made.count()).ok_or_else(|| other("it copies its tensors again and again"))?,
            };
            all.insert(output, made);
        }
    }
    Ok(all)
}

fn transposed(of: &Constant) -> Option<Constant> {
    let (&[rows, columns], Numbers::Real(values)) = (of.shape.as_slice(), &of.values) else { return None };
    Some(Constant { name: of.name.clone(), shape: vec![columns, rows], values: Numbers::Real(turned(values, rows, columns)) })
}

/// A Gemm or MatMul of the path with a constant matrix.
fn linear(node: &Node, weight: Option<&Constant>, bias: Option<&Constant>) -> Option<Step> {
    let factor = |name: &str| if let Some(Attribute::Float(factor)) = node.attribute(name) { f64::from(*factor) } else { 1.0 };
    let set = |name: &str| matches!(node.attribute(name), Some(Attribute::Int(value)) if *value != 0);
    let weight = weight?;
    let (&[above, across], Numbers::Real(values)) = (weight.shape.as_slice(), &weight.values) else { return None };
    // An offset that is no constant is no bias.
    if set("transA") || (bias.is_none() && node.inputs.len() > 2 && !node.inputs[2].is_empty()) {
        return None;
    }
    let (rows, columns, values) =
        if set("transB") { (above, across, values.clone()) } else { (across, above, turned(values, above, across)) };
    let weight = values.into_iter().map(|w| factor("alpha") * w).collect();
    let mut linear = Linear { rows, columns, weight, bias: None };
    if let Some(bias) = bias {
        let scaled = spread(bias, rows)?.into_iter().map(|b| factor("beta") * b).collect();
        linear.bias = Some(scaled);
    }
    Some(Step::Linear(linear))
}

/// A bias of one number, or one for each row.
fn spread(bias: &Constant, rows: usize) -> Option<Vec<f64>> {
    let Numbers::Real(values) = &bias.values else { return None };
    let flat = bias.shape.iter().rev().skip(1).all(|side| *side == 1);
    match values.as_slice() {
        [one] if flat => Some(vec![*one; rows]),
        all if flat && all.len() == rows => Some(all.to_vec()),
        _ => None,
    }
}

fn add(linear: &mut Linear, bias: &Constant) -> Result<(), Error> {
    let added = spread(bias, linear.rows).ok_or_else(|| other(&format!("the shape of `{}` is not that of a bias", bias.name)))?;
    let sum = linear.bias.take().unwrap_or_else(|| vec![0.0; linear.rows]);
    linear.bias = Some(sum.into_iter().zip(added).map(|(a, b)| a + b).collect());
    Ok(())
}

/// An activation of straight pieces.
fn unit<'c>(node: &Node, constant: &impl Fn(usize) -> Option<&'c Constant>) -> Option<Unit> {
    const LEFT: f64 = f64::NEG_INFINITY;
    let number = |number: usize, name: &str| match (node.attribute(name), constant(number)) {
        (Some(Attribute::Float(value)), _) => Some(f64::from(*value)),
        (None, Some(Constant { values: Numbers::Real(values), .. })) => values.first().copied(),
        _ => None,
    };
    let pieces: Vec<(f64, f64, f64)> = match node.operation.as_str() {
        "Relu" => vec![(LEFT, 0.0, 0.0), (0.0, 1.0, 0.0)],
        "LeakyRelu" => vec![(LEFT, number(9, "alpha").unwrap_or(0.01), 0.0), (0.0, 1.0, 0.0)],
        "Abs" => vec![(LEFT, -1.0, 0.0), (0.0, 1.0, 0.0)],
        "Clip" => match (number(1, "min"), number(2, "max")) {
            (Some(min), Some(max)) if min < max => vec![(LEFT, 0.0, min), (min, 1.0, 0.0), (max, 0.0, max)],
            (Some(min), None) => vec![(LEFT, 0.0, min), (min, 1.0, 0.0)],
            (None, Some(max)) => vec![(LEFT, 1.0, 0.0), (max, 0.0, max)],
            _ => return None,
        },
        _ => return None,
    };
    Some(Unit::new(&node.operation, &pieces))
}
