//! The `[Install]` section of a unit, as systemd reads it (systemd.unit(5)).

use super::checked;

/// What `[Install]` says.
#[derive(Default)]
pub(super) struct Install {
    pub(super) aliases: Vec<String>,
    pub(super) wanted: Vec<String>,
    pub(super) required: Vec<String>,
    pub(super) upheld: Vec<String>,
    pub(super) also: Vec<String>,
    pub(super) instance: Option<String>,
}

impl Install {
    pub(super) fn read(bytes: &[u8], unit: &str) -> Result<Self, String> {
        let text = String::from_utf8_lossy(bytes);
        let mut install = Self::default();
        let mut inside = false;
        let mut joined = String::new();
        for line in text.lines() {
            let line = line.trim();
            if line.starts_with(['#', ';']) {
                continue;
            }
            joined.push_str(line.strip_suffix('\\').unwrap_or(line));
            if line.ends_with('\\') {
                joined.push(' ');
                continue;
            }
            let line = std::mem::take(&mut joined);
            if line.starts_with('[') {
                inside = line == "[Install]";
            } else if let Some((key, value)) = line.split_once('=').filter(|_| inside) {
                install.set(key.trim_end(), value.trim_start(), unit)?;
            }
        }
        Ok(install)
    }

    fn set(&mut self, key: &str, value: &str, unit: &str) -> Result<(), String> {
        let list = match key {
            "Alias" => &mut self.aliases,
            "WantedBy" => &mut self.wanted,
            "RequiredBy" => &mut self.required,
            "UpheldBy" => &mut self.upheld,
            "Also" => &mut self.also,
            "DefaultInstance" => {
                self.instance = Some(expand(value, unit)?).filter(|value| !value.is_empty());
                return Ok(());
            }
            _ => return Ok(()),
        };
        // An empty value forgets the earlier ones.
        if value.is_empty() && key != "Also" {
            list.clear();
        }
        for word in value.split_ascii_whitespace() {
            list.push(expand(word.trim_matches(['"', '\'']), unit)?);
        }
        Ok(())
    }
}

/// Puts the parts of a unit's name in place of their specifiers.
fn expand(word: &str, unit: &str) -> Result<String, String> {
    let stem = unit.rsplit_once('.').map_or(unit, |(stem, _)| stem);
    let (prefix, instance) = stem.split_once('@').unwrap_or((stem, ""));
    let last = prefix.rsplit('-').next().unwrap_or(prefix);
    let mut out = String::new();
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push_str(unit),
            Some('N') => out.push_str(stem),
            Some('p') => out.push_str(prefix),
            Some('i') => out.push_str(instance),
            Some('j') => out.push_str(last),
            Some('%') => out.push('%'),
            _ => return Err(format!("the specifier in `{word}` of {unit}")),
        }
    }
    Ok(out)
}

/// An alias has its unit's kind, and is a template where the unit is one; one in a directory of
/// dependencies has the unit's name.
pub(super) fn alias_fits(alias: &str, unit: &str) -> bool {
    let shape = |name: &str| {
        let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
        let template = stem
            .split_once('@')
            .map(|(_, instance)| instance.is_empty());
        (template, kind.to_owned())
    };
    match alias.split_once('/') {
        None => checked(alias).is_ok() && shape(alias) == shape(unit),
        Some((directory, name)) => {
            let known = [".wants", ".requires", ".upholds"];
            let target = known.iter().find_map(|end| directory.strip_suffix(end));
            target.is_some_and(|target| checked(target).is_ok()) && name == unit
        }
    }
}
