//! Contents for tests.

use std::io;

use super::{Image, ImageLayer, Workshop};
use crate::model::{Arch, Epoch, ImageConfig};
use crate::store::Store;
use crate::tree::{Contents, Tree};

/// For trees whose contents are all inline.
pub(crate) struct NoPacks;

impl Contents for NoPacks {
    fn read_at(&self, pack: u32, _offset: u64, _buffer: &mut [u8]) -> io::Result<()> {
        Err(io::Error::other(format!("there is no pack {pack}")))
    }
}

/// Packs in memory.
pub(crate) struct Packs(pub(crate) Vec<Vec<u8>>);

impl Contents for Packs {
    fn read_at(&self, pack: u32, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let start = offset as usize;
        let bytes = self.0[pack as usize].get(start..start + buffer.len());
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// A workshop that tells nobody.
pub(crate) fn workshop(store: &Store) -> Workshop<'_> {
    Workshop {
        store,
        threads: 2,
        watch: &|_| {},
    }
}

/// An image of two layers with inline contents.
pub(crate) fn image<'a>(
    arch: &str,
    config: &'a ImageConfig,
    layers: [(&str, &'a Tree); 2],
) -> Image<'a> {
    let layers = layers.map(|(name, tree)| ImageLayer {
        name: name.into(),
        tree,
    });
    Image {
        arch: Arch::from_oci(arch).unwrap(),
        epoch: Epoch(1_761_955_200),
        layers: layers.into(),
        config,
        user: None,
        contents: &NoPacks,
    }
}
