//! `list --scripts`: what became of every maintainer script of the locked packages.

use std::collections::BTreeMap;

use super::image::Maker;
use super::{Context, Error, OpsError, Project};
use crate::assemble::LoadedFiles;
use crate::lockfile::Undone;
use crate::model::{Arch, Configure, ScriptClass, ScriptOutcome};

/// The answer of `list --scripts`.
#[derive(Debug, Clone)]
pub struct ScriptsReport {
    /// By architecture; sorted by package.
    pub arches: BTreeMap<Arch, Vec<ScriptOutcome>>,
}

/// Classes the scripts of every locked package. Nothing is downloaded, nothing is written, and nothing is
/// run, also where building runs them.
///
/// # Errors
/// When the lockfile does not fit the manifest, or a package is not in the store.
pub fn scripts(cx: &Context<'_>, project: &Project) -> Result<ScriptsReport, Error> {
    let mut lockfile = project.fitting_lockfile(cx.host)?;
    let run = lockfile.configure == Configure::Scripts;
    if run {
        lockfile.configure = Configure::Native;
    }
    let locked = lockfile.packages.values().flatten();
    let missing = locked.filter(|package| !cx.store.has_sized(&package.sha256, package.size));
    let missing = missing.count();
    if missing > 0 {
        return Err(OpsError::NotFetched { missing }.into());
    }
    let maker = Maker {
        cx,
        project,
        lockfile: &lockfile,
        epoch: project.manifest.epoch,
        allow_outside: false,
        require_configured: false,
    };
    let mut arches = BTreeMap::new();
    for &arch in lockfile.packages.keys() {
        let assembled = maker.assemble(arch, LoadedFiles::default())?;
        let built = assembled.made(Vec::new()).built;
        let mut scripts = built.scripts;
        if scripts.is_empty() {
            scripts = built.undone.into_iter().map(not_run).collect();
        }
        if run {
            for script in &mut scripts {
                script.class = ScriptClass::Run;
                script.statements.clear();
            }
        }
        arches.insert(arch, scripts);
    }
    Ok(ScriptsReport { arches })
}

/// Under `configure: none`, where nothing is read.
fn not_run(undone: Undone) -> ScriptOutcome {
    ScriptOutcome {
        package: undone.package,
        script: undone.script,
        own: None,
        class: ScriptClass::Undone,
        statements: vec![undone.statement],
    }
}
