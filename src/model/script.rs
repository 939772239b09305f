//! What became of packages' scripts that were not run.

use super::{PackageName, Sha256};

/// What became of one script.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScriptOutcome {
    /// Whose it is.
    pub package: PackageName,
    /// `preinst`, `post-install`, or `trigger NAME`.
    pub script: String,
    /// Of the script's own text, by which a rule would know it; absent where it was not read.
    pub own: Option<Sha256>,
    /// How much of it was needed, and done.
    pub class: ScriptClass,
    /// What was not done, and for [`ScriptClass::NoEffect`] and [`ScriptClass::Native`] what was not
    /// needed.
    pub statements: Vec<String>,
}

/// How much of a script was needed, and done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScriptClass {
    /// It does nothing in an image that is made anew.
    NoEffect,
    /// What it does was done.
    Native,
    /// Something of it was not done.
    Undone,
    /// It was run, under `configure: scripts`.
    Run,
}

impl ScriptClass {
    /// As JSON and the store have it.
    pub fn key(self) -> &'static str {
        match self {
            Self::NoEffect => "none",
            Self::Native => "native",
            Self::Undone => "undone",
            Self::Run => "run",
        }
    }

    /// The class that [`Self::key`] names.
    pub fn from_key(key: &str) -> Option<Self> {
        let all = [Self::NoEffect, Self::Native, Self::Undone, Self::Run];
        all.into_iter().find(|class| class.key() == key)
    }

    /// As reports have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoEffect => "no effect here",
            Self::Native => "done natively",
            Self::Undone => "left undone",
            Self::Run => "run in the sandbox",
        }
    }
}
