//! The cells of weight space: the full-dimensional cones into which the hyperplanes x_i·w = 0 of the data rows cut it.
//!
//! In general position n lines of rank r have 2 Σ_{k<r} C(n-1, k) cells (Cover), otherwise fewer.  They are found by cutting
//! cones given by their extreme rays, without linear programs and without tolerances: doubles are dyadic rationals, so
//! every sign is decided as it is, by floats with a proved error bound and by integers where the bound does not suffice.
//! Zero rows have bit 1 everywhere; rows on the same line agree or disagree everywhere and have one facet between them.

/// Picks the walk whose vectors are just long enough for the rank (2 or more).
macro_rules! dispatch {
    ($lines:expr, $halt:expr, $make:expr) => {
        match $lines.rank() {
            2..=3 => walk::run::<3, _>($lines, $halt, $make),
            4 => walk::run::<4, _>($lines, $halt, $make),
            5 => walk::run::<5, _>($lines, $halt, $make),
            6 => walk::run::<6, _>($lines, $halt, $make),
            7..=8 => walk::run::<8, _>($lines, $halt, $make),
            9..=12 => walk::run::<12, _>($lines, $halt, $make),
            13..=32 => walk::run::<32, _>($lines, $halt, $make),
            _ => return Err(Stop::TooMany),
        }
    };
}

mod columns;
mod cone;
mod demands;
mod field;
mod halt;
mod lines;
mod oracle;
mod pattern;
mod predicate;
mod sample;
mod slots;
mod view;
mod walk;
mod witness;

pub use columns::{Column, Half, Sides, Space, list_columns};
pub use demands::Answer;
pub use halt::Stop;
pub use lines::Lines;
pub use pattern::Pattern;
pub use sample::{Sampled, cells_of, sample};
pub use view::CellView;

use crate::problem::Matrix;
use halt::Halt;
use view::{Count, Show};

/// A cell, with all that a solver needs to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub pattern: Pattern,
    /// The rows whose inequalities really bound the cone, one per facet, in ascending order.
    pub facets: Vec<u32>,
    /// A weight vector of length d in the interior.
    pub witness: Vec<f64>,
    /// False if no double vector was found inside: the cell is real but thinner than the doubles near it.
    pub realised: bool,
}

/// The rank of `x`, exactly.
pub fn rank(x: &Matrix) -> usize {
    Lines::new(x).rank()
}

/// 2 Σ_{k<r} C(n-1, k): the most cells that `lines` distinct lines of rank `rank` can have; 1 without lines.
pub fn bound(lines: usize, rank: usize) -> f64 {
    let mut term = 1.0;
    let mut sum = 0.0;
    for k in 0..rank.min(lines) {
        sum += term;
        term *= (lines - 1 - k) as f64 / (k + 1) as f64;
    }
    if lines == 0 { 1.0 } else { 2.0 * sum }
}

/// How many cells there are, counted one by one; panics if the rank is beyond 32.
pub fn count(x: &Matrix) -> u64 {
    let lines = Lines::new(x);
    count_lines(&lines, &|| false).unwrap_or_else(|stop| panic!("{stop}"))
}

/// How many cells `lines` have, unless interrupted.
pub fn count_lines(lines: &Lines, interrupted: &(dyn Fn() -> bool + Sync)) -> Result<u64, Stop> {
    if lines.rank() < 2 {
        return Ok(1 + lines.rank() as u64);
    }
    let halt = Halt::new(interrupted, u64::MAX);
    let parts = dispatch!(lines, &halt, || Count(0));
    halt.verdict()?;
    Ok(2 * parts.iter().map(|c| c.0).sum::<u64>())
}

/// Every cell once, sorted by pattern; `TooMany` if there are more than `limit`.
pub fn list(x: &Matrix, limit: usize) -> Result<Vec<Cell>, Stop> {
    list_lines(&Lines::new(x), limit, &|| false)
}

/// Every cell of `lines` once, sorted by pattern, unless interrupted or more than `limit`.
pub fn list_lines(lines: &Lines, limit: usize, interrupted: &(dyn Fn() -> bool + Sync)) -> Result<Vec<Cell>, Stop> {
    let halt = Halt::new(interrupted, limit as u64 / 2);
    let take = |cells: &mut Vec<Cell>, view: &CellView<'_>| {
        if cells.len() <= limit {
            let (witness, realised) = view.witness();
            cells.push(Cell { pattern: view.pattern(), facets: view.facets(), witness, realised });
        }
    };
    let mut cells = fold_until(lines, &halt, Vec::new, take)?.concat();
    if cells.len() > limit {
        return Err(Stop::TooMany);
    }
    cells.sort_unstable_by(|a, b| a.pattern.cmp(&b.pattern));
    Ok(cells)
}

/// Shows every cell once to `f`, on all cores, in memory that does not grow with the number of cells.
pub fn visit(lines: &Lines, interrupted: &(dyn Fn() -> bool + Sync), f: impl Fn(&CellView<'_>) + Sync) -> Result<(), Stop> {
    fold(lines, interrupted, || (), |(), view| f(view), |(), ()| ())
}

/// Folds every cell into a state: `make` begins one per task, `step` takes a cell in, `combine` joins the states in task order.
///
/// Tasks and the order within them depend on the data alone, so the result does not depend on the number of threads
/// even if `combine` is not commutative.
pub fn fold<T: Send>(
    lines: &Lines,
    interrupted: &(dyn Fn() -> bool + Sync),
    make: impl Fn() -> T + Sync,
    step: impl Fn(&mut T, &CellView<'_>) + Sync,
    combine: impl FnMut(T, T) -> T,
) -> Result<T, Stop> {
    let halt = Halt::new(interrupted, u64::MAX);
    let states = fold_until(lines, &halt, &make, step)?;
    Ok(states.into_iter().reduce(combine).unwrap_or_else(make))
}

/// The states of all tasks, unless interrupted.
fn fold_until<T: Send>(
    lines: &Lines,
    halt: &Halt<'_>,
    make: impl Fn() -> T + Sync,
    step: impl Fn(&mut T, &CellView<'_>) + Sync,
) -> Result<Vec<T>, Stop> {
    if lines.rank() < 2 {
        return Ok(vec![few(lines, make(), step)]);
    }
    let parts = dispatch!(lines, halt, || Show::new(lines, make(), &step));
    halt.verdict()?;
    Ok(parts.into_iter().map(|show| show.state).collect())
}

/// The one cell of rank 0, or the two of rank 1.
fn few<T>(lines: &Lines, state: T, step: impl Fn(&mut T, &CellView<'_>)) -> T {
    let mut show = Show::new(lines, state, &step);
    if lines.rank() == 0 {
        let view = CellView { lines, signs: &[], mirrored: false, walls: &[], points: &[] };
        step(&mut show.state, &view);
        return show.state;
    }
    show.walls.push(0);
    show.points.push(f64::from(crate::exact::linear::sign(&lines.integers[0][0])));
    show.both(&[1]);
    show.state
}
