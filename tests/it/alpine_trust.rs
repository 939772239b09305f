//! What is not signed, not whole or not what was locked: code 4, the words, and nothing half-written.

use crate::support::server::{Answer, Server};
use crate::support::{Ran, Verdict};
use crate::yard::apk::{self, TestRsa};
use crate::yard::{DATED, KEY, Repo, Yard, copy, record, small};

const ONE: &str = "  - {name: base, packages: [one]}";

fn repo(yard: &Yard) -> Repo {
    Repo::new().with(yard, &small("one", "1-r0"))
}

/// What is wrong with this refusal, or with what it left.
fn refused(yard: &Yard, ran: &Ran, code: i32, words: &[&str]) -> Option<String> {
    let made = yard.made();
    let left = (!made.is_empty()).then(|| format!("it left {made:?}"));
    ran.fault(code, words).or(left)
}

#[test]
fn every_algorithm_of_alpine_is_accepted() {
    for algorithm in ["RSA", "RSA256", "RSA512"] {
        let yard = Yard::asking(ONE);
        let repo = repo(&yard);
        let signed = apk::signed(algorithm, &yard.key, KEY, &repo.index());
        yard.publish_as("repo", &repo, &signed);
        assert_eq!(yard.solved(), ["one-1-r0 base"], "{algorithm}");
    }
}

#[test]
fn an_index_that_no_allowed_key_signed_is_code_4() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, words: &[&str], make: &dyn Fn(&Yard, &[u8]) -> Vec<u8>| {
        for served in [false, true] {
            let yard = Yard::asking(ONE);
            let repo = repo(&yard);
            yard.publish_as("repo", &repo, &make(&yard, &repo.index()));
            let server = served.then(|| Server::new(yard.path("repo"), |_, _| Answer::File));
            if let Some(server) = &server {
                yard.edit("../repo", &format!("\"{}\"", server.url));
            }
            let ran = yard.run(&["lock"]);
            verdict.add(name, refused(&yard, &ran, 4, words));
            let ran = yard.run(&["build", "-o", "out"]);
            verdict.add(name, refused(&yard, &ran, 4, words));
        }
    };
    let good = |yard: &Yard, index: &[u8]| apk::signed("RSA", &yard.key, KEY, index);
    let at = "APKINDEX.tar.gz";
    case("unsigned", &["sign", at], &|_, index| index.to_vec());
    case("a foreign key of that name", &[at, KEY], &|_, index| {
        apk::signed("RSA", &TestRsa::new(), KEY, index)
    });
    case("a key of another name", &[at], &|yard, index| {
        apk::signed("RSA", &yard.key, "other.rsa.pub", index)
    });
    case("a name with a path", &[at], &|yard, index| {
        apk::signed("RSA", &yard.key, &format!("../p/{KEY}"), index)
    });
    case("another algorithm's digest", &[at], &|yard, index| {
        let signature = apk::sign("RSA", &yard.key, index);
        let member = apk::signatures(&[(&format!("RSA256.{KEY}"), &signature)]);
        [&member[..], index].concat()
    });
    case("a signature of nothing", &[at], &|_, index| {
        [&apk::signatures(&[(&format!("RSA.{KEY}"), b"")])[..], index].concat()
    });
    case("another index", &[at], &|yard, _| {
        let signature = apk::sign("RSA", &yard.key, &apk::index("", 0));
        let member = apk::signatures(&[(&format!("RSA.{KEY}"), &signature)]);
        [member, repo(yard).index()].concat()
    });
    case("a member more", &[at], &|yard, index| {
        [good(yard, index), apk::gzip(b"more")].concat()
    });
    case("bytes more", &[at], &|yard, index| {
        [&good(yard, index)[..], b"more"].concat()
    });
    case("another index before it", &[at], &|yard, index| {
        [apk::index("", DATED), good(yard, index)].concat()
    });
    case("half of it", &[at], &|yard, index| {
        let bytes = good(yard, index);
        bytes[..bytes.len() - 40].to_vec()
    });
    case("the signature alone", &[at], &|yard, index| {
        let bytes = good(yard, index);
        bytes[..bytes.len() - index.len()].to_vec()
    });
    case("nothing", &[at], &|_, _| Vec::new());
    case("a web page", &[at], &|_, _| b"<html>Log in</html>".to_vec());
    case("a v3 index", &["v3"], &|_, _| {
        b"ADBd\x01\x02\x03\x04indx".to_vec()
    });
}

