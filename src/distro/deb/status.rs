//! dpkg's database of the whole image: `status` and what lies beside it.
//!
//! `status` is in dpkg's own form (the order of fields is that of dpkg's table in lib/dpkg/parse.c,
//! relations are written anew, unknown fields follow in their own order), so that dpkg's first write
//! to it changes only what changed. A package is `installed` where nothing of its scripts is left to
//! do, `triggers-pending` where it is only its triggers, and else `unpacked`, as after `dpkg
//! --unpack`: the next `apt-get install` or `dpkg --configure -a` does what is left. Its
//! conffiles are under their own names already, so `status` carries their digests: dpkg then finds
//! nothing to ask about.

use std::collections::BTreeMap;

use super::control::{Stanza, Trigger};
use super::database::{ADMIN, Conffile, DatabaseError, file_stem};
use super::relation;
use crate::distro::{Diversion, Generated, Image};
use crate::model::{LockedPackage, Op, PathRules};

/// dpkg's order of the fields that it knows; what is written here by hand is empty.
const FIELDS: &[&str] = &[
    "Package",
    "Essential",
    "Protected",
    "Status",
    "Priority",
    "Section",
    "Installed-Size",
    "Origin",
    "Maintainer",
    "Bugs",
    "Architecture",
    "Multi-Arch",
    "Source",
    "Version",
    "Replaces",
    "Provides",
    "Depends",
    "Pre-Depends",
    "Recommends",
    "Suggests",
    "Breaks",
    "Conflicts",
    "Enhances",
    "Conffiles",
    "Description",
];

/// The fields that hold relations.
const RELATIONS: &[&str] = &[
    "Replaces",
    "Provides",
    "Depends",
    "Pre-Depends",
    "Recommends",
    "Suggests",
    "Breaks",
    "Conflicts",
    "Enhances",
];

/// Fields of an index that dpkg knows and does not keep of an installed package.
const DROPPED: &[&str] = &[
    "Status",
    "Conffiles",
    "Config-Version",
    "Filename",
    "Size",
    "MD5sum",
    "MSDOS-Filename",
    "Revision",
    "Package-Revision",
    "Package_Revision",
    "Triggers-Pending",
    "Triggers-Awaited",
];

/// Between the parts of a record; no part can hold it.
const SEPARATOR: u8 = 0;

/// Whether packages of several architectures can be installed at once.
pub(super) fn is_same(stanza: &Stanza) -> bool {
    let value = stanza.get("Multi-Arch");
    value.is_some_and(|value| value.eq_ignore_ascii_case(b"same"))
}

/// What `database` needs to know of a package: its paragraph up to `Status` and behind it, the name of its files, its priority,
/// and what its triggers wait for, one to a line.
pub(super) fn record(
    package: &LockedPackage,
    stanza: &Stanza,
    conffiles: &[Conffile],
    triggers: &[Trigger],
) -> Result<Vec<u8>, DatabaseError> {
    let [head, tail] = paragraph(stanza, conffiles);
    let mut parts = vec![
        head,
        tail,
        file_stem(package, is_same(stanza)).into_bytes(),
        stanza.get("Priority").unwrap_or_default().to_vec(),
    ];
    for trigger in triggers.iter().filter(|trigger| trigger.interest) {
        let option = if trigger.awaits { "" } else { "/noawait" };
        parts.push(format!("{}\n{option}", trigger.name).into_bytes());
    }
    if parts.iter().any(|part| part.contains(&SEPARATOR)) {
        return Err(DatabaseError::Malformed {
            package: package.name.clone(),
            what: "holds a NUL byte in its text".into(),
        });
    }
    Ok(parts.join(&SEPARATOR))
}

