//! The canonical tar of a tree: FORMATS.md section 5, "Tar.".
//!
//! In: a whole [`Tree`] and its [`Contents`]. Out: a stream whose every byte is fixed by the tree.
//! Contents are copied by ranges and never held whole.

use std::io::{self, Write};

use super::ExportError;
use super::header::{BLOCK, header};
use crate::tree::{Blob, Contents, Kind, Location, Node, Tree, TreePath};

/// How much of a content is held at once: enough that a read costs little, as little as a cache holds.
const CHUNK: usize = 256 << 10;
/// Two zero blocks and nothing more.
pub(crate) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// What goes wrong on the way: an export error, or the writer's own.
#[derive(Debug)]
pub(crate) enum TarError {
    /// The tree or its contents.
    Tree(ExportError),
    /// The writer.
    Write(io::Error),
}

impl From<ExportError> for TarError {
    fn from(error: ExportError) -> Self {
        Self::Tree(error)
    }
}

impl From<io::Error> for TarError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Holds that every parent is a directory of the tree and every hard link's target an earlier file.
///
/// # Errors
/// Names the first path that breaks this: a fault of whoever made the tree.
pub fn check(tree: &Tree) -> Result<(), ExportError> {
    let mut last: Option<TreePath> = None;
    for (path, node) in &tree.nodes {
        let wrong = |why| ExportError::Tree {
            path: path.clone(),
            why,
        };
        let parent = path.parent();
        if parent != last {
            if let Some(parent) = &parent {
                match tree.nodes.get(parent) {
                    Some(node) if node.is_directory() => {}
                    Some(_) => return Err(wrong("its parent is no directory")),
                    None => return Err(wrong("its parent is missing")),
                }
            }
            last = parent;
        }
        if let Kind::Hardlink(target) = &node.kind {
            match tree.nodes.get(target) {
                _ if target >= path => return Err(wrong("it links to a later path")),
                Some(Node {
                    kind: Kind::File(_),
                    ..
                }) => {}
                _ => return Err(wrong("it links to what is no regular file")),
            }
        }
    }
    Ok(())
}

/// The size of the tree's tar, in bytes.
///
/// # Errors
/// When the tree cannot be written as a tar.
pub fn tar_size(tree: &Tree) -> Result<u64, ExportError> {
    let mut size = END.len() as u64;
    for (path, node) in &tree.nodes {
        size += header(path, node)?.len() as u64;
        if let Kind::File(blob) = &node.kind {
            size += blob.size.next_multiple_of(BLOCK as u64);
        }
    }
    Ok(size)
}

/// Writes the tree's tar.
pub(crate) fn write_tar(
    tree: &Tree,
    contents: &dyn Contents,
    out: &mut (impl Write + ?Sized),
) -> Result<(), TarError> {
    check(tree)?;
    let mut buffer = Vec::new();
    for (path, node) in &tree.nodes {
        out.write_all(&header(path, node)?)?;
        if let Kind::File(blob) = &node.kind {
            content(path, blob, contents, &mut buffer, |chunk| {
                out.write_all(chunk)
            })?;
            pad(blob.size, out)?;
        }
    }
    out.write_all(&END)?;
    Ok(())
}

/// Fills the last block behind `size` bytes of content.
pub(crate) fn pad(size: u64, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
    let over = (size % BLOCK as u64) as usize;
    match over {
        0 => Ok(()),
        _ => out.write_all(&END[..BLOCK - over]),
    }
}

/// Hands the content of a file to `take`, piece by piece. `buffer` is kept from file to file.
pub(crate) fn content(
    path: &TreePath,
    blob: &Blob,
    contents: &dyn Contents,
    buffer: &mut Vec<u8>,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), TarError> {
    let (pack, start) = match &blob.at {
        Location::Inline(bytes) if bytes.len() as u64 == blob.size => return Ok(take(bytes)?),
        Location::Inline(_) => {
            let path = path.clone();
            let why = "its content has another size";
            return Err(ExportError::Tree { path, why }.into());
        }
        Location::Pack { pack, offset } => (*pack, *offset),
    };
    let mut done = 0;
    while done < blob.size {
        let length = (blob.size - done).min(CHUNK as u64) as usize;
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        let chunk = &mut buffer[..length];
        if let Err(source) = contents.read_at(pack, start + done, chunk) {
            let path = path.clone();
            return Err(ExportError::Content { path, source }.into());
        }
        take(chunk)?;
        done += length as u64;
    }
    Ok(())
}

#[cfg(test)]
#[path = "tar_tests.rs"]
mod tests;
