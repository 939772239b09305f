//! A file at a URL that nobody vouches for but its server: advisories.

use super::url;
use super::{FetchError, Fetcher, Shown};

impl Fetcher<'_> {
    /// Reads what `address`, an http, https or file URL, has: at most `max` bytes. It is kept nowhere.
    ///
    /// # Errors
    /// When it cannot be had, or has more.
    pub fn document(&self, address: &str, max: u64) -> Result<Vec<u8>, FetchError> {
        let shown = url::public(address);
        let mut progress = Shown::new(self.progress, &shown, None);
        let read = self
            .transport
            .read(address, max, &mut |length| progress.at(length));
        read.map_err(|trouble| FetchError::Document {
            url: shown.clone(),
            misses: vec![trouble.miss(&shown)],
        })
    }
}
