//! A result folder is written whole or not at all, and never over something that is not a result.

use super::{Error, FORMATS};
use crate::certificate;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub const WEIGHTS: &str = "weights.safetensors";
pub const REPORT: &str = "report.md";
pub const TEXT: &str = "model.cvx";

/// What a solve may write beside the networks of [`FORMATS`]: kind and file name.
pub const FILES: [(&str, &str); 4] = [("weights", WEIGHTS), ("certificate", certificate::NAME), ("report", REPORT), ("model", TEXT)];

/// What `cvxc path` writes beside the chosen network.
pub const PATH: [(&str, &str); 2] = [("path", "path.csv"), ("picture", "path.svg")];

/// The same with those networks: everything that a result folder may hold.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    let others = FORMATS.iter().filter(|format| format.file != WEIGHTS).map(|format| ("network", format.file));
    FILES.into_iter().chain(others).chain(PATH)
}

/// Refuses a place that could not be written later, so that no solve is lost to a misspelt `--out`.
pub fn check(folder: &Path) -> Result<(), Error> {
    let folder = place(folder)?;
    if folder.exists() {
        ours(&folder)?;
    }
    staging(&folder).map(drop)
}

/// The same for a path: what a solve has written is not replaced by one.
pub fn check_path(folder: &Path) -> Result<(), Error> {
    check(folder)?;
    let folder = place(folder)?;
    let there = |name: &str| folder.join(name).exists();
    match kinds().find(|(_, name)| there(name)) {
        Some((_, name)) if !there(PATH[0].1) => {
            Err(Error(format!("will not replace {}: it holds the `{name}` of a solve; choose another folder with --out", shown(&folder))))
        }
        _ => Ok(()),
    }
}

/// Writes `files` as the folder `folder` and drops what was there before.
///
/// Everything is written and synced in a hidden folder beside it, which then takes the old one's place by renaming.
/// On any error the old folder stands as it was and nothing else is left behind.
pub fn replace(folder: &Path, files: &[(&str, Vec<u8>)]) -> Result<(), Error> {
    let folder = place(folder)?;
    if folder.exists() {
        ours(&folder)?;
    }
    let staging = staging(&folder)?;
    let (new, old) = (staging.path().join("new"), staging.path().join("old"));
    fs::create_dir(&new).map_err(|error| cannot("write", &folder, &error))?;
    for (name, bytes) in files {
        synced(&new.join(name), bytes).map_err(|error| cannot("write", &folder.join(name), &error))?;
    }
    sync_folder(&new).map_err(|error| cannot("write", &folder, &error))?;
    swap(&folder, &new, &old).map_err(|error| cannot("replace", &folder, &error))?;
    // The result is in place; a parent that cannot be synced or a rest that cannot be removed does not undo that.
    let _ = parent(&folder).map(|parent| sync_folder(&parent));
    Ok(())
}

/// Writes one file by way of a temporary one beside it; over another one only with `force`.
pub fn write_file(path: &Path, bytes: &[u8], force: bool) -> Result<(), Error> {
    let parent = there(path)?;
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".cvxc-").tempfile_in(&parent)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        readable(file.as_file())?;
        // Without `force` a file that appeared in the meantime is kept as well.
        let persisted = if force { file.persist(path) } else { file.persist_noclobber(path) };
        persisted.map(drop).map_err(|error| error.error)
    };
    if path.is_dir() {
        return Err(Error(format!("cannot write {}: it is a folder", path.display())));
    }
    if !force && path.symlink_metadata().is_ok() {
        return Err(occupied(path));
    }
    write().map_err(|error| if error.kind() == io::ErrorKind::AlreadyExists { occupied(path) } else { cannot("write", path, &error) })
}

fn occupied(path: &Path) -> Error {
    let words = "which is there already; choose another file with --out, or give --force";
    Error(format!("will not overwrite {}, {words}", path.display()))
}

/// A temporary file is private; a result is as readable as any other file.
#[cfg(unix)]
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &File) -> io::Result<()> {
    Ok(())
}

/// The folder itself, links followed, so that a link to a result stays a link.
fn place(folder: &Path) -> Result<PathBuf, Error> {
    match fs::canonicalize(folder) {
        Ok(real) => Ok(real),
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder.file_name().is_some() => Ok(folder.to_path_buf()),
        Err(error) => Err(cannot("write", folder, &error)),
    }
}

