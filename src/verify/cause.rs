//! What usually makes a thing differ. Only what is well known is said: no cause is better than a
//! wrong one.

use std::collections::HashMap;

use super::{Finding, What};
use crate::tree::{Field, Node, Tree};

/// Files that differ from one build to the next wherever scripts run or a system was started. A
/// pattern is a path, a directory with its slash, or has one star for any bytes.
const PLACES: &[(&str, &str)] = &[
    (
        "*/__pycache__",
        "python's byte code, which is made when packages are installed or modules first used",
    ),
    (
        "*.pyc",
        "python's byte code, which is made when packages are installed or modules first used",
    ),
    (
        ".dockerenv",
        "a container engine leaves it in every container",
    ),
    (
        "etc/apt/apt.conf.d/01autoremove-kernels",
        "apt lists the kernels of the moment in it",
    ),
    (
        "etc/hostname",
        "a container engine or a builder writes its own",
    ),
    (
        "etc/hosts",
        "a container engine or a builder writes its own",
    ),
    (
        "etc/ld.so.cache",
        "ldconfig made it from other libraries, or is another version",
    ),
    (
        "etc/machine-id",
        "it is drawn at random when a system is installed or first started",
    ),
    ("etc/mtab", "a container engine or a builder writes its own"),
    (
        "etc/resolv.conf",
        "a container engine or a builder writes its own, with its host's name servers",
    ),
    (
        "etc/ssh/ssh_host_*",
        "a server's keys are drawn at random when it is installed",
    ),
    (
        "etc/ssl/certs/ssl-cert-snakeoil.pem",
        "it is drawn at random when ssl-cert is installed",
    ),
    (
        "etc/ssl/private/ssl-cert-snakeoil.key",
        "it is drawn at random when ssl-cert is installed",
    ),
    (
        "etc/*shadow",
        "it holds the day of each account's last password change",
    ),
    (
        "etc/*shadow-",
        "it holds the day of each account's last password change",
    ),
    (
        "etc/group-",
        "a copy of the accounts before the last change, as tools that edit them keep",
    ),
    (
        "etc/passwd-",
        "a copy of the accounts before the last change, as tools that edit them keep",
    ),
    (
        "etc/subgid-",
        "a copy of the accounts before the last change, as tools that edit them keep",
    ),
    (
        "etc/subuid-",
        "a copy of the accounts before the last change, as tools that edit them keep",
    ),
    ("root/.bash_history", "left by whoever worked in the image"),
    ("root/.cache/", "left by what ran during the build"),
    ("run/", "left by what ran during the build"),
    ("tmp/", "left by what ran during the build"),
    (
        "var/cache/apt/",
        "apt's cache of what it read and downloaded",
    ),
    (
        "var/cache/debconf/",
        "debconf's database, which packages write as they are configured",
    ),
    (
        "var/cache/fontconfig/",
        "a cache that holds the times of the directories it describes",
    ),
    (
        "var/cache/ldconfig/",
        "a cache that holds inode numbers and times of the builder's disk",
    ),
    (
        "var/cache/man/",
        "a cache that holds the times of the pages it describes",
    ),
    (
        "var/lib/apt/lists/",
        "apt's copies of the indexes of that day",
    ),
    (
        "var/lib/dbus/machine-id",
        "it is drawn at random when a system is installed or first started",
    ),
    (
        "var/lib/dpkg/*-old",
        "dpkg's copy of its database before the last change",
    ),
    (
        "var/lib/dpkg/triggers/File",
        "dpkg writes it in the order in which packages were configured",
    ),
    (
        "var/lib/systemd/catalog/database",
        "journalctl makes it, with the time of its making",
    ),
    (
        "var/lib/systemd/random-seed",
        "a running system saves it, at random",
    ),
    (
        "var/lib/urandom/random-seed",
        "a running system saves it, at random",
    ),
    ("var/log/", "a log of what happened during the build"),
    ("var/tmp/", "left by what ran during the build"),
];

/// Fills in the cause of every finding that has none; `expected` is the filesystem as rebuilt.
pub(super) fn explain(findings: &mut [Finding], expected: &Tree) {
    let mut fields: HashMap<_, usize> = HashMap::new();
    for finding in findings.iter() {
        *fields.entry((&finding.layer, &finding.path)).or_default() += 1;
    }
    let alone = |finding: &Finding| fields.get(&(&finding.layer, &finding.path)) == Some(&1);
    let alone: Vec<bool> = findings.iter().map(alone).collect();
    for (finding, alone) in findings.iter_mut().zip(alone) {
        let directory = finding
            .path
            .as_ref()
            .is_some_and(|path| expected.nodes.get(path).is_some_and(Node::is_directory));
        finding.cause = finding.cause.or_else(|| match &finding.what {
            What::Value { name, .. } => {
                of_value(finding.layer.as_deref(), finding.path.is_some(), name)
            }
            What::Field(Field::Mtime(..)) if directory => Some(
                "a directory's time is always 2000-01-01 here, and elsewhere that of the last \
                 change in it",
            ),
            What::Field(field) => of_place(finding).or_else(|| of_field(field, alone, finding)),
            What::Missing(_) | What::Extra(_) => of_place(finding),
        });
    }
}

