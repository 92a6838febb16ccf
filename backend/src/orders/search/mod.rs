//! The vendor's list of orders, filtered by what its address says, paged by key.

mod export_orders;
mod store;

use super::{OrderKind, OrderStatus, Payment};
use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, CampaignId, LicenseId, OrderId};
use crate::listing::{Days, TimePlace, asked, told};
use crate::money::Currency;

pub use export_orders::export_orders;
pub use store::{CampaignOrders, PartnerSales, count_orders, list_campaign_orders, search_orders, sum_partner_sales};

text_enum! {
    /// How a partner has sold what an order buys.
    SoldBy {
        /// It ordered for its client.
        ForClient = "client",
        /// Somebody ordered with a code of a campaign of its own.
        WithCode = "code",
    }
}

/// Which orders a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Where they stand.
    pub status: Option<OrderStatus>,
    /// How they are paid.
    pub payment: Option<Payment>,
    /// What they buy.
    pub kind: Option<OrderKind>,
    /// The days on which they were placed.
    pub days: Days,
    /// Id of the campaign whose code they were placed with; empty for all.
    pub campaign: String,
    /// Id of the partner that sold them; empty for all.
    pub partner: String,
    /// How a partner sold them.
    pub sold: Option<SoldBy>,
    /// In which currency they are.
    pub currency: Option<Currency>,
    /// Id of the account that pays, or words in its company; empty for all.
    pub customer: String,
}

impl OrderFilter {
    /// The filter that an address asks for; `value` is the value of a name in it. Whatever it does not know asks for
    /// nothing.
    #[must_use]
    pub fn of_address(value: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| asked(value(name));
        Self {
            status: OrderStatus::parse(&value("status")),
            payment: Payment::parse(&value("payment")),
            kind: OrderKind::parse(&value("kind")),
            days: Days::of_address(value),
            campaign: value("campaign"),
            partner: value("partner"),
            sold: SoldBy::parse(&value("sold")),
            currency: Currency::parse(&value("currency")),
            customer: value("customer"),
        }
    }

    /// The names and values of the address that asks for this filter.
    #[must_use]
    pub fn to_address(&self) -> Vec<(&'static str, String)> {
        let [from, to] = self.days.to_address();
        told([
            ("status", self.status.map_or("", OrderStatus::as_str).to_owned()),
            ("payment", self.payment.map_or("", Payment::as_str).to_owned()),
            ("kind", self.kind.map_or("", OrderKind::as_str).to_owned()),
            from,
            to,
            ("campaign", self.campaign.clone()),
            ("partner", self.partner.clone()),
            ("sold", self.sold.map_or("", SoldBy::as_str).to_owned()),
            ("currency", self.currency.map_or_else(String::new, |currency| currency.as_str().to_owned())),
            ("customer", self.customer.clone()),
        ])
    }

    /// Whether it leaves anything out.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        *self != Self::default()
    }
}

/// An order in the list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ListedOrder {
    /// Its id.
    pub id: OrderId,
    /// Who buys.
    pub account_id: AccountId,
    /// The buyer's company.
    pub company: String,
    /// What it buys.
    pub kind: OrderKind,
    /// The product.
    pub product_name: String,
    /// The plan.
    pub plan_name: String,
    /// The license that it made, or adds to.
    pub license_id: Option<LicenseId>,
    /// Seats: of the license, or to be added to it.
    pub seats: i64,
    /// Before tax and discounts, in minor units of `currency`.
    pub amount_minor: i64,
    /// Of `amount_minor`.
    pub currency: Currency,
    /// Where it stands.
    pub status: OrderStatus,
    /// How it is paid.
    pub payment: Payment,
    /// The code that it was placed with.
    pub promotion_code: Option<String>,
    /// The campaign of that code, where it is one of ours.
    pub campaign_id: Option<CampaignId>,
    /// The partner that sold it, for its client or by a code of its own.
    pub partner: Option<String>,
    /// When it was placed.
    pub created_at: UnixMs,
    /// When it was fulfilled.
    pub paid_at: Option<UnixMs>,
}

impl ListedOrder {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.created_at, self.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::in_address;

    fn filter(address: &[(&str, &str)]) -> OrderFilter {
        OrderFilter::of_address(in_address(address))
    }

    #[test]
    fn an_address_is_a_filter_and_back() {
        let address = [
            ("status", "paid"),
            ("payment", "transfer"),
            ("kind", "seats"),
            ("from", "2026-11-01"),
            ("to", "2026-11-30"),
            ("campaign", "cmp_a"),
            ("partner", "acc_a"),
            ("sold", "code"),
            ("currency", "usd"),
            ("customer", "acc_b"),
        ];
        let asked = filter(&address);
        assert!(asked.is_narrow());
        assert_eq!(asked.to_address(), address.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn what_is_unknown_asks_for_nothing() {
        let unknown = filter(&[("status", "lost"), ("payment", "cash"), ("kind", "x"), ("from", "soon"), ("to", "31")]);
        assert_eq!(filter(&[("sold", "dear"), ("currency", "money")]), OrderFilter::default());
        assert_eq!(unknown, OrderFilter::default());
        assert!(!unknown.is_narrow());
    }
}
