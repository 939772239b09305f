//! How far a command is: the library says it, the program shows it.

/// What is going on.
#[derive(Debug, Clone, Copy)]
pub enum Task<'a> {
    /// A file is downloaded; the size in bytes where it is known.
    Download {
        /// What a person would call it: `bash 5.2.37-2`, `trixie InRelease`.
        name: &'a str,
        /// In bytes.
        size: Option<u64>,
    },
    /// A package is unpacked into the store; the size of its archive in bytes.
    Unpack {
        /// `bash 5.2.37-2`.
        name: &'a str,
        /// In bytes.
        size: u64,
    },
    /// An image is read; the size in bytes where it is known.
    Read {
        /// As the user called it.
        name: &'a str,
        /// In bytes.
        size: Option<u64>,
    },
    /// A script is run.
    Script {
        /// `postinst of bash`, or the program that runs many.
        name: &'a str,
    },
    /// A layer is written; the size in bytes where it is known.
    Layer {
        /// The layer's name.
        name: &'a str,
        /// In bytes.
        size: Option<u64>,
    },
}

/// A running task, as its [`Progress`] numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TaskId(pub u64);

/// Is told how far things are, from any thread.
pub trait Progress: Sync {
    /// A task starts.
    fn begin(&self, task: Task<'_>) -> TaskId;

    /// `bytes` more of it are done.
    fn advance(&self, task: TaskId, bytes: u64);

    /// It ended, well or not.
    fn end(&self, task: TaskId);

    /// How many downloads and bytes are ahead in all, for a total.
    fn expect(&self, downloads: u64, bytes: u64);

    /// Something that the user should know and that is not an error, as one sentence.
    fn warn(&self, message: &str);

    /// Something of interest, shown unless `-q`.
    fn note(&self, message: &str);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _task: Task<'_>) -> TaskId {
        TaskId(0)
    }
    fn advance(&self, _task: TaskId, _bytes: u64) {}
    fn end(&self, _task: TaskId) {}
    fn expect(&self, _downloads: u64, _bytes: u64) {}
    fn warn(&self, _message: &str) {}
    fn note(&self, _message: &str) {}
}