#[test]
fn unsigned_must_be_said_and_is_warned_of() {
    let yard = Yard::asking(ONE);
    let repo = repo(&yard);
    yard.publish_as("repo", &repo, &repo.index());
    yard.manifest("[amd64]", "  - {url: ../repo, unsigned: true}", ONE);
    for words in [&["lock"][..], &["fetch"], &["build", "-o", "out"]] {
        let ran = yard.run(words);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(
            ran.stderr.contains("warning: "),
            "{words:?}: {}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("unsigned") || ran.stderr.contains("signature"),
            "{}",
            ran.stderr
        );
    }
    assert!(
        yard.lockfile().contains("unsigned: true"),
        "{}",
        yard.lockfile()
    );
}

#[test]
fn a_package_that_is_not_the_one_of_the_index_is_code_4() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, bytes: &dyn Fn(&Yard) -> Vec<u8>| {
        let yard = Yard::asking(ONE);
        let one = small("one", "1-r0");
        let parts = one.parts();
        let bytes = bytes(&yard);
        let record = record(&one.info, &parts.checksum(), bytes.len());
        yard.publish("repo", &Repo::new().raw(&one, &record, bytes));
        let ran = yard.run(&["lock"]);
        verdict.add(name, refused(&yard, &ran, 4, &["one", "1-r0"]));
        let ran = yard.run(&["build", "-o", "out"]);
        verdict.add(name, refused(&yard, &ran, 4, &["one", "1-r0"]));
    };
    let one = || small("one", "1-r0");
    case("another identity", &|yard| {
        one()
            .line("pkgdesc = x")
            .parts()
            .signed("RSA", &yard.key, KEY)
    });
    case("other data", &|yard| {
        let mut parts = one().parts();
        parts.data = small("one", "2-r0").parts().data;
        parts.signed("RSA", &yard.key, KEY)
    });
    case("data more", &|yard| {
        let mut bytes = one().parts().signed("RSA", &yard.key, KEY);
        bytes.extend(apk::gzip(b"x"));
        bytes
    });
    case("a signature that does not hold", &|yard| {
        let parts = one().parts();
        let signature = apk::sign("RSA", &yard.key, b"other");
        let member = apk::signatures(&[(&format!("RSA.{KEY}"), &signature)]);
        [member, parts.bytes()].concat()
    });
    case("half of it", &|yard| {
        let bytes = one().parts().signed("RSA", &yard.key, KEY);
        bytes[..bytes.len() / 2].to_vec()
    });
    case("nothing", &|_| Vec::new());
    case("a web page", &|_| b"<html>Log in</html>".to_vec());
}

#[test]
fn a_package_of_another_name_is_code_4() {
    let mut verdict = Verdict::default();
    for (case, other) in [
        ("name", small("two", "1-r0")),
        ("version", small("one", "2-r0")),
    ] {
        let yard = Yard::asking(ONE);
        let parts = other.parts();
        let bytes = parts.signed("RSA", &yard.key, KEY);
        let one = small("one", "1-r0");
        // The index vouches for these very bytes under another name.
        let record = record(&one.info, &parts.checksum(), bytes.len());
        yard.publish("repo", &Repo::new().raw(&one, &record, bytes));
        let ran = yard.run(&["lock"]);
        verdict.add(case, refused(&yard, &ran, 4, &["one", "1-r0"]));
    }
}

