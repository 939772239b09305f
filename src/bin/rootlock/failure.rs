//! Why a command stopped, ready to be shown.

use std::fmt;
use std::io;

use rootlock::model::{Class, Explain};
use rootlock::ops;

/// A failure in the shape in which it is shown.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: u8,
    /// One sentence.
    pub(crate) message: String,
    /// Outermost first.
    pub(crate) causes: Vec<String>,
    /// What to do.
    pub(crate) hint: Option<String>,
}

/// Why a command did not come to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It failed.
    Failure(Box<Failure>),
    /// Whoever read the report has had enough, which is not an error.
    ClosedPipe,
}

/// What a command gives back: its exit code.
pub(crate) type Outcome = Result<u8, Stop>;

impl Failure {
    /// A failure of the program's own.
    pub(crate) fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            code: class.code(),
            message: message.into(),
            causes: Vec::new(),
            hint: None,
        }
    }

    /// The command line or the environment is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Class::BadInput, message)
    }

    /// The file system refused.
    pub(crate) fn io(message: impl Into<String>, cause: &io::Error) -> Self {
        let mut failure = Self::new(Class::Outside, message);
        failure.causes.push(cause.to_string());
        failure
    }

    /// With what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(Box::new(failure))
    }
}

impl From<ops::Error> for Stop {
    fn from(error: ops::Error) -> Self {
        Self::from(Failure {
            code: error.class().code(),
            message: error.to_string(),
            causes: error.causes(),
            hint: error.hint(),
        })
    }
}

/// A stage's own error, where a command uses the stage without a verb between them.
pub(crate) fn stage(error: impl Explain + Send + Sync + 'static) -> Stop {
    Stop::from(ops::Error::from(error))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
