//! A fault of rootlock itself: one sentence and no backtrace.

use std::panic;

use crate::render::{self, Style};

/// Rust's own code for a panic: none of the documented ones, for it is nobody's input.
const CODE: i32 = 101;

/// Makes every panic, on any thread, end the program with a sentence that asks for a report.
pub(crate) fn install(style: Style) {
    panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let what = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        let place = info
            .location()
            .map(|at| format!(" ({}:{})", at.file(), at.line()))
            .unwrap_or_default();
        render::to_stderr(&format!(
            "{}: a fault in rootlock {} itself: {}{place}\n{}: please report it with the \
             command line, the manifest and the lockfile; nothing half-written was left behind",
            style.red("error"),
            env!("CARGO_PKG_VERSION"),
            render::plain(what).replace('\n', " "),
            style.cyan("hint"),
        ));
        crate::signals::leave(CODE)
    }));
}
