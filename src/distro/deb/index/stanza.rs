//! Stanzas of a Packages file, deb822(5): bytes in, the fields that matter out, borrowed.

use memchr::{memchr, memchr_iter};

/// The fields of a package that rootlock reads, as written; empty where they are absent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stanza<'a> {
    text: &'a [u8],
    /// The line in the index on which it begins, from 1.
    pub(super) line: usize,
    /// Where in the text each value begins and ends.
    values: [(usize, usize); KEYS.len()],
}

/// A field, by its place in [`KEYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Package,
    Version,
    Architecture,
    Source,
    Filename,
    Size,
    Sha256,
    Priority,
    Essential,
    Protected,
    Important,
    PreDepends,
    Depends,
    Conflicts,
    Breaks,
    Recommends,
    Suggests,
    Replaces,
    Enhances,
    Provides,
}

/// Names of fields, which are compared without case.
const KEYS: [&[u8]; 20] = [
    b"package",
    b"version",
    b"architecture",
    b"source",
    b"filename",
    b"size",
    b"sha256",
    b"priority",
    b"essential",
    b"protected",
    b"important",
    b"pre-depends",
    b"depends",
    b"conflicts",
    b"breaks",
    b"recommends",
    b"suggests",
    b"replaces",
    b"enhances",
    b"provides",
];

impl Key {
    /// The field's name as Debian writes it.
    pub(super) fn name(self) -> String {
        match self {
            Self::Sha256 => "SHA256".into(),
            Self::PreDepends => "Pre-Depends".into(),
            key => format!("{key:?}"),
        }
    }
}

/// What is wrong with a stanza: on which line, and the reason.
pub(super) type Wrong = (usize, String);

impl<'a> Stanza<'a> {
    const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            line: 0,
            values: [(0, 0); KEYS.len()],
        }
    }

    /// The value without the white space around it.
    pub(super) fn get(&self, key: Key) -> &'a [u8] {
        let (start, end) = self.values[key as usize];
        self.text[start..end].trim_ascii()
    }

    /// The name, as far as it can be shown.
    pub(super) fn shown(&self) -> String {
        match self.get(Key::Package) {
            b"" => "a package without a name".into(),
            name => String::from_utf8_lossy(name).chars().take(80).collect(),
        }
    }
}

/// Calls `each` with every stanza, until it or the format fails.
pub(super) fn for_each<'a, E>(
    text: &'a [u8],
    mut each: impl FnMut(&Stanza<'a>) -> Result<(), E>,
    malformed: impl Fn(&Stanza<'a>, Wrong) -> E,
) -> Result<(), E> {
    let mut stanza = Stanza::new(text);
    let mut open: Option<Key> = None;
    let mut used = false;
    let mut start = 0;
    let ends = memchr_iter(b'\n', text).chain((!text.ends_with(b"\n")).then_some(text.len()));
    for (index, end) in ends.enumerate() {
        let line = &text[start..end];
        match line.first() {
            // A blank line may hold spaces.
            None => {
                if std::mem::take(&mut used) {
                    each(&stanza)?;
                }
                (stanza, open) = (Stanza::new(text), None);
            }
            Some(b' ' | b'\t') if !used && line.trim_ascii().is_empty() => {}
            Some(b' ' | b'\t') if used => {
                if let Some(key) = open {
                    stanza.values[key as usize].1 = end;
                }
            }
            Some(_) => {
                if !used {
                    (used, stanza.line) = (true, index + 1);
                }
                let Some(colon) = memchr(b':', line).filter(|&colon| colon > 0) else {
                    let reason = "a line is neither a field nor goes on with one".into();
                    return Err(malformed(&stanza, (index + 1, reason)));
                };
                open = key(&line[..colon]);
                if let Some(key) = open {
                    let value = &mut stanza.values[key as usize];
                    if *value != (0, 0) {
                        let name = String::from_utf8_lossy(&line[..colon]).into_owned();
                        return Err(malformed(
                            &stanza,
                            (index + 1, format!("{name} is there twice")),
                        ));
                    }
                    *value = (start + colon + 1, end);
                }
            }
        }
        start = end + 1;
    }
    if used {
        each(&stanza)?;
    }
    Ok(())
}

fn key(name: &[u8]) -> Option<Key> {
    use Key::{
        Architecture, Breaks, Conflicts, Depends, Enhances, Essential, Filename, Important,
        Package, PreDepends, Priority, Protected, Provides, Recommends, Replaces, Sha256, Size,
        Source, Suggests, Version,
    };
    const ALL: [Key; KEYS.len()] = [
        Package,
        Version,
        Architecture,
        Source,
        Filename,
        Size,
        Sha256,
        Priority,
        Essential,
        Protected,
        Important,
        PreDepends,
        Depends,
        Conflicts,
        Breaks,
        Recommends,
        Suggests,
        Replaces,
        Enhances,
        Provides,
    ];
    ALL.into_iter().find(|&key| {
        let known = KEYS[key as usize];
        known.len() == name.len() && known.eq_ignore_ascii_case(name)
    })
}
