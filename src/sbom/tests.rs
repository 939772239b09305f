//! Both documents, of lockfiles made here.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::lockfile;

const HEAD: &str = "\
lock: 1.0.0
canonical: 1
manifest: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
distro: debian
release: trixie
configure: {mode: none, rules: 1}
repositories:
  - id: trixie
    archive: debian
    suite: trixie
    release: {sha256: &S, date: 2026-11-01T08:12:44Z, signed_by: [AB]}
    indexes: [{path: P, size: 1, sha256: &S}]
  - id: site
    url: https://packages.example.org/debian/
    suite: \"./\"
    release: {sha256: &S, date: 2026-11-01T08:12:44Z, signed_by: [AB]}
    indexes: [{path: P, size: 1, sha256: &S}]
packages:
";

/// A package whose archive has the digest of its name and architecture.
fn package(name: &str, version: &str, source: (&str, &str), from: &str, needs: &str) -> String {
    let digest = digest(name).hex();
    format!(
        "    - name: \"{name}\"
      version: \"{version}\"
      arch: amd64
      group: base
      source: {{name: \"{}\", version: \"{}\"}}
      repository: {from}
      path: \"pool/{name}_{version}.deb\"
      size: 1
      sha256: \"{digest}\"
      depends: [{needs}]
",
        source.0, source.1
    )
}

fn digest(name: &str) -> Sha256 {
    Sha256::of(name.as_bytes())
}

fn parsed(text: &str) -> Lockfile {
    let text = text.replace("&S", &"b".repeat(64));
    lockfile::parse(Path::new("rootfs.lock"), text.as_bytes()).unwrap()
}

fn example(arches: &[&str], more: &str) -> Lockfile {
    let mut text = HEAD.to_owned();
    for arch in arches {
        text += &format!("  {arch}:\n");
        text += &package(
            "bash",
            "5.2.37-2+b1",
            ("bash", "5.2.37-2"),
            "trixie",
            "libc6",
        );
        text += &package(
            "libc6",
            "2.41-12",
            ("glibc", "2.41-12"),
            "trixie",
            "libstdc++6, {bash: sh}",
        );
        text += &package(
            "libstdc++6",
            "1:14~x",
            ("gcc-14", "1:14~x"),
            "site",
            "libc6",
        );
        text += "      recommends: [bash, libc6]\n";
    }
    parsed(&(text + more))
}

const OUTPUTS: &str = "\
outputs:
  amd64:
    epoch: 1761955200
    layers:
      - {group: base, diff_id: sha256:4444444444444444444444444444444444444444444444444444444444444444, size: 10240}
      - {group: system, diff_id: sha256:5555555555555555555555555555555555555555555555555555555555555555, size: 512}
    tree: sha256:6666666666666666666666666666666666666666666666666666666666666666
    config: sha256:7777777777777777777777777777777777777777777777777777777777777777
    blobs: {encoder: e, manifest: sha256:9999999999999999999999999999999999999999999999999999999999999999}
";

/// Owns what a subject borrows.
struct Given {
    lockfile: Lockfile,
    licenses: BTreeMap<Sha256, License>,
    bases: BTreeMap<String, String>,
}

impl Given {
    fn new(lockfile: Lockfile) -> Self {
        let bases = [
            ("trixie", "https://ftp.debian.org/debian"),
            ("site", "https://packages.example.org/debian/"),
        ];
        Self {
            lockfile,
            licenses: BTreeMap::new(),
            bases: bases.map(|(id, url)| (id.into(), url.into())).into(),
        }
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            name: "web",
            lockfile: &self.lockfile,
            purl_type: "deb",
            purl_namespace: "debian",
            os_version: Some("13"),
            supplier: None,
            tool_version: "1.2.3",
            licenses: &self.licenses,
            bases: &self.bases,
            created: Epoch(1_795_252_544),
        }
    }

    fn both(&self) -> [Value; 2] {
        [spdx(&self.subject()), cyclonedx(&self.subject())]
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// What an SPDX document relates, after it was looked over: every identifier is there once, is
/// within its alphabet, and what is related is there.
fn relations(document: &Value) -> BTreeSet<(&str, &str, &str)> {
    let mut ids = BTreeSet::from(["SPDXRef-DOCUMENT"]);
    for package in array(document, "packages") {
        let id = text(package, "SPDXID");
        let inner = id.strip_prefix("SPDXRef-").unwrap();
        assert!(
            inner
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || b".-".contains(&c)),
            "{id}"
        );
        assert!(ids.insert(id), "{id} is there twice");
    }
    let relationships = array(document, "relationships").iter();
    let all: Vec<_> = relationships
        .map(|one| {
            let ends = ["spdxElementId", "relatedSpdxElement"].map(|key| text(one, key));
            assert!(ends.iter().all(|end| ids.contains(end)), "{one}");
            (ends[0], text(one, "relationshipType"), ends[1])
        })
        .collect();
    let set: BTreeSet<_> = all.iter().copied().collect();
    assert_eq!(set.len(), all.len());
    set
}

/// What a CycloneDX document says depends on what, looked over likewise.
fn dependencies(document: &Value) -> BTreeMap<&str, Vec<&str>> {
    let root = &document["metadata"]["component"];
    let components = array(document, "components").iter().chain([root]);
    let mut refs = BTreeSet::new();
    for component in components {
        let own = text(component, "bom-ref");
        assert!(refs.insert(own), "{own} is there twice");
    }
    let mut all = BTreeMap::new();
    for one in array(document, "dependencies") {
        let on: Vec<&str> = array(one, "dependsOn")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let distinct: BTreeSet<&str> = on.iter().copied().collect();
        assert!(
            distinct.len() == on.len() && distinct.is_subset(&refs),
            "{one}"
        );
        assert_eq!(all.insert(text(one, "ref"), on), None);
    }
    assert!(all.keys().eq(&refs));
    all
}

fn named<'a>(document: &'a Value, list: &str, name: &str) -> &'a Value {
    array(document, list)
        .iter()
        .find(|one| text(one, "name") == name)
        .unwrap()
}

