//! What travels of orders, and of a partner's clients.

use std::collections::BTreeMap;

use backend::catalog::BillingInterval;
use backend::clock::UnixMs;
use backend::ids::AccountId;
use backend::orders::{AccountOrder, OrderKind, OrderStatus, Payment};
use backend::partners::ListedClient;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::wire::{LicensedPlan, Named};

/// An order.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OrderResponse {
    /// Its id.
    pub id: String,
    /// Where it stands: `expired` and `cancelled` are never paid any more.
    #[schemars(extend("enum" = OrderStatus::ALL))]
    pub status: String,
    /// What it buys.
    #[schemars(extend("enum" = OrderKind::ALL))]
    pub kind: String,
    /// Who pays.
    pub account_id: String,
    /// The client for whom the token's account has ordered it, while their relation lasts; otherwise null.
    pub client_id: Option<String>,
    /// Who gets the license; null where the token's account may not see that any more.
    pub licensee_id: Option<String>,
    /// The license that it made or adds to; null before, and where the token's account may not see it any more.
    pub license_id: Option<String>,
    /// Of what.
    pub product: Named,
    /// Under which plan.
    pub plan: LicensedPlan,
    /// How often it is charged; of vouchers, how long each license runs.
    #[schemars(extend("enum" = BillingInterval::ALL))]
    pub interval: String,
    /// Seats, of the license or to be added to it; or how many vouchers.
    pub seats: i64,
    /// Years of updates; 0 where it buys something else.
    pub years: i64,
    /// ISO 4217 code in lower case.
    pub currency: String,
    /// The price when it was placed, for each interval or once: without tax, before discounts.
    pub amount_minor: i64,
    /// What a partner's discount takes off, in hundredths of a percent; null where there is none.
    pub discount_bp: Option<i64>,
    /// The promotion code that it was ordered with.
    pub promotion_code: Option<String>,
    /// Days that are free before the first payment.
    pub trial_days: i64,
    /// How it is paid.
    #[schemars(extend("enum" = Payment::ALL))]
    pub payment: String,
    /// Where to pay it by card, while it is open and the token's account is who pays; otherwise null, as for the moment in
    /// which the page is being made.
    pub payment_url: Option<String>,
    /// By transfer: days from the invoice to the day by which it has to be paid.
    pub days_until_due: Option<i64>,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
}

impl OrderResponse {
    /// An order as this account sees it.
    #[must_use]
    pub fn of(listed: &AccountOrder, account_id: &AccountId) -> Self {
        let order = &listed.order;
        let shows_licensee = listed.shows_licensee_to(account_id);
        let may_pay = order.status == OrderStatus::Open && listed.is_paid_by(account_id);
        Self {
            id: order.id.to_string(),
            status: order.status.as_str().to_owned(),
            kind: order.kind.as_str().to_owned(),
            account_id: order.account_id.to_string(),
            client_id: listed.relation_of(account_id).map(ToString::to_string),
            licensee_id: shows_licensee.then(|| order.licensee().to_string()),
            license_id: order.license_id.as_ref().filter(|_| shows_licensee).map(ToString::to_string),
            product: Named { code: listed.product_code.clone(), name: listed.product_name.clone() },
            plan: LicensedPlan {
                code: listed.plan_code.clone(),
                name: listed.plan_name.clone(),
                version: order.plan_version,
            },
            interval: order.billing_interval.as_str().to_owned(),
            seats: order.seats,
            years: order.years,
            currency: order.currency.as_str().to_owned(),
            amount_minor: order.amount_minor,
            discount_bp: order.discount_bp,
            promotion_code: order.promotion_code.clone(),
            trial_days: order.trial_days,
            payment: order.payment.as_str().to_owned(),
            payment_url: order.checkout_url.clone().filter(|_| may_pay),
            days_until_due: order.days_until_due,
            created_at: order.created_at.timestamp(),
            paid_at: order.paid_at.map(UnixMs::timestamp),
        }
    }
}

/// What a partner orders for a client. Its discount is taken off by itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct PlaceOrderRequest {
    /// For which client, by its id in the list of clients.
    #[schemars(length(min = 1, max = 200))]
    pub client_id: String,
    /// Code of the plan, as in the address of its order form.
    #[schemars(length(min = 1, max = 200))]
    pub plan: String,
    /// Code of the product; needed where several products have a plan of this code.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    pub product: Option<String>,
    /// How often it is charged.
    #[schemars(extend("enum" = BillingInterval::ALL))]
    pub interval: String,
    /// Seats.
    #[schemars(range(min = 1))]
    pub seats: i64,
    /// ISO 4217 code.
    #[schemars(regex(pattern = "^[A-Za-z]{3}$"))]
    pub currency: String,
    /// Codes of add-ons.
    #[serde(default)]
    pub addons: Vec<String>,
    /// How many packs of which limit.
    #[serde(default)]
    pub packs: BTreeMap<String, i64>,
    /// Who pays: the client is asked to by mail.
    #[schemars(extend("enum" = ["partner", "client"]))]
    pub payer: String,
    /// How it is paid: `none` for what costs nothing; by card where it is left out.
    #[serde(default)]
    #[schemars(extend("enum" = ["card", "transfer", "none", null]))]
    pub payment: Option<String>,
    /// The price that is expected, without tax, before discounts: anything that costs something else is refused. At today's
    /// price where it is left out.
    #[serde(default)]
    pub agreed_minor: Option<i64>,
}

/// What came of ordering.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PlacedOrderResponse {
    /// Whether it is new; false where the same request placed it before.
    pub created: bool,
    /// The order as it is now.
    pub order: OrderResponse,
}

/// What came of cancelling.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CancelledOrderResponse {
    /// Whether it is cancelled by this call; false where it was over before, or its money is on the way.
    pub changed: bool,
    /// The order as it is now.
    pub order: OrderResponse,
}

/// A client of a partner's.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClientResponse {
    /// By which it is named when something is ordered for it.
    pub id: String,
    /// Whether it has accepted; nothing can be ordered before.
    #[schemars(extend("enum" = ["invited", "active"]))]
    pub status: String,
    /// What it calls itself; before it has accepted, what the partner calls it.
    pub company: String,
    /// Where the invitation went.
    pub email: String,
    /// How many of its licenses work now; 0 before it has accepted.
    pub licenses: i64,
    /// When it was invited.
    pub created_at: Timestamp,
}

impl From<ListedClient> for ClientResponse {
    fn from(client: ListedClient) -> Self {
        Self {
            id: client.id.to_string(),
            status: client.status.as_str().to_owned(),
            company: client.company,
            email: client.email,
            licenses: client.licenses,
            created_at: client.created_at.timestamp(),
        }
    }
}
