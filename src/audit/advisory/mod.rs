//! Known vulnerabilities of packages that are installed or locked.
//!
//! In come [`Component`]s and files, out comes a [`Report`]. What a file is shows in its first bytes:
//!
//! | format | source |
//! |---|---|
//! | OSV: a record, several in an array or on lines, a directory or a zip of them | ossf.github.io/osv-schema, 1.x |
//! | the JSON of Debian's security tracker | security-tracker.debian.org/tracker/data/json |
//! | Alpine's secdb | secdb.alpinelinux.org |
//! | OpenVEX, which suppresses findings | openvex.dev, 0.2 |
//!
//! Lists of ignored vulnerabilities ([`Ignore`]) are a form of this program's own and are read by
//! themselves, since they are also a part of other files.
//!
//! # What is guaranteed
//!
//! - Nothing that was given is skipped in silence: a file, record or value that cannot be read is an
//!   error that names it. Left out are records about other ecosystems, releases and packages than
//!   those asked about, withdrawn records, and what Debian calls `undetermined`.
//! - A report says which packages it cannot speak of ([`Report::unmatched`]): those whose release is
//!   unknown, for which only advisories count that speak of all releases, and those about whose
//!   release no input has a word. Whether an input is complete nobody can tell: a single record
//!   speaks of its release too, and Alpine's `main` says nothing of `community`.
//! - A version is compared as its distribution compares, and it is the source package's name and
//!   version that count, because the databases are about source packages.
//! - The same vulnerability of the same package is one finding however many inputs know of it. A
//!   bulletin about several vulnerabilities (DSA) is one finding for each of them.
//! - The order of findings and everything in them is a function of the inputs alone.
//! - Memory is bounded by what is said about the given packages, not by the size of the inputs; the
//!   size of a record, the number of files and the sum of all bytes are bounded too.

mod at;
mod cvss;
mod detect;
mod entry;
mod error;
mod find;
mod finding;
mod ignore;
mod level;
mod load;
mod names;
mod osv;
mod pieces;
mod purl;
pub mod sarif;
mod secdb;
mod statement;
#[cfg(test)]
mod tests;
mod text;
mod tracker;
mod vex;
mod wanted;
mod zip;

pub use detect::Format;
pub use error::AdvisoryError;
pub use finding::{
    Component, Decision, Finding, Input, Policy, Report, Source, Suppression, Unmatched,
};
pub use ignore::{Day, Ignore, ParseDayError};
pub use level::Level;
pub use load::Advisories;
