//! What known maintainer scripts do, kept as data.
//!
//! A rule stands for one text of one script of one package, by the SHA-256 of that text: a script
//! that its maintainer changed has no rule, and is read for its literal statements only. The text
//! is the script's own: the sections that debhelper adds are read by themselves, and comments and
//! blank lines say nothing, so that a package built anew with a newer debhelper keeps its rule.

use std::collections::BTreeMap;

use super::arguments::Arguments;
use super::draft::{Access, Draft};
use super::files;
use super::shell::{Command, Machine, Outcome, Reading, words};
use super::text::unescape;
use crate::model::Sha256;
use crate::tree::Blob;

/// A script divided into what its maintainer wrote and what debhelper added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro) struct Divided {
    /// The digest of the own text.
    pub(in crate::distro) sha256: Sha256,
    /// Whether the own text has anything but its first line.
    pub(in crate::distro) empty: bool,
    /// The sections that were added: the program that did, and the text.
    pub(in crate::distro) added: Vec<(String, String)>,
}

const BEGIN: &str = "# Automatically added by ";
const END: &str = "# End automatically added section";

/// Divides a script; `None` where it is not text.
pub(in crate::distro) fn divide(script: &[u8]) -> Option<Divided> {
    let text = std::str::from_utf8(script).ok()?;
    // In a here-document a `#` may be content.
    let has_documents = text.contains("<<");
    let mut own: Vec<&str> = Vec::new();
    let mut added: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for (at, line) in text.split('\n').enumerate() {
        if inside {
            if line.trim() == END {
                inside = false;
            } else if let Some((_, section)) = added.last_mut() {
                section.push_str(line);
                section.push('\n');
            }
            continue;
        }
        if let Some(by) = line.strip_prefix(BEGIN) {
            let tool = by.split('/').next().unwrap_or(by).trim();
            added.push((tool.to_owned(), String::new()));
            inside = true;
            continue;
        }
        let line = line.trim_end();
        let bare = line.trim_start();
        if has_documents || at == 0 || !(bare.is_empty() || bare.starts_with('#')) {
            own.push(line);
        }
    }
    if inside {
        // A section without an end is none.
        return None;
    }
    while own.last().is_some_and(|line| line.is_empty()) {
        own.pop();
    }
    let words = own.iter().skip(1).flat_map(|line| line.split_whitespace());
    let empty = words.clone().next().is_none()
        || words
            .collect::<Vec<_>>()
            .join(" ")
            .trim_end_matches(" exit 0")
            == "set -e";
    let mut whole = own.join("\n");
    whole.push('\n');
    Some(Divided {
        sha256: Sha256::of(whole.as_bytes()),
        empty,
        added,
    })
}

/// A script without the sections that `tools` added.
pub(in crate::distro) fn without(script: &[u8], tools: &[&str]) -> Vec<u8> {
    let mut out = Vec::with_capacity(script.len());
    let mut inside = false;
    for line in script.split_inclusive(|&byte| byte == b'\n') {
        let text = std::str::from_utf8(line).unwrap_or_default();
        if inside {
            inside = text.trim() != END;
            continue;
        }
        let by = text.strip_prefix(BEGIN);
        let tool = by.and_then(|by| by.split('/').next()).map(str::trim);
        inside = tool.is_some_and(|tool| tools.contains(&tool));
        if !inside {
            out.extend_from_slice(line);
        }
    }
    out
}

/// The rules of a distribution, by digest.
#[derive(Debug, Default)]
pub(in crate::distro) struct Rules {
    by_digest: BTreeMap<&'static str, Vec<Rule>>,
}

