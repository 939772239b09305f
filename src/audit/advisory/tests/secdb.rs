use super::*;

const SECDB: &str = r#"{
  "apkurl": "{{urlprefix}}/{{distroversion}}/{{reponame}}/{{arch}}/{{pkg.name}}-{{pkg.ver}}.apk",
  "archs": ["x86_64"], "reponame": "main", "urlprefix": "https://dl-cdn.alpinelinux.org/alpine",
  "distroversion": "v3.22",
  "packages": [
    {"pkg": {"name": "busybox", "secfixes": {
      "1.37.0-r5": ["CVE-2025-0001 GHSA-2x3y-aaaa-bbbb", "CVE-2025-0002 (+ regression fix)"],
      "1.37.0-r20": ["CVE-2025-0001"],
      "1.36.1_p1-r0": ["CVE-2024-0001 CVE-2024-0002"],
      "0": ["CVE-2023-0001"]}}},
    {"pkg": {"name": "none", "secfixes": null}},
    {"pkg": {"name": "empty", "secfixes": {"1-r0": null, "2-r0": []}}}
  ]}"#;

#[test]
fn what_comes_before_a_fix_is_affected() {
    for (version, found) in [
        (
            "1.36.1_rc1-r9",
            vec![
                "busybox CVE-2024-0001 < 1.36.1_p1-r0",
                "busybox CVE-2024-0002 < 1.36.1_p1-r0",
                "busybox CVE-2025-0001 < 1.37.0-r20",
                "busybox CVE-2025-0002 < 1.37.0-r5",
            ],
        ),
        (
            "1.36.1_p1-r0",
            vec![
                "busybox CVE-2025-0001 < 1.37.0-r20",
                "busybox CVE-2025-0002 < 1.37.0-r5",
            ],
        ),
        ("1.37.0-r5", vec!["busybox CVE-2025-0001 < 1.37.0-r20"]),
        ("1.37.0-r20", vec![]),
    ] {
        assert_eq!(says(SECDB, &[apk("busybox", version)]), found, "{version}");
    }
}

#[test]
fn the_name_is_the_origin_s() {
    let binary = apk("ssl_client", "1.37.0-r5").of("busybox", "1.37.0-r5");
    assert_eq!(
        says(SECDB, &[binary]),
        ["ssl_client CVE-2025-0001 < 1.37.0-r20"]
    );
    let other = apk("busybox", "1.0-r0").of("other", "1.0-r0");
    assert_eq!(says(SECDB, &[other]), [""; 0]);
}

#[test]
fn aliases_are_kept() {
    let report = report(&[apk("busybox", "1.37.0-r0")], &[("main.json", SECDB)]);
    let finding = &report.findings[0];
    assert_eq!(finding.id, "CVE-2025-0001");
    assert_eq!(finding.aliases, ["GHSA-2x3y-aaaa-bbbb"]);
    assert_eq!(
        (finding.level, finding.severity.as_deref()),
        (Level::Unknown, None)
    );
    assert_eq!(finding.sources[0].format.to_string(), "Alpine secdb");
}

#[test]
fn another_release_s_file_says_nothing_and_that_is_told() {
    let old = SECDB.replace("v3.22", "v3.21");
    let report = report(&[apk("busybox", "1-r0")], &[("main.json", &old)]);
    assert_eq!(brief(&report), [""; 0]);
    assert_eq!(report.unmatched[0].release.as_deref(), Some("v3.22"));
}

#[test]
fn what_does_not_hold_is_an_error_that_names_the_package() {
    for (from, to, said) in [
        (
            "\"1.37.0-r5\"",
            "\"1.37 x\"",
            "file: `busybox` has fixes in a version that is none",
        ),
        (
            "\"CVE-2025-0001\"",
            "\" \"",
            "file: `busybox` has a fix without a name: ` `",
        ),
        (
            "\"distroversion\": \"v3.22\",",
            "",
            "missing field `distroversion`",
        ),
        ("[\"CVE-2025-0001\"]", "\"CVE-2025-0001\"", "invalid type"),
        ("\"pkg\"", "\"package\"", "missing field `pkg`"),
        (
            "\"packages\": [",
            "\"packages\": 1, \"x\": [",
            "invalid type",
        ),
        ("]}", "]", "the document cannot be read"),
    ] {
        let error = fails(SECDB.replace(from, to), &[apk("busybox", "1-r0")]);
        assert!(error.contains(said), "{error}\n{said}");
    }
}
