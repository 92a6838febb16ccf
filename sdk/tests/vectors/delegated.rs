//! Leases that a local license server signed, within its delegation and beyond it.

use super::{
    direct,
    forge::{
        ISS, NOW, Object, header, jwk, kid, local_server, quoted, sign, small_order_points, stranger, trust, vendor,
    },
    format::{Expectation, File, Vectors},
};

/// The claims of a delegation under which the good lease fits exactly.
fn delegation() -> Object {
    let local = serde_json::to_string(&jwk(&local_server())).unwrap();
    Object::new([
        ("iss", "\"https://vendor.example\""),
        ("sub", "\"lsv_1\""),
        ("jti", "\"dlg_1\""),
        ("seq", "3"),
        ("cnf", &format!("{{\"jwk\":{local}}}")),
        ("lic", "\"lic_1\""),
        ("lty", "\"floating\""),
        ("pln", "\"pilot\""),
        ("aud", "\"iot-platform\""),
        ("seats", "2"),
        ("lim", r#"{"devices":100,"assets":-1}"#),
        ("fea", r#"{"sso":null,"beta":1800000060}"#),
        ("enf", r#"[{"stage":"warn","after_s":0},{"stage":"stop","after_s":86400}]"#),
        ("max_lease_s", "600"),
        ("max_borrow_s", "86400"),
        ("iat", "1799990000"),
        ("nbf", "1799990000"),
        ("exp", "1800600000"),
    ])
}

fn delegation_header() -> Object {
    header("delegation+jwt", &vendor())
}

fn delegated(delegation: &Object) -> String {
    sign(delegation_header().text(), delegation.text(), &vendor())
}

/// A lease by the local server under a delegation token.
fn under(token: &str, claims: &Object) -> String {
    let header = header("lease+jwt", &local_server()).with("dlg", &quoted(token));
    sign(header.text(), claims.text(), &local_server())
}

pub(crate) fn file() -> File {
    let mut all = Vectors::default();
    let within = |claims: &Object| under(&delegated(&delegation()), claims);
    all.add("good", "accepted", within(&direct::claims()));
    for (id, name, value) in [
        ("fewer-seats", "seats", "1"),
        ("fewer-limits", "lim", r#"{"devices":99}"#),
        ("limited-where-unlimited-was-delegated", "lim", r#"{"assets":7}"#),
        ("fewer-features", "fea", r#"{"beta":1800000060}"#),
        ("feature-that-ends-earlier", "fea", r#"{"sso":1800000100,"beta":1800000030}"#),
    ] {
        all.add(format!("good-{id}"), "accepted", within(&direct::claims().with(name, value)));
    }
    let borrowed = direct::claims().with("brw", "true").with("exp", "1800086400");
    all.add("good-borrowed", "accepted", within(&borrowed));
    let perpetual = delegation().with("upd", "1826755200");
    all.add("good-perpetual", "accepted", under(&delegated(&perpetual), &direct::claims().with("upd", "1826755200")));

    beyond(&mut all);
    forged(&mut all);
    ill_typed(&mut all);
    let expect = Expectation { aud: "iot-platform".into(), now: NOW, ..Expectation::default() };
    File { kind: "lease".into(), trust: trust(0), expect, vectors: all.0 }
}

/// Each rule of the delegation, broken.
fn beyond(all: &mut Vectors) {
    let within = |claims: &Object| under(&delegated(&delegation()), claims);
    for (id, claim, name, value) in [
        ("another-license", "lic", "lic", "\"lic_2\""),
        ("another-plan", "pln", "pln", "\"enterprise\""),
        ("another-license-type", "lty", "lty", "\"machine\""),
        ("updates-that-were-not-delegated", "upd", "upd", "1826755200"),
        ("a-milder-policy", "enf", "enf", r#"[{"stage":"warn","after_s":0},{"stage":"stop","after_s":999999}]"#),
        ("a-policy-that-never-stops", "enf", "enf", r#"[{"stage":"warn","after_s":0}]"#),
        ("one-seat-more", "seats", "seats", "3"),
        ("unlimited-seats", "seats", "seats", "-1"),
        ("one-device-more", "lim", "lim", r#"{"devices":101}"#),
        ("unlimited-devices", "lim", "lim", r#"{"devices":-1}"#),
        ("another-limit", "lim", "lim", r#"{"devices":1,"users":1}"#),
        ("another-limit-of-zero", "lim", "lim", r#"{"users":0}"#),
        ("another-feature", "fea", "fea", r#"{"audit-log":1800000001}"#),
        ("a-feature-for-longer", "fea", "fea", r#"{"beta":1800000061}"#),
        ("a-feature-for-ever", "fea", "fea", r#"{"beta":null}"#),
        ("a-second-longer", "iat", "exp", "1800000601"),
        ("a-life-that-begins-earlier", "iat", "iat", "1799999999"),
    ] {
        all.add(
            format!("beyond-{id}"),
            &format!("delegation:exceeded:{claim}"),
            within(&direct::claims().with(name, value)),
        );
    }
    let longer = direct::claims().with("brw", "true").with("exp", "1800086401");
    all.add("beyond-borrowed-a-second-longer", "delegation:exceeded:iat", within(&longer));
    let early = direct::claims().with("nbf", "1799989999");
    all.add("beyond-valid-before-the-delegation", "delegation:exceeded:nbf", within(&early));
    let late = direct::claims().with("iat", "1800599500").with("exp", "1800600001");
    all.add("beyond-valid-after-the-delegation", "delegation:exceeded:exp", within(&late)).expect =
        Some(Expectation { aud: "iot-platform".into(), now: 1_800_599_900, ..Expectation::default() });
    for (id, claim, name, value) in [
        ("aud", "aud", "aud", "\"other\""),
        ("without-the-updates-of-the-lease", "upd", "upd", "1826755201"),
        ("no-borrowing", "iat", "max_borrow_s", "0"),
        ("no-limits", "lim", "lim", "{}"),
        ("no-features", "fea", "fea", "{}"),
        ("no-seats", "seats", "seats", "0"),
        ("a-shorter-life", "iat", "max_lease_s", "599"),
        ("an-earlier-end", "exp", "exp", "1800000599"),
        ("a-later-start", "nbf", "nbf", "1800000001"),
    ] {
        let claims = if name == "max_borrow_s" { direct::claims().with("brw", "true") } else { direct::claims() };
        let token = under(&delegated(&delegation().with(name, value)), &claims);
        all.add(format!("narrower-{id}"), &format!("delegation:exceeded:{claim}"), token);
    }
    // The perpetual license's updates must be repeated.
    let perpetual = delegated(&delegation().with("upd", "1826755200"));
    all.add("beyond-without-updates", "delegation:exceeded:upd", under(&perpetual, &direct::claims()));
    let foreign = direct::claims().with("iss", "\"https://other.example\"");
    all.add("another-issuer", "issuer", within(&foreign));
    all.add("another-product", "audience", within(&direct::claims().with("aud", "\"other\"")));
}

/// Delegations that nobody gave, or to somebody else.
fn forged(all: &mut Vectors) {
    let lease = direct::claims();
    let good = delegated(&delegation());
    let theirs = sign(header("delegation+jwt", &stranger()).text(), delegation().text(), &stranger());
    all.add("by-a-stranger", "delegation:unknown_key", under(&theirs, &lease));
    let in_our_name = sign(delegation_header().text(), delegation().text(), &stranger());
    all.add("by-a-stranger-in-our-name", "delegation:signature", under(&in_our_name, &lease));
    let by_itself = sign(header("delegation+jwt", &local_server()).text(), delegation().text(), &local_server());
    all.add("by-the-local-server-itself", "delegation:unknown_key", under(&by_itself, &lease));
    let elsewhere = delegated(&delegation().with("iss", "\"https://other.example\""));
    all.add("of-another-vendor", "delegation:issuer", under(&elsewhere, &lease));
    // A chain: the local server delegates further.
    let further = header("delegation+jwt", &local_server()).with("dlg", &quoted(&good));
    let further = sign(further.text(), delegation().text(), &local_server());
    all.add("chain-of-two", "delegation:chain", under(&further, &lease));
    let marked = sign(delegation_header().with("dlg", "null").text(), delegation().text(), &vendor());
    all.add("chain-of-nothing", "delegation:chain", under(&marked, &lease));
    for typ in ["lease+jwt", "keys+jwt", "revocations+jwt", "JWT", "Delegation+JWT"] {
        let token = sign(header(typ, &vendor()).text(), delegation().text(), &vendor());
        all.add(
            format!("typ-{}", typ.to_lowercase()) + if typ.starts_with('D') { "-in-other-case" } else { "" },
            "delegation:type",
            under(&token, &lease),
        );
    }
    let none = sign(delegation_header().with("alg", "\"none\"").text(), delegation().text(), &vendor());
    all.add("alg-none", "delegation:algorithm", under(&none, &lease));
    let crit = sign(delegation_header().with("crit", "[\"cnf\"]").text(), delegation().text(), &vendor());
    all.add("crit", "delegation:forbidden_header", under(&crit, &lease));
    let twice = sign(delegation_header().text(), delegation().and("\"seats\"", "99").text(), &vendor());
    all.add("twice-seats", "delegation:not_json", under(&twice, &lease));
    all.add("no-token", "delegation:not_compact", under("a.b", &lease));
    all.add("empty", "delegation:not_compact", under("", &lease));
    all.add("padded", "delegation:not_compact", under(&format!("{good}="), &lease));
    for (id, dlg) in [("null", "null"), ("object", "{}"), ("number", "1"), ("array", "[\"a.b.c\"]")] {
        let header = header("lease+jwt", &local_server()).with("dlg", dlg);
        let token = sign(header.text(), lease.text(), &local_server());
        all.add(format!("dlg-{id}"), "delegation:not_a_token", token);
    }
    // The delegation is genuine, the signer is not the one that it names.
    let by = |key: &ed25519_dalek::SigningKey, kid: &str| {
        let header = header("lease+jwt", key).with("kid", &quoted(kid)).with("dlg", &quoted(&good));
        sign(header.text(), lease.text(), key)
    };
    all.add("signed-by-a-stranger", "delegation:key", by(&stranger(), &kid(&stranger())));
    all.add("signed-by-a-stranger-in-its-name", "signature", by(&stranger(), &kid(&local_server())));
    all.add("signed-by-the-vendor-with-a-delegation", "delegation:key", by(&vendor(), &kid(&vendor())));
    all.add("signed-by-it-in-the-vendors-name", "delegation:key", by(&local_server(), &kid(&vendor())));
    let undelegated = sign(header("lease+jwt", &local_server()).text(), lease.text(), &local_server());
    all.add("without-delegation", "unknown_key", undelegated);
    for (i, point) in small_order_points().into_iter().take(4).enumerate() {
        let weak = sdk::jwk::PublicJwk { x: super::forge::b64(point), kid: None, ..jwk(&vendor()) };
        let cnf = format!("{{\"jwk\":{}}}", serde_json::to_string(&weak).unwrap());
        let token = delegated(&delegation().with("cnf", &cnf));
        let header =
            header("lease+jwt", &local_server()).with("kid", &quoted(&weak.thumbprint())).with("dlg", &quoted(&token));
        let mut identity = [0; 64];
        identity[0] = 1;
        let token = super::forge::with_signature(&sign(header.text(), lease.text(), &local_server()), identity);
        all.add(format!("cnf-of-small-order-{i}"), "delegation:key", token);
    }
    debug_assert_eq!(ISS, "https://vendor.example");
}

fn ill_typed(all: &mut Vectors) {
    for name in [
        "iss",
        "sub",
        "jti",
        "seq",
        "cnf",
        "lic",
        "lty",
        "pln",
        "aud",
        "seats",
        "lim",
        "fea",
        "enf",
        "max_lease_s",
        "max_borrow_s",
        "iat",
        "nbf",
        "exp",
    ] {
        let token = under(&delegated(&delegation().without(name)), &direct::claims());
        all.add(format!("without-{name}"), "delegation:claims", token);
    }
    for (id, name, value) in [
        ("exp-float", "exp", "1800600000.0"),
        ("exp-text", "exp", "\"1800600000\""),
        ("exp-negative", "exp", "-1"),
        ("exp-before-nbf", "exp", "1799990000"),
        ("cnf-empty", "cnf", "{}"),
        ("cnf-kid", "cnf", "{\"kid\":\"x\"}"),
        ("seats-text", "seats", "\"2\""),
        ("seats-below-unlimited", "seats", "-2"),
        ("lim-below-unlimited", "lim", r#"{"devices":-2}"#),
        ("max-lease-negative", "max_lease_s", "-1"),
        ("max-lease-float", "max_lease_s", "600.0"),
        ("fea-array", "fea", "[]"),
        ("seq-text", "seq", "\"3\""),
    ] {
        let token = under(&delegated(&delegation().with(name, value)), &direct::claims());
        all.add(format!("ill-typed-{id}"), "delegation:claims", token);
    }
}
