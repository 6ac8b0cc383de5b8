//! A cone program cut into parts that only meet in its `Zeros` rows.
//!
//! ```text
//!   minimise  Σ_p ½ x_p'Q_p x_p + c_p'x_p    subject to   A_p x_p + b_p in K_p,    Σ_p E_p x_p + e = 0
//! ```
//! *Narrow* parts meet a single row with a single column, such as one example's loss; *wide* ones many, such as a cell.  A part's
//! columns that no `Zeros` row mentions stand first: they can be eliminated inside the part.

use super::cone::Kind;
use crate::program::{Cone, Program};
use nalgebra::DMatrix;
use std::ops::Range;

/// One cone of a part.
pub struct Piece {
    pub kind: Kind,
    /// Where its rows stand among all rows of the program.
    pub rows: Range<usize>,
    /// Its rows over the part's columns, row by row.
    pub matrix: Vec<f64>,
    /// Σ ±a a', with the signs of J, for a second-order cone.
    pub gram: Vec<f64>,
}

pub struct Part {
    /// Its columns in the order of [`Parts::order`]: `local` of them first, then those that meet others.
    pub columns: Range<usize>,
    pub local: usize,
    /// Q on these columns, row by row.
    pub quadratic: Vec<f64>,
    pub pieces: Vec<Piece>,
    /// The piece, if there is one, whose first row is the part's first column alone, times this number; that column is local and
    /// stands nowhere else: the bound t of a norm.
    pub head: Option<(usize, f64)>,
}

impl Part {
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Columns that meet other parts.
    pub fn meeting(&self) -> Range<usize> {
        self.columns.start + self.local..self.columns.end
    }

    /// Whether nothing bends it: no cone and no quadratic cost.
    fn straight(&self) -> bool {
        self.pieces.is_empty() && self.quadratic.iter().all(|q| *q == 0.0)
    }
}

/// The program in parts.
pub struct Parts {
    /// The program's columns, those of each part together, narrow parts first.
    pub order: Vec<usize>,
    pub narrow: Vec<Narrow>,
    /// Wide parts, those that nothing bends last.
    pub wide: Vec<Part>,
    /// How many of the wide parts' meeting columns belong to parts that something bends.
    pub bent: usize,
    /// E of the wide parts: n rows, one column for each of their meeting columns in order.
    pub coupling: DMatrix<f64>,
    /// Numbers of the `Zeros` rows in the program, and their offsets e.
    pub rows: Vec<usize>,
    pub offsets: Vec<f64>,
}

/// A part that meets one row.
pub struct Narrow {
    pub part: Part,
    /// Which of the n rows, and the coefficient of its last column there.
    pub row: usize,
    pub coefficient: f64,
}

impl Parts {
    /// The parts of `program`; `None` if it has other cones, or a `Zeros` row that no bent narrow part meets.
    pub fn of(program: &Program) -> Option<Parts> {
        let cones = placed(&program.cones);
        let known = |cone: &Cone| matches!(cone, Cone::Zeros(_) | Cone::Nonnegatives(_) | Cone::SecondOrder(_));
        if !program.cones.iter().all(known) {
            return None;
        }
        let rows: Vec<usize> = cones.iter().filter(|(cone, _)| matches!(cone, Cone::Zeros(_))).flat_map(|(_, rows)| rows.clone()).collect();
        let mut place = vec![usize::MAX; program.height()];
        rows.iter().enumerate().for_each(|(at, row)| place[*row] = at);
        let entries = coupling(program, &rows, &place);
        let mut drafts = cut(program, &cones, &entries);
        let narrow = |draft: &Draft| match draft.meeting() {
            [column] if entries[*column].len() == 1 && !draft.part.straight() => Some(entries[*column][0]),
            _ => None,
        };
        // Stable: otherwise the order of the columns decides.
        drafts.sort_by_key(|draft| (narrow(draft).is_none(), draft.part.straight()));
        let mut parts = Parts {
            order: drafts.iter().flat_map(|draft| draft.columns.iter().copied()).collect(),
            narrow: Vec::new(),
            wide: Vec::new(),
            bent: 0,
            coupling: DMatrix::zeros(0, 0),
            offsets: rows.iter().map(|row| program.offsets[*row]).collect(),
            rows,
        };
        let mut first = 0;
        for mut draft in drafts {
            let found = narrow(&draft);
            draft.part.columns = first..first + draft.columns.len();
            first += draft.columns.len();
            match found {
                Some((row, coefficient)) => parts.narrow.push(Narrow { part: draft.part, row, coefficient }),
                None => parts.wide.push(draft.part),
            }
        }
        parts.bent = parts.wide.iter().filter(|part| !part.straight()).map(|part| part.meeting().len()).sum();
        let mut met = vec![false; parts.rows.len()];
        parts.narrow.iter().for_each(|narrow| met[narrow.row] = true);
        let columns: Vec<usize> = parts.wide.iter().flat_map(Part::meeting).collect();
        parts.coupling = DMatrix::zeros(parts.rows.len(), columns.len());
        for (at, column) in columns.iter().enumerate() {
            entries[parts.order[*column]].iter().for_each(|(row, value)| parts.coupling[(*row, at)] += value);
        }
        met.iter().all(|met| *met).then_some(parts)
    }

