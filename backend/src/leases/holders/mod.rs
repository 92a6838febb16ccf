//! Who holds the seats of a license, a page at a time, and how many they are.

mod store;

use sdk::wire::{Holder, Identity};

use super::Instance;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx};
use crate::ids::{LicenseId, VendorId};
use crate::listing::TimePlace;

/// Holders on a page: with more an answer to everybody who finds no seat would grow with the cluster.
const PAGE: usize = 100;

/// Holders of seats, longest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holders {
    /// At most a hundred of them.
    pub listed: Vec<Holder>,
    /// How many there are in all. Whoever was deleted, and whose seat waits for the end of a lease, is not among them:
    /// there is nobody to free it from.
    pub total: i64,
    /// Where the next page begins; `None` on the last.
    pub next: Option<TimePlace>,
}

impl Holders {
    /// Of `found`, one more of which was asked for than stands on a page.
    fn page(mut found: Vec<Instance>, total: i64) -> Self {
        let has_more = found.len() > PAGE;
        found.truncate(PAGE);
        let next = found.last().filter(|_| has_more).map(|last| TimePlace::new(last.held_since, last.id.as_str()));
        Self { listed: found.iter().map(Instance::as_holder).collect(), total, next }
    }

    /// How many are not on this page; 0 where all are.
    #[must_use]
    pub fn unlisted(&self) -> i64 {
        self.total.saturating_sub(i64::try_from(self.listed.len()).unwrap_or(i64::MAX)).max(0)
    }

    /// The same with other identities.
    pub(super) fn with_identities(mut self, change: impl Fn(Identity) -> Identity) -> Self {
        self.listed = self.listed.into_iter().map(|it| Holder { identity: change(it.identity), ..it }).collect();
        self
    }
}

/// Who holds seats of a license at `now`, from the place on where the page before ended.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_holders(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    now: UnixMs,
    after: Option<&TimePlace>,
) -> Result<Holders, DbError> {
    let found = store::list_holders(tx, vendor_id, license_id, now, after, limit()).await?;
    let total = store::count_holders(tx, vendor_id, license_id, now).await?;
    Ok(Holders::page(found, total))
}

/// The devices on which a user is active at `now`, of which only the first page can be had.
pub(super) async fn list_devices(
    tx: &mut Tx,
    vendor_id: &VendorId,
    license_id: &LicenseId,
    user: &str,
    now: UnixMs,
) -> Result<Holders, DbError> {
    let found = store::list_devices(tx, vendor_id, license_id, user, now, limit()).await?;
    let total = store::count_devices(tx, vendor_id, license_id, user, now).await?;
    Ok(Holders { next: None, ..Holders::page(found, total) })
}

/// One more than a page, which tells whether there is another.
fn limit() -> i64 {
    i64::try_from(PAGE).unwrap_or(i64::MAX).saturating_add(1)
}
