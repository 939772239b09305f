//! `accounts:` of the manifest: passwd(5), group(5) and shadow(5) in, the same with more lines out.

use std::collections::BTreeMap;

use super::error::AssembleError;
use crate::distro::AccountDefaults;
use crate::model::{Account, Accounts, Owner};

/// The account files of an image as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountFiles {
    /// `/etc/passwd`
    pub(super) passwd: String,
    /// `/etc/group`
    pub(super) group: String,
    /// `/etc/shadow`
    pub(super) shadow: String,
    /// `/etc/gshadow`, where the packages have one.
    pub(super) gshadow: Option<String>,
}

/// Names of users and groups, with their numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    users: BTreeMap<String, (u32, u32)>,
    groups: BTreeMap<String, u32>,
}

impl Names {
    /// Reads passwd(5) and group(5); of a name that is there twice the first counts, as in
    /// getpwnam(3), and a line of another form says nothing.
    pub(super) fn read(&mut self, passwd: &str, group: &str) {
        for line in passwd.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            if let [name, _, uid, gid, ..] = fields[..]
                && let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse())
            {
                self.users.entry(name.into()).or_insert((uid, gid));
            }
        }
        for line in group.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            if let [name, _, gid, ..] = fields[..]
                && let Ok(gid) = gid.parse()
            {
                self.groups.entry(name.into()).or_insert(gid);
            }
        }
    }

    /// These names, and where they know none, those of `others`.
    pub(super) fn or(mut self, others: &Self) -> Self {
        for (name, user) in &others.users {
            self.users.entry(name.clone()).or_insert(*user);
        }
        for (name, group) in &others.groups {
            self.groups.entry(name.clone()).or_insert(*group);
        }
        self
    }

    /// A user by name or number, with its primary group where that is known.
    fn user(&self, text: &str) -> Option<(u32, Option<u32>)> {
        if let Some((uid, gid)) = self.users.get(text) {
            return Some((*uid, Some(*gid)));
        }
        let number = id(text)?;
        let known = self.users.values().find(|(uid, _)| *uid == number);
        Some((number, known.map(|(_, gid)| *gid)))
    }

    /// A group by name or number.
    fn group(&self, text: &str) -> Option<u32> {
        self.groups.get(text).copied().or_else(|| id(text))
    }

    /// The numbers of an owner; a user without a known group of its own is in group 0, as the OCI
    /// runtimes have it.
    pub(super) fn owner(&self, owner: &Owner) -> Result<(u32, u32), String> {
        let unknown = |what, name: &str| {
            format!("the {what} `{name}` is neither in `accounts` nor in what the packages ship")
        };
        let (uid, own) = self
            .user(&owner.user)
            .ok_or_else(|| unknown("user", &owner.user))?;
        let gid = match &owner.group {
            Some(group) => self.group(group).ok_or_else(|| unknown("group", group))?,
            None => own.unwrap_or(0),
        };
        Ok((uid, gid))
    }

    /// `image.user` as numbers.
    pub(super) fn image_user(&self, text: &str) -> Result<String, AssembleError> {
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (text, None),
        };
        let owner = Owner {
            user: user.into(),
            group: group.map(Into::into),
        };
        let (uid, gid) = self
            .owner(&owner)
            .map_err(|why| AssembleError::Account(format!("`image.user`: {why}")))?;
        Ok(format!("{uid}:{gid}"))
    }
}

/// A user or group number; all ones mean "no change" to chown(2) and name nobody.
fn id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .filter(|&id| id != u32::MAX)
}

