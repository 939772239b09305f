//! `rootlock store`

use clap::{Args, Subcommand};
use rootlock::store::Keep;

use super::{DONE, NO};
use crate::failure::{Outcome, stage};
use crate::report::store::Place;
use crate::session::Session;
use crate::world;

/// Look into, check and clean the local store
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Store {
    #[command(subcommand)]
    command: StoreCommand,
}

const EXAMPLES: &str = "\
Examples:
  rootlock store size
  rootlock store gc --keep-days 30";

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Print the store's directory
    #[command(after_help = "Example:\n  du -sh \"$(rootlock store path)\"")]
    Path,
    /// Print how much the store holds
    #[command(after_help = "Example:\n  rootlock store size --json")]
    Size,
    /// Read everything again and compare it with its digest: exit code 1 on damage
    #[command(after_help = "Example:\n  rootlock store check")]
    Check,
    Gc(Gc),
}

/// Drop what was not used for the longest time
#[derive(Debug, Args)]
#[command(after_help = GC_EXAMPLES)]
#[group(required = true, multiple = true)]
struct Gc {
    /// Keep what was used in the last N days
    #[arg(long, value_name = "N")]
    keep_days: Option<u32>,
    /// Keep at most this much: `500M`, `20GB`, `4GiB`
    #[arg(long, value_name = "S", value_parser = size)]
    max_size: Option<u64>,
}

const GC_EXAMPLES: &str = "\
Examples:
  rootlock store gc --keep-days 30
  rootlock store gc --max-size 20GB";

impl Store {
    pub(super) fn run(self, session: &Session) -> Outcome {
        match self.command {
            StoreCommand::Path => {
                let path = world::store_dir(&session.global)?;
                session.answer(&Place { path })?;
            }
            StoreCommand::Size => {
                let sizes = session.store()?.size().map_err(stage)?;
                session.answer(&sizes)?;
            }
            StoreCommand::Check => {
                let checked = session.store()?.check().map_err(stage)?;
                session.answer(&checked)?;
                if !checked.damaged.is_empty() {
                    return Ok(NO);
                }
            }
            StoreCommand::Gc(gc) => {
                let keep = Keep {
                    days: gc.keep_days.map(u64::from),
                    bytes: gc.max_size,
                };
                let collected = session.store()?.gc(keep, world::now()).map_err(stage)?;
                session.done(&collected)?;
            }
        }
        Ok(DONE)
    }
}

/// A number of bytes with a decimal or binary unit.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text[digits.len()..].trim();
    let unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1000_u64.pow(2),
        "g" | "gb" => 1000_u64.pow(3),
        "t" | "tb" => 1000_u64.pow(4),
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => {
            return Err(format!(
                "`{unit}` is not a unit; kB, MB, GB and KiB, MiB, GiB are"
            ));
        }
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "a whole number with a unit is needed")?;
    number
        .checked_mul(unit)
        .ok_or_else(|| "that is more than any store holds".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("500M"), Ok(500_000_000));
        assert_eq!(size("4GiB"), Ok(4 << 30));
        assert_eq!(size("20 GB"), Ok(20_000_000_000));
        assert_eq!(size("0"), Ok(0));
        for bad in ["", "M", "-1", "1.5G", "1X", "99999999999999T"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
