//! What packages say of their licence, as SPDX licence expressions.
//!
//! In comes the text of a package: the `license` of an apk's PKGINFO, or a Debian copyright file.
//! Out comes a [`License`], whose expression always holds by the grammar of SPDX 2.3, annex D: every
//! identifier is on the list of SPDX licences and exceptions, or is a `LicenseRef-` that the
//! [`License`] explains. Nothing is guessed: a name that could be several licences (`BSD`, `GPL`
//! without a version, `MIT/X11`) stays the name that the package gives, with the text that the
//! package has for it.
//!
//! Sources: Debian's machine-readable copyright format 1.0 and its drafts (DEP-5), Alpine's
//! `APKBUILD(5)` and what its packages had before they took SPDX's identifiers.

mod copyright;
mod expression;
mod grammar;
mod names;

use std::collections::BTreeMap;

pub use self::copyright::of_copyright;
use self::expression::{Expression, Simple};
use self::grammar::Spacing;
use crate::model::Sha256;

/// The declared licence of a package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct License {
    expression: Option<Expression>,
    named: BTreeMap<String, Named>,
}

/// A licence that SPDX does not list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// As the package names it.
    pub name: String,
    /// Its text, where the package has it.
    pub text: Option<String>,
}

/// A longer text is not repeated: no licence in use has as much.
const MAX_TEXT: usize = 256 << 10;
/// A longer name or expression is none.
const MAX_LINE: usize = 64 << 10;

impl License {
    /// The expression; `None` where the package says nothing that could be one.
    pub fn expression(&self) -> Option<String> {
        self.expression.as_ref().map(Expression::to_string)
    }

    /// What each `LicenseRef-` of the expression stands for.
    pub const fn named(&self) -> &BTreeMap<String, Named> {
        &self.named
    }

    /// The only licence, where that is one that SPDX does not list.
    pub(super) fn only_named(&self) -> Option<&Named> {
        match &self.expression {
            Some(Expression::One(Simple::Ref(id))) => self.named.get(id),
            _ => None,
        }
    }

    /// Refers to a licence that SPDX does not list.
    fn refer(&mut self, name: &str, text: Option<&str>) -> Expression {
        let text = text.filter(|text| !text.is_empty() && text.len() <= MAX_TEXT);
        let id = reference(name, text);
        let named = Named {
            name: name.to_owned(),
            text: text.map(str::to_owned),
        };
        self.named.insert(id.clone(), named);
        Expression::One(Simple::Ref(id))
    }
}

/// `LicenseRef-` and the name. Where the name cannot be written so, or has a text, which another
/// package may have otherwise under the same name, a digest of both keeps them apart.
fn reference(name: &str, text: Option<&str>) -> String {
    const LONGEST: usize = 64;
    let name = name.strip_prefix("LicenseRef-").unwrap_or(name);
    let mut plain = String::new();
    for c in name.chars().take(LONGEST) {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => plain.push(c),
            _ if plain.ends_with('-') => {}
            _ => plain.push('-'),
        }
    }
    if plain == name && text.is_none() && !name.is_empty() {
        return format!("LicenseRef-{plain}");
    }
    let pieces = [name, "\0", text.unwrap_or_default()];
    let digest = Sha256::of_all(pieces.map(str::as_bytes)).hex();
    let digest = digest.get(..16).unwrap_or_default();
    match plain.trim_matches('-') {
        "" => format!("LicenseRef-{digest}"),
        plain => format!("LicenseRef-{plain}-{digest}"),
    }
}

/// Reads the `license` of an apk. It is an SPDX expression; older packages have a list of names in
/// spellings of their own (`GPL2+`, `custom:foo`), separated by spaces or commas.
pub fn of_apk(text: &str) -> License {
    let mut license = License::default();
    let text = text.trim();
    if !text.is_empty() && text.len() <= MAX_LINE {
        let read = grammar::read(text, Spacing::Separates, &mut |name| {
            names::listed(name).unwrap_or_else(|| license.refer(name, None))
        });
        license.expression = Some(match read {
            Some(expression) => expression,
            None => {
                license.named.clear();
                license.refer(text, None)
            }
        });
    }
    license
}

#[cfg(test)]
mod tests;
