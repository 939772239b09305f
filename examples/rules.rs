//! Prints a rule to be written for every script of a locked project that something of is left undone,
//! in the form of src/distro/*/configure/*.rules: what is new since the rules were last reviewed.
//! `rootlock fetch examples/debian-server; cargo run --example rules -- examples/debian-server STORE`

// A program may print and read the clock; the library does neither.
#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::path::Path;
use std::time::UNIX_EPOCH;

use rootlock::fetch::Network;
use rootlock::model::ScriptClass;
use rootlock::model::{Arch, Epoch};
use rootlock::ops::{self, Context, Limits, Project};
use rootlock::progress::Silent;
use rootlock::store::Store;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(manifest), Some(store)) = (arguments.next(), arguments.next()) else {
        return Err(
            "usage: rules MANIFEST STORE, the store as `rootlock store path` has it".into(),
        );
    };
    let context = Context {
        store: &Store::open(store)?,
        network: &Network::default(),
        progress: &Silent,
        now: Epoch(UNIX_EPOCH.elapsed()?.as_secs().try_into()?),
        host: Arch::from_machine(std::env::consts::ARCH).ok_or("an unknown machine")?,
        source_date_epoch: None,
        limits: Limits::default(),
    };
    let project = Project::open(Path::new(&manifest), None)?;
    let scripts = ops::scripts(&context, &project)?
        .arches
        .into_values()
        .flatten();
    for script in scripts.filter(|script| script.class == ScriptClass::Undone) {
        let own = script.own.map(|own| own.hex()).unwrap_or_default();
        println!("rule {} {} {own}", script.package, script.script);
        for statement in script.statements {
            println!("\tundone: {statement}");
        }
    }
    Ok(())
}
