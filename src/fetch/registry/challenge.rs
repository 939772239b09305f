//! `WWW-Authenticate`: how a server wants to be told who asks (RFC 9110, section 11.6.1).

/// Challenges and parameters that are read of one header.
const MAX_PARAMETERS: usize = 64;
/// Bytes that are read of one header.
const MAX_HEADER: usize = 8 << 10;

/// One way to say who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    /// In lower case: `basic`, `bearer`.
    pub(super) scheme: String,
    /// The names in lower case.
    parameters: Vec<(String, String)>,
}

impl Challenge {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.parameters.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// The challenges of a header, up to whatever cannot be read.
    pub(super) fn parse(header: &str) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        let mut rest = match header.len() <= MAX_HEADER {
            true => header,
            false => "",
        };
        for _ in 0..MAX_PARAMETERS {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            let Some((word, after)) = token(rest) else {
                break;
            };
            let bare = after.trim_start_matches([' ', '\t']);
            let value = bare
                .strip_prefix('=')
                .map(|text| text.trim_start_matches([' ', '\t']));
            // `NAME = VALUE` belongs to the scheme before it, a word alone is the next scheme.
            rest = match (value.and_then(value_of), challenges.last_mut()) {
                (Some((value, after)), Some(challenge)) => {
                    challenge
                        .parameters
                        .push((word.to_ascii_lowercase(), value));
                    after
                }
                (None, _) if value.is_none() => {
                    challenges.push(Self {
                        scheme: word.to_ascii_lowercase(),
                        parameters: Vec::new(),
                    });
                    after
                }
                _ => break,
            };
        }
        challenges
    }
}

/// A token of RFC 9110, and what follows.
fn token(text: &str) -> Option<(&str, &str)> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(|c| !fits(c)).unwrap_or(text.len());
    Some(text.split_at(end)).filter(|(token, _)| !token.is_empty())
}

/// A token or a quoted string, and what follows.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        return token(text).map(|(value, rest)| (value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_registries_send() {
        let read = Challenge::parse(
            r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
        );
        let [bearer] = &read[..] else {
            panic!("{read:?}")
        };
        assert_eq!(bearer.scheme, "bearer");
        assert_eq!(
            bearer.parameter("realm"),
            Some("https://auth.docker.io/token")
        );
        assert_eq!(bearer.parameter("service"), Some("registry.docker.io"));
        assert_eq!(bearer.parameter("scope"), Some("repository:a/b:pull,push"));
        assert_eq!(bearer.parameter("error"), None);
    }

    #[test]
    fn several_challenges_in_one_header_stay_apart() {
        let read = Challenge::parse(
            r#"Negotiate, BASIC Realm = "a, \"b\" c=d" , charset=UTF-8, Bearer realm=x"#,
        );
        let schemes: Vec<&str> = read.iter().map(|one| one.scheme.as_str()).collect();
        assert_eq!(schemes, ["negotiate", "basic", "bearer"]);
        assert_eq!(read[1].parameter("realm"), Some("a, \"b\" c=d"));
        assert_eq!(read[1].parameter("charset"), Some("UTF-8"));
        assert_eq!(read[2].parameter("realm"), Some("x"));
    }

    #[test]
    fn reading_stops_at_what_is_no_challenge() {
        assert_eq!(Challenge::parse(""), []);
        assert_eq!(Challenge::parse("realm=\"x\""), []);
        let cut = Challenge::parse("Bearer realm=\"https://x");
        assert_eq!(cut[0].parameter("realm"), None);
        let long = format!("Bearer {}", "a=b,".repeat(1000));
        assert!(Challenge::parse(&long)[0].parameters.len() < MAX_PARAMETERS);
        assert_eq!(Challenge::parse(&"Bearer, ".repeat(2000)), []);
    }

    proptest! {
        #[test]
        fn any_header_is_survived(header in "([ -~]|é){0,80}") {
            Challenge::parse(&header);
        }
    }
}
