//! Diversions: the literal `dpkg-divert` statements of a preinst script (dpkg-divert(1)).
//!
//! A script in, the paths that it moves out of its package's way out. They decide which files
//! exist, so they are read in every `configure` mode. Nothing is run: a statement counts when all
//! of its words are literal (the package's own name may be `$DPKG_MAINTSCRIPT_PACKAGE`), also
//! inside an `if`, unless what it asks for is an upgrade or a removal; every other statement is
//! among those that are reported as not carried out.

use crate::distro::Diversion;
use crate::distro::configure::shell::possible;
use crate::model::PackageName;
use crate::tree::TreePath;

/// One word of a command; `None` where it depends on something that only a shell knows.
type Word = Option<String>;

/// dpkg tells its scripts whose they are.
const OWN_NAME: &str = "DPKG_MAINTSCRIPT_PACKAGE";

/// The diversions that `script` of `package` adds when the package is installed anew.
pub(super) fn read(script: &[u8], package: &PackageName) -> Vec<Diversion> {
    let variable = |name: &str| match name {
        "1" => Some("install".to_owned()),
        "2" | "DPKG_ROOT" => Some(String::new()),
        OWN_NAME => Some(package.to_string()),
        _ => None,
    };
    let mut out: Vec<Diversion> = Vec::new();
    for command in possible(script, &variable).unwrap_or_default() {
        if let Some(diversion) = statement(&command, package)
            && !out.iter().any(|known| known.from == diversion.from)
        {
            out.push(diversion);
        }
    }
    out
}

/// Reads one command as `dpkg-divert ... --add`.
pub(super) fn statement(command: &[Word], package: &PackageName) -> Option<Diversion> {
    let mut words = command.iter();
    let program = words.next()?.as_ref()?;
    if program.rsplit('/').next() != Some("dpkg-divert") {
        return None;
    }
    let mut target: Option<String> = None;
    let mut by = Some(package.as_str().to_owned());
    let mut from: Option<String> = None;
    while let Some(word) = words.next() {
        let word = word.as_deref()?;
        let (option, value) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
            _ => (word, None),
        };
        let mut argument = || value.clone().or_else(|| words.next().cloned().flatten());
        match option {
            "--divert" => target = Some(argument()?),
            "--package" => by = Some(argument()?),
            "--local" => by = None,
            "--admindir" | "--instdir" | "--root" => {
                argument()?;
            }
            "--add" | "--rename" | "--no-rename" | "--quiet" | "--test" => {}
            _ if option.starts_with('-') => return None,
            path if from.is_none() => from = Some(path.to_owned()),
            _ => return None,
        }
    }
    let from = from?;
    // dpkg-divert's own default.
    let target = target.unwrap_or_else(|| format!("{from}.distrib"));
    let absolute = |text: &str| match text.starts_with('/') {
        true => TreePath::from_archive(text.as_bytes()).ok().flatten(),
        false => None,
    };
    let (from, to) = (absolute(&from)?, absolute(&target)?);
    let package = match by {
        Some(name) => Some(name.parse().ok()?),
        None => None,
    };
    (from != to).then_some(Diversion { from, to, package })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(script: &str) -> Vec<(String, String)> {
        let script = format!("#!/bin/sh\nset -e\n{script}\n");
        let found = read(script.as_bytes(), &"x".parse().unwrap());
        let pair = |one: &Diversion| (one.from.to_string(), one.to.to_string());
        found.iter().map(pair).collect()
    }

    #[test]
    fn literal_statements_in_any_shape() {
        let one = [("/bin/a".to_owned(), "/bin/a.real".to_owned())];
        for script in [
            "dpkg-divert --package x --add --rename --divert /bin/a.real /bin/a",
            "dpkg-divert --add /bin/a --divert=/bin/a.real --package=x --rename",
            "if [ \"$1\" = install ]; then\n  dpkg-divert --package x --rename \\\n\t--divert '/bin/a.real' \"/bin/a\" >/dev/null 2>&1\nfi",
            "LC_ALL=C /usr/sbin/dpkg-divert --quiet --package \"$DPKG_MAINTSCRIPT_PACKAGE\" --divert /bin/a.real --add /bin/a || true",
            "case $1 in install) dpkg-divert --divert /bin/a.real --no-rename --add /bin/a;; esac",
            "! dpkg-divert --divert /bin/a.real /bin/a # why",
            "cat <<EOF\ndpkg-divert --add /bin/b\nEOF\ndpkg-divert --divert /bin/a.real /bin/a",
        ] {
            assert_eq!(found(script), one, "{script}");
        }
        assert_eq!(
            found("dpkg-divert --add /bin/a"),
            [("/bin/a".into(), "/bin/a.distrib".into())]
        );
    }

    #[test]
    fn everything_else_is_not_one() {
        for script in [
            "if [ \"$1\" = upgrade ]; then dpkg-divert --add /bin/a; fi",
            "[ \"$1\" = upgrade ] && dpkg-divert --add /bin/a",
            "case $1 in upgrade) dpkg-divert --add /bin/a;; install) ;; *) dpkg-divert --add /bin/b;; esac",
            "if [ \"$1\" = upgrade ] && dpkg --compare-versions \"$2\" lt 1; then dpkg-divert --add /bin/a; fi",
            "if [ -n \"$2\" ]; then dpkg-divert --add /bin/a; fi",
            "dpkg-divert --package x --remove --rename --divert /bin/a.real /bin/a",
            "dpkg-divert --list /bin/a",
            "dpkg-divert --truename /bin/a",
            "# dpkg-divert --add /bin/a",
            "echo dpkg-divert --add /bin/a",
            "echo 'dpkg-divert --add /bin/a'",
            "for f in a b; do dpkg-divert --add /bin/$f; done",
            "dpkg-divert --divert $target --add /bin/a",
            "dpkg-divert --divert \"$(f)\" --add /bin/a",
            "dpkg-divert --add relative",
            "dpkg-divert --add /../a",
            "dpkg-divert --add",
            "dpkg-divert --add /bin/*",
        ] {
            assert_eq!(found(script), [], "{script}");
        }
        let binary = b"\x7fELF dpkg-divert --add /bin/a";
        assert_eq!(read(binary, &"x".parse().unwrap()), []);
    }

    #[test]
    fn whose_it_is() {
        let by = |script: &str| {
            let script = format!("#!/bin/sh\n{script}");
            read(script.as_bytes(), &"x".parse().unwrap())[0]
                .package
                .clone()
        };
        assert_eq!(by("dpkg-divert --add /a"), Some("x".parse().unwrap()));
        assert_eq!(
            by("dpkg-divert --package y --add /a"),
            Some("y".parse().unwrap())
        );
        assert_eq!(by("dpkg-divert --local --add /a"), None);
    }
}