#[test]
fn a_size_other_than_the_indexs_is_code_4() {
    let mut verdict = Verdict::default();
    for off in [-1_i64, 1] {
        for served in [false, true] {
            let yard = Yard::asking(ONE);
            let one = small("one", "1-r0");
            let parts = one.parts();
            let bytes = parts.signed("RSA", &yard.key, KEY);
            let size = usize::try_from(i64::try_from(bytes.len()).unwrap() + off).unwrap();
            let record = record(&one.info, &parts.checksum(), size);
            yard.publish("repo", &Repo::new().raw(&one, &record, bytes));
            let server = served.then(|| Server::new(yard.path("repo"), |_, _| Answer::File));
            if let Some(server) = &server {
                yard.edit("../repo", &format!("\"{}\"", server.url));
            }
            let ran = yard.run(&["lock"]);
            verdict.add(
                &format!("{off} {served}"),
                refused(&yard, &ran, 4, &["one"]),
            );
        }
    }
}

#[test]
fn an_older_index_than_the_locked_one_is_code_4() {
    let yard = Yard::asking(ONE);
    let mut repo = repo(&yard).with(&yard, &small("two", "1-r0"));
    yard.publish("repo", &repo);
    yard.run(&["lock"]).done();
    let before = yard.lockfile();
    repo.mtime = DATED - 60;
    yard.publish("repo", &repo);
    yard.edit("[one]", "[one, two]");
    for words in [&["lock"][..], &["lock", "--update"], &["lock", "--dry-run"]] {
        let fault = yard.run(words).fault(4, &["older"]);
        assert!(fault.is_none(), "{words:?}: {fault:?}");
        assert_eq!(yard.lockfile(), before);
    }
    // Another repository is another matter.
    fs_err::rename(yard.path("repo"), yard.path("new")).unwrap();
    yard.edit("../repo", "../new");
    yard.run(&["lock"]).done();
}

#[test]
fn a_lockfile_that_was_tampered_with_is_refused() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, codes: &[i32], change: &dyn Fn(&str) -> String| {
        let yard = Yard::asking(ONE);
        let repo = repo(&yard).with(&yard, &small("two", "1-r0"));
        yard.publish("repo", &repo);
        yard.file("outside.apk", b"x");
        yard.run(&["lock"]).done();
        fs_err::remove_dir_all(yard.path("store")).unwrap();
        let text = yard.lockfile();
        let changed = change(&text);
        assert_ne!(changed, text, "{name}");
        yard.file("p/rootfs.lock", changed.as_bytes());
        // `fetch` has the digest alone to go by, which is the locked one's here.
        let commands = [&["fetch"][..], &["build", "-o", "out"]];
        for words in &commands[usize::from(name == "checksum")..] {
            let ran = yard.run(words);
            let code = ran
                .code
                .filter(|code| codes.contains(code))
                .unwrap_or(codes[0]);
            verdict.add(name, ran.fault(code, &[]));
            let made = yard.made();
            let left = (made != ["rootfs.lock"]).then(|| format!("it left {made:?}"));
            verdict.add(name, left);
        }
    };
    let path = "path: x86_64/one-1-r0.apk";
    case("sha256", &[4], &|text| {
        let (head, tail) = text.split_once("      sha256: ").unwrap();
        format!("{head}      sha256: {}{}", "0".repeat(64), &tail[64..])
    });
    case("checksum", &[4], &|text| {
        let other = apk::checksum(b"other");
        let (head, tail) = text.split_once("checksum: ").unwrap();
        let (_, tail) = tail.split_once('\n').unwrap();
        format!("{head}checksum: {other}\n{tail}")
    });
    case("another package's path", &[2, 4], &|text| {
        text.replace(path, "path: x86_64/two-1-r0.apk")
    });
    case("a path that leaves", &[2, 4], &|text| {
        text.replace(path, "path: ../outside.apk")
    });
    case("an absolute path", &[2, 4], &|text| {
        text.replace(path, "path: /etc/passwd")
    });
    case("a name with a path", &[2, 4], &|text| {
        text.replace("name: one\n", "name: ../one\n")
    });
    case("a version of nobody's", &[2, 4], &|text| {
        text.replace("version: 1-r0\n", "version: \"1/../..\"\n")
    });
}

