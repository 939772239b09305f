//! The image that somebody built, with which the rebuilt one is compared.

use std::io::Read;

use super::comparison::Contained;
use super::{Verified, VerifyOptions};
use crate::image::{Found, Image};
use crate::lockfile::Lockfile;
use crate::model::Arch;
use crate::ops::target::{self, ImageTarget, Opened, Reading};
use crate::ops::{Context, Error, OpsError, Project};
use crate::tree::{Kind, Location, TreePath};
use crate::verify;

/// An image that somebody built.
pub(super) struct Other<'a> {
    opened: Opened<'a>,
    pub(super) found: Found,
    /// `--arch`, where it is one.
    arch: Option<Arch>,
}

impl<'a> Other<'a> {
    pub(super) fn read(
        cx: &Context<'_>,
        target: &ImageTarget,
        project: &Project,
        options: &VerifyOptions,
        lockfile: &Lockfile,
        stdin: &'a mut (dyn Read + Send),
    ) -> Result<Self, Error> {
        let arch = match options.arches[..] {
            [only] => Some(only),
            _ => None,
        };
        let mut opened = target::open(cx, target, arch, stdin)?;
        let mut found = opened.read(
            cx,
            Reading {
                arch,
                ..Reading::default()
            },
        )?;
        // A filesystem does not say what it is for; what is installed in it may.
        if options.arches.len() != 1 && lockfile.packages.len() != 1 {
            for image in found.images.iter_mut().filter(|image| image.arch.is_none()) {
                let installed = project.distro.installed(&image.tree);
                let arch = installed.ok().flatten().and_then(|found| found.arch);
                image.arch = Some(arch.ok_or(OpsError::WhichArch)?);
            }
        }
        Ok(Self {
            opened,
            found,
            arch,
        })
    }

    /// Reads it once more, for the contents of what changed.
    pub(super) fn texts(
        &mut self,
        cx: &Context<'_>,
        images: &mut [Verified],
        changed: &[Contained],
    ) -> Result<(), Error> {
        if self.opened.is_stream() {
            cx.progress
                .warn("stdin cannot be read twice: `--diff` needs a file or a directory");
            return Ok(());
        }
        let also = |path: &TreePath| changed.iter().any(|changed| changed.contains_key(path));
        let read = self.opened.read(
            cx,
            Reading {
                arch: self.arch,
                also: Some(&also),
                ..Reading::default()
            },
        );
        // The answer is known: only its illustration is not.
        let found = match read {
            Ok(found) => found,
            Err(error) => {
                cx.progress
                    .warn(&format!("`--diff` shows nothing: {error}"));
                return Ok(());
            }
        };
        for (verified, changed) in images.iter_mut().zip(changed) {
            let mut images = found.images.iter();
            let image = images.find(|image| image.arch.is_none_or(|own| own == verified.arch));
            let Some(image) = image else { continue };
            for (path, expected) in changed {
                let Some(Kind::File(blob)) = image.tree.nodes.get(path).map(|node| &node.kind)
                else {
                    continue;
                };
                if let Location::Inline(bytes) = &blob.at
                    && let Some(text) = verify::text_diff(expected, bytes)
                {
                    verified.texts.insert(path.clone(), text);
                }
            }
        }
        Ok(())
    }

    pub(super) fn image(&self, arch: Arch) -> Option<&Image> {
        let mut images = self.found.images.iter();
        images.find(|image| image.arch.is_none_or(|own| own == arch))
    }
}