fn paragraph(stanza: &Stanza, conffiles: &[Conffile]) -> [Vec<u8>; 2] {
    let mut head = Vec::new();
    let mut out = Vec::new();
    for name in FIELDS {
        match *name {
            "Status" => head = std::mem::take(&mut out),
            "Conffiles" => {
                let mut value = Vec::new();
                for (path, sum) in conffiles {
                    value.extend_from_slice(b"\n /");
                    value.extend_from_slice(path.as_bytes());
                    value.push(b' ');
                    value.extend_from_slice(sum.as_bytes());
                }
                write_field(&mut out, name, &value);
            }
            _ => {
                let value = stanza.get(name).unwrap_or_default();
                match std::str::from_utf8(value) {
                    Ok(text) => write_field(&mut out, name, in_dpkgs_words(name, text).as_bytes()),
                    Err(_) => write_field(&mut out, name, value),
                }
            }
        }
    }
    let known = |name: &str| {
        let mut all = FIELDS.iter().chain(DROPPED);
        all.any(|field| field.eq_ignore_ascii_case(name))
    };
    for (name, value) in stanza.fields.iter().filter(|(name, _)| !known(name)) {
        write_field(&mut out, name, value);
    }
    [head, out]
}

/// Writes a field, unless it is empty.
fn write_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    if value.is_empty() {
        return;
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(if value.starts_with(b"\n") {
        b":"
    } else {
        b": "
    });
    out.extend_from_slice(value);
    out.push(b'\n');
}

/// A value as dpkg writes it back after reading it.
fn in_dpkgs_words(name: &str, value: &str) -> String {
    match name {
        "Essential" | "Protected" if !value.eq_ignore_ascii_case("yes") => String::new(),
        "Multi-Arch" if value.eq_ignore_ascii_case("no") => String::new(),
        "Essential" | "Protected" | "Multi-Arch" | "Priority" => value.to_ascii_lowercase(),
        "Version" => plain_version(value).to_owned(),
        _ if RELATIONS.contains(&name) => relations(value),
        _ => value.to_owned(),
    }
}

/// dpkg leaves an epoch of zero out where it is not needed.
fn plain_version(version: &str) -> &str {
    match version.strip_prefix("0:") {
        Some(rest) if !rest.contains(':') => rest,
        _ => version,
    }
}

/// Relations in dpkg's own spelling: `a (>= 1) | b, c`. What is none stays as it is.
fn relations(value: &str) -> String {
    let one = |text: &str| {
        let Ok(atom) = relation::atom(text) else {
            return text.trim().to_owned();
        };
        let mut out = atom.name.to_owned();
        if let Some(qualifier) = atom.qualifier {
            out = format!("{out}:{qualifier}");
        }
        if let Some((op, version)) = atom.constraint {
            let op = match op {
                Op::Lt => "<<",
                Op::Gt => ">>",
                Op::Le => "<=",
                Op::Eq => "=",
                Op::Ge => ">=",
            };
            out = format!("{out} ({op} {})", plain_version(version));
        }
        out
    };
    let group = |group: Vec<String>| group.join(" | ");
    let groups = relation::split(value).map(|alternatives| group(alternatives.map(one).collect()));
    groups.collect::<Vec<_>>().join(", ")
}