#[test]
fn after_bad_bytes_the_next_source_is_asked() {
    let yard = Yard::asking(ONE);
    yard.publish("repo", &repo(&yard));
    copy(&yard.path("repo"), &yard.path("index-only"));
    let served = Server::new(yard.path("repo"), |path, _| match path.ends_with(".apk") {
        true => Answer::Status("200 OK", String::new(), b"<html>Log in</html>".to_vec()),
        false => Answer::Cut(10),
    });
    let nowhere = "http://127.0.0.1:1/alpine";
    yard.edit("../repo", nowhere);
    let bad = format!("{nowhere}={}", served.url);
    let good = format!("{nowhere}=file://{}", yard.path("repo").display());
    let alone = yard.run(&["lock", "--mirror", &bad, "--mirror-only"]);
    assert!(matches!(alone.code, Some(4 | 5)), "{alone:?}");
    assert!(yard.made().is_empty());
    yard.run(&["lock", "--mirror", &bad, "--mirror", &good])
        .done();
    assert!(served.asked(".apk") > 0 && served.asked("APKINDEX.tar.gz") > 0);
    assert!(!yard.lockfile().contains("file://"));
    yard.run(&["build", "--offline", "-o", "out"]).done();
}

#[test]
fn one_good_signature_of_several_is_enough() {
    let yard = Yard::asking(ONE);
    let repo = repo(&yard);
    let index = repo.index();
    let foreign = apk::sign("RSA", &TestRsa::new(), &index);
    let own = apk::sign("RSA256", &yard.key, &index);
    let (first, second) = ("RSA.foreign.rsa.pub", format!("RSA256.{KEY}"));
    let member = apk::signatures(&[(first, &foreign), ("X.later", b"?"), (&second, &own)]);
    yard.publish_as("repo", &repo, &[member, index].concat());
    assert_eq!(yard.solved(), ["one-1-r0 base"]);
}

/// Real files of apk's third format.
#[test]
fn the_third_format_is_recognised() {
    let Some(samples) = crate::conformance::shared().map(|at| at.join("alpine/v3-samples")) else {
        return;
    };
    let mut verdict = Verdict::default();
    for entry in fs_err::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs_err::read(&path).unwrap();
        if !bytes.starts_with(b"ADB") {
            continue;
        }
        let yard = Yard::asking(ONE);
        let one = small("one", "1-r0");
        let name = path.display().to_string();
        let record = record(&one.info, &one.parts().checksum(), bytes.len());
        let repo = Repo::new().raw(&one, &record, bytes.clone());
        yard.publish("repo", &repo);
        let ran = yard.run(&["lock"]);
        verdict.add(&name, refused(&yard, &ran, 4, &["one", "v3 (ADB)"]));
        yard.publish_as("repo", &repo, &bytes);
        let ran = yard.run(&["lock"]);
        verdict.add(&name, refused(&yard, &ran, 4, &["APKINDEX", "v3 (ADB)"]));
    }
}

#[test]
fn a_v3_package_is_refused_by_its_name() {
    let yard = Yard::asking(ONE);
    let one = small("one", "1-r0");
    let bytes = b"ADBd\x01\x02\x03\x04pckg".to_vec();
    let record = record(&one.info, &one.parts().checksum(), bytes.len());
    yard.publish("repo", &Repo::new().raw(&one, &record, bytes));
    let ran = yard.run(&["lock"]);
    let fault = refused(&yard, &ran, 4, &["one", "v3"]);
    assert!(fault.is_none(), "{fault:?}");
}
