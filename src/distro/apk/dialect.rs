//! What a manifest may say under `distro: alpine`.
//!
//! A request is a line of apk's world file, apk-world(5): `[!]name[@tag][op version]`, where a name
//! may be anything that packages provide (`so:libssl.so.3`, `cmd:jq`, `/bin/sh`). On top of it
//! FORMATS.md allows the tag behind the version, `=1.2.*`, and ` [amd64]`.

use super::{Alpine, sources, version};
use crate::model::{Arch, Archive, Dialect, PackageRequest, ParseRequestError, RequestOp};

const OPERATORS: [char; 4] = ['=', '<', '>', '~'];

impl Dialect for Alpine {
    fn name(&self) -> &'static str {
        "alpine"
    }

    fn default_release(&self) -> &'static str {
        "latest-stable"
    }

    fn arch(&self, name: &str) -> Option<Arch> {
        Arch::from_oci(name)
            .or_else(|| Arch::from_alpine(name))
            .or_else(|| Arch::from_machine(name))
            .filter(|arch| arch.alpine().is_some())
    }

    fn request(&self, text: &str) -> Result<PackageRequest, ParseRequestError> {
        // `name[x]` may be part of a name here, so the list of architectures needs its space.
        let list = text.trim_end().ends_with(']') && text.contains(" [");
        let (head, arches) = if list {
            PackageRequest::split_arches(text, |name| self.arch(name))?
        } else {
            (text.trim(), Vec::new())
        };
        Ok(PackageRequest {
            arches,
            ..read(head).map_err(|reason| ParseRequestError::new(text, reason))?
        })
    }

    fn archives(&self) -> &'static [Archive] {
        sources::ARCHIVES
    }

    fn repository_keys(&self) -> &'static [&'static str] {
        &["path", "keys", "tag"]
    }

    fn manifest_keys(&self) -> &'static [&'static str] {
        &[]
    }

    fn check_release(&self, release: &str) -> Result<(), String> {
        let number = |text: &str| {
            let mut parts = text.split('.');
            let digits = |part: Option<&str>| {
                part.is_some_and(|part| {
                    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
                })
            };
            digits(parts.next()) && digits(parts.next()) && parts.next().is_none()
        };
        if ["edge", "latest-stable"].contains(&release)
            || release.strip_prefix('v').is_some_and(number)
        {
            Ok(())
        } else if number(release) {
            Err(format!("`v{release}`, with a `v`"))
        } else {
            Err("`v3.22` or the like, `edge` or `latest-stable`".into())
        }
    }

    fn first_group(&self) -> &'static str {
        "packages: [alpine-baselayout, busybox]"
    }
}

/// Reads everything but the architectures, or says what is wrong as a phrase.
fn read(text: &str) -> Result<PackageRequest, String> {
    if text.is_empty() {
        return Err("it is empty".into());
    }
    let (negated, text) = match text.strip_prefix('!') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let end = text.find(OPERATORS).unwrap_or(text.len());
    let (head, tail) = text.split_at(end);
    let (name, mut tag) = split_tag(head.trim_end());
    check_name(name)?;
    let mut request = PackageRequest {
        negated,
        ..PackageRequest::named(name)
    };
    if !tail.is_empty() {
        let after = tail.trim_start_matches(OPERATORS);
        let symbol = &tail[..tail.len() - after.len()];
        let (text, second) = split_tag(after.trim_start());
        if tag.is_some() && second.is_some() {
            return Err("it has two tags".into());
        }
        tag = tag.or(second);
        request.version = Some(constraint(symbol, text.trim_end())?);
    }
    if let Some(tag) = tag {
        check_tag(tag)?;
        request.tag = Some(tag.to_owned());
    }
    Ok(request)
}

