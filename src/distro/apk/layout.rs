//! Alpine's answers to assembling: which file of this folder has which duty.
//!
//! Alpine's own packages ship `/lib`, `/etc/passwd` and the like; where they ship links, these are
//! links like any other. Nothing is diverted, and nothing of the database is in a group's layer.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::pkginfo::PkgInfo;
use super::{Alpine, configure, database, image, order, replaces};
use crate::distro::{
    AccountDefaults, Configured, Control, Diversion, Fate, Fault, Generated, Image, Layout, Member,
    Registration, RootLink, Running, Scene, Stated,
};
use crate::model::{Arch, Configure, LockedPackage};
use crate::tree::{Contents, Node, TreePath};

impl Layout for Alpine {
    fn root_links(&self, _: &str, _: Arch, _: Configure) -> Vec<RootLink> {
        Vec::new()
    }

    fn order(&self, members: &[Member<'_>]) -> Vec<usize> {
        order::order(members)
    }

    fn precedence(&self, a: Member<'_>, b: Member<'_>) -> Ordering {
        replaces::precedence(a, b)
    }

    fn takes_over(&self, winner: Member<'_>, loser: Member<'_>) -> bool {
        replaces::takes_over(winner, loser)
    }

    fn diversions(&self, _: Member<'_>, _: Configure) -> Vec<Diversion> {
        Vec::new()
    }

    fn register(
        &self,
        package: &LockedPackage,
        control: &mut Control,
        entries: &[(TreePath, Node)],
        _: i64,
        _: &dyn Contents,
    ) -> Result<Registration, Fault> {
        database::register(package, control, entries).map_err(Fault::from)
    }

    fn without(&self, _: &TreePath, _: &[u8], _: &BTreeSet<TreePath>) -> Option<Vec<u8>> {
        None
    }

    fn database(&self, image: Image<'_>) -> Result<Vec<Generated>, Fault> {
        image::database(image)
    }

    fn license(&self, _package: &LockedPackage, control: &Control) -> Stated {
        let info = control
            .get(".PKGINFO")
            .map(|file| PkgInfo::new(&file.bytes));
        match info.and_then(|info| info.text("license").map(str::to_owned)) {
            Some(text) => Stated::Field(text),
            None => Stated::Nowhere,
        }
    }

    fn scripts(&self, control: &Control) -> Vec<&'static str> {
        let mut out = Vec::new();
        for (file, script) in [
            (".pre-install", "pre-install"),
            (".post-install", "post-install"),
        ] {
            if control.contains_key(file) {
                out.push(script);
            }
        }
        let info = control.get(".PKGINFO");
        let info = PkgInfo::new(info.map_or(&[][..], |file| &file.bytes));
        let triggers = info.text("triggers").unwrap_or_default();
        if control.contains_key(".trigger") && !triggers.trim().is_empty() {
            out.push("trigger");
        }
        out
    }

    fn configure(&self, scene: Scene<'_>) -> Result<Configured, Fault> {
        configure::configure(scene)
    }

    fn running(&self, scene: Scene<'_>) -> Result<Running, Fault> {
        Ok(configure::running(scene))
    }

    fn fate(&self, path: &TreePath, directory: bool) -> Fate {
        configure::fate(path.as_bytes(), directory)
    }

    fn accounts(&self) -> AccountDefaults {
        DEFAULTS
    }
}

/// alpine-baselayout-data ships both files.
pub(super) const DEFAULTS: AccountDefaults = AccountDefaults {
    passwd_master: None,
    group_master: None,
    passwd: "root:x:0:0:root:/root:/bin/sh\n",
    group: "root:x:0:\n",
    nologin: "/sbin/nologin",
    shadow_gid: 42,
};
