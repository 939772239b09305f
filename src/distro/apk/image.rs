//! apk's database of the whole image, and what apk inside is told: `lib/apk/db` and `etc/apk`.
//!
//! As apk 3.0 writes them, so that its first write changes only what changed; apk 2.14 reads them
//! too. Packages are sorted as apk sorts them, without regard to case first. The scripts are in
//! `scripts.tar`, which both keep where it is there.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::record::Record;
use super::trust::key_file;
use super::{sources, version};
use crate::distro::{Fault, Generated, Image, Provenance};
use crate::model::{Arch, Class, Explain, Origin, PackageName, PackageRequest, RequestOp};

/// Where apk keeps its database.
const DB: &str = "lib/apk/db";

/// A record that is not one.
#[derive(Debug, thiserror::Error)]
#[error("what is stored of {0} is no record of apk's database")]
struct RecordError(PackageName);

impl Explain for RecordError {
    fn class(&self) -> Class {
        Class::Outside
    }
}

/// See `Layout::database`.
pub(super) fn database(image: Image<'_>) -> Result<Vec<Generated>, Fault> {
    let mut packages = Vec::from(image.packages);
    packages.sort_by(|a, b| displayed(a.package.name.as_str(), b.package.name.as_str()));
    let repositories = image.wishes.repositories;
    let mut installed = Vec::new();
    let mut triggers = Vec::new();
    let mut scripts = Vec::new();
    for one in packages {
        let name = || RecordError(one.package.name.clone());
        let record = Record::decode(one.record).ok_or_else(name)?;
        installed.extend_from_slice(&record.head);
        let files = record.files_without(one.gone);
        if !files.is_empty() {
            installed.extend(record.tail);
            let from = |from: &&Provenance| from.repository.id == one.package.repository;
            let from = repositories.iter().find(from);
            if let Some(tag) = from.and_then(|from| from.repository.tag.as_ref()) {
                installed.extend_from_slice(format!("s:{tag}\n").as_bytes());
            }
            installed.extend(files);
        }
        installed.push(b'\n');
        triggers.extend(record.triggers);
        scripts.extend(record.scripts);
    }
    scripts.resize(scripts.len() + 1024, 0);

    let arch = image.arch.alpine().unwrap_or_default();
    let world = world(image.wishes.requests, image.wishes.excluded);
    let urls = urls(repositories);
    let mut files = vec![
        (format!("{DB}/installed"), 0o644, installed, false),
        (format!("{DB}/lock"), 0o600, Vec::new(), false),
        (format!("{DB}/scripts.tar"), 0o644, scripts, false),
        (format!("{DB}/triggers"), 0o644, triggers, false),
        (
            "etc/apk/arch".into(),
            0o644,
            format!("{arch}\n").into(),
            false,
        ),
        ("etc/apk/repositories".into(), 0o644, urls.into(), false),
        ("etc/apk/world".into(), 0o644, world.into(), false),
    ];
    for (name, bytes) in keys(image.arch, repositories) {
        files.push((format!("etc/apk/keys/{name}"), 0o644, bytes, true));
    }
    let out = files.into_iter().filter_map(|(path, mode, bytes, yields)| {
        Some(Generated {
            path: path.parse().ok()?,
            mode,
            content: Some(bytes),
            yields,
        })
    });
    Ok(out.collect())
}

/// apk's order of names: without regard to case, then with it.
fn displayed(a: &str, b: &str) -> Ordering {
    let lower = |text: &str| text.to_ascii_lowercase();
    lower(a).cmp(&lower(b)).then_with(|| a.cmp(b))
}

/// The files of the keys that signed the indexes.
fn keys(arch: Arch, repositories: &[Provenance]) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    for Provenance { repository, proof } in repositories {
        for signed_by in &proof.signed_by {
            if let Some((name, bytes)) = key_file(arch, &repository.keys, signed_by) {
                out.entry(name).or_insert_with(|| bytes.to_vec());
            }
        }
    }
    out
}

/// `etc/apk/repositories`, apk-repositories(5). A path relative to the manifest means nothing
/// inside, and is left out.
fn urls(repositories: &[Provenance]) -> String {
    let mut out = String::new();
    for Provenance { repository, .. } in repositories {
        let url = match &repository.origin {
            Origin::Archive(name) => {
                let archive = sources::ARCHIVES
                    .iter()
                    .find(|archive| archive.name == name);
                let base = archive.and_then(|archive| archive.urls.first());
                let path = repository.path.as_deref().unwrap_or_default();
                base.map(|base| format!("{base}/{path}"))
            }
            Origin::Url(url) => {
                let schemes = ["https://", "http://", "file://"];
                let whole = schemes.iter().any(|scheme| url.starts_with(scheme));
                whole.then(|| url.clone())
            }
        };
        if let Some(url) = url {
            if let Some(tag) = &repository.tag {
                out += &format!("@{tag} ");
            }
            out += &url;
            out.push('\n');
        }
    }
    out
}

/// `etc/apk/world`, apk-world(5): what the manifest asks for and what it excludes.
fn world(requests: &[PackageRequest], excluded: &[PackageName]) -> String {
    let plain = |request: &PackageRequest| request.version.is_none() && !request.negated;
    // Beside a stricter one the name alone says nothing, and apk takes one line for each name.
    let redundant = |one: &PackageRequest| {
        let mut others = requests.iter();
        plain(one)
            && others.any(|other| {
                (&other.name, &other.tag, other.negated) == (&one.name, &one.tag, false)
                    && !plain(other)
            })
    };
    let wanted = requests.iter().filter(|request| !redundant(request));
    let wanted = wanted.map(|request| {
        let mut line = request.name.clone();
        if let Some(tag) = &request.tag {
            line += &format!("@{tag}");
        }
        match &request.version {
            // apk has no prefixes: the nearest that it has is its fuzzy match.
            Some((RequestOp::Prefix, prefix)) => {
                let plain = prefix.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
                if version::is_valid(plain) {
                    line += &format!("~{plain}");
                }
            }
            Some((op, version)) => line += &format!("{}{version}", op.as_str()),
            None => {}
        }
        (request.name.clone(), request.negated, line)
    });
    let excluded = excluded
        .iter()
        .map(|name| (name.to_string(), true, name.to_string()));
    let mut lines: Vec<_> = wanted.chain(excluded).collect();
    lines.sort_by(|a, b| displayed(&a.0, &b.0).then_with(|| (a.1, &a.2).cmp(&(b.1, &b.2))));
    lines.dedup();
    let mut out = String::new();
    for (_, negated, line) in &lines {
        out += if *negated { "!" } else { "" };
        out += line;
        out.push('\n');
    }
    if out.is_empty() {
        out.push('\n');
    }
    out
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;
