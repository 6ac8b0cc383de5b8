//! Small terminal pictures in braille dots: the fit of a model with one input, the graph of an activation.

use crate::problem::{Activation, Matrix, Network, Problem, Target};

const COLUMNS: usize = 60;
const LINES: usize = 12;

/// A rectangle of the plane, drawn on COLUMNS x LINES characters of 2 x 4 dots.
struct Canvas {
    x: (f64, f64),
    y: (f64, f64),
    dots: Vec<u8>,
    marks: Vec<(usize, char)>,
}

impl Canvas {
    fn new(x: (f64, f64), y: (f64, f64)) -> Self {
        Canvas { x, y, dots: vec![0; COLUMNS * LINES], marks: Vec::new() }
    }

    /// The dot column and row of a point, if it is inside.
    fn dot(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let across = (x - self.x.0) / (self.x.1 - self.x.0) * (2 * COLUMNS - 1) as f64;
        let down = (self.y.1 - y) / (self.y.1 - self.y.0) * (4 * LINES - 1) as f64;
        let inside = (0.0..2.0 * COLUMNS as f64).contains(&across) && (0.0..4.0 * LINES as f64).contains(&down);
        inside.then_some((across.round() as usize, down.round() as usize))
    }

    fn draw(&mut self, x: f64, y: f64) {
        if let Some((across, down)) = self.dot(x, y)
            && across / 2 < COLUMNS
            && down / 4 < LINES
        {
            const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
            self.dots[down / 4 * COLUMNS + across / 2] |= BITS[across % 2][down % 4];
        }
    }

    fn mark(&mut self, x: f64, y: f64, mark: char) {
        if let Some((across, down)) = self.dot(x, y) {
            self.marks.push(((down / 4).min(LINES - 1) * COLUMNS + (across / 2).min(COLUMNS - 1), mark));
        }
    }

    fn graph(&mut self, f: impl Fn(f64) -> f64) {
        let steps = 8 * COLUMNS;
        for step in 0..=steps {
            let x = self.x.0 + (self.x.1 - self.x.0) * step as f64 / steps as f64;
            self.draw(x, f(x));
        }
    }

    /// The picture with its corners labelled.
    fn text(&self, label_x: impl Fn(f64) -> String, label_y: impl Fn(f64) -> String) -> String {
        let mut cells: Vec<char> = self.dots.iter().map(|&dots| braille(dots)).collect();
        self.marks.iter().for_each(|&(at, mark)| cells[at] = mark);
        let mut text = String::new();
        for (i, line) in cells.chunks(COLUMNS).enumerate() {
            let label = if i == 0 {
                label_y(self.y.1)
            } else if i == LINES - 1 {
                label_y(self.y.0)
            } else {
                String::new()
            };
            let drawn: String = line.iter().collect();
            text.push_str(format!("  {label:>10} │{drawn}").trim_end());
            text.push('\n');
        }
        let (left, right) = (label_x(self.x.0), label_x(self.x.1));
        text.push_str(&format!("  {:>10} └{}\n", "", "─".repeat(COLUMNS)));
        text.push_str(&format!("  {:>10}  {left}{right:>1$}\n", "", COLUMNS - left.chars().count()));
        text
    }
}

fn braille(dots: u8) -> char {
    if dots == 0 { ' ' } else { char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ') }
}

/// The least and the largest value, widened a little so that nothing sits on the frame.
fn range(values: impl Iterator<Item = f64>, margin: f64) -> Option<(f64, f64)> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let width = if high > low { high - low } else { 1.0 };
    (low.is_finite() && high.is_finite() && width.is_finite()).then_some((low - margin * width, high + margin * width))
}