    /// Every part, narrow ones first.
    pub fn all(&self) -> impl Iterator<Item = &Part> {
        self.narrow.iter().map(|narrow| &narrow.part).chain(&self.wide)
    }
}

/// Every cone with the rows it takes.
fn placed(cones: &[Cone]) -> Vec<(Cone, Range<usize>)> {
    let mut next = 0;
    let mut place = |cone: &Cone| {
        let first = next;
        next += cone.dimension();
        (*cone, first..next)
    };
    cones.iter().map(&mut place).collect()
}

/// For every column its entries in the `Zeros` rows.
fn coupling(program: &Program, rows: &[usize], place: &[usize]) -> Vec<Vec<(usize, f64)>> {
    let mut entries = vec![Vec::new(); program.width()];
    for row in rows {
        program.row(*row).for_each(|(column, value)| entries[column].push((place[*row], value)));
    }
    entries
}

/// A part with the program's columns.
struct Draft {
    columns: Vec<usize>,
    part: Part,
}

impl Draft {
    fn meeting(&self) -> &[usize] {
        &self.columns[self.part.local..]
    }
}

/// The program cut into parts, each with its columns, costs and cones.
fn cut(program: &Program, cones: &[(Cone, Range<usize>)], entries: &[Vec<(usize, f64)>]) -> Vec<Draft> {
    let (mut drafts, owner) = drafts(&mut together(program, cones), entries);
    let mut place = vec![0; program.width()];
    for draft in &mut drafts {
        draft.columns.iter().enumerate().for_each(|(at, column)| place[*column] = at);
        draft.part.quadratic = vec![0.0; draft.columns.len() * draft.columns.len()];
    }
    for &(i, j, value) in &program.quadratic {
        let draft = &mut drafts[owner[i]];
        let width = draft.columns.len();
        draft.part.quadratic[place[i] * width + place[j]] += value;
        if i != j {
            draft.part.quadratic[place[j] * width + place[i]] += value;
        }
    }
    for (cone, rows) in cones {
        let kind = match cone {
            Cone::SecondOrder(_) => Kind::SecondOrder,
            Cone::Nonnegatives(_) => Kind::Nonnegatives,
            _ => continue,
        };
        for (part, rows) in runs(program, kind, rows.clone(), &owner) {
            let draft = &mut drafts[part];
            draft.part.pieces.push(piece(program, kind, rows, &place, draft.columns.len()));
        }
    }
    drafts.iter_mut().for_each(|draft| draft.part.head = head(&draft.part, draft.columns.len()));
    drafts
}

/// Columns that share a row of a cone, a second-order cone or a product of the quadratic cost.
fn together(program: &Program, cones: &[(Cone, Range<usize>)]) -> Sets {
    let mut sets = Sets::new(program.width());
    for (cone, rows) in cones.iter().filter(|(cone, _)| !matches!(cone, Cone::Zeros(_))) {
        let mut first = None;
        for row in rows.clone() {
            // The rows of nonnegatives are independent of each other.
            if matches!(cone, Cone::Nonnegatives(_)) {
                first = None;
            }
            for (column, _) in program.row(row) {
                sets.join(*first.get_or_insert(column), column);
            }
        }
    }
    program.quadratic.iter().for_each(|&(i, j, _)| sets.join(i, j));
    sets
}

