//! What a manifest may say under `distro: debian`.
//!
//! Names are those of Debian Policy 5.6.1, versions those of deb-version(7), architectures those of
//! `dpkg-architecture -L`. The operators are FORMATS.md's: `<` and `>` are strict, where a control
//! file would say `<<` and `>>`.

use super::{Debian, sources};
use crate::model::{Arch, Archive, Dialect, PackageRequest, ParseRequestError, RequestOp};

impl Dialect for Debian {
    fn name(&self) -> &'static str {
        "debian"
    }

    fn default_release(&self) -> &'static str {
        "stable"
    }

    fn arch(&self, name: &str) -> Option<Arch> {
        Arch::from_oci(name)
            .or_else(|| Arch::from_debian(name))
            .or_else(|| Arch::from_machine(name))
            .filter(|arch| arch.debian().is_some())
    }

    fn request(&self, text: &str) -> Result<PackageRequest, ParseRequestError> {
        let (head, arches) = PackageRequest::split_arches(text, |name| self.arch(name))?;
        Ok(PackageRequest {
            arches,
            ..read(head).map_err(|reason| ParseRequestError::new(text, reason))?
        })
    }

    fn archives(&self) -> &'static [Archive] {
        sources::ARCHIVES
    }

    fn repository_keys(&self) -> &'static [&'static str] {
        &["suite", "components", "priority", "keyring", "snapshot"]
    }

    fn manifest_keys(&self) -> &'static [&'static str] {
        &["snapshot", "recommends", "priority"]
    }

    fn check_release(&self, release: &str) -> Result<(), String> {
        if is_suite(release) && !release.contains('/') {
            Ok(())
        } else {
            Err("a codename or suite such as `trixie` or `stable`".into())
        }
    }

    fn first_group(&self) -> &'static str {
        "priority: required"
    }
}

/// `[a-z0-9][a-z0-9+.-]+`, Policy 5.6.1.
fn is_name(text: &str) -> bool {
    let first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.len() >= 2
        && first(bytes[0])
        && bytes
            .iter()
            .all(|&byte| first(byte) || b"+.-".contains(&byte))
}

/// A codename or suite, possibly with a part behind a slash, as `stable/updates`.
fn is_suite(text: &str) -> bool {
    !text.is_empty()
        && text.split('/').all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+._~-".contains(&byte))
        })
}

/// Reads everything but the architectures, or says what is wrong as a phrase.
fn read(text: &str) -> Result<PackageRequest, String> {
    let end = text
        .find(|c: char| "=<>~/@:!()|,*".contains(c) || c.is_whitespace())
        .unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    refuse_other_grammars(text, name, rest.trim_start())?;
    if !is_name(name) {
        return Err(bad_name(name));
    }
    let mut request = PackageRequest::named(name);
    if let Some(behind) = rest.strip_prefix(':') {
        let end = behind
            .find(|c: char| "=<>~/@:".contains(c) || c.is_whitespace())
            .unwrap_or(behind.len());
        request.qualifier = Some(qualifier(&behind[..end])?);
        rest = &behind[end..];
    }
    rest = rest.trim_start();
    if let Some(after) = rest.strip_prefix(['=', '<', '>', '~']) {
        let after = after.trim_start_matches(['=', '<', '>', '~']);
        let symbol = &rest[..rest.len() - after.len()];
        let after = after.trim_start();
        let end = after
            .find(|c: char| c == '/' || c.is_whitespace())
            .unwrap_or(after.len());
        request.version = Some(version(symbol, &after[..end])?);
        rest = after[end..].trim_start();
    }
    if let Some(suite) = rest.strip_prefix('/') {
        if !is_suite(suite) {
            return Err(format!(
                "`/{suite}` is not a suite: write `{name}/trixie-backports`, the version before it"
            ));
        }
        request.suite = Some(suite.to_owned());
        rest = "";
    }
    if rest.is_empty() {
        Ok(request)
    } else if is_name(rest) {
        Err(format!(
            "`{rest}` is one package too many: write one request per entry"
        ))
    } else {
        Err(format!("`{rest}` cannot be understood"))
    }
}

