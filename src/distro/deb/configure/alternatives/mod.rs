//! What `update-alternatives --install` leaves behind in a root where it never ran before.
//!
//! The arguments of each call and a view of the root in, links and dpkg's records out
//! (update-alternatives(1), dpkg 1.21 and 1.22, which do the same). Nothing is run. The calls are
//! followed step by step, because their order shows in the result: an earlier choice of equal
//! priority stays, a later call can rename a link, and what one call makes the next one sees.
//!
//! Guaranteed: the records are the program's own to the byte, and a real call inside the root
//! finds every group whole. Not made: the log, and the links' times (the program gives a new link
//! the time of what it points to).

mod group;
mod install;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use group::Group;
pub(in crate::distro::deb::configure) use install::{Install, parse};
pub(in crate::distro::deb::configure) use view::Place;
use view::View;

/// Calls for one root: a desktop has some hundred.
const MAX_INSTALLS: usize = 8192;
/// Where the links of the groups lie; a part of the interface, not a setting.
const LINKS: &str = "/etc/alternatives";
/// Where dpkg keeps one record for each group.
const RECORDS: &str = "/var/lib/dpkg/alternatives";
/// How the program marks a link that is not in its place yet.
const UNFINISHED: &str = ".dpkg-tmp";

/// What the calls leave behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct State {
    /// Link to its target. The paths are real ones: no directory on the way is a link.
    pub(in crate::distro::deb::configure) links: BTreeMap<String, String>,
    /// The records, by path.
    pub(in crate::distro::deb::configure) files: BTreeMap<String, Vec<u8>>,
    /// Real paths that were in the root and are gone: links of slaves that cannot be had.
    pub(in crate::distro::deb::configure) removed: BTreeSet<String>,
    /// Calls that the program ends with an error, and why. Most change nothing before they fail.
    pub(in crate::distro::deb::configure) refused: Vec<String>,
}

/// The state after all calls, in their order. `look` says what lies at a path of the root before
/// the first one; it is only asked for paths whose directories are no links, and needs to know
/// directories too.
pub(in crate::distro::deb::configure) fn state(
    installs: &[Install],
    look: &dyn Fn(&str) -> Place,
) -> State {
    let mut work = Work {
        view: View::new(look),
        groups: BTreeMap::new(),
    };
    let mut state = State::default();
    for (number, install) in installs.iter().enumerate() {
        let done = if number < MAX_INSTALLS {
            work.install(install)
        } else {
            Err(format!("more than {MAX_INSTALLS} calls"))
        };
        if let Err(why) = done {
            state.refused.push(format!("{}: {why}", install.name));
        }
    }
    for (name, group) in &work.groups {
        let path = format!("{RECORDS}/{name}");
        state.files.insert(path, group.record());
    }
    (state.links, state.removed) = work.view.changes();
    state
}

/// What is known between two calls.
struct Work<'a> {
    view: View<'a>,
    /// The records, by the group's name.
    groups: BTreeMap<String, Group>,
}

