//! What changed beside the packages: the head, the repositories, what was recorded.

use super::OutputDiff;
use crate::lockfile::{BlobRecord, LockedRepository, Lockfile, Output};
use crate::model::{Configure, Origin, Sha256};

/// A value that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Its key in the lockfile.
    pub field: &'static str,
    /// What it was, where it was there.
    pub from: Option<String>,
    /// What it is, where it is there.
    pub to: Option<String>,
}

/// What changed of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryDiff {
    /// Its id.
    pub id: String,
    /// Whether it was there before.
    pub was: bool,
    /// Whether it is there now.
    pub is: bool,
    /// What changed of it. Of one that came or went, all that it has.
    pub fields: Vec<FieldChange>,
}

/// Those of two lists of values under the same keys that differ.
fn changes<const N: usize>(
    fields: [&'static str; N],
    from: Option<[Option<String>; N]>,
    to: Option<[Option<String>; N]>,
) -> Vec<FieldChange> {
    let none = || [(); N].map(|()| None);
    let (from, to) = (from.unwrap_or_else(none), to.unwrap_or_else(none));
    let pairs = fields.into_iter().zip(from.into_iter().zip(to));
    pairs
        .filter(|(_, (from, to))| from != to)
        .map(|(field, (from, to))| FieldChange { field, from, to })
        .collect()
}

/// What decides how packages become layers, beside themselves.
pub(super) const fn rules(lockfile: &Lockfile) -> (u32, Configure, u32) {
    (lockfile.canonical, lockfile.configure, lockfile.rules)
}

/// The values above the packages.
pub(super) fn head(old: &Lockfile, new: &Lockfile) -> Vec<FieldChange> {
    let values = |lockfile: &Lockfile| {
        let mode = lockfile.configure.as_str();
        [
            lockfile.format.to_string(),
            lockfile.canonical.to_string(),
            lockfile.manifest.to_string(),
            lockfile.distro.clone(),
            lockfile.release.clone(),
            format!("{mode}, rules {}", lockfile.rules),
        ]
        .map(Some)
    };
    let keys = [
        "lock",
        "canonical",
        "manifest",
        "distro",
        "release",
        "configure",
    ];
    changes(keys, Some(values(old)), Some(values(new)))
}

/// The repositories by id, in the new lockfile's order, then those that are gone.
pub(super) fn repositories(old: &Lockfile, new: &Lockfile) -> Vec<RepositoryDiff> {
    let find = |lockfile: &'_ Lockfile, id: &str| {
        let mut all = lockfile.repositories.iter();
        all.find(|repository| repository.id == id).cloned()
    };
    let gone = old.repositories.iter();
    let gone = gone.filter(|repository| find(new, &repository.id).is_none());
    let all = new.repositories.iter().chain(gone);
    let mut out: Vec<RepositoryDiff> = all
        .filter_map(|repository| {
            let (was, is) = (find(old, &repository.id), find(new, &repository.id));
            (was != is).then(|| RepositoryDiff {
                id: repository.id.clone(),
                was: was.is_some(),
                is: is.is_some(),
                fields: changes(KEYS, was.as_ref().map(values), is.as_ref().map(values)),
            })
        })
        .collect();
    let order = |lockfile: &Lockfile| -> Vec<String> {
        let ids = lockfile
            .repositories
            .iter()
            .map(|repository| repository.id.clone());
        ids.collect()
    };
    let (before, after) = (order(old), order(new));
    if out.is_empty() && before != after {
        out.push(RepositoryDiff {
            id: after.join(", "),
            was: true,
            is: true,
            fields: vec![FieldChange {
                field: "order",
                from: Some(before.join(", ")),
                to: Some(after.join(", ")),
            }],
        });
    }
    out
}

const KEYS: [&str; 11] = [
    "archive",
    "url",
    "suite",
    "path",
    "snapshot",
    "unsigned",
    "date",
    "valid_until",
    "signed_by",
    "sha256",
    "indexes",
];

fn values(repository: &LockedRepository) -> [Option<String>; KEYS.len()] {
    let (archive, url) = match &repository.origin {
        Origin::Archive(name) => (Some(name.clone()), None),
        Origin::Url(url) => (None, Some(url.clone())),
    };
    let proof = &repository.proof;
    let indexes = proof.indexes.iter().map(|index| {
        let date = index.date.map(|date| format!(" {date}"));
        let date = date.unwrap_or_default();
        format!("{} {} {}{date}", index.path, index.size, index.sha256.hex())
    });
    [
        archive,
        url,
        repository.suite.clone(),
        repository.path.clone(),
        repository.snapshot.map(|snapshot| snapshot.to_string()),
        repository.unsigned.then(|| "true".to_owned()),
        Some(proof.date.to_string()),
        proof.valid_until.map(|until| until.to_string()),
        Some(proof.signed_by.join(", ")),
        Some(proof.sha256.hex()),
        Some(indexes.collect::<Vec<_>>().join(", ")),
    ]
}

/// What was recorded, by architecture, and the index over all of them.
pub(super) fn outputs(old: &Lockfile, new: &Lockfile) -> Vec<OutputDiff> {
    let arches: std::collections::BTreeSet<_> = old
        .outputs
        .keys()
        .chain(new.outputs.keys())
        .copied()
        .collect();
    let tree = |output: Option<&Output>| output.map(|output| output.tree);
    let mut out: Vec<OutputDiff> = arches
        .into_iter()
        .map(|arch| (arch, old.outputs.get(&arch), new.outputs.get(&arch)))
        .filter(|(_, from, to)| from != to)
        .map(|(arch, from, to)| OutputDiff {
            arch: Some(arch),
            from: tree(from),
            to: tree(to),
            fields: match (from, to) {
                (Some(from), Some(to)) => differing(from, to),
                _ => Vec::new(),
            },
        })
        .collect();
    if old.index != new.index {
        let digest = |index: &Option<BlobRecord>| -> Option<Sha256> {
            index.as_ref().map(|index| index.digest)
        };
        out.push(OutputDiff {
            arch: None,
            from: digest(&old.index),
            to: digest(&new.index),
            fields: Vec::new(),
        });
    }
    out
}

fn differing(from: &Output, to: &Output) -> Vec<&'static str> {
    [
        ("epoch", from.epoch == to.epoch),
        ("layers", from.layers == to.layers),
        ("tree", from.tree == to.tree),
        ("config", from.config == to.config),
        ("generated", from.generated == to.generated),
        ("paths", from.paths == to.paths),
        ("undone", from.undone == to.undone),
        ("blobs", from.blobs == to.blobs),
    ]
    .into_iter()
    .filter_map(|(field, same)| (!same).then_some(field))
    .collect()
}
