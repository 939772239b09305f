//! Debian's answers to assembling: which file of this folder has which duty.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::{Debian, configure, control::triggers, database, divert, replaces, status, usrmerge};
use crate::distro::{
    AccountDefaults, Configured, Control, Diversion, Fate, Fault, Generated, Image, Layout, Member,
    Registration, RootLink, Running, Scene, Stated,
};
use crate::model::{Arch, Configure, Epoch, LockedPackage};
use crate::tree::{Contents, Node, TreePath};

impl Layout for Debian {
    fn root_links(&self, release: &str, arch: Arch, configure: Configure) -> Vec<RootLink> {
        let mut links = usrmerge::root_links(release, arch);
        if configure != Configure::None {
            links.extend(usrmerge::run_links());
        }
        links
    }

    fn order(&self, members: &[Member<'_>]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by_key(|&at| &members[at].package.name);
        order
    }

    fn precedence(&self, a: Member<'_>, b: Member<'_>) -> Ordering {
        a.package.name.cmp(&b.package.name)
    }

    fn takes_over(&self, winner: Member<'_>, loser: Member<'_>) -> bool {
        replaces::replaces(winner, loser)
    }

    fn diversions(&self, member: Member<'_>, mode: Configure) -> Vec<Diversion> {
        let mut out = match member.control.get("preinst") {
            Some(script) => divert::read(&script.bytes, &member.package.name),
            None => Vec::new(),
        };
        if mode != Configure::None {
            out.extend(configure::diversions(member));
        }
        out
    }

    fn register(
        &self,
        package: &LockedPackage,
        control: &mut Control,
        entries: &[(TreePath, Node)],
        newest: i64,
        contents: &dyn Contents,
    ) -> Result<Registration, Fault> {
        database::register(package, control, entries, newest, contents).map_err(Fault::from)
    }

    fn without(&self, file: &TreePath, bytes: &[u8], gone: &BTreeSet<TreePath>) -> Option<Vec<u8>> {
        database::without(file, bytes, gone)
    }

    fn database(&self, image: Image<'_>) -> Result<Vec<Generated>, Fault> {
        Ok(status::database(image))
    }

    fn license(&self, package: &LockedPackage, _control: &Control) -> Stated {
        // Debian Policy 12.5: the directory may be a link to another package's of the same source.
        let path = format!("usr/share/doc/{}/copyright", package.name);
        path.parse().map_or(Stated::Nowhere, Stated::File)
    }

    fn scripts(&self, control: &Control) -> Vec<&'static str> {
        let mut out = Vec::new();
        for script in ["preinst", "postinst"] {
            if control.contains_key(script) {
                out.push(script);
            }
        }
        let triggers = control.get("triggers").map(|file| triggers(&file.bytes));
        if let Some(Ok(triggers)) = triggers
            && triggers.iter().any(|trigger| !trigger.interest)
        {
            out.push("triggers");
        }
        out
    }

    fn configure(&self, scene: Scene<'_>) -> Result<Configured, Fault> {
        configure::configure(scene)
    }

    fn running(&self, scene: Scene<'_>) -> Result<Running, Fault> {
        configure::running(scene).map_err(Fault::from)
    }

    fn fate(&self, path: &TreePath, directory: bool) -> Fate {
        configure::fate(path.as_bytes(), directory)
    }

    fn steady(&self, path: &TreePath, bytes: &[u8], epoch: Epoch) -> Option<Vec<u8>> {
        configure::steady(path.as_bytes(), bytes, epoch)
    }

    fn accounts(&self) -> AccountDefaults {
        DEFAULTS
    }
}

/// base-passwd copies its masters when it is unpacked first of all, and never again: every later
/// script, base-files' the first, needs the names in them.
pub(super) const DEFAULTS: AccountDefaults = AccountDefaults {
    passwd_master: Some("usr/share/base-passwd/passwd.master"),
    group_master: Some("usr/share/base-passwd/group.master"),
    passwd: "root:*:0:0:root:/root:/bin/bash\n",
    group: "root:*:0:\n",
    nologin: "/usr/sbin/nologin",
    shadow_gid: 42,
};
