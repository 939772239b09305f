//! The well-known archives, and the repositories that a release has of its own.

use crate::model::Archive;

/// What `archive:` of a manifest may name.
pub(super) const ARCHIVES: &[Archive] = &[
    Archive {
        name: "debian",
        urls: &[
            "https://ftp.debian.org/debian",
            "http://ftp.debian.org/debian",
        ],
        snapshot: Some("https://snapshot.debian.org/archive/debian"),
    },
    Archive {
        name: "debian-security",
        urls: &[
            "https://security.debian.org/debian-security",
            "http://security.debian.org/debian-security",
        ],
        snapshot: Some("https://snapshot.debian.org/archive/debian-security"),
    },
];
