//! How well a network fits rows: classes guessed right, or R² of a number.

use crate::problem::{Network, Problem, Rows, Target};

/// R² = 1 - Σ(y - f)² / Σ(y - mean y)², the mean of the outputs' where there are several, or the share of rows whose class is right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fit {
    Accuracy {
        n: usize,
        correct: usize,
    },
    /// `None` where every target is the same, so that R² has no meaning.
    R2 {
        n: usize,
        r2: Option<f64>,
    },
}

impl Fit {
    pub fn of(problem: &Problem, network: &Network, rows: &Rows) -> Fit {
        let outputs = network.forward(&problem.architecture, &rows.inputs);
        let (n, target) = (rows.inputs.rows, &problem.dataset.target);
        if let Target::Classes { .. } | Target::Labels { .. } = target {
            // The class of a row of targets is told in the same way as that of its outputs.
            let pairs = outputs.chunks(target.outputs()).zip(rows.targets.chunks(target.outputs()));
            let correct = pairs.filter(|(f, y)| target.class(f) == target.class(y)).count();
            return Fit::Accuracy { n, correct };
        }
        let of_one = |output| {
            let one = target.of(output);
            let predicted = |f: f64| if let Target::Count { .. } = one { one.prediction(f) } else { f };
            let outputs: Vec<f64> = problem.column(&outputs, output).into_iter().map(predicted).collect();
            r2(&outputs, &problem.column(&rows.targets, output))
        };
        let all: Option<Vec<f64>> = (0..target.outputs()).map(of_one).collect();
        Fit::R2 { n, r2: all.map(|all| all.iter().sum::<f64>() / all.len() as f64) }
    }

    /// `4/4`, `R2 0.614`.
    pub fn words(&self) -> String {
        match self {
            Fit::Accuracy { n, correct } => format!("{correct}/{n}"),
            // Adding 0 turns -0 into 0.
            Fit::R2 { r2: Some(r2), .. } if r2.abs() < 1e3 => format!("R2 {:.3}", (1000.0 * r2).round() / 1000.0 + 0.0),
            Fit::R2 { r2: Some(r2), .. } => format!("R2 {r2:.1e}"),
            Fit::R2 { r2: None, .. } => "R2 undefined: all targets are equal".to_string(),
        }
    }

    /// The row's label in the summary.
    pub fn label(&self) -> &'static str {
        match self {
            Fit::Accuracy { .. } => "accuracy",
            Fit::R2 { .. } => "fit",
        }
    }

    /// How many rows were judged.
    pub fn rows(&self) -> usize {
        match *self {
            Fit::Accuracy { n, .. } | Fit::R2 { n, .. } => n,
        }
    }
}

/// Equal targets are told by comparing them, never by a variance that rounding leaves; offsets are scaled before they are squared.
fn r2(outputs: &[f64], targets: &[f64]) -> Option<f64> {
    let first = *targets.first()?;
    // Halves, so that a difference cannot overflow.
    let offsets: Vec<f64> = targets.iter().map(|y| y / 2.0 - first / 2.0).collect();
    let scale = offsets.iter().fold(0.0, |most: f64, offset| most.max(offset.abs()));
    if scale == 0.0 {
        return None;
    }
    let mean = offsets.iter().map(|offset| offset / scale).sum::<f64>() / offsets.len() as f64;
    let spread: f64 = offsets.iter().map(|offset| (offset / scale - mean).powi(2)).sum();
    let missed: f64 = outputs.iter().zip(targets).map(|(f, y)| ((y / 2.0 - f / 2.0) / scale).powi(2)).sum();
    Some((1.0 - missed / spread).max(f64::MIN))
}
