//! The packages: `status`, `updates` and `status.d`.

use std::collections::BTreeMap;

use super::owned::{self, Conffiles};
use crate::distro::InstalledPackage;
use crate::distro::deb::control::{ControlError, Stanza};
use crate::distro::deb::database::ADMIN;
use crate::distro::deb::status::is_same;
use crate::distro::installed::{Files, InventoryFault, MAX_PACKAGES, Text, is_arch, shown};
use crate::model::{PackageName, SourcePackage, Version};
use crate::tree::TreePath;

/// The states that dpkg has words for; of the last two, nothing is on the disk.
const STATES: &[&str] = &[
    "installed",
    "unpacked",
    "half-configured",
    "half-installed",
    "triggers-awaited",
    "triggers-pending",
    "config-files",
    "not-installed",
];

/// A package that is there, without its files.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) package: InstalledPackage,
    /// Where its files begin, the likelier first: without the suffix.
    pub(super) stems: Vec<Vec<u8>>,
    /// `Conffiles:`.
    pub(super) conffiles: Conffiles,
    /// The database that says so, and the line on which it begins to.
    file: TreePath,
    line: usize,
    /// Whether others of its name may be there for other architectures.
    same: bool,
}

type Packages = BTreeMap<(PackageName, Box<str>), Found>;

/// The packages that are there, by name and architecture; `None` where there is no database.
pub(super) fn read(files: &mut Files<'_>) -> Result<Option<Vec<Found>>, InventoryFault> {
    let mut packages = Packages::new();
    let status = files.database(format!("{ADMIN}/status").as_bytes())?;
    if let Some(text) = &status {
        text.check_end()?;
        for (line, bytes) in stanzas(text) {
            let stanza = parse(text, line, bytes)?;
            if let Some(found) = package_of(text, line, &stanza, false)? {
                add(&mut packages, text, found)?;
            }
        }
        update(files, &mut packages)?;
        name_files(&mut packages);
    }
    let singles = singles(files)?;
    if status.is_none() && singles.is_none() {
        return Ok(None);
    }
    for (key, found) in singles.unwrap_or_default() {
        packages.entry(key).or_insert(found);
    }
    Ok(Some(packages.into_values().collect()))
}

fn add(packages: &mut Packages, text: &Text<'_>, found: Found) -> Result<(), InventoryFault> {
    let key = (found.package.name.clone(), found.package.arch.clone());
    if let Some(first) = packages.get(&key) {
        let (name, line) = (&found.package.name, first.line);
        return Err(text.package(
            found.line,
            format!("is {name} again, which is at line {line} already"),
        ));
    }
    if packages.len() == MAX_PACKAGES {
        return Err(text.many(MAX_PACKAGES, "packages"));
    }
    packages.insert(key, found);
    Ok(())
}

/// Whether dpkg takes a file of `updates` for what it had no time to write to `status`.
pub(super) fn is_update(name: &[u8]) -> bool {
    // dpkg's names are four digits; it refuses longer ones than ten.
    (1..=10).contains(&name.len()) && name.iter().all(u8::is_ascii_digit)
}

/// What dpkg wrote down since it last wrote `status`, the newest last.
fn update(files: &mut Files<'_>, packages: &mut Packages) -> Result<(), InventoryFault> {
    let directory = format!("{ADMIN}/updates");
    let mut names = files.names(&directory);
    names.retain(|name| is_update(name));
    for name in names {
        let path = [directory.as_bytes(), b"/", name].concat();
        let Some(text) = files.database(&path)? else {
            continue;
        };
        text.check_end()?;
        for (line, bytes) in stanzas(&text) {
            let stanza = parse(&text, line, bytes)?;
            let own: PackageName = name_of(&text, line, &stanza)?;
            let arch = stanza.text("Architecture").unwrap_or_default();
            let all = packages.range((own.clone(), Box::default())..);
            let all = all.take_while(|((name, _), _)| *name == own);
            // Of what cannot be there twice, any record is of the one that is.
            let old = all.filter(|((_, of), found)| !found.same || **of == *arch);
            let old: Vec<_> = old.map(|(key, _)| key.clone()).collect();
            old.iter().for_each(|key| drop(packages.remove(key)));
            if let Some(found) = package_of(&text, line, &stanza, false)? {
                add(packages, &text, found)?;
            }
        }
    }
    Ok(())
}

/// Says where the files of each package of `status` begin. Those of packages that may be there for
/// several architectures have it in their name.
fn name_files(packages: &mut Packages) {
    let mut counts: BTreeMap<PackageName, usize> = BTreeMap::new();
    for (name, _) in packages.keys() {
        *counts.entry(name.clone()).or_default() += 1;
    }
    for ((name, arch), found) in packages {
        let plain = format!("{ADMIN}/info/{name}").into_bytes();
        let qualified = format!("{ADMIN}/info/{name}:{arch}").into_bytes();
        found.stems = match (found.same, counts.get(name)) {
            (true, Some(1)) => vec![qualified, plain],
            (true, _) => vec![qualified],
            (false, _) => vec![plain, qualified],
        };
    }
}

