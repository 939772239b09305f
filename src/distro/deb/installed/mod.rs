//! What dpkg's databases say is installed (dpkg(1), deb822(5), lib/dpkg/parse.c, dbmodify.c).
//!
//! `var/lib/dpkg/status` has the packages, as `updates` corrects it where dpkg was interrupted;
//! `status.d` of distroless images has a file for each, and yields to it. `info/NAME.list` has their
//! paths, `NAME.md5sums` and `Conffiles:` the digests, `diversions` what lies under another name.
//! Left out is what dpkg does not have on the disk: `not-installed` and `config-files`.

mod diversions;
mod owned;
mod release;
mod status;
#[cfg(test)]
mod tests;

use super::Debian;
use super::database::ADMIN;
use crate::distro::installed::{Files, OsRelease, common_arch};
use crate::distro::{Fault, FileSum, Installed, InstalledPackage, Inventory};
use crate::model::Arch;
use crate::tree::{Tree, TreePath};

/// Packages of every Debian, of one architecture each: that of the whole.
const TELLTALES: &[&str] = &["dpkg", "base-files", "libc6"];

impl Inventory for Debian {
    fn reads(&self, path: &TreePath) -> bool {
        let below = path.as_bytes().strip_prefix(ADMIN.as_bytes());
        match below.and_then(|rest| rest.strip_prefix(b"/")) {
            Some(rest) => is_database(rest),
            None => OsRelease::is_at(path) || path.as_bytes() == release::FILE.as_bytes(),
        }
    }

    fn installed(&self, tree: &Tree) -> Result<Option<Installed>, Fault> {
        let mut files = Files::new(tree);
        let Some(mut found) = status::read(&mut files)? else {
            return Ok(None);
        };
        for one in &mut found {
            one.package.files = owned::read(&mut files, one)?;
        }
        let packages: Vec<_> = found.into_iter().map(|one| one.package).collect();
        let system = OsRelease::of(&mut files);
        Ok(Some(Installed {
            arch: arch(&mut files, &packages)?,
            release: release::of(&mut files, &system),
            diversions: diversions::read(&mut files)?,
            id: system.id,
            packages,
            databases: files.into_databases(),
        }))
    }

    fn purl_namespace(&self) -> &'static str {
        "debian"
    }

    fn osv_ecosystem(&self) -> &'static str {
        "Debian"
    }

    fn osv_release(&self, release: &str) -> Option<String> {
        release::number(release)
    }

    fn file_sum(&self) -> FileSum {
        FileSum::Md5
    }
}

/// Whether a path below dpkg's directory is read.
fn is_database(path: &[u8]) -> bool {
    let Some(slash) = memchr::memchr(b'/', path) else {
        return matches!(path, b"status" | b"diversions" | b"arch");
    };
    let (directory, name) = (&path[..slash], &path[slash + 1..]);
    if name.contains(&b'/') {
        return false;
    }
    match directory {
        b"info" => owned::SUFFIXES
            .iter()
            .any(|end| name.ends_with(end.as_bytes())),
        b"status.d" => !name.starts_with(b"."),
        b"updates" => status::is_update(name),
        _ => false,
    }
}

/// dpkg's own architecture: where it knows several, it lists its own first.
fn arch(files: &mut Files<'_>, packages: &[InstalledPackage]) -> Result<Option<Arch>, Fault> {
    if let Some(text) = files.database(format!("{ADMIN}/arch").as_bytes())? {
        let first = text.bytes.split(|&byte| byte == b'\n').next();
        let first = first.and_then(|line| std::str::from_utf8(line.trim_ascii()).ok());
        if let Some(arch) = first.and_then(Arch::from_debian) {
            return Ok(Some(arch));
        }
    }
    let telling = TELLTALES.iter().find_map(|name| {
        let mut same = packages.iter().filter(|one| one.name.as_str() == *name);
        let arch = same.next().map(|one| &*one.arch);
        arch.filter(|arch| *arch != INDEPENDENT && same.next().is_none())
    });
    let arch = telling.or_else(|| common_arch(packages, INDEPENDENT));
    Ok(arch.and_then(Arch::from_debian))
}

/// The architecture of packages for any.
const INDEPENDENT: &str = "all";