#[test]
fn spdx_relates_image_packages_and_sources() {
    let given = Given::new(example(&["amd64"], ""));
    let document = spdx(&given.subject());
    let package = |name: &str| format!("SPDXRef-Package-amd64-{name}");
    let [bash, libc, libstdc] = ["bash", "libc6", "libstdc.2B.2B6"].map(package);
    let image = "SPDXRef-Image-amd64";
    let expected = BTreeSet::from([
        ("SPDXRef-DOCUMENT", "DESCRIBES", image),
        (image, "CONTAINS", "SPDXRef-OperatingSystem"),
        (image, "CONTAINS", &*bash),
        (image, "CONTAINS", &libc),
        (image, "CONTAINS", &libstdc),
        (&bash, "DEPENDS_ON", &libc),
        (&libc, "DEPENDS_ON", &bash),
        (&libc, "DEPENDS_ON", &libstdc),
        (&libstdc, "DEPENDS_ON", &bash),
        (&libstdc, "DEPENDS_ON", &libc),
        (&bash, "GENERATED_FROM", "SPDXRef-Source-bash..5.2E2.2E37-2"),
        (&libc, "GENERATED_FROM", "SPDXRef-Source-glibc..2.2E41-12"),
        (
            &libstdc,
            "GENERATED_FROM",
            "SPDXRef-Source-gcc-14..1.3A14.7Ex",
        ),
    ]);
    assert_eq!(relations(&document), expected);
    assert_eq!(document["creationInfo"]["created"], "2026-11-21T09:15:44Z");
    assert_eq!(
        document["creationInfo"]["creators"][0],
        "Tool: rootlock-1.2.3"
    );
}

#[test]
fn cyclonedx_relates_image_and_packages() {
    let given = Given::new(example(&["amd64"], ""));
    let document = cyclonedx(&given.subject());
    let expected = BTreeMap::from([
        (
            "image",
            vec!["os", "amd64/bash", "amd64/libc6", "amd64/libstdc++6"],
        ),
        ("os", vec![]),
        ("amd64/bash", vec!["amd64/libc6"]),
        ("amd64/libc6", vec!["amd64/bash", "amd64/libstdc++6"]),
        ("amd64/libstdc++6", vec!["amd64/bash", "amd64/libc6"]),
    ]);
    assert_eq!(dependencies(&document), expected);
}