impl Work<'_> {
    fn install(&mut self, new: &Install) -> Result<(), String> {
        self.check(new)?;
        let known = match self.groups.get(&new.name) {
            Some(group) if !group.readable() => {
                return Err("its record names one link twice".to_owned());
            }
            // Reading a record forgets the choices that are gone.
            Some(group) => Some(group.living(|path| self.view.is_missing(path))),
            None => None,
        };
        let alias = format!("{LINKS}/{}", new.name);
        let current = match self.view.at(&alias) {
            Place::Nothing => None,
            Place::Link(target) => Some(target),
            Place::Other => return Err(format!("{alias} is no link")),
        };
        let mut group = match known {
            None => Group::new(new),
            Some(mut group) => {
                match &current {
                    None => group.auto = true,
                    Some(path) if group.has(path) => {}
                    // A link that somebody else changed is left to them while it leads anywhere.
                    Some(path) => group.auto = self.view.is_missing(path),
                }
                self.evolve(&mut group, new, current.as_deref())?;
                group
            }
        };
        group.add(new);
        let best = group.best(current.as_deref()).map(str::to_owned);
        let wanted = if group.auto && best != current {
            best
        } else if self.is_broken(&group, &new.name, current.as_deref()) {
            if current.as_deref().is_some_and(|path| !group.has(path)) {
                group.auto = true;
                best
            } else {
                current
            }
        } else {
            None
        };
        let moves = match wanted {
            Some(path) => self.prepare(&group, new, &path)?,
            None => Vec::new(),
        };
        group.tidy();
        self.groups.insert(new.name.clone(), group);
        for step in moves {
            match step {
                Step::Finish(path) => {
                    let unfinished = format!("{path}{UNFINISHED}");
                    self.view.rename(&unfinished, &path)?;
                }
                Step::Remove(path) => self.view.remove(&path),
            }
        }
        Ok(())
    }

    /// Refuses a call that takes a name or a link of another group.
    fn check(&self, new: &Install) -> Result<(), String> {
        let readable = || self.groups.iter().filter(|(_, group)| group.readable());
        let of_name = |name: &str| {
            readable()
                .find(|(owner, group)| *owner == name || group.slave_link(name).is_some())
                .filter(|(owner, _)| **owner != new.name)
        };
        let of_link = |link: &str| {
            readable().find(|(_, group)| group.link == link || group.slave_of(link).is_some())
        };
        let taken = |link: &str, owner: &str| Err(format!("{link} belongs to {owner}"));
        if let Some((owner, _)) = of_name(&new.name) {
            return Err(format!("the name belongs to {owner}"));
        }
        if let Some((owner, _)) = of_link(&new.link).filter(|(owner, _)| **owner != new.name) {
            return taken(&new.link, owner);
        }
        if self.view.is_missing(&new.path) {
            return Err(format!("{} does not exist", new.path));
        }
        for slave in &new.slaves {
            if let Some((owner, _)) = of_name(&slave.name) {
                return Err(format!("the name {} belongs to {owner}", slave.name));
            }
            if let Some((owner, group)) = of_link(&slave.link) {
                if *owner != new.name {
                    return taken(&slave.link, owner);
                }
                if let Some(other) = group.slave_of(&slave.link).filter(|o| *o != slave.name) {
                    return taken(&slave.link, other);
                }
            }
        }
        Ok(())
    }

    /// Moves the links of a known group to where the new call wants them.
    fn evolve(
        &mut self,
        group: &mut Group,
        new: &Install,
        current: Option<&str>,
    ) -> Result<(), String> {
        if group.link != new.link && matches!(self.view.at(&group.link), Place::Link(_)) {
            self.view.rename(&group.link, &new.link)?;
        }
        group.link.clone_from(&new.link);
        for slave in &new.slaves {
            let old = group.slave_link(&slave.name).map(str::to_owned);
            if let Some(old) = old.filter(|old| *old != slave.link)
                && matches!(self.view.at(&old), Place::Link(_))
            {
                let file = if current == Some(new.path.as_str()) {
                    Some(slave.path.clone())
                } else {
                    match self.view.at(&format!("{LINKS}/{}", slave.name)) {
                        Place::Link(target) => Some(target),
                        _ => None,
                    }
                };
                if file.is_some_and(|file| !self.view.is_missing(&file)) {
                    self.view.rename(&old, &slave.link)?;
                } else {
                    self.view.remove(&old);
                }
            }
            group.set_slave(&slave.name, &slave.link);
        }
        Ok(())
    }

    /// Whether a group's links are not what its current choice wants.
    fn is_broken(&self, group: &Group, name: &str, current: Option<&str>) -> bool {
        let leads = |link: &str, to: &str| matches!(self.view.at(link), Place::Link(target) if target == to);
        let Some(current) = current.filter(|_| leads(&group.link, &format!("{LINKS}/{name}")))
        else {
            return true;
        };
        if !group.has(current) {
            return false;
        }
        group.slaves.iter().any(|(name, link)| {
            let alias = format!("{LINKS}/{name}");
            match group.file(current, name) {
                Some(file) if !self.view.is_missing(file) => {
                    !leads(link, &alias) || !leads(&alias, file)
                }
                _ => [link, &alias]
                    .iter()
                    .any(|path| self.view.at(path) != Place::Nothing),
            }
        })
    }

    /// Makes the links of one choice beside their places; the steps put them there.
    fn prepare(&mut self, group: &Group, new: &Install, choice: &str) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        self.prepare_one(new, &new.name, &group.link, choice, &mut steps)?;
        for (name, link) in &group.slaves {
            match group.file(choice, name) {
                Some(file) if !self.view.is_missing(file) => {
                    self.prepare_one(new, name, link, file, &mut steps)?;
                }
                _ => {
                    if new.force || self.view.at(link) != Place::Other {
                        steps.push(Step::Remove(link.clone()));
                    }
                    steps.push(Step::Remove(format!("{LINKS}/{name}")));
                }
            }
        }
        Ok(steps)
    }

    fn prepare_one(
        &mut self,
        new: &Install,
        name: &str,
        link: &str,
        file: &str,
        steps: &mut Vec<Step>,
    ) -> Result<(), String> {
        let alias = format!("{LINKS}/{name}");
        self.view.link(&format!("{alias}{UNFINISHED}"), file)?;
        steps.push(Step::Finish(alias.clone()));
        let wanted = match self.view.at(link) {
            Place::Nothing => true,
            Place::Link(target) => target != alias,
            // What a package ships there stays.
            Place::Other => false,
        };
        if wanted || new.force {
            self.view.link(&format!("{link}{UNFINISHED}"), &alias)?;
            steps.push(Step::Finish(link.to_owned()));
        }
        Ok(())
    }
}

/// One change to a root, made when all of a call is ready.
enum Step {
    Finish(String),
    Remove(String),
}

#[cfg(test)]
mod tests;
