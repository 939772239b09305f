//! `why`: the chains from what the manifest asks for to a package.

use super::super::{Error, Project};
use super::{Asked, Asking, near, packages_of};
use crate::lockfile::{Chain, EdgeKind, Graph};
use crate::model::{Arch, GroupName, LockedPackage, PackageName, Version};

/// `--all` tells no more chains than this.
const MAX_CHAINS: usize = 1000;

/// Options of `why`.
#[derive(Debug, Clone)]
pub struct WhyOptions {
    /// The package.
    pub package: PackageName,
    /// `--arch`; empty means all of the lockfile's.
    pub arches: Vec<Arch>,
    /// `--all`
    pub all: bool,
}

/// The answer of `why`.
#[derive(Debug, Clone)]
pub struct WhyReport {
    /// The package.
    pub package: PackageName,
    /// Of each architecture; none where it is not locked.
    pub answers: Vec<(Arch, Option<Why>)>,
    /// Where it is locked for none: the names nearest to it.
    pub near: Vec<String>,
}

/// Why a package is locked for one architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// Its version.
    pub version: Version,
    /// The group whose layer holds it.
    pub group: GroupName,
    /// What asks for it itself, where it is not only there for others.
    pub asking: Option<Asking>,
    /// From what is asked for to the package, the shortest first. Without `--all` the shortest alone.
    pub chains: Vec<WhyChain>,
    /// Whether `chains` are all that were asked for.
    pub whole: bool,
}

/// One chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyChain {
    /// Why its first package is there.
    pub asking: Asking,
    /// At least one; the last is the package in question.
    pub links: Vec<WhyLink>,
}

/// A package of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyLink {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// How the one before leads to it; none for the first.
    pub edge: Option<EdgeKind>,
    /// The provided names that made the edge.
    pub via: Vec<String>,
}

impl WhyChain {
    /// A chain of the graph, which begins with what `asked` knows of.
    pub(super) fn new(chain: &Chain<'_>, asked: &Asked) -> Option<Self> {
        let first = chain.first()?;
        let links = chain.iter().map(|link| WhyLink {
            name: link.package.name.clone(),
            version: link.package.version.clone(),
            edge: link.by.as_ref().map(|by| by.kind),
            via: link.by.as_ref().map_or_else(Vec::new, |by| {
                by.through.iter().map(|&name| name.to_owned()).collect()
            }),
        });
        Some(Self {
            asking: asked.of(first.package),
            links: links.collect(),
        })
    }
}

/// Says why a package is locked. Reads the manifest and the lockfile, and nothing else.
///
/// # Errors
/// When the lockfile is not there or damaged, or has nothing for an architecture.
pub fn why(project: &Project, options: &WhyOptions) -> Result<WhyReport, Error> {
    let lockfile = project.lockfile()?;
    let packages = packages_of(project, &lockfile, &options.arches)?;
    let answers: Vec<_> = packages
        .iter()
        .map(|(&arch, packages)| {
            let asked = Asked::new(Some(&project.manifest), arch, packages);
            (arch, answer(packages, &asked, options))
        })
        .collect();
    let nowhere = answers.iter().all(|(_, answer)| answer.is_none());
    Ok(WhyReport {
        near: match nowhere {
            true => near(&packages, options.package.as_str()),
            false => Vec::new(),
        },
        package: options.package.clone(),
        answers,
    })
}

fn answer(packages: &[LockedPackage], asked: &Asked, options: &WhyOptions) -> Option<Why> {
    let graph = Graph::new(packages);
    let index = graph.find(options.package.as_str())?;
    let package = graph.package(index);
    let (chains, whole) = match options.all {
        true => graph.chains(index, MAX_CHAINS),
        false => (vec![graph.shortest().chain(index)], true),
    };
    let chains = chains.iter();
    Some(Why {
        version: package.version.clone(),
        group: package.group.clone(),
        asking: graph.is_root(index).then(|| asked.of(package)),
        chains: chains
            .filter_map(|chain| WhyChain::new(chain, asked))
            .collect(),
        whole,
    })
}
