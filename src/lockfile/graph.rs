//! The locked packages of one architecture as a graph: who is there because of whom.
//!
//! A package leads to what it depends on and to the Recommends of its that were followed; each
//! condition of an install_if leads to the package that it pulled in. Packages are numbered in the
//! lockfile's order, which is by name, and every list here is in that order: the answers are the same
//! each time.

use std::collections::VecDeque;

use crate::model::{Edge, LockedPackage};

/// More partial chains than this are not followed: a chain's length has no bound, their number even
/// less.
const MAX_STEPS: usize = 100_000;

/// Why one package is there because of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// It is depended on.
    Depends,
    /// It is recommended, and Recommends were followed.
    Recommends,
    /// The other fulfils a condition of its install_if.
    InstallIf,
}

impl EdgeKind {
    /// As the lockfile's key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Depends => "depends",
            Self::Recommends => "recommends",
            Self::InstallIf => "install_if",
        }
    }
}

/// An edge as seen from one of its ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow<'a> {
    /// Why.
    pub kind: EdgeKind,
    /// The package at the other end.
    pub to: usize,
    /// The provided names that made it, where it was not the package's own.
    pub through: Vec<&'a str>,
}

/// A package of a chain, and how the one before it leads there; the first has none before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<'a> {
    /// The package.
    pub package: &'a LockedPackage,
    /// `to` is the package itself.
    pub by: Option<Arrow<'a>>,
}

/// From where the graph begins to a package.
pub type Chain<'a> = Vec<Link<'a>>;

/// The edges of one architecture, both ways: who needs whom, and by what.
#[derive(Debug)]
pub struct Graph<'a> {
    packages: &'a [LockedPackage],
    down: Vec<Vec<Arrow<'a>>>,
    up: Vec<Vec<Arrow<'a>>>,
    roots: Vec<bool>,
}

impl<'a> Graph<'a> {
    /// Of packages that are sorted by name, as a lockfile's are. An edge to what is not among them is
    /// left out.
    pub fn new(packages: &'a [LockedPackage]) -> Self {
        let mut graph = Self {
            packages,
            down: vec![Vec::new(); packages.len()],
            up: vec![Vec::new(); packages.len()],
            roots: Vec::new(),
        };
        for (index, package) in packages.iter().enumerate() {
            for (kind, edges) in [
                (EdgeKind::Depends, &package.depends),
                (EdgeKind::Recommends, &package.recommends),
                (EdgeKind::InstallIf, &package.install_if),
            ] {
                for edge in edges {
                    graph.connect(index, kind, edge);
                }
            }
        }
        for arrows in graph.down.iter_mut().chain(&mut graph.up) {
            arrows.sort_unstable();
            // Of several names that lead from one package to another the arrow is one.
            arrows.dedup_by(|next, kept| {
                let same = (next.kind, next.to) == (kept.kind, kept.to);
                if same {
                    kept.through.append(&mut next.through);
                }
                same
            });
        }
        graph.roots = graph.find_roots();
        graph
    }

    fn connect(&mut self, index: usize, kind: EdgeKind, edge: &'a Edge) {
        let Some(other) = self.find(edge.name.as_str()).filter(|&o| o != index) else {
            return;
        };
        let (from, to) = match kind {
            EdgeKind::InstallIf => (other, index),
            _ => (index, other),
        };
        let arrow = |to| Arrow {
            kind,
            to,
            through: edge.through.as_deref().into_iter().collect(),
        };
        self.down[from].push(arrow(to));
        self.up[to].push(arrow(from));
    }

    /// What is requested, and what nothing leads to; of what only leads to itself in a circle, the
    /// first by name. From these everything is reached.
    fn find_roots(&self) -> Vec<bool> {
        let is_root = |(index, package): (usize, &LockedPackage)| {
            package.requested || self.up[index].is_empty()
        };
        let mut roots: Vec<bool> = self.packages.iter().enumerate().map(is_root).collect();
        let mut reached = vec![false; self.packages.len()];
        let mut open: Vec<usize> = (0..roots.len()).filter(|&index| roots[index]).collect();
        let mut next = 0;
        loop {
            while let Some(index) = open.pop() {
                if !std::mem::replace(&mut reached[index], true) {
                    open.extend(self.down[index].iter().map(|arrow| arrow.to));
                }
            }
            while reached.get(next) == Some(&true) {
                next += 1;
            }
            let Some(root) = roots.get_mut(next) else {
                return roots;
            };
            *root = true;
            open.push(next);
        }
    }

