//! A C header: constants and one function from a raw row to its predictions, in plain C99 that C++ takes too.

use super::{Error, Saved};
use crate::problem::{Bias, Matrix, Pool, Target};

pub fn encode(saved: &Saved) -> Result<Vec<u8>, Error> {
    Ok(Header::of(saved, "double").text().into_bytes())
}

pub fn encode_single(saved: &Saved) -> Result<Vec<u8>, Error> {
    Ok(Header::of(saved, "float").text().into_bytes())
}

struct Header<'a> {
    saved: &'a Saved,
    /// The stem of every name.
    name: String,
    /// `double` or `float`.
    real: &'static str,
}

impl<'a> Header<'a> {
    fn of(saved: &'a Saved, real: &'static str) -> Self {
        Header { saved, name: identifier(&saved.model), real }
    }

    fn text(&self) -> String {
        let guard = format!("CVXC_{}_H", self.name.to_uppercase());
        let parts = [self.opening(), format!("#ifndef {guard}\n#define {guard}\n\n#include <math.h>\n\n"), self.constants()];
        let functions = [self.activation(), self.predict(), self.class(), format!("#endif /* {guard} */\n")];
        parts.concat() + &functions.concat()
    }

    fn opening(&self) -> String {
        let (saved, name, real) = (self.saved, &self.name, self.real);
        let mut text = format!("/* The network of {}, written by cvxc {}.\n *\n", comment(&saved.model), comment(&saved.version));
        text += &format!(" * {name}_predict(x, y) takes a row of raw columns, {real} x[{}], in this order:\n", saved.columns.len());
        saved.columns.iter().enumerate().for_each(|(at, column)| text += &format!(" *   x[{at}]  {}\n", comment(&column.name)));
        let what = match &saved.target {
            Target::Classes { .. } | Target::Labels { .. } => {
                format!("scores; {name}_class(y) is the number of its label in {name}_labels")
            }
            _ => "predictions in the target's units".to_string(),
        };
        text += &format!(" * and fills {real} y[{}] with {what}: {}.\n */\n", saved.target.outputs(), comment(&saved.target.name()));
        text
    }

    /// The numbers, row after row.  C knows no empty array: one without numbers holds a 0 that nobody reads.
    fn constants(&self) -> String {
        let (saved, network) = (self.saved, &self.saved.network);
        let mut text = format!(
            "enum {{ {0}_INPUTS = {1}, {0}_OUTPUTS = {2}, {0}_NEURONS = {3} }};\n\n",
            self.name,
            saved.columns.len(),
            saved.target.outputs(),
            network.neurons()
        );
        text += &self.array("shift", saved.columns.iter().map(|column| column.shift));
        text += &self.array("scale", saved.columns.iter().map(|column| column.scale));
        text += &self.array("hidden", self.rows(&network.hidden));
        text += &network.gates.as_ref().map_or(String::new(), |gates| self.array("gates", self.rows(gates)));
        text += &self.array("output", network.output.values.iter().copied());
        if let Some(skip) = &network.skip {
            text += &self.array("intercepts", skip.intercepts.iter().copied());
        }
        if let Some(skip) = network.skip.as_ref().filter(|skip| skip.weights.columns > 0) {
            text += &self.array("skip", skip.weights.values.iter().copied());
        }
        if let Some(convolution) = &saved.convolution {
            let places: Vec<String> = convolution.patches().flatten().map(|at| at.map_or("-1".to_string(), |at| at.to_string())).collect();
            text += &self.list("int", "places", &places);
        }
        if let Some(labels) = labels(&saved.target) {
            text += &self.list("char *const", "labels", &labels.iter().map(|label| literal(label)).collect::<Vec<_>>());
        }
        text
    }

    /// Rows of weights, each with its bias (0 where there is none) behind it.
    fn rows(&self, matrix: &Matrix) -> impl Iterator<Item = f64> {
        let none = (self.saved.bias == Bias::None).then_some(0.0);
        matrix.each_row().flat_map(|row| row.iter().copied().chain(none)).collect::<Vec<_>>().into_iter()
    }

    fn array(&self, of: &str, values: impl Iterator<Item = f64>) -> String {
        let numbers: Vec<String> = values.map(|value| self.number(value)).collect();
        self.list(self.real, of, &numbers)
    }

    fn list(&self, kind: &str, of: &str, items: &[String]) -> String {
        let lines: Vec<String> = items.chunks(6).map(|line| format!("    {}", line.join(", "))).collect();
        let body = if items.is_empty() { "    0".to_string() } else { lines.join(",\n") };
        format!("static const {kind} {}_{of}[{}] = {{\n{body}\n}};\n\n", self.name, items.len().max(1))
    }

    /// A number that reads back exactly.
    fn number(&self, value: f64) -> String {
        if self.real == "float" { format!("{:?}f", value as f32) } else { format!("{value:?}") }
    }

    fn activation(&self) -> String {
        let (name, real) = (&self.name, self.real);
        let mut text = format!("static inline {real} {name}_activation({real} z) {{\n");
        for &(from, included, slope, intercept) in self.saved.activation.doubles().iter().rev() {
            let line = match (self.number(slope), self.number(intercept)) {
                (slope, _) if intercept == 0.0 => format!("return {slope} * z;"),
                (slope, intercept) => format!("return {slope} * z + {intercept};"),
            };
            let sign = if included { ">=" } else { ">" };
            let condition = if from.is_finite() { format!("if (z {sign} {}) ", self.number(from)) } else { String::new() };
            text += &format!("    {condition}{line}\n");
        }
        text + "}\n\n"
    }