/// Adds the declared accounts. Those that are there with the same numbers are left as they are.
pub(super) fn declare(
    mut files: AccountFiles,
    accounts: &Accounts,
    defaults: &AccountDefaults,
    day: i64,
) -> Result<AccountFiles, AssembleError> {
    let mut names = Names::default();
    names.read(&files.passwd, &files.group);
    for group in &accounts.groups {
        add_group(&mut files, &mut names, &group.name, group.gid)?;
    }
    for user in &accounts.users {
        let gid = match &user.group {
            Some(group) => names.group(group).ok_or_else(|| {
                AssembleError::Account(format!(
                    "the group `{group}` of user `{}` is neither in `accounts` nor in what the \
                     packages ship",
                    user.name
                ))
            })?,
            None => match names.groups.get(&user.name) {
                Some(gid) => *gid,
                None => {
                    add_group(&mut files, &mut names, &user.name, user.uid)?;
                    user.uid
                }
            },
        };
        add_user(&mut files, &mut names, user, gid, defaults, day)?;
    }
    Ok(files)
}

fn add_group(
    files: &mut AccountFiles,
    names: &mut Names,
    name: &str,
    gid: u32,
) -> Result<(), AssembleError> {
    check_name("group", name)?;
    match names.groups.get(name) {
        Some(known) if *known == gid => return Ok(()),
        Some(known) => {
            return Err(AssembleError::Account(format!(
                "the group `{name}` is declared with gid {gid}, and is there with gid {known}"
            )));
        }
        None => {}
    }
    if let Some((other, _)) = names.groups.iter().find(|(_, known)| **known == gid) {
        return Err(AssembleError::Account(format!(
            "the group `{name}` is declared with gid {gid}, which is `{other}`'s"
        )));
    }
    line(&mut files.group, &format!("{name}:x:{gid}:"));
    if let Some(gshadow) = &mut files.gshadow {
        line(gshadow, &format!("{name}:!::"));
    }
    names.groups.insert(name.into(), gid);
    Ok(())
}

fn add_user(
    files: &mut AccountFiles,
    names: &mut Names,
    user: &Account,
    gid: u32,
    defaults: &AccountDefaults,
    day: i64,
) -> Result<(), AssembleError> {
    let Account { name, uid, .. } = user;
    check_name("user", name)?;
    match names.users.get(name) {
        Some(known) if *known == (*uid, gid) => return Ok(()),
        Some((known, group)) => {
            return Err(AssembleError::Account(format!(
                "the user `{name}` is declared as {uid}:{gid}, and is there as {known}:{group}"
            )));
        }
        None => {}
    }
    if let Some((other, _)) = names.users.iter().find(|(_, (known, _))| known == uid) {
        return Err(AssembleError::Account(format!(
            "the user `{name}` is declared with uid {uid}, which is `{other}`'s"
        )));
    }
    let home = user.home.as_deref().unwrap_or("/nonexistent");
    let shell = user.shell.as_deref().unwrap_or(defaults.nologin);
    for field in [home, shell] {
        if field.contains([':', '\n', '\0']) {
            return Err(AssembleError::Account(format!(
                "the user `{name}` has `{}`, which /etc/passwd cannot hold",
                field.escape_debug()
            )));
        }
    }
    line(
        &mut files.passwd,
        &format!("{name}:x:{uid}:{gid}::{home}:{shell}"),
    );
    line(&mut files.shadow, &format!("{name}:!:{day}::::::"));
    names.users.insert(name.clone(), (*uid, gid));
    Ok(())
}

/// What useradd(8) takes, capitals included.
fn check_name(what: &str, name: &str) -> Result<(), AssembleError> {
    let first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let rest = |byte: u8| first(byte) || byte.is_ascii_digit() || b"-.$".contains(&byte);
    let bytes = name.as_bytes();
    if bytes.len() <= 32
        && bytes.first().is_some_and(|&byte| first(byte))
        && bytes.iter().all(|&byte| rest(byte))
    {
        return Ok(());
    }
    Err(AssembleError::Account(format!(
        "`{}` is not the name of a {what}: it needs [A-Za-z_][A-Za-z0-9_.-]*, 32 at most",
        name.escape_debug()
    )))
}

fn line(text: &mut String, line: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(line);
    text.push('\n');
}
