//! CycloneDX 1.6, as JSON.

use std::fmt::Display;

use serde_json::{Map, Value, json};

use super::bill::{self, Image, Item};
use super::{License, Subject, id};
use crate::model::{Arch, Sha256};

/// The operating system. No architecture is called so.
const SYSTEM: &str = "os";
/// The image, or the index over several of them.
const ROOT: &str = "image";

/// The bill of materials as a CycloneDX 1.6 document.
///
/// Its subject is the image, or the index where there are several architectures, each of which is a
/// component then. An image depends on the operating system and on all of its packages.
pub fn cyclonedx(subject: &Subject<'_>) -> Value {
    let images = bill::images(subject);
    let several = images.len() != 1;
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let reference = |arch: Arch| match several {
        true => format!("{ROOT}/{arch}"),
        false => ROOT.to_owned(),
    };
    let mut root = index(subject);
    if several {
        let images = images.iter().map(|image| reference(image.arch));
        dependencies.push(depends(ROOT, &images.collect::<Vec<_>>()));
    }
    for image in &images {
        let own = reference(image.arch);
        match several {
            true => components.push(image_component(subject, image, &own)),
            false => root = image_component(subject, image, &own),
        }
        let packages = image
            .items
            .iter()
            .map(|item| refer(image.arch, item.package.name.as_str()));
        let all: Vec<_> = std::iter::once(SYSTEM.to_owned()).chain(packages).collect();
        dependencies.push(depends(&own, &all));
    }
    components.push(system(subject));
    dependencies.push(depends(SYSTEM, &[]));
    for image in &images {
        for item in &image.items {
            let own = refer(image.arch, item.package.name.as_str());
            components.push(component(subject, image.arch, item, &own));
            let needs: Vec<_> = item
                .needs
                .iter()
                .map(|name| refer(image.arch, name))
                .collect();
            dependencies.push(depends(&own, &needs));
        }
    }
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "",
        "version": 1,
        "metadata": {
            "timestamp": bill::created(subject),
            "tools": {
                "components": [{
                    "type": "application",
                    "name": "rootlock",
                    "version": subject.tool_version,
                }],
            },
            "component": root,
        },
        "components": components,
        "dependencies": dependencies,
    });
    let uuid = id::uuid(&document.to_string());
    document["serialNumber"] = format!("urn:uuid:{uuid}").into();
    document
}

/// What a package is called in the document. No architecture is called `image`.
fn refer(arch: Arch, name: &str) -> String {
    format!("{arch}/{name}")
}

fn depends(own: &str, on: &[String]) -> Value {
    json!({"ref": own, "dependsOn": on})
}

/// Leaves out what is `null`.
fn compact(fields: Value) -> Value {
    match fields {
        Value::Object(map) => {
            let there = map.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(there.collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn hashes(digest: Sha256) -> Value {
    json!([{"alg": "SHA-256", "content": digest.hex()}])
}

fn properties(list: Vec<(String, String)>) -> Option<Value> {
    let one = |(name, value): (String, String)| json!({"name": name, "value": value});
    (!list.is_empty()).then(|| list.into_iter().map(one).collect())
}

/// A property that trivy reads.
fn trivy(name: &str, value: &impl Display) -> (String, String) {
    (format!("aquasecurity:trivy:{name}"), value.to_string())
}

fn own(name: &str, value: &impl Display) -> (String, String) {
    (format!("rootlock:{name}"), value.to_string())
}

fn index(subject: &Subject<'_>) -> Value {
    let digest = subject.lockfile.index.as_ref().map(|index| index.digest);
    compact(json!({
        "type": "container",
        "bom-ref": ROOT,
        "supplier": organization(subject.supplier),
        "name": subject.name,
        "version": bill::index_version(subject),
        "hashes": digest.map(hashes),
        "purl": bill::index_url(subject),
    }))
}

fn image_component(subject: &Subject<'_>, image: &Image<'_>, reference: &str) -> Value {
    let facts = image.facts();
    let mut list: Vec<_> = facts
        .iter()
        .map(|(name, value)| trivy(name, value))
        .collect();
    list.push(own("architecture", &image.arch));
    if let Some(output) = image.output {
        let layers = output.layers.iter();
        list.extend(layers.map(|layer| own(&format!("layer:{}", layer.group), &layer.diff_id)));
        list.push(own("tree", &output.tree));
    }
    compact(json!({
        "type": "container",
        "bom-ref": reference,
        "supplier": organization(subject.supplier),
        "name": image.name,
        "version": image.version(),
        "hashes": image.digest().map(hashes),
        "purl": image.purl(subject),
        "properties": properties(list),
    }))
}

fn system(subject: &Subject<'_>) -> Value {
    compact(json!({
        "type": "operating-system",
        "bom-ref": SYSTEM,
        "supplier": supplier(subject, bill::has_official(subject)),
        "name": subject.lockfile.distro,
        "version": bill::os_version(subject),
    }))
}

/// The supplier of what comes from the distribution's own archives.
fn supplier(subject: &Subject<'_>, is_official: bool) -> Option<Value> {
    organization(is_official.then(|| bill::vendor(subject)).as_deref())
}

fn organization(name: Option<&str>) -> Option<Value> {
    name.map(|name| json!({"name": name}))
}

fn component(subject: &Subject<'_>, arch: Arch, item: &Item<'_>, reference: &str) -> Value {
    let package = item.package;
    let mut list = vec![
        trivy("SrcName", &package.source.name),
        trivy("SrcVersion", &package.source.version),
    ];
    list.extend(item.layer.map(|layer| trivy("LayerDiffID", &layer)));
    list.push(own("architecture", &arch));
    list.push(own("group", &package.group));
    list.push(own("repository", &package.repository));
    list.push(own("requested", &package.requested));
    let places = item.location.as_ref();
    compact(json!({
        "type": "library",
        "bom-ref": reference,
        "supplier": supplier(subject, item.is_official),
        "name": package.name.as_str(),
        "version": package.version.as_str(),
        "hashes": hashes(package.sha256),
        "licenses": item.license.and_then(licenses),
        "purl": item.purl,
        "externalReferences": places.map(|url| json!([{"type": "distribution", "url": url}])),
        "properties": properties(list),
    }))
}

/// An expression, and never an identifier by itself: the schema lists those of its day. A licence
/// that SPDX does not list can have its text where it stands alone.
fn licenses(license: &License) -> Option<Value> {
    let named = license.only_named().filter(|named| !named.name.is_empty());
    if let Some(named) = named {
        let text = named
            .text
            .as_ref()
            .map(|text| json!({"contentType": "text/plain", "content": text}));
        let license = compact(json!({
            "name": named.name,
            "text": text,
            "acknowledgement": "declared",
        }));
        return Some(json!([{"license": license}]));
    }
    let expression = license.expression()?;
    Some(json!([{"expression": expression, "acknowledgement": "declared"}]))
}
