//! A root as it was, and what became of it since: links made, moved and removed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::LINKS;

/// Links on one way, as Linux counts them.
const MAX_LINKS: usize = 40;

/// What lies at a path itself: the last part is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) enum Place {
    /// Nothing.
    Nothing,
    /// A symbolic link, with its target.
    Link(String),
    /// A file, a directory or anything else.
    Other,
}

pub(super) struct View<'a> {
    look: &'a dyn Fn(&str) -> Place,
    /// Real path to the link that is there now; `None` where a thing was taken away.
    now: BTreeMap<String, Option<String>>,
}

impl<'a> View<'a> {
    pub(super) fn new(look: &'a dyn Fn(&str) -> Place) -> Self {
        Self {
            look,
            now: BTreeMap::new(),
        }
    }

    /// What lies at a path.
    pub(super) fn at(&self, path: &str) -> Place {
        match self.resolve(path, false) {
            Some(real) => self.here(&real),
            None => Place::Nothing,
        }
    }

    /// Whether following a path to its end leads nowhere.
    pub(super) fn is_missing(&self, path: &str) -> bool {
        self.resolve(path, true)
            .is_none_or(|real| self.here(&real) == Place::Nothing)
    }

    /// Makes a link, whatever was there.
    pub(super) fn link(&mut self, path: &str, target: &str) -> Result<(), String> {
        let real = self.writable(path)?;
        self.now.insert(real, Some(target.to_owned()));
        Ok(())
    }

    /// Moves a link, over whatever is there.
    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), String> {
        let (source, target) = (self.writable(from)?, self.writable(to)?);
        match self.here(&source) {
            Place::Link(_) if source == target => {}
            Place::Link(link) => {
                self.now.insert(source, None);
                self.now.insert(target, Some(link));
            }
            // Two spellings of one path, of which the first has taken the link.
            _ => return Err(format!("{from} is no link any more")),
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &str) {
        if let Some(real) = self.resolve(path, false) {
            self.now.insert(real, None);
        }
    }

    /// The links that are there now, and the paths that are empty now and were not before.
    pub(super) fn changes(self) -> (BTreeMap<String, String>, BTreeSet<String>) {
        let (mut links, mut removed) = (BTreeMap::new(), BTreeSet::new());
        for (path, now) in self.now {
            match now {
                Some(target) => {
                    links.insert(path, target);
                }
                None => {
                    if (self.look)(&path) != Place::Nothing {
                        removed.insert(path);
                    }
                }
            }
        }
        (links, removed)
    }

    fn writable(&self, path: &str) -> Result<String, String> {
        self.resolve(path, false)
            .ok_or_else(|| format!("the directory of {path} does not exist"))
    }

    /// What lies at a real path.
    fn here(&self, real: &str) -> Place {
        match self.now.get(real) {
            Some(Some(target)) => Place::Link(target.clone()),
            Some(None) => Place::Nothing,
            None if real.is_empty() => Place::Other,
            // The program makes this directory where it is missing.
            None if real == LINKS => match (self.look)(real) {
                Place::Nothing => Place::Other,
                place => place,
            },
            None => (self.look)(real),
        }
    }

    /// The real path behind a path, the last part followed or not; `None` where a directory on
    /// the way is missing or the links go round in circles.
    fn resolve(&self, path: &str, follow: bool) -> Option<String> {
        let mut todo: VecDeque<String> = path.split('/').map(str::to_owned).collect();
        let mut real = String::new();
        let mut links = 0;
        while let Some(part) = todo.pop_front() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    real.truncate(real.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let length = real.len();
            real.push('/');
            real.push_str(&part);
            let last = todo.is_empty();
            if last && !follow {
                break;
            }
            match self.here(&real) {
                Place::Nothing if !last => return None,
                Place::Link(target) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return None;
                    }
                    real.truncate(if target.starts_with('/') { 0 } else { length });
                    for part in target.rsplit('/') {
                        todo.push_front(part.to_owned());
                    }
                }
                _ => {}
            }
        }
        Some(real)
    }
}
