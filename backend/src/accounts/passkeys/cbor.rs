//! The part of CBOR (RFC 8949) that authenticators write: one item of definite length, without tags and floats (CTAP 2.1
//! §8). Everything else is none of theirs, and not read.

/// How deep items may lie in each other. CTAP writes four levels; statements of attestation, which we pass over, may have more.
const MAX_DEPTH: usize = 8;
/// How many items one array or map may have.
const MAX_ITEMS: u64 = 64;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    Int(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Item<'a>>),
    Map(Vec<(Item<'a>, Item<'a>)>),
    /// True, false or null.
    Simple,
}

impl<'a> Item<'a> {
    /// Reads the item at the beginning, and answers what follows it.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        read(bytes, MAX_DEPTH)
    }

    /// Reads the only item.
    pub(super) fn read_whole(bytes: &'a [u8]) -> Option<Self> {
        Self::read(bytes).filter(|(_, rest)| rest.is_empty()).map(|(item, _)| item)
    }

    /// The value of this key in a map; `None` where there are several.
    fn find(&self, is_key: impl Fn(&Item<'a>) -> bool) -> Option<&Item<'a>> {
        let Self::Map(pairs) = self else { return None };
        let mut found = pairs.iter().filter(|(key, _)| is_key(key)).map(|(_, value)| value);
        found.next().filter(|_| found.next().is_none())
    }

    pub(super) fn at(&self, key: i64) -> Option<&Item<'a>> {
        self.find(|item| *item == Item::Int(key))
    }

    pub(super) fn named(&self, key: &str) -> Option<&Item<'a>> {
        self.find(|item| *item == Item::Text(key))
    }

    pub(super) fn int(&self) -> Option<i64> {
        if let Self::Int(value) = self { Some(*value) } else { None }
    }

    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(*bytes) } else { None }
    }
}

fn read(bytes: &[u8], depth: usize) -> Option<(Item<'_>, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (argument, rest) = argument(first & 0x1f, rest)?;
    match first >> 5 {
        0 => Some((Item::Int(i64::try_from(argument).ok()?), rest)),
        1 => Some((Item::Int(-1 - i64::try_from(argument).ok()?), rest)),
        2 => {
            let (bytes, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            Some((Item::Bytes(bytes), rest))
        }
        3 => {
            let (bytes, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            Some((Item::Text(std::str::from_utf8(bytes).ok()?), rest))
        }
        4 => read_array(argument, rest, depth.checked_sub(1)?),
        5 => read_map(argument, rest, depth.checked_sub(1)?),
        7 if (20..=22).contains(&(first & 0x1f)) => Some((Item::Simple, rest)),
        _ => None,
    }
}

/// What the first byte says, or the bytes after it: a number, a length, a count.
fn argument(info: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    let width = match info {
        0..=23 => return Some((u64::from(info), rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (bytes, rest) = rest.split_at_checked(width)?;
    Some((bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)), rest))
}

fn read_array(count: u64, mut rest: &[u8], depth: usize) -> Option<(Item<'_>, &[u8])> {
    let mut items = Vec::new();
    for _ in 0..Some(count).filter(|count| *count <= MAX_ITEMS)? {
        let (item, after) = read(rest, depth)?;
        items.push(item);
        rest = after;
    }
    Some((Item::Array(items), rest))
}

fn read_map(count: u64, mut rest: &[u8], depth: usize) -> Option<(Item<'_>, &[u8])> {
    let mut pairs = Vec::new();
    for _ in 0..Some(count).filter(|count| *count <= MAX_ITEMS)? {
        let (key, after) = read(rest, depth)?;
        let (value, after) = read(after, depth)?;
        pairs.push((key, value));
        rest = after;
    }
    Some((Item::Map(pairs), rest))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn items_are_those_of_the_rfc() {
        // RFC 8949, appendix A.
        for (bytes, item) in [
            ("00", Item::Int(0)),
            ("17", Item::Int(23)),
            ("1818", Item::Int(24)),
            ("1903e8", Item::Int(1_000)),
            ("1a000f4240", Item::Int(1_000_000)),
            ("20", Item::Int(-1)),
            ("3863", Item::Int(-100)),
            ("390100", Item::Int(-257)),
            ("f5", Item::Simple),
            ("f6", Item::Simple),
            ("40", Item::Bytes(b"")),
            ("4401020304", Item::Bytes(&[1, 2, 3, 4])),
            ("6449455446", Item::Text("IETF")),
            ("83010203", Item::Array(vec![Item::Int(1), Item::Int(2), Item::Int(3)])),
            ("a0", Item::Map(Vec::new())),
            ("a201020304", Item::Map(vec![(Item::Int(1), Item::Int(2)), (Item::Int(3), Item::Int(4))])),
        ] {
            let bytes = hex(bytes);
            assert_eq!(Item::read_whole(&bytes), Some(item), "{bytes:02x?}");
        }
    }

    #[test]
    fn what_no_authenticator_writes_is_not_read() {
        for bytes in [
            "",                   // nothing
            "18",                 // half a number
            "1bffffffffffffffff", // beyond an i64
            "3bffffffffffffffff", // the same below
            "5f42010243030405ff", // of indefinite length
            "9fff",
            "bfff",
            "440102",             // shorter than it says
            "c074",               // a tag
            "f93c00",             // a float
            "ff",                 // a break
            "62c328",             // no UTF-8
            "8201",               // an array that ends too soon
            "a101",               // a map that does
            "9b7fffffffffffffff", // more than fits anywhere
            "0000",               // two items
        ] {
            let bytes = hex(bytes);
            assert_eq!(Item::read_whole(&bytes), None, "{bytes:02x?}");
        }
        let deep = [vec![0x81; MAX_DEPTH], vec![0x00]].concat();
        assert!(Item::read_whole(&deep).is_some());
        assert_eq!(Item::read_whole(&[vec![0x81], deep].concat()), None);
        assert_eq!(Item::read_whole(&vec![0x81; 100_000]), None);
    }

    #[test]
    fn a_key_that_stands_twice_has_no_value() {
        let bytes = hex("a30102010363616263f5");
        let map = Item::read_whole(&bytes).unwrap();
        assert_eq!((map.at(1), map.named("abc")), (None, Some(&Item::Simple)));
        assert_eq!((map.at(2), Item::Int(1).at(1)), (None, None));
    }
}
