//! One advisory about one package of one release, whatever format it came in.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::Format;
use super::level::Rating;
use super::names::Names;
use crate::model::Version;

/// How two versions compare.
type Compare<'a> = &'a dyn Fn(&Version, &Version) -> Ordering;

/// An advisory about a package that is installed.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The index of its file among those that were read.
    pub(super) file: usize,
    pub(super) format: Format,
    /// The release that it speaks of, or all of them.
    pub(super) release: Option<Arc<str>>,
    pub(super) names: Names,
    /// The architecture where it speaks of a binary package and not of a source package.
    pub(super) binary: Option<Arc<str>>,
    pub(super) affected: Arc<Affected>,
    pub(super) ratings: Arc<[Rating]>,
    pub(super) summary: Option<Arc<str>>,
    /// What the distribution adds: why it does not hurry, that it no longer supports the package.
    pub(super) note: Option<Arc<str>>,
}

impl Entry {
    /// Roughly the bytes that it takes.
    pub(super) fn size(&self) -> u64 {
        let ratings: usize = self.ratings.iter().map(Rating::size).sum();
        let text = self.summary.as_ref().map_or(0, |text| text.len());
        let note = self.note.as_ref().map_or(0, |text| text.len());
        let whole = 300 + self.names.size() + ratings + text + note + self.affected.size();
        whole as u64
    }
}

/// Which versions are affected.
#[derive(Debug, Default)]
pub(super) struct Affected {
    pub(super) ranges: Vec<Range>,
    /// Versions that are affected without being in a range. Only those that are installed are kept:
    /// the list of a kernel has thousands.
    pub(super) listed: BTreeSet<String>,
}

/// A course of events, as OSV has it.
#[derive(Debug, Default)]
pub(super) struct Range {
    pub(super) events: Vec<Event>,
    /// The range ends before all of them; it has no end where there is none.
    pub(super) limits: Vec<Version>,
}

/// Something that happened at a version.
#[derive(Debug)]
pub(super) enum Event {
    /// Affected from the first version on.
    Beginning,
    Introduced(Version),
    Fixed(Version),
    LastAffected(Version),
}

impl Event {
    const fn version(&self) -> Option<&Version> {
        match self {
            Self::Beginning => None,
            Self::Introduced(version) | Self::Fixed(version) | Self::LastAffected(version) => {
                Some(version)
            }
        }
    }
}

impl Affected {
    /// Every version before `fixed`, or every version at all.
    pub(super) fn before(fixed: Option<Version>) -> Self {
        let fixed = fixed.map(Event::Fixed);
        Self {
            ranges: vec![Range {
                events: [Event::Beginning].into_iter().chain(fixed).collect(),
                limits: Vec::new(),
            }],
            listed: BTreeSet::new(),
        }
    }

    /// Whether `version` is affected, and if so the first version after it that is fixed.
    pub(super) fn by(&self, version: &Version, compare: Compare<'_>) -> Option<Option<&Version>> {
        let mut hit = self.listed.contains(version.as_str());
        for range in &self.ranges {
            hit |= range.holds(version, compare);
        }
        let fixes = self.ranges.iter().flat_map(|range| &range.events);
        let later = fixes.filter_map(|event| match event {
            Event::Fixed(fixed) if compare(fixed, version).is_gt() => Some(fixed),
            _ => None,
        });
        hit.then(|| later.min_by(|a, b| compare(a, b)))
    }

    fn size(&self) -> usize {
        let events: usize = self.ranges.iter().map(|range| range.events.len()).sum();
        let limits: usize = self.ranges.iter().map(|range| range.limits.len()).sum();
        100 * (events + limits + self.listed.len() + self.ranges.len())
    }
}

impl Range {
    /// OSV's algorithm: the last event that the version has reached decides.
    fn holds(&self, version: &Version, compare: Compare<'_>) -> bool {
        let before = |limit| compare(version, limit).is_lt();
        if !self.limits.is_empty() && !self.limits.iter().any(before) {
            return false;
        }
        let mut events: Vec<&Event> = self.events.iter().collect();
        // Stable: events at the same version stay in the record's order.
        events.sort_by(|a, b| match (a.version(), b.version()) {
            (Some(a), Some(b)) => compare(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
        let mut affected = false;
        for event in events {
            match event {
                Event::Beginning => affected = true,
                Event::Introduced(at) if compare(version, at).is_ge() => affected = true,
                Event::Fixed(at) if compare(version, at).is_ge() => affected = false,
                Event::LastAffected(at) if compare(version, at).is_gt() => affected = false,
                _ => {}
            }
        }
        affected
    }
}

/// Whether two spellings of a release mean the same: `3.22` and `v3.22`.
pub(super) fn same_release(a: &str, b: &str) -> bool {
    fn bare(text: &str) -> &str {
        match text.strip_prefix('v') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
            _ => text,
        }
    }
    bare(a) == bare(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_the_same_with_and_without_its_v() {
        assert!(same_release("v3.22", "3.22") && same_release("13", "13"));
        assert!(same_release("sid", "sid") && !same_release("sid", "id"));
        assert!(!same_release("v3.2", "v3.22") && !same_release("vid", "id"));
    }
}
