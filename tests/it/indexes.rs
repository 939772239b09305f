//! Indexes that are not the listed ones, or whose content is not what it should be, under a Release
//! that holds.

use crate::hostile::refused;
use crate::make::Packing;
use crate::repo::hex;
use crate::support::server::{Answer, Server};
use crate::support::{Site, Suite, Verdict, good};

const INDEX: &str = "main/binary-amd64/Packages.xz";

/// Changes the text of the index, and lists what comes of it.
fn index(site: &Site, change: impl Fn(String) -> String) {
    listed(site, change, |packed| packed);
}

/// As [`index`], and changes the packed bytes that are listed too.
fn listed(site: &Site, text: impl Fn(String) -> String, packed: impl Fn(Vec<u8>) -> Vec<u8>) {
    let repo = good();
    let (mut files, release) = repo.files(site.now);
    let old = repo.packages("amd64");
    let new = text(old.clone());
    let bytes = packed(Packing::Xz.pack(new.as_bytes()));
    let was = &files[INDEX];
    let entry = |bytes: &[u8], name: &str| format!(" {} {} {name}", hex(bytes), bytes.len());
    let plain = "main/binary-amd64/Packages";
    let release = release
        .replace(&entry(was, INDEX), &entry(&bytes, INDEX))
        .replace(&entry(old.as_bytes(), plain), &entry(new.as_bytes(), plain));
    files.insert(INDEX.into(), bytes);
    site.publish((files, release));
}

#[test]
fn an_index_that_is_not_the_listed_one_is_code_4() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, words: &[&str], spoil: fn(Suite) -> Suite| {
        for served in [false, true] {
            let site = Site::new();
            site.publish(spoil(good().files(site.now)));
            let server = served.then(|| Server::new(site.path("repo"), |_, _| Answer::File));
            if let Some(server) = &server {
                site.manifest(&server.url, "");
            }
            let name = format!("{name} (served: {served})");
            verdict.add(&name, refused(&site, 4, words));
        }
    };
    fn packed(mut suite: Suite, change: fn(&mut Vec<u8>)) -> Suite {
        change(suite.0.get_mut(INDEX).unwrap());
        suite
    }
    case("a flipped bit", &["Packages.xz"], |suite| {
        packed(suite, |bytes| bytes[40] ^= 1)
    });
    case("a byte more", &["Packages.xz"], |suite| {
        packed(suite, |bytes| bytes.push(0))
    });
    case("half of it", &["Packages.xz"], |suite| {
        packed(suite, |bytes| bytes.truncate(bytes.len() / 2))
    });
    case("nothing of it", &["Packages.xz"], |suite| {
        packed(suite, Vec::clear)
    });
    case(
        "a size of eight exabytes",
        &["Packages"],
        |(files, text)| {
            let size = format!(" {} {INDEX}", files[INDEX].len());
            (
                files,
                text.replace(&size, &format!(" 9223372036854775807 {INDEX}")),
            )
        },
    );
    case(
        "two digests for one file",
        &["Packages"],
        |(files, text)| {
            let line = format!(" {} 5 {INDEX}\n", hex(b"x"));
            (files, text + &line)
        },
    );
}

