//! What a person reads of an audit, at 80 columns.

use rootlock::audit::advisory::{Finding as Known, Format, Level, Source, Unmatched};
use rootlock::audit::{Audit, Checked, Finding, FindingKind, Password, Special, Summary, Witness};
use rootlock::distro::{Installed, InstalledPackage};
use rootlock::image::Form;
use rootlock::model::{Arch, Sha256, SourcePackage};
use rootlock::ops::{Account, Advised, AuditReport, Audited, Vulnerability};

use crate::report::testing::texts;

fn finding(kind: FindingKind, package: Option<&str>, path: Option<&str>) -> Finding {
    Finding {
        kind,
        package: package.map(|name| name.parse().unwrap()),
        path: path.map(|path| path.parse().unwrap()),
        field: None,
        expected: None,
        found: None,
        by: None,
        conffile: false,
    }
}

fn changed(path: &str, package: &str, field: &'static str, values: [String; 2]) -> Finding {
    let [expected, found] = values;
    Finding {
        field: Some(field),
        expected: Some(expected),
        found: Some(found),
        by: Some(Witness::Package),
        conffile: path.starts_with("etc/"),
        ..finding(FindingKind::FileChanged, Some(package), Some(path))
    }
}

fn package(name: &str, version: &str, state: &str) -> InstalledPackage {
    InstalledPackage {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        arch: "amd64".into(),
        source: SourcePackage {
            name: name.into(),
            version: version.parse().unwrap(),
        },
        state: state.into(),
        license: None,
        files: None,
    }
}

fn account(name: &str, uid: u32, password: Password) -> Account {
    Account {
        name: name.into(),
        uid,
        gid: uid,
        shell: "/bin/sh".into(),
        password,
    }
}

fn special(path: &str, mode: u16) -> Special {
    Special {
        path: path.parse().unwrap(),
        mode,
        uid: 0,
        gid: 0,
    }
}

fn report(findings: Vec<Finding>) -> AuditReport {
    let summary = Summary {
        packages: 2,
        checked: Checked {
            record: 120,
            package: 1974,
            database: 12,
            unchecked: 3,
        },
        unlocked: 0,
        setuid: vec![special("usr/bin/su", 0o4755)],
        capabilities: Vec::new(),
        world_writable: Vec::new(),
        accounts: vec![
            account("root", 0, Password::Locked),
            account("toor", 0, Password::Empty),
        ],
    };
    AuditReport {
        target: "out/web".into(),
        form: Form::OciLayout,
        lockfile: Some("rootfs.lock".into()),
        advised: false,
        images: vec![Audited {
            arch: Arch::from_oci("amd64"),
            manifest: None,
            config: None,
            distro: "debian",
            installed: Installed {
                packages: vec![
                    package("bash", "5.2.37-2+b5", "installed"),
                    package("mawk", "1.3.4-1", "half-configured"),
                ],
                release: Some("trixie".into()),
                ..Installed::default()
            },
            audit: Audit { findings, summary },
            advised: Advised::default(),
            skipped: Vec::new(),
            recorded: Some(false),
            one_owner: false,
        }],
    }
}