/// Data (`o`) and fitted function of a model with one input and one output, in the units of the data; `None` for other models.
pub fn fit_plot(problem: &Problem, network: &Network) -> Option<String> {
    let dataset = &problem.dataset;
    let [column] = dataset.columns.as_slice() else { return None };
    if problem.outputs() != 1 {
        return None;
    }
    let rows = &dataset.train;
    let output = |x: f64| network.forward(&problem.architecture, &Matrix::new(1, 1, vec![x]))[0];
    // Counts are drawn beside rates; other targets in the units that the network sees.
    let value = |x: f64| if let Target::Count { .. } = dataset.target { dataset.target.prediction(output(x)) } else { output(x) };
    let x = range(rows.inputs.values.iter().copied(), 0.04)?;
    let fitted = rows.inputs.values.iter().map(|&x| value(x));
    let mut canvas = Canvas::new(x, range(rows.targets.iter().copied().chain(fitted), 0.05)?);
    canvas.graph(value);
    rows.inputs.values.iter().zip(&rows.targets).for_each(|(&x, &y)| canvas.mark(x, y, 'o'));
    let (shift, scale) = match &dataset.target {
        Target::Number(target) => (target.shift, target.scale),
        _ => (0.0, 1.0),
    };
    let heading = format!("  {} against {}: data o, network dotted\n", dataset.target.name(), column.name);
    Some(heading + &canvas.text(|x| short(x * column.scale + column.shift), |y| short(y * scale + shift)))
}

/// Loss of training rows (`·`) and of rows not trained on (`o`) against the walked value on a scale of logarithms; `None` where there is nothing to see.
pub fn path_plot(path: &super::Path) -> Option<String> {
    let points: Vec<_> = path.points.iter().filter(|point| point.value > 0.0).collect();
    let rows = |point: &super::Point| point.train_loss;
    if points.len() < 2 {
        return None;
    }
    let x = range(points.iter().map(|point| point.value.ln()), 0.02)?;
    let y = range(points.iter().flat_map(|point| [Some(rows(point)), point.held_out]).flatten(), 0.05)?;
    let mut canvas = Canvas::new(x, y);
    for pair in points.windows(2) {
        let (a, b) = ((pair[0].value.ln(), rows(pair[0])), (pair[1].value.ln(), rows(pair[1])));
        (0..=100).map(|step| f64::from(step) / 100.0).for_each(|t| canvas.draw(a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)));
    }
    points.iter().for_each(|point| {
        if let Some(loss) = point.held_out {
            canvas.mark(point.value.ln(), loss, 'o');
        }
    });
    let aside = if points.iter().any(|point| point.held_out.is_some()) { ", of rows not trained on o" } else { "" };
    let heading = format!("  mean loss against {}: of training rows dotted{aside}\n", path.name());
    Some(heading + &canvas.text(|x| short(x.exp()), short))
}

/// The graph of an activation around its breaks.
pub fn curve(activation: &Activation) -> String {
    let reach = activation.pieces.iter().filter_map(|p| p.from.as_ref()).map(|from| from.to_f64().value().abs()).fold(1.0, f64::max);
    let x = (-2.0 * reach, 2.0 * reach);
    let samples = (0..=400).map(|i| activation.value(x.0 + (x.1 - x.0) * f64::from(i) / 400.0));
    let mut canvas = Canvas::new(x, range(samples, 0.05).unwrap_or((-1.0, 1.0)));
    canvas.graph(|x| activation.value(x));
    canvas.text(short, short)
}

/// Three significant digits: a label, not a claim.
fn short(x: f64) -> String {
    let text = format!("{x:.2e}");
    text.parse().map_or(text, super::shortest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relu_is_flat_then_rises() {
        let picture = curve(&Activation::relu());
        let lines: Vec<&str> = picture.lines().collect();
        assert_eq!(lines.len(), LINES + 2);
        assert!(lines[0].trim_end().chars().last().unwrap() > '\u{2800}', "{picture}");
        assert!(lines[LINES - 1].contains("⣀") || lines[LINES - 1].contains("⠤") || lines[LINES - 1].contains("⠒"), "{picture}");
    }

    #[test]
    fn constant_and_hostile_ranges_are_survived() {
        assert_eq!(range([2.0, 2.0].into_iter(), 0.1), Some((1.9, 2.1)));
        assert_eq!(range([f64::NAN].into_iter(), 0.1), None);
        assert_eq!(range([f64::MAX, f64::MIN].into_iter(), 0.1), None);
    }
}
