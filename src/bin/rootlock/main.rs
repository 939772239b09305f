//! The program: the only code that knows a terminal, the environment and the clock.
//!
//! Arguments become values ([`args`], [`world`]), a command ([`commands`]) hands them to the
//! library, and what comes back is shown ([`report`], [`render`], [`progress`]).

mod args;
mod commands;
mod failure;
mod panics;
mod progress;
mod render;
mod report;
mod session;
mod signals;
mod world;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Early};
use failure::Stop;
use session::Session;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let early = Early::scan(&words);
    panics::install(early);
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) => return render::clap(&error, &early),
    };
    let session = Session::new(cli.global);
    let outcome = commands::run(cli.command, &session);
    signals::settle();
    let code = match outcome {
        Ok(code) => code,
        Err(Stop::ClosedPipe) => 0,
        Err(Stop::Failure(failure)) => {
            session.finish();
            render::failure(&failure, &early);
            failure.code
        }
    };
    session.finish();
    ExitCode::from(code)
}
