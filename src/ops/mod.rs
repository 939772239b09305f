//! The verbs: the only place where stages meet.

mod again;
mod alias;
mod audit;
mod before;
mod build;
mod cache;
mod edit;
mod error;
mod evidence;
mod fetch;
mod image;
mod lock;
mod open;
mod project;
mod prove;
mod rebuild;
mod record;
mod report;
pub mod review;
mod running;
mod sbom;
mod scripts;
mod seal;
mod target;
mod vendor;
mod verify;
mod warnings;

use crate::fetch::Network;
use crate::model::{Arch, Epoch};
use crate::progress::Progress;
use crate::store::Store;

pub use crate::sandbox::Limits;

pub use audit::{Advice, Advised, AuditOptions, AuditReport, Audited, Vulnerability, audit, sarif};
pub use build::build;
pub use edit::{InitOptions, add, init, remove};
pub use error::{Error, OpsError};
pub use fetch::fetch;
pub use lock::{lock, lock_check};
pub use project::Project;
pub use prove::lock_prove;
pub use report::{
    BuildOptions, BuildReport, BuiltImage, BuiltLayer, Change, ChangeKind, FetchReport, Format,
    LockOptions, LockReport, Target, VendorReport,
};
pub use review::{diff, list, outdated, tree, why};
pub use sbom::{BillFormat, SbomOptions, SbomReport, sbom};
pub use scripts::{ScriptsReport, scripts};
pub use target::ImageTarget;
pub use vendor::vendor;
pub use verify::{Verified, VerifyOptions, VerifyReport, verify};

pub use crate::audit::advisory::{Decision, Unmatched};
pub use crate::audit::{
    Account, Finding as AuditFinding, FindingKind as AuditFindingKind, Password, Special,
};
pub use crate::verify::Finding as Difference;

/// What every verb works with: the world, as values.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where blobs are kept.
    pub store: &'a Store,
    /// How bytes may be had.
    pub network: &'a Network,
    /// Is told how far things are.
    pub progress: &'a dyn Progress,
    /// The present.
    pub now: Epoch,
    /// This machine's architecture: the default of a manifest that names none.
    pub host: Arch,
    /// `SOURCE_DATE_EPOCH`, where the environment has it.
    pub source_date_epoch: Option<Epoch>,
    /// What scripts may use, for `configure: scripts`.
    pub limits: Limits,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
