//! What `deb-systemd-helper` leaves behind in a root where it never ran before.
//!
//! Unit files in; links below /etc/systemd and the program's own records out (the program of
//! init-system-helpers 1.65 and 1.69, which are the same). The records decide what a later upgrade
//! or removal of a package does, so they are the program's own to the byte, and so are the links
//! that come of its odd readings: it knows no sections and no continued lines, it makes one name
//! of an `Alias=` with several, and a quoted `WantedBy=` loses its `.wants`.
//!
//! Where the root has a `systemctl`, the program leaves the links of a new unit to
//! `systemctl preset` and only keeps the records: see [`Systemctl`].

mod closure;
mod preset;

use std::collections::BTreeMap;

pub(in crate::distro::deb::configure) use preset::Systemctl;

/// Where the program keeps its records, for units of the system and of users.
const ENABLED: [&str; 2] = [
    "/var/lib/systemd/deb-systemd-helper-enabled",
    "/var/lib/systemd/deb-systemd-user-helper-enabled",
];
const MASKED: [&str; 2] = [
    "/var/lib/systemd/deb-systemd-helper-masked",
    "/var/lib/systemd/deb-systemd-user-helper-masked",
];
/// A masked unit is a link to this.
const NULL: &str = "/dev/null";
/// Bytes of a unit file; the largest of Debian has ten thousand.
const MAX_UNIT: usize = 1 << 20;
/// Bytes of a unit's name, systemd's UNIT_NAME_MAX.
const MAX_NAME: usize = 255;

/// A root as it was before; paths are absolute below it.
#[derive(Clone, Copy)]
pub(in crate::distro::deb::configure) struct Root<'a> {
    /// A regular file's bytes. All links are followed, those of directories (`/lib`) too.
    pub(in crate::distro::deb::configure) read: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// The target of a symbolic link.
    pub(in crate::distro::deb::configure) link: &'a dyn Fn(&str) -> Option<String>,
}

/// What was made so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Enabled {
    /// Link to its target.
    pub(in crate::distro::deb::configure) links: BTreeMap<String, String>,
    /// Records, by path; their mode is 0644.
    pub(in crate::distro::deb::configure) files: BTreeMap<String, Vec<u8>>,
}

/// The calls of one root, in their order.
pub(in crate::distro::deb::configure) struct Units<'a> {
    root: Root<'a>,
    systemctl: Option<&'a Systemctl>,
    /// What the calls made so far.
    pub(in crate::distro::deb::configure) made: Enabled,
}

