//! Key sets and revocations.

use super::{
    forge::{NOW, Object, header, jwk, quoted, sign, stranger, trust, vendor},
    format::{Expectation, File, Vectors},
};

fn keys() -> String {
    serde_json::to_string(&[jwk(&vendor()), jwk(&stranger())]).unwrap()
}

fn key_set() -> Object {
    Object::new([("iss", "\"https://vendor.example\""), ("seq", "5"), ("iat", "1800000000"), ("keys", &keys())])
}

/// The verifier has accepted the set with the number 4.
pub(crate) fn key_sets() -> File {
    let mut all = Vectors::default();
    let head = header("keys+jwt", &vendor());
    let with = |name: &str, value: &str| sign(head.text(), key_set().with(name, value).text(), &vendor());
    all.add("good", "accepted", sign(head.text(), key_set().text(), &vendor()));
    all.add("good-far-ahead", "accepted", with("seq", "900"));
    all.add(
        "good-with-a-key-of-another-kind",
        "accepted",
        with("keys", &keys().replacen('[', r#"[{"kty":"RSA","n":"AQ","e":"AQAB"},"#, 1)),
    );
    all.add("equal-number", "not_newer", with("seq", "4"));
    all.add("lower-number", "not_newer", with("seq", "1"));
    all.add("number-zero", "claims", with("seq", "0"));
    all.add("number-float", "claims", with("seq", "5.0"));
    all.add("number-text", "claims", with("seq", "\"5\""));
    all.add("number-missing", "claims", sign(head.text(), key_set().without("seq").text(), &vendor()));
    all.add("iat-negative", "claims", with("iat", "-1"));
    all.add("iat-float", "claims", with("iat", "1.5"));
    all.add("another-vendor", "issuer", with("iss", "\"https://other.example\""));
    all.add("without-keys", "no_key", with("keys", "[]"));
    all.add(
        "with-unusable-keys-only",
        "no_key",
        with("keys", r#"[{"kty":"RSA"},{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]"#),
    );
    all.add("keys-as-object", "claims", with("keys", "{}"));
    all.add("twice-keys", "not_json", sign(head.text(), key_set().and("\"keys\"", "[]").text(), &vendor()));
    for typ in ["lease+jwt", "delegation+jwt", "revocations+jwt", "JWT", "jwk-set+json"] {
        let token = sign(header(typ, &vendor()).text(), key_set().text(), &vendor());
        all.add(format!("typ-{typ}"), "type", token);
    }
    let theirs = sign(header("keys+jwt", &stranger()).text(), key_set().text(), &stranger());
    all.add("signed-by-a-key-that-it-brings", "unknown_key", theirs);
    all.add("signed-by-a-stranger-in-our-name", "signature", sign(head.text(), key_set().text(), &stranger()));
    let brought = head.with("jwk", &serde_json::to_string(&jwk(&stranger())).unwrap());
    all.add("signed-by-a-key-in-its-header", "forbidden_header", sign(brought.text(), key_set().text(), &stranger()));
    all.add("alg-none", "algorithm", sign(head.with("alg", "\"none\"").text(), key_set().text(), &vendor()));
    File { kind: "key_set".into(), trust: trust(4), expect: Expectation::default(), vectors: all.0 }
}

pub(crate) fn revocations() -> File {
    let mut all = Vectors::default();
    let head = header("revocations+jwt", &vendor());
    let list = Object::new([
        ("iss", "\"https://vendor.example\""),
        ("seq", "7"),
        ("iat", "1800000000"),
        ("exp", "1800003600"),
        ("rev", r#"[{"kind":"license","id":"lic_1","before":1799999000},{"kind":"key","id":"k","before":1799999000}]"#),
    ]);
    let with = |name: &str, value: &str| sign(head.text(), list.with(name, value).text(), &vendor());
    all.add("good", "accepted", sign(head.text(), list.text(), &vendor()));
    all.add("good-empty", "accepted", with("rev", "[]"));
    all.add("good-kind-of-a-later-version", "accepted", with("rev", r#"[{"kind":"release","id":"r","before":1}]"#));
    let at = |now| Some(Expectation { now, ..Expectation::default() });
    all.add("good-in-the-last-second-of-leeway", "accepted", sign(head.text(), list.text(), &vendor())).expect =
        at(NOW + 3659);
    all.add("expired", "expired", sign(head.text(), list.text(), &vendor())).expect = at(NOW + 3660);
    all.add("ends-before-it-begins", "claims", with("exp", "1800000000"));
    for (id, name, value) in [
        ("seq-float", "seq", "7.0"),
        ("seq-negative", "seq", "-1"),
        ("iat-text", "iat", "\"1800000000\""),
        ("exp-null", "exp", "null"),
        ("exp-huge", "exp", "1e300"),
        ("rev-object", "rev", "{}"),
        ("before-missing", "rev", r#"[{"kind":"key","id":"k"}]"#),
        ("before-float", "rev", r#"[{"kind":"key","id":"k","before":1.5}]"#),
        ("id-number", "rev", r#"[{"kind":"key","id":1,"before":1}]"#),
    ] {
        all.add(id, "claims", with(name, value));
    }
    all.add("twice-before", "not_json", with("rev", r#"[{"kind":"key","id":"k","before":1,"before":2}]"#));
    all.add("another-vendor", "issuer", with("iss", "\"https://other.example\""));
    for typ in ["lease+jwt", "keys+jwt", "JWT"] {
        all.add(format!("typ-{typ}"), "type", sign(header(typ, &vendor()).text(), list.text(), &vendor()));
    }
    let theirs = sign(header("revocations+jwt", &stranger()).text(), list.text(), &stranger());
    all.add("signed-by-a-stranger", "unknown_key", theirs);
    all.add("signed-by-a-stranger-in-our-name", "signature", sign(head.text(), list.text(), &stranger()));
    let named = head.with("kid", &quoted("../revocations"));
    all.add("kid-path", "unknown_key", sign(named.text(), list.text(), &vendor()));
    let expect = Expectation { now: NOW, ..Expectation::default() };
    File { kind: "revocations".into(), trust: trust(0), expect, vectors: all.0 }
}
