//! One layer: its word, its arguments, and if it is an activation its normal form.

use super::checker::Checker;
use super::curved;
use super::library::{JOINS, Library};
use super::network::LAYERS;
use crate::exact::{Rational, double};
use crate::problem::Activation;
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::model::{GateSpec, Placed};
use crate::syntax::names::similar;
use crate::syntax::tree::{Arg, Expr, Name, Span, Term};

/// The most neurons that `dense(n)` may ask for, and the longest side of a filter or window.
const MOST: u64 = 1_000_000;

/// A layer as written.
#[derive(Clone, Debug)]
pub struct Layer {
    pub name: Name,
    pub span: Span,
    pub kind: LayerKind,
}

#[derive(Clone, Debug)]
pub enum LayerKind {
    Dense { width: Option<Placed<usize>>, shift: Shift },
    Conv { size: Placed<Vec<usize>>, stride: usize, padding: usize, channels: Option<Placed<usize>>, shift: Shift },
    Pool { window: Option<(usize, usize)> },
    Reshape(Vec<usize>),
    Unit(Activation),
    Gated(GateSpec),
}

/// The bias of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    None,
    Penalised,
    Free,
}

impl Checker {
    pub fn layer(&mut self, library: &mut Library, scope: usize, expr: &Expr) -> Option<Layer> {
        let Some((name, args)) = expr.head() else {
            let error = self.error("E0302", "this is neither a layer nor an activation", &expr.span, super::value::nature(expr));
            return self.refuse(error.note(format!("the layers are: {}", LAYERS.join(", "))));
        };
        let kind = match name.text.as_str() {
            "dense" => self.dense(&name, args),
            "conv1d" | "conv2d" => self.conv(&name, args),
            "avg_pool" | "max_pool" | "sum_pool" => self.pool(&name, args),
            "reshape" => self.reshape(&name, args),
            "gated_relu" => self.gated(&name, args, &expr.span).map(LayerKind::Gated),
            "skip" => {
                let error = self.error("E0307", "`skip` stands beside the layers, not between them", &expr.span, "in the line of layers");
                self.refuse(error.help("for example `features -> (dense -> relu -> dense) + skip -> y`"))
            }
            _ => self.unit(library, scope, &name, args).map(LayerKind::Unit),
        }?;
        Some(Layer { name, span: expr.span.clone(), kind })
    }

    /// `dense`, `dense(8)`, `dense(bias)`, `dense(8, bias = free)`.
    fn dense(&mut self, name: &Name, args: &[Arg]) -> Option<LayerKind> {
        let (mut width, mut shift) = (None, Shift::None);
        for arg in args {
            match &arg.label {
                None if arg.value.word() == Some("bias") => shift = Shift::Penalised,
                None if self.nearly_bias(&arg.value) => {
                    let error = self.error("E0117", "`dense` takes a width and `bias`", &arg.value.span, "unknown word");
                    return self.refuse(error.replace("there is a word with a similar name: `bias`", "bias"));
                }
                None => width = Some(self.whole("dense", &arg.value, 1, MOST).map(|n| self.placed(n as usize, &arg.value.span))?),
                Some(label) if label.text == "bias" => shift = self.bias(&arg.value)?,
                Some(_) => {
                    self.arguments(name, std::slice::from_ref(arg), &["width", "bias"])?;
                    width = Some(self.whole("width", &arg.value, 1, MOST).map(|n| self.placed(n as usize, &arg.value.span))?);
                }
            }
        }
        if args.len() > 2 {
            return self.refuse(self.error(
                "E0115",
                "`dense` takes a width and `bias`, nothing more",
                &args[2].value.span,
                "one argument too many",
            ));
        }
        Some(LayerKind::Dense { width, shift })
    }

    /// Whether it is a word like `bias` that no parameter has.
    fn nearly_bias(&self, expr: &Expr) -> bool {
        let known = |word: &str| self.parameters.iter().any(|parameter| parameter.name.text == word);
        expr.word().is_some_and(|word| !known(word) && similar(word, ["bias"]).is_some())
    }

    fn bias(&mut self, expr: &Expr) -> Option<Shift> {
        Some(match self.choice("bias", expr, &["free", "penalised", "none"])? {
            "free" => Shift::Free,
            "none" => Shift::None,
            _ => Shift::Penalised,
        })
    }

    /// `conv1d(size, stride, padding, channels)`, `conv2d(size = [3, 3], stride = 2)`.
    fn conv(&mut self, name: &Name, args: &[Arg]) -> Option<LayerKind> {
        let is_bias = |arg: &&Arg| arg.label.is_none() && arg.value.word() == Some("bias");
        let shift = if args.iter().any(|arg| is_bias(&arg)) { Shift::Penalised } else { Shift::None };
        let args: Vec<Arg> = args.iter().filter(|arg| !is_bias(arg)).cloned().collect();
        let values = self.arguments(name, &args, &["size", "stride", "padding", "channels", "bias"])?;
        let sides = if name.text == "conv1d" { 1 } else { 2 };
        let example = if sides == 1 { "conv1d(size = 3)" } else { "conv2d(size = [3, 3])" };
        let Some(size) = values[0] else { return self.refuse(self.missing_argument(name, example)) };
        let read = self.size(size, sides)?;
        let stride = values[1].map_or(Some(1), |expr| self.whole("stride", expr, 1, MOST))? as usize;
        let padding = values[2].map_or(Some(0), |expr| self.whole("padding", expr, 0, MOST))? as usize;
        let channels = match values[3] {
            None => None,
            Some(expr) => Some(self.whole("channels", expr, 1, MOST).map(|n| self.placed(n as usize, &expr.span))?),
        };
        let shift = values[4].map_or(Some(shift), |expr| self.bias(expr))?;
        Some(LayerKind::Conv { size: self.placed(read, &size.span), stride, padding, channels, shift })
    }

