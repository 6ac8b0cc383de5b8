//! Networks out and in: the folder that a solve writes, the formats a network can be exported to, and reading it back.

mod folder;
mod json;
mod metadata;
mod network;
mod npz;
mod safetensors;
mod saved;
mod tensors;

pub use folder::{FILES, REPORT, TEXT, WEIGHTS, check, replace, write_file};
pub use network::network;
pub use saved::{Saved, load};

/// Why something could not be written or read: one sentence that names the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub String);

impl std::fmt::Display for Error {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// A file format for trained networks.
pub struct Format {
    /// The word after `--to`.
    pub name: &'static str,
    /// The name of the file if `--out` does not say otherwise: it is put behind the result's own name.
    pub extension: &'static str,
    pub meaning: &'static str,
    pub encode: fn(&Saved) -> Result<Vec<u8>, Error>,
    contents: fn(&[u8]) -> Result<network::Contents, Error>,
}

/// Every export format.  A new one is one file and one row here.
pub const FORMATS: &[Format] = &[
    Format {
        name: "safetensors",
        extension: "safetensors",
        meaning: "tensors for PyTorch, JAX and others; the same bytes as in the result",
        encode: safetensors::encode,
        contents: safetensors::contents,
    },
    Format { name: "npz", extension: "npz", meaning: "NumPy arrays, read with numpy.load", encode: npz::encode, contents: npz::contents },
    Format {
        name: "json",
        extension: "json",
        meaning: "text with every weight as a decimal that reads back exactly",
        encode: json::encode,
        contents: json::contents,
    },
];

/// The format of a name, if there is one.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