/// What people write who come from a control file, from apt's command line or from Alpine.
fn refuse_other_grammars(text: &str, name: &str, rest: &str) -> Result<(), String> {
    let reason = if text.is_empty() {
        "it is empty".into()
    } else if let Some(negated) = text.strip_prefix('!') {
        let name = negated.trim();
        format!("Debian has no `!name`: to keep a package out, add `{name}` to `exclude`")
    } else if text.contains('|') {
        "alternatives with `|` are for control files: name the package that you want".into()
    } else if text.contains(',') {
        "write one request per entry, without commas".into()
    } else if rest.starts_with('(') || text.contains(['(', ')']) {
        let inner = rest.trim_matches(['(', ')']).replace(' ', "");
        let inner = inner.replace("<<", "<").replace(">>", ">");
        format!("write the version without parentheses: `{name}{inner}`")
    } else if text.contains('@') {
        format!("Debian has no tags: choose a suite with `{name}/SUITE`, a version with `=`")
    } else if rest.starts_with('~') {
        format!("`~` is Alpine's: write a prefix of the version, `{name}=1.2.*`")
    } else {
        return Ok(());
    };
    Err(reason)
}

fn bad_name(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if name.is_empty() {
        "it does not begin with a package name".into()
    } else if name != lower && is_name(&lower) {
        format!("package names are lower-case: `{lower}`")
    } else {
        format!(
            "`{name}` is not a package name: it needs two or more of a-z, 0-9, `+`, `-` and `.`, \
             the first a letter or digit"
        )
    }
}

/// `all`, `any`, `native` or an architecture of Debian's.
fn qualifier(text: &str) -> Result<String, String> {
    if ["all", "any", "native"].contains(&text) || Arch::from_debian(text).is_some() {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`:{text}` is not an architecture of Debian's, nor `all`, `any` or `native`"
        ))
    }
}

fn version(symbol: &str, text: &str) -> Result<(RequestOp, String), String> {
    let op = match symbol {
        "=" => RequestOp::Eq,
        ">=" => RequestOp::Ge,
        "<=" => RequestOp::Le,
        ">" => RequestOp::Gt,
        "<" => RequestOp::Lt,
        ">>" => return Err("`>>` is a control file's: write `>`".into()),
        "<<" => return Err("`<<` is a control file's: write `<`".into()),
        "==" => return Err("`==` is not an operator: write `=`".into()),
        "=>" => return Err("`=>` is not an operator: write `>=`".into()),
        "=<" => return Err("`=<` is not an operator: write `<=`".into()),
        _ => {
            return Err(format!(
                "`{symbol}` is not an operator: use =, >=, <=, > or <"
            ));
        }
    };
    if text.is_empty() {
        return Err(format!("there is no version behind `{symbol}`"));
    }
    let (op, text) = match text.strip_suffix('*') {
        Some(prefix) if op == RequestOp::Eq => (RequestOp::Prefix, prefix),
        Some(_) => return Err(format!("`*` goes with `=` only, not with `{symbol}`")),
        None => (op, text),
    };
    if op == RequestOp::Prefix && text.is_empty() {
        return Err("any version is meant by the name alone: leave out `=*`".into());
    }
    if text.contains('*') {
        return Err("`*` can only be at the end of the version".into());
    }
    check_version(text, op == RequestOp::Prefix)?;
    Ok((op, text.to_owned()))
}

