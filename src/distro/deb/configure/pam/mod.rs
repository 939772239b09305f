//! What `pam-auth-update --package` (libpam-runtime) makes in a fresh root: the `common-*` files
//! of /etc/pam.d, and what it remembers of them in /var/lib/pam.
//!
//! The profiles of /usr/share/pam-configs and the templates of /usr/share/pam in, files out. It
//! is a function of all profiles at once: the program runs once per package, but each run writes
//! everything anew, so that only what is there at the end counts. (A line with two jumps to the
//! `end` would stop the later runs of the real program; no known profile has one.) The profiles
//! that are on by default are on, as in a noninteractive installation. All files are 0644 and
//! root's, /var/lib/pam is 0755.
//!
//! Source: pam-auth-update(8) and the programs of Debian 12 (1.5.2) and Debian 13 (1.7.0).

mod profile;

use profile::{Profile, split, truth};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Profiles and templates are some kilobytes; a larger one is not read.
const MAX_FILE: usize = 1 << 20;
/// Debian has some fifty profiles.
const MAX_PROFILES: usize = 1000;

/// Releases of libpam-runtime that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro::deb::configure) enum Release {
    /// 1.5.2 (Debian 12): a profile that has the field `Session-Interactive-Only` at all stays
    /// out of common-session-noninteractive.
    Bookworm,
    /// 1.7.0 (Debian 13): one where the field is `yes`.
    Trixie,
}

/// What is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Made {
    /// Paths (absolute) and contents; none where the program would give up: no profile is
    /// enabled, or a template is missing.
    pub(in crate::distro::deb::configure) files: BTreeMap<String, Vec<u8>>,
    /// The profiles that are used, in the order of their lines: the answer to debconf's
    /// `libpam-runtime/profiles`.
    pub(in crate::distro::deb::configure) enabled: Vec<String>,
}

/// The stacks: the name of the file, and the type in its lines.
const STACKS: &[(&str, &str)] = &[
    ("auth", "auth"),
    ("account", "account"),
    ("password", "password"),
    ("session", "session"),
    ("session-noninteractive", "session"),
];

/// The files that these profiles (by the name of the file) and templates (`common-auth` and so
/// on, by the name of the file) make.
pub(in crate::distro::deb::configure) fn common(
    profiles: &[(String, Vec<u8>)],
    templates: &[(String, Vec<u8>)],
    release: Release,
) -> Made {
    let mut known: Vec<(&str, Profile)> = Vec::new();
    for (name, bytes) in profiles.iter().take(MAX_PROFILES) {
        let edited =
            name.ends_with('~') || name.len() > 2 && name.starts_with('#') && name.ends_with('#');
        if edited || bytes.len() > MAX_FILE {
            continue;
        }
        let profile = Profile::read(bytes, release);
        if !profile.disabled() {
            known.push((name, profile));
        }
    }
    // Highest priority first; the rest is by name, backwards.
    known.sort_by_key(|(name, profile)| Reverse((profile.priority(), *name)));
    let enabled = enabled(&known);
    let mut made = Made::default();
    if enabled.is_empty() {
        return made;
    }
    let mut seen = Vec::new();
    for (name, _) in &known {
        seen.extend_from_slice(name.as_bytes());
        seen.push(b'\n');
    }
    made.files.insert("/var/lib/pam/seen".into(), seen);
    for (stack, kind) in STACKS {
        let wanted = format!("common-{stack}");
        let template = templates.iter().find(|(name, _)| *name == wanted);
        let text = template.and_then(|(_, template)| fill(template, kind, stack, &enabled));
        let Some(text) = text else {
            return Made::default();
        };
        made.files
            .insert(format!("/etc/pam.d/common-{stack}"), text);
        made.files
            .insert(format!("/var/lib/pam/{stack}"), saved(stack, &enabled));
    }
    made.enabled = enabled.iter().map(|(name, _)| (*name).to_owned()).collect();
    made
}

type Chosen<'a> = (&'a str, &'a Profile);

