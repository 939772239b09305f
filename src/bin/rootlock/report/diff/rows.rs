//! The packages of a difference as people read them: those of one source package in one row.

use rootlock::model::{Arch, Version};
use rootlock::ops::review::{
    ArchDiff, DiffKind, DiffReport, FieldChange, LayersDiff, PackageDiff, WhyChain,
};

use crate::render;
use crate::report::enumerate;

/// Packages of one source that did the same.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) kind: DiffKind,
    pub(super) source: &'a str,
    pub(super) from: Option<&'a Version>,
    pub(super) to: Option<&'a Version>,
    pub(super) names: Vec<&'a str>,
    /// Bytes of their archives, before and now.
    pub(super) sizes: (u64, u64),
    /// What else is to be said of all of them.
    pub(super) notes: Vec<String>,
    /// The shortest of their chains.
    pub(super) why: Option<&'a WhyChain>,
}

impl Row<'_> {
    /// The packages, where the source's name does not say it.
    pub(super) fn members(&self) -> &[&str] {
        match self.names[..] {
            [only] if only == self.source => &[],
            _ => &self.names,
        }
    }
}

/// The rows of one architecture, in the order of the report.
pub(super) fn rows(diff: &ArchDiff) -> Vec<Row<'_>> {
    let mut out: Vec<Row<'_>> = Vec::new();
    for package in &diff.packages {
        let (is, was) = package.sides();
        let row = Row {
            kind: package.kind,
            source: &package.package.source.name,
            from: was.map(|package| &package.version),
            to: is.map(|package| &package.version),
            names: vec![package.package.name.as_str()],
            sizes: (
                was.map_or(0, |package| package.size),
                is.map_or(0, |package| package.size),
            ),
            notes: notes(package),
            why: package.why.as_ref(),
        };
        let key = |row: &Row<'_>| {
            let versions = (row.from.cloned(), row.to.cloned());
            (row.kind, row.source.to_owned(), versions, row.notes.clone())
        };
        match out.iter_mut().find(|known| key(known) == key(&row)) {
            Some(known) => known.join(row),
            None => out.push(row),
        }
    }
    out
}

impl<'a> Row<'a> {
    /// All that is told of it but its sizes and the versions on the way to it, which differ between
    /// architectures.
    fn said(&self) -> String {
        let why = self.why.map(|why| {
            let names = why.links.iter().map(|link| &link.name);
            (&why.asking, names.collect::<Vec<_>>())
        });
        let versions = (self.from, self.to);
        format!(
            "{:?}",
            (
                self.kind,
                self.source,
                versions,
                &self.names,
                &self.notes,
                why
            )
        )
    }

    fn join(&mut self, other: Self) {
        self.names.extend(other.names);
        self.sizes.0 = self.sizes.0.saturating_add(other.sizes.0);
        self.sizes.1 = self.sizes.1.saturating_add(other.sizes.1);
        let length = |why: Option<&'a WhyChain>| why.map_or(usize::MAX, |why| why.links.len());
        if length(other.why) < length(self.why) {
            self.why = other.why;
        }
    }
}

/// What the versions do not say.
fn notes(diff: &PackageDiff) -> Vec<String> {
    let mut notes = Vec::new();
    if diff.kind == DiffKind::Downgraded {
        notes.push("downgraded".to_owned());
    }
    if let (Some(is), Some(was)) = diff.sides() {
        if is.group != was.group {
            notes.push(format!("group {} -> {}", was.group, is.group));
        }
        if is.repository != was.repository {
            let text = format!("{} -> {}", was.repository, is.repository);
            notes.push(render::plain(&text).into_owned());
        }
        // Said already.
        let rest = diff
            .fields
            .iter()
            .filter(|field| !["group", "repository"].contains(*field));
        let rest: Vec<&str> = rest.copied().collect();
        if !rest.is_empty() {
            notes.push(format!("other {}", rest.join(", ")));
        }
    }
    notes
}

/// `1 removed, 2 added`
pub(super) fn tally(diff: &ArchDiff) -> String {
    let kinds = [
        DiffKind::Removed,
        DiffKind::Added,
        DiffKind::Upgraded,
        DiffKind::Downgraded,
        DiffKind::Moved,
        DiffKind::Changed,
    ];
    let counts = kinds.into_iter().filter_map(|kind| {
        let count = diff
            .packages
            .iter()
            .filter(|package| package.kind == kind)
            .count();
        (count > 0).then(|| format!("{count} {}", kind.as_str()))
    });
    let counts: Vec<_> = counts.collect();
    match counts.is_empty() {
        true => "no package changed".to_owned(),
        false => counts.join(", "),
    }
}

