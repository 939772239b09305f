//! What manifests for Debian may say.

use super::{Debian, sources};
use crate::model::{Arch, Archive, Dialect, PackageRequest, ParseRequestError};

impl Dialect for Debian {
    fn name(&self) -> &'static str {
        "debian"
    }

    fn default_release(&self) -> &'static str {
        "stable"
    }

    fn arch(&self, name: &str) -> Option<Arch> {
        Arch::from_oci(name).or_else(|| Arch::from_debian(name))
    }

    fn request(&self, _text: &str) -> Result<PackageRequest, ParseRequestError> {
        unimplemented!()
    }

    fn archives(&self) -> &'static [Archive] {
        sources::ARCHIVES
    }

    fn repository_keys(&self) -> &'static [&'static str] {
        unimplemented!()
    }
}
