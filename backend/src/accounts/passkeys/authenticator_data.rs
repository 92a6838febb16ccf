//! What an authenticator says about itself and its owner (W3C Web Authentication §6.1): signed together with the challenge.

use super::cbor::Item;

const USER_PRESENT: u8 = 1 << 0;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;
/// The model of the authenticator, which nobody vouches for.
const AAGUID_BYTES: usize = 16;
/// The longest name of a credential (§4, "credential id").
const CREDENTIAL_ID_MAX_BYTES: usize = 1023;

/// Authenticator data, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuthenticatorData<'a> {
    /// SHA-256 of the host name that the passkey belongs to.
    pub(super) rp_id_hash: &'a [u8],
    flags: u8,
    /// What it counted; 0 where it does not count.
    pub(super) sign_count: u32,
    /// The credential, when one was made.
    pub(super) credential: Option<Credential<'a>>,
}

/// A credential that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Credential<'a> {
    /// Its name.
    pub(super) id: &'a [u8],
    /// Its public key, COSE.
    pub(super) public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Reads it whole; `None` where it is not as the specification says.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_at_checked(32)?;
        let (&flags, rest) = rest.split_first()?;
        let (count, mut rest) = rest.split_first_chunk::<4>()?;
        let mut credential = None;
        if flags & HAS_CREDENTIAL != 0 {
            let (made, after) = read_credential(rest)?;
            (credential, rest) = (Some(made), after);
        }
        if flags & HAS_EXTENSIONS != 0 {
            let (extensions, after) = Item::read(rest)?;
            if !matches!(extensions, Item::Map(_)) {
                return None;
            }
            rest = after;
        }
        let data = Self { rp_id_hash, flags, sign_count: u32::from_be_bytes(*count), credential };
        rest.is_empty().then_some(data)
    }

    /// Whether somebody touched it.
    pub(super) fn user_present(&self) -> bool {
        self.flags & USER_PRESENT != 0
    }

    /// Whether it made sure that it was its owner.
    pub(super) fn user_verified(&self) -> bool {
        self.flags & USER_VERIFIED != 0
    }

    /// Whether the passkey is synchronised; `None` where it says so of one that cannot be.
    pub(super) fn backed_up(&self) -> Option<bool> {
        match (self.flags & BACKUP_ELIGIBLE != 0, self.flags & BACKED_UP != 0) {
            (false, true) => None,
            (_, backed_up) => Some(backed_up),
        }
    }
}

fn read_credential(bytes: &[u8]) -> Option<(Credential<'_>, &[u8])> {
    let (_, rest) = bytes.split_at_checked(AAGUID_BYTES)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length == 0 || length > CREDENTIAL_ID_MAX_BYTES {
        return None;
    }
    let (id, rest) = rest.split_at_checked(length)?;
    let (_, after) = Item::read(rest)?;
    let public_key = &rest[..rest.len() - after.len()];
    Some((Credential { id, public_key }, after))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// Flags, and what follows the counter.
    fn data(flags: u8, rest: &[u8]) -> Vec<u8> {
        [&[7; 32][..], &[flags], &[0, 0, 1, 2], rest].concat()
    }

    /// A credential called "id" whose key is an empty map.
    fn credential() -> Vec<u8> {
        [&[9; AAGUID_BYTES][..], &[0, 2], b"id", &[0xa0]].concat()
    }

    #[test]
    fn its_parts_are_read() {
        let bytes = data(USER_PRESENT | USER_VERIFIED, &[]);
        let read = AuthenticatorData::read(&bytes).unwrap();
        assert_eq!((read.rp_id_hash, read.sign_count, read.credential.as_ref()), (&[7; 32][..], 258, None));
        assert!(read.user_present() && read.user_verified() && read.backed_up() == Some(false));

        let bytes = data(HAS_CREDENTIAL | HAS_EXTENSIONS, &[credential(), vec![0xa0]].concat());
        let read = AuthenticatorData::read(&bytes).unwrap();
        assert_eq!(read.credential, Some(Credential { id: b"id", public_key: &[0xa0] }));
        assert!(!read.user_present() && !read.user_verified());
    }

    #[test]
    fn one_that_cannot_be_backed_up_is_not() {
        for (flags, expected) in [
            (0, Some(false)),
            (BACKUP_ELIGIBLE, Some(false)),
            (BACKUP_ELIGIBLE | BACKED_UP, Some(true)),
            (BACKED_UP, None),
        ] {
            assert_eq!(AuthenticatorData::read(&data(flags, &[])).unwrap().backed_up(), expected, "{flags}");
        }
    }

    #[test]
    fn nothing_is_missing_and_nothing_follows() {
        let whole = data(HAS_CREDENTIAL | HAS_EXTENSIONS, &[credential(), vec![0xa0]].concat());
        for length in 0..whole.len() {
            assert_eq!(AuthenticatorData::read(&whole[..length]), None, "{length}");
        }
        assert_eq!(AuthenticatorData::read(&[whole.clone(), vec![0]].concat()), None);
        assert_eq!(AuthenticatorData::read(&data(0, &[0xa0])), None);
        assert_eq!(AuthenticatorData::read(&data(HAS_EXTENSIONS, &[0x01])), None, "extensions are a map");
        let nameless = [&[9; AAGUID_BYTES][..], &[0, 0], &[0xa0]].concat();
        assert_eq!(AuthenticatorData::read(&data(HAS_CREDENTIAL, &nameless)), None);
        let long = [&[9; AAGUID_BYTES][..], &[4, 0], &[1; 1024], &[0xa0]].concat();
        assert_eq!(AuthenticatorData::read(&data(HAS_CREDENTIAL, &long)), None);
    }
}
