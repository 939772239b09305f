//! One group of alternatives and its record, a file of lines that dpkg reads back.

use std::collections::BTreeMap;

use super::Install;

/// A group as its record says it.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// Whether the best choice is taken by itself.
    pub(super) auto: bool,
    pub(super) link: String,
    /// Names and links.
    pub(super) slaves: Vec<(String, String)>,
    choices: Vec<Choice>,
}

#[derive(Debug, Clone)]
struct Choice {
    path: String,
    priority: i32,
    /// Slave's name to what its link leads to.
    files: BTreeMap<String, String>,
}

impl Group {
    /// A group without choices yet.
    pub(super) fn new(install: &Install) -> Self {
        let slaves = install.slaves.iter();
        Self {
            auto: true,
            link: install.link.clone(),
            slaves: slaves.map(|s| (s.name.clone(), s.link.clone())).collect(),
            choices: Vec::new(),
        }
    }

    /// Without the choices whose path is gone.
    pub(super) fn living(&self, is_missing: impl Fn(&str) -> bool) -> Self {
        let mut group = self.clone();
        group.choices.retain(|choice| !is_missing(&choice.path));
        group
    }

    /// A choice of the same path takes the old one's place.
    pub(super) fn add(&mut self, install: &Install) {
        let slaves = install.slaves.iter();
        let choice = Choice {
            path: install.path.clone(),
            priority: install.priority,
            files: slaves.map(|s| (s.name.clone(), s.path.clone())).collect(),
        };
        match self.choices.iter_mut().find(|old| old.path == choice.path) {
            Some(old) => *old = choice,
            None => self.choices.push(choice),
        }
    }

    pub(super) fn set_slave(&mut self, name: &str, link: &str) {
        match self.slaves.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => link.clone_into(old),
            None => self.slaves.push((name.to_owned(), link.to_owned())),
        }
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.choices.iter().any(|choice| choice.path == path)
    }

    /// What a slave's link leads to with one choice.
    pub(super) fn file(&self, choice: &str, slave: &str) -> Option<&str> {
        let choice = self.choices.iter().find(|known| known.path == choice)?;
        choice.files.get(slave).map(String::as_str)
    }

    pub(super) fn slave_link(&self, name: &str) -> Option<&str> {
        let mut slaves = self.slaves.iter();
        slaves
            .find(|(known, _)| known == name)
            .map(|(_, l)| l.as_str())
    }

    /// The slave of a link.
    pub(super) fn slave_of(&self, link: &str) -> Option<&str> {
        let mut slaves = self.slaves.iter();
        slaves
            .find(|(_, known)| known == link)
            .map(|(n, _)| n.as_str())
    }

    /// The highest priority; among equals the current choice, then the first.
    pub(super) fn best(&self, current: Option<&str>) -> Option<&str> {
        let now = self
            .choices
            .iter()
            .find(|c| Some(c.path.as_str()) == current);
        let mut best = now.or(self.choices.first())?;
        for choice in &self.choices {
            if choice.priority > best.priority {
                best = choice;
            }
        }
        Some(&best.path)
    }

    /// Whether the program reads the record back: it refuses a link that stands there twice. A
    /// group whose link moved to where a slave's was comes to this.
    pub(super) fn readable(&self) -> bool {
        self.slaves.iter().enumerate().all(|(number, (_, link))| {
            let mut before = self.slaves.iter().take(number);
            *link != self.link && !before.any(|(_, other)| other == link)
        })
    }

    /// Brings the group into the form that the record keeps.
    pub(super) fn tidy(&mut self) {
        let Self {
            slaves, choices, ..
        } = self;
        slaves.retain(|(name, _)| choices.iter().any(|c| c.files.contains_key(name)));
        slaves.sort();
        choices.sort_by(|a, b| a.path.cmp(&b.path));
    }

    /// Mode and link; names and links of the slaves, and an empty line; then for each choice its
    /// path, its priority and a line for each slave, and an empty line.
    pub(super) fn record(&self) -> Vec<u8> {
        let mode = if self.auto { "auto" } else { "manual" };
        let mut lines = vec![mode, &self.link];
        for (name, link) in &self.slaves {
            lines.extend([name.as_str(), link.as_str()]);
        }
        lines.push("");
        let numbers: Vec<String> = self
            .choices
            .iter()
            .map(|c| c.priority.to_string())
            .collect();
        for (choice, number) in self.choices.iter().zip(&numbers) {
            lines.extend([choice.path.as_str(), number.as_str()]);
            for (name, _) in &self.slaves {
                lines.push(choice.files.get(name).map_or("", String::as_str));
            }
        }
        lines.push("");
        let mut out = lines.join("\n").into_bytes();
        out.push(b'\n');
        out
    }
}
