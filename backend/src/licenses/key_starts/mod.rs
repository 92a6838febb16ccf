//! How a license key lies in the database, and how it is found by the group that a customer reads out first.
//!
//! The first group is kept as a keyed hash, like the whole key: without the master key nobody learns from the database how a
//! key begins, and none of its bits is shown anywhere.

mod store;

use sdk::license_key::LicenseKey;

use super::reveal_key::opened;
use crate::cx::{Cx, Entropy};
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::keys::{MasterKey, Purpose};

/// In place of a hash where what is sealed is damaged; no hash is a single byte.
const UNKNOWN: &[u8] = &[0];

/// A license key as the database has it.
pub(super) struct StoredKey {
    /// The keyed hash by which it is found.
    pub(super) hash: Vec<u8>,
    /// The keyed hash of its first group.
    pub(super) start: Vec<u8>,
    /// The key, sealed.
    pub(super) sealed: Vec<u8>,
}

impl StoredKey {
    /// The key of this license.
    pub(super) fn of(master: &MasterKey, license_id: &LicenseId, key: &LicenseKey, entropy: &Entropy) -> Self {
        Self {
            hash: master.license_key_hash(key),
            start: master.license_key_start_hash(key.first_group()),
            sealed: master.seal(Purpose::LicenseKey, license_id.as_str(), key.expose().as_bytes(), entropy),
        }
    }
}

/// Whether the acting vendor has keys whose first group is not noted. It is asked before anything is written: mostly there are
/// none, and on SQLite writers wait for each other.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn lacks_key_starts(tx: &mut Tx, cx: &Cx) -> Result<bool, DbError> {
    Ok(!store::list_without_start(tx, &cx.vendor_id, 1).await?.is_empty())
}

/// Notes the first groups of at most `limit` of the acting vendor's keys of which none is noted yet: those from before it was
/// done, and those whose note was taken away. Answers how many it has noted; what is sealed with a master key that this node
/// does not have is left to a node that has it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn fill_key_starts(tx: &mut Tx, cx: &Cx, master: &MasterKey, limit: i64) -> Result<usize, DbError> {
    let rows = store::list_without_start(tx, &cx.vendor_id, limit).await?;
    let mut noted = 0;
    for (id, sealed) in &rows {
        let start = match opened(master, id, sealed) {
            Some(key) => master.license_key_start_hash(key.first_group()),
            None if master.may_lack_key_of(sealed) => continue,
            None => UNKNOWN.to_vec(),
        };
        store::fill_start(tx, &cx.vendor_id, id, &start).await?;
        noted += 1;
    }
    Ok(noted)
}
