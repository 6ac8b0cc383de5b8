//! Messages that point into a model but are found out only while solving.

use super::diagnostic::{Diagnostic, Place};

/// E0360: `arrangements = all` at `place`, and more cells than may be listed: at most `bound` for `rows` of rank `rank`.
pub fn too_many_cells(place: Place, bound: f64, limit: usize, rows: usize, rank: usize) -> Diagnostic {
    let message = format!("listing every pattern would need about {} columns", rounded(bound));
    let error = Diagnostic::error("E0360", message, place, format!("{rows} rows of rank {rank}"));
    let error = if rank > 3 {
        error.note(format!("the count grows like rows^(rank-1); at rank 3 it would be {}", rounded(central(rows, 3))))
    } else {
        error.note(format!("at most `max_patterns` = {limit} are listed"))
    };
    error.replace("arrangements = generate              add patterns by price; proves global if it closes the gap", "generate")
}

/// The most cells of a central arrangement: 2 Σ_{k<r} C(n-1, k).
fn central(rows: usize, rank: usize) -> f64 {
    let (mut choose, mut sum) = (1.0, 0.0);
    for k in 0..rank {
        sum += choose;
        choose *= (rows as f64 - 1.0 - k as f64).max(0.0) / (k as f64 + 1.0);
    }
    2.0 * sum
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
        let bound = central(353, 11);
        let text = render(&[too_many_cells(Place::new(&source, 17..20), bound, 20_000, 353, 11)], false);
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
