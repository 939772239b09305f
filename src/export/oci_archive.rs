//! The OCI image layout as one tar: what `skopeo copy oci-archive:`, `podman load` and `ctr images
//! import` read. The tar is canonical like a layer's, every time in it 946684800.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use sha2::Digest as _;

use super::layout::{INDEX, MARK, drop_blob, fresh};
use super::tar::write_tar;
use super::{ExportError, Output, PackedImage, Reference, Top};
use crate::model::{Epoch, Sha256};
use crate::store::Store;
use crate::tree::{Blob, Contents, Kind, Location, Meta, Node, Tree, TreePath};

/// Writes `images`, one for each architecture, as an archive with the tag of `reference`; the digest
/// that the tag points at.
///
/// # Errors
/// When the output cannot be written, or a blob of the store is damaged.
pub fn write_oci_archive(
    output: Output<'_>,
    store: &Store,
    images: &[PackedImage],
    reference: &Reference,
) -> Result<Sha256, ExportError> {
    let top = Top::of(images, reference);
    let mut files: BTreeMap<String, Blob> = BTreeMap::new();
    let mut packs = Vec::new();
    let name = |digest: &Sha256| format!("blobs/sha256/{}", digest.hex());
    for image in images {
        for (_, layer) in &image.layers {
            let pack = u32::try_from(packs.len()).unwrap_or(u32::MAX);
            let (size, sha256) = (layer.size, layer.digest);
            let at = Location::Pack { pack, offset: 0 };
            packs.push(Pack::open(store, sha256, size)?);
            files.insert(name(&sha256), Blob { size, sha256, at });
        }
    }
    let documents = images
        .iter()
        .flat_map(|image| [&image.config, &image.manifest]);
    for document in documents.chain(&top.index) {
        files.insert(name(&document.digest), Blob::inline(&document.bytes[..]));
    }
    files.insert(INDEX.into(), Blob::inline(fresh(&top.descriptor)));
    files.insert(MARK.0.into(), Blob::inline(MARK.1));
    let tree = tree(files);
    let blobs = Blobs { packs };
    let written =
        output.write(|out| write_tar(&tree, &blobs, &mut *out).and_then(|()| Ok(out.flush()?)));
    match (written, blobs.damaged()) {
        (Ok(()), _) => Ok(top.digest),
        (Err(_), Some(digest)) => Err(drop_blob(store, digest)),
        (Err(error), None) => Err(error),
    }
}

/// Files with their parent directories.
fn tree(files: BTreeMap<String, Blob>) -> Tree {
    let node = |mode, kind| {
        let mtime = Epoch::DIRECTORY.0;
        let meta = Meta {
            mode,
            mtime,
            ..Meta::default()
        };
        Node { meta, kind }
    };
    let directories =
        ["blobs", "blobs/sha256"].map(|path| (path.to_owned(), node(0o755, Kind::Directory)));
    let files = files
        .into_iter()
        .map(|(path, blob)| (path, node(0o644, Kind::File(blob))));
    // Every name above is a valid path.
    let nodes = directories.into_iter().chain(files);
    let nodes = nodes.filter_map(|(path, node)| Some((path.parse::<TreePath>().ok()?, node)));
    Tree {
        nodes: nodes.collect(),
    }
}

/// Blobs of the store, each hashed while it is read from its beginning to its end.
struct Blobs {
    packs: Vec<Pack>,
}

struct Pack {
    digest: Sha256,
    size: u64,
    file: std::fs::File,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    hasher: sha2::Sha256,
    read: u64,
    damaged: bool,
}

impl Pack {
    fn open(store: &Store, digest: Sha256, size: u64) -> Result<Self, ExportError> {
        let file = store.open_blob(&digest)?;
        let file = file.ok_or(ExportError::Damaged { digest })?;
        let state = Mutex::default();
        Ok(Self {
            digest,
            size,
            file,
            state,
        })
    }
}

impl Blobs {
    fn damaged(&self) -> Option<Sha256> {
        let damaged = |pack: &&Pack| pack.state.lock().is_ok_and(|state| state.damaged);
        self.packs.iter().find(damaged).map(|pack| pack.digest)
    }
}

impl Contents for Blobs {
    fn read_at(&self, pack: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        use std::os::unix::fs::FileExt as _;
        let pack = self
            .packs
            .get(pack as usize)
            .ok_or(io::ErrorKind::NotFound)?;
        let mut state = pack
            .state
            .lock()
            .map_err(|_| io::Error::other("a reader panicked"))?;
        let mut damaged = pack.file.read_exact_at(buffer, offset).is_err();
        if !damaged && offset == state.read {
            state.hasher.update(&*buffer);
            state.read += buffer.len() as u64;
            let whole = state.read == pack.size;
            damaged = whole && state.hasher.clone().finalize()[..] != pack.digest.as_bytes()[..];
        }
        state.damaged |= damaged;
        match damaged {
            true => Err(io::Error::new(io::ErrorKind::InvalidData, "it is damaged")),
            false => Ok(()),
        }
    }
}
