//! An image made once more, in a store that holds nothing but its packages: what `verify` compares.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::fetch::bring;
use super::image::{Assembled, Made, Maker};
use super::report::BuiltLayer;
use super::{Context, Error, OpsError, Project};
use crate::export::PackedImage;
use crate::lockfile::Lockfile;
use crate::model::{Arch, Epoch, LockedPackage, Sha256};
use crate::store::Store;
use crate::store::scratch::ScratchDir;
use crate::tree::Tree;

/// A store for one run.
pub(super) struct Fresh {
    pub(super) store: Store,
    _directory: ScratchDir,
}

impl Fresh {
    /// An empty one, beside what the user's own store is writing.
    pub(super) fn new(cx: &Context<'_>) -> Result<Self, Error> {
        let directory = cx.store.scratch_dir()?;
        Ok(Self {
            store: Store::open(directory.path().join("store"))?,
            _directory: directory,
        })
    }

    /// Brings the packages of `arches`: from the network, or with `--offline` from the user's store,
    /// where each is hashed again.
    pub(super) fn fill(
        &self,
        cx: &Context<'_>,
        project: &Project,
        lockfile: &Lockfile,
        arches: &[Arch],
    ) -> Result<(), Error> {
        let fresh = Context {
            store: &self.store,
            ..*cx
        };
        if cx.network.offline {
            let packages = arches.iter().filter_map(|arch| lockfile.packages.get(arch));
            // What is for every architecture is there once.
            let packages: BTreeMap<Sha256, &LockedPackage> = packages
                .flatten()
                .map(|package| (package.sha256, package))
                .collect();
            packages
                .par_iter()
                .map(|(_, package)| self.adopt(cx, package))
                .collect::<Result<(), _>>()?;
        }
        // What could not be taken over is looked for where `--offline` lets one look.
        bring(&fresh, project, lockfile, arches)?;
        Ok(())
    }

    /// Takes a package over from the user's store, which drops what is damaged.
    fn adopt(&self, cx: &Context<'_>, package: &LockedPackage) -> Result<(), Error> {
        let there = cx.store.has_sized(&package.sha256, package.size);
        if !self.store.adopt(cx.store, &package.sha256)? && there {
            cx.progress.warn(&format!(
                "the store's archive of {} {} was damaged, and was dropped",
                package.name, package.version
            ));
        }
        Ok(())
    }
}

/// An image made again.
pub(super) struct Rebuild<'a> {
    pub(super) assembled: Assembled<'a>,
    pub(super) made: Made,
    /// The merged filesystem.
    pub(super) tree: Tree,
    /// The configuration's JSON.
    pub(super) config: Vec<u8>,
    /// Its digest.
    pub(super) config_digest: Sha256,
    /// The layers' blobs and the manifest, where they were made.
    pub(super) packed: Option<PackedImage>,
}

/// The image of `arch` with the time `epoch`, where one is known; with the layers' blobs where `pack`.
pub(super) fn rebuild<'a>(
    maker: Maker<'a>,
    arch: Arch,
    epoch: Option<Epoch>,
    pack: bool,
) -> Result<Rebuild<'a>, Error> {
    let mut assembled = maker.assemble(arch, maker.files(arch)?)?;
    if let Some(epoch) = epoch
        && epoch != assembled.epoch()
    {
        let bound = Maker {
            epoch: Some(epoch),
            ..maker
        };
        assembled = bound.assemble(arch, bound.files(arch)?)?;
    }
    let image = assembled.image(maker.project);
    let compression = maker.project.manifest.compression.unwrap_or_default();
    let (layers, config, packed) = if pack {
        let packed = maker.workshop(|workshop| workshop.pack(&image, compression))?;
        let layers = packed.layers.iter().map(|(name, blob)| BuiltLayer {
            name: name.clone(),
            diff_id: blob.diff.diff_id,
            size: blob.diff.size,
            digest: Some(blob.digest),
            compressed: Some(blob.size),
        });
        (layers.collect(), packed.config.clone(), Some(packed))
    } else {
        let (diffs, config) = maker.workshop(|workshop| workshop.describe(&image))?;
        let layers = image.layers.iter().zip(diffs);
        let layers = layers.map(|(layer, diff)| BuiltLayer {
            name: layer.name.clone(),
            diff_id: diff.diff_id,
            size: diff.size,
            digest: None,
            compressed: None,
        });
        (layers.collect(), config, None)
    };
    drop(image);
    let made = assembled.made(layers);
    let tree = assembled.tree();
    Ok(Rebuild {
        made,
        tree,
        config: config.bytes,
        config_digest: config.digest,
        packed,
        assembled,
    })
}

/// Refuses a lockfile of which nothing is recorded.
pub(super) fn recorded(project: &Project, lockfile: &Lockfile) -> Result<(), Error> {
    match lockfile.outputs.is_empty() {
        true => Err(OpsError::NoOutputs(project.lockfile_name()).into()),
        false => Ok(()),
    }
}
