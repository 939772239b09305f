//! `audit`: what is installed somewhere, against what was locked.

mod advise;
mod hand;
mod judge;
mod list;
mod sarif;

use std::io::Read;
use std::path::PathBuf;

use super::project::{Alone, read_alone};
use super::target::{self, ImageTarget, Opened, Reading};
use super::{Context, Error};
use crate::audit::Audit;
use crate::distro::{FileSum, Installed};
use crate::image::{Form, Found, SumKind};
use crate::model::{Arch, Sha256};
use advise::Advisor;
use hand::is_at_hand;

pub use advise::{Advice, Advised, Vulnerability};
pub use sarif::sarif;

/// Options of `audit`.
#[derive(Debug, Clone)]
pub struct AuditOptions {
    /// What is looked at.
    pub target: ImageTarget,
    /// `--lockfile`
    pub lockfile: Option<PathBuf>,
    /// `--arch`
    pub arch: Option<Arch>,
    /// What is known of vulnerabilities, and what of it does not matter.
    pub advice: Advice,
}

/// One filesystem that was looked at.
#[derive(Debug, Clone)]
pub struct Audited {
    /// Its architecture, as far as it is known.
    pub arch: Option<Arch>,
    /// The image manifest's digest.
    pub manifest: Option<Sha256>,
    /// The image ID.
    pub config: Option<Sha256>,
    /// The ecosystem, `debian` or `alpine`.
    pub distro: &'static str,
    /// What its databases say.
    pub installed: Installed,
    /// Findings and summary.
    pub audit: Audit,
    /// Known vulnerabilities, suppressed ones too, and packages of which nothing can be known.
    pub advised: Advised,
    /// What was left out of a directory.
    pub skipped: Vec<String>,
    /// Whether it is, to the last bit, the filesystem that was recorded; absent where none was.
    pub recorded: Option<bool>,
    /// Whether it was unpacked by an ordinary user, so that owners say nothing.
    pub one_owner: bool,
}

/// The answer of `audit`.
#[derive(Debug, Clone)]
pub struct AuditReport {
    /// As the user called it.
    pub target: String,
    /// What it is.
    pub form: Form,
    /// The lockfile that it was compared with.
    pub lockfile: Option<PathBuf>,
    /// Whether advisories were looked at.
    pub advised: bool,
    /// One per architecture and ecosystem.
    pub images: Vec<Audited>,
}

impl AuditReport {
    /// Whether anything was found.
    pub fn is_clean(&self) -> bool {
        self.images.iter().all(|image| {
            let mut known = image.advised.vulnerabilities.iter();
            let open = known.any(|one| one.finding.suppressed.is_none());
            image.audit.findings.is_empty() && !open && image.advised.unmatched.is_empty()
        })
    }
}

/// Looks at what is installed in `options.target`; `stdin` is read where that is `-`. Of a directory
/// without a lockfile only databases and accounts are read, and the rights of the rest: a damaged disk
/// shows in other contents only where there is something to compare them with.
///
/// # Errors
/// When the lockfile or an advisory cannot be read, the target cannot be read in full, or it has no
/// package database that is understood.
pub fn audit(
    cx: &Context<'_>,
    options: &AuditOptions,
    stdin: &mut (dyn Read + Send),
) -> Result<AuditReport, Error> {
    // What decides is read first: it is small, and as likely to be wrong as the target.
    let lock = options.lockfile.as_deref().map(read_alone).transpose()?;
    let advisor = Advisor::load(cx, &options.advice)?;
    let (form, mut images) = match list::directory(&options.target) {
        // Contents are there to be compared with something.
        Some(path) if lock.is_none() => {
            let listing = list::read(cx, path)?;
            (Form::Directory, judge::listing(options, listing)?)
        }
        _ => in_full(cx, options, lock.as_ref(), stdin)?,
    };
    advisor.advise(cx, &mut images, lock.as_ref())?;
    Ok(AuditReport {
        target: options.target.name(),
        form,
        lockfile: options.lockfile.clone(),
        advised: !options.advice.is_empty(),
        images,
    })
}

/// What there is when every content was read.
fn in_full(
    cx: &Context<'_>,
    options: &AuditOptions,
    lock: Option<&Alone>,
    stdin: &mut (dyn Read + Send),
) -> Result<(Form, Vec<Audited>), Error> {
    let mut opened = target::open(cx, &options.target, options.arch, stdin)?;
    let found = read(cx, &mut opened, options.arch, lock)?;
    let mut images = Vec::new();
    for image in &found.images {
        images.extend(judge::image(cx, options, lock, image)?);
    }
    Ok((found.form, images))
}

/// Reads the target. The digests of the image's own database are made only where files cannot be
/// judged otherwise: where it is not what was recorded, and locked packages are not at hand.
fn read(
    cx: &Context<'_>,
    opened: &mut Opened<'_>,
    arch: Option<Arch>,
    lock: Option<&Alone>,
) -> Result<Found, Error> {
    let mut how = Reading {
        arch,
        ..Reading::default()
    };
    let Some(lock) = lock else {
        return opened.read(cx, how);
    };
    let sum = match lock.distro.file_sum() {
        FileSum::Md5 => SumKind::Md5,
        FileSum::Sha1 => SumKind::Sha1,
    };
    let packages = lock.lockfile.packages.iter();
    let mut packages = packages
        .filter(|(own, _)| arch.is_none_or(|arch| arch == **own))
        .flat_map(|(_, packages)| packages);
    let sums = Some(sum).filter(|_| !packages.all(|package| is_at_hand(cx.store, package)));
    // A stream comes once; and what was never recorded cannot be as it was recorded.
    if opened.is_stream() || lock.lockfile.outputs.is_empty() {
        how.sums = sums;
        return opened.read(cx, how);
    }
    let found = opened.read(cx, how)?;
    let recorded = |image| judge::is_recorded(image, &lock.lockfile);
    if sums.is_none() || found.images.iter().all(recorded) {
        return Ok(found);
    }
    how.sums = sums;
    opened.read(cx, how)
}
