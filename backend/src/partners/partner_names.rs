//! Whom the vendor's staff choose from where something is about a partner.

use super::store;
use crate::accounts::{StaffAct, staff_may_act};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;

/// As many as a list offers to choose from.
const MOST: i64 = 1_000;

/// A partner, or a former one, by its name.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PartnerName {
    /// The account.
    pub account_id: AccountId,
    /// What it is called.
    pub company: String,
    /// When it ceased to be a partner.
    pub ended_at: Option<UnixMs>,
}

/// The partners that there are or were, by name; none for whoever may not see them.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_partner_names(tx: &mut Tx, cx: &Cx) -> Result<Vec<PartnerName>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(Vec::new());
    }
    store::list_partner_names(tx, &cx.vendor_id, MOST).await
}
