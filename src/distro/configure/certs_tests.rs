use super::super::subject::tests::{certificate_of, common, sha1};
use super::*;

fn file(name: &str, text: &[u8]) -> File {
    (name.to_owned(), text.to_vec())
}

/// A certificate for `subject`, one of many by `key`, and its PEM.
fn certificate(subject: &str, key: u8) -> (Vec<u8>, Vec<u8>) {
    let der = certificate_of(&common(0x0c, subject.as_bytes()), &[2, 1, key]);
    let block = block("CERTIFICATE", &der);
    (der, block)
}

fn block(label: &str, der: &[u8]) -> Vec<u8> {
    let text = BASE64.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
    .into_bytes()
}

/// `links` without the directory that all have.
fn links(made: &Made) -> Vec<(&str, &str)> {
    made.links
        .iter()
        .map(|(path, target)| (path.strip_prefix(STORE).unwrap(), &**target))
        .collect()
}

#[test]
fn pem_takes_certificates_only() {
    let (a, a_pem) = certificate("a", 1);
    let (b, b_pem) = certificate("b", 2);
    assert_eq!(pem(&[&*a_pem, &b_pem].concat()), [a.clone(), b]);
    let key = block("PRIVATE KEY", b"key");
    for text in [
        [b"text\n", &*a_pem, b"more"].concat(),
        [&*key, &a_pem, &key].concat(),
        block("X509 CERTIFICATE", &a),
        block("TRUSTED CERTIFICATE", &[&*a, b"settings"].concat()),
        String::from_utf8(a_pem.clone())
            .unwrap()
            .replace('\n', " \r\n")
            .into_bytes(),
        String::from_utf8(a_pem.clone())
            .unwrap()
            .replacen('\n', "\n\n", 1)
            .into_bytes(),
        a_pem[..a_pem.len() - 1].to_vec(),
    ] {
        assert_eq!(pem(&text), [&*a], "{}", String::from_utf8_lossy(&text));
    }
    assert_eq!(
        first(&[&*a_pem, b"-----BEGIN CERTIFICATE-----\nx"].concat()),
        Some(a.clone())
    );
    assert_eq!(first(&a), Some(a));
    assert_eq!(first(&[&*key, &b_pem].concat()), None);
}

#[test]
fn a_damaged_block_spoils_the_file() {
    let (a, a_pem) = certificate("a", 1);
    let text = str::from_utf8(&a_pem).unwrap();
    for bad in [
        format!("{text}-----BEGIN CERTIFICATE-----\nabc"),
        format!("{text}-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"),
        text.replace("END CERT", "END XCERT"),
        text.replace("\n-----END", "\n\n-----END"),
        text.replace("\n-----END", "\n*\n-----END"),
        text.replacen('\n', "\nProc-Type: 4\n\n", 1),
        text.replacen('\n', "\n\n\n", 1),
        text.replace("-----BEGIN", " -----BEGIN"),
        String::new(),
    ] {
        assert!(pem(bad.as_bytes()).is_empty(), "{bad}");
    }
    assert!(pem(&block("CERTIFICATE", &a[1..])).is_empty());
    let mut large = a_pem.clone();
    large.resize(MAX_PEM + 1, b' ');
    assert!(pem(&large).is_empty());
    assert_eq!(pem(&large[..MAX_PEM]).len(), 1);
}

#[test]
fn the_heading_is_the_postinst_s() {
    let script = b"x\n\tcat > /etc/ca-certificates.conf <<EOF\n# a\n#\nEOF\n\tmore\nEOF\n";
    assert_eq!(conf_heading(script), b"# a\n#\n");
    let variable = b"cat > /etc/ca-certificates.conf <<EOF\n# $HOME\nEOF\n";
    assert_eq!(conf_heading(variable), b"");
    assert_eq!(
        conf_heading(b"cat > /etc/ca-certificates.conf <<EOF\n# a\n"),
        b""
    );
    assert_eq!(conf_heading(b"\xff"), b"");
}

