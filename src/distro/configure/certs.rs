//! The trust store below `/etc/ssl/certs`, as update-ca-certificates(8) makes it in a fresh root.
//!
//! Certificate files with their names in; links, the bundle and Debian's
//! `/etc/ca-certificates.conf` out, the same for the same input. Nothing is verified: what a
//! package or an administrator put into the two directories is trusted, as it is by the program.
//!
//! Sources: the program and the maintainer scripts of Debian's ca-certificates; `update-ca.c` and
//! `c_rehash.c` of Alpine's; openssl-rehash(1). Both distributions make three things:
//! - `NAME.pem`, a link to a certificate's file (Alpine: `ca-cert-NAME.pem`),
//! - `HASH.N`, a link to such a link, HASH by [`subject_hash`], N counted from 0 per HASH,
//! - `ca-certificates.crt`, all files one behind the other.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::subject::{self, Sha1, subject_hash};

const SHIPPED: &str = "/usr/share/ca-certificates/";
const LOCAL: &str = "/usr/local/share/ca-certificates/";
const STORE: &str = "etc/ssl/certs/";
/// Relative to [`STORE`]; both distributions give it mode 0644 and root:root.
const BUNDLE: &str = "ca-certificates.crt";

/// Forty times the largest bundle there is.
const MAX_PEM: usize = 8 << 20;
/// Of certificates with one subject; the programs' own bound.
const MAX_COLLISIONS: usize = 256;
/// The endings of files that rehash opens, without regard to case.
const ENDINGS: [&str; 4] = ["pem", "crt", "cer", "crl"];

/// As OpenSSL, which does not look at the bits that a last digit has too many.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// A name and a file's content.
pub(in crate::distro) type File = (String, Vec<u8>);

/// What is made.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::distro) struct Made {
    /// `/etc/ca-certificates.conf`; `None` where the package ships it.
    pub(in crate::distro) conf: Option<Vec<u8>>,
    /// Pairs of a path below the root and a link's target, sorted.
    pub(in crate::distro) links: Vec<(String, String)>,
    /// `/etc/ssl/certs/ca-certificates.crt`. Debian makes no file when it is empty.
    pub(in crate::distro) bundle: Vec<u8>,
    /// What Java is told to trust: `NAME.pem` and the DER of the file's first certificate.
    pub(in crate::distro) trusted: Vec<File>,
}

/// The DER of the certificates in a PEM file (RFC 7468), in order.
///
/// Other blocks and text between blocks are passed over. A block that is damaged or has no end
/// makes the whole file one without certificates, because OpenSSL gives up on it too.
pub(in crate::distro) fn pem(text: &[u8]) -> Vec<Vec<u8>> {
    blocks(text).unwrap_or_default()
}

fn blocks(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    if text.len() > MAX_PEM {
        return None;
    }
    let mut out = Vec::new();
    let mut open: Option<(&[u8], Vec<u8>)> = None;
    let mut empty_line = false;
    for line in text.split(|&byte| byte == b'\n') {
        let end = line.iter().rposition(|&byte| byte > b' ');
        let line = line.get(..end.map_or(0, |end| end + 1))?;
        match &mut open {
            None => {
                open = label(line, b"-----BEGIN ").map(|label| (label, Vec::new()));
                empty_line = false;
            }
            Some((name, digits)) if line.starts_with(b"-----") => {
                if label(line, b"-----END ") != Some(*name) {
                    return None;
                }
                match *name {
                    b"CERTIFICATE" | b"X509 CERTIFICATE" | b"TRUSTED CERTIFICATE" => {
                        let der = BASE64.decode(&*digits).ok()?;
                        // OpenSSL's own third kind has settings behind the certificate.
                        out.push(subject::certificate(&der)?.to_vec());
                    }
                    _ => {}
                }
                open = None;
            }
            // An empty line ends the header. A certificate may have none but an empty one.
            Some((name, digits)) if line.is_empty() && name.ends_with(b"CERTIFICATE") => {
                if empty_line || !digits.is_empty() {
                    return None;
                }
                empty_line = true;
            }
            Some((_, digits)) => digits.extend(line.iter().filter(|byte| **byte > b' ')),
        }
    }
    open.is_none().then_some(out)
}

