//! Vectors: one good lease, and every way that we know to forge, twist or reuse one.
#![expect(clippy::unwrap_used, reason = "tests")]

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

use super::*;
use crate::{
    delegation::DelegationError,
    jwk::{self, PublicJwk},
    jws::JwsError,
    trust::TrustBundle,
};

const NOW: i64 = 1_800_000_000;
const NONCE: &str = "nonce-nonce-nonce-1";

fn key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

fn kid() -> String {
    jwk::thumbprint(&key().verifying_key())
}

fn trust() -> TrustBundle {
    TrustBundle { iss: "https://vendor.example".into(), keys: vec![PublicJwk::of(&key().verifying_key())], seq: 0 }
}

fn claims() -> LeaseClaims {
    LeaseClaims {
        ver: 1,
        iss: "https://vendor.example".into(),
        aud: "iot-platform".into(),
        sub: "ins_1".into(),
        jti: "lse_1".into(),
        iat: NOW,
        nbf: NOW,
        exp: NOW + 600,
        nonce: Some(Nonce::parse(NONCE).unwrap()),
        lic: "lic_1".into(),
        lty: LicenseType::Floating,
        pln: "pilot".into(),
        idn: Identity::instance("node-a"),
        lim: [("devices".to_owned(), 100), ("assets".to_owned(), -1)].into(),
        fea: [("sso".to_owned(), None), ("beta".to_owned(), Some(NOW + 60))].into(),
        seats: 1,
        upd: None,
        enf: EnforcementPolicy::default(),
        chk: 180,
        brw: false,
    }
}

fn check(token: &str) -> Result<Lease, LeaseError> {
    verify(token, &trust(), &Expect::of("iot-platform", NOW))
}

/// A token over any header and payload texts, correctly signed.
fn signed(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(payload.as_bytes()));
    let signature = key().sign(input.as_bytes());
    format!("{input}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
}

fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "lease+jwt", "kid": kid()})
}

fn payload() -> Value {
    serde_json::to_value(claims()).unwrap()
}

fn with_header(name: &str, value: Value) -> String {
    let mut header = header();
    header[name] = value;
    signed(&header.to_string(), &payload().to_string())
}

fn with_claim(name: &str, value: Value) -> String {
    let mut payload = payload();
    payload[name] = value;
    signed(&header().to_string(), &payload.to_string())
}

