//! The packages' files as the distribution sees them when it configures, and what is made by that or by
//! scripts as items of `system`.

use std::collections::BTreeMap;

use super::error::{AssembleError, Refusal};
use super::files::{LoadedFile, LoadedFiles};
use super::overlay::{Item, What};
use super::stack::Stack;
use crate::distro::{Fault, Ground, Scene, Scripted};
use crate::model::{Accounts, Arch, Epoch};
use crate::tree::{Blob, Contents, Kind, Location, Meta, Node, TreePath};

/// What is beneath `system`.
struct Beneath<'a, 's> {
    stack: &'a Stack<'s>,
    contents: &'a dyn Contents,
    /// Of `files:` those that a trust store is made of: the user's own certificates.
    certificates: BTreeMap<TreePath, Node>,
}

/// Where update-ca-certificates(8) looks for the administrator's certificates, in both ecosystems.
const CERTIFICATES: &[u8] = b"usr/local/share/ca-certificates/";

impl Ground for Beneath<'_, '_> {
    fn node(&self, path: &TreePath) -> Option<Node> {
        if let Some(node) = self.certificates.get(path) {
            return Some(node.clone());
        }
        if let Some((_, claim)) = self.stack.holder(path) {
            return Some(claim.node.clone());
        }
        self.stack.directories.get(path)?;
        Some(Node {
            meta: self.stack.directory(path),
            kind: Kind::Directory,
        })
    }

    fn below(&self, directory: &TreePath) -> Vec<TreePath> {
        let mut prefix = directory.as_bytes().to_vec();
        prefix.push(b'/');
        let own = self.certificates.keys();
        let own = own.filter(|path| path.as_bytes().starts_with(&prefix));
        let mut out: Vec<TreePath> = own.cloned().collect();
        for layer in &self.stack.layers {
            let claims = &layer.claims;
            let first = claims.partition_point(|claim| claim.path.as_bytes() < &prefix[..]);
            let inside = claims[first..]
                .iter()
                .take_while(|claim| claim.path.as_bytes().starts_with(&prefix));
            out.extend(inside.map(|claim| claim.path.clone()));
        }
        out.sort();
        out.dedup();
        out
    }

    fn owned(&self) -> Vec<(TreePath, Meta)> {
        let mut out = BTreeMap::new();
        for layer in &self.stack.layers {
            let claims = layer.claims.iter();
            let claims = claims.map(|claim| (&claim.path, &claim.node.meta));
            for (path, meta) in claims.chain(&layer.directories) {
                out.insert(path.clone(), meta.clone());
            }
        }
        let out = out.into_iter();
        out.filter(|(_, meta)| (meta.uid, meta.gid) != (0, 0))
            .collect()
    }

    fn read(
        &self,
        path: &TreePath,
        blob: &Blob,
        offset: u64,
        into: &mut [u8],
    ) -> Result<(), Fault> {
        let Location::Pack { pack, offset: base } = &blob.at else {
            return Ok(());
        };
        let read = self.contents.read_at(*pack, base + offset, into);
        read.map_err(|cause| {
            let path = path.clone();
            AssembleError::Content { path, cause }.into()
        })
    }
}

/// The image that the group layers make, as configuring sees it.
pub(super) struct Scenery<'a, 's> {
    pub(super) stack: &'a Stack<'s>,
    pub(super) contents: &'a dyn Contents,
    /// The locked release, the architecture, the image's time.
    pub(super) place: (&'a str, Arch, Epoch),
    pub(super) accounts: &'a Accounts,
    pub(super) files: &'a LoadedFiles,
}

impl Scenery<'_, '_> {
    /// Shows it to the distribution.
    pub(super) fn shown<T>(
        &self,
        to: impl FnOnce(Scene<'_>) -> Result<T, Fault>,
    ) -> Result<T, AssembleError> {
        let packages: Vec<Scripted<'_>> = self
            .stack
            .packages
            .iter()
            .map(|package| Scripted {
                package: package.locked,
                control: &package.control,
                layer: package.layer,
            })
            .collect();
        let certificate = |file: &LoadedFile| match &file.what {
            What::File(blob) if file.path.as_bytes().starts_with(CERTIFICATES) => {
                let meta = Meta {
                    mode: file.mode,
                    ..Meta::default()
                };
                let kind = Kind::File(blob.clone());
                Some((file.path.clone(), Node { meta, kind }))
            }
            _ => None,
        };
        let ground = Beneath {
            stack: self.stack,
            contents: self.contents,
            certificates: self.files.files.iter().filter_map(certificate).collect(),
        };
        let (release, arch, epoch) = self.place;
        let scene = Scene {
            arch,
            release,
            epoch,
            accounts: self.accounts,
            packages: &packages,
            ground: &ground,
        };
        Ok(to(scene).map_err(Refusal)?)
    }
}

/// What was made, as items of `system`; `bound` is the latest time that anything may have.
pub(super) fn items(made: &BTreeMap<TreePath, Node>, bound: Option<Epoch>) -> Vec<Item> {
    let item = |(path, node): (&TreePath, &Node)| {
        let what = match &node.kind {
            Kind::Directory => What::Directory,
            Kind::File(blob) => What::File(blob.clone()),
            Kind::Symlink(target) => What::Symlink(target.clone()),
            // Nothing else is made.
            _ => return None,
        };
        let mtime = node.meta.mtime;
        Some(Item {
            path: path.clone(),
            what,
            mode: node.meta.mode,
            uid: node.meta.uid,
            gid: node.meta.gid,
            mtime: bound.map_or(mtime, |Epoch(bound)| mtime.min(bound)),
            xattrs: node.meta.xattrs.clone(),
            line: None,
        })
    };
    made.iter().filter_map(item).collect()
}
