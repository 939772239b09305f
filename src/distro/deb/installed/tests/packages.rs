//! Which packages there are.

use super::*;

#[test]
fn packages_are_those_that_dpkg_has_on_the_disk() {
    let status = "\n\nversion: 2:1.0-1+b2\nDESCRIPTION: a\n long\n .\n Package: no\nSource:  src (2:1.0-1) \n\
        status: Hold  OK   Half-Configured\nArchitecture:amd64\npackage:\t b\n\
        \r\n\
        Package: a\r\nStatus: install ok installed\r\nVersion: 1\r\nArchitecture: all\r\nSource: a-src\r\n\r\n\n\
        Package: gone\nStatus: deinstall ok config-files\n\n\
        Package: never\nStatus: unknown ok not-installed\nVersion: ?\n\n\
        Package: half\nStatus: install reinstreq half-installed\nVersion: 3\nArchitecture: amd64\nSource: https://x (y)";
    let installed = of(&texts(&[("var/lib/dpkg/status", &format!("{status}\n"))]));
    assert_eq!(
        lines(&installed),
        [
            "a all 1 a-src 1 installed",
            "b amd64 2:1.0-1+b2 src 2:1.0-1 half-configured",
            "half amd64 3 half 3 half-installed",
        ]
    );
    assert!(
        installed
            .packages
            .iter()
            .all(|one| one.files.is_none() && one.license.is_none())
    );
    assert_eq!(installed.databases, [path("var/lib/dpkg/status")]);
}

#[test]
fn no_database_is_no_answer_and_an_empty_one_is() {
    assert!(Debian.installed(&Tree::default()).unwrap().is_none());
    let others = [
        ("lib/apk/db/installed", "P:x\n\n"),
        ("etc/os-release", "ID=debian\n"),
    ];
    assert!(Debian.installed(&texts(&others)).unwrap().is_none());
    assert!(
        of(&texts(&[("var/lib/dpkg/status", "")]))
            .packages
            .is_empty()
    );
}

#[test]
fn what_dpkg_had_no_time_to_merge_counts() {
    let status = stanza("a", "amd64", "")
        + &stanza("b", "amd64", "")
        + &stanza("c", "amd64", "Multi-Arch: same\n")
        + &stanza("c", "i386", "Multi-Arch: same\n");
    let first = "Package: a\nStatus: install ok unpacked\nVersion: 2\nArchitecture: all\n";
    let second = "Package: b\nStatus: deinstall ok config-files\nVersion: 1\n\n\
        Package: c\nStatus: install ok unpacked\nArchitecture: i386\nVersion: 2\nMulti-Arch: same\n";
    let third = first.replace("2", "3");
    let installed = of(&texts(&[
        ("var/lib/dpkg/status", &status),
        ("var/lib/dpkg/updates/0000", first),
        ("var/lib/dpkg/updates/0001", second),
        ("var/lib/dpkg/updates/0002", &third),
        ("var/lib/dpkg/updates/tmp.i", "#padded\n"),
    ]));
    assert_eq!(
        lines(&installed),
        [
            "a all 3 a 3 unpacked",
            "c amd64 1-1 c 1-1 installed",
            "c i386 2 c 2 unpacked",
        ]
    );
    assert_eq!(installed.databases.len(), 4);
}

#[test]
fn distroless_images_have_a_file_for_each_package() {
    let single =
        "Package: libc6\nVersion: 2.41-12\nArchitecture: amd64\nSource: glibc\nMulti-Arch: same";
    let sums = format!("{SUM}  usr/lib/libc.so.6\n");
    let mut files = vec![
        ("var/lib/dpkg/status.d/bGliYzY=", single),
        ("var/lib/dpkg/status.d/bGliYzY=.md5sums", &sums),
        ("var/lib/dpkg/status.d/again", single),
        ("var/lib/dpkg/status.d/.hidden", "\0"),
        ("usr/lib/os-release", "ID=\"debian\"\nVERSION_ID=\"13\"\n"),
    ];
    let installed = of(&texts(&files));
    assert_eq!(
        lines(&installed),
        ["libc6 amd64 2.41-12 glibc 2.41-12 installed"]
    );
    assert_eq!(installed.release.as_deref(), Some("trixie"));
    assert_eq!(
        shown(&owned(&installed, "libc6")[0]),
        format!("/usr/lib/libc.so.6 {SUM}")
    );
    assert_eq!(installed.arch, Arch::from_oci("amd64"));
    assert_eq!(installed.databases.len(), 3);

    let status = "Package: libc6\nStatus: install ok installed\nVersion: 3\nArchitecture: amd64\n";
    files.push(("var/lib/dpkg/status", status));
    let other =
        "Package: other\nVersion: 1\nArchitecture: all\nStatus: deinstall ok config-files\n";
    files.push(("var/lib/dpkg/status.d/other", other));
    assert_eq!(
        lines(&of(&texts(&files))),
        ["libc6 amd64 3 libc6 3 installed"]
    );

    let newer = single.replace("12", "13");
    files.push(("var/lib/dpkg/status.d/newer", &newer));
    assert_eq!(
        fault(&texts(&files)),
        "the package databases /var/lib/dpkg/status.d/again and /var/lib/dpkg/status.d/newer \
         have different versions of libc6"
    );
}
