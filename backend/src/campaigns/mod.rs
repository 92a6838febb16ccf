//! Campaigns: what is taken off, for whom and how often, and the codes by which customers ask for it.
//!
//! A campaign holds the economics, and they never change: at Stripe it is one coupon under the campaign's id, made when
//! the first order needs it (`make_coupon.rs`), without limits of its own. Its codes, one with a name or thousands that are
//! drawn, exist only here, and so do all limits.
//!
//! **Redemptions are never more than the limits**, at any instant. An order with a code takes its redemption in its own
//! transaction, under the lock of the campaign's row (`reserve_redemption.rs`): what is reserved and what is redeemed count
//! alike. Payment makes it redeemed; an order that is given up releases it (`settle_redemption.rs`), which happens only
//! once Stripe takes no payment for it any more. An account has one open order with a campaign at a time, so nobody holds
//! all of it with pages that are never paid: what it left on a payment page is given up for its next order, so nobody is
//! kept out by an order of their own that they did not finish either; one that waits for its transfer has to be paid or
//! given up first.
//!
//! A campaign may be a partner's ([`owned`]): then the partner looks after its codes and sees what they sold, and its own
//! account orders nothing with them. What they take off, and all limits, stay the vendor's to say.
//!
//! Codes that somebody made at Stripe itself go on working and are none of this: Stripe alone knows and keeps their
//! limits (`orders/look_up_promotion.rs`). Where both have a code of the same name, ours is meant.

mod add_codes;
mod create_campaign;
mod csv;
mod export_codes;
mod keeper;
mod look_up_code;
mod make_coupon;
pub mod owned;
mod pause_campaign;
mod pause_code;
mod reserve_redemption;
pub mod rules;
mod settle_redemption;
mod statistics;
mod store;
mod update_campaign;

use crate::clock::UnixMs;
use crate::db::{JsonText, text_enum};
use crate::ids::{AccountId, CampaignId, OrderId, PlanId, PromotionCodeId, UserId, VendorId};
use crate::money::{Currency, Money};
use crate::orders::Payment;
use crate::stripe::{AmountOff, CouponDuration};

pub use add_codes::{CodesAdded, CodesWanted, MOST_AT_ONCE, add_codes};
pub use create_campaign::{CampaignCreation, NewCampaign, create_campaign};
pub use export_codes::export_codes;
pub(crate) use look_up_code::look_up_code;
pub(crate) use make_coupon::make_coupon;
pub(crate) use pause_campaign::pause_owned;
pub use pause_campaign::{end_campaign, pause_campaign, resume_campaign};
pub use pause_code::{pause_code, resume_code};
pub(crate) use reserve_redemption::{Reservation, Wanted, record_reservation, reserve_redemption};
pub(crate) use settle_redemption::{redeem, release};
pub use statistics::{Takings, list_takings};
pub use store::{find_campaign, find_campaign_with_counts, list_campaigns, list_codes};
pub use update_campaign::{CampaignChanges, CampaignUpdate, update_campaign};

text_enum! {
    /// For how long a campaign goes on taking something off.
    Duration {
        /// The first payment only.
        Once = "once",
        /// Every payment within some months.
        Repeating = "repeating",
        /// Every payment.
        Forever = "forever",
    }
}

text_enum! {
    /// What became of a redemption.
    RedemptionState {
        /// Its order waits to be paid.
        Reserved = "reserved",
        /// Its order was paid.
        Redeemed = "redeemed",
        /// Its order was given up; it counts no more.
        Released = "released",
    }
}

/// What is taken off, for whom, and how often.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Campaign {
    /// Its id; at Stripe its coupon has the same.
    pub id: CampaignId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// The partner whose campaign it is; the vendor's own without.
    pub owner_account_id: Option<AccountId>,
    /// What it is called; customers see it on Stripe's page.
    pub name: String,
    /// Hundredths of a percent that it takes off: 2000 is 20 %.
    pub percent_bp: Option<i64>,
    /// Or a sum, in minor units of `currency`.
    pub amount_minor: Option<i64>,
    /// Of `amount_minor`.
    pub currency: Option<Currency>,
    /// For how long.
    pub duration: Duration,
    /// How many months, where it repeats.
    pub duration_months: Option<i64>,
    /// The plans that it is for; all where empty.
    pub plan_ids: JsonText<Vec<PlanId>>,
    /// Stripe's products of these plans when it was made, to which the coupon is bound; all where empty.
    pub product_ids: JsonText<Vec<String>>,
    /// The least that an order comes to, before tax and discounts, in minor units of `minimum_currency`.
    pub minimum_minor: Option<i64>,
    /// Of `minimum_minor`.
    pub minimum_currency: Option<Currency>,
    /// Only for accounts that have never paid anything.
    pub first_purchase_only: bool,
    /// How often it can be redeemed in all.
    pub max_redemptions: Option<i64>,
    /// How often one account can redeem it.
    pub max_per_account: Option<i64>,
    /// From when on.
    pub starts_at: UnixMs,
    /// First moment at which it is over.
    pub ends_at: Option<UnixMs>,
    /// Since when it rests.
    pub paused_at: Option<UnixMs>,
    /// Stripe's coupon, once it was made.
    pub stripe_coupon_id: Option<String>,
    /// Who made it; the operator without.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: UnixMs,
}

