//! Carries out the statements of Debian's maintainer scripts, as on a system that is installed anew
//! and on which nothing runs.

use std::cell::RefCell;
use std::cmp::Ordering;

use super::needless::{KNOWN, NOT_NEEDED, OF_THE_RUNNING, PAM_PLAIN, of_the_running};
use super::state::{Managed, Program, State};
use super::units::{Root, Units};
use super::{alternatives, capabilities, ldconfig, systemd, users};
use crate::distro::configure::draft::{Access, Draft};
use crate::distro::configure::files::{self, literal};
use crate::distro::configure::rules;
use crate::distro::configure::shell::{Command, Machine, Outcome};
use crate::distro::deb::{divert, version};
use crate::tree::Kind;

/// One script of one package while it is read.
pub(super) struct DebBench<'a, 'g> {
    pub(super) draft: &'a mut Draft<'g>,
    pub(super) state: &'a mut State,
    /// The day of shadow(5).
    pub(super) day: i64,
    /// The package's name.
    pub(super) package: &'a str,
    /// `preinst` or `postinst`.
    pub(super) script: &'a str,
    /// `$1`: `install`, `configure`, `triggered`.
    pub(super) action: &'a str,
    /// `$2`
    pub(super) argument: &'a str,
}

impl Machine for DebBench<'_, '_> {
    fn variable(&self, name: &str) -> Option<String> {
        let known = match name {
            "1" => self.action,
            "2" => self.argument,
            "3" | "DPKG_ROOT" => "",
            "DPKG_MAINTSCRIPT_PACKAGE" => self.package,
            "DPKG_MAINTSCRIPT_NAME" => self.script,
            "(command -v systemd-tmpfiles)" => "/usr/bin/systemd-tmpfiles",
            "(command -v systemd-sysusers)" => "/usr/bin/systemd-sysusers",
            _ => return None,
        };
        Some(known.to_owned())
    }

    fn holds(&mut self, words: &[String]) -> Option<bool> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            // Nothing runs: there is no init, no kernel's file system, no socket.
            [
                "test",
                _,
                "/run/systemd/system" | "/proc/1/root" | "/run/dbus/system_bus_socket",
            ] => Some(false),
            ["test", "-x" | "-e" | "-f", path] if path.starts_with("/etc/init.d/") => {
                Some(self.draft.exists(path))
            }
            ["test", "-x", path] if KNOWN.contains(&path.rsplit('/').next()?) => Some(true),
            ["command", "-v", name] | ["which", name] if KNOWN.contains(&name) => Some(true),
            ["deb-systemd-helper", ref rest @ ..] => {
                let user = rest.contains(&"--user");
                let rest = rest.iter().filter(|word| !word.starts_with("--"));
                match rest.copied().collect::<Vec<_>>()[..] {
                    ["was-enabled", unit] => {
                        Some(self.with_units(|units| units.was_enabled(unit, user)))
                    }
                    ["debian-installed", unit] => {
                        Some(self.with_units(|units| units.debian_installed(unit, user)))
                    }
                    _ => None,
                }
            }
            ["dpkg", "--compare-versions", a, operator, b] => compare(a, operator, b),
            ["dpkg", "--compare-versions", "--", a, operator, b] => compare(a, operator, b),
            // By number is another question.
            ["getent", _, id] if id.parse::<u32>().is_ok() => None,
            ["getent", "passwd", name] => Some(self.draft.accounts.user(name).is_some()),
            ["getent", "group", name] => Some(self.draft.accounts.group(name).is_some()),
            ["dpkg-statoverride", "--list", path]
            | ["dpkg-statoverride", "--quiet", "--list", path] => {
                Some(self.state.overrides.contains_key(path))
            }
            _ => None,
        }
    }

    fn run(&mut self, command: &Command<'_>) -> Outcome {
        let Some(Some(name)) = command.words.first() else {
            return Outcome::Unknown;
        };
        let Some(name) = files::program(name) else {
            return Outcome::Unknown;
        };
        if command.output.is_none()
            && (OF_THE_RUNNING.contains(&name) || NOT_NEEDED.contains(&name))
        {
            return Outcome::Nothing;
        }
        if command.output.is_some() || command.input.is_some() {
            return files::run(self.draft, command);
        }
        let Some(words) = literal(command) else {
            return Outcome::Unknown;
        };
        if of_the_running(name, &words[1..]) {
            return Outcome::Nothing;
        }
        match self.program(name, &words[1..]) {
            Some(outcome) => outcome,
            None => files::run(self.draft, command),
        }
    }
}

