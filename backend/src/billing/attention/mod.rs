//! What an account has to act on, wherever in the portal it is: payments that failed, cards that end before they
//! are charged again, updates that end.

mod store;

use super::cards::{Card, rules as card_rules};
use super::dunning::{self, Owed, rules as dunning_rules};
use super::maintenance::rules as maintenance_rules;
use crate::clock::UnixMs;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId, VendorId};
use crate::licenses::rules::REASON_PAST_DUE;
use crate::text::en::overview;

/// Most of each kind: who has more than that to act on reads the lists.
const MOST: i64 = 3;

/// Something to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attention {
    /// A renewal is unpaid.
    PaymentFailed {
        /// Of this license.
        license_id: LicenseId,
        /// What people call it.
        license_name: String,
        /// What is open, where it is known already.
        owed: Option<Owed>,
        /// Until when everything works.
        works_until: Option<UnixMs>,
        /// The grace is over.
        is_suspended: bool,
        /// Whether the license is the account's own, not one of a client for whom it pays.
        is_own: bool,
    },
    /// A card ends, or has ended, and would be charged after that.
    CardEnds {
        /// A license that is paid with it.
        license_id: LicenseId,
        /// The card.
        card: Card,
        /// First moment after its last month.
        ends_at: UnixMs,
        /// The next charge.
        charged_at: UnixMs,
    },
    /// Updates of a perpetual license end.
    UpdatesEnd {
        /// The license.
        license_id: LicenseId,
        /// What people call it.
        license_name: String,
        /// When.
        until: UnixMs,
    },
}

/// What the account has to act on at `now`, the worst first.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_attention(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    now: UnixMs,
) -> Result<Vec<Attention>, DbError> {
    let mut found = Vec::new();
    for row in store::list_behind(tx, vendor_id, account_id, MOST).await? {
        let is_suspended = dunning_rules::is_suspended(row.status, &row.status_reason);
        found.push(Attention::PaymentFailed {
            owed: dunning::store::find_owed(tx, vendor_id, &row.license_id).await?,
            license_name: overview::license_name(&row.license_name, &row.product_name, &row.plan_name),
            license_id: row.license_id,
            works_until: row.ends_at.filter(|_| row.status_reason == REASON_PAST_DUE),
            is_suspended,
            is_own: row.licensee_id == *account_id,
        });
    }
    let until = now.plus(card_rules::CARD_NOTICE_MS + 1);
    for row in store::list_ending_cards(tx, vendor_id, account_id, until, MOST).await? {
        let is_told = found.iter().any(|it| {
            matches!(it, Attention::CardEnds { card, .. } if card.payment_method_id == row.card.0.payment_method_id)
        });
        if !is_told {
            let (license_id, card) = (row.license_id, row.card.0);
            found.push(Attention::CardEnds { license_id, card, ends_at: row.card_ends_at, charged_at: row.period_end });
        }
    }
    let until = now.plus(maintenance_rules::NOTICE_MS);
    for row in store::list_ending_updates(tx, vendor_id, account_id, now, until, MOST).await? {
        found.push(Attention::UpdatesEnd {
            license_name: overview::license_name(&row.license_name, &row.product_name, &row.plan_name),
            license_id: row.license_id,
            until: row.updates_until,
        });
    }
    Ok(found)
}
