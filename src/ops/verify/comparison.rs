//! One architecture, made again and compared.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::Verified;
use super::other::Other;
use crate::assemble::{self, MEMORY};
use crate::distro::Resolver;
use crate::export::{Output as Sink, PackedImage};
use crate::image::{Form, Image};
use crate::lockfile::{BlobRecord, Output};
use crate::model::{Arch, Epoch, PackageName, PathRules, Sha256};
use crate::ops::image::Maker;
use crate::ops::rebuild::{Rebuild, rebuild};
use crate::ops::{Error, OpsError};
use crate::tree::{Contents, Field, Tree, TreePath, merkle_root};
use crate::verify::{self, Rebuilt, RebuiltLayer, Verdict, What};

/// One architecture's two sides.
pub(super) struct Comparison<'a, 'o> {
    pub(super) maker: Maker<'a>,
    pub(super) arch: Arch,
    /// Of this version, for the manifest's compression.
    pub(super) encoder: &'a str,
    pub(super) recorded: Option<&'a Output>,
    pub(super) other: Option<&'a Other<'o>>,
    /// Whether the contents of what changed are wanted.
    pub(super) texts: bool,
}

/// Contents by path.
pub(super) type Contained = BTreeMap<TreePath, Vec<u8>>;

/// One architecture, compared.
pub(super) struct Compared {
    pub(super) verified: Verified,
    pub(super) packed: Option<PackedImage>,
    /// The rebuilt contents of files that were found to be others.
    pub(super) changed: Contained,
}

/// More than any text that somebody reads a diff of.
const MAX_TEXT: u64 = 1 << 20;
/// Of all texts together; what comes after is named without one.
const MAX_TEXTS: u64 = 16 << 20;

