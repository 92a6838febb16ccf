//! Billing: subscriptions and what Stripe says of them.
//!
//! Stripe is the truth about money, our license rows are the truth about rights, and this area carries the
//! one over to the other. An event is a hint: it is stored raw (`inbox/`), then whatever it names is
//! fetched again and projected (`project_event.rs`, `project_subscription.rs`). Events that never arrive
//! are found by the reconciler (`reconcile.rs`). Changes asked for in the portal go to Stripe first and
//! are then projected like everything else.
//!
//! Use cases here talk to Stripe, so they are given a [`Commerce`] instead of a transaction, and make short
//! transactions of their own; none is open during a call.

pub mod attention;
mod cancel_subscription;
mod card_changes;
pub mod cards;
mod change_subscription;
pub mod conversion;
pub mod dunning;
pub mod earnings;
mod end_subscription;
mod error;
mod event_types;
mod extend_license;
mod fetch_missed_events;
pub mod handlers;
pub mod inbox;
pub mod maintenance;
mod move_to_version;
mod payer;
mod plan_again;
mod prepare_change;
mod preview_change;
mod project_event;
mod project_subscription;
mod reconcile;
mod remind;
pub mod rules;
mod stop_renewal;
pub(crate) mod store;
mod sync_customer;
mod takeover;
pub mod unpaid_changes;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalog::{BillingInterval, Composition};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{Db, JsonText};
use crate::ids::{AccountId, LicenseId, PlanId, SubscriptionId, VendorId};
use crate::keys::MasterKey;
use crate::money::{Currency, Money};
use crate::stripe::{Stripe, StripeAccounts, SubscriptionState};

pub use cancel_subscription::{CancelReason, Cancellation, Resumption, cancel_subscription, resume_subscription};
pub use change_subscription::{Agreed, Change, change_subscription};
pub use end_subscription::{SubscriptionEnd, end_subscription};
pub use error::CommerceError;
pub use event_types::EVENT_TYPES;
pub use extend_license::{Extension, extend_license};
pub use inbox::{EventReplay, Receipt, list_failed_events, receive_event, replay_event};
pub use move_to_version::{MoveRefusal, VersionMove, move_to_version, preview_move};
pub use payer::{may_change_payment, payer, payer_of};
pub use prepare_change::{ChangeRefusal, ChangeRequest};
pub use preview_change::{ChangePreview, ChargeNow, PlannedForLater, preview_change};
pub use project_event::{Projected, project_event};
pub use project_subscription::{Projection, project_subscription};
pub use reconcile::{Reconciled, reconcile};
pub use remind::{REMIND_EVERY_MS, Reminded, remind};
pub(crate) use stop_renewal::stop_renewal;
pub use store::{find_currency_of_account, find_subscription_of_license, list_subscriptions_of_licenses};
pub use sync_customer::update_billing_details;
pub(crate) use sync_customer::{customer_details, note_vat_id, refresh_vat_id_of, sync_customer};
pub use takeover::list_continued_licenses;
pub(crate) use takeover::{TakeOver, is_being_changed, is_outdated, take_over};

/// What commerce use cases work with: they talk to Stripe between their transactions.
#[derive(Clone)]
pub struct Commerce {
    /// The database.
    pub db: Db,
    /// Seals license keys and jobs.
    pub master: MasterKey,
    /// The vendors' accounts at Stripe.
    pub stripe: StripeAccounts,
}

impl Commerce {
    /// The acting vendor's account at Stripe.
    ///
    /// # Errors
    /// [`CommerceError::NoStripeAccount`].
    pub fn stripe(&self, cx: &Cx) -> Result<&Stripe, CommerceError> {
        self.stripe.of(&cx.vendor_id).ok_or(CommerceError::NoStripeAccount)
    }
}

/// A subscription as we project it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// Who pays.
    pub account_id: AccountId,
    /// What it pays for.
    pub license_id: LicenseId,
    /// Stripe's id.
    pub stripe_subscription_id: String,
    /// Where it stands.
    pub stripe_status: SubscriptionState,
    /// The plan that is paid.
    pub plan_id: PlanId,
    /// How often.
    pub billing_interval: BillingInterval,
    /// Seats that are paid.
    pub seats: i64,
    /// Of its amounts.
    pub currency: Currency,
    /// Codes of the add-ons that are paid.
    pub addons: JsonText<BTreeSet<String>>,
    /// How many packs of which limit are paid.
    pub packs: JsonText<BTreeMap<String, i64>>,
    /// What each interval costs, before tax and discounts.
    pub recurring_minor: i64,
    /// The period that is paid.
    pub period_start: UnixMs,
    /// Its end: the next charge, or the end when it is cancelled.
    pub period_end: UnixMs,
    /// Ends with the period.
    pub cancel_at_period_end: bool,
    /// Since when a renewal is unpaid.
    pub past_due_since: Option<UnixMs>,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// The change that is planned for the period's end.
    pub scheduled: Option<JsonText<ScheduledChange>>,
    /// The card that it charges.
    pub card: Option<JsonText<cards::Card>>,
    /// First moment after the card's last month.
    pub card_ends_at: Option<UnixMs>,
    /// The first charge of one that continues what somebody else has paid for until then; `None` for any other.
    pub begins_at: Option<UnixMs>,
    /// Until when a card may be charged for a change, while one is being made; see `card_changes/`.
    pub changing_until: Option<UnixMs>,
    /// Why it was cancelled, while it is: a code of [`crate::text::en::changes::REASONS`].
    pub cancel_reason: Option<String>,
    /// The same in the customer's own words.
    pub cancel_comment: Option<String>,
    /// When it was last brought up to date.
    pub updated_at: UnixMs,
    /// Rises with every write; see `project_subscription.rs`.
    pub lock_no: i64,
}

impl Subscription {
    /// What each interval costs, before tax and discounts.
    #[must_use]
    pub fn recurring(&self) -> Money {
        Money::new(self.recurring_minor, self.currency)
    }

    /// What of the plan is paid.
    #[must_use]
    pub fn composition(&self) -> Composition {
        let plan_id = self.plan_id.clone();
        Composition::new(plan_id, self.billing_interval, self.seats, self.currency)
            .with_addons(self.addons.0.clone())
            .with_packs(self.packs.0.clone())
    }
}

/// A change that a schedule will make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledChange {
    /// Stripe's schedule.
    pub schedule_id: String,
    /// When.
    pub at: UnixMs,
    /// What is paid from then on.
    #[serde(flatten)]
    pub to: Composition,
    /// What each interval costs then, before tax and discounts.
    pub recurring_minor: i64,
}