/// dpkg(1): an empty version is before all others, or behind them with `-nl`.
fn compare(a: &str, operator: &str, b: &str) -> Option<bool> {
    let (operator, empty_last) = match operator.strip_suffix("-nl") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let order = match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) if empty_last => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, true) if empty_last => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => version::compare(a, b),
    };
    Some(match operator {
        "lt" | "<<" => order.is_lt(),
        "le" | "<=" | "<" => order.is_le(),
        "eq" | "=" => order.is_eq(),
        "ne" => order.is_ne(),
        "ge" | ">=" | ">" => order.is_ge(),
        "gt" | ">>" => order.is_gt(),
        _ => return None,
    })
}

impl DebBench<'_, '_> {
    /// Debian's own programs; `None` for any other.
    fn program(&mut self, name: &str, words: &[&str]) -> Option<Outcome> {
        let done = |done: bool| {
            Some(if done {
                Outcome::Done
            } else {
                Outcome::Unknown
            })
        };
        match name {
            "." | "source" => Some(match words {
                // Its functions only speak with debconf, and what they say is not read.
                ["/usr/share/debconf/confmodule" | "/lib/lsb/init-functions"] => Outcome::Nothing,
                _ => Outcome::Unknown,
            }),
            "adduser" | "addgroup" | "useradd" | "groupadd" | "usermod" | "gpasswd" => {
                done(users::run(self.draft, name, words, self.when()).is_some())
            }
            "update-alternatives" => {
                let owned: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
                let install = alternatives::parse(&owned);
                // The program refuses what is not there.
                let there = |install: &alternatives::Install| self.draft.exists(&install.path);
                let install = install.filter(there);
                let known = install.is_some();
                self.state.alternatives.extend(install);
                done(known)
            }
            "dpkg-divert" => {
                // Those of preinst scripts were read before, for they decide which files exist.
                let owned: Vec<Option<String>> = std::iter::once("dpkg-divert")
                    .chain(words.iter().copied())
                    .map(|word| Some(word.to_owned()))
                    .collect();
                let package = self.package.parse().ok()?;
                let adds = divert::statement(&owned, &package).is_some();
                done(adds && self.script == "preinst")
            }
            "dpkg-statoverride" => done(self.statoverride(words).is_some()),
            "dpkg-trigger" => {
                let options = |word: &&&str| !word.starts_with("--");
                let names = words.iter().filter(options);
                self.state
                    .triggers
                    .extend(names.map(|name| (*name).to_owned()));
                done(true)
            }
            "deb-systemd-helper" => self.unit(words),
            "update-rc.d" => match words {
                [name, "defaults" | "enable", ..] => {
                    self.state.rc.push(((*name).to_owned(), true));
                    done(true)
                }
                [name, "defaults-disabled" | "disable", ..] => {
                    self.state.rc.push(((*name).to_owned(), false));
                    done(true)
                }
                _ => None,
            },
            "systemd-sysusers" => done(systemd::sysusers(self.draft, &operands(words)?, self.day)),
            "systemd-tmpfiles" => done(systemd::tmpfiles(self.draft, &operands(words)?)),
            "add-shell" if words.iter().all(|word| files::absolute(word)) => {
                let shells = words.iter().map(|word| (*word).to_owned());
                self.state.shells.extend(shells);
                self.later(Program::UpdateShells)
            }
            "update-shells" => self.later(Program::UpdateShells),
            "pam-auth-update" if words.iter().all(|word| PAM_PLAIN.contains(word)) => {
                self.later(Program::PamAuthUpdate)
            }
            "update-ca-certificates" => self.later(Program::CaCertificates),
            "update-java-certificates" => self.later(Program::JavaCertificates),
            "ldconfig" if ldconfig::is_known(self.draft, &self.state.arch) => {
                self.later(Program::Ldconfig)
            }
            "shadowconfig" if words == ["on"] => {
                self.draft.accounts.hide_passwords(self.day);
                done(true)
            }
            // The image has the masters from the start.
            "update-passwd" => Some(Outcome::Nothing),
            "ucf" => {
                let operands: Vec<&&str> = words.iter().filter(|w| !w.starts_with("--")).collect();
                let [from, to] = operands[..] else {
                    return done(false);
                };
                done(self.ucf(from, to).is_some())
            }
            _ => None,
        }
    }

    fn when(&self) -> users::When {
        users::When {
            day: self.day,
            pads: self.state.release.starts_with("bookworm"),
        }
    }

    fn later(&mut self, program: Program) -> Option<Outcome> {
        self.state.programs.insert(program);
        Some(Outcome::Done)
    }

