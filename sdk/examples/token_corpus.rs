//! Random leases, good and twisted, with this crate's verdict on each: for comparison with other verifiers.
//!
//! ```text
//! cargo run -p sdk --example token_corpus -- COUNT SEED NOW > corpus.jsonl
//! ```
//!
//! The first line says what to verify with: `{"issuer", "audience", "keys"}`. Each further line is `{"token", "kind",
//! "accepted"}`. `NOW` is the verifiers' clock in Unix seconds; tokens that have ended or not begun are off by at least
//! ten minutes, so that a slow run changes nothing. Twisted are those things alone that every JOSE library looks at.

use std::io::{BufWriter, Write as _};

use anyhow::Context as _;
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer as _, SigningKey};
use sdk::{
    jwk::PublicJwk,
    lease::{self, Expect},
    trust::TrustBundle,
};
use serde_json::{Value, json};

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    fn seconds(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below((to - from).unsigned_abs())).unwrap_or(0)
    }

    fn word(&mut self) -> String {
        let letters = ['a', 'Z', '7', '-', '_', '.', 'é', '漢', '😀', '"', '\\', '/', ' '];
        (0..=self.below(12)).map(|_| letters[self.index(letters.len())]).collect()
    }
}

struct Corpus {
    dice: Dice,
    now: i64,
    trusted: [SigningKey; 2],
    stranger: SigningKey,
}

fn kid(key: &SigningKey) -> String {
    PublicJwk::of(&key.verifying_key()).thumbprint()
}

fn sign(header: &Value, claims: &Value, key: &SigningKey) -> String {
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let input = format!("{}.{}", encode(header), encode(claims));
    format!("{input}.{}", BASE64URL_NOPAD.encode(&key.sign(input.as_bytes()).to_bytes()))
}

impl Corpus {
    fn claims(&mut self) -> Value {
        let dice = &mut self.dice;
        let names = |dice: &mut Dice| (0..dice.below(5)).map(|_| dice.word()).collect::<Vec<_>>();
        let lim: serde_json::Map<_, _> =
            names(dice).into_iter().map(|name| (name, dice.seconds(-1, 1_000_000).into())).collect();
        let fea: serde_json::Map<_, _> = names(dice)
            .into_iter()
            .map(|name| (name, if dice.below(2) == 0 { Value::Null } else { dice.seconds(0, 4_000_000_000).into() }))
            .collect();
        let iat = dice.seconds(self.now - 300, self.now);
        let license_type = ["machine", "user", "floating"][dice.index(3)];
        let unknown = dice.word();
        json!({
            "ver": 1, "iss": "https://vendor.example", "aud": "iot-platform", "sub": format!("ins_{}", dice.roll()),
            "jti": format!("lse_{}", dice.roll()), "iat": iat, "nbf": iat,
            "exp": dice.seconds(self.now + 700, self.now + 40_000_000), "nonce": format!("nonce-{:016x}", dice.roll()),
            "lic": format!("lic_{}", dice.roll()), "lty": license_type,
            "pln": dice.word(), "idn": {"kind": "instance", "id": dice.word()}, "lim": lim, "fea": fea,
            "seats": dice.seconds(-1, 5000), "chk": dice.seconds(1, 9000), (unknown): 1,
            "enf": [{"stage": "warn", "after_s": 0}, {"stage": "stop", "after_s": dice.seconds(0, 900_000)}],
        })
    }

    /// One token, and what was done to it.
    fn token(&mut self) -> (&'static str, String) {
        let mut claims = self.claims();
        let key = self.trusted[self.dice.index(2)].clone();
        let mut header = json!({"alg": "EdDSA", "typ": "lease+jwt", "kid": kid(&key)});
        let kinds = [
            "expired",
            "early",
            "issuer",
            "audience",
            "type",
            "algorithm",
            "unknown",
            "stranger",
            "stranger_in_our_name",
            "missing",
            "flipped_header",
            "flipped_payload",
            "flipped_signature",
            "exchanged",
            "truncated",
        ];
        // Half of all are as the vendor signs them.
        let kind = if self.dice.below(2) == 0 { "good" } else { kinds[self.dice.index(kinds.len())] };
        match kind {
            "expired" => claims["exp"] = self.dice.seconds(self.now - 100_000, self.now - 700).into(),
            "early" => claims["nbf"] = self.dice.seconds(self.now + 700, self.now + 900).into(),
            "issuer" => claims["iss"] = format!("https://{}.example", self.dice.roll()).into(),
            "audience" => claims["aud"] = self.dice.word().into(),
            "type" => header["typ"] = ["JWT", "keys+jwt", "delegation+jwt"][self.dice.index(3)].into(),
            "algorithm" => header["alg"] = ["none", "HS256", "ES256", "RS256", "eddsa"][self.dice.index(5)].into(),
            "unknown" => header["kid"] = self.dice.word().into(),
            "stranger" => header["kid"] = kid(&self.stranger).into(),
            "missing" => {
                let required = ["iss", "aud", "sub", "jti", "iat", "nbf", "exp"];
                let name = required[self.dice.index(required.len())];
                claims.as_object_mut().map(|claims| claims.remove(name));
            }
            _ => {}
        }
        if kind == "expired" {
            claims["iat"] = (self.now - 200_000).into();
            claims["nbf"] = claims["iat"].clone();
        }
        let signer = if kind.starts_with("stranger") { &self.stranger } else { &key };
        let token = sign(&header, &claims, signer);
        (kind, self.twist(kind, token))
    }

    fn twist(&mut self, kind: &str, token: String) -> String {
        let mut parts: Vec<Vec<u8>> =
            token.split('.').filter_map(|part| BASE64URL_NOPAD.decode(part.as_bytes()).ok()).collect();
        let part = match kind {
            "flipped_header" => 0,
            "flipped_payload" => 1,
            "flipped_signature" => 2,
            "exchanged" => {
                let other = sign(&json!({}), &self.claims(), &self.stranger);
                let signature = other.rsplit('.').next().unwrap_or_default();
                return format!("{}.{signature}", token.rsplit_once('.').map_or("", |(input, _)| input));
            }
            "truncated" => return token[..self.dice.index(token.len())].to_owned(),
            _ => return token,
        };
        let bit = self.dice.index(parts[part].len() * 8);
        parts[part][bit / 8] ^= 1 << (bit % 8);
        parts.iter().map(|part| BASE64URL_NOPAD.encode(part)).collect::<Vec<_>>().join(".")
    }
}

fn main() -> anyhow::Result<()> {
    let usage = "token_corpus COUNT SEED NOW";
    let numbers: Vec<i64> = std::env::args().skip(1).map(|arg| arg.parse()).collect::<Result<_, _>>().context(usage)?;
    let [count, seed, now] = numbers[..] else { anyhow::bail!(usage) };
    let key = |seed| SigningKey::from_bytes(&[seed; 32]);
    let mut corpus = Corpus { dice: Dice(seed.unsigned_abs()), now, trusted: [key(1), key(2)], stranger: key(3) };
    let keys = corpus.trusted.iter().map(|key| PublicJwk::of(&key.verifying_key())).collect();
    let trust = TrustBundle { iss: "https://vendor.example".into(), keys, seq: 0 };
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{}", json!({"issuer": trust.iss, "audience": "iot-platform", "keys": trust.keys}))?;
    for _ in 0..count {
        let (kind, token) = corpus.token();
        let accepted = lease::verify(&token, &trust, &Expect::of("iot-platform", now)).is_ok();
        writeln!(out, "{}", json!({"token": token, "kind": kind, "accepted": accepted}))?;
    }
    Ok(out.flush()?)
}
