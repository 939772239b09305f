//! Writes images: trees and layers in; OCI layouts, archives, tars and directories out.

mod error;
mod header;
mod tar;
#[cfg(test)]
mod testing;

pub use error::ExportError;
pub use tar::{check, tar_size};
