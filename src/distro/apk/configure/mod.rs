//! `configure: native` on Alpine: what the install scripts and triggers of a fresh installation do,
//! without running one (apk-package(5)).
//!
//! Packages are installed one after the other, dependencies first, each with its `pre-install` and
//! `post-install`; triggers follow. What is made goes to the `system` layer.

mod applets;
mod machine;
mod running;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::archive::OWNERS;
use super::layout::DEFAULTS;
use super::pkginfo::PkgInfo;
use crate::distro::Fault;
use crate::distro::configure::accounts::AccountBook;
use crate::distro::configure::draft::{Access, Draft, Writer};
use crate::distro::configure::order::order;
use crate::distro::configure::rules::{self, Rules};
use crate::distro::configure::shell::{self, Reading};
use crate::distro::configure::{Configured, Scene, Scripted};
use crate::model::{ScriptClass, ScriptOutcome};
use crate::tree::Blob;
use machine::{ApkBench, Program};
pub(super) use running::{fate, running};

/// What is known of scripts.
const DATA: &[&str] = &[include_str!("alpine.rules")];

fn known() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| Rules::new(DATA))
}

/// What apk and account programs keep, and rootlock writes: no statement does.
const RESERVED: &[&str] = &[
    "lib/apk",
    "etc/apk",
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
    for one in scene.packages {
        let owners = one
            .control
            .get(OWNERS)
            .map(|file| String::from_utf8_lossy(&file.bytes));
        for line in owners.iter().flat_map(|text| text.lines()) {
            if let [kind, name, id] = line.split(' ').collect::<Vec<_>>()[..]
                && let Ok(id) = id.parse()
            {
                draft.accounts.note_owner(kind == "g", name, id);
            }
        }
    }
    draft.reserve(RESERVED);
    let before = draft.accounts.clone();
    let mut run = Run {
        draft: &mut draft,
        programs: Vec::new(),
        day: scene.epoch.0.div_euclid(86_400),
        scripts: Vec::new(),
    };
    let order = order(scene.packages);
    for &at in &order {
        let one = &scene.packages[at];
        for script in ["pre-install", "post-install"] {
            run.script(one, script, one.package.version.as_str());
        }
    }
    for &at in &order {
        run.trigger(&scene.packages[at]);
    }
    let Run {
        mut scripts,
        programs,
        ..
    } = run;
    draft.writer = Writer::Generator;
    for program in programs {
        match program {
            Program::Applets => applets::install(&mut draft),
            Program::CaCertificates => machine::certificates(&mut draft),
        }
    }
    if draft.accounts != before {
        write_accounts(&mut draft);
    }
    scripts.sort();
    Ok(Configured {
        made: draft.finish()?,
        scripts,
        unfinished: BTreeMap::new(),
    })
}

fn accounts(draft: &mut Draft<'_>) -> AccountBook {
    let passwd = draft.text("/etc/passwd");
    let group = draft.text("/etc/group");
    let shadow = draft.text("/etc/shadow");
    let gshadow = draft.text("/etc/gshadow");
    AccountBook::new(
        passwd.as_deref().unwrap_or(DEFAULTS.passwd),
        group.as_deref().unwrap_or(DEFAULTS.group),
        shadow.as_deref(),
        gshadow.as_deref(),
    )
}

fn write_accounts(draft: &mut Draft<'_>) {
    let [passwd, group] = draft.accounts.open_files();
    let [shadow, gshadow] = draft.accounts.hidden_files();
    draft.write("/etc/passwd", passwd.into_bytes(), 0o644);
    draft.write("/etc/group", group.into_bytes(), 0o644);
    for (path, text) in [("/etc/shadow", shadow), ("/etc/gshadow", gshadow)] {
        // busybox writes into /etc/gshadow where there is one, and makes none.
        let wanted = path == "/etc/shadow" || draft.exists(path);
        let Some(text) = text.filter(|_| wanted) else {
            continue;
        };
        let blob = Blob::inline(text.into_bytes());
        // One that is there keeps its mode.
        match draft.followed(path) {
            Some(node) => {
                let access = Access {
                    mode: node.meta.mode,
                    uid: node.meta.uid,
                    gid: node.meta.gid,
                };
                draft.put_file(path, blob, access);
            }
            None => {
                draft.put_file(
                    path,
                    blob,
                    Access {
                        mode: 0o640,
                        uid: 0,
                        gid: DEFAULTS.shadow_gid,
                    },
                );
            }
        }
    }
}

/// Scripts being carried out one after the other.
struct Run<'a, 'g> {
    draft: &'a mut Draft<'g>,
    programs: Vec<Program>,
    day: i64,
    scripts: Vec<ScriptOutcome>,
}

impl Run<'_, '_> {
    fn script(&mut self, one: &Scripted<'_>, script: &str, argument: &str) {
        let Some(file) = one.control.get(&format!(".{script}")) else {
            return;
        };
        let mut bench = ApkBench {
            draft: &mut *self.draft,
            programs: &mut self.programs,
            day: self.day,
            argument,
        };
        let unread = || Reading {
            acted: false,
            undone: vec!["*".to_owned()],
        };
        let divided = rules::divide(&file.bytes);
        let rule = divided
            .and_then(|divided| known().find(one.package.name.as_str(), script, &divided.sha256));
        bench.draft.writer = Writer::Rule;
        let (reading, skipped) = match rule {
            Some(rule) => rules::follow(rule, &mut bench),
            None => {
                bench.draft.writer = match script {
                    "pre-install" => Writer::Early,
                    _ => Writer::Script,
                };
                let reading = shell::read(&file.bytes, &mut bench);
                (reading.unwrap_or_else(|_| unread()), Vec::new())
            }
        };
        let class = match (reading.undone.is_empty(), reading.acted) {
            (false, _) => ScriptClass::Undone,
            (true, true) => ScriptClass::Native,
            (true, false) => ScriptClass::NoEffect,
        };
        self.scripts.push(ScriptOutcome {
            package: one.package.name.clone(),
            script: script.to_owned(),
            own: rules::divide(&file.bytes).map(|divided| divided.sha256),
            class,
            statements: match class {
                ScriptClass::Undone => reading.undone,
                _ => skipped,
            },
        });
    }

    /// A trigger runs when a directory that it watches has anything in it.
    fn trigger(&mut self, one: &Scripted<'_>) {
        if !one.control.contains_key(".trigger") {
            return;
        }
        let info = one.control.get(".PKGINFO");
        let info = PkgInfo::new(info.map_or(&[][..], |file| &file.bytes));
        let globs = info.text("triggers").unwrap_or_default();
        let mut globs = globs.split_ascii_whitespace();
        let hit = |glob: &str| {
            let glob = glob.trim_start_matches('+');
            // The fixed part decides: what is beside it is not worth a second matcher.
            let fixed = glob.split(['*', '?', '[']).next().unwrap_or_default();
            let directory = match fixed.len() == glob.len() {
                true => fixed,
                false => fixed
                    .rsplit_once('/')
                    .map_or("", |(directory, _)| directory),
            };
            !self.draft.below(directory).is_empty()
        };
        if globs.any(hit) {
            self.script(one, "trigger", "");
        }
    }
}
