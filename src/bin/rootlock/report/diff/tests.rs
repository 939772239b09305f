//! Both forms that people read, at 80 columns, and the object.

use rootlock::ops::review::{DiffOptions, DiffReport};
use serde_json::json;

use super::super::Report as _;
use super::super::testing::Fixture;
use super::{Markdown, markdown};

fn diff(fixture: &Fixture, from: &str, to: &str) -> DiffReport {
    let options = DiffOptions {
        from: Some(fixture.path(from)),
        to: Some(fixture.path(to)),
        manifest: fixture.path("rootfs.yaml"),
        lockfile: None,
    };
    rootlock::ops::review::diff_lockfiles(&options).unwrap()
}

#[test]
fn text_without_colour_and_with_it() {
    let fixture = Fixture::new();
    let report = diff(&fixture, "old.lock", "rootfs.yaml");
    let [plain, coloured] = fixture.texts(&report);
    insta::assert_snapshot!(plain, @r"
    old.lock -> rootfs.lock
      ~ repository trixie
          date: 2026-10-01T08:00:00Z -> 2026-11-21T09:15:44Z
      ~ repository trixie-security
          date: 2026-10-01T08:00:00Z -> 2026-11-21T09:15:44Z
    amd64: 1 removed, 2 added, 4 upgraded, 1 downgraded, 1 moved;
      14 packages, 10.6 MB (-221.2 kB)
    arm64: 1 removed, 2 added, 4 upgraded, 1 downgraded, 1 moved;
      14 packages, 10.6 MB (-221.2 kB)

    amd64 and arm64, with the sizes of amd64
      - nginx 1.26.3-3 (-600.0 kB)
          was a request of group app
      + openssl 3.5.4-1: openssl-provider-legacy (+308.0 kB)
          `openssl=3.5.*` in group app: openssl -> libssl3t64
            -> openssl-provider-legacy
      ~ curl 8.14.1-2 -> 8.14.1-3: curl, libcurl4t64 (+2.0 kB)
          `curl` in group app
      ~ openssl 3.5.1-1 -> 3.5.4-1: libssl3t64, openssl
          (trixie -> trixie-security, +1.2 kB)
          `openssl=3.5.*` in group app
      ~ bash 5.2.37-2 -> 5.2.37-1 (downgraded, -92 B)
          `bash` in group base
      ~ zlib 1.3.1: zlib1g (group app -> base)
          `bash` in group base: bash -> zlib1g

    amd64
      + nghttp3 1.8.0-1: libnghttp3-9 (+67.7 kB)
          `curl` in group app: curl -> libcurl4t64 -> libnghttp3-9

    arm64
      + nghttp3 1.8.0-1+b1: libnghttp3-9 (+67.7 kB)
          `curl` in group app: curl -> libcurl4t64 -> libnghttp3-9

    amd64: layers to send 10.6 MB, estimated from their packages: base 5.5 MB,
      app 5.1 MB, system
    arm64: layers to send 10.6 MB, estimated from their packages: base 5.5 MB,
      app 5.1 MB, system
    ");
    insta::assert_snapshot!(coloured, @r"
    old.lock -> rootfs.lock
      ^[1;33m~^[0m repository trixie
          date: 2026-10-01T08:00:00Z -> 2026-11-21T09:15:44Z
      ^[1;33m~^[0m repository trixie-security
          date: 2026-10-01T08:00:00Z -> 2026-11-21T09:15:44Z
    amd64: 1 removed, 2 added, 4 upgraded, 1 downgraded, 1 moved;
      14 packages, 10.6 MB (-221.2 kB)
    arm64: 1 removed, 2 added, 4 upgraded, 1 downgraded, 1 moved;
      14 packages, 10.6 MB (-221.2 kB)

    amd64 and arm64, with the sizes of amd64
      ^[1;31m-^[0m nginx 1.26.3-3 (-600.0 kB)
    ^[2m      was a request of group app^[0m
      ^[1;32m+^[0m openssl 3.5.4-1: openssl-provider-legacy (+308.0 kB)
    ^[2m      `openssl=3.5.*` in group app: openssl -> libssl3t64^[0m
    ^[2m        -> openssl-provider-legacy^[0m
      ^[1;33m~^[0m curl 8.14.1-2 -> 8.14.1-3: curl, libcurl4t64 (+2.0 kB)
    ^[2m      `curl` in group app^[0m
      ^[1;33m~^[0m openssl 3.5.1-1 -> 3.5.4-1: libssl3t64, openssl
          (trixie -> trixie-security, +1.2 kB)
    ^[2m      `openssl=3.5.*` in group app^[0m
      ^[1;31m~^[0m bash 5.2.37-2 -> 5.2.37-1 (downgraded, -92 B)
    ^[2m      `bash` in group base^[0m
      ^[1;33m~^[0m zlib 1.3.1: zlib1g (group app -> base)
    ^[2m      `bash` in group base: bash -> zlib1g^[0m

    amd64
      ^[1;32m+^[0m nghttp3 1.8.0-1: libnghttp3-9 (+67.7 kB)
    ^[2m      `curl` in group app: curl -> libcurl4t64 -> libnghttp3-9^[0m

    arm64
      ^[1;32m+^[0m nghttp3 1.8.0-1+b1: libnghttp3-9 (+67.7 kB)
    ^[2m      `curl` in group app: curl -> libcurl4t64 -> libnghttp3-9^[0m

    amd64: layers to send 10.6 MB, estimated from their packages: base 5.5 MB,
      app 5.1 MB, system
    arm64: layers to send 10.6 MB, estimated from their packages: base 5.5 MB,
      app 5.1 MB, system
    ");
}

#[test]
fn text_of_two_that_are_the_same() {
    let fixture = Fixture::new();
    let [plain, coloured] = fixture.texts(&diff(&fixture, "old.lock", "old.lock"));
    assert_eq!(plain, "old.lock and old.lock are the same\n");
    assert_eq!(plain, coloured);
}

#[test]
fn markdown_is_a_table_of_code_spans() {
    let fixture = Fixture::new();
    let report = diff(&fixture, "old.lock", "rootfs.yaml");
    let [plain, coloured] = fixture.unbounded(&Markdown(&report));
    assert_eq!(plain, coloured);
    insta::assert_snapshot!(plain, @r"
    ### `old.lock` → `rootfs.lock`

    **amd64**: 1 removed, 2 added, 4 upgraded, 1 downgraded, 1 moved; 14 packages, 10.6 MB (-221.2 kB)
    Layers to send 10.6 MB, estimated from their packages: `base` 5.5 MB, `app` 5.1 MB, `system`

    **arm64**: 1 removed, 2 added, 4 upgraded, 1 downgraded, 1 moved; 14 packages, 10.6 MB (-221.2 kB)
    Layers to send 10.6 MB, estimated from their packages: `base` 5.5 MB, `app` 5.1 MB, `system`

    #### amd64 and arm64, with the sizes of amd64

    | Change | Source | From | To | Packages | Size | Why |
    |---|---|---|---|---|--:|---|
    | removed | `nginx` | `1.26.3-3` |  | `nginx` | -600.0 kB | was a request of group app |
    | added | `openssl` |  | `3.5.4-1` | `openssl-provider-legacy` | +308.0 kB | `openssl=3.5.*` in group `app`: `openssl` → `libssl3t64` → `openssl-provider-legacy` |
    | upgraded | `curl` | `8.14.1-2` | `8.14.1-3` | `curl`, `libcurl4t64` | +2.0 kB | `curl` in group `app` |
    | upgraded, `trixie -> trixie-security` | `openssl` | `3.5.1-1` | `3.5.4-1` | `libssl3t64`, `openssl` | +1.2 kB | `openssl=3.5.*` in group `app` |
    | downgraded | `bash` | `5.2.37-2` | `5.2.37-1` | `bash` | -92 B | `bash` in group `base` |
    | moved, `group app -> base` | `zlib` | `1.3.1` | `1.3.1` | `zlib1g` |  | `bash` in group `base`: `bash` → `zlib1g` |

    #### amd64

    | Change | Source | From | To | Packages | Size | Why |
    |---|---|---|---|---|--:|---|
    | added | `nghttp3` |  | `1.8.0-1` | `libnghttp3-9` | +67.7 kB | `curl` in group `app`: `curl` → `libcurl4t64` → `libnghttp3-9` |

    #### arm64

    | Change | Source | From | To | Packages | Size | Why |
    |---|---|---|---|---|--:|---|
    | added | `nghttp3` |  | `1.8.0-1+b1` | `libnghttp3-9` | +67.7 kB | `curl` in group `app`: `curl` → `libcurl4t64` → `libnghttp3-9` |

    | | Field | From | To |
    |---|---|---|---|
    | repository `trixie` | date | `2026-10-01T08:00:00Z` | `2026-11-21T09:15:44Z` |
    | repository `trixie-security` | date | `2026-10-01T08:00:00Z` | `2026-11-21T09:15:44Z` |
    ");
    let same = diff(&fixture, "old.lock", "old.lock");
    assert!(markdown::report(&same).ends_with("are the same.\n"));
}

#[test]
fn markdown_folds_what_is_long_and_escapes_what_ends_a_cell() {
    let fixture = Fixture::new();
    let mut report = diff(&fixture, "old.lock", "rootfs.yaml");
    report.from = "a|b`c\n<b>@all".into();
    let one = report.arches[0].1.packages[0].clone();
    let packages = &mut report.arches[0].1.packages;
    *packages = (0..31)
        .map(|number| {
            let mut one = one.clone();
            one.package.source.name = format!("s{number}|").into();
            one
        })
        .collect();
    report.arches.truncate(1);
    let text = markdown::report(&report);
    assert!(
        text.starts_with("### `a\\|b'c <b>@all` \u{2192} "),
        "{text}"
    );
    assert!(
        text.contains("\n<details><summary>31 rows</summary>\n\n| Change |"),
        "{text}"
    );
    assert!(text.contains("|\n\n</details>\n"), "{text}");
    assert!(text.contains("| `s7\\|` |"), "{text}");
    report.arches[0].1.packages.truncate(30);
    assert!(!markdown::report(&report).contains("<details>"));
}

#[test]
fn the_object_says_the_same() {
    let fixture = Fixture::new();
    let report = diff(&fixture, "old.lock", "rootfs.yaml").json();
    assert_eq!(report["equal"], false);
    let packages = report["packages"]["arm64"].as_array().unwrap();
    let of = |name: &str| {
        packages
            .iter()
            .find(|package| package["name"] == name)
            .unwrap()
    };
    assert_eq!(
        of("libssl3t64"),
        &json!({
            "name": "libssl3t64",
            "change": "upgraded",
            "from": "3.5.1-1",
            "to": "3.5.4-1",
            "source": {"name": "openssl", "version": "3.5.4-1"},
            "group": "app",
            "from_group": "app",
            "size": 2_401_200,
            "from_size": 2_400_000,
            "repository": "trixie-security",
            "from_repository": "trixie",
            "fields": [],
            "why": [
                {
                    "name": "openssl",
                    "version": "3.5.4-1",
                    "edge": null,
                    "via": [],
                    "requested": {"by": "request", "text": "openssl=3.5.*", "group": "app"},
                },
                {"name": "libssl3t64", "version": "3.5.4-1", "edge": "depends", "via": []},
            ],
        })
    );
    assert_eq!(of("nginx")["to"], json!(null));
    assert_eq!(of("zlib1g")["from_group"], "app");
    assert_eq!(of("libnghttp3-9")["to"], "1.8.0-1+b1");
    assert_eq!(report["repositories"][0]["fields"][0]["field"], "date");
    assert_eq!(
        report["layers"]["amd64"][0],
        json!({"group": "base", "change": "changed", "changed": true, "size": 5_502_024,
            "estimated": true, "unpacked": false})
    );
    let same = diff(&fixture, "old.lock", "old.lock").json();
    assert_eq!(same["equal"], true);
    assert_eq!(same["packages"], json!({"amd64": [], "arm64": []}));
}
