//! `name/suite` in a request: apt takes the package from the suite, and what it needs too where the
//! candidates will not do.

use std::collections::HashMap;

use super::requests::Requests;
use crate::distro::deb::catalog::DebCatalog;
use crate::distro::deb::universe::DebUniverse;
use crate::model::{PackageId, PackageName};
use crate::resolve::{Problem, Universe};

/// Changes `chosen` for what the packages requested from a suite need.
pub(super) fn prefer(
    catalog: &DebCatalog,
    universe: &DebUniverse<'_>,
    problem: &Problem,
    requests: &Requests,
    chosen: &mut HashMap<PackageName, PackageId>,
) {
    let asked: &dyn Universe = universe;
    for (name, suite) in &requests.suites {
        let mut open: Vec<PackageId> = chosen.get(name).copied().into_iter().collect();
        while let Some(id) = open.pop() {
            let package = universe.get(id);
            let soft = package.recommends.iter().filter(|_| problem.recommends);
            for relation in package.depends.iter().chain(soft) {
                let options = asked.options(relation);
                let candidate = |id: &PackageId| {
                    let name = &universe.get(*id).name;
                    let first = || universe.versions(name).first().copied();
                    chosen.get(name).copied().or_else(first) == Some(*id)
                };
                if options.iter().any(candidate) {
                    continue;
                }
                let from_suite = options.into_iter().find(|&id| {
                    let own = requests.requested.contains(&universe.get(id).name);
                    let source = &catalog.sources[universe.source(id)];
                    !own && source.suites.contains(suite)
                });
                if let Some(id) = from_suite {
                    chosen.insert(universe.get(id).name.clone(), id);
                    open.push(id);
                }
            }
        }
    }
}
