//! What is written once all packages are configured.

use std::cell::RefCell;

use md5::Digest as _;

use super::alternatives::Place;
use super::state::{Program, State};
use super::{ldconfig, programs, rc};
use crate::distro::configure::draft::{Access, Draft};
use crate::distro::deb::layout::DEFAULTS;
use crate::tree::{Blob, Kind};

/// Whether a trigger is one of a program that rootlock has; it runs at the end then.
pub(super) fn trigger(state: &mut State, name: &str) -> bool {
    let program = match name {
        "ldconfig" if ldconfig::platform(&state.arch).is_some() => Program::Ldconfig,
        "update-ca-certificates" | "update-ca-certificates-fresh" => Program::CaCertificates,
        "update-ca-certificates-java" | "update-ca-certificates-java-fresh" => {
            Program::JavaCertificates
        }
        _ => return false,
    };
    state.programs.insert(program);
    true
}

/// Writes what the statements of all packages add up to.
pub(super) fn finish(draft: &mut Draft<'_>, state: &State) {
    alternatives(draft, state);
    units(draft, state);
    start_links(draft, state);
    let java = state.programs.contains(&Program::JavaCertificates);
    if java || state.programs.contains(&Program::CaCertificates) {
        programs::certificates(draft, state, java);
    }
    if state.programs.contains(&Program::PamAuthUpdate) {
        programs::pam(draft, state);
    }
    if state.programs.contains(&Program::UpdateShells) {
        programs::shells(draft, state);
    }
    if state.programs.contains(&Program::Ldconfig) {
        ldconfig::run(draft, &state.arch);
    }
    overrides(draft, state);
    ucf(draft, state);
}

/// The links and records of all alternatives.
fn alternatives(draft: &mut Draft<'_>, state: &State) {
    let look = |path: &str| match draft.node(path).map(|node| node.kind) {
        None => Place::Nothing,
        Some(Kind::Symlink(target)) => match String::from_utf8(target.to_vec()) {
            Ok(target) => Place::Link(target),
            Err(_) => Place::Other,
        },
        Some(_) => Place::Other,
    };
    let made = super::alternatives::state(&state.alternatives, &look);
    for path in &made.removed {
        draft.remove(path);
    }
    for (path, target) in &made.links {
        draft.put_link(path, target);
    }
    for (path, bytes) in made.files {
        draft.write(&path, bytes, 0o644);
    }
}

/// The links and records of systemd's units.
fn units(draft: &mut Draft<'_>, state: &State) {
    for (path, target) in &state.units.links {
        draft.put_link(path, target);
    }
    for (path, bytes) in &state.units.files {
        draft.write(path, bytes.clone(), 0o644);
    }
}

/// The links that init scripts are started by.
fn start_links(draft: &mut Draft<'_>, state: &State) {
    let shared = RefCell::new(&mut *draft);
    let read = |path: &str| shared.borrow_mut().read(path);
    let links = rc::links(&state.rc, &read);
    for (path, target) in &links {
        draft.put_link(path, target);
    }
}

/// `var/lib/dpkg/statoverride`: user, group, mode and path to a line.
fn overrides(draft: &mut Draft<'_>, state: &State) {
    let mut text = String::new();
    for (path, (user, group, mode)) in &state.overrides {
        text += &format!("{user} {group} {mode:o} {path}\n");
    }
    if !text.is_empty() {
        draft.write("/var/lib/dpkg/statoverride", text.into_bytes(), 0o644);
    }
}

/// The largest file of which ucf keeps a copy, in bytes.
const MAX_UCF_COPY: usize = 25_600;

/// What ucf(1) remembers: the MD5 of what a file was made from, whose it is, and a copy of a small
/// one, for a later three-way merge.
fn ucf(draft: &mut Draft<'_>, state: &State) {
    let mut hashes = draft.text("/var/lib/ucf/hashfile").unwrap_or_default();
    let mut registry = draft.text("/var/lib/ucf/registry").unwrap_or_default();
    for (path, managed) in &state.ucf {
        let Some(bytes) = draft.read(&managed.from) else {
            continue;
        };
        let sum = md5::Md5::digest(&bytes);
        let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        hashes += &format!("{hex}  {path}\n");
        let line = format!("{} \t {path}\n", managed.package);
        if !registry.contains(&line) {
            registry += &line;
        }
        if bytes.len() < MAX_UCF_COPY {
            let copy = format!("/var/lib/ucf/cache/{}", path.replace('/', ":"));
            draft.write(&copy, bytes, 0o644);
        }
    }
    if !state.ucf.is_empty() {
        draft.write("/var/lib/ucf/hashfile", hashes.into_bytes(), 0o644);
        draft.write("/var/lib/ucf/registry", registry.into_bytes(), 0o644);
    }
}

/// Writes the account files.
pub(super) fn accounts(draft: &mut Draft<'_>) {
    let [passwd, group] = draft.accounts.open_files();
    let [shadow, gshadow] = draft.accounts.hidden_files();
    draft.write("/etc/passwd", passwd.into_bytes(), 0o644);
    draft.write("/etc/group", group.into_bytes(), 0o644);
    for (path, text) in [("/etc/shadow", shadow), ("/etc/gshadow", gshadow)] {
        if let Some(text) = text {
            let access = Access {
                mode: 0o640,
                uid: 0,
                gid: DEFAULTS.shadow_gid,
            };
            draft.put_file(path, Blob::inline(text.into_bytes()), access);
        }
    }
}
