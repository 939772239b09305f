//! Signatures that hold, and each kind that does not.

use super::openpgp::{Keyring, OpenPgpError, unverified_text, verify_cleartext, verify_detached};
use super::testing::TestKey;
use crate::model::Epoch;

const DAY: i64 = 86_400;
/// 2026-06-01
const NOW: Epoch = Epoch(1_780_272_000);
const TEXT: &[u8] = b"Origin: Test\n-dash\nSuite: stable\n";

fn keyring(key: &TestKey) -> Keyring {
    Keyring::parse("test", &key.public()).unwrap()
}

fn key() -> TestKey {
    TestKey::new(NOW.0 - 100 * DAY, Some(1000))
}

fn signed() -> (TestKey, Vec<u8>) {
    let key = key();
    let message = key.clear_sign(TEXT, NOW.0 - DAY);
    (key, message)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, OpenPgpError>, why: &str) {
    let message = result.unwrap_err().to_string();
    assert!(message.contains(why), "{message}");
}

#[test]
fn the_text_is_the_same_inline_and_detached() {
    let (key, message) = signed();
    let inline = verify_cleartext(&message, &keyring(&key), NOW).unwrap();
    assert_eq!(inline.text, TEXT);
    assert_eq!(inline.signed_by, [key.fingerprint()]);
    let signature = key.detach_sign(TEXT, NOW.0 - DAY);
    let detached = verify_detached(TEXT, &signature, &keyring(&key), NOW).unwrap();
    assert_eq!(detached, inline);
    assert_eq!(unverified_text(&message).unwrap(), TEXT);
}

#[test]
fn changed_text_is_refused() {
    let (key, message) = signed();
    let changed = String::from_utf8(message)
        .unwrap()
        .replace("stable", "stably");
    refused(
        verify_cleartext(changed.as_bytes(), &keyring(&key), NOW),
        "is bad",
    );
    let signature = key.detach_sign(TEXT, NOW.0 - DAY);
    refused(
        verify_detached(b"Origin: Tess\n", &signature, &keyring(&key), NOW),
        "is bad",
    );
}

#[test]
fn text_around_the_message_is_refused() {
    let (key, message) = signed();
    for around in [
        [b"Suite: evil\n".as_slice(), &message].concat(),
        [message.as_slice(), b"Suite: evil\n"].concat(),
        [message.as_slice(), &message].concat(),
        TEXT.to_vec(),
        Vec::new(),
    ] {
        refused(
            verify_cleartext(&around, &keyring(&key), NOW),
            "not a clear-signed message",
        );
    }
}

#[test]
fn only_allowed_keys_count() {
    let (_, message) = signed();
    refused(
        verify_cleartext(&message, &keyring(&key()), NOW),
        "is not an allowed key",
    );
}

#[test]
fn an_unknown_signature_beside_a_good_one_is_fine() {
    let (known, stranger) = (key(), key());
    let at = NOW.0 - DAY;
    let both = [stranger.detach_sign(TEXT, at), known.detach_sign(TEXT, at)];
    let binary: Vec<u8> = both.iter().flat_map(|armored| dearmor(armored)).collect();
    let verified = verify_detached(TEXT, &binary, &keyring(&known), NOW).unwrap();
    assert_eq!(verified.signed_by, [known.fingerprint()]);
    let mut all = keyring(&known);
    all.extend(keyring(&stranger));
    let verified = verify_detached(TEXT, &binary, &all, NOW).unwrap();
    assert_eq!(verified.signed_by, all.fingerprints());
    assert_eq!(verified.signed_by.len(), 2);
}

fn dearmor(armored: &[u8]) -> Vec<u8> {
    use sequoia_openpgp::armor::{Reader, ReaderMode};
    use std::io::Read as _;
    let mut out = Vec::new();
    Reader::from_bytes(armored, ReaderMode::VeryTolerant)
        .read_to_end(&mut out)
        .unwrap();
    out
}

#[test]
fn a_key_must_have_been_valid_when_it_signed() {
    let short = TestKey::new(NOW.0 - 100 * DAY, Some(50));
    let within = short.clear_sign(TEXT, NOW.0 - 60 * DAY);
    assert!(verify_cleartext(&within, &keyring(&short), NOW).is_ok());
    let after = short.clear_sign(TEXT, NOW.0 - DAY);
    refused(
        verify_cleartext(&after, &keyring(&short), NOW),
        "could not sign then",
    );
}

#[test]
fn a_signature_of_the_future_is_bad() {
    let key = key();
    let early = key.clear_sign(TEXT, NOW.0 + DAY);
    refused(verify_cleartext(&early, &keyring(&key), NOW), "is bad");
    assert!(verify_cleartext(&early, &keyring(&key), Epoch(NOW.0 + 2 * DAY)).is_ok());
}

#[test]
fn weak_hashes_are_refused_whatever_the_clock_says() {
    let made = 1_000_000_000;
    let key = TestKey::new(made, None);
    let weak = key.weak_sign(TEXT, made + DAY);
    for now in [Epoch(made + 2 * DAY), NOW] {
        refused(verify_detached(TEXT, &weak, &keyring(&key), now), "is bad");
    }
}

#[test]
fn keyrings_are_binary_or_armoured_and_hold_several() {
    let keys = [key(), key(), key()];
    let mut fingerprints: Vec<_> = keys.iter().map(TestKey::fingerprint).collect();
    fingerprints.sort();
    let binary: Vec<u8> = keys.iter().flat_map(TestKey::public).collect();
    let armored: Vec<u8> = keys.iter().flat_map(TestKey::armored).collect();
    for bytes in [binary, armored] {
        let keyring = Keyring::parse("test", &bytes).unwrap();
        assert_eq!(keyring.fingerprints(), fingerprints);
    }
    for bad in [
        b"".as_slice(),
        b"hello",
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nx",
    ] {
        refused(Keyring::parse("keys/site.gpg", bad), "keys/site.gpg");
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let (key, message) = signed();
    let keyring = keyring(&key);
    for cut in 0..message.len() {
        let _ = verify_cleartext(&message[..cut], &keyring, NOW);
    }
    for at in (0..message.len()).step_by(3) {
        let mut changed = message.clone();
        changed[at] ^= 0x15;
        if let Ok(verified) = verify_cleartext(&changed, &keyring, NOW) {
            // A flipped bit in armour headers or white space may go unnoticed; the text may not.
            assert_eq!(verified.text, TEXT);
        }
    }
}
