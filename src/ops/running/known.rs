//! What scripts made before, by the digest of all that decides it.

use std::collections::{BTreeMap, BTreeSet};

use base64::prelude::{BASE64_STANDARD as BASE64, Engine as _};
use serde::{Deserialize, Serialize};

use crate::assemble::{Ran, Staged};
use crate::model::Sha256;
use crate::store::{Store, StoreError};
use crate::tree::{Blob, Kind, Location, Meta, Node, TreePath, merkle_root};

/// The stage of what scripts made; raised with every change of how they are run or what is kept.
const STAGE: (&str, u32) = ("scripts", 1);

/// The digest of the root and of everything that is run in it.
pub(super) fn key(staged: &Staged<'_>) -> Sha256 {
    let running = staged.running;
    let inputs = (
        env!("CARGO_PKG_VERSION"),
        (staged.distro.name(), staged.arch, staged.epoch),
        merkle_root(staged.tree),
        (&running.put, &running.covers, &running.acts),
        (staged.own, staged.filter),
    );
    Sha256::of(format!("{inputs:?}").as_bytes())
}

#[derive(Serialize, Deserialize)]
struct Record {
    /// A tar with the contents.
    contents: Option<String>,
    made: Vec<(Vec<u8>, NodeRecord)>,
    removed: Vec<Vec<u8>>,
    warnings: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct NodeRecord {
    mode: u16,
    uid: u32,
    gid: u32,
    mtime: i64,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    kind: KindRecord,
}

#[derive(Serialize, Deserialize)]
enum KindRecord {
    Directory,
    Symlink(Vec<u8>),
    /// In base64.
    Inline(String),
    File {
        size: u64,
        sha256: String,
        offset: u64,
    },
}

/// What was made and the blob with its contents, where both are known.
pub(super) fn load(
    store: &Store,
    key: &Sha256,
    pack: u32,
) -> Result<Option<(Ran, Option<Sha256>)>, StoreError> {
    let Some(bytes) = store.derived(STAGE.0, STAGE.1, key)? else {
        return Ok(None);
    };
    let record = serde_json::from_slice(&bytes).ok();
    let Some((ran, blob)) = record.and_then(|record: Record| record.revive(pack)) else {
        return Ok(None);
    };
    match blob {
        // The pack is read by ranges: here is the time to see whether it is sound.
        Some(blob) if store.open_verified(&blob)?.is_none() => Ok(None),
        _ => Ok(Some((ran, blob))),
    }
}

/// Keeps what was made.
pub(super) fn save(
    store: &Store,
    key: &Sha256,
    ran: &Ran,
    contents: Option<Sha256>,
) -> Result<(), StoreError> {
    let made = ran.made.iter().filter_map(|(path, node)| {
        let Meta {
            mode,
            uid,
            gid,
            mtime,
            xattrs,
        } = node.meta.clone();
        let kind = match &node.kind {
            Kind::Directory => KindRecord::Directory,
            Kind::Symlink(target) => KindRecord::Symlink(target.to_vec()),
            Kind::File(blob) => match blob.at {
                Location::Inline(ref bytes) => KindRecord::Inline(BASE64.encode(bytes)),
                Location::Pack { offset, .. } => KindRecord::File {
                    size: blob.size,
                    sha256: blob.sha256.to_string(),
                    offset,
                },
            },
            _ => return None,
        };
        let xattrs = xattrs.into_iter();
        let record = NodeRecord {
            mode,
            uid,
            gid,
            mtime,
            xattrs: xattrs
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            kind,
        };
        Some((path.as_bytes().to_vec(), record))
    });
    let removed = ran.removed.iter().map(|path| path.as_bytes().to_vec());
    let record = Record {
        contents: contents.map(|blob| blob.to_string()),
        made: made.collect(),
        removed: removed.collect(),
        warnings: ran.warnings.clone(),
    };
    let bytes = serde_json::to_vec(&record).unwrap_or_default();
    store.put_derived(STAGE.0, STAGE.1, key, &bytes)
}

impl Record {
    /// `None` where it is not one of ours.
    fn revive(self, pack: u32) -> Option<(Ran, Option<Sha256>)> {
        let path = |bytes: &[u8]| TreePath::from_archive(bytes).ok().flatten();
        let mut made = BTreeMap::new();
        for (name, record) in self.made {
            let kind = match record.kind {
                KindRecord::Directory => Kind::Directory,
                KindRecord::Symlink(target) => Kind::Symlink(target.into()),
                KindRecord::Inline(text) => Kind::File(Blob::inline(BASE64.decode(text).ok()?)),
                KindRecord::File {
                    size,
                    sha256,
                    offset,
                } => Kind::File(Blob {
                    size,
                    sha256: sha256.parse().ok()?,
                    at: Location::Pack { pack, offset },
                }),
            };
            let xattrs = record.xattrs.into_iter();
            let meta = Meta {
                mode: record.mode,
                uid: record.uid,
                gid: record.gid,
                mtime: record.mtime,
                xattrs: xattrs
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect(),
            };
            made.insert(path(&name)?, Node { meta, kind });
        }
        let removed: Option<BTreeSet<TreePath>> =
            self.removed.iter().map(|one| path(one)).collect();
        let contents = self.contents.map(|blob| blob.parse()).transpose().ok()?;
        let ran = Ran {
            made,
            removed: removed?,
            warnings: self.warnings,
        };
        Some((ran, contents))
    }
}