#[test]
fn each_architecture_has_an_image_and_packages_of_its_own() {
    let given = Given::new(example(&["amd64", "arm/v7"], ""));
    let [first, second] = given.both();
    let relations = relations(&first);
    for image in ["SPDXRef-Image-amd64", "SPDXRef-Image-arm.2Fv7"] {
        assert!(relations.contains(&("SPDXRef-DOCUMENT", "DESCRIBES", image)));
        assert!(relations.contains(&("SPDXRef-Image", "CONTAINS", image)));
    }
    // What is for one is for no other, and nothing but the operating system and sources is shared.
    let crossing = relations.iter().filter(|(from, kind, to)| {
        *kind == "DEPENDS_ON" && from.contains("amd64") != to.contains("amd64")
    });
    assert_eq!(crossing.count(), 0);
    let names: Vec<&str> = array(&first, "packages")
        .iter()
        .map(|one| text(one, "name"))
        .collect();
    assert_eq!(names[..4], ["web", "web (amd64)", "web (arm/v7)", "debian"]);
    assert_eq!(
        dependencies(&second)["image"],
        ["image/amd64", "image/arm/v7"]
    );
}

#[test]
fn a_package_is_told_with_what_scanners_look_for() {
    let given = Given::new(example(&["amd64"], OUTPUTS));
    let [first, second] = given.both();
    let libc = named(&first, "packages", "libc6");
    assert_eq!(libc["sourceInfo"], "built package from: glibc 2.41-12");
    assert_eq!(libc["supplier"], "Organization: Debian");
    assert_eq!(libc["checksums"][0]["checksumValue"], digest("libc6").hex());
    assert_eq!(
        libc["downloadLocation"],
        "https://ftp.debian.org/debian/pool/libc6_2.41-12.deb"
    );
    let purl = "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13&upstream=glibc%402.41-12";
    assert_eq!(libc["externalRefs"][0]["referenceLocator"], purl);
    let component = named(&second, "components", "libc6");
    assert_eq!(component["purl"], purl);
    let properties: Vec<(&str, &str)> = array(component, "properties")
        .iter()
        .map(|one| (text(one, "name"), text(one, "value")))
        .collect();
    assert!(properties.contains(&("aquasecurity:trivy:SrcName", "glibc")));
    assert!(properties.contains(&("aquasecurity:trivy:SrcVersion", "2.41-12")));
    assert!(properties.contains(&(
        "aquasecurity:trivy:LayerDiffID",
        &format!("sha256:{}", "4".repeat(64))
    )));
    assert!(properties.contains(&("rootlock:requested", "false")));
    // A source package has no purl: trivy would take it for installed.
    let source = named(&first, "packages", "glibc");
    assert_eq!(source["primaryPackagePurpose"], "SOURCE");
    assert!(source.get("externalRefs").is_none());
    // What is from elsewhere says from where, and not that Debian supplies it.
    let other = named(&first, "packages", "libstdc++6");
    assert_eq!(other["supplier"], "NOASSERTION");
    assert_eq!(
        other["externalRefs"][0]["referenceLocator"],
        "pkg:deb/debian/libstdc%2B%2B6@1:14~x?arch=amd64&distro=debian-13\
         &repository_url=https:%2F%2Fpackages.example.org%2Fdebian&upstream=gcc-14%401:14~x"
    );
    assert!(
        named(&second, "components", "libstdc++6")
            .get("supplier")
            .is_none()
    );
}

