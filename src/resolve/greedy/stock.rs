//! What is offered for one architecture, numbered through: names, packages, and what each asks for.
//!
//! Names and versions are texts in one arena; everything else refers to them by number, so that an
//! index of tens of thousands of packages is opened in some milliseconds.

use std::cmp::Ordering;
use std::ops::Range;

use super::need::{NameId, Need, Test, TextId};
use crate::model::PackageId;

/// A package that has a name, and the version that it has it at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// The package.
    pub package: PackageId,
    /// [`TextId::NONE`] where the name is provided without a version.
    pub version: TextId,
}

/// One package as it is offered.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Its name.
    pub name: NameId,
    /// Its version.
    pub version: TextId,
    /// What [`Test::IDENTITY`] compares.
    pub identity: TextId,
    /// Whether it may be installed at all.
    pub installable: bool,
    /// Whether it has no content: such a package may come from any repository.
    pub empty: bool,
    /// In which repositories it is, as bits.
    pub repositories: u64,
    /// Of two packages that provide the same, the one with the higher priority is preferred; 0 says
    /// nothing.
    pub priority: u32,
    /// Places in the needs of [`Stock`]: what it depends on and conflicts with.
    pub depends: Range<u32>,
    /// What it provides: names and versions.
    pub provides: Range<u32>,
    /// When all of these hold, it is wanted.
    pub install_if: Range<u32>,
}

/// Rows of numbers of different lengths.
#[derive(Debug, Default, Clone)]
pub(super) struct Rows {
    starts: Vec<u32>,
    items: Vec<NameId>,
}

impl Rows {
    /// `count` rows; `pairs` gives a row and an item, the items of a row in order.
    pub(super) fn new(count: usize, pairs: &[(u32, NameId)]) -> Self {
        let mut starts = vec![0u32; count + 1];
        for (row, _) in pairs {
            starts[*row as usize + 1] += 1;
        }
        for row in 0..count {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut items = vec![NameId(0); pairs.len()];
        for (row, item) in pairs {
            let place = &mut next[*row as usize];
            items[*place as usize] = *item;
            *place += 1;
        }
        Self { starts, items }
    }

    /// The items of one row.
    pub(super) fn row(&self, name: NameId) -> &[NameId] {
        let at = name.0 as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(&start), Some(&end)) => &self.items[start as usize..end as usize],
            _ => &[],
        }
    }
}

/// Compares two versions; `true` for a fuzzy comparison. Absent versions are empty texts.
pub type CompareTexts = fn(&str, &str, bool) -> Ordering;

/// See the module's page.
#[derive(Debug)]
pub struct Stock {
    arena: String,
    texts: Vec<Range<u32>>,
    /// Of each name its text.
    names: Vec<TextId>,
    /// Of each name its place in the distribution's order of names.
    ranks: Vec<u64>,
    pub(super) packages: Vec<Offer>,
    pub(super) needs: Vec<Need>,
    /// Of each name, who has it: in the order of the packages.
    provider_starts: Vec<u32>,
    providers: Vec<Provider>,
    /// Of each name, the names of the packages that are wanted on condition of it.
    pub(super) conditional: Rows,
    /// Tags of repositories and the repositories that have them; the first is no tag.
    tags: Vec<(String, u64)>,
    pub(super) compare: CompareTexts,
}

/// What a [`Stock`] is made of.
#[derive(Debug, Default)]
pub struct Parts {
    /// All texts, one behind the other.
    pub arena: String,
    /// Where each text is; in bounds and on the borders of characters.
    pub texts: Vec<Range<u32>>,
    /// Of each name its text, each once.
    pub names: Vec<TextId>,
    /// Of each name its place in the distribution's order of names. No two are equal.
    pub ranks: Vec<u64>,
    /// In the order in which they are considered.
    pub packages: Vec<Offer>,
    /// What they ask for and provide.
    pub needs: Vec<Need>,
    /// Tags of repositories and the repositories that have them, as bits; the first is no tag.
    pub tags: Vec<(String, u64)>,
}

