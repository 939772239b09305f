//! SIGINT and SIGTERM: temporary files are swept, and the exit code names the signal.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use indicatif::MultiProgress;
use rootlock::store::scratch;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The shells' convention: 130 for SIGINT, 143 for SIGTERM.
const SIGNALLED: i32 = 128;

/// Whether the program is ending: what fails from then on fails because of it.
static LEAVING: AtomicBool = AtomicBool::new(false);

/// Ends the program at the first SIGINT or SIGTERM, after taking the bars off the terminal.
///
/// # Errors
/// When the signals cannot be watched: then they end the program the way the system does it.
pub(crate) fn watch(bars: MultiProgress) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            if let Some(signal) = signals.forever().next() {
                // The terminal may be gone; then there is nothing to clear.
                let _ = bars.clear();
                leave(SIGNALLED + signal);
            }
        })?;
    Ok(())
}

/// Ends the program from any thread without leaving temporary files.
#[expect(
    clippy::exit,
    reason = "a signal or a panic cannot return through main"
)]
pub(crate) fn leave(code: i32) -> ! {
    LEAVING.store(true, Ordering::SeqCst);
    scratch::sweep();
    std::process::exit(code)
}

/// Where the program is ending, waits for the end: the main thread has nothing to say any more,
/// least of all that its files are gone.
pub(crate) fn settle() {
    while LEAVING.load(Ordering::SeqCst) {
        thread::park();
    }
}