/// `enable` of one unit in a fresh root that has no `systemctl`.
#[cfg(test)]
pub(in crate::distro::deb::configure) fn enable(
    unit: &str,
    user: bool,
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Enabled {
    let link = |_: &str| None;
    let mut units = Units::new(Root { read, link: &link }, None);
    match units.enable(unit, user) {
        Ok(()) => units.made,
        Err(_) => Enabled::default(),
    }
}

impl<'a> Units<'a> {
    /// `systemctl` where the root has one.
    pub(in crate::distro::deb::configure) fn new(
        root: Root<'a>,
        systemctl: Option<&'a Systemctl>,
    ) -> Self {
        Self {
            root,
            systemctl,
            made: Enabled::default(),
        }
    }

    /// `enable UNIT`, once for each unit of a call.
    ///
    /// # Errors
    /// Why the program fails. What it made before stays, as it does for the program.
    pub(in crate::distro::deb::configure) fn enable(
        &mut self,
        unit: &str,
        user: bool,
    ) -> Result<(), String> {
        let mut create = true;
        // Of a unit that it knows the program completes the links if it finds one of them.
        if let Some(systemctl) = self.systemctl {
            checked(unit)?;
            create = false;
            if self.made.files.contains_key(&state_path(unit, user)) {
                let links = self.closure(unit, user)?;
                create = links.iter().any(|(link, _)| self.readlink(link).is_some());
            } else {
                systemctl.preset(self, unit, user)?;
            }
        }
        let state = state_path(unit, user);
        for (link, target) in self.closure(unit, user)? {
            let record = self.made.files.entry(state.clone()).or_default();
            let line = format!("{link}\n");
            let known = String::from_utf8_lossy(record);
            if !known.split_inclusive('\n').any(|other| other == line) {
                record.extend_from_slice(line.as_bytes());
            }
            // The list keeps what an empty word of a unit file made, the directories do not.
            let link = link.replace("//", "/");
            let mark = marked(ENABLED, &link, user);
            if self.made.files.contains_key(&mark) {
                continue;
            }
            if create && self.readlink(&link).is_none() {
                if (self.root.read)(&link).is_some() {
                    return Err(format!("{link} is a file"));
                }
                self.made.links.insert(link, target);
            }
            self.made.files.insert(mark, Vec::new());
        }
        Ok(())
    }

    /// `update-state UNIT`: only says which links would be the unit's.
    ///
    /// # Errors
    /// Why the program fails.
    pub(in crate::distro::deb::configure) fn update_state(
        &mut self,
        unit: &str,
        user: bool,
    ) -> Result<(), String> {
        let links = self.closure(unit, user)?;
        let text: String = links.iter().map(|(link, _)| format!("{link}\n")).collect();
        let path = state_path(unit, user);
        self.made.files.insert(path, text.into_bytes());
        Ok(())
    }

    /// `was-enabled UNIT`; yes for a unit that was never heard of.
    pub(in crate::distro::deb::configure) fn was_enabled(&self, unit: &str, user: bool) -> bool {
        let state = self.made.files.get(&state_path(unit, user));
        let text = String::from_utf8_lossy(state.map_or(&[], Vec::as_slice));
        text.lines().all(|link| self.readlink(link).is_some())
    }

    /// `debian-installed UNIT`.
    pub(in crate::distro::deb::configure) fn debian_installed(
        &self,
        unit: &str,
        user: bool,
    ) -> bool {
        self.made.files.contains_key(&state_path(unit, user))
    }

    /// `mask UNIT`.
    ///
    /// # Errors
    /// Where the unit's name is none.
    pub(in crate::distro::deb::configure) fn mask(
        &mut self,
        unit: &str,
        user: bool,
    ) -> Result<(), String> {
        let link = format!("{}/{}", config(user), checked(unit)?);
        let there = match self.readlink(&link) {
            // A device is nothing that can be read, but it is there.
            Some(target) => target == NULL || self.exists(&target),
            None => (self.root.read)(&link).is_some(),
        };
        if !there {
            self.made
                .files
                .insert(marked(MASKED, &link, user), Vec::new());
            self.made.links.insert(link, NULL.to_owned());
        }
        Ok(())
    }

    /// `unmask UNIT`; only undoes an earlier `mask`.
    ///
    /// # Errors
    /// Where the unit's name is none.
    pub(in crate::distro::deb::configure) fn unmask(
        &mut self,
        unit: &str,
        user: bool,
    ) -> Result<(), String> {
        let link = format!("{}/{}", config(user), checked(unit)?);
        let mark = marked(MASKED, &link, user);
        let masked = self.made.links.get(&link).is_some_and(|to| to == NULL);
        if masked && self.made.files.remove(&mark).is_some() {
            self.made.links.remove(&link);
        }
        Ok(())
    }

    /// Where a unit lies; its bare name where it does not exist.
    fn find(&self, unit: &str, user: bool) -> String {
        let kind = kind(user);
        ["/etc", "/lib", "/usr/lib"]
            .iter()
            .map(|top| format!("{top}/systemd/{kind}/{unit}"))
            .find(|path| self.exists(path))
            .unwrap_or_else(|| unit.to_owned())
    }

    fn exists(&self, path: &str) -> bool {
        self.read(path).is_some()
    }

    /// A file's bytes, through the links that were made here.
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let mut path = path.to_owned();
        // An alias of an alias is the longest chain in use.
        for _ in 0..8 {
            match self.made.links.get(&path) {
                Some(target) if target == NULL => return None,
                Some(target) => path.clone_from(target),
                None => {
                    return (self.root.read)(&path).filter(|bytes| bytes.len() <= MAX_UNIT);
                }
            }
        }
        None
    }

    fn readlink(&self, path: &str) -> Option<String> {
        let made = self.made.links.get(path).cloned();
        made.or_else(|| (self.root.link)(path))
    }
}

/// Refuses what is no unit's name and could lead out of its directory.
fn checked(unit: &str) -> Result<&str, String> {
    let bad = |c: char| c == '/' || c.is_whitespace() || c.is_control();
    if unit.is_empty()
        || unit.starts_with(['.', '-'])
        || unit.len() > MAX_NAME
        || unit.contains(bad)
    {
        return Err(format!("`{unit}` is no unit's name"));
    }
    Ok(unit)
}

const fn kind(user: bool) -> &'static str {
    if user { "user" } else { "system" }
}

/// Where the links of enabled units lie.
const fn config(user: bool) -> &'static str {
    if user {
        "/etc/systemd/user"
    } else {
        "/etc/systemd/system"
    }
}

/// The list of a unit's links.
fn state_path(unit: &str, user: bool) -> String {
    let [system, users] = ENABLED;
    format!("{}/{unit}.dsh-also", if user { users } else { system })
}

/// The empty file that says that a link was made once.
fn marked([system, users]: [&str; 2], link: &str, user: bool) -> String {
    let rest = link.strip_prefix(config(user)).unwrap_or(link);
    format!("{}{rest}", if user { users } else { system })
}

#[cfg(test)]
mod tests;
