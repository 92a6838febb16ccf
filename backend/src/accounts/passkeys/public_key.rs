//! Public keys of passkeys, as authenticators give them (COSE, RFC 9052 and 9053), and what they signed.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::cbor::Item;

/// ECDSA with P-256 and SHA-256, what nearly all devices have.
const ES256: i64 = -7;
/// Ed25519.
const EDDSA: i64 = -8;
/// RSA with PKCS #1 v1.5 and SHA-256, what older Windows has.
const RS256: i64 = -257;
/// The algorithms that we take, as COSE numbers them, those that we like best first.
pub(super) const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];

/// Members of a COSE key: its type and algorithm, and three that mean other things with each type.
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const FIRST: i64 = -1;
const SECOND: i64 = -2;
const THIRD: i64 = -3;

/// A public key of one of the [`ALGORITHMS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// The point, uncompressed (SEC 1 §2.3.3).
    Es256([u8; 65]),
    EdDsa([u8; 32]),
    Rs256 {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

impl PublicKey {
    /// Reads a key; `None` for one that is damaged or of another algorithm.
    pub(super) fn from_cose(bytes: &[u8]) -> Option<Self> {
        let key = Item::read_whole(bytes)?;
        let member = |at| key.at(at);
        match (member(KEY_TYPE)?.int()?, member(ALGORITHM)?.int()?) {
            // An elliptic curve with both coordinates, on P-256.
            (2, ES256) if member(FIRST)?.int()? == 1 => {
                let x: &[u8; 32] = member(SECOND)?.bytes()?.try_into().ok()?;
                let y: &[u8; 32] = member(THIRD)?.bytes()?.try_into().ok()?;
                let mut point = [4; 65];
                point[1..33].copy_from_slice(x);
                point[33..].copy_from_slice(y);
                Some(Self::Es256(point))
            }
            // One coordinate, on Ed25519.
            (1, EDDSA) if member(FIRST)?.int()? == 6 => Some(Self::EdDsa(member(SECOND)?.bytes()?.try_into().ok()?)),
            (3, RS256) => Some(Self::Rs256 {
                modulus: member(FIRST)?.bytes()?.to_vec(),
                exponent: member(SECOND)?.bytes()?.to_vec(),
            }),
            _ => None,
        }
    }

    /// Whether the owner of this key has signed the message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).is_ok()
            }
            Self::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok(),
            Self::Rs256 { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// Made with OpenSSL: `openssl dgst -sha256 -sign` over `a message`; the exponent is 65537.
    const MODULUS: &str = "\
        af0a92fe528eb294e3fbedc9ece1c5047a07e0246ad695b9184e64a71df8164ce195b6ebeb2bf50e46f34b6e37a82ce740ac\
        26b0ca1024cd2ac48b13f40b139c8865ae7c104d9153b111e2a0f3a285aa081c131b5ed0bfba2f4d4c723c19850655db14d7\
        7b2ad42c1ba5e1aa689790fa1dc90f117f52a93339047b3f8ca19d6c36f8a95d3bad56e1fa64ee47f6cde2bd90b6f3f37607\
        78be3c44d904a84ba2ba559cabe21aecc41dc54f4ddd0e572bdb1453ca5c578765ffd744a6ec24af4cf35f7a59a0b8d278d5\
        d517d1563c609b1bfedcd69dc28272a3a626f7164cdeea58a188119bf64be7a1961230c2f931f34e2621f670b9717b7613bd\
        7a201d6445bf";
    const SIGNATURE: &str = "\
        8b1efb0e4a72741329d87b36c6244da44ce1d27548a8d2ff4e5e153c95292a7abd6a77c403e794de62ec62aa275e72e7e12b\
        18aecdc82f3ae9c71629de370cd51831ec057edeb86c598516d048cfa75956bccd43ef76f64ae1c20f5178b468d64ea743a0\
        46e66cdb1fd43dac600bd3a8a80d185872344f3775f558997b9019829f079e4554412a014ea62b448380dbc07afb8d7f364c\
        5bfdd8314961d9b6e64c83db10d2ceff56a169d9915510c7df345c0326ee1864670e3573a03ae33b0d9df73e96e9839ab79f\
        8bfd6b7d0f8f78327c3b734ba1c29008f65560b6ef6a7441436491ef76d2c22b42f53dc2aaff77ed3f374e2ca7cc3e6a11bf\
        d17dbb34010c";
    const MESSAGE: &[u8] = b"a message";

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    fn rsa() -> Vec<u8> {
        // {1: 3, 3: -257, -1: bytes(256), -2: bytes(3)}
        [hex("a401030339010020590100"), hex(MODULUS), hex("2143010001")].concat()
    }

    #[test]
    fn rsa_signatures_are_verified() {
        let key = PublicKey::from_cose(&rsa()).unwrap();
        assert!(key.verifies(MESSAGE, &hex(SIGNATURE)));
        assert!(!key.verifies(b"b message", &hex(SIGNATURE)));
        let mut forged = hex(SIGNATURE);
        forged[17] ^= 1;
        assert!(!key.verifies(MESSAGE, &forged));
        assert!(!key.verifies(MESSAGE, &[]));
    }

    #[test]
    fn ed25519_signatures_are_those_of_the_rfc() {
        // RFC 8032 §7.1, test 2: {1: 1, 3: -8, -1: 6, -2: bytes(32)}.
        let key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        let key = PublicKey::from_cose(&hex(&format!("a4010103272006215820{key}"))).unwrap();
        assert!(key.verifies(&[0x72], &hex(signature)));
        assert!(!key.verifies(&[0x73], &hex(signature)));
    }

    #[test]
    fn a_key_of_another_kind_is_none() {
        let coordinate = "11".repeat(32);
        let es256 = format!("a5010203262001215820{coordinate}225820{coordinate}");
        assert!(matches!(PublicKey::from_cose(&hex(&es256)), Some(PublicKey::Es256(point)) if point[0] == 4));
        for (what, key) in [
            ("another curve", es256.replacen("262001", "262002", 1)),
            ("another algorithm", es256.replacen("0326", "033822", 1)),
            ("another type", es256.replacen("0102", "0101", 1)),
            ("no second coordinate", format!("a4010203262001215820{coordinate}")),
            ("a short coordinate", format!("a501020326200121581f{}225820{coordinate}", "11".repeat(31))),
            ("something after it", format!("{es256}00")),
            ("no map", "83010203".to_owned()),
        ] {
            assert_eq!(PublicKey::from_cose(&hex(&key)), None, "{what}");
        }
        // A point that is not on the curve verifies nothing.
        let nowhere = PublicKey::from_cose(&hex(&es256)).unwrap();
        assert!(!nowhere.verifies(MESSAGE, &[0x30, 6, 2, 1, 1, 2, 1, 1]));
    }
}