    fn predict(&self) -> String {
        let (saved, name, real) = (self.saved, &self.name, self.real);
        let zero = self.number(0.0);
        let intercept = saved.network.skip.as_ref().map_or_else(|| zero.clone(), |_| format!("{name}_intercepts[c]"));
        let mut text = format!("static inline void {name}_predict(const {real} *x, {real} *y) {{\n");
        text += &format!("    {real} in[{name}_INPUTS];\n    int c, i, j;\n");
        text += &format!("    for (i = 0; i < {name}_INPUTS; i++) in[i] = (x[i] - {name}_shift[i]) / {name}_scale[i];\n");
        text += &format!("    for (c = 0; c < {name}_OUTPUTS; c++) y[c] = {intercept};\n");
        text += &format!("    for (j = 0; j < {name}_NEURONS; j++) {{\n");
        if saved.network.gates.is_some() {
            text +=
                &format!("        const {real} *g = {name}_gates + j * ({name}_INPUTS + 1);\n        {real} side = g[{name}_INPUTS];\n");
            text += &format!("        for (i = 0; i < {name}_INPUTS; i++) side += g[i] * in[i];\n        if (side < {zero}) continue;\n");
        }
        text += &self.value(&zero);
        text += &format!("        for (c = 0; c < {name}_OUTPUTS; c++) y[c] += {name}_output[j * {name}_OUTPUTS + c] * value;\n    }}\n");
        if saved.network.skip.as_ref().is_some_and(|skip| skip.weights.columns > 0) {
            let term = format!("y[c] += {name}_skip[c * {name}_INPUTS + i] * in[i];");
            text += &format!("    for (c = 0; c < {name}_OUTPUTS; c++)\n        for (i = 0; i < {name}_INPUTS; i++) {term}\n");
        }
        text + &self.units() + "}\n\n"
    }

    /// What neuron j makes of the row, over all places of a filter.
    fn value(&self, zero: &str) -> String {
        let (saved, name, real) = (self.saved, &self.name, self.real);
        let seen = saved.convolution.as_ref().map_or(saved.columns.len(), |convolution| convolution.patch());
        let weights = format!("        const {real} *w = {name}_hidden + j * {};\n        {real} value = {zero}, z;\n", seen + 1);
        let Some(convolution) = &saved.convolution else {
            let sum = format!("        z = w[{seen}];\n        for (i = 0; i < {seen}; i++) z += w[i] * in[i];\n");
            return weights + &sum + &format!("        value += {name}_activation(z);\n");
        };
        let (places, divisor) = (convolution.places(), self.number(convolution.divisor() as f64));
        let mut text = weights + &format!("        int p;\n        for (p = 0; p < {places}; p++) {{\n            z = w[{seen}];\n");
        text += &format!("            for (i = 0; i < {seen}; i++) {{\n                const int at = {name}_places[p * {seen} + i];\n");
        text += "                if (at >= 0) z += w[i] * in[at];\n            }\n";
        if convolution.pool == Pool::Max {
            text += &format!("            z = {name}_activation(z);\n            if (p == 0 || z > value) value = z;\n        }}\n");
            return text;
        }
        text += &format!("            value += {name}_activation(z);\n        }}\n");
        text + &format!("        value /= {divisor};\n")
    }

    fn units(&self) -> String {
        let exp = if self.real == "float" { "expf" } else { "exp" };
        let unit = |output: usize| match self.saved.target.of(output) {
            Target::Number(column) if column.scale != 1.0 || column.shift != 0.0 => {
                format!("    y[{output}] = y[{output}] * {} + {};\n", self.number(column.scale), self.number(column.shift))
            }
            Target::Count { .. } => format!("    y[{output}] = {exp}(y[{output}]);\n"),
            _ => String::new(),
        };
        (0..self.saved.target.outputs()).map(unit).collect()
    }

    fn class(&self) -> String {
        let (name, real) = (&self.name, self.real);
        let body = match &self.saved.target {
            Target::Classes { .. } => format!("    return y[0] > {};\n", self.number(0.0)),
            Target::Labels { .. } => {
                format!("    int best = 0, c;\n    for (c = 1; c < {name}_OUTPUTS; c++) if (y[c] > y[best]) best = c;\n    return best;\n")
            }
            _ => return String::new(),
        };
        format!("static inline int {name}_class(const {real} *y) {{\n{body}}}\n\n")
    }
}

/// The labels of classes, in the order of `_class`.
fn labels(target: &Target) -> Option<Vec<&str>> {
    match target {
        Target::Classes { negative, positive, .. } => Some(vec![negative, positive]),
        Target::Labels { labels, .. } => Some(labels.iter().map(String::as_str).collect()),
        _ => None,
    }
}

/// `03_diabetes.cvx` as `net_03_diabetes`.
fn identifier(model: &str) -> String {
    let file = model.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.strip_suffix(".cvx").unwrap_or(file);
    let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("net_{name}") }
}

/// Text inside a comment: on one line, and without the comment's end.
fn comment(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() || c == '\\' { ' ' } else { c }).collect();
    line.replace("*/", "* /").replace("/*", "/ *")
}

/// A string literal; what is not plain ASCII is written byte by byte in octal, which cannot run into what follows.
fn literal(text: &str) -> String {
    let byte = |b: u8| match b {
        b'"' | b'\\' | b'?' => format!("\\{}", b as char),
        b' '..=b'~' => (b as char).to_string(),
        _ => format!("\\{b:03o}"),
    };
    format!("\"{}\"", text.bytes().map(byte).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_c() {
        assert_eq!(identifier("models/xor.cvx"), "xor");
        assert_eq!(identifier("03 diabetes.cvx"), "net_03_diabetes");
        assert_eq!(identifier(""), "net_");
        assert_eq!(comment("a */ b\n/* c"), "a * / b / * c");
        assert_eq!(literal("a\"b\\é??="), "\"a\\\"b\\\\\\303\\251\\?\\?=\"");
    }
}