impl Rules {
    /// Reads the data.
    pub(in crate::distro) fn new(data: &[&'static str]) -> Self {
        let mut by_digest: BTreeMap<&'static str, Vec<Rule>> = BTreeMap::new();
        for rule in data.iter().flat_map(|data| parse(data)) {
            for digest in &rule.digests {
                by_digest.entry(digest).or_default().push(rule.clone());
            }
        }
        Self { by_digest }
    }

    /// The statements of the rule for a script, if there is one.
    pub(in crate::distro) fn find(
        &self,
        package: &str,
        script: &str,
        own: &Sha256,
    ) -> Option<&[&'static str]> {
        let rules = self.by_digest.get(own.hex().as_str())?;
        let found = rules
            .iter()
            .find(|rule| rule.package == package && rule.script == script);
        found.map(|rule| rule.body.as_slice())
    }
}

/// A rule of the data.
#[derive(Debug, Clone)]
pub(in crate::distro) struct Rule {
    pub(in crate::distro) package: &'static str,
    pub(in crate::distro) script: &'static str,
    pub(in crate::distro) digests: Vec<&'static str>,
    pub(in crate::distro) body: Vec<&'static str>,
}

/// Reads the data: `rule PACKAGE SCRIPT SHA256...`, then its statements, one to an indented line.
pub(in crate::distro) fn parse(data: &'static str) -> Vec<Rule> {
    let mut out: Vec<Rule> = Vec::new();
    for line in data.lines() {
        if let Some(rest) = line.strip_prefix("rule ") {
            let mut words = rest.split_ascii_whitespace();
            if let (Some(package), Some(script)) = (words.next(), words.next()) {
                out.push(Rule {
                    package,
                    script,
                    digests: words.collect(),
                    body: Vec::new(),
                });
            }
        } else if let Some(statement) = line.strip_prefix('\t')
            && let Some(rule) = out.last_mut()
            && !statement.trim_start().starts_with('#')
        {
            rule.body.push(statement.trim());
        }
    }
    out
}

/// A machine that rules are carried out with.
pub(in crate::distro) trait Bench<'g>: Machine {
    /// The image.
    fn draft(&mut self) -> &mut Draft<'g>;

    /// Whether a guard other than a path, a user or a group holds: `arch NAME`, `package NAME`.
    fn holds_guard(&self, kind: &str, name: &str) -> bool;

    /// A statement that only this distribution's rules have; `None` for any other.
    fn special(&mut self, words: &[&str]) -> Option<bool>;
}

