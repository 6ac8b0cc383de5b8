//! Shapes from left to right: what each layer receives, as far as the model file says.

use super::checker::Checker;
use super::layers::{Layer, LayerKind};

/// What flows between two layers.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// An array whose shape only its file knows.
    Unknown,
    /// Numbers in a row, how many if that is known.
    Flat(Option<usize>),
    Image(usize, usize),
    /// The places a filter has looked at, how many if that is known.
    Places(Option<usize>),
}

impl Checker {
    /// E0310 to E0314: follows the shape through the layers, up to the first that does not fit.
    pub fn follow(&mut self, start: Shape, layers: &[Layer]) -> Option<()> {
        let mut shape = start;
        for layer in layers {
            shape = match &layer.kind {
                LayerKind::Reshape(sides) => self.reshaped(&shape, layer, sides)?,
                LayerKind::Conv { .. } => self.filtered(&shape, layer)?,
                LayerKind::Pool { window } => self.pooled(&shape, layer, *window)?,
                LayerKind::Dense { width, .. } => Shape::Flat(width.as_ref().map(|width| width.value)),
                LayerKind::Unit(_) | LayerKind::Gated(_) => shape,
            };
        }
        Some(())
    }

    fn reshaped(&mut self, shape: &Shape, layer: &Layer, sides: &[usize]) -> Option<Shape> {
        let cells: usize = sides.iter().product();
        let message = match shape {
            Shape::Flat(Some(width)) if *width != cells => {
                format!("{} cannot be reshaped to {}", crate::syntax::names::count(*width, "number"), product(sides))
            }
            Shape::Places(_) => "a convolution's places cannot be reshaped".to_string(),
            _ => return Some(if let [height, width] = sides { Shape::Image(*height, *width) } else { Shape::Flat(Some(cells)) }),
        };
        self.refuse(self.error("E0311", message, &layer.span, format!("{cells} places")))
    }

    fn filtered(&mut self, shape: &Shape, layer: &Layer) -> Option<Shape> {
        let LayerKind::Conv { size, size_span, stride, padding, .. } = &layer.kind else { return None };
        let padded = |side: usize| side + 2 * padding;
        let places = |side: usize, filter: usize| (padded(side) - filter) / stride + 1;
        let sides: Vec<usize> = match (shape, size.len()) {
            (Shape::Unknown | Shape::Flat(None), 1) | (Shape::Unknown, _) => return Some(Shape::Places(None)),
            (Shape::Flat(Some(length)), 1) => vec![*length],
            (Shape::Image(height, width), 2) => vec![*height, *width],
            (Shape::Places(_), _) => return self.refuse(super::checker::Checker::second_filter(self, layer)),
            (_, dimensions) => return self.wrong_dimension(layer, dimensions),
        };
        if sides.iter().zip(size).any(|(side, filter)| *filter > padded(*side)) {
            let (thing, whole) = if sides.len() == 1 { ("signal", format!("{}", sides[0])) } else { ("image", product(&sides)) };
            let article = if sides.len() == 1 { "a signal of length " } else { "a " };
            let after = if sides.len() == 1 { "" } else { " image" };
            let filter = if size.len() == 1 { format!("a filter of length {}", size[0]) } else { format!("a {} filter", product(size)) };
            let error = self.error(
                "E0310",
                format!("{filter} does not fit in {article}{whole}{after}"),
                size_span,
                format!("larger than the {thing}"),
            );
            let largest: Vec<String> = sides.iter().map(|side| padded(*side).to_string()).collect();
            let largest = if largest.len() == 1 { largest[0].clone() } else { format!("[{}]", largest.join(", ")) };
            return self.refuse(error.replace(format!("the largest possible size here is {largest}"), largest));
        }
        Some(Shape::Places(Some(sides.iter().zip(size).map(|(side, filter)| places(*side, *filter)).product())))
    }

    fn second_filter(&self, layer: &Layer) -> crate::syntax::diagnostic::Diagnostic {
        self.error("E0305", "this network has more than one hidden layer", &layer.span, "a second convolution")
            .note("version 1 trains networks with one hidden layer: for those the exact convex program is known")
    }

    fn wrong_dimension(&mut self, layer: &Layer, dimensions: usize) -> Option<Shape> {
        let (name, written) = (&layer.name.text, self.written(&layer.span).to_string());
        if dimensions == 1 {
            let error =
                self.error("E0313", format!("`{name}` runs along a signal, this is an image"), &layer.span, "one dimension too few");
            return self.refuse(error.help("use `conv2d(size = [3, 3])`"));
        }
        let error =
            self.error("E0313", format!("`{name}` needs an image, this is a row of numbers"), &layer.span, "which number is where?");
        self.refuse(error.replace(format!("say how they lie: `reshape(8, 8) -> {written}`"), format!("reshape(8, 8) -> {written}")))
    }

    fn pooled(&mut self, shape: &Shape, layer: &Layer, window: Option<(usize, usize)>) -> Option<Shape> {
        match (shape, window) {
            (Shape::Places(Some(places)), Some((size, _))) if size > *places => {
                let message = format!("a window of {size} does not fit in {places} places");
                let error = self.error("E0310", message, &layer.span, "larger than what it pools");
                let code = layer.name.text.clone();
                self.refuse(error.replace("pool the whole signal", code))
            }
            (Shape::Places(places), Some((size, stride))) => Some(Shape::Places(places.map(|places| (places - size) / stride + 1))),
            (Shape::Places(_), None) => Some(Shape::Places(Some(1))),
            _ => {
                let error =
                    self.error("E0314", format!("`{}` has nothing to pool", layer.name.text), &layer.span, "no convolution before it");
                self.refuse(error.help("pool after a convolution and its activation: `conv1d(size = 3) -> relu -> avg_pool -> dense`"))
            }
        }
    }
}

/// `9 x 3`.
fn product(sides: &[usize]) -> String {
    sides.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}
