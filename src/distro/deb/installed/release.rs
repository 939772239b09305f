//! Which release of Debian a filesystem is.

use crate::distro::installed::{Files, OsRelease};

/// Where base-files says it in older releases.
pub(super) const FILE: &str = "etc/debian_version";

/// Codenames, and the numbers of their releases.
const NUMBERS: &[(&str, &str)] = &[
    ("forky", "14"),
    ("trixie", "13"),
    ("bookworm", "12"),
    ("bullseye", "11"),
    ("buster", "10"),
    ("stretch", "9"),
    ("jessie", "8"),
    ("wheezy", "7"),
    ("squeeze", "6"),
];

/// The codename: as os-release(5) has it, else of the number that it has, else from base-files.
pub(super) fn of(files: &mut Files<'_>, system: &OsRelease) -> Option<String> {
    if system.codename.is_some() {
        return system.codename.clone();
    }
    // The numbers of other distributions are theirs.
    if system.id.as_deref().is_some_and(|id| id != "debian") {
        return None;
    }
    let named = system.version.as_deref().and_then(name);
    named.or_else(|| name(files.note(FILE)?.trim()))
}

/// The codename of `12.5`, or of what is to be `forky/sid`.
fn name(text: &str) -> Option<String> {
    let first = text.split(['.', '/']).next()?;
    let mut known = NUMBERS.iter();
    let (name, _) = known.find(|(name, number)| first == *name || first == *number)?;
    Some((*name).to_owned())
}

/// The number of a release, by its codename.
pub(super) fn number(release: &str) -> Option<String> {
    let mut known = NUMBERS.iter();
    let (_, number) = known.find(|(name, _)| release == *name)?;
    Some((*number).to_owned())
}
