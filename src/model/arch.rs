//! Processor architectures under their OCI names.

use std::fmt;

/// A processor architecture. Ordered and displayed by its OCI name, `arm64` or `arm/v7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Arch(&'static Names);

/// One architecture in the words of those who name it; an empty word where they do not have it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Names {
    oci: &'static str,
    variant: &'static str,
    debian: &'static str,
    alpine: &'static str,
    machine: &'static str,
}

const fn names(
    oci: &'static str,
    variant: &'static str,
    debian: &'static str,
    alpine: &'static str,
    machine: &'static str,
) -> Names {
    Names {
        oci,
        variant,
        debian,
        alpine,
        machine,
    }
}

/// OCI image-spec's GOARCH and variant, `dpkg --print-architecture`, `apk --print-arch`, `uname -m`.
static TABLE: &[Names] = &[
    names("386", "", "i386", "x86", "i686"),
    names("amd64", "", "amd64", "x86_64", "x86_64"),
    names("arm", "v5", "armel", "", "armv5tel"),
    names("arm", "v6", "", "armhf", "armv6l"),
    names("arm", "v7", "armhf", "armv7", "armv7l"),
    names("arm64", "", "arm64", "aarch64", "aarch64"),
    names("loong64", "", "loong64", "loongarch64", "loongarch64"),
    names("mips64le", "", "mips64el", "", "mips64el"),
    names("ppc64le", "", "ppc64el", "ppc64le", "ppc64le"),
    names("riscv64", "", "riscv64", "riscv64", "riscv64"),
    names("s390x", "", "s390x", "s390x", "s390x"),
];

impl Arch {
    fn find(hit: impl Fn(&Names) -> bool) -> Option<Self> {
        TABLE.iter().find(|names| hit(names)).map(Self)
    }

    /// Every architecture, ordered by its OCI name.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(Self)
    }

    /// Reads an OCI name: `amd64`, `arm64`, `arm/v7` and so on.
    pub fn from_oci(name: &str) -> Option<Self> {
        let (oci, variant) = name.split_once('/').unwrap_or((name, ""));
        Self::find(|row| row.oci == oci && row.variant == variant)
    }

    /// Reads a name of Debian's, such as `armhf`.
    pub fn from_debian(name: &str) -> Option<Self> {
        Self::find(|row| row.debian == name && !name.is_empty())
    }

    /// Reads a name of Alpine's, such as `aarch64`.
    pub fn from_alpine(name: &str) -> Option<Self> {
        Self::find(|row| row.alpine == name && !name.is_empty())
    }

    /// Reads a name of the kernel's, as `uname -m` or Rust's target has it.
    pub fn from_machine(name: &str) -> Option<Self> {
        Self::find(|row| row.machine == name)
    }

    /// `architecture` of an OCI platform.
    pub const fn oci_architecture(self) -> &'static str {
        self.0.oci
    }

    /// `variant` of an OCI platform, where it has one.
    pub fn oci_variant(self) -> Option<&'static str> {
        Some(self.0.variant).filter(|variant| !variant.is_empty())
    }

    /// Debian's name for it, where Debian has it.
    pub fn debian(self) -> Option<&'static str> {
        Some(self.0.debian).filter(|name| !name.is_empty())
    }

    /// Alpine's name for it, where Alpine has it.
    pub fn alpine(self) -> Option<&'static str> {
        Some(self.0.alpine).filter(|name| !name.is_empty())
    }
}

impl Ord for Arch {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0.oci, self.0.variant).cmp(&(other.0.oci, other.0.variant))
    }
}

impl PartialOrd for Arch {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.oci)?;
        if !self.0.variant.is_empty() {
            write!(f, "/{}", self.0.variant)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distributions_disagree_about_armhf() {
        assert_eq!(Arch::from_debian("armhf").unwrap().to_string(), "arm/v7");
        assert_eq!(Arch::from_alpine("armhf").unwrap().to_string(), "arm/v6");
        assert_eq!(Arch::from_oci("arm/v7"), Arch::from_debian("armhf"));
        assert_eq!(Arch::from_debian(""), None);
        for row in TABLE {
            let arch = Arch(row);
            assert_eq!(Arch::from_oci(&arch.to_string()), Some(arch));
        }
    }
}
