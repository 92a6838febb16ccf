//! How rows are chained, and how a chain is checked. Pure, so that every kind of forgery can be tried.

use sha2::{Digest, Sha256};

use crate::clock::UnixMs;

/// First bytes of what is hashed: another encoding would be another version.
const VERSION: &[u8] = b"leasehold-audit-1";

/// A row of the audit log, every column of it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditRow {
    /// `aud_…`.
    pub id: String,
    /// Whose log it is in.
    pub vendor_id: String,
    /// The customer's account, where the act was about one.
    pub account_id: Option<String>,
    /// What kind of actor, as [`crate::Actor::as_columns`] has it.
    pub actor_kind: String,
    /// Which one; empty where there is only one.
    pub actor_id: String,
    /// `area.verb`.
    pub act: String,
    /// What was acted on.
    pub object_id: String,
    /// JSON.
    pub before: Option<String>,
    /// JSON.
    pub after: Option<String>,
    /// The request that it belongs to.
    pub request_id: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
    /// When.
    pub occurred_at: UnixMs,
    /// Place in the chain, once sealed.
    pub seq: Option<i64>,
    /// SHA-256 of the row and the chain before it, once sealed.
    pub chain: Option<Vec<u8>>,
}

/// The end of a chain: how many rows, and the hash of the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Rows in the chain.
    pub seq: i64,
    /// Chain of the last of them, 32 bytes.
    pub hash: Vec<u8>,
}

impl Head {
    /// The end of a chain without rows.
    #[must_use]
    pub fn start() -> Self {
        Self { seq: 0, hash: vec![0; 32] }
    }

    /// `HEX@SEQ`, as the command line prints and reads it.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}@{}", data_encoding::HEXLOWER.encode(&self.hash), self.seq)
    }

    /// Reads `HEX@SEQ`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (hash, seq) = text.trim().split_once('@')?;
        let hash = data_encoding::HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).ok().filter(|hash| hash.len() == 32)?;
        Some(Self { seq: seq.parse().ok().filter(|seq| *seq >= 0)?, hash })
    }

    /// The chain with one more row.
    #[must_use]
    pub fn link(&self, row: &AuditRow) -> Self {
        let seq = self.seq.saturating_add(1);
        let mut hash = Sha256::new();
        part(&mut hash, Some(VERSION));
        part(&mut hash, Some(&self.hash));
        part(&mut hash, Some(&seq.to_be_bytes()));
        for text in [&row.id, &row.vendor_id, &row.actor_kind, &row.actor_id, &row.act, &row.object_id] {
            part(&mut hash, Some(text.as_bytes()));
        }
        for text in [&row.account_id, &row.before, &row.after, &row.request_id, &row.address] {
            part(&mut hash, text.as_ref().map(String::as_bytes));
        }
        part(&mut hash, Some(&row.occurred_at.0.to_be_bytes()));
        Self { seq, hash: hash.finalize().to_vec() }
    }
}

/// One value, with its length before it, so that no two rows have the same bytes: `1`, length (8 bytes, big endian) and
/// bytes; `0` for none.
fn part(hash: &mut Sha256, value: Option<&[u8]>) {
    match value {
        None => hash.update([0]),
        Some(bytes) => {
            hash.update([1]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
    }
}

/// Where a chain is broken first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Break {
    /// The row is not as it was sealed, or what was before it is not.
    Changed {
        /// Its place.
        seq: i64,
        /// Its id.
        id: String,
    },
    /// There is no row at this place.
    Missing {
        /// The place.
        seq: i64,
    },
    /// The row was put in: its place is taken, or lies behind the end of the chain.
    Inserted {
        /// Its place.
        seq: i64,
        /// Its id.
        id: String,
    },
    /// The rows fit together, but not with the end that was noted beside them.
    WrongHead,
    /// The chain does not pass through the head that was kept elsewhere: it was cut off, or sealed anew.
    NotAsExpected {
        /// The head that was expected.
        expected: Head,
    },
}

/// Checks a chain row by row, in the order of their places.
#[derive(Debug)]
pub struct Verifier {
    noted: Head,
    reached: Head,
    expected: Option<Head>,
}

impl Verifier {
    /// Begins with the end that is noted in the database, and the head that somebody kept.
    #[must_use]
    pub fn new(noted: Head, expected: Option<Head>) -> Self {
        Self { noted, reached: Head::start(), expected }
    }

    /// The last place that the rows in hand have to reach.
    #[must_use]
    pub fn last_seq(&self) -> i64 {
        self.noted.seq
    }

    /// Takes the next row.
    ///
    /// # Errors
    /// The [`Break`] that it shows; nothing more is to be had from the chain then.
    pub fn take(&mut self, row: &AuditRow) -> Result<(), Break> {
        let (seq, due) = (row.seq.unwrap_or_default(), self.reached.seq + 1);
        if seq > self.noted.seq || seq < due {
            return Err(Break::Inserted { seq, id: row.id.clone() });
        }
        if seq > due {
            return Err(Break::Missing { seq: due });
        }
        let next = self.reached.link(row);
        if row.chain.as_deref() != Some(next.hash.as_slice()) {
            return Err(Break::Changed { seq, id: row.id.clone() });
        }
        if let Some(expected) = self.expected.take_if(|expected| expected.seq == seq)
            && expected != next
        {
            return Err(Break::NotAsExpected { expected });
        }
        self.reached = next;
        Ok(())
    }

    /// After the last row: what the whole comes to.
    ///
    /// # Errors
    /// The [`Break`] that only the end shows.
    pub fn finish(self) -> Result<Head, Break> {
        if self.reached.seq < self.noted.seq {
            return Err(Break::Missing { seq: self.reached.seq + 1 });
        }
        if self.reached != self.noted {
            return Err(Break::WrongHead);
        }
        match self.expected.filter(|expected| *expected != Head::start()) {
            Some(expected) => Err(Break::NotAsExpected { expected }),
            None => Ok(self.reached),
        }
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