fn split_tag(text: &str) -> (&str, Option<&str>) {
    match text.split_once('@') {
        Some((text, tag)) => (text.trim_end(), Some(tag)),
        None => (text, None),
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let alphabet = |c: char| c.is_ascii_alphanumeric() || "+._-:/,[]".contains(c);
    if name.is_empty() {
        Err("it does not begin with a package name".into())
    } else if name.contains(|c: char| c.is_whitespace()) {
        Err("write one request per entry".into())
    } else if let Some(bad) = name.chars().find(|c| !alphabet(*c)) {
        Err(format!("a package name cannot hold {bad:?}"))
    } else if name.starts_with(['-', '+', '.', ':', ',', '[', ']']) {
        Err(format!("a package name cannot begin with {:?}", &name[..1]))
    } else {
        Ok(())
    }
}

fn check_tag(tag: &str) -> Result<(), String> {
    let valid = |c: char| c.is_ascii_alphanumeric() || "+._-".contains(c);
    if !tag.is_empty() && tag.chars().all(valid) {
        Ok(())
    } else {
        Err(format!("`@{tag}` is not a tag"))
    }
}

fn constraint(symbol: &str, text: &str) -> Result<(RequestOp, String), String> {
    let op = match symbol {
        "=" | "==" => RequestOp::Eq,
        ">=" | "=>" => RequestOp::Ge,
        "<=" | "=<" => RequestOp::Le,
        ">" => RequestOp::Gt,
        "<" => RequestOp::Lt,
        "~" | "=~" | "~=" => RequestOp::Fuzzy,
        ">~" | ">=~" | ">~=" => RequestOp::FuzzyGe,
        "<~" | "<=~" | "<~=" => RequestOp::FuzzyLe,
        "><" => RequestOp::Identity,
        _ => {
            return Err(format!(
                "`{symbol}` is not an operator: use =, >=, <=, >, < or ~"
            ));
        }
    };
    if text.is_empty() {
        return Err(format!("there is no version behind `{symbol}`"));
    }
    if let Some(prefix) = text.strip_suffix('*') {
        let digits = prefix.starts_with(|c: char| c.is_ascii_digit());
        let alphabet = |c: char| c.is_ascii_alphanumeric() || "._-~".contains(c);
        return if op != RequestOp::Eq {
            Err(format!("`*` goes with `=` only, not with `{symbol}`"))
        } else if digits && prefix.chars().all(alphabet) {
            Ok((RequestOp::Prefix, prefix.to_owned()))
        } else {
            Err(format!("`{text}` is not the beginning of a version"))
        };
    }
    let valid = if op == RequestOp::Identity {
        is_checksum(text)
    } else {
        version::is_valid(text)
    };
    if valid {
        Ok((op, text.to_owned()))
    } else if op == RequestOp::Identity {
        Err(format!("`{text}` is not a checksum of apk's, `Q1...`"))
    } else {
        Err(format!("`{text}` is not an apk version, `1.2.3_rc1-r0`"))
    }
}

/// `Q1` and the base64 of a SHA-1, or `Q2` and that of a SHA-256.
pub(super) fn is_checksum(text: &str) -> bool {
    let length = match text.get(..2) {
        Some("Q1") => 28,
        Some("Q2") => 44,
        _ => return false,
    };
    let body = &text[2..];
    let digits = body.trim_end_matches('=');
    body.len() == length
        && body.len() - digits.len() == 1
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        Alpine.request(text).unwrap().to_string()
    }

    #[test]
    fn reads_what_the_world_file_holds() {
        for (text, expected) in [
            ("busybox", "busybox"),
            ("so:libssl.so.3", "so:libssl.so.3"),
            ("cmd:jq", "cmd:jq"),
            ("pc:zlib>=1.3", "pc:zlib>=1.3"),
            ("/bin/sh", "/bin/sh"),
            ("!vim", "!vim"),
            ("!vim>9", "!vim>9"),
            ("jq@edge", "jq@edge"),
            ("jq@edge=1.7.1-r0", "jq=1.7.1-r0@edge"),
            ("jq = 1.7.1-r0 @edge", "jq=1.7.1-r0@edge"),
            ("jq @edge", "jq@edge"),
            ("python3~3.12", "python3~3.12"),
            ("python3=~3.12", "python3~3.12"),
            ("python3>~3.12", "python3>~3.12"),
            ("a<~2", "a<~2"),
            ("a<2_rc1", "a<2_rc1"),
            (
                "a=1.2.3b_git20240101~abc123-r7",
                "a=1.2.3b_git20240101~abc123-r7",
            ),
            ("libssl3=3.5.*", "libssl3=3.5.*"),
            (
                "a><Q1sB8iM1ws5KTV5zBTbIBpqTjjRSM=",
                "a><Q1sB8iM1ws5KTV5zBTbIBpqTjjRSM=",
            ),
            ("grub-efi [x86_64 !aarch64]", "grub-efi [amd64 !arm64]"),
            ("py3-foo [armhf]", "py3-foo [arm/v6]"),
        ] {
            assert_eq!(normal(text), expected, "{text:?}");
            assert_eq!(normal(expected), expected, "not idempotent: {expected:?}");
        }
    }

    #[test]
    fn says_why_it_refuses() {
        for (text, part) in [
            ("", "empty"),
            ("!", "does not begin with a package name"),
            ("=1", "does not begin with a package name"),
            ("@edge", "does not begin with a package name"),
            ("a b", "one request per entry"),
            ("a@", "not a tag"),
            ("a@x=1@y", "two tags"),
            ("a=", "no version"),
            ("a=1.2-3", "not an apk version"),
            ("a=1_foo", "not an apk version"),
            ("a=v1", "not an apk version"),
            ("a=1.", "not an apk version"),
            ("a=1~", "not an apk version"),
            ("a=1-r", "not an apk version"),
            ("a=1_git1~a0-r1x", "not an apk version"),
            ("a><1.0", "not a checksum"),
            ("a<>1", "not an operator"),
            ("a>=1.*", "`*` goes with `=` only"),
            ("a=*", "beginning of a version"),
            ("caf\u{e9}", "cannot hold"),
            ("-a", "cannot begin"),
            ("a [sparc]", "`sparc`"),
        ] {
            let reason = Alpine.request(text).unwrap_err().reason;
            assert!(reason.contains(part), "{text:?}: {reason}");
        }
    }

    #[test]
    fn releases_want_their_v() {
        for release in ["v3.22", "v3.9", "edge", "latest-stable"] {
            assert_eq!(Alpine.check_release(release), Ok(()), "{release}");
        }
        assert!(
            Alpine
                .check_release("3.22")
                .unwrap_err()
                .contains("`v3.22`")
        );
        for release in ["v3", "v3.22.1", "trixie", "", "v.1"] {
            assert!(Alpine.check_release(release).is_err(), "{release}");
        }
    }
}
