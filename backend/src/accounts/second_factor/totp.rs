//! Time-based one-time passwords as authenticator apps make them: RFC 6238 with SHA-1, 30 seconds and six digits, the one
//! set of parameters that every app understands.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::clock::{SECOND_MS, UnixMs};
use crate::cx::Entropy;
use crate::ids::UserId;
use crate::keys::{MasterKey, Purpose, UnsealError};

/// Seconds for which an app shows one code.
pub const STEP_S: i64 = 30;
/// How many steps a phone's clock may be off, and how late a code may arrive (RFC 6238 §5.2 recommends one).
const STEPS_OFF: i64 = 1;
const DIGITS: usize = 6;
/// RFC 4226 §4 R6 asks for 160 bits.
const SECRET_BYTES: usize = 20;

/// What app and server share; never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl TotpSecret {
    /// A fresh secret.
    #[must_use]
    pub fn generate(entropy: &Entropy) -> Self {
        Self(Zeroizing::new(entropy.bytes()))
    }

    /// Reads a secret of 160 bits as apps take it: base32, blanks and case of no meaning.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let typed: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        let bytes = Zeroizing::new(data_encoding::BASE32_NOPAD.decode(Zeroizing::new(typed).as_bytes()).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The secret as apps take it when it is typed: base32.
    #[must_use]
    pub fn expose(&self) -> String {
        data_encoding::BASE32_NOPAD.encode(self.0.as_slice())
    }

    /// Opens a secret that was sealed for this user.
    ///
    /// # Errors
    /// [`UnsealError`] when it was sealed with another master key or for somebody else.
    pub fn unseal(master: &MasterKey, user_id: &UserId, sealed: &[u8]) -> Result<Self, UnsealError> {
        let bytes = master.unseal(Purpose::SecondFactor, user_id.as_str(), sealed)?;
        Ok(Self(Zeroizing::new(bytes.as_slice().try_into().map_err(|_| UnsealError)?)))
    }

    /// The secret sealed for this user.
    #[must_use]
    pub fn seal(&self, master: &MasterKey, user_id: &UserId, entropy: &Entropy) -> Vec<u8> {
        master.seal(Purpose::SecondFactor, user_id.as_str(), self.0.as_slice(), entropy)
    }

    /// The address that apps take from a QR code (the "Key URI Format" of Google Authenticator). `issuer` is the vendor,
    /// `email` tells entries of one vendor apart.
    #[must_use]
    pub fn key_uri(&self, issuer: &str, email: &str) -> String {
        let label = format!("{}:{}", percent(issuer), percent(email));
        format!(
            "otpauth://totp/{label}?secret={}&issuer={}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
            self.expose(),
            percent(issuer)
        )
    }

    /// The code that an app shows at this moment.
    #[must_use]
    pub fn code_at(&self, now: UnixMs) -> String {
        self.code(step_of(now))
    }

    fn code(&self, step: i64) -> String {
        let mut mac = match Hmac::<Sha1>::new_from_slice(self.0.as_slice()) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length"),
        };
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        // RFC 4226 §5.3: four bytes at a place that the last four bits name, without the sign.
        let at = usize::from(digest[19] & 0x0f);
        let number = u32::from_be_bytes([digest[at] & 0x7f, digest[at + 1], digest[at + 2], digest[at + 3]]);
        format!("{:0width$}", number % 10_u32.pow(DIGITS as u32), width = DIGITS)
    }

    /// The step of a code as typed, if it is one of the few that are good now. Whether it was used before is decided where
    /// it is used up.
    pub(super) fn step_of_code(&self, typed: &str, now: UnixMs) -> Option<i64> {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let present = step_of(now);
        let mut found = None;
        // All are computed and compared in full, so that the time tells nothing.
        for step in present - STEPS_OFF..=present + STEPS_OFF {
            let equal = bool::from(self.code(step).as_bytes().ct_eq(typed.as_bytes()));
            if equal && found.is_none() {
                found = Some(step);
            }
        }
        found
    }
}

fn step_of(now: UnixMs) -> i64 {
    now.0.div_euclid(STEP_S * SECOND_MS)
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// The secret of RFC 6238, appendix B.
    fn secret() -> TotpSecret {
        TotpSecret(Zeroizing::new(*b"12345678901234567890"))
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // Appendix B has eight digits; six are their last six.
        for (at_s, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().code_at(UnixMs::from_seconds(at_s)), code, "{at_s}");
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late() {
        let made_at = UnixMs::from_seconds(1_111_111_110);
        let (code, step) = (secret().code_at(made_at), step_of(made_at));
        for (off_s, good) in [(-31, false), (-30, true), (0, true), (29, true), (59, true), (60, false)] {
            let found = secret().step_of_code(&code, made_at.plus(off_s * SECOND_MS));
            assert_eq!(found, good.then_some(step), "{off_s}");
        }
    }

    #[test]
    fn blanks_are_taken_and_anything_else_is_not() {
        let at = UnixMs::from_seconds(59);
        assert!(secret().step_of_code(" 287 082 ", at).is_some());
        for typed in ["", "28708", "2870820", "287083", "94287082", "２８７０８２", "287082\0"] {
            assert_eq!(secret().step_of_code(typed, at), None, "{typed:?}");
        }
    }

    #[test]
    fn a_secret_is_read_as_it_is_shown_and_opens_for_its_user_only() {
        let (entropy, master) = (Entropy::seeded(3), MasterKey::new([7; 32]));
        let secret = TotpSecret::generate(&entropy);
        let shown: Vec<_> = secret.expose().to_lowercase().as_bytes().chunks(4).map(<[u8]>::to_vec).collect();
        let shown = shown.join(&b' ');
        assert!(TotpSecret::parse(std::str::from_utf8(&shown).unwrap()).unwrap() == secret);
        for text in ["", "JBSWY3DPEHPK3PXP", "not base32 at all, is it, as it has commas"] {
            assert!(TotpSecret::parse(text).is_none(), "{text}");
        }
        let (ada, eve) = (UserId::from_untrusted("usr_ada"), UserId::from_untrusted("usr_eve"));
        let sealed = secret.seal(&master, &ada, &entropy);
        assert!(TotpSecret::unseal(&master, &ada, &sealed).unwrap() == secret);
        assert!(TotpSecret::unseal(&master, &eve, &sealed).is_err());
        assert_eq!(format!("{secret:?}"), "TotpSecret(…)");
    }

    #[test]
    fn the_address_for_apps_is_encoded() {
        assert_eq!(
            secret().key_uri("Söhne & Co", "ada+b@example.org"),
            "otpauth://totp/S%C3%B6hne%20%26%20Co:ada%2Bb%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=S%C3%B6hne%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }
}
