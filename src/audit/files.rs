//! The paths of an image, each against what it should be.

use std::collections::BTreeSet;

use super::expect::{Expectations, Expected};
use super::fields::{CAPABILITY, Wrong, compare, sum, type_of};
use super::{Checked, Finding, FindingKind, Locked, Subject, Witness};
use crate::model::PackageName;
use crate::tree::{Kind, Node, Tree, TreePath};

/// What became of all paths.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) findings: Vec<Finding>,
    pub(super) checked: Checked,
    /// Paths that nobody owns, where that is no finding.
    pub(super) unlocked: u64,
}

/// Judges every path of `subject`.
pub(super) fn judge(
    subject: Subject<'_>,
    locked: Locked<'_>,
    expected: &Expectations<'_>,
) -> Judged {
    let mut out = Judged::default();
    for (path, voices) in &expected.paths {
        let owned = voices
            .iter()
            .any(|one| !matches!(one, Expected::Recorded(_) | Expected::Released(_)));
        let recorded = voices
            .iter()
            .find(|one| matches!(one, Expected::Recorded(_)));
        let voices = match recorded {
            // `system` and `files` lie on top: what they say counts.
            Some(recorded) => std::slice::from_ref(recorded),
            None => &voices[..],
        };
        // What a package says counts before what the image says of itself: a list that names another
        // package's path would else speak for it.
        let firm = |one: &&Expected<'_>| !matches!(one, Expected::Listed { .. });
        let firm: Vec<Expected<'_>> = voices.iter().filter(firm).copied().collect();
        let voices = if firm.is_empty() { voices } else { &firm };
        match subject.tree.nodes.get(path) {
            Some(node) => {
                out.present(subject, expected, path, node, voices);
                out.rights(subject, path, node, owned);
            }
            None => out.absent(locked, expected, path, voices),
        }
    }
    let databases = Databases::new(subject, locked, expected);
    for (path, node) in &subject.tree.nodes {
        if expected.paths.contains_key(path) || expected.above.contains(path) {
            continue;
        }
        if node.is_directory() && has_entries(subject.tree, path) {
            continue;
        }
        if subject.as_recorded || databases.hold(path) {
            continue;
        }
        if locked.output.is_none() {
            out.unlocked += 1;
            continue;
        }
        out.findings.push(Finding {
            kind: FindingKind::FileUnowned,
            package: None,
            path: Some(path.clone()),
            field: None,
            expected: None,
            found: Some(describe(node)),
            by: None,
            conffile: false,
        });
    }
    out
}

impl Judged {
    fn present(
        &mut self,
        subject: Subject<'_>,
        expected: &Expectations<'_>,
        path: &TreePath,
        node: &Node,
        voices: &[Expected<'_>],
    ) {
        if subject.as_recorded {
            self.checked.record += 1;
            return;
        }
        // Several packages may ship a path: what fits one of them is right.
        let mut least: Option<(&Expected<'_>, Vec<Wrong>)> = None;
        for voice in voices {
            let wrong = compare(subject, path, node, voice);
            if least
                .as_ref()
                .is_none_or(|(_, before)| wrong.len() < before.len())
            {
                least = Some((voice, wrong));
            }
        }
        let Some((voice, wrong)) = least else {
            return;
        };
        let by = witness(voice, subject, path);
        match by {
            Some(Witness::Record) => self.checked.record += 1,
            Some(Witness::Package) => self.checked.package += 1,
            Some(Witness::Database) => self.checked.database += 1,
            None => self.checked.unchecked += 1,
        }
        let conffile = expected.conffiles.contains(path);
        self.findings.extend(wrong.into_iter().map(|wrong| Finding {
            kind: FindingKind::FileChanged,
            package: owner(voice).cloned(),
            path: Some(path.clone()),
            field: Some(wrong.field),
            expected: Some(wrong.expected),
            found: Some(wrong.found),
            by,
            conffile,
        }));
    }

    /// The record does not say which capabilities a path has: configuring gives them to packages' files
    /// alone.
    fn rights(&mut self, subject: Subject<'_>, path: &TreePath, node: &Node, owned: bool) {
        if owned || subject.as_recorded || !node.meta.xattrs.contains_key(CAPABILITY) {
            return;
        }
        self.findings.push(Finding {
            kind: FindingKind::FileChanged,
            package: None,
            path: Some(path.clone()),
            field: Some("xattr"),
            expected: Some("none".into()),
            found: Some("security.capability".into()),
            by: Some(Witness::Record),
            conffile: false,
        });
    }

    fn absent(
        &mut self,
        locked: Locked<'_>,
        expected: &Expectations<'_>,
        path: &TreePath,
        voices: &[Expected<'_>],
    ) {
        let Some(voice) = voices.first() else {
            return;
        };
        let left_out = |voice: &Expected<'_>| match voice {
            Expected::Recorded(_) | Expected::Released(_) => false,
            Expected::Packaged { node, path, .. } => (locked.excluded)(path, &node.kind),
            // dpkg's lists do not say what a path is; of directories include rules may keep some.
            Expected::Listed { file, .. } => {
                let kind = match file.directory {
                    true => Kind::Directory,
                    false => Kind::Fifo,
                };
                let path = &file.path;
                (locked.excluded)(path, &kind) || (locked.excluded)(path, &Kind::Directory)
            }
        };
        if voices.iter().any(left_out) {
            return;
        }
        let by = match voice {
            Expected::Recorded(_) => Witness::Record,
            Expected::Packaged { .. } | Expected::Released(_) => Witness::Package,
            Expected::Listed { .. } => Witness::Database,
        };
        self.findings.push(Finding {
            kind: FindingKind::FileMissing,
            package: owner(voice).cloned(),
            path: Some(path.clone()),
            field: None,
            expected: None,
            found: None,
            by: Some(by),
            conffile: expected.conffiles.contains(path),
        });
    }
}

fn owner<'a>(voice: &Expected<'a>) -> Option<&'a PackageName> {
    match voice {
        Expected::Recorded(_) | Expected::Released(_) => None,
        Expected::Packaged { package, .. } | Expected::Listed { package, .. } => Some(package),
    }
}

