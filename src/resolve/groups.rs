//! From a solution to edges and groups, as FORMATS.md section 5 has them.
//!
//! Each dependency makes one edge: to the first of its alternatives, in the package's own order,
//! that is in the solution; where several packages provide a name, a requested one first, then the one
//! that stood for it before, then the distribution's preference. A package fulfilling its own
//! relation makes none. A package belongs to the lowest group from whose roots the edges reach it.

use std::collections::{BTreeMap, BTreeSet};

use super::Universe;
use crate::model::{Edge, LockedPackage, PackageId, PackageName, Relation};

/// A package of a solution in its place.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The package.
    pub id: PackageId,
    /// The index of its group.
    pub group: usize,
    /// Sorted, each once.
    pub depends: Vec<Edge>,
    /// Recommends that were followed, sorted, each once.
    pub recommends: Vec<Edge>,
}

/// Makes the edges of `solution` and puts each package into a group.
///
/// `roots` are the packages that each group asks for, lowest group first; `requested` is what the
/// manifest asks for by name; `before` is what was locked and need not move; `recommends` says whether
/// Recommends were followed.
pub fn place<'a>(
    universe: &'a dyn Universe,
    solution: &[PackageId],
    roots: &[BTreeSet<PackageName>],
    requested: &BTreeSet<PackageName>,
    before: &[LockedPackage],
    recommends: bool,
) -> BTreeMap<&'a PackageName, Placed> {
    let edges = Edges::new(universe, solution, requested, before);
    let mut placed: BTreeMap<&PackageName, Placed> = BTreeMap::new();
    for &id in solution {
        let package = universe.get(id);
        let soft: &[Relation] = if recommends { &package.recommends } else { &[] };
        placed.insert(
            &package.name,
            Placed {
                id,
                group: usize::MAX,
                depends: edges.of(id, &package.depends),
                recommends: edges.of(id, soft),
            },
        );
    }
    for (group, names) in roots.iter().enumerate() {
        spread(
            &mut placed,
            group,
            names.iter().cloned().collect(),
            |placed| {
                let edges = placed.depends.iter().chain(&placed.recommends);
                edges.map(|edge| edge.name.clone()).collect()
            },
        );
    }
    // An alternative that was taken before an earlier one came in has no edge of its own.
    for group in 0..roots.len() {
        let known: Vec<PackageName> = placed
            .iter()
            .filter(|(_, placed)| placed.group == group)
            .flat_map(|(_, placed)| edges.fulfilling(placed.id, recommends))
            .collect();
        spread(&mut placed, group, known, |placed| {
            edges.fulfilling(placed.id, recommends)
        });
    }
    let last = roots.len().saturating_sub(1);
    for placed in placed.values_mut() {
        placed.group = placed.group.min(last);
    }
    placed
}

/// Puts into `group` what has no group yet and is reached from `open`.
fn spread(
    placed: &mut BTreeMap<&PackageName, Placed>,
    group: usize,
    mut open: Vec<PackageName>,
    reached: impl Fn(&Placed) -> Vec<PackageName>,
) {
    while let Some(name) = open.pop() {
        if let Some(found) = placed.get_mut(&name)
            && found.group == usize::MAX
        {
            found.group = group;
            open.extend(reached(found));
        }
    }
}

/// What of a solution stands for each name, the preferred one first.
struct Edges<'a> {
    universe: &'a dyn Universe,
    present: BTreeMap<&'a PackageName, Vec<PackageId>>,
}

impl<'a> Edges<'a> {
    fn new(
        universe: &'a dyn Universe,
        solution: &[PackageId],
        requested: &BTreeSet<PackageName>,
        before: &[LockedPackage],
    ) -> Self {
        // What the indexes offer beside decides on a preference; an edge stays all the same.
        let before: BTreeSet<(&str, &PackageName)> = before
            .iter()
            .flat_map(|package| package.depends.iter().chain(&package.recommends))
            .filter_map(|edge| Some((edge.through.as_deref()?, &edge.name)))
            .collect();
        let mut present: BTreeMap<&PackageName, Vec<PackageId>> = BTreeMap::new();
        for &id in solution {
            let package = universe.get(id);
            present.entry(&package.name).or_default().push(id);
            for provide in &package.provides {
                let ids = present.entry(&provide.name).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        for (name, ids) in present.iter_mut().filter(|(_, ids)| ids.len() > 1) {
            let preference = universe.providers(name);
            ids.sort_by_key(|&id| {
                let package = universe.get(id);
                let place = preference.iter().position(|&known| known == id);
                (
                    package.name != **name,
                    !requested.contains(&package.name),
                    !before.contains(&(name.as_str(), &package.name)),
                    place,
                    id,
                )
            });
        }
        Self { universe, present }
    }

    fn of(&self, id: PackageId, relations: &[Relation]) -> Vec<Edge> {
        let edges: BTreeSet<Edge> = relations
            .iter()
            .filter_map(|relation| self.edge(relation))
            .filter(|&(target, _)| target != id)
            .map(|(target, through)| Edge {
                name: self.universe.get(target).name.clone(),
                through: through.map(|name| name.as_str().into()),
            })
            .collect();
        edges.into_iter().collect()
    }

    fn edge<'r>(&self, relation: &'r Relation) -> Option<(PackageId, Option<&'r PackageName>)> {
        relation.any_of.iter().find_map(|clause| {
            let ids = self.present.get(&clause.name)?;
            let &id = ids.iter().find(|&&id| self.universe.fulfils(id, clause))?;
            let own = self.universe.get(id).name == clause.name;
            Some((id, (!own).then_some(&clause.name)))
        })
    }

    /// Everything that fulfils any alternative of a package's relations.
    fn fulfilling(&self, id: PackageId, recommends: bool) -> Vec<PackageName> {
        let package = self.universe.get(id);
        let soft = package.recommends.iter().filter(|_| recommends);
        let clauses = package
            .depends
            .iter()
            .chain(soft)
            .flat_map(|relation| &relation.any_of);
        clauses
            .flat_map(|clause| {
                let ids = self.present.get(&clause.name).into_iter().flatten();
                ids.filter(|&&id| self.universe.fulfils(id, clause))
            })
            .map(|&id| self.universe.get(id).name.clone())
            .collect()
    }
}
