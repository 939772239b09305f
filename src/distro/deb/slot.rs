//! What a dialogue knows of one repository while its Release is looked for.

use super::trust::Judged;
use crate::model::{Class, Miss};

/// What is known of one repository.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// The tier of sources that is asked next.
    pub(super) attempt: usize,
    pub(super) misses: Vec<Miss>,
    pub(super) hint: Option<String>,
    pub(super) judged: Option<Judged>,
    /// No source has it, and its release need not have it.
    pub(super) dropped: bool,
}

impl Slot {
    /// Notes what a source did not have. One that has a Release and no signature for it is not to
    /// be trusted, which is another matter than having nothing.
    pub(super) fn miss(&mut self, miss: Miss) {
        if !miss.absent || !miss.from.ends_with("/Release.gpg") {
            self.misses.push(miss);
            return;
        }
        let release = miss.from.trim_end_matches(".gpg").to_owned();
        // That there is no InRelease beside it is no news then.
        self.misses.retain(|other| {
            !other.absent || other.from != format!("{}/InRelease", directory(&release))
        });
        self.misses.push(Miss {
            from: release,
            reason: "it has no signature".into(),
            class: Class::Untrusted,
            absent: false,
        });
        self.hint = self.hint.take().or_else(|| {
            Some("`unsigned: true` beside the repository's `url:` accepts it without one".into())
        });
    }
}

fn directory(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(directory, _)| directory)
}
