//! Orders: a purchase from the choice to its fulfilment.
//!
//! The order row is committed before Stripe is asked for anything, and the Checkout Session carries its id
//! as reference and metadata, so a crash at any point leaves something that can be completed: without a
//! session the order is only an intention; with one, whoever comes first of webhook, return page and
//! reconciler fulfils it (`fulfil_order.rs`), once, from what Stripe says of the session now.

mod fulfil_order;
mod mail_license_ready;
mod order_progress;
mod place_order;
pub mod rules;
mod show_new_key;
pub(crate) mod store;

use crate::catalog::BillingInterval;
use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, LicenseId, OrderId, PlanId, UserId, VendorId};
use crate::money::{Currency, Money};

pub(crate) use fulfil_order::close;
pub use fulfil_order::{Fulfilment, fulfil_order, fulfil_session};
pub(crate) use mail_license_ready::mail_license_ready;
pub use order_progress::{OrderProgress, order_progress};
pub use place_order::{CheckoutUrls, OrderPlacement, PlaceOrder, Purchase, place_order};
pub use show_new_key::show_new_key;
pub use store::{LatestOrder, find_order, list_latest_orders, list_orders};

text_enum! {
    /// What an order buys.
    OrderKind {
        /// A license that renews by subscription.
        Subscription = "subscription",
        /// A license for ever, with its first year of updates.
        Perpetual = "perpetual",
        /// One more year of updates for a perpetual license.
        Maintenance = "maintenance",
    }
}

text_enum! {
    /// Where an order stands.
    OrderStatus {
        /// Placed; payment may come.
        Open = "open",
        /// Paid and fulfilled.
        Paid = "paid",
        /// Never paid; its session has run out.
        Expired = "expired",
        /// Given up, or its payment failed for good.
        Cancelled = "cancelled",
    }
}

/// A purchase.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// Who buys.
    pub account_id: AccountId,
    /// Who ordered.
    pub user_id: UserId,
    /// Hash of the browser session that ordered: it may see the key without signing in anew.
    pub session_hash: Option<Vec<u8>>,
    /// What it buys.
    pub kind: OrderKind,
    /// Under which plan.
    pub plan_id: PlanId,
    /// The license that it made, or renews.
    pub license_id: Option<LicenseId>,
    /// How often it is charged.
    pub billing_interval: BillingInterval,
    /// Seats.
    pub seats: i64,
    /// Of `amount_minor`.
    pub currency: Currency,
    /// As shown when it was placed, before tax and discounts.
    pub amount_minor: i64,
    /// Where it stands.
    pub status: OrderStatus,
    /// Stripe's Checkout Session.
    pub stripe_session_id: Option<String>,
    /// Where to pay it, while it is open.
    pub checkout_url: Option<String>,
    /// When it was placed.
    pub created_at: UnixMs,
    /// When it was fulfilled.
    pub paid_at: Option<UnixMs>,
}

impl Order {
    /// Its amount as money.
    #[must_use]
    pub fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }

    /// Whether this browser session placed it.
    #[must_use]
    pub fn was_placed_in(&self, session_hash: &[u8]) -> bool {
        self.session_hash.as_deref() == Some(session_hash)
    }
}