/// What the owner of the path tells.
pub(super) fn of_packaged(finding: &Finding) -> Option<&'static str> {
    let generated = matches!(finding.layer.as_deref(), Some("system" | "files"));
    match finding.field() {
        "content" if !generated => Some("it is not the file of the locked package"),
        "missing" => Some("something removed it later, or it was left out on purpose"),
        _ => None,
    }
}

/// A path whose content, presence and time are well known to differ.
fn of_place(finding: &Finding) -> Option<&'static str> {
    let told = matches!(
        finding.field(),
        "content" | "mtime" | "link" | "type" | "missing" | "extra"
    );
    let path = finding.path.as_ref().filter(|_| told)?.as_bytes();
    let (_, cause) = PLACES.iter().find(|(pattern, _)| fits(pattern, path))?;
    Some(cause)
}

fn fits(pattern: &str, path: &[u8]) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            path.len() >= start.len() + end.len()
                && path.starts_with(start.as_bytes())
                && path.ends_with(end.as_bytes())
        }
        None if pattern.ends_with('/') => path.starts_with(pattern.as_bytes()),
        None => path == pattern.as_bytes(),
    }
}

/// What one field of a path tells; `alone` where no other field of it differs.
fn of_field(field: &Field, alone: bool, finding: &Finding) -> Option<&'static str> {
    match field {
        Field::Mtime(..) if alone => Some("the builder stamps its own time, or had another epoch"),
        Field::Mtime(..) => Some("the file was written or replaced after it was unpacked"),
        Field::Mode(..) => Some("another umask, or a layer that was unpacked and packed again"),
        Field::Owner(..) => Some("it was unpacked or packed without the right to give files away"),
        Field::Hardlink(Some(_), None) => Some("a copy that does not keep hard links"),
        Field::Xattr(_, Some(_), None) => Some("a copy that does not keep extended attributes"),
        Field::Content(..) | Field::Link(..) => match finding.layer.as_deref() {
            Some("system") => Some("another version of the tool made it, or from other packages"),
            Some("files") => Some("the manifest's `files:` or their sources are others"),
            _ => None,
        },
        _ => None,
    }
}

/// What the name of a finding that is no field of a path tells.
fn of_value(layer: Option<&str>, path: bool, name: &str) -> Option<&'static str> {
    let cause = match name {
        "encoding" => "another tool, or another version of it, wrote the archive",
        "order" if path => "the archive was written in the order of a directory",
        "repeated" => "it was appended to an archive that had it already",
        "parent" => "the archive was made from a list of files",
        "root" => "the archive was made from the directory `.`",
        "whiteout" => "a later step of the build removed it",
        "config.encoding" => "another tool wrote the same values otherwise",
        _ if name.starts_with("config.") => {
            "another `image:` in the manifest, or a tool that changed the image later"
        }
        "epoch" => "another `epoch:` in the manifest, or SOURCE_DATE_EPOCH",
        "diff_id" if layer == Some("files") => {
            "the manifest's `files:` or their sources are others"
        }
        "diff_id" if layer == Some("system") => {
            "another version of the tool made it, or the manifest's accounts are others"
        }
        "diff_id" => "another version of the tool, or other `paths:` in the manifest",
        "config" => "the manifest's `image:` is another",
        "manifest" => "the manifest's annotations are others",
        _ => return None,
    };
    Some(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_paths_files_below_directories_and_one_star() {
        let cause = |path: &str| {
            let found = PLACES
                .iter()
                .find(|(pattern, _)| fits(pattern, path.as_bytes()));
            found.map(|(pattern, _)| *pattern)
        };
        let cases = [
            ("etc/shadow", Some("etc/*shadow")),
            ("etc/gshadow-", Some("etc/*shadow-")),
            ("etc/machine-id", Some("etc/machine-id")),
            ("etc/machine-id.d", None),
            ("etc/ssh/ssh_host_rsa_key.pub", Some("etc/ssh/ssh_host_*")),
            ("etc/ssh/sshd_config", None),
            ("usr/lib/python3/a.pyc", Some("*.pyc")),
            ("usr/lib/python3/__pycache__", Some("*/__pycache__")),
            ("var/log", None),
            ("var/log/apt/term.log", Some("var/log/")),
            ("var/lib/dpkg/status-old", Some("var/lib/dpkg/*-old")),
            ("var/lib/dpkg/status", None),
        ];
        for (path, pattern) in cases {
            assert_eq!(cause(path), pattern, "{path}");
        }
    }

    #[test]
    fn every_pattern_has_at_most_one_star() {
        for (pattern, cause) in PLACES {
            assert!(pattern.matches('*').count() < 2, "{pattern}");
            assert!(
                !cause.ends_with('.') && !pattern.starts_with('/'),
                "{pattern}"
            );
        }
    }
}
