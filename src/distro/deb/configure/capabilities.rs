//! setcap(8): file capabilities as the kernel reads them (capabilities(7), vfs_ns_cap_data).

use crate::distro::configure::draft::Draft;

/// The numbers of linux/capability.h, of those that packages give to programs.
const NAMES: &[(&str, u32)] = &[
    ("cap_dac_override", 1),
    ("cap_dac_read_search", 2),
    ("cap_setgid", 6),
    ("cap_setuid", 7),
    ("cap_net_bind_service", 10),
    ("cap_net_admin", 12),
    ("cap_net_raw", 13),
    ("cap_ipc_lock", 14),
    ("cap_sys_ptrace", 19),
    ("cap_sys_admin", 21),
    ("cap_sys_nice", 23),
];

/// Gives a file capabilities: `cap_net_raw+ep`; whether that is understood.
pub(super) fn setcap(draft: &mut Draft<'_>, text: &str, path: &str) -> bool {
    match encode(text) {
        Some(value) => draft.change(path, |meta| {
            let name = b"security.capability".as_slice().into();
            meta.xattrs.insert(name, value.into());
        }),
        None => false,
    }
}

/// Revision 2 of the attribute: flags, then permitted and inheritable bits twice, little endian.
fn encode(text: &str) -> Option<Vec<u8>> {
    let (names, flags) = text.split_once(['+', '='])?;
    if !matches!(flags, "ep" | "pe" | "p") {
        return None;
    }
    let mut permitted: u32 = 0;
    for name in names.split(',') {
        let (_, number) = NAMES.iter().find(|(known, _)| *known == name)?;
        permitted |= 1 << number;
    }
    let effective = u32::from(flags != "p");
    let words = [0x0200_0000 | effective, permitted, 0, 0, 0];
    Some(words.into_iter().flat_map(u32::to_le_bytes).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_kernel_reads_it() {
        let value = encode("cap_net_raw+ep").unwrap();
        let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "0100000200200000000000000000000000000000");
        assert_eq!(
            encode("cap_net_raw,cap_net_admin=p").unwrap()[4..6],
            [0, 0x30]
        );
        for unknown in ["cap_other+ep", "cap_net_raw", "cap_net_raw+i", "+ep"] {
            assert_eq!(encode(unknown), None, "{unknown}");
        }
    }
}
