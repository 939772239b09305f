//! `sbom`: the same document on every machine.

use crate::support::{Site, good};

#[test]
fn both_formats_name_every_locked_package_and_are_the_same_everywhere() {
    let site = Site::new();
    good().write(&site.path("repo"), &site.key, site.now);
    site.run(&["lock"]).done();
    for (format, list, version) in [
        ("spdx", "packages", ("spdxVersion", "SPDX-2.3")),
        ("cyclonedx", "components", ("specVersion", "1.6")),
    ] {
        let words = ["sbom", "--format", format];
        let first = site.run(&words).done();
        assert_eq!(first[version.0], version.1);
        let purls = first[list].to_string();
        for name in ["one", "two"] {
            assert!(
                purls.contains(&format!("pkg:deb/debian/{name}@")),
                "{purls}"
            );
        }
        site.wipe_store();
        assert_eq!(site.run(&words).done(), first);
        let offline = ["sbom", "--format", format, "--no-licenses", "--offline"];
        let bare = site.run(&offline).done();
        assert_eq!(bare[version.0], version.1);
        site.run(&["sbom", "--format", format, "-o", "bill.json"])
            .done();
        let written = fs_err::read(site.path("p/bill.json")).unwrap();
        let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(written, first);
    }
}
