//! What packages own.

use super::*;
use crate::distro::FileSum;
use crate::tree::testing::{directory, symlink};

#[test]
fn paths_sums_and_conffiles_come_together() {
    let conffiles = format!(
        "Conffiles:\n /etc/a {SUM}\n /etc/b c {SUM} obsolete\n /etc/new newconffile\n /etc/gone newconffile remove-on-upgrade\n"
    );
    let list = "/.\n/bin\n/bin/x\n/etc\n/etc/a\n/etc/b c\n/etc/new\n/etc/more\n/usr/share/line\\\n/usr/share/doc\n/bin/x\n";
    let sums = format!(
        "{}  bin/x\n\n{}  ./bin/x\n{SUM} *etc/more\n\\{SUM}  usr/share/line\\\\\n{SUM}  not/listed",
        SUM.replace('d', "0"),
        SUM.to_uppercase(),
    );
    let installed = of(&tree(&[
        ("bin", symlink("usr/bin")),
        ("usr", directory(0o755)),
        ("usr/bin", directory(0o755)),
        ("usr/share", directory(0o755)),
        ("usr/share/doc", file("")),
        ("var/lib/dpkg/status", file(&stanza("x", "all", &conffiles))),
        ("var/lib/dpkg/info/x.list", file(list)),
        ("var/lib/dpkg/info/x.md5sums", file(&sums)),
        (
            "var/lib/dpkg/info/x.conffiles",
            file("/etc/more\nremove-on-upgrade /etc/gone\n"),
        ),
        ("var/lib/dpkg/info/y.list", file("/etc/none\n")),
    ]));
    let files: Vec<_> = owned(&installed, "x").iter().map(shown).collect();
    assert_eq!(
        files,
        [
            "/bin  d".to_owned(),
            format!("/bin/x {SUM}"),
            // It is not in this tree.
            "/etc ".to_owned(),
            format!("/etc/a {SUM} c"),
            format!("/etc/b c {SUM} c"),
            format!("/etc/more {SUM} c"),
            "/etc/new  c".to_owned(),
            "/usr/share/doc ".to_owned(),
            format!("/usr/share/line\\ {SUM}"),
        ]
    );
    assert_eq!(owned(&installed, "x")[0].meta, None);
    assert_eq!(installed.databases.len(), 4);
    assert_eq!(Debian.file_sum(), FileSum::Md5);
}

#[test]
fn files_of_several_architectures_are_told_apart() {
    let same = "Multi-Arch: same\n";
    let status = stanza("two", "amd64", same)
        + &stanza("two", "i386", same)
        + &stanza("one", "amd64", same)
        + &stanza("foreign", "amd64", "Multi-Arch: foreign\n");
    let installed = of(&texts(&[
        ("var/lib/dpkg/status", &status),
        ("var/lib/dpkg/info/two.list", "/stale\n"),
        ("var/lib/dpkg/info/two:i386.list", "/two-i386\n"),
        ("var/lib/dpkg/info/one.list", "/one\n"),
        ("var/lib/dpkg/info/foreign.list", "/foreign\n"),
        ("var/lib/dpkg/info/foreign:amd64.list", "/stale\n"),
    ]));
    let found: Vec<_> = installed
        .packages
        .iter()
        .map(|one| {
            let files = one.files.as_ref().map(|files| files[0].path.to_string());
            format!("{}:{} {}", one.name, one.arch, files.unwrap_or_default())
        })
        .collect();
    assert_eq!(
        found,
        [
            "foreign:amd64 /foreign",
            "one:amd64 /one",
            "two:amd64 ",
            "two:i386 /two-i386"
        ]
    );
}

#[test]
fn diversions_are_sorted_and_say_whose_they_are() {
    let diversions = "/usr/bin/b\n/usr/bin/b.real\nx\n/usr/bin/a\n/usr/bin/a.site\n:\n";
    let found = |text: &str| {
        texts(&[
            ("var/lib/dpkg/status", ""),
            ("var/lib/dpkg/diversions", text),
        ])
    };
    assert_eq!(
        of(&found(diversions)).diversions,
        [
            (path("usr/bin/a"), path("usr/bin/a.site"), None),
            (
                path("usr/bin/b"),
                path("usr/bin/b.real"),
                Some("x".parse().unwrap())
            ),
        ]
    );
    for (text, why) in [
        ("/a\n/b\n", "ends in the middle of a diversion"),
        ("/a\n/b\n:", "ends in the middle of a line"),
        (
            "/a\nb\n:\n",
            "line 2 of the package database /var/lib/dpkg/diversions is no absolute path: `b`",
        ),
        ("/\n/b\n:\n", "is no absolute path"),
        ("/a\n/b\n../c\n", "names no package: `../c`"),
        (
            "/a\n/b\n:\n/a\n/c\nx\n",
            "line 4 of the package database /var/lib/dpkg/diversions diverts a path again",
        ),
        ("/a\r\n/b\r\n:\r\n", "ends with a carriage return"),
    ] {
        assert!(
            fault(&found(text)).contains(why),
            "{text:?}: {}",
            fault(&found(text))
        );
    }
}
