//! The license key: what an operator copies, types and reads over the phone.
//!
//! `LH-` and 30 characters of Crockford's base32 in six groups of five:
//!
//! ```text
//! LH-7Q2MX-0VW4K-9TZB3-HN8RD-E5YGP-AC1F6
//!    └──────── 26 characters, 130 random bits ───┘└─ 4 check characters
//! ```
//!
//! The check characters are those of a Reed–Solomon code over GF(32) (field polynomial x⁵+x²+1, generator roots
//! α⁰…α³, word length 30 ≤ 31). Its minimum distance is five, so **any one to four wrong characters are noticed**
//! without asking a server, every swap of two characters among them; of anything worse, one in about a million slips
//! through, and the server then does not know the key.
//!
//! Reading is tolerant: case does not matter, `O` is read as `0`, `I` and `L` as `1`, and spaces and dashes may stand
//! anywhere.

use std::fmt;

use subtle::ConstantTimeEq;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DATA: usize = 26;
const CHECK: usize = 4;
const SYMBOLS: usize = DATA + CHECK;
const GROUP: usize = 5;

/// Random bytes that a key is made from; 130 of their bits are used.
pub const RANDOM_BYTES: usize = 17;

/// A well-formed license key in its one canonical spelling.
///
/// Hides itself in `Debug`, compares in constant time.
#[derive(Clone)]
pub struct LicenseKey(String);

/// Why a text is not a license key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LicenseKeyError {
    /// It does not begin with `LH`.
    #[error("a license key begins with LH-")]
    Prefix,
    /// Too many or too few characters after the prefix.
    #[error("a license key has 30 characters after LH-, this one has {0}")]
    Length(usize),
    /// A character that no key contains.
    #[error("{0:?} does not occur in license keys")]
    Character(char),
    /// The check characters do not fit: something is mistyped.
    #[error("the license key is mistyped: its check characters do not fit")]
    Checksum,
}

impl LicenseKey {
    /// Makes a key from random bytes, which must come from a cryptographic generator.
    pub fn from_random(random: [u8; RANDOM_BYTES]) -> Self {
        let mut symbols = [0_u8; SYMBOLS];
        for (i, symbol) in symbols[..DATA].iter_mut().enumerate() {
            let bit = i * 5;
            let pair = u16::from(random[bit / 8]) << 8 | u16::from(random.get(bit / 8 + 1).copied().unwrap_or(0));
            *symbol = (pair >> (11 - bit % 8)) as u8 & 31;
        }
        let check = check_symbols(&symbols[..DATA]);
        symbols[DATA..].copy_from_slice(&check);
        Self::spell(&symbols)
    }

    /// Reads a key as people type it.
    ///
    /// # Errors
    /// Says what is wrong; [`LicenseKeyError::Checksum`] means a typing mistake.
    pub fn parse(text: &str) -> Result<Self, LicenseKeyError> {
        let mut typed = text.chars().filter(|c| !c.is_whitespace() && !is_dash(*c)).map(|c| c.to_ascii_uppercase());
        if typed.next() != Some('L') || typed.next() != Some('H') {
            return Err(LicenseKeyError::Prefix);
        }
        let mut symbols = Vec::with_capacity(SYMBOLS);
        for typed in typed {
            symbols.push(value_of(typed).ok_or(LicenseKeyError::Character(typed))?);
        }
        let symbols: [u8; SYMBOLS] = symbols.try_into().map_err(|s: Vec<u8>| LicenseKeyError::Length(s.len()))?;
        if check_symbols(&symbols[..DATA]) != symbols[DATA..] {
            return Err(LicenseKeyError::Checksum);
        }
        Ok(Self::spell(&symbols))
    }

    /// Reads the first group of a key of which somebody has typed or read out no more than the beginning, as tolerantly
    /// as [`LicenseKey::parse`]. The group alone needs no `LH` in front. `None` for what no key begins with.
    pub fn parse_first_group(text: &str) -> Option<String> {
        let typed: Vec<char> =
            text.chars().filter(|c| !c.is_whitespace() && !is_dash(*c)).map(|c| c.to_ascii_uppercase()).collect();
        let symbols = match typed.as_slice() {
            ['L', 'H', symbols @ ..] if (GROUP..=SYMBOLS).contains(&symbols.len()) => symbols,
            symbols if symbols.len() == GROUP => symbols,
            _ => return None,
        };
        let values = symbols.iter().map(|typed| value_of(*typed)).collect::<Option<Vec<u8>>>()?;
        Some(values.iter().take(GROUP).map(|value| char::from(ALPHABET[usize::from(*value)])).collect())
    }

