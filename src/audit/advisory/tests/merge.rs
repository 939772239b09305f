use super::*;

const OSV: &str = r#"{"id": "DEBIAN-CVE-2025-0001", "upstream": ["CVE-2025-0001"],
    "summary": "From OSV.",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],
    "affected": [{"package": {"ecosystem": "Debian:13", "name": "curl"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2-1"}]}],
    "ecosystem_specific": {"urgency": "not yet assigned"}}]}"#;
const TRACKER: &str = r#"{"curl": {
    "CVE-2025-0001": {"description": "From Debian.", "releases": {"trixie":
        {"status": "resolved", "fixed_version": "2-2", "urgency": "low"}}},
    "CVE-2025-0002": {"releases": {"trixie": {"status": "open", "urgency": "medium"}}}}}"#;
const DSA: &str = r#"{"id": "DSA-6000-1", "summary": "curl - security update",
    "upstream": ["CVE-2025-0001", "CVE-2025-0002", "DEBIAN-CVE-2025-0001", "DEBIAN-CVE-2025-0002"],
    "affected": [{"package": {"ecosystem": "Debian:13", "name": "curl"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2-1"}]}]}]}"#;

fn curl() -> [Pkg; 1] {
    [deb("curl", "1-1")]
}

#[test]
fn one_vulnerability_known_to_several_is_one_finding() {
    let files = [
        ("osv.json", OSV),
        ("tracker.json", TRACKER),
        ("dsa.json", DSA),
    ];
    let found = report(&curl(), &files);
    assert_eq!(
        brief(&found),
        ["curl CVE-2025-0001 < 2-2", "curl CVE-2025-0002 < 2-1"]
    );
    let [first, second] = &found.findings[..] else {
        panic!("{found:?}");
    };
    assert_eq!(first.aliases, ["DEBIAN-CVE-2025-0001", "DSA-6000-1"]);
    assert_eq!(second.aliases, ["DEBIAN-CVE-2025-0002", "DSA-6000-1"]);
    let names = |finding: &Finding| -> Vec<String> {
        finding
            .sources
            .iter()
            .map(|source| source.file.clone())
            .collect()
    };
    assert_eq!(names(first), ["dsa.json", "osv.json", "tracker.json"]);
    assert_eq!(names(second), ["dsa.json", "tracker.json"]);
    assert_eq!((first.level, first.score), (Level::Low, Some(75)));
    assert_eq!(first.severity.as_deref(), Some("low"));
    // Whatever the order of the files, nothing but the choice among equal texts changes.
    let mut backwards = files;
    backwards.reverse();
    let again = report(&curl(), &backwards);
    assert_eq!(brief(&again), brief(&found));
    assert_eq!(again.findings[0].aliases, first.aliases);
    assert_eq!(again.findings[0].sources, first.sources);
}

#[test]
fn aliases_join_over_several_steps() {
    let record = |id: &str, aliases: &str| {
        format!(
            r#"{{"id": "{id}", "aliases": [{aliases}], "affected": [{{"package": {{"ecosystem":
            "Debian:13", "name": "curl"}}, "versions": ["1-1"]}}]}}"#
        )
    };
    let file = [
        record("GHSA-1", r#""X-1""#),
        record("X-2", r#""X-3""#),
        record("OSV-1", r#""X-1", "X-2""#),
        record("CVE-2025-0009", r#""X-3""#),
        record("OTHER-1", ""),
    ];
    let found = report(&curl(), &[("file", &file.concat())]);
    assert_eq!(brief(&found), ["curl CVE-2025-0009", "curl OTHER-1"]);
    assert_eq!(
        found.findings[0].aliases,
        ["GHSA-1", "OSV-1", "X-1", "X-2", "X-3"]
    );
}

#[test]
fn an_old_bulletin_has_its_cves_under_related() {
    let old = DSA.replace("upstream", "related");
    let found = says(&old, &curl());
    assert_eq!(
        found,
        ["curl CVE-2025-0001 < 2-1", "curl CVE-2025-0002 < 2-1"]
    );
    // Elsewhere what is related is another vulnerability.
    let other = old.replace("DSA-6000-1", "OSV-2025-1");
    assert_eq!(says(&other, &curl()), ["curl OSV-2025-1 < 2-1"]);
    let named = DSA.replace(
        "\"upstream\"",
        "\"related\": [\"CVE-2025-0003\"], \"upstream\"",
    );
    assert_eq!(says(&named, &curl()).len(), 2);
}

#[test]
fn a_cve_derived_from_another_is_not_the_other() {
    let file = OSV.replace(
        r#"["CVE-2025-0001"]"#,
        r#"["CVE-2025-0001", "CVE-2024-0007"]"#,
    );
    let found = report(&curl(), &[("file", &file)]);
    assert_eq!(found.findings[0].aliases, ["DEBIAN-CVE-2025-0001"]);
}

#[test]
fn findings_are_sorted_by_package_and_vulnerability() {
    let packages = [
        deb("libz", "1-1").of("curl", "1-1"),
        deb("curl", "1-1"),
        deb("other", "1-1"),
    ];
    let found = report(&packages, &[("tracker.json", TRACKER)]);
    assert_eq!(
        brief(&found),
        [
            "curl CVE-2025-0001 < 2-2",
            "curl CVE-2025-0002",
            "libz CVE-2025-0001 < 2-2",
            "libz CVE-2025-0002",
        ]
    );
    let places: Vec<usize> = found
        .findings
        .iter()
        .map(|finding| finding.package)
        .collect();
    assert_eq!(places, [1, 1, 0, 0]);
    assert_eq!(found.findings[0].summary.as_deref(), Some("From Debian."));
}
