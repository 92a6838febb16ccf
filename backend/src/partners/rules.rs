//! What can be agreed with a partner, how long an invitation waits, and what a discount takes off. Pure.

use super::{PartnerTerms, Relation, RelationStatus};
use crate::campaigns::rules::read_percent;
use crate::clock::{DAY_MS, UnixMs};
use crate::ids::{AccountId, PlanId};
use crate::licenses::search::anywhere;
use crate::money::Money;
use crate::orders::promotion::takes_off;
use crate::orders::rules::Quote;
use crate::orders::terms::TransferTerms;
use crate::stripe::AmountOff;

/// Days for which an invitation waits.
pub const OPEN_DAYS: i64 = 14;
/// Most commission and most discount, in hundredths of a percent.
pub const SHARE_MAX_BP: i64 = 9_000;
/// Most days for paying by transfer: Stripe takes no more than this for an invoice.
pub const DUE_DAYS_MAX: i64 = 90;
/// How far ahead a partner sees what renews or ends, in milliseconds.
pub const RENEWALS_MS: i64 = 60 * DAY_MS;
/// Millionths in a hundredth of a percent.
const MILLIONTHS_IN_A_BP: i64 = 100;

/// An answer of the form of terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermsField {
    /// The commission.
    Commission,
    /// The discount.
    Discount,
    /// The days.
    DaysUntilDue,
}

impl TermsField {
    /// Its name in forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commission => "commission",
            Self::Discount => "discount",
            Self::DaysUntilDue => "days_until_due",
        }
    }
}

/// Terms as people type them: percentages with two decimals at most, 0 where nothing is typed; days, or nothing.
///
/// # Errors
/// The fields that cannot stay as they are.
pub fn read_terms(commission: &str, discount: &str, days: &str) -> Result<PartnerTerms, Vec<TermsField>> {
    let mut wrong = Vec::new();
    let mut share = |field, typed: &str| {
        let bp = read_share(typed);
        if bp.is_none() {
            wrong.push(field);
        }
        bp.unwrap_or_default()
    };
    let commission_bp = share(TermsField::Commission, commission);
    let discount_bp = share(TermsField::Discount, discount);
    let days_until_due = match days.trim() {
        "" => None,
        typed => typed.parse().ok().filter(|days| (1..=DUE_DAYS_MAX).contains(days)).or_else(|| {
            wrong.push(TermsField::DaysUntilDue);
            None
        }),
    };
    if wrong.is_empty() { Ok(PartnerTerms { commission_bp, discount_bp, days_until_due }) } else { Err(wrong) }
}

fn read_share(typed: &str) -> Option<i64> {
    let typed = typed.trim();
    if typed.is_empty() || typed == "0" {
        return Some(0);
    }
    read_percent(typed).filter(|bp| *bp <= SHARE_MAX_BP)
}

/// Whether terms are ones that [`read_terms`] can answer.
#[must_use]
pub fn are_terms(terms: PartnerTerms) -> bool {
    let is_share = |bp: i64| (0..=SHARE_MAX_BP).contains(&bp);
    is_share(terms.commission_bp)
        && is_share(terms.discount_bp)
        && terms.days_until_due.is_none_or(|days| (1..=DUE_DAYS_MAX).contains(&days))
}

/// The end of an invitation that is made now.
#[must_use]
pub fn expires_at(now: UnixMs) -> UnixMs {
    now.plus(OPEN_DAYS * DAY_MS)
}

/// Most characters of what is looked for.
const SEARCH_MAX_CHARS: usize = 200;

/// What is looked for, as `LIKE … ESCAPE '!'` takes it: anywhere in a text. `%%` for everything.
#[must_use]
pub fn pattern(search: &str) -> String {
    // Neither engine keeps NUL in text.
    let literal: String = search.chars().filter(|character| *character != '\0').take(SEARCH_MAX_CHARS).collect();
    anywhere(literal.trim())
}

/// Where a relation stands at `now`.
#[must_use]
pub fn status(relation: &Relation, now: UnixMs) -> RelationStatus {
    match relation.status {
        RelationStatus::Invited if relation.expires_at <= now => RelationStatus::Withdrawn,
        status => status,
    }
}

/// What a partner's discount takes off the first payment; `None` where there is none.
#[must_use]
pub fn discount(terms: PartnerTerms, quote: &Quote, plan_id: &PlanId) -> Option<Money> {
    let off = takes_off(quote, plan_id, &[], amount_off(terms.discount_bp)).ok()?;
    (off.amount_minor > 0).then_some(off)
}

/// A share of hundredths of a percent, as coupons have it.
#[must_use]
pub fn amount_off(bp: i64) -> AmountOff {
    AmountOff::Share(bp * MILLIONTHS_IN_A_BP)
}

/// Stripe's id of the coupon that gives a partner's discount; `None` where there is none. Coupons never change, so other
/// terms are another one.
#[must_use]
pub fn coupon_id(partner_id: &AccountId, terms: PartnerTerms) -> Option<String> {
    (terms.discount_bp > 0).then(|| format!("{partner_id}_{}", terms.discount_bp))
}

