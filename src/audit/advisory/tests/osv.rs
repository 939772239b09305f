use super::*;

/// A record about `openssl` of one ecosystem with the given range.
fn record(ecosystem: &str, events: &str) -> String {
    format!(
        r#"{{"schema_version": "1.7.0", "id": "DEBIAN-CVE-2025-0001", "upstream": ["CVE-2025-0001"],
        "details": "A flaw\nin it.", "affected": [{{"package": {{"ecosystem": "{ecosystem}",
        "name": "openssl", "purl": "pkg:deb/debian/openssl?arch=source"}},
        "ranges": [{{"type": "ECOSYSTEM", "events": [{events}]}}],
        "ecosystem_specific": {{"urgency": "not yet assigned"}}}}]}}"#
    )
}

fn hit(events: &str, version: &str) -> Vec<String> {
    says(&record("Debian:13", events), &[deb("openssl", version)])
}

const FIXED: &str = r#"{"introduced": "0"}, {"fixed": "3.5.1-1+deb13u1"}"#;

#[test]
fn what_comes_before_the_fix_is_affected() {
    let found = ["openssl CVE-2025-0001 < 3.5.1-1+deb13u1"];
    assert_eq!(hit(FIXED, "3.5.1-1"), found);
    assert_eq!(hit(FIXED, "3.5.1-1+deb13u1~bpo1"), found);
    assert_eq!(hit(FIXED, "0:3.5.0"), found);
    for later in ["3.5.1-1+deb13u1", "3.5.1-1+deb13u2", "3.5.1-2", "1:1.0"] {
        assert_eq!(hit(FIXED, later), [""; 0], "{later}");
    }
}

#[test]
fn an_epoch_outweighs_everything_and_a_tilde_is_before_nothing() {
    let events = r#"{"introduced": "0"}, {"fixed": "1:1.0~rc2-1"}"#;
    assert_eq!(hit(events, "9.0-1").len(), 1);
    assert_eq!(hit(events, "1:1.0~rc1-1").len(), 1);
    assert_eq!(hit(events, "1:1.0-1").len(), 0);
    assert_eq!(hit(events, "1:1.0~rc2-1").len(), 0);
}

#[test]
fn a_rebuild_is_as_affected_as_its_source() {
    let events = r#"{"introduced": "0"}, {"last_affected": "1.0-1"}"#;
    // The binary's own version is after the last affected one, the source's is not.
    let rebuilt = deb("libssl3", "1.0-1+b1").of("openssl", "1.0-1");
    let found = says(&record("Debian:13", events), &[rebuilt]);
    assert_eq!(found, ["libssl3 CVE-2025-0001"]);
    assert_eq!(hit(events, "1.0-2").len(), 0);
}

#[test]
fn the_name_is_the_source_s_and_not_the_binary_s() {
    let file = record("Debian:13", FIXED);
    let other = deb("openssl", "1.0-1").of("openssl-defaults", "1.0-1");
    assert_eq!(says(&file, &[other]), [""; 0]);
    let packages = [
        deb("libssl3t64", "3.5.1-1").of("openssl", "3.5.1-1"),
        deb("openssl-provider-legacy", "3.5.1-1").of("openssl", "3.5.1-1"),
    ];
    assert_eq!(says(&file, &packages).len(), 2);
}

#[test]
fn a_purl_with_an_architecture_makes_it_a_binary_s() {
    let file = record("Debian:13", FIXED).replace("arch=source", "arch=amd64");
    let binary = deb("openssl", "3.5.1-1").of("something", "9-1");
    assert_eq!(says(&file, &[binary]).len(), 1);
    let source = deb("libssl3", "3.5.1-1").of("openssl", "3.5.1-1");
    assert_eq!(says(&file, &[source]), [""; 0]);
    let other = file.replace("arch=amd64", "arch=riscv64");
    assert_eq!(says(&other, &[deb("openssl", "3.5.1-1")]), [""; 0]);
    let any = file.replace("?arch=source", "");
    assert_eq!(says(&any, &[deb("openssl", "3.5.1-1")]).len(), 1);
}

