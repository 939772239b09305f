//! What can be chosen from, as a trait: a distribution reads its indexes as far as it is asked.

use std::rc::Rc;

use crate::model::{Clause, Compare, Package, PackageId, PackageName, Relation};

/// Everything that is offered for one architecture. What may never be installed is not in it.
pub trait Universe {
    /// The versions of a package, best first; each version once.
    fn versions(&self, name: &PackageName) -> Rc<[PackageId]>;

    /// The packages, of whatever version, that provide a name beside their own, the distribution's
    /// preference first.
    fn providers(&self, name: &PackageName) -> Rc<[PackageId]>;

    /// The package of an id that one of the others gave.
    fn get(&self, id: PackageId) -> &Package;

    /// The order of versions.
    fn compare(&self) -> Compare;
}

impl dyn Universe + '_ {
    /// Whether `id` fulfils `clause`.
    pub fn fulfils(&self, id: PackageId, clause: &Clause) -> bool {
        self.get(id).fulfils(clause, self.compare())
    }

    /// Everything that fulfils `clause`: the package of that name, best version first, then those
    /// that provide it.
    pub fn targets(&self, clause: &Clause) -> Vec<PackageId> {
        let versions = self.versions(&clause.name);
        let providers = self.providers(&clause.name);
        versions
            .iter()
            .chain(providers.iter())
            .copied()
            .filter(|&id| self.fulfils(id, clause))
            .collect()
    }

    /// Everything of the names in `relation`, whatever its version.
    pub(super) fn named(&self, relation: &Relation) -> Vec<PackageId> {
        let clauses = relation.any_of.iter();
        clauses
            .flat_map(|clause| self.versions(&clause.name).to_vec())
            .collect()
    }

    /// Everything that fulfils `relation`, its first alternative first.
    pub fn options(&self, relation: &Relation) -> Vec<PackageId> {
        let mut out = Vec::new();
        for clause in &relation.any_of {
            for id in self.targets(clause) {
                if !out.contains(&id) {
                    out.push(id);
                }
            }
        }
        out
    }
}
