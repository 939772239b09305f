//! A project with two lockfiles, for the reports that read them.

use std::fmt::Write as _;
use std::path::PathBuf;

use rootlock::ops::Project;

use super::Report;
use crate::args::ColorWhen;
use crate::render::Style;
use crate::session::View;

/// The fingerprint of a key.
const SIGNER: &str = "04B54C3CDCA79751B16BC6B5225629DF75B188BD";
const MANIFEST: &str = "\
name: test
distro: debian
release: trixie
architectures: [amd64, arm64]
groups:
  - {name: base, priority: required, packages: [base-files, bash]}
  - {name: app, packages: [curl, \"openssl=3.5.*\"]}
";

/// `*` for what is requested, then package, source, version, group, repository, size, depends and
/// recommends.
type Line = &'static str;

const OLD: &[Line] = &[
    "* base-files base-files 13.8 base trixie 88324 mawk:awk",
    "* bash bash 5.2.37-2 base trixie 1500792 base-files,libc6",
    "  ca-certificates ca-certificates 20250419 app trixie 160720 openssl",
    "* curl curl 8.14.1-2 app trixie 270000 libcurl4t64",
    "  libc6 glibc 2.41-12 base trixie 2800000 libgcc-s1",
    "  libcurl4t64 curl 8.14.1-2 app trixie 380000 libc6,libssl3t64 ca-certificates",
    "  libgcc-s1 gcc-14 14.2.0-19 base trixie 70000 libc6",
    "  libssl3t64 openssl 3.5.1-1 app trixie 2400000 libc6,zlib1g",
    "  mawk mawk 1.3.4 base trixie 140000 libc6",
    "* nginx nginx 1.26.3-3 app trixie 600000 libc6",
    "* openssl openssl 3.5.1-1 app trixie 1490000 libssl3t64",
    "  tar tar 1.35 base trixie 815000 libc6",
    "  zlib1g zlib 1.3.1 app trixie 88000 libc6",
];

const NEW: &[Line] = &[
    "* base-files base-files 13.8 base trixie 88324 mawk:awk",
    "* bash bash 5.2.37-1 base trixie 1500700 base-files,libc6,zlib1g",
    "  ca-certificates ca-certificates 20250419 app trixie 160720 openssl",
    "* curl curl 8.14.1-3 app trixie 271000 libcurl4t64",
    "  libc6 glibc 2.41-12 base trixie 2800000 libgcc-s1",
    "  libcurl4t64 curl 8.14.1-3 app trixie 381000 libc6,libnghttp3-9,libssl3t64 ca-certificates",
    "  libgcc-s1 gcc-14 14.2.0-19 base trixie 70000 libc6",
    "  libnghttp3-9 nghttp3 1.8.0-1 app trixie 67700 libc6",
    "  libssl3t64 openssl 3.5.4-1 app trixie-security 2401200 libc6,openssl-provider-legacy,zlib1g",
    "  mawk mawk 1.3.4 base trixie 140000 libc6",
    "* openssl openssl 3.5.4-1 app trixie-security 1490000 libssl3t64",
    "  openssl-provider-legacy openssl 3.5.4-1 app trixie-security 308000 libssl3t64",
    "  tar tar 1.35 base trixie 815000 libc6",
    "  zlib1g zlib 1.3.1 base trixie 88000 libc6",
];

/// A directory with a manifest and its lockfile, and an older one beside it.
pub(super) struct Fixture {
    dir: tempfile::TempDir,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("rootfs.yaml", MANIFEST.to_owned()),
            (
                "rootfs.lock",
                lockfile(NEW, "2026-11-21T09:15:44Z", "1.8.0-1+b1"),
            ),
            ("old.lock", lockfile(OLD, "2026-10-01T08:00:00Z", "")),
        ] {
            fs_err::write(dir.path().join(name), text).unwrap();
        }
        Self { dir }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn project(&self) -> Project {
        Project::open(self.dir.path(), None).unwrap()
    }

    /// As [`texts`]; paths are named from the directory.
    pub(super) fn texts(&self, report: &dyn Report) -> [String; 2] {
        let texts = self.unbounded(report);
        narrow(&texts[0]);
        texts
    }

    /// As [`Fixture::texts`], of what is not for a terminal.
    pub(super) fn unbounded(&self, report: &dyn Report) -> [String; 2] {
        let here = format!("{}/", self.dir.path().display());
        both(report).map(|text| text.replace(&here, ""))
    }
}

/// The report's text without colour; and with it, where escapes are written as `^`. No line is wider than
/// a terminal.
pub(super) fn texts(report: &dyn Report) -> [String; 2] {
    let texts = both(report);
    narrow(&texts[0]);
    texts
}

fn both(report: &dyn Report) -> [String; 2] {
    [ColorWhen::Never, ColorWhen::Always].map(|when| {
        let text = report.text(&View {
            style: Style::of(when, false),
            quiet: false,
            verbose: false,
        });
        text.replace('\x1b', "^")
    })
}

fn narrow(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

/// `arm64` is as `amd64`, but for the version of libnghttp3-9.
fn lockfile(lines: &[Line], date: &str, nghttp3: &str) -> String {
    let digest = |text: &str| rootlock::model::Sha256::of(text.as_bytes()).hex();
    let mut out = format!(
        "lock: 1.0.0\ncanonical: 1\nmanifest: sha256:{}\ndistro: debian\nrelease: trixie\n\
         configure: {{mode: native, rules: 1}}\nrepositories:\n",
        digest(MANIFEST)
    );
    for id in ["trixie", "trixie-security"] {
        let sha256 = digest(date);
        writeln!(
            out,
            "  - id: {id}\n    archive: debian\n    suite: {id}\n    release: {{sha256: {sha256}, \
             date: {date}, signed_by: [{SIGNER}]}}\n    indexes: []"
        )
        .unwrap();
    }
    out.push_str("packages:\n");
    for arch in ["amd64", "arm64"] {
        writeln!(out, "  {arch}:").unwrap();
        for line in lines {
            let (star, line) = line.split_at(2);
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let [name, source, version, group, repository, size, rest @ ..] = &words[..] else {
                panic!("{line}");
            };
            let version = match (*name, arch) {
                ("libnghttp3-9", "arm64") => nghttp3,
                _ => version,
            };
            writeln!(
                out,
                "    - name: {name}\n      version: \"{version}\"\n      arch: {arch}\n      group: {group}"
            )
            .unwrap();
            if star == "* " {
                out.push_str("      requested: true\n");
            }
            writeln!(
                out,
                "      source: {{name: {source}, version: \"{version}\"}}\n      repository: {repository}\n      \
                 path: pool/{name}_{version}_{arch}.deb\n      size: {size}\n      sha256: {}",
                digest(&format!("{name} {version} {arch}"))
            )
            .unwrap();
            for (key, edges) in ["depends", "recommends"].into_iter().zip(rest) {
                let edges: Vec<_> = edges.split(',').map(edge).collect();
                writeln!(out, "      {key}: [{}]", edges.join(", ")).unwrap();
            }
        }
    }
    out
}

fn edge(text: &str) -> String {
    match text.split_once(':') {
        Some((name, through)) => format!("{{{name}: {through}}}"),
        None => text.to_owned(),
    }
}
