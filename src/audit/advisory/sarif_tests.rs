use proptest::prelude::*;

use super::super::{Day, Format, Source, Suppression};
use super::*;

fn alert(id: &str, path: &str, score: Option<u8>) -> Alert {
    Alert {
        rule: Rule {
            id: id.into(),
            description: None,
            help_uri: None,
            score,
        },
        severity: Severity::Warning,
        message: format!("{id} in {path}"),
        path: path.into(),
        package: None,
        fingerprint: fingerprint(&[id, path]),
        suppressed: None,
        properties: BTreeMap::new(),
    }
}

fn finding() -> Finding {
    Finding {
        package: 0,
        name: "libssl3t64".into(),
        version: "3.5.1-1+b1".into(),
        arch: "amd64".into(),
        purl: "pkg:deb/debian/libssl3t64@3.5.1-1%2Bb1?arch=amd64".into(),
        source_name: "openssl".into(),
        source_version: "3.5.1-1".into(),
        id: "CVE-2025-0001".into(),
        aliases: vec!["DSA-6000-1".into()],
        fixed: Some("3.5.1-1+deb13u1".into()),
        severity: Some("low".into()),
        level: Level::Low,
        score: Some(98),
        summary: Some("A flaw.".into()),
        note: None,
        sources: vec![Source {
            file: "tracker.json".into(),
            format: Format::DebianTracker,
        }],
        suppressed: None,
    }
}

#[test]
fn a_finding_is_told_in_full() {
    let log = log("0.1.0", &[Alert::of(&finding(), "out dir/app:1.tar")]);
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "rootlock");
    assert_eq!(run["tool"]["driver"]["version"], "0.1.0");
    let rule = &run["tool"]["driver"]["rules"][0];
    assert_eq!(rule["id"], "CVE-2025-0001");
    assert_eq!(rule["shortDescription"]["text"], "A flaw.");
    assert_eq!(
        rule["helpUri"],
        "https://osv.dev/vulnerability/CVE-2025-0001"
    );
    // Debian says low, so the formula's 9.8 is not what a code host may sort by.
    assert_eq!(rule["properties"]["security-severity"], "2.0");
    let result = &run["results"][0];
    assert_eq!(result["ruleIndex"], 0);
    assert_eq!(result["level"], "note");
    assert_eq!(
        result["message"]["text"],
        "libssl3t64 3.5.1-1+b1 is affected by CVE-2025-0001 (low; fixed in 3.5.1-1+deb13u1): A flaw."
    );
    let location = &result["locations"][0];
    assert_eq!(
        location["physicalLocation"]["artifactLocation"]["uri"],
        "out%20dir/app%3A1.tar"
    );
    assert_eq!(
        location["logicalLocations"][0]["fullyQualifiedName"],
        finding().purl
    );
    assert_eq!(
        result["properties"]["advisories"][0],
        "tracker.json (Debian security tracker)"
    );
    assert_eq!(result.get("suppressions"), None);
}

#[test]
fn the_fingerprint_does_not_change_with_the_version_or_the_place() {
    let mut later = finding();
    later.version = "3.5.1-2".into();
    later.purl = "pkg:deb/debian/libssl3t64@3.5.1-2?arch=amd64".into();
    let first = Alert::of(&finding(), "a").fingerprint;
    assert_eq!(Alert::of(&later, "b").fingerprint, first);
    later.arch = "arm64".into();
    assert_ne!(Alert::of(&later, "b").fingerprint, first);
}

#[test]
fn where_one_is_suppressed_all_say_whether_they_are() {
    let mut ignored = finding();
    let until: Day = "2026-12-31".parse().unwrap();
    ignored.suppressed = Some(Suppression {
        by: Decision::Ignore(until),
        reason: "unused".into(),
    });
    let log = log("1", &[Alert::of(&ignored, "a"), alert("X-1", "a", None)]);
    let results = &log["runs"][0]["results"];
    assert_eq!(
        results[0]["suppressions"][0]["justification"],
        "unused (ignored until 2026-12-31)"
    );
    assert_eq!(results[1]["suppressions"], json!([]));
}

#[test]
fn a_rule_is_there_once_with_the_worst_score_and_in_order() {
    let mut worse = alert("B-1", "y", Some(71));
    worse.severity = Severity::Error;
    worse.rule.description = Some("What B is.".into());
    let alerts = [
        alert("B-1", "x", Some(9)),
        alert("A-1", "z", None),
        worse,
        alert("B-1", "w", None),
    ];
    let log = log("1", &alerts);
    let rules = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    assert_eq!(rules.len(), 2);
    assert_eq!(
        (&rules[0]["id"], &rules[1]["id"]),
        (&json!("A-1"), &json!("B-1"))
    );
    assert_eq!(rules[0].get("properties"), None);
    assert_eq!(rules[0]["shortDescription"]["text"], "A-1");
    assert_eq!(rules[1]["properties"]["security-severity"], "7.1");
    assert_eq!(rules[1]["shortDescription"]["text"], "What B is.");
    assert_eq!(rules[1]["defaultConfiguration"]["level"], "error");
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
}

#[test]
fn every_level_has_a_score_that_means_the_same() {
    for level in [
        Level::Negligible,
        Level::Low,
        Level::Medium,
        Level::High,
        Level::Critical,
    ] {
        for given in [
            None,
            Some(0),
            Some(20),
            Some(39),
            Some(40),
            Some(98),
            Some(100),
        ] {
            let mut finding = finding();
            finding.level = level;
            finding.score = given;
            let score = score(&finding).unwrap();
            let known = level.max(Level::Low);
            assert_eq!(Level::of_score(score), known);
            let fits = |given: u8| given > 0 && Level::of_score(given) == level;
            assert!(given.is_none_or(|given| !fits(given) || given == score));
        }
    }
    let mut unknown = finding();
    unknown.level = Level::Unknown;
    unknown.score = None;
    assert_eq!(score(&unknown), None);
}

proptest! {
    #[test]
    fn the_order_of_the_alerts_does_not_matter(
        of in prop::collection::vec((0usize..3, 0usize..3, prop::option::of(0u8..100), any::<bool>()), 0..6),
    ) {
        let mut alerts: Vec<Alert> = of
            .iter()
            .map(|(id, path, score, suppressed)| {
                let mut alert = alert(["A", "B", "C"][*id], ["x", "y", "z"][*path], *score);
                alert.suppressed = suppressed.then(|| "r".to_owned());
                alert.properties.insert("n".into(), (*score).into());
                alert
            })
            .collect();
        let before = log("1", &alerts);
        alerts.reverse();
        prop_assert_eq!(before, log("1", &alerts));
    }
}
