//! What must hold for any bytes whatever: shared by the seeded mutations in `main.rs` and the fuzz targets in `fuzz/`.

use ed25519_dalek::SigningKey;
use sdk::{
    delegation,
    error::Problem,
    jwk::PublicJwk,
    key_set,
    lease::{self, Expect},
    license_key::LicenseKey,
    revocations,
    trust::TrustBundle,
};

/// The only key that is trusted.
pub fn signer() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

/// Whom the verifier trusts.
pub fn trust() -> TrustBundle {
    TrustBundle { iss: "https://vendor.example".into(), keys: vec![PublicJwk::of(&signer().verifying_key())], seq: 0 }
}

/// When the verifier looks, Unix seconds.
pub const NOW: i64 = 1_800_000_000;

/// Nothing makes a verifier panic, and nothing is accepted but what was signed, letter by letter.
pub fn token(data: &[u8], genuine: &[String]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let trust = trust();
    let accepted = [
        lease::verify(text, &trust, &Expect::of("iot-platform", NOW)).is_ok(),
        delegation::verify(text, &trust).is_ok(),
        key_set::verify(text, &trust).is_ok(),
        revocations::verify(text, &trust, NOW).is_ok(),
    ];
    let accepted = accepted.into_iter().filter(|accepted| *accepted).count();
    let signed = genuine.iter().any(|genuine| genuine == text);
    assert_eq!(accepted, usize::from(signed), "accepted {accepted} times: {text}");
}

/// A text is a license key or not, and one that is has one canonical spelling, which is a key as well.
pub fn key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(key) = LicenseKey::parse(text) else { return };
    assert_eq!(LicenseKey::parse(key.expose()).as_ref(), Ok(&key));
    assert_eq!(LicenseKey::parse(&key.expose().to_lowercase()).as_ref(), Ok(&key));
    assert!(!format!("{key:?}").contains(&key.expose()[3..32]));
}

/// A problem document that can be read says the same after being written and read again.
pub fn problem(data: &[u8]) {
    let Ok(problem) = serde_json::from_slice::<Problem>(data) else { return };
    let Ok(text) = serde_json::to_vec(&problem) else { panic!("{problem:?} cannot be written") };
    match serde_json::from_slice::<Problem>(&text) {
        Ok(again) => assert_eq!(again, problem),
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&text)),
    }
    assert!(problem.code().is_none_or(|code| code.as_str() == problem.code));
}