    /// `dpkg-statoverride --update --add USER GROUP MODE PATH`
    fn statoverride(&mut self, words: &[&str]) -> Option<()> {
        let mut update = false;
        let mut rest = Vec::new();
        for word in words {
            match *word {
                "--update" => update = true,
                "--add" | "--quiet" | "--force" | "--force-statoverride-add" => {}
                option if option.starts_with("--") => return None,
                operand => rest.push(operand),
            }
        }
        let [user, group, mode, path] = rest[..] else {
            return None;
        };
        let mode = files::mode(mode)?;
        if !words.contains(&"--add") || !files::absolute(path) {
            return None;
        }
        // By name alone: dpkg keeps names.
        self.draft.accounts.user(user)?;
        self.draft.accounts.group(group)?;
        let uid = self.draft.accounts.uid(user)?;
        let gid = self.draft.accounts.gid(group)?;
        if update && self.draft.exists(path) {
            let changed = self.draft.change(path, |meta| {
                (meta.uid, meta.gid, meta.mode) = (uid, gid, mode);
            });
            changed.then_some(())?;
        }
        let value = (user.to_owned(), group.to_owned(), mode);
        self.state.overrides.insert(path.to_owned(), value);
        Some(())
    }

    /// `deb-systemd-helper [--user] VERB UNIT...`
    fn unit(&mut self, words: &[&str]) -> Option<Outcome> {
        let user = words.contains(&"--user");
        let mut rest = words.iter().filter(|word| !word.starts_with("--"));
        let verb = *rest.next()?;
        let units: Vec<&str> = rest.copied().collect();
        match verb {
            "enable" | "mask" | "unmask" | "update-state" => {
                let all = units.iter().all(|unit| self.enable(verb, unit, user));
                Some(if all { Outcome::Done } else { Outcome::Unknown })
            }
            "was-enabled" | "debian-installed" | "reenable" => Some(Outcome::Nothing),
            _ => Some(Outcome::Unknown),
        }
    }

    /// One unit of `deb-systemd-helper`; whether it could be done.
    fn enable(&mut self, verb: &str, unit: &str, user: bool) -> bool {
        let done = self.with_units(|units| match verb {
            "enable" => units.enable(unit, user),
            "mask" => units.mask(unit, user),
            "unmask" => units.unmask(unit, user),
            _ => units.update_state(unit, user),
        });
        done.is_ok()
    }

    fn with_units<T>(&mut self, call: impl FnOnce(&mut Units<'_>) -> T) -> T {
        let shared = RefCell::new(&mut *self.draft);
        let read = |path: &str| shared.borrow_mut().read(path);
        let link = |path: &str| match shared.borrow().node(path)?.kind {
            Kind::Symlink(target) => String::from_utf8(target.to_vec()).ok(),
            _ => None,
        };
        let root = Root {
            read: &read,
            link: &link,
        };
        let mut units = Units::new(root, self.state.systemctl.as_ref());
        units.made = std::mem::take(&mut self.state.units);
        let out = call(&mut units);
        self.state.units = units.made;
        out
    }

    /// ucf(1) on a system that has neither file nor history.
    fn ucf(&mut self, from: &str, to: &str) -> Option<()> {
        if !files::absolute(to) {
            return None;
        }
        if self.draft.node(to).is_none() {
            let (_, blob) = self.draft.file(from)?;
            self.draft
                .put_file(to, blob, Access::root(0o644))
                .then_some(())?;
        }
        let managed = Managed {
            from: from.to_owned(),
            package: self.package.to_owned(),
        };
        self.state.ucf.insert(to.to_owned(), managed);
        Some(())
    }
}

impl<'g> rules::Bench<'g> for DebBench<'_, 'g> {
    fn draft(&mut self) -> &mut Draft<'g> {
        self.draft
    }

    fn holds_guard(&self, kind: &str, name: &str) -> bool {
        match kind {
            "package" => self.state.packages.contains(name),
            "arch" => self.state.arch == name,
            _ => false,
        }
    }

    fn special(&mut self, words: &[&str]) -> Option<bool> {
        Some(match words {
            ["trigger", name] => {
                self.state.triggers.insert((*name).to_owned());
                true
            }
            // Those of rules are read where files are placed.
            ["dpkg-divert", ..] => true,
            ["setcap", text, path] => capabilities::setcap(self.draft, text, path),
            _ => return None,
        })
    }
}

/// The operands of systemd's programs: they take options that change where, not what.
fn operands<'a>(words: &[&'a str]) -> Option<Vec<&'a str>> {
    let known = ["--create", "--root=", "--remove", "--boot"];
    let mut out = Vec::new();
    for word in words {
        match word.starts_with("--") {
            true if known.contains(word) => {}
            true => return None,
            false => out.push(*word),
        }
    }
    Some(out)
}
