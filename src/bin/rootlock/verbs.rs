//! Placeholders until the library's verbs land.

use std::io::Write;
use std::path::{Path, PathBuf};

use rootlock::lockfile::Lockfile;
use rootlock::model::{Arch, Class, Explain};
use rootlock::ops::{
    BuildOptions, BuildReport, Context, Error, FetchReport, LockOptions, LockReport, Project,
};

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not in this build")]
struct Missing(&'static str);

impl Explain for Missing {
    fn class(&self) -> Class {
        Class::BadInput
    }
}

fn missing<T>(verb: &'static str) -> Result<T, Error> {
    Err(Error::from(Missing(verb)))
}

#[derive(Debug)]
pub(crate) struct InitOptions {
    pub(crate) distro: String,
    pub(crate) release: Option<String>,
    pub(crate) packages: Vec<String>,
    pub(crate) arch: Arch,
}

pub(crate) fn init(_path: &Path, options: &InitOptions) -> Result<PathBuf, Error> {
    let _ = (
        &options.distro,
        &options.release,
        &options.packages,
        options.arch,
    );
    missing("init")
}
pub(crate) fn add(
    _cx: &Context<'_>,
    _manifest: &Path,
    _lockfile: Option<&Path>,
    _packages: &[String],
    _group: Option<&str>,
) -> Result<LockReport, Error> {
    missing("add")
}
pub(crate) fn remove(
    _cx: &Context<'_>,
    _manifest: &Path,
    _lockfile: Option<&Path>,
    _packages: &[String],
) -> Result<LockReport, Error> {
    missing("remove")
}
pub(crate) fn lock(_: &Context<'_>, _: &Project, _: &LockOptions) -> Result<LockReport, Error> {
    missing("lock")
}
pub(crate) fn lock_check(_: &Project) -> Result<Vec<String>, Error> {
    missing("lock --check")
}
pub(crate) fn fetch(_: &Context<'_>, _: &Project) -> Result<FetchReport, Error> {
    missing("fetch")
}
pub(crate) fn build(
    _: &Context<'_>,
    _: &Project,
    _: &BuildOptions,
    _: &mut (dyn Write + Send),
) -> Result<BuildReport, Error> {
    missing("build")
}
pub(crate) fn list(_: &Project) -> Result<Lockfile, Error> {
    missing("list")
}
