//! Messages that point into a model but are found out only while solving.

use super::diagnostic::{Diagnostic, Place};

/// Cells that cannot be listed, counted by whoever knows arrangements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TooMany {
    /// The most cells that there can be, and that may be listed.
    pub bound: f64,
    pub limit: usize,
    pub rows: usize,
    pub rank: usize,
    /// The most cells that so many rows have at rank 3.
    pub at_rank_3: f64,
}

/// E0360: `arrangements = all` at `place`, and more cells than may be listed.
pub fn too_many_cells(place: Place, cells: TooMany) -> Diagnostic {
    let TooMany { bound, limit, rows, rank, at_rank_3 } = cells;
    let message = format!("listing every pattern would need about {} columns", rounded(bound));
    let error = Diagnostic::error("E0360", message, place, format!("{rows} rows of rank {rank}"));
    let error = if rank > 3 {
        error.note(format!("the count grows like rows^(rank-1); at rank 3 it would be {}", rounded(at_rank_3)))
    } else {
        error.note(format!("at most `max_patterns` = {limit} are listed"))
    };
    error.replace("arrangements = generate              add patterns by price; proves global if it closes the gap", "generate")
}

/// E0361: the solver named at `place` was not built in; `feature` is what builds it.
pub fn not_built(place: Place, feature: &str) -> Diagnostic {
    let error = Diagnostic::error("E0361", format!("`{feature}` is not in this build of cvxc"), place, "chosen here");
    let build = format!("build it in: cargo install --path . --features {feature}    (needs cmake, libclang and a C++ compiler)");
    error.note(build).replace("use microlp, which is always there: `solver = lp`", "lp")
}

/// E0361: the file read at `place` is of columns, and a plain build does not read these.
pub fn no_columns(place: Place) -> Diagnostic {
    let error = Diagnostic::error("E0361", "`parquet` is not in this build of cvxc", place, "a file of columns");
    error.note("build it in: cargo install --path . --features parquet").help("or write the table as CSV: `csv(\"file.csv\")`")
}

/// `124 258`, and beyond a million `1.5e19`.
fn rounded(count: f64) -> String {
    if count >= 1e6 {
        return format!("{count:.1e}");
    }
    let digits = format!("{count:.0}");
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::diagnostic::Source;
    use crate::syntax::render::render;

    #[test]
    fn the_message_counts_in_words_people_use() {
        let source = Source::line("diabetes.cvx", 18, "  arrangements = all\n");
        let cells = TooMany { bound: 1.4934e19, limit: 20_000, rows: 353, rank: 11, at_rank_3: 124_258.0 };
        let text = render(&[too_many_cells(Place::new(&source, 17..20), cells)], false);
        let expected = "\
error[E0360]: listing every pattern would need about 1.5e19 columns
  --> diabetes.cvx:18:18
   |
18 |   arrangements = all
   |                  ^^^ 353 rows of rank 11
   |
   = note: the count grows like rows^(rank-1); at rank 3 it would be 124 258
   = help: arrangements = generate              add patterns by price; proves global if it closes the gap
";
        assert_eq!(text.trim_end(), expected.trim_end());
    }
}
