//! The nonce that ties an answer to the request it answers.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// 16–64 characters of the base64url alphabet, drawn by the client.
///
/// A nonce is drawn when a new instance secret is stored, saved together with it, and used again on every retry with
/// that secret. The server therefore recognises a retry, and the client recognises a lease as fresh by finding its
/// own nonce inside.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Nonce(String);

/// Why a text is not a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NonceError {
    /// Shorter than 16 or longer than 64 characters.
    #[error("a nonce has 16 to 64 characters, this one has {0}")]
    Length(usize),
    /// A character outside `A–Z a–z 0–9 - _`.
    #[error("a nonce has only the base64url characters A-Z a-z 0-9 - _, this one has {0:?}")]
    Character(char),
}

impl Nonce {
    /// Takes a nonce as it came over the wire.
    ///
    /// # Errors
    /// When length or alphabet are wrong.
    pub fn parse(text: &str) -> Result<Self, NonceError> {
        if let Some(other) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
            return Err(NonceError::Character(other));
        }
        if !(16..=64).contains(&text.len()) {
            return Err(NonceError::Length(text.len()));
        }
        Ok(Self(text.to_owned()))
    }

    /// Makes a nonce of 24 characters from 144 random bits.
    pub fn from_random(bytes: [u8; 18]) -> Self {
        Self(data_encoding::BASE64URL_NOPAD.encode(&bytes))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({})", self.0)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_has_sixteen_to_sixty_four_base64url_characters() {
        assert_eq!(Nonce::parse(&"a".repeat(15)), Err(NonceError::Length(15)));
        assert!(Nonce::parse(&"a".repeat(16)).is_ok());
        assert!(Nonce::parse(&"_-9Z".repeat(16)).is_ok());
        assert_eq!(Nonce::parse(&"a".repeat(65)), Err(NonceError::Length(65)));
        assert_eq!(Nonce::parse("aaaaaaaaaaaaaaaa="), Err(NonceError::Character('=')));
        assert_eq!(Nonce::parse("aaaaaaaaaaaaaaéa"), Err(NonceError::Character('é')));
    }

    #[test]
    fn a_bad_nonce_is_refused_while_parsing_json_and_the_message_says_why() {
        let error = serde_json::from_str::<Nonce>("\"short\"").expect_err("five characters").to_string();
        assert!(error.contains("16 to 64"), "{error}");
    }

    #[test]
    fn a_drawn_nonce_is_valid() {
        let nonce = Nonce::from_random([0xff; 18]);
        assert_eq!(Nonce::parse(nonce.as_str()), Ok(nonce));
    }
}