#[test]
fn every_kind_of_event_is_understood() {
    let two = r#"{"fixed": "3-1"}, {"introduced": "2-1"}, {"introduced": "0"}, {"fixed": "1-1"}"#;
    for (version, found) in [
        ("0.5-1", vec!["openssl CVE-2025-0001 < 1-1"]),
        ("1-1", vec![]),
        ("1.5-1", vec![]),
        ("2-1", vec!["openssl CVE-2025-0001 < 3-1"]),
        ("2.9-1", vec!["openssl CVE-2025-0001 < 3-1"]),
        ("3-1", vec![]),
    ] {
        assert_eq!(hit(two, version), found, "{version}");
    }
    let limit = r#"{"introduced": "1-1"}, {"limit": "2-1"}"#;
    assert_eq!(hit(limit, "1.5-1").len(), 1);
    assert_eq!(hit(limit, "2-1").len(), 0);
    assert_eq!(hit(limit, "0.5-1").len(), 0);
    let endless = r#"{"introduced": "0"}, {"limit": "*"}"#;
    assert_eq!(hit(endless, "99-1"), ["openssl CVE-2025-0001"]);
    let empty = r#"{"introduced": "1-1"}, {"fixed": "1-1"}"#;
    assert_eq!(hit(empty, "1-1").len(), 0);
    let never_fixed = r#"{"introduced": "0"}"#;
    assert_eq!(hit(never_fixed, "99-1"), ["openssl CVE-2025-0001"]);
    let joined = r#"{"introduced": "0", "fixed": "2-1"}"#;
    assert_eq!(hit(joined, "1-1"), ["openssl CVE-2025-0001 < 2-1"]);
}

#[test]
fn a_listed_version_is_affected_without_a_range() {
    let file = r#"{"id": "X-1", "affected": [{"package": {"ecosystem": "Alpine:v3.22",
        "name": "zlib"}, "versions": ["1.3-r0", "1.3-r1"]}]}"#;
    assert_eq!(says(file, &[apk("zlib", "1.3-r1")]), ["zlib X-1"]);
    assert_eq!(says(file, &[apk("zlib", "1.3-r2")]), [""; 0]);
    let git = file.replace(
        r#""versions""#,
        r#""ranges": [{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}], "versions""#,
    );
    assert_eq!(says(&git, &[apk("zlib", "1.3-r1")]), ["zlib X-1"]);
    assert_eq!(says(&git, &[apk("zlib", "1.3-r2")]), [""; 0]);
}

#[test]
fn suffixes_of_alpine_are_ordered_as_apk_orders_them() {
    let file = |fixed: &str| {
        format!(
            r#"{{"id": "ALPINE-CVE-2025-0001", "affected": [{{"package": {{"ecosystem":
            "Alpine:v3.22", "name": "x"}}, "ranges": [{{"type": "ECOSYSTEM", "events":
            [{{"introduced": "0"}}, {{"fixed": "{fixed}"}}]}}]}}]}}"#
        )
    };
    for (installed, fixed, affected) in [
        ("1.2_rc1-r0", "1.2-r0", true),
        ("1.2_p1-r0", "1.2-r0", false),
        ("1.2-r9", "1.2_p1-r0", true),
        ("1.2-r9", "1.2-r10", true),
        ("1.10-r0", "1.9-r0", false),
        ("1.2a-r0", "1.2b-r0", true),
    ] {
        let found = says(&file(fixed), &[apk("x", installed)]);
        assert_eq!(!found.is_empty(), affected, "{installed} {fixed}");
    }
}

#[test]
fn only_the_installed_release_counts() {
    let package = [deb("openssl", "1-1")];
    assert_eq!(says(&record("Debian:12", FIXED), &package), [""; 0]);
    assert_eq!(says(&record("Debian", FIXED), &package).len(), 1);
    assert_eq!(says(&record("Debian:trixie", FIXED), &package).len(), 1);
    assert_eq!(says(&record("Ubuntu:13", FIXED), &package), [""; 0]);
    assert_eq!(says(&record("Root:Debian:13", FIXED), &package), [""; 0]);
    let sid = [deb("openssl", "1-1").on(None, Some("sid"))];
    assert_eq!(says(&record("Debian:sid", FIXED), &sid).len(), 1);
}

