use super::*;

const TRACKER: &str = r#"{"openssl": {
    "CVE-2025-0001": {"releases": {"trixie": {"status": "open", "urgency": "high"}}},
    "CVE-2025-0002": {"releases": {"trixie": {"status": "open", "urgency": "low"}}}}}"#;

fn libssl() -> Pkg {
    let mut package = deb("libssl3t64", "3.5.1-1+b1").of("openssl", "3.5.1-1");
    package.purl = "pkg:deb/debian/libssl3t64@3.5.1-1%2Bb1?arch=amd64&distro=debian-13".into();
    package
}

/// The reasons why the two vulnerabilities do not count.
fn decided(file: &str, ignores: &str, image: &[&str]) -> [Option<String>; 2] {
    let ignores = Ignore::list("ignores", format!("ignore: [{ignores}]").as_bytes()).unwrap();
    let files = [
        ("tracker.json", TRACKER.as_bytes()),
        ("vex.json", file.as_bytes()),
    ];
    let files = if file.is_empty() { &files[..1] } else { &files };
    let report = report_with(&[libssl()], files, &ignores, image).unwrap();
    let why = |finding: &Finding| {
        let suppressed = finding.suppressed.clone()?;
        let by = match suppressed.by {
            Decision::Ignore(until) => until.to_string(),
            Decision::Vex(file) => file,
        };
        Some(format!("{} ({by})", suppressed.reason))
    };
    let [first, second] = &report.findings[..] else {
        panic!("{report:?}");
    };
    [why(first), why(second)]
}

fn vex(statements: &str) -> String {
    format!(
        r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://x/y", "author": "a",
        "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": [{statements}]}}"#
    )
}

fn statement(name: &str, product: &str, rest: &str) -> String {
    format!(
        r#"{{"vulnerability": {{"name": "{name}"}}, "products": [{product}],
        "status": "not_affected", "justification": "vulnerable_code_not_present"{rest}}}"#
    )
}

/// Whether a statement on that product clears the first vulnerability.
fn clears(product: &str, image: &[&str]) -> bool {
    let statements = vex(&statement("CVE-2025-0001", product, ""));
    let [first, second] = decided(&statements, "", image);
    assert_eq!(second, None);
    if let Some(why) = &first {
        assert_eq!(why, "not_affected: vulnerable_code_not_present (vex.json)");
    }
    first.is_some()
}

#[test]
fn a_statement_clears_the_package_that_it_names() {
    for product in [
        r#"{"@id": "pkg:deb/debian/libssl3t64"}"#,
        r#"{"@id": "pkg:deb/debian/libssl3t64@3.5.1-1%2Bb1"}"#,
        r#"{"@id": "pkg:deb/debian/libssl3t64@3.5.1-1+b1?arch=amd64"}"#,
        r#"{"@id": "urn:x", "identifiers": {"purl": "pkg:deb/debian/libssl3t64"}}"#,
        r#"{"identifiers": {"cpe23": "x", "purl": "pkg:deb/debian/libssl3t64"}}"#,
        r#""pkg:deb/debian/libssl3t64""#,
        r#"{"@id": "pkg:deb/debian/other"}, {"@id": "pkg:deb/debian/libssl3t64"}"#,
        r#"{"@id": "pkg:deb/debian/openssl?arch=source"}"#,
        r#"{"@id": "pkg:deb/debian/openssl@3.5.1-1?arch=source"}"#,
        r#"{"@id": "pkg:deb/debian/libssl3t64", "subcomponents": []}"#,
    ] {
        assert!(clears(product, &[]), "{product}");
    }
    for product in [
        r#"{"@id": "pkg:deb/debian/libssl3t64@3.5.1-1"}"#,
        r#"{"@id": "pkg:deb/debian/libssl3t64?arch=arm64"}"#,
        r#"{"@id": "pkg:deb/ubuntu/libssl3t64"}"#,
        r#"{"@id": "pkg:deb/debian/openssl"}"#,
        r#"{"@id": "pkg:deb/debian/openssl@3.5.1-2?arch=source"}"#,
        r#"{"@id": "libssl3t64"}"#,
        r#"{"identifiers": {"cpe23": "x"}}"#,
        r#"{"@id": "pkg:deb/debian/libssl3t64", "subcomponents": [{"@id": "pkg:generic/x"}]}"#,
    ] {
        assert!(!clears(product, &[]), "{product}");
    }
}