#[test]
fn findings_are_counted_and_told() {
    let digest = |text: &str| Sha256::of(text.as_bytes()).to_string();
    let mut version = finding(FindingKind::PackageVersion, Some("bash"), None);
    version.expected = Some("5.2.37-2".into());
    version.found = Some("5.2.37-2+b5".into());
    let mut unowned = finding(FindingKind::FileUnowned, None, Some("usr/bin/evil"));
    unowned.found = Some("file 4755 0:0".into());
    let report = report(vec![
        version,
        finding(FindingKind::FileMissing, Some("mawk"), Some("usr/bin/mawk")),
        changed(
            "etc/bash.bashrc",
            "bash",
            "mode",
            ["0644".into(), "0666".into()],
        ),
        changed(
            "usr/bin/bash",
            "bash",
            "content",
            [digest("a"), digest("b")],
        ),
        unowned,
    ]);
    let [plain, coloured] = texts(&report);
    insta::assert_snapshot!(plain, @r"
    out/web (oci), amd64, debian trixie, 2 packages
      5 findings: 1 package-version, 1 file-missing, 2 file-changed, 1 file-unowned
      paths judged: 120 by the record, 1974 by locked packages,
        12 by the image's own database only, 3 by nothing but their presence
      version   package bash, 5.2.37-2+b5 instead of 5.2.37-2
      missing   /usr/bin/mawk (mawk)
      changed   /etc/bash.bashrc (bash), configuration, mode 0666 instead of 0644
      changed   /usr/bin/bash (bash),
                content sha256:3e23e8160039 instead of sha256:ca978112ca1b
      unowned   /usr/bin/evil, file 4755 0:0
      with the packages at hand (`rootlock fetch`) more is judged by them
      1 package half-configured, not installed
      1 path setuid or setgid: /usr/bin/su
      2 accounts
        with the number 0: toor
        without a password: toor
    ");
    insta::assert_snapshot!(coloured, @r"
    out/web (oci), amd64, debian trixie, 2 packages
      ^[1;31m5 findings^[0m: 1 package-version, 1 file-missing, 2 file-changed, 1 file-unowned
      paths judged: 120 by the record, 1974 by locked packages,
        12 by the image's own database only, 3 by nothing but their presence
      ^[1;31mversion^[0m   package bash, 5.2.37-2+b5 instead of 5.2.37-2
      ^[1;31mmissing^[0m   /usr/bin/mawk (mawk)
      ^[1;31mchanged^[0m   /etc/bash.bashrc (bash), configuration, mode 0666 instead of 0644
      ^[1;31mchanged^[0m   /usr/bin/bash (bash),
                content sha256:3e23e8160039 instead of sha256:ca978112ca1b
      ^[1;33munowned^[0m   /usr/bin/evil, file 4755 0:0
      with the packages at hand (`rootlock fetch`) more is judged by them
      1 package half-configured, not installed
      1 path setuid or setgid: /usr/bin/su
      2 accounts
        with the number 0: toor
        without a password: toor
    ");
}

#[test]
fn an_image_as_locked_is_told_in_few_lines() {
    let [plain, _] = texts(&report(Vec::new()));
    insta::assert_snapshot!(plain, @r"
    out/web (oci), amd64, debian trixie, 2 packages
      as locked
      paths judged: 120 by the record, 1974 by locked packages,
        12 by the image's own database only, 3 by nothing but their presence
      not to the last bit: times differ, or what is not judged here;
      `rootlock verify --against` tells
      with the packages at hand (`rootlock fetch`) more is judged by them
      1 package half-configured, not installed
      1 path setuid or setgid: /usr/bin/su
      2 accounts
        with the number 0: toor
        without a password: toor
    ");
}

#[test]
fn vulnerabilities_are_told_the_worst_first() {
    let known = |id: &str, level: Level, fixed: Option<&str>| Vulnerability {
        finding: Known {
            package: 0,
            name: "bash".into(),
            version: "5.2.37-2+b5".into(),
            arch: "amd64".into(),
            purl: String::new(),
            source_name: "bash".into(),
            source_version: "5.2.37-2".into(),
            id: id.into(),
            aliases: Vec::new(),
            fixed: fixed.map(str::to_owned),
            severity: None,
            level,
            score: None,
            summary: None,
            note: None,
            sources: vec![Source {
                file: "osv.zip".into(),
                format: Format::Osv,
            }],
            suppressed: None,
        },
        offered: fixed.map(|_| true),
    };
    let mut report = report(Vec::new());
    report.lockfile = None;
    report.advised = true;
    report.images[0].advised = Advised {
        vulnerabilities: vec![
            known("CVE-2026-1", Level::Low, None),
            known("CVE-2026-2", Level::Critical, Some("5.2.38-1")),
        ],
        unmatched: Vec::new(),
    };
    let [plain, _] = texts(&report);
    insta::assert_snapshot!(plain, @r"
    out/web (oci), amd64, debian trixie, 2 packages
    PACKAGE  VERSION      ARCH   SOURCE
    bash     5.2.37-2+b5  amd64  bash
    mawk     1.3.4-1      amd64  mawk

    VULNERABILITY  SEVERITY  PACKAGE  VERSION      FIXED IN
    CVE-2026-2     critical  bash     5.2.37-2+b5  5.2.38-1 (offered)
    CVE-2026-1     low       bash     5.2.37-2+b5  no fix
      2 known vulnerabilities
      1 package half-configured, not installed
      1 path setuid or setgid: /usr/bin/su
      2 accounts
        with the number 0: toor
        without a password: toor
    ");

    report.images[0].advised = Advised {
        vulnerabilities: Vec::new(),
        unmatched: vec![Unmatched {
            ecosystem: "Debian".into(),
            release: Some("trixie".into()),
            packages: 2,
        }],
    };
    let [plain, _] = texts(&report);
    assert!(!plain.contains("no known vulnerability"), "{plain}");
    assert!(
        plain.contains("no advisory speaks of Debian trixie"),
        "{plain}"
    );
    assert!(!report.is_clean());
}
