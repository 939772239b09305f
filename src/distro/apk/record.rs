//! What the database of an image needs to know of one package, as bytes.

use std::collections::BTreeSet;

use crate::tree::TreePath;

/// The parts of the database that are one package's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// The lines of `installed` that an index has too.
    pub(super) head: Vec<u8>,
    /// Those that follow, where the package has files: apk forgets them of others.
    pub(super) tail: Vec<u8>,
    /// Those of its directories and files.
    pub(super) files: Vec<u8>,
    /// The line of `triggers`, or nothing.
    pub(super) triggers: Vec<u8>,
    /// The members of `scripts.tar`.
    pub(super) scripts: Vec<u8>,
}

impl Record {
    /// Each part behind its length.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for part in [
            &self.head,
            &self.tail,
            &self.files,
            &self.triggers,
            &self.scripts,
        ] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
        out
    }

    /// What [`Record::encode`] wrote.
    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut part = || {
            let (length, rest) = bytes.split_first_chunk::<8>()?;
            let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
            let (part, rest) = rest.split_at_checked(length)?;
            bytes = rest;
            Some(part.to_vec())
        };
        let record = Self {
            head: part()?,
            tail: part()?,
            files: part()?,
            triggers: part()?,
            scripts: part()?,
        };
        bytes.is_empty().then_some(record)
    }

    /// The lines of directories and files, without the paths in `gone`. A directory stays where a
    /// file in it does, for the file's line is nowhere else.
    pub(super) fn files_without(&self, gone: &BTreeSet<TreePath>) -> Vec<u8> {
        if gone.is_empty() {
            return self.files.clone();
        }
        let mut out = Vec::with_capacity(self.files.len());
        let mut path = Vec::new();
        // The length of the directory's path in `path`, and its lines while they are held back.
        let mut directory = 0;
        let mut held: Option<Vec<u8>> = None;
        let mut keeps = true;
        for line in self.files.split_inclusive(|&byte| byte == b'\n') {
            let value = line.get(2..line.len() - 1).unwrap_or_default();
            match line.first() {
                Some(b'F') => {
                    path.clear();
                    path.extend_from_slice(value);
                    directory = path.len();
                    held = gone.contains(&path[..]).then(Vec::new);
                    keeps = true;
                }
                Some(b'R') => {
                    path.truncate(directory);
                    if directory > 0 {
                        path.push(b'/');
                    }
                    path.extend_from_slice(value);
                    keeps = !gone.contains(&path[..]);
                    if keeps && let Some(held) = held.take() {
                        out.extend(held);
                    }
                }
                _ => {}
            }
            match &mut held {
                Some(held) if keeps => held.extend_from_slice(line),
                None if keeps => out.extend_from_slice(line),
                _ => {}
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_it_encodes() {
        let record = Record {
            head: b"P:a\n".to_vec(),
            tail: b"r:b\n".to_vec(),
            files: Vec::new(),
            triggers: b"Q1 /x\n".to_vec(),
            scripts: vec![0; 512],
        };
        let bytes = record.encode();
        assert_eq!(Record::decode(&bytes), Some(record));
        assert_eq!(Record::decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Record::decode(&[&bytes[..], b"x"].concat()), None);
        assert_eq!(Record::decode(&[0xff; 32]), None);
    }

    #[test]
    fn leaves_out_what_is_gone() {
        let record = Record {
            files:
                b"F:\nR:top\nZ:1\nF:doc\nM:0:0:700\nR:a\nZ:2\nR:b\na:0:0:600\nZ:3\nF:doc/x\nR:c\n\
                F:etc\n"
                    .to_vec(),
            ..Record::default()
        };
        let without = |gone: &[&str]| {
            let gone = gone.iter().map(|path| path.parse().unwrap()).collect();
            String::from_utf8(record.files_without(&gone)).unwrap()
        };
        assert_eq!(without(&[]).as_bytes(), record.files);
        assert_eq!(
            without(&["doc", "doc/a", "doc/b", "doc/x", "doc/x/c"]),
            "F:\nR:top\nZ:1\nF:etc\n"
        );
        assert_eq!(
            without(&["doc", "doc/a", "doc/x", "top", "etc"]),
            "F:\nF:doc\nM:0:0:700\nR:b\na:0:0:600\nZ:3\nF:doc/x\nR:c\n"
        );
    }
}
