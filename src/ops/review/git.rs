//! A lockfile as version control has it: `@REF`.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{MAX_TEXT, ReviewError};

/// The bytes of a file in a commit. `path` counts from the top of the repository, or from `directory`
/// where it begins with `./`.
///
/// # Errors
/// When `reference` cannot be one, git cannot be run, or it does not have the file.
pub(super) fn show(reference: &str, directory: &Path, path: &Path) -> Result<Vec<u8>, ReviewError> {
    check(reference)?;
    let mut object = OsString::from(reference);
    object.push(":");
    object.push(path);
    let no_git = |source| ReviewError::NoGit {
        reference: reference.to_owned(),
        source,
    };
    // Plumbing: no pager, no filters that a repository's attributes name, no colours.
    let mut child = Command::new("git")
        .args(["cat-file", "blob"])
        .arg(object)
        .current_dir(directory)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(no_git)?;
    let mut bytes = Vec::new();
    // Both ends are closed before it is waited for: whatever it still has to say, it ends.
    if let Some(stdout) = child.stdout.take() {
        stdout
            .take(MAX_TEXT + 1)
            .read_to_end(&mut bytes)
            .map_err(no_git)?;
    }
    let mut said = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        stderr.take(4096).read_to_end(&mut said).map_err(no_git)?;
    }
    let status = child.wait().map_err(no_git)?;
    let not_in_git = |why: &str| ReviewError::NotInGit {
        reference: reference.to_owned(),
        path: path.strip_prefix(".").unwrap_or(path).display().to_string(),
        source: io::Error::other(why.to_owned()),
    };
    if bytes.len() as u64 > MAX_TEXT {
        return Err(not_in_git("it has over 64 MiB"));
    }
    if !status.success() {
        let said = String::from_utf8_lossy(&said);
        let line = said.lines().next().unwrap_or("git says nothing");
        return Err(not_in_git(line.strip_prefix("fatal: ").unwrap_or(line)));
    }
    Ok(bytes)
}

/// Refuses what git would take for an option or for two arguments.
fn check(reference: &str) -> Result<(), ReviewError> {
    let odd = |c: char| c.is_control() || c.is_whitespace();
    match reference.is_empty() || reference.starts_with('-') || reference.contains(odd) {
        true => Err(ReviewError::Reference(reference.escape_debug().to_string())),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_not_a_reference() {
        for reference in ["", "-h", "--output=x", "a b", "a\nb", "a\0b"] {
            let error = show(reference, Path::new("/"), Path::new("./x")).unwrap_err();
            assert!(matches!(error, ReviewError::Reference(_)), "{error}");
        }
        for reference in ["HEAD", "main@{1}", "v1.2^{tree}", "a/b", "@", "HEAD~3"] {
            assert!(check(reference).is_ok(), "{reference}");
        }
    }
}
