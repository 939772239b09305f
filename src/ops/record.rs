//! `build --record`: what was built, written into the lockfile for `verify` and `audit`.

use super::image::Made;
use super::{Error, Project};
use crate::export::Encoder;
use crate::lockfile::{self, BlobRecord, LayerRecord, Lockfile, Output};
use crate::model::Sha256;

/// Records `made` as the outputs of its architectures; `index` is the index over several.
pub(super) fn write(
    project: &Project,
    lockfile: &mut Lockfile,
    made: &[Made],
    index: Option<Sha256>,
) -> Result<(), Error> {
    lockfile.check_writable(&project.lockfile_path)?;
    let compression = project.manifest.compression.unwrap_or_default();
    let encoder = Encoder::from(compression).to_string();
    for made in made {
        let built = &made.built;
        // An image has both; they are absent only where no image was made.
        let (Some(tree), Some(config)) = (built.tree, built.config) else {
            continue;
        };
        let layers = built.layers.iter().map(|layer| LayerRecord {
            group: layer.name.clone(),
            diff_id: layer.diff_id,
            size: layer.size,
        });
        let output = Output {
            epoch: built.epoch,
            layers: layers.collect(),
            tree,
            config,
            generated: made.generated.clone(),
            paths: project.manifest.paths.clone(),
            undone: built.undone.clone(),
            blobs: built.manifest.map(|digest| BlobRecord {
                encoder: encoder.clone(),
                digest,
            }),
        };
        lockfile.outputs.insert(built.arch, output);
    }
    let whole = lockfile
        .packages
        .keys()
        .all(|arch| made.iter().any(|made| made.built.arch == *arch));
    lockfile.index = match (index, made.len() > 1 && whole) {
        (Some(digest), true) => Some(BlobRecord { encoder, digest }),
        _ => None,
    };
    let text = lockfile::write(lockfile, &project.manifest_name());
    match project.lockfile_text()?.as_deref() == Some(text.as_bytes()) {
        true => Ok(()),
        false => project.write_lockfile(&text),
    }
}