/// deb-version(7): `[epoch:]upstream[-revision]`; of a prefix only the alphabet and the beginning.
fn check_version(text: &str, prefix: bool) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("`{text}` is not a Debian version: {why}"));
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) => (Some(epoch), rest),
        None => (None, text),
    };
    if epoch.is_some_and(|epoch| epoch.parse::<i32>().is_err() || epoch.starts_with(['+', '-'])) {
        return wrong("before `:` there must be a number");
    }
    if prefix && epoch.is_some() && rest.is_empty() {
        return Ok(());
    }
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return wrong("it must begin with a digit");
    }
    let alphabet = |c: char| c.is_ascii_alphanumeric() || "+.-~:".contains(c);
    if let Some(bad) = rest.chars().find(|c| !alphabet(*c)) {
        return wrong(&format!("it cannot hold {bad:?}"));
    }
    if rest.ends_with('-') && !prefix {
        return wrong("its revision behind `-` is empty");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        Debian.request(text).unwrap().to_string()
    }

    fn reason(text: &str) -> String {
        Debian.request(text).unwrap_err().reason
    }

    #[test]
    fn reads_every_form_and_prints_the_normal_one() {
        for (text, expected) in [
            ("bash", "bash"),
            ("0ad", "0ad"),
            ("g++", "g++"),
            ("libstdc++6", "libstdc++6"),
            ("python3 >= 3.13", "python3>=3.13"),
            ("python3>=3.13", "python3>=3.13"),
            ("python3 =3.13-1", "python3=3.13-1"),
            ("a1<2", "a1<2"),
            ("a1 <= 2", "a1<=2"),
            ("a1 > 1:2.0~rc1+dfsg-1", "a1>1:2.0~rc1+dfsg-1"),
            ("libssl3t64=3.5.*", "libssl3t64=3.5.*"),
            ("vim=2:*", "vim=2:*"),
            ("git/trixie-backports", "git/trixie-backports"),
            (
                "git >=1:2.40 /trixie-backports",
                "git>=1:2.40/trixie-backports",
            ),
            ("gcc:native", "gcc:native"),
            ("libc6:amd64 >= 2.36", "libc6:amd64>=2.36"),
            ("intel-microcode [amd64]", "intel-microcode [amd64]"),
            ("x1 [!arm64 amd64]", "x1 [amd64 !arm64]"),
            ("x1=1.0-1/sid[armhf  arm64]", "x1=1.0-1/sid [arm/v7 arm64]"),
        ] {
            assert_eq!(normal(text), expected, "{text:?}");
            assert_eq!(normal(expected), expected, "not idempotent: {expected:?}");
        }
    }

    #[test]
    fn says_why_it_refuses() {
        for (text, part) in [
            ("", "empty"),
            ("!vim", "add `vim` to `exclude`"),
            ("vim@edge", "Debian has no tags"),
            ("vim~9", "`vim=1.2.*`"),
            ("vim | nano", "alternatives"),
            ("vim, nano", "one request per entry"),
            ("vim nano", "one package too many"),
            ("vim (>= 9)", "`vim>=9`"),
            ("vim (>> 9)", "`vim>9`"),
            ("vim >> 9", "write `>`"),
            ("vim == 9", "write `=`"),
            ("vim => 9", "write `>=`"),
            ("vim=>9", "write `>=`"),
            ("vim >=", "no version"),
            ("vim=latest", "begin with a digit"),
            ("vim=9_1", "cannot hold '_'"),
            ("vim=x:1", "must be a number"),
            ("vim=9-", "revision"),
            ("vim>=9.*", "`*` goes with `=` only"),
            ("vim=*", "leave out `=*`"),
            ("vim=9.*.1", "at the end"),
            ("Vim", "lower-case: `vim`"),
            ("a", "two or more"),
            ("-x", "two or more"),
            ("=1", "does not begin with a package name"),
            ("vim:sparc", "not an architecture of Debian's"),
            ("vim/", "not a suite"),
            ("vim/../x", "not a suite"),
            ("vim []", "names no architecture"),
            ("vim [sparc]", "`sparc`"),
            ("vim [amd64 !amd64]", "twice"),
            ("vim ]", "without `[`"),
            ("caf\u{e9}", "two or more"),
        ] {
            let reason = reason(text);
            assert!(reason.contains(part), "{text:?}: {reason}");
        }
    }

    #[test]
    fn architectures_go_by_any_name_that_debian_has() {
        let arch = |name| Debian.arch(name).map(|arch| arch.to_string());
        assert_eq!(arch("amd64").as_deref(), Some("amd64"));
        assert_eq!(arch("x86_64").as_deref(), Some("amd64"));
        assert_eq!(arch("armhf").as_deref(), Some("arm/v7"));
        assert_eq!(arch("arm/v6"), None);
        assert_eq!(arch("sparc"), None);
    }
}
