//! `build`: a lockfile in, an image, a tar or a directory out.

use std::io::Write;

use super::fetch::bring;
use super::image::{Made, Maker};
use super::lock::lock;
use super::project::make_parents;
use super::report::{BuildOptions, BuildReport, BuiltLayer, Format, LockOptions, Target};
use super::{Context, Error, OpsError, Project, record, warnings};
use crate::export::{self, ExportError, Output, PackedImage, Reference};
use crate::lockfile::Lockfile;
use crate::model::{Arch, Epoch, Sha256};
use crate::resolve::Update;
use crate::tree::merkle_root;

/// Builds the image of `project` into `options.output`; `stdout` takes it where that is `-`.
///
/// # Errors
/// When there is no lockfile that fits, a package cannot be had or does not hold, packages claim
/// the same path, or the output cannot be written.
pub fn build(
    cx: &Context<'_>,
    project: &Project,
    options: &BuildOptions,
    stdout: &mut (dyn Write + Send),
) -> Result<BuildReport, Error> {
    let reference = reference(project, options)?;
    // Before anything is downloaded for an output that cannot be.
    match (options.format, &options.output) {
        (Format::Oci, Target::Path(out)) => export::layout_fits(out)?,
        (Format::Dir, Target::Path(out)) => export::dir_fits(out)?,
        (_, Target::Path(out)) => export::file_fits(out)?,
        (Format::Oci | Format::Dir, Target::Stdout) => {
            return Err(OpsError::no_stdout(options.format).into());
        }
        (_, Target::Stdout) => {}
    }
    let mut lockfile = lockfile(cx, project, options)?;
    warnings::of_trust(cx.progress, &lockfile);
    let arches = arches(project, &lockfile, options)?;
    let epoch = upper_bound(cx, project);
    bring(cx, project, &lockfile, &arches)?;
    if let Target::Path(out) = &options.output {
        make_parents(out)?;
    }

    let maker = Maker {
        cx,
        project,
        lockfile: &lockfile,
        epoch,
        allow_outside: options.allow_outside,
        require_configured: options.require_configured,
    };
    let mut make = || match options.format {
        Format::Oci | Format::OciArchive => images(&maker, &arches, options, &reference, stdout),
        _ => single(&maker, arches[0], options, &reference, stdout),
    };
    let mut repairs = 0;
    let (digest, made) = loop {
        match make() {
            // What was damaged in the store has been dropped, and is made again: one blob at a
            // time, as they are come across. A stream has had bytes.
            Err(error) if is_damage(&error) && repairs < MAX_REPAIRS => {
                if options.output == Target::Stdout {
                    return Err(error);
                }
                repairs += 1;
            }
            made => break made?,
        }
    };
    for made in &made {
        for warning in &made.warnings {
            cx.progress.warn(warning);
        }
    }
    if options.record {
        record::write(project, &mut lockfile, &made, digest)?;
    }
    Ok(BuildReport {
        output: options.output.clone(),
        format: options.format,
        tag: match options.format {
            Format::Tar | Format::Dir => None,
            _ => Some(reference.to_string()),
        },
        digest,
        images: made.into_iter().map(|made| made.built).collect(),
    })
}

/// Damaged blobs of a store that are made again in one build; with more the disk is failing.
const MAX_REPAIRS: usize = 100;

/// Whether something in the store turned out to be damaged.
fn is_damage(error: &Error) -> bool {
    matches!(error.downcast(), Some(ExportError::Damaged { .. }))
}

/// `--tag`, or the manifest's name and `latest`.
fn reference(project: &Project, options: &BuildOptions) -> Result<Reference, Error> {
    Ok(options
        .tag
        .as_deref()
        .unwrap_or(&project.manifest.name)
        .parse()?)
}

/// The lockfile, made first where there is none and that is allowed.
fn lockfile(
    cx: &Context<'_>,
    project: &Project,
    options: &BuildOptions,
) -> Result<Lockfile, Error> {
    if !options.locked && project.lockfile_text()?.is_none() {
        cx.progress.note(&format!(
            "{} does not exist: locking first",
            project.lockfile_name()
        ));
        lock(
            cx,
            project,
            &LockOptions {
                update: Update::Keep,
                dry_run: false,
            },
        )?;
    }
    let lockfile = project.fitting_lockfile(cx.host)?;
    // The mode that was locked is the mode that is built.
    Ok(lockfile)
}

