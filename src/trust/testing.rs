//! Throw-away keys for tests.
//!
//! It uses nothing of the crate, so that the tests outside it include this very file. Times are in
//! seconds since 1970.

#![allow(dead_code, clippy::unwrap_used)]

use std::io::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use sequoia_openpgp as pgp;

use pgp::cert::{CertBuilder, CertRevocationBuilder, CipherSuite};
use pgp::packet::signature::SignatureBuilder;
use pgp::policy::StandardPolicy;
use pgp::serialize::SerializeInto as _;
use pgp::serialize::stream::{Armorer, Message, Signer};
use pgp::types::{HashAlgorithm, ReasonForRevocation, SignatureType};
use pgp::{Cert, armor};

/// A key and what it signs with.
pub(crate) struct TestKey {
    pub(crate) cert: Cert,
}

fn moment(at: i64) -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_secs(at as u64)
}

impl TestKey {
    /// A certificate made at `made`, with a signing subkey, valid for `days`.
    pub(crate) fn new(made: i64, days: Option<u64>) -> Self {
        let (cert, _) = CertBuilder::new()
            .add_userid("test")
            .set_cipher_suite(CipherSuite::Cv25519)
            .set_creation_time(moment(made))
            .set_validity_period(days.map(|days| Duration::from_secs(days * 86_400)))
            .add_signing_subkey()
            .generate()
            .unwrap();
        Self { cert }
    }

    /// Revokes it: nothing that it signed is to be believed any more.
    pub(crate) fn revoke(&mut self) {
        let mut signer = self
            .cert
            .primary_key()
            .key()
            .clone()
            .parts_into_secret()
            .unwrap()
            .into_keypair()
            .unwrap();
        let revocation = CertRevocationBuilder::new()
            .set_reason_for_revocation(ReasonForRevocation::KeyCompromised, b"")
            .unwrap()
            .build(&mut signer, &self.cert, None)
            .unwrap();
        let cert = self.cert.clone().insert_packets([revocation]);
        self.cert = cert.unwrap().0;
    }

    pub(crate) fn fingerprint(&self) -> String {
        self.cert.fingerprint().to_hex()
    }

    pub(crate) fn public(&self) -> Vec<u8> {
        self.cert.to_vec().unwrap()
    }

    pub(crate) fn armored(&self) -> Vec<u8> {
        self.cert.armored().to_vec().unwrap()
    }

    fn signer(&self) -> pgp::crypto::KeyPair {
        let policy = StandardPolicy::new();
        let made = self.cert.primary_key().key().creation_time();
        self.cert
            .keys()
            .secret()
            .with_policy(&policy, made)
            .for_signing()
            .next()
            .unwrap()
            .key()
            .clone()
            .into_keypair()
            .unwrap()
    }

    fn sign(&self, text: &[u8], at: i64, hash: HashAlgorithm, clear: bool) -> Vec<u8> {
        let kind = if clear {
            SignatureType::Text
        } else {
            SignatureType::Binary
        };
        let template = SignatureBuilder::new(kind)
            .set_signature_creation_time(moment(at))
            .unwrap();
        let mut out = Vec::new();
        let mut message = Message::new(&mut out);
        if !clear {
            message = Armorer::new(message)
                .kind(armor::Kind::Signature)
                .build()
                .unwrap();
        }
        let signer = Signer::with_template(message, self.signer(), template)
            .unwrap()
            .creation_time(moment(at))
            .hash_algo(hash)
            .unwrap();
        let signer = if clear {
            signer.cleartext()
        } else {
            signer.detached()
        };
        let mut sink = signer.build().unwrap();
        sink.write_all(text).unwrap();
        sink.finalize().unwrap();
        out
    }

    /// `text` as a clear-signed message.
    pub(crate) fn clear_sign(&self, text: &[u8], at: i64) -> Vec<u8> {
        self.sign(text, at, HashAlgorithm::SHA512, true)
    }

    /// A detached, armoured signature over `text`.
    pub(crate) fn detach_sign(&self, text: &[u8], at: i64) -> Vec<u8> {
        self.sign(text, at, HashAlgorithm::SHA512, false)
    }

    /// As [`TestKey::detach_sign`], with a hash that no policy accepts any more.
    pub(crate) fn weak_sign(&self, text: &[u8], at: i64) -> Vec<u8> {
        self.sign(text, at, HashAlgorithm::SHA1, false)
    }
}
