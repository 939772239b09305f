use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::model::{Class, Explain as _};

const RECORD: &str = r#"{"id": "X-1", "affected": [{"package": {"ecosystem": "Debian:13", "name":
    "curl"}, "versions": ["1-1"]}]}"#;

fn curl() -> [Pkg; 1] {
    [deb("curl", "1-1")]
}

/// A zip of `files`, deflated or stored.
fn zipped(files: &[(&str, &[u8])], deflate: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut out);
    for (name, bytes) in files {
        let method = if deflate {
            rawzip::CompressionMethod::DEFLATE
        } else {
            rawzip::CompressionMethod::STORE
        };
        let (mut entry, config) = archive
            .new_file(*name)
            .compression_method(method)
            .start()
            .unwrap();
        let descriptor = if deflate {
            let encoder =
                flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::fast());
            let mut writer = config.wrap(encoder);
            writer.write_all(bytes).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}

fn limits() -> Limits {
    Limits {
        record: 10_000,
        total: 50_000,
        entries: 20,
        depth: 3,
        kept: 20_000,
    }
}

fn within(input: Input<'_>, limits: Limits) -> Result<usize, AdvisoryError> {
    let packages = curl();
    let components = components(&packages);
    let advisories = Advisories::load_within(&[input], &components, limits)?;
    let policy = Policy {
        ignores: &[],
        now: NOW,
        image: &[],
    };
    Ok(advisories.find(&policy).findings.len())
}

fn bytes_within(bytes: &[u8], limits: Limits) -> Result<usize, AdvisoryError> {
    within(
        Input::Bytes {
            name: "file",
            bytes,
        },
        limits,
    )
}

#[test]
fn a_zip_is_read_as_what_is_in_it() {
    let other = RECORD.replace("X-1", "X-2");
    let files: [(&str, &[u8]); 3] = [
        ("a/X-1.json", RECORD.as_bytes()),
        ("README", b"not JSON"),
        ("X-2.json", other.as_bytes()),
    ];
    for deflate in [true, false] {
        let zip = zipped(&files, deflate);
        let found = report_with(&curl(), &[("all.zip", &zip)], &[], &[]).unwrap();
        assert_eq!(brief(&found), ["curl X-1", "curl X-2"]);
        assert_eq!(found.findings[0].sources[0].file, "all.zip");
    }
}

#[test]
fn a_zip_that_does_not_hold_is_an_error_that_names_the_member() {
    let bad = zipped(
        &[
            ("a.json", RECORD.as_bytes()),
            ("b.json", b"{\"id\": 1, \"affected\": 1}"),
        ],
        true,
    );
    let error = fails(bad, &curl());
    assert!(
        error.starts_with("file: b.json: record 1 cannot be read"),
        "{error}"
    );
    let unknown = zipped(&[("a.json", b"<html>")], true);
    assert_eq!(
        fails(unknown, &curl()),
        "file: a.json is no file of advisories"
    );
    let nested = zipped(&[("a.json", &zipped(&[("b.json", b"{}")], false))], false);
    assert_eq!(
        fails(nested, &curl()),
        "file: a.json is no file of advisories"
    );
    let empty = zipped(&[("README", b"x")], true);
    assert_eq!(fails(empty, &curl()), "file holds no .json file");
    assert!(fails(zipped(&[], true), &curl()).contains("file holds no .json file"));
}

#[test]
fn a_damaged_zip_is_never_read_in_part() {
    for deflate in [true, false] {
        let files: [(&str, &[u8]); 2] =
            [("a.json", RECORD.as_bytes()), ("b.json", RECORD.as_bytes())];
        let zip = zipped(&files, deflate);
        for end in 0..zip.len() {
            assert!(bytes_within(&zip[..end], limits()).is_err(), "cut at {end}");
        }
        let name = zip
            .windows(6)
            .position(|window| window == b"a.json")
            .unwrap();
        // One bit of each byte of the first member's content.
        for index in name + 6..name + 60 {
            let mut damaged = zip.clone();
            damaged[index] ^= 4;
            assert!(
                bytes_within(&damaged, limits()).is_err(),
                "damaged at {index}"
            );
        }
    }
}