/// The default choice without what the chosen ones do not get along with.
fn enabled<'a>(known: &'a [(&'a str, Profile)]) -> Vec<Chosen<'a>> {
    let on = known
        .iter()
        .filter(|(_, profile)| profile.get("Default") == b"yes");
    let mut enabled: Vec<Chosen<'a>> = on.map(|(name, profile)| (*name, profile)).collect();
    loop {
        let (before, mut index) = (enabled.len(), 0);
        while let Some((_, profile)) = enabled.get(index) {
            enabled.retain(|(name, _)| !profile.conflicts.contains(name.as_bytes()));
            index += 1;
        }
        if enabled.len() == before {
            return enabled;
        }
    }
}

/// The template with the profiles' lines in its two blocks; `None` where a mark is missing.
fn fill(template: &[u8], kind: &str, stack: &str, enabled: &[Chosen<'_>]) -> Option<Vec<u8>> {
    const MARKS: &[(&str, &str)] = &[
        (
            "# here are the per-package modules (the \"Primary\" block)",
            "Primary",
        ),
        ("# here's the fallback if no module succeeds", ""),
        (
            "# and here are more per-package modules (the \"Additional\" block)",
            "Additional",
        ),
        ("# end of pam-auth-update config", ""),
    ];
    let mut out = Vec::new();
    let mut marks = MARKS.iter();
    let mut mark = marks.next();
    // Whether the lines are those of a block, which are replaced.
    let mut inside = false;
    for line in template.split_inclusive(|b| *b == b'\n').take(MAX_FILE) {
        let found = mark.filter(|(text, _)| line.starts_with(text.as_bytes()));
        if found.is_some() || !inside {
            out.extend_from_slice(line);
        }
        if let Some((_, block)) = found {
            inside = !block.is_empty();
            if inside {
                fill_block(&mut out, block, kind, stack, enabled);
            }
            mark = marks.next();
        }
    }
    mark.is_none().then_some(out)
}

fn fill_block(out: &mut Vec<u8>, block: &str, kind: &str, stack: &str, enabled: &[Chosen<'_>]) {
    let mut lines: Vec<&[u8]> = Vec::new();
    let there = enabled
        .iter()
        .filter(|(_, one)| one.block(stack) == Some(block.as_bytes()));
    for (index, (_, profile)) in there.enumerate() {
        lines.extend(split(profile.lines(stack, index == 0), b"\n"));
    }
    // How many lines a jump to the end of the block passes. Behind the additional block nothing
    // is left to jump to, but its own last line.
    let mut jump = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    if block == "Additional" {
        jump -= 1;
    } else if lines.is_empty() {
        out.extend_from_slice(format!("{kind}\t{NOTHING}\n").as_bytes());
    }
    for line in lines {
        out.extend_from_slice(kind.as_bytes());
        out.push(b'\t');
        let (head, options) = module(line);
        let mut rest = head;
        while let Some(at) = rest.windows(3).position(|part| part == b"end") {
            out.extend_from_slice(rest.get(..at).unwrap_or_default());
            out.extend_from_slice(jump.to_string().as_bytes());
            rest = rest.get(at + 3..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
        out.push(b' ');
        let words = options
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        out.extend_from_slice(&words.collect::<Vec<_>>().join(&b' '));
        out.push(b'\n');
        jump -= 1;
    }
}

/// What stands in a block that has no modules.
const NOTHING: &str = "[default=1]\t\t\tpam_permit.so";

/// Splits a line behind its control (a word, or words in brackets) and its module. Nothing is
/// left of a line that has another form.
fn module(line: &[u8]) -> (&[u8], &[u8]) {
    let in_brackets = line.strip_prefix(b"[");
    let bracket = in_brackets.and_then(|rest| rest.iter().position(|b| *b == b']'));
    let control = match bracket {
        Some(0) => 0,
        Some(length) => length + 2,
        None => {
            let word = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_';
            line.iter().take_while(word).count()
        }
    };
    let behind = line.get(control..).unwrap_or_default();
    let blanks = behind
        .iter()
        .take_while(|b| b.is_ascii_whitespace())
        .count();
    let name = behind.get(blanks..).unwrap_or_default();
    let name = name.iter().take_while(|b| !b.is_ascii_whitespace()).count();
    match control > 0 && blanks > 0 && name > 0 {
        true => line
            .split_at_checked(control + blanks + name)
            .unwrap_or_default(),
        false => (b"", b""),
    }
}

/// What /var/lib/pam remembers of a stack: the lines as the profiles have them.
fn saved(stack: &str, enabled: &[Chosen<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for additional in [false, true] {
        let mut first = true;
        let there = enabled
            .iter()
            .filter_map(|(name, one)| Some((name, one, one.block(stack)?)));
        for (name, profile, block) in there {
            // Blocks that have another name are in both parts.
            let other: &[u8] = if additional {
                b"Primary"
            } else {
                b"Additional"
            };
            if block == other {
                continue;
            }
            let lines = profile.lines(stack, first);
            first = false;
            if truth(lines) {
                out.extend_from_slice(format!("Module: {name}\n").as_bytes());
                out.extend_from_slice(lines);
                out.push(b'\n');
            }
        }
        if first && !additional {
            out.extend_from_slice(format!("Module: null\n{NOTHING}\n").as_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests;
