//! What can be bought, and what it costs now.

use super::rules::{self, ChoiceProblem, Quote};
use super::{OrderKind, continuing};
use crate::billing::CommerceError;
use crate::catalog::{self, BillingInterval, Composition, Plan, PlanKind};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId};
use crate::licenses::{self, License};
use crate::money::Currency;
use crate::stripe::CheckoutItem;
use crate::vouchers::{self, WantedVouchers};

/// What is bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purchase {
    /// A new license under a plan.
    Plan(Composition),
    /// More years of updates for a perpetual license.
    Maintenance {
        /// The license.
        license_id: LicenseId,
        /// How many.
        years: i16,
        /// In which currency.
        currency: Currency,
    },
    /// More seats for a perpetual license.
    Seats {
        /// The license.
        license_id: LicenseId,
        /// How many.
        more: i64,
        /// In which currency.
        currency: Currency,
    },
    /// Vouchers, for a partner.
    Vouchers(WantedVouchers),
    /// Going on with a license that somebody else has paid for until now.
    Continuation {
        /// The license.
        license_id: LicenseId,
        /// In which currency.
        currency: Currency,
        /// The first charge that the buyer was shown; `None` where it is charged at once, or for nothing.
        begins_at: Option<UnixMs>,
    },
}

impl Purchase {
    /// The license that is there without the order, and that the order is for.
    pub(super) fn license_id(&self) -> Option<&LicenseId> {
        match self {
            Self::Maintenance { license_id, .. }
            | Self::Seats { license_id, .. }
            | Self::Continuation { license_id, .. } => Some(license_id),
            Self::Plan(_) | Self::Vouchers(_) => None,
        }
    }
}

/// The plan under which an account would get this, whoever pays, and what it costs now; `None` where there is no such plan,
/// or no such license of the account.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn quote_purchase(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    purchase: &Purchase,
) -> Result<Option<(Plan, Result<Quote, ChoiceProblem>)>, DbError> {
    Ok(find_choice(tx, cx, account_id, purchase).await?.map(|choice| (choice.plan, choice.quote)))
}

/// What something comes to.
pub(super) struct FoundChoice {
    pub(super) kind: OrderKind,
    pub(super) plan: Plan,
    pub(super) seats: i64,
    pub(super) years: i16,
    pub(super) license_id: Option<LicenseId>,
    pub(super) quote: Result<Quote, ChoiceProblem>,
}

/// The same with what its order says of it.
pub(super) async fn find_choice(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    purchase: &Purchase,
) -> Result<Option<FoundChoice>, DbError> {
    Ok(match purchase {
        Purchase::Plan(composition) => {
            let plan = catalog::find_plan(tx, &cx.vendor_id, &composition.plan_id).await?;
            let Some(plan) = plan else { return Ok(None) };
            let quote = rules::quote(&plan, composition);
            let kind = match plan.kind {
                PlanKind::Subscription => OrderKind::Subscription,
                PlanKind::Perpetual => OrderKind::Perpetual,
            };
            Some(FoundChoice { kind, plan, seats: composition.seats, years: 0, license_id: None, quote })
        }
        Purchase::Maintenance { license_id, years, currency } => {
            let found = find_perpetual(tx, cx, account_id, license_id).await?;
            found.map(|(license, plan)| {
                let had = license.composition(BillingInterval::Once, *currency);
                let quote = sold_to(&license, cx).and_then(|()| rules::quote_maintenance(&plan, &had, *years));
                let (kind, license_id) = (OrderKind::Maintenance, Some(license.id));
                FoundChoice { kind, plan, seats: had.seats, years: *years, license_id, quote }
            })
        }
        Purchase::Seats { license_id, more, currency } => {
            let found = find_perpetual(tx, cx, account_id, license_id).await?;
            found.map(|(license, plan)| {
                let had = license.composition(BillingInterval::Once, *currency);
                let quote = sold_to(&license, cx).and_then(|()| rules::quote_further_seats(&plan, &had, *more));
                let (kind, license_id) = (OrderKind::Seats, Some(license.id));
                FoundChoice { kind, plan, seats: *more, years: 0, license_id, quote }
            })
        }
        Purchase::Vouchers(wanted) => {
            let plan = catalog::find_plan(tx, &cx.vendor_id, &wanted.plan_id).await?;
            let Some(plan) = plan else { return Ok(None) };
            let quote = vouchers::rules::quote(&plan, wanted);
            let kind = OrderKind::Vouchers;
            Some(FoundChoice { kind, plan, seats: wanted.count, years: 0, license_id: None, quote })
        }
        Purchase::Continuation { license_id, currency, .. } => {
            let found = continuing::find_continuation(tx, cx, account_id, license_id, *currency).await?;
            found.map(|(had, plan, quote)| {
                let (kind, license_id) = (OrderKind::Continuation, Some(license_id.clone()));
                FoundChoice { kind, plan, seats: had.seats, years: 0, license_id, quote }
            })
        }
    })
}

/// The perpetual license that an order adds to, if it belongs to the account.
async fn find_perpetual(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    license_id: &LicenseId,
) -> Result<Option<(License, Plan)>, DbError> {
    let license = licenses::find_license(tx, &cx.vendor_id, license_id).await?.map(|view| view.license);
    let is_theirs = |it: &License| it.account_id == *account_id && it.kind == PlanKind::Perpetual;
    let Some(license) = license.filter(is_theirs) else { return Ok(None) };
    let plan = catalog::find_plan_version(tx, &cx.vendor_id, &license.sold_as()).await?;
    Ok(plan.map(|plan| (license, plan)))
}

/// Nothing is sold on top of a license that does not work.
fn sold_to(license: &License, cx: &Cx) -> Result<(), ChoiceProblem> {
    licenses::rules::standing(license, cx.now).map_err(|_| ChoiceProblem::NotForSale)
}

/// What Stripe is asked to sell.
pub(crate) fn checkout_items(quote: &Quote) -> Result<Vec<CheckoutItem>, CommerceError> {
    let item = |line: &rules::QuoteLine| {
        let price_id = line.price.stripe_price_id.clone();
        let price_id = price_id.ok_or_else(|| CommerceError::PriceNotPushed(line.price.lookup_key.clone()))?;
        Ok(CheckoutItem { price_id, quantity: line.quantity })
    };
    quote.lines.iter().map(item).collect()
}
