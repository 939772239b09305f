//! What an OpenVEX document states, and whether it is about a finding.
//!
//! A product is a package, or the image that is looked at: then its subcomponents name packages, and
//! without any the statement is about all of them. An image is known by what the caller says that it
//! is called, and by its digests whatever it is called; of another image nothing is believed.

use super::names::cve;
use super::osv::is_source;
use super::purl::Purl;

/// Seconds since 1970, and billionths of a second.
pub(super) type Moment = (i64, u32);

/// What a document says about some vulnerability in some products.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) products: Vec<Product>,
    /// Why the finding is none; nothing where it is one.
    pub(super) clears: Option<String>,
    pub(super) at: Moment,
    /// The index of its file among those that were read.
    pub(super) file: usize,
}

/// What a statement is about.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) is: Vec<Identity>,
    pub(super) subcomponents: Vec<Vec<Identity>>,
}

/// A name of a product: a package URL as a rule, or `sha256:` and a digest.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    text: String,
    purl: Option<Purl>,
}

impl Identity {
    pub(super) fn new(text: String) -> Self {
        let purl = Purl::parse(&text);
        Self { text, purl }
    }

    fn is(&self, subject: &Subject) -> bool {
        self.text == subject.text
            || self.purl.as_ref().is_some_and(|own| {
                let covers = |other: &Option<Purl>| other.as_ref().is_some_and(|it| own.covers(it));
                covers(&subject.purl)
                    || own.is_image(&subject.text)
                    || (own.qualifier("arch").is_some_and(is_source) && covers(&subject.source))
            })
    }
}

/// What statements are compared with: an installed package, or the image.
#[derive(Debug)]
pub(super) struct Subject {
    text: String,
    purl: Option<Purl>,
    source: Option<Purl>,
}

impl Subject {
    /// Known by `text`, which is a purl, a digest or any other name; and as a source package too.
    pub(super) fn new(text: &str, source: Option<(&str, &str)>) -> Self {
        let purl = Purl::parse(text);
        let source = source.zip(purl.as_ref());
        Self {
            text: text.to_owned(),
            source: source.map(|((name, version), purl)| purl.of_source(name, version)),
            purl,
        }
    }
}

impl Statement {
    /// Every name of the vulnerability under which the statement can be found.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let all = [&self.name].into_iter().chain(&self.aliases);
        all.map(|name| cve(name).unwrap_or(name))
    }

    /// Whether the statement is about a vulnerability called `same`; or about all that a bulletin
    /// covers, whose name is among `also`. An alias that is a bulletin's says nothing about what
    /// else the bulletin covers.
    pub(super) fn is_about(
        &self,
        same: &dyn Fn(&str) -> bool,
        also: &dyn Fn(&str) -> bool,
    ) -> bool {
        self.names().any(same) || also(&self.name)
    }

    /// Whether the statement is about `package` in an image known by `image`.
    pub(super) fn is_on(&self, package: &Subject, image: &[Subject]) -> bool {
        let is = |identities: &[Identity], subject: &Subject| {
            identities.iter().any(|identity| identity.is(subject))
        };
        self.products.iter().any(|product| {
            let whole = product.subcomponents.is_empty();
            let part = || product.subcomponents.iter().any(|part| is(part, package));
            let known = || image.iter().any(|image| is(&product.is, image));
            (is(&product.is, package) || known()) && (whole || part())
        })
    }

    /// Roughly the bytes that it takes.
    pub(super) fn size(&self) -> u64 {
        let identities = |of: &[Identity]| -> usize {
            of.iter()
                .map(|identity| 300 + 2 * identity.text.len())
                .sum()
        };
        let products: usize = self
            .products
            .iter()
            .map(|product| {
                let parts = product.subcomponents.iter();
                100 + identities(&product.is) + parts.map(|part| identities(part)).sum::<usize>()
            })
            .sum();
        let aliases: usize = self.aliases.iter().map(|alias| 50 + alias.len()).sum();
        (500 + products + aliases) as u64
    }
}