impl Stock {
    /// Numbers are trusted to be in bounds: whoever reads them from a file has checked them.
    pub fn new(parts: Parts, compare: CompareTexts) -> Self {
        let Parts {
            arena,
            texts,
            names,
            ranks,
            packages,
            needs,
            tags,
        } = parts;
        let count = names.len();
        let all = |offer: &Offer| offer.provides.start as usize..offer.provides.end as usize;
        let mut provider_starts = vec![0u32; count + 1];
        for offer in &packages {
            provider_starts[offer.name.0 as usize + 1] += 1;
            for provided in &needs[all(offer)] {
                provider_starts[provided.name.0 as usize + 1] += 1;
            }
        }
        for name in 0..count {
            provider_starts[name + 1] += provider_starts[name];
        }
        let nobody = Provider {
            package: PackageId(0),
            version: TextId::NONE,
        };
        let mut providers = vec![nobody; provider_starts[count] as usize];
        let mut next = provider_starts.clone();
        for (id, offer) in (0..).map(PackageId).zip(&packages) {
            let own = (offer.name, offer.version);
            let more = needs[all(offer)]
                .iter()
                .map(|need| (need.name, need.version));
            for (name, version) in std::iter::once(own).chain(more) {
                let place = &mut next[name.0 as usize];
                providers[*place as usize] = Provider {
                    package: id,
                    version,
                };
                *place += 1;
            }
        }
        let mut stock = Self {
            arena,
            texts,
            names,
            ranks,
            packages,
            needs,
            provider_starts,
            providers,
            conditional: Rows::default(),
            tags,
            compare,
        };
        let conditions = |id: PackageId| stock.install_if(id);
        let with: Vec<PackageId> = (0..stock.packages.len() as u32)
            .map(PackageId)
            .filter(|&id| !conditions(id).is_empty())
            .collect();
        let mut wanted: Vec<NameId> = with
            .iter()
            .flat_map(|&id| {
                let provided = stock.provides(id).iter().map(|need| need.name);
                std::iter::once(stock.offer(id).name).chain(provided)
            })
            .collect();
        wanted.sort_unstable_by_key(|&name| stock.rank(name));
        wanted.dedup();
        stock.conditional = stock.reverse(&wanted, conditions);
        stock
    }

