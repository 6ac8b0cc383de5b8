//! Shapes from left to right: what each layer receives, as far as the model file says.

use super::checker::Checker;
use super::layers::{Layer, LayerKind};
use crate::syntax::diagnostic::Diagnostic;
use crate::syntax::filter::{fits, reshaped};

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
        let known = match shape {
            Shape::Flat(width) => *width,
            Shape::Image(height, width) => Some(height * width),
            Shape::Unknown => None,
            Shape::Places(_) => {
                let message = "a convolution's places cannot be reshaped";
                let error = self.error("E0311", message, &layer.span, "behind a convolution");
                return self.refuse(error.help("leave this `reshape` out: a pooling layer takes the places as they are"));
            }
        };
        if let Some(Err(error)) = known.map(|cells| reshaped(cells, &self.placed(sides.to_vec(), &layer.span))) {
            return self.refuse(error);
        }
        Some(if let [height, width] = sides { Shape::Image(*height, *width) } else { Shape::Flat(Some(sides.iter().product())) })
    }

    fn filtered(&mut self, shape: &Shape, layer: &Layer) -> Option<Shape> {
        let LayerKind::Conv { size, stride, padding, .. } = &layer.kind else { return None };
        let sides: Vec<usize> = match (shape, size.value.len()) {
            (Shape::Unknown | Shape::Flat(None), 1) => return Some(Shape::Places(None)),
            (Shape::Flat(Some(length)), 1) => vec![*length],
            (Shape::Image(height, width), 2) => vec![*height, *width],
            (Shape::Places(_), _) => return self.refuse(self.second_filter(layer)),
            (_, dimensions) => return self.wrong_dimension(layer, dimensions),
        };
        if let Err(error) = fits(&sides, size, *padding) {
            return self.refuse(error);
        }
        let places = |(side, filter): (&usize, &usize)| (side + 2 * padding - filter) / stride + 1;
        Some(Shape::Places(Some(sides.iter().zip(&size.value).map(places).product())))
    }

    fn second_filter(&self, layer: &Layer) -> Diagnostic {
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
            (Shape::Places(Some(places)), Some((size, _))) if size == *places => Some(Shape::Places(Some(1))),
            (Shape::Places(_), Some(_)) => self.refuse(self.several_places(layer, "in windows")),
            (Shape::Places(_), None) => Some(Shape::Places(Some(1))),
            _ => {
                let error =
                    self.error("E0314", format!("`{}` has nothing to pool", layer.name.text), &layer.span, "no convolution before it");
                self.refuse(error.help("pool after a convolution and its activation: `conv1d(size = 3) -> relu -> avg_pool -> dense`"))
            }
        }
    }

    /// E0343: a filter with several outputs is a neuron with several outputs.
    pub fn several_places(&self, layer: &Layer, how: &str) -> Diagnostic {
        let error = self.error("E0343", "the places of a filter are not pooled into one", &layer.span, how);
        let error = error.note(
            "every filter then has an output weight for each place: its price couples the places, and for a filter\n\
             with several outputs no exact program is known (it is copositive)",
        );
        match layer.kind {
            LayerKind::Pool { .. } => error.replace("pool the whole signal", layer.name.text.clone()),
            _ => error.help("pool the whole signal behind the activation: `-> avg_pool -> dense` or `-> sum_pool -> dense`"),
        }
    }
}
