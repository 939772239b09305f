//! Names and versions, as opaque text with a safe alphabet.

use std::fmt;
use std::str::FromStr;

/// The text is not a name or version of the kind that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what}")]
pub struct ParseNameError {
    text: String,
    what: &'static str,
}

/// Longer than any name or version in Debian or Alpine by a factor of ten; a bound for strangers.
const MAX_LENGTH: usize = 1024;

macro_rules! text_type {
    ($(#[$meta:meta])* $name:ident, $what:literal, $valid:expr $(, $order:ident)*) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash $(, $order)*)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseNameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let valid: fn(&[u8]) -> bool = $valid;
                if text.len() <= MAX_LENGTH && valid(text.as_bytes()) {
                    Ok(Self(text.into()))
                } else {
                    Err(ParseNameError {
                        text: text.chars().take(80).flat_map(char::escape_debug).collect(),
                        what: $what,
                    })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_type!(
    /// The name of a package: `[A-Za-z0-9_][A-Za-z0-9+._-]*`, which holds Debian's and Alpine's.
    /// A distribution narrows it further. Ordered by bytes.
    PackageName,
    "package name",
    |bytes| {
        let first = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        bytes.first().is_some_and(|&byte| first(byte))
            && bytes.iter().all(|&byte| first(byte) || b"+.-".contains(&byte))
    },
    PartialOrd,
    Ord
);

text_type!(
    /// The version of a package. It has no order: that is the distribution's.
    Version,
    "version",
    |bytes| {
        !bytes.is_empty()
            && bytes
                .iter()
                .all(|&byte| byte.is_ascii_alphanumeric() || b"+.-:~_^".contains(&byte))
    }
);

text_type!(
    /// The name of a group of the manifest, which is one layer: `[a-z0-9][a-z0-9._-]*`.
    GroupName,
    "name: it needs [a-z0-9][a-z0-9._-]*",
    |bytes| {
        let first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        bytes.first().is_some_and(|&byte| first(byte))
            && bytes.iter().all(|&byte| first(byte) || b"._-".contains(&byte))
    },
    PartialOrd,
    Ord
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_could_leave_a_directory_or_a_line() {
        for name in ["", "../x", "a/b", "a b", "a\nb", ".hidden", "-x", "\u{e9}"] {
            assert!(name.parse::<PackageName>().is_err(), "{name:?}");
            assert!(name.parse::<GroupName>().is_err(), "{name:?}");
        }
        for name in ["libstdc++6", "0ad", "python3.11", "gir1.2-gtk-3.0"] {
            assert!(name.parse::<PackageName>().is_ok(), "{name:?}");
        }
        assert!("1:2.0~rc1+dfsg-1_x".parse::<Version>().is_ok());
        assert!("1 2".parse::<Version>().is_err());
        assert!("1/2".parse::<Version>().is_err());
    }
}