impl<'a> Comparison<'a, '_> {
    pub(super) fn compare(&self) -> Result<Compared, Error> {
        let epoch = self.epoch();
        let mut made = rebuild(self.maker, self.arch, epoch, self.packs())?;
        let mut verdict = self.judge(&made)?;
        // An image whose SOURCE_DATE_EPOCH was the very time that it would have had without one: only
        // `files` shows the difference.
        let of_files = |finding: &verify::Finding| finding.layer.as_deref() == Some("files");
        let in_files = verdict.findings.iter().any(of_files);
        if in_files && self.maker.epoch.is_none() && epoch == Some(made.assembled.epoch()) {
            let bound = Maker {
                epoch,
                ..self.maker
            };
            let again = rebuild(bound, self.arch, None, self.packs())?;
            let second = self.judge(&again)?;
            if second.findings.len() < verdict.findings.len() {
                (made, verdict) = (again, second);
            }
        }
        if let (None, Some(epoch)) = (self.recorded, epoch) {
            verdict.notes.push(format!(
                "nothing is recorded: it was built again with the time that the image says, {epoch}"
            ));
        }
        if !verdict.holds() {
            let owners = self.owners(&made.tree)?;
            verdict.annotate(&|path| owners.get(path).cloned());
        }
        let changed = match self.texts {
            true => contents(&verdict, made.assembled.contents())?,
            false => Contained::new(),
        };
        let verified = Verified {
            arch: self.arch,
            verdict,
            tree: merkle_root(&made.tree),
            config: made.config_digest,
            manifest: made.packed.as_ref().map(|packed| packed.manifest.digest),
            layers: made.made.built.layers,
            texts: BTreeMap::new(),
        };
        Ok(Compared {
            verified,
            packed: made.packed,
            changed,
        })
    }

    /// The time of the image: as recorded, else as the other one says.
    fn epoch(&self) -> Option<Epoch> {
        self.recorded.map(|output| output.epoch).or_else(|| {
            let config = self.other?.image(self.arch)?.config.as_ref()?;
            config.json.get("created")?.as_str()?.parse().ok()
        })
    }

    /// Whether blobs are worth making: where theirs can be compared.
    fn packs(&self) -> bool {
        match self.other {
            Some(other) => matches!(other.found.form, Form::OciLayout | Form::OciArchive),
            None => {
                let blobs = self.recorded.and_then(|output| output.blobs.as_ref());
                blobs.is_some_and(|blobs| blobs.encoder == self.encoder)
            }
        }
    }

    fn judge(&self, made: &Rebuild<'a>) -> Result<Verdict, Error> {
        let layers = made.assembled.layers().iter().zip(&made.made.built.layers);
        let layers = layers.map(|(layer, built)| RebuiltLayer {
            name: built.name.clone(),
            diff_id: built.diff_id,
            size: built.size,
            blob: built.digest,
            tree: &layer.tree,
        });
        let form = self.other.map(|other| other.found.form);
        let tar = match form {
            Some(Form::Tar) => Some(self.tar(made)?),
            _ => None,
        };
        let rebuilt = Rebuilt {
            arch: self.arch,
            epoch: made.assembled.epoch(),
            layers: layers.collect(),
            tree: &made.tree,
            root: merkle_root(&made.tree),
            config: made.config_digest,
            config_json: serde_json::from_slice(&made.config).unwrap_or_default(),
            generated: made.made.generated.clone(),
            undone: made.made.built.undone.clone(),
            blobs: made.packed.as_ref().map(|packed| BlobRecord {
                encoder: self.encoder.to_owned(),
                digest: packed.manifest.digest,
            }),
            tar,
        };
        Ok(match (self.other, self.recorded) {
            (Some(other), _) => match other.image(self.arch) {
                Some(image) => self.with_image(&rebuilt, image, other.found.form),
                None => Verdict::default(),
            },
            (None, Some(recorded)) => self.with_record(recorded, &rebuilt),
            (None, None) => Verdict::default(),
        })
    }

    fn with_image(&self, rebuilt: &Rebuilt<'_>, image: &Image, form: Form) -> Verdict {
        // Another compression of the same layers makes another manifest, which says nothing.
        let theirs = image.layers.iter().map(|layer| layer.blob);
        let same = theirs.eq(rebuilt.layers.iter().map(|layer| layer.blob));
        let blobs = self.recorded.and_then(|output| output.blobs.as_ref());
        let mut verdict = verify::with_image(rebuilt, image, form, blobs.filter(|_| same));
        // However the filesystems compare: with another ID it is another image.
        let theirs = image.config.as_ref().map(|config| config.digest);
        if let Some(found) = theirs.filter(|found| *found != rebuilt.config)
            && verdict.holds()
        {
            verdict.findings.push(verify::Finding::value(
                "config",
                Some(rebuilt.config.to_string()),
                Some(found.to_string()),
            ));
        }
        verdict
    }

    fn with_record(&self, recorded: &Output, rebuilt: &Rebuilt<'_>) -> Verdict {
        let mut verdict = verify::with_record(recorded, rebuilt);
        let manifest = &self.maker.project.manifest;
        if recorded.paths != manifest.paths {
            let text = |rules: &Option<PathRules>| {
                let rules = rules.as_ref()?;
                let (exclude, include) = (rules.exclude.join(", "), rules.include.join(", "));
                Some(format!("exclude [{exclude}], include [{include}]"))
            };
            verdict.findings.push(verify::Finding::value(
                "paths",
                text(&recorded.paths),
                text(&manifest.paths),
            ));
        }
        if let Some(epoch) = manifest.epoch.filter(|epoch| *epoch != recorded.epoch) {
            verdict.notes.push(format!(
                "it was built again with the recorded time, {}; the manifest's `epoch:` is {epoch}",
                recorded.epoch
            ));
        }
        verdict
    }

    /// The digest of the filesystem as a tar.
    fn tar(&self, made: &Rebuild<'a>) -> Result<Sha256, Error> {
        let contents = made.assembled.contents();
        let mut sink = io::sink();
        let written = self
            .maker
            .workshop(|workshop| workshop.tar(&made.tree, contents, Sink::Stream(&mut sink)))?;
        Ok(written.0)
    }

    /// Which package ships each path.
    fn owners(&self, tree: &Tree) -> Result<BTreeMap<TreePath, PackageName>, Error> {
        let Maker {
            cx,
            project,
            lockfile,
            ..
        } = self.maker;
        let locked = lockfile
            .packages
            .get(&self.arch)
            .map_or(&[][..], Vec::as_slice);
        let packages: Vec<_> = locked.iter().collect();
        let threads = rayon::current_num_threads();
        let distro = project.distro;
        let (unpacked, _) =
            assemble::unpack_all(cx.store, distro, &packages, threads, MEMORY, cx.progress)?;
        let mut resolver = Resolver::new(tree);
        let mut out = BTreeMap::new();
        for (package, unpacked) in locked.iter().zip(unpacked) {
            for (path, node) in unpacked.entries {
                // Directories are shared.
                if !node.is_directory() {
                    out.insert(resolver.resolve(&path), package.name.clone());
                }
            }
        }
        Ok(out)
    }
}

/// The rebuilt contents of the files that were found to have others.
fn contents(verdict: &Verdict, packs: &dyn Contents) -> Result<Contained, Error> {
    let mut out = Contained::new();
    let mut left = MAX_TEXTS;
    for finding in &verdict.findings {
        let (Some(path), What::Field(Field::Content(expected, found))) =
            (&finding.path, &finding.what)
        else {
            continue;
        };
        let size = expected.size.max(found.size);
        if size > MAX_TEXT || size > left {
            continue;
        }
        left -= size;
        let bytes = expected.read(packs);
        let bytes = bytes.map_err(OpsError::file("read", Path::new("a package of the store")))?;
        out.insert(path.clone(), bytes);
    }
    Ok(out)
}
