//! What `ldconfig` writes: /etc/ld.so.cache, and the links that it makes (ldconfig(8), ld.so(8)).
//!
//! A root's directories of libraries in, the cache's bytes and the changed links out, as glibc
//! 2.36 to 2.41 of Debian write them. Nothing is run and nothing is written here.
//!
//! 1. [`directories`] reads /etc/ld.so.conf and adds what is built into Debian's glibc.
//! 2. [`survey`] walks them, file by file of which [`inspect`] has read the ELF headers.
//! 3. [`cache`] makes the file out of what was found, in the format `new` (the default of both
//!    releases; the older format before 2.32 is not written any more).
//!
//! Guaranteed: the result is a function of names, links and files' contents. Where ldconfig goes
//! by a directory's own order (two names that differ in leading zeros only), the smaller name
//! comes first. /var/cache/ldconfig/aux-cache is not made: it holds inode numbers and times, and
//! only saves ldconfig from reading files again.

mod cache;
mod conf;
mod elf;
mod scan;

pub(in crate::distro::deb::configure) use cache::cache;
pub(in crate::distro::deb::configure) use conf::{directories, matches};
pub(in crate::distro::deb::configure) use elf::{Info, inspect};
pub(in crate::distro::deb::configure) use scan::{Directory, Library, candidate, survey};

/// Whose ldconfig this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro::deb::configure) enum Arch {
    /// Debian's amd64.
    Amd64,
    /// Debian's arm64.
    Arm64,
}

/// The ldconfig that is imitated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::distro::deb::configure) struct Platform {
    /// What it was built for.
    pub(in crate::distro::deb::configure) arch: Arch,
    /// Its version of glibc, (2, 41) for 2.41.
    pub(in crate::distro::deb::configure) glibc: (u32, u32),
}

/// The C library that a library is for: the low byte of its flags.
const ELF: i32 = 1;
const LIBC6: i32 = 3;

impl Platform {
    /// Up to 2.36 ldconfig knew older C libraries and directories for hardware capabilities.
    fn legacy(self) -> bool {
        self.glibc < (2, 37)
    }

    /// Debian's name for the directories of an architecture.
    fn triplet(self) -> &'static str {
        match self.arch {
            Arch::Amd64 => "x86_64-linux-gnu",
            Arch::Arm64 => "aarch64-linux-gnu",
        }
    }

    /// The flags of a library in the cache; `None` if this ldconfig passes it over.
    pub(in crate::distro::deb::configure) fn flags(self, info: &Info) -> Option<i32> {
        const EM_386: u16 = 3;
        const EM_X86_64: u16 = 62;
        // ldconfig reads its own byte order, so that the type of another one is none it knows.
        if info.big_endian {
            return None;
        }
        let plain = match self.legacy() && !info.libc6 {
            true => ELF,
            false => LIBC6,
        };
        match (self.arch, info.machine, info.wide) {
            (Arch::Amd64, EM_X86_64, true) => Some(0x0300 | LIBC6),
            (Arch::Amd64, EM_X86_64, false) => Some(0x0800 | LIBC6),
            (Arch::Amd64, EM_386, false) => Some(plain),
            (Arch::Amd64, ..) => None,
            (Arch::Arm64, _, true) => Some(0x0a00 | LIBC6),
            // EF_ARM_EABI_VER5, then EF_ARM_ABI_FLOAT_HARD and EF_ARM_ABI_FLOAT_SOFT.
            (Arch::Arm64, _, false) => Some(match info.abi >> 24 {
                5 if info.abi & 0x400 != 0 => 0x0900 | LIBC6,
                5 if info.abi & 0x200 != 0 => 0x0b00 | LIBC6,
                5 => LIBC6,
                _ => plain,
            }),
        }
    }

    /// The bit of a directory's name that stood for a capability or a platform up to 2.36.
    fn capability(self, name: &str) -> Option<u64> {
        if !self.legacy() {
            return None;
        }
        let bit = match (self.arch, name) {
            (_, "tls") => 63,
            (Arch::Amd64, "sse2") => 0,
            (Arch::Amd64, "x86_64") => 1,
            (Arch::Amd64, "avx512_1") => 2,
            (Arch::Amd64, "i586") => 48,
            (Arch::Amd64, "i686") => 49,
            (Arch::Amd64, "haswell") => 50,
            (Arch::Amd64, "xeon_phi") => 51,
            (Arch::Arm64, "atomics") => 8,
            _ => return None,
        };
        Some(1 << bit)
    }
}

