//! Known vulnerabilities of what an audit found installed.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Audited;
use crate::audit::advisory::{
    Advisories, Component, Finding, Ignore, Input, Policy, Report, Unmatched,
};
use crate::distro::{self, Distro, InstalledPackage};
use crate::fetch::Fetcher;
use crate::model::{Epoch, Version};
use crate::ops::open::{archives, kept};
use crate::ops::project::{Alone, read_file};
use crate::ops::{Context, Error, OpsError};
use crate::sbom;

/// What is known of vulnerabilities, and what of it does not matter.
#[derive(Debug, Clone, Default)]
pub struct Advice {
    /// `--advisories`: files, directories and URLs.
    pub advisories: Vec<String>,
    /// `--vex`
    pub vex: Vec<PathBuf>,
    /// `--ignore`: not counted in this run.
    pub ignored: Vec<String>,
    /// `--ignore-file`
    pub ignores: Vec<PathBuf>,
}

impl Advice {
    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.advisories.is_empty()
    }
}

/// A known vulnerability of an installed package.
#[derive(Debug, Clone)]
pub struct Vulnerability {
    /// What the advisories say.
    pub finding: Finding,
    /// Whether the repositories, as they were when the lockfile was made, offer a version with the fix;
    /// absent where there is no lockfile, no fix, or the index is not in the store any more.
    pub offered: Option<bool>,
}

/// What advisories say of one filesystem.
#[derive(Debug, Clone, Default)]
pub struct Advised {
    /// Sorted; suppressed ones too.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Packages that no advisory speaks of, for their release is not known to any.
    pub unmatched: Vec<Unmatched>,
}

/// The largest file of advisories that is downloaded, in bytes: several times osv.dev's of all
/// ecosystems.
const MAX_DOWNLOAD: u64 = 4 << 30;

/// Files of advisories, brought near.
pub(super) struct Advisor {
    /// Name and bytes of what was downloaded; bytes are absent for a path.
    inputs: Vec<(String, Option<Vec<u8>>)>,
    ignores: Vec<Ignore>,
}

impl Advisor {
    /// Reads what decides, and downloads what is at URLs.
    pub(super) fn load(cx: &Context<'_>, advice: &Advice) -> Result<Self, Error> {
        let mut inputs = Vec::new();
        for word in &advice.advisories {
            let bytes = match word.contains("://") {
                true => {
                    let archives = archives();
                    let fetcher = Fetcher::new(cx.store, cx.network, cx.progress, &archives);
                    Some(fetcher.document(word, MAX_DOWNLOAD)?)
                }
                false => None,
            };
            inputs.push((word.clone(), bytes));
        }
        let vex = advice.vex.iter();
        inputs.extend(vex.map(|path| (path.to_string_lossy().into_owned(), None)));
        let mut ignores = Vec::new();
        for path in &advice.ignores {
            let bytes = read_file(path)?;
            let bytes = bytes.ok_or_else(|| OpsError::NoFile(path.clone()))?;
            ignores.extend(Ignore::list(&path.to_string_lossy(), &bytes)?);
        }
        for id in &advice.ignored {
            ignores.push(Ignore {
                id: id.clone(),
                package: None,
                reason: "`--ignore` of this run".into(),
                until: today(cx.now)?,
            });
        }
        Ok(Self { inputs, ignores })
    }

    /// Says of each filesystem what they say of its packages.
    pub(super) fn advise(
        &self,
        cx: &Context<'_>,
        images: &mut [Audited],
        lock: Option<&Alone>,
    ) -> Result<(), Error> {
        for image in images.iter_mut().filter(|_| !self.inputs.is_empty()) {
            image.advised = self.of(cx, image, lock)?;
        }
        Ok(())
    }

