//! `configure: native` on Debian: what the maintainer scripts of a fresh installation do, without
//! running one (Debian Policy chapter 6; deb-preinst(5), deb-postinst(5), deb-triggers(5)).
//!
//! Packages are unpacked all, then configured, dependencies first, as by dpkg --unpack and
//! --configure -a on a system where nothing runs. What is made goes to the `system` layer.

mod alternatives;
mod capabilities;
mod finish;
mod ldconfig;
mod ldso;
mod machine;
mod needless;
mod pam;
mod programs;
mod rc;
mod running;
mod standing;
mod state;
mod systemd;
mod sysusers;
mod tmpfiles;
mod units;
mod users;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::control::triggers;
use super::divert;
use super::layout::DEFAULTS;
use crate::distro::configure::accounts::AccountBook;
use crate::distro::configure::certs;
use crate::distro::configure::draft::{Draft, Writer};
use crate::distro::configure::order::order;
use crate::distro::configure::rules::{self, Rules};
use crate::distro::configure::shell::{self, Reading};
use crate::distro::configure::{Configured, Scene, Scripted};
use crate::distro::{Diversion, Fault, Member};
use crate::model::{PackageName, ScriptClass, ScriptOutcome};
use machine::DebBench;
pub(super) use running::{fate, running, steady};
use state::State;

/// What is known of scripts.
const DATA: &[&str] = &[include_str!("debian.rules")];

fn known() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| Rules::new(DATA))
}

/// Sections that debhelper's tools add and that have no effect in an image, by tool, and why.
/// The path is that of the program that the section calls: with it in the image the section counts.
const ADDED: &[(&str, &str, &str)] = &[
    (
        "dh_apache2",
        "there is no Apache",
        "/usr/share/apache2/apache2-maintscript-helper",
    ),
    (
        "dh_apparmor",
        "there is no AppArmor",
        "/usr/sbin/apparmor_parser",
    ),
    (
        "dh_installmenu",
        "there is no menu system",
        "/usr/bin/update-menus",
    ),
    ("dh_runit", "there is no runit", "/usr/bin/runsvdir"),
];

/// What dpkg and account programs keep, and rootlock writes: no statement does.
const RESERVED: &[&str] = &[
    "var/lib/dpkg",
    "var/lib/apt",
    "etc/passwd",
    "etc/group",
    "etc/shadow",
    "etc/gshadow",
];

/// See `Layout::configure`.
pub(super) fn configure(scene: Scene<'_>) -> Result<Configured, Fault> {
    let mut draft = Draft::new(scene.ground, scene.epoch);
    draft.accounts = accounts(&mut draft);
    draft.accounts.declare(scene.accounts);
    if draft.exists("/usr/share/base-passwd/passwd.master") {
        // base-passwd makes them before any other script runs.
        finish::accounts(&mut draft);
    }
    draft.reserve(RESERVED);
    let before = draft.accounts.clone();
    let mut state = State {
        packages: scene
            .packages
            .iter()
            .map(|one| one.package.name.to_string())
            .collect(),
        arch: scene.arch.debian().unwrap_or_default().to_owned(),
        release: scene.release.to_owned(),
        time: scene.epoch,
        heading: heading(scene.packages),
        alternatives: Vec::new(),
        rc: Vec::new(),
        overrides: BTreeMap::new(),
        shells: BTreeSet::new(),
        programs: BTreeSet::new(),
        triggers: BTreeSet::new(),
        ucf: BTreeMap::new(),
        units: units::Enabled::default(),
        systemctl: None,
    };
    state.systemctl = systemctl(&mut draft, scene.packages);
    let day = scene.epoch.0.div_euclid(86_400);
    let mut run = Run {
        draft: &mut draft,
        state: &mut state,
        day,
        scripts: Vec::new(),
        unfinished: BTreeMap::new(),
    };
    let order = order(scene.packages);
    for (script, action) in [("preinst", "install"), ("postinst", "configure")] {
        for &at in &order {
            run.script(&scene.packages[at], script, action, "");
        }
    }
    run.triggers(scene.packages, &order);
    let Run {
        mut scripts,
        unfinished,
        ..
    } = run;
    draft.writer = Writer::Generator;
    finish::finish(&mut draft, &state);
    let names = draft.accounts.was_asked() && !draft.exists("/etc/passwd");
    if draft.accounts != before || names {
        finish::accounts(&mut draft);
    }
    scripts.sort();
    Ok(Configured {
        made: draft.finish()?,
        scripts,
        unfinished,
    })
}

