//! From a network to its graph: prepare, hidden layer, activation, pooling, output layer, units.
//!
//! Constants carry the names and shapes of the other formats.  A convolution gathers its patches and is then a matrix product, since few
//! runtimes convolve doubles; an activation chooses its piece, z >= t or z > t, as [`Activation::value`] does.

use super::graph::{Attribute, Constant, Model, Node, Numbers};
use crate::export::metadata::Metadata;
use crate::export::tensors::tensors;
use crate::export::{Error, Saved};
use crate::problem::{Activation, Column, Convolution, Pool, Target};

/// The file in double precision.
pub fn encode(saved: &Saved) -> Result<Vec<u8>, Error> {
    model(saved, false).map(|model| model.encode())
}

/// The file in single precision.
pub fn encode_single(saved: &Saved) -> Result<Vec<u8>, Error> {
    model(saved, true).map(|model| model.encode())
}

fn model(saved: &Saved, single: bool) -> Result<Model, Error> {
    let description =
        serde_json::to_string(&Metadata::of(saved)).map_err(|error| Error(format!("the network does not fit ONNX: {error}")))?;
    let named =
        tensors(saved).into_iter().map(|tensor| Constant { name: tensor.name, shape: tensor.shape, values: Numbers::Real(tensor.values) });
    let mut graph = Graph { constants: named.collect(), nodes: Vec::new() };
    let inputs = graph.prepared("input", &saved.columns);
    let sum = graph.outputs(saved, &inputs);
    let name = graph.in_units(sum, &saved.target);
    Ok(Model {
        properties: vec![(super::KEY.to_string(), description)],
        nodes: graph.nodes,
        constants: graph.constants,
        inputs: vec![("input".to_string(), saved.columns.len())],
        outputs: vec![(name.to_string(), saved.target.outputs())],
        single,
    })
}

struct Graph {
    constants: Vec<Constant>,
    nodes: Vec<Node>,
}

impl Graph {
    /// Adds an operation and gives back the name of its result.
    fn node(&mut self, operation: &str, inputs: &[&str], output: &str) -> String {
        self.node_with(operation, inputs, output, Vec::new())
    }

    fn node_with(&mut self, operation: &str, inputs: &[&str], output: &str, attributes: Vec<(&str, Attribute)>) -> String {
        self.nodes.push(Node {
            operation: operation.to_string(),
            inputs: inputs.iter().map(ToString::to_string).collect(),
            outputs: vec![output.to_string()],
            attributes: attributes.into_iter().map(|(name, value)| (name.to_string(), value)).collect(),
        });
        output.to_string()
    }

    fn real(&mut self, name: &str, shape: &[usize], values: Vec<f64>) -> String {
        self.constants.push(Constant { name: name.to_string(), shape: shape.to_vec(), values: Numbers::Real(values) });
        name.to_string()
    }

    fn whole(&mut self, name: &str, shape: &[usize], values: Vec<i64>) -> String {
        self.constants.push(Constant { name: name.to_string(), shape: shape.to_vec(), values: Numbers::Whole(values) });
        name.to_string()
    }

    fn has(&self, name: &str) -> bool {
        self.constants.iter().any(|constant| constant.name == name)
    }

    /// (x - shift) / scale, where there is anything to do.
    fn prepared(&mut self, x: &str, columns: &[Column]) -> String {
        let mut x = x.to_string();
        if columns.iter().any(|column| column.shift != 0.0) {
            let shift = self.real("shift", &[columns.len()], columns.iter().map(|column| column.shift).collect());
            x = self.node("Sub", &[&x, &shift], "shifted");
        }
        if columns.iter().any(|column| column.scale != 1.0) {
            let scale = self.real("scale", &[columns.len()], columns.iter().map(|column| column.scale).collect());
            x = self.node("Div", &[&x, &scale], "prepared");
        }
        x
    }

    /// x W' + b for a layer of rows.
    fn layer(&mut self, x: &str, name: &str, output: &str) -> String {
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let mut inputs = vec![x, weight.as_str()];
        inputs.extend(self.has(&bias).then_some(bias.as_str()));
        self.node_with("Gemm", &inputs, output, vec![("transB", Attribute::Int(1))])
    }

    /// What the network gives for prepared rows.
    fn outputs(&mut self, saved: &Saved, x: &str) -> String {
        let mut sum = if saved.network.neurons() == 0 {
            // No neuron at all: runtimes do not agree on products without terms.
            let (outputs, inputs) = (saved.network.output.columns, saved.columns.len());
            let none = self.real("zero.weight", &[outputs, inputs], vec![0.0; outputs * inputs]);
            let bias = self.has("output.bias").then_some("output.bias");
            let inputs: Vec<&str> = [Some(x), Some(none.as_str()), bias].into_iter().flatten().collect();
            self.node_with("Gemm", &inputs, "sum", vec![("transB", Attribute::Int(1))])
        } else {
            let hidden = match &saved.convolution {
                None => self.neurons(saved, x),
                Some(convolution) => self.filters(saved, convolution, x),
            };
            self.layer(&hidden, "output", "sum")
        };
        if self.has("skip.weight") {
            let straight = self.layer(x, "skip", "straight");
            sum = self.node("Add", &[&sum, &straight], "both");
        }
        sum
    }

    /// The values of dense neurons, those behind closed gates 0.
    fn neurons(&mut self, saved: &Saved, x: &str) -> String {
        let z = self.layer(x, "hidden", "z");
        let value = self.activated(&z, &saved.activation);
        if saved.network.gates.is_none() {
            return value;
        }
        let (side, zero) = (self.layer(x, "gate", "side"), self.real("zero", &[], vec![0.0]));
        let open = self.node("GreaterOrEqual", &[&side, &zero], "open");
        self.node("Where", &[&open, &value, &zero], "gated")
    }