impl Campaign {
    /// What it takes off.
    #[must_use]
    pub fn amount_off(&self) -> AmountOff {
        match (self.percent_bp, self.amount_minor, self.currency) {
            (None, Some(amount_minor), Some(currency)) => AmountOff::Sum { amount_minor, currency },
            // The database has one of the two.
            (bp, ..) => AmountOff::Share(bp.unwrap_or(0) * rules::MILLIONTHS_IN_A_BP),
        }
    }

    /// For how long.
    #[must_use]
    pub fn lasts(&self) -> CouponDuration {
        match self.duration {
            Duration::Once => CouponDuration::Once,
            Duration::Repeating => CouponDuration::Months(self.duration_months.unwrap_or(1)),
            Duration::Forever => CouponDuration::Forever,
        }
    }

    /// The least that an order comes to.
    #[must_use]
    pub fn minimum(&self) -> Option<Money> {
        self.minimum_minor.zip(self.minimum_currency).map(|(minor, currency)| Money::new(minor, currency))
    }
}

/// A code by which customers ask for a campaign.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PromotionCode {
    /// Its id.
    pub id: PromotionCodeId,
    /// The campaign.
    pub campaign_id: CampaignId,
    /// As its maker wrote it; case does not matter.
    pub code: String,
    /// How often it can be redeemed; as often as the campaign without.
    pub max_redemptions: Option<i64>,
    /// Since when it rests.
    pub paused_at: Option<UnixMs>,
    /// Whether the partner whose campaign it is let it rest, and not the vendor's staff.
    pub paused_by_owner: bool,
    /// When it was made.
    pub created_at: UnixMs,
    /// How often it is redeemed.
    pub redeemed: i64,
    /// How often it is reserved by orders that wait to be paid.
    pub reserved: i64,
}

/// A campaign in a list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ListedCampaign {
    /// The campaign.
    #[sqlx(flatten)]
    pub campaign: Campaign,
    /// What the partner is called whose campaign it is.
    pub owner_company: Option<String>,
    /// How often it is redeemed.
    pub redeemed: i64,
    /// How often it is reserved by orders that wait to be paid.
    pub reserved: i64,
    /// How many codes it has.
    pub codes: i64,
}

/// Whose campaigns a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    #[default]
    All,
    /// The vendor's own.
    Vendors,
    /// Those of this partner.
    Partners(AccountId),
}

impl Whose {
    /// The word for the vendor's own, which is no account's id.
    const VENDORS: &'static str = "vendor";

    /// What an address asks for.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word.trim() {
            "" => Self::All,
            Self::VENDORS => Self::Vendors,
            id => Self::Partners(AccountId::from_untrusted(id)),
        }
    }

    /// The same in an address; nothing asks for everybody's.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "",
            Self::Vendors => Self::VENDORS,
            Self::Partners(id) => id.as_str(),
        }
    }
}

/// Redemptions that count against the limits: those that are redeemed and those that are reserved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Taken {
    /// Of the campaign.
    pub of_campaign: i64,
    /// Of the code.
    pub of_code: i64,
    /// Of the campaign by the account that asks.
    pub by_account: i64,
}

/// What one act on a campaign or a code came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignAct {
    /// It is done.
    Done,
    /// It was so already.
    Unchanged,
    /// No such campaign or code of the vendor.
    NotFound,
    /// The one who acts may not.
    NotAllowed,
    /// The campaign is one of a partner that is none any more, so it rests.
    OwnerGone,
}

/// An open order of an account that holds a redemption.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Holding {
    /// The order.
    pub(crate) order_id: OrderId,
    /// The code that it has.
    pub(crate) code_id: PromotionCodeId,
    /// How it is to be paid.
    pub(crate) payment: Payment,
    /// When it was placed.
    pub(crate) placed_at: UnixMs,
}

impl Holding {
    /// Whether it waits on a payment page, so that the account's next order may take its place.
    pub(crate) fn is_replaceable(&self) -> bool {
        self.payment == Payment::Card
    }
}
