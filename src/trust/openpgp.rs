//! OpenPGP: clear-signed and detached signatures, by sequoia-openpgp under its standard policy.
//!
//! In come bytes, the allowed certificates and the moment of judgement; out goes exactly the text
//! that a valid signature covers. The policy is sequoia's: expiry and revocation as of the time of
//! the signature, weak hashes and keys, key flags, back-signatures. One signature that holds is
//! enough; others beside it, by unknown or outdated keys, do no harm.
//!
//! Keys are named by the fingerprint of their certificate (the primary key), whichever subkey
//! signed: it is what people compare and what outlives a subkey.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sequoia_openpgp as pgp;

use pgp::cert::CertParser;
use pgp::parse::Parse as _;
use pgp::parse::stream::{
    DetachedVerifierBuilder, MessageLayer, MessageStructure, VerificationError, VerificationHelper,
    VerifierBuilder,
};
use pgp::policy::StandardPolicy;
use pgp::{Cert, KeyHandle};

use super::openpgp_frame as frame;
use crate::model::{Class, Epoch, Explain};

/// Bytes of a signed text: a hundred times Debian's largest InRelease.
pub const MAX_TEXT: u64 = 16 << 20;
/// Bytes of signatures: more than fifty of them.
pub const MAX_SIGNATURE: u64 = 64 << 10;
/// Bytes of one file of certificates.
pub const MAX_KEYRING: u64 = 16 << 20;
/// Sentences about failed signatures that a message names.
const MAX_REASONS: usize = 8;
/// Algorithms count as weak as of this day even where the clock or a date says earlier: 2026-01-01.
const POLICY_FLOOR: Epoch = Epoch(1_767_225_600);

/// Signed bytes, or allowed keys, do not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenPgpError {
    /// A file of certificates has none.
    #[error("`{name}` holds no OpenPGP certificate{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Keyring {
        /// The file, as the manifest names it.
        name: String,
        /// What the reader said.
        reason: Option<String>,
    },
    /// A bound was passed.
    #[error("the {what} is larger than {limit} bytes")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// The frame of a clear-signed message is broken.
    #[error("it is not a clear-signed message: {0}")]
    Frame(&'static str),
    /// The OpenPGP packets make no sense.
    #[error("its OpenPGP signature cannot be read: {0}")]
    Malformed(String),
    /// No signature of an allowed key holds.
    #[error("no signature of an allowed key holds: {}", if .0.is_empty() { "it has none".to_owned() } else { .0.join(", ") })]
    Unsigned(Vec<String>),
}

impl Explain for OpenPgpError {
    fn class(&self) -> Class {
        match self {
            Self::Keyring { .. } => Class::BadInput,
            _ => Class::Untrusted,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            // Where an allowed key did sign, and in vain, another keyring does not help.
            Self::Unsigned(reasons)
                if reasons.is_empty() || reasons.iter().any(|why| why.ends_with(NOT_ALLOWED)) =>
            {
                Some("name the file of the repository's own keys with `keyring:`".into())
            }
            Self::Keyring { .. } => {
                Some("`gpg --export KEY` writes a file of the right kind".into())
            }
            _ => None,
        }
    }
}

/// What is said of a signature by a key that is not in the keyring.
const NOT_ALLOWED: &str = "is not an allowed key";

/// Certificates whose signatures count.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    certs: Vec<Cert>,
}