/// Carries a rule out; beside what reading a script comes to, what the rule says is not needed.
pub(in crate::distro) fn follow<'g>(
    rule: &[&str],
    bench: &mut dyn Bench<'g>,
) -> (Reading, Vec<String>) {
    let mut reading = Reading::default();
    let mut skipped = Vec::new();
    for line in rule {
        let mut line = line.trim();
        let mut wanted = true;
        while let Some((guard, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        {
            wanted = wanted && holds(bench, guard);
            line = rest.trim_start();
        }
        if !wanted {
            continue;
        }
        if let Some(text) = line.strip_prefix("undone:") {
            reading.undone.push(text.trim().to_owned());
            continue;
        }
        if let Some(text) = line.strip_prefix("skipped:") {
            skipped.push(text.trim().to_owned());
            continue;
        }
        match statement(bench, line) {
            Outcome::Done | Outcome::Passed => reading.acted = true,
            Outcome::Nothing => {}
            Outcome::Unknown => reading.undone.push(line.to_owned()),
        }
    }
    (reading, skipped)
}

fn holds<'g>(bench: &mut dyn Bench<'g>, guard: &str) -> bool {
    let (wanted, guard) = match guard.strip_prefix('!') {
        Some(rest) => (false, rest),
        None => (true, guard),
    };
    let truth = match guard.split_once(' ') {
        Some(("user", name)) => bench.draft().accounts.user(name).is_some(),
        Some(("group", name)) => bench.draft().accounts.group(name).is_some(),
        Some(("files", directory)) => !bench.draft().below(directory).is_empty(),
        Some((kind, name)) => bench.holds_guard(kind, name),
        None => bench.draft().exists(guard) || bench.draft().node(guard).is_some(),
    };
    truth == wanted
}

/// A statement of a rule: as in a script, and a few that no program is needed for.
fn statement<'g>(bench: &mut dyn Bench<'g>, line: &str) -> Outcome {
    let Some(words) = words(line) else {
        return Outcome::Unknown;
    };
    let mut owned: Vec<Option<String>> = words.iter().cloned().map(Some).collect();
    if words.first().is_some_and(|name| name == "ln") {
        // A rule says where the link is, not beside what.
        owned.insert(1, Some("-T".into()));
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let own = match words[..] {
        ["append", path, text] => Some(append(bench.draft(), path, text).is_some()),
        ["write", ref rest @ ..] => Some(write(bench.draft(), rest).is_some()),
        _ => bench.special(&words),
    };
    match own {
        Some(true) => Outcome::Done,
        Some(false) => Outcome::Unknown,
        None => bench.run(&Command {
            words: &owned,
            output: None,
            input: None,
        }),
    }
}

/// `append PATH TEXT`
fn append(draft: &mut Draft<'_>, path: &str, text: &str) -> Option<()> {
    let before = match draft.exists(path) {
        true => draft.text(path)?,
        false => String::new(),
    };
    let text = before + &unescape(text)?;
    draft.write(path, text.into_bytes(), 0o644).then_some(())
}

/// `write [-m MODE] [-o USER] [-g GROUP] [-n] PATH TEXT`
fn write(draft: &mut Draft<'_>, words: &[&str]) -> Option<()> {
    let arguments = Arguments::read(words, "n", "mog", &[])?;
    let [path, text] = arguments.operands[..] else {
        return None;
    };
    if arguments.has('n') && draft.node(path).is_some() {
        return Some(());
    }
    let access = Access {
        mode: arguments.value('m').map_or(Some(0o644), files::mode)?,
        uid: arguments
            .value('o')
            .map_or(Some(0), |name| draft.accounts.uid(name))?,
        gid: arguments
            .value('g')
            .map_or(Some(0), |name| draft.accounts.gid(name))?,
    };
    let blob = Blob::inline(unescape(text)?.into_bytes());
    draft.put_file(path, blob, access).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(script: &str) -> Sha256 {
        divide(script.as_bytes()).unwrap().sha256
    }

    const SECTION: &str =
        "# Automatically added by dh_x/1\nx a\n# End automatically added section\n";

    #[test]
    fn what_a_rebuild_changes_is_not_the_script_s_own() {
        let plain = digest("#!/bin/sh\nset -e\na\n");
        for same in [
            "#!/bin/sh\nset -e\n\n# why\na  \n\n".to_owned(),
            format!("#!/bin/sh\nset -e\na\n{SECTION}"),
            format!("#!/bin/sh\nset -e\n{}a\n", SECTION.replace("x a", "y b")),
        ] {
            assert_eq!(digest(&same), plain, "{same}");
        }
        for other in [
            "#!/bin/bash\nset -e\na\n",
            "#!/bin/sh\nset -e\na b\n",
            "#!/bin/sh\nset -e\n a\n",
        ] {
            assert_ne!(digest(other), plain, "{other}");
        }
        // In a here-document a comment may be content.
        let document = "#!/bin/sh\ncat <<E\n# one\nE\n";
        assert_ne!(digest(document), digest(&document.replace("one", "two")));
        assert_eq!(divide(b"#!/bin/sh\n\xff"), None);
    }

    #[test]
    fn sections_come_with_their_tool_and_can_be_taken_out() {
        let script = format!("#!/bin/sh\na\n{SECTION}b\n");
        let divided = divide(script.as_bytes()).unwrap();
        assert_eq!(divided.added, [("dh_x".to_owned(), "x a\n".to_owned())]);
        assert_eq!(without(script.as_bytes(), &["dh_x"]), b"#!/bin/sh\na\nb\n");
        assert_eq!(without(script.as_bytes(), &["dh_y"]), script.as_bytes());
    }

    #[test]
    fn a_rule_is_found_by_package_script_and_text() {
        let own = digest("#!/bin/sh\na\n");
        let hex = own.hex();
        let data: &'static str =
            format!("# why\nrule p postinst {hex}\n\tmkdir /a\n\t# no\n\tundone: b\n\nrule q preinst {hex}\n").leak();
        let rules = Rules::new(&[data]);
        assert_eq!(
            rules.find("p", "postinst", &own),
            Some(&["mkdir /a", "undone: b"][..])
        );
        assert_eq!(rules.find("q", "preinst", &own), Some(&[][..]));
        for (package, script) in [("p", "preinst"), ("q", "postinst"), ("r", "postinst")] {
            assert_eq!(rules.find(package, script, &own), None);
        }
        assert_eq!(rules.find("p", "postinst", &digest("#!/bin/sh\nb\n")), None);
    }
}
