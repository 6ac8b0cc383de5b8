//! The picture of a path: loss and penalty, neurons, and fits, each against the walked value on a scale of logarithms.

use super::path::measure;
use super::{Path, Point, plain};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 26.0;

/// One curve of a panel: its name, its colour, and its value at each point.
type Curve<'a> = (&'a str, &'a str, Vec<Option<f64>>);

/// The picture as SVG; the same path gives the same bytes.
pub fn picture(path: &Path) -> String {
    let of = |pick: &dyn Fn(&Point) -> Option<f64>| path.points.iter().map(pick).collect::<Vec<_>>();
    let panels: [(&str, Vec<Curve>); 4] = [
        ("mean loss", vec![("training rows", "#1f6feb", of(&|p| Some(p.train_loss))), ("not trained on", "#d1242f", of(&|p| p.held_out))]),
        ("penalty", vec![("penalty", "#1f6feb", of(&|p| Some(p.score.penalty)))]),
        ("neurons", vec![("neurons", "#1f6feb", of(&|p| Some(p.neurons as f64)))]),
        ("fit", vec![("train", "#1f6feb", of(&|p| measure(&p.train))), ("test", "#d1242f", of(&|p| p.test.as_ref().and_then(measure)))]),
    ];
    let height = HEIGHT * panels.len() as f64 + 30.0;
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' font-family='sans-serif' font-size='12'>\n\
         <rect width='{WIDTH}' height='{height}' fill='white'/>\n"
    );
    for (at, (title, curves)) in panels.iter().enumerate() {
        svg += &panel(path, title, curves, HEIGHT * at as f64);
    }
    let middle = 0.5 * (LEFT + WIDTH - RIGHT);
    svg + &format!("<text x='{middle}' y='{}' text-anchor='middle'>{}</text>\n</svg>\n", height - 8.0, escaped(path.name()))
}

fn panel(path: &Path, title: &str, curves: &[Curve], top: f64) -> String {
    let xs: Vec<f64> = path.points.iter().map(|point| scale(path, point.value)).collect();
    let values = || curves.iter().flat_map(|(_, _, values)| values.iter().flatten().copied()).filter(|value| value.is_finite());
    let (low, high) = ends(values());
    let (left, right) = ends(xs.iter().copied());
    let x = |value: f64| LEFT + (value - left) / (right - left) * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| top + HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
    let (foot, edge) = (top + HEIGHT - BOTTOM, WIDTH - RIGHT);
    let mut svg = format!("<text x='{LEFT}' y='{:.1}' font-weight='bold'>{title}</text>\n", top + 18.0);
    svg += &format!("<path d='M{LEFT} {:.1}V{foot:.1}H{edge}' fill='none' stroke='#888'/>\n", top + TOP);
    for value in [low, high] {
        svg += &format!("<text x='{}' y='{:.1}' text-anchor='end'>{}</text>\n", LEFT - 6.0, y(value) + 4.0, label(value));
    }
    for (at, anchor) in [(path.points.len().saturating_sub(1), "start"), (0, "end")] {
        if let Some(point) = path.points.get(at) {
            svg += &format!("<text x='{:.1}' y='{:.1}' text-anchor='{anchor}'>{}</text>\n", x(xs[at]), foot + 15.0, label(point.value));
        }
    }
    if let Some((chosen, _)) = &path.chosen {
        svg += &format!("<path d='M{:.1} {:.1}V{foot:.1}' stroke='#888' stroke-dasharray='3 3'/>\n", x(xs[*chosen]), top + TOP);
    }
    for (number, (name, colour, values)) in curves.iter().enumerate().filter(|(_, (_, _, values))| values.iter().any(Option::is_some)) {
        let points = xs.iter().zip(values).filter_map(|(at, value)| Some((*at, value.filter(|value| value.is_finite())?)));
        let line: Vec<String> = points.map(|(at, value)| format!("{:.1},{:.1}", x(at), y(value))).collect();
        svg += &format!("<polyline points='{}' fill='none' stroke='{colour}' stroke-width='2'/>\n", line.join(" "));
        svg += &format!("<text x='{}' y='{:.1}' fill='{colour}'>{name}</text>\n", edge + 10.0, top + TOP + 12.0 + 16.0 * number as f64);
    }
    svg
}

/// Logarithms, unless a value has none.
fn scale(path: &Path, value: f64) -> f64 {
    if path.points.iter().all(|point| point.value > 0.0) { libm::log(value) } else { value }
}

/// The least and the largest, never the same.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match (low < high, low.is_finite()) {
        (true, _) => (low, high),
        (false, true) => (low - 0.5, low + 0.5),
        (false, false) => (0.0, 1.0),
    }
}

/// Three digits: a label, not a claim.
fn label(value: f64) -> String {
    format!("{value:.2e}").parse().map_or(String::new(), plain)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
