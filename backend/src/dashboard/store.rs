use crate::db::{DbError, Tx, fetch_one};
use crate::ids::VendorId;

/// How far a vendor has come: what a new one does first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Beginnings {
    /// Whether something can be bought.
    pub has_offer: bool,
    /// Whether somebody has ordered something.
    pub has_order: bool,
    /// Whether there is more than one person on the staff, or somebody is invited.
    pub has_colleagues: bool,
}

impl Beginnings {
    /// Whether nothing is left to begin with.
    #[must_use]
    pub fn are_made(&self) -> bool {
        self.has_offer && self.has_order && self.has_colleagues
    }
}

/// How far the vendor has come.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(super) async fn find_beginnings(tx: &mut Tx, vendor_id: &VendorId) -> Result<Beginnings, DbError> {
    fetch_one!(
        tx,
        Beginnings,
        "SELECT EXISTS (SELECT 1 FROM plans WHERE vendor_id = $1 AND published) AS has_offer,
                EXISTS (SELECT 1 FROM orders WHERE vendor_id = $1) AS has_order,
                (SELECT COUNT(*) FROM (SELECT 1 FROM users WHERE vendor_id = $1 AND staff_role IS NOT NULL LIMIT 2) staff) > 1
                OR EXISTS (SELECT 1 FROM invitations WHERE vendor_id = $1 AND account_id IS NULL AND accepted_at IS NULL
                           AND withdrawn_at IS NULL) AS has_colleagues",
        vendor_id
    )
}
