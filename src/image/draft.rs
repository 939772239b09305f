//! One tar while its entries come: the tree that unpacking it in order would make.
//!
//! What counts where an archive is not simply a list of paths:
//!
//! - A path is there once, as its last entry says. A directory over a directory keeps what is below;
//!   anything else replaces what is there with all that is below it.
//! - The parent of an entry is what unpacking would reach: symbolic links of the same archive are
//!   followed inside the root. Those of lower layers are not: containerd, Docker and Podman unpack
//!   each layer into a directory of its own, where the parents that an archive does not name are made
//!   as directories, and those hide a link beneath them. (Tools that unpack one layer over the other,
//!   like umoci, follow the link instead.)
//! - A directory that has no entry is `0755 0:0` and of the time that rootlock gives all directories,
//!   unless a lower layer has it.
//! - A hard link is another name of what is at its target then, in this archive or else in the layers
//!   below. A link's own mode, owner and time are kept; attributes it has from its target where it
//!   comes without.
//! - In a layer, `.wh.NAME` and a character device 0:0 remove a path of the layers below,
//!   `.wh..wh..opq` all that is below its directory (OCI image-spec, layer.md); other names that begin
//!   with `.wh..wh.` are aufs's own and nothing. A whiteout makes no parents.

use std::collections::BTreeMap;
use std::ops::Bound::{Included, Unbounded};
use std::rc::Rc;

use super::drafted::note;
use super::limits::Budget;
use super::resolve::{At, follow, parts};
use super::tar::{Entry, Kind};
use super::{ImageError, Oddity, Place, Whiteout};
use crate::model::Epoch;
use crate::tree::{Meta, ParsePathError, TreePath};

/// A tree in the making.
pub(super) struct Draft<'a> {
    pub(super) place: &'a Place,
    budget: &'a Budget,
    /// Whether it is a layer, where some names remove what is below.
    layer: bool,
    pub(super) nodes: BTreeMap<TreePath, Slot>,
    pub(super) files: Vec<File>,
    pub(super) whiteouts: Vec<Whiteout>,
    pub(super) out_of_order: Vec<Oddity>,
    pub(super) repeated: Vec<Oddity>,
    pub(super) root: bool,
    /// The last path in order so far.
    highest: Option<TreePath>,
    /// The last parent, as written, and where it led: most entries have the one before's.
    parent: Option<(Vec<u8>, Option<TreePath>)>,
}

pub(super) struct Slot {
    pub(super) meta: Meta,
    pub(super) is: Is,
    /// The first entry that needed it, where it has none of its own.
    pub(super) needed_by: Option<Rc<TreePath>>,
}

#[derive(Clone)]
pub(super) enum Is {
    Directory,
    /// The number of the content.
    File(usize),
    Symlink(Box<[u8]>),
    CharDevice(u32, u32),
    BlockDevice(u32, u32),
    Fifo,
    /// Another name of what a lower layer has there.
    Lower(TreePath),
}

pub(super) struct File {
    pub(super) offset: u64,
    pub(super) size: u64,
}

impl<'a> Draft<'a> {
    pub(super) const fn new(layer: bool, place: &'a Place, budget: &'a Budget) -> Self {
        Self {
            place,
            budget,
            layer,
            nodes: BTreeMap::new(),
            files: Vec::new(),
            whiteouts: Vec::new(),
            out_of_order: Vec::new(),
            repeated: Vec::new(),
            root: false,
            highest: None,
            parent: None,
        }
    }

    /// Takes an entry. Where it is a file, its path and the number of its content.
    pub(super) fn admit(&mut self, entry: Entry) -> Result<Option<(TreePath, usize)>, ImageError> {
        let Entry {
            path,
            meta,
            kind,
            size,
            offset,
        } = entry;
        let file = File { offset, size };
        self.take(&path, meta, kind, file).map_err(|why| match why {
            Why::Error(error) => error,
            Why::Said(why) => self.place.entry(&path, why),
            Why::Path(source) => ImageError::Path {
                place: self.place.clone(),
                source,
            },
        })
    }

