//! The well-known archives, and the repositories that a release has of its own.

use crate::model::{Archive, Origin, Repository, Snapshot};

/// What `archive:` of a manifest may name. Every byte is checked against a signature, so plain http
/// is as good as https where a network lets only one of them through.
pub(super) const ARCHIVES: &[Archive] = &[
    Archive {
        name: "debian",
        urls: &[
            "https://ftp.debian.org/debian",
            "http://ftp.debian.org/debian",
        ],
        snapshot: Some("https://snapshot.debian.org/archive/debian"),
    },
    Archive {
        name: "debian-security",
        urls: &[
            "https://security.debian.org/debian-security",
            "http://security.debian.org/debian-security",
        ],
        snapshot: Some("https://snapshot.debian.org/archive/debian-security"),
    },
];

/// Suites whose name stays while their codename changes.
const ALIASES: &[&str] = &[
    "stable",
    "oldstable",
    "oldoldstable",
    "testing",
    "unstable",
    "experimental",
];
/// Codenames that have neither updates nor security.
const ROLLING: &[&str] = &["sid", "rc-buggy"];

/// Whether `release` is a suite that stands for a codename.
pub(super) fn is_alias(release: &str) -> bool {
    ALIASES.contains(&release)
}

/// One suite of a well-known archive, component main.
pub(super) fn suite(archive: &str, suite: String, snapshot: Option<Snapshot>) -> Repository {
    Repository {
        id: suite.clone(),
        origin: Origin::Archive(archive.into()),
        base: String::new(),
        suite: Some(suite),
        components: vec!["main".into()],
        path: None,
        priority: None,
        keys: Vec::new(),
        snapshot,
        tag: None,
        unsigned: false,
        allow_expired: false,
    }
}

/// What belongs to the release `codename` beside the suite of its own name.
pub(super) fn beside(codename: &str, snapshot: Option<Snapshot>) -> Vec<Repository> {
    if ROLLING.contains(&codename) {
        return Vec::new();
    }
    vec![
        suite("debian", format!("{codename}-updates"), snapshot),
        suite("debian-security", format!("{codename}-security"), snapshot),
    ]
}

/// The release that a suite belongs to: `trixie` of `trixie-security`.
pub(super) fn release_of(suite: &str) -> &str {
    let suite = suite.split('/').next().unwrap_or(suite);
    [
        "-proposed-updates",
        "-backports-sloppy",
        "-backports",
        "-security",
        "-updates",
    ]
    .iter()
    .find_map(|end| suite.strip_suffix(end))
    .unwrap_or(suite)
}

/// Gives every repository an id that no other has: its own, else its suite's name, then with a
/// number.
pub(super) fn number(repositories: &mut [Repository]) {
    let mut used: Vec<String> = Vec::new();
    for repository in repositories {
        let base = match (&repository.id, repository.suite.as_deref()) {
            (id, _) if !id.is_empty() => id.clone(),
            (_, Some(suite)) if !suite.trim_matches(['.', '/']).is_empty() => {
                suite.trim_matches(['.', '/']).to_owned()
            }
            _ => "flat".to_owned(),
        };
        let mut id = base.clone();
        let mut next = 2;
        while used.contains(&id) {
            id = format!("{base}-{next}");
            next += 1;
        }
        used.push(id.clone());
        repository.id = id;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_suites_and_unique() {
        let mut all = vec![
            suite("debian", "trixie".into(), None),
            suite("debian", "trixie".into(), None),
            suite("debian", "./".into(), None),
            suite("debian", "./".into(), None),
        ];
        for repository in &mut all {
            repository.id = String::new();
        }
        number(&mut all);
        let ids: Vec<_> = all
            .iter()
            .map(|repository| repository.id.as_str())
            .collect();
        assert_eq!(ids, ["trixie", "trixie-2", "flat", "flat-2"]);
    }

    #[test]
    fn a_suite_belongs_to_its_release() {
        assert_eq!(release_of("trixie-security"), "trixie");
        assert_eq!(release_of("bullseye/updates"), "bullseye");
        assert_eq!(release_of("sid"), "sid");
        assert!(beside("sid", None).is_empty());
    }
}
