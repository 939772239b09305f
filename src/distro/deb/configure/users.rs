//! `adduser`, `addgroup`, `useradd`, `groupadd` and `usermod` as Debian's scripts call them
//! (adduser(8), useradd(8), groupadd(8), usermod(8)); sysusers.d's lines end here too.

use crate::distro::configure::accounts::NewUser;
use crate::distro::configure::arguments::Arguments;
use crate::distro::configure::draft::{Access, Draft};
use crate::distro::configure::files;

/// Debian's own names and places.
const NOLOGIN: &str = "/usr/sbin/nologin";
const NOWHERE: &str = "/nonexistent";
const NOGROUP: u32 = 65534;

/// When accounts are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct When {
    /// The day of shadow(5).
    pub(super) day: i64,
    /// Whether adduser is that of Debian 12, which gives the comment field its four parts.
    pub(super) pads: bool,
}

/// Carries out a call; `None` where it is not understood, or cannot be.
pub(super) fn run(draft: &mut Draft<'_>, name: &str, words: &[&str], when: When) -> Option<()> {
    let day = when.day;
    match name {
        "adduser" | "addgroup" => adduser(draft, name == "addgroup", words, when),
        "groupadd" => groupadd(draft, words),
        "useradd" => useradd(draft, words, day),
        "usermod" => usermod(draft, words),
        "gpasswd" => match words {
            ["-a" | "--add", user, group] => draft.accounts.add_member(user, group).then_some(()),
            _ => None,
        },
        _ => None,
    }
}

fn adduser(draft: &mut Draft<'_>, as_group: bool, words: &[&str], when: When) -> Option<()> {
    let long = [
        ("--system", 'S'),
        ("--group", 'g'),
        ("--home", 'h'),
        ("--no-create-home", 'H'),
        ("--shell", 's'),
        ("--uid", 'u'),
        ("--gid", 'i'),
        ("--ingroup", 'G'),
        ("--gecos", 'c'),
        ("--comment", 'c'),
        ("--quiet", 'q'),
        ("--disabled-password", 'p'),
        ("--disabled-login", 'l'),
        ("--force-badname", 'b'),
        ("--allow-bad-names", 'b'),
        ("--allow-badname", 'b'),
        ("--firstuid", 'x'),
        ("--lastuid", 'x'),
        ("--firstgid", 'x'),
        ("--lastgid", 'x'),
        ("--add_extra_groups", 'e'),
    ];
    let arguments = Arguments::read(words, "SgHqplbe", "hsuiGcx", &long)?;
    if let [user, group] = arguments.operands[..] {
        let plain = !arguments.has('S') && !as_group;
        return (plain && draft.accounts.add_member(user, group)).then_some(());
    }
    let [name] = arguments.operands[..] else {
        return None;
    };
    // An account for a person would get the first id from 1000 on, a password and a home.
    if !arguments.has('S') {
        return None;
    }
    let number = |letter: char| -> Option<Option<u32>> {
        match arguments.value(letter) {
            Some(text) => Some(Some(id(text)?)),
            None => Some(None),
        }
    };
    if as_group {
        return draft.accounts.add_group(name, number('i')?).map(|_| ());
    }
    if let Some((uid, _)) = draft.accounts.user(name) {
        // One that is no system's is an error to adduser.
        return (100..1000).contains(&uid).then_some(());
    }
    let uid = number('u')?;
    let (uid, gid) = match (arguments.value('G'), number('i')?) {
        (Some(group), _) => (uid, draft.accounts.group(group)?),
        (None, Some(gid)) => (uid, gid),
        (None, None) if arguments.has('g') => {
            let known = draft.accounts.group(name);
            let own = known.or(uid).or_else(|| draft.accounts.common_id(name))?;
            let gid = draft.accounts.add_group(name, Some(own))?;
            (uid, gid)
        }
        (None, None) => (uid, NOGROUP),
    };
    let home = arguments.value('h').unwrap_or(NOWHERE);
    if !is_home(home) {
        return None;
    }
    let new = NewUser {
        name: name.into(),
        uid,
        gid,
        gecos: match arguments.value('c').unwrap_or_default() {
            name if when.pads && !name.is_empty() && !name.contains(',') => format!("{name},,,"),
            name => name.to_owned(),
        },
        home: home.into(),
        shell: arguments.value('s').unwrap_or(NOLOGIN).into(),
        password: "!",
        aging: ":::::",
    };
    let uid = draft.accounts.add_user(&new, when.day)?;
    if !arguments.has('H') && home != NOWHERE && !draft.exists(home) {
        let access = Access {
            mode: 0o755,
            uid,
            gid,
        };
        draft.put_directory(home, access);
    }
    Some(())
}

