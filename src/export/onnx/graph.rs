//! An ONNX file as plain data: nodes, constants, inputs and outputs.  Field numbers are those of onnx.proto.

use super::wire::{Reader, Value, Writer, damaged};
use crate::export::Error;
use std::collections::HashSet;

/// The operator set that is written, and the version of the file format that belongs to it.
const OPSET: i64 = 17;
const IR: i64 = 8;
/// The deepest tensor that is read.
const DEEPEST: usize = 8;

/// onnx.proto's names for what numbers are made of.
const FLOAT: i64 = 1;
const INT64: i64 = 7;
const DOUBLE: i64 = 11;

/// A model with one graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// What is said of it: keys and values.
    pub properties: Vec<(String, String)>,
    pub nodes: Vec<Node>,
    pub constants: Vec<Constant>,
    /// Names and shapes; the rows are as many as one likes.
    pub inputs: Vec<(String, usize)>,
    pub outputs: Vec<(String, usize)>,
    /// Whether its numbers are of single precision.
    pub single: bool,
}

/// One operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    pub operation: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Vec<(String, Attribute)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    Int(i64),
    Ints(Vec<i64>),
    Float(f32),
    Tensor(Constant),
    /// Anything else.
    Other,
}

/// A named tensor, row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constant {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Numbers,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    Real(Vec<f64>),
    Whole(Vec<i64>),
    /// Numbers that cvxc does not read, by the number of their type.
    Other(i64),
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers::Real(Vec::new())
    }
}

impl Node {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn write(&self, to: &mut Writer) {
        self.inputs.iter().for_each(|name| to.text(1, name));
        self.outputs.iter().for_each(|name| to.text(2, name));
        to.text(3, &format!("{}_{}", self.operation, self.outputs.first().map_or("", String::as_str)));
        to.text(4, &self.operation);
        for (name, value) in &self.attributes {
            to.message(5, |to| {
                to.text(1, name);
                value.write(to);
            });
        }
    }

    fn read(bytes: &[u8]) -> Result<Node, Error> {
        let (mut node, mut fields) = (Node::default(), Reader::new(bytes));
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => node.inputs.push(value.text()?),
                2 => node.outputs.push(value.text()?),
                4 => node.operation = value.text()?,
                5 => node.attributes.push(attribute(value.bytes()?)?),
                _ => {}
            }
        }
        Ok(node)
    }
}

impl Attribute {
    /// The value and the number of its type.
    fn write(&self, to: &mut Writer) {
        let kind = match self {
            Attribute::Float(value) => {
                to.four(2, value.to_le_bytes());
                1
            }
            Attribute::Int(value) => {
                to.int(3, *value);
                2
            }
            Attribute::Tensor(value) => {
                to.message(5, |to| value.write(to, false));
                4
            }
            Attribute::Ints(values) => {
                values.iter().for_each(|value| to.int(8, *value));
                7
            }
            Attribute::Other => 0,
        };
        to.int(20, kind);
    }
}

fn attribute(bytes: &[u8]) -> Result<(String, Attribute), Error> {
    let (mut name, mut kind, mut fields) = (String::new(), 0, Reader::new(bytes));
    let (mut float, mut int, mut ints, mut tensor) = (0.0, 0, Vec::new(), None);
    while let Some((field, value)) = fields.field()? {
        match (field, value) {
            (1, value) => name = value.text()?,
            (2, Value::Four(bytes)) => (float, kind) = (f32::from_le_bytes(bytes), 1),
            (3, value) => (int, kind) = (value.int()?, 2),
            (5, value) => (tensor, kind) = (Some(Constant::read(value.bytes()?)?), 4),
            (8, value) => {
                value.ints_into(&mut ints)?;
                kind = 7;
            }
            (20, value) => kind = value.int()?,
            _ => {}
        }
    }
    let value = match (kind, tensor) {
        (1, _) => Attribute::Float(float),
        (2, _) => Attribute::Int(int),
        (4, Some(tensor)) => Attribute::Tensor(tensor),
        (7, _) => Attribute::Ints(ints),
        _ => Attribute::Other,
    };
    Ok((name, value))
}

impl Constant {
    /// How many numbers it holds.
    pub fn count(&self) -> usize {
        match &self.values {
            Numbers::Real(values) => values.len(),
            Numbers::Whole(values) => values.len(),
            Numbers::Other(_) => 0,
        }
    }