/// `--arch`, or all of the lockfile's, as far as the format takes them.
fn arches(
    project: &Project,
    lockfile: &Lockfile,
    options: &BuildOptions,
) -> Result<Vec<Arch>, Error> {
    let locked: Vec<Arch> = lockfile.packages.keys().copied().collect();
    let mut arches = match options.arches.is_empty() {
        true => locked.clone(),
        false => options.arches.clone(),
    };
    arches.sort();
    arches.dedup();
    if let Some(arch) = arches.iter().find(|arch| !locked.contains(arch)) {
        return Err(OpsError::NoArch {
            lockfile: project.lockfile_name(),
            arch: arch.to_string(),
        }
        .into());
    }
    let several = matches!(options.format, Format::Oci | Format::OciArchive);
    if arches.is_empty() || (arches.len() > 1 && !several) {
        return Err(OpsError::OneArch {
            format: options.format.as_str(),
            arches: locked
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        }
        .into());
    }
    Ok(arches)
}

/// What replaces the packages' newest mtime: `SOURCE_DATE_EPOCH`, else `epoch:`.
fn upper_bound(cx: &Context<'_>, project: &Project) -> Option<Epoch> {
    if let Some(epoch) = cx.source_date_epoch {
        cx.progress.note(&format!(
            "SOURCE_DATE_EPOCH is set: the image's time is {epoch}"
        ));
    }
    cx.source_date_epoch.or(project.manifest.epoch)
}

/// Images as an OCI layout or archive.
fn images(
    maker: &Maker<'_>,
    arches: &[Arch],
    options: &BuildOptions,
    reference: &Reference,
    stdout: &mut (dyn Write + Send),
) -> Result<(Option<Sha256>, Vec<Made>), Error> {
    let (packed, made): (Vec<PackedImage>, Vec<Made>) = arches
        .iter()
        .map(|arch| maker.packed(*arch))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .unzip();
    let store = maker.cx.store;
    let digest = match (options.format, &options.output) {
        (Format::Oci, Target::Path(out)) => export::write_layout(out, store, &packed, reference)?,
        (_, Target::Path(out)) => {
            export::write_oci_archive(Output::File(out), store, &packed, reference)?
        }
        (_, Target::Stdout) => {
            export::write_oci_archive(Output::Stream(stdout), store, &packed, reference)?
        }
    };
    Ok((Some(digest), made))
}

/// One image as a docker archive, a tar or a directory.
fn single(
    maker: &Maker<'_>,
    arch: Arch,
    options: &BuildOptions,
    reference: &Reference,
    stdout: &mut (dyn Write + Send),
) -> Result<(Option<Sha256>, Vec<Made>), Error> {
    // What is recorded is an image, whatever is written beside.
    let recorded = options
        .record
        .then(|| maker.packed(arch))
        .transpose()?
        .map(|(_, made)| made);
    let assembled = maker.assemble(arch, maker.files(arch)?)?;
    let output = match &options.output {
        Target::Path(path) => Output::File(path),
        Target::Stdout => Output::Stream(stdout),
    };
    if options.format == Format::DockerArchive {
        let docker = maker.workshop(|workshop| {
            workshop.docker_archive(&assembled.image(maker.project), reference, output)
        })?;
        let layers = docker.layers.iter().map(|(name, diff)| BuiltLayer {
            name: name.clone(),
            diff_id: diff.diff_id,
            size: diff.size,
            digest: None,
            compressed: None,
        });
        let mut made = assembled.made(layers.collect());
        made.built.config = Some(docker.config.digest);
        return Ok((None, vec![recorded.unwrap_or(made)]));
    }
    let (mut made, tree, contents) = assembled.merged();
    made.built.tree = Some(merkle_root(&tree));
    let digest = match (options.format, &options.output) {
        (Format::Dir, Target::Path(out)) => {
            let dropped = export::write_dir(out, &tree, &contents, options.no_owner)?;
            made.warnings.extend(dropped.warning());
            None
        }
        _ => {
            let written = maker.workshop(|workshop| workshop.tar(&tree, &contents, output))?;
            Some(written.0)
        }
    };
    Ok((digest, vec![recorded.unwrap_or(made)]))
}
