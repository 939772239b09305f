//! Holds what is installed against what is known.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::entry::Entry;
use super::finding::{
    Component, Decision, Finding, Policy, Report, Source, Suppression, Unmatched,
};
use super::level::{Level, Rating};
use super::load::Advisories;
use super::names::cve;
use super::statement::{Statement, Subject};
use crate::model::Version;

/// An advisory that hits a package, and the fix that it knows.
type Hit<'a> = (&'a Entry, Option<&'a Version>);

impl Advisories<'_> {
    /// The vulnerabilities of the packages that the advisories were loaded for.
    pub fn find(&self, policy: &Policy<'_>) -> Report {
        let mut statements: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, statement) in self.statements.iter().enumerate() {
            for name in statement.names() {
                statements.entry(name).or_default().push(index);
            }
        }
        let decisions = Decisions {
            advisories: self,
            policy,
            image: policy
                .image
                .iter()
                .map(|name| Subject::new(name, None))
                .collect(),
            statements,
        };
        let mut findings = Vec::new();
        for (index, component) in self.components.iter().enumerate() {
            let hits = self.hits(component);
            if hits.is_empty() {
                continue;
            }
            let source = (component.source_name, component.source_version.as_str());
            let subject = Subject::new(&component.purl, Some(source));
            for hits in together(&hits) {
                let (mut finding, names) = self.finding(index, component, &hits);
                finding.suppressed = decisions.on(&finding, &names, &subject);
                findings.push(finding);
            }
        }
        findings.sort_by(|a, b| {
            let left = (&a.name, &a.arch, &a.id, a.package);
            left.cmp(&(&b.name, &b.arch, &b.id, b.package))
        });
        let over = policy
            .ignores
            .iter()
            .filter(|ignore| ignore.is_over(policy.now));
        Report {
            findings,
            unmatched: self.unmatched(),
            expired: over.cloned().collect(),
        }
    }

    fn hits<'s>(&'s self, component: &Component<'_>) -> Vec<Hit<'s>> {
        let known = |name: &str| {
            let entries = self.entries.get(component.ecosystem);
            let entries = entries.and_then(|names| names.get(name)).map(Vec::as_slice);
            let of = |entry: &&Entry| match &entry.release {
                Some(release) => component.is_of(release),
                None => true,
            };
            entries.unwrap_or_default().iter().filter(of)
        };
        let hit = |entry: &'s Entry, version: &Version| {
            let fixed = entry.affected.by(version, component.compare)?;
            Some((entry, fixed))
        };
        let sources = known(component.source_name)
            .filter(|entry| entry.binary.is_none())
            .filter_map(|entry| hit(entry, component.source_version));
        let binaries = known(component.name)
            .filter(|entry| {
                let arch = entry.binary.as_deref();
                arch.is_some_and(|arch| is_arch(arch, component.arch))
            })
            .filter_map(|entry| hit(entry, component.version));
        sources.chain(binaries).collect()
    }

    /// One finding of hits that are about the same vulnerability.
    fn finding(
        &self,
        index: usize,
        component: &Component<'_>,
        hits: &[Hit<'_>],
    ) -> (Finding, Called) {
        let mut called = Called::default();
        for (entry, _) in hits {
            called.same.extend(entry.names.same.iter().cloned());
            called.also.extend(entry.names.also.iter().cloned());
        }
        let ids = hits.iter().map(|(entry, _)| entry.names.id.as_str());
        let id = ids
            .min_by_key(|id| (cve(id).is_none(), *id))
            .unwrap_or_default();
        let others = called.same.union(&called.also).filter(|name| *name != id);
        let fixes = hits.iter().filter_map(|(_, fixed)| *fixed);
        let fixed = fixes.max_by(|a, b| (component.compare)(a, b));
        let ratings = hits.iter().flat_map(|(entry, _)| entry.ratings.iter());
        let rating = ratings.clone().min_by_key(|rating| {
            let level = rating.level();
            (
                level == Level::Unknown,
                rank(rating),
                Reverse(level),
                rating.text(),
            )
        });
        let sources: BTreeSet<Source> = hits
            .iter()
            .filter_map(|(entry, _)| {
                let file = self.files.get(entry.file)?.clone();
                let format = entry.format;
                Some(Source { file, format })
            })
            .collect();
        let text = |of: fn(&Entry) -> Option<&str>| {
            let mut texts = hits.iter().filter_map(|(entry, _)| of(entry));
            texts.next().map(str::to_owned)
        };
        let finding = Finding {
            package: index,
            name: component.name.to_owned(),
            version: component.version.to_string(),
            arch: component.arch.to_owned(),
            purl: component.purl.clone(),
            source_name: component.source_name.to_owned(),
            source_version: component.source_version.to_string(),
            id: id.to_owned(),
            aliases: others.cloned().collect(),
            fixed: fixed.map(Version::to_string),
            severity: rating.map(|rating| rating.text().to_owned()),
            level: rating.map_or(Level::Unknown, Rating::level),
            score: ratings.filter_map(Rating::score).max(),
            summary: text(|entry| entry.summary.as_deref()),
            note: text(|entry| entry.note.as_deref()),
            sources: sources.into_iter().collect(),
            suppressed: None,
        };
        (finding, called)
    }

    /// Packages of which nothing that was read can speak.
    fn unmatched(&self) -> Vec<Unmatched> {
        let mut count: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
        for component in self.components {
            let release = component.osv_release.or(component.codename);
            let covered = release.is_some()
                && self.covered.iter().any(|(ecosystem, covered)| {
                    ecosystem == component.ecosystem
                        && covered
                            .as_deref()
                            .is_none_or(|covered| component.is_of(covered))
                });
            if !covered {
                *count.entry((component.ecosystem, release)).or_default() += 1;
            }
        }
        let unmatched = count.into_iter();
        unmatched
            .map(|((ecosystem, release), packages)| Unmatched {
                ecosystem: ecosystem.to_owned(),
                release: release.map(str::to_owned),
                packages,
            })
            .collect()
    }
}

