//! `verify`: an image made once more, against what was recorded or what somebody built.

mod comparison;
mod other;

use std::collections::BTreeMap;
use std::io::Read;

use super::image::Maker;
use super::rebuild::{Fresh, recorded};
use super::report::BuiltLayer;
use super::target::ImageTarget;
use super::{Context, Error, OpsError, Project, warnings};
use crate::export::{self, Encoder, PackedImage};
use crate::lockfile::Lockfile;
use crate::model::{Arch, Sha256};
use crate::tree::TreePath;
use crate::verify::{self, Verdict};
use comparison::Comparison;
use other::Other;

/// Options of `verify`.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// `--against`; absent compares with the lockfile's `outputs`.
    pub against: Option<ImageTarget>,
    /// `--arch`; empty means all that there is something to compare with.
    pub arches: Vec<Arch>,
    /// `--diff`
    pub diff: bool,
    /// `--allow-outside`
    pub allow_outside: bool,
}

/// The image of one architecture, compared.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The architecture.
    pub arch: Arch,
    /// What differs, and what is to be known.
    pub verdict: Verdict,
    /// As rebuilt, lowest first.
    pub layers: Vec<BuiltLayer>,
    /// Merkle root of the rebuilt filesystem.
    pub tree: Sha256,
    /// The rebuilt image's ID.
    pub config: Sha256,
    /// The rebuilt image manifest, where blobs were made.
    pub manifest: Option<Sha256>,
    /// How the contents of files differ, where that was asked for.
    pub texts: BTreeMap<TreePath, String>,
}

/// The answer of `verify`.
#[derive(Debug, Clone)]
pub struct VerifyReport {
    /// What it was compared with; absent where that is the lockfile's record.
    pub against: Option<String>,
    /// The lockfile's name.
    pub lockfile: String,
    /// One per architecture.
    pub images: Vec<Verified>,
    /// What differs in the whole of several architectures.
    pub index: Verdict,
}

impl VerifyReport {
    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.index.holds() && self.images.iter().all(|image| image.verdict.holds())
    }
}

/// Builds `project` again in a fresh store and compares; `stdin` is read where `--against` is `-`.
///
/// # Errors
/// When nothing is recorded and nothing else was given, the lockfile does not fit, a package cannot
/// be had, or the other image cannot be read in full.
pub fn verify(
    cx: &Context<'_>,
    project: &Project,
    options: &VerifyOptions,
    stdin: &mut (dyn Read + Send),
) -> Result<VerifyReport, Error> {
    let lockfile = project.fitting_lockfile(cx.host)?;
    warnings::of_trust(cx.progress, &lockfile);
    // What is given is read first: it is the more likely to be wrong.
    let mut other = match &options.against {
        Some(target) => Some(Other::read(cx, target, project, options, &lockfile, stdin)?),
        None => {
            recorded(project, &lockfile)?;
            None
        }
    };
    let arches = arches(project, &lockfile, options, other.as_ref())?;
    let fresh = Fresh::new(cx)?;
    fresh.fill(cx, project, &lockfile, &arches)?;
    let inner = Context {
        store: &fresh.store,
        source_date_epoch: None,
        ..*cx
    };
    let maker = Maker {
        cx: &inner,
        project,
        lockfile: &lockfile,
        epoch: project.manifest.epoch,
        allow_outside: options.allow_outside,
        require_configured: false,
    };
    let compression = project.manifest.compression.unwrap_or_default();
    let encoder = Encoder::from(compression).to_string();
    let mut images = Vec::new();
    let mut packed = Vec::new();
    let mut changed = Vec::new();
    for arch in arches {
        let comparison = Comparison {
            maker,
            arch,
            encoder: &encoder,
            recorded: lockfile.outputs.get(&arch),
            other: other.as_ref(),
            texts: options.diff,
        };
        let compared = comparison.compare()?;
        images.push(compared.verified);
        packed.extend(compared.packed);
        changed.push(compared.changed);
    }
    let same = images.iter().all(|image| image.verdict.holds());
    let mut index = match same {
        true => index(&lockfile, &encoder, &packed, other.as_ref()),
        // It follows from the images.
        false => Verdict::default(),
    };
    if options.arches.is_empty() {
        architectures(&lockfile, other.as_ref(), &mut index);
    }
    if let Some(other) = &mut other
        && changed.iter().any(|changed| !changed.is_empty())
    {
        other.texts(cx, &mut images, &changed)?;
    }
    Ok(VerifyReport {
        against: options.against.as_ref().map(ImageTarget::name),
        lockfile: project.lockfile_name(),
        images,
        index,
    })
}