    fn take(
        &mut self,
        written: &[u8],
        mut meta: Meta,
        kind: Kind,
        file: File,
    ) -> Result<Option<(TreePath, usize)>, Why> {
        let parts = parts(written).ok_or(Why::Said("leaves the root"))?;
        let Some((&name, parent)) = parts.split_last() else {
            if kind != Kind::Directory {
                return Err(Why::Said("puts something else in the place of the root"));
            }
            self.root = true;
            return Ok(None);
        };
        if parts.iter().any(|part| part.starts_with(WHITEOUT)) {
            if !self.layer {
                let why = "is a whiteout, which only a layer of an image has";
                return Err(Why::Said(why));
            }
            let removed = self.whiteout(name, parent)?;
            self.whiteouts.extend(removed);
            return Ok(None);
        }
        let path = join(self.find(parent)?.as_ref(), name)?;
        let mut content = None;
        let is = match kind {
            Kind::CharDevice(0, 0) if self.layer => {
                self.whiteouts.push(Whiteout::Path(path));
                return Ok(None);
            }
            Kind::Directory => Is::Directory,
            Kind::Symlink(target) => Is::Symlink(target),
            Kind::CharDevice(major, minor) => Is::CharDevice(major, minor),
            Kind::BlockDevice(major, minor) => Is::BlockDevice(major, minor),
            Kind::Fifo => Is::Fifo,
            Kind::Hardlink(target) => self.linked(&target, &path, &mut meta)?,
            Kind::File => {
                let number = self.files.len();
                self.files.push(file);
                content = Some((path.clone(), number));
                Is::File(number)
            }
        };
        self.imply(&path)?;
        self.put(path, meta, is);
        Ok(content)
    }

    /// What an entry removes whose path has a part that begins with `.wh.`.
    fn whiteout(&mut self, name: &[u8], parent: &[&[u8]]) -> Result<Option<Whiteout>, Why> {
        let aufs = |part: &&[u8]| part.starts_with(b".wh..wh.");
        if parent.iter().any(aufs) || (aufs(&name) && name != OPAQUE) {
            return Ok(None);
        }
        let parent = self.find(parent)?;
        if name == OPAQUE {
            return Ok(Some(Whiteout::Below(parent)));
        }
        match name.strip_prefix(WHITEOUT) {
            Some(b"" | b"." | b"..") => Err(Why::Said("removes what has no name")),
            Some(name) => Ok(Some(Whiteout::Path(join(parent.as_ref(), name)?))),
            None => Err(Why::Said("lies in a whiteout")),
        }
    }

    /// Where a directory is that an archive has by these parts; `None` is the root.
    fn find(&mut self, parent: &[&[u8]]) -> Result<Option<TreePath>, Why> {
        let written = parent.join(&b'/');
        if let Some((known, found)) = &self.parent
            && *known == written
        {
            return Ok(found.clone());
        }
        let (at, steps) = follow(parent, |path| {
            match self.nodes.get(path).map(|slot| &slot.is) {
                None => At::Nothing,
                Some(Is::Directory) => At::Directory,
                Some(Is::Symlink(target)) => At::Symlink(target),
                Some(_) => At::Other,
            }
        });
        self.budget.steps(steps, self.place)?;
        let found = TreePath::from_archive(&at.map_err(Why::Said)?)?;
        // What is not there yet may become something else.
        if found
            .as_ref()
            .is_none_or(|found| self.nodes.contains_key(found))
        {
            self.parent = Some((written, found.clone()));
        }
        Ok(found)
    }

