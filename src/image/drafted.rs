//! What a draft came to: hard links in their normal form, and everything sorted.

use std::io;

use super::draft::{Draft, Is};
use super::hashers::Digested;
use super::stack::LowerLink;
use super::{ImageError, Oddity, Whiteout};
use crate::tree::{Blob, Kind, Location, Node, Tree, TreePath};

/// How many oddities of each kind are told.
const ODDITIES: usize = 8;

/// What a tar came to.
#[derive(Debug)]
pub(super) struct Drafted {
    pub(super) tree: Tree,
    pub(super) whiteouts: Vec<Whiteout>,
    pub(super) oddities: Vec<Oddity>,
    /// Directories that have no entry.
    pub(super) implied: Vec<TreePath>,
    /// Paths that are not in the tree yet.
    pub(super) links: Vec<LowerLink>,
}

impl Draft<'_> {
    /// The tree, when all contents were digested; they lie in `pack`.
    pub(super) fn finish(
        self,
        digested: Vec<Option<Digested>>,
        pack: u32,
    ) -> Result<Drafted, ImageError> {
        let mut oddities = self.out_of_order;
        oddities.extend(self.repeated);
        let mut lonely = Vec::new();
        let (mut implied, mut links) = (Vec::new(), Vec::new());
        let mut first: Vec<Option<TreePath>> = vec![None; self.files.len()];
        let mut contents: Vec<Option<Blob>> = Vec::with_capacity(digested.len());
        for (file, digested) in self.files.into_iter().zip(digested) {
            contents.push(digested.map(|digested| Blob {
                size: file.size,
                sha256: digested.sha256,
                at: match digested.kept {
                    Some(bytes) => Location::Inline(bytes),
                    None => Location::Pack {
                        pack,
                        offset: file.offset,
                    },
                },
            }));
        }
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for (path, slot) in self.nodes {
            if let Some(child) = slot.needed_by {
                let oddity = Oddity::NoParent(TreePath::clone(&child));
                if !lonely.contains(&oddity) {
                    note(&mut lonely, || oddity);
                }
                implied.push(path.clone());
            }
            let kind = match slot.is {
                Is::Directory => Kind::Directory,
                Is::Symlink(target) => Kind::Symlink(target),
                Is::CharDevice(major, minor) => Kind::CharDevice(major, minor),
                Is::BlockDevice(major, minor) => Kind::BlockDevice(major, minor),
                Is::Fifo => Kind::Fifo,
                Is::File(number) => match first.get_mut(number) {
                    Some(Some(first)) => Kind::Hardlink(first.clone()),
                    first => {
                        let content = contents.get_mut(number).and_then(Option::take);
                        let Some((content, first)) = content.zip(first) else {
                            let source = io::Error::other("a thread that digests files panicked");
                            let place = self.place.clone();
                            return Err(ImageError::Read { place, source });
                        };
                        *first = Some(path.clone());
                        Kind::File(content)
                    }
                },
                Is::Lower(target) => {
                    links.push(LowerLink {
                        path,
                        meta: slot.meta,
                        target,
                    });
                    continue;
                }
            };
            let meta = slot.meta;
            nodes.push((path, Node { meta, kind }));
        }
        if self.root {
            oddities.push(Oddity::Root);
        }
        oddities.extend(lonely);
        Ok(Drafted {
            tree: Tree {
                nodes: nodes.into_iter().collect(),
            },
            whiteouts: self.whiteouts,
            oddities,
            implied,
            links,
        })
    }
}

/// Adds an oddity, if it is one of the first few of its kind.
pub(super) fn note(oddities: &mut Vec<Oddity>, oddity: impl FnOnce() -> Oddity) {
    if oddities.len() < ODDITIES {
        oddities.push(oddity());
    }
}
