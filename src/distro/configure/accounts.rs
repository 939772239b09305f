//! Users and groups of an image: passwd(5), group(5), shadow(5), gshadow(5) as values.
//!
//! Ids that nobody fixes are allotted from the name: well-known names have one each ([`super::ids`]),
//! any other the place in the range where its SHA-256 points, or the next free one. So an account has the same number in every image, and what is added later
//! does not shuffle those that are there; only where two names point to one place does the order of
//! layers, and in them of packages, decide who keeps it. Where files of a package belong to such an
//! account by name, it gets the number that they have.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Accounts, Sha256};

/// Ids of system accounts that are allotted on demand (Debian Policy 9.2.2, adduser.conf(5); the
/// same in busybox's adduser).
const SYSTEM: std::ops::Range<u32> = 100..1000;

/// The account files, by line and field. What is no account stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::distro) struct AccountBook {
    passwd: Vec<Vec<String>>,
    group: Vec<Vec<String>>,
    /// Of the accounts that have a line there; the others keep their password in passwd(5).
    shadow: Vec<Vec<String>>,
    gshadow: Vec<Vec<String>>,
    /// Numbers that packaged files already have for names, of users and of groups.
    packaged: [BTreeMap<String, u32>; 2],
    /// Numbers that are kept for others.
    kept: BTreeSet<u32>,
    /// Whether something belongs to an account other than root.
    asked: Asked,
}

/// A note that says nothing of the accounts themselves: all are equal.
#[derive(Debug, Clone, Default)]
struct Asked(Cell<bool>);

impl PartialEq for Asked {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Asked {}

/// A user to be added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::distro) struct NewUser {
    pub(in crate::distro) name: String,
    pub(in crate::distro) uid: Option<u32>,
    pub(in crate::distro) gid: u32,
    pub(in crate::distro) gecos: String,
    pub(in crate::distro) home: String,
    pub(in crate::distro) shell: String,
    /// The second field of shadow(5).
    pub(in crate::distro) password: &'static str,
    /// What follows the day in shadow(5).
    pub(in crate::distro) aging: &'static str,
}

fn read(text: &str) -> Vec<Vec<String>> {
    let fields = |line: &str| line.split(':').map(str::to_owned).collect();
    text.lines().map(fields).collect()
}

fn write(lines: &[Vec<String>]) -> String {
    let mut out = String::new();
    for line in lines {
        out += &line.join(":");
        out.push('\n');
    }
    out
}

fn find<'a>(lines: &'a [Vec<String>], name: &str) -> Option<&'a Vec<String>> {
    lines
        .iter()
        .find(|line| line.first().is_some_and(|first| first == name))
}

fn number(line: &[String], field: usize) -> Option<u32> {
    line.get(field)?.parse().ok()
}

/// What adduser(8) takes at most, of strangers' names too.
pub(in crate::distro) fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.len() <= 32
        && name.starts_with(first)
        && name
            .chars()
            .all(|c| first(c) || c.is_ascii_digit() || "-.$".contains(c))
}

/// Whether a text can be a field.
pub(in crate::distro) fn is_field(text: &str) -> bool {
    !text.contains([':', '\n', '\0']) && text.len() <= 4096
}

impl AccountBook {
    /// Reads the files as far as the image has them.
    pub(in crate::distro) fn new(
        passwd: &str,
        group: &str,
        shadow: Option<&str>,
        gshadow: Option<&str>,
    ) -> Self {
        Self {
            passwd: read(passwd),
            group: read(group),
            shadow: shadow.map(read).unwrap_or_default(),
            gshadow: gshadow.map(read).unwrap_or_default(),
            packaged: Default::default(),
            kept: BTreeSet::new(),
            asked: Asked::default(),
        }
    }

    /// `/etc/passwd` and `/etc/group`.
    pub(in crate::distro) fn open_files(&self) -> [String; 2] {
        [write(&self.passwd), write(&self.group)]
    }

    /// `/etc/shadow` and `/etc/gshadow`, where anybody has a line in them.
    pub(in crate::distro) fn hidden_files(&self) -> [Option<String>; 2] {
        [&self.shadow, &self.gshadow].map(|lines| (!lines.is_empty()).then(|| write(lines)))
    }

