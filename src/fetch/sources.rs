//! Where bytes may be had, in which order: "Where bytes come from" of FORMATS.md section 3.
//!
//! Nothing here decides what is accepted. A source is a base URL; a mirror of a URL prefix rewrites
//! the URLs of the original address, so that it may serve a part of a repository only.

use super::url;
use super::{Network, Place};
use crate::model::{Archive, Epoch, Origin, Snapshot};

/// The host that gets at most two connections.
pub(super) const SNAPSHOT_HOST: &str = "snapshot.debian.org";
/// After a Release was made it takes snapshot.debian.org a while to see it: moments at which a
/// package of that Release is looked for, in hours after its Date.
const SNAPSHOT_HOURS: [i64; 3] = [12, 48, 0];

/// One place to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// A base URL without trailing slash.
    base: String,
    /// A prefix of the full URL, and what stands in its place.
    rewrite: Option<(String, String)>,
}

impl Source {
    fn at(base: &str) -> Self {
        Self {
            base: url::normal(base),
            rewrite: None,
        }
    }

    /// The URL of the file at `path`; `None` where this source does not serve it.
    pub(super) fn url(&self, path: &str) -> Option<String> {
        let full = url::join(&self.base, path)?;
        match &self.rewrite {
            None => Some(full),
            Some((prefix, to)) => {
                url::below(&full, prefix).map(|rest| format!("{}{rest}", to.trim_end_matches('/')))
            }
        }
    }

    /// For messages.
    pub(super) fn name(&self) -> String {
        url::public(self.rewrite.as_ref().map_or(&self.base, |(_, to)| to))
    }
}

/// Sources that are asked one after the other until one answers.
pub(super) type Group = Vec<Source>;

/// Finds the sources of one repository.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) network: &'a Network,
    pub(super) archives: &'a [Archive],
    pub(super) place: &'a Place,
}

impl Sources<'_> {
    /// For the signed root: tiers of groups. All groups of a tier are asked.
    pub(super) fn release(&self) -> Vec<Vec<Group>> {
        let upstream = self.upstream();
        let mut tiers: Vec<Vec<Group>> = self
            .given(self.place.snapshot.is_none(), &upstream)
            .into_iter()
            .map(|source| vec![vec![source]])
            .collect();
        if !self.network.mirror_only {
            let host = match self.place.snapshot {
                None => self.host_mirrors(),
                Some(_) => Vec::new(),
            };
            let tier: Vec<Group> = [host, upstream]
                .into_iter()
                .filter(|group| !group.is_empty())
                .collect();
            if !tier.is_empty() {
                tiers.push(tier);
            }
        }
        tiers
    }

    /// For an index whose digest is known.
    pub(super) fn index(&self) -> Group {
        self.release().into_iter().flatten().flatten().collect()
    }

    /// For a package of a repository whose Release is of `date`.
    pub(super) fn package(&self, date: Option<Epoch>) -> Group {
        let upstream = self.upstream();
        let mut out = Vec::new();
        let Origin::Archive(_) = self.place.origin else {
            out.extend(self.given(true, &upstream));
            if !self.network.mirror_only {
                out.extend(upstream);
            }
            return unique(out);
        };
        let live = self.official();
        let moments = date.map(|date| self.moments(date)).unwrap_or_default();
        if self.place.snapshot.is_some() {
            out.extend(self.given(false, &upstream));
            if !self.network.mirror_only {
                out.extend(upstream.iter().cloned());
            }
        }
        let originals: Vec<Source> = [&live, &moments].into_iter().flatten().cloned().collect();
        out.extend(self.given(true, &originals));
        if !self.network.mirror_only {
            out.extend(self.host_mirrors());
            out.extend(originals);
        }
        unique(out)
    }

    /// The addresses that the repository itself names.
    fn upstream(&self) -> Group {
        match (&self.place.origin, self.place.snapshot) {
            (Origin::Archive(_), Some(snapshot)) => self.snapshot(snapshot).into_iter().collect(),
            (Origin::Archive(_), None) => self.official(),
            (Origin::Url(_), _) => vec![Source::at(&self.place.base)],
        }
    }

    fn archive(&self) -> Option<&Archive> {
        match &self.place.origin {
            Origin::Archive(name) => self.archives.iter().find(|archive| archive.name == name),
            Origin::Url(_) => None,
        }
    }

    fn official(&self) -> Group {
        let urls = self.archive().map_or(&[][..], |archive| archive.urls);
        urls.iter().map(|url| self.in_archive(url)).collect()
    }

    fn host_mirrors(&self) -> Group {
        let Some(archive) = self.archive() else {
            return Vec::new();
        };
        let urls = self.network.host_mirrors.get(archive.name);
        urls.into_iter()
            .flatten()
            .map(|url| self.in_archive(url))
            .collect()
    }

    fn snapshot(&self, moment: Snapshot) -> Option<Source> {
        let base = self.archive()?.snapshot?;
        Some(self.in_archive(&format!("{base}/{moment}")))
    }

    fn moments(&self, date: Epoch) -> Group {
        SNAPSHOT_HOURS
            .iter()
            .filter_map(|hours| date.0.checked_add(hours * 3600))
            .filter_map(|moment| self.snapshot(Epoch(moment).into()))
            .collect()
    }

    /// The mirrors that were given: by name, then by prefix, the longest prefix first, then the
    /// vendored trees, which hold of a pinned repository what was pinned.
    fn given(&self, by_name: bool, originals: &[Source]) -> Group {
        let mut named = Vec::new();
        let mut prefixed = Vec::new();
        let mut vendored = Vec::new();
        for mirror in &self.network.mirrors {
            let Some(what) = &mirror.what else {
                vendored.push(self.in_tree(&mirror.url));
                continue;
            };
            if self.archive().is_some_and(|archive| archive.name == what) {
                if by_name {
                    named.push(self.in_archive(&mirror.url));
                }
            } else if what.contains(':') {
                let prefix = url::normal(what);
                let related = |original: &&Source| {
                    url::below(&original.base, &prefix).is_some()
                        || url::below(&prefix, &original.base).is_some()
                };
                prefixed.extend(originals.iter().filter(related).map(|original| Source {
                    base: original.base.clone(),
                    rewrite: Some((prefix.clone(), url::normal(&mirror.url))),
                }));
            }
        }
        let length = |source: &Source| source.rewrite.as_ref().map_or(0, |(what, _)| what.len());
        prefixed.sort_by_key(|source| std::cmp::Reverse(length(source)));
        named.extend(prefixed);
        named.extend(vendored);
        unique(named)
    }

    /// The repository's directory of a vendored tree.
    fn in_tree(&self, url: &str) -> Source {
        let tree = url.trim_end_matches('/');
        Source::at(&format!("{tree}/{}", self.place.vendored()))
    }

    /// The repository below an archive's address.
    fn in_archive(&self, url: &str) -> Source {
        match &self.place.path {
            Some(path) => Source::at(&format!("{}/{path}", url.trim_end_matches('/'))),
            None => Source::at(url),
        }
    }
}

/// Each source once, at its first place.
fn unique(sources: Group) -> Group {
    let mut out: Group = Vec::with_capacity(sources.len());
    for source in sources {
        if !out.contains(&source) {
            out.push(source);
        }
    }
    out
}