fn parts(token: &str) -> [String; 3] {
    token.split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn a_signed_lease_verifies_and_says_what_was_signed() {
    let token = sign(&claims(), &key(), &kid());
    let lease = check(&token).unwrap();
    assert_eq!(lease.claims(), &claims());
    assert_eq!((lease.limit("devices"), lease.limit("assets")), (Limit::AtMost(100), Limit::Unlimited));
    assert_eq!(lease.limit("unheard-of"), Limit::AtMost(0), "a missing name allows none");
    assert!(lease.limit("devices").allows(100) && !lease.limit("devices").allows(101));
}

#[test]
fn the_claims_have_the_names_of_the_contract_and_optional_ones_are_left_out() {
    let names = |claims: &LeaseClaims| {
        let value = serde_json::to_value(claims).unwrap();
        value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
    };
    let all = LeaseClaims { upd: Some(NOW), brw: true, ..claims() };
    assert_eq!(names(&all), "aud brw chk enf exp fea iat idn iss jti lic lim lty nbf nonce pln seats sub upd ver");
    let few = LeaseClaims { nonce: None, ..claims() };
    assert_eq!(names(&few), "aud chk enf exp fea iat idn iss jti lic lim lty nbf pln seats sub ver");
}

#[test]
fn both_names_of_the_algorithm_are_accepted_and_unknown_headers_and_claims_ignored() {
    assert!(check(&with_header("alg", json!("Ed25519"))).is_ok());
    assert!(check(&with_header("zzz", json!("x"))).is_ok());
    assert!(check(&with_claim("zzz", json!({"a": 1}))).is_ok());
}

#[test]
fn other_algorithms_are_refused() {
    for alg in [
        json!("none"),
        json!("None"),
        json!("eddsa"),
        json!("HS256"),
        json!("ES256"),
        json!("Ed448"),
        json!(""),
        json!(null),
        json!(["EdDSA"]),
        json!(1),
    ] {
        assert_eq!(check(&with_header("alg", alg.clone())), Err(JwsError::Algorithm.into()), "{alg}");
    }
    let none = header().to_string().replace("EdDSA", "none");
    let unsigned = format!(
        "{}.{}.",
        BASE64URL_NOPAD.encode(none.as_bytes()),
        BASE64URL_NOPAD.encode(payload().to_string().as_bytes())
    );
    assert!(check(&unsigned).is_err(), "alg none with an empty signature");
}

/// The classic confusion: HMAC keyed with the public key's bytes.
#[test]
fn an_hmac_keyed_with_the_public_key_is_no_signature() {
    use sha2::{Digest as _, Sha256};
    let public = key().verifying_key().to_bytes();
    let block = |pad: u8| -> Vec<u8> { (0..64).map(|i| public.get(i).copied().unwrap_or(0) ^ pad).collect() };
    for alg in ["HS256", "EdDSA"] {
        let mut header = header();
        header["alg"] = json!(alg);
        let input = format!(
            "{}.{}",
            BASE64URL_NOPAD.encode(header.to_string().as_bytes()),
            BASE64URL_NOPAD.encode(payload().to_string().as_bytes())
        );
        let inner = Sha256::digest([block(0x36), input.clone().into_bytes()].concat());
        let mac = Sha256::digest([block(0x5c), inner.to_vec()].concat());
        assert!(check(&format!("{input}.{}", BASE64URL_NOPAD.encode(&mac))).is_err());
        let twice = [mac.to_vec(), mac.to_vec()].concat();
        assert!(check(&format!("{input}.{}", BASE64URL_NOPAD.encode(&twice))).is_err());
    }
}

#[test]
fn headers_that_bring_keys_or_rules_are_refused() {
    for name in ["crit", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "x5anything", "b64", "zip"] {
        let refused = check(&with_header(name, json!([])));
        assert_eq!(refused, Err(JwsError::ForbiddenHeader(name.into()).into()));
    }
}

#[test]
fn another_type_no_key_id_an_unknown_key_and_a_delegation_are_refused() {
    for typ in [json!("JWT"), json!("LEASE+JWT"), json!("application/lease+jwt"), json!("keys+jwt"), json!(null)] {
        assert_eq!(check(&with_header("typ", typ)), Err(JwsError::Type(LEASE_TYP).into()));
    }
    assert_eq!(check(&with_header("kid", json!(7))), Err(JwsError::NoKeyId.into()));
    assert_eq!(check(&with_header("kid", json!("other"))), Err(LeaseError::UnknownKey("other".into())));
    assert_eq!(check(&with_header("dlg", json!("a.b.c"))), Err(DelegationError::Jws(JwsError::NotCompact).into()));
    assert_eq!(check(&with_header("dlg", json!({}))), Err(DelegationError::NotAToken.into()));
}

#[test]
fn a_key_that_lies_about_its_name_is_not_found_by_it() {
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let mut jwk = PublicJwk::of(&stranger.verifying_key());
    jwk.kid = Some(kid());
    let trust = TrustBundle { iss: "https://vendor.example".into(), keys: vec![jwk], seq: 0 };
    let token = sign(&claims(), &stranger, &kid());
    assert_eq!(verify(&token, &trust, &Expect::of("iot-platform", NOW)), Err(LeaseError::UnknownKey(kid())));
}

#[test]
fn a_changed_byte_anywhere_is_noticed() {
    let token = sign(&claims(), &key(), &kid());
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(check(std::str::from_utf8(&changed).unwrap()).is_err(), "byte {at}");
    }
    let [header, payload, signature] = parts(&token);
    let other = parts(&sign(&LeaseClaims { seats: 99, ..claims() }, &key(), &kid()));
    assert_eq!(check(&format!("{header}.{}.{signature}", other[1])), Err(JwsError::Signature.into()));
    assert_eq!(check(&format!("{header}.{payload}.{}", other[2])), Err(JwsError::Signature.into()));
}

