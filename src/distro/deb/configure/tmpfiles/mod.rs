//! tmpfiles.d(5): what `systemd-tmpfiles --create` makes of a fresh root.
//!
//! Texts in, lines in the order in which they are carried out. [`parse`] reads one file,
//! [`order`] all of them; [`super::words::select`] says which files count. Nothing is carried out
//! here. Lines that only count at boot (`!`) are left out, as they are without `--boot`. Kinds
//! and modifiers are those of systemd 257; systemd 252 skips lines with `$` and `?`, and reads C
//! escapes in the argument alone.
//!
//! What holds for every line that makes something: missing parent directories are made, 0755 and
//! root's. What is already there stays, only its mode and owner are adjusted to those that are
//! given (see [`Meta`]). Where a node of another type stands in the way nothing is done, unless
//! [`Line::replace`] or the action's `force` says so. A symbolic link's mode is never set.
//!
//! Source: tmpfiles.d(5), systemd-tmpfiles(8) and the behaviour of systemd 257.

mod order;
mod parse;

pub(in crate::distro::deb::configure) use order::order;
pub(in crate::distro::deb::configure) use parse::parse;

/// One line that `systemd-tmpfiles --create` reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Line {
    /// The type's letter.
    pub(in crate::distro::deb::configure) kind: char,
    /// Absolute, without doubled or trailing slashes and without `.` and `..`; a pattern where
    /// [`Line::is_pattern`] says so.
    pub(in crate::distro::deb::configure) path: String,
    /// Mode and owner, where the line gives them.
    pub(in crate::distro::deb::configure) meta: Meta,
    /// The age of clean-ups, as written. It has no effect when something is made.
    pub(in crate::distro::deb::configure) age: Option<String>,
    /// What is to be done.
    pub(in crate::distro::deb::configure) action: Action,
    /// `-`: a failure is not one of the whole.
    pub(in crate::distro::deb::configure) may_fail: bool,
    /// `=`: nodes of a wrong type at the path and at its parents are removed.
    pub(in crate::distro::deb::configure) replace: bool,
}

impl Line {
    /// Whether the path is a pattern (glob(7), with braces) of paths that exist.
    pub(in crate::distro::deb::configure) fn is_pattern(&self) -> bool {
        "wexXrRzmZtThHaA".contains(self.kind)
    }

    /// Whether two of these lines for one path contradict each other when they differ.
    fn owns(&self) -> bool {
        "fFdDvqQpLcbCwexXrR".contains(self.kind)
    }
}

/// What a line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) enum Action {
    /// `d D v q Q`: makes a directory (a plain one: images have no subvolumes). Mode 0755 where
    /// none is given.
    Directory,
    /// `f`, `f+`, `F`: makes a file with this content, mode 0644 where none is given.
    File {
        /// What is written, without a line break of its own.
        content: Vec<u8>,
        /// `f+`: a file that is there gets the content too. Else it keeps its own.
        anew: bool,
    },
    /// `w`, `w+`: writes into files that are there, following links. Mode and owner do not count.
    Write {
        /// What is written.
        content: Vec<u8>,
        /// Behind what is there; else over its beginning, and a longer file keeps its rest.
        append: bool,
    },
    /// `L`: makes a symbolic link.
    Link {
        /// Where it leads, as it is written into the link.
        target: String,
        /// `+`: replaces what is there, whatever it is.
        force: bool,
        /// `?`: only where the target exists; a relative one is looked up from the root.
        if_target: bool,
    },
    /// `C`: copies a file, a link or a tree with modes and owners. The line's owner counts for
    /// everything below too, its mode only for the top. Nothing is copied where the source does
    /// not exist, over what is there (an empty directory is filled and keeps its own owner and
    /// mode), nor into a directory that is not empty unless `merge`.
    Copy {
        /// Absolute.
        source: String,
        /// `+`: also into directories that are not empty; what is there stays.
        merge: bool,
    },
    /// `z m Z e`: sets mode and owner of what is there.
    Adjust {
        /// `Z`: also of everything below.
        recursive: bool,
        /// `e`: of directories alone.
        directories: bool,
    },
    /// Without effect when something is made: `x X r R`, `f^` (there are no credentials), and
    /// patterns that contain the name of a machine or of a boot, which a fresh root has none of.
    Ignored,
    /// What cannot be said in a file tree.
    Undone(Undone),
}

/// What is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro::deb::configure) enum Undone {
    /// `a A`: access control lists.
    Acl,
    /// `t T`: extended attributes.
    Xattr,
    /// `h H`: the attributes of chattr(1).
    Attribute,
    /// `p`: a named pipe.
    Pipe,
    /// `c b`: a device.
    Device,
}

/// Mode and owner of a line; what is `None` is the default of something new, and stays as it is
/// otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Meta {
    /// The mode.
    pub(in crate::distro::deb::configure) mode: Option<Mode>,
    /// The user.
    pub(in crate::distro::deb::configure) user: Option<Owner>,
    /// The group.
    pub(in crate::distro::deb::configure) group: Option<Owner>,
}

/// A mode and its prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Mode {
    /// The bits, 07777 at most.
    pub(in crate::distro::deb::configure) bits: u32,
    /// `~`: see [`Mode::over`].
    pub(in crate::distro::deb::configure) masked: bool,
    /// `:`: only for what this line makes.
    pub(in crate::distro::deb::configure) only_new: bool,
}

impl Mode {
    /// The mode that a node of mode `current` (permission bits) gets. Where it was just made,
    /// `current` is this line's own mode.
    pub(in crate::distro::deb::configure) fn over(self, current: u32, directory: bool) -> u32 {
        let mut bits = self.bits;
        if self.masked {
            for class in [0o111, 0o222, 0o444] {
                if current & class == 0 {
                    bits &= !class;
                }
            }
            if !directory {
                bits &= 0o777;
            }
        }
        bits
    }
}

/// A user or a group and its prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Owner {
    /// Who.
    pub(in crate::distro::deb::configure) who: Who,
    /// `:`: only for what this line makes.
    pub(in crate::distro::deb::configure) only_new: bool,
}

/// A user or a group. A name that is in no passwd or group file is an error of its line, which
/// is then not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::distro::deb::configure) enum Who {
    /// By number.
    Number(u32),
    /// By name.
    Name(String),
}
