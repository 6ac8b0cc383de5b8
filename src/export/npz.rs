//! NumPy's `npz`: one array per tensor, and the description as JSON text in the array `description` (bytes).

use super::metadata::Metadata;
use super::network::{Contents, LARGEST};
use super::tensors::{Tensor, tensors};
use super::{Error, Saved};
use npyz::WriterBuilder;
use npyz::npz::{NpzWriter, array_name_from_file_name};
use npyz::zip::ZipArchive;
use npyz::zip::write::FileOptions;
use npyz::{DType, NpyFile, Order, TypeChar};
use std::io::{Cursor, Read};

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
        let mut array = npz.array(&tensor.name, dated())?.default_dtype().shape(&shape).begin_nd()?;
        array.extend(&tensor.values)?;
        array.finish()?;
    }
    let description = serde_json::to_string(&Metadata::of(saved))?;
    let mut array = npz.array(DESCRIPTION, dated())?.default_dtype().shape(&[description.len() as u64]).begin_nd()?;
    array.extend(description.as_bytes())?;
    array.finish()?;
    npz.zip_writer().finish()?;
    Ok(())
}

/// Always the same date, so that the same network gives the same bytes.
fn dated() -> FileOptions {
    FileOptions::default().last_modified_time(npyz::zip::DateTime::default())
}

/// The array that holds the description.
const DESCRIPTION: &str = "description";

/// Any archive of arrays.
pub fn contents(bytes: &[u8]) -> Result<Contents, Error> {
    let damaged = |error: &dyn std::fmt::Display| Error(format!("it is not a whole npz file ({error})"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let mut contents = Contents { tensors: Vec::new(), description: None, activation: None };
    let mut room = LARGEST;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| damaged(&error))?;
        let Some(name) = array_name_from_file_name(file.name()).map(str::to_string) else { continue };
        let mut array = Vec::new();
        // An archive may unpack to far more than it is.
        let length = file.take(room + 1).read_to_end(&mut array).map_err(|error| damaged(&error))? as u64;
        room = room.checked_sub(length).ok_or_else(|| Error("its arrays are larger than 1 GiB".to_string()))?;
        if name == DESCRIPTION {
            contents.description = Some(description(&array)?);
        } else {
            contents.tensors.push(tensor(name, &array)?);
        }
    }
    Ok(contents)
}

fn description(array: &[u8]) -> Result<Metadata, Error> {
    let damaged = || Error("its description is damaged".to_string());
    let file = NpyFile::new(array).map_err(|_| damaged())?;
    sound(&file, 1, array.len()).ok_or_else(damaged)?;
    let text = file.into_vec::<u8>().map_err(|_| damaged())?;
    Metadata::read(std::str::from_utf8(&text).map_err(|_| damaged())?)
}

fn tensor(name: String, array: &[u8]) -> Result<Tensor, Error> {
    let damaged = || Error(format!("array `{name}` is not a whole npy file"));
    let file = NpyFile::new(array).map_err(|_| damaged())?;
    let size = match file.dtype() {
        DType::Plain(kind) if kind.type_char() == TypeChar::Float => kind.size_field(),
        _ => 0,
    };
    let count = sound(&file, size, array.len()).ok_or_else(damaged)?;
    let shape: Vec<usize> = file.shape().iter().map(|&size| size as usize).collect();
    let columns_first = file.order() == Order::Fortran;
    let values = match size {
        8 => file.into_vec::<f64>().map_err(|_| damaged())?,
        4 => file.into_vec::<f32>().map_err(|_| damaged())?.into_iter().map(f64::from).collect(),
        _ => return Err(Error(format!("array `{name}` is not made of float32 or float64; save it as one of them"))),
    };
    let values = if columns_first && shape.len() == 2 { turned(&values, shape[0], shape[1]) } else { values };
    if values.len() == count { Ok(Tensor { name, shape, values }) } else { Err(damaged()) }
}

/// The number of items, if the bytes that should hold them are there.
fn sound<R: Read>(file: &NpyFile<R>, size: u64, bytes: usize) -> Option<usize> {
    let count = file.shape().iter().try_fold(1u64, |all, &size| all.checked_mul(size))?;
    (count.checked_mul(size)? <= bytes as u64).then_some(count as usize)
}

/// From column after column to row after row.
fn turned(values: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    (0..rows).flat_map(|i| (0..columns).map(move |j| values[j * rows + i])).collect()
}
