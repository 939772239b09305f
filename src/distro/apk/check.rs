//! The grammar of a locked package: the lockfile is a stranger's input.
//!
//! Names as apk-package(5) has them; versions in its alphabet, for packages of real indexes have some
//! that are outside its grammar and apk installs them; architectures that Alpine has, the one path that
//! an index can mean, and the checksum without which a package proves nothing.

use super::checksum;
use crate::model::{Arch, LockedPackage};

/// Bytes of a package: many times Alpine's largest.
const MAX_SIZE: u64 = 16 << 30;
/// Bytes of a name or a version: a file name holds both.
const MAX_PART: usize = 120;

/// See `Distro::check`.
pub(super) fn check(package: &LockedPackage) -> Result<(), String> {
    let LockedPackage { name, arch, .. } = package;
    if !is_name(name.as_str()) {
        return Err(format!("`{name}` is not the name of an Alpine package"));
    }
    if !is_name(&package.source.name) {
        return Err(format!(
            "`{}` is not the name of an Alpine source package",
            package.source.name.escape_debug()
        ));
    }
    for version in [&package.version, &package.source.version] {
        let text = version.as_str();
        if text.len() > MAX_PART || text.contains([':', '^']) {
            return Err(format!("`{version}` is not an apk version"));
        }
    }
    if &**arch != "noarch" && Arch::from_alpine(arch).is_none() {
        return Err(format!(
            "`{}` is not an Alpine architecture",
            arch.escape_debug()
        ));
    }
    let file = format!("{name}-{}.apk", package.version);
    let directory = package.path.strip_suffix(&file);
    let directory = directory.and_then(|rest| rest.strip_suffix('/'));
    if directory.and_then(Arch::from_alpine).is_none() {
        return Err(format!(
            "the path `{}` is not an architecture and `{file}`",
            package.path.escape_debug()
        ));
    }
    if package.size > MAX_SIZE {
        return Err(format!(
            "its size of {} bytes is more than {MAX_SIZE}",
            package.size
        ));
    }
    match &package.checksum {
        None => Err("it has no `checksum`".into()),
        Some(text) if checksum::parse(text).is_none() => Err(format!(
            "`{}` is not a checksum of apk's, `Q1...`",
            text.escape_debug()
        )),
        Some(_) => Ok(()),
    }
}

/// apk-package(5): what a package may be called. What packages provide has more letters.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= MAX_PART
        && name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distro::apk::fixtures::locked;

    #[test]
    fn accepts_what_alpine_has() {
        for (name, version) in [
            ("musl", "1.2.4_git20230717-r4"),
            ("libstdc++", "13.2.1_git20231014-r0"),
            ("a52dec", "0.7.4-r7"),
            ("_x", "1"),
            ("py3.12-foo", "1.0_rc1-r0"),
        ] {
            let mut package = locked(name, version);
            assert_eq!(check(&package), Ok(()), "{name}");
            package.arch = "noarch".into();
            package.path = format!("aarch64/{name}-{version}.apk");
            assert_eq!(check(&package), Ok(()), "{name}");
        }
    }

    #[test]
    fn refuses_what_could_mislead() {
        let good = locked("a", "1-r0");
        let with = |change: &dyn Fn(&mut LockedPackage)| {
            let mut package = good.clone();
            change(&mut package);
            check(&package).unwrap_err()
        };
        for (path, _) in [
            ("a-1-r0.apk", ()),
            ("/x86_64/a-1-r0.apk", ()),
            ("x86_64/../a-1-r0.apk", ()),
            ("noarch/a-1-r0.apk", ()),
            ("x86_64/b-1-r0.apk", ()),
            ("x86_64//a-1-r0.apk", ()),
            ("../x86_64/a-1-r0.apk", ()),
            ("x86_64/a-1-r0.apk?x", ()),
        ] {
            assert!(
                with(&|package| package.path = path.into()).contains("path"),
                "{path}"
            );
        }
        assert!(with(&|package| package.arch = "amd64".into()).contains("architecture"));
        assert!(with(&|package| package.size = u64::MAX).contains("size"));
        assert!(with(&|package| package.checksum = None).contains("checksum"));
        assert!(with(&|package| package.checksum = Some("Q1x".into())).contains("checksum"));
        assert!(with(&|package| package.source.name = "a b".into()).contains("source"));
        assert!(
            with(&|package| package.source.version = "1:2".parse().unwrap()).contains("version")
        );
        for version in ["1:2", "1^2"] {
            assert!(check(&locked("a", version)).is_err(), "{version}");
        }
        assert!(check(&locked(&"a".repeat(MAX_PART + 1), "1")).is_err());
    }
}
