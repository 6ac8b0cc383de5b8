//! Why a certificate is refused, each in one sentence that names the place.

/// The first thing in a certificate that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not a certificate at all.
    Format,
    /// Written by another cvxc.
    Version { found: u32 },
    /// The network or the objective is another one.
    Different { what: &'static str, named: String, given: String },
    /// The data are other ones.
    Data,
    /// A part has another shape than the problem.
    Shape(&'static str),
    /// A weight is NaN or infinite.
    Weight { neuron: usize },
    /// The hidden norm of a neuron is beyond its bound.
    Norm { neuron: usize },
    /// A bias beyond the bound of the model.
    Bias { neuron: usize },
    /// Its weight decay is beyond its budget.
    Budget,
    /// There is no price on a budget, or one without a budget, or none that is positive.
    Price,
    /// The network's loss on a row cannot be bounded.
    Row { row: usize },
    /// The neurons of the completion are too much alike to reach every target.
    Completion,
    /// No network meets the targets.
    Infeasible,
    /// The scale of the dual vector is not positive.
    Scale,
    /// The dual vector leaves the domain of the loss's conjugate.
    Domain { row: usize },
    /// The dual vector is not near one that is orthogonal to the skip's columns.
    Skip,
    /// No proof is known for networks or penalties of this kind.
    Kind,
    /// Numbers too large, too small or too wide for exact integers of 128 bits.
    Width,
    /// The weights beside the certificate are others than those in it.
    Weights,
    /// The weights beside the certificate cannot be read.
    Unreadable { why: String },
    /// The network's objective is beyond the largest double.
    Overflow,
    /// The lower bound is above the network's objective.
    Crossed,
    /// A neuron behind a gate that the model does not list.
    Stranger { neuron: usize },
    /// A gate that is worth more than the limit.
    Gate { gate: usize },
    /// The cones of output weights do not carry prices along few directions to all of them.
    Cover { what: &'static str },
    /// A tree that does not prove its claim for one direction of output weights.
    Ray { direction: Vec<i64>, leaf: usize, what: &'static str },
    /// A tree that does not prove its claim, the output counted from 1.
    Tree { output: usize, sign: i8, leaf: usize, what: &'static str },
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Format => write!(out, "this is not a cvxc certificate"),
            Refusal::Version { found } => write!(out, "the certificate has version {found}, and this cvxc reads version 1"),
            Refusal::Different { what, named, given } => {
                write!(out, "this certificate is for a different {what}: it says `{named}`, the model says `{given}`")
            }
            Refusal::Data => write!(out, "this certificate is for other data: the digests of the training rows differ"),
            Refusal::Shape(part) => write!(out, "the {part} has another shape than the problem"),
            Refusal::Weight { neuron } => write!(out, "neuron {neuron} has a weight that is not a number"),
            Refusal::Bias { neuron } => write!(out, "neuron {neuron} has a bias beyond `hidden_bias`"),
            Refusal::Norm { neuron } => write!(out, "neuron {neuron} has hidden weights beyond `hidden_norm`"),
            Refusal::Budget => write!(out, "the network has more weight decay than the model allows"),
            Refusal::Price => write!(out, "the price of weight decay is not a positive number, or does not belong to this model"),
            Refusal::Row { row } => write!(out, "the network's loss on training row {row} is too large to be bounded"),
            Refusal::Completion => write!(out, "the completing neurons do not show that the network is near one that meets every target"),
            Refusal::Infeasible => write!(out, "no network meets all targets, so none is certified to be the best that does"),
            Refusal::Scale => write!(out, "the scale of the dual vector is not a positive number"),
            Refusal::Domain { row } => write!(out, "the dual vector is outside the domain of the loss at training row {row}"),
            Refusal::Skip => write!(out, "the dual vector cannot be made orthogonal to the columns of the skip or the intercept"),
            Refusal::Kind => write!(out, "certificates of this version do not cover such a network with this penalty"),
            Refusal::Width => write!(out, "the numbers are too large or too small for a proof in integers of 128 bits"),
            Refusal::Crossed => write!(out, "the lower bound is above the objective of the network, which cannot be"),
            Refusal::Overflow => write!(out, "the objective of the network is too large to be a number"),
            Refusal::Weights => write!(out, "weights.safetensors holds another network than the certificate"),
            Refusal::Unreadable { why } => write!(out, "the weights beside the certificate are damaged: {why}"),
            Refusal::Stranger { neuron } => write!(out, "neuron {neuron} has a gate that is none of the model's"),
            Refusal::Gate { gate } => write!(out, "the price of gate {gate} is above the limit"),
            Refusal::Cover { what } => write!(out, "the cover of all output weights does not hold: {what}"),
            Refusal::Ray { direction, leaf, what } => {
                write!(out, "the proof for output weights along {direction:?} fails at leaf {leaf}: {what}")
            }
            Refusal::Tree { output, sign, leaf, what } => {
                let sign = if *sign > 0 { "positive" } else { "negative" };
                let output = if *output > 1 { format!(" {output}") } else { String::new() };
                write!(out, "the proof for neurons of {sign} output{output} fails at leaf {leaf}: {what}")
            }
        }
    }
}