fn groupadd(draft: &mut Draft<'_>, words: &[&str]) -> Option<()> {
    let long = [("--system", 'r'), ("--gid", 'g'), ("--force", 'f')];
    let arguments = Arguments::read(words, "rf", "g", &long)?;
    let [name] = arguments.operands[..] else {
        return None;
    };
    let gid = match arguments.value('g') {
        Some(text) => Some(id(text)?),
        None if arguments.has('r') => None,
        // The first id from 1000 on.
        None => return None,
    };
    draft.accounts.add_group(name, gid).map(|_| ())
}

fn useradd(draft: &mut Draft<'_>, words: &[&str], day: i64) -> Option<()> {
    let long = [
        ("--system", 'r'),
        ("--uid", 'u'),
        ("--gid", 'g'),
        ("--groups", 'G'),
        ("--home-dir", 'd'),
        ("--home", 'd'),
        ("--shell", 's'),
        ("--comment", 'c'),
        ("--create-home", 'm'),
        ("--no-create-home", 'M'),
        ("--no-user-group", 'N'),
        ("--user-group", 'U'),
        ("--no-log-init", 'l'),
    ];
    let arguments = Arguments::read(words, "rmMNUl", "ugGdsc", &long)?;
    let [name] = arguments.operands[..] else {
        return None;
    };
    let uid = match arguments.value('u') {
        Some(text) => Some(id(text)?),
        None if arguments.has('r') => None,
        None => return None,
    };
    if draft.accounts.user(name).is_some() {
        return Some(());
    }
    let gid = match arguments.value('g') {
        Some(group) => draft.accounts.gid(group)?,
        None if arguments.has('N') => 100,
        None => {
            let known = draft.accounts.group(name);
            let own = known.or(uid).or_else(|| draft.accounts.common_id(name))?;
            draft.accounts.add_group(name, Some(own))?
        }
    };
    let home = arguments.value('d').map(str::to_owned);
    let home = home.unwrap_or_else(|| format!("/home/{name}"));
    if !is_home(&home) {
        return None;
    }
    let new = NewUser {
        name: name.into(),
        uid,
        gid,
        gecos: arguments.value('c').unwrap_or_default().into(),
        home: home.clone(),
        shell: arguments.value('s').unwrap_or("/bin/sh").into(),
        password: "!",
        aging: ":::::",
    };
    let uid = draft.accounts.add_user(&new, day)?;
    for group in arguments.value('G').iter().flat_map(|list| list.split(',')) {
        draft.accounts.add_member(name, group).then_some(())?;
    }
    if arguments.has('m') && !draft.exists(&home) {
        let access = Access {
            mode: 0o700,
            uid,
            gid,
        };
        draft.put_directory(&home, access);
    }
    Some(())
}

/// `usermod -a -G GROUP,GROUP USER`; other changes are not understood.
fn usermod(draft: &mut Draft<'_>, words: &[&str]) -> Option<()> {
    let long = [("--append", 'a'), ("--groups", 'G')];
    let arguments = Arguments::read(words, "a", "G", &long)?;
    let ([user], Some(groups), true) = (
        &arguments.operands[..],
        arguments.value('G'),
        arguments.has('a'),
    ) else {
        return None;
    };
    let mut groups = groups.split(',');
    groups
        .all(|group| draft.accounts.add_member(user, group))
        .then_some(())
}

/// A number of a user or group; two of them mean nobody.
fn id(text: &str) -> Option<u32> {
    text.parse()
        .ok()
        .filter(|id| !matches!(*id, 0xffff | u32::MAX))
}

/// Whether a directory can be a home.
fn is_home(path: &str) -> bool {
    files::absolute(path) && !path.split('/').any(|part| part == "..")
}
