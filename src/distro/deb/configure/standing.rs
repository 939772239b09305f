//! The accounts that every Debian system has, with the numbers that Debian gave them for good
//! (Debian Policy 9.2.2: 0 to 99 and 65534; base-passwd keeps the list).
//!
//! base-passwd is Essential: scripts take its accounts for granted. Where the image has no such
//! package they are these.

/// passwd(5)
pub(super) const PASSWD: &str = include_str!("accounts.passwd");

/// group(5)
pub(super) const GROUP: &str = include_str!("accounts.group");