#[test]
fn a_statement_on_an_image_counts_for_that_image_alone() {
    let part = r#""subcomponents": [{"@id": "pkg:deb/debian/libssl3t64"}]"#;
    let image = "pkg:oci/app@sha256%3Aab?repository_url=example.org/app";
    for product in [
        format!(r#"{{"@id": "pkg:oci/app", {part}}}"#),
        format!(r#"{{"@id": "pkg:oci/app@sha256:ab", {part}}}"#),
        r#"{"@id": "pkg:oci/app"}"#.to_owned(),
        r#"{"@id": "https://example.org/app"}"#.to_owned(),
    ] {
        assert!(
            clears(&product, &[image, "https://example.org/app"]),
            "{product}"
        );
        assert!(!clears(&product, &["pkg:oci/other"]), "{product}");
        assert!(!clears(&product, &[]), "{product}");
    }
    let hex = "ab".repeat(32);
    let digest = format!("sha256:{hex}");
    for product in [
        format!(r#"{{"@id": "pkg:oci/whatever@sha256%3A{hex}?tag=1", {part}}}"#),
        format!(r#"{{"@id": "pkg:docker/a/b@{digest}"}}"#),
        format!(r#"{{"@id": "{digest}"}}"#),
        format!(r#"{{"@id": "urn:x", "hashes": {{"sha-256": "{hex}"}}}}"#),
    ] {
        assert!(clears(&product, &["sha256:00", &digest]), "{product}");
        assert!(!clears(&product, &["sha256:00", &hex]), "{product}");
    }
    let other = r#"{"@id": "pkg:oci/app", "subcomponents": [{"@id": "pkg:deb/debian/zlib1g"}]}"#;
    assert!(!clears(other, &[image]));
    let old = statement(
        "CVE-2025-0001",
        r#""pkg:oci/app""#,
        r#", "subcomponents": ["pkg:deb/debian/libssl3t64"]"#,
    );
    assert!(decided(&vex(&old), "", &[image])[0].is_some());
    let old = old.replace("libssl3t64", "zlib1g");
    assert!(decided(&vex(&old), "", &[image])[0].is_none());
}

#[test]
fn every_name_of_the_vulnerability_will_do() {
    let product = r#""pkg:deb/debian/libssl3t64""#;
    for vulnerability in [
        r#""CVE-2025-0001""#,
        r#""DEBIAN-CVE-2025-0001""#,
        r#"{"name": "GHSA-x", "aliases": ["CVE-2025-0001"]}"#,
    ] {
        let file =
            vex(&statement("NAME", product, "")).replace(r#"{"name": "NAME"}"#, vulnerability);
        let [first, second] = decided(&file, "", &[]);
        assert!(first.is_some() && second.is_none(), "{vulnerability}");
    }
    let other = vex(&statement("GHSA-x", product, ""));
    assert_eq!(decided(&other, "", &[]), [None, None]);
}

#[test]
fn an_alias_that_is_a_bulletin_does_not_clear_what_else_it_covers() {
    let dsa = r#"{"id": "DSA-1-1", "upstream": ["CVE-2025-0001", "CVE-2025-0002"],
        "affected": [{"package": {"ecosystem": "Debian:13", "name": "openssl"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]}"#;
    let cleared = |statement: &str| -> Vec<String> {
        let statement = vex(statement);
        let files = [
            ("dsa.json", dsa.as_bytes()),
            ("vex.json", statement.as_bytes()),
        ];
        let report = report_with(&[libssl()], &files, &[], &[]).unwrap();
        let cleared = report
            .findings
            .into_iter()
            .filter(|finding| finding.suppressed.is_some());
        cleared.map(|finding| finding.id).collect()
    };
    let product = r#""pkg:deb/debian/libssl3t64""#;
    let alias = statement("CVE-2025-0001", product, "").replace(
        "\"CVE-2025-0001\"",
        r#""CVE-2025-0001", "aliases": ["DSA-1-1"]"#,
    );
    assert_eq!(cleared(&alias), ["CVE-2025-0001"]);
    assert_eq!(cleared(&statement("DSA-1-1", product, "")).len(), 2);
}

#[test]
fn the_latest_statement_decides() {
    let product = r#"{"@id": "pkg:deb/debian/libssl3t64"}"#;
    let at = |time: &str, status: &str| {
        statement(
            "CVE-2025-0001",
            product,
            &format!(r#", "timestamp": "{time}""#),
        )
        .replace("not_affected", status)
    };
    let cleared =
        |statements: &[String]| decided(&vex(&statements.join(",")), "", &[])[0].is_some();
    let early = |status| at("2026-03-01T12:00:00+02:00", status);
    let late = |status| at("2026-03-01T10:30:00Z", status);
    assert!(cleared(&[early("affected"), late("fixed")]));
    assert!(cleared(&[late("fixed"), early("affected")]));
    assert!(!cleared(&[late("affected"), early("not_affected")]));
    assert!(!cleared(&[early("fixed"), late("under_investigation")]));
    // The document's own time, in January, is the statement's where it has none.
    let undated = statement("CVE-2025-0001", product, "");
    assert!(!cleared(&[late("affected"), undated.clone()]));
    // Of two at the same time the one that comes later.
    assert!(cleared(&[late("affected"), late("fixed")]));
    assert!(!cleared(&[late("fixed"), late("affected")]));
    // One about another product decides nothing.
    let other = late("affected").replace("libssl3t64", "zlib1g");
    assert!(cleared(&[undated, other]));
}

#[test]
fn the_reason_is_what_the_document_says() {
    let file = vex(
        r#"{"vulnerability": "CVE-2025-0001", "products": ["pkg:deb/debian/libssl3t64"],
        "status": "fixed", "status_notes": "patched\nhere"},
        {"vulnerability": "CVE-2025-0002", "products": ["pkg:deb/debian/libssl3t64"],
        "status": "not_affected", "impact_statement": "never called"}"#,
    );
    let [first, second] = decided(&file, "", &[]);
    assert_eq!(first.as_deref(), Some("fixed: patched here (vex.json)"));
    assert_eq!(
        second.as_deref(),
        Some("not_affected: never called (vex.json)")
    );
}

#[test]
fn a_document_that_does_not_hold_is_an_error() {
    let product = r#"{"@id": "pkg:deb/debian/libssl3t64"}"#;
    let base = vex(&statement("CVE-2025-0001", product, ""));
    for (from, to, said) in [
        (
            r#""justification""#,
            r#""x""#,
            "`CVE-2025-0001` says not_affected without a justification",
        ),
        (
            "not_affected",
            "fine",
            "`CVE-2025-0001` has the unknown status `fine`",
        ),
        (
            r#""timestamp": "2026-01-01T00:00:00Z","#,
            "",
            "has no timestamp",
        ),
        (
            "2026-01-01T00:00:00Z",
            "yesterday",
            "has a timestamp that is none: `yesterday`",
        ),
        (product, "", "`CVE-2025-0001` names no product"),
        (product, "1", "a product: text, or an object"),
        (
            "https://openvex.dev/ns/v0.2.0",
            "https://cyclonedx.org",
            "has an @context that is not",
        ),
        (
            r#"{"name": "CVE-2025-0001"}"#,
            "{}",
            "a vulnerability: text, or an object with a name",
        ),
        (
            r#"{"name": "CVE-2025-0001"}"#,
            "\"\"",
            "record 1 has a vulnerability without a name",
        ),
        (r#""status":"#, r#""x":"#, "missing field `status`"),
        (
            r#""statements": ["#,
            r#""statements": 1, "x": ["#,
            "invalid type",
        ),
    ] {
        let file = base.replace(from, to);
        assert_ne!(file, base, "{from}");
        let error = fails(&file, &[libssl()]);
        assert!(error.contains(said), "{error}\n{said}");
    }
}

#[test]
fn what_is_ignored_has_a_reason_and_an_end() {
    let one = "{id: CVE-2025-0001, reason: unused, until: 2027-01-31}";
    assert_eq!(
        decided("", one, &[]),
        [Some("unused (2027-01-31)".into()), None]
    );
    for package in ["openssl", "libssl3t64"] {
        let named = one.replace("reason", &format!("package: {package}, reason"));
        assert!(decided("", &named, &[])[0].is_some(), "{package}");
    }
    let other = one.replace("reason", "package: zlib1g, reason");
    assert_eq!(decided("", &other, &[]), [None, None]);
    let spelled = one.replace("CVE", "DEBIAN-CVE");
    assert!(decided("", &spelled, &[])[0].is_some());
}

#[test]
fn what_is_no_longer_ignored_is_told() {
    let text = "ignore: [{id: CVE-2025-0001, reason: r, until: 2026-11-20}, \
        {id: CVE-2025-0001, reason: s, until: 2026-11-21}, \
        {id: CVE-2020-0001, reason: t, until: 2020-01-01}]";
    let ignores = Ignore::list("x", text.as_bytes()).unwrap();
    let files = [("tracker.json", TRACKER.as_bytes())];
    // `NOW` is in the morning of 2026-11-21.
    let found = report_with(&[libssl()], &files, &ignores[..1], &[]).unwrap();
    assert_eq!(found.findings[0].suppressed, None);
    assert_eq!(found.expired, ignores[..1]);
    let found = report_with(&[libssl()], &files, &ignores, &[]).unwrap();
    assert_eq!(found.findings[0].suppressed.as_ref().unwrap().reason, "s");
    assert_eq!(found.expired, [ignores[0].clone(), ignores[2].clone()]);
}

#[test]
fn the_user_s_decision_is_before_a_document_s() {
    let product = r#""pkg:deb/debian/libssl3t64""#;
    let affected =
        vex(&statement("CVE-2025-0001", product, "").replace("not_affected", "affected"));
    let one = "{id: CVE-2025-0001, reason: unused, until: 2027-01-31}";
    assert!(
        decided(&affected, one, &[])[0]
            .as_ref()
            .unwrap()
            .starts_with("unused")
    );
}
