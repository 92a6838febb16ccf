//! Thousands of twisted tokens, keys and problem documents, the same ones at each run.
#![expect(clippy::unwrap_used, reason = "tests")]

#[expect(unreachable_pub, reason = "the fuzz targets use the same file as a module of theirs")]
mod properties;

use data_encoding::BASE64URL_NOPAD;
use sdk::{
    delegation::{self, Confirmation, DelegationClaims},
    error::{Code, CoveredRelease, Problem, RenewalPrice},
    jwk::{self, PublicJwk},
    key_set::{self, KeySetClaims},
    lease::{self, EnforcementPolicy, LeaseClaims, LicenseType},
    license_key::LicenseKey,
    revocations::{self, Revocation, RevocationKind, RevocationsClaims},
    wire::Identity,
};

use self::properties::{NOW, signer};

const MUTATIONS: usize = 12_000;

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

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

/// Twists bytes in one to four places.
fn mutate(dice: &mut Dice, genuine: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = genuine.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        let until = (at + dice.below(9)).min(bytes.len());
        match dice.below(9) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            1 if !bytes.is_empty() => bytes[at] = b"A-_.={}\":,0\\u\n "[dice.below(15)],
            2 => drop(bytes.drain(at..until)),
            3 => bytes.insert(at, u8::try_from(dice.below(256)).unwrap()),
            4 => {
                let span = bytes[at..until].to_vec();
                bytes.splice(at..at, span);
            }
            5 => bytes.truncate(at),
            6 => bytes.splice(at..until, other.iter().skip(dice.below(other.len())).take(40).copied()).for_each(drop),
            7 => bytes[at..until].reverse(),
            _ => bytes[at..until].make_ascii_uppercase(),
        }
    }
    bytes
}

/// Twists the bytes inside one part of a token, and encodes them again.
fn mutate_inside(dice: &mut Dice, token: &str, other: &[u8]) -> Vec<u8> {
    let mut parts: Vec<_> = token.split('.').map(|part| BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).collect();
    let part = dice.below(parts.len());
    parts[part] = mutate(dice, &parts[part], other);
    parts.iter().map(|part| BASE64URL_NOPAD.encode(part)).collect::<Vec<_>>().join(".").into_bytes()
}

fn genuine() -> Vec<String> {
    let (key, kid) = (signer(), jwk::thumbprint(&signer().verifying_key()));
    let local = ed25519_dalek::SigningKey::from_bytes(&[99; 32]);
    let lease = LeaseClaims {
        ver: 1,
        iss: "https://vendor.example".into(),
        aud: "iot-platform".into(),
        sub: "ins_1".into(),
        jti: "lse_1".into(),
        iat: NOW,
        nbf: NOW,
        exp: NOW + 600,
        nonce: None,
        lic: "lic_1".into(),
        lty: LicenseType::Floating,
        pln: "pilot".into(),
        idn: Identity::instance("node-a"),
        lim: [("devices".to_owned(), 100)].into(),
        fea: [("sso".to_owned(), None)].into(),
        seats: 1,
        upd: None,
        enf: EnforcementPolicy::default(),
        chk: 180,
        brw: false,
    };
    let delegation = DelegationClaims {
        iss: lease.iss.clone(),
        sub: "lsv_1".into(),
        jti: "dlg_1".into(),
        seq: 1,
        cnf: Confirmation { jwk: PublicJwk::of(&local.verifying_key()) },
        lic: lease.lic.clone(),
        lty: lease.lty,
        pln: lease.pln.clone(),
        aud: lease.aud.clone(),
        seats: 5,
        lim: lease.lim.clone(),
        fea: lease.fea.clone(),
        upd: None,
        enf: lease.enf.clone(),
        max_lease_s: 600,
        max_borrow_s: 0,
        iat: NOW - 9,
        nbf: NOW - 9,
        exp: NOW + 9000,
    };
    let keys = vec![PublicJwk::of(&key.verifying_key())];
    let set = KeySetClaims { iss: lease.iss.clone(), seq: 1, iat: NOW, keys };
    let rev = vec![Revocation { kind: RevocationKind::License, id: "lic_9".into(), before: NOW }];
    let list = RevocationsClaims { iss: lease.iss.clone(), seq: 1, iat: NOW, exp: NOW + 9, rev };
    let delegation = delegation::sign(&delegation, &key, &kid);
    let local_kid = jwk::thumbprint(&local.verifying_key());
    vec![
        lease::sign(&lease, &key, &kid),
        lease::sign_delegated(&lease, &local, &local_kid, &delegation),
        delegation,
        key_set::sign(&set, &key, &kid),
        revocations::sign(&list, &key, &kid),
    ]
}

#[test]
fn no_mutation_of_a_token_is_accepted_and_none_makes_the_verifier_panic() {
    let genuine = genuine();
    for token in &genuine {
        properties::token(token.as_bytes(), &genuine);
    }
    let mut dice = Dice(1);
    let mut twisted = 0;
    for _ in 0..MUTATIONS {
        let (token, other) = (&genuine[dice.below(genuine.len())], &genuine[dice.below(genuine.len())]);
        let inside = dice.below(2) == 0;
        let bytes = if inside {
            mutate_inside(&mut dice, token, other.as_bytes())
        } else {
            mutate(&mut dice, token.as_bytes(), other.as_bytes())
        };
        twisted += usize::from(bytes != token.as_bytes());
        properties::token(&bytes, &genuine);
    }
    assert!(twisted > MUTATIONS / 2, "{twisted} were twisted at all");
}

#[test]
fn every_text_is_a_license_key_with_one_spelling_or_none() {
    let mut dice = Dice(2);
    let mut keys = 0;
    for seed in 0..MUTATIONS {
        let seed = u8::try_from(seed % 256).unwrap();
        let key = LicenseKey::from_random([seed; 17]);
        let other = LicenseKey::from_random([seed ^ 0x55; 17]);
        let bytes = mutate(&mut dice, key.expose().as_bytes(), other.expose().as_bytes());
        keys += usize::from(std::str::from_utf8(&bytes).is_ok_and(|text| LicenseKey::parse(text).is_ok()));
        properties::key(&bytes);
    }
    assert!(keys < MUTATIONS / 4, "{keys} mutations read as keys: the checksum finds too little");
}

#[test]
fn every_problem_that_can_be_read_can_be_written_and_read_again() {
    let problems: Vec<_> = Code::ALL
        .iter()
        .map(|code| {
            let release = CoveredRelease { version: "4.2.1".into(), released_on: "2026-11-01".parse().unwrap() };
            let price = RenewalPrice { amount_minor: 40_000, currency: "eur".into() };
            let problem = Problem::of(*code).at_origin("https://vendor.example").with_request_id("req_1");
            let problem =
                problem.with_coverage(Some(release), Some(price)).with_retry_after_s(7).with_reason("past_due");
            serde_json::to_vec(&problem.with_detail("d").with_features(vec!["sso".into()])).unwrap()
        })
        .collect();
    let mut dice = Dice(3);
    let mut read = 0;
    for _ in 0..MUTATIONS {
        let (problem, other) = (&problems[dice.below(problems.len())], &problems[dice.below(problems.len())]);
        let bytes = mutate(&mut dice, problem, other);
        read += usize::from(serde_json::from_slice::<Problem>(&bytes).is_ok());
        properties::problem(&bytes);
    }
    assert!(read > 100, "only {read} could be read");
}
