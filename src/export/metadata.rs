//! What a network's tensors do not say: activation, columns, target and where it came from, as plain data.

use super::{Error, Saved};
use crate::problem::{Activation, Column, Convolution, Piece, Pool, Target};
use serde::{Deserialize, Serialize};

/// The version of this description; readers refuse newer ones.
const FORMAT: u32 = 1;

/// A longer rational than any activation needs: a guard against hostile files.
const LONGEST_RATIONAL: usize = 4000;

/// The longest side of a signal or filter, and the most numbers in the patches of one row: guards of the same kind.
const LONGEST_SIDE: usize = 1 << 24;
const MOST_NUMBERS: usize = 1 << 28;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Metadata {
    format: u32,
    cvxc: String,
    model: String,
    model_hash: String,
    data_hash: String,
    activation: Form,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    convolution: Option<Filter>,
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

/// Where a filter looks; the words are the language's.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Filter {
    signal: Vec<usize>,
    size: Vec<usize>,
    stride: usize,
    padding: usize,
    pool: String,
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
    Labels { name: String, labels: Vec<String> },
    Several(Vec<Meaning>),
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
            convolution: saved.convolution.as_ref().map(filter),
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

    /// The sides of the filters, if it is a convolution.
    pub fn filter(&self) -> Option<&[usize]> {
        self.convolution.as_ref().map(|filter| filter.size.as_slice())
    }

    /// Fills in everything but the tensors.
    pub fn saved(self, network: crate::problem::Network, bias: crate::problem::Bias) -> Result<Saved, Error> {
        let target = self.target.read()?;
        if target.outputs() != network.output.columns {
            return Err(Error(format!("it has {} outputs for {} targets", network.output.columns, target.outputs())));
        }
        Ok(Saved {
            network,
            bias,
            activation: self.activation.read()?,
            convolution: self.convolution.map(|filter| filter.read(self.columns.len())).transpose()?,
            columns: self.columns.into_iter().map(Scaled::read).collect::<Result<_, _>>()?,
            target,
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

fn filter(convolution: &Convolution) -> Filter {
    let Convolution { signal, size, stride, padding, pool } = convolution.clone();
    Filter { signal, size, stride, padding, pool: pool.word().to_string() }
}

fn scaled(column: &Column) -> Scaled {
    Scaled { name: column.name.clone(), shift: column.shift, scale: column.scale }
}

fn meaning(target: &Target) -> Meaning {
    match target.clone() {
        Target::Number(column) => Meaning::Number(scaled(&column)),
        Target::Count { name } => Meaning::Count { name },
        Target::Classes { name, negative, positive } => Meaning::Classes { name, negative, positive },
        Target::Labels { name, labels } => Meaning::Labels { name, labels },
        Target::Several(all) => Meaning::Several(all.iter().map(meaning).collect()),
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

impl Filter {
    /// A filter that fits a signal of so many inputs, with no more places than a file may ask memory for.
    fn read(self, inputs: usize) -> Result<Convolution, Error> {
        let Filter { signal, size, stride, padding, pool } = self;
        let inside = |side: &usize| (1..=LONGEST_SIDE).contains(side);
        let sound = signal.len() == size.len()
            && (1..=2).contains(&size.len())
            && signal.iter().chain(&size).chain([&stride]).all(inside)
            && padding <= LONGEST_SIDE
            && signal.iter().product::<usize>() == inputs
            && signal.iter().zip(&size).all(|(side, filter)| *filter <= side + 2 * padding);
        let pool = Pool::ALL.into_iter().find(|known| known.word() == pool).filter(|_| sound);
        let read = pool.map(|pool| Convolution { signal, size, stride, padding, pool });
        let read = read.filter(|read| read.places().checked_mul(read.patch()).is_some_and(|numbers| numbers <= MOST_NUMBERS));
        read.ok_or_else(|| Error("its convolution does not fit its inputs".to_string()))
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
            Meaning::Labels { name, labels } if labels.len() >= 2 => Ok(Target::Labels { name, labels }),
            Meaning::Several(all) if all.len() >= 2 && all.iter().all(|one| matches!(one, Meaning::Number(_) | Meaning::Count { .. })) => {
                all.into_iter().map(Meaning::read).collect::<Result<_, _>>().map(Target::Several)
            }
            Meaning::Labels { .. } | Meaning::Several(_) => Err(Error("its targets are no targets of several outputs".to_string())),
        }
    }
}
