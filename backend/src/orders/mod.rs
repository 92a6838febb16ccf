//! Orders: a purchase from the choice to its fulfilment.
//!
//! The order row is committed before Stripe is asked for anything, and whatever is made there carries its id
//! as metadata, so a crash at any point leaves something that can be completed: until Stripe has made
//! something the order is only an intention; afterwards whoever comes first of webhook, return page and
//! reconciler fulfils it (`fulfil_order.rs`), once, from what Stripe says of it now.
//!
//! By card, that is a Checkout Session. Without one (`make_at_stripe.rs`), a subscription that costs nothing,
//! or, by bank transfer, a subscription or a single invoice that is sent: then the license is there from the
//! order on, pending, and works from the first paid invoice on; an order that is not paid in time is given up
//! (`give_up_order.rs`), what Stripe made for it is taken back (`take_back.rs`), and its license ends.
//!
//! Who pays and who gets the license are one account, unless a partner orders for its client and pays (`parties.rs`).
//! When that ends, the client can go on with the same license at its own expense (`continuing/`).

mod account_order_store;
mod account_orders;
mod agree_vouchers;
pub mod continuing;
pub mod currency;
mod earner;
mod ensure_customer;
mod fulfil_order;
mod give_up_order;
mod grant;
pub mod handlers;
mod look_up_promotion;
mod mail_license_ready;
mod mail_unfinished;
mod make_at_stripe;
mod open_checkout;
mod order_for_client;
mod order_progress;
mod parties;
mod place_order;
pub mod promotion;
mod quote_purchase;
mod record_order;
mod remind_of_transfers;
mod renewal_price;
pub mod rules;
pub mod search;
mod show_new_key;
pub(crate) mod store;
mod take_back;
mod take_code;
pub mod terms;

use crate::catalog::{BillingInterval, PlanVersion};
use crate::clock::UnixMs;
use crate::db::{JsonText, text_enum};
use crate::ids::{AccountId, LicenseId, OrderId, PlanId, RelationId, UserId, VendorId};
use crate::money::{Currency, Money};
use crate::stripe::{CheckoutItem, NewDiscount};

pub use account_orders::{AccountOrder, AccountOrderFilter, find_account_order, list_account_orders};
pub(crate) use ensure_customer::ensure_customer;
pub use fulfil_order::{Fulfilment, fulfil_order, fulfil_session};
pub(crate) use fulfil_order::{fulfil_invoice, fulfil_subscription};
pub use give_up_order::{GivenUp, cancel_order};
pub(crate) use give_up_order::{close, give_up, give_up_ended, give_up_handed_over, give_up_overdue};
pub use look_up_promotion::{AskedCode, CodeAnswer, look_up_promotion};
pub(crate) use mail_license_ready::mail_license_ready;
pub use open_checkout::CheckoutUrls;
pub use order_for_client::{ClientOrdering, OrderForClient, OrderRequest, order_for_client};
pub use order_progress::{OrderProgress, order_progress};
pub use parties::ForClient;
pub use place_order::{OrderPlacement, PlaceOrder, ShownCode, place_order};
pub(crate) use quote_purchase::checkout_items;
pub use quote_purchase::{Purchase, quote_purchase};
pub(crate) use renewal_price::renewal_price;
pub use show_new_key::show_new_key;
pub use store::{UnfinishedOrder, find_order, find_order_by_invoice, list_orders, list_unfinished_orders};

text_enum! {
    /// What an order buys.
    OrderKind {
        /// A license that renews by subscription.
        Subscription = "subscription",
        /// A license for ever, with its first year of updates.
        Perpetual = "perpetual",
        /// More years of updates for a perpetual license.
        Maintenance = "maintenance",
        /// More seats for a perpetual license.
        Seats = "seats",
        /// Licenses that a partner hands out as vouchers.
        Vouchers = "vouchers",
        /// A license that another account has paid for until now, and that renews by a subscription of its own from then on.
        Continuation = "continuation",
    }
}