/// The sentence about itself that an ldconfig puts into the cache, read from its binary
/// (libc-bin's /usr/sbin/ldconfig, in bookworm /sbin/ldconfig).
///
/// It holds the version of the package and that of glibc: `ldconfig (Debian GLIBC 2.41-12) stable
/// release version 2.41`.
pub(in crate::distro::deb::configure) fn generator(binary: &[u8]) -> Option<String> {
    const START: &[u8] = b"\0ldconfig (";
    // A version takes a tenth of that.
    const MAX: usize = 256;
    let starts = binary.windows(START.len()).enumerate();
    let mut found = starts
        .filter(|(_, window)| *window == START)
        .filter_map(|(at, _)| {
            let text = binary
                .get(at + 1..)?
                .iter()
                .take(MAX)
                .take_while(|byte| **byte != 0);
            let text = String::from_utf8(text.copied().collect()).ok()?;
            version(&text).map(|_| text)
        });
    found.next()
}

/// The version of glibc that [`generator`] ends in.
pub(in crate::distro::deb::configure) fn version(generator: &str) -> Option<(u32, u32)> {
    let (_, version) = generator.rsplit_once(" release version ")?;
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_found_in_the_binary() {
        let text = "ldconfig (Debian GLIBC 2.41-12+deb13u5) stable release version 2.41";
        let mut binary = b"\x7fELF\0ldconfig (nothing)\0 ldconfig (\0".to_vec();
        assert_eq!(generator(&binary), None);
        binary.extend(text.as_bytes());
        binary.extend(b"\0ldconfig (");
        assert_eq!(generator(&binary).as_deref(), Some(text));
        assert_eq!(version(text), Some((2, 41)));
        assert_eq!(version("ldconfig (Debian GLIBC 2.41-12)"), None);
    }

    #[test]
    fn flags_by_class_machine_and_version() {
        let info = |wide, machine, abi, libc6| Info {
            wide,
            big_endian: false,
            machine,
            abi,
            soname: None,
            libc6,
            isa_level: 0,
        };
        let flags = |arch, minor, info: &Info| {
            let glibc = (2, minor);
            Platform { arch, glibc }.flags(info)
        };
        use Arch::{Amd64, Arm64};
        assert_eq!(flags(Amd64, 41, &info(true, 62, 0, false)), Some(0x303));
        assert_eq!(flags(Amd64, 36, &info(true, 62, 0, false)), Some(0x303));
        assert_eq!(flags(Amd64, 41, &info(false, 62, 0, false)), Some(0x803));
        assert_eq!(flags(Amd64, 41, &info(false, 3, 0, false)), Some(3));
        assert_eq!(flags(Amd64, 36, &info(false, 3, 0, false)), Some(1));
        assert_eq!(flags(Amd64, 36, &info(false, 3, 0, true)), Some(3));
        assert_eq!(flags(Amd64, 41, &info(true, 3, 0, false)), None);
        assert_eq!(flags(Amd64, 41, &info(true, 183, 0, true)), None);
        assert_eq!(flags(Arm64, 41, &info(true, 183, 0, true)), Some(0xa03));
        assert_eq!(
            flags(Arm64, 41, &info(false, 40, 0x0500_0400, true)),
            Some(0x903)
        );
        assert_eq!(
            flags(Arm64, 41, &info(false, 40, 0x0500_0200, true)),
            Some(0xb03)
        );
        assert_eq!(
            flags(Arm64, 36, &info(false, 40, 0x0500_0000, false)),
            Some(3)
        );
        assert_eq!(flags(Arm64, 36, &info(false, 40, 0, false)), Some(1));
        let other = Info {
            big_endian: true,
            ..info(true, 62, 0, true)
        };
        assert_eq!(flags(Amd64, 41, &other), None);
    }
}
