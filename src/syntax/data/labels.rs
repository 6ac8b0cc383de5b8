//! A column of class labels: one small code per row and each label's text once.

use super::cell::{Fault, canonical, number_label};
use std::collections::HashMap;

/// The code of a missing label.
pub const NO_LABEL: u32 = u32::MAX;

/// More labels than this are not classes but numbers or names.
const MOST: usize = 10_000;

/// Labels in the order of their first row.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    pub codes: Vec<u32>,
    pub names: Vec<String>,
    /// Every spelling met, so that a row costs one look-up.
    spellings: HashMap<String, u32>,
}

impl Labels {
    /// `rows` missing labels.
    pub fn missing(rows: usize) -> Self {
        Labels { codes: vec![NO_LABEL; rows], ..Labels::default() }
    }

    /// Adds a row by its text.
    pub fn push(&mut self, text: &str) -> Result<(), Fault> {
        let text = text.trim();
        let code = match self.spellings.get(text) {
            Some(&code) => code,
            None if text.is_empty() => NO_LABEL,
            None => self.learn(text)?,
        };
        self.codes.push(code);
        Ok(())
    }

    /// Adds a row by its number.
    pub fn push_number(&mut self, value: f64) -> Result<(), Fault> {
        match value {
            value if value.is_nan() => self.push(""),
            value if value.is_infinite() => Err(Fault::Infinite),
            value => self.push(&number_label(value)),
        }
    }

    fn learn(&mut self, text: &str) -> Result<u32, Fault> {
        if self.spellings.len() >= MOST {
            return Err(Fault::TooManyLabels);
        }
        let name = canonical(text);
        let code = self.code(&name).unwrap_or(self.names.len() as u32);
        if code as usize == self.names.len() {
            self.names.push(name.clone());
            self.spellings.insert(name, code);
        }
        self.spellings.insert(text.to_string(), code);
        Ok(code)
    }

    /// The code of a label in its one spelling.
    pub fn code(&self, name: &str) -> Option<u32> {
        self.spellings.get(name).copied()
    }

    /// Rewrites the codes so that they mean the names of `other`, which learns the new ones.
    pub fn join(&mut self, other: &mut Labels) -> Result<(), Fault> {
        let new: Vec<u32> =
            self.names.iter().map(|name| other.code(name).map_or_else(|| other.learn(name), Ok)).collect::<Result<_, _>>()?;
        self.codes.iter_mut().filter(|code| **code != NO_LABEL).for_each(|code| *code = new[*code as usize]);
        self.names = other.names.clone();
        Ok(())
    }
}