/// What can be held against a path by one voice; `None` where that is nothing.
fn witness(voice: &Expected<'_>, subject: Subject<'_>, path: &TreePath) -> Option<Witness> {
    match voice {
        Expected::Recorded(_) => Some(Witness::Record),
        Expected::Packaged { .. } | Expected::Released(_) => Some(Witness::Package),
        Expected::Listed { file, .. } => {
            let summed = file.sum.is_some() && sum(subject, path).is_some();
            (summed || file.meta.is_some()).then_some(Witness::Database)
        }
    }
}

/// What an unowned path is, for a reader.
fn describe(node: &Node) -> String {
    let meta = &node.meta;
    format!(
        "{} {:04o} {}:{}",
        type_of(node),
        meta.mode,
        meta.uid,
        meta.gid
    )
}

/// Whether a directory of the image holds anything.
fn has_entries(tree: &Tree, directory: &TreePath) -> bool {
    let below: &[u8] = &[directory.as_bytes(), b"/"].concat();
    let mut next = tree
        .nodes
        .range::<[u8], _>((std::ops::Bound::Excluded(below), std::ops::Bound::Unbounded));
    next.next()
        .is_some_and(|(path, _)| path.is_below(directory))
}

/// Which paths belong to the package database, where nothing says what should be in them.
struct Databases<'a> {
    files: &'a [TreePath],
    /// Directories with a file or more for each package, as `var/lib/dpkg/info`.
    directories: BTreeSet<TreePath>,
    /// The packages whose files there nothing is known of.
    packages: BTreeSet<&'a [u8]>,
}

impl<'a> Databases<'a> {
    fn new(subject: Subject<'a>, locked: Locked<'_>, expected: &Expectations<'_>) -> Self {
        let installed = subject.installed;
        let per_package = |path: &&TreePath| stem(path.name()).is_some();
        let directories = installed.databases.iter().filter(per_package);
        let packages = installed.packages.iter();
        let packages = packages.filter(|one| !expected.known.contains(&one.name));
        Self {
            // A record names those of the whole image itself.
            files: match locked.output {
                Some(_) => &[],
                None => &installed.databases,
            },
            directories: directories.filter_map(TreePath::parent).collect(),
            packages: packages.map(|one| one.name.as_str().as_bytes()).collect(),
        }
    }

    fn hold(&self, path: &TreePath) -> bool {
        if self.files.binary_search(path).is_ok() {
            return true;
        }
        let known = stem(path.name()).is_some_and(|stem| self.packages.contains(stem));
        known
            && path
                .parent()
                .is_some_and(|parent| self.directories.contains(&parent))
    }
}

/// The package in `NAME.list` or `NAME:ARCH.list`.
fn stem(name: &[u8]) -> Option<&[u8]> {
    let dot = name.iter().rposition(|&byte| byte == b'.')?;
    let stem = &name[..dot];
    let colon = stem.iter().position(|&byte| byte == b':');
    Some(&stem[..colon.unwrap_or(dot)])
}