/// One empty part for each set, its local columns first, and the number of every column's part.
fn drafts(sets: &mut Sets, entries: &[Vec<(usize, f64)>]) -> (Vec<Draft>, Vec<usize>) {
    let roots: Vec<usize> = (0..entries.len()).map(|column| sets.root(column)).collect();
    let mut number = vec![usize::MAX; entries.len()];
    let mut drafts: Vec<Draft> = Vec::new();
    for local in [true, false] {
        for column in (0..entries.len()).filter(|column| entries[*column].is_empty() == local) {
            let number = &mut number[roots[column]];
            if *number == usize::MAX {
                *number = drafts.len();
                let part = Part { columns: 0..0, local: 0, quadratic: Vec::new(), pieces: Vec::new(), head: None };
                drafts.push(Draft { columns: Vec::new(), part });
            }
            drafts[*number].columns.push(column);
            drafts[*number].part.local += usize::from(local);
        }
    }
    (drafts, roots.into_iter().map(|root| number[root]).collect())
}

/// [`Part::head`] of a part.
fn head(part: &Part, width: usize) -> Option<(usize, f64)> {
    let alone = |row: &[f64]| row[0] != 0.0 && row[1..].iter().all(|a| *a == 0.0);
    let at = part.pieces.iter().position(|piece| piece.kind == Kind::SecondOrder && alone(&piece.matrix[..width]))?;
    let elsewhere = part.pieces.iter().enumerate().flat_map(|(k, piece)| {
        let rows = piece.matrix.chunks_exact(width).skip(usize::from(k == at));
        rows.map(|row| row[0])
    });
    let free = part.local > 0 && part.quadratic[..width].iter().all(|q| *q == 0.0) && elsewhere.into_iter().all(|a| a == 0.0);
    free.then(|| (at, part.pieces[at].matrix[0]))
}

/// Runs of rows that belong to one part each: all of a second-order cone's; rows of nonnegatives without columns belong to none.
fn runs(program: &Program, kind: Kind, rows: Range<usize>, owner: &[usize]) -> Vec<(usize, Range<usize>)> {
    if kind == Kind::SecondOrder {
        let column = rows.clone().find_map(|row| program.row(row).next());
        return column.map(|(column, _)| (owner[column], rows)).into_iter().collect();
    }
    let mut runs: Vec<(usize, Range<usize>)> = Vec::new();
    for row in rows {
        let Some((column, _)) = program.row(row).next() else { continue };
        match runs.last_mut() {
            Some((last, run)) if *last == owner[column] && run.end == row => run.end += 1,
            _ => runs.push((owner[column], row..row + 1)),
        }
    }
    runs
}

fn piece(program: &Program, kind: Kind, rows: Range<usize>, place: &[usize], width: usize) -> Piece {
    let mut matrix = vec![0.0; rows.len() * width];
    for (at, row) in rows.clone().enumerate() {
        program.row(row).for_each(|(column, value)| matrix[at * width + place[column]] += value);
    }
    let mut gram = Vec::new();
    if kind == Kind::SecondOrder {
        gram = vec![0.0; width * width];
        for (at, row) in matrix.chunks_exact(width).enumerate() {
            let sign = if at == 0 { 1.0 } else { -1.0 };
            super::system::add_square(&mut gram, row, sign);
        }
    }
    Piece { kind, rows, matrix, gram }
}

/// Disjoint sets of columns.
struct Sets {
    above: Vec<usize>,
}

impl Sets {
    fn new(count: usize) -> Self {
        Sets { above: (0..count).collect() }
    }

    fn root(&mut self, mut of: usize) -> usize {
        while self.above[of] != of {
            self.above[of] = self.above[self.above[of]];
            of = self.above[of];
        }
        of
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.above[a.max(b)] = a.min(b);
    }
}
