//! The text of a new manifest.

use std::fmt::Write as _;

use super::edit::quoted;
use crate::model::{Arch, Dialect, PackageRequest};

/// The name that a project in the directory `dir` gets: lower-case, with `-` for what a name cannot
/// hold; `rootfs` where nothing is left.
pub fn project_name(dir: &str) -> String {
    const MAX: usize = 64;
    let mut out = String::new();
    for c in dir.chars().flat_map(char::to_lowercase).take(MAX) {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            '.' | '_' if !out.is_empty() => out.push(c),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    let trimmed = out.trim_end_matches(['-', '.', '_']);
    if trimmed.is_empty() {
        "rootfs".to_owned()
    } else {
        trimmed.to_owned()
    }
}

/// A commented manifest that holds `packages`, for `init`. `release` is the dialect's default where
/// it is absent.
pub fn template(
    name: &str,
    dialect: &dyn Dialect,
    release: Option<&str>,
    arch: Arch,
    packages: &[PackageRequest],
) -> String {
    let distro = dialect.name();
    let release = quoted(release.unwrap_or_else(|| dialect.default_release()));
    let name = quoted(name);
    let base = dialect.first_group();
    let mut list = String::new();
    for request in packages {
        let _ = write!(list, "\n      - {}", quoted(&request.to_string()));
    }
    if list.is_empty() {
        list.push_str(" []");
    }
    format!(
        "\
# What goes into the image. `rootlock lock` writes the exact versions to the
# lockfile beside this file; `rootlock build -o DIR` makes the image from it.
name: {name}
distro: {distro}
release: {release}
architectures: [{arch}]

# One layer per group, the lowest first: put what changes often into a higher one.
# A request is a name, or a name with a version, in quotes: \"NAME>=1.2\", \"NAME=1.2.*\".
groups:
  - name: base
    {base}
  - name: app
    packages:{list}

# Files of your own, in a layer on top: exactly one of content, source, directory, link.
# files:
#   - {{path: /etc/motd, content: \"hello\\n\"}}
#   - {{path: /app, source: ./app, owner: \"0:0\"}}

# Documentation that the image can do without.
# paths:
#   exclude: [/usr/share/doc/*, /usr/share/man/*]
#   include: [/usr/share/doc/*/copyright]

# How the image runs.
# image:
#   entrypoint: [/bin/sh]
#   env: {{LANG: C.UTF-8}}
#   labels: {{org.opencontainers.image.title: {name}}}
"
    )
}