#[test]
fn debian_s_store() {
    let ((a, a_pem), (b, b_pem)) = (certificate("a", 1), certificate("b", 2));
    let (own, own_pem) = certificate("own", 3);
    let unended = own_pem[..own_pem.len() - 1].to_vec();
    let shipped = [
        file("mozilla/b.crt", &b_pem),
        file("mozilla/A_(=).crt", &a_pem),
        file("mozilla/two words.crt", &b_pem),
        file("mozilla/README", b"none"),
    ];
    let local = [
        file("sub/my own, (x).crt", &unended),
        file("not.pem", &a_pem),
    ];
    let made = debian(b"# heading\n", &shipped, &local, &[], &sha1);
    let conf = "# heading\nmozilla/A_(=).crt\nmozilla/b.crt\nmozilla/two\nwords.crt\n";
    assert_eq!(made.conf.as_deref(), Some(conf.as_bytes()));
    assert_eq!(made.bundle, [&*a_pem, &b_pem, &own_pem].concat());
    let hash = |der: &[u8]| format!("{:08x}.0", subject_hash(der, &sha1).unwrap());
    let (hash_a, hash_b, hash_own) = (hash(&a), hash(&b), hash(&own));
    let mut expected = [
        ("A_===.pem", "/usr/share/ca-certificates/mozilla/A_(=).crt"),
        ("b.pem", "/usr/share/ca-certificates/mozilla/b.crt"),
        (
            "my_own__=x=.pem",
            "/usr/local/share/ca-certificates/sub/my own, (x).crt",
        ),
        (&*hash_a, "A_===.pem"),
        (&*hash_b, "b.pem"),
        (&*hash_own, "my_own__=x=.pem"),
    ];
    expected.sort();
    assert_eq!(links(&made), expected);
    let trusted = [("A_===.pem", a), ("b.pem", b), ("my_own__=x=.pem", own)];
    assert_eq!(made.trusted, trusted.map(|(name, der)| file(name, &der)));
}

#[test]
fn hashes_are_counted_by_name_and_no_certificate_is_linked_twice() {
    let same: Vec<_> = (0..3)
        .map(|key| certificate(["Same X", "same  x", "SAME X "][key], key as u8).1)
        .collect();
    let local = [
        file("b.crt", &same[0]),
        file("a.crt", &same[1]),
        file("c.crt", &same[0]),
        file("two.crt", &[&*same[0], &same[1]].concat()),
        file("empty.crt", b""),
    ];
    let present = [
        file("B.PEM", &same[2]),
        file("x.txt", &same[0]),
        file("a.pem", b"is replaced"),
    ];
    let made = debian(b"", &[], &local, &present, &sha1);
    let found = links(&made)
        .into_iter()
        .filter(|(name, _)| !name.ends_with(".pem"));
    let hash = subject_hash(&pem(&same[0])[0], &sha1).unwrap();
    let numbers: Vec<_> = found
        .map(|(name, target)| (name.to_owned(), target))
        .collect();
    let expected = [(0, "B.PEM"), (1, "a.pem"), (2, "b.pem")];
    assert_eq!(
        numbers,
        expected.map(|(n, target)| (format!("{hash:08x}.{n}"), target))
    );
    let names: Vec<_> = made.trusted.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["a.pem", "b.pem", "c.pem", "two.pem"]);
}

#[test]
fn a_local_file_takes_over_a_link() {
    let ((_, a_pem), (b, b_pem)) = (certificate("a", 1), certificate("b", 2));
    let shipped = [file("mozilla/X.crt", &a_pem)];
    let local = [file("X.crt", &b_pem)];
    let made = debian(b"", &shipped, &local, &[], &sha1);
    let hash = format!("{:08x}.0", subject_hash(&b, &sha1).unwrap());
    let mut expected = [
        ("X.pem", "/usr/local/share/ca-certificates/X.crt"),
        (&*hash, "X.pem"),
    ];
    expected.sort();
    assert_eq!(links(&made), expected);
    assert_eq!(made.bundle, [a_pem, b_pem].concat());
    assert_eq!(debian(b"", &[], &[], &[], &sha1).bundle, b"");
}

#[test]
fn alpine_s_store() {
    let ((a, a_pem), (_, b_pem)) = (certificate("a", 1), certificate("b", 2));
    let shipped = [file("mozilla/a.crt", &a_pem), file("mozilla/b.crt", &b_pem)];
    let local = [
        file("no, ending", &a_pem),
        file(".hidden.crt", &b_pem),
        file("sub/deep.crt", &b_pem),
    ];
    let conf = b"# why\nmozilla/gone.crt\nmozilla/a.crt\n!mozilla/b.crt\n";
    let present = [file("ca-certificates.crt", &b_pem)];
    let made = alpine(conf, &shipped, &local, &present, &sha1);
    assert_eq!(made.conf, None);
    assert_eq!(made.bundle, [b"\n", &*a_pem, b"\n", &a_pem, b"\n"].concat());
    let hash = format!("{:08x}.0", subject_hash(&a, &sha1).unwrap());
    let mut expected = [
        ("ca-cert-a.pem", "/usr/share/ca-certificates/mozilla/a.crt"),
        (
            "ca-cert-gone.pem",
            "/usr/share/ca-certificates/mozilla/gone.crt",
        ),
        (
            "ca-cert-no__ending.pem",
            "/usr/local/share/ca-certificates/no, ending",
        ),
        (&*hash, "ca-cert-a.pem"),
    ];
    expected.sort();
    assert_eq!(links(&made), expected);
}
