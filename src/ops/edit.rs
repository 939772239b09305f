//! `init`, `add` and `remove`: manifests written and changed for the user.

use std::path::{Path, PathBuf};

use super::lock::plan;
use super::project::reading;
use super::{Context, Error, LockReport, OpsError, Project};
use crate::distro;
use crate::lockfile::{self, LockfileError};
use crate::manifest;
use crate::model::Arch;
use crate::resolve::Update;
use crate::store::atomic_write;

/// Options of `init`.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// `--distro`
    pub distro: String,
    /// `--release`; absent means the distribution's default.
    pub release: Option<String>,
    /// The packages of the first group.
    pub packages: Vec<String>,
    /// This machine's architecture.
    pub arch: Arch,
}

/// Writes a commented manifest at `path`, or as `rootfs.yaml` in the directory at `path`, and says
/// where; never overwrites.
///
/// # Errors
/// When something is there, or the options do not make a valid manifest.
pub fn init(path: &Path, options: &InitOptions) -> Result<PathBuf, Error> {
    let path = Project::manifest_at(path);
    if path.symlink_metadata().is_ok() {
        return Err(OpsError::Exists(path).into());
    }
    let absolute = std::path::absolute(&path).map_err(OpsError::file("find", &path))?;
    let directory = absolute
        .parent()
        .and_then(Path::file_name)
        .unwrap_or_default();
    let dialect = distro::dialect(&options.distro)
        .ok_or_else(|| OpsError::Usage(format!("there is no distribution `{}`", options.distro)))?;
    let requests = options
        .packages
        .iter()
        .map(|text| {
            dialect
                .request(text)
                .map_err(|error| OpsError::Usage(error.to_string()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let text = manifest::template(
        &manifest::project_name(&directory.to_string_lossy()),
        dialect,
        options.release.as_deref(),
        options.arch,
        &requests,
    );
    reading(&path, |context| manifest::parse(text.as_bytes(), context))?;
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        fs_err::create_dir_all(parent).map_err(OpsError::file("create", parent))?;
    }
    atomic_write(&path, text.as_bytes())?;
    Ok(path)
}

/// Adds packages to a group of the manifest, and locks. The manifest is only written when the new
/// one can be locked.
///
/// # Errors
/// When the manifest cannot be edited, or what it then asks for cannot be locked.
pub fn add(
    cx: &Context<'_>,
    manifest: &Path,
    lockfile: Option<&Path>,
    packages: &[String],
    group: Option<&str>,
) -> Result<LockReport, Error> {
    edit(cx, manifest, lockfile, |project| {
        Ok(reading(&project.manifest_path, |context| {
            manifest::add(&project.text, packages, group, context)
        })?)
    })
}

/// Removes packages from the manifest, and locks; as [`add`].
///
/// # Errors
/// As [`add`], and when no group asks for one of them.
pub fn remove(
    cx: &Context<'_>,
    manifest: &Path,
    lockfile: Option<&Path>,
    packages: &[String],
) -> Result<LockReport, Error> {
    edit(cx, manifest, lockfile, |project| {
        Ok(reading(&project.manifest_path, |context| {
            manifest::remove(&project.text, packages, context)
        })?)
    })
}

fn edit(
    cx: &Context<'_>,
    manifest: &Path,
    path: Option<&Path>,
    change: impl FnOnce(&Project) -> Result<String, Error>,
) -> Result<LockReport, Error> {
    let before = Project::open(manifest, path)?;
    // A merge is settled by `lock` alone, before anything else changes.
    if let Some(text) = before.lockfile_text()?
        && let Err(error @ LockfileError::MergeMarkers { .. }) =
            lockfile::parse(&before.lockfile_path, &text)
    {
        return Err(error.into());
    }
    let text = change(&before)?;
    let after = before.with_text(&text)?;
    // Planned first: a manifest that cannot be locked is not left behind.
    let plan = plan(cx, &after, &Update::Keep, false)?;
    after.write_manifest()?;
    plan.write(&after)?;
    Ok(plan.report)
}