/// The vendor's terms for a transfer, as they are for what a partner pays.
#[must_use]
pub fn transfer_terms(usual: TransferTerms, terms: PartnerTerms) -> TransferTerms {
    let days = terms.days_until_due.and_then(|days| u32::try_from(days).ok());
    TransferTerms { days_until_due: days.unwrap_or(usual.days_until_due), ..usual }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::{BillingInterval, Composition, PlanKind, PriceRole};
    use crate::cx::Entropy;
    use crate::money::Currency;
    use crate::orders::rules::{quote, tests as sold};
    use crate::stripe::TransferNetwork;

    fn terms(commission_bp: i64, discount_bp: i64, days_until_due: Option<i64>) -> PartnerTerms {
        PartnerTerms { commission_bp, discount_bp, days_until_due }
    }

    #[test]
    fn terms_are_read_as_they_are_typed_and_what_cannot_be_is_named() {
        use TermsField::{Commission, DaysUntilDue, Discount};
        for (typed, expected) in [
            (["20", "10", "30"], Ok(terms(2_000, 1_000, Some(30)))),
            (["12.5", "", ""], Ok(terms(1_250, 0, None))),
            (["0", "0", "90"], Ok(terms(0, 0, Some(90)))),
            (["90", "90", "1"], Ok(terms(9_000, 9_000, Some(1)))),
            (["90.01", "x", "91"], Err(vec![Commission, Discount, DaysUntilDue])),
            (["-1", "5", "0"], Err(vec![Commission, DaysUntilDue])),
        ] {
            let read = read_terms(typed[0], typed[1], typed[2]);
            assert_eq!(read, expected, "{typed:?}");
            assert!(read.is_err() || read.is_ok_and(are_terms), "{typed:?}");
        }
        for wrong in [terms(-1, 0, None), terms(0, 9_001, None), terms(0, 0, Some(0)), terms(0, 0, Some(91))] {
            assert!(!are_terms(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn an_invitation_waits_two_weeks_and_what_is_decided_stays() {
        let entropy = Entropy::seeded(1);
        let invited = Relation {
            id: entropy.id(),
            vendor_id: entropy.id(),
            partner_id: entropy.id(),
            client_id: None,
            company: "Client AG".to_owned(),
            email: "Eve@client.test".to_owned(),
            email_key: "eve@client.test".to_owned(),
            status: RelationStatus::Invited,
            invited_by: None,
            accepted_by: None,
            created_at: UnixMs(0),
            expires_at: expires_at(UnixMs(0)),
            accepted_at: None,
            ended_at: None,
        };
        let end = UnixMs(14 * DAY_MS);
        assert_eq!(status(&invited, end.plus(-1)), RelationStatus::Invited);
        assert_eq!(status(&invited, end), RelationStatus::Withdrawn);
        for decided in [RelationStatus::Active, RelationStatus::Declined, RelationStatus::Ended] {
            assert_eq!(status(&Relation { status: decided, ..invited.clone() }, end), decided);
        }
    }

    #[test]
    fn a_discount_is_rounded_as_stripe_rounds_it_and_other_terms_are_another_coupon() {
        let price = sold::price(PriceRole::Base, BillingInterval::Month, 29_905, "usd");
        let plan = sold::plan(PlanKind::Subscription, 1, vec![price]);
        let usd = Currency::parse("usd").unwrap();
        let quote = quote(&plan, &Composition::new(plan.id.clone(), BillingInterval::Month, 1, usd)).unwrap();
        assert_eq!(discount(terms(0, 1_000, None), &quote, &plan.id), Some(Money::new(2_991, usd)));
        assert_eq!(discount(terms(0, 0, None), &quote, &plan.id), None);
        let partner_id = AccountId::from_untrusted("acc_p");
        assert_eq!(coupon_id(&partner_id, terms(0, 0, None)), None);
        assert_eq!(coupon_id(&partner_id, terms(0, 1_000, None)).unwrap(), "acc_p_1000");
    }

    #[test]
    fn what_is_looked_for_is_taken_literally() {
        for (search, expected) in
            [("", "%%"), ("  ", "%%"), ("\0 ", "%%"), (" Sa\0ale ", "%Saale%"), ("50 %_!", "%50 !%!_!!%")]
        {
            assert_eq!(pattern(search), expected, "{search:?}");
        }
        assert_eq!(pattern(&"x".repeat(1_000)).len(), SEARCH_MAX_CHARS + 2);
    }

    #[test]
    fn a_partner_pays_within_its_own_days_where_some_are_agreed() {
        let usual = TransferTerms { days_until_due: 14, network: TransferNetwork::Us };
        assert_eq!(transfer_terms(usual, terms(0, 0, None)), usual);
        assert_eq!(transfer_terms(usual, terms(0, 0, Some(45))), TransferTerms { days_until_due: 45, ..usual });
    }
}