#[test]
fn a_bomb_is_not_blown_up() {
    let bomb = vec![b' '; 60_000];
    let zip = zipped(&[("a.json", &bomb)], true);
    assert!(zip.len() < 1000);
    let error = bytes_within(&zip, limits()).unwrap_err();
    assert_eq!(error.to_string(), "file: a.json has more than 10000 bytes");
    let mut record = RECORD.as_bytes().to_vec();
    record.resize(9_000, b' ');
    let many = zipped(&[("a.json", &record[..]); 10], true);
    let error = bytes_within(&many, limits()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("has more than 50000 bytes of JSON"),
        "{error}"
    );
    let many: Vec<(String, &[u8])> = (0..21).map(|n| (format!("{n}"), &b""[..])).collect();
    let many: Vec<(&str, &[u8])> = many
        .iter()
        .map(|(name, bytes)| (name.as_str(), *bytes))
        .collect();
    let error = bytes_within(&zipped(&many, false), limits()).unwrap_err();
    assert_eq!(error.to_string(), "file has more than 20 files");
    assert_eq!(error.class(), Class::BadInput);
}

#[test]
fn deep_and_long_json_is_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(200), close.repeat(200));
        let record = RECORD.replacen('{', &format!("{{\"credits\": {deep}, "), 1);
        let error = fails(&record, &curl());
        assert_eq!(error, "file has more than 120 levels of nesting");
    }
    for name in ["packages", "archs", "statements", "tooling"] {
        let deep = format!("{{\"{name}\": {}1", "[".repeat(1_000_000));
        assert!(
            fails(deep, &curl()).contains("the document cannot be read"),
            "{name}"
        );
    }
    let long = format!("{{\"id\": \"{}\"}}", "x".repeat(20_000));
    let error = bytes_within(long.as_bytes(), limits()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "file has more than 10000 bytes in one record"
    );
    let long = format!("{{\"@id\": \"{}\"}}", "x".repeat(20_000));
    let error = bytes_within(long.as_bytes(), limits()).unwrap_err();
    assert_eq!(error.to_string(), "file has more than 10000 bytes");
    let many = RECORD.repeat(50);
    let error = bytes_within(many.as_bytes(), limits()).unwrap_err();
    assert!(
        error.to_string().contains("bytes about what is installed"),
        "{error}"
    );
    let others = RECORD.replace("curl", "other").repeat(1000);
    let error = bytes_within(others.as_bytes(), limits()).unwrap_err();
    assert_eq!(error.to_string(), "file has more than 50000 bytes of JSON");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let record = RECORD.replace("X-1", "X-\u{1}");
    assert!(fails(record.into_bytes(), &curl()).contains("cannot be read"));
    let mut record = RECORD.as_bytes().to_vec();
    let at = RECORD.find("1-1").unwrap();
    record[at] = 0xff;
    assert!(fails(record, &curl()).starts_with("file: `X-1` cannot be read"));
    let tracker = b"{\"\xff\": {}}";
    assert!(fails(tracker, &curl()).starts_with("file: record 1 cannot be read"));
    for nothing in [
        &b""[..],
        b" ",
        b"\0\0",
        b"\xff\xfe{\0}\0",
        b"\x1f\x8b\x08",
        b"id: 1",
    ] {
        assert_eq!(fails(nothing, &curl()), "file is no file of advisories");
    }
}

