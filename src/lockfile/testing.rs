//! Locked packages for tests, a line each.

use crate::model::{Edge, LockedPackage, Sha256, SourcePackage};

/// `a b:virtual` as edges.
fn edges(names: &str) -> Vec<Edge> {
    let edge = |word: &str| {
        let (name, through) = match word.split_once(':') {
            Some((name, through)) => (name, Some(through.into())),
            None => (word, None),
        };
        Edge {
            name: name.parse().unwrap(),
            through,
        }
    };
    names.split_ascii_whitespace().map(edge).collect()
}

/// `*NAME=VERSION@GROUP: DEPENDS ~ RECOMMENDS if INSTALL_IF`, of which only NAME must be there; a star
/// is for what is requested. Sorted by name.
pub(crate) fn packages(lines: &[&str]) -> Vec<LockedPackage> {
    let mut out: Vec<_> = lines.iter().map(|line| package(line)).collect();
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

fn package(line: &str) -> LockedPackage {
    let (head, edges_of) = line.split_once(": ").unwrap_or((line, ""));
    let (depends, install_if) = edges_of.split_once("if ").unwrap_or((edges_of, ""));
    let (depends, recommends) = depends.split_once("~ ").unwrap_or((depends, ""));
    let (head, group) = head.split_once('@').unwrap_or((head, "base"));
    let (name, version) = head.split_once('=').unwrap_or((head, "1"));
    let (name, requested) = match name.strip_prefix('*') {
        Some(name) => (name, true),
        None => (name, false),
    };
    LockedPackage {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        arch: "all".into(),
        group: group.parse().unwrap(),
        requested,
        source: SourcePackage {
            name: name.into(),
            version: version.parse().unwrap(),
        },
        repository: "main".into(),
        path: format!("pool/{name}_{version}_all.deb"),
        size: 1000,
        sha256: Sha256::of(format!("{name} {version}").as_bytes()),
        checksum: None,
        depends: edges(depends),
        recommends: edges(recommends),
        install_if: edges(install_if),
    }
}
