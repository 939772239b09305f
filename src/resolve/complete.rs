//! The complete engine, on resolvo: if there is a solution it finds one, else it says why not.
//!
//! The encoding: one name per real package. A relation is the union, in its own order, of the
//! versions of each alternative's package and of the exact packages that provide it. A conflict
//! constrains the package that it names to every other version, and forbids each package that
//! provides the name, one by one. What is not looked at is never read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Display;

use resolvo::conflict::{ConflictCause, ConflictEdge, ConflictNode};
use resolvo::{
    Candidates, Condition, ConditionId, Dependencies, DependencyProvider, Interner,
    KnownDependencies, NameId, Problem, Requirement, SolvableId, Solver, SolverCache, StringId,
    UnsolvableOrCancelled, VersionSetId, VersionSetUnionId,
};

use super::reason::{Fact, Reason};
use super::task::{Task, Want, Width};
use crate::model::{Clause, PackageId, PackageName, Relation};

/// Solves `task` without Recommends, as narrowly as that is possible.
///
/// # Errors
/// When there is no solution, with the reason, which is that of as few wants as possible.
pub(super) fn solve(task: &Task<'_>) -> Result<Vec<PackageId>, Reason> {
    let wanted = &task.wanted;
    let mut widths = task.widths().iter();
    if let Some(solution) = widths.find_map(|width| solve_once(task, wanted, *width).ok()) {
        return Ok(solution);
    }
    let width = Width::WIDEST;
    let mut reason = match solve_once(task, wanted, width) {
        Err(reason) => reason,
        solution => return solution,
    };
    // Leave out one want after the other for as long as the rest is impossible too.
    let mut rest = wanted.clone();
    if rest.len() <= MAX_MINIMISED {
        let mut index = 0;
        while rest.len() > 1 && index < rest.len() {
            let mut fewer = rest.clone();
            fewer.remove(index);
            match solve_once(task, &fewer, width) {
                Ok(_) => index += 1,
                Err(shorter) => (rest, reason) = (fewer, shorter),
            }
        }
    }
    Err(reason)
}

/// With more wants an explanation is not made shorter: each step solves once more.
const MAX_MINIMISED: usize = 200;

fn solve_once(task: &Task<'_>, wanted: &[Want], width: Width) -> Result<Vec<PackageId>, Reason> {
    let provider = Provider::new(task, width);
    let requirements = wanted
        .iter()
        .map(|want| provider.want(want).into())
        .collect();
    let mut solver = Solver::new(provider);
    match solver.solve(Problem::new().requirements(requirements)) {
        Ok(chosen) => Ok(chosen.into_iter().map(id).collect()),
        Err(UnsolvableOrCancelled::Unsolvable(conflict)) => {
            let graph = conflict.graph(&solver);
            Err(reason(solver.provider(), &graph))
        }
        // Nothing here cancels.
        Err(UnsolvableOrCancelled::Cancelled(_)) => Err(Reason { facts: Vec::new() }),
    }
}

fn id(solvable: SolvableId) -> PackageId {
    PackageId(solvable.into_raw())
}

fn solvable(id: PackageId) -> SolvableId {
    SolvableId::from_raw(id.0)
}

