//! What is told of a script, and to whom.

/// A command that is certain to run.
#[derive(Debug, Clone)]
pub(in crate::distro) struct Command<'a> {
    /// Its name and arguments; `None` for one that only a shell could make.
    pub(in crate::distro) words: &'a [Option<String>],
    /// The file that its output goes to.
    pub(in crate::distro) output: Option<Output>,
    /// The here-document that it reads.
    pub(in crate::distro) input: Option<String>,
}

/// A file that a command's output goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro) struct Output {
    /// As written.
    pub(in crate::distro) path: String,
    /// `>>`
    pub(in crate::distro) append: bool,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro) enum Outcome {
    /// It has been carried out, and would have succeeded.
    Done,
    /// It has been carried out, and nobody knows whether it would have been called a success.
    Passed,
    /// It has no effect here.
    Nothing,
    /// It is not understood.
    Unknown,
}

/// What carries commands out.
pub(in crate::distro) trait Machine {
    /// The value of a variable that does not depend on where the script runs: `1`, `2`, ...; what a
    /// command prints is asked for as `(command -v ls)`.
    fn variable(&self, name: &str) -> Option<String>;

    /// Whether a command succeeds whose success is a condition; `None` where that is not known. A
    /// file's test comes as `test -e PATH`.
    fn holds(&mut self, words: &[String]) -> Option<bool>;

    /// Carries a command out.
    fn run(&mut self, command: &Command<'_>) -> Outcome;
}
