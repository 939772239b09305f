//! What an auditor looks at, whatever was locked.

use std::collections::BTreeMap;

use rootlock::ops::{Audited, Password};

use crate::render;
use crate::report::fill::fill;
use crate::session::View;

/// How many paths of a summary are named before one has to ask for them.
const MAX_NAMED: usize = 5;

/// What an auditor looks at, whatever was locked.
pub(super) fn text(image: &Audited, view: &View) -> String {
    let summary = &image.audit.summary;
    let mut out = String::new();
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for package in &image.installed.packages {
        *states.entry(&package.state).or_default() += 1;
    }
    for (state, packages) in states
        .into_iter()
        .filter(|(state, _)| *state != "installed")
    {
        let packages = render::count(packages, "package");
        out.push_str(&format!(
            "  {packages} {}, not installed\n",
            render::plain(state)
        ));
    }
    let lists = [
        ("setuid or setgid", &summary.setuid),
        ("with capabilities", &summary.capabilities),
        ("writable for everybody", &summary.world_writable),
    ];
    for (what, paths) in lists {
        if paths.is_empty() {
            continue;
        }
        let first = format!("  {} {what}", render::count(paths.len(), "path"));
        let mut names: Vec<String> = paths.iter().map(|one| one.path.to_string()).collect();
        if names.len() > MAX_NAMED {
            names.truncate(MAX_NAMED);
            names.push("... (`-v` shows all)".into());
        }
        match view.verbose {
            true => out.push_str(&first),
            false => out.push_str(&fill(&format!("{first}: "), ", ", &names, 4)),
        }
        out.push('\n');
        if view.verbose {
            for one in paths {
                out.push_str(&format!(
                    "    {:04o} {}:{} {}\n",
                    one.mode, one.uid, one.gid, one.path
                ));
            }
        }
    }
    if !summary.accounts.is_empty() {
        let named = |pick: &dyn Fn(&rootlock::ops::Account) -> bool| {
            let names = summary.accounts.iter().filter(|one| pick(one));
            let names: Vec<String> = names
                .map(|one| render::plain(&one.name).into_owned())
                .collect();
            names
        };
        let root = named(&|one| one.uid == 0 && one.name != "root");
        let empty = named(&|one| one.password == Password::Empty);
        let set = named(&|one| one.password == Password::Set);
        let first = format!("  {}", render::count(summary.accounts.len(), "account"));
        out.push_str(&first);
        out.push('\n');
        for (what, names) in [
            ("with the number 0", root),
            ("without a password", empty),
            ("with a password", set),
        ] {
            if !names.is_empty() {
                out.push_str(&fill(&format!("    {what}: "), ", ", &names, 6));
                out.push('\n');
            }
        }
    }
    if image.one_owner {
        out.push_str("  everything has one owner: owners and special bits were not judged\n");
    }
    for skipped in &image.skipped {
        out.push_str(&format!("  not read: {}\n", render::plain(skipped)));
    }
    out
}
