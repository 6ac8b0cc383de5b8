//! Who may import whom: every `crate::` path in src/ is read and held against one table.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Room, and the rooms it may name.  A room may always name itself; `cli` and `main` may name every room.
const TABLE: &[(&str, &[&str])] = &[
    ("exact", &[]),
    ("program", &[]),
    ("loss", &["exact", "program"]),
    ("regularizer", &["exact", "program"]),
    // The pieces of an activation are exact rationals.
    ("problem", &["exact", "loss", "regularizer"]),
    // The rivals know the problem and nothing of how it is solved here.
    ("descent", &["problem", "loss", "regularizer"]),
    ("syntax", &["exact", "problem", "loss", "regularizer"]),
    // The claim of a certificate is in integers.
    ("certificate", &["exact", "problem", "regularizer"]),
    ("checker", &["exact", "problem", "loss", "regularizer", "certificate"]),
    // Signs of cells are decided exactly.
    ("arrangement", &["exact", "problem"]),
    ("lowering", &["problem", "program", "arrangement", "loss", "regularizer"]),
    ("backend", &["program"]),
    // Prices are proved exactly.
    ("pricing", &["exact", "problem", "regularizer", "arrangement", "certificate"]),
    ("stationarity", &["problem", "loss", "regularizer", "arrangement", "pricing"]),
    (
        "solve",
        &[
            "exact",
            "program",
            "loss",
            "regularizer",
            "problem",
            "syntax",
            "certificate",
            "checker",
            "arrangement",
            "lowering",
            "backend",
            "pricing",
        ],
    ),
    ("report", &["problem", "certificate", "checker", "program"]),
    ("export", &["problem", "certificate", "checker", "program"]),
];

/// Names that gather what belongs nowhere.
const NO_ROOMS: &[&str] = &["utils", "util", "common", "types", "helpers", "helper", "prelude", "misc"];

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// `src/loss/huber.rs` and `src/loss.rs` are both in the room `loss`.
fn room(file: &Path) -> String {
    let inside = file.strip_prefix(source_root()).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.strip_suffix(".rs").map_or(first.clone(), str::to_string)
}

/// The text with comments and strings blanked, line ends kept, so that only code is read.
fn code(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if c == '"' {
            string_length(rest)
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest[1..].find('\'').unwrap() + 2
        } else {
            0
        };
        if length == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            out.extend(rest[..length].chars().filter(|c| *c == '\n'));
            rest = &rest[length..];
        }
    }
    out
}

/// Bytes of the string literal that `text` begins with.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Every room named by a `crate::` path in code, with its line; groups such as `crate::{loss, problem::Bias}` count too.
fn named(code: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let line = code[..at].matches('\n').count() + 1;
        let rest = code[at + "crate::".len()..].trim_start();
        let heads = rest.strip_prefix('{').map_or_else(|| vec![head(rest)], group);
        all.extend(heads.into_iter().filter(|name| !name.is_empty()).map(|name| (line, name)));
    }
    all
}

/// The first names of the items of a brace group, nested groups left out.
fn group(inside: &str) -> Vec<String> {
    let mut depth = 1;
    let mut heads = vec![head(inside)];
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => heads.push(head(&inside[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

fn head(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Names such as `crate::Foo`, which lib.rs re-exports, are no rooms.
fn rooms() -> BTreeSet<String> {
    rust_files(&source_root()).iter().map(|file| room(file)).filter(|room| room != "lib" && room != "main").collect()
}

#[test]
fn every_import_is_in_the_table() {
    let rooms = rooms();
    let mut offences = Vec::new();
    for file in rust_files(&source_root()) {
        let here = room(&file);
        let Some((_, allowed)) = TABLE.iter().find(|(room, _)| *room == here) else { continue };
        let text = fs::read_to_string(&file).unwrap();
        for (line, there) in named(&code(&text)) {
            if rooms.contains(&there) && there != here && !allowed.contains(&there.as_str()) {
                offences.push(format!("{}:{line}: {here} may not import {there}", file.display()));
            }
        }
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

#[test]
fn every_room_is_in_the_table() {
    for room in rooms() {
        assert!(room == "cli" || TABLE.iter().any(|(known, _)| *known == room), "src/{room} is in no row of the table in {}", file!());
    }
}

#[test]
fn the_table_has_no_circles() {
    for (at, (room, allowed)) in TABLE.iter().enumerate() {
        for there in *allowed {
            let below = TABLE.iter().position(|(known, _)| known == there).expect(there);
            // program and exact stand first; every row imports only from rows above it.
            assert!(below < at, "{room} imports {there}, which stands below it");
        }
    }
}

#[test]
fn no_room_gathers_what_belongs_nowhere() {
    for file in rust_files(&source_root()) {
        for part in file.strip_prefix(source_root()).unwrap().components() {
            let name = part.as_os_str().to_string_lossy();
            let name = name.strip_suffix(".rs").unwrap_or(&name);
            assert!(!NO_ROOMS.contains(&name), "{}: a room is a noun of the field", file.display());
        }
    }
}

#[test]
fn every_file_opens_with_its_purpose() {
    for file in rust_files(&source_root()) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! "), "{}: the first line says in a sentence what belongs here", file.display());
    }
}

#[test]
fn the_reader_sees_code_and_only_code() {
    let text = "// crate::cli\nlet s = \"crate::report \\\" crate::x\";\nuse crate::{loss::{Total, find}, problem};\ncrate :: y; crate::solve::go()";
    let found: Vec<(usize, String)> = named(&code(text));
    let expected = [(3, "loss"), (3, "problem"), (4, "solve")].map(|(line, room)| (line, room.to_string()));
    assert_eq!(found, expected);
}
