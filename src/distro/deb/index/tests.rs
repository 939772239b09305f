//! What condensing keeps and refuses.

use std::io::Write as _;

use super::*;
use crate::model::{Sha256, WantedFile};

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn wanted(path: &str, plain: Option<&[u8]>) -> WantedFile {
    WantedFile {
        path: path.into(),
        expect: None,
        max_size: 1 << 20,
        plain: plain.map(|plain| (Sha256::of(plain), plain.len() as u64)),
    }
}

fn stanza(name: &str, more: &str) -> String {
    format!(
        "Package: {name}\nVersion: 1.0-1\nArchitecture: amd64\n{more}Filename: pool/{name}.deb\n\
         Size: 7\nSHA256: {HASH}\nDescription: words\n about: it\n\n"
    )
}

fn index(text: &str) -> Index {
    let bytes = condense(&wanted("Packages", None), text.as_bytes()).expect("a valid index");
    Index::open(bytes.into()).expect("a condensed index")
}

fn reason(text: &str) -> String {
    let error = condense(&wanted("Packages", None), text.as_bytes()).expect_err("malformed");
    assert_eq!(error.class(), crate::model::Class::Untrusted);
    error.to_string()
}

#[test]
fn finds_packages_by_name_and_by_what_they_provide() {
    let index = index(
        &[
            stanza("b", "Provides: mail (= 2), x\n"),
            stanza("a", "Provides: mail\nEssential: yes\nPriority: required\n"),
            stanza(
                "b",
                "Source: src (3-1)\nDepends: a (>= 1),\n libc6\nPre-Depends: dpkg\n",
            ),
        ]
        .concat(),
    );
    assert_eq!(index.len(), 3);
    assert_eq!(index.named("b"), 1..3);
    assert_eq!(index.named("ab"), 1..1);
    assert_eq!(index.providers("mail").collect::<Vec<_>>(), [1, 0]);
    assert_eq!(index.notable().collect::<Vec<_>>(), [0]);
    let first = index.record(0).expect("a record");
    assert_eq!(
        (first.name, first.essential, first.priority),
        ("a", true, 1)
    );
    let last = index.record(2).expect("a record");
    assert_eq!(last.depends, "dpkg,a (>= 1),libc6");
    assert_eq!((last.source, last.source_version), ("src", "3-1"));
    assert_eq!((last.path, last.size, last.sha256), ("pool/b.deb", 7, HASH));
    assert_eq!(index.record(1).expect("a record").provides, "mail=2,x");
}

#[test]
fn uncompresses_by_suffix_and_within_the_listed_size() {
    let text = stanza("a", "");
    let plain = text.as_bytes();
    let mut xz = xz2::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(plain).expect("memory");
    let xz = xz.finish().expect("memory");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(plain).expect("memory");
    let gz = gz.finish().expect("memory");
    let zst = zstd::encode_all(plain, 1).expect("memory");
    let whole = condense(&wanted("Packages", Some(plain)), plain).expect("plain");
    for (path, raw) in [
        ("d/Packages.xz", &xz),
        ("d/Packages.gz", &gz),
        ("d/Packages.zst", &zst),
    ] {
        assert_eq!(
            condense(&wanted(path, Some(plain)), raw).expect(path),
            whole
        );
        assert!(
            condense(&wanted(path, Some(&plain[1..])), raw).is_err(),
            "{path}"
        );
        let other = plain.to_ascii_uppercase();
        assert!(
            condense(&wanted(path, Some(&other)), raw).is_err(),
            "{path}"
        );
        assert!(
            condense(&wanted(path, None), &raw[..raw.len() / 2]).is_err(),
            "{path}"
        );
    }
}

#[test]
fn names_what_is_malformed() {
    for (text, expected) in [
        (
            stanza("a", "").replace("SHA256", "SHA512"),
            "it has no SHA256",
        ),
        (
            stanza("a", "").replace("pool/", "../"),
            "`../a.deb` cannot be its Filename",
        ),
        (
            stanza("a", "").replace("pool/", "/"),
            "cannot be its Filename",
        ),
        (
            stanza("a", "").replace("Size: 7", "Size: -7"),
            "`-7` cannot be its Size",
        ),
        (stanza("a", "Depends: b (1)\n"), "`b (1)` is not a relation"),
        (stanza("a", "Version: 2\n"), "Version is there twice"),
        (stanza("a b", ""), "`a b` cannot be its Package"),
        (stanza("a", "nonsense\n"), "a line is neither a field"),
    ] {
        let reason = reason(&(stanza("good", "") + &text));
        assert!(reason.contains(expected), "{reason}");
        assert!(reason.contains("the entry of a"), "{reason}");
    }
}

#[test]
fn reads_damaged_bytes_without_harm() {
    let whole = condense(
        &wanted("Packages", None),
        stanza("a", "Provides: b\n").as_bytes(),
    )
    .expect("valid");
    for end in 0..whole.len() {
        for flip in [0, 0x80] {
            let mut bytes = whole[..end].to_vec();
            if let Some(byte) = bytes.get_mut(end / 2) {
                *byte ^= flip;
            }
            let Ok(index) = Index::open(bytes.into()) else {
                continue;
            };
            for place in index
                .named("a")
                .chain(index.providers("b"))
                .chain(index.notable())
                .take(10)
            {
                let _ = (index.record(place), index.name(place));
            }
        }
    }
}

#[test]
fn an_empty_index_is_one() {
    let index = index("\n\n");
    assert_eq!((index.len(), index.named("a")), (0, 0..0));
}