#[test]
fn a_package_that_nothing_can_speak_of_is_reported() {
    let unmatched = |ecosystem: &str, packages: &[Pkg]| -> Vec<(Option<String>, usize)> {
        let report = report(packages, &[("file", &record(ecosystem, FIXED))]);
        assert_eq!(report.unmatched_release(), !report.unmatched.is_empty());
        let of = report.unmatched.into_iter();
        of.map(|unmatched| (unmatched.release, unmatched.packages))
            .collect()
    };
    let unknown = deb("openssl", "1-1").on(None, None);
    // What speaks of all releases counts, and is still not the whole.
    let file = record("Debian", FIXED);
    assert_eq!(says(&file, std::slice::from_ref(&unknown)).len(), 1);
    assert_eq!(
        says(&record("Debian:13", FIXED), std::slice::from_ref(&unknown)),
        [""; 0]
    );
    assert_eq!(
        unmatched("Debian", &[unknown.clone(), unknown]),
        [(None, 2)]
    );
    let known = [deb("openssl", "1-1"), deb("zlib1g", "1-1")];
    assert_eq!(unmatched("Debian:13", &known), []);
    assert_eq!(unmatched("Debian", &known), []);
    assert_eq!(unmatched("Debian:12", &known), [(Some("13".into()), 2)]);
    assert_eq!(unmatched("npm", &known), [(Some("13".into()), 2)]);
    let mixed = [deb("openssl", "1-1"), apk("openssl", "1-r1")];
    assert_eq!(unmatched("Debian:13", &mixed), [(Some("v3.22".into()), 1)]);
    assert_eq!(report(&known, &[]).unmatched.len(), 1);
    assert_eq!(report(&[], &[]).unmatched, []);
}

