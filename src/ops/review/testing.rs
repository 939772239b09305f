//! Lockfiles for tests, of packages that are a line each.

use std::path::Path;

use super::Locked;
use crate::distro;
use crate::lockfile::testing::packages;
use crate::lockfile::{CANONICAL, FORMAT, LockedRepository, Lockfile, RULES};
use crate::manifest::{Manifest, ParseContext, parse};
use crate::model::{Arch, Configure, Epoch, Origin, Proof, Sha256};

/// The first ecosystem that there is.
fn debian() -> &'static dyn distro::Distro {
    distro::ALL[0]
}

pub(super) fn amd64() -> Arch {
    Arch::from_oci("amd64").unwrap()
}

/// A lockfile for amd64 with one repository, `main`.
pub(super) fn lockfile(lines: &[&str]) -> Lockfile {
    Lockfile {
        format: FORMAT,
        canonical: CANONICAL,
        manifest: Sha256::of(b"manifest"),
        distro: debian().name().into(),
        release: "trixie".into(),
        configure: Configure::Native,
        rules: RULES,
        repositories: vec![LockedRepository {
            id: "main".into(),
            origin: Origin::Archive(debian().name().into()),
            suite: Some("trixie".into()),
            path: None,
            snapshot: None,
            unsigned: false,
            proof: Proof {
                sha256: Sha256::of(b"release"),
                date: Epoch(1_700_000_000),
                valid_until: None,
                signed_by: vec!["A".repeat(40)],
                indexes: Vec::new(),
            },
        }],
        packages: [(amd64(), packages(lines))].into(),
        outputs: Default::default(),
        index: None,
    }
}

/// The same as one side of a comparison.
pub(super) fn side(lockfile: Lockfile) -> Locked {
    Locked {
        name: "test.lock".into(),
        lockfile,
        distro: debian(),
        project: None,
    }
}

/// A manifest with these groups.
pub(super) fn manifest(groups: &str) -> Manifest {
    let text = format!("name: test\ndistro: debian\nrelease: trixie\ngroups:\n{groups}");
    let context = ParseContext {
        file: "rootfs.yaml",
        version: &"0.1.0".parse().unwrap(),
        dialects: distro::DIALECTS,
    };
    parse(text.as_bytes(), &context).unwrap()
}

/// A directory with a manifest of these groups and a lockfile of these packages.
pub(super) fn project(directory: &Path, groups: &str, lines: &[&str]) -> super::Project {
    let text = format!("name: test\ndistro: debian\nrelease: trixie\ngroups:\n{groups}");
    fs_err::write(directory.join("rootfs.yaml"), text).unwrap();
    let lock = crate::lockfile::write(&lockfile(lines), "rootfs.yaml");
    fs_err::write(directory.join("rootfs.lock"), lock).unwrap();
    super::Project::open(directory, None).unwrap()
}
