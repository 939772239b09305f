//! The user's netrc, ftp(1) and curl(1): credentials by host.
//!
//! Tokens are separated by white space; one in double quotes may hold some. Macros are skipped.

/// Bytes that are read.
const MAX_TEXT: usize = 1 << 20;

/// What a host is to be told.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(..)")
    }
}

/// The entries, in the file's order; `None` is `default`.
#[derive(Debug, Default)]
pub(super) struct Netrc(Vec<(Option<String>, Login)>);

impl Netrc {
    /// Reads what can be read of the text.
    pub(super) fn parse(text: &str) -> Self {
        let mut entries: Vec<(Option<String>, Login)> = Vec::new();
        let mut tokens = Tokens(if text.len() <= MAX_TEXT { text } else { "" });
        let empty = || Login {
            user: String::new(),
            password: String::new(),
        };
        while let Some(token) = tokens.next() {
            match token.as_str() {
                "machine" => entries.push((Some(tokens.next().unwrap_or_default()), empty())),
                "default" => entries.push((None, empty())),
                "macdef" => tokens.skip_macro(),
                key => {
                    let value = tokens.next().unwrap_or_default();
                    match (key, entries.last_mut()) {
                        ("login", Some((_, login))) => login.user = value,
                        ("password", Some((_, login))) => login.password = value,
                        _ => {}
                    }
                }
            }
        }
        Self(entries)
    }

    /// The credentials for a host.
    pub(super) fn login(&self, host: &str) -> Option<&Login> {
        let named = |(name, _): &&(Option<String>, Login)| {
            name.as_ref()
                .is_none_or(|name| name.eq_ignore_ascii_case(host))
        };
        self.0.iter().find(named).map(|(_, login)| login)
    }
}

struct Tokens<'a>(&'a str);

impl Tokens<'_> {
    fn next(&mut self) -> Option<String> {
        loop {
            self.0 = self.0.trim_start();
            if !self.0.starts_with('#') {
                break;
            }
            self.0 = self.0.split_once('\n').map_or("", |(_, rest)| rest);
        }
        let mut chars = self.0.char_indices();
        let quoted = self.0.starts_with('"');
        if quoted {
            chars.next();
        }
        let mut token = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if quoted => {
                    self.0 = &self.0[at + 1..];
                    return Some(token);
                }
                '\\' if quoted => token.extend(chars.next().map(|(_, c)| c)),
                c if !quoted && c.is_whitespace() => {
                    self.0 = &self.0[at..];
                    return Some(token);
                }
                c => token.push(c),
            }
        }
        self.0 = "";
        Some(token).filter(|token| !token.is_empty())
    }

    /// A macro ends at an empty line.
    fn skip_macro(&mut self) {
        self.0 = self.0.split_once("\n\n").map_or("", |(_, rest)| rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_machines() {
        let netrc = Netrc::parse(
            "# comment\nmachine a.example login me password p#1\nmacdef x\nput machine\n\n\
             machine b.example\n\tlogin \"you and\\\" me\"\n\taccount z password q\n\
             default login anonymous password none",
        );
        let login = |host: &str| {
            let login = netrc.login(host).unwrap();
            (login.user.clone(), login.password.clone())
        };
        assert_eq!(login("A.example"), ("me".into(), "p#1".into()));
        assert_eq!(login("b.example"), ("you and\" me".into(), "q".into()));
        assert_eq!(login("c.example").0, "anonymous");
        assert_eq!(Netrc::parse("machine").login("x"), None);
        assert!(!format!("{netrc:?}").contains("p#1"));
    }
}
