//! Where statements begin in a file that does not parse, and how deep its brackets go.

use super::STATEMENTS;
use std::ops::Range;

/// What a scan over the text meets, strings and comments left out.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Scan<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<(usize, char)> {
        let at = self.at;
        let char = self.text[at..].chars().next()?;
        self.at = at + char.len_utf8();
        match char {
            '#' => self.skip_to(|c| c == '\n'),
            '"' => {
                self.skip_to(|c| c == '"' || c == '\n');
                if self.text[self.at..].starts_with('"') {
                    self.at += 1;
                }
            }
            _ => {}
        }
        Some((at, char))
    }
}

impl Scan<'_> {
    fn skip_to(&mut self, end: impl Fn(char) -> bool) {
        self.at = self.text[self.at..].find(end).map_or(self.text.len(), |length| self.at + length);
    }
}

fn scan(text: &str) -> Scan<'_> {
    Scan { text, at: 0 }
}

/// Where a text ends without the blanks and comments behind it.
pub fn end(text: &str) -> usize {
    if !text.contains('#') {
        return text.trim_end().len();
    }
    let (mut scan, mut end) = (scan(text), 0);
    while let Some((_, char)) = scan.next() {
        if !char.is_whitespace() && char != '#' {
            end = scan.at;
        }
    }
    end
}

/// The bracket that goes deeper than `limit`, if one does.
pub fn too_deep(text: &str, limit: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, char) in scan(text) {
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return Some(at);
        }
    }
    None
}

/// The last bracket that is never closed, if there is one.
pub fn unclosed(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    for (at, char) in scan(text) {
        match char {
            '(' | '[' | '{' => open.push(at),
            ')' | ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// Cuts a file into statements: at a statement word in column 1, and outside brackets also at any other word in column 1
/// that does not go on with the line above.
pub fn pieces(text: &str) -> Vec<Range<usize>> {
    let (mut starts, mut depth, mut line_start, mut last) = (vec![0], 0i32, true, '\n');
    for (at, char) in scan(text) {
        if line_start && begins(&text[at..], depth, last) {
            starts.push(at);
            depth = 0;
        }
        line_start = char == '\n';
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if !char.is_whitespace() && char != '#' {
            last = char;
        }
    }
    starts.push(text.len());
    let cut = starts.windows(2).map(|ends| ends[0]..ends[1]);
    cut.filter(|piece| scan(&text[piece.clone()]).any(|(_, c)| !c.is_whitespace() && c != '#')).collect()
}

/// Whether a statement begins at the start of this line.
fn begins(line: &str, depth: i32, last: char) -> bool {
    let word = word(line);
    if STATEMENTS.contains(&word) {
        return true;
    }
    let goes_on = "+-*/^=<>,:(".contains(last) || word == "subject";
    depth <= 0 && !word.is_empty() && !goes_on
}

/// The name at the start of a text; empty if there is none.
pub fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &text[..end] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_found_in_broken_files() {
        let text = "cvx 1\nnetwork a -> dense( -> b\n  -> c\nminimize x +\ny\nwrong 3\nsolve {\n}\n";
        let cut: Vec<&str> = pieces(text).into_iter().map(|p| &text[p]).collect();
        assert_eq!(cut, ["cvx 1\n", "network a -> dense( -> b\n  -> c\n", "minimize x +\ny\n", "wrong 3\n", "solve {\n}\n"]);
    }

    #[test]
    fn brackets_in_text_and_comments_do_not_count() {
        assert_eq!(too_deep("# ((((\n\"((((\"\n(()", 2), None);
        assert_eq!(too_deep("((( ", 2), Some(2));
        assert_eq!(unclosed("( [ ] {"), Some(6));
    }
}