/// A set of versions of one package.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Set<'a> {
    /// What fulfils the clause under its own name.
    Within(&'a Clause),
    /// What does not.
    Outside(&'a Clause),
    /// Exactly this one, for the name that the clause has.
    Exactly(PackageId),
    /// Everything but this one, for the clause.
    AllBut(PackageId, &'a Clause),
    /// Any of these, as a request has it.
    Any(String, Vec<PackageId>),
}

/// What is interned on the way. Look-ups only: nothing iterates the maps.
#[derive(Default)]
struct Pool<'a> {
    names: Vec<&'a PackageName>,
    name_ids: HashMap<&'a PackageName, NameId>,
    sets: Vec<(NameId, Set<'a>)>,
    set_ids: HashMap<Set<'a>, VersionSetId>,
    unions: Vec<Vec<VersionSetId>>,
    requirements: HashMap<&'a Relation, Requirement>,
    /// The words of each requirement.
    words: HashMap<Requirement, &'a Relation>,
}

impl<'a> Pool<'a> {
    fn name(&mut self, name: &'a PackageName) -> NameId {
        let names = &mut self.names;
        *self.name_ids.entry(name).or_insert_with(|| {
            names.push(name);
            NameId::from_raw((names.len() - 1) as u32)
        })
    }

    fn set(&mut self, name: &'a PackageName, set: Set<'a>) -> VersionSetId {
        let name = self.name(name);
        let sets = &mut self.sets;
        *self.set_ids.entry(set.clone()).or_insert_with(|| {
            sets.push((name, set));
            VersionSetId((sets.len() - 1) as u32)
        })
    }
}

struct Provider<'a> {
    task: &'a Task<'a>,
    width: Width,
    pool: RefCell<Pool<'a>>,
}

impl<'a> Provider<'a> {
    fn new(task: &'a Task<'a>, width: Width) -> Self {
        Self {
            task,
            width,
            pool: RefCell::default(),
        }
    }

    fn name_of(&self, id: PackageId) -> &'a PackageName {
        &self.task.universe.get(id).name
    }

    fn want(&self, want: &'a Want) -> VersionSetId {
        let set = Set::Any(want.text.clone(), want.any_of.clone());
        self.pool.borrow_mut().set(&want.name, set)
    }

    fn requirement(&self, relation: &'a Relation) -> Requirement {
        if let Some(&known) = self.pool.borrow().requirements.get(relation) {
            return known;
        }
        // In order of alternatives: the package itself, then those that provide the name; what was
        // there and will do as it is before all others, as in the walk.
        let task = self.task;
        let is_kept = |name: &PackageName, id: Option<PackageId>| {
            task.kept.contains(name) && id.is_some_and(|id| task.is_candidate(id))
        };
        let mut parts: Vec<(&'a PackageName, Set<'a>, bool)> = Vec::new();
        for clause in &relation.any_of {
            let candidate = task.candidate(&clause.name);
            let candidate = candidate.filter(|&id| task.universe.fulfils(id, clause));
            let kept = is_kept(&clause.name, candidate);
            parts.push((&clause.name, Set::Within(clause), kept));
            for &provider in self.task.universe.providers(&clause.name).iter() {
                let name = self.name_of(provider);
                if name != &clause.name && self.task.universe.fulfils(provider, clause) {
                    let kept = is_kept(name, Some(provider));
                    parts.push((name, Set::Exactly(provider), kept));
                }
            }
        }
        parts.sort_by_key(|&(.., kept)| !kept);
        let mut pool = self.pool.borrow_mut();
        let mut sets: Vec<VersionSetId> = Vec::new();
        for (name, set, _) in parts {
            let set = pool.set(name, set);
            if !sets.contains(&set) {
                sets.push(set);
            }
        }
        let requirement = match sets[..] {
            [set] => Requirement::Single(set),
            _ => {
                pool.unions.push(sets);
                Requirement::Union(VersionSetUnionId((pool.unions.len() - 1) as u32))
            }
        };
        pool.requirements.insert(relation, requirement);
        pool.words.insert(requirement, relation);
        requirement
    }

    fn constraints(&self, package: PackageId, clause: &'a Clause, out: &mut Vec<VersionSetId>) {
        let own = self.name_of(package);
        if clause.arch.is_some() {
            return;
        }
        let providers = self.task.universe.providers(&clause.name);
        let mut pool = self.pool.borrow_mut();
        if own != &clause.name {
            out.push(pool.set(&clause.name, Set::Outside(clause)));
        }
        for &provider in providers.iter() {
            let name = self.name_of(provider);
            if name != own && name != &clause.name && self.task.universe.fulfils(provider, clause) {
                out.push(pool.set(name, Set::AllBut(provider, clause)));
            }
        }
    }

    fn contains(&self, set: &Set<'_>, id: PackageId) -> bool {
        let universe = self.task.universe;
        match set {
            Set::Within(clause) => universe.fulfils(id, clause),
            Set::Outside(clause) => !universe.fulfils(id, clause),
            Set::Exactly(one) => id == *one,
            Set::AllBut(one, _) => id != *one,
            Set::Any(_, any_of) => any_of.contains(&id),
        }
    }
}

/// resolvo's own texts are never shown, so they are all empty; see [`reason`].
impl Interner for Provider<'_> {
    type NameId = NameId;
    type SolvableId = SolvableId;

    fn display_solvable(&self, _: SolvableId) -> impl Display + '_ {
        ""
    }

    fn display_name(&self, _: NameId) -> impl Display + '_ {
        ""
    }

    fn display_version_set(&self, _: VersionSetId) -> impl Display + '_ {
        ""
    }

    fn display_string(&self, _: StringId) -> impl Display + '_ {
        ""
    }

    fn version_set_name(&self, set: VersionSetId) -> NameId {
        self.pool.borrow().sets[set.0 as usize].0
    }

    fn solvable_name(&self, solvable: SolvableId) -> NameId {
        let name = self.name_of(id(solvable));
        self.pool.borrow_mut().name(name)
    }

    fn version_sets_in_union(
        &self,
        union: VersionSetUnionId,
    ) -> impl Iterator<Item = VersionSetId> {
        self.pool.borrow().unions[union.0 as usize]
            .clone()
            .into_iter()
    }

    fn resolve_condition(&self, _: ConditionId) -> Condition {
        // No requirement here has a condition.
        Condition::Requirement(VersionSetId(0))
    }
}

