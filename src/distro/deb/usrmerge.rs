//! Links above directories. Merged /usr: the links that bookworm and later take for granted (Debian's bug #978636, and the
//! package usrmerge for the list of directories).

use crate::distro::RootLink;
use crate::model::Arch;

/// The releases before bookworm, where /bin may be a directory.
const SPLIT: &[&str] = &[
    "buzz", "rex", "bo", "hamm", "slink", "potato", "woody", "sarge", "etch", "lenny", "squeeze",
    "wheezy", "jessie", "stretch", "buster", "bullseye",
];

/// The architectures whose ABI puts the dynamic linker into /lib64.
const LIB64: &[&str] = &["amd64", "ppc64le", "loong64"];

/// The root links of a release. A release that is not known is newer than those that are.
pub(super) fn root_links(release: &str, arch: Arch) -> Vec<RootLink> {
    let codename = release.split(['-', '/']).next().unwrap_or(release);
    if SPLIT.contains(&codename) {
        return Vec::new();
    }
    let lib64 = LIB64.contains(&arch.oci_architecture());
    [
        ("bin", true),
        ("sbin", true),
        ("lib", true),
        ("lib64", lib64),
        ("lib32", false),
        ("libx32", false),
        ("libo32", false),
    ]
    .into_iter()
    .filter_map(|(name, always)| {
        Some(RootLink {
            path: name.parse().ok()?,
            target: format!("usr/{name}").parse().ok()?,
            text: format!("usr/{name}"),
            always,
        })
    })
    .collect()
}

/// The links that base-files makes in the place of directories that it ships, when it is configured
/// (Debian Policy 9.1.4). They are known before anything is placed, for a directory that is there
/// cannot become a link on a higher layer.
pub(super) fn run_links() -> impl Iterator<Item = RootLink> {
    let links = [("var/run", "run"), ("var/lock", "run/lock")];
    links.into_iter().filter_map(|(path, target)| {
        Some(RootLink {
            path: path.parse().ok()?,
            target: target.parse().ok()?,
            text: format!("/{target}"),
            always: false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn always(release: &str, arch: &str) -> Vec<String> {
        let links = root_links(release, Arch::from_oci(arch).unwrap());
        let always = links.iter().filter(|link| link.always);
        always.map(|link| link.path.to_string()).collect()
    }

    #[test]
    fn bookworm_and_later_are_merged() {
        assert_eq!(always("bookworm", "arm64"), ["/bin", "/sbin", "/lib"]);
        assert_eq!(always("sid", "amd64"), ["/bin", "/sbin", "/lib", "/lib64"]);
        assert_eq!(always("trixie-backports", "ppc64le").len(), 4);
        assert!(root_links("bullseye", Arch::from_oci("amd64").unwrap()).is_empty());
        assert!(root_links("bullseye-backports", Arch::from_oci("arm64").unwrap()).is_empty());
    }
}
