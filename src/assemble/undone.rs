//! What scripts were to do, and nobody did.

use super::stack::Stack;
use crate::distro::Distro;
use crate::lockfile::Undone;
use crate::model::{ScriptClass, ScriptOutcome};

/// What scripts were to do and nobody did.
pub(super) fn left_undone(scripts: &[ScriptOutcome]) -> Vec<Undone> {
    let undone = scripts
        .iter()
        .filter(|script| script.class == ScriptClass::Undone);
    let mut out: Vec<Undone> = undone
        .flat_map(|script| {
            script.statements.iter().map(|statement| Undone {
                package: script.package.clone(),
                script: script.script.clone(),
                statement: statement.clone(),
            })
        })
        .collect();
    out.sort();
    out.dedup();
    out
}

/// Scripts that did not run: under `configure: none` all of them, each as a whole.
pub(super) fn not_run(distro: &dyn Distro, stack: &Stack<'_>) -> Vec<Undone> {
    let mut out: Vec<Undone> = Vec::new();
    for package in &stack.packages {
        for script in distro.scripts(&package.control) {
            out.push(Undone {
                package: package.locked.name.clone(),
                script: script.into(),
                statement: "*".into(),
            });
        }
    }
    out.sort();
    out
}