text_enum! {
    /// How an order is paid.
    Payment {
        /// On Stripe's Checkout page.
        Card = "card",
        /// By bank transfer, against an invoice.
        Transfer = "transfer",
        /// There is nothing to pay.
        None = "none",
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
    /// Who pays.
    pub account_id: AccountId,
    /// Who gets the license, where that is not who pays: a partner ordered for its client, and pays.
    pub licensee_id: Option<AccountId>,
    /// Where a partner ordered for its client, whoever pays: the relation of the two.
    pub relation_id: Option<RelationId>,
    /// Who ordered.
    pub user_id: UserId,
    /// Hash of the browser session that ordered: it may see the key without signing in anew.
    pub session_hash: Option<Vec<u8>>,
    /// What it buys.
    pub kind: OrderKind,
    /// Under which plan.
    pub plan_id: PlanId,
    /// As it was sold then: the plan's version.
    pub plan_version: i64,
    /// The license that it made, or adds to.
    pub license_id: Option<LicenseId>,
    /// How often it is charged; of vouchers, which are paid once, for how long each license runs.
    pub billing_interval: BillingInterval,
    /// Seats: of the license, or to be added to it; or how many vouchers.
    pub seats: i64,
    /// Years of updates to be added; 0 where it buys something else.
    pub years: i64,
    /// Of `amount_minor`.
    pub currency: Currency,
    /// As shown when it was placed, before tax and discounts.
    pub amount_minor: i64,
    /// Where it stands.
    pub status: OrderStatus,
    /// How it is paid.
    pub payment: Payment,
    /// Stripe's prices and quantities, as they were ordered.
    pub items: JsonText<Vec<CheckoutItem>>,
    /// Days that are free before the first payment.
    pub trial_days: i64,
    /// By transfer: days from the invoice to the day by which it has to be paid.
    pub days_until_due: Option<i64>,
    /// Whether Stripe Tax reckons tax on what it is for, as the vendor had it set then.
    pub is_taxed: bool,
    /// The promotion code that it was ordered or paid with.
    pub promotion_code: Option<String>,
    /// Stripe's id of that code, where it was made there.
    pub promotion_code_id: Option<String>,
    /// Stripe's coupon: of the campaign that the code is one of, or of a partner's discount.
    pub stripe_coupon_id: Option<String>,
    /// What a partner's discount takes off each payment, in hundredths of a percent.
    pub discount_bp: Option<i64>,
    /// Who earns by it: the partner that ordered, or whose code was used.
    pub partner_id: Option<AccountId>,
    /// That partner's share of what is paid, as it was agreed then, in hundredths of a percent.
    pub commission_bp: Option<i64>,
    /// Stripe's Checkout Session, by card.
    pub stripe_session_id: Option<String>,
    /// Stripe's subscription, where it was made without Checkout.
    pub stripe_subscription_id: Option<String>,
    /// Stripe's invoice that a transfer pays.
    pub stripe_invoice_id: Option<String>,
    /// Where to pay it, while it is open.
    pub checkout_url: Option<String>,
    /// When it was placed.
    pub created_at: UnixMs,
    /// When it was fulfilled.
    pub paid_at: Option<UnixMs>,
}

impl OrderKind {
    /// Whether it adds to a license that is there without it, rather than making one.
    #[must_use]
    pub fn adds(self) -> bool {
        matches!(self, Self::Maintenance | Self::Seats | Self::Continuation)
    }
}

impl Order {
    /// Who gets the license.
    #[must_use]
    pub fn licensee(&self) -> &AccountId {
        self.licensee_id.as_ref().unwrap_or(&self.account_id)
    }

    /// Whether a partner ordered it and its client is to pay.
    #[must_use]
    pub fn is_for_client_to_pay(&self) -> bool {
        self.relation_id.is_some() && self.licensee_id.is_none()
    }

    /// The plan as it was ordered.
    #[must_use]
    pub fn sold_as(&self) -> PlanVersion {
        PlanVersion { plan_id: self.plan_id.clone(), version: self.plan_version }
    }

    /// Its amount as money.
    #[must_use]
    pub fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }

    /// The discount that Stripe is asked for.
    #[must_use]
    pub fn discount(&self) -> Option<NewDiscount> {
        let coupon = self.stripe_coupon_id.clone().map(NewDiscount::Coupon);
        coupon.or_else(|| self.promotion_code_id.clone().map(NewDiscount::PromotionCode))
    }

    /// Whether this browser session placed it.
    #[must_use]
    pub fn was_placed_in(&self, session_hash: &[u8]) -> bool {
        self.session_hash.as_deref() == Some(session_hash)
    }
}
