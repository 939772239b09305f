//! The grammar of a locked package: the lockfile is a stranger's input.
//!
//! Names as dpkg takes them (Debian Policy 5.6.1 without its ban of capitals, which exist outside
//! of Debian), versions as deb-version(7), architectures that dpkg knows, paths that stay below
//! their repository.

use crate::model::{Arch, LockedPackage};

/// Bytes of a package: ten times Debian's largest.
const MAX_SIZE: u64 = 16 << 30;
/// Bytes of a path.
const MAX_PATH: usize = 4096;

/// See `Distro::check`.
pub(super) fn check(package: &LockedPackage) -> Result<(), String> {
    let LockedPackage { name, arch, .. } = package;
    if !is_name(name.as_str()) {
        return Err(format!("`{name}` is not the name of a Debian package"));
    }
    if !is_name(&package.source.name) {
        return Err(format!(
            "`{}` is not the name of a Debian source package",
            package.source.name.escape_debug()
        ));
    }
    for version in [&package.version, &package.source.version] {
        if !is_version(version.as_str()) {
            return Err(format!("`{version}` is not a Debian version"));
        }
    }
    if &**arch != "all" && Arch::from_debian(arch).is_none() {
        return Err(format!(
            "`{}` is not a Debian architecture",
            arch.escape_debug()
        ));
    }
    if !is_path(&package.path) {
        return Err(format!(
            "the path `{}` leaves its repository",
            package.path.escape_debug()
        ));
    }
    if package.size > MAX_SIZE {
        return Err(format!(
            "its size of {} bytes is more than {MAX_SIZE}",
            package.size
        ));
    }
    Ok(())
}

pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// `[epoch:]upstream[-revision]`; that upstream begins with a digit is a rule that many break.
pub(super) fn is_version(version: &str) -> bool {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
    let of = |text: &str, more: &[u8]| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    epoch.len() <= 9
        && of(epoch, b"")
        && epoch.bytes().all(|byte| byte.is_ascii_digit())
        && of(upstream, b"+.~:-")
        && of(revision, b"+.~")
}

pub(super) fn is_path(path: &str) -> bool {
    path.len() <= MAX_PATH
        && !path.chars().any(|c| c.is_control() || c == '\\')
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Sha256, SourcePackage};

    fn package(name: &str, version: &str, arch: &str, path: &str) -> LockedPackage {
        LockedPackage {
            name: name.parse().unwrap(),
            version: version.parse().unwrap(),
            arch: arch.into(),
            group: "base".parse().unwrap(),
            requested: true,
            source: SourcePackage {
                name: "s".into(),
                version: "1".parse().unwrap(),
            },
            repository: "trixie".into(),
            path: path.into(),
            size: 1,
            sha256: Sha256::of(b""),
            checksum: None,
            depends: Vec::new(),
            recommends: Vec::new(),
            install_if: Vec::new(),
        }
    }

    #[test]
    fn accepts_what_debian_has() {
        for (name, version, arch, path) in [
            (
                "g++",
                "4:12.2.0-3",
                "amd64",
                "pool/main/g/gcc-defaults/g++_12.2.0-3_amd64.deb",
            ),
            ("bash", "5.2~rc1-2+b7", "arm64", "bash.deb"),
            ("tzdata", "2025a", "all", "pool/a%3ab.deb"),
        ] {
            assert_eq!(check(&package(name, version, arch, path)), Ok(()), "{name}");
        }
    }

    #[test]
    fn refuses_what_could_mislead() {
        for (name, version, arch, path) in [
            ("a_b", "1", "all", "a"),
            ("a", "1_2", "all", "a"),
            ("a", "x:1", "all", "a"),
            ("a", "1-", "all", "a"),
            ("a", "1", "amd65", "a"),
            ("a", "1", "all", "../a"),
            ("a", "1", "all", "/a"),
            ("a", "1", "all", "a//b"),
            ("a", "1", "all", "a/./b"),
            ("a", "1", "all", ""),
            ("a", "1", "all", "a\nb"),
        ] {
            assert!(
                check(&package(name, version, arch, path)).is_err(),
                "{name} {version} {path:?}"
            );
        }
    }
}
