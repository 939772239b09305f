//! Databases made by hand, good ones and others.

mod damage;
mod owned;
mod packages;
mod written;

use crate::distro::deb::Debian;
use crate::distro::{Installed, InstalledFile, InstalledPackage, Inventory};
use crate::model::{Arch, Class, SourcePackage};
use crate::tree::testing::{file, path};
use crate::tree::{Node, Tree};

const SUM: &str = "d41d8cd98f00b204e9800998ecf8427e";

fn tree(nodes: &[(&str, Node)]) -> Tree {
    let nodes = nodes.iter().map(|(at, node)| (path(at), node.clone()));
    Tree {
        nodes: nodes.collect(),
    }
}

fn texts(files: &[(&str, &str)]) -> Tree {
    let nodes: Vec<_> = files.iter().map(|(at, text)| (*at, file(text))).collect();
    tree(&nodes)
}

fn of(tree: &Tree) -> Installed {
    Debian.installed(tree).unwrap().unwrap()
}

/// The error and its causes as one line.
fn fault(tree: &Tree) -> String {
    let fault = Debian.installed(tree).unwrap_err();
    assert_eq!(fault.class(), Class::Untrusted);
    let mut out = fault.to_string();
    let mut next = fault.source();
    while let Some(cause) = next {
        out = format!("{out}: {cause}");
        next = cause.source();
    }
    out
}

/// A paragraph of `status`.
fn stanza(name: &str, arch: &str, more: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nArchitecture: {arch}\nVersion: 1-1\n{more}\n"
    )
}

/// `NAME ARCH VERSION SOURCE SOURCE-VERSION STATE`, as dpkg-query is asked for it.
fn lines(installed: &Installed) -> Vec<String> {
    let line = |one: &InstalledPackage| {
        let SourcePackage { name, version } = &one.source;
        format!(
            "{} {} {} {name} {version} {}",
            one.name, one.arch, one.version, one.state
        )
    };
    installed.packages.iter().map(line).collect()
}

fn owned<'a>(installed: &'a Installed, name: &str) -> &'a [InstalledFile] {
    let mut packages = installed.packages.iter();
    let package = packages.find(|one| one.name.as_str() == name).unwrap();
    package.files.as_deref().unwrap()
}

/// Path, digest, whether it is a directory and a conffile.
fn shown(file: &InstalledFile) -> String {
    let sum: String = file
        .sum
        .iter()
        .flat_map(|sum| sum.iter())
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let directory = if file.directory { " d" } else { "" };
    let conffile = if file.conffile { " c" } else { "" };
    format!("{} {sum}{directory}{conffile}", file.path)
}

#[test]
fn only_what_tells_of_packages_is_read() {
    for at in [
        "var/lib/dpkg/status",
        "var/lib/dpkg/diversions",
        "var/lib/dpkg/arch",
        "var/lib/dpkg/updates/0000",
        "var/lib/dpkg/status.d/libssl3",
        "var/lib/dpkg/status.d/bGliYzY=.md5sums",
        "var/lib/dpkg/info/libc6:amd64.list",
        "var/lib/dpkg/info/dash.md5sums",
        "var/lib/dpkg/info/dash.conffiles",
        "etc/os-release",
        "usr/lib/os-release",
        "etc/debian_version",
    ] {
        assert!(Debian.reads(&path(at)), "{at}");
    }
    for at in [
        "var/lib/dpkg/status-old",
        "var/lib/dpkg/available",
        "var/lib/dpkg/updates/tmp.i",
        "var/lib/dpkg/status.d/.wh",
        "var/lib/dpkg/status.d/a/b",
        "var/lib/dpkg/info/dash.postinst",
        "var/lib/dpkg/info/a/b.list",
        "var/lib/dpkg-status",
        "x/var/lib/dpkg/status",
        "etc/os-release/x",
    ] {
        assert!(!Debian.reads(&path(at)), "{at}");
    }
}

#[test]
fn the_architecture_is_dpkgs_own() {
    let arch = |status: String, more: &[(&str, &str)]| {
        let mut files = vec![("var/lib/dpkg/status", &status[..])];
        files.extend(more);
        of(&texts(&files)).arch.map(|arch| arch.to_string())
    };
    let many = stanza("a", "i386", "") + &stanza("b", "i386", "") + &stanza("c", "all", "");
    let listed = [("var/lib/dpkg/arch", "arm64\ni386\n")];
    assert_eq!(arch(many.clone(), &listed).as_deref(), Some("arm64"));
    assert_eq!(arch(many.clone(), &[]).as_deref(), Some("386"));
    let dpkg = many.clone() + &stanza("dpkg", "amd64", "");
    assert_eq!(arch(dpkg, &[]).as_deref(), Some("amd64"));
    let libc = many.clone() + &stanza("libc6", "amd64", "") + &stanza("libc6", "i386", "");
    assert_eq!(arch(libc, &[]).as_deref(), Some("386"));
    let tie = stanza("a", "i386", "") + &stanza("b", "amd64", "");
    assert_eq!(arch(tie, &[]), None);
    assert_eq!(arch(stanza("a", "hurd-i386", ""), &[]), None);
}

#[test]
fn the_release_is_what_the_filesystem_says() {
    let release = |files: &[(&str, &str)]| {
        let mut files = files.to_vec();
        files.push(("var/lib/dpkg/status", ""));
        of(&texts(&files)).release
    };
    let found = |files: &[(&str, &str)], wanted: &str| {
        assert_eq!(release(files).as_deref(), Some(wanted), "{files:?}");
    };
    found(
        &[("etc/os-release", "VERSION_CODENAME=noble\nID=ubuntu\n")],
        "noble",
    );
    found(
        &[("usr/lib/os-release", "VERSION_CODENAME=trixie\n")],
        "trixie",
    );
    found(
        &[("etc/os-release", "ID=debian\nVERSION_ID=12\n")],
        "bookworm",
    );
    found(&[("etc/debian_version", "11.9\n")], "bullseye");
    found(&[("etc/debian_version", "forky/sid\n")], "forky");
    assert_eq!(release(&[]), None);
    assert_eq!(
        release(&[("etc/os-release", "ID=ubuntu\nVERSION_ID=12\n")]),
        None
    );

    assert_eq!(Debian.osv_release("trixie").as_deref(), Some("13"));
    assert_eq!(Debian.osv_release("bullseye").as_deref(), Some("11"));
    assert_eq!(Debian.osv_release("sid"), None);
    assert_eq!(
        (Debian.osv_ecosystem(), Debian.purl_namespace()),
        ("Debian", "debian")
    );
}
