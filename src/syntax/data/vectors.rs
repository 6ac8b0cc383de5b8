//! Files of weight vectors and of gates: a d x m array, one vector per column, d being the number of weights of a neuron.

use super::budget;
use super::content::Content;
use super::faults::counted;
use super::npy::Npy;
use super::table::{Site, Wish};
use crate::problem::{Architecture, Bias, Matrix};
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::model::VectorFile;

/// What the vectors are, so that messages can say so.
#[derive(Clone, Copy, PartialEq)]
pub enum What {
    Weights,
    Gates,
}

impl What {
    /// One of them, and many.
    fn words(self) -> [&'static str; 2] {
        match self {
            What::Weights => ["weight vector", "weight vectors"],
            What::Gates => ["gate", "gates"],
        }
    }
}

/// The vectors of a file, one per row, for the neurons of `architecture` on `features` inputs, in at most `limit` bytes.
pub fn read(what: What, file: &VectorFile, architecture: &Architecture, features: usize, limit: u64) -> Result<Matrix, Diagnostic> {
    let site = Site { shown: file.shown.clone(), place: file.place.clone(), new_rows: false };
    let content = Content::File(file.path.clone());
    content.check(&site)?;
    if content.len() == 0 {
        let error = site.error("E0403", format!("`{}` is empty", site.shown), "no vectors");
        return Err(error.help(format!("save an array, one {} per column: `numpy.save(\"G.npy\", G)`", what.words()[0])));
    }
    let npy = Npy::open(site.clone(), content)?;
    fits(what, &site, &npy, architecture, features)?;
    let columns = npy.array().columns as u64;
    let wish = Wish { columns: Vec::new(), window: 0..usize::MAX, row_bytes: 8 * columns, limit };
    budget::check(&site, &wish, npy.array().rows as u64)?;
    let vectors = npy.transposed()?;
    usable(&site, &vectors)?;
    Ok(vectors)
}

/// E0460: the array has as many rows as a neuron has weights.
fn fits(what: What, site: &Site, npy: &Npy, architecture: &Architecture, features: usize) -> Result<(), Diagnostic> {
    let (array, size) = (npy.array(), architecture.neuron_size(features));
    let [one, many] = what.words();
    if array.rows == size && array.dimensions <= 2 {
        return Ok(());
    }
    let found = match array.dimensions {
        0 => "holds a single number".to_string(),
        1 => format!("holds one vector of {}", counted(array.rows, "number")),
        2 => format!("is {} x {}", array.rows, array.columns),
        more => format!("has {more} dimensions"),
    };
    let message = format!("`{}` {found}, and the {many} of these neurons need {size} x m", site.shown);
    let bias = if architecture.bias != Bias::None { ", and the bias as the last row" } else { "" };
    let error = site.error("E0460", message, "another shape").note(format!(
        "one {one} per column: {} for the {}{bias}",
        counted(features, "row"),
        if features == 1 { "input" } else { "inputs" }
    ));
    let biasless = !bias.is_empty() && array.dimensions == 2 && array.rows == features;
    let turned = array.dimensions == 2 && array.columns == size;
    Err(match (biasless, turned) {
        (true, _) => error.help("add the row of biases, here zeros: `numpy.save(\"G.npy\", numpy.vstack([G, 0 * G[:1]]))`"),
        (false, true) => error.help("save it transposed: `numpy.save(\"G.npy\", G.T)`"),
        (false, false) => error,
    })
}

/// E0461: a vector points somewhere.
fn usable(site: &Site, vectors: &Matrix) -> Result<(), Diagnostic> {
    for (at, vector) in vectors.each_row().enumerate() {
        let column = at + 1;
        if let Some(row) = vector.iter().position(|x| !x.is_finite()) {
            let message = format!("`{}` holds {} in row {}, column {column}", site.shown, vector[row], row + 1);
            return Err(site.error("E0461", message, "not a finite number").help("write finite numbers"));
        }
        if vector.iter().all(|x| *x == 0.0) {
            let message = format!("column {column} of `{}` is zero, which points nowhere", site.shown);
            return Err(site.error("E0461", message, "a zero vector").help("leave the column out"));
        }
    }
    Ok(())
}
