//! Activations in words: breaks, slopes, class and the theorem that covers them.

use crate::problem::{Activation, Architecture, Class};

/// `breaks -1, 0   slopes 0, 1, 0`, with jumps named.
pub fn normal_form(activation: &Activation) -> String {
    let breaks: Vec<String> = activation.pieces.iter().filter_map(|p| p.from.as_ref()).map(ToString::to_string).collect();
    let slopes: Vec<String> = activation.pieces.iter().map(|p| p.slope.to_string()).collect();
    let intercepts: Vec<String> = activation.pieces.iter().map(|p| p.intercept.to_string()).collect();
    let mut words = Vec::new();
    if breaks.is_empty() {
        words.push("no breaks".to_string());
    } else {
        words.push(format!("breaks {}", breaks.join(", ")));
    }
    words.push(format!("slopes {}", slopes.join(", ")));
    if intercepts.iter().any(|i| i != "0") {
        words.push(format!("intercepts {}", intercepts.join(", ")));
    }
    if !activation.continuous() {
        words.push("with jumps".to_string());
    }
    words.join("   ")
}

/// A class in words, its theorem's key, and what the theorem says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theorem {
    pub class: &'static str,
    pub key: &'static str,
    pub statement: &'static str,
}

/// Which theorem covers activations of a class.
pub fn theorem(class: Class) -> Theorem {
    match class {
        Class::Linear => Theorem {
            class: "linear",
            key: "linear",
            statement: "the network is a linear model whose weight vector costs its norm: one convex program, no cells",
        },
        Class::Homogeneous => Theorem {
            class: "homogeneous of degree 1",
            key: "two-layer-homogeneous",
            statement: "one pair (u, v) per activation cell; exact for any width >= 2 x cells, and no more than n neurons are ever needed",
        },
        Class::Threshold => Theorem {
            class: "threshold (degree 0)",
            key: "threshold",
            statement: "a lasso over sign patterns, those of faces and of w = 0 among them, with `output_l1`; exact for any width >= 2 x patterns",
        },
        Class::PiecewiseLinear { jumps: true } => Theorem {
            class: "piecewise linear with jumps",
            key: "perspective",
            statement: "a lasso over columns if it is constant between its jumps, with `output_l1 subject to hidden_norm <= r`; otherwise not solved by this version",
        },
        Class::PiecewiseLinear { jumps: false } => Theorem {
            class: "piecewise linear, kinks off zero",
            key: "perspective",
            statement: "one perspective pair (u, s) per cell, with `output_l1 subject to hidden_norm <= r`; exact for any width >= 2 x cells",
        },
    }
}

/// Which theorem covers an architecture: its gates, if it has some, or the class of its activation.
pub fn theorem_of(architecture: &Architecture) -> Theorem {
    match architecture.gates {
        // The largest of linear maps is none, but still of degree 1.
        None if architecture.largest() && architecture.activation.class() == Class::Linear => theorem(Class::Homogeneous),
        None => theorem(architecture.activation.class()),
        Some(_) => Theorem {
            class: "linear behind fixed gates",
            key: "gated",
            statement: "one free group of weights per gate, a group lasso without cones: exact over all networks with these gates",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relu_in_words() {
        assert_eq!(normal_form(&Activation::relu()), "breaks 0   slopes 0, 1");
        assert_eq!(theorem(Activation::relu().class()).key, "two-layer-homogeneous");
    }
}
