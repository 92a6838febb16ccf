//! The card that renewals are charged to: what is known of it, and giving another.
//!
//! A change is written down before Stripe's page opens and carries its id to Stripe and back. The return page,
//! the webhook's worker and the reconciler then finish it by one function, whichever comes first, and only once:
//! a late event of an older change never puts an older card back.

mod finish_card_update;
pub mod rules;
mod start_card_update;
pub(super) mod store;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, CardUpdateId, LicenseId, UserId, VendorId};
use crate::stripe::StripeCard;

pub use finish_card_update::{CardUpdateProgress, finish_card_session, finish_card_update, sweep_card_updates};
pub use start_card_update::{CardUpdateStart, CardUpdateUrls, StartCardUpdate, start_card_update};

/// A card as far as people recognise it by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Stripe's payment method.
    pub payment_method_id: String,
    /// For example `visa`.
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// The last month in which it can be charged, 1–12.
    pub exp_month: i64,
    /// The year of that month.
    pub exp_year: i64,
}

impl From<StripeCard> for Card {
    fn from(card: StripeCard) -> Self {
        let StripeCard { payment_method_id, brand, last4, exp_month, exp_year } = card;
        Self { payment_method_id, brand, last4, exp_month, exp_year }
    }
}

text_enum! {
    /// What giving another card came to.
    CardOutcome {
        /// It is charged from now on.
        Saved = "saved",
        /// It is charged from now on, and has paid what was open.
        Paid = "paid",
        /// It is charged from now on, but the bank refused to pay with it what is open.
        Declined = "declined",
        /// It is charged from now on; the bank wants its holder to confirm the payment of what is open.
        Unconfirmed = "unconfirmed",
    }
}

/// A card that is being changed, or was.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CardUpdate {
    /// Its id.
    pub id: CardUpdateId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// Who pays.
    pub account_id: AccountId,
    /// The license from whose page it was begun.
    pub license_id: LicenseId,
    /// Who began it.
    pub user_id: UserId,
    /// For every subscription of the account.
    pub for_all: bool,
    /// Stripe's page.
    pub stripe_session_id: Option<String>,
    /// What it came to; `None` until it is finished.
    pub outcome: Option<CardOutcome>,
    /// Where a payment can be confirmed, or made with yet another card.
    pub payment_url: Option<String>,
    /// When it was begun.
    pub created_at: UnixMs,
}
