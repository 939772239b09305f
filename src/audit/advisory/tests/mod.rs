//! What is known about what is installed: every format with known answers.

mod decisions;
mod hostile;
mod merge;
mod osv;
mod secdb;
mod tracker;

use std::error::Error as _;

use super::load::Limits;
use super::*;
use crate::distro;
use crate::model::{Epoch, Version};

/// Some day in 2026.
const NOW: Epoch = Epoch(1_795_252_544);

/// A package that is installed.
#[derive(Clone)]
struct Pkg {
    ecosystem: &'static str,
    osv_release: Option<&'static str>,
    codename: Option<&'static str>,
    name: &'static str,
    version: Version,
    arch: &'static str,
    source: (&'static str, Version),
    purl: String,
}

/// On Debian 13, built from a source package of the same name and version.
fn deb(name: &'static str, version: &str) -> Pkg {
    Pkg {
        ecosystem: "Debian",
        osv_release: Some("13"),
        codename: Some("trixie"),
        name,
        version: version.parse().unwrap(),
        arch: "amd64",
        source: (name, version.parse().unwrap()),
        purl: format!("pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-13"),
    }
}

/// On Alpine 3.22, with an origin of the same name.
fn apk(name: &'static str, version: &str) -> Pkg {
    Pkg {
        ecosystem: "Alpine",
        osv_release: Some("v3.22"),
        codename: Some("v3.22"),
        arch: "x86_64",
        purl: format!("pkg:apk/alpine/{name}@{version}?arch=x86_64&distro=3.22"),
        ..deb(name, version)
    }
}

impl Pkg {
    fn of(mut self, source: &'static str, version: &str) -> Self {
        self.source = (source, version.parse().unwrap());
        self
    }

    fn on(mut self, osv_release: Option<&'static str>, codename: Option<&'static str>) -> Self {
        self.osv_release = osv_release;
        self.codename = codename;
        self
    }
}

fn by_deb(a: &Version, b: &Version) -> std::cmp::Ordering {
    distro::by_name("debian").unwrap().compare(a, b)
}

fn by_apk(a: &Version, b: &Version) -> std::cmp::Ordering {
    distro::by_name("alpine").unwrap().compare(a, b)
}

fn components(packages: &[Pkg]) -> Vec<Component<'_>> {
    packages
        .iter()
        .map(|package| Component {
            ecosystem: package.ecosystem,
            osv_release: package.osv_release,
            codename: package.codename,
            name: package.name,
            version: &package.version,
            arch: package.arch,
            source_name: package.source.0,
            source_version: &package.source.1,
            purl: package.purl.clone(),
            compare: if package.ecosystem == "Alpine" {
                &by_apk
            } else {
                &by_deb
            },
        })
        .collect()
}

fn report_with(
    packages: &[Pkg],
    files: &[(&str, &[u8])],
    ignores: &[Ignore],
    image: &[&str],
) -> Result<Report, AdvisoryError> {
    let components = components(packages);
    let inputs: Vec<Input<'_>> = files
        .iter()
        .map(|(name, bytes)| Input::Bytes { name, bytes })
        .collect();
    let policy = Policy {
        ignores,
        now: NOW,
        image,
    };
    Ok(Advisories::load(&inputs, &components)?.find(&policy))
}

fn report(packages: &[Pkg], files: &[(&str, &str)]) -> Report {
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (*name, text.as_bytes()))
        .collect();
    report_with(packages, &files, &[], &[]).unwrap()
}

/// `name id < fixed`, or `name id` where no fix is known.
fn brief(report: &Report) -> Vec<String> {
    let line = |finding: &Finding| {
        let fixed = finding.fixed.as_ref().map(|fixed| format!(" < {fixed}"));
        format!(
            "{} {}{}",
            finding.name,
            finding.id,
            fixed.unwrap_or_default()
        )
    };
    report.findings.iter().map(line).collect()
}

/// What one file says about packages.
fn says(file: &str, packages: &[Pkg]) -> Vec<String> {
    brief(&report(packages, &[("file", file)]))
}

/// The error of one file, with its causes.
fn fails(file: impl AsRef<[u8]>, packages: &[Pkg]) -> String {
    let error = report_with(packages, &[("file", file.as_ref())], &[], &[]).unwrap_err();
    let mut out = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        out += &format!(": {error}");
        cause = error.source();
    }
    out
}