fn label<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

/// The comment at the start of `/etc/ca-certificates.conf`: it stands in the package's postinst,
/// as the here-document that begins the file. Empty where there is none that is literal.
pub(in crate::distro) fn conf_heading(postinst: &[u8]) -> &[u8] {
    let found = || {
        let text = str::from_utf8(postinst).ok()?;
        let (_, rest) = text.split_once("cat > /etc/ca-certificates.conf <<EOF\n")?;
        let (heading, _) = rest.split_once("\nEOF\n")?;
        let literal = !heading.contains(['$', '`', '\\']);
        rest.get(..heading.len() + 1).filter(|_| literal)
    };
    found().unwrap_or_default().as_bytes()
}

/// What the postinst of Debian's ca-certificates makes with debconf's defaults, which trust all.
///
/// - `heading`: see [`conf_heading`]
/// - `shipped`: the regular files below /usr/share/ca-certificates (names relative to it)
/// - `local`: the files below /usr/local/share/ca-certificates, links followed
/// - `present`: what packages put into /etc/ssl/certs itself; rehash finds it too
///
/// Only names in `.crt` count. Order is that of the names' bytes, as `sort` has it in the C
/// locale, in which packages of a fresh root are configured.
pub(in crate::distro) fn debian(
    heading: &[u8],
    shipped: &[File],
    local: &[File],
    present: &[File],
    sha1: Sha1<'_>,
) -> Made {
    let shipped = by_name(shipped, ".crt");
    // debconf's list is separated by commas and read by a shell: other names fall apart in it.
    let listed: BTreeSet<&str> = shipped
        .keys()
        .flat_map(|name| name.split([',', ' ', '\t']))
        .filter(|name| !name.is_empty())
        .collect();
    let mut conf = heading.to_vec();
    for name in &listed {
        conf.extend(name.as_bytes());
        conf.push(b'\n');
    }
    let mut store = Store::default();
    for (name, text) in shipped.iter().filter(|(name, _)| listed.contains(*name)) {
        store.add("", SHIPPED, name, text);
    }
    for (name, text) in by_name(local, ".crt") {
        store.add("", LOCAL, name, text);
    }
    let mut bundle = Vec::new();
    for text in &store.texts {
        bundle.extend(*text);
        if text.last().is_some_and(|&last| last != b'\n') {
            bundle.push(b'\n');
        }
    }
    Made {
        conf: Some(conf),
        bundle,
        ..store.finish(present, sha1)
    }
}

/// What update-ca-certificates of Alpine makes, which the trigger of ca-certificates runs.
///
/// `conf` is /etc/ca-certificates.conf, which Alpine ships; the rest is as for [`debian`], but
/// `local` counts without regard to endings and only at the top of its directory.
///
/// The program takes local files, and files with one hash, as the directory lists them, and of
/// the latter a first run keeps only one link. Here they are sorted by name and all are kept.
pub(in crate::distro) fn alpine(
    conf: &[u8],
    shipped: &[File],
    local: &[File],
    present: &[File],
    sha1: Sha1<'_>,
) -> Made {
    let shipped = by_name(shipped, "");
    let mut store = Store::default();
    for name in String::from_utf8_lossy(conf).split('\n') {
        if !(name.is_empty() || name.starts_with(['#', '!'])) {
            // A listed file that is not there still has its link and its line break.
            let text = shipped.get(name).copied().unwrap_or_default();
            store.add("ca-cert-", SHIPPED, name, text);
        }
    }
    for (name, text) in by_name(local, "") {
        if !(name.contains('/') || name.starts_with('.')) {
            store.add("ca-cert-", LOCAL, name, text);
        }
    }
    let mut bundle = Vec::new();
    for text in &store.texts {
        bundle.extend(*text);
        bundle.push(b'\n');
    }
    Made {
        bundle,
        ..store.finish(present, sha1)
    }
}

