//! What is kept while a directory is read, and what becomes of it.

use std::collections::{BTreeMap, HashMap};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rustix::fs::{Mode, OFlags};

use super::{file, open, walk};
use crate::image::hashers::Digested;
use crate::image::limits::Budget;
use crate::image::{Image, ImageError, Listing, Options, Place};
use crate::model::Sha256;
use crate::tree::{Blob, Kind, Location, Meta, Node, Tree, TreePath};

/// A directory that is being read.
pub(super) struct Root<'a> {
    pub(super) path: &'a Path,
    pub(super) fd: OwnedFd,
    /// The device that it is on.
    pub(super) device: u64,
    /// Whether it is the running root.
    pub(super) running: bool,
    pub(super) place: &'a Place,
    pub(super) budget: Budget,
    pub(super) options: &'a Options<'a>,
    /// Whether all contents are read, and not only those that are kept.
    pub(super) all: bool,
}

/// What was found.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) nodes: Vec<(TreePath, Node)>,
    /// The further digests of files, by their SHA-256.
    sums: HashMap<Sha256, Vec<u8>>,
    /// Files with several names, by device and number; they are read when all names are known.
    pub(super) linked: Vec<((u64, u64), TreePath, Meta)>,
    pub(super) skipped: Vec<String>,
}

impl Seen {
    /// A file of so many bytes; `None` where they were not read.
    pub(super) fn file(&mut self, size: u64, digested: Option<Digested>) -> Kind {
        // It lies in no pack.
        let at = Location::Pack {
            pack: u32::MAX,
            offset: 0,
        };
        let Some(Digested { sha256, sum, kept }) = digested else {
            let sha256 = Listing::UNREAD;
            return Kind::File(Blob { size, sha256, at });
        };
        if let Some(sum) = sum {
            self.sums.insert(sha256, sum);
        }
        let at = kept.map_or(at, Location::Inline);
        Kind::File(Blob { size, sha256, at })
    }

    pub(super) fn append(&mut self, other: Self) {
        self.nodes.extend(other.nodes);
        self.sums.extend(other.sums);
        self.linked.extend(other.linked);
        self.skipped.extend(other.skipped);
    }
}

/// Reads a directory.
pub(in crate::image) fn read(
    path: &Path,
    place: &Place,
    options: &Options<'_>,
) -> Result<Image, ImageError> {
    look(path, place, options, true)
}

/// Reads a directory without the contents that are not kept.
pub(in crate::image) fn list(
    path: &Path,
    place: &Place,
    options: &Options<'_>,
) -> Result<Listing, ImageError> {
    let options = Options {
        sums: None,
        ..*options
    };
    let image = look(path, place, &options, false)?;
    Ok(Listing {
        tree: image.tree,
        skipped: image.skipped,
        one_owner: image.one_owner,
    })
}

fn look(path: &Path, place: &Place, options: &Options<'_>, all: bool) -> Result<Image, ImageError> {
    let failed = |error: rustix::io::Errno| ImageError::File {
        path: path.into(),
        source: error.into(),
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(failed)?;
    let stat = rustix::fs::fstat(&fd).map_err(failed)?;
    let running = rustix::fs::stat("/")
        .is_ok_and(|root| (root.st_dev, root.st_ino) == (stat.st_dev, stat.st_ino));
    let root = Root {
        path,
        fd,
        device: stat.st_dev,
        running,
        place,
        budget: Budget::default(),
        options,
        all,
    };
    let mut seen = root.walk()?;
    root.read_linked(&mut seen)?;
    if seen.nodes.is_empty() {
        return Err(place.empty());
    }
    let Seen {
        nodes,
        sums,
        mut skipped,
        ..
    } = seen;
    skipped.sort();
    let tree = Tree {
        nodes: nodes.into_iter().collect(),
    };
    let files = tree
        .nodes
        .iter()
        .filter_map(|(path, node)| match &node.kind {
            Kind::File(blob) => Some((path.clone(), sums.get(&blob.sha256)?.clone())),
            _ => None,
        });
    Ok(Image {
        arch: None,
        manifest: None,
        config: None,
        layers: Vec::new(),
        sums: files.collect(),
        skipped,
        one_owner: one_owner(&tree),
        tree,
    })
}

/// The owner of everything, where that is not root.
fn one_owner(tree: &Tree) -> Option<(u32, u32)> {
    let mut owners = tree
        .nodes
        .values()
        .map(|node| (node.meta.uid, node.meta.gid));
    let first = owners.next().filter(|owner| *owner != (0, 0))?;
    owners.all(|owner| owner == first).then_some(first)
}

impl Root<'_> {
    /// Reads the files with several names, each once; the first name has the content.
    fn read_linked(&self, seen: &mut Seen) -> Result<(), ImageError> {
        let mut groups: BTreeMap<(u64, u64), BTreeMap<TreePath, Meta>> = BTreeMap::new();
        for (inode, path, meta) in std::mem::take(&mut seen.linked) {
            groups.entry(inode).or_default().insert(path, meta);
        }
        let groups: Vec<_> = groups.into_values().collect();
        let next = AtomicUsize::new(0);
        let found = Mutex::new((std::mem::take(seen), None));
        std::thread::scope(|scope| {
            for _ in 0..self
                .options
                .threads
                .clamp(1, walk::THREADS)
                .min(groups.len())
            {
                scope.spawn(|| {
                    let mut own = Seen::default();
                    let mut buffer = file::buffer();
                    let result = std::iter::from_fn(|| groups.get(next.fetch_add(1, Relaxed)))
                        .try_for_each(|group| self.group(group, &mut own, &mut buffer));
                    let mut found = walk::lock(&found);
                    found.0.append(own);
                    if let Err(error) = result {
                        next.store(groups.len(), Relaxed);
                        found.1.get_or_insert(error);
                    }
                });
            }
        });
        let (all, failure) = found
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *seen = all;
        failure.map_or(Ok(()), Err)
    }

    fn group(
        &self,
        group: &BTreeMap<TreePath, Meta>,
        seen: &mut Seen,
        buffer: &mut [u8],
    ) -> Result<(), ImageError> {
        let Some((first, _)) = group.first_key_value() else {
            return Ok(());
        };
        let file = match open::file(&self.fd, first) {
            Ok(file) => file,
            Err(error) if self.vanished(&error) => return Ok(()),
            Err(error) => return Err(self.failed(Some(first), error)),
        };
        let Some((size, xattrs, digested)) = self.content(first, file, buffer)? else {
            return Ok(());
        };
        for (path, meta) in group {
            let kind = match path == first {
                true => seen.file(size, digested.clone()),
                false => Kind::Hardlink(first.clone()),
            };
            let mut meta = meta.clone();
            meta.xattrs = xattrs.clone();
            seen.nodes.push((path.clone(), Node { meta, kind }));
        }
        Ok(())
    }
}
