//! What a group of the manifest asks for: one line of `packages:` or `exclude:`.

use std::fmt;

use super::{Arch, Archive};

/// How the version of a request is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestOp {
    /// `=`
    Eq,
    /// `=1.2.*`: the version begins with the text before `*`.
    Prefix,
    /// `>=`
    Ge,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `<`
    Lt,
    /// `~`, Alpine's fuzzy match.
    Fuzzy,
    /// `>~`, Alpine's: a fuzzy match or later.
    FuzzyGe,
    /// `<~`, Alpine's: a fuzzy match or earlier.
    FuzzyLe,
    /// `><`, Alpine's: exactly the package with this checksum, `Q1...`.
    Identity,
}

impl RequestOp {
    /// As the normal form writes it; `Prefix` also has a `*` behind the version.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq | Self::Prefix => "=",
            Self::Ge => ">=",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Lt => "<",
            Self::Fuzzy => "~",
            Self::FuzzyGe => ">~",
            Self::FuzzyLe => "<~",
            Self::Identity => "><",
        }
    }
}

/// Architectures and whether each is negated, sorted, each once.
pub type ArchList = Vec<(Arch, bool)>;

/// A package request. Displayed in its normal form, `python3>=3.13/trixie [amd64 !arm64]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageRequest {
    /// Alpine's `!name`.
    pub negated: bool,
    /// The name as written, without qualifiers: `python3`, `so:libssl.so.3`.
    pub name: String,
    /// Debian's `name:arch`: the text behind the colon.
    pub qualifier: Option<String>,
    /// The operator and the version, for `Prefix` without the `*`.
    pub version: Option<(RequestOp, String)>,
    /// Alpine's `@tag`.
    pub tag: Option<String>,
    /// Debian's `/suite`.
    pub suite: Option<String>,
    /// `[amd64 !arm64]`; empty means all.
    pub arches: ArchList,
}

/// The text is not a request of this distribution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a package request: {reason}")]
pub struct ParseRequestError {
    /// The request as written.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What a manifest needs to know of a distribution before anything else is known.
pub trait Dialect: Sync {
    /// The word in `distro:`.
    fn name(&self) -> &'static str;

    /// The release that an absent `release:` means.
    fn default_release(&self) -> &'static str;

    /// Reads an architecture under its OCI or its distribution's name; the OCI name wins.
    fn arch(&self, name: &str) -> Option<Arch>;

    /// Reads one line of `packages:`; `exclude` lines are read the same way and hold a name alone.
    ///
    /// # Errors
    /// When the line is outside the distribution's grammar, with the reason.
    fn request(&self, text: &str) -> Result<PackageRequest, ParseRequestError>;

    /// The archives that `archive:` may name.
    fn archives(&self) -> &'static [Archive];

    /// The keys that a `repositories:` entry may have beside `archive`, `url`, `unsigned` and
    /// `allow_expired`, for this distribution.
    fn repository_keys(&self) -> &'static [&'static str];

    /// Which of `snapshot`, `recommends` and a group's `priority` the manifest may have.
    fn manifest_keys(&self) -> &'static [&'static str];

    /// Refuses a `release:` that cannot be one.
    ///
    /// # Errors
    /// With what is expected, as a phrase.
    fn check_release(&self, release: &str) -> Result<(), String>;

    /// What the lowest group of a new manifest holds, as a line of YAML.
    fn first_group(&self) -> &'static str;
}

impl ParseRequestError {
    /// Refuses `text`, shortened to what a message can show.
    pub fn new(text: &str, reason: impl Into<String>) -> Self {
        Self {
            text: text
                .chars()
                .take(120)
                .flat_map(|c| c.escape_debug())
                .collect(),
            reason: reason.into(),
        }
    }
}

impl PackageRequest {
    /// A request for any version of `name`.
    pub fn named(name: &str) -> Self {
        Self {
            negated: false,
            name: name.to_owned(),
            qualifier: None,
            version: None,
            tag: None,
            suite: None,
            arches: Vec::new(),
        }
    }

    /// Whether it asks for nothing but a name.
    pub fn is_name_alone(&self) -> bool {
        *self == Self::named(&self.name)
    }

    /// Splits a trailing ` [amd64 !arm64]` off `text`; `arch` reads one name. What comes back is
    /// trimmed and the architectures are sorted, as the normal form wants them.
    ///
    /// # Errors
    /// When the list is empty, or names an architecture that `arch` does not know, or one twice.
    pub fn split_arches(
        text: &str,
        arch: impl Fn(&str) -> Option<Arch>,
    ) -> Result<(&str, ArchList), ParseRequestError> {
        let wrong = |reason: String| ParseRequestError::new(text, reason);
        let Some(inner) = text.trim().strip_suffix(']') else {
            return Ok((text.trim(), Vec::new()));
        };
        let Some((rest, list)) = inner.rsplit_once('[') else {
            return Err(wrong("`]` without `[`".into()));
        };
        let mut arches = ArchList::new();
        for word in list.split_ascii_whitespace() {
            let (name, negated) = match word.strip_prefix('!') {
                Some(name) => (name, true),
                None => (word, false),
            };
            let known = arch(name)
                .ok_or_else(|| wrong(format!("`{name}` is not an architecture that it knows")))?;
            if arches.iter().any(|(other, _)| *other == known) {
                return Err(wrong(format!("`[{list}]` names {known} twice")));
            }
            arches.push((known, negated));
        }
        if arches.is_empty() {
            return Err(wrong("`[]` names no architecture".into()));
        }
        arches.sort_unstable();
        Ok((rest.trim_end(), arches))
    }

    /// Whether the request applies to `arch`.
    pub fn applies_to(&self, arch: Arch) -> bool {
        let named = |negated| self.arches.contains(&(arch, negated));
        let positive = self.arches.iter().any(|(_, negated)| !negated);
        !named(true) && (!positive || named(false))
    }
}

impl fmt::Display for PackageRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negated {
            f.write_str("!")?;
        }
        f.write_str(&self.name)?;
        if let Some(qualifier) = &self.qualifier {
            write!(f, ":{qualifier}")?;
        }
        if let Some((op, version)) = &self.version {
            write!(f, "{}{version}", op.as_str())?;
            if *op == RequestOp::Prefix {
                f.write_str("*")?;
            }
        }
        if let Some(tag) = &self.tag {
            write!(f, "@{tag}")?;
        }
        if let Some(suite) = &self.suite {
            write!(f, "/{suite}")?;
        }
        for (index, (arch, negated)) in self.arches.iter().enumerate() {
            f.write_str(if index == 0 { " [" } else { " " })?;
            write!(f, "{}{arch}", if *negated { "!" } else { "" })?;
        }
        if !self.arches.is_empty() {
            f.write_str("]")?;
        }
        Ok(())
    }
}

/// Debian's `priority:` of a group: which packages it takes beside the requested ones.
///
/// Cumulative, as mmdebstrap's variants; `Essential` does not add apt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// `Essential: yes`.
    Essential,
    /// And `Priority: required`.
    Required,
    /// And `Priority: important`.
    Important,
    /// And `Priority: standard`.
    Standard,
}

impl Priority {
    /// As the manifest writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Essential => "essential",
            Self::Required => "required",
            Self::Important => "important",
            Self::Standard => "standard",
        }
    }
}
