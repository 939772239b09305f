//! SPDX 2.3, as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::bill::{self, Image, Item};
use super::license::Named;
use super::{Subject, id, purl};
use crate::model::Arch;

const NOASSERTION: &str = "NOASSERTION";

/// The bill of materials as an SPDX 2.3 document.
///
/// The document describes the image, or the index and each image where there are several
/// architectures. An image `CONTAINS` the operating system and its packages, a package `DEPENDS_ON`
/// others (what it recommends and got is among them) and is `GENERATED_FROM` its source package.
pub fn spdx(subject: &Subject<'_>) -> Value {
    let images = bill::images(subject);
    let mut relations = Relations::default();
    let mut packages = Vec::new();
    let several = images.len() != 1;
    if several {
        packages.push(index(subject));
        relations.add(id::DOCUMENT, "DESCRIBES", &id::image(None));
    }
    for image in &images {
        let own = id::image(Some(image.arch));
        packages.push(image_package(subject, image));
        relations.add(id::DOCUMENT, "DESCRIBES", &own);
        if several {
            relations.add(&id::image(None), "CONTAINS", &own);
        }
        relations.add(&own, "CONTAINS", id::SYSTEM);
    }
    packages.push(system(subject));
    for image in &images {
        for item in &image.items {
            packages.push(package(subject, image.arch, item));
            relate(&mut relations, image.arch, item);
        }
    }
    packages.extend(sources(subject, &images));
    let mut document = object(json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": id::DOCUMENT,
        "name": subject.name,
        "documentNamespace": "",
        "creationInfo": {
            "created": bill::created(subject),
            "creators": [tool(subject)],
            "licenseListVersion": list_version(),
        },
        "packages": packages,
    }));
    let extracted = extracted(&images);
    if !extracted.is_empty() {
        document.insert("hasExtractedLicensingInfos".into(), extracted.into());
    }
    document.insert("relationships".into(), relations.list.into());
    let mut document = Value::Object(document);
    let uuid = id::uuid(&document.to_string());
    // The form that SPDX's own specification recommends for who has no place to publish at.
    let mut namespace = "https://spdx.org/spdxdocs/".to_owned();
    purl::encode(&mut namespace, subject.name);
    namespace = format!("{namespace}-{uuid}");
    document["documentNamespace"] = namespace.into();
    document
}

/// The list of licences that identifiers are from: its first two numbers.
fn list_version() -> String {
    let mut numbers = ::spdx::license_version().split('.');
    let mut number = || numbers.next().unwrap_or("0");
    format!("{}.{}", number(), number())
}