    /// The sides of a filter; one number is a square.
    fn size(&mut self, expr: &Expr, sides: usize) -> Option<Vec<usize>> {
        let Term::List(items) = &expr.term else {
            return self.whole("size", expr, 1, MOST).map(|side| vec![side as usize; sides]);
        };
        if items.len() != sides {
            let example = if sides == 1 { "3" } else { "[3, 3]" };
            let needs = if sides == 1 { "one whole number" } else { "two whole numbers" };
            return self.refuse(self.wrong_type("size", needs, example, expr));
        }
        let read: Vec<_> = items.iter().map(|item| self.whole("size", item, 1, MOST)).collect();
        read.into_iter().map(|side| side.map(|side| side as usize)).collect()
    }

    /// The whole signal, or windows of `(size, stride)`.
    fn pool(&mut self, name: &Name, args: &[Arg]) -> Option<LayerKind> {
        let values = self.arguments(name, args, &["size", "stride"])?;
        let Some(size) = values[0] else {
            return match values[1] {
                Some(_) => self.refuse(self.missing_argument(name, &format!("{}(2, stride = 2)", name.text))),
                None => Some(LayerKind::Pool { window: None }),
            };
        };
        let size = self.whole("size", size, 1, MOST)? as usize;
        let stride = values[1].map_or(Some(size), |expr| self.whole("stride", expr, 1, MOST).map(|s| s as usize))?;
        Some(LayerKind::Pool { window: Some((size, stride)) })
    }

    fn reshape(&mut self, name: &Name, args: &[Arg]) -> Option<LayerKind> {
        let values = self.arguments(name, args, &["rows", "columns"])?;
        if values[0].is_none() {
            return self.refuse(self.missing_argument(name, "reshape(8, 8)"));
        }
        let sides: Vec<_> = values.into_iter().flatten().map(|expr| self.whole("reshape", expr, 1, MOST)).collect();
        Some(LayerKind::Reshape(sides.into_iter().map(|side| side.map(|side| side as usize)).collect::<Option<_>>()?))
    }

    /// An activation with its arguments.
    fn unit(&mut self, library: &mut Library, scope: usize, name: &Name, args: &[Arg]) -> Option<Activation> {
        let Some(key) = library.find(scope, &name.text) else {
            return if library.reported(scope, &name.text) { None } else { self.refuse(self.no_such_layer(library, scope, name)) };
        };
        let given: Vec<_> =
            args.iter().map(|arg| Some((arg.label.as_ref(), self.number(&name.text, &arg.value)?, &arg.value.span))).collect();
        let given: Vec<_> = given.into_iter().collect::<Option<_>>()?;
        let values = library.with_defaults(scope, key, &given)?;
        let function = library.function(key, values.clone(), &self.place(&name.span))?;
        let words = if args.is_empty() { name.text.clone() } else { format!("{}({})", name.text, list(&values)) };
        let place = self.place(&name.span);
        match normal_form(&words, &function, place) {
            Ok(activation) => Some(activation),
            // With its defaults the definition has been refused already, where it stands.
            Err(_) if args.is_empty() => None,
            Err(error) => self.refuse(error),
        }
    }

    fn no_such_layer(&self, library: &Library, scope: usize, name: &Name) -> Diagnostic {
        if let Some(error) = curved::refusal(&name.text, self.place(&name.span)) {
            return error;
        }
        let error = self.error("E0302", format!("`{}` is neither a layer nor an activation", name.text), &name.span, "unknown");
        if JOINS.contains(&name.text.as_str()) {
            return error.help(format!(
                "`{}` joins expressions: define an activation, such as `activation f(x) = {}(x, 0.5*x)`",
                name.text, name.text
            ));
        }
        let known = library.names(scope);
        match similar(&name.text, LAYERS.iter().copied().chain(known.iter().copied())) {
            Some(near) => error.replace(format!("there is one with a similar name: `{near}`"), near),
            None => error.note(format!("the layers are: {}\nthe activations are: {}", LAYERS.join(", "), known.join(", "))),
        }
    }
}

fn list(values: &[Rational]) -> String {
    values.iter().map(super::value::shown).collect::<Vec<_>>().join(", ")
}

/// A function as an activation, if it can be one.
pub fn normal_form(
    name: &str,
    function: &super::function::Function,
    place: crate::syntax::diagnostic::Place,
) -> Result<Activation, Diagnostic> {
    let pieces = match function.pieces() {
        Ok(pieces) => pieces,
        Err(at) => {
            let message = format!("`{name}` takes a value of its own at the single point {}", super::value::shown(&at));
            let error =
                Diagnostic::error("E0225", message, place, "neither the piece on the left nor the one on the right goes through it");
            return Err(error.help("let one of the two pieces hold the point: move it with `<` or `<=`"));
        }
    };
    if function.as_constant().is_some() {
        let error = Diagnostic::error("E0226", format!("`{name}` is the same for every input"), place, "a constant");
        return Err(error
            .note("a neuron that always answers the same learns nothing")
            .help("use an activation that bends, such as `relu`"));
    }
    let numbers = pieces.iter().flat_map(|piece| [Some(&piece.slope), Some(&piece.intercept), piece.from.as_ref()]).flatten();
    if numbers.into_iter().any(|number| !representable(number)) {
        let error = Diagnostic::error("E0224", "this activation is too large to be worked with", place, "its numbers do not fit a double");
        return Err(error.help("scale it to ordinary numbers"));
    }
    Ok(Activation::new(name, pieces))
}

/// Whether a number survives the way into a double.
fn representable(number: &Rational) -> bool {
    let value = double(number);
    value.is_finite() && (value != 0.0 || *number == Rational::ZERO)
}
