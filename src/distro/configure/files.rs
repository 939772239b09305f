//! The statements about files that scripts of both ecosystems are made of: `mkdir`, `install`, `cp`,
//! `ln`, `touch`, `chmod`, `chown`, `chgrp`, `rm` and text written to a file.
//!
//! Carried out as GNU coreutils and busybox both do with the options that are known here; any other
//! option, pattern or relative path leaves the statement undone.

use super::arguments::Arguments;
use super::draft::{Access, Draft};
use super::shell::{Command, Outcome};
use super::text::print;
use crate::tree::{Blob, Kind};

/// The mode of what is made without saying one, under umask 022.
const DIRECTORY: u16 = 0o755;
const FILE: u16 = 0o644;

/// A command's words, all of them known.
pub(in crate::distro) fn literal<'a>(command: &'a Command<'_>) -> Option<Vec<&'a str>> {
    command.words.iter().map(Option::as_deref).collect()
}

/// Carries out a statement about files; [`Outcome::Unknown`] for any other command.
pub(in crate::distro) fn run(draft: &mut Draft<'_>, command: &Command<'_>) -> Outcome {
    let done = match (literal(command), &command.output) {
        (Some(words), Some(output)) => print(draft, &words, command, &output.path, output.append),
        (Some(words), None) => statement(draft, &words),
        (None, _) => None,
    };
    match done {
        Some(true) if certain(command) => Outcome::Done,
        Some(true) => Outcome::Passed,
        _ => Outcome::Unknown,
    }
}

/// Whether a command that could be carried out succeeds whatever was there before.
fn certain(command: &Command<'_>) -> bool {
    let words = command.words;
    let has = |flag: char| {
        words
            .iter()
            .flatten()
            .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(flag))
    };
    match words.first().and_then(Option::as_deref).and_then(program) {
        Some("mkdir") => has('p'),
        Some("ln" | "rm") => has('f'),
        Some("install" | "cp" | "touch" | "echo" | "printf" | "cat") => true,
        _ => false,
    }
}

/// The name of a program of the distribution: one that lies elsewhere is another.
pub(in crate::distro) fn program(word: &str) -> Option<&str> {
    match word.rsplit_once('/') {
        None => Some(word),
        Some(("/bin" | "/sbin" | "/usr/bin" | "/usr/sbin", name)) => Some(name),
        Some(_) => None,
    }
}

fn statement(draft: &mut Draft<'_>, words: &[&str]) -> Option<bool> {
    let (name, words) = words.split_first()?;
    match program(name)? {
        "mkdir" => mkdir(draft, words),
        "install" => install(draft, words),
        "cp" => cp(draft, words),
        "ln" => ln(draft, words),
        "touch" => touch(draft, words),
        "chmod" => chmod(draft, words),
        "chown" => chown(draft, words, true),
        "chgrp" => chown(draft, words, false),
        "rm" => {
            let arguments = Arguments::read(words, "fv", "", &[("--force", 'f')])?;
            let all = |draft: &mut Draft<'_>, path: &&str| absolute(path) && draft.remove(path);
            Some(arguments.operands.iter().all(|path| all(draft, path)))
        }
        _ => None,
    }
}

/// Whether a path can be one of a statement's: absolute, on one line, and of a length that Linux has.
pub(in crate::distro) fn absolute(path: &str) -> bool {
    path.starts_with('/') && path.len() <= 4095 && !path.contains(char::is_control)
}

/// An octal mode.
pub(in crate::distro) fn mode(text: &str) -> Option<u16> {
    let octal = !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
    octal
        .then(|| u16::from_str_radix(text, 8).ok())?
        .filter(|mode| *mode <= 0o7777)
}

fn mkdir(draft: &mut Draft<'_>, words: &[&str]) -> Option<bool> {
    let long = [("--parents", 'p'), ("--mode", 'm'), ("--verbose", 'v')];
    let arguments = Arguments::read(words, "pv", "m", &long)?;
    let mode = match arguments.value('m') {
        Some(text) => mode(text)?,
        None => DIRECTORY,
    };
    let make = |draft: &mut Draft<'_>, path: &str| {
        let there = draft.followed(path);
        match there {
            Some(node) => node.is_directory(),
            None => absolute(path) && draft.put_directory(path, Access::root(mode)),
        }
    };
    let all = arguments.operands.iter().all(|path| make(draft, path));
    Some(all && !arguments.operands.is_empty())
}

