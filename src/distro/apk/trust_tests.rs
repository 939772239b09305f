//! Signatures of files: good ones, and those that must not count.

use std::sync::Arc;

use super::testing::{self, TestRsa, gzip, sign, signatures, signed};
use super::trust::{Keyring, TrustFault, covered, key_file};
use crate::model::{Arch, Class, Explain as _, Key, Sha256};

fn arch() -> Arch {
    Arch::from_oci("amd64").unwrap()
}

fn key(name: &str, rsa: &TestRsa) -> Key {
    let bytes: Arc<[u8]> = rsa.pem().into();
    Key {
        name: format!("keys/{name}"),
        sha256: Sha256::of(&bytes),
        bytes,
    }
}

fn line(key: &Key) -> String {
    format!("{} {}", key.name.trim_start_matches("keys/"), key.sha256)
}

#[test]
fn one_signature_by_an_allowed_key_is_enough() {
    let (rsa, other) = (TestRsa::new(), TestRsa::new());
    let keys = [key("a.rsa.pub", &rsa), key("b.rsa.pub", &other)];
    let keyring = Keyring::new(arch(), &keys).unwrap();
    let index = testing::index("P:a\n", 0);
    for algorithm in ["RSA", "RSA256", "RSA512"] {
        let file = signed(algorithm, &rsa, "a.rsa.pub", &index);
        let covered = covered(&file, &keyring, false).unwrap();
        assert_eq!(covered.text, index);
        assert_eq!(covered.signed_by, [line(&keys[0])], "{algorithm}");
    }
    let by = |algorithm: &str, rsa: &TestRsa| sign(algorithm, rsa, &index);
    let member = signatures(&[
        ("DSA.a.rsa.pub", b"x"),
        ("RSA.unknown.pub", &by("RSA", &TestRsa::new())),
        ("RSA.b.rsa.pub", &by("RSA", &other)),
        ("RSA999.a.rsa.pub", b"y"),
        ("RSA256.a.rsa.pub", &by("RSA256", &rsa)),
        ("RSA512.a.rsa.pub", &vec![0; (64 << 10) + 1]),
    ]);
    let file = [&member[..], &index].concat();
    let found = covered(&file, &keyring, false).unwrap();
    assert_eq!(found.signed_by, [line(&keys[0]), line(&keys[1])]);
}

#[test]
fn a_signature_by_an_allowed_key_must_hold() {
    let (rsa, other) = (TestRsa::new(), TestRsa::new());
    let keyring =
        Keyring::new(arch(), &[key("a.rsa.pub", &rsa), key("b.rsa.pub", &other)]).unwrap();
    let index = testing::index("P:a\n", 0);
    let good = sign("RSA", &rsa, &index);
    let changed = testing::index("P:b\n", 0);
    let wrong = |file: &[u8]| match covered(file, &keyring, false).unwrap_err() {
        error @ TrustFault::Wrong(_) => assert_eq!(error.class(), Class::Untrusted),
        error => panic!("{error}"),
    };
    // Other bytes, another key's, another algorithm's name, a good one beside a bad one.
    wrong(&[&signatures(&[("RSA.a.rsa.pub", &good)])[..], &changed].concat());
    wrong(&signed("RSA", &other, "a.rsa.pub", &index));
    wrong(&[&signatures(&[("RSA256.a.rsa.pub", &good)])[..], &index].concat());
    let both = signatures(&[("RSA.a.rsa.pub", &good), ("RSA.b.rsa.pub", &good)]);
    wrong(&[&both[..], &index].concat());
    wrong(&[&signatures(&[("RSA.a.rsa.pub", b"")])[..], &index].concat());
    let cut = signed("RSA", &rsa, "a.rsa.pub", &index);
    wrong(&cut[..cut.len() - 1]);
}