/// See `Layout::database`.
pub(super) fn database(image: Image<'_>) -> Vec<Generated> {
    let mut status = Vec::new();
    let mut automatic = String::new();
    let mut triggers: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut file_triggers = Vec::new();
    for registered in image.packages {
        let package = registered.package;
        let mut parts = registered.record.split(|&byte| byte == SEPARATOR);
        let (head, tail) = (parts.next(), parts.next());
        let (state, pending) = match image.unfinished {
            None => ("unpacked", None),
            Some(unfinished) => match unfinished.get(&package.name).map(Vec::as_slice) {
                None => ("installed", None),
                Some([]) => ("unpacked", None),
                Some(names) => ("triggers-pending", Some(names.join(" "))),
            },
        };
        status.extend_from_slice(head.unwrap_or_default());
        write_field(
            &mut status,
            "Status",
            format!("install ok {state}").as_bytes(),
        );
        status.extend_from_slice(tail.unwrap_or_default());
        let pending = pending.unwrap_or_default();
        write_field(&mut status, "Triggers-Pending", pending.as_bytes());
        status.push(b'\n');
        let name = parts.next().unwrap_or_default();
        let priority = parts.next().unwrap_or_default();
        for part in parts {
            let part = String::from_utf8_lossy(part);
            let (trigger, option) = part.split_once('\n').unwrap_or((&part, ""));
            let line = [name, option.as_bytes(), b"\n"].concat();
            if trigger.starts_with('/') {
                file_triggers.extend_from_slice(trigger.as_bytes());
                file_triggers.push(b' ');
                file_triggers.extend(line);
            } else {
                triggers.entry(trigger.to_owned()).or_default().extend(line);
            }
        }
        // What a priority brought in nobody depends on: it must not look superfluous to apt.
        let set = matches!(priority, b"required" | b"important" | b"standard");
        if !package.requested && !set {
            let arch = image.arch.debian().unwrap_or(&package.arch);
            automatic += &format!(
                "Package: {}\nArchitecture: {arch}\nAuto-Installed: 1\n\n",
                package.name
            );
        }
    }
    let mut files = vec![
        (format!("{ADMIN}/status"), status),
        (format!("{ADMIN}/available"), Vec::new()),
        (format!("{ADMIN}/statoverride"), Vec::new()),
        (format!("{ADMIN}/diversions"), diversions(image.diversions)),
        (format!("{ADMIN}/info/format"), b"1\n".to_vec()),
        (format!("{ADMIN}/triggers/Unincorp"), Vec::new()),
        (format!("{ADMIN}/triggers/File"), file_triggers),
    ];
    // Names that are dpkg's own files, or none of a file's, are no triggers to it either.
    let taken = ["File", "Lock", "Unincorp"];
    triggers.retain(|name, _| !name.contains('/') && !taken.contains(&name.as_str()));
    let named = triggers.into_iter();
    files.extend(named.map(|(name, lines)| (format!("{ADMIN}/triggers/{name}"), lines)));
    let has_apt = image
        .packages
        .iter()
        .any(|one| one.package.name.as_str() == "apt");
    if has_apt && !automatic.is_empty() {
        let path = "var/lib/apt/extended_states".into();
        files.push((path, automatic.into_bytes()));
    }
    let rules = rules(image.rules);
    if !rules.is_empty() {
        files.push(("etc/dpkg/dpkg.cfg.d/rootlock".into(), rules));
    }
    let files = files.into_iter().map(|(path, bytes)| (path, Some(bytes)));
    let directory = (format!("{ADMIN}/updates"), None);
    let out = files.chain([directory]).filter_map(|(path, content)| {
        Some(Generated {
            yields: false,
            mode: if content.is_some() { 0o644 } else { 0o755 },
            path: path.parse().ok()?,
            content,
        })
    });
    out.collect()
}

/// `paths:` as dpkg reads it, for packages that are installed later.
fn rules(rules: &PathRules) -> Vec<u8> {
    let mut out = Vec::new();
    for (word, rules) in [("exclude", &rules.exclude), ("include", &rules.include)] {
        for rule in rules {
            out.extend_from_slice(format!("path-{word}={rule}\n").as_bytes());
        }
    }
    out
}

/// Three lines each: from, to, and the package, or `:` where it is the administrator's.
fn diversions(diversions: &[Diversion]) -> Vec<u8> {
    let mut out = Vec::new();
    for Diversion { from, to, package } in diversions {
        let package = package.as_ref().map_or(":", |package| package.as_str());
        for part in [b"/", from.as_bytes(), b"\n/", to.as_bytes(), b"\n"] {
            out.extend_from_slice(part);
        }
        out.extend_from_slice(package.as_bytes());
        out.push(b'\n');
    }
    out
}
