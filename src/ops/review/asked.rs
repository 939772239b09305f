//! Why a package is there that no other one needs: which line of the manifest asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::lockfile::{EdgeKind, Shortest};
use crate::manifest::{Group, Manifest};
use crate::model::{Arch, GroupName, LockedPackage, PackageName, PackageRequest, Priority};

/// Why a package is there without another one's need. Displayed as a phrase: `` `python3>=3.13` in
/// group python``.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asking {
    /// The manifest asks for it.
    Request {
        /// The request in its normal form, where a manifest is at hand and has it.
        text: Option<String>,
        /// The group that asks.
        group: GroupName,
    },
    /// It is of a group's `priority:`.
    Base {
        /// Which, where a manifest is at hand.
        priority: Option<Priority>,
        /// The group.
        group: GroupName,
    },
}

impl Asking {
    /// The group that asks.
    pub const fn group(&self) -> &GroupName {
        match self {
            Self::Request { group, .. } | Self::Base { group, .. } => group,
        }
    }

    /// The request's text, where it is known.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Request { text, .. } => text.as_deref(),
            Self::Base { .. } => None,
        }
    }
}

impl fmt::Display for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request {
                text: Some(text),
                group,
            } => write!(f, "`{text}` in group {group}"),
            Self::Request { text: None, group } => write!(f, "a request of group {group}"),
            Self::Base {
                priority: Some(priority),
                group,
            } => write!(f, "`priority: {}` of group {group}", priority.as_str()),
            Self::Base {
                priority: None,
                group,
            } => write!(f, "no request, in group {group}"),
        }
    }
}

/// What asks for the packages of one architecture.
#[derive(Debug)]
pub(in crate::ops) struct Asked {
    /// By package: the request and its group.
    requests: BTreeMap<PackageName, (String, GroupName)>,
    priorities: BTreeMap<GroupName, Priority>,
}

impl Asked {
    /// With the requests of a manifest, where there is one. A lockfile says which packages are
    /// requested and not by which name: a virtual one is found by the edges that it made, else
    /// because nothing else is left.
    pub(in crate::ops) fn new(
        manifest: Option<&Manifest>,
        arch: Arch,
        packages: &[LockedPackage],
    ) -> Self {
        let groups = manifest.map_or(&[][..], |manifest| &manifest.groups);
        let mut asked = Self {
            requests: BTreeMap::new(),
            priorities: groups
                .iter()
                .filter_map(|group| Some((group.name.clone(), group.priority?)))
                .collect(),
        };
        let mut open: BTreeSet<&PackageName> = packages
            .iter()
            .filter(|package| package.requested)
            .map(|package| &package.name)
            .collect();
        let edges = packages
            .iter()
            .flat_map(|package| [&package.depends, &package.recommends, &package.install_if]);
        let provided: BTreeMap<&str, &PackageName> = edges
            .flatten()
            .filter_map(|edge| Some((edge.through.as_deref()?, &edge.name)))
            .filter(|(_, name)| open.contains(name))
            .collect();
        let mut rest = Vec::new();
        for (request, group) in requests(groups, arch) {
            let mut own = open.iter().copied();
            let own = own.find(|name| name.as_str() == request.name);
            match own.or_else(|| provided.get(request.name.as_str()).copied()) {
                Some(name) => asked.insert(name, request, group),
                None if asked.requests.contains_key(request.name.as_str()) => {}
                None => rest.push((request, group)),
            }
        }
        open.retain(|name| !asked.requests.contains_key(*name));
        if let ([(request, group)], 1) = (&rest[..], open.len())
            && let Some(name) = open.first()
        {
            asked.insert(name, request, group);
        }
        asked
    }

    /// Of several requests for a package the lowest group's is told.
    fn insert(&mut self, name: &PackageName, request: &PackageRequest, group: &Group) {
        self.requests
            .entry(name.clone())
            .or_insert_with(|| (request.to_string(), group.name.clone()));
    }

