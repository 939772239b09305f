//! The bill of materials of a lockfile, as the two formats that others read.
//!
//! In comes a [`Subject`]: a lockfile, and what only its distribution, its packages and its
//! repositories can add. Out comes JSON: [`spdx`] for SPDX 2.3, [`cyclonedx`] for CycloneDX 1.6. One
//! document covers all architectures of the lockfile. What is guaranteed:
//!
//! - **Deterministic.** The document is a function of the subject, its identifier included, which is
//!   made from the digest of the content. The order of packages and repositories does not matter.
//! - **Stable.** What a package is called inside the document depends on its name and architecture
//!   alone, so that two documents can be compared.
//! - **Nothing invented.** What the lockfile and the packages do not say is `NOASSERTION` or absent.
//!   A licence is declared as the package declares it, never concluded.
//! - **No credentials.** An address that has a user or a query is left out.
//!
//! Both formats leave room, and are filled so that the scanners find what they look for: grype reads
//! the source package from the purl's `upstream`, trivy from `sourceInfo` (SPDX) and from properties
//! (CycloneDX); both take the distribution from an operating system among the components and from the
//! purl's `distro`. Source packages are in the SPDX document as what the packages were
//! `GENERATED_FROM`, without a purl of their own: trivy takes everything with one for installed.
//!
//! Sources: SPDX 2.3 (ISO/IEC 5962 and its annexes), CycloneDX 1.6 (ECMA-424), the Package URL
//! specification (ECMA-427) and its types `deb`, `apk` and `oci`.

mod bill;
mod cyclonedx;
mod id;
pub mod license;
mod location;
mod purl;
mod spdx;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use self::cyclonedx::cyclonedx;
pub use self::license::License;
pub use self::purl::purl;
pub use self::spdx::spdx;
use crate::lockfile::Lockfile;
use crate::model::{Epoch, Sha256};

/// What a bill of materials is made from.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The name of the image, as the manifest has it.
    pub name: &'a str,
    /// What is in it.
    pub lockfile: &'a Lockfile,
    /// The purl type of its packages: `deb`, `apk`.
    pub purl_type: &'a str,
    /// The purl namespace of its packages, who is their vendor: `debian`, `alpine`.
    pub purl_namespace: &'a str,
    /// The release as os-release's `VERSION_ID` has it, `13` or `3.22`, which is what scanners know
    /// it by. Absent where it has no number (sid, edge): the release's name is used.
    pub os_version: Option<&'a str>,
    /// The organisation that supplies the image, where it is known: the manifest's
    /// `org.opencontainers.image.vendor`.
    pub supplier: Option<&'a str>,
    /// The version of rootlock.
    pub tool_version: &'a str,
    /// What packages say of their licence, by the digest of the archive.
    pub licenses: &'a BTreeMap<Sha256, License>,
    /// The absolute URL below which the files of a repository lie, by the repository's id. A
    /// repository that is not here has no address for everybody.
    pub bases: &'a BTreeMap<String, String>,
    /// The time that the document gives as its own.
    pub created: Epoch,
}
