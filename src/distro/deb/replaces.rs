//! `Replaces`: which package may overwrite another one's files (Debian Policy 7.6.1).
//!
//! As dpkg asks: a real name, never a provided one, and where the relation has a version, the
//! version of the other package must be in it. Conflicts beside it changes nothing for files.

use super::control::Stanza;
use super::{relation, version};
use crate::distro::Member;

/// Whether `winner` declares that it replaces `loser`.
pub(super) fn replaces(winner: Member<'_>, loser: Member<'_>) -> bool {
    let Some(file) = winner.control.get("control") else {
        return false;
    };
    let Ok(stanza) = Stanza::parse(&file.bytes) else {
        return false;
    };
    let field = stanza.text("Replaces").unwrap_or_default();
    let arch = &*loser.package.arch;
    relation::split(field)
        .flatten()
        .filter_map(|text| relation::atom(text).ok())
        .any(|atom| {
            let own_arch = atom
                .qualifier
                .is_none_or(|word| word == "any" || word == arch);
            let version = loser.package.version.as_str();
            let accepts = atom
                .constraint
                .is_none_or(|(op, wanted)| op.accepts(version::compare(version, wanted)));
            atom.name == loser.package.name.as_str() && own_arch && accepts
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distro::{Control, ControlFile};
    use crate::model::{LockedPackage, Sha256, SourcePackage};

    fn member(text: &str) -> (LockedPackage, Control) {
        let stanza = Stanza::parse(text.as_bytes()).unwrap();
        let version = stanza.text("Version").unwrap();
        let package = LockedPackage {
            name: stanza.text("Package").unwrap().parse().unwrap(),
            version: version.parse().unwrap(),
            arch: "amd64".into(),
            group: "base".parse().unwrap(),
            requested: false,
            source: SourcePackage {
                name: "source".into(),
                version: version.parse().unwrap(),
            },
            repository: "trixie".into(),
            path: "pool/x.deb".into(),
            size: 0,
            sha256: Sha256::of(b""),
            checksum: None,
            depends: Vec::new(),
            recommends: Vec::new(),
            install_if: Vec::new(),
        };
        let file = ControlFile {
            mode: 0o644,
            mtime: 0,
            bytes: text.into(),
        };
        (package, [("control".to_owned(), file)].into())
    }

    #[test]
    fn real_names_and_versions() {
        let (old, old_control) = member("Package: old\nVersion: 1:2.0-1\nProvides: virtual\n");
        let loser = Member {
            package: &old,
            control: &old_control,
        };
        for (field, expected) in [
            ("old", true),
            ("other, old (<< 1:3)", true),
            ("old (<< 1:2.0-1)", false),
            ("old (<= 1:2.0-1)", true),
            ("old (>> 9)", true),
            ("old:any", true),
            ("old:amd64", true),
            ("old:i386", false),
            ("virtual", false),
            ("older", false),
        ] {
            let (new, control) = member(&format!("Package: new\nVersion: 1\nReplaces: {field}\n"));
            let winner = Member {
                package: &new,
                control: &control,
            };
            assert_eq!(replaces(winner, loser), expected, "{field}");
        }
    }
}
