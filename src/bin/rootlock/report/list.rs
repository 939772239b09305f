//! The answer of `list`.

use rootlock::lockfile::Lockfile;
use rootlock::model::LockedPackage;
use serde_json::{Value, json};

use super::{Report, edge_json, packages_json};
use crate::render;
use crate::session::View;

impl Report for Lockfile {
    fn text(&self, view: &View) -> String {
        let mut out = String::new();
        for (arch, packages) in &self.packages {
            if self.packages.len() > 1 && !view.quiet {
                let gap = if out.is_empty() { "" } else { "\n" };
                let count = render::count(packages.len(), "package");
                out.push_str(&format!("{gap}{arch}, {count}\n"));
            }
            let mut rows = Vec::new();
            if !view.quiet {
                rows.push(["PACKAGE", "VERSION", "ARCH", "GROUP"].map(String::from));
            }
            rows.extend(packages.iter().map(|package| {
                [
                    package.name.to_string(),
                    package.version.to_string(),
                    package.arch.to_string(),
                    package.group.to_string(),
                ]
            }));
            out.push_str(&render::table(&rows));
        }
        out
    }

    fn json(&self) -> Value {
        let arches = self.packages.iter();
        packages_json(
            arches.map(|(arch, packages)| (*arch, packages.as_slice())),
            package_json,
        )
    }
}

/// All fields of the lockfile, under its names and in its order.
fn package_json(package: &LockedPackage) -> Value {
    let mut out = json!({
        "name": package.name.as_str(),
        "version": package.version.as_str(),
        "arch": package.arch,
        "group": package.group.as_str(),
        "requested": package.requested,
        "source": {
            "name": package.source.name,
            "version": package.source.version.as_str(),
        },
        "repository": package.repository,
        "path": package.path,
        "size": package.size,
        "sha256": package.sha256.hex(),
    });
    if let Some(checksum) = &package.checksum {
        out["checksum"] = json!(checksum);
    }
    out["depends"] = package.depends.iter().map(edge_json).collect();
    let optional = [
        ("recommends", &package.recommends),
        ("install_if", &package.install_if),
    ];
    for (key, edges) in optional {
        if !edges.is_empty() {
            out[key] = edges.iter().map(edge_json).collect();
        }
    }
    out
}
