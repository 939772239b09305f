//! Reads images from container registries: OCI distribution-spec 1.1 (pull), which is Docker
//! Registry HTTP API v2.
//!
//! In: an [`ImageReference`]. Out: an OCI image layout in a directory, for whoever reads layouts.
//! Guaranteed: every byte of it has the digest and the size that the manifest or index above it
//! gives, and the digest that comes back is that of the bytes that the tag pointed at; what is there
//! of an image is there in full, and a directory without `oci-layout` was not finished.
//!
//! **What is left out.** The layout's index is the registry's own, to the byte. Of what it lists the
//! layout has every image for Linux, or those of one architecture; not other systems' images, nor
//! attestations (`vnd.docker.reference.type`), nor kinds that are not known. The layout's format
//! allows that (image-layout.md, "Blobs"). Documents of Docker stay Docker's.
//!
//! **Who is told what.** Registries are asked by https, and by http on this machine only. Credentials
//! come from netrc, by the registry's own host, and go to the registry, if it asks for them, or to
//! whom it names for giving out tokens; never over plain http to another machine, and never to where
//! the registry redirects.

mod access;
mod challenge;
mod document;
mod error;
mod layout;
mod pull;
mod reference;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use error::RegistryError;
pub use pull::pull;
pub use reference::{ImageReference, looks_like_reference};