/// The packages of `status.d`, one to a file; `None` where there is none.
fn singles(files: &mut Files<'_>) -> Result<Option<Packages>, InventoryFault> {
    let directory = format!("{ADMIN}/status.d");
    let mut names = files.names(&directory);
    let is_beside = |name: &[u8]| {
        owned::SUFFIXES
            .iter()
            .any(|end| name.ends_with(end.as_bytes()))
    };
    names.retain(|name| !name.starts_with(b".") && !is_beside(name));
    let mut out = Packages::new();
    for name in &names {
        let path = [directory.as_bytes(), b"/", name].concat();
        let Some(text) = files.database(&path)? else {
            continue;
        };
        if text.bytes.trim_ascii().is_empty() {
            return Err(text.line(1, "begins no package"));
        }
        for (line, bytes) in stanzas(&text) {
            let stanza = parse(&text, line, bytes)?;
            let Some(mut one) = package_of(&text, line, &stanza, true)? else {
                continue;
            };
            // The name of the file need not be the package's.
            one.stems.push(path.clone());
            let key = (one.package.name.clone(), one.package.arch.clone());
            match out.get_mut(&key) {
                // Layers may bring the same package under several names.
                Some(first) if first.package.version == one.package.version => {
                    first.stems.extend(one.stems);
                }
                Some(first) => {
                    return Err(InventoryFault::Disagree {
                        package: one.package.name,
                        one: first.file.clone(),
                        other: text.file,
                    });
                }
                None => add(&mut out, &text, one)?,
            }
        }
    }
    Ok((!names.is_empty()).then_some(out))
}

/// The stanzas of a file, each with the line on which it begins. Blanks alone end none: dpkg refuses
/// them, and so does [`Stanza::parse`].
fn stanzas<'a>(text: &Text<'a>) -> impl Iterator<Item = (usize, &'a [u8])> + use<'a> {
    let bytes = text.bytes;
    let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let (mut line, mut start, mut end) = (1, 0, 0);
    let mut first = 1;
    let stanzas = std::iter::from_fn(move || {
        for this in lines.by_ref() {
            line += 1;
            end += this.len();
            if matches!(this, b"\n" | b"\r\n") || end == bytes.len() {
                let stanza = (first, &bytes[start..end]);
                (first, start) = (line, end);
                return Some(stanza);
            }
        }
        None
    });
    stanzas.filter(|(_, stanza)| !stanza.trim_ascii().is_empty())
}

fn parse(text: &Text<'_>, line: usize, bytes: &[u8]) -> Result<Stanza, InventoryFault> {
    Stanza::parse(bytes).map_err(|error| fault(text, line, error))
}

/// What is wrong with a piece of a file that begins at `line`.
pub(super) fn fault(text: &Text<'_>, line: usize, error: ControlError) -> InventoryFault {
    match error {
        ControlError::Line {
            line: at,
            text: shown,
            why,
        } => text.line(line + at - 1, format!("{why}: `{shown}`")),
        ControlError::Path { line: at, source } => text.refused(line + at - 1, source),
        ControlError::Fields => text.package(line, "has more fields than any package"),
    }
}

fn name_of(text: &Text<'_>, line: usize, stanza: &Stanza) -> Result<PackageName, InventoryFault> {
    let name = stanza.get("Package");
    let name = name.ok_or_else(|| text.package(line, "has no field Package"))?;
    text.name(line, "name", name)
}

/// The package of a stanza, where it is there. One that is `alone` in its file is there unless it says
/// otherwise.
fn package_of(
    text: &Text<'_>,
    line: usize,
    stanza: &Stanza,
    alone: bool,
) -> Result<Option<Found>, InventoryFault> {
    let name = name_of(text, line, stanza)?;
    let missing = |field: &str| text.package(line, format!("is {name} and has no field {field}"));
    let state = match stanza.get("Status") {
        Some(status) => state(status).ok_or_else(|| {
            let why = format!("is {name} and has an unknown state: {}", shown(status));
            text.package(line, why)
        })?,
        None if alone => "installed",
        None => return Err(missing("Status")),
    };
    if matches!(state, "config-files" | "not-installed") {
        return Ok(None);
    }
    let version = stanza.get("Version").ok_or_else(|| missing("Version"))?;
    let version = text.name(line, "version", version)?;
    let arch = stanza.get("Architecture");
    let arch = arch.ok_or_else(|| missing("Architecture"))?;
    let valid = std::str::from_utf8(arch).ok().filter(|arch| is_arch(arch));
    let arch = valid.ok_or_else(|| {
        let why = format!("is {name} and has no valid architecture: {}", shown(arch));
        text.package(line, why)
    })?;
    let conffiles = stanza.get("Conffiles").unwrap_or_default();
    let conffiles = owned::conffiles(text, line, conffiles)?;
    let package = InstalledPackage {
        source: source(stanza.text("Source").unwrap_or_default(), &name, &version),
        version,
        arch: arch.into(),
        state: state.into(),
        license: None,
        files: None,
        name,
    };
    Ok(Some(Found {
        package,
        stems: Vec::new(),
        conffiles,
        file: text.file.clone(),
        line,
        same: is_same(stanza),
    }))
}

/// The state of `want flag state`.
fn state(status: &[u8]) -> Option<&'static str> {
    let status = std::str::from_utf8(status).ok()?;
    let mut words = status.split_ascii_whitespace().skip(2);
    let (state, None) = (words.next()?, words.next()) else {
        return None;
    };
    let mut known = STATES.iter().copied();
    known.find(|known| known.eq_ignore_ascii_case(state))
}

/// Reads `Source: name (version)`. The package itself is the source where it names none, or, as
/// packages from elsewhere do, something that can be no source package.
fn source(value: &str, name: &PackageName, version: &Version) -> SourcePackage {
    let (source, rest) = value.split_once([' ', '\t']).unwrap_or((value, ""));
    let within = rest.trim().strip_prefix('(');
    let within = within.and_then(|rest| rest.strip_suffix(')'));
    let named: Option<PackageName> = source.parse().ok();
    SourcePackage {
        version: within
            .filter(|_| named.is_some())
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or_else(|| version.clone()),
        name: named.as_ref().unwrap_or(name).as_str().into(),
    }
}