    /// Why a package is there that the graph begins at.
    pub(in crate::ops) fn of(&self, package: &LockedPackage) -> Asking {
        match (package.requested, self.requests.get(&package.name)) {
            (true, Some((text, group))) => Asking::Request {
                text: Some(text.clone()),
                group: group.clone(),
            },
            (true, None) => Asking::Request {
                text: None,
                group: package.group.clone(),
            },
            (false, _) => Asking::Base {
                priority: self.priorities.get(&package.group).copied(),
                group: package.group.clone(),
            },
        }
    }
}

/// What the groups want on `arch`, lowest group first.
fn requests(groups: &[Group], arch: Arch) -> impl Iterator<Item = (&PackageRequest, &Group)> {
    groups.iter().flat_map(move |group| {
        let wanted = group
            .packages()
            .iter()
            .filter(move |request| request.applies_to(arch) && !request.negated);
        wanted.map(move |request| (request, group))
    })
}

/// Why `lock` adds a package: what asks for it, or the package that needs it, in the words in which
/// it says why another one moves.
pub(in crate::ops) fn reason_of_added(
    shortest: &Shortest<'_, '_>,
    asked: &Asked,
    index: usize,
) -> String {
    let chain = shortest.chain(index);
    let [.., before, link] = &chain[..] else {
        let own = chain.first().map(|link| asked.of(link.package));
        return match own {
            Some(Asking::Request { group, .. }) => format!("requested in group {group}"),
            Some(base) => base.to_string(),
            None => String::new(),
        };
    };
    let (name, version) = (&before.package.name, &before.package.version);
    match link.by.as_ref().map(|by| by.kind) {
        Some(EdgeKind::Recommends) => format!("recommended by {name} {version}"),
        Some(EdgeKind::InstallIf) => format!("installed because of {name} {version}"),
        _ => format!("needed by {name} {version}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lockfile::Graph;
    use crate::lockfile::testing::packages;
    use crate::ops::review::testing::{amd64, manifest};

    fn told(groups: &str, lines: &[&str]) -> Vec<String> {
        let packages = packages(lines);
        let manifest = manifest(groups);
        let asked = Asked::new(Some(&manifest), amd64(), &packages);
        let told = packages.iter();
        told.map(|package| format!("{}: {}", package.name, asked.of(package)))
            .collect()
    }

    #[test]
    fn a_request_is_found_by_its_name_by_the_edge_of_a_virtual_one_or_because_it_is_left() {
        let groups = "  - {name: low, priority: required, packages: [bash, \"one>=2\"]}\n  \
                      - {name: high, packages: [awk, mail-transport-agent, one, \"arm [arm64]\"]}\n";
        let lines = [
            "*bash: mawk:awk",
            "*one@high",
            "*mawk",
            "*postfix@high",
            "tar@low",
            "foo@high",
        ];
        assert_eq!(
            told(groups, &lines),
            [
                "bash: `bash` in group low",
                "foo: no request, in group high",
                "mawk: `awk` in group high",
                "one: `one>=2` in group low",
                "postfix: `mail-transport-agent` in group high",
                "tar: `priority: required` of group low",
            ]
        );
    }

    #[test]
    fn what_may_be_one_or_another_is_not_guessed() {
        let groups = "  - {name: low, packages: [awk, mail-transport-agent]}\n";
        assert_eq!(
            told(groups, &["*mawk@low", "*postfix@low"]),
            [
                "mawk: a request of group low",
                "postfix: a request of group low"
            ]
        );
    }

    #[test]
    fn what_lock_adds_has_a_reason() {
        let packages = packages(&["*aa: bb ~ cc", "bb", "cc", "dd: if bb", "ee@low"]);
        let manifest =
            manifest("  - {name: base, packages: [aa]}\n  - {name: low, priority: standard}\n");
        let asked = Asked::new(Some(&manifest), amd64(), &packages);
        let graph = Graph::new(&packages);
        let shortest = graph.shortest();
        let reasons = (0..5).map(|index| reason_of_added(&shortest, &asked, index));
        assert_eq!(
            reasons.collect::<Vec<_>>(),
            [
                "requested in group base",
                "needed by aa 1",
                "recommended by aa 1",
                "installed because of bb 1",
                "`priority: standard` of group low",
            ]
        );
    }
}