    /// The pooled values of filters: patches (rows x M x h) times filters (h x m), activated, summed over M or the largest taken.
    fn filters(&mut self, saved: &Saved, convolution: &Convolution, x: &str) -> String {
        let (places, patch, m) = (convolution.places(), convolution.patch(), saved.network.neurons());
        let seen: Vec<Option<usize>> = convolution.patches().flatten().collect();
        let at = self.whole("places", &[places, patch], seen.iter().map(|at| at.unwrap_or(0) as i64).collect());
        let mut patches = self.node_with("Gather", &[x, &at], "patches", vec![("axis", Attribute::Int(1))]);
        if convolution.padding > 0 {
            let inside = seen.iter().map(|at| f64::from(u8::from(at.is_some()))).collect();
            let inside = self.real("inside", &[places, patch], inside);
            patches = self.node("Mul", &[&patches, &inside], "padded");
        }
        let flat = self.whole("filter.shape", &[2], vec![m as i64, patch as i64]);
        let rows = self.node("Reshape", &["hidden.weight", &flat], "filters");
        let columns = self.node_with("Transpose", &[&rows], "turned", vec![("perm", Attribute::Ints(vec![1, 0]))]);
        let mut z = self.node("MatMul", &[&patches, &columns], "products");
        if self.has("hidden.bias") {
            z = self.node("Add", &[&z, "hidden.bias"], "z");
        }
        let value = self.activated(&z, &saved.activation);
        self.pooled(&value, convolution)
    }

    /// The values of all places as one.
    fn pooled(&mut self, value: &str, convolution: &Convolution) -> String {
        if convolution.pool == Pool::Max {
            let over = vec![("axes", Attribute::Ints(vec![1])), ("keepdims", Attribute::Int(0))];
            return self.node_with("ReduceMax", &[value], "largest", over);
        }
        let axis = self.whole("axis", &[1], vec![1]);
        let pooled = self.node_with("ReduceSum", &[value, &axis], "total", vec![("keepdims", Attribute::Int(0))]);
        if convolution.divisor() == 1 {
            return pooled;
        }
        let divisor = self.real("divisor", &[], vec![convolution.divisor() as f64]);
        self.node("Div", &[&pooled, &divisor], "pooled")
    }

    /// φ(z): piece after piece from the left, each where z has come to its beginning.
    fn activated(&mut self, z: &str, activation: &Activation) -> String {
        if activation.doubles() == Activation::linear("").doubles() {
            return z.to_string();
        }
        if activation.pieces == Activation::relu().pieces {
            return self.node("Relu", &[z], "active");
        }
        let mut value = String::new();
        for (k, &(from, included, slope, intercept)) in activation.doubles().iter().enumerate() {
            let slope = self.real(&format!("slope{k}"), &[], vec![slope]);
            let intercept = self.real(&format!("intercept{k}"), &[], vec![intercept]);
            let steep = self.node("Mul", &[z, &slope], &format!("steep{k}"));
            let line = self.node("Add", &[&steep, &intercept], &format!("line{k}"));
            if k == 0 {
                value = line;
                continue;
            }
            let from = self.real(&format!("from{k}"), &[], vec![from]);
            let compare = if included { "GreaterOrEqual" } else { "Greater" };
            let there = self.node(compare, &[z, &from], &format!("there{k}"));
            value = self.node("Where", &[&there, &line, &value], &format!("active{k}"));
        }
        value
    }

    /// Predictions in the targets' units, or scores of classes, under their name.
    fn in_units(&mut self, sum: String, target: &Target) -> &'static str {
        let all: Vec<&Target> = (0..target.outputs()).map(|output| target.of(output)).collect();
        let column = |pick: fn(&Column) -> f64, otherwise: f64| -> Vec<f64> {
            all.iter().map(|one| if let Target::Number(column) = one { pick(column) } else { otherwise }).collect()
        };
        let (scales, shifts) = (column(|column| column.scale, 1.0), column(|column| column.shift, 0.0));
        let mut value = sum;
        if scales.iter().any(|scale| *scale != 1.0) {
            let scale = self.real("output.scale", &[all.len()], scales);
            value = self.node("Mul", &[&value, &scale], "scaled");
        }
        if shifts.iter().any(|shift| *shift != 0.0) {
            let shift = self.real("output.shift", &[all.len()], shifts);
            value = self.node("Add", &[&value, &shift], "moved");
        }
        let counts: Vec<bool> = all.iter().map(|one| matches!(one, Target::Count { .. })).collect();
        if counts.contains(&true) {
            value = self.rates(value, &counts);
        }
        let name = if matches!(target, Target::Classes { .. } | Target::Labels { .. }) { "score" } else { "prediction" };
        self.node("Identity", &[&value], name);
        name
    }

    /// e^f for those outputs that are logarithms of rates.
    fn rates(&mut self, value: String, counts: &[bool]) -> String {
        if !counts.contains(&false) {
            return self.node("Exp", &[&value], "rates");
        }
        let counted = self.real("counted", &[counts.len()], counts.iter().map(|count| f64::from(u8::from(*count))).collect());
        let half = self.real("half", &[], vec![0.5]);
        let chosen = self.node("Greater", &[&counted, &half], "logarithms");
        let rates = self.node("Exp", &[&value], "rates");
        self.node("Where", &[&chosen, &rates, &value], "mixed")
    }
}
