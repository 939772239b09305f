//! A fault of rootlock itself: one sentence and no backtrace.

use std::panic;

use crate::args::Early;
use crate::failure::Failure;
use crate::render;
use crate::signals;

/// Rust's own code for a panic: none of the documented ones, for it is nobody's input.
const CODE: u8 = 101;

/// Makes every panic, on any thread, end the program with a sentence that asks for a report.
pub(crate) fn install(early: Early) {
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
        let failure = Failure {
            code: CODE,
            message: format!(
                "a fault in rootlock {} itself: {}{place}",
                env!("CARGO_PKG_VERSION"),
                what.replace('\n', " "),
            ),
            causes: Vec::new(),
            hint: Some(
                "please report it with the command line, the manifest and the lockfile; nothing \
                 half-written is left behind"
                    .into(),
            ),
        };
        render::failure(&failure, &early);
        signals::leave(CODE.into())
    }));
}
