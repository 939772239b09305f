//! Reads everything in the store again and says what is damaged.

use std::io;
use std::path::PathBuf;

use rayon::prelude::*;

use super::walk::{Entry, Usage};
use super::{Store, StoreError, blob, derived};

/// Something in the store that is not what its name says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// Where it lies.
    pub path: PathBuf,
    /// What is wrong with it, as a sentence without a full stop and without a subject.
    pub reason: String,
}

/// The answer of [`Store::check`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// What was read.
    pub read: Usage,
    /// What of it is damaged, sorted by path.
    pub damaged: Vec<Damage>,
}

impl Store {
    /// Reads every blob and every derived entry again. Nothing is changed: a damaged blob is dropped
    /// and fetched again when it is next needed, and [`Store::remove_damaged`] drops all at once.
    ///
    /// # Errors
    /// When the store's directories cannot be read.
    pub fn check(&self) -> Result<Checked, StoreError> {
        let mut entries = self.blobs()?;
        entries.extend(self.stages()?.into_values().flatten());
        let mut read = Usage::default();
        entries.iter().for_each(|entry| read.add(entry.size));
        // The largest first, so that no core is left with one alone at the end.
        entries.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
        let mut damaged: Vec<_> = entries
            .par_iter()
            .with_max_len(1)
            .filter_map(damage)
            .collect();
        damaged.sort();
        Ok(Checked { read, damaged })
    }

    /// Drops what a check found.
    ///
    /// # Errors
    /// When something cannot be dropped.
    pub fn remove_damaged(&self, damaged: &[Damage]) -> Result<(), StoreError> {
        for Damage { path, .. } in damaged {
            self.discard(path)
                .map_err(|error| StoreError::io("remove", path, error))?;
        }
        Ok(())
    }
}

/// What is wrong with an entry; `None` also where it was dropped while others were read.
fn damage(entry: &Entry) -> Option<Damage> {
    let reason = match super::open_nofollow(&entry.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) if super::is_loop(&error) => "is a symbolic link".into(),
        Err(error) => format!("cannot be read: {error}"),
        Ok(file) => match file.metadata() {
            Ok(meta) if !meta.is_file() => "is not a regular file".into(),
            Ok(_) => content_damage(file, entry)?,
            Err(error) => format!("cannot be read: {error}"),
        },
    };
    Some(Damage {
        path: entry.path.clone(),
        reason,
    })
}

fn content_damage(mut file: std::fs::File, entry: &Entry) -> Option<String> {
    match entry.blob {
        Some(expected) => match blob::digest_of(&mut file) {
            Ok(found) if found == expected => None,
            Ok(found) => Some(format!("has {found}")),
            Err(error) => Some(format!("cannot be read: {error}")),
        },
        None => match derived::verify(&mut file) {
            Ok(true) => None,
            Ok(false) => Some("does not have the digest that it carries".into()),
            Err(error) => Some(format!("cannot be read: {error}")),
        },
    }
}