fn parent(path: &Path) -> Result<PathBuf, Error> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Ok(PathBuf::from(".")),
        Some(parent) => Ok(parent.to_path_buf()),
        None => Err(Error(format!("cannot write {}: it has no folder above it", path.display()))),
    }
}

/// The folder above `path`, refused if it is not there.
fn there(path: &Path) -> Result<PathBuf, Error> {
    let parent = parent(path)?;
    match parent.exists() {
        true => Ok(parent),
        false => Err(Error(format!("cannot write {}: there is no folder {}", shown(path), parent.display()))),
    }
}

/// Only an empty folder, or one with a result and nothing foreign, may be replaced.
fn ours(folder: &Path) -> Result<(), Error> {
    if !folder.is_dir() {
        return Err(Error(format!("cannot write the folder {}: a file of that name exists", shown(folder))));
    }
    let entries = fs::read_dir(folder).and_then(|all| all.collect::<io::Result<Vec<_>>>()).map_err(|e| cannot("read", folder, &e))?;
    let known = |name: &std::ffi::OsStr| kinds().any(|(_, file)| name == file);
    match entries.iter().find(|entry| !known(&entry.file_name())) {
        None => Ok(()),
        Some(foreign) => Err(Error(format!(
            "will not replace {}: it holds `{}`, which cvxc did not write; choose another folder with --out",
            shown(folder),
            foreign.file_name().to_string_lossy()
        ))),
    }
}

fn staging(folder: &Path) -> Result<TempDir, Error> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let parent = there(folder)?;
    tempfile::Builder::new().prefix(&format!(".{name}-")).tempdir_in(&parent).map_err(|error| cannot("write", folder, &error))
}

fn synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Folders cannot be opened as files elsewhere.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Puts `new` in the place of `folder`, moving what is there to `old`; undone if the second step fails.
fn swap(folder: &Path, new: &Path, old: &Path) -> io::Result<()> {
    if !folder.exists() {
        return fs::rename(new, folder);
    }
    fs::rename(folder, old)?;
    fs::rename(new, folder).inspect_err(|_| {
        let _ = fs::rename(old, folder);
    })
}

fn cannot(verb: &str, path: &Path, error: &io::Error) -> Error {
    Error(format!("cannot {verb} {}: {}", shown(path), reason(error)))
}

/// The operating system's reason without its number.
fn reason(error: &io::Error) -> String {
    let text = error.get_ref().map_or_else(|| error.to_string(), ToString::to_string);
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// A path as a person would write it: relative to the current folder where it lies below; the current folder itself by its name.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let below = here.as_ref().and_then(|here| path.strip_prefix(here).ok()).filter(|below| !below.as_os_str().is_empty());
    below.unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_result_is_replaced_whole() {
        let space = tempfile::tempdir().unwrap();
        let out = space.path().join("a.out");
        replace(&out, &[(WEIGHTS, b"1".to_vec()), (REPORT, b"1".to_vec())]).unwrap();
        replace(&out, &[(WEIGHTS, b"2".to_vec())]).unwrap();
        assert_eq!(names(&out), [WEIGHTS]);
        assert_eq!(fs::read(out.join(WEIGHTS)).unwrap(), b"2");
        assert_eq!(names(space.path()), ["a.out"]);
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let space = tempfile::tempdir().unwrap();
        let out = space.path().join("a.out");
        fs::create_dir(&out).unwrap();
        check(&out).unwrap();
        fs::write(out.join("thesis.tex"), "").unwrap();
        for refusal in [check(&out), replace(&out, &[])] {
            assert!(refusal.unwrap_err().0.contains("`thesis.tex`"));
        }
        let file = space.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(check(&file).unwrap_err().0.contains("a file of that name"));
        assert!(check(&space.path().join("no/such/parent")).is_err());
        assert_eq!(names(space.path()), ["a.out", "file"]);
    }

    #[test]
    fn a_failed_write_leaves_the_old_result() {
        let space = tempfile::tempdir().unwrap();
        let out = space.path().join("a.out");
        replace(&out, &[(WEIGHTS, b"1".to_vec())]).unwrap();
        // A file inside a folder that is not there cannot be created: the same path as a full disk.
        assert!(replace(&out, &[(WEIGHTS, b"2".to_vec()), ("missing/x", Vec::new())]).is_err());
        assert_eq!(fs::read(out.join(WEIGHTS)).unwrap(), b"1");
        assert_eq!(names(space.path()), ["a.out"]);
    }
}