#[test]
fn a_recorded_image_is_named_by_its_digests() {
    let given = Given::new(example(&["amd64"], OUTPUTS));
    let [first, second] = given.both();
    let manifest = format!("sha256:{}", "9".repeat(64));
    let image = named(&first, "packages", "web");
    let root = &second["metadata"]["component"];
    assert_eq!(image["versionInfo"], *manifest);
    assert_eq!(root["version"], *manifest);
    let purl = format!("pkg:oci/web@{manifest}?arch=amd64");
    assert_eq!(image["externalRefs"][0]["referenceLocator"], *purl);
    assert_eq!(root["purl"], *purl);
    let facts: Vec<&str> = array(image, "annotations")
        .iter()
        .map(|one| text(one, "comment"))
        .collect();
    let [config, base, system] = ["7", "4", "5"].map(|digit| digit.repeat(64));
    assert_eq!(
        facts,
        [
            format!("ImageID: sha256:{config}"),
            format!("DiffID: sha256:{base}"),
            format!("DiffID: sha256:{system}"),
        ]
    );
    let properties = root["properties"].to_string();
    assert!(
        [config, base, system]
            .iter()
            .all(|digest| properties.contains(digest.as_str()))
    );
    // Without a manifest there is nothing that could be pulled.
    let mut without = given;
    for output in without.lockfile.outputs.values_mut() {
        output.blobs = None;
    }
    let [first, second] = without.both();
    assert!(
        named(&first, "packages", "web")
            .get("externalRefs")
            .is_none()
    );
    assert!(second["metadata"]["component"].get("purl").is_none());
    assert_eq!(
        second["metadata"]["component"]["version"],
        format!("sha256:{}", "7".repeat(64))
    );
}

#[test]
fn licences_are_declared_and_explained_once() {
    let mut given = Given::new(example(&["amd64", "arm64"], ""));
    let file = b"Format: dep5\n\nFiles: *\nLicense: permissive\n As you like.\n";
    let own = license::of_copyright(file).unwrap();
    given.licenses.insert(digest("bash"), own.clone());
    given
        .licenses
        .insert(digest("libc6"), license::of_apk("MIT AND custom"));
    given
        .licenses
        .insert(digest("libstdc++6"), License::default());
    let [first, second] = given.both();
    let declared = |name| text(named(&first, "packages", name), "licenseDeclared");
    assert_eq!(declared("bash"), own.expression().unwrap());
    assert_eq!(declared("libc6"), "MIT AND LicenseRef-custom");
    assert_eq!(declared("libstdc++6"), "NOASSERTION");
    let infos = array(&first, "hasExtractedLicensingInfos");
    let told: Vec<(&str, &str)> = infos
        .iter()
        .map(|one| (text(one, "name"), text(one, "extractedText")))
        .collect();
    assert_eq!(
        told,
        [
            (
                "custom",
                "The package names this licence `custom` and has no text for it."
            ),
            ("permissive", "As you like."),
        ]
    );
    let licenses = |name| &named(&second, "components", name)["licenses"];
    assert_eq!(licenses("bash")[0]["license"]["name"], "permissive");
    assert_eq!(
        licenses("bash")[0]["license"]["text"]["content"],
        "As you like."
    );
    assert_eq!(
        licenses("libc6")[0]["expression"],
        "MIT AND LicenseRef-custom"
    );
    assert!(licenses("libstdc++6").is_null());
}

#[test]
fn the_order_of_a_lockfile_does_not_matter() {
    let given = Given::new(example(&["amd64", "arm64"], ""));
    let mut turned = Given::new(given.lockfile.clone());
    turned.lockfile.repositories.reverse();
    for package in turned.lockfile.packages.values_mut() {
        package.reverse();
        for one in package {
            one.depends.reverse();
        }
    }
    assert_ne!(given.lockfile, turned.lockfile);
    assert_eq!(given.both(), turned.both());
}

#[test]
fn a_document_is_another_when_its_content_is() {
    let given = Given::new(example(&["amd64"], ""));
    let named = |[first, second]: [Value; 2]| {
        let first = text(&first, "documentNamespace").to_owned();
        (first, text(&second, "serialNumber").to_owned())
    };
    let before = named(given.both());
    assert!(before.0.starts_with("https://spdx.org/spdxdocs/web-"));
    assert!(before.1.starts_with("urn:uuid:"));
    assert_eq!(before, named(given.both()));
    let mut changed = given;
    changed
        .licenses
        .insert(digest("bash"), license::of_apk("MIT"));
    let after = named(changed.both());
    assert!(before.0 != after.0 && before.1 != after.1);
}

