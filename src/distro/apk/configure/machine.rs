//! Carries out the statements of Alpine's scripts, as on a system that is installed anew and on
//! which nothing runs; `adduser` and `addgroup` are busybox's.

use crate::distro::configure::accounts::NewUser;
use crate::distro::configure::arguments::Arguments;
use crate::distro::configure::certs;
use crate::distro::configure::draft::{Access, Draft};
use crate::distro::configure::files::{self, literal};
use crate::distro::configure::rules::Bench;
use crate::distro::configure::sha1;
use crate::distro::configure::shell::{Command, Machine, Outcome};

/// A program whose result is a function of the whole image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// `busybox --install -s`
    Applets,
    /// Alpine's update-ca-certificates(8)
    CaCertificates,
}

/// One script of one package while it is read.
pub(super) struct ApkBench<'a, 'g> {
    pub(super) draft: &'a mut Draft<'g>,
    pub(super) programs: &'a mut Vec<Program>,
    /// The day of shadow(5).
    pub(super) day: i64,
    /// `$1`
    pub(super) argument: &'a str,
}

/// Programs that only speak to what runs, and nothing runs in an image.
const OF_THE_RUNNING: &[&str] = &[
    "rc-service",
    "rc-status",
    "openrc",
    "kill",
    "killall",
    "sync",
];

impl Machine for ApkBench<'_, '_> {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "1" => Some(self.argument.to_owned()),
            "2" => Some(String::new()),
            _ => None,
        }
    }

    fn holds(&mut self, words: &[String]) -> Option<bool> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["getent", "passwd", name] => Some(self.draft.accounts.user(name).is_some()),
            ["getent", "group", name] => Some(self.draft.accounts.group(name).is_some()),
            _ => None,
        }
    }

    fn run(&mut self, command: &Command<'_>) -> Outcome {
        let words = literal(command);
        let Some(mut words) = words else {
            return Outcome::Unknown;
        };
        if command.output.is_some() || command.input.is_some() {
            return files::run(self.draft, command);
        }
        // `busybox mkdir` is `mkdir`.
        if words.len() > 1
            && files::program(words[0]) == Some("busybox")
            && !words[1].starts_with('-')
        {
            words.remove(0);
        }
        let Some(name) = files::program(words[0]) else {
            return Outcome::Unknown;
        };
        let done = match (name, &words[1..]) {
            (name, _) if OF_THE_RUNNING.contains(&name) => return Outcome::Nothing,
            ("busybox", ["--install", "-s"]) => {
                self.programs.push(Program::Applets);
                true
            }
            ("update-ca-certificates", [] | ["--fresh"]) => {
                self.programs.push(Program::CaCertificates);
                true
            }
            ("addgroup", rest) => addgroup(self.draft, rest).is_some(),
            ("adduser", rest) => adduser(self.draft, rest, self.day).is_some(),
            ("add-shell", shells) => add_shells(self.draft, shells),
            _ => {
                let owned: Vec<Option<String>> = words.iter().map(|w| Some((*w).into())).collect();
                return files::run(
                    self.draft,
                    &Command {
                        words: &owned,
                        output: None,
                        input: None,
                    },
                );
            }
        };
        if done {
            Outcome::Done
        } else {
            Outcome::Unknown
        }
    }
}

impl<'g> Bench<'g> for ApkBench<'_, 'g> {
    fn draft(&mut self) -> &mut Draft<'g> {
        self.draft
    }

    fn holds_guard(&self, _: &str, _: &str) -> bool {
        false
    }

    fn special(&mut self, _: &[&str]) -> Option<bool> {
        None
    }
}

