//! How far things are, on a terminal and in a log.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use rootlock::progress::{Progress, Task, TaskId};

use crate::args::{Global, ProgressHow};
use crate::render::{self, Style};

/// More running tasks than this are counted and not shown: a terminal has few lines.
const SHOWN: usize = 6;
/// A spinner that stands still looks like a program that does.
const TICK: Duration = Duration::from_millis(120);

/// Shows progress, warnings and notes on stderr.
#[derive(Debug)]
pub(crate) struct Reporter {
    how: How,
    style: Style,
    quiet: bool,
    verbose: bool,
    bars: MultiProgress,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Bars,
    Lines,
    Nothing,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    running: BTreeMap<u64, Running>,
    total: Option<Total>,
}

/// One task that has begun.
#[derive(Debug)]
struct Running {
    verb: &'static str,
    name: String,
    download: bool,
    done: u64,
    bar: Option<ProgressBar>,
}

/// All downloads together.
#[derive(Debug)]
struct Total {
    since: Instant,
    downloads: u64,
    ahead: u64,
    bytes: u64,
    bar: ProgressBar,
}

impl Reporter {
    /// As the command line wants it.
    pub(crate) fn new(global: &Global, style: Style) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let how = match global.progress {
            _ if global.quiet => How::Nothing,
            ProgressHow::None => How::Nothing,
            ProgressHow::Auto if terminal => How::Bars,
            ProgressHow::Auto | ProgressHow::Plain => How::Lines,
        };
        Self {
            how,
            style,
            quiet: global.quiet,
            verbose: global.verbose,
            bars: MultiProgress::with_draw_target(match how {
                How::Bars => ProgressDrawTarget::stderr(),
                How::Lines | How::Nothing => ProgressDrawTarget::hidden(),
            }),
            state: Mutex::default(),
        }
    }

    /// The bars, for whoever must take them off the terminal.
    pub(crate) fn bars(&self) -> MultiProgress {
        self.bars.clone()
    }

    /// Writes a line above the bars.
    pub(crate) fn line(&self, line: &str) {
        self.bars.suspend(|| render::to_stderr(line));
    }

    /// Ends: the bars go, and in a log the sum of the downloads stays.
    pub(crate) fn finish(&self) {
        let total = {
            let mut state = self.state();
            for (_, task) in std::mem::take(&mut state.running) {
                if let Some(bar) = task.bar {
                    bar.finish_and_clear();
                }
            }
            state.total.take()
        };
        let Some(total) = total else { return };
        total.bar.finish_and_clear();
        if self.how != How::Nothing && total.downloads > 0 {
            self.line(&format!(
                "{} {} ({}) in {:.1} s",
                self.style.green("Downloaded"),
                render::count(total.downloads as usize, "file"),
                render::bytes(total.bytes),
                total.since.elapsed().as_secs_f64(),
            ));
        }
    }

    /// A thread that panicked has ended the program, so a poisoned lock is as good as another.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bar of a task, unless enough are shown.
    fn bar(&self, state: &State, task: Task<'_>) -> Option<ProgressBar> {
        let shown = state.running.values().filter(|task| task.bar.is_some());
        if self.how != How::Bars || shown.count() >= SHOWN {
            return None;
        }
        let (verb, name, size) = parts(task);
        let bar = match size {
            Some(size) => ProgressBar::new(size).with_style(template(
                "  {prefix:<11} {wide_msg} {bar:20} {decimal_bytes:>9}/{decimal_total_bytes}",
            )),
            None => ProgressBar::new_spinner().with_style(template(
                "  {prefix:<11} {wide_msg} {spinner} {decimal_bytes}",
            )),
        };
        let bar = bar.with_prefix(verb).with_message(name.to_owned());
        let below = state
            .total
            .as_ref()
            .filter(|total| !total.bar.is_finished());
        let bar = match below {
            Some(total) => self.bars.insert_before(&total.bar, bar),
            None => self.bars.add(bar),
        };
        if size.is_none() {
            bar.enable_steady_tick(TICK);
        }
        Some(bar)
    }

    /// The bar under the others.
    fn total_bar(&self) -> ProgressBar {
        let bar = ProgressBar::new(0).with_style(template(
            "  {prefix:<11} {wide_msg} {bar:20} {decimal_bytes:>9}/{decimal_total_bytes} {decimal_bytes_per_sec}",
        ));
        self.bars.add(bar.with_prefix("Total"))
    }
}

