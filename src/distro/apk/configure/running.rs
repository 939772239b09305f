//! `configure: scripts` on Alpine: each package's `pre-install` and `post-install`, dependencies first,
//! then the triggers (apk-package(5)), in the order of native configuration.
//!
//! The packages lie unpacked in the root. apk itself is not needed there: it runs a script with the
//! version as its argument, and a trigger with the directories that it watches and that changed, which
//! in a new root are all that are there.

use std::collections::{BTreeMap, BTreeSet};

use super::super::archive::OWNERS;
use super::super::pkginfo::PkgInfo;
use crate::distro::configure::order::order;
use crate::distro::configure::running::{Act, Fate, Running, matches, outcome, program, variables};
use crate::distro::configure::{Ground, Scene, Scripted};
use crate::tree::{Meta, TreePath};

/// Where apk puts a script to run it.
const PLACE: &str = "lib/apk/exec";

/// As apk sets it, and a home for what asks.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("HOME", "/root"),
    ("LC_ALL", "C.UTF-8"),
    ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
];

/// See `Layout::running`.
pub(in crate::distro::apk) fn running(scene: Scene<'_>) -> Running {
    let epoch = scene.epoch.0.to_string();
    let mut environment = variables(ENVIRONMENT);
    environment.extend(variables(&[("SOURCE_DATE_EPOCH", &epoch)]));
    let mut running = Running::default();
    let act = |running: &mut Running, one: &Scripted<'_>, script: &str, arguments: Vec<String>| {
        let Some(file) = one.control.get(&format!(".{script}")) else {
            return;
        };
        let (name, version) = (&one.package.name, &one.package.version);
        let place = format!("{PLACE}/{name}-{version}.{script}");
        let Ok(path) = place.parse() else {
            return;
        };
        running.put.insert(path, program(&file.bytes));
        let own = [format!("/{place}")].into_iter();
        running.acts.push(Act {
            name: format!("{script} of {name}"),
            arguments: own.chain(arguments).collect(),
            environment: environment.clone(),
            headings: &[],
        });
        running.scripts.push(outcome(one, script, &file.bytes));
    };
    let order = order(scene.packages);
    let owned = scene.ground.owned();
    for &at in &order {
        let one = &scene.packages[at];
        let version = || vec![one.package.version.to_string()];
        act(&mut running, one, "pre-install", version());
        running.acts.extend(owners(one, &owned, &environment));
        act(&mut running, one, "post-install", version());
    }
    for &at in &order {
        let one = &scene.packages[at];
        let directories = triggered(one, scene.ground);
        if !directories.is_empty() {
            act(&mut running, one, "trigger", directories);
        }
    }
    running.scripts.sort();
    running
}

/// What gives a package's files to those whom it names, where they have other numbers here than where it
/// was built: apk unpacks a package when its `pre-install` has made them. Nobody but busybox is sure to
/// be there.
fn owners(
    one: &Scripted<'_>,
    owned: &[(TreePath, Meta)],
    environment: &[(String, String)],
) -> Vec<Act> {
    let list = one
        .control
        .get(OWNERS)
        .map(|file| String::from_utf8_lossy(&file.bytes));
    let mut out = Vec::new();
    for line in list.iter().flat_map(|text| text.lines()) {
        let [kind, name, id] = line.split(' ').collect::<Vec<_>>()[..] else {
            continue;
        };
        let (group, program) = match kind {
            "g" => (true, "chgrp"),
            _ => (false, "chown"),
        };
        let of = |meta: &Meta| (if group { meta.gid } else { meta.uid }).to_string() == id;
        // Set-id bits are taken away from what changes hands, and must be given again.
        let mut by_mode: BTreeMap<Option<u16>, Vec<String>> = BTreeMap::new();
        for (path, meta) in owned.iter().filter(|(_, meta)| name != "root" && of(meta)) {
            let mode = (meta.mode & 0o6000 != 0).then_some(meta.mode);
            by_mode.entry(mode).or_default().push(path.to_string());
        }
        for (mode, paths) in by_mode {
            for some in paths.chunks(MOST) {
                let mut words = vec![BUSYBOX.to_owned(), "find".to_owned()];
                words.extend(some.iter().cloned());
                // A directory that the script made its own stays so, as apk leaves it.
                let test = if group { "-group" } else { "-user" };
                words.extend(["-maxdepth", "0", test, id].map(str::to_owned));
                let give = ["-exec", BUSYBOX, program, "-h", name, "{}", ";"];
                words.extend(give.map(str::to_owned));
                if let Some(mode) = mode {
                    let mode = format!("{mode:o}");
                    let set = ["-exec", BUSYBOX, "chmod", &mode, "{}", ";"];
                    words.extend(set.map(str::to_owned));
                }
                out.push(Act {
                    name: format!("{program} of {}", one.package.name),
                    arguments: words,
                    environment: environment.to_vec(),
                    headings: &[],
                });
            }
        }
    }
    out
}

/// Whose `find`, `chown` and `chmod` are used: no link to them need be there yet.
const BUSYBOX: &str = "/bin/busybox";
/// How many paths one program is told at once: far fewer than fit, whatever their length.
const MOST: usize = 25;

/// The directories of the image that a package's trigger watches, as apk hands them to it; sorted.
fn triggered(one: &Scripted<'_>, ground: &dyn Ground) -> Vec<String> {
    let info = one.control.get(".PKGINFO");
    let info = PkgInfo::new(info.map_or(&[][..], |file| &file.bytes));
    let globs = info.text("triggers").unwrap_or_default();
    let mut found: BTreeSet<TreePath> = BTreeSet::new();
    for glob in globs.split_ascii_whitespace() {
        let glob = glob.trim_start_matches('+').trim_matches('/');
        // What is above the first part with a pattern can be asked for.
        let fixed: Vec<&str> = glob
            .split('/')
            .take_while(|part| !part.contains('*'))
            .collect();
        let Ok(top) = fixed.join("/").parse::<TreePath>() else {
            continue;
        };
        let own = ground.node(&top).filter(|node| node.is_directory());
        let mut directories: BTreeSet<TreePath> = own.map(|_| top.clone()).into_iter().collect();
        for path in ground.below(&top) {
            let mut next = path.parent();
            while let Some(directory) = next.filter(|directory| directory.is_below(&top)) {
                next = directory.parent();
                directories.insert(directory);
            }
        }
        found.extend(
            directories
                .into_iter()
                .filter(|path| matches(glob, path.as_bytes())),
        );
    }
    let text = |path: &TreePath| String::from_utf8(path.as_bytes().to_vec()).ok();
    found
        .iter()
        .filter_map(text)
        .map(|path| format!("/{path}"))
        .collect()
}

/// Backups, caches and scratch.
const DROPPED: &[&str] = &[
    "etc/*-",
    "lib/apk/exec/",
    "root/.cache/",
    "tmp/",
    "var/cache/apk/",
    "var/tmp/",
];

/// See `Layout::fate`.
pub(in crate::distro::apk) fn fate(path: &[u8], directory: bool) -> Fate {
    if path == b"etc/machine-id" {
        return Fate::Emptied;
    }
    let past = matches("run/", path) && !directory;
    if past || DROPPED.iter().any(|pattern| matches(pattern, path)) {
        return Fate::Dropped;
    }
    match matches("etc/ssh/ssh_host_*", path) {
        true => Fate::OfOneMachine("ssh-keygen -A"),
        false => Fate::Kept,
    }
}
