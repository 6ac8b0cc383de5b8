//! `gated_relu`: its gates, drawn or from a file, and the arrangements that go with it.

use super::checker::Checker;
use super::exactness::Case;
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::model::{GateSpec, VectorFile};
use crate::syntax::tree::{Arg, Expr, Name, Span, Term};

/// The most gates that may be drawn.
const MOST: u64 = 1_000_000;

impl Checker {
    /// `gated_relu(gates = 200, seed = 1)` or `gated_relu(gates = npy("G.npy"))`.
    pub fn gated(&mut self, name: &Name, args: &[Arg], span: &Span) -> Option<GateSpec> {
        let values = self.arguments(name, args, &["gates", "seed"])?;
        let Some(gates) = values[0] else { return self.refuse(self.missing_argument(name, "gated_relu(gates = 200, seed = 1)")) };
        match &gates.term {
            Term::Call { name, args } if name.text == "npy" => {
                let path = self.one(name, args, "npy(\"G.npy\")")?;
                if let Some(seed) = values[1] {
                    let error = self.error("E0115", "a seed has no effect on gates from a file", &seed.span, "nothing is drawn");
                    return self.refuse(error.help("leave `seed` out"));
                }
                self.vector_file("npy", path, "a file of gates").map(GateSpec::File)
            }
            Term::Call { .. } | Term::Text(_) | Term::List(_) => {
                self.refuse(self.wrong_type("gates", "a number or a file", "200` or `npy(\"G.npy\")", gates))
            }
            _ => {
                let count = self.whole("gates", gates, 1, MOST)? as usize;
                let seed = values[1].map_or(Some(0), |seed| self.seed(seed))?;
                Some(GateSpec::Drawn { count, seed, place: self.place(span) })
            }
        }
    }

    /// The name of a file of vectors, relative to the model's folder.
    pub fn vector_file(&mut self, what: &str, path: &Expr, kind: &str) -> Option<VectorFile> {
        let shown = self.text(what, path, "\"G.npy\"")?.to_string();
        if shown.is_empty() {
            let error = self.error("E0113", format!("{kind} needs a name"), &path.span, "an empty text");
            return self.refuse(error.replace("for example `\"G.npy\"`", "\"G.npy\""));
        }
        Some(VectorFile { path: self.named_file(&shown, &path.span), shown, place: self.place(&path.span) })
    }

    /// E0352: cells from gates need gates.
    pub fn cells_from_gates(&self, case: &Case) -> Option<Diagnostic> {
        let span = case.machine.from_gates.as_ref()?;
        case.net.activation.as_ref()?;
        let error = self.error("E0352", "`from_gates` needs a gated layer", span, "no gates in this model");
        Some(error.also(case.net.unit.place.clone(), "this activation has no gates").replace("write `generate`", "generate"))
    }

    /// E0354: a gated layer has its gates and no other cells.
    pub fn cells_beside_gates(&self, case: &Case) -> Option<Diagnostic> {
        let (word, span) = case.machine.partial.as_ref()?;
        if case.net.activation.is_some() {
            return None;
        }
        let message = format!("`{word}` chooses cells, and a gated layer has its gates in their place");
        let error = self.error("E0354", message, span, "nothing to choose here");
        let ways = "write `generate`, which adds gates by price, or `all` for every gate in one program";
        Some(error.also(case.net.unit.place.clone(), "these gates are the only cells").replace(ways, "generate"))
    }
}
