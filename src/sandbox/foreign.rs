//! Whether this machine can run programs of another architecture.

use fs_err as fs;

use crate::model::Arch;

/// What qemu-user calls an architecture.
fn qemu(arch: Arch) -> String {
    let name = arch.to_string();
    match &name[..] {
        "amd64" => "x86_64",
        "386" => "i386",
        "arm64" => "aarch64",
        "loong64" => "loongarch64",
        "mips64le" => "mips64el",
        arm if arm.starts_with("arm/") => "arm",
        same => same,
    }
    .to_owned()
}

/// Whether programs of `arch` run on a machine of the architecture `host`: its own, one that its
/// processors know as well, or one for which an interpreter is registered that is open already (flag F:
/// no path inside leads to it). See the kernel's admin-guide/binfmt-misc.
pub fn supports(host: Arch, arch: Arch) -> bool {
    let (own, wanted) = (host.to_string(), arch.to_string());
    if own == wanted || (&own[..], &wanted[..]) == ("amd64", "386") {
        return true;
    }
    let path = format!("/proc/sys/fs/binfmt_misc/qemu-{}", qemu(arch));
    fs::read_to_string(path).is_ok_and(|text| is_open(&text))
}

fn is_open(entry: &str) -> bool {
    let flags = entry.lines().find_map(|line| line.strip_prefix("flags:"));
    entry.lines().next() == Some("enabled") && flags.is_some_and(|flags| flags.contains('F'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_counts_when_it_is_enabled_and_open() {
        let entry = |state: &str, flags: &str| {
            format!("{state}\ninterpreter /usr/bin/qemu-aarch64-static\nflags: {flags}\noffset 0\n")
        };
        assert!(is_open(&entry("enabled", "OCF")));
        assert!(!is_open(&entry("disabled", "OCF")));
        assert!(!is_open(&entry("enabled", "OC")));
        assert!(!is_open(""));
        let arch = |name| Arch::from_debian(name).unwrap();
        assert!(supports(arch("amd64"), arch("i386")));
        assert!(supports(arch("riscv64"), arch("riscv64")));
        assert_eq!(qemu(arch("armhf")), "arm");
    }
}
