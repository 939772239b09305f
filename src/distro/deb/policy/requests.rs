//! The requests of a manifest, read as apt-get install reads its arguments.

use std::collections::{BTreeMap, BTreeSet};

use crate::distro::deb::catalog::DebCatalog;
use crate::distro::deb::universe::DebUniverse;
use crate::distro::deb::version;
use crate::model::{PackageId, PackageName, PackageRequest, Priority, RequestOp, Version};
use crate::resolve::{Problem, Universe as _, Unsatisfiable, Want, nearest};

/// More providers or versions than this are counted and not named.
const MAX_NAMES: usize = 12;

/// The requests of all groups, found in the universe.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// Each package once, with the versions that all its requests allow.
    pub(super) wanted: Vec<Want>,
    /// The packages that each group asks for, `priority:` included.
    pub(super) roots: Vec<BTreeSet<PackageName>>,
    /// The packages that are asked for by name.
    pub(super) requested: BTreeSet<PackageName>,
    /// What `exclude:` names.
    pub(super) excluded: BTreeSet<PackageName>,
    /// The packages whose request names a suite, and the suite.
    pub(super) suites: BTreeMap<PackageName, String>,
    /// What the user should know.
    pub(super) warnings: Vec<String>,
}

impl Requests {
    /// Finds what the manifest asks for.
    ///
    /// # Errors
    /// When a name or version is not offered, or a virtual name has several providers.
    pub(super) fn read(
        catalog: &DebCatalog,
        universe: &DebUniverse<'_>,
        problem: &Problem,
    ) -> Result<Self, Unsatisfiable> {
        let reader = Reader { catalog, universe };
        let mut out = Self::default();
        let mut wanted: BTreeMap<PackageName, Want> = BTreeMap::new();
        for group in &problem.groups {
            let mut roots = BTreeSet::new();
            out.excluded.extend(group.exclude.iter().cloned());
            for request in &group.requests {
                let want = reader.want(request)?;
                roots.insert(want.name.clone());
                out.requested.insert(want.name.clone());
                if let Some(suite) = &request.suite {
                    out.suites.insert(want.name.clone(), suite.clone());
                }
                join(&mut wanted, want, universe)?;
            }
            if let Some(priority) = group.priority {
                for name in reader.base(priority) {
                    let want = Want {
                        text: format!("{name} (priority: {})", priority.as_str()),
                        any_of: universe.versions(&name).to_vec(),
                        name: name.clone(),
                    };
                    // What is excluded is left out of a set, as it is not asked for by name.
                    if !problem
                        .groups
                        .iter()
                        .any(|group| group.exclude.contains(&name))
                    {
                        roots.insert(name);
                        join(&mut wanted, want, universe)?;
                    }
                }
            }
            out.roots.push(roots);
        }
        out.wanted = wanted.into_values().collect();
        Ok(out)
    }
}

/// Joins the requests for one package: only versions that all of them allow are left.
fn join(
    wanted: &mut BTreeMap<PackageName, Want>,
    want: Want,
    universe: &DebUniverse<'_>,
) -> Result<(), Unsatisfiable> {
    let Some(known) = wanted.get_mut(&want.name) else {
        wanted.insert(want.name.clone(), want);
        return Ok(());
    };
    let both: Vec<PackageId> = known
        .any_of
        .iter()
        .copied()
        .filter(|id| want.any_of.contains(id))
        .collect();
    if both.is_empty() {
        return Err(Unsatisfiable::new(
            format!("{} and {} cannot both be installed", known.text, want.text),
            Some(offered(universe, &want.name)),
        ));
    }
    if both.len() < known.any_of.len() {
        // The stricter one says more.
        known.text = want.text;
    }
    known.any_of = both;
    Ok(())
}

struct Reader<'a, 'c> {
    catalog: &'a DebCatalog,
    universe: &'a DebUniverse<'c>,
}

impl Reader<'_, '_> {
    fn want(&self, request: &PackageRequest) -> Result<Want, Unsatisfiable> {
        let own = self.catalog.arch_name;
        if let Some(arch) = &request.qualifier
            && ![own, "all", "any", "native"].contains(&arch.as_str())
        {
            return Err(Unsatisfiable::new(
                format!(
                    "{request} is of another architecture than {own}, which is not supported yet"
                ),
                Some(format!("ask for {} without :{arch}", request.name)),
            ));
        }
        let name = self.real_name(request)?;
        let versions = self.universe.versions(&name);
        let any_of: Vec<PackageId> = versions
            .iter()
            .copied()
            .filter(|&id| self.allows(request, id))
            .collect();
        if any_of.is_empty() {
            return Err(Unsatisfiable::new(
                format!("no repository offers {request}"),
                Some(offered(self.universe, &name)),
            ));
        }
        Ok(Want {
            text: request.to_string(),
            any_of,
            name,
        })
    }

