//! Keys and signatures, good and bad; the digests are checked against published values.

use rsa::pkcs8::{EncodePublicKey as _, LineEnding};

use super::super::rsa_testing::TestRsa;
use super::*;

const ALL: [Hash; 3] = [Hash::Sha1, Hash::Sha256, Hash::Sha512];

/// A public key of so many bits; nobody has its private half.
fn pem_of(bits: usize) -> String {
    let modulus = (BigUint::from(1u8) << (bits - 1)) + BigUint::from(1u8);
    let key = rsa::RsaPublicKey::new_with_max_size(modulus, BigUint::from(65_537u32), 1 << 20);
    key.unwrap().to_public_key_pem(LineEnding::LF).unwrap()
}

#[test]
fn a_signature_holds_for_its_bytes_key_and_hash_alone() {
    let (key, other) = (TestRsa::new(), TestRsa::new());
    let public = PublicKey::from_pem(&key.pem()).unwrap();
    let foreign = PublicKey::from_pem(&other.pem()).unwrap();
    for hash in ALL {
        let digest = hash.of(b"text").unwrap();
        let signature = key.sign(hash.prefix(), &digest);
        assert!(public.verify(hash, &digest, &signature), "{hash:?}");
        assert!(!public.verify(hash, &hash.of(b"texT").unwrap(), &signature));
        assert!(!foreign.verify(hash, &digest, &signature), "{hash:?}");
        assert!(!public.verify(hash, &digest, &signature[1..]));
        assert!(!public.verify(hash, &digest, &[&[0], &signature[..]].concat()));
        assert!(!public.verify(hash, &digest, &[]));
        // The same bytes said to be another algorithm's digest.
        let bare = key.sign(b"", &digest);
        assert!(!public.verify(hash, &digest, &bare), "{hash:?}");
    }
}

#[test]
fn digests_are_the_published_ones() {
    let hex = |bytes: Vec<u8>| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    // FIPS 180-4's example `abc`.
    for (hash, expected) in [
        (Hash::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            Hash::Sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
    ] {
        assert_eq!(hex(hash.of(b"abc").unwrap()), expected);
    }
    let sha512 = hex(Hash::Sha512.of(b"abc").unwrap());
    assert!(sha512.starts_with("ddaf35a193617abacc417349ae204131"));
    let mut pieces = Hasher::new(Hash::Sha1);
    pieces.update(b"a");
    pieces.update(b"bc");
    assert_eq!(pieces.finish(), Hash::Sha1.of(b"abc"));
}

#[test]
fn keys_outside_the_bounds_are_refused() {
    for bits in [MIN_BITS, 2048, 4096, MAX_BITS] {
        let key = PublicKey::from_pem(pem_of(bits).as_bytes()).unwrap();
        assert_eq!(key.bits(), bits);
    }
    for bits in [512, MIN_BITS - 1, MAX_BITS + 1] {
        let refused = PublicKey::from_pem(pem_of(bits).as_bytes());
        assert_eq!(refused.unwrap_err(), KeyError::Size(bits));
    }
}

#[test]
fn what_is_no_public_key_of_rsa_is_refused() {
    let pem = pem_of(1024);
    let elliptic = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n\
        6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n\
        -----END PUBLIC KEY-----\n";
    for bad in [
        String::new(),
        "ssh-rsa AAAA".into(),
        pem[..pem.len() / 2].to_owned(),
        pem.replace("PUBLIC", "PRIVATE"),
        pem.replacen("MI", "MJ", 1),
        elliptic.into(),
    ] {
        let refused = PublicKey::from_pem(bad.as_bytes());
        assert_eq!(refused.unwrap_err(), KeyError::Malformed, "{bad}");
    }
    let long = pem + &" ".repeat(MAX_PEM);
    assert!(PublicKey::from_pem(long.as_bytes()).is_err());
}
