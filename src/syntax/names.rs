//! Names that look like other names.

/// The candidate nearest to `name`, if one is near enough to be meant.
pub fn similar<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let scored = candidates
        .into_iter()
        .filter(|&known| known != name)
        .map(|known| (strsim::damerau_levenshtein(&lower, &known.to_lowercase()), known));
    let (distance, best) = scored.min_by_key(|&(distance, known)| (distance, known.len()))?;
    let allowed = match name.chars().count().max(best.chars().count()) {
        0..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    (distance <= allowed).then_some(best)
}

/// `1 value`, `2 values`.
pub fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(similar("leeky_relu", ["relu", "leaky_relu"]), Some("leaky_relu"));
        assert_eq!(similar("lable", ["x1", "label"]), Some("label"));
        assert_eq!(similar("Label", ["label"]), Some("label"));
        assert_eq!(similar("y", ["x"]), None);
        assert_eq!(similar("banana", ["label"]), None);
    }
}
