//! os-release(5): which distribution a filesystem says that it is.

use super::Files;
use crate::tree::TreePath;

/// Where it is: the first that is there counts.
const PLACES: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];

/// The fields that tell the release. Values that no distribution would have are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::distro) struct OsRelease {
    /// `ID`.
    pub(in crate::distro) id: Option<String>,
    /// `VERSION_ID`.
    pub(in crate::distro) version: Option<String>,
    /// `VERSION_CODENAME`.
    pub(in crate::distro) codename: Option<String>,
}

impl OsRelease {
    /// Whether it may lie at this path.
    pub(in crate::distro) fn is_at(path: &TreePath) -> bool {
        PLACES
            .iter()
            .any(|place| place.as_bytes() == path.as_bytes())
    }

    /// What a filesystem says of itself; nothing where it says nothing.
    pub(in crate::distro) fn of(files: &mut Files<'_>) -> Self {
        let text = PLACES.iter().find_map(|place| files.note(place));
        Self::parse(text.unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let mut out = Self::default();
        for line in text.lines() {
            let Some((key, value)) = line.trim().split_once('=') else {
                continue;
            };
            let field = match key {
                "ID" => &mut out.id,
                "VERSION_ID" => &mut out.version,
                "VERSION_CODENAME" => &mut out.codename,
                _ => continue,
            };
            // As in a shell, the last one counts.
            *field = Some(unquoted(value)).filter(|value| is_word(value));
        }
        out
    }
}

/// A value without a shell's quotes. None of the values that are read has anything to escape.
fn unquoted(value: &str) -> String {
    let within = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    let bare = within('"').or_else(|| within('\'')).unwrap_or(value);
    bare.to_owned()
}

/// The letters that the manual page allows in these fields.
fn is_word(text: &str) -> bool {
    const MAX_WORD: usize = 64;
    let valid =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=MAX_WORD).contains(&text.len()) && text.bytes().all(valid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::testing::{directory, file, symlink, tree};

    #[test]
    fn the_last_well_formed_value_counts() {
        let read = OsRelease::parse(
            "# x\nNAME=\"A b\"\nID=old\nID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME='trixie'\r\n",
        );
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            (read.id, read.version, read.codename),
            (some("debian"), some("13"), some("trixie"))
        );
        let odd = OsRelease::parse("ID=\"a b\"\nVERSION_ID=$(x)\nVERSION_CODENAME=\nID_LIKE=x\n");
        assert_eq!(odd, OsRelease::default());
    }

    #[test]
    fn a_link_is_followed() {
        let tree = tree([
            ("etc", directory(0o755)),
            ("etc/os-release", symlink("../usr/lib/os-release")),
            ("usr", directory(0o755)),
            ("usr/lib", directory(0o755)),
            ("usr/lib/os-release", file("ID=wolfi\n")),
        ]);
        let read = OsRelease::of(&mut Files::new(&tree));
        assert_eq!(read.id.as_deref(), Some("wolfi"));
    }
}
