//! The code of a voucher: what a partner hands out, and a customer types or pastes.
//!
//! `VC-` and 30 characters of Crockford's base32 in six groups of five, all of them random: 150 bits. Reading is as
//! tolerant as that of license keys: case does not matter, `O` is read as `0`, `I` and `L` as `1`, blanks and dashes may
//! stand anywhere, and the prefix may be missing.

use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PREFIX: &str = "VC";
const SYMBOLS: usize = 30;
const GROUP: usize = 5;
/// More than any way of writing a code takes.
const TYPED_MAX_CHARS: usize = 200;

/// Random bytes that a code is made from; five bits of each are used.
pub(super) const RANDOM_BYTES: usize = SYMBOLS;

/// A code in its one canonical spelling. Hides itself in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct VoucherCode(String);

impl VoucherCode {
    /// Makes a code from random bytes, which must come from a cryptographic generator.
    pub(super) fn from_random(random: [u8; RANDOM_BYTES]) -> Self {
        Self::spell(random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])))
    }

    /// Reads a code as people type it; `None` for what can be none.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let typed: Vec<char> = typed
            .chars()
            .take(TYPED_MAX_CHARS)
            .filter(|typed| !typed.is_whitespace() && !is_dash(*typed))
            .map(|typed| match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        let symbols = match typed.len() {
            SYMBOLS => typed.as_slice(),
            _ => typed.strip_prefix(['V', 'C'].as_slice())?,
        };
        let is_code = symbols.len() == SYMBOLS
            && symbols.iter().all(|symbol| ALPHABET.iter().any(|known| char::from(*known) == *symbol));
        is_code.then(|| Self::spell(symbols.iter().copied()))
    }

    fn spell(symbols: impl Iterator<Item = char>) -> Self {
        let mut text = PREFIX.to_owned();
        for (place, symbol) in symbols.enumerate() {
            if place % GROUP == 0 {
                text.push('-');
            }
            text.push(symbol);
        }
        Self(text)
    }

    /// The canonical spelling. This is the secret itself: keep it out of logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What may be shown to tell codes apart: the last four characters. 130 random bits stay hidden.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("VC-•••••-…-{}", &self.0[self.0.len() - 4..])
    }
}

impl fmt::Debug for VoucherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VoucherCode({})", self.masked())
    }
}

/// Dashes that keyboards and mail programs put in place of `-`.
fn is_dash(typed: char) -> bool {
    matches!(typed, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn numbered() -> VoucherCode {
        let mut random = [0; RANDOM_BYTES];
        for (place, byte) in random.iter_mut().enumerate() {
            *byte = u8::try_from(place).unwrap();
        }
        VoucherCode::from_random(random)
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = numbered();
        assert_eq!(code.expose(), "VC-01234-56789-ABCDE-FGHJK-MNPQR-STVWX");
        for typed in [
            "vc-01234-56789-abcde-fghjk-mnpqr-stvwx",
            "  VC 01234 56789 ABCDE FGHJK MNPQR STVWX ",
            "O1234—56789—ABCDE—FGHJK—MNPQR—STVWX",
            "VC0L23456789ABCDEFGHJKMNPQRSTVWX",
        ] {
            assert_eq!(VoucherCode::parse(typed).as_ref(), Some(&code), "{typed}");
        }
    }

    #[test]
    fn nothing_else_is_a_code() {
        for typed in [
            "",
            "VC-",
            "VC-01234",
            "01234-56789-ABCDE-FGHJK-MNPQR-STVWXY",
            "LH-01234-56789-ABCDE-FGHJK-MNPQR-STVWX",
            "VC-01234-56789-ABCDE-FGHJK-MNPQR-STVWU",
            "VC-01234-56789-ABCDE-FGHJK-MNPQR-STVWÄ",
        ] {
            assert_eq!(VoucherCode::parse(typed), None, "{typed}");
        }
        assert_eq!(VoucherCode::parse(&"0".repeat(100_000)), None);
    }

    #[test]
    fn a_code_never_shows_itself() {
        assert_eq!(format!("{:?}", numbered()), "VoucherCode(VC-•••••-…-TVWX)");
    }

    proptest! {
        #[test]
        fn whatever_is_made_can_be_read(random in any::<[u8; RANDOM_BYTES]>()) {
            let code = VoucherCode::from_random(random);
            prop_assert_eq!(VoucherCode::parse(code.expose()), Some(code.clone()));
        }
    }
}