fn tool(subject: &Subject<'_>) -> String {
    format!("Tool: rootlock-{}", subject.tool_version)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// What every package has, in the order in which it is written; `null` is left out.
fn described(fields: Value) -> Value {
    let mut out = object(json!({
        "SPDXID": null,
        "name": null,
        "versionInfo": null,
        "packageFileName": null,
        "primaryPackagePurpose": null,
        "supplier": NOASSERTION,
        "downloadLocation": NOASSERTION,
        "filesAnalyzed": false,
        "checksums": null,
        "sourceInfo": null,
        "licenseConcluded": NOASSERTION,
        "licenseDeclared": NOASSERTION,
        "copyrightText": NOASSERTION,
        "comment": null,
        "externalRefs": null,
        "annotations": null,
    }));
    out.extend(
        object(fields)
            .into_iter()
            .filter(|(_, value)| !value.is_null()),
    );
    Value::Object(
        out.into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
    )
}

fn checksums(digest: crate::model::Sha256) -> Value {
    json!([{"algorithm": "SHA256", "checksumValue": digest.hex()}])
}

fn purl_reference(purl: &str) -> Value {
    json!([{
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": purl,
    }])
}

/// Facts that SPDX has no field for, one annotation each, as trivy writes and reads them.
fn annotations(subject: &Subject<'_>, facts: &[(&str, String)]) -> Option<Value> {
    let one = |(name, value): &(&str, String)| {
        json!({
            "annotationDate": bill::created(subject),
            "annotationType": "OTHER",
            "annotator": tool(subject),
            "comment": format!("{name}: {value}"),
        })
    };
    (!facts.is_empty()).then(|| facts.iter().map(one).collect())
}

fn index(subject: &Subject<'_>) -> Value {
    let digest = subject.lockfile.index.as_ref().map(|index| index.digest);
    described(json!({
        "SPDXID": id::image(None),
        "name": subject.name,
        "versionInfo": bill::index_version(subject),
        "primaryPackagePurpose": "CONTAINER",
        "supplier": organization(subject.supplier),
        "checksums": digest.map(checksums),
        "externalRefs": bill::index_url(subject).as_deref().map(purl_reference),
    }))
}

fn image_package(subject: &Subject<'_>, image: &Image<'_>) -> Value {
    described(json!({
        "SPDXID": id::image(Some(image.arch)),
        "name": image.name,
        "versionInfo": image.version(),
        "primaryPackagePurpose": "CONTAINER",
        "supplier": organization(subject.supplier),
        "checksums": image.digest().map(checksums),
        "externalRefs": image.purl(subject).as_deref().map(purl_reference),
        "annotations": annotations(subject, &image.facts()),
    }))
}

fn system(subject: &Subject<'_>) -> Value {
    described(json!({
        "SPDXID": id::SYSTEM,
        "name": subject.lockfile.distro,
        "versionInfo": bill::os_version(subject),
        "primaryPackagePurpose": "OPERATING_SYSTEM",
        "supplier": supplier(subject, bill::has_official(subject)),
    }))
}

/// The supplier of what comes from the distribution's own archives, or from elsewhere.
fn supplier(subject: &Subject<'_>, is_official: bool) -> String {
    organization(is_official.then(|| bill::vendor(subject)).as_deref())
}

fn organization(name: Option<&str>) -> String {
    name.map_or_else(
        || NOASSERTION.into(),
        |name| format!("Organization: {name}"),
    )
}

fn package(subject: &Subject<'_>, arch: Arch, item: &Item<'_>) -> Value {
    let package = item.package;
    let source = &package.source;
    let requested = if package.requested { "; requested" } else { "" };
    let layer = item.layer.map(|layer| ("LayerDiffID", layer.to_string()));
    described(json!({
        "SPDXID": id::package(arch, package.name.as_str()),
        "name": package.name.as_str(),
        "versionInfo": package.version.as_str(),
        "packageFileName": package.path.rsplit('/').next(),
        "supplier": supplier(subject, item.is_official),
        "downloadLocation": item.location,
        "checksums": checksums(package.sha256),
        "sourceInfo": format!("built package from: {} {}", source.name, source.version),
        "licenseDeclared": item.license.and_then(|license| license.expression()),
        "comment": format!("group {}; repository {}{requested}", package.group, package.repository),
        "externalRefs": purl_reference(&item.purl),
        "annotations": annotations(subject, layer.as_slice()),
    }))
}

/// The source packages, each once.
fn sources(subject: &Subject<'_>, images: &[Image<'_>]) -> Vec<Value> {
    let mut sources: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for item in images.iter().flat_map(|image| &image.items) {
        let source = &item.package.source;
        *sources
            .entry((&source.name, source.version.as_str()))
            .or_default() |= item.is_official;
    }
    let sources = sources.into_iter().map(|((name, version), is_official)| {
        described(json!({
            "SPDXID": id::source(name, version),
            "name": name,
            "versionInfo": version,
            "primaryPackagePurpose": "SOURCE",
            "supplier": supplier(subject, is_official),
        }))
    });
    sources.collect()
}

/// The licences that SPDX does not list, each once.
fn extracted(images: &[Image<'_>]) -> Vec<Value> {
    let items = images.iter().flat_map(|image| &image.items);
    let licenses = items.filter_map(|item| item.license);
    let named: BTreeMap<&String, &Named> = licenses.flat_map(|license| license.named()).collect();
    let infos = named.into_iter().map(|(id, named)| {
        let name = Some(named.name.as_str()).filter(|name| !name.is_empty());
        let untold = || match name {
            Some(name) => {
                format!("The package names this licence `{name}` and has no text for it.")
            }
            None => NOASSERTION.to_owned(),
        };
        json!({
            "licenseId": id,
            "name": name.unwrap_or(NOASSERTION),
            "extractedText": named.text.clone().unwrap_or_else(untold),
        })
    });
    infos.collect()
}

fn relate(relations: &mut Relations, arch: Arch, item: &Item<'_>) {
    let own = id::package(arch, item.package.name.as_str());
    let source = &item.package.source;
    relations.add(&id::image(Some(arch)), "CONTAINS", &own);
    for needed in &item.needs {
        relations.add(&own, "DEPENDS_ON", &id::package(arch, needed));
    }
    relations.add(
        &own,
        "GENERATED_FROM",
        &id::source(&source.name, source.version.as_str()),
    );
}

#[derive(Debug, Default)]
struct Relations {
    list: Vec<Value>,
}

impl Relations {
    fn add(&mut self, from: &str, kind: &str, to: &str) {
        self.list.push(json!({
            "spdxElementId": from,
            "relationshipType": kind,
            "relatedSpdxElement": to,
        }));
    }
}
