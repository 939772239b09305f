//! The engine that decides as apk does: one choice after the other, none taken back.
//!
//! In: a [`Stock`], which is everything that is offered, and a [`Job`], which is what the manifest
//! asks for. Out: the packages, in the order in which they can be installed, or a [`Refusal`]. The
//! engine is deterministic and does not search: it draws conclusions from what is decided, then
//! decides on the name that has the most reason to be next, and takes the best package for it. So
//! it refuses some wishes that could be fulfilled, and its users rely on which ones: a name that is
//! only provided, without a version and without a priority, is never chosen unasked. The rules were
//! found by running apk 3.0.6 (apk-tools' solver suite; ../shared/research/apk.md, section 4).

mod choose;
mod discover;
mod engine;
mod explain;
mod need;
mod place;
mod plan;
mod reconsider;
mod stock;
mod teller;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};

use crate::model::PackageId;
use engine::{Engine, Source};

pub use explain::explain;
pub use need::{NameId, Need, Test, TextId};
pub use place::{Arrow, Situated, situate};
pub use stock::{CompareTexts, Offer, Parts, Provider, Stock};

/// One thing that the manifest asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What.
    pub need: Need,
    /// Of the repositories of which tag: a place in [`Stock::tags`].
    pub tag: usize,
    /// As the manifest writes it, for messages.
    pub text: String,
    /// The lowest group that asks for it; absent for `exclude:`.
    pub group: Option<usize>,
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Job {
    /// In the distribution's order of names.
    pub wishes: Vec<Wish>,
    /// Names that are asked for now, and not since before.
    pub anew: BTreeSet<NameId>,
    /// What was there before and may stay.
    pub held: HashSet<PackageId>,
    /// Of these, what was asked for by name and is no longer: packages of other names are not behind
    /// it any more.
    pub dropped: HashSet<PackageId>,
    /// Names whose packages may move although they could stay.
    pub upgrade: BTreeSet<NameId>,
    /// Whether everything may.
    pub upgrade_all: bool,
}

/// What went wrong on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody that may be taken has a name that is wanted.
    Nobody {
        /// The name.
        name: NameId,
    },
    /// A package had to be taken although something rules it out.
    Package {
        /// The package.
        id: PackageId,
    },
    /// A package was taken and does not have what it needs.
    Unfulfilled {
        /// The package.
        by: PackageId,
        /// What it needs.
        need: Need,
    },
    /// A package needs one that is in trouble.
    Follows {
        /// The package.
        by: PackageId,
    },
}

/// What was chosen.
#[derive(Debug, Clone)]
pub struct Choice {
    /// In the order in which they can be installed.
    pub packages: Vec<PackageId>,
    /// Who has each name, for the names that somebody has; by name.
    holders: Vec<Option<PackageId>>,
}

impl Choice {
    /// The package that was taken for a name.
    pub fn holder(&self, name: NameId) -> Option<PackageId> {
        self.holders.get(name.0 as usize).copied().flatten()
    }
}

/// The engine found no way.
#[derive(Debug, Clone)]
pub struct Refusal {
    troubles: Vec<Trouble>,
    /// Who was taken for each name.
    holders: Vec<Option<Provider>>,
}

/// Decides.
///
/// # Errors
/// When a name that is wanted cannot be had, or what was taken does not fit together.
pub fn solve(stock: &Stock, job: &Job) -> Result<Choice, Refusal> {
    let mut engine = Engine::new(stock, job);
    let mut left = 0;
    for wish in &job.wishes {
        engine.discover(wish.need.name, &mut left);
    }
    engine.relate();
    for wish in &job.wishes {
        engine.apply(Source::Manifest { tag: wish.tag }, wish.need);
    }
    loop {
        while let Some(name) = engine.next_dirty() {
            engine.reconsider(name);
        }
        match engine.next_open() {
            Some(name) => engine.choose(name),
            None => break,
        }
    }
    let packages = engine.plan();
    if engine.troubles.is_empty() {
        let holders = engine.names.iter();
        let holders = holders.map(|name| name.holder.map(|holder| holder.package));
        Ok(Choice {
            packages,
            holders: holders.collect(),
        })
    } else {
        let holders = engine.names.iter().map(|name| name.holder);
        Err(Refusal {
            holders: holders.collect(),
            troubles: engine.troubles,
        })
    }
}
