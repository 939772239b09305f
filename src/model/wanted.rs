//! What a distribution wants to read of a repository, and what it was given.
//!
//! A distribution does no I/O: it names files below a repository, and whoever drives it brings
//! their bytes. Which machine the bytes came from is recorded for messages only.

use std::sync::Arc;

use super::{Class, Sha256};

/// Files of one repository that belong together.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which repository: an index into the list that the dialogue works on, see
    /// `Dialogue::repositories`.
    pub repository: usize,
    /// What they are for, which decides where they may come from.
    pub purpose: Purpose,
    /// Each alternative is a set of files that must come from one source; at each source they are
    /// tried in order, and the first that is there whole answers. Alternatives that expect the same
    /// digest are the same bytes under several paths, the last of which is the file's own name.
    pub alternatives: Vec<Vec<WantedFile>>,
}

/// What wanted files are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The signed root of a repository. All sources of tier `attempt` are asked together and every
    /// one that answers is a `Found`; a tier that does not exist is `Answer::Exhausted`.
    Release {
        /// From 0.
        attempt: usize,
    },
    /// An index whose digest is known: every source is tried until one has the right bytes.
    Index,
}

/// One file below a repository's base URL.
#[derive(Debug, Clone)]
pub struct WantedFile {
    /// Relative, `dists/trixie/InRelease`.
    pub path: String,
    /// Its digest and size where they are known; other bytes are a failure of the source.
    pub expect: Option<(Sha256, u64)>,
    /// No more bytes than this are read.
    pub max_size: u64,
    /// For an index: the digest and size of its uncompressed form, where the Release lists it.
    pub plain: Option<(Sha256, u64)>,
}

/// The answer to one [`Wanted`].
#[derive(Debug, Clone)]
pub enum Answer {
    /// At least one source had it; for an index exactly one entry, with the file in the condensed
    /// form of `Distro::condense`.
    Found(Vec<Found>),
    /// No source had it: why, per source asked. Empty when there is no such tier.
    Exhausted(Vec<Miss>),
}

/// What one source had.
#[derive(Debug, Clone)]
pub struct Found {
    /// The base URL, without credentials, for messages.
    pub from: String,
    /// Which alternative it is.
    pub alternative: usize,
    /// The bytes of each file of the alternative.
    pub files: Vec<Arc<[u8]>>,
}

/// Why one source did not have it.
#[derive(Debug, Clone)]
pub struct Miss {
    /// The URL, without credentials.
    pub from: String,
    /// One sentence without a full stop.
    pub reason: String,
    /// `Outside` for an absent file or a broken connection, `Untrusted` for wrong bytes.
    pub class: Class,
    /// Whether the source answered that it has no such file (404), rather than failed.
    pub absent: bool,
}

impl Miss {
    /// The reasons, each with its URL, as one line; one for each host that gives the same reason.
    pub fn sentence(misses: &[Self]) -> String {
        const MOST: usize = 8;
        let host = |miss: &Self| miss.from.split('/').nth(2).unwrap_or_default().to_owned();
        let mut told: Vec<(String, &str)> = Vec::new();
        let mut out: Vec<String> = Vec::new();
        for miss in misses {
            let key = (host(miss), miss.reason.as_str());
            if !told.contains(&key) {
                out.push(format!("{}: {}", miss.from, miss.reason));
                told.push(key);
            }
        }
        if out.len() > MOST {
            let more = out.len() - MOST;
            out.truncate(MOST);
            out.push(format!("and {more} more"));
        }
        match out.is_empty() {
            true => "there is no source to ask".into(),
            false => out.join("; "),
        }
    }
}

/// A well-known archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archive {
    /// The word in `archive:`.
    pub name: &'static str,
    /// Its official base URLs without trailing slash, tried in order.
    pub urls: &'static [&'static str],
    /// Its base URL on the snapshot service, to which `/MOMENT` is added, where there is one.
    pub snapshot: Option<&'static str>,
}