#[test]
fn what_no_allowed_key_signed_is_refused() {
    let rsa = TestRsa::new();
    let keyring = Keyring::new(arch(), &[key("a.rsa.pub", &rsa)]).unwrap();
    let index = testing::index("P:a\n", 0);
    let refused = |file: &[u8]| {
        let error = covered(file, &keyring, false).unwrap_err();
        assert!(matches!(error, TrustFault::Unsigned { .. }), "{error}");
        assert!(error.hint().unwrap().contains("`keys:`"));
        error.to_string()
    };
    assert_eq!(refused(&index), "it has no signature");
    let foreign = signed("RSA", &rsa, "b.rsa.pub", &index);
    assert_eq!(
        refused(&foreign),
        "it is signed with `b.rsa.pub`, and `a.rsa.pub` may sign it"
    );
    refused(&[&signatures(&[("DSA.a.rsa.pub", b"x")])[..], &index].concat());
    // The name is looked up among the allowed keys and nowhere else.
    refused(&signed("RSA", &rsa, "keys/a.rsa.pub", &index));
}

#[test]
fn without_judgement_the_signatures_are_skipped() {
    let rsa = TestRsa::new();
    let keyring = Keyring::new(Arch::from_oci("loong64").unwrap(), &[]).unwrap();
    let index = testing::index("P:a\n", 0);
    for file in [index.clone(), signed("RSA", &rsa, "x", &index)] {
        let covered = covered(&file, &keyring, true).unwrap();
        assert_eq!((covered.text, covered.signed_by.len()), (&index[..], 0));
    }
}

#[test]
fn what_is_no_v2_file_is_named() {
    let rsa = TestRsa::new();
    let keyring = Keyring::new(arch(), &[key("a", &rsa)]).unwrap();
    for magic in [&b"ADB.pckg"[..], b"ADBd....", b"ADBc...."] {
        let error = covered(magic, &keyring, true).unwrap_err().to_string();
        assert!(error.contains("v3 (ADB)"), "{error}");
    }
    let file = signed("RSA", &rsa, "a", &testing::index("P:a\n", 0));
    for bad in [&b""[..], b"\x1f\x8b", b"<html>", &file[..40]] {
        let error = covered(bad, &keyring, false).unwrap_err();
        assert!(matches!(error, TrustFault::Gzip(_)), "{error}");
    }
    let mut mixed = testing::Tar::default();
    mixed.add(&testing::TarEntry::file(".SIGN.RSA.a", b"x"));
    mixed.add(&testing::TarEntry::file("APKINDEX", b"P:a\n"));
    let error = covered(&gzip(&mixed.end()), &keyring, true).unwrap_err();
    assert!(matches!(error, TrustFault::Mixed(_)), "{error}");
    let large = vec![0; 40 << 10];
    let names: Vec<String> = (0..40).map(|at| format!("RSA.{at}")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &large[..])).collect();
    assert!(covered(&signatures(&many), &keyring, true).is_err());
}

#[test]
fn a_key_file_that_is_none_is_the_manifests_fault() {
    let bad = Key {
        name: "keys/x.pub".into(),
        bytes: b"ssh-rsa AAAA"[..].into(),
        sha256: Sha256::of(b"ssh-rsa AAAA"),
    };
    let error = Keyring::new(arch(), &[bad]).unwrap_err();
    assert_eq!(error.class(), Class::BadInput);
    assert!(error.to_string().contains("`keys/x.pub`"));
}

#[test]
fn built_in_keys_are_those_of_the_architecture() {
    for arch in Arch::all().filter(|arch| arch.alpine().is_some()) {
        let known = super::keys::built_in(arch).count();
        let expected = match arch.alpine() {
            Some("loongarch64") => 0,
            Some("x86" | "x86_64") => 3,
            _ => 2,
        };
        assert_eq!(known, expected, "{arch}");
        Keyring::new(arch, &[]).unwrap();
        for (name, bytes) in super::keys::built_in(arch) {
            let signed_by = format!("{name} {}", Sha256::of(bytes));
            let (found, file) = key_file(arch, &[], &signed_by).unwrap();
            assert_eq!((found, &file[..]), (name, bytes));
        }
    }
    let own = key("a.rsa.pub", &TestRsa::new());
    let found = key_file(arch(), std::slice::from_ref(&own), &line(&own)).unwrap();
    assert_eq!(&found.1[..], &own.bytes[..]);
    assert!(key_file(arch(), &[], &line(&own)).is_none());
    assert!(key_file(arch(), &[own], "a.rsa.pub").is_none());
}
