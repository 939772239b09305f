//! Bare RSA: PKCS#1 v1.5 signatures over SHA-1, SHA-256 or SHA-512, as Alpine has them.
//!
//! In come the PEM text of a public key (SubjectPublicKeyInfo, RFC 5280), a digest and a signature;
//! out goes whether the signature holds. Nothing here knows who may sign what. Only public
//! operations are done. SHA-1 is computed with collision detection: a text made for one of the known
//! attacks (SHAttered, SHAmbles) has no digest here, so no signature over it holds.

use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::{Document, SubjectPublicKeyInfoRef};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, pkcs1};
use sha1collisiondetection::Sha1CD;
use sha2::{Digest as _, Sha256, Sha512};

/// Bits of the smallest key that is accepted: what Alpine's oldest tools could make.
const MIN_BITS: usize = 1024;
/// Bits of the largest: beyond it a signature takes longer than its file.
const MAX_BITS: usize = 8192;
/// Bytes of a key's file: several times the largest.
const MAX_PEM: usize = 64 << 10;

/// The text is not a public key that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Its frame or its content.
    #[error("it is not an RSA public key in PEM form, `-----BEGIN PUBLIC KEY-----`")]
    Malformed,
    /// Its modulus.
    #[error("it is an RSA key of {0} bits, and {MIN_BITS} to {MAX_BITS} are accepted")]
    Size(usize),
}

/// How the signed bytes are digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    /// With collision detection.
    Sha1,
    /// SHA-2 of 256 bits.
    Sha256,
    /// SHA-2 of 512 bits.
    Sha512,
}

impl Hash {
    /// The DER of DigestInfo in front of the digest (RFC 8017, section 9.2, note 1).
    fn prefix(self) -> &'static [u8] {
        match self {
            Self::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
            Self::Sha256 => {
                b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
            }
            Self::Sha512 => {
                b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
            }
        }
    }

    /// The digest of `bytes`; `None` where they attack SHA-1.
    pub fn of(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }
}

/// A digest in the making.
#[derive(Debug, Clone)]
pub struct Hasher(State);

#[derive(Debug, Clone)]
enum State {
    Sha1(Box<Sha1CD>),
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    /// Starts with nothing.
    pub fn new(hash: Hash) -> Self {
        Self(match hash {
            Hash::Sha1 => State::Sha1(Box::default()),
            Hash::Sha256 => State::Sha256(Sha256::new()),
            Hash::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha1(state) => state.update(bytes),
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest; `None` where the bytes attack SHA-1.
    pub fn finish(self) -> Option<Vec<u8>> {
        match self.0 {
            State::Sha1(state) => state.finalize_cd().ok().map(|digest| digest.to_vec()),
            State::Sha256(state) => Some(state.finalize().to_vec()),
            State::Sha512(state) => Some(state.finalize().to_vec()),
        }
    }
}

/// A public key.
#[derive(Debug, Clone)]
pub struct PublicKey(rsa::RsaPublicKey);

impl PublicKey {
    /// Reads the PEM form of a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// When it is none, not RSA's, or of a size that is not accepted.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let text = match std::str::from_utf8(pem) {
            Ok(text) if pem.len() <= MAX_PEM => text,
            _ => return Err(KeyError::Malformed),
        };
        let (label, der) = Document::from_pem(text).map_err(|_| KeyError::Malformed)?;
        if label != "PUBLIC KEY" {
            return Err(KeyError::Malformed);
        }
        let info = SubjectPublicKeyInfoRef::try_from(der.as_bytes());
        let info = info.map_err(|_| KeyError::Malformed)?;
        let known = info.algorithm.assert_algorithm_oid(pkcs1::ALGORITHM_OID);
        known.map_err(|_| KeyError::Malformed)?;
        let key = info.subject_public_key.as_bytes();
        let key = key.and_then(|bytes| pkcs1::RsaPublicKey::try_from(bytes).ok());
        let key = key.ok_or(KeyError::Malformed)?;
        // Not by the crate's own conversion, which stops at 4096 bits.
        let modulus = BigUint::from_bytes_be(key.modulus.as_bytes());
        let bits = modulus.bits();
        if !(MIN_BITS..=MAX_BITS).contains(&bits) {
            return Err(KeyError::Size(bits));
        }
        let exponent = BigUint::from_bytes_be(key.public_exponent.as_bytes());
        rsa::RsaPublicKey::new_with_max_size(modulus, exponent, MAX_BITS)
            .map(Self)
            .map_err(|_| KeyError::Malformed)
    }

    /// Bits of the modulus.
    pub fn bits(&self) -> usize {
        self.0.n().bits()
    }

    /// Whether `signature` is this key's over what has this digest.
    pub fn verify(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        let scheme = Pkcs1v15Sign {
            hash_len: Some(match hash {
                Hash::Sha1 => 20,
                Hash::Sha256 => 32,
                Hash::Sha512 => 64,
            }),
            prefix: hash.prefix().into(),
        };
        self.0.verify(scheme, digest, signature).is_ok()
    }
}

#[cfg(test)]
#[path = "rsa_tests.rs"]
mod tests;
