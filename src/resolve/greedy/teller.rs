//! What stands in the way of a package or a name, as sentences about the state in which the engine
//! gave up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::need::{NameId, Need, TextId};
use super::stock::{Provider, Stock};
use super::{Job, Refusal, Trouble, Wish};
use crate::model::PackageId;
use crate::resolve::Unsatisfiable;

/// More names or versions than this are counted and not named.
const MAX_NAMES: usize = 8;

/// Names in a row, the first ones.
fn list(names: &[String], last: &str) -> String {
    let more = names.len().saturating_sub(MAX_NAMES);
    match names {
        _ if more > 0 => format!("{} and {more} more", names[..MAX_NAMES].join(", ")),
        [first @ .., end] if !first.is_empty() => format!("{} {last} {end}", first.join(", ")),
        _ => names.concat(),
    }
}

pub(super) struct Teller<'a> {
    pub(super) stock: &'a Stock,
    pub(super) job: &'a Job,
    pub(super) refusal: &'a Refusal,
    /// Why a package is not installable.
    pub(super) flaw: &'a dyn Fn(PackageId) -> Option<String>,
}

impl Teller<'_> {
    fn holder(&self, name: NameId) -> Option<Provider> {
        self.refusal.holders.get(name.0 as usize).copied().flatten()
    }

    /// Everything that was taken, each once.
    fn taken(&self) -> BTreeSet<PackageId> {
        let holders = self.refusal.holders.iter().flatten();
        holders.map(|holder| holder.package).collect()
    }

    /// What a package is known as, and at which versions.
    fn names_of(&self, id: PackageId) -> Vec<(NameId, TextId)> {
        let offer = self.stock.offer(id);
        let provided = self.stock.provides(id).iter();
        let provided = provided.map(|need| (need.name, need.version));
        std::iter::once((offer.name, offer.version))
            .chain(provided)
            .collect()
    }

    /// Who wants a name, in words, and how.
    fn wanting(&self, name: NameId) -> Vec<(String, Need)> {
        let wishes = self.job.wishes.iter();
        let wishes = wishes.filter(|wish| wish.need.name == name && !wish.need.negated());
        let mut out: Vec<(String, Need)> = wishes
            .map(|wish| ("the manifest asks for".to_owned(), wish.need))
            .collect();
        for id in self.taken() {
            let needs = self.stock.depends(id).iter();
            let about = needs.filter(|need| need.name == name && !need.negated());
            out.extend(about.map(|need| (format!("{} needs", self.stock.title(id)), *need)));
        }
        out
    }

    /// Of a single wish, what is wrong with itself.
    pub(super) fn alone(
        &self,
        wish: &Wish,
        near: &dyn Fn(&str) -> Vec<String>,
    ) -> Option<Unsatisfiable> {
        let stock = self.stock;
        let name = wish.need.name;
        let own = stock.name(name);
        let providers = stock.providers(name);
        if providers.is_empty() {
            let near = near(own);
            let hint = (!near.is_empty()).then(|| format!("did you mean {}?", list(&near, "or")));
            return Some(Unsatisfiable::new(
                format!("no repository offers a package {own}"),
                hint,
            ));
        }
        let fulfils = |one: &&Provider| stock.fulfils(None, wish.need, Some(**one));
        let fitting: Vec<Provider> = providers.iter().filter(fulfils).copied().collect();
        if fitting.is_empty() {
            return Some(Unsatisfiable::new(
                format!("no repository offers {}", wish.text),
                Some(format!("{own} is offered as {}", self.versions(name))),
            ));
        }
        let names = self.by_choice(&fitting);
        let nobody = self.refusal.troubles.contains(&Trouble::Nobody { name });
        (nobody && !names.is_empty()).then(|| {
            let count = names.len();
            Unsatisfiable::new(
                format!(
                    "{own} is a virtual package that {count} package{} provide{}: {}",
                    if count == 1 { "" } else { "s" },
                    if count == 1 { "s" } else { "" },
                    list(&names, "and")
                ),
                Some("ask for one of them: apk takes none unasked".into()),
            )
        })
    }

    /// At which versions a name is offered.
    fn versions(&self, name: NameId) -> String {
        let stock = self.stock;
        let versions = stock.providers(name).iter().map(|one| {
            let own = stock.offer(one.package).name == name;
            match (one.version, own) {
                (TextId::NONE, _) => format!("{} without a version", stock.title(one.package)),
                (version, true) => stock.text(version).to_owned(),
                (version, false) => {
                    format!("{} of {}", stock.text(version), stock.title(one.package))
                }
            }
        });
        let mut versions: Vec<String> = versions.collect();
        versions.dedup();
        list(&versions, "and")
    }

    /// From a wish along what is needed to the nearest thing that is wrong.
    pub(super) fn follow(&self, wish: &Wish, out: &mut Vec<String>) {
        let Some(start) = self.holder(wish.need.name).filter(|_| !wish.need.negated()) else {
            if !wish.need.negated() {
                self.nobody(wish.need.name, out);
            }
            return;
        };
        let faulty: BTreeSet<PackageId> = self.faulty().collect();
        let mut way: BTreeMap<PackageId, Option<(PackageId, Need)>> = BTreeMap::new();
        let mut open = VecDeque::from([start.package]);
        way.insert(start.package, None);
        while let Some(id) = open.pop_front() {
            let mut reasons = Vec::new();
            self.ruled_out(id, true, &mut reasons);
            if reasons.is_empty() {
                for &need in self.stock.depends(id).iter().filter(|need| !need.negated()) {
                    if let Some(next) = self.holder(need.name)
                        && faulty.contains(&next.package)
                        && !way.contains_key(&next.package)
                    {
                        way.insert(next.package, Some((id, need)));
                        open.push_back(next.package);
                    }
                }
                continue;
            }
            let mut steps = Vec::new();
            let mut at = id;
            while let Some(Some((by, need))) = way.get(&at) {
                steps.push(self.step(*by, *need, at));
                at = *by;
            }
            out.extend(steps.into_iter().rev());
            out.extend(reasons);
            return;
        }
    }

    /// The packages that are in trouble.
    fn faulty(&self) -> impl Iterator<Item = PackageId> + '_ {
        let troubles = self.refusal.troubles.iter();
        troubles.filter_map(|trouble| match *trouble {
            Trouble::Package { id } => Some(id),
            Trouble::Unfulfilled { by, .. } | Trouble::Follows { by } => Some(by),
            Trouble::Nobody { .. } => None,
        })
    }

    /// That a package needs what another one has.
    fn step(&self, by: PackageId, need: Need, has: PackageId) -> String {
        let stock = self.stock;
        let (title, phrase) = (stock.title(by), stock.phrase(need));
        match stock.offer(has).name == need.name {
            true => format!("{title} needs {phrase}"),
            false => format!("{title} needs {phrase}, which {} has", stock.title(has)),
        }
    }

    /// Whatever is wrong anywhere.
    pub(super) fn everything(&self, out: &mut Vec<String>) {
        for trouble in &self.refusal.troubles {
            match *trouble {
                Trouble::Nobody { name } => self.nobody(name, out),
                Trouble::Unfulfilled { by, need } => out.push(self.unfulfilled(by, need)),
                Trouble::Package { id } => self.ruled_out(id, true, out),
                Trouble::Follows { .. } => {}
            }
        }
    }

    /// Why nobody has a name that is wanted.
    fn nobody(&self, name: NameId, out: &mut Vec<String>) {
        let stock = self.stock;
        let wanting = self.wanting(name);
        let Some((who, need)) = wanting.first() else {
            out.push(format!(
                "{} is needed, and nothing can have it",
                stock.name(name)
            ));
            return;
        };
        let phrase = stock.phrase(*need);
        let providers = stock.providers(name);
        let all = |one: &Provider| {
            let mut needs = wanting.iter();
            needs.all(|(_, need)| stock.fulfils(None, *need, Some(*one)))
        };
        let fitting: Vec<Provider> = providers.iter().copied().filter(all).collect();
        let names = self.by_choice(&fitting);
        if providers.is_empty() {
            out.push(format!("{who} {phrase}, which no repository offers"));
        } else if fitting.is_empty() {
            let (own, versions) = (stock.name(name), self.versions(name));
            out.push(format!(
                "{who} {phrase}, and {own} is offered as {versions}"
            ));
        } else if names.is_empty() {
            out.push(format!("{who} {phrase}"));
            for one in fitting.iter().take(MAX_NAMES) {
                self.ruled_out(one.package, false, out);
            }
        } else {
            let names = list(&names, "or");
            out.push(format!(
                "{who} {phrase}, which {names} can be: none is taken unasked"
            ));
        }
    }

    /// The packages that have a name without a version and without a priority: where there are no
    /// others, one must be asked for.
    fn by_choice(&self, providers: &[Provider]) -> Vec<String> {
        let stock = self.stock;
        let choice =
            |one: &Provider| one.version == TextId::NONE && stock.offer(one.package).priority == 0;
        match providers.iter().all(choice) {
            true => providers
                .iter()
                .filter(|one| stock.offer(one.package).installable)
                .map(|one| stock.name(stock.offer(one.package).name).to_owned())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            false => Vec::new(),
        }
    }

    /// Why a package cannot be taken; `deep` goes on to what it lacks, once.
    fn ruled_out(&self, id: PackageId, deep: bool, out: &mut Vec<String>) {
        let stock = self.stock;
        let title = stock.title(id);
        if let Some(flaw) = (self.flaw)(id) {
            out.push(format!("{title} cannot be installed: {flaw}"));
            return;
        }
        let names = self.names_of(id);
        for wish in &self.job.wishes {
            let refuses = names.iter().any(|&(name, version)| {
                let own = Provider {
                    package: id,
                    version,
                };
                name == wish.need.name && !stock.fulfils(None, wish.need, Some(own))
            });
            if refuses {
                out.push(format!(
                    "the manifest rules out {title} with `{}`",
                    wish.text
                ));
            }
        }
        if let Some(tag) = self.tag(id) {
            out.push(format!("{title} is only in the repositories tagged @{tag}"));
        }
        for &need in stock.depends(id) {
            let holder = self.holder(need.name);
            if deep && holder.is_none() && !need.negated() {
                self.nobody(need.name, out);
            } else if !stock.fulfils(Some(id), need, holder) {
                out.push(self.unfulfilled(id, need));
            }
        }
        for other in self.taken().into_iter().filter(|other| *other != id) {
            for &need in stock.depends(other) {
                let own = names.iter().find(|(name, _)| *name == need.name);
                let own = own.map(|&(_, version)| Provider {
                    package: id,
                    version,
                });
                if own.is_some() && !stock.fulfils(Some(other), need, own) {
                    let (other, phrase) = (stock.title(other), stock.phrase(need));
                    out.push(match need.negated() {
                        true => format!("{other} conflicts with {title} ({phrase})"),
                        false => format!("{other} needs {phrase}, which {title} is not"),
                    });
                }
            }
        }
        for &(name, version) in &names {
            if let Some(holder) = self.holder(name)
                && holder.package != id
                && (version != TextId::NONE || holder.version != TextId::NONE)
            {
                let other = stock.title(holder.package);
                let own = stock.name(name);
                out.push(
                    match stock.offer(id).name == stock.offer(holder.package).name {
                        true => format!("{title} and {other} are versions of one package"),
                        false => format!("{title} and {other} both provide {own}"),
                    },
                );
                break;
            }
        }
    }

    /// The tag without which a package may not be taken.
    fn tag(&self, id: PackageId) -> Option<&str> {
        let stock = self.stock;
        let repositories = stock.offer(id).repositories;
        let asked = self.job.wishes.iter().any(|wish| {
            let about = self
                .names_of(id)
                .iter()
                .any(|(name, _)| *name == wish.need.name);
            about && repositories & stock.tagged(1 << wish.tag) != 0
        });
        if asked || repositories & stock.tagged(1) != 0 {
            return None;
        }
        let mut tags = stock.tags().iter().skip(1);
        let tag = tags.find(|(_, some)| repositories & some != 0);
        tag.map(|(tag, _)| tag.as_str())
    }

    fn unfulfilled(&self, by: PackageId, need: Need) -> String {
        let stock = self.stock;
        let (title, phrase) = (stock.title(by), stock.phrase(need));
        match self.holder(need.name) {
            Some(holder) if need.negated() => {
                format!(
                    "{title} conflicts with {} ({phrase})",
                    stock.title(holder.package)
                )
            }
            Some(holder) => {
                format!(
                    "{title} needs {phrase}, and {} is taken",
                    stock.title(holder.package)
                )
            }
            None if stock.providers(need.name).is_empty() => {
                format!("{title} needs {phrase}, which no repository offers")
            }
            None => format!("{title} needs {phrase}, which nothing that may be taken has"),
        }
    }
}
