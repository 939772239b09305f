//! Chooses the packages of a manifest with the library, and prints them.
//! `cargo run --example lock -- examples/debian-minimal`

// A program may print and read the clock; the library does neither.
#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::path::Path;
use std::time::UNIX_EPOCH;

use rootlock::fetch::Network;
use rootlock::model::{Arch, Epoch};
use rootlock::ops::{self, Context, Limits, LockOptions, Project};
use rootlock::progress::Silent;
use rootlock::resolve::Update;
use rootlock::store::Store;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let manifest = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let context = Context {
        store: &Store::open(std::env::temp_dir().join("rootlock-example"))?,
        network: &Network::default(),
        progress: &Silent,
        now: Epoch(UNIX_EPOCH.elapsed()?.as_secs().try_into()?),
        host: Arch::from_machine(std::env::consts::ARCH).ok_or("an unknown machine")?,
        source_date_epoch: None,
        limits: Limits::default(),
    };
    let options = LockOptions {
        update: Update::All,
        dry_run: true,
    };
    let project = Project::open(Path::new(&manifest), None)?;
    let report = ops::lock(&context, &project, &options)?;
    for (arch, changes) in report.changes {
        for package in changes.into_iter().map(|change| change.package) {
            println!("{arch} {} {}", package.name, package.version);
        }
    }
    Ok(())
}
