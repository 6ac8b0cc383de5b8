//! The file: JSON with one line per part, so that a person can look at it and `diff` can compare it.

use super::Certificate;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The name of the file in a result folder.
pub const NAME: &str = "certificate.json";

/// No certificate needs to be larger; a larger file is not even read.
const LARGEST: u64 = 1 << 28;

impl Certificate {
    /// The file's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let part = |value: serde_json::Result<String>| value.unwrap_or_else(|error| format!("\"{error}\""));
        let mut text = format!("{{\n\"format\":{},\n\"version\":{}", part(serde_json::to_string(&self.format)), self.version);
        let mut line = |name: &str, value: String| text.push_str(&format!(",\n\"{name}\":{value}"));
        line("statement", part(serde_json::to_string(&self.statement)));
        line("network", part(serde_json::to_string(&self.network)));
        line("dual", part(serde_json::to_string(&self.dual)));
        line("scale", part(serde_json::to_string(&self.scale)));
        if let Some(price) = &self.price {
            line("price", part(serde_json::to_string(price)));
        }
        if let Some(basis) = &self.basis {
            line("basis", part(serde_json::to_string(basis)));
        }
        if !self.pivots.is_empty() {
            line("pivots", part(serde_json::to_string(&self.pivots)));
        }
        if !self.completion.is_empty() {
            line("completion", part(serde_json::to_string(&self.completion)));
        }
        if let Some(cover) = &self.cover {
            line("cover", part(serde_json::to_string(cover)));
        }
        line("proofs", part(serde_json::to_string(&self.proofs)));
        text.push_str("\n}\n");
        text.into_bytes()
    }

    /// Reads the file's bytes; nothing is believed yet.
    ///
    /// Errors: one sentence.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| format!("it is damaged: {error}"))
    }

    /// Reads a file, if it is not absurdly large.
    pub fn read(path: &Path) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| format!("it cannot be read: {error}"))?;
        if bytes.len() as u64 > LARGEST {
            return Err("it is larger than 256 MiB, which no certificate is".to_string());
        }
        Certificate::decode(&bytes)
    }
}