impl Keyring {
    /// Reads certificates, binary or armoured, any number of blocks one after the other. One that
    /// cannot be read is left out. `name` is for messages.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, OpenPgpError> {
        if bytes.len() as u64 > MAX_KEYRING {
            return Err(OpenPgpError::TooLarge {
                what: "keyring",
                limit: MAX_KEYRING,
            });
        }
        let mut certs = Vec::new();
        let mut reason = None;
        for block in blocks(bytes) {
            match CertParser::from_bytes(block) {
                Ok(parser) => {
                    for cert in parser {
                        match cert {
                            Ok(cert) => certs.push(cert),
                            Err(error) => reason = Some(plain(&error)),
                        }
                    }
                }
                Err(error) => reason = Some(plain(&error)),
            }
        }
        if certs.is_empty() {
            let name = name.to_owned();
            return Err(OpenPgpError::Keyring { name, reason });
        }
        Ok(Self { certs })
    }

    /// Adds the certificates of another.
    pub fn extend(&mut self, other: Self) {
        self.certs.extend(other.certs);
    }

    /// The fingerprints of the certificates, upper-case, sorted.
    pub fn fingerprints(&self) -> Vec<String> {
        let mut out: Vec<_> = self
            .certs
            .iter()
            .map(|cert| cert.fingerprint().to_hex())
            .collect();
        out.sort();
        out.dedup();
        out
    }
}

/// The armoured blocks of a file, or the file itself where it is binary.
fn blocks(bytes: &[u8]) -> Vec<&[u8]> {
    const HEAD: &[u8] = b"-----BEGIN PGP PUBLIC KEY BLOCK";
    let starts: Vec<usize> = memchr::memmem::find_iter(bytes, HEAD).collect();
    if starts.is_empty() {
        return vec![bytes];
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| &bytes[start..end])
        .collect()
}

/// What a signature vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Exactly the signed text. Of a clear-signed message: with LF at the end of each line, which
    /// makes it equal to the file that a detached signature of the same text covers.
    pub text: Vec<u8>,
    /// The certificates whose signatures hold: upper-case fingerprints, sorted, never empty.
    pub signed_by: Vec<String>,
}

/// Verifies a clear-signed message. Nothing may stand before or after it.
///
/// # Errors
/// When the frame is broken, or no signature of an allowed key holds at `at`.
pub fn verify_cleartext(
    bytes: &[u8],
    keyring: &Keyring,
    at: Epoch,
) -> Result<Verified, OpenPgpError> {
    let framed = framed(bytes)?;
    let policy = policy(at);
    let mut verifier = VerifierBuilder::from_bytes(bytes)
        .map_err(|error| OpenPgpError::Malformed(plain(&error)))?
        .with_policy(&policy, system_time(at), Judge::new(keyring))
        .map_err(|error| OpenPgpError::Malformed(plain(&error)))?;
    let mut text = Vec::with_capacity(framed.text.len());
    std::io::Read::read_to_end(&mut verifier, &mut text)
        .map_err(|error| OpenPgpError::Malformed(error.to_string()))?;
    let text = frame::normal(&text);
    if text != framed.text {
        return Err(OpenPgpError::Frame("its text can be read in two ways"));
    }
    let signed_by = verifier.into_helper().verdict()?;
    Ok(Verified { text, signed_by })
}

/// Verifies a detached signature, binary or armoured, over `text`.
///
/// # Errors
/// When no signature of an allowed key holds at `at`.
pub fn verify_detached(
    text: &[u8],
    signature: &[u8],
    keyring: &Keyring,
    at: Epoch,
) -> Result<Verified, OpenPgpError> {
    bounded("signed text", text.len(), MAX_TEXT)?;
    bounded("signature", signature.len(), MAX_SIGNATURE)?;
    let policy = policy(at);
    let mut verifier = DetachedVerifierBuilder::from_bytes(signature)
        .map_err(|error| OpenPgpError::Malformed(plain(&error)))?
        .with_policy(&policy, system_time(at), Judge::new(keyring))
        .map_err(|error| OpenPgpError::Malformed(plain(&error)))?;
    verifier
        .verify_bytes(text)
        .map_err(|error| OpenPgpError::Malformed(plain(&error)))?;
    let signed_by = verifier.into_helper().verdict()?;
    Ok(Verified {
        text: text.to_vec(),
        signed_by,
    })
}

/// The text of a clear-signed message, or the bytes themselves where they are none, without looking
/// at any signature: for repositories that need none.
///
/// # Errors
/// When the frame is broken.
pub fn unverified_text(bytes: &[u8]) -> Result<Vec<u8>, OpenPgpError> {
    if frame::is_framed(bytes) {
        return Ok(framed(bytes)?.text);
    }
    bounded("text", bytes.len(), MAX_TEXT)?;
    Ok(bytes.to_vec())
}

