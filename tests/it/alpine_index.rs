//! Indexes of Alpine that are signed and yet nothing that anyone should make.

use crate::support::Verdict;
use crate::yard::apk::{self, Tar, TarEntry};
use crate::yard::{DATED, KEY, Repo, Yard, small};

const ONE: &str = "  - {name: base, packages: [one]}";

fn signed(yard: &Yard, index: &[u8]) {
    let bytes = apk::signed("RSA", &yard.key, KEY, index);
    let repo = Repo::new().with(yard, &small("one", "1-r0"));
    yard.publish_as("repo", &repo, &bytes);
}

#[test]
fn archives_that_are_no_index_are_code_4() {
    let mut verdict = Verdict::default();
    let records = |yard: &Yard| Repo::new().with(yard, &small("one", "1-r0")).records;
    let mut case = |name: &str, make: &dyn Fn(&Yard) -> Vec<u8>| {
        let yard = Yard::asking(ONE);
        signed(&yard, &make(&yard));
        verdict.add(name, yard.run(&["lock"]).fault(4, &["APKINDEX"]));
        verdict.add(name, (!yard.made().is_empty()).then(|| "a lockfile".into()));
    };
    let of = |entries: &[TarEntry]| {
        let mut tar = Tar::default();
        for entry in entries {
            tar.add(entry);
        }
        apk::gzip(&tar.end())
    };
    let file = |name: &str, text: &str| TarEntry::file(name, text.as_bytes());
    case("no APKINDEX", &|_| of(&[file("DESCRIPTION", "x")]));
    case("an empty tar", &|_| of(&[]));
    case("no tar", &|_| apk::gzip(b"P:one\n"));
    case("a link", &|_| {
        of(&[TarEntry::link(b'2', "APKINDEX", "/etc/passwd")])
    });
    case("a directory", &|_| of(&[TarEntry::new(b'5', "APKINDEX")]));
    case("two of them", &|yard| {
        let text = records(yard);
        of(&[file("APKINDEX", &text), file("APKINDEX", "")])
    });
    let mut long = file("APKINDEX", "P:one\n");
    long.size = Some(1 << 40);
    case("a size without end", &|_| of(std::slice::from_ref(&long)));
}

/// Zeros that unpack to two gigabytes: refused without holding them.
#[test]
fn an_index_that_unpacks_without_end_is_code_4() {
    let yard = Yard::asking(ONE);
    let member = apk::gzip(&vec![b'\n'; 64 << 20]);
    let mut entry = TarEntry::new(b'0', "APKINDEX");
    entry.size = Some(2 << 30);
    let mut tar = Tar::default();
    tar.raw(&entry);
    // One deflate stream is what counts; more members are refused before.
    signed(&yard, &[apk::gzip(&tar.0), member.repeat(32)].concat());
    let fault = yard.run(&["lock"]).fault(4, &["APKINDEX"]);
    assert!(fault.is_none(), "{fault:?}");
}

#[test]
fn names_and_versions_that_are_paths_lead_nowhere() {
    let mut verdict = Verdict::default();
    for (name, version) in [
        ("../../evil", "1-r0"),
        ("/etc/evil", "1-r0"),
        ("a/../../../b", "1-r0"),
        ("..", "1-r0"),
        (".evil", "1-r0"),
        ("-evil", "1-r0"),
        ("evil\u{1b}[2J", "1-r0"),
        ("evil%2f..", "1-r0"),
        ("evil?x=1", "1-r0"),
        ("evil#x", "1-r0"),
        ("evil", "1/../../x"),
        ("evil", "1 2"),
    ] {
        let yard = Yard::asking(ONE);
        let repo = Repo::new().with(&yard, &small("one", "1-r0").line("depend = wanted"));
        let records = format!(
            "C:{}\nP:{name}\nV:{version}\nA:x86_64\nS:10\nI:10\np:wanted=1\n\n",
            apk::checksum(b"x")
        );
        let index = apk::index(&(repo.records.clone() + &records), DATED);
        let bytes = apk::signed("RSA", &yard.key, KEY, &index);
        yard.publish_as("repo", &repo, &bytes);
        yard.file("evil-1-r0.apk", b"0123456789");
        let ran = yard.run(&["lock"]);
        let case = format!("{name} {version}: {ran:?}");
        let code = ran.code.filter(|code| [3, 4].contains(code)).unwrap_or(3);
        verdict.add(&case, ran.fault(code, &[]));
        let escape = ran.stderr.contains('\u{1b}');
        verdict.add(&case, escape.then(|| "a control character".into()));
        verdict.add(
            &case,
            (!yard.made().is_empty()).then(|| "a lockfile".into()),
        );
    }
}

#[test]
fn an_index_of_nothing_offers_nothing() {
    let yard = Yard::asking(ONE);
    signed(&yard, &apk::index("", DATED));
    let fault = yard.run(&["lock"]).fault(3, &["one"]);
    assert!(fault.is_none(), "{fault:?}");
}

#[test]
fn what_no_lockfile_could_hold_is_code_4_and_names_the_package() {
    let mut verdict = Verdict::default();
    for (field, value, word) in [
        ("o", "two words", "two words"),
        ("o", "../one", "../one"),
        ("S", "99999999999999999", "size"),
    ] {
        let yard = Yard::asking(ONE);
        let checksum = apk::checksum(b"x");
        let size = if field == "S" { value } else { "10" };
        let origin = if field == "o" { value } else { "one" };
        let records =
            format!("C:{checksum}\nP:one\nV:1-r0\nA:x86_64\nS:{size}\nI:10\no:{origin}\n\n");
        signed(&yard, &apk::index(&records, DATED));
        let ran = yard.run(&["lock"]);
        verdict.add(value, ran.fault(4, &["`one`", "repo", word]));
        verdict.add(
            value,
            (!yard.made().is_empty()).then(|| "a lockfile".into()),
        );
    }
}
