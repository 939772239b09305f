//! OpenVEX documents (openvex.dev, 0.2; the shapes of 0.0 too).
//!
//! A statement joins vulnerabilities and products with a status. Of the statements that match a
//! finding the latest decides, by the statement's own timestamp or else its document's; of equals
//! the one that was read last. `not_affected` and `fixed` suppress the finding, the other two let it
//! stand.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::at::At;
use super::load::Loader;
use super::statement::{Identity, Moment, Product, Statement};
use super::{AdvisoryError, text};
use crate::model::Epoch;

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@context")]
    context: String,
    timestamp: Option<String>,
    statements: Vec<Written>,
}

/// A statement as it is written.
#[derive(Deserialize)]
struct Written {
    vulnerability: Vulnerability,
    timestamp: Option<String>,
    products: Option<Vec<WrittenProduct>>,
    /// Of version 0.0, where they belong to all products.
    subcomponents: Option<Vec<WrittenProduct>>,
    status: String,
    justification: Option<String>,
    impact_statement: Option<String>,
    status_notes: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a vulnerability: text, or an object with a name"
)]
enum Vulnerability {
    Name(String),
    Named {
        name: String,
        aliases: Option<Vec<String>>,
    },
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a product: text, or an object with @id or identifiers"
)]
enum WrittenProduct {
    Id(String),
    Known {
        #[serde(rename = "@id")]
        id: Option<String>,
        identifiers: Option<BTreeMap<String, String>>,
        hashes: Option<BTreeMap<String, String>>,
        subcomponents: Option<Vec<Self>>,
    },
}

/// Reads a document.
pub(super) fn read(loader: &mut Loader<'_>, at: At<'_>, bytes: &[u8]) -> Result<(), AdvisoryError> {
    let document: Document = serde_json::from_slice(bytes).map_err(at.json(None))?;
    if !document.context.starts_with("https://openvex.dev/ns") {
        return Err(at.record(None, "has an @context that is not OpenVEX's"));
    }
    for (number, written) in document.statements.into_iter().enumerate() {
        let at = At {
            number: number as u64 + 1,
            ..at
        };
        let statement = statement(at, document.timestamp.as_deref(), written, loader.input())?;
        loader.state(at, statement)?;
    }
    Ok(())
}

fn statement(
    at: At<'_>,
    dated: Option<&str>,
    written: Written,
    file: usize,
) -> Result<Statement, AdvisoryError> {
    let (name, aliases) = match written.vulnerability {
        Vulnerability::Name(name) => (name, Vec::new()),
        Vulnerability::Named { name, aliases } => (name, aliases.unwrap_or_default()),
    };
    if name.is_empty() {
        return Err(at.record(None, "has a vulnerability without a name"));
    }
    let id = Some(name.as_str());
    let time = written
        .timestamp
        .as_deref()
        .or(dated)
        .ok_or_else(|| at.record(id, "has no timestamp, nor has its document"))?;
    let time = moment(time).ok_or_else(|| {
        at.record(
            id,
            format!("has a timestamp that is none: `{}`", text::shown(time)),
        )
    })?;
    let clears = match written.status.as_str() {
        "affected" | "under_investigation" => None,
        status @ ("fixed" | "not_affected") => {
            let texts = [
                &written.justification,
                &written.impact_statement,
                &written.status_notes,
            ];
            let said: Vec<String> = texts
                .into_iter()
                .flatten()
                .filter_map(|said| text::line(said))
                .collect();
            if status == "not_affected"
                && written.justification.is_none()
                && written.impact_statement.is_none()
            {
                let why = "says not_affected without a justification or an impact_statement";
                return Err(at.record(id, why));
            }
            let parts: Vec<&str> = [status]
                .into_iter()
                .chain(said.iter().map(String::as_str))
                .collect();
            Some(parts.join(": "))
        }
        status => {
            let why = format!("has the unknown status `{}`", text::shown(status));
            return Err(at.record(id, why));
        }
    };
    let common: Vec<Vec<Identity>> = written
        .subcomponents
        .into_iter()
        .flatten()
        .map(|part| part.into_product().is)
        .collect();
    let mut products: Vec<Product> = Vec::new();
    for product in written.products.into_iter().flatten() {
        let mut product = product.into_product();
        product.subcomponents.extend(common.iter().cloned());
        products.push(product);
    }
    if products.is_empty() {
        return Err(at.record(id, "names no product"));
    }
    Ok(Statement {
        name,
        aliases,
        products,
        clears,
        at: time,
        file,
    })
}

impl WrittenProduct {
    fn into_product(self) -> Product {
        match self {
            Self::Id(id) => Product {
                is: vec![Identity::new(id)],
                subcomponents: Vec::new(),
            },
            Self::Known {
                id,
                identifiers,
                hashes,
                subcomponents,
            } => {
                let purl = identifiers.and_then(|mut identifiers| identifiers.remove("purl"));
                let hash = hashes.and_then(|mut hashes| hashes.remove("sha-256"));
                let digest = hash.map(|hash| format!("sha256:{}", hash.to_ascii_lowercase()));
                let parts = subcomponents.into_iter().flatten();
                Product {
                    is: [id, purl, digest]
                        .into_iter()
                        .flatten()
                        .map(Identity::new)
                        .collect(),
                    subcomponents: parts.map(|part| part.into_product().is).collect(),
                }
            }
        }
    }
}

/// Reads a time of RFC 3339: `2023-01-16T19:07:16.853479631-06:00`.
fn moment(text: &str) -> Option<Moment> {
    let text = text.to_ascii_uppercase();
    let (seconds, mut rest) = text.split_at_checked(19)?;
    let Epoch(seconds) = format!("{seconds}Z").parse().ok()?;
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let (fraction, after) = fraction.split_at_checked(digits)?;
        if fraction.is_empty() {
            return None;
        }
        nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        rest = after;
    }
    if rest == "Z" {
        return Some((seconds, nanos));
    }
    let (sign, offset) = rest.split_at_checked(1)?;
    let (hours, minutes) = offset.split_once(':')?;
    let part = |text: &str, most: i64| -> Option<i64> {
        let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| fits)?;
        (number <= most).then_some(number)
    };
    let offset = part(hours, 23)? * 3600 + part(minutes, 59)? * 60;
    match sign {
        "+" => Some((seconds - offset, nanos)),
        "-" => Some((seconds + offset, nanos)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn moments_are_compared_across_zones_and_fractions() {
        let utc = moment("2023-01-17T01:07:16Z").unwrap();
        assert_eq!(moment("2023-01-16T19:07:16-06:00"), Some(utc));
        assert_eq!(moment("2023-01-17t06:37:16+05:30"), Some(utc));
        assert_eq!(moment("2023-01-17T01:07:16.5z"), Some((utc.0, 500_000_000)));
        let fine = moment("2023-01-16T19:07:16.853479631-06:00");
        assert_eq!(fine, Some((utc.0, 853_479_631)));
        let finer = moment("2023-01-16T19:07:16.8534796319-06:00");
        assert_eq!(finer, fine);
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "2023-01-16",
            "2023-01-16T19:07:16",
            "2023-01-16T19:07:16.Z",
            "2023-01-16T19:07:16+6:00",
            "2023-01-16T19:07:16+24:00",
            "2023-01-16T19:07:16*01:00",
            "2023-02-30T00:00:00Z",
            "yesterday at noon \u{e9}",
            "2023-01-16T19:07:1\u{e9}Z",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
