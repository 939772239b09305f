//! `paths:` of the manifest: which of the packages' paths are left out.
//!
//! dpkg's rules (dpkg(1), path-exclude): the last rule that matches decides; a directory or a link
//! that is excluded is kept all the same where an include rule could bring back something below
//! it, judged as dpkg does by the rule's text before its first wildcard.

use super::glob;
use crate::model::PathRules;
use crate::tree::{Kind, TreePath};

/// The rules, ready to be asked.
#[derive(Debug)]
pub struct Filter<'a> {
    rules: &'a PathRules,
    /// Of each include rule the text before the first wildcard, without trailing slashes.
    stems: Vec<&'a [u8]>,
}

impl<'a> Filter<'a> {
    /// Takes the rules as they are.
    pub fn new(rules: &'a PathRules) -> Self {
        let stem = |rule: &'a String| {
            let bytes = rule.as_bytes();
            let wild = bytes.iter().position(|byte| b"*?[\\".contains(byte));
            bytes[..wild.unwrap_or(bytes.len())].trim_ascii_end_matching(b'/')
        };
        Self {
            rules,
            stems: rules.include.iter().map(stem).collect(),
        }
    }

    /// Whether an entry of a package is left out.
    pub fn excludes(&self, path: &TreePath, kind: &Kind) -> bool {
        if self.rules.exclude.is_empty() {
            return false;
        }
        let absolute = [b"/", path.as_bytes()].concat();
        let hit = |rules: &[String]| {
            rules
                .iter()
                .any(|rule| glob::matches(rule.as_bytes(), &absolute))
        };
        // All includes stand behind all excludes, so one that matches is the last match.
        if !hit(&self.rules.exclude) || hit(&self.rules.include) {
            return false;
        }
        let passage = matches!(kind, Kind::Directory | Kind::Symlink(_));
        !(passage && self.stems.iter().any(|stem| absolute.starts_with(stem)))
    }
}

/// `<[u8]>::trim_end_matches` for one byte.
trait TrimEnd {
    fn trim_ascii_end_matching(&self, byte: u8) -> &Self;
}

impl TrimEnd for [u8] {
    fn trim_ascii_end_matching(&self, byte: u8) -> &Self {
        let end = self.iter().rposition(|&other| other != byte);
        &self[..end.map_or(0, |at| at + 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Blob;

    #[test]
    fn keeps_what_dpkg_keeps() {
        let rules = PathRules {
            exclude: vec!["/usr/share/doc/*".into(), "/usr/share/man/*".into()],
            include: vec!["/usr/share/doc/*/copyright".into()],
        };
        let filter = Filter::new(&rules);
        let file = Kind::File(Blob::inline(*b""));
        let link = Kind::Symlink((*b"x").into());
        let excludes = |path: &str, kind: &Kind| filter.excludes(&path.parse().unwrap(), kind);
        assert!(excludes("usr/share/doc/bash/README", &file));
        assert!(!excludes("usr/share/doc/bash/copyright", &file));
        assert!(!excludes("usr/share/doc/bash", &Kind::Directory));
        assert!(!excludes("usr/share/doc/libx", &link));
        assert!(excludes("usr/share/man/man1", &Kind::Directory));
        assert!(!excludes("usr/share/man", &Kind::Directory));
        assert!(!excludes("usr/bin/bash", &file));
    }
}