#[test]
fn text_of_strangers_does_not_reach_the_terminal_as_it_is() {
    let record = RECORD.replacen('{', r#"{"summary": "a\u001b[2Jb\nc\u202e", "#, 1);
    let found = report(&curl(), &[("file", &record)]);
    assert_eq!(found.findings[0].summary.as_deref(), Some("a [2Jb c"));
    let record = RECORD.replace("X-1", "X-\\u001b[2J");
    let error = fails(record, &curl());
    assert!(
        error.contains("`X-\\u{1b}[2J`") && !error.contains('\u{1b}'),
        "{error:?}"
    );
}

#[test]
fn a_directory_is_read_at_any_depth() {
    let root = tempfile::tempdir().unwrap();
    let inside = root.path().join("a/b");
    fs_err::create_dir_all(&inside).unwrap();
    fs_err::write(inside.join("X-1.json"), RECORD).unwrap();
    fs_err::write(inside.join("README.md"), "no JSON").unwrap();
    fs_err::write(root.path().join("X-2.json"), RECORD.replace("X-1", "X-2")).unwrap();
    assert_eq!(within(Input::Path(root.path()), limits()).unwrap(), 2);
    let file = inside.join("X-1.json");
    assert_eq!(within(Input::Path(&file), limits()).unwrap(), 1);
    let zip = root.path().join("all.zip");
    fs_err::write(&zip, zipped(&[("a.json", RECORD.as_bytes())], true)).unwrap();
    assert_eq!(within(Input::Path(&zip), limits()).unwrap(), 1);

    fs_err::write(root.path().join("X-3.json"), "{\"id\": [").unwrap();
    let error = within(Input::Path(root.path()), limits()).unwrap_err();
    assert!(
        error.to_string().contains("X-3.json: record 1 is cut off"),
        "{error}"
    );
    fs_err::remove_file(root.path().join("X-3.json")).unwrap();

    std::os::unix::fs::symlink(".", inside.join("loop")).unwrap();
    let all = Limits {
        entries: 1000,
        ..limits()
    };
    let error = within(Input::Path(root.path()), all).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("more than 3 directories inside one another"),
        "{error}"
    );
}

#[test]
fn a_link_to_nowhere_is_an_error_only_where_it_is_to_be_read() {
    let root = tempfile::tempdir().unwrap();
    fs_err::write(root.path().join("X-1.json"), RECORD).unwrap();
    std::os::unix::fs::symlink("nowhere", root.path().join("README")).unwrap();
    assert_eq!(within(Input::Path(root.path()), limits()).unwrap(), 1);
    std::os::unix::fs::symlink("nowhere", root.path().join("X-2.json")).unwrap();
    let error = within(Input::Path(root.path()), limits()).unwrap_err();
    assert!(
        error.to_string().ends_with("X-2.json cannot be read"),
        "{error}"
    );
}

#[test]
fn a_directory_without_records_or_a_path_without_a_file_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let error = within(Input::Path(root.path()), limits()).unwrap_err();
    assert!(
        error.to_string().ends_with("holds no .json file"),
        "{error}"
    );
    let absent = root.path().join("absent");
    let error = within(Input::Path(&absent), limits()).unwrap_err();
    assert!(
        error.to_string().ends_with("absent cannot be read"),
        "{error}"
    );
    assert_eq!(error.class(), Class::BadInput);
    for number in 0..25 {
        fs_err::write(root.path().join(format!("{number}.txt")), "").unwrap();
    }
    let error = within(Input::Path(root.path()), limits()).unwrap_err();
    assert!(
        error.to_string().ends_with("has more than 20 files"),
        "{error}"
    );
}

const TRACKER: &str =
    r#"{"curl": {"CVE-2025-0001": {"releases": {"trixie": {"status": "open"}}}}}"#;
const SECDB: &str = r#"{"distroversion": "v3.22", "packages": [{"pkg": {"name": "curl",
    "secfixes": {"2-r0": ["CVE-2025-0001"]}}}]}"#;
const VEX: &str = r#"{"@context": "https://openvex.dev/ns", "timestamp": "2026-01-01T00:00:00Z",
    "statements": [{"vulnerability": "X-1", "products": ["pkg:deb/x/y"], "status": "fixed"}]}"#;

proptest! {
    #[test]
    fn a_file_that_is_cut_off_is_an_error(which in 0usize..4, at in 0.0..1.0f64) {
        let text = [RECORD, TRACKER, SECDB, VEX][which];
        let end = (text.len() as f64 * at) as usize;
        prop_assert!(bytes_within(&text.as_bytes()[..end], limits()).is_err());
        prop_assert!(bytes_within(text.as_bytes(), limits()).is_ok());
    }

    #[test]
    fn no_damage_makes_it_panic(which in 0usize..5, at in 0usize..600, byte: u8) {
        let zip = zipped(&[("a.json", RECORD.as_bytes())], true);
        let text = [RECORD.as_bytes(), TRACKER.as_bytes(), SECDB.as_bytes(), VEX.as_bytes(), &zip][which];
        let mut bytes = text.to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = bytes_within(&bytes, limits());
    }
}
