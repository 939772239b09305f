//! Text to [`Lockfile`]: the version first, then the types, then what only the whole can say.

use std::collections::BTreeSet;
use std::path::Path;

use super::forward::{DOCUMENT, known_part};
use super::merge::first_marker;
use super::scan::scan;
use super::{CANONICAL, FORMAT, Lockfile, LockfileError, RULES, v1};

/// Of all architectures together.
const MAX_PACKAGES: usize = 200_000;

/// Reads a lockfile of format 1. `file` is named in errors only.
///
/// A newer minor version is read without what this one does not know of.
///
/// # Errors
/// When it is no lockfile, has merge markers, or needs a newer rootlock.
pub fn parse(file: &Path, bytes: &[u8]) -> Result<Lockfile, LockfileError> {
    if let Some(line) = first_marker(bytes) {
        return Err(LockfileError::MergeMarkers {
            file: file.into(),
            line,
        });
    }
    let invalid = |line, reason| LockfileError::Invalid {
        file: file.into(),
        line,
        reason,
    };
    let text = scan(bytes).map_err(|(line, reason)| invalid(Some(line), reason))?;
    let newer = |key, found: String, known: String| LockfileError::Newer {
        file: file.into(),
        key,
        found,
        known,
    };
    let check_format = |found: &semver::Version| match found.major {
        0 => Err(invalid(None, format!("there is no format {found}"))),
        major if major > FORMAT.major => {
            Err(newer("lock", found.to_string(), FORMAT.major.to_string()))
        }
        _ => Ok(()),
    };
    let document: v1::Document = match serde_yaml::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            let invalid = invalid(
                error.location().map(|location| location.line()),
                reason_of(&error),
            );
            // A newer version may have what this one does not know of.
            let Some((version, mut value)) = with_version(text) else {
                return Err(invalid);
            };
            check_format(&version)?;
            if version.cmp_precedence(&FORMAT).is_le() {
                return Err(invalid);
            }
            known_part(&mut value, &DOCUMENT);
            serde_yaml::from_value(value).map_err(|_| invalid)?
        }
    };
    check_format(&document.lock.0)?;
    for (key, found, known) in [
        ("canonical", document.canonical, CANONICAL),
        ("rules", document.configure.rules, RULES),
    ] {
        match found {
            0 => return Err(invalid(None, format!("there is no `{key}: 0`"))),
            _ if found > known => return Err(newer(key, found.to_string(), known.to_string())),
            _ => {}
        }
    }
    let whole = document.into_lockfile().and_then(|lockfile| {
        check_whole(&lockfile)?;
        Ok(lockfile)
    });
    whole.map_err(|reason| invalid(None, reason))
}

/// The parser's message without the position, which the error has already.
fn reason_of(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    match text.find(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

fn with_version(text: &str) -> Option<(semver::Version, serde_yaml::Value)> {
    let value: serde_yaml::Value = serde_yaml::from_str(text).ok()?;
    let version = value.get("lock")?.as_str()?.parse().ok()?;
    Some((version, value))
}

/// What no single value shows: ids and names that are there once, references that hold.
fn check_whole(lockfile: &Lockfile) -> Result<(), String> {
    let mut ids = BTreeSet::new();
    for repository in &lockfile.repositories {
        let id = repository.id.as_str();
        if !ids.insert(id) {
            return Err(format!("the repository `{id}` is there twice"));
        }
        if repository.proof.signed_by.is_empty() && !repository.unsigned {
            return Err(format!(
                "the repository `{id}` has neither a signature nor `unsigned: true`"
            ));
        }
        let mut paths = BTreeSet::new();
        if let Some(twice) = (repository.proof.indexes.iter()).find(|i| !paths.insert(&i.path)) {
            let path = &twice.path;
            return Err(format!(
                "the repository `{id}` has the index `{path}` twice"
            ));
        }
    }
    let count: usize = lockfile.packages.values().map(Vec::len).sum();
    if count > MAX_PACKAGES {
        return Err(format!("it has {count} packages, more than {MAX_PACKAGES}"));
    }
    for (arch, packages) in &lockfile.packages {
        // Sorted, so that two of a name are neighbours.
        if let Some(pair) = packages
            .windows(2)
            .find(|pair| pair[0].name == pair[1].name)
        {
            return Err(format!("{} is there twice for {arch}", pair[0].name));
        }
        for package in packages {
            let (name, id) = (&package.name, package.repository.as_str());
            if !ids.contains(id) {
                return Err(format!(
                    "{name} on {arch} is from `{id}`, which is not among the repositories"
                ));
            }
        }
    }
    for (arch, output) in &lockfile.outputs {
        if let Some(both) =
            (output.generated.iter()).find(|g| g.sha256.is_some() && g.link.is_some())
        {
            return Err(format!(
                "`{}` of the outputs of {arch} is both a file and a link",
                both.path
            ));
        }
    }
    Ok(())
}
