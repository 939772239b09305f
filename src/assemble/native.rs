//! `configure: native`: the packages' files as the distribution sees them while it configures, and
//! what it makes as items of `system`.

use std::collections::BTreeMap;

use super::error::{AssembleError, Refusal};
use super::files::{LoadedFile, LoadedFiles};
use super::overlay::{Item, What};
use super::stack::Stack;
use crate::distro::{Configured, Distro, Fault, Ground, Scene, Scripted};
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

/// Configures the image that the group layers make.
pub(super) fn configure(
    distro: &dyn Distro,
    stack: &Stack<'_>,
    contents: &dyn Contents,
    (release, arch, epoch): (&str, Arch, Epoch),
    accounts: &Accounts,
    files: &LoadedFiles,
) -> Result<Configured, AssembleError> {
    let packages: Vec<Scripted<'_>> = stack
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
        stack,
        contents,
        certificates: files.files.iter().filter_map(certificate).collect(),
    };
    let scene = Scene {
        arch,
        release,
        epoch,
        accounts,
        packages: &packages,
        ground: &ground,
    };
    Ok(distro.configure(scene).map_err(Refusal)?)
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
