//! Curved functions that people know by name, and the nearest activations with an exact program.

use crate::syntax::diagnostic::{Diagnostic, Place};

/// A curved function and, for the usual ones, its stand-in.
pub struct Curved {
    pub name: &'static str,
    /// Words a stand-in: an activation that exists, or a statement that defines one.
    pub stand_in: Option<StandIn>,
}

pub struct StandIn {
    /// The name to use in the network.
    pub name: &'static str,
    /// The statement that defines it, unless it is built in.
    pub statement: Option<&'static str>,
    /// The largest difference on [-8, 8], rounded up.
    pub error: f64,
}

const fn curved(name: &'static str, stand_in: &'static str, statement: Option<&'static str>, error: f64) -> Curved {
    Curved { name, stand_in: Some(StandIn { name: stand_in, statement, error }) }
}

const fn plain(name: &'static str) -> Curved {
    Curved { name, stand_in: None }
}

/// What a curve can be written as instead.
pub const STRAIGHT: &str = "write it with straight pieces, for example `max(x, 0.1*x)`";

/// All curved names that the checker knows.
pub const CURVED: &[Curved] = &[
    curved("sigmoid", "hsig", Some("activation hsig(x) = min(max(0.177*x + 0.5, 0), 1)"), 0.057),
    curved("tanh", "htanh", Some("activation htanh(x) = min(max(0.708*x, -1), 1)"), 0.113),
    curved("gelu", "relu", None, 0.170),
    curved("silu", "relu", None, 0.279),
    curved("swish", "relu", None, 0.279),
    curved("softplus", "relu", None, 0.694),
    curved("elu", "pelu", Some("activation pelu(x) = max(x, 0.514*x, -1)"), 0.144),
    plain("mish"),
    plain("selu"),
    plain("exp"),
    plain("log"),
    plain("ln"),
    plain("sqrt"),
    plain("sin"),
    plain("cos"),
    plain("tan"),
    plain("atan"),
    plain("erf"),
    plain("square"),
    plain("softmax"),
];

/// E0211: a curved function where a piecewise-linear one is needed.
pub fn refusal(name: &str, place: Place) -> Option<Diagnostic> {
    let curved = CURVED.iter().find(|curved| curved.name == name)?;
    let message = format!("`{name}` is not piecewise linear, so no exact convex program is known for it");
    let error = Diagnostic::error("E0211", message, place, "a smooth activation")
        .note("exact training needs an activation made of straight pieces");
    Some(match &curved.stand_in {
        Some(stand_in) => offer(error, name, stand_in),
        None if name == "softmax" => error.help("leave it out: `cross_entropy` takes the outputs as they are, and applies it itself"),
        None => error.help(STRAIGHT),
    })
}

fn offer(error: Diagnostic, name: &str, stand_in: &StandIn) -> Diagnostic {
    match stand_in.statement {
        None => error.replace(
            format!("closest activation with an exact program: `{}`, within {:.3} of {name} on [-8, 8]", stand_in.name, stand_in.error),
            stand_in.name,
        ),
        Some(statement) => error.help(format!(
            "closest activation with an exact program:\n    {statement}      # within {:.3} of {name} on [-8, 8]\n\
             its kinks are off 0, so price it with `output_l1 subject to hidden_norm <= 1`",
            stand_in.error
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::diagnostic::Source;

    /// The curved functions with stand-ins, by their definitions.
    fn curve(name: &str, x: f64) -> Option<f64> {
        let sigmoid = 1.0 / (1.0 + libm::exp(-x));
        Some(match name {
            "sigmoid" => sigmoid,
            "tanh" => libm::tanh(x),
            "gelu" => 0.5 * x * (1.0 + libm::erf(x / std::f64::consts::SQRT_2)),
            "silu" | "swish" => x * sigmoid,
            "softplus" => libm::log1p(libm::exp(x)),
            "elu" => {
                if x > 0.0 {
                    x
                } else {
                    libm::expm1(x)
                }
            }
            _ => return None,
        })
    }

    #[test]
    fn stand_ins_compile_and_are_as_near_as_they_say() {
        for curved in CURVED {
            let Some(stand_in) = &curved.stand_in else { continue };
            let source = Source::new("stand-in", stand_in.statement.unwrap_or("cvx 1"));
            let tree = crate::syntax::parse::parse(&source).unwrap();
            let (mut known, errors) = crate::syntax::resolve::definitions(&tree, &source, std::path::Path::new(""), None);
            assert!(errors.is_empty());
            known.extend(crate::syntax::resolve::builtin());
            let activation = &known.iter().find(|d| d.activation.name == stand_in.name).unwrap().activation;
            let worst = (-8000..=8000)
                .map(|k| f64::from(k) / 1000.0)
                .map(|x| (activation.value(x) - curve(curved.name, x).unwrap()).abs())
                .fold(0.0, f64::max);
            assert!(worst <= stand_in.error && worst > stand_in.error - 2e-3, "{}: {worst}", curved.name);
        }
    }
}
