//! The order in which packages are put into their layer: apk's.
//!
//! apk installs what a package depends on before the package, and of two packages that may take a
//! path over from one another, as those of one origin, the later has it. The depth-first walk starts
//! at the requested packages, by name, as apk's does at its world; then at the others, by name.

use std::collections::{BTreeMap, BTreeSet};

use crate::distro::Member;
use crate::model::PackageName;

/// See `Layout::order`.
pub(super) fn order(members: &[Member<'_>]) -> Vec<usize> {
    let places: BTreeMap<&PackageName, usize> = members
        .iter()
        .enumerate()
        .map(|(at, member)| (&member.package.name, at))
        .collect();
    let mut roots: Vec<usize> = (0..members.len()).collect();
    roots.sort_by_key(|&at| {
        let package = members[at].package;
        (!package.requested, &package.name)
    });
    let mut seen = BTreeSet::new();
    let mut out = Vec::with_capacity(members.len());
    // Not by recursion: how deep it goes is the lockfile's word. A package stays on the path until
    // its dependencies, counted by its number, are out.
    let mut path: Vec<(usize, usize)> = Vec::new();
    for root in roots {
        if seen.insert(root) {
            path.push((root, 0));
        }
        while let Some((at, next)) = path.last_mut() {
            match members[*at].package.depends.get(*next) {
                Some(edge) => {
                    *next += 1;
                    if let Some(&place) = places.get(&edge.name)
                        && seen.insert(place)
                    {
                        path.push((place, 0));
                    }
                }
                None => {
                    out.push(*at);
                    path.pop();
                }
            }
        }
    }
    // Two packages of one name are no image of apk's, but each is to be named once.
    out.extend((0..members.len()).filter(|at| !seen.contains(at)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distro::Control;
    use crate::distro::apk::fixtures::locked;
    use crate::model::Edge;

    fn ordered(packages: &[(&str, bool, &[&str])]) -> Vec<String> {
        let control = Control::new();
        let packages: Vec<_> = packages
            .iter()
            .map(|(name, requested, depends)| {
                let edge = |name: &&str| Edge {
                    name: name.parse().unwrap(),
                    through: None,
                };
                let mut package = locked(name, "1");
                package.requested = *requested;
                package.depends = depends.iter().map(edge).collect();
                package
            })
            .collect();
        let members: Vec<_> = packages
            .iter()
            .map(|package| Member {
                package,
                control: &control,
            })
            .collect();
        let order = order(&members);
        order
            .into_iter()
            .map(|at| packages[at].name.to_string())
            .collect()
    }

    #[test]
    fn dependencies_come_first_and_requests_begin() {
        let order = ordered(&[
            ("a", false, &["z"]),
            ("b", true, &["y", "x", "elsewhere"]),
            ("c", true, &["a"]),
            ("x", false, &["y"]),
            ("y", false, &[]),
            ("z", false, &["c"]),
        ]);
        assert_eq!(order, ["y", "x", "b", "z", "a", "c"]);
    }

    #[test]
    fn a_long_chain_is_no_danger() {
        let names: Vec<String> = (0..20_000).map(|at| format!("p{at:05}")).collect();
        let next: Vec<Vec<&str>> = (0..names.len())
            .map(|at| names.get(at + 1).map(String::as_str).into_iter().collect())
            .collect();
        let chain: Vec<_> = names
            .iter()
            .zip(&next)
            .map(|(name, next)| (name.as_str(), true, &next[..]))
            .collect();
        let order = ordered(&chain);
        assert!(order.iter().eq(names.iter().rev()));
    }
}
