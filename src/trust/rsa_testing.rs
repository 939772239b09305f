//! Throw-away RSA keys for tests.
//!
//! It uses nothing of the crate, so that the tests outside it include this very file.

#![allow(dead_code, clippy::unwrap_used)]

use rsa::RsaPrivateKey;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};
use rsa::rand_core::OsRng;

/// A key and what it signs with.
#[derive(Clone)]
pub(crate) struct TestRsa(RsaPrivateKey);

impl TestRsa {
    /// A key of 1024 bits, which is made quickly.
    pub(crate) fn new() -> Self {
        Self(RsaPrivateKey::new(&mut OsRng, 1024).unwrap())
    }

    /// The file of its public half.
    pub(crate) fn pem(&self) -> Vec<u8> {
        let key = self.0.to_public_key();
        key.to_public_key_pem(LineEnding::LF).unwrap().into_bytes()
    }

    /// Signs a digest; `prefix` is the DER in front of it.
    pub(crate) fn sign(&self, prefix: &[u8], digest: &[u8]) -> Vec<u8> {
        let scheme = Pkcs1v15Sign {
            hash_len: Some(digest.len()),
            prefix: prefix.into(),
        };
        self.0.sign(scheme, digest).unwrap()
    }
}
