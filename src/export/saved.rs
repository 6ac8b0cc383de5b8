//! A trained network with everything needed to use it: what `predict` and `export` read.

use super::network::{Contents, cannot, contents};
use super::{Error, WEIGHTS, safetensors};
use crate::problem::{Activation, Architecture, Bias, Column, Convolution, Matrix, Network, Problem, Target};
use std::path::Path;

/// A network, its activation, and how raw columns become its inputs and its output becomes the target.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    pub network: Network,
    /// Whether there is one; how it was priced is no matter here.
    pub bias: Bias,
    pub activation: Activation,
    pub convolution: Option<Convolution>,
    pub columns: Vec<Column>,
    pub target: Target,
    /// The model file's name, and the digests of model and data.
    pub model: String,
    pub model_hash: String,
    pub data_hash: String,
    /// The cvxc that wrote it.
    pub version: String,
}

impl Saved {
    pub fn of(problem: &Problem, network: &Network, model_hash: &str) -> Self {
        Saved {
            network: network.clone(),
            bias: if problem.architecture.bias == Bias::None { Bias::None } else { Bias::Penalised },
            activation: problem.architecture.activation.clone(),
            convolution: problem.architecture.convolution.clone(),
            columns: problem.dataset.columns.clone(),
            target: problem.dataset.target.clone(),
            model: problem.name.clone(),
            model_hash: model_hash.to_string(),
            data_hash: problem.dataset.digest(),
            version: env!("CARGO_PKG_VERSION").to_string(),
        }
    }

    /// The network's outputs (n x C, row after row) for prepared rows (n x d, shifted and scaled as in training).  A gated network brings its gates along.
    pub fn scores(&self, inputs: &Matrix) -> Vec<f64> {
        let skip = self.network.skip.is_some();
        let (activation, convolution) = (self.activation.clone(), self.convolution.clone());
        let architecture = Architecture { activation, bias: self.bias, width: None, skip, gates: None, convolution };
        self.network.forward(&architecture, inputs)
    }
}

/// Reads the network of the result folder or of the file at `path`: an export of cvxc's, whatever its format.
pub fn load(path: &Path) -> Result<Saved, Error> {
    if path.is_file() {
        return contents(path).and_then(Contents::saved).map_err(|error| cannot(path, &error));
    }
    if !path.is_dir() {
        return Err(Error(format!(
            "{} is not there; give the folder that `cvxc solve` wrote, or a network of `cvxc export`",
            path.display()
        )));
    }
    let path = path.join(WEIGHTS);
    let bytes = std::fs::read(&path).map_err(|error| Error(format!("cannot read {}: {error}", path.display())))?;
    safetensors::decode(&bytes).map_err(|error| Error(format!("cannot use {}: {error}", path.display())))
}
