//! One run of the program: where it reports, and what it gives a verb to work with.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use rootlock::fetch::Network;
use rootlock::model::{Arch, Epoch};
use rootlock::ops::{Context, Limits};
use rootlock::progress::Progress as _;
use rootlock::store::Store;

use crate::args::Global;
use crate::failure::{Failure, Stop, stage};
use crate::progress::Reporter;
use crate::render::Style;
use crate::report::Report;
use crate::{signals, world};

/// One run of the program.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) global: Global,
    pub(crate) reporter: Reporter,
    /// The style of stdout.
    style: Style,
}

/// The values that a verb's [`Context`] borrows.
#[derive(Debug)]
pub(crate) struct Machine {
    store: Store,
    network: Network,
    host: Arch,
    now: Epoch,
    source_date_epoch: Option<Epoch>,
}

impl Session {
    /// Starts to show progress and to watch for signals.
    pub(crate) fn new(global: Global) -> Self {
        let stderr = Style::of(global.color, io::stderr().is_terminal());
        let reporter = Reporter::new(&global, stderr);
        if let Err(error) = signals::watch(reporter.bars()) {
            reporter.warn(&format!("signals cannot be watched: {error}"));
        }
        Self {
            style: Style::of(global.color, io::stdout().is_terminal()),
            global,
            reporter,
        }
    }

    /// The store, opened.
    pub(crate) fn store(&self) -> Result<Store, Stop> {
        Store::open(world::store_dir(&self.global)?).map_err(stage)
    }

    /// Reads the world for a verb that needs it.
    pub(crate) fn machine(&self) -> Result<Machine, Stop> {
        if let Some(jobs) = self.global.jobs {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs.get());
            pool.build_global().map_err(|error| {
                Failure::io("no threads can be started", &io::Error::other(error))
            })?;
        }
        Ok(Machine {
            network: world::network(&self.global)?,
            host: world::host()?,
            now: world::now(),
            source_date_epoch: None,
            store: self.store()?,
        })
    }

    /// What a verb works with.
    pub(crate) fn context<'a>(&'a self, machine: &'a Machine) -> Context<'a> {
        Context {
            store: &machine.store,
            network: &machine.network,
            progress: &self.reporter,
            now: machine.now,
            host: machine.host,
            source_date_epoch: machine.source_date_epoch,
            limits: Limits {
                time: Duration::from_secs(self.global.script_timeout),
                ..Limits::default()
            },
        }
    }

    /// Takes the bars off the terminal.
    pub(crate) fn finish(&self) {
        self.reporter.finish();
    }

    /// Reports what was asked for, on stdout.
    pub(crate) fn answer(&self, report: &dyn Report) -> Result<(), Stop> {
        self.finish();
        let text = match self.global.json {
            true => format!("{}\n", report.json()),
            false => report.text(&self.view()),
        };
        let mut stdout = io::stdout().lock();
        let written = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
        written.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Stop::ClosedPipe,
            _ => Failure::io("the report cannot be written to stdout", &error).into(),
        })
    }

    /// Reports what was done, which `-q` has no need of.
    pub(crate) fn done(&self, report: &dyn Report) -> Result<(), Stop> {
        if self.global.quiet && !self.global.json {
            return Ok(());
        }
        self.answer(report)
    }

    /// As [`Session::done`], where stdout holds something else.
    pub(crate) fn done_beside(&self, report: &dyn Report) {
        self.finish();
        if !self.global.quiet {
            self.reporter.line(report.text(&self.view()).trim_end());
        }
    }

    fn view(&self) -> View {
        View {
            style: self.style,
            quiet: self.global.quiet,
            verbose: self.global.verbose,
        }
    }
}

impl Machine {
    /// With the environment's `SOURCE_DATE_EPOCH`, for the verb that heeds it.
    pub(crate) fn with_source_date_epoch(self) -> Result<Self, Stop> {
        let source_date_epoch = world::source_date_epoch()?;
        Ok(Self {
            source_date_epoch,
            ..self
        })
    }
}

/// How a report is shown to a person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    pub(crate) style: Style,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
}
