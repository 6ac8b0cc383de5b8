//! Every code that a message can carry, with a page about it: what `cvxc explain E0320` prints.

mod activations;
mod data;
mod network;
mod solving;
mod statements;
mod syntax;

/// A page about one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// `E0320`.
    pub code: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it is wrong and what can be done, in one paragraph.
    pub explanation: &'static str,
    /// A line that earns the code.
    pub wrong: &'static str,
    /// The line put right.
    pub right: &'static str,
}

/// The pages by chapter, each in order.
const CHAPTERS: [&[Code]; 6] = [syntax::CODES, statements::CODES, activations::CODES, network::CODES, data::CODES, solving::CODES];

/// All pages, in order.
pub fn all() -> impl Iterator<Item = &'static Code> {
    CHAPTERS.into_iter().flatten()
}

/// The page about a code, however it is capitalised.
pub fn explain(code: &str) -> Option<&'static Code> {
    all().find(|page| page.code.eq_ignore_ascii_case(code.trim()))
}

impl Code {
    /// The page as text.
    pub fn page(&self) -> String {
        let Code { code, title, explanation, wrong, right } = self;
        let indented = |text: &str| text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n");
        format!("{code}: {title}\n\n{explanation}\n\nwrong:\n\n{}\n\nright:\n\n{}\n", indented(wrong), indented(right))
    }
}

/// One row of a chapter.
const fn page(code: &'static str, title: &'static str, explanation: &'static str, wrong: &'static str, right: &'static str) -> Code {
    Code { code, title, explanation, wrong, right }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_found() {
        let codes: Vec<&str> = all().map(|page| page.code).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
        assert_eq!(explain(" e0320 ").map(|page| page.code), Some("E0320"));
        assert_eq!(explain("F0000"), None);
    }
}