/// What a task is called, and how large it is.
fn parts<'a>(task: Task<'a>) -> (&'static str, &'a str, Option<u64>) {
    match task {
        Task::Download { name, size } => ("Downloading", name, size),
        Task::Unpack { name, size } => ("Unpacking", name, Some(size)),
        Task::Read { name, size } => ("Reading", name, size),
        Task::Script { name } => ("Running", name, None),
        Task::Layer { name, size } => ("Writing", name, size),
    }
}

/// A template is a constant of this file: should it be wrong, the default bar is shown.
fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸ ")
}

impl Progress for Reporter {
    fn begin(&self, task: Task<'_>) -> TaskId {
        let mut state = self.state();
        let id = TaskId(state.next);
        state.next += 1;
        if self.how != How::Nothing {
            let (verb, name, _) = parts(task);
            let running = Running {
                verb,
                name: name.to_owned(),
                download: matches!(task, Task::Download { .. }),
                done: 0,
                bar: self.bar(&state, task),
            };
            state.running.insert(id.0, running);
        }
        id
    }

    fn advance(&self, task: TaskId, bytes: u64) {
        let mut state = self.state();
        let Some(running) = state.running.get_mut(&task.0) else {
            return;
        };
        running.done += bytes;
        let download = running.download;
        if let Some(bar) = &running.bar {
            bar.inc(bytes);
        }
        if let (true, Some(total)) = (download, &mut state.total) {
            total.bytes += bytes;
            total.bar.inc(bytes);
        }
    }

    fn end(&self, task: TaskId) {
        let mut state = self.state();
        let Some(running) = state.running.remove(&task.0) else {
            return;
        };
        if let Some(bar) = &running.bar {
            bar.finish_and_clear();
            self.bars.remove(bar);
        }
        if let (true, Some(total)) = (running.download, &mut state.total) {
            total.downloads += 1;
            let message = format!(
                "{} of {}",
                total.downloads,
                total.ahead.max(total.downloads)
            );
            total.bar.set_message(message);
            if total.downloads >= total.ahead {
                total.bar.finish_and_clear();
                self.bars.remove(&total.bar);
            }
        }
        drop(state);
        if self.how == How::Lines && (running.download || self.verbose) {
            let verb = match running.verb {
                "Downloading" => "Downloaded",
                "Unpacking" => "Unpacked",
                "Reading" => "Read",
                _ => "Wrote",
            };
            let size = render::bytes(running.done);
            self.line(&format!("{verb} {} ({size})", render::plain(&running.name)));
        }
    }

    fn expect(&self, downloads: u64, bytes: u64) {
        let mut state = self.state();
        if self.how == How::Nothing || downloads == 0 {
            return;
        }
        let total = state.total.get_or_insert_with(|| Total {
            since: Instant::now(),
            downloads: 0,
            ahead: 0,
            bytes: 0,
            bar: self.total_bar(),
        });
        if total.bar.is_finished() {
            total.bar = self.total_bar();
        }
        total.ahead += downloads;
        total.bar.inc_length(bytes);
    }

    fn warn(&self, message: &str) {
        self.line(&render::warning(self.style, message));
    }

    fn note(&self, message: &str) {
        if !self.quiet {
            self.line(&render::note(self.style, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reporter(how: How) -> Reporter {
        Reporter {
            how,
            style: Style::of(crate::args::ColorWhen::Never, false),
            quiet: true,
            verbose: false,
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            state: Mutex::default(),
        }
    }

    #[test]
    fn downloads_are_summed_and_only_a_handful_is_shown() {
        let reporter = reporter(How::Bars);
        reporter.expect(20, 2000);
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                reporter.begin(Task::Download {
                    name: "bash 5.2",
                    size: Some(100),
                })
            })
            .collect();
        let shown = |state: &State| {
            state
                .running
                .values()
                .filter(|task| task.bar.is_some())
                .count()
        };
        assert_eq!(shown(&reporter.state()), SHOWN);
        for task in &tasks {
            reporter.advance(*task, 100);
        }
        assert_eq!(
            reporter.state().total.as_ref().map(|total| total.bytes),
            Some(2000)
        );
        for task in tasks {
            reporter.end(task);
        }
        let state = reporter.state();
        let total = state.total.as_ref().unwrap();
        assert_eq!((total.downloads, total.bar.length()), (20, Some(2000)));
        assert!(state.running.is_empty());
    }

    #[test]
    fn nothing_keeps_no_state() {
        let reporter = reporter(How::Nothing);
        reporter.expect(1, 1);
        let task = reporter.begin(Task::Unpack {
            name: "bash",
            size: 1,
        });
        reporter.advance(task, 1);
        assert!(reporter.state().running.is_empty() && reporter.state().total.is_none());
        reporter.end(task);
    }
}