    fn write(&self, to: &mut Writer, single: bool) {
        self.shape.iter().for_each(|side| to.int(1, *side as i64));
        let (kind, bytes): (i64, Vec<u8>) = match &self.values {
            Numbers::Real(values) if single => (FLOAT, values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect()),
            Numbers::Real(values) => (DOUBLE, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
            Numbers::Whole(values) => (INT64, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
            Numbers::Other(kind) => (*kind, Vec::new()),
        };
        to.int(2, kind);
        to.text(8, &self.name);
        to.bytes(9, &bytes);
    }

    fn read(bytes: &[u8]) -> Result<Constant, Error> {
        let (mut name, mut kind, mut sides, mut fields) = (String::new(), 0, Vec::new(), Reader::new(bytes));
        let (mut raw, mut whole, mut elsewhere) = (Vec::new(), Vec::new(), false);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => value.ints_into(&mut sides)?,
                2 => kind = value.int()?,
                // float_data, raw_data and double_data: only one of them is there.
                4 | 9 | 10 => value.raw_into(&mut raw)?,
                7 => value.ints_into(&mut whole)?,
                8 => name = value.text()?,
                13 => elsewhere = true,
                14 => elsewhere |= value.int()? != 0,
                _ => {}
            }
        }
        if elsewhere {
            return Err(Error(format!("its tensor `{name}` lies in another file; save it with all data inside")));
        }
        let shape: Vec<usize> = sides.into_iter().map(|side| usize::try_from(side).map_err(|_| damaged())).collect::<Result<_, _>>()?;
        if shape.len() > DEEPEST {
            return Err(Error(format!("its tensor `{name}` has {} sides, and no two-layer network has such", shape.len())));
        }
        let values = match kind {
            FLOAT => Numbers::Real(chunks(&raw)?.into_iter().map(|four| f64::from(f32::from_le_bytes(four))).collect()),
            DOUBLE => Numbers::Real(chunks(&raw)?.into_iter().map(f64::from_le_bytes).collect()),
            INT64 if whole.is_empty() => Numbers::Whole(chunks(&raw)?.into_iter().map(i64::from_le_bytes).collect()),
            INT64 => Numbers::Whole(whole),
            other => Numbers::Other(other),
        };
        let count = shape.iter().try_fold(1usize, |all, side| all.checked_mul(*side)).ok_or_else(damaged)?;
        let there = match &values {
            Numbers::Real(values) => values.len(),
            Numbers::Whole(values) => values.len(),
            Numbers::Other(_) => count,
        };
        if there == count { Ok(Constant { name, shape, values }) } else { Err(damaged()) }
    }
}

/// Bytes as numbers of N bytes each.
fn chunks<const N: usize>(bytes: &[u8]) -> Result<Vec<[u8; N]>, Error> {
    match bytes.as_chunks::<N>() {
        (numbers, []) => Ok(numbers.to_vec()),
        _ => Err(damaged()),
    }
}

impl Model {
    /// The file; the same model gives the same bytes.  The graph stands last, so that a part of a file is never taken for a whole one.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.int(1, IR);
        to.text(2, "cvxc");
        to.text(3, env!("CARGO_PKG_VERSION"));
        to.message(8, |to| {
            to.text(1, "");
            to.int(2, OPSET);
        });
        for (key, value) in &self.properties {
            to.message(14, |to| {
                to.text(1, key);
                to.text(2, value);
            });
        }
        to.message(7, |to| {
            self.nodes.iter().for_each(|node| to.message(1, |to| node.write(to)));
            to.text(2, "network");
            self.constants.iter().for_each(|constant| to.message(5, |to| constant.write(to, self.single)));
            self.inputs.iter().for_each(|one| to.message(11, |to| self.variable(one, to)));
            self.outputs.iter().for_each(|one| to.message(12, |to| self.variable(one, to)));
        });
        to.finish()
    }

    /// A matrix of rows with so many columns.
    fn variable(&self, (name, columns): &(String, usize), to: &mut Writer) {
        to.text(1, name);
        to.message(2, |to| {
            to.message(1, |to| {
                to.int(1, if self.single { FLOAT } else { DOUBLE });
                to.message(2, |to| {
                    to.message(1, |to| to.text(2, "rows"));
                    to.message(1, |to| to.int(1, *columns as i64));
                });
            });
        });
    }

    /// Reads a file; everything is held against the bytes that are there.
    pub fn decode(bytes: &[u8]) -> Result<Model, Error> {
        let (mut model, mut graphs, mut fields) = (Model::default(), 0, Reader::new(bytes));
        while let Some((field, value)) = fields.field()? {
            match field {
                7 => {
                    graphs += 1;
                    model.graph(value.bytes()?)?;
                }
                14 => model.properties.push(pair(value.bytes()?)?),
                _ => {}
            }
        }
        if graphs == 1 { Ok(model) } else { Err(damaged()) }
    }

    fn graph(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut fields = Reader::new(bytes);
        while let Some((field, value)) = fields.field()? {
            match field {
                1 => self.nodes.push(Node::read(value.bytes()?)?),
                5 => self.constants.push(Constant::read(value.bytes()?)?),
                11 => self.inputs.push((name(value.bytes()?)?, 0)),
                12 => self.outputs.push((name(value.bytes()?)?, 0)),
                15 => return Err(Error("it holds sparse tensors; save it with dense ones".to_string())),
                _ => {}
            }
        }
        // Older files list the constants among the inputs.
        let constants: HashSet<&str> = self.constants.iter().map(|constant| constant.name.as_str()).collect();
        self.inputs.retain(|(name, _)| !constants.contains(name.as_str()));
        Ok(())
    }

    pub fn property(&self, key: &str) -> Option<&str> {
        self.properties.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}

/// The first field of a message: its name.
fn name(bytes: &[u8]) -> Result<String, Error> {
    let mut fields = Reader::new(bytes);
    while let Some((field, value)) = fields.field()? {
        if field == 1 {
            return value.text();
        }
    }
    Ok(String::new())
}

fn pair(bytes: &[u8]) -> Result<(String, String), Error> {
    let (mut pair, mut fields) = ((String::new(), String::new()), Reader::new(bytes));
    while let Some((field, value)) = fields.field()? {
        match field {
            1 => pair.0 = value.text()?,
            2 => pair.1 = value.text()?,
            _ => {}
        }
    }
    Ok(pair)
}
