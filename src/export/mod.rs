//! Networks out and in: the folder that a solve writes, the formats a network can be exported to, and reading it back.

mod c;
mod fold;
mod folder;
mod json;
mod metadata;
mod network;
mod npz;
pub mod onnx;
mod programs;
mod safetensors;
mod saved;
mod tensors;

pub use fold::folded;
pub use folder::{FILES, PATH, REPORT, TEXT, WEIGHTS, check, check_path, kinds, replace, write_file};
pub use network::network;
pub use programs::{PROGRAM_FORMATS, ProgramFormat, Stated, find_program};
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

/// How a network becomes a file.
pub type Encode = fn(&Saved) -> Result<Vec<u8>, Error>;

/// How a file becomes a network.
type Decode = fn(&[u8]) -> Result<network::Contents, Error>;

/// A file format for trained networks.
pub struct Format {
    /// The word after `--to`, and in the language's `output weights(...)`.
    pub name: &'static str,
    /// The name of the file if `--out` does not say otherwise: it is put behind the result's own name.
    pub extension: &'static str,
    /// Its file in a result folder.
    pub file: &'static str,
    pub meaning: &'static str,
    pub encode: Encode,
    /// The same in single precision, where the format computes.
    pub single: Option<Encode>,
    /// How it is read; `None` for what is only written.
    contents: Option<Decode>,
}

impl Format {
    /// Whether cvxc reads what it writes.
    pub fn reads(&self) -> bool {
        self.contents.is_some()
    }
}

/// Every export format.  A new one is one file and one row here.
pub const FORMATS: &[Format] = &[
    Format {
        name: "safetensors",
        extension: "safetensors",
        file: WEIGHTS,
        meaning: "tensors for PyTorch, JAX and others; the same bytes as in the result",
        encode: safetensors::encode,
        single: None,
        contents: Some(safetensors::contents),
    },
    Format {
        name: "npz",
        extension: "npz",
        file: "network.npz",
        meaning: "NumPy arrays, read with numpy.load",
        encode: npz::encode,
        single: None,
        contents: Some(npz::contents),
    },
    Format {
        name: "json",
        extension: "json",
        file: "network.json",
        meaning: "text with every weight as a decimal that reads back exactly",
        encode: json::encode,
        single: None,
        contents: Some(json::contents),
    },
    Format {
        name: "onnx",
        extension: "onnx",
        file: "network.onnx",
        meaning: "the way from raw rows to predictions, for onnxruntime and others",
        encode: onnx::encode,
        single: Some(onnx::encode_single),
        contents: Some(onnx::contents),
    },
    Format {
        name: "c",
        extension: "h",
        file: "network.h",
        meaning: "a C header with the same in one function",
        encode: c::encode,
        single: Some(c::encode_single),
        contents: None,
    },
];

/// The format of a name, if there is one.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// Refuses a network whose numbers single precision cannot hold.
pub fn single(saved: &Saved) -> Result<(), Error> {
    let fits = |value: &f64| (*value as f32).is_finite();
    let scales = saved.columns.iter().map(|column| column.scale);
    let numbers = || tensors::tensors(saved).into_iter().flat_map(|tensor| tensor.values);
    if numbers().all(|value| fits(&value)) && scales.into_iter().all(|scale| fits(&scale) && scale as f32 != 0.0) {
        return Ok(());
    }
    Err(Error("its numbers are beyond single precision; export without --float32".to_string()))
}