/// `23 packages, 4.5 MB (+0.5 MB)`
pub(super) fn total(diff: &ArchDiff) -> String {
    let delta = delta(diff.from_size, diff.size).map(|delta| format!(" ({delta})"));
    let (count, size) = (
        render::count(diff.count, "package"),
        render::bytes(diff.size),
    );
    format!("{count}, {size}{}", delta.unwrap_or_default())
}

/// `+1.2 kB`; none where it is the same.
pub(super) fn delta(from: u64, to: u64) -> Option<String> {
    let sign = if to > from { '+' } else { '-' };
    (from != to).then(|| format!("{sign}{}", render::bytes(from.abs_diff(to))))
}

/// Rows that are the same for some architectures.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// Those architectures.
    pub(super) arches: Vec<Arch>,
    /// With the sizes of the first of them.
    pub(super) rows: Vec<Row<'a>>,
}

/// All rows: first those of most architectures, each section in the order of the report.
pub(super) fn sections(report: &DiffReport) -> Vec<Section<'_>> {
    let mut known: Vec<(String, Vec<Arch>, Row<'_>)> = Vec::new();
    for (arch, diff) in &report.arches {
        for row in rows(diff) {
            let said = row.said();
            match known.iter_mut().find(|(text, ..)| *text == said) {
                Some((_, arches, _)) => arches.push(*arch),
                None => known.push((said, vec![*arch], row)),
            }
        }
    }
    let mut out: Vec<Section<'_>> = Vec::new();
    for (_, arches, row) in known {
        match out.iter_mut().find(|section| section.arches == arches) {
            Some(section) => section.rows.push(row),
            None => out.push(Section {
                arches,
                rows: vec![row],
            }),
        }
    }
    out.sort_by_key(|section| std::cmp::Reverse(section.arches.len()));
    for section in &mut out {
        section.rows.sort_by_key(|row| row.kind);
    }
    out
}

impl Section<'_> {
    /// `amd64 and arm64, with the sizes of amd64`
    pub(super) fn title(&self) -> String {
        let names: Vec<String> = self.arches.iter().map(ToString::to_string).collect();
        match &names[..] {
            [first, _, ..] => format!("{}, with the sizes of {first}", enumerate(&names)),
            _ => enumerate(&names),
        }
    }
}

/// The fields of a repository that say something to a person: not those that follow from its date.
pub(super) fn telling(fields: &[FieldChange]) -> Vec<&FieldChange> {
    let dated = fields.iter().any(|field| field.field == "date");
    let follows = ["sha256", "indexes", "valid_until"];
    let telling = fields.iter();
    telling
        .filter(|field| !(dated && follows.contains(&field.field)))
        .collect()
}

/// A value as it is shown: digests and fingerprints by their first digits.
pub(super) fn short(value: Option<&str>) -> String {
    const DIGITS: usize = 12;
    let Some(value) = value else {
        return "none".to_owned();
    };
    let word = |word: &str| {
        let (kind, digits) = match word.strip_prefix("sha256:") {
            Some(digits) => ("sha256:", digits),
            None => ("", word),
        };
        match digits.len() >= 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            true => format!("{kind}{}", digits.get(..DIGITS).unwrap_or(digits)),
            false => word.to_owned(),
        }
    };
    let words: Vec<_> = value.split(", ").map(word).collect();
    render::plain(&words.join(", ")).into_owned()
}

/// The layers that have to be sent, in words.
#[derive(Debug)]
pub(super) struct Sent<'a> {
    /// All of them together.
    pub(super) size: String,
    /// What the sizes are.
    pub(super) kind: &'static str,
    /// Each with its size, which may not be known.
    pub(super) layers: Vec<(&'a str, String)>,
    /// Those that are unpacked again.
    pub(super) again: Vec<&'a str>,
}

impl<'a> Sent<'a> {
    /// None where no layer has to be sent.
    pub(super) fn new(diff: &'a LayersDiff) -> Option<Self> {
        let sent = diff.layers.iter().filter(|layer| layer.state.is_sent());
        let again = diff.layers.iter().filter(|layer| layer.unpacked);
        let layers: Vec<(&str, String)> = sent
            .map(|layer| {
                (
                    &*layer.group,
                    layer.size.map(render::bytes).unwrap_or_default(),
                )
            })
            .collect();
        (!layers.is_empty()).then(|| Self {
            size: render::bytes(diff.sent()),
            kind: match diff.estimated {
                true => "estimated from their packages",
                false => "uncompressed",
            },
            layers,
            again: again.map(|layer| &*layer.group).collect(),
        })
    }
}
