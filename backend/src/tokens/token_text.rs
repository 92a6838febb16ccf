//! The text of a token: `lh_`, 32 random characters, and a checksum of 6.
//!
//! Secret scanners find it by `\blh_[0-9A-Za-z]{38}\b`, and tell it from chance by the checksum: the first 32 bits of
//! the SHA-256 of everything before it, as a number in base 62, with leading zeros. The random part holds 190 bits.

use zeroize::Zeroizing;

use crate::cx::Entropy;
use crate::keys::sha256;

const PREFIX: &str = "lh_";
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_CHARS: usize = 32;
const CHECKSUM_CHARS: usize = 6;
/// Random characters that the list shows; those that stay hidden hold 154 bits.
const HINT_CHARS: usize = 6;

/// A token as a program sends it. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(Zeroizing<String>);

impl std::fmt::Debug for TokenText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenText(…)")
    }
}

impl TokenText {
    /// A fresh one.
    #[must_use]
    pub fn generate(entropy: &Entropy) -> Self {
        let mut text = Zeroizing::new(PREFIX.to_owned());
        while text.len() < PREFIX.len() + RANDOM_CHARS {
            let [byte] = entropy.bytes::<1>();
            // Of 256 values the last 8 would make some characters likelier than others.
            if let Some(character) = ALPHABET.get(usize::from(byte) % ALPHABET.len()).filter(|_| byte < 248) {
                text.push(char::from(*character));
            }
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self(text)
    }

    /// Reads what a program sent; `None` for what no token looks like.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?;
        let is_long_enough = body.len() == RANDOM_CHARS + CHECKSUM_CHARS;
        if !is_long_enough || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let (before, given) = text.split_at(PREFIX.len() + RANDOM_CHARS);
        (checksum(before) == given).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text itself, to be shown once or sent.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its first characters, by which people tell tokens apart.
    #[must_use]
    pub fn hint(&self) -> String {
        self.0.chars().take(PREFIX.len() + HINT_CHARS).collect()
    }

    /// What is stored of it. It is random enough to need no key.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        sha256(self.0.as_bytes())
    }
}

fn checksum(before: &str) -> String {
    let hash = sha256(before.as_bytes());
    let mut left = hash.iter().take(4).fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
    let mut characters = ['0'; CHECKSUM_CHARS];
    for place in characters.iter_mut().rev() {
        *place = char::from(ALPHABET[left % ALPHABET.len()]);
        left /= ALPHABET.len();
    }
    characters.iter().collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_token_is_what_scanners_are_told_and_reads_itself() {
        let entropy = Entropy::seeded(7);
        for _ in 0..200 {
            let token = TokenText::generate(&entropy);
            let text = token.expose();
            assert_eq!(text.len(), 41);
            assert!(text.starts_with("lh_") && text[3..].bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
            assert_eq!(TokenText::parse(text), Some(token.clone()));
            assert!(text.starts_with(&token.hint()) && token.hint().len() == 9);
            assert_eq!(format!("{token:?}"), "TokenText(…)");
        }
    }

    #[test]
    fn the_checksum_is_the_documented_one() {
        let before = "lh_00000000000000000000000000000000";
        let hash = sha256(before.as_bytes());
        let number = u32::from_be_bytes(hash[..4].try_into().unwrap());
        let digits = checksum(before);
        let read = digits.bytes().fold(0_u64, |number, digit| {
            number * 62 + ALPHABET.iter().position(|known| *known == digit).unwrap() as u64
        });
        assert_eq!(read, u64::from(number));
        assert!(TokenText::parse(&format!("{before}{digits}")).is_some());
    }

    #[test]
    fn whatever_is_mistyped_is_no_token() {
        let text = TokenText::generate(&Entropy::seeded(1)).expose().to_owned();
        for at in 3..text.len() {
            let mut typed = text.clone().into_bytes();
            typed[at] = if typed[at] == b'x' { b'y' } else { b'x' };
            assert_eq!(TokenText::parse(&String::from_utf8(typed).unwrap()), None, "character {at}");
        }
        for typed in
            ["", "lh_", &text[1..], &text[..40], &format!("{text}0"), &format!(" {text}"), &text.to_uppercase()]
        {
            assert_eq!(TokenText::parse(typed), None, "{typed:?}");
        }
        assert_eq!(TokenText::parse(&format!("lh_{}", "é".repeat(19))), None);
    }

    #[test]
    fn no_character_is_likelier_than_another() {
        let entropy = Entropy::seeded(3);
        let mut counts = [0_u32; 62];
        for _ in 0..2_000 {
            let token = TokenText::generate(&entropy);
            for byte in token.expose()[3..35].bytes() {
                counts[ALPHABET.iter().position(|known| *known == byte).unwrap()] += 1;
            }
        }
        // 64,000 characters: 1,032 of each on average, with a standard deviation of 32.
        assert!(counts.iter().all(|count| (850..1_200).contains(count)), "{counts:?}");
    }
}
