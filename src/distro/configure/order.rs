//! The order in which packages are configured: dependencies first.

use std::collections::BTreeMap;

use super::Scripted;

/// The places in `packages`, lowest layer first; within a layer what a package depends on comes
/// before it, and else the lesser name. A circle is broken at its least name.
pub(in crate::distro) fn order(packages: &[Scripted<'_>]) -> Vec<usize> {
    let by_name: BTreeMap<&str, usize> = packages
        .iter()
        .enumerate()
        .map(|(at, one)| (one.package.name.as_str(), at))
        .collect();
    let mut out = Vec::with_capacity(packages.len());
    let mut entered = vec![false; packages.len()];
    let mut roots: Vec<usize> = (0..packages.len()).collect();
    roots.sort_by_key(|&at| (packages[at].layer, packages[at].package.name.as_str()));
    // Deep chains of dependencies are a stranger's to make: no recursion.
    let mut path: Vec<(usize, Vec<usize>)> = Vec::new();
    let needs = |at: usize| {
        let edges = packages[at].package.depends.iter();
        let mut found: Vec<usize> = edges
            .filter_map(|edge| by_name.get(edge.name.as_str()).copied())
            .collect();
        found.sort_by_key(|&at| std::cmp::Reverse(packages[at].package.name.as_str()));
        found
    };
    for root in roots {
        if entered[root] {
            continue;
        }
        entered[root] = true;
        path.push((root, needs(root)));
        while let Some((at, left)) = path.last_mut() {
            match left.pop() {
                Some(next) if !entered[next] => {
                    entered[next] = true;
                    path.push((next, needs(next)));
                }
                Some(_) => {}
                None => {
                    out.push(*at);
                    path.pop();
                }
            }
        }
    }
    out
}
