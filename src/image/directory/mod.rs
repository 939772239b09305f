//! A filesystem as a directory, which may be the running root.
//!
//! Everything is opened relative to directories that are open, and no symbolic link is followed;
//! devices and pipes are never opened. What cannot be read is an error. Sockets are no part of any
//! image and are left out, with a note. The attribute `security.selinux` is the host's and not read.
//!
//! Of the running root, whatever else is mounted, `/proc`, `/sys`, `/dev`, `/run` and `/tmp` are there
//! as directories and not looked into, with a note each; what vanishes meanwhile is passed over.

mod file;
mod open;
mod root;
mod walk;

pub(super) use root::{list, read};
