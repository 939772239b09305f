//! Locked packages and real data for the tests of this folder.

use std::path::PathBuf;

use super::testing::Parts;
use crate::model::{LockedPackage, Sha256, SourcePackage, Version};

/// A package as a lockfile has it, for x86_64, with the checksum of an empty control part.
pub(crate) fn locked(name: &str, version: &str) -> LockedPackage {
    let version: Version = version.parse().unwrap();
    LockedPackage {
        path: format!("x86_64/{name}-{version}.apk"),
        name: name.parse().unwrap(),
        source: SourcePackage {
            name: name.into(),
            version: version.clone(),
        },
        version,
        arch: "x86_64".into(),
        group: "base".parse().unwrap(),
        requested: true,
        repository: "main".into(),
        size: 1000,
        sha256: Sha256::of(b""),
        checksum: Some("Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=".into()),
        depends: Vec::new(),
        recommends: Vec::new(),
        install_if: Vec::new(),
    }
}

/// The same with the checksum and the size of a package.
pub(crate) fn locked_as(name: &str, version: &str, parts: &Parts) -> LockedPackage {
    LockedPackage {
        checksum: Some(parts.checksum()),
        size: parts.bytes().len() as u64,
        ..locked(name, version)
    }
}

/// Where real packages of Alpine are; nothing, with a word about it, where they are not.
pub(crate) fn real() -> Option<PathBuf> {
    shared_path("alpine")
}

/// A file or directory of the data that lies beside the project; says so where it is absent.
#[allow(clippy::disallowed_methods, reason = "a test finds its data")]
pub(crate) fn shared_path(path: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("ROOTLOCK_SHARED").map_or_else(beside, PathBuf::from);
    let found = shared.join(path);
    match found.exists() {
        true => Some(found),
        false => {
            println!("skipped: there is no {}", found.display());
            None
        }
    }
}

/// The text of such a file.
pub(crate) fn shared(path: &str) -> Option<String> {
    shared_path(path).map(|path| fs_err::read_to_string(path).unwrap())
}
