//! On which terms a choice is sold: with a trial, for nothing, by bank transfer.

use super::Payment;
use super::rules::Quote;
use crate::accounts::Account;
use crate::catalog::{BillingInterval, Plan, PlanKind};
use crate::clock::{DAY_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::licenses;
use crate::stripe::{TransferNetwork, transfer_network};
use crate::vendors::Profile;

/// Days after the due date on which an order that is not paid by then is given up: its invoice is void, and the license
/// that waited for it ends.
pub const VOID_AFTER_DUE_DAYS: i64 = 14;

/// How an order can be paid by transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferTerms {
    /// Days from the invoice to the day by which it has to be paid.
    pub days_until_due: u32,
    /// How the money comes.
    pub network: TransferNetwork,
}

impl TransferTerms {
    /// The day's moment by which an order placed now has to be paid.
    #[must_use]
    pub fn due_at(&self, now: UnixMs) -> UnixMs {
        now.plus(i64::from(self.days_until_due) * DAY_MS)
    }
}

/// When an order by transfer that is not paid is given up.
#[must_use]
pub fn void_at(due_at: UnixMs) -> UnixMs {
    due_at.plus(VOID_AFTER_DUE_DAYS * DAY_MS)
}

/// The terms on which a choice can be paid by transfer; `None` where it cannot: the vendor does not offer it, or not for
/// so little, or not for this plan, or Stripe takes no transfers in the currency; and never for what begins with a
/// trial, whose first invoice is over nothing.
#[must_use]
pub fn transfer_terms(profile: &Profile, plan: &Plan, quote: &Quote, trial_days: u32) -> Option<TransferTerms> {
    let offer = profile.transfer.as_ref()?;
    let least = offer.minimum.get(quote.total.currency.as_str()).copied().unwrap_or(1).max(1);
    if plan.terms.card_only || trial_days > 0 || quote.total.amount_minor < least {
        return None;
    }
    let network = transfer_network(quote.total.currency, &profile.country)?;
    Some(TransferTerms { days_until_due: u32::try_from(offer.days_until_due).unwrap_or(1).max(1), network })
}

/// Whether a choice is ordered without paying anything, now or later: a subscription of 0.
#[must_use]
pub fn is_free(plan: &Plan, quote: &Quote) -> bool {
    plan.kind == PlanKind::Subscription && quote.interval != BillingInterval::Once && quote.total.amount_minor == 0
}

/// Whether a payment of this kind is offered for a choice.
#[must_use]
pub fn offers(payment: Payment, is_free: bool, transfer: Option<TransferTerms>) -> bool {
    match payment {
        Payment::None => is_free,
        Payment::Card => !is_free,
        Payment::Transfer => !is_free && transfer.is_some(),
    }
}

/// The days that an account may try a plan for nothing. A trial is for getting to know a product: an account has it once,
/// with its first license of that product.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn trial_days(tx: &mut Tx, cx: &Cx, account: &Account, plan: &Plan) -> Result<u32, DbError> {
    let days = u32::try_from(plan.terms.trial_days).unwrap_or(0);
    if days == 0 || plan.kind == PlanKind::Perpetual {
        return Ok(0);
    }
    let knows_it = licenses::has_license_of(tx, &cx.vendor_id, &account.id, &plan.product_id).await?;
    Ok(if knows_it { 0 } else { days })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::{Composition, PriceRole};
    use crate::money::Currency;
    use crate::orders::rules::{quote, tests as sold};
    use crate::vendors::TransferOffer;

    fn sold_for(amount: i64, currency: &str) -> (Plan, Quote) {
        let month = BillingInterval::Month;
        let plan = sold::plan(PlanKind::Subscription, 1, vec![sold::price(PriceRole::Base, month, amount, currency)]);
        let choice = Composition::new(plan.id.clone(), month, 1, Currency::parse(currency).unwrap());
        let quote = quote(&plan, &choice).unwrap();
        (plan, quote)
    }

    #[test]
    fn a_transfer_is_offered_where_vendor_plan_amount_and_currency_allow_it() {
        let offer = TransferOffer { days_until_due: 14, minimum: [("usd".to_owned(), 25_000)].into() };
        let profile = Profile { country: "DE".to_owned(), transfer: Some(offer), ..Profile::default() };
        let offered = |amount, currency, trial_days| {
            let (plan, quote) = sold_for(amount, currency);
            transfer_terms(&profile, &plan, &quote, trial_days).map(|terms| terms.network)
        };
        assert_eq!(offered(25_000, "usd", 0), Some(TransferNetwork::Us));
        assert_eq!(offered(24_999, "usd", 0), None);
        assert_eq!(offered(25_000, "usd", 14), None);
        assert_eq!(offered(1, "eur", 0), Some(TransferNetwork::Eu("DE")));
        assert_eq!(offered(0, "eur", 0), None);
        assert_eq!(offered(25_000, "chf", 0), None);
        let (mut plan, quote) = sold_for(25_000, "usd");
        plan.terms.card_only = true;
        assert_eq!(transfer_terms(&profile, &plan, &quote, 0), None);
        plan.terms.card_only = false;
        assert_eq!(transfer_terms(&Profile::default(), &plan, &quote, 0), None);
    }

    #[test]
    fn what_costs_nothing_is_ordered_without_paying_and_nothing_else_is() {
        let (plan, quote) = sold_for(0, "usd");
        assert!(is_free(&plan, &quote));
        let (plan, quote) = sold_for(1, "usd");
        assert!(!is_free(&plan, &quote));
        assert!(!offers(Payment::None, false, None) && !offers(Payment::Card, true, None));
        assert!(!offers(Payment::Transfer, false, None) && offers(Payment::Card, false, None));
    }
}