#[test]
fn anything_but_three_parts_of_canonical_base64url_is_refused() {
    let token = sign(&claims(), &key(), &kid());
    let [header, payload, signature] = parts(&token);
    // 64 bytes end in a character whose last four bits are unused: the next one spells the same bytes.
    let last = signature.chars().last().unwrap();
    let alias = char::from(last as u8 + 1);
    let standard = format!("{header}.{payload}.{}", signature.replace('-', "+").replace('_', "/"));
    for bad in [
        format!("{header}.{payload}.{}{alias}", &signature[..signature.len() - 1]),
        format!("{token}="),
        format!("{token}=="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{header}.{payload}"),
        format!("{header}..{signature}"),
        format!("..{signature}"),
        header.clone(),
        String::new(),
        "...".into(),
        format!("{header}.{payload}.{}", &signature[..80]),
        format!("{header}.{payload}.{signature}AAAA"),
    ] {
        assert!(check(&bad).is_err(), "{bad}");
    }
    assert!(standard == token || check(&standard).is_err(), "the other base64 alphabet");
}

#[test]
fn duplicate_members_are_refused_at_any_depth_and_in_any_spelling() {
    let good = payload().to_string();
    let head = header().to_string();
    for (header, payload) in [
        (head.replace("\"alg\":", "\"alg\":\"EdDSA\",\"alg\":"), good.clone()),
        (head.replace("\"kid\":", "\"kid\":\"x\",\"\\u006bid\":"), good.clone()),
        (head.clone(), good.replace("\"seats\":1", "\"seats\":1,\"seats\":99")),
        (head.clone(), good.replace("\"seats\":1", "\"seats\":1,\"s\\u0065ats\":99")),
        (head.clone(), good.replace("\"devices\":100", "\"devices\":100,\"devices\":100")),
        (head.clone(), good.replace("\"id\":\"node-a\"", "\"id\":\"node-a\",\"id\":\"node-b\"")),
        (head.clone(), good.replace("\"seats\":1", "\"seats\":1,\"other\":[{\"a\":1,\"a\":2}]")),
    ] {
        assert!(payload != good || header != head, "the vector was not twisted");
        let refused = check(&signed(&header, &payload));
        assert!(matches!(refused, Err(LeaseError::Jws(JwsError::NotJson { .. }))), "{refused:?}");
    }
}

#[test]
fn what_is_no_json_object_is_refused() {
    let good = payload().to_string();
    for payload in ["[]", "null", "\"x\"", "1", "", "{", "{}{}", &format!("{good}x"), &"[".repeat(2000), "\u{feff}{}"] {
        assert!(check(&signed(&header().to_string(), payload)).is_err(), "{payload}");
    }
    assert!(check(&signed("[]", &good)).is_err());
    assert!(check(&signed("{}", &good)).is_err());
}

#[test]
fn an_oversized_token_is_refused_before_it_is_read() {
    let token = with_claim("pad", json!("x".repeat(40_000)));
    assert_eq!(check(&token), Err(JwsError::TooLarge(token.len()).into()));
}

/// L, the order of the base point: adding it to S gives a second signature that lax verifiers accept.
#[test]
fn a_signature_with_s_not_below_the_group_order_is_refused() {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let [header, payload, signature] = parts(&sign(&claims(), &key(), &kid()));
    let mut bytes = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let mut carry = 0;
    for (byte, order) in bytes[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    let malleable = format!("{header}.{payload}.{}", BASE64URL_NOPAD.encode(&bytes));
    assert_eq!(check(&malleable), Err(JwsError::Signature.into()));
}

/// Under a key of small order one signature fits every message.
#[test]
fn keys_and_signature_points_of_small_order_are_refused() {
    let mut identity = [0_u8; 32];
    identity[0] = 1;
    let x = BASE64URL_NOPAD.encode(&identity);
    let weak = PublicJwk { x, ..PublicJwk::of(&key().verifying_key()) };
    let kid = weak.thumbprint();
    let trust = TrustBundle { iss: "https://vendor.example".into(), keys: vec![weak], seq: 0 };
    let mut header = header();
    header["kid"] = json!(kid);
    let forged = [identity.as_slice(), &[0; 32]].concat();
    let input = |header: &Value| {
        format!(
            "{}.{}",
            BASE64URL_NOPAD.encode(header.to_string().as_bytes()),
            BASE64URL_NOPAD.encode(payload().to_string().as_bytes())
        )
    };
    let token = format!("{}.{}", input(&header), BASE64URL_NOPAD.encode(&forged));
    assert_eq!(verify(&token, &trust, &Expect::of("iot-platform", NOW)), Err(LeaseError::UnknownKey(kid)));
    let small_r = format!("{}.{}", input(&self::header()), BASE64URL_NOPAD.encode(&forged));
    assert_eq!(check(&small_r), Err(JwsError::Signature.into()));
}

#[test]
fn ill_typed_and_negative_times_are_refused() {
    let ill_typed = [
        json!(1.8e9),
        json!(1_800_000_000.5),
        json!("1800000000"),
        json!(null),
        json!(-1),
        json!(true),
        json!([1]),
        json!(u64::MAX),
        json!(1e300),
    ];
    for name in ["iat", "nbf", "exp"] {
        for value in &ill_typed {
            let refused = check(&with_claim(name, value.clone()));
            assert!(matches!(refused, Err(LeaseError::Claims(_))), "{name} = {value}: {refused:?}");
        }
    }
    for value in ill_typed.iter().filter(|v| !v.is_null()) {
        assert!(matches!(check(&with_claim("upd", value.clone())), Err(LeaseError::Claims(_))), "upd = {value}");
        assert!(
            matches!(check(&with_claim("fea", json!({"sso": value}))), Err(LeaseError::Claims(_))),
            "fea = {value}"
        );
    }
}

#[test]
fn missing_and_ill_typed_claims_are_refused() {
    let all = [
        "ver", "iss", "aud", "sub", "jti", "iat", "nbf", "exp", "lic", "lty", "pln", "idn", "lim", "fea", "seats",
        "enf", "chk",
    ];
    for name in all {
        let mut payload = payload();
        payload.as_object_mut().unwrap().remove(name);
        let refused = check(&signed(&header().to_string(), &payload.to_string()));
        assert!(matches!(refused, Err(LeaseError::Claims(_))), "without {name}: {refused:?}");
    }
    for (name, value) in [
        ("aud", json!(["iot-platform"])),
        ("nonce", json!("short")),
        ("lty", json!("site")),
        ("idn", json!({"kind": "user", "id": "ada"})),
        ("idn", json!({"kind": "instance", "id": "a\u{0}"})),
        ("lim", json!({"devices": 1.0})),
        ("lim", json!({"devices": -2})),
        ("lim", json!([])),
        ("fea", json!(["sso"])),
        ("seats", json!("1")),
        ("enf", json!([])),
        ("enf", json!([{"stage": "stop", "after_s": 5}, {"stage": "warn", "after_s": 9}])),
        ("chk", json!(0)),
        ("brw", json!(1)),
    ] {
        let refused = check(&with_claim(name, value.clone()));
        assert!(matches!(refused, Err(LeaseError::Claims(_))), "{name} = {value}: {refused:?}");
    }
    assert_eq!(check(&with_claim("ver", json!(2))), Err(LeaseError::Version(2)));
}

#[test]
fn a_lease_of_another_vendor_product_holder_instance_or_request_is_refused() {
    let of = |change: fn(&mut LeaseClaims)| {
        let mut claims = claims();
        change(&mut claims);
        sign(&claims, &key(), &kid())
    };
    let nonce = Nonce::parse(NONCE).unwrap();
    let me = Identity::instance("node-a");
    let expect = Expect {
        nonce: Some(&nonce),
        identity: Some(&me),
        instance_id: Some("ins_1"),
        ..Expect::of("iot-platform", 0)
    };
    let check = |token: &str| verify(token, &trust(), &expect).err();
    assert_eq!(check(&of(|_| {})), None);
    assert_eq!(
        check(&of(|c| c.iss = "https://other.example".into())),
        Some(LeaseError::Issuer("https://other.example".into()))
    );
    assert_eq!(check(&of(|c| c.aud = "other".into())), Some(LeaseError::Audience("other".into())));
    assert_eq!(check(&of(|c| c.idn = Identity::machine("node-a"))), Some(LeaseError::Identity));
    assert_eq!(check(&of(|c| c.sub = "ins_2".into())), Some(LeaseError::Instance("ins_2".into())));
    assert_eq!(check(&of(|c| c.nonce = None)), Some(LeaseError::Nonce));
    assert_eq!(check(&of(|c| c.nonce = Nonce::parse("nonce-nonce-nonce-2").ok())), Some(LeaseError::Nonce));
}

#[test]
fn without_a_nonce_the_clock_counts_with_a_minute_of_leeway() {
    let token = sign(&claims(), &key(), &kid());
    let at = |now| verify(&token, &trust(), &Expect::of("iot-platform", now)).err();
    assert_eq!(at(NOW - 60), None);
    assert_eq!(at(NOW - 61), Some(LeaseError::NotYetValid(NOW)));
    assert_eq!(at(NOW + 600 + 59), None);
    assert_eq!(at(NOW + 600 + 60), Some(LeaseError::Expired(NOW + 600)));
}

#[test]
fn with_the_own_nonce_a_lease_is_fresh_whatever_the_clock_says() {
    let token = sign(&claims(), &key(), &kid());
    let nonce = Nonce::parse(NONCE).unwrap();
    for now in [0, NOW + 10_000_000, i64::MAX, i64::MIN] {
        assert!(verify(&token, &trust(), &Expect { nonce: Some(&nonce), ..Expect::of("iot-platform", now) }).is_ok());
    }
}

#[test]
fn a_lease_that_ends_before_it_begins_is_refused() {
    for exp in [NOW - 600, NOW] {
        assert_eq!(check(&sign(&LeaseClaims { exp, ..claims() }, &key(), &kid())), Err(LeaseError::Times));
    }
}

#[test]
fn features_that_have_ended_are_dropped_at_verification_and_end_later_too() {
    let token = sign(&claims(), &key(), &kid());
    let lease = check(&token).unwrap();
    assert!(lease.has_feature("sso", NOW + 500) && lease.has_feature("beta", NOW + 59));
    assert!(!lease.has_feature("beta", NOW + 60) && !lease.has_feature("unheard-of", NOW));
    let later = verify(&token, &trust(), &Expect::of("iot-platform", NOW + 60)).unwrap();
    assert_eq!(later.claims().fea.keys().collect::<Vec<_>>(), ["sso"]);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_verifier_panic(text: String) {
        let _ = check(&text);
        let _ = check(&signed(&header().to_string(), &text));
        let _ = check(&signed(&text, &payload().to_string()));
    }
}
