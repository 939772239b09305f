//! Packages of which no index gives the digest: brought into the store after somebody who can read
//! them has vouched for them.

use std::io::Read;

use super::blobs::{Missed, at_once, causes};
use super::url;
use super::{FetchError, Fetcher, Package, Shown};
use crate::model::{Class, Miss, Sha256};

/// Why somebody does not vouch for a package: one sentence, and its kind.
pub type Objection = (Class, String);

/// Reads the whole of the numbered package and vouches for it.
pub type Vouch<'a> = &'a (dyn Fn(usize, &mut (dyn Read + Send)) -> Result<(), Objection> + Sync);

impl Fetcher<'_> {
    /// Brings packages into the store whose `sha256` is not known: what stands there only names the
    /// download, so that it can be gone on with. Every source is tried until one has a package that
    /// is vouched for. Their digests come back, in order.
    ///
    /// # Errors
    /// When no source has one of them, or the store cannot keep it.
    pub fn vouched(
        &self,
        packages: &[Package],
        vouch: Vouch<'_>,
    ) -> Result<Vec<Sha256>, FetchError> {
        let sizes = packages.iter().map(|package| package.size);
        let bytes = sizes.fold(0, u64::saturating_add);
        if !packages.is_empty() {
            self.progress.expect(packages.len() as u64, bytes);
        }
        let mut order: Vec<usize> = (0..packages.len()).collect();
        order.sort_by_key(|&place| (std::cmp::Reverse(packages[place].size), place));
        let mut found = at_once(self.network.jobs, &order, |place| {
            let package = &packages[place];
            let brought = self.try_sources(package, |url| {
                self.bring_vouched(package, url, place, vouch)
            });
            brought.map_err(|error| match error {
                FetchError::Package { name, misses } => FetchError::Offered { name, misses },
                other => other,
            })
        })?;
        found.sort_by_key(|(place, _)| *place);
        Ok(found.into_iter().map(|(_, digest)| digest).collect())
    }

    fn bring_vouched(
        &self,
        package: &Package,
        url: &str,
        place: usize,
        vouch: Vouch<'_>,
    ) -> Result<Sha256, Missed> {
        let Package { name, size, .. } = package;
        let miss = |class, reason| {
            Missed::Source(Miss {
                from: url::public(url),
                reason,
                class,
                absent: false,
            })
        };
        if let Some(refused) = self.transport.refuses(url) {
            return Err(Missed::Source(refused.miss(&url::public(url))));
        }
        let Some(mut partial) = self.store.partial(&package.sha256, *size)? else {
            // Nothing has that digest.
            return Err(miss(Class::Outside, "it vanished".into()));
        };
        let mut shown = Shown::new(self.progress, name, Some(*size));
        let mut resumed = !partial.is_empty();
        loop {
            let brought = self
                .transport
                .bring(url, &mut partial, *size, &mut |len| shown.at(len));
            if let Err(trouble) = brought {
                if partial.is_empty() {
                    partial.drop_file();
                }
                return Err(Missed::Source(trouble.miss(&url::public(url))));
            }
            let disk = |error| Missed::Source(self.kept_badly(&causes(&error)));
            let mut file = partial.reader().map_err(disk)?;
            match vouch(place, &mut file) {
                Ok(()) => return Ok(partial.commit_found(name)?),
                // Its beginning may be from another source, or another day.
                Err(_) if resumed => {
                    resumed = false;
                    partial.restart().map_err(disk)?;
                }
                Err((class, reason)) => {
                    partial.drop_file();
                    return Err(miss(class, reason));
                }
            }
        }
    }
}
