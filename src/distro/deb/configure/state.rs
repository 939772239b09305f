//! What has been collected from all scripts and is written once, at the end.

use std::collections::{BTreeMap, BTreeSet};

use super::alternatives::Install;
use super::units::{Enabled, Systemctl};
use crate::model::Epoch;

/// What the statements of all packages add up to.
#[derive(Debug)]
pub(super) struct State {
    /// The names of the image's packages.
    pub(super) packages: BTreeSet<String>,
    /// Debian's name of the architecture.
    pub(super) arch: String,
    /// The locked release.
    pub(super) release: String,
    /// The time of what is made.
    pub(super) time: Epoch,
    /// How `/etc/ca-certificates.conf` begins.
    pub(super) heading: Vec<u8>,
    /// `update-alternatives --install`, in order.
    pub(super) alternatives: Vec<Install>,
    /// `update-rc.d`, in order: the script's name, and whether it starts by default.
    pub(super) rc: Vec<(String, bool)>,
    /// `dpkg-statoverride`: user, group and mode by path.
    pub(super) overrides: BTreeMap<String, (String, String, u16)>,
    /// What `deb-systemd-helper` made.
    pub(super) units: Enabled,
    /// The image's own, where it has one.
    pub(super) systemctl: Option<Systemctl>,
    /// `add-shell`, and whether all of `/usr/share/debianutils/shells.d` is wanted.
    pub(super) shells: BTreeSet<String>,
    /// Native programs that run once all packages are configured.
    pub(super) programs: BTreeSet<Program>,
    /// Triggers that scripts activated.
    pub(super) triggers: BTreeSet<String>,
    /// Files that `ucf` manages.
    pub(super) ucf: BTreeMap<String, Managed>,
}

/// A configuration file that `ucf` manages.
#[derive(Debug, Clone)]
pub(super) struct Managed {
    /// What it was made from.
    pub(super) from: String,
    /// Whose script did.
    pub(super) package: String,
}

/// A program whose result is a function of the whole image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Program {
    /// pam-auth-update(8)
    PamAuthUpdate,
    /// update-ca-certificates(8)
    CaCertificates,
    /// What ca-certificates-java does with them.
    JavaCertificates,
    /// update-shells(8)
    UpdateShells,
    /// ldconfig(8)
    Ldconfig,
}