#[test]
fn an_index_with_bad_content_is_code_4() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, words: &[&str], change: fn(String) -> String| {
        let site = Site::new();
        index(&site, change);
        let words = [words, &["Packages"]].concat();
        verdict.add(name, refused(&site, 4, &words));
    };
    case("no Version", &["Version"], |text| {
        text.replace("Version: 1.0\n", "")
    });
    case("no Filename", &["Filename"], |text| {
        text.replace("Filename:", "File:")
    });
    case("no Size", &["Size"], |text| text.replace("Size:", "Sighs:"));
    case("no SHA256", &["SHA256"], |text| {
        text.replace("SHA256:", "SHA1:")
    });
    case("a short digest", &["SHA256"], |text| {
        text.replace("SHA256: ", "SHA256: 12")
    });
    case("a name with a slash", &["Package"], |text| {
        text.replace("Package: one", "Package: ../one")
    });
    case("a name with a space", &["Package"], |text| {
        text.replace("Package: one", "Package: one two")
    });
    case("a version with a newline's escape", &["Version"], |text| {
        text.replace("Version: 1.0", "Version: 1.0\u{1b}[31m")
    });
    case("a way out", &["Filename"], |text| {
        text.replace("Filename: pool/", "Filename: pool/../../../")
    });
    case("an absolute path", &["Filename"], |text| {
        text.replace("Filename: pool/", "Filename: /etc/")
    });
    case("another host", &["Filename"], |text| {
        text.replace("Filename: pool/", "Filename: http://evil.example/")
    });
    case("NUL bytes", &[], |text| {
        text.replace("Package: one", "Package: o\0ne")
    });
    case("NUL bytes everywhere", &[], |text| {
        "\0".repeat(1 << 16) + &text
    });
    case("a field twice", &["Version"], |text| {
        text.replace("Version: 1.0\n", "Version: 1.0\nVersion: 2.0\n")
    });
    case("a line that is no field", &[], |text| {
        text.replace("Version: 1.0", "Version 1.0")
    });
    case("a negative size", &["Size"], |text| {
        text.replace("Size: ", "Size: -")
    });
    case("a size beyond numbers", &["Size"], |text| {
        text.replace("Size: ", "Size: 99999999999999999999")
    });
    case("relations that are none", &["two"], |text| {
        text.replace("one (>= 1)", "one (>= 1")
    });
    case("an operator that is none", &["two"], |text| {
        text.replace("one (>= 1)", "one (=> 1)")
    });

    let mut bytes = |name: &str, words: &[&str], change: fn(Vec<u8>) -> Vec<u8>| {
        let site = Site::new();
        listed(&site, |text| text, change);
        verdict.add(name, refused(&site, 4, words));
    };
    bytes("not xz", &["Packages.xz"], |_| b"Package: one\n".to_vec());
    bytes(
        "xz cut short, and listed so",
        &["Packages.xz"],
        |mut packed| {
            packed.truncate(packed.len() - 30);
            packed
        },
    );
    bytes("a bomb", &["Packages.xz"], |_| {
        Packing::Xz.pack(&vec![b'\n'; 64 << 20])
    });
    bytes("other text than the plain one's", &["Packages.xz"], |_| {
        Packing::Xz.pack(good().packages("amd64").replace("one", "eno").as_bytes())
    });
}

#[test]
fn strange_content_that_is_well_formed_is_read() {
    let mut verdict = Verdict::default();
    let mut case = |name: &str, change: fn(String) -> String| {
        let site = Site::new();
        index(&site, change);
        let ran = site.run(&["lock"]);
        verdict.add(name, (ran.code != Some(0)).then(|| format!("{ran:?}")));
    };
    case("a long field", |text| {
        text.replace(
            "Version: 1.0\n",
            &format!("Version: 1.0\nTag: {}\n", "x".repeat(4 << 20)),
        )
    });
    case("a thousand blank lines", |text| "\n".repeat(1000) + &text);
    case("no last line end", |text| text.trim_end().to_owned());
    case("many stanzas", |mut text| {
        let stanza = text.split("\n\n").next().unwrap().to_owned();
        for number in 0..20_000 {
            text += &stanza.replace("Package: one", &format!("Package: n{number}"));
            text += "\n\n";
        }
        text
    });
    case("names in other cases", |text| {
        text.replace("Package:", "PACKAGE:")
    });
    case("a stanza of another architecture", |text| {
        let stanza = text.split("\n\n").next().unwrap().to_owned();
        let stanza = stanza.replace("amd64", "arm64").replace("1.0", "9.0");
        format!("{stanza}\n\n{text}")
    });
    case("Latin-1 in a description", |text| {
        text.replace("made by", "caf\u{e9} by")
    });
}
