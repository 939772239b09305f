//! Programs whose result is a function of the whole image: they run once, at the end.

use super::pam;
use super::state::State;
use crate::distro::configure::certs;
use crate::distro::configure::draft::{Access, Draft};
use crate::distro::configure::{keystore, sha1};
use crate::tree::Blob;

const CONF: &str = "/etc/ca-certificates.conf";
const SHIPPED: &str = "/usr/share/ca-certificates";
const LOCAL: &str = "/usr/local/share/ca-certificates";
const STORE: &str = "/etc/ssl/certs";
const JAVA: &str = "/etc/ssl/certs/java/cacerts";

/// update-ca-certificates(8): the links and the bundle of all certificates, with debconf's default,
/// which trusts all that are shipped. With `java`, its own store of them too.
pub(super) fn certificates(draft: &mut Draft<'_>, state: &State, java: bool) {
    let shipped = draft.files(SHIPPED);
    let local = draft.files(LOCAL);
    let present = draft.files(STORE);
    let present: Vec<_> = present
        .into_iter()
        .filter(|(name, _)| !name.contains('/'))
        .collect();
    let made = certs::debian(&state.heading, &shipped, &local, &present, &sha1);
    if let Some(conf) = made.conf
        && !draft.exists(CONF)
    {
        draft.write(CONF, conf, 0o644);
    }
    for (path, target) in &made.links {
        draft.put_link(&format!("/{path}"), target);
    }
    if !made.bundle.is_empty() {
        draft.write(&format!("{STORE}/ca-certificates.crt"), made.bundle, 0o644);
    }
    let machines = draft.list("/usr/lib/jvm")[1].clone();
    let runs = |name: &String| draft.exists(&format!("/usr/lib/jvm/{name}/bin/java"));
    if java && !machines.iter().any(runs) {
        // The first Java runtime that is installed makes the store then.
        draft.write("/var/lib/ca-certificates-java/fresh", Vec::new(), 0o644);
    } else if java {
        let named = made.trusted.into_iter();
        let entries: Vec<_> = named
            .map(|(name, der)| (keystore::alias(&name), der))
            .collect();
        let bytes = keystore::jks(&entries, state.time.0.saturating_mul(1000), &sha1);
        draft.put_file(JAVA, Blob::inline(bytes), Access::root(0o644));
    }
}

/// pam-auth-update(8): the `common-*` files of the profiles that packages ship.
pub(super) fn pam(draft: &mut Draft<'_>, state: &State) {
    let profiles = draft.files("/usr/share/pam-configs");
    let templates = draft.files("/usr/share/pam");
    let release = match state.release.starts_with("bookworm") {
        true => pam::Release::Bookworm,
        false => pam::Release::Trixie,
    };
    for (path, bytes) in pam::common(&profiles, &templates, release).files {
        draft.write(&path, bytes, 0o644);
    }
}

/// update-shells(8): `/etc/shells` with those that packages add, and what it remembers of them.
pub(super) fn shells(draft: &mut Draft<'_>, state: &State) {
    const TEMPLATE: &str = "/usr/share/debianutils/shells";
    let template = draft.text(TEMPLATE).unwrap_or_default();
    let mut packaged: Vec<String> = Vec::new();
    let added = draft.files("/usr/share/debianutils/shells.d");
    let added = added.iter().map(|(_, text)| String::from_utf8_lossy(text));
    for text in std::iter::once(template.as_str().into()).chain(added) {
        for line in text.lines() {
            let shell = line.split('#').next().unwrap_or_default();
            // A shell counts under its name and under that which links lead to.
            let real = shell.rsplit_once('/').and_then(|(directory, name)| {
                let place = draft.target(directory)?;
                Some(format!("{place}/{name}"))
            });
            for name in [Some(shell.to_owned()), real].into_iter().flatten() {
                if name.starts_with('/') && !packaged.contains(&name) {
                    packaged.push(name);
                }
            }
        }
    }
    let mut text = draft.text("/etc/shells").unwrap_or(template);
    for shell in packaged.iter().chain(&state.shells) {
        if !text.lines().any(|line| line == shell) {
            text += shell;
            text.push('\n');
        }
    }
    draft.write("/etc/shells", text.into_bytes(), 0o644);
    let mut remembered = packaged.join("\n");
    remembered.push('\n');
    draft.write("/var/lib/shells.state", remembered.into_bytes(), 0o644);
}
