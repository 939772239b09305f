use super::*;

/// The tracker's words about one vulnerability of `curl` in trixie.
fn tracker(release: &str) -> String {
    format!(
        r#"{{"aaa": {{"CVE-2020-0001": {{"releases": {{"sid": {{"status": "open"}}}}}}}},
        "curl": {{"CVE-2025-0001": {{"description": "Curl leaks.", "debianbug": 1, "scope":
        "remote", "releases": {{"bookworm": {{"status": "open", "urgency": "high"}}, "trixie":
        {{"repositories": {{"trixie": "8.14.1-2"}}, {release}}}}}}}}}}}"#
    )
}

#[test]
fn resolved_affects_what_comes_before_the_fix() {
    let file = tracker(r#""status": "resolved", "fixed_version": "8.14.1-2", "urgency": "low""#);
    let found = ["libcurl4t64 CVE-2025-0001 < 8.14.1-2"];
    let lib = |version: &str| [deb("libcurl4t64", version).of("curl", version)];
    assert_eq!(says(&file, &lib("8.14.1-1")), found);
    assert_eq!(says(&file, &lib("8.14.1-2~deb13u1")), found);
    assert_eq!(says(&file, &lib("8.14.1-2")), [""; 0]);
    assert_eq!(says(&file, &lib("8.14.1-2+deb13u1")), [""; 0]);
    assert_eq!(says(&file, &lib("1:1.0-1")), [""; 0]);
}

#[test]
fn a_fix_in_the_security_suite_is_a_fix() {
    let file = tracker(
        r#""status": "resolved", "fixed_version": "8.14.1-2+deb13u2", "urgency": "not yet assigned",
        "x": {"trixie": "8.14.1-2", "trixie-security": "8.14.1-2+deb13u2"}"#,
    );
    assert_eq!(
        says(&file, &[deb("curl", "8.14.1-2")]),
        ["curl CVE-2025-0001 < 8.14.1-2+deb13u2"]
    );
    assert_eq!(says(&file, &[deb("curl", "8.14.1-2+deb13u2")]), [""; 0]);
}

#[test]
fn a_rebuild_of_the_fixed_source_is_fixed_and_of_an_earlier_one_is_not() {
    let file = tracker(r#""status": "resolved", "fixed_version": "8.14.1-2""#);
    let fixed = deb("curl", "8.14.1-2+b1").of("curl", "8.14.1-2");
    assert_eq!(says(&file, &[fixed]), [""; 0]);
    // `1.0+b1` of another package's numbering must not count as later than the fix.
    let other = deb("curl", "9:9-9+b3").of("curl", "8.14.1-1");
    assert_eq!(says(&file, &[other]).len(), 1);
}

#[test]
fn open_affects_every_version() {
    let file = tracker(
        r#""status": "open", "urgency": "unimportant", "nodsa": "Minor issue", "nodsa_reason":
        "postponed""#,
    );
    let report = report(&[deb("curl", "99-1")], &[("tracker.json", &file)]);
    assert_eq!(brief(&report), ["curl CVE-2025-0001"]);
    let finding = &report.findings[0];
    assert_eq!(finding.severity.as_deref(), Some("unimportant"));
    assert_eq!(finding.level, Level::Negligible);
    assert_eq!(
        finding.note.as_deref(),
        Some("Minor issue; no DSA: postponed")
    );
    assert_eq!(finding.summary.as_deref(), Some("Curl leaks."));
    let source = Source {
        file: "tracker.json".into(),
        format: Format::DebianTracker,
    };
    assert_eq!(finding.sources, [source]);
    assert!(!report.unmatched_release());
}

#[test]
fn the_end_of_support_is_told() {
    let file = tracker(r#""status": "open", "urgency": "end-of-life", "nodsa_reason": """#);
    let report = report(&[deb("curl", "1-1")], &[("file", &file)]);
    assert_eq!(report.findings[0].note.as_deref(), Some("end-of-life"));
    assert_eq!(report.findings[0].level, Level::Unknown);
}

#[test]
fn never_affected_and_undetermined_are_no_findings() {
    for release in [
        r#""status": "resolved", "fixed_version": "0""#,
        r#""status": "undetermined", "urgency": "not yet assigned""#,
    ] {
        assert_eq!(
            says(&tracker(release), &[deb("curl", "1-1")]),
            [""; 0],
            "{release}"
        );
    }
}

#[test]
fn other_releases_do_not_count_and_are_told_apart() {
    let file = tracker(r#""status": "resolved", "fixed_version": "0""#);
    let old = deb("curl", "1-1").on(Some("12"), Some("bookworm"));
    assert_eq!(
        says(&file, std::slice::from_ref(&old)),
        ["curl CVE-2025-0001"]
    );
    let unknown = report(&[old.clone().on(Some("12"), None)], &[("file", &file)]);
    assert_eq!((brief(&unknown).len(), unknown.unmatched.len()), (0, 1));
    let forky = report(&[old.on(Some("14"), Some("forky"))], &[("file", &file)]);
    assert_eq!((brief(&forky).len(), forky.unmatched.len()), (0, 1));
    // A release is known to the tracker by any package, not only by those that are installed.
    let sid = report(&[deb("b", "1-1").on(None, Some("sid"))], &[("file", &file)]);
    assert_eq!(sid.unmatched, []);
}

#[test]
fn names_that_are_no_cves_stay() {
    let file = tracker(r#""status": "open""#).replace("CVE-2025-0001", "TEMP-0000000-0A0B0C");
    assert_eq!(
        says(&file, &[deb("curl", "1-1")]),
        ["curl TEMP-0000000-0A0B0C"]
    );
}

#[test]
fn what_does_not_hold_is_an_error_that_names_the_package() {
    let package = [deb("curl", "1-1")];
    for (release, said) in [
        (
            r#""status": "fixed""#,
            "file: `curl` has `CVE-2025-0001`, which has the unknown status `fixed`",
        ),
        (
            r#""status": "resolved""#,
            "is resolved without a fixed_version",
        ),
        (
            r#""status": "resolved", "fixed_version": "a b""#,
            "is fixed in a version that is none",
        ),
        (r#""status": 1"#, "invalid type: integer `1`"),
        (r#""x": 1"#, "missing field `status`"),
    ] {
        let error = fails(tracker(release), &package);
        assert!(error.contains(said), "{error}\n{said}");
    }
    for (file, said) in [
        (
            r#"{"curl": {"CVE-1": 1}}"#,
            "file: `curl` cannot be read: invalid type",
        ),
        (
            r#"{"curl": {"CVE 1": {"releases": {}}}}"#,
            "is no name of a vulnerability",
        ),
        (
            r#"{"other": {"CVE-1": {}}}"#,
            "file: `other` cannot be read: missing field `releases`",
        ),
        (
            r#"{"curl": {}, "other": 1}"#,
            "file: `other` cannot be read",
        ),
        (r#"{"curl": {}"#, "file: record 2 is cut off"),
        (r#"{"curl": {}} x"#, "file: record 2 goes on after its end"),
    ] {
        let error = fails(file, &package);
        assert!(error.contains(said), "{error}\n{said}");
    }
}
