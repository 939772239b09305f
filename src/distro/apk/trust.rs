//! Who may sign, and whether they did: RSA keys by file name, and the signatures of a v2 file.
//!
//! A v2 index or package begins with a gzip member whose tar entries are `.SIGN.ALG.KEY`, apk-v2(5).
//! In come such a file and the keys that are allowed; out goes the part that the signatures cover,
//! with the keys that signed it. A key is found by its file's name among the allowed ones alone.
//! Every signature by an allowed key must hold, and one is enough: apk looks at the first such key
//! only. Signatures by other keys, of DSA or of an algorithm to come say nothing.

use std::io::{self, Read};
use std::sync::Arc;

use super::archive::Bounded;
use super::keys;
use crate::distro::tarball::{self, Failure, Limits, TarError};
use crate::distro::{Entry, EntryKind};
use crate::model::{Arch, Class, Explain, Key, Sha256};
use crate::trust::rsa::{Hash, KeyError, PublicKey};

/// What the member with the signatures may unpack to. Each takes 1 to 3 KiB.
const MAX_MEMBER: u64 = 1 << 20;
/// Its headers.
const LIMITS: Limits = Limits {
    headers: 1024,
    names: 1 << 20,
    plain: true,
};
/// The algorithms that are checked, as entries name them.
const ALGORITHMS: [(&str, Hash); 3] = [
    ("RSA512.", Hash::Sha512),
    ("RSA256.", Hash::Sha256),
    ("RSA.", Hash::Sha1),
];
/// A longer signature is passed over, as apk does.
const MAX_SIGNATURE: u64 = 64 << 10;
/// Names of keys that a message shows.
const MAX_SHOWN: usize = 8;