fn framed(bytes: &[u8]) -> Result<frame::Frame, OpenPgpError> {
    bounded("signed text", bytes.len(), MAX_TEXT)?;
    let framed = frame::read(bytes).map_err(OpenPgpError::Frame)?;
    bounded("signature", framed.signature, MAX_SIGNATURE)?;
    Ok(framed)
}

fn bounded(what: &'static str, size: usize, limit: u64) -> Result<(), OpenPgpError> {
    if size as u64 > limit {
        return Err(OpenPgpError::TooLarge { what, limit });
    }
    Ok(())
}

/// Algorithms are judged as of `at`, but never more kindly than when this was written.
fn policy(at: Epoch) -> StandardPolicy<'static> {
    StandardPolicy::at(system_time(at.max(POLICY_FLOOR)))
}

fn system_time(at: Epoch) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(at.0).unwrap_or(0))
}

/// A library's error with its causes, as one line.
fn plain(error: &dyn AsRef<dyn std::error::Error + Send + Sync>) -> String {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error.as_ref());
    let mut out: Vec<String> = Vec::new();
    while let Some(error) = next {
        out.push(error.to_string());
        next = error.source();
    }
    out.join(": ").replace('\n', " ")
}

/// Collects what sequoia finds of each signature.
struct Judge<'a> {
    keyring: &'a Keyring,
    good: Vec<String>,
    bad: Vec<String>,
}

impl<'a> Judge<'a> {
    fn new(keyring: &'a Keyring) -> Self {
        Self {
            keyring,
            good: Vec::new(),
            bad: Vec::new(),
        }
    }

    fn verdict(mut self) -> Result<Vec<String>, OpenPgpError> {
        if self.good.is_empty() {
            return Err(OpenPgpError::Unsigned(self.bad));
        }
        self.good.sort();
        self.good.dedup();
        Ok(self.good)
    }
}

impl VerificationHelper for Judge<'_> {
    fn get_certs(&mut self, ids: &[KeyHandle]) -> pgp::Result<Vec<Cert>> {
        let wanted = |cert: &&Cert| {
            cert.keys()
                .any(|key| ids.iter().any(|id| id.aliases(key.key().key_handle())))
        };
        Ok(self.keyring.certs.iter().filter(wanted).cloned().collect())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> pgp::Result<()> {
        for layer in structure {
            let MessageLayer::SignatureGroup { results } = layer else {
                self.bad.push("the text is packed or encrypted".into());
                continue;
            };
            for result in results {
                match result {
                    Ok(good) => self.good.push(good.ka.cert().fingerprint().to_hex()),
                    Err(bad) if self.bad.len() < MAX_REASONS => self.bad.push(reason(&bad)),
                    Err(_) => {}
                }
            }
        }
        Ok(())
    }
}

/// Why one signature does not count.
fn reason(error: &VerificationError<'_>) -> String {
    match error {
        VerificationError::MissingKey { sig } => match sig.get_issuers().first() {
            Some(issuer) => format!("{issuer} {NOT_ALLOWED}"),
            None => "a signature names no key".into(),
        },
        VerificationError::UnboundKey { cert, error, .. } => {
            format!(
                "{} could not sign then: {}",
                cert.fingerprint(),
                plain(error)
            )
        }
        VerificationError::BadKey { ka, error, .. } => {
            format!(
                "{} could not sign then: {}",
                ka.cert().fingerprint(),
                plain(error)
            )
        }
        VerificationError::BadSignature { ka, error, .. } => format!(
            "the signature of {} is bad: {}",
            ka.cert().fingerprint(),
            plain(error)
        ),
        VerificationError::MalformedSignature { error, .. } => {
            format!("a signature is malformed: {}", plain(error))
        }
        VerificationError::UnknownSignature { .. } => "a signature is of an unknown kind".into(),
        _ => "a signature cannot be judged".into(),
    }
}
