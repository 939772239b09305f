//! What each path should be, and who says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, FindingKind, Locked, Subject};
use crate::distro::{Installed, InstalledFile, InstalledPackage, Resolver};
use crate::lockfile::Generated;
use crate::model::{LockedPackage, PackageName};
use crate::tree::{Kind, Node, TreePath};

/// One voice about one path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected<'a> {
    /// `system` or `files` holds it.
    Recorded(&'a Generated),
    /// Every image of the release has it.
    Released(&'a Node),
    /// A locked package ships it.
    Packaged {
        package: &'a PackageName,
        /// As packaged.
        path: &'a TreePath,
        node: &'a Node,
    },
    /// The image's database names it.
    Listed {
        package: &'a PackageName,
        file: &'a InstalledFile,
    },
}

/// Everything that is known of an image's paths.
#[derive(Debug, Default)]
pub(super) struct Expectations<'a> {
    /// By where it lies in the image.
    pub(super) paths: BTreeMap<TreePath, Vec<Expected<'a>>>,
    /// The directories above those.
    pub(super) above: BTreeSet<TreePath>,
    /// What the databases say that no locked package makes so.
    pub(super) unexpected: Vec<Finding>,
    /// The packages that are at hand, and installed as locked.
    pub(super) known: BTreeSet<&'a PackageName>,
    /// Configuration, by where it lies.
    pub(super) conffiles: BTreeSet<TreePath>,
}

/// Gathers what the record, the locked packages at hand and the databases say.
pub(super) fn expectations<'a>(subject: Subject<'a>, locked: Locked<'a>) -> Expectations<'a> {
    let mut out = Expectations::default();
    let mut places = Places::new(subject);
    for generated in locked.output.iter().flat_map(|output| &output.generated) {
        if let Some(path) = unescape(&generated.path) {
            out.paths
                .entry(path)
                .or_default()
                .push(Expected::Recorded(generated));
        }
    }
    for (path, node) in locked.links {
        if subject.tree.nodes.contains_key(path) {
            out.paths
                .entry(path.clone())
                .or_default()
                .push(Expected::Released(node));
        }
    }
    for package in locked.packages {
        if let Some(entries) = locked.at_hand.get(&package.name)
            && is_installed(package, subject.installed)
        {
            packaged(&mut out, &mut places, locked, &package.name, entries);
            out.known.insert(&package.name);
        }
    }
    for package in &subject.installed.packages {
        let place = locked
            .packages
            .binary_search_by(|one| one.name.cmp(&package.name));
        let same = place.ok().and_then(|place| locked.packages.get(place));
        let at_hand =
            out.known.contains(&package.name) && same.is_some_and(|same| is_same(same, package));
        for file in package.files.iter().flatten() {
            let place = places.of(&file.path, &package.name);
            if file.conffile {
                out.conffiles.insert(place.clone());
            }
            if !at_hand {
                let listed = Expected::Listed {
                    package: &package.name,
                    file,
                };
                // A directory that became a link is known, and so is where the link leads.
                if file.directory {
                    let target = places.of_directory(&file.path);
                    if target != place {
                        out.paths.entry(target).or_default().push(listed);
                    }
                }
                out.paths.entry(place).or_default().push(listed);
            }
        }
    }
    out.unexpected = unexpected(subject, locked, &out.known);
    for path in out.paths.keys() {
        let mut next = path.parent();
        while let Some(parent) = next {
            next = parent.parent();
            if !out.above.insert(parent) {
                break;
            }
        }
    }
    out
}

/// The paths of one package, hard links as what they are names of.
fn packaged<'a>(
    out: &mut Expectations<'a>,
    places: &mut Places<'a>,
    locked: Locked<'a>,
    package: &'a PackageName,
    entries: &'a [(TreePath, Node)],
) {
    let by_path: BTreeMap<&TreePath, &Node> =
        entries.iter().map(|(path, node)| (path, node)).collect();
    for (path, node) in entries {
        if !locked.lost.is_empty() && locked.lost.contains(&(package.clone(), path.clone())) {
            continue;
        }
        // What an archive says of a further name of a file is nothing: all names have one inode.
        let node = match &node.kind {
            Kind::Hardlink(first) => by_path.get(first).copied().unwrap_or(node),
            _ => node,
        };
        let place = match node.is_directory() {
            true => places.of_directory(path),
            false => places.of(path, package),
        };
        let one = Expected::Packaged {
            package,
            path,
            node,
        };
        out.paths.entry(place).or_default().push(one);
    }
}

