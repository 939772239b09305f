//! The mirrors that a host's own apt is configured with: sources.list(5), both styles.
//!
//! Of an entry only its address is taken, as one more place where bytes may be had; whether they
//! are right is decided by signatures and digests. An entry counts as a mirror of `debian` or
//! `debian-security` when it has binary packages, is enabled, has an http, https or file address
//! without credentials, and
//!
//! - names no keys, or those of debian-archive-keyring (what is signed by others is not Debian's);
//! - and its path ends in `/debian` or `/debian-security`, which names the archive; or it names
//!   debian-archive-keyring, and then it is `debian-security` when every suite of it ends in
//!   `-security` or `/updates`, else `debian`.

use std::collections::BTreeMap;

/// Bytes of one file of sources.
const MAX_FILE: usize = 1 << 20;
/// Mirrors of one archive.
const MAX_MIRRORS: usize = 16;

/// The base URLs, without trailing slash, by archive, in the order of the files. Each file is its
/// name, whose end tells the style (`.sources` is deb822, all else one-line), and its bytes.
pub fn mirrors(files: &[(String, Vec<u8>)]) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, bytes) in files {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_FILE)]);
        let entries = if name.ends_with(".sources") {
            deb822(&text)
        } else {
            one_line(&text)
        };
        for entry in entries {
            for uri in &entry.uris {
                let Some((archive, url)) = entry.mirror(uri) else {
                    continue;
                };
                let known = out.entry(archive.to_owned()).or_default();
                if known.len() < MAX_MIRRORS && !known.iter().any(|other| other == url) {
                    known.push(url.to_owned());
                }
            }
        }
    }
    out
}

/// One entry, as far as it matters here.
#[derive(Debug, Default)]
struct Entry {
    uris: Vec<String>,
    suites: Vec<String>,
    signed_by: Option<String>,
}

impl Entry {
    /// The archive that `uri` is a mirror of, and its address alone.
    fn mirror<'u>(&self, uri: &'u str) -> Option<(&'static str, &'u str)> {
        let url = uri.trim_end_matches('/');
        let rest = ["http://", "https://", "file://", "file:"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))?;
        let host = rest.split('/').next().unwrap_or_default();
        if host.contains('@') || url.contains(['[', ' ', '?', '#', '$']) {
            return None;
        }
        let debian_keys = self
            .signed_by
            .as_ref()
            .map(|keys| keys.contains("debian-archive-"));
        let security = |suite: &String| {
            let suite = suite.trim_end_matches('/');
            suite.ends_with("-security") || suite.ends_with("/updates")
        };
        let archive = match (url.rsplit('/').next(), debian_keys) {
            (_, Some(false)) => return None,
            (Some("debian-security"), _) => "debian-security",
            (Some("debian"), _) => "debian",
            (_, None) => return None,
            (_, Some(true)) if self.suites.iter().all(security) => "debian-security",
            (_, Some(true)) => "debian",
        };
        Some((archive, url))
    }
}

/// `deb [option=value ...] URI SUITE [COMPONENT ...]`
fn one_line(text: &str) -> Vec<Entry> {
    text.lines()
        .filter_map(|line| {
            let line = line.split('#').next().unwrap_or_default().trim();
            let rest = line.strip_prefix("deb")?;
            let rest = rest.strip_prefix([' ', '\t', '['])?;
            let bracketed = line[3..].trim_start().starts_with('[');
            let (options, rest) = if bracketed {
                let (options, rest) = rest.split_once(']')?;
                (options.trim_start().trim_start_matches('['), rest)
            } else {
                ("", rest)
            };
            let mut words = rest.split_ascii_whitespace();
            let signed_by = options
                .split_ascii_whitespace()
                .find_map(|option| option.strip_prefix("signed-by="))
                .map(str::to_owned);
            Some(Entry {
                uris: vec![words.next()?.to_owned()],
                suites: vec![words.next()?.to_owned()],
                signed_by,
            })
        })
        .collect()
}

/// Paragraphs of `Types`, `URIs`, `Suites`, `Signed-By`, `Enabled`.
fn deb822(text: &str) -> Vec<Entry> {
    let mut out = Vec::new();
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            out.extend(paragraph(&std::mem::take(&mut fields)));
        } else if line.starts_with([' ', '\t']) {
            if let Some(value) = fields.get_mut(&current) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            current = name.trim().to_ascii_lowercase();
            fields.insert(current.clone(), value.trim().to_owned());
        }
    }
    out
}

fn paragraph(fields: &BTreeMap<String, String>) -> Option<Entry> {
    let words = |name: &str| -> Vec<String> {
        let value = fields.get(name).map(String::as_str).unwrap_or_default();
        value.split_ascii_whitespace().map(str::to_owned).collect()
    };
    let disabled = fields.get("enabled").is_some_and(|value| {
        ["no", "false", "0", "off", "without", "disable"]
            .iter()
            .any(|no| value.eq_ignore_ascii_case(no))
    });
    (!disabled && words("types").iter().any(|kind| kind == "deb")).then(|| Entry {
        uris: words("uris"),
        suites: words("suites"),
        signed_by: fields
            .get("signed-by")
            .filter(|keys| !keys.is_empty())
            .cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> BTreeMap<String, Vec<String>> {
        mirrors(&[(name.to_owned(), text.as_bytes().to_vec())])
    }

    #[test]
    fn reads_both_styles() {
        let old = read(
            "sources.list",
            "# deb http://commented.example.org/debian trixie main\n\
             deb http://mirror.example.org/debian/ trixie main contrib # here\n\
             deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \
             https://other.example.org/pub/linux trixie-security main\n\
             deb-src http://sources.example.org/debian trixie main\n\
             deb cdrom:[Debian]/ trixie main\n\
             deb http://user:secret@mirror.example.org/debian trixie main\n",
        );
        assert_eq!(old["debian"], ["http://mirror.example.org/debian"]);
        assert_eq!(
            old["debian-security"],
            ["https://other.example.org/pub/linux"]
        );
        let new = read(
            "debian.sources",
            "Types: deb deb-src\nURIs: http://a.example.org/debian\n  http://b.example.org/debian/\n\
             Suites: trixie trixie-updates\nComponents: main\n\
             Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n\
             # off\nEnabled: no\nTypes: deb\nURIs: http://off.example.org/debian\nSuites: trixie\n\n\
             Types: deb\nURIs: http://a.example.org/debian-security\nSuites: trixie-security\n",
        );
        assert_eq!(
            new["debian"],
            ["http://a.example.org/debian", "http://b.example.org/debian"]
        );
        assert_eq!(
            new["debian-security"],
            ["http://a.example.org/debian-security"]
        );
    }

    #[test]
    fn what_others_sign_is_not_debians() {
        let text = "Types: deb\nURIs: https://packages.example.org/debian\nSuites: trixie\n\
                    Signed-By: /etc/apt/keyrings/site.gpg\n";
        assert!(read("site.sources", text).is_empty());
        let text = "deb https://packages.example.org/apt stable main\n";
        assert!(read("site.list", text).is_empty());
    }
}
