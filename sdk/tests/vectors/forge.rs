//! Making tokens of any text, which no honest signer would.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer as _, SigningKey};
use sdk::{jwk::PublicJwk, trust::TrustBundle};
use sha2::{Digest as _, Sha256, Sha512};

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISS: &str = "https://vendor.example";

/// The vendor's key.
pub(crate) fn vendor() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

/// Somebody else's.
pub(crate) fn stranger() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// The key of a local license server.
pub(crate) fn local_server() -> SigningKey {
    SigningKey::from_bytes(&[99; 32])
}

pub(crate) fn jwk(key: &SigningKey) -> PublicJwk {
    PublicJwk::of(&key.verifying_key())
}

pub(crate) fn kid(key: &SigningKey) -> String {
    jwk(key).thumbprint()
}

pub(crate) fn trust(seq: i64) -> TrustBundle {
    TrustBundle { iss: ISS.into(), keys: vec![jwk(&vendor())], seq }
}

/// A JSON object as text: names, and values as they are to be written.
#[derive(Clone)]
pub(crate) struct Object(Vec<(String, String)>);

impl Object {
    pub(crate) fn new<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(members.into_iter().map(|(name, value)| (quoted(name), value.to_owned())).collect())
    }

    /// The same with a member set to this JSON text.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut members = self.without(name).0;
        members.push((quoted(name), value.to_owned()));
        Self(members)
    }

    pub(crate) fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(member, _)| *member != quoted(name)).cloned().collect())
    }

    /// The same with one more member, whose name is written as it is, quotes included.
    pub(crate) fn and(&self, quoted_name: &str, value: &str) -> Self {
        let mut members = self.0.clone();
        members.push((quoted_name.to_owned(), value.to_owned()));
        Self(members)
    }

    pub(crate) fn text(&self) -> String {
        let members: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        format!("{{{}}}", members.join(","))
    }
}

pub(crate) fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

pub(crate) fn header(typ: &str, key: &SigningKey) -> Object {
    Object::new([("alg", "\"EdDSA\""), ("typ", &quoted(typ)), ("kid", &quoted(&kid(key)))])
}

/// A token over any bytes, correctly signed.
pub(crate) fn sign(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>, key: &SigningKey) -> String {
    sign_parts(&b64(header), &b64(payload), key)
}

/// A token over two parts that are encoded already, as the signer wants them.
pub(crate) fn sign_parts(header: &str, payload: &str, key: &SigningKey) -> String {
    let input = format!("{header}.{payload}");
    format!("{input}.{}", b64(key.sign(input.as_bytes()).to_bytes()))
}

/// The same parts with another signature.
pub(crate) fn with_signature(token: &str, signature: impl AsRef<[u8]>) -> String {
    let (input, _) = token.rsplit_once('.').unwrap();
    format!("{input}.{}", b64(signature))
}

pub(crate) fn signature_of(token: &str) -> [u8; 64] {
    let (_, signature) = token.rsplit_once('.').unwrap();
    BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap().try_into().unwrap()
}

fn padded(secret: &[u8], block: usize, pad: u8) -> Vec<u8> {
    (0..block).map(|i| secret.get(i).copied().unwrap_or(0) ^ pad).collect()
}

pub(crate) fn hmac_sha256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let secret = if secret.len() > 64 { Sha256::digest(secret).to_vec() } else { secret.to_vec() };
    let inner = Sha256::digest([padded(&secret, 64, 0x36), message.to_vec()].concat());
    Sha256::digest([padded(&secret, 64, 0x5c), inner.to_vec()].concat()).to_vec()
}

pub(crate) fn hmac_sha512(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let secret = if secret.len() > 128 { Sha512::digest(secret).to_vec() } else { secret.to_vec() };
    let inner = Sha512::digest([padded(&secret, 128, 0x36), message.to_vec()].concat());
    Sha512::digest([padded(&secret, 128, 0x5c), inner.to_vec()].concat()).to_vec()
}

/// Adds `times` the order of the base point to S: the same signature in another spelling.
pub(crate) fn malleated(signature: [u8; 64], times: u8) -> [u8; 64] {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut bytes = signature;
    for _ in 0..times {
        let mut carry = 0;
        for (byte, order) in bytes[32..].iter_mut().zip(L) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            *byte = (sum & 0xff) as u8;
            carry = sum >> 8;
        }
    }
    bytes
}

/// The points of small order in their canonical and other spellings (as in the Ed25519 signature scheme's literature).
pub(crate) fn small_order_points() -> Vec<[u8; 32]> {
    let hex = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    let bytes = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap();
    hex.into_iter().map(bytes).collect()
}
