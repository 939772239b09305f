//! `rootlock init`

use std::path::PathBuf;

use clap::Args;
use rootlock::ops;

use super::DONE;
use crate::failure::Outcome;
use crate::report::Initialised;
use crate::session::Session;
use crate::world;

/// Write a commented manifest to start from; an existing one is never overwritten
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Init {
    /// The first packages
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    /// The distribution
    #[arg(long, default_value = "debian")]
    distro: String,
    /// Its release, such as trixie [default: stable]
    #[arg(long)]
    release: Option<String>,
    /// Where to write: a file, or a directory for its rootfs.yaml [default: the current directory]
    #[arg(
        long,
        value_name = "MANIFEST",
        default_value = ".",
        hide_default_value = true
    )]
    manifest: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  rootlock init
  rootlock init --release trixie bash coreutils ca-certificates";

impl Init {
    pub(super) fn run(self, session: &Session) -> Outcome {
        let options = ops::InitOptions {
            distro: self.distro,
            release: self.release,
            packages: self.packages,
            arch: world::host()?,
        };
        let path = ops::init(&self.manifest, &options)?;
        session.done(&Initialised { path })?;
        Ok(DONE)
    }
}
