//! What a package owns: `NAME.list`, `NAME.md5sums`, `NAME.conffiles` and `Conffiles:`.

use std::collections::HashMap;

use super::status::{self, Found};
use crate::distro::InstalledFile;
use crate::distro::deb::control;
use crate::distro::installed::{Files, InventoryFault, Text, shown};
use crate::tree::TreePath;

/// The files of a package that are read.
pub(super) const SUFFIXES: [&str; 3] = [".list", ".md5sums", ".conffiles"];

/// An MD5 sum.
type Sum = Box<[u8]>;

/// Configuration files, with the digest of what the package shipped where it is known.
pub(super) type Conffiles = HashMap<TreePath, Option<Sum>>;

/// The paths of a package: those of its list, else the files of its sums; `None` where it has
/// neither.
pub(super) fn read(
    files: &mut Files<'_>,
    found: &mut Found,
) -> Result<Option<Vec<InstalledFile>>, InventoryFault> {
    let [list, sums, conffiles] = SUFFIXES.map(|suffix| {
        let mut stems = found.stems.iter();
        let text = stems.find_map(|stem| {
            let path = [stem, suffix.as_bytes()].concat();
            files.database(&path).transpose()
        });
        text.transpose()
    });
    if let Some(text) = conffiles? {
        let named = control::conffiles(text.bytes);
        for one in named.map_err(|error| status::fault(&text, 1, error))? {
            found.conffiles.entry(one.path).or_default();
        }
    }
    let sums = match sums? {
        Some(text) => Some(md5sums(files, &text)?),
        None => None,
    };
    let mut paths = match (list?, &sums) {
        (Some(text), _) => paths(files, &text)?,
        (None, Some(sums)) => sums.iter().map(|(path, _)| path.clone()).collect(),
        (None, None) => return Ok(None),
    };
    paths.sort_unstable();
    paths.dedup();
    // Of two sums of a path dpkg takes the last.
    let mut sums: HashMap<TreePath, Sum> = sums.into_iter().flatten().collect();
    let files = paths.into_iter().map(|path| {
        let conffile = found.conffiles.get(&path);
        InstalledFile {
            sum: sums.remove(&path).or_else(|| conffile.cloned().flatten()),
            meta: None,
            directory: files.is_directory(&path),
            conffile: conffile.is_some(),
            path,
        }
    });
    Ok(Some(files.collect()))
}

/// Reads `NAME.list`: absolute paths, the root among them.
fn paths(files: &mut Files<'_>, text: &Text<'_>) -> Result<Vec<TreePath>, InventoryFault> {
    text.check_end()?;
    text.check_returns()?;
    let mut out = Vec::new();
    for (line, bytes) in text.lines() {
        if !bytes.starts_with(b"/") {
            return Err(text.line(line, format!("is no absolute path: {}", shown(bytes))));
        }
        files.count(text)?;
        out.extend(text.path(line, bytes)?);
    }
    Ok(out)
}

/// Reads `NAME.md5sums`, deb-md5sums(5): the digest, two blanks and the path. The file is the
/// package's own, so it need not end as dpkg's do.
fn md5sums(files: &mut Files<'_>, text: &Text<'_>) -> Result<Vec<(TreePath, Sum)>, InventoryFault> {
    text.check_returns()?;
    let mut out = Vec::new();
    for (line, bytes) in text.lines() {
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        files.count(text)?;
        let wrong = || text.line(line, format!("is no digest with a path: {}", shown(bytes)));
        let (sum, path) = md5sum(bytes).ok_or_else(wrong)?;
        let path = text.path(line, &path)?.ok_or_else(wrong)?;
        out.push((path, sum));
    }
    Ok(out)
}

/// Reads one line as md5sum(1) writes it, which puts a backslash before one whose name it escapes.
fn md5sum(line: &[u8]) -> Option<(Sum, Vec<u8>)> {
    let (escaped, line) = match line.strip_prefix(b"\\") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (sum, rest) = line.split_at_checked(32)?;
    let name = rest
        .strip_prefix(b"  ")
        .or_else(|| rest.strip_prefix(b" *"))?;
    let name = match escaped {
        true => unescaped(name)?,
        false => name.to_vec(),
    };
    Some((hex(sum)?, name))
}

fn unescaped(name: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(&byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            _ => byte,
        });
    }
    Some(out)
}

/// Reads the 32 digits of an MD5 sum.
fn hex(digits: &[u8]) -> Option<Sum> {
    if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let pairs = std::str::from_utf8(digits).ok()?;
    let byte = |at: usize| u8::from_str_radix(pairs.get(2 * at..2 * at + 2)?, 16).ok();
    (0..16).map(byte).collect()
}

/// Reads `Conffiles:`, each the path, the digest, and a flag where the package does not ship it any
/// more. In place of the digest dpkg has a word while the file is not there.
pub(super) fn conffiles(
    text: &Text<'_>,
    line: usize,
    value: &[u8],
) -> Result<Conffiles, InventoryFault> {
    let mut out = Conffiles::new();
    let entries = value.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    for entry in entries.filter(|entry| !entry.is_empty()) {
        let wrong = || {
            text.package(
                line,
                format!("has an unreadable conffile: {}", shown(entry)),
            )
        };
        let flags: [&[u8]; 2] = [b" obsolete", b" remove-on-upgrade"];
        let bare = flags.into_iter().fold(entry, |entry, flag| {
            entry.strip_suffix(flag).unwrap_or(entry)
        });
        let blank = bare
            .iter()
            .rposition(|&byte| byte == b' ')
            .ok_or_else(wrong)?;
        let (path, sum) = (bare[..blank].trim_ascii_end(), &bare[blank + 1..]);
        if !path.starts_with(b"/") {
            return Err(wrong());
        }
        let path = text.path(line, path)?.ok_or_else(wrong)?;
        out.insert(path, hex(sum));
    }
    Ok(out)
}
