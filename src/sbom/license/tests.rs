use proptest::prelude::*;

use super::*;

/// Whether an independent reader takes it for an expression of listed identifiers and references.
fn holds(expression: &str) -> bool {
    let mode = ::spdx::ParseMode {
        allow_deprecated: true,
        ..::spdx::ParseMode::STRICT
    };
    ::spdx::Expression::parse_mode(expression, mode).is_ok()
}

/// The expression, after it was looked over: it holds, and what it refers to is explained.
fn checked(license: &License) -> Option<String> {
    let expression = license.expression()?;
    assert!(holds(&expression), "{expression}");
    let referred: std::collections::BTreeSet<&str> = expression
        .split([' ', '(', ')'])
        .filter(|word| word.starts_with("LicenseRef-"))
        .collect();
    assert!(
        license.named().keys().map(String::as_str).eq(referred),
        "{expression}"
    );
    Some(expression)
}

fn apk(text: &str) -> String {
    checked(&of_apk(text)).unwrap_or_default()
}

fn copyright(text: &str) -> Option<String> {
    checked(&of_copyright(text.as_bytes())?)
}

/// The expression of one `License` field without a text.
fn debian(name: &str) -> String {
    let header = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/";
    copyright(&format!(
        "{header}\n\nFiles: *\nCopyright: x\nLicense: {name}\n"
    ))
    .unwrap()
}