/// Diversions that no package makes of which that can be told, and packages of which the database says
/// nothing but the name: either would let files pass that nobody judged.
fn unexpected(
    subject: Subject<'_>,
    locked: Locked<'_>,
    known: &BTreeSet<&PackageName>,
) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut resolver = Resolver::new(subject.tree);
    let mut resolved = |(from, to): (&TreePath, &TreePath)| {
        let from = resolver.resolve(from);
        (from, resolver.resolve(to))
    };
    let made = locked.diversions.iter().map(|(from, to)| (from, to));
    let made: BTreeSet<(TreePath, TreePath)> = made.map(&mut resolved).collect();
    for (from, to, package) in &subject.installed.diversions {
        let named = package.as_ref();
        let unknown = named.is_some_and(|name| {
            let locked = locked.packages.binary_search_by(|one| one.name.cmp(name));
            locked.is_ok() && !known.contains(name)
        });
        if subject.as_recorded || unknown || made.contains(&resolved((from, to))) {
            continue;
        }
        out.push(Finding {
            kind: FindingKind::FileDiverted,
            package: package.clone(),
            path: Some(from.clone()),
            field: None,
            expected: None,
            found: Some(to.to_string()),
            by: None,
            conffile: false,
        });
    }
    for package in &subject.installed.packages {
        let judged = subject.as_recorded || known.contains(&package.name);
        if package.files.is_none() && !judged {
            out.push(Finding::about(FindingKind::PackageUnlisted, &package.name));
        }
    }
    out
}

/// Whether exactly the locked package is installed, as the databases say.
fn is_installed(package: &LockedPackage, installed: &Installed) -> bool {
    // Sorted by name: see `Installed::packages`.
    let all = &installed.packages;
    let first = all.partition_point(|one| one.name < package.name);
    let named = all.iter().skip(first);
    let mut named = named.take_while(|one| one.name == package.name);
    named.any(|one| is_same(package, one))
}

fn is_same(locked: &LockedPackage, installed: &InstalledPackage) -> bool {
    locked.version == installed.version && locked.arch == installed.arch
}

/// Where packaged paths lie in the image: under another name where they are diverted, and behind the
/// image's links to directories.
struct Places<'a> {
    resolver: Resolver<'a>,
    /// From, to, and whose own file keeps the first.
    diverted: BTreeMap<TreePath, (TreePath, Option<&'a PackageName>)>,
}

impl<'a> Places<'a> {
    fn new(subject: Subject<'a>) -> Self {
        let mut resolver = Resolver::new(subject.tree);
        let diversions = subject.installed.diversions.iter();
        let diverted = diversions.map(|(from, to, package)| {
            let (from, to) = (resolver.resolve(from), resolver.resolve(to));
            (from, (to, package.as_ref()))
        });
        let diverted = diverted.collect();
        Self { resolver, diverted }
    }

    /// A directory is where what is in it goes, though a link may have its name.
    fn of_directory(&mut self, path: &TreePath) -> TreePath {
        let inside = path.join(b"x").map(|inside| self.resolver.resolve(&inside));
        let place = inside.ok().and_then(|inside| inside.parent());
        place.unwrap_or_else(|| path.clone())
    }

    fn of(&mut self, path: &TreePath, package: &PackageName) -> TreePath {
        let place = self.resolver.resolve(path);
        match self.diverted.get(&place) {
            Some((to, by)) if *by != Some(package) => to.clone(),
            _ => place,
        }
    }
}

/// A path as the lockfile has it: absolute, `\xNN` for bytes that are not UTF-8. A file whose own name
/// holds such text is not told from one; it is then found to be missing, and never taken for right.
fn unescape(text: &str) -> Option<TreePath> {
    TreePath::from_archive(&unescaped(text)).ok().flatten()
}

/// The bytes that the lockfile escapes.
pub(super) fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.strip_prefix(b"x").and_then(|after| after.get(..2));
        let value = digits
            .filter(|_| byte == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
            .filter(|value| !value.is_ascii());
        match value {
            Some(value) => {
                out.push(value);
                rest = &after[3..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    out
}
