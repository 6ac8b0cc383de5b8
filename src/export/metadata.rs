//! What a network's tensors do not say: activation, columns, target and where it came from, as plain data.

use super::{Error, Saved};
use crate::problem::{Activation, Column, Piece, Target};
use serde::{Deserialize, Serialize};

/// The version of this description; readers refuse newer ones.
const FORMAT: u32 = 1;

/// A longer rational than any activation needs: a guard against hostile files.
const LONGEST_RATIONAL: usize = 4000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Metadata {
    format: u32,
    cvxc: String,
    model: String,
    model_hash: String,
    data_hash: String,
    activation: Form,
    columns: Vec<Scaled>,
    target: Meaning,
}

/// The normal form: exact rationals as text.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Form {
    name: String,
    pieces: Vec<Part>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Part {
    from: Option<String>,
    includes_from: bool,
    slope: String,
    intercept: String,
}

/// value = (raw - shift) / scale.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Scaled {
    name: String,
    shift: f64,
    scale: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Meaning {
    Number(Scaled),
    Count { name: String },
    Classes { name: String, negative: String, positive: String },
}

impl Metadata {
    pub fn of(saved: &Saved) -> Self {
        Metadata {
            format: FORMAT,
            cvxc: saved.version.clone(),
            model: saved.model.clone(),
            model_hash: saved.model_hash.clone(),
            data_hash: saved.data_hash.clone(),
            activation: Form { name: saved.activation.name.clone(), pieces: saved.activation.pieces.iter().map(part).collect() },
            columns: saved.columns.iter().map(scaled).collect(),
            target: meaning(&saved.target),
        }
    }

    /// Reads the description; anything that later code could stumble over is refused here.
    pub fn read(text: &str) -> Result<Self, Error> {
        let metadata: Metadata = serde_json::from_str(text).map_err(|error| Error(format!("its description is damaged: {error}")))?;
        if metadata.format != FORMAT {
            return Err(Error(format!("it is written in format {}, and this cvxc reads format {FORMAT}", metadata.format)));
        }
        Ok(metadata)
    }

    /// How many inputs the network takes.
    pub fn inputs(&self) -> usize {
        self.columns.len()
    }

    /// Fills in everything but the tensors.
    pub fn saved(self, network: crate::problem::Network, bias: crate::problem::Bias) -> Result<Saved, Error> {
        Ok(Saved {
            network,
            bias,
            activation: self.activation.read()?,
            columns: self.columns.into_iter().map(Scaled::read).collect::<Result<_, _>>()?,
            target: self.target.read()?,
            model: self.model,
            model_hash: self.model_hash,
            data_hash: self.data_hash,
            version: self.cvxc,
        })
    }
}

fn part(piece: &Piece) -> Part {
    Part {
        from: piece.from.as_ref().map(ToString::to_string),
        includes_from: piece.includes_from,
        slope: piece.slope.to_string(),
        intercept: piece.intercept.to_string(),
    }
}

fn scaled(column: &Column) -> Scaled {
    Scaled { name: column.name.clone(), shift: column.shift, scale: column.scale }
}

fn meaning(target: &Target) -> Meaning {
    match target.clone() {
        Target::Number(column) => Meaning::Number(scaled(&column)),
        Target::Count { name } => Meaning::Count { name },
        Target::Classes { name, negative, positive } => Meaning::Classes { name, negative, positive },
    }
}

impl Form {
    fn read(self) -> Result<Activation, Error> {
        let pieces: Vec<Piece> = self.pieces.into_iter().map(Part::read).collect::<Result<_, _>>()?;
        let ordered = pieces.first().is_some_and(|first| first.from.is_none()) && pieces.windows(2).all(|pair| pair[0].from < pair[1].from);
        if !ordered {
            return Err(Error(format!("the pieces of activation `{}` are out of order", self.name)));
        }
        Ok(Activation::new(self.name, pieces))
    }
}

impl Part {
    fn read(self) -> Result<Piece, Error> {
        Ok(Piece {
            from: self.from.as_deref().map(rational).transpose()?,
            includes_from: self.includes_from,
            slope: rational(&self.slope)?,
            intercept: rational(&self.intercept)?,
        })
    }
}

/// Reads `-1/10` as whatever exact number type a piece is made of.
fn rational<T: std::str::FromStr>(text: &str) -> Result<T, Error> {
    let well_formed = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
    let sound = text.len() <= LONGEST_RATIONAL
        && well_formed(numerator.strip_prefix('-').unwrap_or(numerator))
        && well_formed(denominator)
        && denominator.bytes().any(|b| b != b'0');
    let parsed = if sound { text.parse().ok() } else { None };
    parsed.ok_or_else(|| Error("its activation holds something that is not a rational number".to_string()))
}

impl Scaled {
    fn read(self) -> Result<Column, Error> {
        if !self.shift.is_finite() || !self.scale.is_finite() || self.scale == 0.0 {
            return Err(Error(format!("column `{}` has no usable scale", self.name)));
        }
        Ok(Column { name: self.name, shift: self.shift, scale: self.scale })
    }
}

impl Meaning {
    fn read(self) -> Result<Target, Error> {
        match self {
            Meaning::Number(column) => column.read().map(Target::Number),
            Meaning::Count { name } => Ok(Target::Count { name }),
            Meaning::Classes { name, negative, positive } => Ok(Target::Classes { name, negative, positive }),
        }
    }
}