#[test]
fn withdrawn_records_are_none() {
    let file =
        record("Debian:13", FIXED).replacen('{', r#"{"withdrawn": "2025-01-01T00:00:00Z", "#, 1);
    assert_eq!(says(&file, &[deb("openssl", "1-1")]), [""; 0]);
    let null = record("Debian:13", FIXED).replacen('{', r#"{"withdrawn": null, "#, 1);
    assert_eq!(says(&null, &[deb("openssl", "1-1")]).len(), 1);
}

#[test]
fn severity_is_the_distribution_s_word_then_a_database_s_then_the_vector_s() {
    let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    let file = |urgency: &str, word: &str, kind: &str, vector: &str| {
        record("Debian:13", FIXED)
            .replace("not yet assigned", urgency)
            .replacen(
                '{',
                &format!(
                    r#"{{"database_specific": {{"severity": {word}}},
                    "severity": [{{"type": "{kind}", "score": "{vector}"}}], "#
                ),
                1,
            )
    };
    let v4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N";
    for (urgency, word, kind, vector, severity, level, score) in [
        (
            "low**",
            "\"HIGH\"",
            "CVSS_V3",
            vector,
            "low**",
            Level::Low,
            Some(98),
        ),
        (
            "not yet assigned",
            "\"HIGH\"",
            "CVSS_V3",
            vector,
            "HIGH",
            Level::High,
            Some(98),
        ),
        (
            "not yet assigned",
            "7",
            "CVSS_V3",
            vector,
            vector,
            Level::Critical,
            Some(98),
        ),
        (
            "not yet assigned",
            "null",
            "CVSS_V4",
            v4,
            "not yet assigned",
            Level::Unknown,
            None,
        ),
        (
            "unimportant",
            "null",
            "CVSS_V4",
            v4,
            "unimportant",
            Level::Negligible,
            None,
        ),
        (
            "",
            "null",
            "Ubuntu",
            "medium",
            "medium",
            Level::Medium,
            None,
        ),
        ("", "[]", "CVSS_V4", v4, v4, Level::Unknown, None),
        (
            "end-of-life",
            "null",
            "CVSS_V3",
            vector,
            vector,
            Level::Critical,
            Some(98),
        ),
    ] {
        let report = report(
            &[deb("openssl", "1-1")],
            &[("file", &file(urgency, word, kind, vector))],
        );
        let finding = &report.findings[0];
        assert_eq!(finding.severity.as_deref(), Some(severity));
        assert_eq!((finding.level, finding.score), (level, score), "{severity}");
        assert_eq!(finding.note.is_some(), urgency == "end-of-life");
        assert_eq!(finding.summary.as_deref(), Some("A flaw in it."));
    }
}

#[test]
fn the_severity_of_a_package_is_before_the_record_s() {
    let file = record("Debian:13", FIXED)
        .replacen(
            '{',
            r#"{"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}], "#,
            1,
        )
        .replace(
            r#""ranges""#,
            r#""severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N"}], "ranges""#,
        );
    let report = report(&[deb("openssl", "1-1")], &[("file", &file)]);
    assert_eq!(report.findings[0].score, Some(31));
}

#[test]
fn records_come_alone_in_arrays_and_on_lines() {
    let one = record("Debian:13", FIXED).replace('\n', " ");
    let two = one.replace("2025-0001", "2025-0002");
    let package = [deb("openssl", "1-1")];
    for file in [
        format!("{one}\n{two}\n"),
        format!("{one}{two}"),
        format!("[{one},\n{two}]"),
        format!(" [ {two} , {one} ] "),
    ] {
        assert_eq!(says(&file, &package).len(), 2, "{file}");
    }
    assert_eq!(says("[]", &package), [""; 0]);
}

#[test]
fn what_does_not_hold_is_an_error_that_names_the_record() {
    let package = [deb("openssl", "1-1")];
    let base = record("Debian:13", FIXED);
    for (from, to, said) in [
        (
            r#""ECOSYSTEM""#,
            r#""SEMVER""#,
            "`DEBIAN-CVE-2025-0001` has a range of type `SEMVER`",
        ),
        (
            r#"{"introduced": "0"}, "#,
            "",
            "has a range in which nothing is introduced",
        ),
        (
            r#"{"introduced": "0"}"#,
            "{}",
            "has an event in a range that says nothing",
        ),
        ("3.5.1-1+deb13u1", "3 5", "has a version that is none"),
        (
            r#""3.5.1-1+deb13u1""#,
            "7",
            "invalid type: integer `7`, expected a string",
        ),
        (r#""events": ["#, r#""events": 1, "x": ["#, "invalid type"),
        (
            r#"["CVE-2025-0001"]"#,
            r#""CVE-2025-0001""#,
            "invalid type: string",
        ),
        (
            r#"["CVE-2025-0001"]"#,
            r#"["CVE 1"]"#,
            "has a name that is none: `CVE 1`",
        ),
        (r#""id": "DEBIAN-CVE-2025-0001","#, "", "missing field `id`"),
        (
            r#""id": "DEBIAN-CVE-2025-0001""#,
            r#""id": 1"#,
            "file: record 1 cannot be read",
        ),
        (
            "pkg:deb/debian/openssl?arch=source",
            "openssl",
            "has a package URL that is none",
        ),
        (r#""name": "openssl","#, "", "without ecosystem and name"),
        (
            r#""ecosystem": "Debian:13""#,
            r#""ecosystem": 1"#,
            "without ecosystem and name",
        ),
        (
            r#""affected": ["#,
            r#""affected": 1, "x": ["#,
            "invalid type",
        ),
    ] {
        let file = base.replace(from, to);
        assert_ne!(file, base, "{from}");
        let error = fails(file, &package);
        assert!(error.contains(said), "{error}\n{said}");
        assert!(error.starts_with("file: "), "{error}");
    }
    let second = format!("{base}\n{}", base.replace("\"ECOSYSTEM\"", "1"));
    assert!(fails(second, &package).starts_with("file: `DEBIAN-CVE-2025-0001`"));
    let second = format!("{base}\nnonsense");
    assert!(fails(second, &package).starts_with("file: record 2 cannot be read"));
}

#[test]
fn records_of_others_may_be_odd() {
    let package = [deb("openssl", "1-1")];
    for odd in [
        r#"{"id": 7, "affected": [{"package": {"ecosystem": "npm", "name": "x"}, "ranges": 1}]}"#,
        r#"{"id": "X-1", "affected": [{"ranges": [{"type": "GIT", "events": []}]}]}"#,
        r#"{"id": "X-1", "affected": null, "severity": 1}"#,
        r#"{"id": "X-1"}"#,
        r#"{"id": "X-1", "aliases": 1, "affected": [{"package": {"ecosystem": "Debian:13",
            "name": "not-installed"}, "ranges": 7}]}"#,
        r#"{"id": "X-1", "affected": [{"package": {"ecosystem": "Debian:12",
            "name": "openssl"}, "ranges": 7}]}"#,
    ] {
        assert_eq!(says(odd, &package), [""; 0], "{odd}");
    }
}
