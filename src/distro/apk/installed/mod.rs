//! What apk's database says is installed: version 2 of its form, which apk 2 and 3 both write.
//!
//! `installed` lies in `lib/apk/db`, or in `usr/lib/apk/db` as wolfi and apko have it; where both are
//! there and neither is a link to the other, they add up. Its binary form (ADB) is refused.

mod records;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::{Alpine, sources};
use crate::distro::installed::{Files, InventoryFault, OsRelease, common_arch};
use crate::distro::{Fault, FileSum, Installed, InstalledPackage, Inventory};
use crate::model::{Arch, PackageName};
use crate::tree::{Tree, TreePath};

/// Where the database may be.
const DATABASES: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];
/// The architectures that apk installs packages of, the first before all.
const ARCH: &str = "etc/apk/arch";
/// The release, by alpine-release.
const RELEASE: &str = "etc/alpine-release";
/// The architecture of packages for any.
const INDEPENDENT: &str = "noarch";

impl Inventory for Alpine {
    fn reads(&self, path: &TreePath) -> bool {
        let mut places = DATABASES.iter().chain([&ARCH, &RELEASE]);
        places.any(|place| place.as_bytes() == path.as_bytes()) || OsRelease::is_at(path)
    }

    fn installed(&self, tree: &Tree) -> Result<Option<Installed>, Fault> {
        let mut files = Files::new(tree);
        let mut found: BTreeMap<PackageName, (InstalledPackage, TreePath)> = BTreeMap::new();
        let mut read: Vec<TreePath> = Vec::new();
        for place in DATABASES {
            let Some(text) = files.database(place.as_bytes())? else {
                continue;
            };
            // The other name of the same file.
            if read.contains(&text.file) {
                continue;
            }
            for package in records::read(&mut files, &text)? {
                match found.get(&package.name) {
                    Some((first, _)) if first.version == package.version => {}
                    Some((_, one)) => {
                        return Err(Fault::from(InventoryFault::Disagree {
                            package: package.name,
                            one: one.clone(),
                            other: text.file,
                        }));
                    }
                    None => {
                        let file = text.file.clone();
                        found.insert(package.name.clone(), (package, file));
                    }
                }
            }
            read.push(text.file);
        }
        if read.is_empty() {
            return Ok(None);
        }
        let packages: Vec<_> = found.into_values().map(|(package, _)| package).collect();
        let system = OsRelease::of(&mut files);
        Ok(Some(Installed {
            arch: arch(&mut files, &packages),
            release: release(&mut files, &system),
            id: system.id,
            diversions: Vec::new(),
            packages,
            databases: files.into_databases(),
        }))
    }

    fn purl_namespace(&self) -> &'static str {
        "alpine"
    }

    fn osv_ecosystem(&self) -> &'static str {
        "Alpine"
    }

    fn osv_release(&self, release: &str) -> Option<String> {
        sources::release_of(release).filter(|own| own == release)
    }

    fn file_sum(&self) -> FileSum {
        FileSum::Sha1
    }
}

/// What apk is told, else what most packages are of.
fn arch(files: &mut Files<'_>, packages: &[InstalledPackage]) -> Option<Arch> {
    let told = files.note(ARCH).and_then(|text| text.lines().next());
    let told = told.and_then(|line| Arch::from_alpine(line.trim()));
    told.or_else(|| Arch::from_alpine(common_arch(packages, INDEPENDENT)?))
}

/// The release of `3.22.1`; what has no number yet is edge. The numbers of other distributions are
/// theirs.
fn release(files: &mut Files<'_>, system: &OsRelease) -> Option<String> {
    let own = system.id.as_deref().is_none_or(|id| id == "alpine");
    let version = system.version.as_deref().filter(|_| own);
    let text = files.note(RELEASE).or(version)?.trim();
    match text.contains("_alpha") || text == sources::ROLLING {
        true => Some(sources::ROLLING.into()),
        false => sources::release_of(text),
    }
}
