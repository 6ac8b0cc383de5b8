//! Standardisation folded into the weights: w·((x - s) / c) + b = (w / c)·x + (b - w·(s / c)), and the same for the targets' units.

use super::{Error, Saved};
use crate::problem::{Bias, Column, Matrix, Skip, Target};

/// The same network for raw columns and raw targets; what has no place for an offset is refused.
pub fn folded(saved: &Saved) -> Result<Saved, Error> {
    let mut folded = saved.clone();
    fold_inputs(&mut folded)?;
    fold_target(&mut folded)?;
    Ok(folded)
}

/// A column as it stands in the file.
fn raw(column: &Column) -> Column {
    Column { name: column.name.clone(), shift: 0.0, scale: 1.0 }
}

fn fold_inputs(saved: &mut Saved) -> Result<(), Error> {
    let columns = std::mem::take(&mut saved.columns);
    let seen = match &saved.convolution {
        None => columns.clone(),
        Some(convolution) => vec![alike(&columns, convolution.padding)?; convolution.patch()],
    };
    let moved = columns.iter().any(|column| column.shift != 0.0);
    let biased = saved.bias != Bias::None;
    let rows = |matrix: &Matrix, seen: &[Column]| -> Matrix {
        let width = seen.len() + usize::from(biased || moved);
        let values = matrix.each_row().flat_map(|row| layer(row, seen, biased, moved)).collect();
        Matrix::new(matrix.rows, width, values)
    };
    saved.network.hidden = rows(&saved.network.hidden, &seen);
    saved.network.gates = saved.network.gates.as_ref().map(|gates| rows(gates, &columns));
    if let Some(skip) = saved.network.skip.as_ref().filter(|skip| skip.weights.columns > 0) {
        let folded = |(weights, intercept): (&[f64], f64)| {
            let (weights, offset) = line(weights, &columns);
            weights.into_iter().chain([intercept + offset]).collect::<Vec<f64>>()
        };
        let factors = skip.rows().flat_map(folded).collect();
        saved.network.skip = Skip::of(&Matrix::new(skip.weights.rows, columns.len() + 1, factors));
    }
    if moved {
        saved.bias = Bias::Penalised;
    }
    saved.columns = columns.iter().map(raw).collect();
    Ok(())
}

/// One row of a layer, its bias behind it if it had one or now needs one.
fn layer(row: &[f64], seen: &[Column], biased: bool, moved: bool) -> Vec<f64> {
    let (mut weights, offset) = line(&row[..seen.len()], seen);
    if biased || moved {
        weights.push(row.get(seen.len()).copied().unwrap_or(0.0) + offset);
    }
    weights
}

/// w / c and -w·(s / c).
fn line(w: &[f64], columns: &[Column]) -> (Vec<f64>, f64) {
    let weights: Vec<f64> = w.iter().zip(columns).map(|(w, column)| w / column.scale).collect();
    let offset = weights.iter().zip(columns).map(|(w, column)| -w * column.shift).sum();
    (weights, offset)
}

/// The one column that a filter sees in every place.
fn alike(columns: &[Column], padding: usize) -> Result<Column, Error> {
    let first = columns.first().cloned().unwrap_or_else(|| Column { name: String::new(), shift: 0.0, scale: 1.0 });
    let same = columns.iter().all(|column| column.shift == first.shift && column.scale == first.scale);
    if !same || (padding > 0 && first.shift != 0.0) {
        let why = if same { "its padding stands for the mean" } else { "its filters see columns of several scales" };
        return Err(Error(format!("standardisation cannot be folded into a convolution when {why}; export without --fold")));
    }
    Ok(first)
}

fn fold_target(saved: &mut Saved) -> Result<(), Error> {
    let scales: Vec<(f64, f64)> = (0..saved.target.outputs()).map(|output| scaling(saved.target.of(output))).collect();
    let outputs = saved.network.output.columns;
    saved.network.output.values.iter_mut().enumerate().for_each(|(at, a)| *a *= scales[at % outputs].0);
    if saved.network.skip.is_some() || scales.iter().any(|(_, shift)| *shift != 0.0) {
        let skip = saved.network.skip.take().unwrap_or_else(|| Skip::zero(outputs));
        let folded = |((weights, intercept), (scale, shift)): ((&[f64], f64), &(f64, f64))| {
            weights.iter().map(|w| w * scale).chain([intercept * scale + shift]).collect::<Vec<f64>>()
        };
        let factors = skip.rows().zip(&scales).flat_map(folded).collect();
        saved.network.skip = Skip::of(&Matrix::new(outputs, skip.weights.columns + 1, factors));
    }
    saved.target = unscaled(&saved.target);
    Ok(())
}

fn scaling(target: &Target) -> (f64, f64) {
    if let Target::Number(column) = target { (column.scale, column.shift) } else { (1.0, 0.0) }
}

fn unscaled(target: &Target) -> Target {
    match target {
        Target::Number(column) => Target::Number(raw(column)),
        Target::Several(all) => Target::Several(all.iter().map(unscaled).collect()),
        other => other.clone(),
    }
}