    /// The number of packages.
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether there is no package.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    /// The number of the package with that name.
    pub fn find(&self, name: &str) -> Option<usize> {
        let by_name = |package: &LockedPackage| package.name.as_str().cmp(name);
        self.packages.binary_search_by(by_name).ok()
    }

    /// A package by its number.
    pub fn package(&self, index: usize) -> &'a LockedPackage {
        &self.packages[index]
    }

    /// What is there because of a package.
    pub fn needs(&self, index: usize) -> &[Arrow<'a>] {
        &self.down[index]
    }

    /// Because of what a package is there.
    pub fn needed_by(&self, index: usize) -> &[Arrow<'a>] {
        &self.up[index]
    }

    /// Whether the graph begins at a package: it is requested, or nothing that is locked needs it,
    /// as with those of a `priority:`.
    pub fn is_root(&self, index: usize) -> bool {
        self.roots[index]
    }

    /// Every chain from a root to a package, the shortest first, `most` at most; and whether that is
    /// all of them. In no chain is a package twice.
    pub fn chains(&self, index: usize, most: usize) -> (Vec<Chain<'a>>, bool) {
        /// A package from which the steps before it lead to the target.
        struct Step {
            package: usize,
            then: Option<usize>,
        }
        let mut steps = vec![Step {
            package: index,
            then: None,
        }];
        let mut out = Vec::new();
        let mut next = 0;
        while let Some(step) = steps.get(next) {
            let (mut path, mut at) = (vec![step.package], step.then);
            while let Some(step) = at.and_then(|at| steps.get(at)) {
                path.push(step.package);
                at = step.then;
            }
            if self.roots[path[0]] {
                if out.len() == most {
                    return (out, false);
                }
                out.push(self.chain_of(&path));
            }
            let mut above: Vec<usize> = self.up[path[0]].iter().map(|arrow| arrow.to).collect();
            above.sort_unstable();
            above.dedup();
            above.retain(|package| !path.contains(package));
            if steps.len() + above.len() > MAX_STEPS {
                return (out, false);
            }
            steps.extend(above.into_iter().map(|package| Step {
                package,
                then: Some(next),
            }));
            next += 1;
        }
        (out, true)
    }

    /// The shortest chain to every package.
    pub fn shortest(&self) -> Shortest<'a, '_> {
        let mut before: Vec<Option<usize>> = vec![None; self.len()];
        let mut reached = vec![false; self.len()];
        let mut open = VecDeque::new();
        // A chain from a request says more than one from what nobody asked for by name.
        for requested in [true, false] {
            open.extend((0..self.len()).filter(|&index| {
                self.roots[index] && !reached[index] && self.packages[index].requested == requested
            }));
            open.iter().for_each(|&index| reached[index] = true);
            while let Some(index) = open.pop_front() {
                for arrow in &self.down[index] {
                    if !std::mem::replace(&mut reached[arrow.to], true) {
                        before[arrow.to] = Some(index);
                        open.push_back(arrow.to);
                    }
                }
            }
        }
        Shortest {
            graph: self,
            before,
        }
    }

    /// The packages of `path` with the arrows between them.
    fn chain_of(&self, path: &[usize]) -> Chain<'a> {
        let link = |(place, &index): (usize, &usize)| {
            let before = place.checked_sub(1).map(|before| path[before]);
            let by = before.and_then(|before| {
                // Sorted by kind: a dependency says more than a recommendation.
                self.down[before].iter().find(|arrow| arrow.to == index)
            });
            Link {
                package: &self.packages[index],
                by: by.cloned(),
            }
        };
        path.iter().enumerate().map(link).collect()
    }
}

/// The shortest chain to every package of a graph. One from a request goes before any other.
#[derive(Debug)]
pub struct Shortest<'a, 'g> {
    graph: &'g Graph<'a>,
    before: Vec<Option<usize>>,
}

impl<'a> Shortest<'a, '_> {
    /// The chain to a package.
    pub fn chain(&self, index: usize) -> Chain<'a> {
        let mut path = vec![index];
        let mut at = index;
        while let Some(before) = self.before[at] {
            path.push(before);
            at = before;
        }
        path.reverse();
        self.graph.chain_of(&path)
    }
}