    /// The package that a request means: the one of that name, else the only one that provides it.
    fn real_name(&self, request: &PackageRequest) -> Result<PackageName, Unsatisfiable> {
        let unknown = || {
            if self.catalog.names().any(|name| name == request.name) {
                return Unsatisfiable::new(
                    format!("{} is offered only at a negative priority", request.name),
                    Some("a repository with a negative `priority:` offers nothing".into()),
                );
            }
            let near = nearest(&request.name, self.catalog.names());
            let hint = match near[..] {
                [] => None,
                [one] => Some(format!("did you mean {one}?")),
                [ref first @ .., last] => {
                    Some(format!("did you mean {} or {last}?", first.join(", ")))
                }
            };
            Unsatisfiable::new(
                format!("no repository offers a package {}", request.name),
                hint,
            )
        };
        let name: PackageName = request.name.parse().map_err(|_| unknown())?;
        if !self.universe.versions(&name).is_empty() {
            return Ok(name);
        }
        let mut providers: Vec<&PackageName> = Vec::new();
        let found = self.universe.providers(&name);
        for &id in found.iter() {
            let provider = &self.universe.get(id).name;
            let candidate = self.universe.versions(provider).first().copied();
            if candidate == Some(id) && !providers.contains(&provider) {
                providers.push(provider);
            }
        }
        match providers[..] {
            [] => Err(unknown()),
            [only] => Ok(only.clone()),
            _ => {
                let mut names: Vec<&str> = providers.iter().map(|name| name.as_str()).collect();
                names.sort_unstable();
                let count = names.len();
                names.truncate(MAX_NAMES);
                let more = match count - names.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                Err(Unsatisfiable::new(
                    format!(
                        "{name} is a virtual package that {count} packages provide: {}{more}",
                        names.join(", ")
                    ),
                    Some("ask for one of them".into()),
                ))
            }
        }
    }

    fn allows(&self, request: &PackageRequest, id: PackageId) -> bool {
        let package = self.universe.get(id);
        let version = package.version.as_str();
        let by_version = request.version.as_ref().is_none_or(|(op, wanted)| {
            let order = version::compare(version, wanted);
            match op {
                RequestOp::Eq => order.is_eq(),
                RequestOp::Prefix => version.starts_with(wanted.as_str()),
                RequestOp::Ge => order.is_ge(),
                RequestOp::Le => order.is_le(),
                RequestOp::Gt => order.is_gt(),
                RequestOp::Lt => order.is_lt(),
                // Alpine's; Debian's grammar of requests does not have them.
                _ => false,
            }
        });
        let by_suite = request.suite.as_ref().is_none_or(|suite| {
            let source = &self.catalog.sources[self.universe.source(id)];
            source.suites.contains(suite)
        });
        by_version && by_suite
    }

    /// The packages of `priority:`, as mmdebstrap's variants choose them: Essential ones, then those
    /// whose candidate has a priority that is as high.
    fn base(&self, priority: Priority) -> BTreeSet<PackageName> {
        let highest = match priority {
            Priority::Essential => 0,
            Priority::Required => 1,
            Priority::Important => 2,
            Priority::Standard => 3,
        };
        let mut names: BTreeSet<PackageName> = self.universe.notable().into_iter().collect();
        names.retain(|name| {
            self.universe.versions(name).first().is_some_and(|&id| {
                let value = self.universe.priority(id);
                self.universe.get(id).essential || (1..=highest).contains(&value)
            })
        });
        names
    }
}

/// Which versions there are, as advice.
fn offered(universe: &DebUniverse<'_>, name: &PackageName) -> String {
    let versions = universe.versions(name);
    let mut texts: Vec<&Version> = Vec::new();
    for &id in versions.iter() {
        let version = &universe.get(id).version;
        if !texts.contains(&version) {
            texts.push(version);
        }
    }
    let shown: Vec<&str> = texts
        .iter()
        .take(MAX_NAMES)
        .map(|version| version.as_str())
        .collect();
    format!("{name} is offered as {}", shown.join(", "))
}
