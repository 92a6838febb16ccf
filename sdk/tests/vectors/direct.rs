//! Leases that the vendor signed, and every way that we know to forge, twist or reuse one.

mod headers;
mod payload;
mod signatures;

use sdk::wire::Identity;

use super::{
    forge::{NOW, Object, header, quoted, sign, trust, vendor},
    format::{Expectation, File, Vectors},
};

const TYP: &str = "lease+jwt";
const NONCE: &str = "nonce-nonce-nonce-1";

fn expectation() -> Expectation {
    Expectation { aud: "iot-platform".into(), now: NOW, ..Expectation::default() }
}

/// The claims of a good lease.
pub(crate) fn claims() -> Object {
    Object::new([
        ("ver", "1"),
        ("iss", "\"https://vendor.example\""),
        ("aud", "\"iot-platform\""),
        ("sub", "\"ins_1\""),
        ("jti", "\"lse_1\""),
        ("iat", "1800000000"),
        ("nbf", "1800000000"),
        ("exp", "1800000600"),
        ("nonce", "\"nonce-nonce-nonce-1\""),
        ("lic", "\"lic_1\""),
        ("lty", "\"floating\""),
        ("pln", "\"pilot\""),
        ("idn", r#"{"kind":"instance","id":"node-a"}"#),
        ("lim", r#"{"devices":100,"assets":-1}"#),
        ("fea", r#"{"sso":null,"beta":1800000060}"#),
        ("seats", "2"),
        ("enf", r#"[{"stage":"warn","after_s":0},{"stage":"stop","after_s":86400}]"#),
        ("chk", "180"),
    ])
}

fn head() -> Object {
    header(TYP, &vendor())
}

fn good() -> String {
    sign(head().text(), claims().text(), &vendor())
}

fn with_header(name: &str, value: &str) -> String {
    sign(head().with(name, value).text(), claims().text(), &vendor())
}

fn with_claim(name: &str, value: &str) -> String {
    sign(head().text(), claims().with(name, value).text(), &vendor())
}

pub(crate) fn file() -> File {
    let mut all = Vectors::default();
    accepted(&mut all);
    headers::algorithms(&mut all);
    headers::types_and_keys(&mut all);
    headers::forbidden_headers(&mut all);
    payload::duplicates(&mut all);
    payload::not_json(&mut all);
    signatures::encodings(&mut all);
    signatures::signatures(&mut all);
    signatures::weak_keys(&mut all);
    payload::ill_typed(&mut all);
    for_somebody_else(&mut all);
    times(&mut all);
    File { kind: "lease".into(), trust: trust(0), expect: expectation(), vectors: all.0 }
}

fn accepted(all: &mut Vectors) {
    all.add("good", "accepted", good());
    all.add("good-alg-by-its-new-name", "accepted", with_header("alg", "\"Ed25519\""));
    all.add("good-unknown-header", "accepted", with_header("zzz", "{\"a\":[1]}"));
    all.add("good-unknown-claim", "accepted", with_claim("zzz", "{\"a\":1.5}"));
    all.add("good-without-nonce", "accepted", sign(head().text(), claims().without("nonce").text(), &vendor()));
    all.add("good-perpetual", "accepted", with_claim("upd", "1826755200"));
    all.add("good-borrowed", "accepted", with_claim("brw", "true"));
    all.add("good-nothing-limited", "accepted", with_claim("lim", "{}"));
    all.add("good-unlimited-seats", "accepted", with_claim("seats", "-1"));
    all.add("good-user", "accepted", with_claim("idn", r#"{"kind":"user","id":"ada","device":"laptop"}"#));
    all.add("good-unicode", "accepted", with_claim("idn", r#"{"kind":"instance","id":"k\u00fcche-\ud83d\ude00"}"#));
    all.add("good-white-space", "accepted", sign(head().text(), format!(" \n{}\t", claims().text()), &vendor()));
    all.add("good-ends-never", "accepted", with_claim("exp", "9223372036854775807"));
    let at = |now| Some(Expectation { now, ..expectation() });
    all.add("good-in-the-last-second-of-leeway", "accepted", good()).expect = at(NOW + 659);
    all.add("good-in-the-first-second-of-leeway", "accepted", good()).expect = at(NOW - 60);
    let fresh = Expectation { now: 0, nonce: Some(NONCE.into()), ..expectation() };
    all.add("good-fresh-whatever-the-clock-says", "accepted", good()).expect = Some(fresh);
}

fn for_somebody_else(all: &mut Vectors) {
    for (i, iss) in [
        "https://other.example",
        "https://vendor.example/",
        "http://vendor.example",
        "https://VENDOR.example",
        "https://vendor.example:443",
        "https://vendor.example.attacker.example",
        "vendor.example",
        "",
        "https://vendor.example\\u0000",
    ]
    .into_iter()
    .enumerate()
    {
        all.add(format!("iss-{i}"), "issuer", with_claim("iss", &quoted(iss)));
    }
    for (i, aud) in ["other", "IOT-PLATFORM", "iot-platform ", "iot", "*", ""].into_iter().enumerate() {
        all.add(format!("aud-{i}"), "audience", with_claim("aud", &quoted(aud)));
    }
    let me = Some(Expectation {
        nonce: Some(NONCE.into()),
        identity: Some(Identity::instance("node-a")),
        instance_id: Some("ins_1".into()),
        ..expectation()
    });
    all.add("mine", "accepted", good()).expect.clone_from(&me);
    for (id, expected, name, value) in [
        ("nonce-of-another-request", "nonce", "nonce", "\"nonce-nonce-nonce-2\""),
        ("nonce-in-other-case", "nonce", "nonce", "\"NONCE-nonce-nonce-1\""),
        ("identity-of-another-kind", "identity", "idn", r#"{"kind":"machine","id":"node-a"}"#),
        ("identity-of-another", "identity", "idn", r#"{"kind":"instance","id":"node-b"}"#),
        ("identity-in-other-case", "identity", "idn", r#"{"kind":"instance","id":"Node-a"}"#),
        ("instance-of-another", "instance", "sub", "\"ins_2\""),
    ] {
        all.add(id, expected, with_claim(name, value)).expect.clone_from(&me);
    }
    let without = sign(head().text(), claims().without("nonce").text(), &vendor());
    all.add("nonce-missing", "nonce", without).expect = me;
    let accented = Some(Expectation { identity: Some(Identity::instance("k\u{fc}che")), ..expectation() });
    let decomposed = with_claim("idn", r#"{"kind":"instance","id":"ku\u0308che"}"#);
    all.add("identity-normalised-differently", "identity", decomposed).expect = accented;
}

fn times(all: &mut Vectors) {
    let at = |now| Some(Expectation { now, ..expectation() });
    all.add("expired", "expired", good()).expect = at(NOW + 660);
    all.add("expired-long-ago", "expired", good()).expect = at(i64::MAX);
    all.add("not-yet-valid", "not_yet_valid", good()).expect = at(NOW - 61);
    all.add("not-yet-valid-by-far", "not_yet_valid", good()).expect = at(0);
    all.add("ends-at-its-start", "times", with_claim("exp", "1800000000"));
    all.add("ends-before-its-start", "times", with_claim("exp", "1799999999"));
    all.add("ends-in-1970", "times", with_claim("exp", "0"));
    all.add("starts-after-its-end", "times", with_claim("nbf", "1800000600"));
    all.add("signed-after-its-end", "times", with_claim("iat", "1800000600"));
}