/// Who is to own something, by the options `-o` and `-g`.
fn owner(draft: &Draft<'_>, arguments: &Arguments<'_>) -> Option<(u32, u32)> {
    let uid = match arguments.value('o') {
        Some(name) => draft.accounts.uid(name)?,
        None => 0,
    };
    let gid = match arguments.value('g') {
        Some(name) => draft.accounts.gid(name)?,
        None => 0,
    };
    Some((uid, gid))
}

fn install(draft: &mut Draft<'_>, words: &[&str]) -> Option<bool> {
    let long = [
        ("--mode", 'm'),
        ("--owner", 'o'),
        ("--group", 'g'),
        ("--directory", 'd'),
    ];
    let arguments = Arguments::read(words, "dDpv", "mog", &long)?;
    let (uid, gid) = owner(draft, &arguments)?;
    let mode = match arguments.value('m') {
        Some(text) => mode(text)?,
        None => DIRECTORY,
    };
    let access = Access { mode, uid, gid };
    if arguments.has('d') {
        let make = |draft: &mut Draft<'_>, path: &str| {
            let there = draft.followed(path).map(|node| node.meta);
            // One that is there keeps whose it is, unless that is said.
            let kept = |letter, given: u32, there: Option<u32>| match arguments.value(letter) {
                Some(_) => given,
                None => there.unwrap_or(given),
            };
            let access = Access {
                mode: access.mode,
                uid: kept('o', uid, there.as_ref().map(|meta| meta.uid)),
                gid: kept('g', gid, there.as_ref().map(|meta| meta.gid)),
            };
            absolute(path) && draft.put_directory(path, access)
        };
        let all = arguments.operands.iter().all(|path| make(draft, path));
        return Some(all && !arguments.operands.is_empty());
    }
    let [from, to] = arguments.operands[..] else {
        return None;
    };
    let (_, blob) = draft.file(from)?;
    let to = into_directory(draft, from, to)?;
    Some(draft.put_file(&to, blob, access))
}

/// Where something is copied or linked to: into `to`, where that is a directory.
fn into_directory(draft: &Draft<'_>, from: &str, to: &str) -> Option<String> {
    if !absolute(to) {
        return None;
    }
    let directory = draft.followed(to).is_some_and(|node| node.is_directory());
    match directory || to.ends_with('/') {
        true => Some(format!(
            "{}/{}",
            to.trim_end_matches('/'),
            from.trim_end_matches('/').rsplit('/').next()?
        )),
        false => Some(to.to_owned()),
    }
}

fn cp(draft: &mut Draft<'_>, words: &[&str]) -> Option<bool> {
    let long = [("--preserve", 'p'), ("--no-clobber", 'n'), ("--force", 'f')];
    let arguments = Arguments::read(words, "padnfPv", "", &long)?;
    let [from, to] = arguments.operands[..] else {
        return None;
    };
    let to = into_directory(draft, from, to)?;
    if arguments.has('n') && draft.node(&to).is_some() {
        return Some(true);
    }
    let keeps_links = "adP".chars().any(|flag| arguments.has(flag));
    if let Some(Kind::Symlink(target)) = draft.node(from).map(|node| node.kind)
        && keeps_links
    {
        let target = String::from_utf8(target.to_vec()).ok()?;
        return Some(draft.put_link(&to, &target));
    }
    let from_meta = draft.followed(from)?.meta;
    let (_, blob) = draft.file(from)?;
    let preserves = arguments.has('p') || arguments.has('a');
    let access = match (preserves, draft.followed(&to)) {
        (true, _) => Access {
            mode: from_meta.mode,
            uid: from_meta.uid,
            gid: from_meta.gid,
        },
        // What is there keeps its mode and owner.
        (false, Some(there)) => Access {
            mode: there.meta.mode,
            uid: there.meta.uid,
            gid: there.meta.gid,
        },
        (false, None) => Access::root(from_meta.mode & 0o755),
    };
    Some(draft.put_file(&to, blob, access))
}

fn ln(draft: &mut Draft<'_>, words: &[&str]) -> Option<bool> {
    let long = [
        ("--symbolic", 's'),
        ("--force", 'f'),
        ("--no-dereference", 'n'),
    ];
    let arguments = Arguments::read(words, "sfnvT", "", &long)?;
    let [target, link] = arguments.operands[..] else {
        return None;
    };
    let holds = target.len() <= 4095 && !target.contains(char::is_control);
    if !arguments.has('s') || !absolute(link) || target.is_empty() || !holds {
        return None;
    }
    let is_link = matches!(
        draft.node(link).map(|node| node.kind),
        Some(Kind::Symlink(_))
    );
    let link = match arguments.has('T') || is_link && arguments.has('n') {
        true => link.to_owned(),
        false => into_directory(draft, target, link)?,
    };
    if draft.node(&link).is_some() && !arguments.has('f') {
        // Without -f it fails; scripts that go on after that mean "unless it is there".
        return Some(true);
    }
    Some(draft.put_link(&link, target))
}