/// `--arch`, or every architecture that can be compared.
fn arches(
    project: &Project,
    lockfile: &Lockfile,
    options: &VerifyOptions,
    other: Option<&Other<'_>>,
) -> Result<Vec<Arch>, Error> {
    let comparable = |arch: &Arch| match other {
        Some(other) => other.image(*arch).is_some(),
        None => lockfile.outputs.contains_key(arch),
    };
    let mut arches = options.arches.clone();
    arches.sort();
    arches.dedup();
    if let Some(missing) = arches
        .iter()
        .find(|arch| !lockfile.packages.contains_key(arch))
    {
        return Err(OpsError::NoArch {
            lockfile: project.lockfile_name(),
            arch: missing.to_string(),
        }
        .into());
    }
    if let Some(missing) = arches.iter().find(|arch| !comparable(arch)) {
        return Err(OpsError::NothingFor {
            what: match &options.against {
                Some(target) => target.name(),
                None => format!("`outputs` of {}", project.lockfile_name()),
            },
            arch: missing.to_string(),
        }
        .into());
    }
    if arches.is_empty() {
        arches = lockfile
            .packages
            .keys()
            .copied()
            .filter(comparable)
            .collect();
    }
    match (arches.is_empty(), &options.against) {
        (true, Some(target)) => Err(OpsError::NothingFor {
            what: target.name(),
            arch: "the lockfile's architectures".into(),
        }
        .into()),
        (true, None) => Err(OpsError::NoOutputs(project.lockfile_name()).into()),
        (false, _) => Ok(arches),
    }
}

/// Says of the architectures that were not compared: what several are published as one must have all of
/// them, and no other.
fn architectures(lockfile: &Lockfile, other: Option<&Other<'_>>, verdict: &mut Verdict) {
    let Some(other) = other else {
        for arch in lockfile.packages.keys() {
            if !lockfile.outputs.contains_key(arch) {
                let note = format!("{arch} was not compared: nothing is recorded of it");
                verdict.notes.push(note);
            }
        }
        return;
    };
    let found: Vec<Arch> = other
        .found
        .images
        .iter()
        .filter_map(|image| image.arch)
        .collect();
    let several = other.found.index.is_some() || found.len() > 1;
    for arch in lockfile
        .packages
        .keys()
        .filter(|arch| !found.contains(arch))
    {
        match several {
            true => verdict.findings.push(verify::Finding::value(
                "architecture",
                Some(arch.to_string()),
                None,
            )),
            false => verdict
                .notes
                .push(format!("{arch} was not compared: it is not there")),
        }
    }
    for arch in found
        .iter()
        .filter(|arch| !lockfile.packages.contains_key(arch))
    {
        let extra = verify::Finding::value("architecture", None, Some(arch.to_string()));
        verdict.findings.push(extra);
    }
}

/// Compares what the tag of several architectures points at.
fn index(
    lockfile: &Lockfile,
    encoder: &str,
    packed: &[PackedImage],
    other: Option<&Other<'_>>,
) -> Verdict {
    let mut verdict = Verdict::default();
    let whole = packed.len() == lockfile.packages.len();
    let recorded = lockfile
        .index
        .as_ref()
        .filter(|index| index.encoder == encoder);
    let found = match other {
        // Another tool's compression makes another index of the same images.
        Some(other) => other.found.index.filter(|_| recorded.is_some()),
        None => None,
    };
    let Some(rebuilt) = export::index_digest(packed).filter(|_| whole) else {
        return verdict;
    };
    let expected = match other {
        Some(_) => found,
        None => recorded.map(|index| index.digest),
    };
    if let Some(expected) = expected
        && expected != rebuilt
    {
        let (expected, found) = match other {
            Some(_) => (rebuilt, expected),
            None => (expected, rebuilt),
        };
        verdict.findings.push(verify::Finding::value(
            "index",
            Some(expected.to_string()),
            Some(found.to_string()),
        ));
    }
    verdict
}