#[test]
fn names_stay_when_a_package_is_added() {
    let given = Given::new(example(&["amd64"], ""));
    let mut more = Given::new(given.lockfile.clone());
    for packages in more.lockfile.packages.values_mut() {
        let mut added = packages[0].clone();
        added.name = "aaa".parse().unwrap();
        packages.insert(0, added);
    }
    let names = |[first, second]: [Value; 2]| -> BTreeSet<String> {
        let ids = array(&first, "packages")
            .iter()
            .map(|one| text(one, "SPDXID"));
        let refs = array(&second, "components")
            .iter()
            .map(|one| text(one, "bom-ref"));
        ids.chain(refs).map(str::to_owned).collect()
    };
    let (before, after) = (names(given.both()), names(more.both()));
    assert!(before.is_subset(&after) && before.len() + 2 == after.len());
}

#[test]
fn no_document_holds_a_credential() {
    let mut given = Given::new(example(&["amd64"], ""));
    for base in [
        "https://user:hunter2@example.org/debian",
        "https://hunter2@example.org/debian",
        "https://example.org/debian?token=hunter2",
        "https://example.org/debian#hunter2",
    ] {
        given.bases = ["trixie", "site"]
            .map(|id| (id.to_owned(), base.to_owned()))
            .into();
        let [first, second] = given.both().map(|document| document.to_string());
        assert!(
            !first.contains("hunter2") && !second.contains("hunter2"),
            "{base}"
        );
    }
}

#[test]
fn a_document_holds_whatever_is_missing() {
    let mut given = Given::new(example(&["amd64"], ""));
    given.bases.clear();
    for packages in given.lockfile.packages.values_mut() {
        packages.retain(|package| package.name.as_str() != "libc6");
        packages[0].repository = "nowhere".into();
    }
    let [first, second] = given.both();
    relations(&first);
    assert_eq!(dependencies(&second)["amd64/bash"], Vec::<&str>::new());
    assert_eq!(
        named(&first, "packages", "libstdc++6")["downloadLocation"],
        "NOASSERTION"
    );
    given.lockfile.packages.clear();
    let [first, second] = given.both();
    relations(&first);
    dependencies(&second);
}

#[test]
fn the_time_is_one_that_the_formats_can_say() {
    let given = Given::new(example(&["amd64"], ""));
    for (epoch, expected) in [
        (i64::MIN, "1970-01-01T00:00:00Z"),
        (i64::MAX, "9999-12-31T23:59:59Z"),
    ] {
        let subject = Subject {
            created: Epoch(epoch),
            ..given.subject()
        };
        assert_eq!(spdx(&subject)["creationInfo"]["created"], expected);
        assert_eq!(cyclonedx(&subject)["metadata"]["timestamp"], expected);
    }
}

#[test]
fn a_release_without_a_number_is_known_by_its_name() {
    let mut given = Given::new(example(&["amd64"], ""));
    for (release, expected) in [("sid", "sid"), ("v3.22", "3.22"), ("vanessa", "vanessa")] {
        given.lockfile.release = release.into();
        let subject = Subject {
            os_version: None,
            ..given.subject()
        };
        let document = cyclonedx(&subject);
        assert_eq!(
            named(&document, "components", "debian")["version"],
            expected
        );
    }
}

proptest! {
    #[test]
    fn a_document_holds_whatever_packages_are_called(
        names in prop::collection::btree_set("[A-Za-z0-9_][A-Za-z0-9+._-]{0,3}", 0..8),
        version in "[0-9A-Za-z+.:~_^-]{1,8}",
    ) {
        let mut text = HEAD.to_owned() + "  amd64:\n";
        let list: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        for name in &names {
            text += &package(name, &version, (name, "1"), "trixie", &list.join(", "));
        }
        if names.is_empty() {
            text = text.replace("  amd64:\n", "  amd64: []\n");
        }
        let given = Given::new(parsed(&text));
        let [first, second] = given.both();
        let needs = relations(&first).iter().filter(|one| one.1 == "DEPENDS_ON").count();
        prop_assert_eq!(needs, names.len() * names.len().saturating_sub(1));
        prop_assert_eq!(dependencies(&second).len(), names.len() + 2);
    }
}