    /// Of each name, which of `names` have a package that says something of it; in the order of
    /// `names`, each once.
    pub(super) fn reverse<'s>(
        &'s self,
        names: &[NameId],
        says: impl Fn(PackageId) -> &'s [Need],
    ) -> Rows {
        let mut last = vec![u32::MAX; self.names.len()];
        let mut pairs = Vec::new();
        for &name in names {
            for provider in self.providers(name) {
                for need in says(provider.package) {
                    let seen = &mut last[need.name.0 as usize];
                    if *seen != name.0 {
                        *seen = name.0;
                        pairs.push((need.name.0, name));
                    }
                }
            }
        }
        Rows::new(self.names.len(), &pairs)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether nothing is offered or asked for.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All packages.
    pub fn packages(&self) -> impl Iterator<Item = PackageId> + use<> {
        (0..self.packages.len() as u32).map(PackageId)
    }

    /// A text of the arena; empty for none.
    pub fn text(&self, id: TextId) -> &str {
        let range = self.texts.get(id.0 as usize);
        range.map_or("", |range| {
            &self.arena[range.start as usize..range.end as usize]
        })
    }

    /// The text of a name.
    pub fn name(&self, name: NameId) -> &str {
        self.text(self.names[name.0 as usize])
    }

    pub(super) fn rank(&self, name: NameId) -> u64 {
        self.ranks[name.0 as usize]
    }

    /// A package.
    pub fn offer(&self, id: PackageId) -> &Offer {
        &self.packages[id.0 as usize]
    }

    fn slice(&self, range: &Range<u32>) -> &[Need] {
        &self.needs[range.start as usize..range.end as usize]
    }

    /// What a package depends on and conflicts with.
    pub fn depends(&self, id: PackageId) -> &[Need] {
        self.slice(&self.offer(id).depends)
    }

    /// What a package provides beside its name.
    pub fn provides(&self, id: PackageId) -> &[Need] {
        self.slice(&self.offer(id).provides)
    }

    /// On which conditions a package is wanted.
    pub fn install_if(&self, id: PackageId) -> &[Need] {
        self.slice(&self.offer(id).install_if)
    }

    /// Who has a name.
    pub fn providers(&self, name: NameId) -> &[Provider] {
        let at = name.0 as usize;
        match (
            self.provider_starts.get(at),
            self.provider_starts.get(at + 1),
        ) {
            (Some(&start), Some(&end)) => &self.providers[start as usize..end as usize],
            _ => &[],
        }
    }

    /// The name and version of a package, for messages.
    pub fn title(&self, id: PackageId) -> String {
        let offer = self.offer(id);
        format!("{} {}", self.name(offer.name), self.text(offer.version))
    }

    /// The tags of repositories and the repositories that have them, as bits; the first is no tag.
    pub fn tags(&self) -> &[(String, u64)] {
        &self.tags
    }

    /// The repositories of the tags that are set in `tags`.
    pub(super) fn tagged(&self, tags: u64) -> u64 {
        let repositories = self.tags.iter().enumerate();
        repositories
            .filter(|(place, _)| tags >> place & 1 == 1)
            .fold(0, |all, (_, (_, some))| all | some)
    }

    /// Whether a version will do; `NOT` is left to the caller.
    fn accepts(&self, need: Need, version: TextId) -> bool {
        let test = need.test;
        let (version, wanted) = (self.text(version), self.text(need.version));
        if test.has(Test::PREFIX) {
            return version.starts_with(wanted);
        }
        if test.has(Test::ANY) {
            return true;
        }
        let found = match (self.compare)(version, wanted, test.has(Test::FUZZY)) {
            Ordering::Less => Test::LESS,
            Ordering::Equal => Test::EQUAL,
            Ordering::Greater => Test::GREATER,
        };
        test.has(found)
    }

    /// Whether `provider`, or that nobody has the name, is as `need` of the package `by` wants it.
    pub fn fulfils(&self, by: Option<PackageId>, need: Need, provider: Option<Provider>) -> bool {
        let Some(provider) = provider else {
            return need.negated();
        };
        if need.negated() && by == Some(provider.package) {
            // No package conflicts with what it is itself.
            return true;
        }
        if need.test == Test::IDENTITY {
            let identity = self.offer(provider.package).identity;
            return self.text(identity) == self.text(need.version);
        }
        self.accepts(need, provider.version) != need.negated()
    }

    /// A need as the index writes it: `!libfoo<1.2`.
    pub fn phrase(&self, need: Need) -> String {
        let not = if need.negated() { "!" } else { "" };
        let name = self.name(need.name);
        if need.version == TextId::NONE {
            return format!("{not}{name}");
        }
        let version = self.text(need.version);
        let test = need.test;
        if test.has(Test::PREFIX) {
            return format!("{not}{name}={version}*");
        }
        let operator: &str = match (
            test.has(Test::LESS),
            test.has(Test::EQUAL),
            test.has(Test::GREATER),
            test.has(Test::FUZZY),
        ) {
            (true, _, true, _) => "><",
            (true, _, _, true) => "<~",
            (_, _, true, true) => ">~",
            (_, _, _, true) => "~",
            (true, true, ..) => "<=",
            (_, true, true, _) => ">=",
            (true, ..) => "<",
            (_, _, true, _) => ">",
            _ => "=",
        };
        format!("{not}{name}{operator}{version}")
    }
}