    /// What a hard link is another name of.
    fn linked(&mut self, target: &[u8], path: &TreePath, meta: &mut Meta) -> Result<Is, Why> {
        let parts = parts(target).ok_or(Why::Said("is a link to a path that leaves the root"))?;
        let Some((&name, parent)) = parts.split_last() else {
            return Err(Why::Said("is a hard link to the root"));
        };
        let target = join(self.find(parent)?.as_ref(), name)?;
        if target == *path {
            return Err(Why::Said("is a hard link to itself"));
        }
        let Some(slot) = self.nodes.get(&target) else {
            return match self.layer {
                true => Ok(Is::Lower(target)),
                false => Err(Why::Said(
                    "is a hard link to what is not before it in the archive",
                )),
            };
        };
        if matches!(slot.is, Is::Directory) {
            return Err(Why::Said("is a hard link to a directory"));
        }
        if meta.xattrs.is_empty() {
            meta.xattrs = slot.meta.xattrs.clone();
        }
        if matches!(slot.is, Is::Symlink(_)) {
            meta.mode = slot.meta.mode;
        }
        Ok(slot.is.clone())
    }

    /// Makes the directories above `path` that are not there.
    fn imply(&mut self, path: &TreePath) -> Result<(), ImageError> {
        let mut above = path.parent();
        let mut child = None;
        while let Some(directory) = above {
            if self.nodes.contains_key(&directory) {
                break;
            }
            self.budget.entry(self.place)?;
            let bytes = directory.as_bytes().len() as u64;
            self.budget.names(bytes, self.place)?;
            above = directory.parent();
            let slot = Slot {
                meta: implied(),
                is: Is::Directory,
                needed_by: Some(Rc::clone(
                    child.get_or_insert_with(|| Rc::new(path.clone())),
                )),
            };
            self.nodes.insert(directory, slot);
        }
        Ok(())
    }

    fn put(&mut self, path: TreePath, meta: Meta, is: Is) {
        match &self.highest {
            Some(highest) if path < *highest => {
                note(&mut self.out_of_order, || Oddity::Order(path.clone()));
            }
            _ => self.highest = Some(path.clone()),
        }
        let directory = matches!(is, Is::Directory);
        if let Some(old) = self.nodes.get(&path) {
            let was_directory = matches!(old.is, Is::Directory);
            if old.needed_by.is_none() {
                note(&mut self.repeated, || Oddity::Repeated(path.clone()));
            }
            if !(directory && was_directory) {
                self.parent = None;
            }
            if was_directory && !directory {
                let prefix = [path.as_bytes(), b"/"].concat();
                let below = self
                    .nodes
                    .range::<[u8], _>((Included(&prefix[..]), Unbounded));
                let below = below.map(|(path, _)| path);
                let below = below.take_while(|path| path.as_bytes().starts_with(&prefix));
                let below: Vec<TreePath> = below.cloned().collect();
                for path in below {
                    self.nodes.remove(&path);
                }
            }
        }
        let slot = Slot {
            meta,
            is,
            needed_by: None,
        };
        self.nodes.insert(path, slot);
    }
}

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// Why an entry is refused.
enum Why {
    Said(&'static str),
    Path(ParsePathError),
    Error(ImageError),
}

impl From<ImageError> for Why {
    fn from(error: ImageError) -> Self {
        Self::Error(error)
    }
}

impl From<ParsePathError> for Why {
    fn from(error: ParsePathError) -> Self {
        Self::Path(error)
    }
}

/// What a directory is that nobody described.
fn implied() -> Meta {
    Meta {
        mode: 0o755,
        mtime: Epoch::DIRECTORY.0,
        ..Meta::default()
    }
}

/// `directory/name`, where `None` is the root.
fn join(directory: Option<&TreePath>, name: &[u8]) -> Result<TreePath, Why> {
    let joined = match directory {
        Some(directory) => [directory.as_bytes(), name].join(&b'/'),
        None => name.to_vec(),
    };
    TreePath::from_archive(&joined)?.ok_or(Why::Said("has no name"))
}