/// Whose word counts more.
const fn rank(rating: &Rating) -> u8 {
    match rating {
        Rating::Urgency(_) => 0,
        Rating::Word(_) => 1,
        Rating::Scale { .. } => 2,
    }
}

/// Whether a record about a binary package of `arch` is about one of `installed`.
fn is_arch(arch: &str, installed: &str) -> bool {
    let any = ["all", "noarch", "any"];
    arch == installed || any.contains(&arch) || any.contains(&installed)
}

/// Every name of a finding's vulnerability.
#[derive(Debug, Default)]
struct Called {
    same: BTreeSet<String>,
    also: BTreeSet<String>,
}

/// Hits that share a name of one vulnerability, directly or through others.
fn together<'a>(hits: &[Hit<'a>]) -> Vec<Vec<Hit<'a>>> {
    /// The first hit of the group that a hit is in; the way there is made shorter.
    fn first(of: usize, before: &mut [usize]) -> usize {
        let mut at = of;
        while let Some(&next) = before.get(at)
            && next != at
        {
            let after = before.get(next).copied().unwrap_or(next);
            if let Some(slot) = before.get_mut(at) {
                *slot = after;
            }
            at = after;
        }
        at
    }
    let mut before: Vec<usize> = (0..hits.len()).collect();
    let mut named: HashMap<&str, usize> = HashMap::new();
    for (index, (entry, _)) in hits.iter().enumerate() {
        for name in &entry.names.same {
            let other = *named.entry(name).or_insert(index);
            let (a, b) = (first(index, &mut before), first(other, &mut before));
            if let Some(slot) = before.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<Hit<'a>>> = BTreeMap::new();
    for (index, hit) in hits.iter().enumerate() {
        let group = first(index, &mut before);
        groups.entry(group).or_default().push(*hit);
    }
    groups.into_values().collect()
}

/// What users and documents have decided.
struct Decisions<'a> {
    advisories: &'a Advisories<'a>,
    policy: &'a Policy<'a>,
    image: Vec<Subject>,
    /// By the name of the vulnerability.
    statements: HashMap<&'a str, Vec<usize>>,
}

impl Decisions<'_> {
    /// The user's decision first, then the latest statement.
    fn on(&self, finding: &Finding, called: &Called, subject: &Subject) -> Option<Suppression> {
        let is = |name: &str, names: &BTreeSet<String>| {
            names.contains(name) || cve(name).is_some_and(|cve| names.contains(cve))
        };
        let ignored = self.policy.ignores.iter().find(|ignore| {
            let here =
                |package: &String| *package == finding.name || *package == finding.source_name;
            (is(&ignore.id, &called.same) || is(&ignore.id, &called.also))
                && ignore.package.as_ref().is_none_or(here)
                && !ignore.is_over(self.policy.now)
        });
        if let Some(ignore) = ignored {
            return Some(Suppression {
                by: Decision::Ignore(ignore.until),
                reason: ignore.reason.clone(),
            });
        }
        let names = called.same.iter().chain(&called.also);
        let indexes: BTreeSet<usize> = names
            .filter_map(|name| self.statements.get(cve(name).unwrap_or(name)))
            .flatten()
            .copied()
            .collect();
        let latest: &Statement = indexes
            .into_iter()
            .filter_map(|index| self.advisories.statements.get(index))
            .filter(|statement| {
                let same = |name: &str| is(name, &called.same);
                let also = |name: &str| is(name, &called.also);
                statement.is_about(&same, &also) && statement.is_on(subject, &self.image)
            })
            .max_by_key(|statement| statement.at)?;
        let file = self.advisories.files.get(latest.file);
        latest.clears.as_ref().map(|reason| Suppression {
            by: Decision::Vex(file.cloned().unwrap_or_default()),
            reason: reason.clone(),
        })
    }
}
