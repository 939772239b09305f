//! `lock --check --proof`: the judgement of a lockfile repeated from what is kept or vendored.

use serde_json::Value;

use crate::place::{FIRST, Place};
use crate::repo::{Repo, TestKey};
use crate::vendor::{INDEX, RELEASE, edit, forget, locked, ran};

#[test]
fn a_proof_is_repeated_without_the_repository() {
    let place = locked();
    let proof = ["lock", "--check", "--proof"];
    let from_tree = [&proof[..], &["--mirror", "tree"]].concat();
    place.done(&["vendor", "tree"]);
    let text = place.read("repo/dists/trixie/Release");
    fs_err::remove_dir_all(place.path("repo")).unwrap();
    // From the store, then from the tree.
    place.done(&proof);
    forget(&place);
    let (code, said) = ran(&place, &proof);
    assert!(
        code == 5 && said.contains("index of trixie") && said.contains("--mirror DIR"),
        "{said}"
    );
    place.done(&from_tree);
    assert_eq!(ran(&place, &["lock", "--proof"]).0, 2);
    let (code, said) = ran(
        &place,
        &[&proof[..], &["--mirror", "http://127.0.0.1:1"]].concat(),
    );
    assert!(said.contains("uses no network"), "{code}: {said}");

    let lock = place.read("rootfs.lock");
    let replaced = |from: &str, to: &str| {
        assert!(lock.contains(from), "{from}");
        place.write("rootfs.lock", lock.replace(from, to).as_bytes());
        let answer = ran(&place, &from_tree);
        place.write("rootfs.lock", lock.as_bytes());
        answer
    };
    let digest = |text: &str| lock[lock.find(text).unwrap()..].to_owned();
    let tool = digest("name: tool\n");
    let sha256 = tool.split("sha256: ").nth(1).unwrap();
    let sha256 = sha256.split('\n').next().unwrap();
    for (from, to, why) in [
        (sha256, &*"0".repeat(64), "tool 1.0 has another sha256"),
        (
            "pool/tool_1.0",
            "pool/tool_1.1",
            "tool 1.0 has another path",
        ),
        (
            "main/binary-amd64/Packages.xz",
            "main/binary-amd64/Packages",
            "list of indexes",
        ),
    ] {
        let (code, said) = replaced(from, to);
        assert!(code == 1 && said.contains(why), "{code} {from}: {said}");
    }
    let (code, object) = place.json(&from_tree);
    assert_eq!((code, &object["fits"]), (0, &Value::Bool(true)));

    // Another key signed the same text.
    let release = place.path(RELEASE);
    let signed = fs_err::read_to_string(&release).unwrap();
    let other = TestKey::new(place.now - 864_000, None);
    let forged = other.clear_sign(text.as_bytes(), place.now - 3600);
    fs_err::write(&release, forged).unwrap();
    forget(&place);
    let (code, said) = ran(&place, &from_tree);
    assert_eq!(code, 4, "{said}");
    fs_err::write(&release, &signed).unwrap();
    edit(&place, INDEX, |bytes| bytes[40] ^= 1);
    let (code, said) = ran(&place, &from_tree);
    assert!(code == 4 && said.contains("Packages.xz"), "{said}");
}

#[test]
fn a_proof_holds_as_of_its_date() {
    // Expired a month ago, and signed by a key that has expired since.
    let place = Place::new();
    let day = 86_400;
    let old = place.now - 40 * day;
    let key = TestKey::new(old - 10 * day, Some(20));
    place.write("key.gpg", &key.public());
    let mut repo = Repo::new("trixie");
    repo.fields = format!("Valid-Until: {}\n", crate::repo::date(old + 7 * day));
    for name in ["base-files", "tool"] {
        let deb = crate::make::Deb::new(name, "1");
        repo = repo.deb(&format!("{name}_1_all.deb"), deb.build(), &deb.control());
    }
    repo.write(&place.path("repo"), &key, old);
    let manifest = place.read("rootfs.yaml");
    assert_eq!(ran(&place, &["lock"]).0, 4);
    let allowed = manifest.replace("keyring: key.gpg", "keyring: key.gpg, allow_expired: true");
    place.write("rootfs.yaml", allowed.as_bytes());
    place.done(&["lock"]);
    let said = ran(&place, &["lock", "--check", "--proof"]);
    assert!(said.0 == 0 && !said.1.contains("expired"), "{said:?}");
    place.done(&["vendor", "tree"]);
}

#[test]
fn what_nobody_signed_is_vendored_and_proven_by_its_digests() {
    let place = Place::new();
    place.offer(3600, FIRST);
    let manifest = place.read("rootfs.yaml");
    let unsigned = manifest.replace("keyring: key.gpg", "unsigned: true");
    place.write("rootfs.yaml", unsigned.as_bytes());
    for name in ["InRelease", "Release.gpg"] {
        fs_err::remove_file(place.path("repo/dists/trixie").join(name)).unwrap();
    }
    place.done(&["lock"]);
    place.done(&["vendor", "tree"]);
    forget(&place);
    let (code, said) = ran(&place, &["lock", "--check", "--proof", "--mirror", "tree"]);
    assert!(code == 0 && said.contains("unsigned: true"), "{said}");
}
