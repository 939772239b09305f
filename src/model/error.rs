//! What every error of rootlock can say of itself beside its message and its causes.

/// The kind of a failure: it decides the exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The command worked, and the answer is no (1).
    Negative,
    /// Usage, manifest or lockfile are wrong (2).
    BadInput,
    /// No set of packages fits, or packages claim the same path (3).
    Unsatisfiable,
    /// A signature, date, hash or size does not hold, or a package is malformed (4).
    Untrusted,
    /// Network, disk, permissions, or a file that is gone (5).
    Outside,
}

impl Class {
    /// The exit code of the program for this kind of failure.
    pub const fn code(self) -> u8 {
        match self {
            Self::Negative => 1,
            Self::BadInput => 2,
            Self::Unsatisfiable => 3,
            Self::Untrusted => 4,
            Self::Outside => 5,
        }
    }
}

/// An error that knows its kind and, where there is one, what to do about it.
///
/// `Display` is one sentence, lower-case, without a full stop, that says what failed on which
/// package, file or URL; the cause is `source()` and is not repeated in the sentence.
pub trait Explain: std::error::Error {
    /// The kind of the failure.
    fn class(&self) -> Class;

    /// What the user can do, as one sentence in the imperative.
    fn hint(&self) -> Option<String> {
        None
    }
}
