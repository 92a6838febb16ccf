//! Claims that are no JSON, say something twice, or are of a type that they must not have.

use super::super::{
    forge::{quoted, sign, vendor},
    format::Vectors,
};
use super::{claims, head, with_claim};

pub(super) fn duplicates(all: &mut Vectors) {
    let header_twice = |name: &str, value: &str| sign(head().and(name, value).text(), claims().text(), &vendor());
    all.add("twice-alg", "not_json", header_twice("\"alg\"", "\"none\""));
    all.add("twice-alg-same", "not_json", header_twice("\"alg\"", "\"EdDSA\""));
    all.add("twice-typ", "not_json", header_twice("\"typ\"", "\"JWT\""));
    all.add("twice-kid", "not_json", header_twice("\"kid\"", "\"other\""));
    all.add("twice-kid-in-escapes", "not_json", header_twice("\"\\u006bid\"", "\"other\""));
    all.add("twice-kid-in-other-escapes", "not_json", header_twice("\"\\u006Bid\"", "\"other\""));
    all.add(
        "twice-unknown-header",
        "not_json",
        sign(head().and("\"z\"", "1").and("\"z\"", "1").text(), claims().text(), &vendor()),
    );
    let twice = |name: &str, value: &str| sign(head().text(), claims().and(name, value).text(), &vendor());
    for (name, value) in [
        ("exp", "9000000000"),
        ("seats", "99"),
        ("iss", "\"https://vendor.example\""),
        ("aud", "\"other\""),
        ("enf", "[]"),
        ("nonce", "\"nonce-nonce-nonce-2\""),
    ] {
        all.add(format!("twice-{name}"), "not_json", twice(&quoted(name), value));
    }
    all.add("twice-seats-in-escapes", "not_json", twice("\"s\\u0065ats\"", "99"));
    all.add("twice-exp-all-in-escapes", "not_json", twice("\"\\u0065\\u0078\\u0070\"", "9000000000"));
    for (id, name, value) in [
        ("limit", "lim", r#"{"devices":1,"devices":100}"#),
        ("limit-in-escapes", "lim", r#"{"devices":1,"d\u0065vices":100}"#),
        ("feature", "fea", r#"{"sso":1800000060,"sso":null}"#),
        ("identity", "idn", r#"{"kind":"instance","id":"node-b","id":"node-a"}"#),
        ("stage", "enf", r#"[{"stage":"stop","stage":"warn","after_s":0}]"#),
        ("deep", "zzz", r#"[[[{"a":{"b":1,"b":2}}]]]"#),
        ("empty-name", "zzz", r#"{"":1,"":2}"#),
        ("surrogates", "zzz", r#"{"😀":1,"\ud83d\ude00":2}"#),
    ] {
        all.add(format!("twice-{id}"), "not_json", with_claim(name, value));
    }
}

pub(super) fn not_json(all: &mut Vectors) {
    let text = claims().text();
    let signed = |payload: &[u8]| sign(head().text(), payload, &vendor());
    for (id, payload) in [
        ("array", "[]".to_owned()),
        ("array-of-claims", format!("[{text}]")),
        ("null", "null".into()),
        ("string", "\"x\"".into()),
        ("number", "1".into()),
        ("true", "true".into()),
        ("empty", String::new()),
        ("space", " ".into()),
        ("half", text[..text.len() - 1].into()),
        ("two-objects", format!("{text}{text}")),
        ("trailing-garbage", format!("{text}x")),
        ("trailing-nul", format!("{text}\0")),
        ("trailing-comma", text.replace("\"chk\":180}", "\"chk\":180,}")),
        ("single-quotes", text.replace('"', "'")),
        ("comment", format!("/* */{text}")),
        ("no-quotes", text.replace("\"ver\"", "ver")),
        ("nan", text.replace("\"seats\":2", "\"seats\":NaN")),
        ("infinity", text.replace("\"exp\":1800000600", "\"exp\":Infinity")),
        ("leading-zero", text.replace("\"exp\":1800000600", "\"exp\":01800000600")),
        ("plus", text.replace("\"exp\":1800000600", "\"exp\":+1800000600")),
        ("hex", text.replace("\"exp\":1800000600", "\"exp\":0x7FFFFFFF")),
        ("beyond-any-number", text.replace("\"exp\":1800000600", "\"exp\":1e400")),
        ("byte-order-mark", format!("\u{feff}{text}")),
        ("control-character", text.replace("ins_1", "ins\n1")),
        ("lone-surrogate", text.replace("ins_1", "\\ud800")),
        ("deep", "[".repeat(3000)),
        ("deep-and-closed", format!("{{\"a\":{}{}}}", "[".repeat(500), "]".repeat(500))),
    ] {
        all.add(format!("payload-{id}"), "not_json", signed(payload.as_bytes()));
    }
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    all.add("payload-utf-16", "not_json", signed(&utf16));
    let latin1 = text.replace("ins_1", "ins_\u{1}").replace('\u{1}', "@").into_bytes();
    let latin1: Vec<u8> = latin1.into_iter().map(|byte| if byte == b'@' { 0xfc } else { byte }).collect();
    all.add("payload-not-utf-8", "not_json", signed(&latin1));
    for (id, header) in [("array", "[]"), ("string", "\"EdDSA\""), ("empty", ""), ("half", "{"), ("null", "null")] {
        all.add(format!("header-{id}"), "not_json", sign(header, &text, &vendor()));
    }
    all.add("header-empty-object", "algorithm", sign("{}", &text, &vendor()));
}

pub(super) fn ill_typed(all: &mut Vectors) {
    let times = [
        ("float", "1800000300.0"),
        ("fraction", "1800000300.5"),
        ("exponent", "1.8e9"),
        ("string", "\"1800000300\""),
        ("true", "true"),
        ("array", "[1800000300]"),
        ("object", "{}"),
        ("negative", "-1"),
        ("minus-zero-float", "-0.0"),
        ("beyond-63-bits", "9223372036854775808"),
        ("beyond-64-bits", "18446744073709551616"),
        ("huge", "1e300"),
        ("date", "\"2027-01-15T08:00:00Z\""),
    ];
    for (id, value) in times {
        for name in ["iat", "nbf", "exp", "upd"] {
            all.add(format!("{name}-{id}"), "claims", with_claim(name, value));
        }
        all.add(format!("feature-{id}"), "claims", with_claim("fea", &format!("{{\"sso\":{value}}}")));
    }
    for name in ["iat", "nbf", "exp"] {
        all.add(format!("{name}-null"), "claims", with_claim(name, "null"));
    }
    for name in [
        "ver", "iss", "aud", "sub", "jti", "iat", "nbf", "exp", "lic", "lty", "pln", "idn", "lim", "fea", "seats",
        "enf", "chk",
    ] {
        let token = sign(head().text(), claims().without(name).text(), &vendor());
        all.add(format!("without-{name}"), "claims", token);
    }
    for (id, name, value) in [
        ("ver-text", "ver", "\"1\""),
        ("ver-float", "ver", "1.0"),
        ("iss-array", "iss", "[\"https://vendor.example\"]"),
        ("aud-array", "aud", "[\"iot-platform\"]"),
        ("aud-null", "aud", "null"),
        ("sub-number", "sub", "1"),
        ("nonce-short", "nonce", "\"short\""),
        ("nonce-number", "nonce", "1234567890123456"),
        ("lty-unknown", "lty", "\"site\""),
        ("lty-upper-case", "lty", "\"Floating\""),
        ("idn-text", "idn", "\"node-a\""),
        ("idn-user-without-device", "idn", r#"{"kind":"user","id":"ada"}"#),
        ("idn-instance-with-device", "idn", r#"{"kind":"instance","id":"a","device":"d"}"#),
        ("idn-control-character", "idn", r#"{"kind":"instance","id":"a\u0000"}"#),
        ("idn-empty", "idn", r#"{"kind":"instance","id":""}"#),
        ("idn-unknown-kind", "idn", r#"{"kind":"robot","id":"a"}"#),
        ("lim-float", "lim", r#"{"devices":1.0}"#),
        ("lim-text", "lim", r#"{"devices":"unlimited"}"#),
        ("lim-null", "lim", r#"{"devices":null}"#),
        ("lim-less-than-unlimited", "lim", r#"{"devices":-2}"#),
        ("lim-array", "lim", "[]"),
        ("fea-array", "fea", "[\"sso\"]"),
        ("fea-true", "fea", r#"{"sso":true}"#),
        ("seats-text", "seats", "\"1\""),
        ("seats-less-than-unlimited", "seats", "-2"),
        ("enf-empty", "enf", "[]"),
        ("enf-object", "enf", "{}"),
        ("enf-falling-times", "enf", r#"[{"stage":"warn","after_s":9},{"stage":"stop","after_s":5}]"#),
        ("enf-falling-stages", "enf", r#"[{"stage":"stop","after_s":5},{"stage":"warn","after_s":9}]"#),
        ("enf-unknown-stage", "enf", r#"[{"stage":"pause","after_s":5}]"#),
        ("enf-negative", "enf", r#"[{"stage":"stop","after_s":-5}]"#),
        ("chk-zero", "chk", "0"),
        ("chk-float", "chk", "180.0"),
        ("brw-number", "brw", "1"),
    ] {
        all.add(format!("ill-typed-{id}"), "claims", with_claim(name, value));
    }
    for version in ["0", "2", "-1"] {
        all.add(format!("version-{version}"), "version", with_claim("ver", version));
    }
}
