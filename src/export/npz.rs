//! NumPy's `npz`: one array per tensor, and the description as JSON text in the array `description` (bytes).

use super::metadata::Metadata;
use super::tensors::tensors;
use super::{Error, Saved};
use npyz::WriterBuilder;
use npyz::npz::NpzWriter;
use npyz::zip::write::FileOptions;
use std::io::Cursor;

pub fn encode(saved: &Saved) -> Result<Vec<u8>, Error> {
    let refused = |error: std::io::Error| Error(format!("the network does not fit the npz format: {error}"));
    let mut bytes = Cursor::new(Vec::new());
    write(saved, &mut bytes).map_err(refused)?;
    Ok(bytes.into_inner())
}

fn write(saved: &Saved, bytes: &mut Cursor<Vec<u8>>) -> std::io::Result<()> {
    let mut npz = NpzWriter::new(bytes);
    for tensor in tensors(saved) {
        let shape: Vec<u64> = tensor.shape.iter().map(|&n| n as u64).collect();
        let mut array = npz.array(tensor.name, dated())?.default_dtype().shape(&shape).begin_nd()?;
        array.extend(&tensor.values)?;
        array.finish()?;
    }
    let description = serde_json::to_string(&Metadata::of(saved))?;
    let mut array = npz.array("description", dated())?.default_dtype().shape(&[description.len() as u64]).begin_nd()?;
    array.extend(description.as_bytes())?;
    array.finish()?;
    npz.zip_writer().finish()?;
    Ok(())
}

/// Always the same date, so that the same network gives the same bytes.
fn dated() -> FileOptions {
    FileOptions::default().last_modified_time(npyz::zip::DateTime::default())
}