/// The `systemctl` of an image that has one: it decides which units presets enable.
fn systemctl(draft: &mut Draft<'_>, packages: &[Scripted<'_>]) -> Option<units::Systemctl> {
    let own = |one: &&Scripted<'_>| one.package.name.as_str() == "systemd";
    let version = packages.iter().find(own)?.package.version.as_str();
    let digits: String = version
        .rsplit(':')
        .next()?
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let mut presets = BTreeMap::new();
    for top in ["/usr/lib", "/usr/local/lib", "/etc"] {
        for kind in ["system", "user"] {
            let directory = format!("{top}/systemd/{kind}-preset");
            for (name, bytes) in draft.files(&directory) {
                presets.insert(format!("{directory}/{name}"), bytes);
            }
        }
    }
    Some(units::Systemctl::new(digits.parse().ok()?, &presets))
}

/// How ca-certificates' list of certificates begins: it is in the package's own script.
fn heading(packages: &[Scripted<'_>]) -> Vec<u8> {
    let own = |one: &&Scripted<'_>| one.package.name.as_str() == "ca-certificates";
    let found = packages.iter().find(own);
    let script = found.and_then(|one| one.control.get("postinst"));
    script.map_or(Vec::new(), |file| certs::conf_heading(&file.bytes).to_vec())
}

/// The accounts that packages ship, or that base-passwd's masters hold.
fn accounts(draft: &mut Draft<'_>) -> AccountBook {
    let mut text = |path: &str, master: Option<&str>, default: &str| {
        draft
            .text(&format!("/{path}"))
            .or_else(|| draft.text(&format!("/{}", master?)))
            .unwrap_or_else(|| default.to_owned())
    };
    let passwd = text("etc/passwd", DEFAULTS.passwd_master, standing::PASSWD);
    let group = text("etc/group", DEFAULTS.group_master, standing::GROUP);
    let shadow = draft.text("/etc/shadow");
    let gshadow = draft.text("/etc/gshadow");
    AccountBook::new(&passwd, &group, shadow.as_deref(), gshadow.as_deref())
}

/// The diversions that rules know of and whose words are not literal in the script.
pub(super) fn diversions(member: Member<'_>) -> Vec<Diversion> {
    let package = &member.package.name;
    let mut out = Vec::new();
    for script in ["preinst", "postinst"] {
        let file = member.control.get(script);
        let divided = file.and_then(|file| rules::divide(&file.bytes));
        let rule = divided.and_then(|own| known().find(package.as_str(), script, &own.sha256));
        for line in rule.unwrap_or_default() {
            let line = match line.strip_prefix("[arch ") {
                Some(rest) => match rest.split_once("] ") {
                    Some((arch, line)) if arch == &*member.package.arch => line,
                    _ => continue,
                },
                None => line,
            };
            let words = shell::words(line).unwrap_or_default();
            let words: Vec<Option<String>> = words.into_iter().map(Some).collect();
            out.extend(divert::statement(&words, package));
        }
    }
    out
}

/// Scripts being carried out one after the other.
struct Run<'a, 'g> {
    draft: &'a mut Draft<'g>,
    state: &'a mut State,
    day: i64,
    scripts: Vec<ScriptOutcome>,
    unfinished: BTreeMap<PackageName, Vec<String>>,
}

impl<'g> Run<'_, 'g> {
    /// One script of one package, where it has it.
    fn script(&mut self, one: &Scripted<'_>, script: &str, action: &str, argument: &str) {
        let Some(file) = one.control.get(script) else {
            return;
        };
        let (reading, skipped) = self.read(one, script, action, argument, &file.bytes);
        let class = match (reading.undone.is_empty(), reading.acted) {
            (false, _) => ScriptClass::Undone,
            (true, true) => ScriptClass::Native,
            (true, false) => ScriptClass::NoEffect,
        };
        let name = one.package.name.clone();
        let script = match action {
            "triggered" => {
                if class == ScriptClass::Undone {
                    let names = argument.split(' ').map(str::to_owned).collect();
                    self.unfinished.entry(name.clone()).or_insert(names);
                }
                format!("trigger {argument}")
            }
            _ => {
                if class == ScriptClass::Undone {
                    self.unfinished.insert(name.clone(), Vec::new());
                }
                script.to_owned()
            }
        };
        self.scripts.push(ScriptOutcome {
            package: name,
            script,
            own: rules::divide(&file.bytes).map(|divided| divided.sha256),
            class,
            statements: match class {
                ScriptClass::Undone => reading.undone,
                _ => skipped,
            },
        });
    }

    fn read(
        &mut self,
        one: &Scripted<'_>,
        script: &str,
        action: &str,
        argument: &str,
        bytes: &[u8],
    ) -> (Reading, Vec<String>) {
        let package = one.package.name.as_str();
        let mut bench = DebBench {
            draft: &mut *self.draft,
            state: &mut *self.state,
            day: self.day,
            package,
            script,
            action,
            argument,
        };
        let unread = || Reading {
            acted: false,
            undone: vec!["*".to_owned()],
        };
        let Some(divided) = rules::divide(bytes) else {
            return (unread(), Vec::new());
        };
        let needless = |path: &str| !bench.draft.exists(path);
        let needless = ADDED.iter().filter(|(.., path)| needless(path));
        let needless: Vec<(&str, &str)> = needless.map(|(tool, why, _)| (*tool, *why)).collect();
        let mut skipped = Vec::new();
        let mut sections = Vec::new();
        for (tool, section) in &divided.added {
            match needless.iter().find(|(known, _)| known == tool) {
                Some((_, why)) => skipped.push(format!("{tool}: {why}")),
                None => sections.push(section.as_str()),
            }
        }
        let key = if action == "triggered" {
            action
        } else {
            script
        };
        let rule = known().find(package, key, &divided.sha256);
        let Some(rule) = rule else {
            bench.draft.writer = match script {
                "preinst" => Writer::Early,
                _ => Writer::Script,
            };
            // In the script's own order, for it may end before a section.
            let tools: Vec<&str> = needless.iter().map(|(tool, _)| *tool).collect();
            let text = rules::without(bytes, &tools);
            let reading = shell::read(&text, &mut bench).unwrap_or_else(|_| unread());
            return (reading, skipped);
        };
        bench.draft.writer = Writer::Rule;
        let (mut reading, not_needed) = rules::follow(rule, &mut bench);
        bench.draft.writer = Writer::Script;
        skipped.extend(not_needed);
        for section in sections {
            let text = format!("#!/bin/sh\n{section}");
            let more = shell::read(text.as_bytes(), &mut bench).unwrap_or_else(|_| unread());
            reading.acted |= more.acted;
            reading.undone.extend(more.undone);
        }
        (reading, skipped)
    }

    /// The triggers that configuring a package activates; those of unpacking are over by then, for
    /// whoever is interested was configured after it.
    fn triggers(&mut self, packages: &[Scripted<'_>], order: &[usize]) {
        let mut interested: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        let mut active = std::mem::take(&mut self.state.triggers);
        let mut known = Vec::with_capacity(packages.len());
        for one in packages {
            let file = one.control.get("triggers");
            let lines = file.and_then(|file| triggers(&file.bytes).ok());
            known.push(lines.unwrap_or_default());
        }
        for line in known.iter().flatten().filter(|line| !line.interest) {
            active.insert(line.name.to_string());
        }
        for (at, lines) in known.iter().enumerate() {
            let wanted = lines.iter().filter(|line| line.interest);
            for line in wanted.filter(|line| active.contains(&*line.name)) {
                interested
                    .entry(at)
                    .or_default()
                    .insert(line.name.to_string());
            }
        }
        for at in order {
            let Some(names) = interested.remove(at) else {
                continue;
            };
            let left: Vec<String> = names
                .into_iter()
                .filter(|name| !finish::trigger(self.state, name))
                .collect();
            if !left.is_empty() {
                self.script(&packages[*at], "postinst", "triggered", &left.join(" "));
            }
        }
    }
}

#[cfg(test)]
mod tests;
