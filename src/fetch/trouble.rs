//! Why one source did not give what was asked of it, and what that means for the next try.

use std::time::Duration;

use crate::model::{Class, Miss};

/// Whether asking the same source again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// No.
    Never,
    /// Yes, after a pause that grows.
    Soon,
    /// Yes, at once, but for the whole file.
    FromStart,
    /// Yes, and it said when.
    After(Duration),
}

/// One failure of one source.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    /// The end of a sentence that names the URL.
    pub(super) reason: String,
    pub(super) class: Class,
    /// It answered that it has no such file.
    pub(super) absent: bool,
    pub(super) again: Again,
    /// No connection could be made: the host is not asked again in this run.
    pub(super) unreachable: bool,
    /// More bytes than ever arrived before it happened.
    pub(super) advanced: bool,
    /// What the host of the URL said, where it answered with a status other than success itself.
    pub(super) refusal: Option<Refusal>,
}

/// A server's refusal.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// Its `WWW-Authenticate` headers: how one may say who asks.
    pub(super) challenges: Vec<String>,
}

impl Trouble {
    /// The connection, the server or this machine failed.
    pub(super) fn outside(reason: impl Into<String>, again: Again) -> Self {
        Self {
            reason: reason.into(),
            class: Class::Outside,
            absent: false,
            again,
            unreachable: false,
            advanced: false,
            refusal: None,
        }
    }

    /// There is no such file.
    pub(super) fn absent(reason: impl Into<String>) -> Self {
        Self {
            absent: true,
            ..Self::outside(reason, Again::Never)
        }
    }

    /// The bytes are others than those that are needed.
    pub(super) fn wrong(reason: impl Into<String>) -> Self {
        Self {
            class: Class::Untrusted,
            ..Self::outside(reason, Again::Never)
        }
    }

    /// For messages and for the dialogue.
    pub(super) fn miss(self, url: &str) -> Miss {
        Miss {
            from: url.to_owned(),
            reason: self.reason,
            class: self.class,
            absent: self.absent,
        }
    }
}
