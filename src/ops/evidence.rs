//! The signed roots that lockfiles were made from, kept in the store.
//!
//! The files are ordinary blobs; what ties them to a lockfile is a small entry under the digest of
//! the repository and of the text that the signature covers, which the lockfile has. Either may have
//! been dropped by `store gc`, and is then as good as never kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::distro::{EvidenceFile, Opened};
use crate::model::{Repository, Sha256};
use crate::store::Store;

/// The stage of these entries, and the revision of their form.
const STAGE: (&str, u32) = ("proof", 1);

/// A file of a signed root, as an entry has it.
#[derive(Serialize, Deserialize)]
struct Kept {
    path: String,
    sha256: String,
    size: u64,
}

/// Keeps what proved each of the repositories.
///
/// # Errors
/// When the store cannot be written.
pub(super) fn remember(store: &Store, opened: &Opened) -> Result<(), Error> {
    let all = opened.repositories.iter().zip(&opened.proofs);
    for ((repository, proof), evidence) in all.zip(&opened.evidence) {
        let mut entry = Vec::new();
        for file in &evidence.files {
            let (sha256, size) = (Sha256::of(&file.bytes), file.bytes.len() as u64);
            if !store.has_sized(&sha256, size) {
                store.put(&file.bytes)?;
            }
            entry.push(Kept {
                path: file.path.clone(),
                sha256: sha256.to_string(),
                size,
            });
        }
        // Plain data always has a JSON form.
        let entry = serde_json::to_vec(&entry).unwrap_or_default();
        let key = key(repository, &proof.sha256);
        if store.derived(STAGE.0, STAGE.1, &key)?.as_ref() != Some(&entry) {
            store.put_derived(STAGE.0, STAGE.1, &key, &entry)?;
        }
    }
    Ok(())
}

/// The signed root of a repository whose covered text has the digest `proven`; `None` where it is not
/// kept whole.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn recall(
    store: &Store,
    repository: &Repository,
    proven: &Sha256,
) -> Result<Option<Vec<EvidenceFile>>, Error> {
    let Some(entry) = store.derived(STAGE.0, STAGE.1, &key(repository, proven))? else {
        return Ok(None);
    };
    let Ok(entry) = serde_json::from_slice::<Vec<Kept>>(&entry) else {
        return Ok(None);
    };
    let mut files = Vec::with_capacity(entry.len());
    for kept in entry {
        let Ok(sha256) = kept.sha256.parse::<Sha256>() else {
            return Ok(None);
        };
        if !store.has_sized(&sha256, kept.size) {
            return Ok(None);
        }
        let Some(bytes) = store.read(&sha256)? else {
            return Ok(None);
        };
        files.push(EvidenceFile {
            path: kept.path,
            bytes: Arc::from(bytes),
        });
    }
    Ok(Some(files))
}

fn key(repository: &Repository, proven: &Sha256) -> Sha256 {
    let Repository {
        origin,
        suite,
        path,
        snapshot,
        ..
    } = repository;
    // `Debug` of plain data spells every field out, in an order that its type fixes.
    Sha256::of(format!("{:?}", (origin, suite, path, snapshot, proven)).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distro::Evidence;
    use crate::model::{Epoch, Origin, Proof};

    #[test]
    fn what_proved_a_lockfile_is_found_by_what_it_proved() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("store")).unwrap();
        let repository = Repository {
            id: "x".into(),
            origin: Origin::Url("./x".into()),
            base: "file:///x".into(),
            suite: Some("x".into()),
            components: Vec::new(),
            path: None,
            priority: None,
            keys: Vec::new(),
            snapshot: None,
            tag: None,
            unsigned: false,
            allow_expired: false,
        };
        let proof = Proof {
            sha256: Sha256::of(b"text"),
            date: Epoch(1),
            valid_until: None,
            signed_by: Vec::new(),
            indexes: Vec::new(),
        };
        let file = |name: &str| EvidenceFile {
            path: format!("dists/x/{name}"),
            bytes: name.as_bytes().into(),
        };
        let opened = Opened {
            release: "x".into(),
            repositories: vec![repository.clone()],
            proofs: vec![proof.clone()],
            evidence: vec![Evidence {
                files: vec![file("Release"), file("Release.gpg")],
            }],
            catalogs: Vec::new(),
            warnings: Vec::new(),
        };
        remember(&store, &opened).unwrap();
        let paths = |repository: &Repository, proven: &Sha256| {
            let files = recall(&store, repository, proven).unwrap();
            files.map(|files| files.into_iter().map(|file| file.path).collect::<Vec<_>>())
        };
        let both = ["dists/x/Release".to_owned(), "dists/x/Release.gpg".into()];
        // Wherever this machine found it.
        let elsewhere = Repository {
            base: "file:///y".into(),
            ..repository.clone()
        };
        assert_eq!(paths(&elsewhere, &proof.sha256).unwrap(), both);
        assert_eq!(paths(&repository, &Sha256::of(b"other")), None);
        let suite = Some("y".into());
        assert_eq!(
            paths(
                &Repository {
                    suite,
                    ..repository.clone()
                },
                &proof.sha256
            ),
            None
        );
        // Half of it is nothing.
        fs_err::remove_file(store.path(&Sha256::of(b"Release"))).unwrap();
        assert_eq!(paths(&repository, &proof.sha256), None);
    }
}
