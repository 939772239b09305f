//! A directory that a user without rights unpacked.

use crate::tree::{Change, Difference, Field, Kind};

/// The bits that whoever gives files away loses.
const SET_ID: u16 = 0o6000;

/// Takes out of `differences` what nobody can do without rights: owners, set-id bits, devices, and
/// attributes that only root sets. Only their absence: what is there and should not be stays. What
/// was taken out, as a sentence.
pub(super) fn forgive(differences: &mut Vec<Difference>, (uid, gid): (u32, u32)) -> String {
    let (mut bits, mut devices, mut attributes) = (0_usize, 0_usize, 0_usize);
    differences.retain_mut(|difference| {
        let fields = match &mut difference.change {
            Change::Missing(node) => {
                let device = matches!(node.kind, Kind::CharDevice(..) | Kind::BlockDevice(..));
                devices += usize::from(device);
                return !device;
            }
            Change::Extra(_) => return true,
            Change::Fields(fields) => fields,
        };
        fields.retain(|field| match field {
            Field::Owner(..) => false,
            Field::Mode(expected, found) if expected & !found & SET_ID == expected ^ found => {
                bits += 1;
                false
            }
            Field::Xattr(name, Some(_), None)
                if name.starts_with(b"security.") || name.starts_with(b"trusted.") =>
            {
                attributes += 1;
                false
            }
            _ => true,
        });
        !fields.is_empty()
    });
    let mut note = format!("owners were not compared: everything belongs to {uid}:{gid}");
    if bits + devices + attributes > 0 {
        note += &format!(
            "; {bits} setuid or setgid bits, {devices} devices and {attributes} security \
             attributes are missing, as they are where nobody had the right to set them"
        );
    }
    note
}
