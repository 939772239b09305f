//! The manifest as a whole: every rule, every trap, the normal form and the edits.

mod edits;
mod normal;
mod rules;
mod sections;
mod top;
mod traps;
mod yaml;

use super::{Manifest, ManifestError, ParseContext, parse};
use crate::model::{Class, Dialect, Explain as _};

/// Runs `f` with a context as a command makes one, of rootlock 0.1.0.
fn with_context<T>(f: impl FnOnce(&ParseContext<'_>) -> T) -> T {
    let dialects: [&dyn Dialect; 2] = [&crate::distro::deb::Debian, &crate::distro::apk::Alpine];
    f(&ParseContext {
        file: "rootfs.yaml",
        version: &semver::Version::new(0, 1, 0),
        dialects: &dialects,
    })
}

fn read(text: impl AsRef<[u8]>) -> Result<Manifest, ManifestError> {
    with_context(|context| parse(text, context))
}

fn good(text: &str) -> Manifest {
    read(text).unwrap_or_else(|error| panic!("{error}\nhint: {:?}\n{text}", error.hint()))
}

/// The message, a line break and `hint: ` with the hint where there is one.
fn bad(text: impl AsRef<[u8]>) -> String {
    let error = match read(text.as_ref()) {
        Ok(_) => panic!("accepted:\n{}", String::from_utf8_lossy(text.as_ref())),
        Err(error) => error,
    };
    assert_eq!(error.class(), Class::BadInput);
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}

/// A small manifest with `rest` at its end, from line 4 on.
fn debian(rest: &str) -> String {
    format!("name: x\ndistro: debian\ngroups: [{{name: base}}]\n{rest}\n")
}

/// The same for Alpine.
fn alpine(rest: &str) -> String {
    debian(rest).replace("debian", "alpine")
}

/// Asserts that each text is refused with all the parts of its message, given by ` ... `.
fn refused(wrap: impl Fn(&str) -> String, cases: &[(&str, &str)]) {
    for (rest, parts) in cases {
        let message = bad(wrap(rest));
        for part in parts.split(" ... ") {
            assert!(message.contains(part), "{rest}\n{message}\nlacks: {part}");
        }
        assert!(!message.contains("at line"), "{message}");
    }
}