/// Sorted, without the names that the programs, which work by line, take for two.
fn by_name<'a>(files: &'a [File], ending: &str) -> BTreeMap<&'a str, &'a [u8]> {
    let fit = |name: &str| name.ends_with(ending) && !name.contains('\n');
    let files = files.iter().filter(|(name, _)| fit(name));
    files.map(|(name, text)| (&**name, &**text)).collect()
}

/// The certificates that are chosen.
#[derive(Default)]
struct Store<'a> {
    /// By the link's name: its target and the file. Of two with one name the later one stays.
    links: BTreeMap<String, (String, &'a [u8])>,
    /// All of them, for the bundle.
    texts: Vec<&'a [u8]>,
}

impl<'a> Store<'a> {
    fn add(&mut self, prefix: &str, directory: &str, name: &str, text: &'a [u8]) {
        let base = name.rsplit('/').next().unwrap_or(name);
        let stem = base.strip_suffix(".crt").filter(|stem| !stem.is_empty());
        let stem = stem.unwrap_or(base).replace([' ', ','], "_");
        let link = format!("{prefix}{}.pem", stem.replace(['(', ')'], "="));
        self.links
            .insert(link, (format!("{directory}{name}"), text));
        self.texts.push(text);
    }

    fn finish(self, present: &[File], sha1: Sha1<'_>) -> Made {
        let mut files = by_name(present, "");
        files.extend(self.links.iter().map(|(name, (_, text))| (&**name, *text)));
        let mut links = rehash(&files, sha1);
        let mut trusted = Vec::new();
        for (name, (target, text)) in &self.links {
            links.insert(name.clone(), target.clone());
            if let Some(der) = first(text) {
                trusted.push((name.clone(), der));
            }
        }
        let below = |(name, target)| (format!("{STORE}{name}"), target);
        Made {
            links: links.into_iter().map(below).collect(),
            trusted,
            ..Made::default()
        }
    }
}

/// What Java reads of a file: bare DER, or the first block, whatever comes behind it.
fn first(text: &[u8]) -> Option<Vec<u8>> {
    let der = match text.get(..text.len().min(MAX_PEM))? {
        [0x30, ..] => return subject::certificate(text).map(<[u8]>::to_vec),
        text => {
            let mut lines = text
                .split(|&byte| byte == b'\n')
                .map(<[u8]>::trim_ascii_end);
            let name = lines.find_map(|line| label(line, b"-----BEGIN "))?;
            let mut digits = Vec::new();
            loop {
                match lines.next()? {
                    line if line.starts_with(b"-----") => {
                        let end = label(line, b"-----END ").filter(|end| *end == name);
                        break end.and_then(|_| BASE64.decode(&digits).ok())?;
                    }
                    line => digits.extend_from_slice(line),
                }
            }
        }
    };
    // A key may be the first, and Java takes nothing that has more than a certificate.
    let whole = subject::certificate(&der) == Some(&*der) && subject::is_certificate(&der);
    whole.then_some(der)
}

/// The links of openssl-rehash(1): to files with exactly one certificate, each of them once.
fn rehash(files: &BTreeMap<&str, &[u8]>, sha1: Sha1<'_>) -> BTreeMap<String, String> {
    let mut links = BTreeMap::new();
    let mut seen: BTreeMap<u32, Vec<[u8; 20]>> = BTreeMap::new();
    for (&name, text) in files {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        // The bundle is not there yet under its name, and Alpine passes it over by its name.
        if name == BUNDLE || !ENDINGS.iter().any(|one| one.eq_ignore_ascii_case(ending)) {
            continue;
        }
        let [der] = &*pem(text) else { continue };
        let Some(hash) = subject_hash(der, sha1) else {
            continue;
        };
        let others = seen.entry(hash).or_default();
        let digest = sha1(der);
        if others.len() < MAX_COLLISIONS && !others.contains(&digest) {
            links.insert(format!("{hash:08x}.{}", others.len()), name.to_owned());
            others.push(digest);
        }
    }
    links
}

#[cfg(test)]
#[path = "certs_tests.rs"]
mod tests;