#[test]
fn an_apk_says_it_in_spdx_or_in_older_words() {
    for (text, expected) in [
        ("MIT", "MIT"),
        ("MIT AND GPL-2.0-or-later", "MIT AND GPL-2.0-or-later"),
        (
            "ISC AND ( BSD-3-Clause OR MIT )",
            "ISC AND (BSD-3-Clause OR MIT)",
        ),
        (
            "Apache-2.0 WITH LLVM-exception",
            "Apache-2.0 WITH LLVM-exception",
        ),
        ("GPL2+", "GPL-2.0-or-later"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPLv3 LGPLv2.1+", "GPL-3.0-only AND LGPL-2.1-or-later"),
        ("GPL-2.0-only MIT", "GPL-2.0-only AND MIT"),
        ("MIT, BSD-2-Clause", "MIT AND BSD-2-Clause"),
        ("MIT|ISC", "MIT OR ISC"),
        ("mit or zlib and isc", "MIT OR (Zlib AND ISC)"),
        ("MIT AND MIT", "MIT"),
        (
            "GFDL-1.2-no-invariants-or-later",
            "GFDL-1.2-no-invariants-or-later",
        ),
        (
            "GPL-2.0-with-classpath-exception",
            "GPL-2.0-only WITH Classpath-exception-2.0",
        ),
        ("Apache-2.0+", "Apache-2.0+"),
        ("custom", "LicenseRef-custom"),
        ("MIT custom", "MIT AND LicenseRef-custom"),
        ("LicenseRef-mine OR MIT", "LicenseRef-mine OR MIT"),
        ("Public-Domain", "LicenseRef-Public-Domain"),
        ("", ""),
        ("  ", ""),
    ] {
        assert_eq!(apk(text), expected, "{text:?}");
    }
}

#[test]
fn what_is_not_clear_stays_as_it_was_said() {
    for text in [
        "GPL",
        "GPL-9+",
        "LGPL-1.0-only",
        "BSD",
        "MIT/X11",
        "OPL-1+",
        "custom:foo",
        "Public Domain",
        "GPL-3.0-or-later WITH OpenSSL-Exception",
        "Artistic License 2.0",
        "MIT AND (ISC",
        "MIT AND",
        "WITH MIT",
        "MIT)",
        "()",
        "AND",
        "\u{e9}",
    ] {
        let license = of_apk(text);
        let named: Vec<&Named> = license.named().values().collect();
        let [one] = named[..] else {
            panic!("{text:?}: {:?}", license.expression());
        };
        assert_eq!((&*one.name, &one.text), (text, &None));
        assert_eq!(license.only_named(), Some(one));
        assert!(apk(text).starts_with("LicenseRef-"));
    }
    // Names that cannot be written as they are stay apart.
    assert_ne!(apk("custom:foo"), apk("custom foo"));
    assert_ne!(apk("custom:foo"), apk("custom/foo"));
}

#[test]
fn short_names_of_debian_are_those_of_spdx() {
    for (name, expected) in [
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-2", "GPL-2.0-only"),
        ("GPL-2.0.0+", "GPL-2.0-or-later"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("AGPL-3+", "AGPL-3.0-or-later"),
        ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
        ("GFDL-1.3+-no-invariant", "GFDL-1.3-no-invariants-or-later"),
        ("Expat", "MIT"),
        ("BSD-3-clause", "BSD-3-Clause"),
        ("BSD 2 clause", "BSD-2-Clause"),
        ("Apache-2", "Apache-2.0"),
        ("Artistic", "Artistic-1.0-Perl"),
        ("Artistic-2", "Artistic-2.0"),
        ("CC0", "CC0-1.0"),
        ("zlib", "Zlib"),
        (
            "GPL-2+ with OpenSSL exception",
            "GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception",
        ),
        (
            "GPL-2+ with Font exception",
            "GPL-2.0-or-later WITH Font-exception-2.0",
        ),
        (
            "GPL-2+ with Libtool exception",
            "GPL-2.0-or-later WITH Libtool-exception",
        ),
        (
            "GPL-2+-libtool-exception",
            "GPL-2.0-or-later WITH Libtool-exception",
        ),
        (
            "GPL-3+ with Bison-2.2 exception",
            "GPL-3.0-or-later WITH Bison-exception-2.2",
        ),
        (
            "GPL-2 with Linux-syscall-note exception",
            "GPL-2.0-only WITH Linux-syscall-note",
        ),
        (
            "GPL-1+ or Artistic",
            "GPL-1.0-or-later OR Artistic-1.0-Perl",
        ),
        ("MIT or ISC and Zlib", "MIT OR (ISC AND Zlib)"),
        (
            "GPL-1+ or Artistic, and Zlib",
            "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND Zlib",
        ),
        ("MIT, ISC, or Zlib", "MIT OR ISC OR Zlib"),
        ("Apache-2.0 and/or Expat", "Apache-2.0 AND MIT"),
        ("OPL-1+", "LicenseRef-OPL-1-69a249767c0a512a"),
        // Several exceptions are called so.
        (
            "GPL-2+ with Autoconf exception",
            "LicenseRef-GPL-2-with-Autoconf-exception-dae4c2a0ecdb4ca3",
        ),
        ("MIT and permissive", "MIT AND LicenseRef-permissive"),
    ] {
        assert_eq!(debian(name), expected, "{name:?}");
    }
}

const FILE: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: example
License: ISC

# A remark.
Files: *
Copyright: 2020 A
License: GPL-2+
 This program is free software.

files: src/a.c
 src/b.c
Copyright: 2021 B
license:  permissive
 Do
 .
   what you like.

Files: src/c.c
Copyright: 2021 C
License: Permissive

Files: debian/*
Copyright: 2022 D
License: GPL-2+

License: permissive
 Another text.

License: never-used
 Text.
";

#[test]
fn the_licences_of_all_files_apply_and_no_others() {
    let license = of_copyright(FILE.as_bytes()).unwrap();
    let own = reference("permissive", Some("Do\n\n  what you like."));
    let other = reference("Permissive", Some("Another text."));
    let expected = format!("GPL-2.0-or-later AND {own} AND {other}");
    assert_eq!(checked(&license), Some(expected));
    assert_eq!(
        license.named()[&own],
        Named {
            name: "permissive".into(),
            text: Some("Do\n\n  what you like.".into()),
        }
    );
    assert_eq!(
        license.named()[&other].text.as_deref(),
        Some("Another text.")
    );
    assert_eq!(license.only_named(), None);
    // With line ends of another kind, it says the same.
    assert_eq!(
        of_copyright(FILE.replace('\n', "\r\n").as_bytes()),
        Some(license)
    );
}

#[test]
fn two_texts_of_one_name_are_two_licences() {
    let of = |text: &str| {
        copyright(&format!(
            "Format: copyright-format/1.0\n\nFiles: *\nLicense: permissive\n {text}\n"
        ))
    };
    assert_eq!(of("a"), of("a"));
    assert_ne!(of("a"), of("b"));
}

#[test]
fn the_header_counts_where_no_file_has_a_licence() {
    let header = "Format: http://dep.debian.net/deps/dep5\nLicense: ISC\n";
    assert_eq!(copyright(header).as_deref(), Some("ISC"));
    let text = format!("{header}\nFiles: *\nLicense:\n As you like.\n");
    let license = of_copyright(text.as_bytes()).unwrap();
    let named: Vec<_> = license.named().values().collect();
    assert_eq!(
        named,
        [&Named {
            name: String::new(),
            text: Some("As you like.".into()),
        }]
    );
}

#[test]
fn a_file_in_prose_says_nothing() {
    for text in [
        "",
        "\n\n",
        "This package was debianized by A.\n\nLicense: GPL-2+\n",
        "Upstream-Name: x\n\nFiles: *\nLicense: MIT\n",
        "Format: another\n\nFiles: *\nLicense: MIT\n",
        "Format: copyright-format/1.0\n\nFiles: *\nCopyright: x\n",
    ] {
        assert_eq!(of_copyright(text.as_bytes()), None, "{text:?}");
    }
    assert_eq!(of_copyright(&vec![b' '; 9 << 20]), None);
}

#[test]
fn what_is_too_long_or_too_deep_is_not_read() {
    let deep = format!("{}MIT{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(of_apk(&deep).expression(), None);
    let deep = format!("{}MIT{}", "(".repeat(1000), ")".repeat(1000));
    assert!(of_apk(&deep).only_named().is_some());
    let text = format!(
        "Format: dep5\n\nFiles: *\nLicense: x\n {}\n",
        "y".repeat(MAX_TEXT + 1)
    );
    let license = of_copyright(text.as_bytes()).unwrap();
    assert_eq!(license.named()["LicenseRef-x"].text, None);
}

proptest! {
    #[test]
    fn an_expression_holds_whatever_is_said(
        words in prop::collection::vec(
            prop_oneof![
                "(MIT|GPL-2\\+|GPL|Expat|custom:x|AND|or|with|WITH|,|;|\\(|\\)|\\|)",
                "(Font exception|LLVM-exception|LicenseRef-a|LicenseRef-|and/or|2.0|license)",
                "\\PC{0,6}",
            ],
            0..12,
        ),
    ) {
        let text = words.join(" ");
        let first = of_apk(&text);
        checked(&first);
        prop_assert_eq!(first, of_apk(&text));
        let file = format!("Format: dep5\n\nFiles: *\nLicense: {text}\n A text.\n");
        if let Some(license) = of_copyright(file.as_bytes()) {
            prop_assert!(checked(&license).is_some());
        }
    }

    #[test]
    fn any_bytes_are_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut file = b"Format: dep5\n\nFiles: *\nLicense: ".to_vec();
        file.extend(&bytes);
        for bytes in [bytes, file] {
            if let Some(license) = of_copyright(&bytes) {
                checked(&license);
            }
        }
    }
}
