//! Debian copyright files in the machine-readable format 1.0, and in the drafts of it that packages
//! still have (DEP-5).

use std::collections::BTreeMap;

use super::expression::Expression;
use super::grammar::{self, Spacing};
use super::{License, MAX_LINE, names};

/// A longer file is not read: the longest of Debian are below 2 MiB.
const MAX_BYTES: usize = 8 << 20;
/// Different `License` fields of one file.
const MAX_LICENSES: usize = 4096;

/// One `License` field: the first line, and the text below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Stated {
    name: String,
    text: String,
}

/// Reads a Debian copyright file: every licence of its `Files` paragraphs applies, that of the
/// packaging too. The licence of the header counts where no paragraph has one. `None` where the file
/// is not machine-readable or states no licence.
pub fn of_copyright(bytes: &[u8]) -> Option<License> {
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    let mut paragraphs = paragraphs(text.trim_start_matches('\u{feff}'));
    let header = paragraphs.next()?;
    let format = header.iter().find(|field| {
        ["format", "format-specification"].contains(&field.name.to_ascii_lowercase().as_str())
    })?;
    let format = format.value().to_ascii_lowercase();
    if !["copyright-format", "dep5", "dep-5"]
        .iter()
        .any(|known| format.contains(known))
    {
        return None;
    }
    // Texts by the names that stand alone, and what applies to files, in the order of the file.
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut applies: Vec<Stated> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for paragraph in paragraphs {
        let Some(stated) = license_of(&paragraph) else {
            continue;
        };
        if paragraph.iter().any(|field| field.is("files")) {
            if seen.insert(stated.clone()) {
                applies.push(stated);
            }
        } else if !stated.text.is_empty() {
            texts.entry(key(&stated.name)).or_insert(stated.text);
        }
        if applies.len().max(texts.len()) > MAX_LICENSES {
            return None;
        }
    }
    if applies.is_empty() {
        applies.extend(license_of(&header));
    }
    let mut license = License::default();
    let parts: Vec<Expression> = applies
        .iter()
        .map(|stated| read(stated, &texts, &mut license))
        .collect();
    license.expression = Some(Expression::all(parts)?);
    Some(license)
}

/// The expression of one field, and what it refers to added to `license`.
fn read(stated: &Stated, texts: &BTreeMap<String, String>, license: &mut License) -> Expression {
    // The text beside a name is that name's; else there is a paragraph for it.
    let text = |name: &str| match stated.text.as_str() {
        "" => texts.get(&key(name)).map(String::as_str),
        text => Some(text),
    };
    let mut found = License::default();
    let read = grammar::read(&stated.name, Spacing::Joins, &mut |name| {
        names::listed_by_debian(name).unwrap_or_else(|| found.refer(name, text(name)))
    });
    match read {
        Some(expression) => {
            license.named.extend(found.named);
            expression
        }
        None => license.refer(&stated.name, text(&stated.name)),
    }
}

/// Names are the same in any case, and however many spaces they have.
fn key(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").to_ascii_lowercase()
}

/// The `License` field of a paragraph. A text without a name is the text of a licence all the same.
fn license_of(paragraph: &[Field<'_>]) -> Option<Stated> {
    let field = paragraph.iter().find(|field| field.is("license"))?;
    let stated = Stated {
        name: field.first.trim().to_owned(),
        text: field.text(),
    };
    let is_there = !stated.name.is_empty() || !stated.text.is_empty();
    (is_there && stated.name.len() <= MAX_LINE).then_some(stated)
}

/// A field of a paragraph, as Debian's control files have it.
#[derive(Debug)]
struct Field<'a> {
    name: &'a str,
    first: &'a str,
    rest: Vec<&'a str>,
}

impl Field<'_> {
    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// All lines as one.
    fn value(&self) -> String {
        let lines: Vec<&str> = std::iter::once(&self.first)
            .chain(&self.rest)
            .map(|line| line.trim())
            .collect();
        lines.join(" ")
    }

    /// The lines after the first, as they were before they were made a field.
    fn text(&self) -> String {
        let lines: Vec<&str> = (self.rest.iter())
            .map(|line| match line.get(1..).unwrap_or_default() {
                line if line.trim() == "." => "",
                line => line.trim_end(),
            })
            .collect();
        lines.join("\n").trim_matches('\n').to_owned()
    }
}

/// The paragraphs, each with at least one field. A line that is none of a field is skipped.
fn paragraphs(text: &str) -> impl Iterator<Item = Vec<Field<'_>>> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    std::iter::from_fn(move || {
        let mut fields: Vec<Field<'_>> = Vec::new();
        for line in lines.by_ref() {
            if line.trim().is_empty() {
                if fields.is_empty() {
                    continue;
                }
                return Some(fields);
            }
            if line.starts_with([' ', '\t']) {
                if let Some(field) = fields.last_mut() {
                    field.rest.push(line);
                }
            } else if let Some((name, first)) = line.split_once(':') {
                fields.push(Field {
                    name: name.trim(),
                    first,
                    rest: Vec::new(),
                });
            }
        }
        (!fields.is_empty()).then_some(fields)
    })
}
