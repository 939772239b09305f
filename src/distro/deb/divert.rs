//! Diversions: the literal `dpkg-divert` statements of a preinst script (dpkg-divert(1)).
//!
//! A script in, the paths that it moves out of its package's way out. They decide which files
//! exist, so they are read in every `configure` mode. Nothing is run: a statement counts when all
//! of its words are literal (the package's own name may be `$DPKG_MAINTSCRIPT_PACKAGE`), also
//! inside an `if`; every other statement is among those that are reported as not carried out.

use crate::distro::Diversion;
use crate::model::PackageName;
use crate::tree::TreePath;

/// More than any real script by a factor of a hundred.
const MAX_SCRIPT: usize = 1 << 20;

/// The diversions that `script` of `package` adds.
pub(super) fn read(script: &[u8], package: &PackageName) -> Vec<Diversion> {
    let shell = script.starts_with(b"#!") && script.len() <= MAX_SCRIPT;
    let Some(text) = std::str::from_utf8(script).ok().filter(|_| shell) else {
        return Vec::new();
    };
    let mut out: Vec<Diversion> = Vec::new();
    for command in commands(text) {
        if let Some(diversion) = statement(&command, package)
            && !out.iter().any(|known| known.from == diversion.from)
        {
            out.push(diversion);
        }
    }
    out
}

/// One word of a command; `None` where it depends on something that only a shell knows.
type Word = Option<String>;

/// Words that may stand before a command's name.
const BEFORE: &[&str] = &[
    "if", "then", "else", "elif", "while", "until", "do", "!", "{", "(", "exec", "command",
];

/// Splits a script into simple commands.
fn commands(text: &str) -> Vec<Vec<Word>> {
    let mut out = Vec::new();
    let mut command: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    // The ends of here-documents whose text begins at the next line.
    let mut documents: Vec<String> = Vec::new();
    let mut awaits_document = false;
    let mut chars = text.chars().peekable();
    let push = |word: &mut Option<Word>, piece: char| {
        if let Some(text) = word.get_or_insert_with(|| Some(String::new())) {
            text.push(piece);
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(escaped) => push(&mut word, escaped),
            },
            '\'' => {
                word.get_or_insert_with(|| Some(String::new()));
                for inner in chars.by_ref().take_while(|&inner| inner != '\'') {
                    push(&mut word, inner);
                }
            }
            '"' => {
                word.get_or_insert_with(|| Some(String::new()));
                while let Some(inner) = chars.next().filter(|&inner| inner != '"') {
                    match inner {
                        '$' => expand(&mut chars, &mut word),
                        '`' => word = Some(None),
                        '\\' => match chars.next() {
                            Some('\n') | None => {}
                            Some(escaped) if "$`\"\\".contains(escaped) => push(&mut word, escaped),
                            Some(other) => {
                                push(&mut word, '\\');
                                push(&mut word, other);
                            }
                        },
                        other => push(&mut word, other),
                    }
                }
            }
            '$' => expand(&mut chars, &mut word),
            '`' | '*' | '?' | '[' => word = Some(None),
            '#' if word.is_none() => while chars.next_if(|&next| next != '\n').is_some() {},
            '<' if chars.next_if_eq(&'<').is_some() => {
                command.extend(word.take());
                chars.next_if_eq(&'-');
                awaits_document = true;
            }
            ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => {
                if let Some(done) = word.take() {
                    match done {
                        Some(end) if awaits_document => documents.push(end),
                        done => command.push(done),
                    }
                    awaits_document = false;
                }
                if matches!(c, '<' | '>') {
                    // A redirection's file is a word of its own; it ends the arguments for us.
                    command.push(None);
                }
                if matches!(c, '\n' | ';' | '&' | '|' | '(' | ')') {
                    out.push(std::mem::take(&mut command));
                }
                if c == '\n' {
                    for end in documents.drain(..) {
                        skip_document(&mut chars, &end);
                    }
                }
            }
            other => push(&mut word, other),
        }
    }
    command.extend(word);
    out.push(command);
    out
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// The only variable whose value is known here stands for itself, all others for anything.
fn expand(chars: &mut Chars<'_>, word: &mut Option<Word>) {
    let braced = chars.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
        name.push(c);
    }
    let closed = !braced || chars.next_if_eq(&'}').is_some();
    match word.get_or_insert_with(|| Some(String::new())) {
        Some(text) if closed && name == OWN_NAME => {
            text.push('$');
            text.push_str(OWN_NAME);
        }
        other => *other = None,
    }
}

/// dpkg tells its scripts whose they are.
const OWN_NAME: &str = "DPKG_MAINTSCRIPT_PACKAGE";

fn skip_document(chars: &mut Chars<'_>, end: &str) {
    loop {
        let line: String = chars.by_ref().take_while(|&c| c != '\n').collect();
        if line.trim_start_matches('\t') == end || chars.peek().is_none() {
            return;
        }
    }
}

/// Reads one command as `dpkg-divert ... --add`.
fn statement(command: &[Word], package: &PackageName) -> Option<Diversion> {
    let mut words = command.iter().skip_while(|word| {
        word.as_ref().is_some_and(|word| {
            BEFORE.contains(&word.as_str())
                || word.split_once('=').is_some_and(|(name, _)| {
                    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                })
        })
    });
    let program = words.next()?.as_ref()?;
    if program.rsplit('/').next() != Some("dpkg-divert") {
        return None;
    }
    let mut target: Option<String> = None;
    let mut by = Some(package.as_str().to_owned());
    let mut from: Option<String> = None;
    while let Some(word) = words.next() {
        // Redirections begin with a word that is not literal: what follows is none of ours.
        let Some(word) = word.as_deref() else {
            match from {
                Some(_) => break,
                None => return None,
            }
        };
        let (option, value) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
            _ => (word, None),
        };
        let mut argument = || value.clone().or_else(|| words.next().cloned().flatten());
        match option {
            "--divert" => target = Some(argument()?),
            "--package" => {
                let name = argument()?;
                let own = name.strip_prefix('$') == Some(OWN_NAME);
                by = Some(if own {
                    package.as_str().to_owned()
                } else {
                    name
                });
            }
            "--local" => by = None,
            "--admindir" | "--instdir" | "--root" => {
                argument()?;
            }
            "--add" | "--rename" | "--no-rename" | "--quiet" | "--test" => {}
            _ if option.starts_with('-') => return None,
            // The number of a redirection, `2>/dev/null`.
            number if from.is_some() && number.len() == 1 => break,
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