/// `addgroup [-S] [-g GID] GROUP`, `addgroup USER GROUP`
fn addgroup(draft: &mut Draft<'_>, words: &[&str]) -> Option<()> {
    let arguments = Arguments::read(words, "S", "g", &[("--system", 'S'), ("--gid", 'g')])?;
    match arguments.operands[..] {
        [user, group] => draft.accounts.add_member(user, group).then_some(()),
        [name] if draft.accounts.group(name).is_some() => Some(()),
        [name] => {
            let gid = match arguments.value('g') {
                Some(text) => Some(text.parse().ok().filter(|id| *id != u32::MAX)?),
                None if arguments.has('S') => None,
                // The first id from 1000 on.
                None => return None,
            };
            draft.accounts.add_group(name, gid).map(|_| ())
        }
        _ => None,
    }
}

/// `adduser [-S] [-D] [-H] [-h HOME] [-g GECOS] [-s SHELL] [-G GROUP] [-u UID] USER`
fn adduser(draft: &mut Draft<'_>, words: &[&str], day: i64) -> Option<()> {
    let long = [
        ("--system", 'S'),
        ("--disabled-password", 'D'),
        ("--no-create-home", 'H'),
        ("--home", 'h'),
        ("--gecos", 'g'),
        ("--shell", 's'),
        ("--ingroup", 'G'),
        ("--uid", 'u'),
    ];
    let arguments = Arguments::read(words, "SDH", "hgsGuk", &long)?;
    let name = match arguments.operands[..] {
        [user, group] => return draft.accounts.add_member(user, group).then_some(()),
        [name] => name,
        _ => return None,
    };
    if draft.accounts.user(name).is_some() {
        return Some(());
    }
    if !arguments.has('S') && arguments.value('u').is_none() {
        return None;
    }
    let uid = match arguments.value('u') {
        Some(text) => Some(text.parse().ok().filter(|id| *id != u32::MAX)?),
        None => None,
    };
    let gid = match arguments.value('G') {
        Some(group) => draft.accounts.gid(group)?,
        // busybox puts system users into nogroup, and makes a group for all others.
        None if arguments.has('S') => draft.accounts.group("nogroup").unwrap_or(65533),
        None => draft.accounts.add_group(name, uid)?,
    };
    let home = arguments.value('h').map(str::to_owned);
    let home = home.unwrap_or_else(|| format!("/home/{name}"));
    if !files::absolute(&home) || home.split('/').any(|part| part == "..") {
        return None;
    }
    let new = NewUser {
        name: name.into(),
        uid,
        gid,
        gecos: arguments.value('g').unwrap_or("Linux User,,,").into(),
        home: home.clone(),
        shell: arguments.value('s').unwrap_or("/sbin/nologin").into(),
        password: "!",
        aging: "0:99999:7:::",
    };
    let uid = draft.accounts.add_user(&new, day)?;
    if let Some(group) = arguments.value('G') {
        draft.accounts.add_member(name, group);
    }
    // busybox takes a directory that is there over.
    if !arguments.has('H') && home != "/dev/null" {
        let access = Access {
            mode: 0o2755,
            uid,
            gid,
        };
        draft.put_directory(&home, access);
    }
    Some(())
}

/// Alpine's add-shell: a line of `/etc/shells` each.
fn add_shells(draft: &mut Draft<'_>, shells: &[&str]) -> bool {
    let mut text = draft.text("/etc/shells").unwrap_or_default();
    for shell in shells {
        if !files::absolute(shell) {
            return false;
        }
        if !text.lines().any(|line| line == *shell) {
            text += shell;
            text.push('\n');
        }
    }
    draft.write("/etc/shells", text.into_bytes(), 0o644)
}

/// See [`Program::CaCertificates`].
pub(super) fn certificates(draft: &mut Draft<'_>) {
    let conf = draft.read("/etc/ca-certificates.conf").unwrap_or_default();
    let shipped = draft.files("/usr/share/ca-certificates");
    let local = draft.files("/usr/local/share/ca-certificates");
    let mut present = draft.files("/etc/ssl/certs");
    present.retain(|(name, _)| !name.contains('/'));
    let made = certs::alpine(&conf, &shipped, &local, &present, &sha1);
    for (path, target) in &made.links {
        draft.put_link(&format!("/{path}"), target);
    }
    draft.write("/etc/ssl/certs/ca-certificates.crt", made.bundle, 0o644);
}
