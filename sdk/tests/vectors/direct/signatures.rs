//! Other spellings of a token, signatures that fit nothing, and keys that would let anything pass.

use sdk::jwk::PublicJwk;

use super::super::{
    forge::{
        b64, jwk, kid, malleated, quoted, sign, sign_parts, signature_of, small_order_points, stranger, vendor,
        with_signature,
    },
    format::Vectors,
};
use super::{claims, good, head, with_claim, with_header};

pub(super) fn encodings(all: &mut Vectors) {
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

pub(super) fn signatures(all: &mut Vectors) {
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
pub(super) fn weak_keys(all: &mut Vectors) {
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