    fn of(
        &self,
        cx: &Context<'_>,
        image: &Audited,
        lock: Option<&Alone>,
    ) -> Result<Advised, Error> {
        let Some(distro) = distro::by_name(image.distro) else {
            return Ok(Advised::default());
        };
        let release = image.installed.release.as_deref();
        let osv = release.and_then(|release| distro.osv_release(release));
        let packages = &image.installed.packages;
        let ecosystem = ecosystem(distro, image.installed.id.as_deref());
        let compare = |a: &Version, b: &Version| distro.compare(a, b);
        let components: Vec<Component<'_>> = packages
            .iter()
            .map(|package| component(distro, image, package, &ecosystem, osv.as_deref(), &compare))
            .collect();
        let inputs: Vec<Input<'_>> = self.inputs.iter().map(input).collect();
        let advisories = Advisories::load(&inputs, &components)?;
        let digests = [image.manifest, image.config].map(|digest| digest.map(|d| d.to_string()));
        let names: Vec<&str> = digests.iter().flatten().map(String::as_str).collect();
        let Report {
            findings,
            unmatched,
            expired,
        } = advisories.find(&Policy {
            ignores: &self.ignores,
            now: cx.now,
            image: &names,
        });
        for ignore in expired {
            cx.progress.warn(&format!(
                "{} is counted again: it was to be ignored until {} ({})",
                ignore.id, ignore.until, ignore.reason
            ));
        }
        let lock = lock.filter(|lock| lock.distro.name() == distro.name());
        let offered = offers(cx, lock, &findings)?;
        let vulnerabilities = findings.into_iter().map(|finding| Vulnerability {
            offered: offered.as_ref().and_then(|offered| {
                let fixed: Version = finding.fixed.as_deref()?.parse().ok()?;
                let versions = offered.get(&finding.source_name);
                let later = |version: &Version| distro.compare(version, &fixed).is_ge();
                Some(versions.is_some_and(|versions| versions.iter().any(later)))
            }),
            finding,
        });
        Ok(Advised {
            vulnerabilities: vulnerabilities.collect(),
            unmatched,
        })
    }
}

fn input((name, bytes): &(String, Option<Vec<u8>>)) -> Input<'_> {
    match bytes {
        Some(bytes) => Input::Bytes { name, bytes },
        None => Input::Path(Path::new(name)),
    }
}

/// The day that it is.
fn today(now: Epoch) -> Result<crate::audit::advisory::Day, Error> {
    let text = now.to_string();
    let day = text.split('T').next().unwrap_or_default();
    day.parse()
        .map_err(|_| OpsError::Usage(format!("the clock says {text}, which is no day")).into())
}

/// The ecosystem in OSV's words. A derivative has advisories of its own, and versions of its own: what is
/// said of its parent says nothing of it.
fn ecosystem(distro: &dyn Distro, id: Option<&str>) -> String {
    match id {
        Some(id) if id != distro.purl_namespace() => {
            let mut letters = id.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect()
        }
        _ => distro.osv_ecosystem().to_owned(),
    }
}

fn component<'a>(
    distro: &dyn Distro,
    image: &'a Audited,
    package: &'a InstalledPackage,
    ecosystem: &'a str,
    osv_release: Option<&'a str>,
    compare: &'a dyn Fn(&Version, &Version) -> Ordering,
) -> Component<'a> {
    let namespace = image.installed.id.as_deref();
    Component {
        ecosystem,
        osv_release,
        codename: image.installed.release.as_deref(),
        name: package.name.as_str(),
        version: &package.version,
        arch: &package.arch,
        source_name: &package.source.name,
        source_version: &package.source.version,
        purl: sbom::purl(
            distro.purl_type(),
            Some(namespace.unwrap_or(distro.purl_namespace())),
            package.name.as_str(),
            package.version.as_str(),
            &[("arch", &*package.arch)],
        ),
        compare,
    }
}

/// The versions of source packages that the locked repositories offered, as far as their indexes are
/// still in the store; `None` where one is not, or nothing is locked.
fn offers(
    cx: &Context<'_>,
    lock: Option<&Alone>,
    findings: &[Finding],
) -> Result<Option<BTreeMap<String, Vec<Version>>>, Error> {
    let Some(lock) = lock else {
        return Ok(None);
    };
    let wanted: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| finding.fixed.is_some())
        .map(|finding| finding.source_name.as_str())
        .collect();
    let mut out: BTreeMap<String, Vec<Version>> = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(Some(out));
    }
    for index in lock
        .lockfile
        .repositories
        .iter()
        .flat_map(|repository| &repository.proof.indexes)
    {
        let Some(condensed) = kept(cx.store, lock.distro, &index.sha256)? else {
            return Ok(None);
        };
        for (source, versions) in lock.distro.sources(condensed, &wanted)? {
            out.entry(source).or_default().extend(versions);
        }
    }
    Ok(Some(out))
}
