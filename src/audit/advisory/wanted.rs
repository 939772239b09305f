//! What is installed, as advisories are looked up by it.

use std::collections::{BTreeMap, BTreeSet};

use super::Component;
use super::entry::same_release;

/// What a release is called, in OSV's words and in the distribution's.
type Release<'a> = [Option<&'a str>; 2];

/// The names and versions that advisories are of interest for.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    /// By ecosystem.
    releases: BTreeMap<&'a str, BTreeSet<Release<'a>>>,
    sources: Names<'a>,
    binaries: Names<'a>,
}

/// Versions by ecosystem and name.
type Names<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;

impl<'a> Wanted<'a> {
    pub(super) fn new(components: &'a [Component<'a>]) -> Self {
        let mut wanted = Self {
            releases: BTreeMap::new(),
            sources: BTreeMap::new(),
            binaries: BTreeMap::new(),
        };
        for component in components {
            let ecosystem = component.ecosystem;
            let releases = wanted.releases.entry(ecosystem).or_default();
            releases.insert(component.release());
            let sources = wanted.sources.entry(ecosystem).or_default();
            let versions = sources.entry(component.source_name).or_default();
            versions.insert(component.source_version.as_str());
            let binaries = wanted.binaries.entry(ecosystem).or_default();
            let versions = binaries.entry(component.name).or_default();
            versions.insert(component.version.as_str());
        }
        wanted
    }

    /// Whether any package of that ecosystem is installed.
    pub(super) fn ecosystem(&self, ecosystem: &str) -> bool {
        self.releases.contains_key(ecosystem)
    }

    /// The installed versions of a source package, or of a binary one.
    pub(super) fn versions(
        &self,
        ecosystem: &str,
        name: &str,
        binary: bool,
    ) -> Option<&BTreeSet<&'a str>> {
        let names = if binary {
            &self.binaries
        } else {
            &self.sources
        };
        names.get(ecosystem)?.get(name)
    }

    /// Whether any installed package is of that release; none stands for all of them.
    pub(super) fn release(&self, ecosystem: &str, release: Option<&str>) -> bool {
        self.releases.get(ecosystem).is_some_and(|installed| {
            let is = |release: &str| installed.iter().any(|own| is_of(*own, release));
            release.is_none_or(is)
        })
    }
}

impl<'a> Component<'a> {
    const fn release(&self) -> Release<'a> {
        [self.osv_release, self.codename]
    }

    /// Whether the component is of the release that an advisory calls `release`.
    pub(super) fn is_of(&self, release: &str) -> bool {
        is_of(self.release(), release)
    }
}

fn is_of(own: Release<'_>, release: &str) -> bool {
    let mut names = own.into_iter().flatten();
    names.any(|own| same_release(own, release))
}
