//! What goes in and what comes out.

use std::cmp::Ordering;
use std::fmt;
use std::path::Path;

use super::{Day, Format, Ignore, Level};
use crate::model::{Epoch, Version};

/// A file or a directory of advisories or OpenVEX documents.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// On the file system: a file, or a directory whose .json files are read at any depth.
    Path(&'a Path),
    /// In memory.
    Bytes {
        /// For findings and errors.
        name: &'a str,
        /// The whole file.
        bytes: &'a [u8],
    },
}

/// A package that is installed or locked.
#[derive(Clone)]
pub struct Component<'a> {
    /// In OSV's words: `Debian`, `Alpine`.
    pub ecosystem: &'a str,
    /// The release in OSV's words: `13`, `v3.22`.
    pub osv_release: Option<&'a str>,
    /// The release in the distribution's own words: `trixie`, `v3.22`.
    pub codename: Option<&'a str>,
    /// The name.
    pub name: &'a str,
    /// The version.
    pub version: &'a Version,
    /// The package's own architecture in the distribution's words: `amd64`, `all`, `noarch`.
    pub arch: &'a str,
    /// The source package; Alpine's origin.
    pub source_name: &'a str,
    /// Its version, which is what advisories are about: Debian rebuilds a package without touching
    /// its source, and then the binary's version has a `+b1` that the source's has not.
    pub source_version: &'a Version,
    /// The package URL.
    pub purl: String,
    /// How two versions compare, by the distribution's rules.
    pub compare: &'a dyn Fn(&Version, &Version) -> Ordering,
}

impl fmt::Debug for Component<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("ecosystem", &self.ecosystem)
            .field("osv_release", &self.osv_release)
            .field("codename", &self.codename)
            .field("purl", &self.purl)
            .finish_non_exhaustive()
    }
}

/// A known vulnerability in a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The index of the package in the list that was asked about.
    pub package: usize,
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// The package's architecture.
    pub arch: String,
    /// The package URL.
    pub purl: String,
    /// The source package's name.
    pub source_name: String,
    /// The source package's version.
    pub source_version: String,
    /// The vulnerability: its CVE, where it has one.
    pub id: String,
    /// Its other names, sorted; those of bulletins that fix it together with others too.
    pub aliases: Vec<String>,
    /// The version in which it is fixed; none where no fix is known. Of several sources the latest
    /// version, before which at least one of them would find it again.
    pub fixed: Option<String>,
    /// The severity, as a source says it: the distribution's own word before a database's before a
    /// vector. `unimportant`, `HIGH`, `CVSS:3.1/...`.
    pub severity: Option<String>,
    /// The severity on the common scale.
    pub level: Level,
    /// The highest CVSS v3 base score that a source gives, in tenths.
    pub score: Option<u8>,
    /// What it is, on one line of at most 200 characters.
    pub summary: Option<String>,
    /// What the distribution adds: `end-of-life`, `Minor issue; no DSA: postponed`.
    pub note: Option<String>,
    /// Who says so, sorted; never empty.
    pub sources: Vec<Source>,
    /// Why it does not count, where somebody decided that.
    pub suppressed: Option<Suppression>,
}

/// Who knows of a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The input, as the caller names it.
    pub file: String,
    /// Its format.
    pub format: Format,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Who decided it.
    pub by: Decision,
    /// Why.
    pub reason: String,
}

/// Who decided that a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The user, in a list of ignored vulnerabilities, until that day.
    Ignore(Day),
    /// The OpenVEX document of that name.
    Vex(String),
}

/// What is decided about findings.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    /// What to ignore.
    pub ignores: &'a [Ignore],
    /// What counts as today.
    pub now: Epoch,
    /// What the image is called in OpenVEX documents: digests (`sha256:...`, of its manifest or
    /// configuration), purls or other names. Statements about an image are believed only where they
    /// name one of these.
    pub image: &'a [&'a str],
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Sorted by package and vulnerability; suppressed ones too.
    pub findings: Vec<Finding>,
    /// Packages about which nothing could be found out; a report with any is not clean.
    pub unmatched: Vec<Unmatched>,
    /// What is no longer ignored because its day is past, in the order of the list.
    pub expired: Vec<Ignore>,
}

impl Report {
    /// Whether there are packages whose release is unknown, or about whose release no input speaks.
    pub const fn unmatched_release(&self) -> bool {
        !self.unmatched.is_empty()
    }
}

/// Packages of one release about which nothing could be found out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmatched {
    /// As the components have it.
    pub ecosystem: String,
    /// The release, where it is known: then no input speaks of it.
    pub release: Option<String>,
    /// How many packages there are.
    pub packages: usize,
}
