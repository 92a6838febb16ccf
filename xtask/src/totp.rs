//! `cargo xtask totp`: the code that the demo admin's authenticator app would show now.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::product::STAFF_TOTP_SECRET;

/// RFC 6238 as every app does it: SHA-1, 30 seconds, six digits.
const STEP_S: u64 = 30;

/// Prints the code, and for how long it is shown.
///
/// # Errors
/// When the clock stands before 1970.
#[expect(clippy::disallowed_methods, reason = "the demo runs on the system's clock")]
pub(crate) fn print() -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    println!("{}  (for {} s; each code works once)", code(STAFF_TOTP_SECRET, now)?, STEP_S - now.as_secs() % STEP_S);
    Ok(())
}

fn code(secret: &str, since_1970: Duration) -> Result<String> {
    let key = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).context("the secret is not in base32")?;
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).context("HMAC takes keys of any length")?;
    mac.update(&(since_1970.as_secs() / STEP_S).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 0x0f);
    let number = u32::from_be_bytes([digest[at] & 0x7f, digest[at + 1], digest[at + 2], digest[at + 3]]);
    Ok(format!("{:06}", number % 1_000_000))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (at_s, expected) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(code(secret, Duration::from_secs(at_s)).unwrap(), expected);
        }
    }
}