    /// A user's numbers.
    pub(in crate::distro) fn user(&self, name: &str) -> Option<(u32, u32)> {
        let line = find(&self.passwd, name)?;
        Some((number(line, 2)?, number(line, 3)?))
    }

    fn note(&self, name: &str) {
        if name != "root" {
            self.asked.0.set(true);
        }
    }

    /// Whether anything was given to an account other than root.
    pub(in crate::distro) fn was_asked(&self) -> bool {
        self.asked.0.get()
    }

    /// Whether a user has the number.
    pub(in crate::distro) fn has_uid(&self, uid: u32) -> bool {
        self.ids().0.contains(&uid)
    }

    /// Whether a group has the number.
    pub(in crate::distro) fn has_gid(&self, gid: u32) -> bool {
        self.ids().1.contains(&gid)
    }

    /// A group's number.
    pub(in crate::distro) fn group(&self, name: &str) -> Option<u32> {
        number(find(&self.group, name)?, 2)
    }

    /// A user by name or number.
    pub(in crate::distro) fn uid(&self, text: &str) -> Option<u32> {
        self.note(text);
        self.user(text)
            .map(|(uid, _)| uid)
            .or_else(|| text.parse().ok().filter(|&id| id != u32::MAX))
    }

    /// A group by name or number.
    pub(in crate::distro) fn gid(&self, text: &str) -> Option<u32> {
        self.note(text);
        self.group(text)
            .or_else(|| text.parse().ok().filter(|&id| id != u32::MAX))
    }

    /// Notes that files of a package belong to a user (or with `group` to a group) of this number.
    pub(in crate::distro) fn note_owner(&mut self, group: bool, name: &str, id: u32) {
        self.packaged[usize::from(group)]
            .entry(name.to_owned())
            .or_insert(id);
    }

    /// Gives accounts of the manifest the numbers that it has for them, and keeps those from others.
    pub(in crate::distro) fn declare(&mut self, accounts: &Accounts) {
        let users = accounts
            .users
            .iter()
            .map(|user| (false, &user.name, user.uid));
        let groups = accounts
            .groups
            .iter()
            .map(|group| (true, &group.name, group.gid));
        for (group, name, id) in users.chain(groups) {
            self.packaged[usize::from(group)].insert(name.clone(), id);
            self.kept.insert(id);
        }
        for user in accounts.users.iter().filter(|user| user.group.is_none()) {
            // Its own group, if nothing else is said.
            let own = self.packaged[1].entry(user.name.clone());
            own.or_insert(user.uid);
        }
    }

    fn ids(&self) -> (BTreeSet<u32>, BTreeSet<u32>) {
        let of = |lines: &[Vec<String>]| lines.iter().filter_map(|line| number(line, 2)).collect();
        (of(&self.passwd), of(&self.group))
    }

    /// A system id for `name` that neither a user nor a group has; `own` is the number of the group
    /// of the same name, which a user may share.
    fn allot(&self, name: &str, own: Option<u32>) -> Option<u32> {
        let (users, groups) = self.ids();
        if let Some(own) = own.filter(|own| SYSTEM.contains(own) && !users.contains(own)) {
            return Some(own);
        }
        let free =
            |id: &u32| !users.contains(id) && !groups.contains(id) && !self.kept.contains(id);
        let known = super::ids::known(name);
        if let Some(id) = known.filter(free) {
            return Some(id);
        }
        let digest = Sha256::of(name.as_bytes()).hex();
        let seed = u32::from_str_radix(digest.get(..8)?, 16).ok()?;
        let length = SYSTEM.end - SYSTEM.start;
        (0..length)
            .map(|step| SYSTEM.start + (seed % length + step) % length)
            .filter(|id| !super::ids::is_taken(*id))
            .find(free)
    }

    /// Adds a group, unless it is there; its number. `None` where that cannot be.
    pub(in crate::distro) fn add_group(&mut self, name: &str, gid: Option<u32>) -> Option<u32> {
        self.add_group_with(name, gid, "!")
    }