fn touch(draft: &mut Draft<'_>, words: &[&str]) -> Option<bool> {
    let arguments = Arguments::read(words, "acm", "", &[("--no-create", 'c')])?;
    let make = |draft: &mut Draft<'_>, path: &str| {
        absolute(path)
            && (draft.exists(path)
                || arguments.has('c')
                || draft.put_file(path, Blob::inline(Vec::new()), Access::root(FILE)))
    };
    let all = arguments.operands.iter().all(|path| make(draft, path));
    Some(all && !arguments.operands.is_empty())
}

fn chmod(draft: &mut Draft<'_>, words: &[&str]) -> Option<bool> {
    // A mode such as `-x` is not among the options.
    let arguments = Arguments::read(words, "fcv", "", &[])?;
    let (wanted, paths) = arguments.operands.split_first()?;
    let known = mode(wanted);
    let change = |draft: &mut Draft<'_>, path: &str| {
        if !absolute(path) {
            return false;
        }
        let Some(node) = draft.followed(path) else {
            return true;
        };
        let Some(mode) = known.or_else(|| symbolic(wanted, node.meta.mode, node.is_directory()))
        else {
            return false;
        };
        // A number with fewer than five digits leaves a directory's setuid and setgid alone.
        let special = node.meta.mode & 0o6000;
        let keeps =
            node.is_directory() && known.is_some() && wanted.len() < 5 && mode & 0o6000 == 0;
        let mode = if keeps { mode | special } else { mode };
        draft.change(path, |meta| meta.mode = mode)
    };
    Some(!paths.is_empty() && paths.iter().all(|path| change(draft, path)))
}

/// A symbolic mode such as `u+s` or `go-w`; `X` and copies between classes are not among them.
fn symbolic(text: &str, mut mode: u16, _directory: bool) -> Option<u16> {
    for clause in text.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, rest) = clause.split_at(at);
        let operator = rest.chars().next()?;
        let mut mask = 0;
        let everybody = who.is_empty() || who.contains('a');
        for (class, bits) in [('u', 0o4700), ('g', 0o2070), ('o', 0o0007)] {
            if everybody || who.contains(class) {
                mask |= bits;
            }
        }
        if !who.chars().all(|c| "ugoa".contains(c)) {
            return None;
        }
        let mut bits = 0;
        for c in rest.chars().skip(1) {
            bits |= match c {
                'r' => 0o444,
                'w' if who.is_empty() => return None,
                'w' => 0o222,
                'x' => 0o111,
                's' => 0o6000,
                't' => {
                    mask |= 0o1000;
                    0o1000
                }
                _ => return None,
            };
        }
        mode = match operator {
            '+' => mode | bits & mask,
            '-' => mode & !(bits & mask),
            _ => mode & !mask | bits & mask,
        };
    }
    Some(mode)
}

fn chown(draft: &mut Draft<'_>, words: &[&str], has_user: bool) -> Option<bool> {
    let arguments = Arguments::read(words, "fcvh", "", &[("--no-dereference", 'h')])?;
    let (owner, paths) = arguments.operands.split_first()?;
    let (user, group) = match (has_user, owner.split_once([':', '.'])) {
        (true, Some((user, group))) => (user, group),
        (true, None) => (*owner, ""),
        (false, _) => ("", *owner),
    };
    let uid = match user {
        "" => None,
        name => Some(draft.accounts.uid(name)?),
    };
    let gid = match (group, user) {
        // `user:` means that user's own group.
        ("", name) if owner.ends_with(':') => Some(draft.accounts.user(name)?.1),
        ("", _) => None,
        (name, _) => Some(draft.accounts.gid(name)?),
    };
    let change = |draft: &mut Draft<'_>, path: &str| {
        if !absolute(path) {
            return false;
        }
        if draft.followed(path).is_none() {
            return true;
        }
        let directory = draft.followed(path).is_some_and(|node| node.is_directory());
        draft.change(path, |meta| {
            meta.uid = uid.unwrap_or(meta.uid);
            meta.gid = gid.unwrap_or(meta.gid);
            // Linux takes the rights of a file's owner back when that changes.
            if !directory {
                let group = if meta.mode & 0o010 == 0 { 0 } else { 0o2000 };
                meta.mode &= !(0o4000 | group);
            }
        })
    };
    Some(!paths.is_empty() && paths.iter().all(|path| change(draft, path)))
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
