//! Asks what would move if a project were locked again today, and changes nothing.
//! `cargo run --example outdated -- examples/debian-minimal`

#![allow(clippy::print_stdout, clippy::disallowed_methods)] // A program may print and read the clock.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rootlock::fetch::Network;
use rootlock::model::{Arch, Epoch};
use rootlock::ops::{self, ChangeKind, Context, LockOptions, Project};
use rootlock::progress::Silent;
use rootlock::resolve::Update;
use rootlock::store::Store;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let manifest = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let context = Context {
        store: &Store::open(std::env::temp_dir().join("rootlock-outdated"))?,
        network: &Network { jobs: 4, ..Network::default() },
        progress: &Silent,
        now: Epoch(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().try_into()?),
        host: Arch::from_machine(std::env::consts::ARCH).ok_or("an unknown machine")?,
        source_date_epoch: None,
    };
    let options = LockOptions { update: Update::All, dry_run: true };
    let project = Project::open(Path::new(&manifest), None).map_err(|error| error.to_string())?;
    let report = ops::lock(&context, &project, &options).map_err(|error| error.to_string())?;
    for (arch, changes) in report.changes {
        for change in changes.iter().filter(|change| change.kind != ChangeKind::Kept) {
            let from = change.from.as_ref().map_or("nothing", |version| version.as_str());
            println!("{arch}: {} {from} -> {}", change.package.name, change.package.version);
        }
    }
    Ok(())
}