    /// The same, with its field of gshadow(5).
    pub(in crate::distro) fn add_group_with(
        &mut self,
        name: &str,
        gid: Option<u32>,
        password: &str,
    ) -> Option<u32> {
        if let Some(known) = self.group(name) {
            return gid.is_none_or(|gid| gid == known).then_some(known);
        }
        if !is_name(name) || gid.is_some_and(|gid| self.ids().1.contains(&gid)) {
            return None;
        }
        let packaged = self.packaged[1].get(name).copied();
        let packaged = packaged.filter(|gid| !self.has_gid(*gid));
        let gid = gid.or(packaged).or_else(|| self.allot(name, None))?;
        let line = [name, "x", &gid.to_string(), ""];
        self.group.push(line.map(str::to_owned).to_vec());
        let line = [name, password, "", ""];
        self.gshadow.push(line.map(str::to_owned).to_vec());
        Some(gid)
    }

    /// Adds a user, unless it is there; its number. `day` is that of shadow(5). `None` where that
    /// cannot be.
    pub(in crate::distro) fn add_user(&mut self, new: &NewUser, day: i64) -> Option<u32> {
        if let Some((known, _)) = self.user(&new.name) {
            return new.uid.is_none_or(|uid| uid == known).then_some(known);
        }
        let fields = [&new.gecos, &new.home, &new.shell];
        if !is_name(&new.name) || !fields.iter().all(|field| is_field(field)) {
            return None;
        }
        if new.uid.is_some_and(|uid| self.ids().0.contains(&uid)) {
            return None;
        }
        let own = self.group(&new.name);
        let packaged = self.packaged[0].get(&new.name).copied();
        let packaged = packaged.filter(|uid| !self.has_uid(*uid));
        let uid = new.uid.or(packaged);
        let uid = uid.or_else(|| self.allot(&new.name, own))?;
        self.passwd.push(vec![
            new.name.clone(),
            "x".into(),
            uid.to_string(),
            new.gid.to_string(),
            new.gecos.clone(),
            new.home.clone(),
            new.shell.clone(),
        ]);
        let line = format!("{}:{}:{day}:{}", new.name, new.password, new.aging);
        self.shadow.extend(read(&line));
        Some(uid)
    }

    /// An id that is free for both a user and the group of the same name.
    pub(in crate::distro) fn common_id(&self, name: &str) -> Option<u32> {
        let packaged = [&self.packaged[1], &self.packaged[0]];
        let mut packaged = packaged
            .into_iter()
            .filter_map(|ids| ids.get(name).copied());
        let packaged = packaged.find(|id| !self.has_gid(*id));
        packaged.or_else(|| self.allot(name, None))
    }

    /// Puts a user into a group as a member; whether both are there.
    pub(in crate::distro) fn add_member(&mut self, user: &str, group: &str) -> bool {
        if self.user(user).is_none() {
            return false;
        }
        let mut found = false;
        for file in [&mut self.group, &mut self.gshadow] {
            let own = |line: &&mut Vec<String>| line.first().is_some_and(|first| first == group);
            for line in file.iter_mut().filter(own) {
                found = true;
                let Some(members) = line.get_mut(3) else {
                    continue;
                };
                if members.split(',').any(|member| member == user) {
                    continue;
                }
                if !members.is_empty() {
                    members.push(',');
                }
                members.push_str(user);
            }
        }
        found
    }

    /// Moves passwords to shadow(5) and gshadow(5), as pwconv(8) and grpconv(8) do.
    pub(in crate::distro) fn hide_passwords(&mut self, day: i64) {
        let day = day.to_string();
        for line in self.passwd.iter_mut().filter(|line| line.len() >= 7) {
            if find(&self.shadow, &line[0]).is_none() {
                let password = std::mem::replace(&mut line[1], "x".into());
                let fields = [&line[0], &password, &day, "0", "99999", "7", "", "", ""];
                self.shadow.push(fields.map(str::to_owned).to_vec());
            }
        }
        for line in self.group.iter_mut().filter(|line| line.len() >= 4) {
            if find(&self.gshadow, &line[0]).is_none() {
                let password = std::mem::replace(&mut line[1], "x".into());
                let fields = [&line[0], &password, "", &line[3]];
                self.gshadow.push(fields.map(str::to_owned).to_vec());
            }
        }
    }
}

#[cfg(test)]
#[path = "accounts_tests.rs"]
mod tests;
