//! Alpine: apk-world(5), apk-package(5), APKINDEX and apk's database.

mod dialect;

/// Alpine and what is built like it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alpine;