/// Why a file is not accepted, as a sentence about it.
#[derive(Debug, thiserror::Error)]
pub(super) enum TrustFault {
    /// A file of the manifest.
    #[error("the key file `{name}` cannot be used")]
    KeyFile {
        /// As the manifest names it.
        name: String,
        /// Why.
        source: KeyError,
    },
    /// A package or index of apk's next format.
    #[error("it is in apk's format v3 (ADB), and v2 is what rootlock reads")]
    Adb,
    /// Its compression.
    #[error("its first part is not a whole gzip stream")]
    Gzip(#[source] io::Error),
    /// The part with the signatures.
    #[error("its signatures cannot be read")]
    Signatures(#[source] TarError),
    /// Other files among the signatures.
    #[error("its signatures have `{0}` among them")]
    Mixed(String),
    /// No allowed key signed.
    #[error("{}", unsigned(signed, allowed))]
    Unsigned {
        /// The names of the keys that did.
        signed: Vec<String>,
        /// The names of those that may.
        allowed: Vec<String>,
    },
    /// An allowed key did not sign this.
    #[error("its signature by the key `{0}` does not hold")]
    Wrong(String),
}

fn unsigned(signed: &[String], allowed: &[String]) -> String {
    let list = |names: &[String]| {
        let more = names.len().saturating_sub(MAX_SHOWN);
        let shown = names.iter().take(MAX_SHOWN);
        let mut out: Vec<String> = shown.map(|name| format!("`{name}`")).collect();
        if more > 0 {
            out.push(format!("{more} more"));
        }
        out.join(", ")
    };
    match signed {
        [] => "it has no signature".into(),
        names if allowed.is_empty() => format!(
            "it is signed with {}, and no key of its architecture is built in",
            list(names)
        ),
        names => format!(
            "it is signed with {}, and {} may sign it",
            list(names),
            list(allowed)
        ),
    }
}

impl Explain for TrustFault {
    fn class(&self) -> Class {
        match self {
            Self::KeyFile { .. } => Class::BadInput,
            Self::Gzip(error) if error.raw_os_error().is_some() => Class::Outside,
            _ => Class::Untrusted,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::KeyFile { .. } => Some(
                "name a file as /etc/apk/keys has them, or as `openssl rsa -pubout` writes it"
                    .into(),
            ),
            Self::Unsigned { .. } => Some(
                "name the files of the repository's keys with `keys:`, or set `unsigned: true` if \
                 whoever can change what it serves may decide what is installed"
                    .into(),
            ),
            Self::Adb => Some("name a repository that has an APKINDEX.tar.gz".into()),
            _ => None,
        }
    }
}

/// A key that may sign.
#[derive(Debug)]
struct Allowed {
    /// Its file's name without directories.
    name: String,
    key: PublicKey,
    sha256: Sha256,
}

/// The keys that may sign for one architecture, by file name.
#[derive(Debug)]
pub(super) struct Keyring(Vec<Allowed>);

impl Keyring {
    /// `keys` of the repository; none stands for the built-in keys of `arch`, of which there may
    /// be none either.
    pub(super) fn new(arch: Arch, keys: &[Key]) -> Result<Self, TrustFault> {
        let one = |(shown, name, bytes, sha256): (&str, &str, &[u8], Sha256)| {
            let key = PublicKey::from_pem(bytes).map_err(|source| TrustFault::KeyFile {
                name: shown.to_owned(),
                source,
            })?;
            Ok(Allowed {
                name: name.to_owned(),
                key,
                sha256,
            })
        };
        if !keys.is_empty() {
            let own = keys
                .iter()
                .map(|key| (&*key.name, file_name(&key.name), &*key.bytes, key.sha256));
            return own.map(one).collect::<Result<_, _>>().map(Self);
        }
        keys::built_in(arch)
            .map(|(name, bytes)| one((&name, &name, bytes, Sha256::of(bytes))))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.0.iter().map(|allowed| allowed.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The allowed keys that made `signatures`, each as `NAME sha256:HEX`, sorted. `digest` gives
    /// that of what is covered, and nothing where it attacks the hash.
    pub(super) fn judge(
        &self,
        signatures: &[Signature],
        mut digest: impl FnMut(Hash) -> Option<Vec<u8>>,
    ) -> Result<Vec<String>, TrustFault> {
        let mut signed_by = Vec::new();
        for signature in signatures {
            let mut named = self
                .0
                .iter()
                .filter(|allowed| allowed.name == signature.key);
            let Some(first) = named.next() else {
                continue;
            };
            let digest = digest(signature.hash).unwrap_or_default();
            let holds = |allowed: &&Allowed| {
                let Signature { hash, bytes, .. } = signature;
                allowed.key.verify(*hash, &digest, bytes)
            };
            match std::iter::once(first).chain(named).find(holds) {
                Some(Allowed { name, sha256, .. }) => signed_by.push(format!("{name} {sha256}")),
                None => return Err(TrustFault::Wrong(signature.key.clone())),
            }
        }
        signed_by.sort();
        signed_by.dedup();
        Ok(signed_by)
    }
}

/// The last part of a path as a manifest writes it.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The name and the bytes of the key file that an entry of `Proof::signed_by` means: one of the
/// repository's own `keys`, or a built-in one of `arch`.
pub(super) fn key_file(arch: Arch, keys: &[Key], signed_by: &str) -> Option<(String, Arc<[u8]>)> {
    let (name, sha256) = signed_by.rsplit_once(' ')?;
    let sha256: Sha256 = sha256.parse().ok()?;
    let own = keys
        .iter()
        .find(|key| file_name(&key.name) == name && key.sha256 == sha256);
    let bytes = match own {
        Some(key) => key.bytes.clone(),
        None => {
            let mut known = keys::built_in(arch);
            known
                .find(|(known, bytes)| known == name && Sha256::of(bytes) == sha256)
                .map(|(_, bytes)| bytes.into())?
        }
    };
    Some((name.to_owned(), bytes))
}

/// One entry of the member with the signatures.
#[derive(Debug)]
pub(super) struct Signature {
    hash: Hash,
    key: String,
    bytes: Vec<u8>,
}

/// The signatures at the beginning of a file, entry by entry.
#[derive(Debug, Default)]
pub(super) struct Signatures {
    /// Absent while no entry of theirs has come.
    found: Option<Vec<Signature>>,
    /// Bytes kept so far.
    size: u64,
}

impl Signatures {
    /// Takes an entry of a file's first gzip member; false where that one has no signatures, but is
    /// what they would cover.
    pub(super) fn take(
        &mut self,
        entry: &Entry,
        content: &mut dyn Read,
    ) -> Result<bool, TrustFault> {
        let path = entry.path.as_ref().map_or(&b""[..], |path| path.as_bytes());
        let name = path.strip_prefix(b".SIGN.");
        let Some(name) = name.filter(|name| !name.contains(&b'/')) else {
            return match self.found {
                Some(_) => Err(TrustFault::Mixed(path.escape_ascii().to_string())),
                None => Ok(false),
            };
        };
        let name = String::from_utf8_lossy(name);
        let found = self.found.get_or_insert_with(Vec::new);
        let known = ALGORITHMS
            .iter()
            .find_map(|(prefix, hash)| Some((*hash, name.strip_prefix(prefix)?)));
        let (Some((hash, key)), EntryKind::File(size)) = (known, &entry.kind) else {
            return Ok(true);
        };
        if *size > MAX_SIGNATURE {
            return Ok(true);
        }
        self.size += size;
        if self.size > MAX_MEMBER {
            return Err(TrustFault::Signatures(TarError::Limit {
                what: "bytes of signatures",
                limit: MAX_MEMBER,
            }));
        }
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(TrustFault::Gzip)?;
        if bytes.len() as u64 != *size {
            return Err(TrustFault::Signatures(TarError::Archive("is cut off")));
        }
        found.push(Signature {
            hash,
            key: key.to_owned(),
            bytes,
        });
        Ok(true)
    }

    /// What was found; nothing where the file begins with what signatures would cover.
    pub(super) fn into_found(self) -> Option<Vec<Signature>> {
        self.found
    }
}

/// Reads the signatures of a file, the first gzip member of which `member` decompresses.
fn signatures(member: impl Read) -> Result<Option<Vec<Signature>>, TrustFault> {
    let mut found = Signatures::default();
    let bounded = Bounded::new(member, MAX_MEMBER);
    let read = tarball::walk(bounded, LIMITS, &mut |entry, content| match found
        .take(&entry, content)
    {
        Ok(true) => Ok(()),
        Ok(false) => Err(None),
        Err(fault) => Err(Some(fault)),
    });
    match read {
        Ok(()) | Err(Failure::Refused(None)) => Ok(found.into_found()),
        Err(Failure::Refused(Some(fault))) => Err(fault),
        Err(Failure::Tar(TarError::Read(error))) => Err(TrustFault::Gzip(error)),
        Err(Failure::Tar(error)) => Err(TrustFault::Signatures(error)),
    }
}

/// The part of a file that its signatures cover.
#[derive(Debug)]
pub(super) struct Covered<'a> {
    /// The rest of the file behind the member that holds the signatures, as it is: compressed.
    pub(super) text: &'a [u8],
    /// `NAME sha256:HEX` of each allowed key whose signature holds, sorted; empty where none is needed.
    pub(super) signed_by: Vec<String>,
}

/// Refuses apk's next format by its first bytes.
pub(super) fn is_v2(head: &[u8]) -> Result<(), TrustFault> {
    match head.get(..4) {
        Some(b"ADB." | b"ADBd" | b"ADBc") => Err(TrustFault::Adb),
        _ => Ok(()),
    }
}

/// What the signatures at the beginning of a v2 file cover, and the signatures.
fn split(file: &[u8]) -> Result<(&[u8], Vec<Signature>), TrustFault> {
    is_v2(file)?;
    let mut decoder = flate2::bufread::GzDecoder::new(file);
    Ok(match signatures(&mut decoder)? {
        Some(found) => (decoder.into_inner(), found),
        None => (file, Vec::new()),
    })
}

/// Checks the signatures at the beginning of a v2 file.
pub(super) fn covered<'a>(
    file: &'a [u8],
    keyring: &Keyring,
    unsigned: bool,
) -> Result<Covered<'a>, TrustFault> {
    let (text, found) = split(file)?;
    let mut signed_by = Vec::new();
    if !unsigned {
        signed_by = keyring.judge(&found, |hash| hash.of(text))?;
        if signed_by.is_empty() {
            let signed = found.into_iter().map(|signature| signature.key);
            return Err(TrustFault::Unsigned {
                signed: signed.collect(),
                allowed: keyring.names(),
            });
        }
    }
    Ok(Covered { text, signed_by })
}

/// The part behind the signatures, whoever made them: of a file that was judged before.
pub(super) fn behind_signatures(file: &[u8]) -> Result<&[u8], TrustFault> {
    split(file).map(|(text, _)| text)
}