    fn spell(symbols: &[u8; SYMBOLS]) -> Self {
        let mut text = String::with_capacity(2 + SYMBOLS + SYMBOLS / GROUP);
        text.push_str("LH");
        for (i, symbol) in symbols.iter().enumerate() {
            if i % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(*symbol & 31)]));
        }
        Self(text)
    }

    /// The canonical spelling. This is the secret itself: keep it out of logs.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The bytes over which the server takes its keyed hash: the ASCII of the canonical spelling.
    pub fn canonical_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The five characters after `LH-`, by which somebody who reads a key out begins. Not to be shown: together with
    /// [`LicenseKey::masked`] they would leave fewer random bits hidden than anything unguessable should have.
    pub fn first_group(&self) -> &str {
        &self.0[3..3 + GROUP]
    }

    /// What may be shown to tell keys apart: the last four characters. At least 110 random bits stay hidden.
    pub fn masked(&self) -> String {
        format!("LH-•••••-…-{}", &self.0[self.0.len() - 4..])
    }
}

/// What a character stands for, in capitals; `None` for those that no key contains.
fn value_of(typed: char) -> Option<u8> {
    let meant = match typed {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|a| char::from(*a) == meant).map(|place| place as u8)
}

/// Dashes that keyboards and mail programs put in place of `-`.
fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

impl fmt::Display for LicenseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LicenseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LicenseKey({})", self.masked())
    }
}

impl PartialEq for LicenseKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for LicenseKey {}

