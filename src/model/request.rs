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
}

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
    /// `[amd64 !arm64]`: the architecture and whether it is negated; empty means all. Sorted.
    pub arches: Vec<(Arch, bool)>,
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
}

impl PackageRequest {
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
            match op {
                RequestOp::Eq => write!(f, "={version}"),
                RequestOp::Prefix => write!(f, "={version}*"),
                RequestOp::Ge => write!(f, ">={version}"),
                RequestOp::Le => write!(f, "<={version}"),
                RequestOp::Gt => write!(f, ">{version}"),
                RequestOp::Lt => write!(f, "<{version}"),
                RequestOp::Fuzzy => write!(f, "~{version}"),
            }?;
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