impl DependencyProvider for Provider<'_> {
    async fn filter_candidates(
        &self,
        candidates: &[SolvableId],
        version_set: VersionSetId,
        inverse: bool,
    ) -> Vec<SolvableId> {
        let set = self.pool.borrow().sets[version_set.0 as usize].1.clone();
        candidates
            .iter()
            .copied()
            .filter(|&solvable| self.contains(&set, id(solvable)) != inverse)
            .collect()
    }

    async fn get_candidates(&self, name: NameId) -> Option<Candidates> {
        let name = self.pool.borrow().names[name.into_raw() as usize];
        let candidates: Vec<_> = self
            .task
            .eligible(name, self.width)
            .into_iter()
            .map(solvable)
            .collect();
        let mut out = Candidates::default();
        if self.task.excluded.contains(name) {
            out.excluded = candidates.iter().map(|&id| (id, StringId(0))).collect();
        }
        out.candidates = candidates;
        Some(out)
    }

    async fn sort_candidates(&self, _: &SolverCache<Self>, solvables: &mut [SolvableId]) {
        let Some(&first) = solvables.first() else {
            return;
        };
        let order = self.task.eligible(self.name_of(id(first)), self.width);
        solvables.sort_by_key(|&solvable| order.iter().position(|&known| known == id(solvable)));
    }

    async fn get_dependencies(&self, solvable: SolvableId) -> Dependencies {
        let package = self.task.universe.get(id(solvable));
        let mut out = KnownDependencies::default();
        for relation in &package.depends {
            out.requirements.push(self.requirement(relation).into());
        }
        for clause in &package.conflicts {
            self.constraints(id(solvable), clause, &mut out.constrains);
        }
        Dependencies::Known(out)
    }
}

/// The graph of a conflict as facts: from the manifest on, breadth first.
fn reason(provider: &Provider<'_>, graph: &resolvo::conflict::ConflictGraph<SolvableId>) -> Reason {
    let pool = provider.pool.borrow();
    let (nodes, edges) = (graph.graph.raw_nodes(), graph.graph.raw_edges());
    let package = |index: usize| match nodes[index].weight {
        ConflictNode::Solvable(solvable) => Some(id(solvable)),
        _ => None,
    };
    let mut facts: Vec<Fact> = Vec::new();
    let mut order = vec![graph.root_node.index()];
    let mut next = 0;
    while let Some(&node) = order.get(next) {
        next += 1;
        for edge in edges.iter().filter(|edge| edge.source().index() == node) {
            let target = edge.target().index();
            if package(target).is_some() && !order.contains(&target) {
                order.push(target);
            }
            match edge.weight {
                ConflictEdge::Requires(requirement) => {
                    let relation = pool.words.get(&requirement).copied();
                    let what = match (relation, requirement) {
                        (Some(relation), _) => relation.to_string(),
                        (None, Requirement::Single(set)) => match &pool.sets[set.0 as usize].1 {
                            Set::Any(text, _) => text.clone(),
                            _ => continue,
                        },
                        _ => continue,
                    };
                    let same = facts.iter_mut().find_map(|fact| match fact {
                        Fact::Needs {
                            by,
                            what: known,
                            any_of,
                            ..
                        } if *by == package(node) && *known == what => Some(any_of),
                        _ => None,
                    });
                    match (same, package(target)) {
                        (Some(any_of), target) => any_of.extend(target),
                        (None, target) => facts.push(Fact::Needs {
                            by: package(node),
                            what,
                            any_of: target.into_iter().collect(),
                            others: match relation {
                                Some(relation) if target.is_none() => {
                                    provider.task.universe.named(relation)
                                }
                                _ => Vec::new(),
                            },
                            barred: match relation {
                                Some(relation) if target.is_none() => {
                                    provider.task.universe.options(relation)
                                }
                                _ => Vec::new(),
                            },
                        }),
                    }
                }
                ConflictEdge::Conflict(cause) => {
                    let fact = match (cause, package(node), package(target)) {
                        (ConflictCause::Constrains(set), Some(by), Some(with)) => {
                            match &pool.sets[set.0 as usize].1 {
                                Set::Outside(clause) | Set::AllBut(_, clause) => Fact::Conflicts {
                                    by,
                                    what: clause.to_string(),
                                    with,
                                },
                                _ => continue,
                            }
                        }
                        (ConflictCause::ForbidMultipleInstances, Some(one), Some(other)) => {
                            Fact::OneVersion { one, other }
                        }
                        (ConflictCause::Excluded, Some(package), _) => Fact::Excluded { package },
                        _ => continue,
                    };
                    if !facts.contains(&fact) {
                        facts.push(fact);
                    }
                }
            }
        }
    }
    Reason { facts }
}
