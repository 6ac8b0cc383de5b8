//! E0500: what the language knows, the checker has found right, and this version cannot solve.

use super::checker::Checker;
use crate::loss::LOSSES;
use crate::syntax::tree::Span;

/// The way out for activations with jumps.
pub const KINK_AT_ZERO: &str = "use an activation whose only kink is at 0, and that is 0 there: `relu`, `leaky_relu(0.1)` or `abs`";

impl Checker {
    /// Notes something that is right and cannot be solved yet; reported only if the model has no error.
    pub fn not_yet_here(&mut self, what: &str, span: &Span, help: Option<&str>) {
        let error = self
            .error("E0500", format!("`{what}` cannot be solved by this version yet"), span, "right, but not solvable yet")
            .note(supported());
        self.not_yet(match help {
            Some(help) => error.help(help),
            None => error,
        });
    }

    /// The same with code that takes the thing's place.
    pub fn not_yet_but(&mut self, what: &str, span: &Span, help: &str, code: &str) {
        let error = self
            .error("E0500", format!("`{what}` cannot be solved by this version yet"), span, "right, but not solvable yet")
            .note(supported());
        self.not_yet(error.replace(help, code));
    }
}

/// What this version solves, in words.
fn supported() -> String {
    let losses: Vec<&str> = LOSSES.iter().map(|loss| loss.name()).collect();
    format!(
        "this version solves dense -> activation -> dense: relu, leaky_relu, abs, linear and gated_relu with\n\
         weight_decay, any activation without jumps, or constant between them, with output_l1\n\
         subject to hidden_norm <= r, step and sign with output_l1 alone;\n\
         several outputs too, those that share neurons without skip;\n\
         the losses are {}",
        losses.join(", ")
    )
}
