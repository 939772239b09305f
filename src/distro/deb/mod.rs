//! Debian: deb-version(7), deb822(5), the repository format, deb(5) and dpkg's database.

mod catalog;