impl std::str::FromStr for LicenseKey {
    type Err = LicenseKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Product in GF(32) = GF(2)\[x\] / (x⁵ + x² + 1).
const fn multiply(a: u8, b: u8) -> u8 {
    let (mut a, mut b, mut product) = (a, b, 0);
    while b != 0 {
        if b & 1 == 1 {
            product ^= a;
        }
        a <<= 1;
        if a & 32 != 0 {
            a ^= 0b10_0101;
        }
        b >>= 1;
    }
    product
}

/// (x − α⁰)(x − α¹)(x − α²)(x − α³) with α = x = 2, without its leading 1, highest power first.
const GENERATOR: [u8; CHECK] = {
    let mut polynomial = [0_u8; CHECK + 1];
    polynomial[CHECK] = 1;
    let (mut root, mut degree) = (1, 0);
    while degree < CHECK {
        // Multiply what stands so far by (x + root); index CHECK is the constant term.
        let mut i = CHECK - degree - 1;
        while i <= CHECK {
            let shifted = if i < CHECK { polynomial[i + 1] } else { 0 };
            polynomial[i] = shifted ^ multiply(polynomial[i], root);
            i += 1;
        }
        root = multiply(root, 2);
        degree += 1;
    }
    [polynomial[1], polynomial[2], polynomial[3], polynomial[4]]
};

/// Remainder of data·x⁴ divided by the generator.
fn check_symbols(data: &[u8]) -> [u8; CHECK] {
    let mut remainder = [0_u8; CHECK];
    for symbol in data {
        let factor = symbol ^ remainder[0];
        for i in 0..CHECK {
            let next = if i + 1 < CHECK { remainder[i + 1] } else { 0 };
            remainder[i] = next ^ multiply(factor, GENERATOR[i]);
        }
    }
    remainder
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    /// Positions of the 30 symbols in the spelling `LH-XXXXX-…`.
    fn place(symbol: usize) -> usize {
        3 + symbol + symbol / GROUP
    }

    fn with_symbols(key: &LicenseKey, changes: &[(usize, usize)]) -> String {
        let mut text = key.0.clone().into_bytes();
        for (symbol, step) in changes {
            let at = place(*symbol);
            let value = ALPHABET.iter().position(|a| *a == text[at]).unwrap();
            text[at] = ALPHABET[(value + step) % 32];
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn the_generator_vanishes_at_its_four_roots() {
        let mut root = 1;
        for _ in 0..CHECK {
            let value = GENERATOR.iter().fold(1, |sum, coefficient| multiply(sum, root) ^ coefficient);
            assert_eq!(value, 0);
            root = multiply(root, 2);
        }
    }

    #[test]
    fn every_random_bit_that_counts_changes_the_key() {
        let mut seen = std::collections::BTreeSet::new();
        seen.insert(LicenseKey::from_random([0; 17]).0);
        for bit in 0..130 {
            let mut random = [0; 17];
            random[bit / 8] |= 0x80 >> (bit % 8);
            assert!(seen.insert(LicenseKey::from_random(random).0), "bit {bit}");
        }
    }

    #[test]
    fn a_key_has_its_published_shape_and_this_one_never_changes() {
        let key = LicenseKey::from_random(*b"0123456789abcdefg");
        assert_eq!(key.to_string().len(), 38);
        // Check characters found by trying all 2^20 with an independent program.
        assert_eq!(key.to_string(), "LH-60RK4-CSM6M-V3EE1-SC5H6-6S35C-SAJ8R");
    }

    #[test]
    fn debug_output_and_mask_show_four_characters_only() {
        let key = LicenseKey::from_random([7; 17]);
        let tail = &key.0[34..];
        assert_eq!(key.masked(), format!("LH-•••••-…-{tail}"));
        assert!(!format!("{key:?}").contains(&key.0[3..8]));
    }

    #[test]
    fn each_mistake_has_its_own_message() {
        assert_eq!(LicenseKey::parse("XX-1"), Err(LicenseKeyError::Prefix));
        assert_eq!(LicenseKey::parse(""), Err(LicenseKeyError::Prefix));
        assert_eq!(LicenseKey::parse("LH-ABC"), Err(LicenseKeyError::Length(3)));
        assert_eq!(LicenseKey::parse("LH-ABU"), Err(LicenseKeyError::Character('U')));
        assert_eq!(LicenseKey::parse("LH-ÄB"), Err(LicenseKeyError::Character('Ä')));
    }

    #[test]
    fn what_no_key_begins_with_has_no_first_group() {
        assert_eq!(LicenseKey::parse_first_group("lh 60rk4").as_deref(), Some("60RK4"));
        assert_eq!(LicenseKey::parse_first_group("6OrK4").as_deref(), Some("60RK4"));
        for other in ["", "LH", "LH-60", "60RK", "60RK4C", "60RK!", "LH-60RK4-U", &format!("LH{}", "0".repeat(31))] {
            assert_eq!(LicenseKey::parse_first_group(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn a_key_reads_back_however_it_is_typed(random: [u8; 17]) {
            let key = LicenseKey::from_random(random);
            let sloppy = key.0.to_lowercase().replace('0', "o").replace('1', "l").replace('-', " – ");
            prop_assert_eq!(LicenseKey::parse(&key.0), Ok(key.clone()));
            prop_assert_eq!(LicenseKey::parse(&sloppy), Ok(key.clone()));
            prop_assert_eq!(LicenseKey::parse(&key.0.replace('-', "").replace('1', "I")), Ok(key));
        }

        #[test]
        fn a_beginning_of_a_key_is_read_however_it_is_typed(random: [u8; 17], length in 8_usize..38) {
            let key = LicenseKey::from_random(random);
            let group = Some(key.first_group().to_owned());
            let sloppy = key.0[..length].to_lowercase().replace('0', "o").replace('1', "i").replace('-', " ");
            prop_assert_eq!(LicenseKey::parse_first_group(&key.0[..length]), group.clone());
            prop_assert_eq!(LicenseKey::parse_first_group(&sloppy), group.clone());
            prop_assert_eq!(LicenseKey::parse_first_group(key.first_group()), group);
        }

        #[test]
        fn one_to_four_wrong_characters_are_always_noticed(
            random: [u8; 17],
            places in proptest::sample::subsequence((0..SYMBOLS).collect::<Vec<_>>(), 1..=4),
            steps: [prop::sample::Index; 4],
        ) {
            let key = LicenseKey::from_random(random);
            let changes: Vec<_> = places.iter().zip(steps).map(|(p, s)| (*p, 1 + s.index(31))).collect();
            prop_assert_eq!(LicenseKey::parse(&with_symbols(&key, &changes)), Err(LicenseKeyError::Checksum));
        }

        #[test]
        fn swapping_two_different_characters_is_always_noticed(random: [u8; 17], a in 0..SYMBOLS, b in 0..SYMBOLS) {
            let key = LicenseKey::from_random(random);
            let mut text = key.0.clone().into_bytes();
            text.swap(place(a), place(b));
            let swapped = String::from_utf8(text).unwrap();
            prop_assume!(swapped != key.0);
            prop_assert_eq!(LicenseKey::parse(&swapped), Err(LicenseKeyError::Checksum));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String) {
            let _ = LicenseKey::parse(&text);
            let _ = LicenseKey::parse(&format!("LH-{text}"));
            let _ = LicenseKey::parse_first_group(&format!("LH-{text}"));
        }
    }
}
